/** How much two findings are about the same defect (scoring research §3.4; weights and thresholds are from there). */
import {clip} from '../trust.ts'
import type {Finding} from '../scan/finding.ts'
import {familiesOf} from './family.ts'
import type {Grounding, GroundedPlace} from './grounding.ts'
import {
  cosinesOf,
  gramVector,
  idfOf,
  indexOf,
  normalise,
  wordsOf,
  wordVector,
  type Vector,
  type VectorIndex,
  type Weights,
} from './text.ts'

type Said = Pick<Finding, 'title' | 'description'>

/** A finding made ready to be compared. */
export interface Prepared {
  readonly families: ReadonlySet<string>
  /** Files that are as good a place for it. */
  readonly related: readonly string[]
  readonly places: readonly GroundedPlace[]
  /** All that is compared of its words, as one text. */
  readonly text: string
  /** The title with ever more sentences: a long description must not drown a short one. */
  readonly words: readonly Vector[]
  /** The title with the category, which may say in one word what somebody else says in a sentence. */
  readonly named: Vector
  /** Of the title, and of the whole. */
  readonly grams: readonly [Vector, Vector]
}

const maxTitle = 120
const maxDescription = 240
const maxSentences = 3

const sentencesOf = (text: string): readonly string[] => text.split(/(?<=[.!?])\s+/)

/** What is compared of a finding's words; the rest is ignored, so that length wins nothing. */
export const titleOf = ({title, description}: Said): string =>
  normalise(title ?? sentencesOf(description)[0] ?? '').slice(0, maxTitle)

/** How a person is told which finding is meant: one line, at most 80 characters. */
export const nameOf = (finding: Said): string => clip(titleOf(finding).replace(/\s+/g, ' ').trim(), 80)

interface Text {
  readonly title: string
  readonly sentences: readonly string[]
}

const textOf = (finding: Said): Text => ({
  title: titleOf(finding),
  sentences: sentencesOf(normalise(finding.description).slice(0, maxDescription)),
})

const wholeOf = ({title, sentences}: Text): string => `${title}. ${sentences.join(' ')}`

/** Of the title, and of it with ever more sentences. */
function wordListsOf({title, sentences}: Text): readonly (readonly string[])[] {
  const counts = new Set([...sentences.keys()].slice(0, maxSentences - 1).concat(sentences.length - 1))
  const said = sentences.map(wordsOf)
  const words = wordsOf(title)
  return [words, ...[...counts].map((count) => words.concat(...said.slice(0, count + 1)))]
}

/**
 * Over the gold standard alone: then how much two findings are alike does not depend on what else the plan says, and
 * nobody can make words common, or rare, by a flood of findings.
 */
export const idfOver = (findings: readonly Said[]): Weights =>
  idfOf(findings.map((finding) => wordsOf(wholeOf(textOf(finding)))))

export function prepare(
  finding: Finding,
  {places}: Grounding,
  idf: Weights,
  related: readonly string[] = [],
): Prepared {
  const said = textOf(finding)
  const text = wholeOf(said)
  const echo = echoOf(finding)
  const vector = (words: readonly string[]): Vector =>
    wordVector(
      words.filter((word) => !echo.has(word)),
      idf,
    )
  const lists = wordListsOf(said)
  return {
    families: familiesOf(finding.category),
    related,
    places,
    text,
    words: lists.map(vector),
    named: vector([...(lists[0] ?? []), ...wordsOf(finding.category)]),
    grams: [gramVector(said.title), gramVector(text)],
  }
}

/** Words of the code that a finding quotes: to say them again says nothing about it. */
const echoOf = ({locations}: Finding): ReadonlySet<string> =>
  new Set(locations.flatMap(({evidence = ''}) => wordsOf(evidence.slice(0, 1000))))

export interface Likeness {
  /** 0…1 */
  readonly value: number
  /** 0…1, how near the lines are; null when one of the two names none. */
  readonly line: number | null
  /** 0…1 */
  readonly text: number
  /** Which of the candidate's places is meant; null for none. */
  readonly place: number | null
  /** Their words alone connect them: neither the category nor the quoted line does. */
  readonly byWords: boolean
}

/** A place and a kind are soon hit by chance: without this much in their words too, two findings are not the same. */
const leastText = 0.2
/** Below it two texts are about different things. */
export const relatedText = 0.25
/** Words this like another's speak of the same thing. */
const tellingText = 0.6
/** Whose words are a little like everything's have said nothing of this: so many times the average they must be like it. */
const leastSpecific = 1.8

/**
 * What only their words connect, at a place that many may have named, and hardly: they must speak of this finding and not of
 * all. A heap of a gold standard's words is a third like each of its findings.
 */
