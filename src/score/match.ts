/** Findings of a plan to findings of a gold standard, one to one (scoring research §3.5). */
import type {Finding} from '../scan/finding.ts'
import {assign} from './assignment.ts'
import {isSameFamily} from './family.ts'
import type {GoldFinding, GoldStandard} from './gold.ts'
import {ground, type Grounding} from './grounding.ts'
import type {Code} from './scorecard.ts'
import {idfOver, likeness, prepare, titleOf, type Likeness, type Prepared} from './similarity.ts'
import {cosine, wordsOf, wordVector} from './text.ts'

export interface Candidate {
  readonly finding: Finding
  readonly grounding: Grounding
  /** Index of the gold finding it is matched to; null when to none. */
  readonly gold: number | null
  /** 0…1, what it earns of that gold finding. */
  readonly credit: number
  readonly likeness: number
  /** Index of the candidate it repeats; null when it repeats none. */
  readonly repeats: number | null
}

export interface Matching {
  readonly candidates: readonly Candidate[]
  /** For each gold finding the credit and the candidate that earned it. */
  readonly gold: readonly {
    readonly credit: number
    readonly by: number | null
    readonly best: {readonly candidate: number; readonly likeness: number} | null
  }[]
  /** likeness[candidate][gold] */
  readonly table: readonly (readonly Likeness[])[]
  readonly goldGrounding: readonly Grounding[]
}

export const severityWeight = {critical: 8, high: 4, medium: 2, low: 1} as const
const validityWeight = {verified: 1, unverified: 1, disputed: 0.5, refuted: 0} as const

/** Weight in coverage; the gold standard's own severity, so that a plan gains nothing by shouting. */
export const weightOf = ({severity, validity, extra}: GoldFinding): number =>
  extra ? 0 : severityWeight[severity] * validityWeight[validity]

/** A plan of thousands of findings is read so far; the rest counts as volume only. */
export const maxFindings = 300
const likely = 0.55
const sure = 0.8

/** 0 below 0.55, 0.4 to 1 in between, 1 from 0.8. */
export const creditOf = (value: number): number =>
  value < likely ? 0 : value >= sure ? 1 : 0.4 + (0.6 * (value - likely)) / (sure - likely)

const lineFactor = ({line}: Likeness): number => (line === null ? 0.85 : 0.7 + 0.3 * line)
const groundingFactor = ({value}: Grounding): number => (value === null || value >= 0.5 ? 1 : value >= 0.25 ? 0.85 : 0)

/** What a judge said about pairs; a `yes` makes a match sure, a `no` takes it away. */
export type PairVerdicts = ReadonlyMap<string, 'yes' | 'no'>
export const pairKey = (candidate: number, gold: number): string => `${candidate}/${gold}`

export function match(
  findings: readonly Finding[],
  gold: GoldStandard,
  code: Code,
  verdicts: PairVerdicts = new Map(),
): Matching {
  const read = findings.slice(0, maxFindings)
  const idf = idfOver([...read, ...gold.findings])
  const groundings = read.map((finding) => ground(finding, code))
  const goldGrounding = gold.findings.map((finding) => ground(finding, code))
  const ours = read.map((finding, at) => prepare(finding, groundings[at] ?? {value: null, places: []}, idf))
  const theirs = gold.findings.map((finding, at) =>
    prepare(finding, goldGrounding[at] ?? {value: null, places: []}, idf),
  )
  const table = likenessTable(ours, theirs, gold, verdicts)
  const quota = Math.max(
    25,
    2 * gold.findings.filter((finding) => !finding.extra && finding.validity !== 'refuted').length,
  )
  const repeats = repetitions(read, groundings)
  const values = table.map((row, candidate) =>
    row.map(({value}, at) => {
      const usable =
        value >= likely &&
        repeats[candidate] === null &&
        groundingFactor(groundings[candidate] ?? {value: null, places: []}) > 0
      const inQuota = candidate < quota || gold.findings[at]?.extra === true
      const finding = gold.findings[at]
      return usable && inQuota && finding ? value * value + 1e-6 * weightOf(finding) : 0
    }),
  )
  const given = assign(values)
  const candidates = read.map((finding, at): Candidate => {
    const grounding = groundings[at] ?? {value: null, places: []}
    const goldAt = given[at] ?? null
    const like = goldAt === null ? null : (table[at]?.[goldAt] ?? null)
    const credit = like === null ? 0 : creditOf(like.value) * lineFactor(like) * groundingFactor(grounding)
    return {finding, grounding, gold: goldAt, credit, likeness: like?.value ?? 0, repeats: repeats[at] ?? null}
  })
  return {candidates, gold: goldCredits(candidates, table, gold), table, goldGrounding}
}

