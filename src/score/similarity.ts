/** How much two findings are about the same defect (scoring research §3.4; weights and thresholds are from there). */
import {clip} from '../trust.ts'
import type {Finding} from '../scan/finding.ts'
import {isSameFamily} from './family.ts'
import type {Grounding, GroundedPlace} from './grounding.ts'
import {cosine, gramVector, idfOf, normalise, wordsOf, wordVector, type Vector, type Weights} from './text.ts'

type Said = Pick<Finding, 'title' | 'description'>

/** A finding made ready to be compared. */
export interface Prepared {
  readonly category: string
  readonly places: readonly GroundedPlace[]
  /** All that is compared of its words, as one text. */
  readonly text: string
  /** The title with ever more sentences: a long description must not drown a short one. */
  readonly words: readonly Vector[]
  /** The title with the category, which may say in one word what somebody else says in a sentence. */
  readonly named: Vector
  readonly grams: readonly Vector[]
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

export function textsOf(finding: Said): readonly string[] {
  const title = titleOf(finding)
  const sentences = sentencesOf(normalise(finding.description).slice(0, maxDescription))
  const counts = [...sentences.keys()].slice(0, maxSentences - 1).concat(sentences.length - 1)
  return [title, ...new Set(counts.map((count) => `${title}. ${sentences.slice(0, count + 1).join(' ')}`))]
}

/**
 * Over the gold standard alone: then how much two findings are alike does not depend on what else the plan says, and
 * nobody can make words common, or rare, by a flood of findings.
 */
export const idfOver = (findings: readonly Said[]): Weights =>
  idfOf(findings.map((finding) => wordsOf(textsOf(finding).at(-1) ?? '')))

export function prepare(finding: Finding, {places}: Grounding, idf: Weights): Prepared {
  const texts = textsOf(finding)
  const text = texts.at(-1) ?? ''
  const own = echoOf(finding)
  const vector = (each: string): Vector =>
    wordVector(
      wordsOf(each).filter((word) => !own.has(word)),
      idf,
    )
  return {
    category: finding.category,
    places,
    text,
    words: texts.map(vector),
    named: vector(`${texts[0] ?? ''} ${finding.category}`),
    grams: [texts[0] ?? '', text].map(gramVector),
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
export function withoutVague(
  row: readonly Likeness[],
  candidate: Prepared,
  gold: readonly Prepared[],
): readonly Likeness[] {
  const isVague = ({byWords, text}: Likeness): boolean => byWords && text >= relatedText && text < tellingText
  if (!row.some(isVague)) return row
  const usual = gold.reduce((sum, other) => sum + agreementOf(candidate, other).text, 0) / gold.length
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
export interface Placement {
  /** Index of the candidate's place. */
  readonly place: number
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

/** The pairs of places that a file connects. */
export const placementsOf = (candidate: Prepared, gold: Prepared, related: readonly string[]): readonly Placement[] =>
  candidate.places.flatMap((ours, place) =>
    gold.places.flatMap((theirs) => {
      const file = fileLikeness(ours, theirs, related)
      if (file === 0) return []
      return [
        {
          place,
          file,
          line: file < 1 ? null : lineLikeness(ours, theirs),
          quoted: areQuoted(ours, theirs),
          same: areSame(ours, theirs),
        },
      ]
    }),
  )

export function agreementOf(candidate: Prepared, gold: Prepared): Agreement {
  const category = isSameFamily(candidate.category, gold.category)
  const said = textLikeness(candidate, gold)
  // where the categories agree they have told already; where they do not, one may be the other's sentence
  const raw = category ? said : Math.max(said, namedLikeness(candidate, gold))
  return {category, text: Math.min(1, raw / bestParaphrase), verbatim: raw >= 0.9}
}

const namedLikeness = (a: Prepared, b: Prepared): number =>
  Math.max(...a.words.map((one) => cosine(one, b.named)), ...b.words.map((one) => cosine(one, a.named)))

export function likeness(candidate: Prepared, gold: Prepared, related: readonly string[]): Likeness {
  if (candidate.places.length === 0 || gold.places.length === 0) {
    const {category, text, verbatim} = agreementOf(candidate, gold)
    if (text < relatedText || !category) return nothingAlike(text)
    const value = (0.2 + 0.3 * text) / 0.5
    const same = candidate.places.length === gold.places.length && verbatim
    return {value: same ? value : Math.min(wholeRepository, value), line: null, text, place: null, byWords: false}
  }
  const placements = placementsOf(candidate, gold, related)
  return placements.length === 0 ? nothingAlike(0) : likenessAt(placements, agreementOf(candidate, gold))
}

const nothingAlike = (text: number): Likeness => ({value: 0, line: null, text, place: null, byWords: false})

/** The placement at which the two are most alike. */
export function likenessAt(placements: readonly Placement[], agreement: Agreement): Likeness {
  let best = nothingAlike(agreement.text)
  for (const placement of placements) {
    const value = valueOf(placement, agreement)
    if (value <= best.value) continue
    const {line, place, same} = placement
    best = {value, line, text: agreement.text, place, byWords: !agreement.category && !same}
  }
  return best
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

/** Lines this near are the same place. */
const near = 5
/**
 * How fast nearness falls with the distance in lines. The research has 25 for both, on a gold standard of wide ranges. With
 * ranges of a few lines a plan that cites a line thirty lines off would then lose more than the 1.5 points of §4.1 M11,
 * while two quotes that far apart are two places.
 */
const decay = {cited: 50, quoted: 12} as const

/** Where the code stands now beats the line that somebody wrote down. */
function lineLikeness(ours: GroundedPlace, theirs: GroundedPlace): number | null {
  const a = intervalOf(ours)
  const b = intervalOf(theirs)
  if (a === null || b === null) return null
  const distance = Math.max(0, a[0] - b[1], b[0] - a[1])
  // of two neighbours the one whose line is named is meant
  if (distance <= near) return 1 - 0.01 * distance
  return 0.97 * Math.exp(-(distance - near) / (areQuoted(ours, theirs) ? decay.quoted : decay.cited))
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

/** Different words for one thing share this much at best, as measured on hand-labelled pairs (§3.4). */
const bestParaphrase = 0.55

function textLikeness(a: Prepared, b: Prepared): number {
  if (a.text === b.text) return 1
  let words = 0
  for (const one of a.words) for (const other of b.words) words = Math.max(words, cosine(one, other))
  const grams = Math.max(0, ...a.grams.map((one, at) => cosine(one, b.grams[at] ?? one)))
  // two English texts share a third of their 3-grams by chance
  return Math.max(words, 0.8 * Math.max(0, (grams - 0.35) / 0.65))
}