function withoutVague(row: readonly Likeness[], agreements: readonly Agreement[]): readonly Likeness[] {
  const isVague = ({byWords, text}: Likeness): boolean => byWords && text >= relatedText && text < tellingText
  if (!row.some(isVague)) return row
  const usual = agreements.reduce((sum, {text}) => sum + text, 0) / agreements.length
  return row.map((like) =>
    isVague(like) && like.text < leastSpecific * usual ? {...like, value: Math.min(like.value, 0.5)} : like,
  )
}

/** Of another category the words must say more: a heap of the gold standard's words reaches 0.45 beside any of its places. */
const otherCategoryText = 0.5
/** Two who quote the same line mostly mean the same defect, whatever their words: 0.4 of the credit, and a judge may be asked. */
const likelyPlace = 0.55
/** A finding about the whole repository is never sure: it stays in the band where the judge is asked. */
const wholeRepository = 0.72

/** How near one place of a candidate is to one of a gold finding. */
interface Placement {
  /** 0…1 */
  readonly file: number
  /** 0…1; null when one of the two names no line. */
  readonly line: number | null
  /** Both quote the code. */
  readonly quoted: boolean
  /** Both quote the same line. */
  readonly same: boolean
}

/** What two findings claim, wherever: whether the kind is the same, and how like the words are. */
export interface Agreement {
  readonly category: boolean
  /** 0…1 */
  readonly text: number
  /** Word for word, or nearly. */
  readonly verbatim: boolean
}

/** The findings that many are compared with. */
export interface Catalogue {
  readonly findings: readonly Prepared[]
  /** All texts of all findings, and which finding each is of. */
  readonly words: VectorIndex
  readonly wordsOf: readonly number[]
  readonly named: VectorIndex
  readonly titles: VectorIndex
  readonly texts: VectorIndex
}

export const catalogueOf = (findings: readonly Prepared[]): Catalogue => ({
  findings,
  words: indexOf(findings.flatMap(({words}) => words)),
  wordsOf: findings.flatMap(({words}, at) => words.map(() => at)),
  named: indexOf(findings.map(({named}) => named)),
  titles: indexOf(findings.map(({grams: [title]}) => title)),
  texts: indexOf(findings.map(({grams: [, text]}) => text)),
})

/** @returns one for each finding of the catalogue */
export function agreementsOf(candidate: Prepared, catalogue: Catalogue): readonly Agreement[] {
  const {findings} = catalogue
  const words = new Float64Array(findings.length)
  const named = cosinesByFinding(candidate.named, catalogue)
  for (const text of candidate.words) {
    takeBest(words, cosinesByFinding(text, catalogue))
    takeBest(named, cosinesOf(text, catalogue.named))
  }
  const grams = cosinesOf(candidate.grams[0], catalogue.titles)
  takeBest(grams, cosinesOf(candidate.grams[1], catalogue.texts))
  return findings.map((other, at) => {
    const category = haveCommon(candidate.families, other.families)
    const said = candidate.text === other.text ? 1 : saidAlike(words[at] ?? 0, grams[at] ?? 0)
    // where the categories agree they have told already; where they do not, one may be the other's sentence
    const raw = category ? said : Math.max(said, named[at] ?? 0)
    return {category, text: Math.min(1, raw / bestParaphrase), verbatim: raw >= 0.9}
  })
}

function haveCommon(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const each of some) if (others.has(each)) return true
  return false
}

/** With that of a finding's texts which is most like. */
function cosinesByFinding(vector: Vector, {findings, words, wordsOf: owners}: Catalogue): Float64Array {
  const best = new Float64Array(findings.length)
  cosinesOf(vector, words).forEach((value, at) => {
    const owner = owners[at] ?? 0
    if (value > (best[owner] ?? 0)) best[owner] = value
  })
  return best
}

function takeBest(best: Float64Array, others: Float64Array): void {
  others.forEach((value, at) => {
    if (value > (best[at] ?? 0)) best[at] = value
  })
}

/** Different words for one thing share this much at best, as measured on hand-labelled pairs (§3.4). */
const bestParaphrase = 0.55

/** Two English texts share a third of their 3-grams by chance. */
const saidAlike = (words: number, grams: number): number => Math.max(words, 0.8 * Math.max(0, (grams - 0.35) / 0.65))

/** @returns one for each finding of the catalogue */
export const likenessesOf = (
  candidate: Prepared,
  {findings}: Catalogue,
  agreements: readonly Agreement[],
): readonly Likeness[] =>
  withoutVague(
    findings.map((other, at) => likeness(candidate, other, agreements[at] ?? noAgreement)),
    agreements,
  )

const noAgreement: Agreement = {category: false, text: 0, verbatim: false}

function likeness(candidate: Prepared, gold: Prepared, agreement: Agreement): Likeness {
  if (candidate.places.length === 0 || gold.places.length === 0) {
    const {category, text, verbatim} = agreement
    if (text < relatedText || !category) return nothingAlike(text)
    const value = (0.2 + 0.3 * text) / 0.5
    const same = candidate.places.length === gold.places.length && verbatim
    return {value: same ? value : Math.min(wholeRepository, value), line: null, text, place: null, byWords: false}
  }
  return likenessAt(candidate, gold, agreement)
}

