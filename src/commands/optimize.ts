import {basename, join, relative, resolve} from 'node:path'
import {makeFolder, readText, writeInside} from '../adapters/disk.ts'
import {untilInterrupted} from '../adapters/interruption.ts'
import {openJournal} from '../adapters/journal.ts'
import {Failure} from '../errors.ts'
import {evolutionOf, evolve, type Evolution, type Evolved} from '../evolving.ts'
import {cloneFolderOf, configOf, ownGolds, settingOptions, sourcesOption} from '../locally.ts'
import {mergeEvents, readEvents, renderEvent} from '../optimize/events.ts'
import {optimizerNames} from '../optimize/optimizers/index.ts'
import type {Settings} from '../optimize/search.ts'
import {choosePipeline, keysOf, makeHost, sourceOfGold, type GoldFile} from '../outside.ts'
import {formatOf, printJson} from '../printing.ts'
import {progressOf} from '../report/evolution.ts'
import {evolutionPage} from '../report/evolution-page.ts'
import {plural} from '../report/words.ts'
import {plainLine} from '../trust.ts'
import type {Limits} from '../optimize/spending.ts'
import type {Shard} from '../optimize/till.ts'
import {goldsAt} from '../trial.ts'
import {textOf, type Command, type Flags, type World} from './command.ts'

const kept = ['--pipeline', '--gold', '--judge', '--threshold', '--max-tokens', '--max-cost-usd']

export const optimize: Command = {
  summary: "evolve a pipeline's words against the gold standards",
  arguments: [
    {usage: '[action]', summary: 'merge: makes one log of the logs of several machines'},
    {usage: '[logs...]', summary: 'the logs to merge'},
  ],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--optimizer <name>', summary: 'how the search goes; default: forge', choices: optimizerNames},
    {
      flags: '--budget <calls>',
      summary: 'model calls at most: all steps, the judge and the questions for new words together',
    },
    {flags: '--seed <number>', summary: 'all chance of the search comes from it; default: 0'},
    {
      flags: '--reflection-model <provider/model>',
      summary: 'who is asked for new words; default: the one in pipelines/reflect.yaml',
    },
    {flags: '--metric-threshold <score>', summary: 'a run is a success from this score on, 0-10; default: --threshold'},
    {
      flags: '--max-bootstrapped-demos <n>',
      summary: 'bootstrap, mipro: successful runs shown as examples at most; default: 2',
    },
    {flags: '--max-labeled-demos <n>', summary: 'bootstrap: none are made, as a label is the gold standard itself'},
    {flags: '--max-rounds <n>', summary: 'bootstrap, mipro: tries for each gold standard; default: 1'},
    {
      flags: '--candidate-programs <n>',
      summary: 'bootstrap: random search over so many sets of examples; default: 0, none',
    },
    {
      flags: '--variants <n>',
      summary:
        'searches with up to three more cases of each gold standard: a file less, other names, a defect more; default: 0',
    },
    {
      flags: '--log <file>',
      summary:
        'log of the search; a search that was stopped goes on where its log ends. Default: evolved_pipelines/optimize_….jsonl',
    },
    {flags: '--shard <i/n>', summary: 'does the i-th of n parts of the next wave and stops, as in 3/20; needs --log'},
    {
      flags: '--shard-mode <mode>',
      summary:
        'wave: all shards go through one search together; island: each searches by itself with its part of the budget, and `race` compares what they came to. Default: wave',
      choices: ['wave', 'island'],
    },
    {
      flags: '--batches',
      summary: 'ask Claude by message batches: half the price, each wave mostly within an hour',
    },
    sourcesOption,
    {
      flags: '--output <folder>',
      summary: 'where YAML and report are written, or the file of `merge`; default: evolved_pipelines/',
    },
    {flags: '--format <format>', summary: 'text or json', choices: ['text', 'json']},
  ],
  run: async (words, flags, world) => {
    const [action, ...logs] = words
    if (action === 'merge') return merge(logs, flags, world)
    if (action !== undefined)
      throw new Failure('bad-usage', `optimize ${plainLine(action, 40)}: there is no such action`, {
        hint: 'as in: optimize merge shard-*.jsonl --output merged.jsonl',
      })
    return search(flags, world)
  },
}

