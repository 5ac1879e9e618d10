import {Failure} from '../errors.ts'
import {planLocally, settingOptions} from '../locally.ts'
import {exitOf} from '../outside.ts'
import {formatOf, outputOptions, printPlan} from '../printing.ts'
import type {Command} from './command.ts'

export const plan: Command = {
  summary: 'read a repository and write a refactor plan, scored when a gold standard applies',
  arguments: [
    {
      usage: '[paths...]',
      summary: 'folders, clones, or packed repositories, one plan for each; default: the current directory',
    },
  ],
  options: [...settingOptions, ...outputOptions],
  run: async (given, flags, world) => {
    const format = formatOf(flags)
    const paths = given.length === 0 ? ['.'] : given
    if (paths.length > 1 && (format === 'json' || flags['record'] !== undefined))
      throw new Failure('bad-usage', `${paths.length} paths, and one document to write`, {
        hint: 'with --format json or --record give one path',
      })
    let worst = 0
    for (const path of paths) {
      const ran = await planLocally(path, flags, world)
      printPlan(ran, format, world)
      worst = Math.max(worst, exitOf(ran.verdict.decision, ran.config.gate))
    }
    return worst
  },
}
