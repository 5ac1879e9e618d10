/** Plan × gold standard × code → scorecard (scoring research §3.9). Deterministic: the same input, the same number. */
import type {Plan} from '../plan/plan.ts'
import type {GoldFinding, GoldStandard} from './gold.ts'
import {majorityOf, type Judgement, type Votes} from './judgement.ts'
import {match, type Matching} from './match.ts'
import {betaOf, randomOf} from './random.ts'
import {remembered} from './remembered.ts'
import {scorers} from './scorers/index.ts'
import type {Cap, Comparison} from './scorers/scorer.ts'
import type {Code, JudgedFinding, JudgedGold, Scorecard, Subscores} from './scorecard.ts'
import {pairKey, partsOf, settle, type Opinion, type Settlement} from './settlement.ts'
import {orderedPairs, structureOf, type Structure} from './structure.ts'

/** The gold standard as the plan that scores exactly 10 against it: without what is refuted. */
export function goldAsPlan({goal, findings, changes}: GoldStandard): Plan {
  const refuted = new Set(findings.filter(({validity}) => validity === 'refuted').map(({id}) => id))
  return {
    schema: 1,
    goal,
    summary: '',
    findings: findings.filter(({validity}) => validity !== 'refuted').map(asFinding),
    changes: changes.map((change) => ({...change, resolves: change.resolves.filter((id) => !refuted.has(id))})),
  }
}

const asFinding = ({
  must: _must,
  extra: _extra,
  validity: _validity,
  related_files: _related,
  ...finding
}: GoldFinding): Plan['findings'][number] => finding

/**
 * @param judgement what a judge said; null: there was none. It moves the score up by at most 1.0, so that nothing it says can
 * carry a plan of less than 7.0 over a threshold of 8.
 * @returns with `judge: ran` the interval is the middle 90 % of what the votes leave open; without a judge nothing is
 * open and it is null
 */
export function scorePlan(plan: Plan, gold: GoldStandard, code: Code, judgement: Judgement | null): Scorecard {
  const judging = judgingOf(plan, gold, code)
  const {settlement, alone} = judging
  if (judgement === null || judgement.state === 'unavailable')
    return cardOf(plan, gold, settlement, alone, judgement === null ? 'skipped' : 'unavailable')
  const under = judging.under(judgement)
  const {settlement: settled, ...weighed} = under(majorityOf)
  const random = randomOf(judgement.seed)
  const drawn = (votes: Votes): 'yes' | 'no' | null =>
    votes.yes + votes.no === 0 ? null : betaOf(votes.yes, votes.no, random) > 0.5 ? 'yes' : 'no'
  const scores = Array.from({length: draws}, () => under(drawn).score).toSorted((a, b) => a - b)
  const at = (share: number): number =>
    scores[Math.min(scores.length - 1, Math.floor(share * scores.length))] ?? weighed.score
  const interval = [rounded(Math.min(at(0.05), weighed.score)), rounded(Math.max(at(0.95), weighed.score))] as const
  return {...cardOf(plan, gold, settled, weighed, 'ran'), interval}
}

/** The score alone, without the thousand draws of its interval: to see whether more votes are worth their price. */
export function pointScore(plan: Plan, gold: GoldStandard, code: Code, judgement: Judgement): number {
  const {alone, under} = judgingOf(plan, gold, code)
  return rounded((judgement.state === 'unavailable' ? alone : under(judgement)(majorityOf)).score)
}

type Decided = (votes: Votes) => 'yes' | 'no' | null

type Settled = Weighed & {readonly settlement: Settlement}

interface Judging {
  readonly settlement: Settlement
  /** Without a judge. */
  readonly alone: Weighed
  /** With one, whose votes are decided by `decided`. */
  readonly under: (judgement: Judgement) => (decided: Decided) => Settled
}