/** Of a log, in bytes: a run leaves up to 32,000 characters a step in it, and what is longer than a string cannot be read. */
const longest = 500_000_000

/** What all of the logs know, in one. */
function merge(logs: readonly string[], flags: Flags, world: World): number {
  const output = textOf(flags, 'output')
  if (logs.length === 0 || output === null)
    throw new Failure('bad-usage', 'optimize merge: names of logs and --output are needed', {
      hint: 'as in: optimize merge shard-*.jsonl --output merged.jsonl',
    })
  const events = mergeEvents(logs.map((log) => readEvents(readText(resolve(world.cwd, log), longest), log)))
  const path = resolve(world.cwd, output)
  writeInside(makeFolder(resolve(path, '..')), basename(path), events.map(renderEvent).join(''))
  const message = `${plural(logs.length, 'log')} with ${plural(events.length, 'event')} merged at ${output}`
  if (formatOf(flags) === 'json') printJson(world, {merged: output, logs: logs.length, events: events.length, message})
  else world.print(message)
  return 0
}

async function search(flags: Flags, world: World): Promise<number> {
  const format = formatOf(flags)
  const given = textOf(flags, 'gold')
  const folder = given === null ? null : resolve(world.cwd, given)
  const config = configOf(world.cwd, {...flags, gold: undefined})
  const keys = keysOf(world.env)
  const chosen = await choosePipeline(config.pipeline, keys, async (file) => readText(resolve(world.cwd, file)))
  const shard = shardOf(flags)
  if (shard === null && textOf(flags, 'shard-mode') !== null)
    throw new Failure('bad-usage', '--shard-mode needs --shard', {hint: 'as in --shard 3/20 --shard-mode island'})
  const isIsland = shard !== null && textOf(flags, 'shard-mode') === 'island'
  const limits = limitsOf(flags, config.maxCostUsd, isIsland ? shard.of : 1)
  const byBatch = config.batches ? {batches: true, signal: untilInterrupted()} : {}
  const clones = cloneFolderOf(flags, world)
  const golds = await goldsAt(folder, ownGolds(config, world.cwd))
  const settings = settingsOf(flags, isIsland ? shard.index : 0)
  const optimizer = textOf(flags, 'optimizer') ?? 'forge'
  // whoever cannot write there is told before anybody is paid
  const output = resolve(world.cwd, textOf(flags, 'output') ?? 'evolved_pipelines')
  makeFolder(output)
  const evolution: Evolution = {
    optimizer,
    settings,
    limits,
    hostFor: ({calls, usd}) =>
      makeHost({
        keys,
        budget: {
          calls: limits.calls === null ? null : Math.max(0, limits.calls - calls),
          tokens: null,
          usd: Math.max(0, limits.usd - (usd ?? 0)),
        },
        say: world.say,
        ...byBatch,
      }),
    reflectionModel: textOf(flags, 'reflection-model'),
    shard: isIsland ? null : shard,
    isIsland,
    openJournal: (about, seed) => {
      const log = textOf(flags, 'log')
      return openJournal(
        log === null
          ? join(output, `optimize_${about.slice(0, 8)}_${optimizer}_${seed}.jsonl`)
          : resolve(world.cwd, log),
      )
    },
    onTold: (stories) => world.say(progressOf(stories, limits)),
  }
  const trials = {config, keys, sourceOf: async (gold: GoldFile) => sourceOfGold(gold, world.cwd, clones)}
  const evolved = await waited(() => evolve(chosen, golds, trials, evolution), world, format)
  if (evolved === null) return 0
  const report = evolutionPage(evolutionOf(evolved, chosen, {optimizer, limits, seed: settings.seed ?? 0}))
  tell(evolved, write(output, evolved, report), world, format, isIsland)
  return 0
}

