import {resolve} from 'node:path'
import {readText} from '../adapters/disk.ts'
import {Failure} from '../errors.ts'
import {configOf, openReading, settingOptions} from '../locally.ts'
import {choosePipeline, keysOf, makeHost} from '../outside.ts'
import {formatOf, printJson} from '../printing.ts'
import {runPipeline} from '../run.ts'
import type {Command} from './command.ts'

const kept = ['--max-tokens', '--max-cost-usd', '--include', '--exclude']

export const run: Command = {
  summary: 'run any pipeline on the current directory',
  arguments: [{usage: '<pipeline>', summary: 'a YAML file, or the name of one that ships with the program'}],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--var <pairs...>', summary: 'values for {{names}} in the pipeline, as k=v'},
    {flags: '--path <path>', summary: 'the code to read; default: the current directory'},
    {flags: '--format <format>', summary: 'text: the last result; json: all results', choices: ['text', 'json']},
  ],
  run: async ([name = ''], flags, world) => {
    const format = formatOf(flags)
    const path = typeof flags['path'] === 'string' ? flags['path'] : '.'
    const config = configOf(resolve(world.cwd, path), flags)
    const keys = keysOf(world.env)
    const variables = variablesOf(flags['var'])
    const {pipeline} = await choosePipeline(
      name,
      keys,
      async (file) => readText(resolve(world.cwd, file)),
      Object.keys(variables),
    )
    const host = makeHost({keys, budget: {calls: null, tokens: null, usd: config.maxCostUsd}, say: world.say})
    const trace = await runPipeline(
      pipeline,
      variables,
      await openReading(path, flags, config, world),
      config.goal,
      host,
    )
    if (format === 'json') {
      printJson(world, {
        results: Object.fromEntries(trace.steps.map(({step, result}) => [step, result])),
        usage: trace.usage,
        diagnostics: [],
      })
    } else world.print(trace.output.text)
    return 0
  },
}

function variablesOf(given: unknown): Readonly<Record<string, string>> {
  const pairs = Array.isArray(given) ? given.map(String) : []
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1)
        throw new Failure('bad-flag', `--var ${pair}: is not k=v`, {hint: 'as in --var user_prompt="find races"'})
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
