/** `mode: evaluate` and `mode: optimize`: the commit that the workflow runs on is measured, or its pipeline is evolved and offered as a pull request. */
import {dirname, join} from 'node:path/posix'
import {writeInside} from './adapters/disk.ts'
import {objects} from './adapters/git.ts'
import {configFile, parseConfig, type Config} from './config.ts'
import {valueOf} from './document.ts'
import {choosePipeline, exitOf, isOwnGold, makeHost, sourceOfGold, type Chosen, type GoldFile} from './outside.ts'
import {evaluationTable} from './report/evaluation.ts'
import {evolutionBody} from './report/evolution.ts'
import {goldOfBase, inFolder, readCommits, trustedOf, type Reviewing} from './review.ts'
import {parseBaseline, type Baseline} from './score/baseline.ts'
import {evaluateAll, evolve, goldsAt, type Trials} from './trial.ts'
import {plainLine} from './trust.ts'

interface Night {
  readonly config: Config
  readonly chosen: Chosen
  readonly golds: readonly GoldFile[]
  readonly trials: Trials
  readonly baseline: Baseline | null
}

/** Settings, pipeline and gold standards of the commit the workflow runs on; those that ship where it has none. */
async function prepare(folder: string, shared: Reviewing): Promise<Night> {
  const {outside, keys, signal} = shared
  const commit = outside.sha
  const {base} = await readCommits(folder, {head: commit, base: commit}, shared)
  const readTrusted = trustedOf(base)
  const file = await readTrusted(configFile)
  const config = parseConfig(shared.settings, file === null ? null : {path: configFile, text: file})
  const own = await goldOfBase(base, config.gold)
  const sourceOf: Trials['sourceOf'] = async (gold) => {
    if (!own.includes(gold)) return sourceOfGold(gold, outside.workspace)
    const {source} = gold.gold
    if (isOwnGold(gold)) return base
    if ('path' in source)
      return objects(join(folder, 'objects.git'), commit, `${join(dirname(gold.file), source.path)}/`)
    return {missing: 'only a folder of the same repository is read in the runner', isOptional: true}
  }
  const host = makeHost({keys, budget: {calls: null, tokens: null, usd: config.maxCostUsd}, say: outside.say, signal})
  const trials: Trials = {config, keys, host, sourceOf}
  const golds = own.length > 0 ? own : await goldsAt(null, null)
  const saved = await readTrusted(`${config.gold}/baseline.yaml`)
  const baseline = saved === null ? null : valueOf(parseBaseline(saved, `${config.gold}/baseline.yaml`), 'baseline')
  return {config, chosen: await choosePipeline(config.pipeline, keys, readTrusted), golds, trials, baseline}
}

export const evaluateInRunner = (shared: Reviewing): Promise<number> =>
  inFolder(async (folder) => {
    const {outside} = shared
    const {config, chosen, golds, trials, baseline} = await prepare(folder, shared)
    const {evaluation} = await evaluateAll(chosen, golds, trials, {ledger: null, keep: () => {}, baseline})
    await outside.summarize(evaluationTable(evaluation, chosen.pipeline.name))
    const {decision} = evaluation.verdict
    outside.output('verdict', decision)
    outside.output('score', evaluation.mean)
    outside.output('score-low', evaluation.interval?.[0] ?? null)
    outside.output('score-high', evaluation.interval?.[1] ?? null)
    outside.output('threshold', config.threshold)
    outside.output('pipeline', chosen.pipeline.name)
    for (const {message} of evaluation.verdict.reasons) outside.say(plainLine(message))
    return exitOf(decision, config.gate)
  })

export const optimizeInRunner = (shared: Reviewing, optimizer: string): Promise<number> =>
  inFolder(async (folder) => {
    const {outside, hub, dryRun} = shared
    const {config, chosen, golds, trials} = await prepare(folder, shared)
    const evolved = await evolve(chosen, optimizer, golds, trials, {calls: null, tokens: null, usd: config.maxCostUsd})
    const body = evolutionBody(evolved.optimized, chosen.pipeline.name)
    await outside.summarize(body)
    outside.output('pipeline', chosen.pipeline.name)
    outside.output('cost-usd', evolved.optimized.spent.usd)
    if (evolved.text !== null) writeInside(outside.workspace, evolved.file, evolved.text)
    outside.output('verdict', evolved.optimized.promoted ? 'pass' : 'inconclusive')
    if (evolved.text === null || !evolved.optimized.promoted || config.commit === 'off' || dryRun) return 0
    const target = await hub.branch(null)
    const branch = `refactor-plan/evolve-${chosen.pipeline.name}`
    const title = plainLine(`Evolve the ${chosen.pipeline.name} pipeline`, 120)
    await hub.commitFiles({branch, base: target.sha, files: [{path: evolved.file, text: evolved.text}], message: title})
    if (config.commit === 'branch') return 0
    const {id, url} = await hub.openPull({head: branch, base: target.name, title, body})
    outside.output('evolved-pr', id)
    outside.say(plainLine(`the evolved pipeline is offered at ${url}`))
    return 0
  })