/** A shard that has done its part is no failure: null. */
async function waited(search: () => Promise<Evolved>, world: World, format: string): Promise<Evolved | null> {
  try {
    return await search()
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'waiting-for-shards') throw thrown
    if (format === 'json') printJson(world, {waiting: true, message: thrown.message})
    else world.print(thrown.message)
    return null
  }
}

interface Written {
  readonly yaml: string | null
  readonly page: string
}

function write(folder: string, {file, text}: Evolved, page: string): Written {
  const name = basename(file)
  const place = makeFolder(folder)
  if (text !== null) writeInside(place, name, text)
  const pageName = name.replace(/\.yaml$/, '.html')
  writeInside(place, pageName, page)
  return {yaml: text === null ? null : join(folder, name), page: join(folder, pageName)}
}

function tell(
  {optimized, about}: Evolved,
  {yaml, page}: Written,
  world: World,
  format: string,
  isIsland: boolean,
): void {
  const shown = (path: string): string => relative(world.cwd, path)
  const {evolved: _candidate, ...shape} = optimized
  if (format === 'json')
    return printJson(world, {evolved: yaml === null ? null : shown(yaml), ...shape, about, report: shown(page)})
  world.say(plainLine(`report: ${shown(page)}`))
  world.print(
    yaml === null
      ? 'No better words were found: the pipeline stays as it is.'
      : `Pipeline evolved at ${shown(yaml)}${isIsland ? ' (not compared: `race` does that with the merged logs)' : optimized.promoted ? '' : ' (not promoted: no proven improvement)'}`,
  )
}

/** @param islands that share it */
function limitsOf(flags: Flags, usd: number, islands: number): Limits & {readonly usd: number} {
  const calls = numberOf(flags, 'budget', 'calls')
  return {calls: calls === null ? null : Math.floor(calls / islands), tokens: null, usd: usd / islands}
}

const settingsOf = (flags: Flags, island: number): Partial<Settings> => {
  const numbers = {
    seed: (numberOf(flags, 'seed', 'number', true) ?? 0) + island,
    maxBootstrappedDemos: numberOf(flags, 'max-bootstrapped-demos', 'number', true),
    maxLabeledDemos: numberOf(flags, 'max-labeled-demos', 'number', true),
    maxRounds: numberOf(flags, 'max-rounds', 'number'),
    variants: numberOf(flags, 'variants', 'number', true),
    candidatePrograms: numberOf(flags, 'candidate-programs', 'number', true),
    metricThreshold: scoreOf(flags),
  }
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== null))
}

/** null: it was not given. Throws `Failure` `bad-flag`. */
function numberOf(flags: Flags, name: string, of: string, mayBeZero = false): number | null {
  const given = textOf(flags, name)
  if (given === null) return null
  if ((mayBeZero ? /^\d{1,7}$/ : /^[1-9]\d{0,6}$/).test(given)) return Number(given)
  throw new Failure(
    'bad-flag',
    `--${name} ${plainLine(given, 40)}: is not a number${of === 'calls' ? ' of calls' : ''}`,
    {
      hint: `a whole number of at most seven digits, as in --${name} ${of === 'calls' ? 200 : 2}`,
    },
  )
}

function scoreOf(flags: Flags): number | null {
  const given = textOf(flags, 'metric-threshold')
  if (given === null) return null
  if (/^(?:10|\d)(?:\.\d+)?$/.test(given) && Number(given) <= 10) return Number(given)
  throw new Failure('bad-flag', `--metric-threshold ${plainLine(given, 40)}: is not a score`, {hint: 'from 0 to 10'})
}

function shardOf(flags: Flags): Shard | null {
  const given = textOf(flags, 'shard')
  if (given === null) return null
  if (textOf(flags, 'log') === null)
    throw new Failure('bad-usage', '--shard needs --log', {
      hint: 'a file of its own for each shard, which is merged later',
    })
  const [, index = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(given) ?? []
  if (Number(index) >= 1 && Number(index) <= Number(of)) return {index: Number(index) - 1, of: Number(of)}
  throw new Failure('bad-flag', `--shard ${plainLine(given, 40)}: is no part of a whole`, {hint: 'as in --shard 3/20'})
}
