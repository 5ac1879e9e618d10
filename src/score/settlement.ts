/** A matching and what a judge said of it → what each finding is and earns. Cheap: an interval settles a thousand times. */
import type {Finding, Severity} from '../scan/finding.ts'
import type {GroundedPlace, Grounding} from './grounding.ts'
import {isTrapped, relativeGrounding, sure, type Candidate, type Link, type Matching} from './match.ts'
import {remembered} from './remembered.ts'
import type {FindingClass} from './scorecard.ts'
import {nameOf} from './similarity.ts'

/** What a judge holds of single findings. An absent key: nothing, what the scorer itself thinks stands. */
export interface Opinion {
  /** Is it the same defect? by `pairKey`. */
  readonly pairs: ReadonlyMap<string, boolean>
  /** Does the code support the claim? by index in the plan. */
  readonly support: ReadonlyMap<number, boolean>
}

export const noOpinion: Opinion = {pairs: new Map(), support: new Map()}

/** @param at index of the finding in the plan; `gold` index in the gold standard */
export const pairKey = (at: number, gold: number): string => `${at}/${gold}`

export interface SettledFinding {
  /** Index in the plan. */
  readonly at: number
  readonly class: FindingClass
  /** Index of the gold finding; null for none. */
  readonly gold: number | null
  /** 0…1 */
  readonly credit: number
  /** 0…1, how much it costs precision. */
  readonly badness: number
  /** 0…1, by the measure of the gold finding where there is one. */
  readonly grounding: number
  /** Whether it uses up the volume that a plan may have; what the gold standard calls extra does not. */
  readonly counts: boolean
  readonly why: string
}

export interface SettledGold {
  readonly weight: number
  readonly credit: number
  /** Index in the plan of the finding that covers it. */
  readonly by: number | null
  readonly why: string
}

export interface Settlement {
  readonly findings: readonly SettledFinding[]
  /** As many as the gold standard has. */
  readonly gold: readonly SettledGold[]
}

/** Badness of §3.7. What is new and stands in the code costs nothing: gold standards are incomplete. */
const badnessOf = {
  trap: 0.5,
  duplicate: 0.5,
  contradicted: 0.8,
  wholeRepository: 0.35,
  doubtful: 0.25,
  weak: 0.6,
  invented: 1,
  unread: 0.6,
} as const

export function settle(matching: Matching, opinion: Opinion = noOpinion): Settlement {
  const links = judgedLinks(matching, opinion)
  const byCandidate = new Map<number, Link[]>()
  for (const link of links) byCandidate.set(link.candidate, [...(byCandidate.get(link.candidate) ?? []), link])
  const kept = keptOf(matching, byCandidate)
  const read = matching.candidates.map((candidate, index) =>
    settled(matching, candidate, index, byCandidate.get(index) ?? [], kept, opinion),
  )
  const unread = matching.unread.map((at): SettledFinding => {
    const why = 'It was not read: the plan has too many findings.'
    return {at, class: 'unsupported', gold: null, credit: 0, badness: badnessOf.unread, grounding: 0, counts: true, why}
  })
  return {
    findings: [...read, ...unread].toSorted((a, b) => a.at - b.at),
    gold: matching.gold.map(({weight}, at) => settledGold(matching, at, weight, links)),
  }
}

/** A plan in which fewer findings than this hit something says so much that it hits something by chance. */
const usualHits = 1 / 3

/** How often a plan has pointed at the code, in findings of the usual size: one that names four places has guessed four times. */
function triesOf({gold, candidates}: Pick<Matching, 'gold' | 'candidates'>): number {
  const places = (findings: readonly {readonly finding: Finding}[]): number =>
    findings.reduce((sum, {finding}) => sum + finding.locations.length, 0)
  const usual = Math.max(1, places(gold) / Math.max(1, gold.length))
  return Math.max(candidates.length, places(candidates) / usual)
}

/** What a match that is not sure earns less in a plan that says a lot and hits little; `sure` ones are no chance. */
function doubted(links: readonly Link[], {gold, candidates, unread}: Matching): readonly Link[] {
  const hits = new Set(
    links.filter((link) => gold[link.gold]?.finding.validity !== 'refuted').map((link) => link.candidate),
  )
  const belief = Math.min(1, hits.size / (usualHits * Math.max(1, triesOf({gold, candidates}) + unread.length)))
  return links.map((link) => {
    const unsure = Math.min(1, Math.max(0, (sure - link.likeness) / 0.1))
    return {...link, credit: link.credit * (1 - unsure * (1 - belief))}
  })
}