function likenessTable(
  ours: readonly Prepared[],
  theirs: readonly Prepared[],
  gold: GoldStandard,
  verdicts: PairVerdicts,
): readonly (readonly Likeness[])[] {
  return ours.map((candidate, row) =>
    theirs.map((each, column) => {
      const finding = gold.findings[column]
      const like = finding === undefined ? {value: 0, line: null} : likeness(candidate, each, finding)
      const said = verdicts.get(pairKey(row, column))
      if (said === undefined) return like
      return said === 'yes' ? {...like, value: Math.max(like.value, sure)} : {...like, value: 0}
    }),
  )
}

/** A finding with two to four places may be about up to two more gold findings, for less credit each (§3.5). */
function goldCredits(
  candidates: readonly Candidate[],
  table: readonly (readonly Likeness[])[],
  gold: GoldStandard,
): Matching['gold'] {
  const more = new Map<number, number>()
  return gold.findings.map((_, at) => {
    const best = bestFor(at, table)
    const by = candidates.findIndex((candidate) => candidate.gold === at)
    if (by >= 0) return {credit: candidates[by]?.credit ?? 0, by, best}
    const shared = candidates.findIndex(({finding, gold: own, repeats, grounding}, row) => {
      const places = finding.locations.length
      const like = table[row]?.[at]?.value ?? 0
      return (
        own !== null &&
        repeats === null &&
        places >= 2 &&
        places <= 4 &&
        like >= likely &&
        (more.get(row) ?? 0) < 2 &&
        groundingFactor(grounding) > 0
      )
    })
    if (shared < 0) return {credit: 0, by: null, best}
    more.set(shared, (more.get(shared) ?? 0) + 1)
    const like = table[shared]?.[at] ?? {value: 0, line: null}
    return {credit: 0.8 * creditOf(like.value) * lineFactor(like), by: shared, best}
  })
}

function bestFor(
  gold: number,
  table: readonly (readonly Likeness[])[],
): {readonly candidate: number; readonly likeness: number} | null {
  let best: {readonly candidate: number; readonly likeness: number} | null = null
  table.forEach((row, candidate) => {
    const value = row[gold]?.value ?? 0
    if (value > (best?.likeness ?? 0)) best = {candidate, likeness: value}
  })
  return best
}

/** For each finding the earlier one that it repeats: the same place, family and title; or the same words as four others. */
function repetitions(findings: readonly Finding[], groundings: readonly Grounding[]): readonly (number | null)[] {
  const titles = findings.map((finding) => wordVector(wordsOf(titleOf(finding)), new Map()))
  const starts = new Map<string, number[]>()
  findings.forEach((finding, at) => {
    const key = wordsOf(`${titleOf(finding)} ${finding.description}`)
      .slice(0, 12)
      .join(' ')
    starts.set(key, [...(starts.get(key) ?? []), at])
  })
  const boilerplate = new Map(
    [...starts.values()]
      .filter((all) => all.length > 4)
      .flatMap(([first = 0, ...rest]) => rest.map((at) => [at, first] as const)),
  )
  return findings.map((finding, at) => {
    const worded = boilerplate.get(at)
    if (worded !== undefined) return worded
    const [place] = groundings[at]?.places ?? []
    if (place === undefined || place.path === null) return null
    const line = place.anchor ?? place.start
    const earlier = findings.slice(0, at).findIndex((other, index) => {
      const [theirs] = groundings[index]?.places ?? []
      const otherLine = theirs?.anchor ?? theirs?.start ?? null
      const near = line === null || otherLine === null ? line === otherLine : Math.abs(line - otherLine) <= 2
      const [a, b] = [titles[index], titles[at]]
      return (
        theirs?.path === place.path &&
        near &&
        isSameFamily(other.category, finding.category) &&
        a !== undefined &&
        b !== undefined &&
        cosine(a, b) > 0.6
      )
    })
    return earlier < 0 ? null : earlier
  })
}
