/** What a plan says more than once (scoring research §3.7). */
import type {Finding} from '../scan/finding.ts'
import {isSameFamily} from './family.ts'
import type {GroundedPlace, Grounding} from './grounding.ts'
import {titleOf} from './similarity.ts'
import {cosine, firstWordsOf, wordsOf, wordVector, type Vector, type Weights} from './text.ts'

export interface Repetition {
  /** Index of the first finding that says the same of the same place; null when it is the first itself. */
  readonly of: number | null
  /** Findings in the same words at many places; null when there are only a few. */
  readonly group: {readonly words: string; readonly allowed: number} | null
}

/** What is compared of a finding's words. */
export interface Wording {
  readonly title: string
  readonly words: Vector
  /** The first words: a template begins all alike. */
  readonly key: string
}

interface Read {
  readonly finding: Finding
  readonly grounding: Grounding
  readonly wording: Wording
}

/** How many findings of a gold standard begin alike. */
export type Phrases = ReadonlyMap<string, number>

/** So many findings may share their first words; more is a template. */
const maxSameWords = 4
/** A template that quotes no code is one finding, and at so many places it is one about everything. */
const maxTemplate = 7
const firstWords = 12

/**
 * Who quotes the code at each place says something of his own in every finding, even in the words of a linter's message; who
 * quotes nothing is known by his description alone, whatever he puts into the titles.
 */
const wordKey = ({title, description}: Pick<Finding, 'title' | 'description'>, quotes: boolean): string =>
  (quotes ? 'quoted ' : '') +
  firstWordsOf(`${quotes ? (title ?? '') : ''} ${description}`.slice(0, 2000), firstWords).join(' ')

const quotesCode = ({places}: Grounding): boolean => places.some(({anchor}) => anchor !== null)

/** By its title: whole descriptions share boilerplate, which once made two defects of one file the same. */
export function wordingOf(finding: Finding, grounding: Grounding): Wording {
  const title = titleOf(finding)
  return {title, words: wordVector(wordsOf(title), noWeights), key: wordKey(finding, quotesCode(grounding))}
}

const noWeights: Weights = new Map()

export const phrasesOf = (gold: readonly Finding[]): Phrases =>
  countsOf(gold.flatMap((finding) => [wordKey(finding, true), wordKey(finding, false)]))

/** @param phrases a gold standard that repeats its own words allows a plan as much */
export function repetitionsOf(read: readonly Read[], phrases: Phrases): readonly Repetition[] {
  const counts = countsOf(read.map(({wording}) => wording.key))
  const files = new Map<string, number[]>()
  return read.map(({finding, grounding, wording}, at) => {
    const group = groupOf(wording.key, counts, phrases)
    const [place] = grounding.places
    if (place === undefined || place.path === null) return {of: null, group}
    const earlier = files.get(place.path) ?? []
    files.set(place.path, [...earlier, at])
    const of = earlier.find((index) => {
      const other = read[index]
      if (other === undefined) return false
      const [otherPlace] = other.grounding.places
      const same = isNear(place, otherPlace) && isSameFamily(other.finding.category, finding.category)
      return same && (other.wording.title === wording.title || cosine(wording.words, other.wording.words) > 0.6)
    })
    return {of: of ?? null, group}
  })
}

function groupOf(
  words: string,
  counts: ReadonlyMap<string, number>,
  goldCounts: ReadonlyMap<string, number>,
): Repetition['group'] {
  const size = counts.get(words) ?? 0
  const own = goldCounts.get(words) ?? 0
  if (size <= Math.max(maxSameWords, own)) return null
  if (words.startsWith('quoted ')) return {words, allowed: Math.max(maxSameWords, own)}
  return {words, allowed: Math.max(size > maxTemplate ? 0 : 1, own)}
}

function isNear(place: GroundedPlace, other: GroundedPlace | undefined): boolean {
  const line = place.anchor ?? place.start
  const otherLine = other?.anchor ?? other?.start ?? null
  return line === null || otherLine === null ? line === otherLine : Math.abs(line - otherLine) <= 2
}

function countsOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