/** A yes makes a match sure, a no takes it away; an offer counts only with a yes, and only if its gold finding is still open. */
function judgedLinks(matching: Matching, {pairs}: Opinion): readonly Link[] {
  const {candidates, offers} = matching
  const links = doubted(matching.links, matching)
  const saidOf = ({candidate, gold}: Link): boolean | undefined =>
    pairs.get(pairKey(candidates[candidate]?.at ?? -1, gold))
  const kept = links.flatMap((link) => {
    const said = saidOf(link)
    return said === false ? [] : [said === true ? {...link, credit: Math.max(link.credit, link.ceiling)} : link]
  })
  const covered = new Set(kept.map(({gold}) => gold))
  const more = offers.filter((link) => saidOf(link) === true && !covered.has(link.gold))
  return [...kept, ...more.map((link) => ({...link, credit: link.ceiling}))]
}

/** Of what says the same, what earns something stays, else the first of it. By index among the candidates. */
function keptOf({candidates}: Matching, byCandidate: ReadonlyMap<number, readonly Link[]>): ReadonlySet<number> {
  const firstOf = (index: number): number => candidates[index]?.repetition.of ?? index
  const linked = new Set([...byCandidate.keys()].map(firstOf))
  const inWords = new Map<string, number>()
  const kept = new Set(byCandidate.keys())
  for (const index of kept) countWords(inWords, candidates[index])
  candidates.forEach(({repetition, grounding}, index) => {
    if (kept.has(index) || repetition.of !== null || linked.has(index)) return
    const {group} = repetition
    const used = group === null ? 0 : (inWords.get(group.words) ?? 0)
    // the words of a template are one finding, unless each stands at a place of its own
    if (group !== null && used >= ((grounding.value ?? 0) >= 0.7 ? Math.max(1, group.allowed) : 1)) return
    countWords(inWords, candidates[index])
    kept.add(index)
  })
  return kept
}

function countWords(counts: Map<string, number>, candidate: Candidate | undefined): void {
  const group = candidate?.repetition.group ?? null
  if (group !== null) counts.set(group.words, (counts.get(group.words) ?? 0) + 1)
}

/** The first of those that are worth least. */
const weakestOf = ({places}: Grounding): GroundedPlace | undefined =>
  places.reduce<GroundedPlace | undefined>(
    (least, place) => (least === undefined || place.value < least.value ? place : least),
    undefined,
  )

/** The first of those that earn most. */
const bestOf = (links: readonly Link[]): Link | undefined =>
  links.reduce<Link | undefined>(
    (best, link) => (best === undefined || link.credit > best.credit ? link : best),
    undefined,
  )

function settled(
  matching: Matching,
  {at, grounding}: Candidate,
  index: number,
  links: readonly Link[],
  kept: ReadonlySet<number>,
  {support}: Opinion,
): SettledFinding {
  const link = bestOf(links)
  return link === undefined
    ? unlinkedIn(matching)(index, kept.has(index), support.get(at) ?? null)
    : settledLink(matching, at, grounding, link, becauseOf(grounding))
}

const becauseOf = (grounding: Grounding): string => weakestOf(grounding)?.why ?? 'it names no place'

type Unlinked = (index: number, isKept: boolean, said: boolean | null) => SettledFinding

/** A thousand draws differ in a few findings; the others are what they were. */
const unlinkedIn = remembered((matching: Matching): Unlinked => {
  const known = new Map<number, SettledFinding>()
  return (index, isKept, said) => {
    const key = 6 * index + (isKept ? 3 : 0) + (said === null ? 0 : said ? 1 : 2)
    const finding = known.get(key) ?? unlinked(matching, index, isKept, said)
    known.set(key, finding)
    return finding
  }
})

/** @param said what a judge holds of the claim; null for nothing */
function unlinked(matching: Matching, index: number, isKept: boolean, said: boolean | null): SettledFinding {
  const candidate = matching.candidates[index]
  if (candidate === undefined) throw new TypeError(`no candidate ${index}`)
  const {at, grounding, repetition} = candidate
  const because = becauseOf(grounding)
  const base = {at, gold: null, credit: 0, grounding: grounding.value ?? 0.5, counts: true}
  const trap = trapOf(matching, index)
  if (trap !== null) return asTrap(matching, at, base.grounding, trap)
  if (!isKept) {
    const first = matching.candidates[repetition.of ?? -1]?.finding.id
    const why =
      first === undefined ? 'It is one of many findings in the same words.' : `It says again what ${first} says.`
    return {...base, class: 'duplicate', badness: badnessOf.duplicate, why}
  }
  if (said === false)
    return {
      ...base,
      class: 'unsupported',
      badness: badnessOf.contradicted,
      why: 'The judge found that the code contradicts it.',
    }
  if (grounding.value === null)
    return {...base, class: 'unsupported', badness: badnessOf.wholeRepository, why: 'It names no place in the code.'}
  const {value} = grounding
  if (value >= 0.7 || said === true)
    return {
      ...base,
      class: 'novel',
      badness: 0,
      why: matching.gold.length === 0 ? `${capital(because)}.` : `The gold standard does not know it; ${because}.`,
    }
  const badness = value >= 0.45 ? badnessOf.doubtful : value > 0 ? badnessOf.weak : badnessOf.invented
  return {
    ...base,
    class: 'unsupported',
    badness,
    why: matching.gold.length === 0 ? `${capital(because)}.` : `It is not in the gold standard, and ${because}.`,
  }
}

