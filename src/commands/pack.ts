import {realpathSync} from 'node:fs'
import {resolve} from 'node:path'
import {changedFiles, mergeBase, repositoryOf, resolveRef} from '../adapters/git.ts'
import type {Config} from '../config.ts'
import {Failure} from '../errors.ts'
import {digestOf} from '../outside.ts'
import {configOf, openReading, settingOptions, writeFileAt} from '../locally.ts'
import {packFormats, renderPack} from '../pack/render.ts'
import {formatOf} from '../printing.ts'
import {packSource, type Reading} from '../run.ts'
import type {Command, Flags, World} from './command.ts'

const kept = ['--gold', '--max-tokens', '--include', '--exclude', '--ref']

/**
 * The head of a range as `git diff base...head` takes it, and the paths in which it differs. Throws `Failure` `bad-range`,
 * `nothing-changed`, and what reading a ref throws.
 */
async function openChange(path: string, range: string, flags: Flags, config: Config, world: World): Promise<Reading> {
  const [, base = '', head = ''] = /^(.+?)\.{2,3}(.*)$/.exec(range) ?? []
  if (base === '' || typeof flags['ref'] === 'string')
    throw new Failure(
      'bad-range',
      `--diff ${JSON.stringify(range.slice(0, 120))}${base === '' ? ' is no range' : ' names a head, and --ref another'}`,
      {
        hint: 'as in --diff main..HEAD, without --ref',
      },
    )
  const reading = await openReading(path, {...flags, ref: head === '' ? 'HEAD' : head}, config, world)
  const repository = await repositoryOf(realpathSync(resolve(world.cwd, path)))
  const {commit} = reading.source
  if (repository === null || commit === null)
    throw new Failure('not-a-repository', `${path} is not in a git repository`)
  const {gitDir, prefix} = repository
  const from = await resolveRef(gitDir, base)
  const files = await changedFiles(gitDir, (await mergeBase(gitDir, from, commit)) ?? from, commit)
  const changed = files.flatMap(({path: file, previous}) =>
    [file, previous ?? file].filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length)),
  )
  if (changed.length === 0)
    throw new Failure('nothing-changed', `${range} changes no file below ${path}`, {hint: 'is it the right range?'})
  return {...reading, changed}
}

export const pack: Command = {
  summary: 'the repository as one text, within a token budget',
  arguments: [{usage: '[path]', summary: 'a folder or a clone; default: the current directory'}],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--format <format>', summary: 'xml (as repomix lays it out), markdown or json', choices: packFormats},
    {flags: '--diff <range>', summary: 'base..head: only what changed since they parted, and what stands around it'},
    {flags: '--output <file>', summary: 'write it there and print a summary'},
  ],
  run: async ([path = '.'], flags, world) => {
    const wanted = formatOf(flags, 'xml')
    const format = packFormats.find((each) => each === wanted) ?? 'xml'
    const config = configOf(resolve(world.cwd, path), flags)
    const {diff} = flags
    const reading =
      typeof diff === 'string'
        ? await openChange(path, diff, flags, config, world)
        : await openReading(path, flags, config, world)
    const {pack: packed} = await packSource(reading, {digest: digestOf})
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
