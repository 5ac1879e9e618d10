import {resolve} from 'node:path'
import {readText, writeInside} from '../adapters/disk.ts'
import {untilInterrupted} from '../adapters/interruption.ts'
import {Failure} from '../errors.ts'
import {cloneFolderOf, configOf, ownGolds, settingOptions, sourcesOption} from '../locally.ts'
import {choosePipeline, keysOf, makeHost, sourceOfGold, type GoldFile} from '../outside.ts'
import {optimizerNames} from '../optimize/optimizers/index.ts'
import {formatOf, printJson} from '../printing.ts'
import {plainLine} from '../trust.ts'
import {evolve, goldsAt} from '../trial.ts'
import {textOf, type Command, type Flags} from './command.ts'

const kept = ['--pipeline', '--gold', '--judge', '--threshold', '--max-tokens', '--max-cost-usd']

export const optimize: Command = {
  summary: "evolve a pipeline's words against the gold standards",
  arguments: [],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--optimizer <name>', summary: 'how the search goes; default: bootstrap', choices: optimizerNames},
    {flags: '--budget <calls>', summary: 'model calls at most, all steps and the judge together'},
    {
      flags: '--batches',
      summary: 'ask Claude by message batches: half the price, but run after run, each mostly within an hour',
    },
    sourcesOption,
    {flags: '--output <folder>', summary: 'where the evolved YAML is written; default: evolved_pipelines/'},
    {flags: '--format <format>', summary: 'text or json', choices: ['text', 'json']},
  ],
  run: async (_, flags, world) => {
    const format = formatOf(flags)
    const given = textOf(flags, 'gold')
    const folder = given === null ? null : resolve(world.cwd, given)
    const config = configOf(world.cwd, {...flags, gold: undefined})
    const keys = keysOf(world.env)
    const chosen = await choosePipeline(config.pipeline, keys, async (file) => readText(resolve(world.cwd, file)))
    const budget = {calls: callsOf(flags), tokens: null, usd: config.maxCostUsd}
    const byBatch = config.batches ? {batches: true, signal: untilInterrupted()} : {}
    const host = makeHost({keys, budget, say: world.say, ...byBatch})
    const clones = cloneFolderOf(flags, world)
    const trials = {config, keys, host, sourceOf: async (gold: GoldFile) => sourceOfGold(gold, world.cwd, clones)}
    const golds = await goldsAt(folder, ownGolds(config, world.cwd))
    const {optimized, file, text} = await evolve(
      chosen,
      textOf(flags, 'optimizer') ?? 'bootstrap',
      golds,
      trials,
      budget,
    )
    const output = textOf(flags, 'output')
    const path = text === null ? null : output === null ? file : `${output}/${file.slice(file.lastIndexOf('/') + 1)}`
    if (text !== null)
      writeInside(
        resolve(world.cwd, output ?? '.'),
        output === null ? file : file.slice(file.lastIndexOf('/') + 1),
        text,
      )
    for (const event of optimized.log) if (event.kind === 'note') world.say(plainLine(event.message))
    const {evolved: _candidate, ...shape} = optimized
    if (format === 'json') printJson(world, {evolved: path, ...shape})
    else
      world.print(
        path === null
          ? 'No better words were found: the pipeline stays as it is.'
          : `Pipeline evolved at ${path}${optimized.promoted ? '' : ' (not promoted: no measured gain)'}`,
      )
    return 0
  },
}

function callsOf(flags: Flags): number | null {
  const given = textOf(flags, 'budget')
  if (given === null) return null
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given)
  throw new Failure('bad-flag', `--budget ${plainLine(given, 40)}: is not a number of calls`, {
    hint: 'as in --budget 200',
  })
}
