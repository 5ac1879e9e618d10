/** How much two findings are about the same defect (scoring research §3.4; weights and thresholds are from there). */
import type {Finding} from '../scan/finding.ts'
import {isSameFamily} from './family.ts'
import type {GoldFinding} from './gold.ts'
import type {Grounding, GroundedPlace} from './grounding.ts'
import {cosine, gramVector, idfOf, normalise, wordsOf, wordVector, type Vector, type Weights} from './text.ts'

/** A finding made ready to be compared. */
export interface Prepared {
  readonly category: string
  readonly places: readonly GroundedPlace[]
  /** The title with ever more sentences: a long description must not drown a short one. */
  readonly words: readonly Vector[]
  readonly grams: readonly Vector[]
}

const maxTitle = 120
const maxDescription = 240

/** What is compared of a finding's words; the rest is ignored, so that length wins nothing. */
export const titleOf = ({title, description}: Pick<Finding, 'title' | 'description'>): string =>
  normalise(title ?? description.split(/(?<=[.!?])\s/)[0] ?? '').slice(0, maxTitle)

export function textsOf(finding: Pick<Finding, 'title' | 'description'>): readonly string[] {
  const title = titleOf(finding)
  const sentences = normalise(finding.description)
    .slice(0, maxDescription)
    .split(/(?<=[.!?])\s+/)
  return [title, ...sentences.map((_, count) => `${title}. ${sentences.slice(0, count + 1).join(' ')}`)]
}

export const idfOver = (findings: readonly Pick<Finding, 'title' | 'description'>[]): Weights =>
  idfOf(findings.map((finding) => wordsOf(textsOf(finding).at(-1) ?? '')))

export function prepare(finding: Finding, {places}: Grounding, idf: Weights): Prepared {
  const texts = textsOf(finding)
  return {
    category: finding.category,
    places,
    words: texts.map((text) => wordVector(wordsOf(text), idf)),
    grams: texts.map(gramVector),
  }
}

export interface Likeness {
  /** 0…1 */
  readonly value: number
  /** 0…1, how near the lines are; null when one of the two names none. */
  readonly line: number | null
}

const nothing: Likeness = {value: 0, line: null}

export function likeness(
  candidate: Prepared,
  gold: Prepared,
  {related_files: related}: Pick<GoldFinding, 'related_files'>,
): Likeness {
  const category = isSameFamily(candidate.category, gold.category) ? 1 : 0
  const text = textLikeness(candidate, gold)
  if (candidate.places.length === 0 || gold.places.length === 0) {
    if (text < 0.3 || category === 0) return nothing
    // a finding about the whole repository is never sure: the judge decides, or it counts half
    return {value: Math.min(0.72, (0.2 * category + 0.3 * text) / 0.5), line: null}
  }
  let best = nothing
  for (const ours of candidate.places) {
    for (const theirs of gold.places) {
      const each = placeLikeness(ours, theirs, related, category, text)
      if (each.value > best.value) best = each
    }
  }
  return best
}

function placeLikeness(
  ours: GroundedPlace,
  theirs: GroundedPlace,
  related: readonly string[],
  category: number,
  text: number,
): Likeness {
  if (ours.path === null) return nothing
  const file = ours.path === theirs.path ? 1 : related.includes(ours.path) ? 0.6 : 0
  if (file === 0) return nothing
  const line = file < 1 ? null : lineLikeness(ours, theirs)
  const parts = [
    {weight: 0.3, value: file},
    {weight: 0.2, value: category},
    {weight: 0.3, value: text},
    ...(line === null ? [] : [{weight: 0.2, value: line}]),
  ]
  const weight = parts.reduce((sum, part) => sum + part.weight, 0)
  const value = parts.reduce((sum, part) => sum + part.weight * part.value, 0) / weight
  if (category === 0 && text < 0.2) return {value: Math.min(value, line === 1 ? 0.5 : 0.4), line}
  return {value, line}
}

/** Where the code stands now beats the line that somebody wrote down. */
function lineLikeness(ours: GroundedPlace, theirs: GroundedPlace): number | null {
  const a = intervalOf(ours)
  const b = intervalOf(theirs)
  if (a === null || b === null) return null
  const distance = Math.max(0, a[0] - b[1], b[0] - a[1])
  return distance <= 5 ? 1 : Math.exp(-(distance - 5) / 25)
}

function intervalOf({anchor, start, end}: GroundedPlace): readonly [number, number] | null {
  if (anchor !== null) return [anchor, anchor + Math.max(0, (end ?? anchor) - (start ?? anchor))]
  return start === null ? null : [start, Math.max(start, end ?? start)]
}

function textLikeness(a: Prepared, b: Prepared): number {
  const best = (ours: readonly Vector[], theirs: readonly Vector[]): number =>
    Math.max(0, ...ours.flatMap((one) => theirs.map((other) => cosine(one, other))))
  const words = best(a.words, b.words)
  // two English texts share a third of their 3-grams by chance
  const grams = Math.max(0, (best(a.grams, b.grams) - 0.35) / 0.65)
  return Math.min(1, Math.max(words, 0.8 * grams) / 0.55)
}
