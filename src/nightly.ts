/** `mode: evaluate` and `mode: optimize`: a commit's pipeline is measured by the rules of its base, or evolved and offered as a pull request. */
import {dirname, join} from 'node:path/posix'
import {writeInside} from './adapters/disk.ts'
import {objects} from './adapters/git.ts'
import type {StatusState} from './adapters/github.ts'
import {configFile, parseConfig, type Config} from './config.ts'
import {valueOf} from './document.ts'
import {Failure, messageOf} from './errors.ts'
import {choosePipeline, exitOf, isOwnGold, makeHost, sourceOfGold, type Chosen, type GoldFile} from './outside.ts'
import {evaluationTable} from './report/evaluation.ts'
import {evolutionBody, progressOf} from './report/evolution.ts'
import {defaultBranchOf} from './request/event.ts'
import type {TrialRequest} from './request/request.ts'
import {stateOf} from './publication.ts'
import {contextOf, goldOfBase, inFolder, readCommits, trustedOf, type Reviewing} from './target.ts'
import {parseBaseline, type Baseline} from './score/baseline.ts'
import {evaluateAll, goldsAt, type Trials} from './trial.ts'
import {evolutionOf, evolve, wordOf} from './evolving.ts'
import {openJournal} from './adapters/journal.ts'
import {evolutionPage} from './report/evolution-page.ts'
import type {Host} from './host.ts'
import {plainLine, type Plain} from './trust.ts'

interface Night {
  readonly config: Config
  readonly chosen: Chosen
  readonly golds: readonly GoldFile[]
  readonly trials: Trials
  readonly baseline: Baseline | null
}

/** The pipeline of the head; settings, gold standards and baseline of the base, or those that ship where it has none. */
async function prepare(folder: string, commits: Commits, shared: Reviewing): Promise<Night> {
  const {outside, keys, signal} = shared
  const {head, base} = await readCommits(folder, commits, shared)
  const readTrusted = trustedOf(base)
  const file = await readTrusted(configFile)
  const config = parseConfig(shared.settings, file === null ? null : {path: configFile, text: file})
  const own = await goldOfBase(base, config.gold)
  const sourceOf: Trials['sourceOf'] = async (gold) => {
    if (!own.includes(gold)) return sourceOfGold(gold, outside.workspace)
    const {source} = gold.gold
    if (isOwnGold(gold)) return base
    if ('path' in source)
      return objects(join(folder, 'objects.git'), commits.base, `${join(dirname(gold.file), source.path)}/`, signal)
    return {missing: 'only a folder of the same repository is read in the runner', isOptional: true}
  }
  const host = hostOf(config, config.maxCostUsd, shared)
  const trials: Trials = {config, keys, host, sourceOf}
  const golds = own.length > 0 ? own : await goldsAt(null, null)
  const saved = await readTrusted(`${config.gold}/baseline.yaml`)
  const baseline = saved === null ? null : valueOf(parseBaseline(saved, `${config.gold}/baseline.yaml`), 'baseline')
  return {config, chosen: await choosePipeline(config.pipeline, keys, trustedOf(head)), golds, trials, baseline}
}

const hostOf = (config: Config, usd: number, {keys, outside, signal, token}: Reviewing): Host =>
  makeHost({
    keys,
    budget: {calls: null, tokens: null, usd: Math.max(0, usd)},
    say: outside.say,
    signal,
    secrets: [token],
    batches: config.batches,
  })

interface Commits {
  readonly head: string
  readonly base: string
}

const commitsOf = ({head, base}: TrialRequest, {outside}: Reviewing): Commits => {
  const own = head ?? outside.sha
  return {head: own, base: base ?? own}
}

/** Beside the gate of plans: what the change makes of the pipeline. Only where there is something to merge. */
async function saying(
  {into}: TrialRequest,
  {head}: Commits,
  state: StatusState,
  description: Plain,
  shared: Reviewing,
): Promise<void> {
  const {outside, dryRun, signal} = shared
  if (into === null || dryRun) return
  const hub = signal.aborted ? shared.lastWords() : shared.hub
  const name = defaultBranchOf(outside.event.payload)
  const context = contextOf('refactor-plan/evaluate', name === null || name === into ? null : into)
  if (state === 'pending') {
    outside.remember('sha', head)
    outside.remember('context', context)
  }
  try {
    await hub.setStatus({sha: head, context, state, description, targetUrl: outside.runUrl})
    if (state !== 'pending' && !signal.aborted) outside.remember('sha', '')
    outside.output('status-state', state)
  } catch (thrown) {
    // a fork's token only reads: the job's own exit code is then all that can be said
    if (!(thrown instanceof Failure) || thrown.code !== 'missing-permission') throw thrown
    outside.warn(plainLine(thrown.message))
  }
}

