import {existsSync} from 'node:fs'
import {relative, resolve, sep} from 'node:path'
import {appendText, checkWritable, readText} from '../adapters/disk.ts'
import {untilInterrupted} from '../adapters/interruption.ts'
import type {Config} from '../config.ts'
import {valueOf} from '../document.ts'
import {Failure} from '../errors.ts'
import {cloneFolderOf, configOf, ownGolds, settingOptions, sourcesOption, writeFileAt} from '../locally.ts'
import {choosePipeline, exitOf, keysOf, makeHost, sourceOfGold, type GoldFile} from '../outside.ts'
import {formatOf, printJson} from '../printing.ts'
import {evaluationText} from '../report/evaluation.ts'
import {parseBaseline, renderBaseline, loweredBy, type Baseline} from '../score/baseline.ts'
import {readLedger, renderSample} from '../score/ledger.ts'
import {plain, plainLine} from '../trust.ts'
import {evaluateAll, goldsAt, type Memory} from '../trial.ts'
import {textOf, type Command, type Flags, type World} from './command.ts'

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
    {
      flags: '--batches',
      summary: 'ask Claude by message batches: half the price, mostly within an hour, at most a day',
    },
    sourcesOption,
    {flags: '--format <format>', summary: 'table or json', choices: ['table', 'json']},
  ],
  run: async (_, flags, world) => {
    const format = formatOf(flags, 'table')
    const files = filesOf(flags, world)
    const config = settingsOf(flags, world)
    const keys = keysOf(world.env)
    const chosen = await choosePipeline(config.pipeline, keys, async (file) => readText(resolve(world.cwd, file)))
    if (chosen.note !== null) world.say(plainLine(chosen.note))
    const host = makeHost({
      keys,
      budget: {calls: null, tokens: null, usd: config.maxCostUsd},
      say: world.say,
      ...(config.batches ? {batches: true, signal: untilInterrupted()} : {}),
    })
    const sourceOf = async (gold: GoldFile): ReturnType<typeof sourceOfGold> =>
      sourceOfGold(gold, world.cwd, files.clones)
    const trials = {config, keys, host, sourceOf, hidden: hiddenOf(files, world.cwd)}
    const baseline = readBaseline(files, flags)
    const memory = {...ledgerAt(files.ledger), baseline}
    const remembered = await evaluateAll(chosen, await goldsAt(files.gold, ownGolds(config, world.cwd)), trials, memory)
    const {evaluation} = remembered
    if (format === 'json') printJson(world, evaluation)
    else world.print(evaluationText(evaluation))
    const refused =
      flags['update-baseline'] === true ? updateBaseline(files.baseline, baseline, remembered.baseline, world) : 0
    return refused === 0 ? exitOf(evaluation.verdict.decision, config.gate) : refused
  },
}

interface Files {
  readonly gold: string | null
  readonly baseline: string | null
  readonly ledger: string | null
  readonly clones: string | null
}

/** Before anything is paid for: what is named can be read, and what is to be written can be written. */
function filesOf(flags: Flags, world: World): Files {
  const {cwd} = world
  const place = (name: string): string | null => {
    const given = textOf(flags, name)
    return given === null ? null : resolve(cwd, given)
  }
  const [gold, baseline, ledger] = [place('gold'), place('baseline'), place('ledger')]
  if (flags['update-baseline'] === true && baseline === null)
    throw new Failure('bad-flag', '--update-baseline needs --baseline', {hint: 'as in --baseline gold/baseline.yaml'})
  if (ledger !== null && [baseline, gold].includes(ledger))
    throw new Failure('bad-flag', '--ledger names a file that is something else', {hint: 'give it a file of its own'})
  if (ledger !== null) checkWritable(ledger)
  if (flags['update-baseline'] === true && baseline !== null) checkWritable(baseline)
  return {gold, baseline, ledger, clones: cloneFolderOf(flags, world)}
}

/** What this command reads and writes beside the code: a ledger that grows must not make the code another one. */
function hiddenOf({gold, baseline, ledger}: Files, cwd: string): readonly string[] {
  return [gold, baseline, ledger].flatMap((file) => {
    const inside = file === null ? '' : relative(cwd, file).split(sep).join('/')
    return inside === '' || inside.startsWith('..') ? [] : [inside]
  })
}

/** As long as the longest string, with room to work: some hundred thousand samples. */
const maxLedger = 256 * 1024 * 1024

function ledgerAt(file: string | null): Pick<Memory, 'ledger' | 'keep'> {
  if (file === null) return {ledger: null, keep: () => {}}
  const text = existsSync(file) ? readText(file, maxLedger) : ''
  const ledger = readLedger(text, file)
  // an editor may have taken the end of the last line away
  let before = text === '' || text.endsWith('\n') ? '' : '\n'
  return {
    ledger,
    keep: (sample) => {
      appendText(file, `${before}${renderSample(sample)}`)
      before = ''
    },
  }
}

/** Who names a baseline wants to be compared with it, unless the settings say more exactly how. */
function settingsOf(flags: Flags, {cwd}: World): Config {
  const config = configOf(cwd, {...flags, gold: undefined, baseline: undefined})
  return flags['baseline'] !== undefined && config.baseline === 'absolute' ? {...config, baseline: 'both'} : config
}

/** A baseline that is to be written may not be there yet; one that is only compared with must. */
function readBaseline({baseline: file}: Files, flags: Flags): Baseline | null {
  if (file === null || (flags['update-baseline'] === true && !existsSync(file))) return null
  return valueOf(parseBaseline(readText(file), file), 'baseline', '`evaluate --update-baseline` writes one')
}

/** After the result, which is out already, so what is refused is said and not thrown. @returns 0, or the exit code */
function updateBaseline(file: string | null, before: Baseline | null, now: Baseline | null, world: World): number {
  const refuse = (code: string, why: string, hint: string): void =>
    world.say(plain(`${code}: ${plainLine(`the baseline stays as it is: ${why}`, 1000)}\n  → ${hint}`))
  if (file === null) return 0
  if (now === null) {
    refuse('not-judged', 'not every gold standard could be judged', 'run again when what the table names is repaired')
    return 3
  }
  const lowered = before === null ? [] : loweredBy(before, now)
  if (lowered.length > 0) {
    const hint = 'a baseline only rises; delete the file to begin again, and say why in the commit'
    refuse('baseline-lowered', `it would fall for ${lowered.join(', ')}`, hint)
    return 2
  }
  writeFileAt(file, renderBaseline(now))
  world.say(plainLine(`the baseline is written to ${file}`))
  return 0
}
