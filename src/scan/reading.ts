/** Files → their trees, a few at a time. */
import type {Parsable, Parse, Parsed} from './parse.ts'
import {readable, readSource, type CodeFile, type SourceRead} from './source.ts'

export type FileRead = SourceRead & {readonly file: CodeFile}

/** What can be read of the files: first what cannot, then the others in their order. Other languages are passed over. */
export async function* readFiles(files: readonly CodeFile[], parse: Parse): AsyncGenerator<FileRead> {
  const paths = new Set(files.map(({path}) => path))
  const waiting: Waiting[] = []
  for (const file of files) {
    const read = readable(file, paths)
    if (read?.ok === true) waiting.push({file, parsable: read.parsable})
    else if (read?.ok === false) yield {...read, file}
  }
  for await (const {file, parsable, parsed} of parseAll(waiting, parse))
    yield {...readSource(file, parsable.language, parsed), file}
}

interface Waiting {
  readonly file: CodeFile
  readonly parsable: Parsable
}

/** Groups that are asked for before the first of them is judged: work for every thread, and a bound on what is held. */
const ahead = 12
/** Characters: a group that a thread takes 50 ms for, so that handing it over costs nothing. */
const groupSize = 32_000

/** In their order; the next groups are parsed while one is judged. */
async function* parseAll(
  waiting: readonly Waiting[],
  parse: Parse,
): AsyncGenerator<Waiting & {readonly parsed: Parsed}> {
  const groups = groupsOf(waiting)
  const begun: Promise<readonly Parsed[]>[] = []
  for (const [at, group] of groups.entries()) {
    for (const each of groups.slice(begun.length, at + ahead)) begun.push(parse(each.map(({parsable}) => parsable)))
    const trees = await begun[at]
    for (const [index, each] of group.entries()) yield {...each, parsed: trees?.[index] ?? 'late'}
    // what has been judged is let go
    begun[at] = nothing
  }
}

const nothing: Promise<readonly Parsed[]> = Promise.resolve([])

function groupsOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const groups: Waiting[][] = []
  let size = Infinity
  for (const each of waiting) {
    if (size >= groupSize) {
      groups.push([])
      size = 0
    }
    groups.at(-1)?.push(each)
    size += each.parsable.text.length
  }
  return groups
}
