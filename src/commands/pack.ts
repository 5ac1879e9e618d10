import {resolve} from 'node:path'
import {digestOf} from '../outside.ts'
import {configOf, openReading, settingOptions, writeFileAt} from '../locally.ts'
import {packFormats, renderPack} from '../pack/render.ts'
import {formatOf} from '../printing.ts'
import {packSource} from '../run.ts'
import type {Command} from './command.ts'

const kept = ['--gold', '--max-tokens', '--include', '--exclude', '--ref']

export const pack: Command = {
  summary: 'the repository as one text, within a token budget',
  arguments: [{usage: '[path]', summary: 'a folder or a clone; default: the current directory'}],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--format <format>', summary: 'xml (as repomix lays it out), markdown or json', choices: packFormats},
    {flags: '--output <file>', summary: 'write it there and print a summary'},
  ],
  run: async ([path = '.'], flags, world) => {
    const wanted = formatOf(flags, 'xml')
    const format = packFormats.find((each) => each === wanted) ?? 'xml'
    const {pack: packed} = await packSource(
      await openReading(path, flags, configOf(resolve(world.cwd, path), flags), world),
      {digest: digestOf},
    )
    const text = renderPack(packed, format)
    if (typeof flags['output'] !== 'string') {
      world.print(text)
      return 0
    }
    writeFileAt(resolve(world.cwd, flags['output']), text)
    world.print(
      `Packed ${packed.files.length} files, about ${packed.tokens} tokens, ${packed.leftOut.length} left out, to ${flags['output']}`,
    )
    return 0
  },
}