function judgingOf(plan: Plan, gold: GoldStandard, code: Code): Judging {
  const matching = match(plan, gold, code)
  const settlement = settle(matching)
  const compared = comparing(plan, gold, matching, settlement)
  const alone = weigh(compared(settlement))
  return {
    settlement,
    alone,
    under: (judgement) => {
      const opinionOf = opinionsOf(judgement, matching)
      // draws of clear votes mostly agree: each opinion is settled once
      const settled = new Map<string, Settled>()
      const settledBy = (opinion: Opinion): Settled => {
        const key = `${[...opinion.pairs].join(' ')};${[...opinion.support].join(' ')}`
        const known = settled.get(key)
        if (known !== undefined) return known
        const judged = settle(matching, opinion)
        const fresh = {...weigh(compared(judged)), settlement: judged}
        settled.set(key, fresh)
        return fresh
      }
      return (decided) => {
        const {settlement: judged, ...weighed} = settledBy(opinionOf(decided))
        return {...bounded(weighed, deltaOf(judgement, decided), alone.score), settlement: judged}
      }
    },
  }
}

const draws = 1000

interface Weighed {
  readonly subscores: Subscores
  readonly caps: readonly Cap[]
  /** 0…10, not rounded, caps applied. */
  readonly score: number
}

/** Multiplicative, so that no part can buy another; hard limits last. */
function weigh(comparison: Comparison): Weighed {
  const subscores = subscoresOf(comparison)
  const parts = Object.entries(scorers).map(([name, scorer]) => ({scorer, value: partOf(subscores, name)}))
  const raw = parts.reduce(
    (product, {scorer, value}) => (value === null ? product : product * scorer.factor(value)),
    10,
  )
  const caps = parts.flatMap(({scorer, value}) => (value === null ? [] : scorer.caps(comparison, value)))
  return {subscores, caps, score: Math.min(raw, ...caps.map(({at_most}) => at_most))}
}

const subscoresOf = (comparison: Comparison): Subscores => ({
  coverage: scorers.coverage.score(comparison),
  precision: scorers.precision.score(comparison),
  grounding: scorers.grounding.score(comparison),
  structure: scorers.structure.score(comparison),
})

const partOf = (subscores: Subscores, name: string): number | null =>
  Object.entries(subscores).find(([key]) => key === name)?.[1] ?? null

/** §3.10: what a judge may add is fixed before anybody asks it. */
function bounded(judged: Weighed, delta: number, alone: number): Weighed {
  const moved = Math.min(10, Math.max(0, judged.score + delta), alone + maxGain)
  return {...judged, score: Math.min(moved, ...judged.caps.map(({at_most}) => at_most))}
}

export const maxGain = 1

/** -1.0 … +0.5 from the closed questions about the plan; what nobody answered is left out, what has no majority is no. */
function deltaOf({plan}: Judgement, decided: Decided): number {
  const asked = plan.filter(({yes, no, unsure}) => yes + no + unsure > 0)
  if (asked.length === 0) return 0
  const share = asked.filter((votes) => decided(votes) === 'yes').length / asked.length
  return Math.min(0.5, Math.max(-1, 3 * (share - 0.83)))
}

/** What votes decide. Every vote is drawn; what is no link, no offer and no finding that was read changes nothing and is left out. */
function opinionsOf({pairs, support}: Judgement, {candidates, links, offers}: Matching): (decided: Decided) => Opinion {
  const open = new Set([...links, ...offers].map(({candidate, gold}) => pairKey(candidates[candidate]?.at ?? -1, gold)))
  const read = new Set(candidates.map(({at}) => at))
  const asked = pairs.map((pair) => ({pair, key: pairKey(pair.at, pair.gold)}))
  return (decided) => {
    const opinion = {pairs: new Map<string, boolean>(), support: new Map<number, boolean>()}
    for (const {pair, key} of asked) {
      const said = decided(pair)
      if (said !== null && open.has(key)) opinion.pairs.set(key, said === 'yes')
    }
    for (const claim of support) {
      const said = decided(claim)
      if (said !== null && read.has(claim.at)) opinion.support.set(claim.at, said === 'yes')
    }
    return opinion
  }
}