/**
 * Who names the very lines of the gold finding, and quotes nothing, needs no quote: the gold standard vouches for the place. A quote
 * that is wrong stays wrong.
 */
function groundedAs({gold, table}: Matching, {places, value}: Candidate['grounding'], link: Link): number {
  const wanted = gold[link.gold]
  const relative = wanted === undefined ? 0 : relativeGrounding({places, value}, wanted.grounding)
  const {line = null, place: at = null} = table[link.candidate]?.[link.gold] ?? {}
  const place = at === null ? undefined : places[at]
  const isVouched = place?.isQuoted === false && (line ?? 0) >= sameLines && places.length <= 2
  return isVouched ? Math.max(relative, 1) : relative
}

/** Overlapping, or next to it. */
const sameLines = 0.99

function settledLink(
  matching: Matching,
  at: number,
  grounding: Candidate['grounding'],
  link: Link,
  because: string,
): SettledFinding {
  const {gold} = matching
  const {gold: goldAt, credit, likeness} = link
  const wanted = gold[goldAt]
  if (wanted === undefined) throw new TypeError(`no gold finding ${goldAt}`)
  if (wanted.finding.validity === 'refuted') return asTrap({gold}, at, grounding.value ?? 0.5, goldAt)
  const value = groundedAs(matching, grounding, link)
  const badness = value < 0.5 ? 0.25 * (1 - 2 * value) : 0
  const why = `It matches ${wanted.finding.id}, "${nameOf(wanted.finding)}" (likeness ${likeness.toFixed(2)}); ${because}.`
  return {at, class: 'matched', gold: goldAt, credit, badness, grounding: value, counts: !wanted.finding.extra, why}
}

function asTrap({gold}: Pick<Matching, 'gold'>, at: number, grounding: number, trap: number): SettledFinding {
  const finding = gold[trap]?.finding
  const why = `The gold standard refutes it (${finding?.id ?? ''}, "${finding === undefined ? '' : nameOf(finding)}").`
  return {at, class: 'trap', gold: trap, credit: 0, badness: badnessOf.trap, grounding, counts: true, why}
}

/** A second finding that believes the same trap believes it too. */
function trapOf({gold, table}: Matching, index: number): number | null {
  const row = table[index] ?? []
  if (!isTrapped(row, gold)) return null
  return row.reduce((top, {value}, at) => (value > (row[top]?.value ?? 0) ? at : top), 0)
}

/** For each gold finding, the candidate that is most like it. */
const nearestIn = remembered(({gold, table}: Matching): readonly number[] =>
  gold.map((_, at) =>
    table.reduce((top, row, index) => ((row[at]?.value ?? 0) > (table[top]?.[at]?.value ?? 0) ? index : top), 0),
  ),
)

function settledGold(matching: Matching, at: number, weight: number, links: readonly Link[]): SettledGold {
  const {candidates, table} = matching
  const link = bestOf(links.filter(({gold}) => gold === at))
  if (link !== undefined) {
    const candidate = candidates[link.candidate]
    const why = `Found by ${candidate?.finding.id ?? ''} (likeness ${link.likeness.toFixed(2)}).`
    return {weight, credit: link.credit, by: candidate?.at ?? null, why}
  }
  const best = nearestIn(matching)[at] ?? 0
  const value = table[best]?.[at]?.value ?? 0
  const near = candidates[best]
  const why =
    value === 0 || near === undefined
      ? 'Nothing in the plan is like it.'
      : `The nearest finding is ${near.finding.id} (likeness ${value.toFixed(2)}), which is not it.`
  return {weight, credit: 0, by: null, why}
}

/** For structure: what needs a change, with the severity that the gold standard gives it. What is extra may go without. */
export function partsOf(
  {findings}: Settlement,
  {candidates, gold}: Matching,
): readonly {readonly id: string; readonly severity: Severity}[] {
  const read = new Map(candidates.map((candidate) => [candidate.at, candidate]))
  return findings.flatMap(({at, class: kind, gold: goldAt}) => {
    const finding = read.get(at)?.finding
    const wanted = kind === 'matched' && goldAt !== null ? gold[goldAt]?.finding : undefined
    if (finding === undefined || kind === 'novel' || wanted?.extra === true) return []
    return [{id: finding.id, severity: wanted?.severity ?? finding.severity}]
  })
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
