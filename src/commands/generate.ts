import {planLocally, settingOptions} from '../locally.ts'
import {exitOf} from '../outside.ts'
import {formatOf, outputOptions, printPlan} from '../printing.ts'
import type {Command} from './command.ts'

/** The seed's `pipeline.generate.live`: the whole argument is `user_prompt`. */
export const generate: Command = {
  summary: 'the same as plan, with the prompt as the goal, in the current directory',
  arguments: [{usage: '<prompt>', summary: 'what the plan is for'}],
  options: [...settingOptions.filter(({flags}) => !flags.startsWith('--goal')), ...outputOptions],
  run: async ([goal = ''], flags, world) => {
    const format = formatOf(flags)
    const ran = await planLocally('.', {...flags, goal}, world)
    printPlan(ran, format, world)
    return exitOf(ran.verdict.decision, ran.config.gate)
  },
}
