import {readFileSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {home} from '../adapters/home.ts'
import {withParse} from '../adapters/threads.ts'
import {configOf, openReading, settingOptions} from '../locally.ts'
import {digestOf} from '../outside.ts'
import {formatOf, printJson} from '../printing.ts'
import {renderSarif} from '../report/sarif.ts'
import {renderFindings} from '../report/findings.ts'
import {packSource, scanTexts} from '../run.ts'
import {languageOf} from '../scan/parse.ts'
import {plainLine} from '../trust.ts'
import type {Command} from './command.ts'

const kept = ['--gold', '--include', '--exclude', '--ref']

/** Reasons that would hide code from the rules; the others say that it is not this repository's code. */
const unseen: readonly string[] = ['too-large', 'unreadable', 'binary', 'secret']

export const scan: Command = {
  summary: 'static rules over Elixir, TypeScript, JavaScript and Python',
  arguments: [{usage: '[path]', summary: 'a folder or a clone; default: the current directory'}],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--format <format>', summary: 'table, json or sarif', choices: ['table', 'json', 'sarif']},
  ],
  run: async ([path = '.'], flags, world) => {
    const format = formatOf(flags, 'table')
    const {whole} = await packSource(await openReading(path, flags, configOf(resolve(world.cwd, path), flags), world), {
      digest: digestOf,
    })
    const {findings, skipped: unread} = await scanTexts(whole, {withParse})
    const leftOut = whole.leftOut.filter(({path: file, why}) => languageOf(file) !== null && unseen.includes(why))
    const skipped = [...unread, ...leftOut.map(({path: file, why}) => ({file, why}))]
    if (skipped.length > 0)
      world.say(
        plainLine(
          `${skipped.length} files were not read: ${skipped
            .slice(0, 5)
            .map(({file, why}) => `${file} (${why})`)
            .join(', ')}${skipped.length > 5 ? ', …' : ''}`,
        ),
      )
    if (format === 'json') printJson(world, {findings, skipped})
    else if (format === 'sarif') world.print(renderSarif(findings, versionOf()))
    else world.print(renderFindings(findings))
    return 0
  },
}

const versionOf = (): string =>
  /"version":\s*"([^"]+)"/.exec(readFileSync(join(home, 'package.json'), 'utf8'))?.[1] ?? '0'
