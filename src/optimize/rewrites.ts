/** Rewrites: the words of a step written anew by a model, what it is shown for that, and what is not taken from it. */
import {placeholdersIn, unfenced} from '../pipeline/template.ts'
import type {Candidate} from './candidate.ts'
import {findCopy, type Guarded} from './guards.ts'
import {holderOf} from './rules.ts'
import {reservedIn} from './needs.ts'
import type {Evaluation, Evidence, Problem, Search} from './search.ts'

/** The words of a step that may be written anew. */
export interface Part {
  readonly step: string
  /** Of a candidate. */
  readonly key: string
  /** As the pipeline has them. */
  readonly words: string
}

/** One a step, in the order in which they run. Demonstrations are quoted, not written. */
export const partsOf = ({steps}: Problem): readonly Part[] =>
  steps.flatMap(({name, texts}) => {
    const holder = holderOf(texts)
    return holder === null || holder === 'examples'
      ? []
      : [{step: name, key: `${name}/${holder}`, words: texts[holder] ?? ''}]
  })

export const wordsIn = (candidate: Candidate, {key, words}: Part): string => candidate[key] ?? words

/** What is as the pipeline has it does not stand in it: the same words are one candidate, however they were found. */
export function reworded(candidate: Candidate, {key, words}: Part, next: string): Candidate {
  const rest = Object.entries(candidate).filter(([name]) => name !== key)
  return Object.fromEntries(next === words ? rest : [...rest, [key, next]])
}

/** What has less credit was missed. */
const found = 0.5
const mostEvidence = 12

/** What went wrong in these runs that is the step's or nobody's known; all of it when that is nothing. The most frequent first. */
export function evidenceFor(step: string, evaluations: readonly Evaluation[]): readonly Evidence[] {
  const all = evaluations.flatMap(({outcomes, extras, unreadable}) => [
    ...(unreadable === null ? [] : [{what: 'unreadable', of: unreadable.step, reason: unreadable.reason} as const]),
    ...outcomes.flatMap(({id, credit, lost, reason}) =>
      credit < found && !reservedIn(outcomes).has(id) ? [{what: 'missed', of: lost, reason} as const] : [],
    ),
    ...extras.map((extra) => ({what: 'extra', of: extra.step, reason: extra.reason}) as const),
  ])
  const own = all.filter(({of}) => of === null || of === step)
  const counts = new Map<string, Evidence>()
  for (const {what, reason} of own.length > 0 ? own : all) {
    if (reason === '') continue
    const key = `${what} ${reason}`
    counts.set(key, {what, reason, count: (counts.get(key)?.count ?? 0) + 1})
  }
  return [...counts]
    .toSorted(([a, m], [b, n]) => n.count - m.count || (a < b ? -1 : 1))
    .slice(0, mostEvidence)
    .map(([, evidence]) => evidence)
}

/**
 * The text between the first and the last fence of an answer, or the whole answer where there is none. null: the answer opens a
 * fence and never closes it, so it was cut off (GEPA adopts such texts, https://github.com/gepa-ai/gepa/issues/390).
 *
 * @param before the words that it replaces: lines they have stay as they are, new ones are freed of what a person does not see
 */
export function rewriteIn(answer: string, before: string): string | null {
  const text = insideOf(answer.replaceAll('\r\n', '\n'))
  if (text === null) return null
  const known = new Set(before.split('\n'))
  const lines = text
    .trim()
    .split('\n')
    .map((line) => (known.has(line) ? line : unfenced(line)))
  return `${lines.join('\n')}${before.endsWith('\n') ? '\n' : ''}`
}

const fence = '```'

function insideOf(answer: string): string | null {
  const [first, last] = [answer.indexOf(fence), answer.lastIndexOf(fence)]
  if (first < 0) return answer
  // the name of a language stands alone on the first line
  return first === last ? null : answer.slice(first + fence.length, last).replace(/^\S*\n/, '')
}

/** Lines that these words have and those before have not. */
export function addedLines(before: string, words: string): readonly string[] {
  const known = new Set(before.split('\n'))
  return words.split('\n').filter((line) => line.trim() !== '' && !known.has(line))
}

/** Why these words are not tried, in words; null: they are. */
export function refusalOf({problem, settings}: Search, part: Part, before: string, words: string): string | null {
  if (words.trim() === '') return 'it is empty'
  if (words === before) return 'it changes nothing'
  if (words.length > part.words.length + settings.maxAddedCharacters) return 'the words would be too long'
  const [had, has] = [innerOf(part.words), innerOf(words)]
  if (had.join() !== has.join()) return `it changes which values stand in it: {{${oddOf(had, has)}}}`
  const lines = addedLines(part.words, words)
  const bare = placeholdersIn(words).reduce((text, {raw}) => text.replaceAll(raw, ' '), lines.join('\n'))
  return findCopy(unknownTo(problem.guarded, part.words), bare)
}

/** Twice the same is not the same as once: a value may be a whole repository. */
const innerOf = (words: string): readonly string[] =>
  placeholdersIn(words)
    .map(({inner}) => inner)
    .toSorted()

function oddOf(had: readonly string[], has: readonly string[]): string {
  const times = (all: readonly string[], inner: string): number => all.filter((each) => each === inner).length
  return [...had, ...has].find((inner) => times(had, inner) !== times(has, inner)) ?? ''
}

/** What the pipeline says already is no copy of a gold standard when it is said in another line. */
export function unknownTo({names, phrases}: Guarded, words: string): Guarded {
  const low = words.toLowerCase()
  const plain = ` ${(low.match(/[\p{L}\p{N}_]+/gu) ?? []).join(' ')} `
  const known = new Set(low.match(/[\p{L}\p{N}_]+(?:[.:/-]+[\p{L}\p{N}_]+)*[?!]?/gu))
  return {
    names: new Set([...names].filter((name) => !known.has(name))),
    phrases: new Set([...phrases].filter((phrase) => !plain.includes(` ${phrase} `))),
  }
}