/** What structure is measured by does not change with what a judge says, so it is worked out once. */
function comparing(
  plan: Plan,
  gold: GoldStandard,
  matching: Matching,
  alone: Settlement,
): (settlement: Settlement) => Comparison {
  const {reference, pairs} = orderOf(gold)
  const structure = structureIn(plan, gold, matching, alone, pairs)
  return (settlement) => ({settlement, matching, structure, reference})
}

/** As a plan, a gold standard finds exactly what it asks for. */
const orderOf = remembered((gold: GoldStandard) => {
  const needed = gold.findings.filter(({extra, validity}) => !extra && validity !== 'refuted')
  const plan = goldAsPlan(gold)
  const known = new Set(plan.findings.map(({id}) => id))
  const pairs = orderedPairs(gold.changes)
  const reference = structureOf(
    plan,
    needed.map(({id, severity}) => ({id, severity})),
    pairs.filter((pair) => pair.every((id) => known.has(id))),
  )
  return {reference, pairs}
})

function structureIn(
  plan: Plan,
  gold: GoldStandard,
  matching: Matching,
  settlement: Settlement,
  pairs: ReturnType<typeof orderedPairs>,
): Structure {
  const idOf = new Map(
    gold.findings.flatMap(({id}, at) => {
      const by = settlement.gold[at]?.by ?? null
      const finding = by === null ? undefined : plan.findings[by]
      return finding === undefined ? [] : [[id, finding.id] as const]
    }),
  )
  const wanted = pairs.flatMap(([before, after]) => {
    const [a, b] = [idOf.get(before), idOf.get(after)]
    return a === undefined || b === undefined || a === b ? [] : [[a, b] as const]
  })
  return structureOf(plan, partsOf(settlement, matching), wanted)
}

/** Two decimals, so that a table, a comment and a gate never disagree about 7.996; a millionth is not a point. */
const rounded = (score: number): number => Math.round(score * 100) / 100

function cardOf(
  {findings}: Plan,
  gold: GoldStandard,
  settlement: Settlement,
  {subscores, caps, score}: Weighed,
  judge: Scorecard['judge'],
): Scorecard {
  const idAt = (at: number | null): string | null => (at === null ? null : (findings[at]?.id ?? null))
  return {
    score: rounded(score),
    subscores,
    interval: null,
    judge,
    findings: settlement.findings.map(({at, class: kind, gold: goldAt, credit, why}): JudgedFinding => ({
      id: findings[at]?.id ?? '',
      class: kind,
      gold: goldAt === null ? null : (gold.findings[goldAt]?.id ?? null),
      credit,
      why,
    })),
    gold: gold.findings.flatMap((finding, at): readonly JudgedGold[] => {
      const judged = settlement.gold[at]
      if (judged === undefined || finding.validity === 'refuted') return []
      return [{id: finding.id, credit: judged.credit, matched_by: idAt(judged.by), why: judged.why}]
    }),
    caps,
  }
}

const noGold: Omit<GoldStandard, 'source'> = {
  schema: 1,
  name: 'none',
  goal: '',
  split: 'train',
  findings: [],
  changes: [],
}

/** Without a gold standard there is no score; what can be told of the plan alone is, from its 300 most pressing findings. */
export function scoreWithoutGold(plan: Plan, code: Code): Scorecard {
  const gold: GoldStandard = {...noGold, source: {path: '.'}}
  // of those beyond the first 300 nothing is known, and what is not known is no fault where no volume is counted
  const settlement = settle({...match(plan, gold, code), unread: []})
  const counted = plan.findings.map(({id, severity}) => ({id, severity}))
  const comparison = {settlement, matching: null, structure: structureOf(plan, counted, []), reference: null}
  const weighed = weigh(comparison)
  // a hard limit limits a score, and there is none; the rules about plans say the same
  return {...cardOf(plan, gold, settlement, weighed, 'skipped'), score: null, caps: []}
}
