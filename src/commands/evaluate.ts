import {resolve} from 'node:path'
import {readText} from '../adapters/disk.ts'
import {configOf, settingOptions} from '../locally.ts'
import {choosePipeline, exitOf, keysOf, makeHost, sourceOfGold, type GoldFile} from '../outside.ts'
import {formatOf, printJson} from '../printing.ts'
import {evaluationText} from '../report/evaluation.ts'
import {plainLine} from '../trust.ts'
import {atHand, evaluateAll, goldsAt} from '../trial.ts'
import type {Command} from './command.ts'

const kept = ['--pipeline', '--gold', '--judge', '--threshold', '--gate', '--max-tokens', '--max-cost-usd']

export const evaluate: Command = {
  summary: 'a pipeline over all gold standards: a table and a gate',
  arguments: [],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--format <format>', summary: 'table or json', choices: ['table', 'json']},
  ],
  run: async (_, flags, world) => {
    const format = formatOf(flags, 'table')
    const folder = typeof flags['gold'] === 'string' ? resolve(world.cwd, flags['gold']) : null
    const config = configOf(world.cwd, {...flags, gold: undefined})
    const keys = keysOf(world.env)
    const {pipeline, note} = await choosePipeline(config.pipeline, keys, async (file) =>
      readText(resolve(world.cwd, file)),
    )
    if (note !== null) world.say(plainLine(note))
    const host = makeHost({keys, budget: {calls: null, tokens: null, usd: config.maxCostUsd}, say: world.say})
    const trials = {config, keys, host, sourceOf: async (gold: GoldFile) => sourceOfGold(gold, world.cwd)}
    const evaluation = await evaluateAll(pipeline, await atHand(await goldsAt(folder), trials), trials)
    if (format === 'json') printJson(world, evaluation)
    else world.print(evaluationText(evaluation))
    return exitOf(evaluation.verdict.decision, config.gate)
  },
}
