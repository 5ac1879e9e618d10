import {existsSync} from 'node:fs'
import {resolve} from 'node:path'
import {appendText, checkWritable, readText} from '../adapters/disk.ts'
import type {Config} from '../config.ts'
import {valueOf} from '../document.ts'
import {Failure} from '../errors.ts'
import {configOf, settingOptions, writeFileAt} from '../locally.ts'
import {choosePipeline, exitOf, keysOf, makeHost, sourceOfGold, type GoldFile} from '../outside.ts'
import {formatOf, printJson} from '../printing.ts'
import {evaluationText} from '../report/evaluation.ts'
import {parseBaseline, renderBaseline, loweredBy, type Baseline} from '../score/baseline.ts'
import {readLedger, renderSamples} from '../score/ledger.ts'
import {plainLine} from '../trust.ts'
import {atHand, evaluateAll, goldsAt} from '../trial.ts'
import type {Command, Flags, World} from './command.ts'

const kept = ['--pipeline', '--gold', '--judge', '--threshold', '--gate', '--max-tokens', '--max-cost-usd']

export const evaluate: Command = {
  summary: 'a pipeline over all gold standards: a table and a gate',
  arguments: [],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--max-samples <number>', summary: 'how often models are asked about one gold standard at most; default 3'},
    {flags: '--baseline <file>', summary: 'compare with this baseline too (gold/baseline.yaml)'},
    {flags: '--tolerance <number>', summary: 'points by which the mean may fall below the baseline; default 0.25'},
    {flags: '--update-baseline', summary: 'write what was reached to the --baseline file, unless it is lower'},
    {flags: '--ledger <file>', summary: 'keep every sample here: running again adds to them and rolls nothing again'},
    {flags: '--sources <folder>', summary: 'clones as <owner>/<name>, for gold standards about public repositories'},
    {flags: '--format <format>', summary: 'table or json', choices: ['table', 'json']},
  ],
  run: async (_, flags, world) => {
    const format = formatOf(flags, 'table')
    const files = filesOf(flags, world)
    const config = settingsOf(flags, world)
    const keys = keysOf(world.env)
    const chosen = await choosePipeline(config.pipeline, keys, async (file) => readText(resolve(world.cwd, file)))
    if (chosen.note !== null) world.say(plainLine(chosen.note))
    const host = makeHost({keys, budget: {calls: null, tokens: null, usd: config.maxCostUsd}, say: world.say})
    const sourceOf = async (gold: GoldFile): ReturnType<typeof sourceOfGold> =>
      sourceOfGold(gold, world.cwd, files.sources)
    const trials = {config, keys, host, sourceOf}
    const ledger = files.ledger === null ? null : readLedger(textOr(files.ledger, ''), files.ledger)
    const baseline = readBaseline(files, flags)
    const remembered = await evaluateAll(chosen, await atHand(await goldsAt(files.gold), trials), trials, {
      ledger,
      baseline,
    })
    const {evaluation} = remembered
    if (files.ledger !== null) appendText(files.ledger, renderSamples(remembered.samples))
    if (format === 'json') printJson(world, evaluation)
    else world.print(evaluationText(evaluation))
    if (flags['update-baseline'] === true) updateBaseline(files.baseline, baseline, remembered.baseline, world)
    return exitOf(evaluation.verdict.decision, config.gate)
  },
}

interface Files {
  readonly gold: string | null
  readonly baseline: string | null
  readonly ledger: string | null
  readonly sources: string | null
}

/** Before anything is paid for: what is named can be read, and what is to be written can be written. */
function filesOf(flags: Flags, {cwd, env}: World): Files {
  const place = (name: string): string | null => {
    const given = flags[name]
    if (given === '') throw new Failure('bad-flag', `--${name} is empty`, {hint: 'give a path, or leave the flag out'})
    return typeof given === 'string' ? resolve(cwd, given) : null
  }
  const [gold, baseline, ledger] = [place('gold'), place('baseline'), place('ledger')]
  const named = env['REFACTOR_PLAN_SOURCES'] ?? ''
  const sources = place('sources') ?? (named === '' ? null : resolve(cwd, named))
  if (flags['update-baseline'] === true && baseline === null)
    throw new Failure('bad-flag', '--update-baseline needs --baseline', {hint: 'as in --baseline gold/baseline.yaml'})
  if (ledger !== null) checkWritable(ledger)
  if (flags['update-baseline'] === true && baseline !== null) checkWritable(baseline)
  return {gold, baseline, ledger, sources}
}

/** Who names a baseline wants to be compared with it, unless the settings say more exactly how. */
function settingsOf(flags: Flags, {cwd}: World): Config {
  const config = configOf(cwd, {...flags, gold: undefined, baseline: undefined})
  return flags['baseline'] !== undefined && config.baseline === 'absolute' ? {...config, baseline: 'both'} : config
}

const textOr = (file: string, otherwise: string): string => (existsSync(file) ? readText(file) : otherwise)

/** A baseline that is to be written may not be there yet; one that is only compared with must. */
function readBaseline({baseline: file}: Files, flags: Flags): Baseline | null {
  if (file === null || (flags['update-baseline'] === true && !existsSync(file))) return null
  return valueOf(parseBaseline(readText(file), file), 'baseline', '`evaluate --update-baseline` writes one')
}

function updateBaseline(file: string | null, before: Baseline | null, now: Baseline | null, world: World): void {
  if (file === null) return
  if (now === null)
    throw new Failure('not-judged', 'the baseline stays as it is: not every gold standard could be judged', {exit: 3})
  const lowered = before === null ? [] : loweredBy(before, now)
  if (lowered.length > 0)
    throw new Failure('baseline-lowered', `the baseline stays as it is: it would fall for ${lowered.join(', ')}`, {
      hint: 'a baseline only rises; delete the file to begin again, and say why in the commit',
    })
  writeFileAt(file, renderBaseline(now))
  world.say(plainLine(`the baseline is written to ${file}`))
}
