/** Findings of a plan to findings of a gold standard, one to one (scoring research §3.4, §3.5). */
import {severities, type Finding} from '../scan/finding.ts'
import type {Plan} from '../plan/plan.ts'
import {assign} from './assignment.ts'
import {remembered} from './remembered.ts'
import {phrasesOf, repetitionsOf, wordingOf, type Phrases, type Repetition, type Wording} from './repetition.ts'
import type {GoldFinding, GoldStandard} from './gold.ts'
import {ground, maxPlaces, type Grounding} from './grounding.ts'
import type {Code} from './scorecard.ts'
import {
  agreementsOf,
  catalogueOf,
  idfOver,
  intervalOf,
  likenessesOf,
  prepare,
  relatedText,
  type Agreement,
  type Likeness,
} from './similarity.ts'

/** A finding of the plan that is read. Candidates stand in an order that does not depend on how the file lists them. */
export interface Candidate {
  /** Its index in the plan. */
  readonly at: number
  readonly finding: Finding
  readonly grounding: Grounding
  readonly repetition: Repetition
}

/** A finding of the gold standard. */
export interface Wanted {
  readonly finding: GoldFinding
  readonly grounding: Grounding
  /** In coverage; 0 for extras and traps. */
  readonly weight: number
}

/** `candidate` earns `credit` of `gold`; both are indexes in the matching. */
export interface Link {
  readonly candidate: number
  readonly gold: number
  /** 0…1 */
  readonly likeness: number
  /** 0…1 */
  readonly credit: number
  /** What it would earn if it were sure that both are the same defect. */
  readonly ceiling: number
}

export interface Matching {
  readonly candidates: readonly Candidate[]
  readonly gold: readonly Wanted[]
  /** likeness[candidate][gold] */
  readonly table: readonly (readonly Likeness[])[]
  /** What counts without a judge. */
  readonly links: readonly Link[]
  /** For a gold finding that nothing covers, the candidate that comes nearest: it counts only if a judge says so. */
  readonly offers: readonly Link[]
  /** Findings of the plan that were not read, as indexes in the plan: they count as volume. */
  readonly unread: readonly number[]
}

export const severityWeight = {critical: 8, high: 4, medium: 2, low: 1} as const
const validityWeight = {verified: 1, unverified: 1, disputed: 0.5, refuted: 0} as const

/** Weight in coverage; the gold standard's own severity, so that a plan gains nothing by shouting. */
export const weightOf = ({severity, validity, extra}: GoldFinding): number =>
  extra ? 0 : severityWeight[severity] * validityWeight[validity]

/** So many findings of a plan are read, the most pressing first. */
export const maxFindings = 300
/** So few of them may earn coverage: who names everything names the right things too (§3.2). */
const minEarning = 25

export const likely = 0.55
export const sure = 0.8

/** From here on a likely match earns everything. */
const full = 0.7

/**
 * 0 below 0.55, 0.6 to 1 in between, 1 from 0.70. The research has 0.4 and 0.80; but of the pairs that are linked in independent
 * reviewers' plans 97 % are the same defect (docs/scoring.md, M24), so a thrifty credit costs honest plans and nobody else.
 */
export const creditOf = (value: number): number =>
  value < likely ? 0 : value >= full ? 1 : 0.6 + (0.4 * (value - likely)) / (full - likely)

/** 0…1: how well a finding stands in the code, by the measure of the gold finding it is matched to. */
export function relativeGrounding(ours: Grounding, gold: Grounding): number {
  const own = ours.value ?? 0.5
  const theirs = gold.value ?? 0.5
  return own >= theirs ? 1 : own / Math.max(theirs, 0.6)
}

/** What a finding is by itself, held against one gold standard and its code. */
interface Reading {
  readonly grounding: Grounding
  readonly wording: Wording
  /** One for each finding of the gold standard, as `likenesses`. */
  readonly agreements: readonly Agreement[]
  readonly likenesses: readonly Likeness[]
}

interface Reference {
  readonly gold: readonly Wanted[]
  readonly phrases: Phrases
  /** Nothing of it depends on what else a plan says (see `idfOver`), so a finding is read once, in however many plans it stands. */
  readonly read: (finding: Finding) => Reading
}

const referenceOf = remembered((gold: GoldStandard) => remembered((code: Code) => referenceTo(gold, code)))

function referenceTo({findings}: GoldStandard, code: Code): Reference {
  const idf = idfOver(findings)
  const gold = findings.map((finding) => ({finding, grounding: ground(finding, code), weight: weightOf(finding)}))
  const catalogue = catalogueOf(
    gold.map(({finding, grounding}) => prepare(finding, grounding, idf, finding.related_files)),
  )
  const read = remembered((finding: Finding): Reading => {
    const grounding = ground(finding, code)
    const prepared = prepare(finding, grounding, idf)
    const agreements = agreementsOf(prepared, catalogue)
    const likenesses = likenessesOf(prepared, catalogue, agreements)
    return {grounding, wording: wordingOf(finding, grounding), agreements, likenesses}
  })
  return {gold, phrases: phrasesOf(findings), read}
}