export async function evaluateInRunner(request: TrialRequest, shared: Reviewing): Promise<number> {
  const commits = commitsOf(request, shared)
  const say = (state: StatusState, description: Plain): Promise<void> =>
    saying(request, commits, state, description, shared)
  await say('pending', plainLine('measuring the pipeline'))
  try {
    return await inFolder((folder) => evaluateIn(folder, commits, say, shared))
  } catch (thrown) {
    await say('error', plainLine(`not measured: ${messageOf(thrown)}`, 140)).catch((again: unknown) =>
      shared.outside.warn(plainLine(messageOf(again))),
    )
    throw thrown
  }
}

async function evaluateIn(
  folder: string,
  commits: Commits,
  say: (state: StatusState, description: Plain) => Promise<void>,
  shared: Reviewing,
): Promise<number> {
  const {outside} = shared
  const {config, chosen, golds, trials, baseline} = await prepare(folder, commits, shared)
  const {evaluation} = await evaluateAll(chosen, golds, trials, {ledger: null, keep: () => {}, baseline})
  await outside.summarize(evaluationTable(evaluation, chosen.pipeline.name))
  const {verdict, mean, interval} = evaluation
  outside.output('head-sha', commits.head)
  outside.output('base-sha', commits.base)
  outside.output('verdict', verdict.decision)
  outside.output('score', mean)
  outside.output('score-low', interval?.[0] ?? null)
  outside.output('score-high', interval?.[1] ?? null)
  outside.output('threshold', config.threshold)
  outside.output('pipeline', chosen.pipeline.name)
  for (const {message} of verdict.reasons) outside.say(plainLine(message))
  const scored = mean === null ? 'not scored' : `mean ${mean.toFixed(2)} of 10`
  await say(stateOf(verdict.decision, config.gate), plainLine(`${scored}, ${verdict.decision}`))
  return exitOf(verdict.decision, config.gate)
}

export const optimizeInRunner = (request: TrialRequest, shared: Reviewing, optimizer: string): Promise<number> =>
  inFolder(async (folder) => {
    const {outside, hub, dryRun} = shared
    const {config, chosen, golds, trials} = await prepare(folder, commitsOf(request, shared), shared)
    const limits = {calls: null, tokens: null, usd: config.maxCostUsd}
    const evolved = await evolve(chosen, golds, trials, {
      optimizer,
      settings: {},
      limits,
      hostFor: ({usd}) => hostOf(config, config.maxCostUsd - (usd ?? 0), shared),
      reflectionModel: null,
      shard: null,
      isIsland: false,
      // what stands there already came with the code: whoever wrote the code could have written the answers too
      openJournal: (about, seed) =>
        openJournal(
          writeInside(
            outside.workspace,
            `evolved_pipelines/optimize_${about.slice(0, 8)}_${optimizer}_${seed}.jsonl`,
            '',
          ),
        ),
      onTold: (stories) => outside.say(progressOf(stories, limits)),
    })
    const {optimized} = evolved
    const evolution = evolutionOf(evolved, chosen, {optimizer, limits, seed: 0})
    const body = evolutionBody(evolution)
    await outside.summarize(body)
    writeInside(outside.workspace, evolved.file.replace(/\.yaml$/, '.html'), evolutionPage(evolution))
    outside.output('report-path', evolved.file.replace(/\.yaml$/, '.html'))
    outside.output('pipeline', chosen.pipeline.name)
    outside.output('cost-usd', optimized.spent.usd)
    if (evolved.text !== null) writeInside(outside.workspace, evolved.file, evolved.text)
    outside.output('verdict', optimized.promoted ? 'pass' : 'inconclusive')
    if (evolved.text === null || !optimized.promoted || config.commit === 'off' || dryRun) return 0
    const target = await hub.branch(null)
    const branch = `refactor-plan/evolve-${wordOf(chosen.pipeline.name)}`
    const title = plainLine(`Evolve the ${chosen.pipeline.name} pipeline`, 120)
    await hub.commitFiles({branch, base: target.sha, files: [{path: evolved.file, text: evolved.text}], message: title})
    if (config.commit === 'branch') return 0
    const {id, url} = await hub.openPull({head: branch, base: target.name, title, body})
    outside.output('evolved-pr', id)
    outside.say(plainLine(`the evolved pipeline is offered at ${url}`))
    return 0
  })
