import {planLocally, settingOptions} from '../locally.ts'
import {exitOf} from '../outside.ts'
import {formatOf, outputOptions, printPlan} from '../printing.ts'
import type {Command} from './command.ts'

export const plan: Command = {
  summary: 'read a repository and write a refactor plan, scored when a gold standard applies',
  arguments: [{usage: '[path]', summary: 'a folder, a clone, or a packed repository; default: the current directory'}],
  options: [...settingOptions, ...outputOptions],
  run: async ([path = '.'], flags, world) => {
    const format = formatOf(flags)
    const ran = await planLocally(path, flags, world)
    printPlan(ran, format, world)
    return exitOf(ran.verdict.decision, ran.config.gate)
  },
}