export function match(plan: Plan, gold: GoldStandard, code: Code): Matching {
  const order = inOrder(plan)
  const reference = referenceOf(gold)(code)
  const read = order.slice(0, maxFindings).flatMap((at) => {
    const finding = plan.findings[at]
    return finding === undefined ? [] : [{at, finding, ...reference.read(finding)}]
  })
  const repetitions = repetitionsOf(read, reference.phrases)
  const candidates = read.map(({at, finding, grounding}, index): Candidate => ({
    at,
    finding,
    grounding,
    repetition: repetitions[index] ?? {of: null, group: null},
  }))
  const table = read.map(({likenesses}) => likenesses)
  const board: Board = {candidates, gold: reference.gold, table, earns: earningOf(table, reference.gold)}
  const links = withMerged(board, worded(board, assigned(board)))
  return {
    candidates,
    gold: reference.gold,
    table,
    links,
    offers: offersOf(
      board,
      links,
      read.map(({agreements}) => agreements),
    ),
    unread: order.slice(maxFindings),
  }
}

interface Board {
  readonly candidates: readonly Candidate[]
  readonly gold: readonly Wanted[]
  readonly table: readonly (readonly Likeness[])[]
  /** Whether a candidate is among those that may earn coverage. */
  readonly earns: readonly boolean[]
}

const saidIn = remembered(({category, locations: [place], title, description}: Finding): string =>
  JSON.stringify([category, place?.file, place?.start_line, place?.evidence, title, description]),
)

/** The order of the plan's own changes, then severity, then what a finding says: never the order of the list. */
function inOrder({findings, changes}: Plan): readonly number[] {
  const first = new Map<string, number>()
  changes.forEach(({resolves}, index) => {
    for (const id of resolves) if (!first.has(id)) first.set(id, index)
  })
  const byWords = (a: Finding, b: Finding): number => {
    const [one, other] = [saidIn(a), saidIn(b)]
    return one < other ? -1 : one > other ? 1 : 0
  }
  return findings
    .map((finding, at) => ({
      at,
      finding,
      change: first.get(finding.id) ?? changes.length,
      severity: severities.indexOf(finding.severity),
    }))
    .toSorted((a, b) => a.change - b.change || a.severity - b.severity || byWords(a.finding, b.finding))
    .map(({at}) => at)
}

/** The first so many; what is most like an extra does not use the quota up (DESIGN §3). */
function earningOf(table: Board['table'], gold: readonly Wanted[]): readonly boolean[] {
  const quota = Math.max(minEarning, 2 * gold.filter(({weight}) => weight > 0).length)
  let used = 0
  return table.map((row) => {
    const best = row.reduce((top, {value}, at) => (value > (row[top]?.value ?? 0) ? at : top), 0)
    const isExtra = gold[best]?.finding.extra === true && (row[best]?.value ?? 0) >= sure
    if (!isExtra) used += 1
    return isExtra || used <= quota
  })
}

/** What is left where the file is right and the line is anywhere: a gold standard that quotes nothing has only lines to go by. */
const floors = {quoted: 0.7, unquoted: 0.64} as const

/** 0…1: what is left of the credit for lines that are off, a place that is not there, or a finding that lists everything. */
function ceilingOf({candidates, gold, table}: Board, candidate: number, at: number): number {
  const one = candidates[candidate]
  const other = gold[at]
  const like = table[candidate]?.[at]
  if (one === undefined || other === undefined || like === undefined) return 0
  const hasLine = other.grounding.places.some((place) => intervalOf(place) !== null)
  const floor = floors[other.grounding.places.some(({isQuoted}) => isQuoted) ? 'quoted' : 'unquoted']
  const line = !hasLine ? 1 : like.line === null ? 0.85 : floor + (1 - floor) * like.line
  const grounded = relativeGrounding(one.grounding, other.grounding)
  const gate = grounded < 0.25 ? 0 : grounded < 0.5 ? 0.85 : 1
  const places = one.finding.locations.length
  const allowed = other.finding.locations.length
  // a list of all files names the right one too
  if (places > Math.max(maxPlaces, allowed)) return 0
  return line * gate * (1 - 0.05 * Math.max(0, places - Math.max(4, allowed)))
}

const linkOf = (board: Board, candidate: number, gold: number, factor = 1): Link => {
  const like = board.table[candidate]?.[gold]?.value ?? 0
  const ceiling = factor * ceilingOf(board, candidate, gold)
  return {candidate, gold, likeness: like, credit: creditOf(like) * ceiling, ceiling}
}

/** A trap often lies beside a defect of its kind: who may mean either means the defect. */
const doubt = 0.03
/** To believe a trap is dear, so a finding must be more like one than it need be like a defect. */
const believed = 0.65

const isRefuted = (wanted: Wanted | undefined): boolean => wanted?.finding.validity === 'refuted'