const nothingAlike = (text: number): Likeness => ({value: 0, line: null, text, place: null, byWords: false})

/** Of the pairs of places that a file connects, that at which the two are most alike. */
function likenessAt(candidate: Prepared, gold: Prepared, agreement: Agreement): Likeness {
  let best: Likeness | null = null
  for (const [place, ours] of candidate.places.entries()) {
    for (const theirs of gold.places) {
      const file = fileLikeness(ours, theirs, gold.related)
      if (file === 0) continue
      best ??= nothingAlike(agreement.text)
      const line = file < 1 ? null : lineLikeness(ours, theirs)
      const same = areSame(ours, theirs)
      const value = valueOf({file, line, quoted: areQuoted(ours, theirs), same}, agreement)
      if (value > best.value) best = {value, line, text: agreement.text, place, byWords: !agreement.category && !same}
    }
  }
  return best ?? nothingAlike(0)
}

/** A gold standard may name a file that does not exist yet; then the name is compared. */
function fileLikeness(ours: GroundedPlace, theirs: GroundedPlace, related: readonly string[]): number {
  if (theirs.path === null) return ours.file === theirs.file ? 1 : 0
  if (ours.path === null) return 0
  return ours.path === theirs.path ? 1 : related.includes(ours.path) ? 0.6 : 0
}

function valueOf({file, line, quoted, same}: Placement, {category, text}: Agreement): number {
  const weight = line === null ? 0.8 : 1
  const value = (0.3 * file + 0.2 * (line ?? 0) + (category ? 0.2 : 0) + 0.3 * text) / weight
  if (same) return Math.max(value, likelyPlace)
  if (text < (category ? leastText : relatedText)) return Math.min(value, line === 1 ? 0.5 : 0.4)
  if (!category && text < otherCategoryText) return Math.min(value, line === 1 ? value : 0.4)
  // both quote the code, different code, under different names: their words alone do not make them one defect
  if (!category && quoted && line !== null && line < 0.4) return Math.min(value, 0.54)
  return value
}

/** Lines this near are the same place; less where the gold standard quotes nothing, for then the line is all that tells it. */
const near = {quoted: 5, unquoted: 2} as const
/**
 * How fast nearness falls with the distance in lines. The research has 25 for both, on a gold standard of wide ranges. With
 * ranges of a few lines a plan that cites a line thirty lines off would then lose more than the 1.5 points of §4.1 M11,
 * while two quotes that far apart are two places. What misses the lines of a gold standard without quotes falls at once, by
 * a fifth: there nothing else is lost, and M11 wants ten lines off below 9.5.
 */
const decay = {cited: 50, quoted: 12, unquoted: 60} as const

/** Where the code stands now beats the line that somebody wrote down. */
function lineLikeness(ours: GroundedPlace, theirs: GroundedPlace): number | null {
  const a = intervalOf(ours)
  const b = intervalOf(theirs)
  if (a === null || b === null) return null
  const distance = Math.max(0, a[0] - b[1], b[0] - a[1])
  // of two neighbours the one whose line is named is meant
  const reach = theirs.isQuoted ? near.quoted : near.unquoted
  if (distance <= reach) return 1 - 0.01 * distance
  if (!theirs.isQuoted) return 0.8 * Math.exp(-(distance - reach) / decay.unquoted)
  return 0.97 * Math.exp(-(distance - reach) / (areQuoted(ours, theirs) ? decay.quoted : decay.cited))
}

const areQuoted = (ours: GroundedPlace, theirs: GroundedPlace): boolean =>
  ours.anchor !== null && theirs.anchor !== null

/** Of a whole code base this one line was chosen by both. */
const areSame = (ours: GroundedPlace, theirs: GroundedPlace): boolean =>
  areQuoted(ours, theirs) && ours.path === theirs.path && ours.anchor === theirs.anchor

/** Lines. Who cites a whole file has cited no place in it, and must not be near to everything there. */
const maxRange = 40

/** Who quotes the very line means it: more lines than a short block around it would be a net. */
const maxQuotedRange = 12

export function intervalOf({anchor, start, end}: GroundedPlace): readonly [number, number] | null {
  const last = Math.min(Math.max(start ?? 1, end ?? 1), (start ?? 1) + maxRange)
  const cited = start === null ? null : ([start, last] as const)
  if (anchor === null) return cited
  if (cited === null) return [anchor, anchor]
  const inside = anchor >= cited[0] - 3 && anchor <= cited[1] + 3
  if (cited[1] - cited[0] > maxQuotedRange) return [anchor, anchor + maxQuotedRange / 2]
  return inside ? [Math.min(anchor, cited[0]), Math.max(anchor, cited[1])] : [anchor, anchor + cited[1] - cited[0]]
}
