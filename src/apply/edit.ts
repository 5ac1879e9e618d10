/** Passages of a text replaced by others, and not a character beside them. */
import {restore} from '../pack/boundary.ts'
import {clip} from '../trust.ts'

export interface Edit {
  readonly find: string
  readonly replace: string
}

export type Edited = {readonly text: string} | {readonly problems: readonly string[]}

/** A part of the text that goes, and what comes in its place; both in the text's own line ends. */
interface Span {
  readonly start: number
  readonly end: number
  readonly put: string
}

/**
 * Every `find` is looked up in the text as it is before any of them is carried out, so their order does not matter. Lines may
 * end as they like: a model is shown, and answers in, line feeds; what is put in ends as most lines of the file do, and what a
 * `find` and its `replace` have in common at their ends stays as it stands.
 */
export function edited(text: string, edits: readonly Edit[]): Edited {
  const flat = flattened(text)
  const lineEnd = lineEndOf(text)
  const found = edits.map((edit) => locate(flat.text, {find: toLf(edit.find), replace: toLf(edit.replace)}))
  const spans = found
    .flatMap((each) => ('span' in each ? [each.span] : []))
    .map(({start, end, put}) => ({start: flat.at(start), end: flat.at(end), put: put.replaceAll('\n', lineEnd)}))
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
  const problems = [...found.flatMap((each) => ('problem' in each ? [each.problem] : [])), ...overlapsIn(spans)]
  if (problems.length > 0) return {problems}
  let result = ''
  let from = 0
  for (const {start, end, put} of spans) {
    result += text.slice(from, start) + put
    from = end
  }
  return {text: result + text.slice(from)}
}

/** As a model is shown it. */
export const toLf = (text: string): string => text.replaceAll('\r\n', '\n')

/** What most of its lines end with. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  const all = text.split('\n').length - 1
  const wide = text.split('\r\n').length - 1
  return wide * 2 > all ? '\r\n' : '\n'
}

/** The text with line feeds alone, and where its characters stand in the original. */
function flattened(text: string): {readonly text: string; readonly at: (offset: number) => number} {
  const wide = [...text.matchAll(/\r\n/g)].map(({index}, taken) => index - taken)
  const before = (offset: number): number => {
    let [low, high] = [0, wide.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((wide[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
  return {text: toLf(text), at: (offset) => offset + before(offset)}
}

type Located = {readonly span: Span} | {readonly problem: string}

function locate(text: string, edit: Edit): Located {
  if (edit.find === '') return {problem: '`find` is empty'}
  // what looks like a boundary of the files was shown with a backslash in it
  const {find, replace} = text.includes(edit.find) ? edit : {find: restore(edit.find), replace: restore(edit.replace)}
  const start = text.indexOf(find)
  if (start < 0) return {problem: `\`find\` does not occur in it: ${shown(edit.find)}`}
  if (text.includes(find, start + 1))
    return {problem: `\`find\` occurs more than once, so take more lines around it: ${shown(edit.find)}`}
  const same = commonStart(find, replace)
  const tail = commonStart(reversed(find.slice(same)), reversed(replace.slice(same)))
  return {
    span: {
      start: start + same,
      end: start + find.length - tail,
      put: replace.slice(same, replace.length - tail),
    },
  }
}

const shown = (find: string): string => JSON.stringify(clip(find, 80))

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

/** By UTF-16 units: only lengths are read off it. */
const reversed = (text: string): string => text.split('').toReversed().join('')

/** Two that touch the same place: which of them is meant nobody knows. */
const overlapsIn = (spans: readonly Span[]): readonly string[] =>
  spans.some((span, at) => {
    const before = spans[at - 1]
    return before !== undefined && (span.start < before.end || span.start === before.start)
  })
    ? ['two edits touch the same place: make one of them']
    : []