/** Whether a finding claims what the gold standard refutes, and nothing that it asks for. */
export function isTrapped(row: readonly Likeness[], gold: readonly Wanted[]): boolean {
  const best = (refuted: boolean): number =>
    row.reduce((top, {value}, at) => (isRefuted(gold[at]) === refuted ? Math.max(top, value) : top), 0)
  const trap = best(true)
  return trap >= believed && trap - doubt > best(false)
}

/** By likeness and not by weight: a heavy gold finding must not pull its neighbour's match to itself (§0.5). */
function assigned(board: Board): readonly Link[] {
  const {candidates, gold, table, earns} = board
  const values = table.map((row, candidate) => {
    const trapped = isTrapped(row, gold)
    return row.map(({value}, at) => {
      // what repeats an earlier finding may be its own only if it is hardly to be doubted
      const least = candidates[candidate]?.repetition.of === null ? likely : sure
      const usable = earns[candidate] === true && value >= least && ceilingOf(board, candidate, at) > 0
      const other = isRefuted(gold[at]) !== trapped
      return usable && !other ? value ** 2 + 1e-6 * (gold[at]?.weight ?? 0) : 0
    })
  })
  const links = assign(values).flatMap((at, candidate) => (at === null ? [] : [linkOf(board, candidate, at)]))
  return withoutEchoes(candidates, links)
}

/** Said twice, a finding takes its own gold finding and a neighbour's: of what repeats itself only sure matches are more than one. */
function withoutEchoes(candidates: readonly Candidate[], links: readonly Link[]): readonly Link[] {
  const firstOf = ({candidate}: Link): number => candidates[candidate]?.repetition.of ?? candidate
  const surest = new Map<number, Link>()
  for (const link of links) {
    const best = surest.get(firstOf(link))
    if (best === undefined || link.likeness > best.likeness) surest.set(firstOf(link), link)
  }
  return links.filter((link) => link.likeness >= sure || surest.get(firstOf(link)) === link)
}

/** Of findings in the same words only the surest few earn something (§3.7). */
function worded({candidates}: Board, links: readonly Link[]): readonly Link[] {
  const used = new Map<string, number>()
  return links
    .toSorted((a, b) => b.credit - a.credit || a.candidate - b.candidate)
    .filter(({candidate}) => {
      const {repetition, grounding} = candidates[candidate] ?? {}
      const group = repetition?.group ?? null
      if (group === null) return true
      const count = (used.get(group.words) ?? 0) + 1
      used.set(group.words, count)
      return count <= ((grounding?.value ?? 0) >= 0.7 ? group.allowed : Math.min(1, group.allowed))
    })
}

/** A finding with two to four places may be about up to two more gold findings, at other places, for 0.8 of the credit. */
function withMerged(board: Board, links: readonly Link[]): readonly Link[] {
  const more: Link[] = []
  const own = new Map(links.map((link) => [link.candidate, link]))
  const covered = new Set(links.map(({gold}) => gold))
  const open = board.gold.flatMap(({weight}, gold) => (weight > 0 && !covered.has(gold) ? [gold] : []))
  const options = open
    .flatMap((gold) =>
      [...own.keys()].flatMap((candidate) => {
        const count = board.candidates[candidate]?.finding.locations.length ?? 0
        const first = board.table[candidate]?.[own.get(candidate)?.gold ?? -1]?.place
        const {place = null, text = 0} = board.table[candidate]?.[gold] ?? {}
        // four places anywhere are near to something: the words must speak of the second defect as well
        return count >= 2 && count <= 4 && place !== null && place !== first && text >= relatedText
          ? [linkOf(board, candidate, gold, 0.8)]
          : []
      }),
    )
    .filter(({credit}) => credit > 0)
    .toSorted((a, b) => b.credit - a.credit || a.gold - b.gold || a.candidate - b.candidate)
  for (const link of options) {
    const taken = more.some(({gold}) => gold === link.gold)
    if (!taken && more.filter(({candidate}) => candidate === link.candidate).length < 2) more.push(link)
  }
  return [...links, ...more]
}

/** By likeness, or, where no file connects the two, by their words. */
function offersOf(
  board: Board,
  links: readonly Link[],
  agreements: readonly (readonly Agreement[])[],
): readonly Link[] {
  const covered = new Set(links.map(({gold}) => gold))
  const busy = new Set(links.map(({candidate}) => candidate))
  return board.gold.flatMap(({weight}, gold) => {
    if (weight === 0 || covered.has(gold)) return []
    const ranked = board.candidates.flatMap(({repetition}, candidate) => {
      if (repetition.of !== null || board.earns[candidate] !== true) return []
      const alike = (board.table[candidate]?.[gold]?.value ?? 0) >= 0.4
      const text = alike ? 0 : (agreements[candidate]?.[gold]?.text ?? 0)
      if (!alike && text < relatedText) return []
      const link = linkOf(board, candidate, gold, busy.has(candidate) ? 0.8 : 1)
      return link.ceiling > 0 ? [{link: {...link, credit: 0}, text}] : []
    })
    const [best] = ranked.toSorted((a, b) => b.link.likeness - a.link.likeness || b.text - a.text)
    return best === undefined ? [] : [best.link]
  })
}
