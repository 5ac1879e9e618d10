/** A packed file as input: repomix's default XML, its escaped variant, and our own. */
import {Failure} from '../errors.ts'
import {isInside, restore, unescapeName} from './boundary.ts'
import {boundaryNote, numbersNote} from './render.ts'

export interface PackFileContent {
  /** Only our own packs say it. */
  readonly name: string | null
  readonly commit: string | null
  /** In the order of the pack. A text ends with a line break unless it is empty: packs do not say whether the file did. */
  readonly files: readonly {readonly path: string; readonly text: string}[]
}

const opening = '<file path="'
const closing = '\n</file>'

/** An element ends at a closing tag that another file or the end of the list follows; any other is content. */
function endOf(text: string, from: number): number {
  for (let at = text.indexOf(closing, from); at >= 0; at = text.indexOf(closing, at + 1)) {
    const behind = /^[ \t\r\n]{0,8}(?:<file path="|<\/files>|$)/.exec(
      text.slice(at + closing.length, at + closing.length + 24),
    )
    if (behind !== null) return at
  }
  return -1
}

const bad = (message: string): Failure =>
  new Failure('not-a-pack', message, {hint: 'give a repomix file in its XML style, or a folder'})

/** Only line feeds end lines here: an expression's `^` would also stop at a lone carriage return. */
const withoutNumbers = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^ {0,8}\d{1,9}: ?/, ''))
    .join('\n')

/**
 * Throws `Failure` `not-a-pack` when there is no file in it, one is cut off, or a path leads out of the repository.
 * Linear in the length of the text.
 */
export function parsePackFile(text: string): PackFileContent {
  const start = text.search(/^<files>/m)
  const head = text.slice(0, Math.max(start, 0))
  if (start < 0) throw bad('this is not a packed repository: it has no <files> section')
  const ours = head.includes(boundaryNote)
  const escaped = /^(?:<\?xml[^>]{0,200}>\s{0,8})?<repomix>/.test(head.trimStart())
  const numbered = head.includes(numbersNote) || head.includes('Line numbers have been added to the beginning')
  const contentOf = (raw: string): string => {
    const plain = ours ? restore(raw) : escaped ? unescapeName(raw) : raw
    const body = numbered ? withoutNumbers(plain) : plain
    return body === '' ? '' : `${body}\n`
  }
  const files = new Map<string, string>()
  let at = text.indexOf(opening, start)
  while (at >= 0) {
    const mark = text.indexOf('">\n', at)
    const raw = text.slice(at + opening.length, mark)
    const path = ours || escaped ? unescapeName(raw) : raw
    if (mark < 0 || raw.includes('\n') || !isInside(path))
      throw bad(`bad path in a packed file: ${JSON.stringify(raw.slice(0, 80))}`)
    const from = mark + 2
    const end = endOf(text, from)
    if (end < 0) throw bad(`the packed file ends in the middle of ${path}`)
    if (!files.has(path)) files.set(path, contentOf(text.slice(from + 1, Math.max(end, from + 1))))
    at = nextOf(text, end + closing.length)
  }
  if (files.size === 0) throw bad('the packed repository has no files in it')
  const [, name = null, commit = null] = ours
    ? (/^Files of the repository (\S{1,300})(?: at commit (\S{1,80}))?, packed into one document\./.exec(head) ?? [])
    : []
  return {
    name: name === null ? null : unescapeName(name),
    commit,
    files: [...files].map(([path, text]) => ({path, text})),
  }
}

/** Only what stands directly behind the last element is the next one; what follows `</files>` is not code. */
function nextOf(text: string, from: number): number {
  const gap = /^[ \t\r\n]{0,8}/.exec(text.slice(from, from + 8))?.[0].length ?? 0
  return text.startsWith(opening, from + gap) ? from + gap : -1
}
