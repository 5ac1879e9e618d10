/** Plan × gold standard × code → scorecard (scoring research §3.9). Deterministic: the same input, the same number. */
import type {Plan} from '../plan/plan.ts'
import {familyOf} from './family.ts'
import type {GoldStandard} from './gold.ts'
import {ground} from './grounding.ts'
import type {Judgement} from './judgement.ts'
import {match, weightOf, type Candidate, type Matching} from './match.ts'
import {scorers} from './scorers/index.ts'
import type {Comparison} from './scorers/scorer.ts'
import type {Code, JudgedFinding, JudgedGold, Scorecard} from './scorecard.ts'
import {structureOf, type Structure} from './structure.ts'

/** The gold standard as the plan that is to score exactly 10 against it: what is refuted is not in it. */
export const goldAsPlan = ({goal, findings, changes}: GoldStandard): Plan => ({
  schema: 1,
  goal,
  summary: '',
  findings: findings
    .filter(({validity}) => validity !== 'refuted')
    .map(({must: _must, extra: _extra, validity: _validity, related_files: _related, ...finding}) => finding),
  changes: [...changes],
})

interface Parts {
  readonly coverage: number
  readonly precision: number
  readonly grounding: number
  readonly structure: number
}

const partsOf = (comparison: Comparison): Parts => ({
  coverage: scorers.coverage.score(comparison) ?? 0,
  precision: scorers.precision.score(comparison) ?? 0,
  grounding: scorers.grounding.score(comparison) ?? 0,
  structure: scorers.structure.score(comparison) ?? 0,
})

const compare = (plan: Plan, gold: GoldStandard, code: Code, judgement: Judgement | null): Comparison => ({
  plan,
  gold,
  count: plan.findings.length,
  matching: match(plan.findings, gold, code, judgement?.pairs),
  support: judgement?.support ?? new Map(),
})

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** A gold standard that is itself imperfect must still score 10 against itself, so grounding and structure are relative to its own. */
function relativeTo(parts: Parts, own: Parts): Parts {
  return {
    ...parts,
    grounding: Math.min(1, parts.grounding / Math.max(0.6, own.grounding)),
    structure: own.structure === 0 ? parts.structure : Math.min(1, parts.structure / own.structure),
  }
}

/** Multiplicative, so that no part can buy another. 0…10 */
const combine = ({coverage, precision, grounding, structure}: Parts): number =>
  10 * coverage ** 0.8 * precision ** 0.5 * (0.3 + 0.7 * grounding) ** 0.5 * (0.8 + 0.2 * structure)

/**
 * @param judgement what a judge said; null: no judge. It moves the score by at most 1.0 up, and below a deterministic 7.0
 * nothing it says can pass a plan.
 */
export function scorePlan(plan: Plan, gold: GoldStandard, code: Code, judgement: Judgement | null): Scorecard {
  const alone = scoreOnce(plan, gold, code, null)
  if (judgement === null || judgement.state === 'unavailable') {
    return {...alone.card, judge: judgement === null ? 'skipped' : 'unavailable'}
  }
  const judged = scoreOnce(plan, gold, code, judgement)
  const bounded = (raw: number, delta: number): number =>
    round(Math.min(clamp(raw + delta, 0, 10), alone.raw + 1, ...judged.card.caps.map(({at_most}) => at_most)))
  const score = bounded(judged.raw, judgement.delta)
  const draws = judgement.draws.map(({pairs, support, delta}) =>
    bounded(scoreOnce(plan, gold, code, {...judgement, pairs, support}).raw, delta),
  )
  const sorted = draws.toSorted((a, b) => a - b)
  const low = sorted[Math.floor(sorted.length * 0.05)] ?? score
  const high = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? score
  return {...judged.card, score, interval: [Math.min(low, score), Math.max(high, score)], judge: 'ran'}
}

/** Two decimals, so that a table, a comment and a gate never disagree about 7.996. */
const round = (score: number): number => Math.round(score * 100) / 100

function scoreOnce(
  plan: Plan,
  gold: GoldStandard,
  code: Code,
  judgement: Judgement | null,
): {readonly raw: number; readonly card: Scorecard} {
  const comparison = compare(plan, gold, code, judgement)
  const own = partsOf(compare(goldAsPlan(gold), gold, code, null))
  const parts = relativeTo(partsOf(comparison), own)
  const raw = plan.findings.length === 0 ? 0 : combine(parts)
  const caps = capsOf(comparison, parts, structureOf(plan), structureOf(goldAsPlan(gold)))
  const score = round(Math.min(raw, ...caps.map(({at_most}) => at_most)))
  const {matching} = comparison
  return {
    raw,
    card: {
      score,
      subscores: parts,
      interval: null,
      judge: 'skipped',
      findings: matching.candidates.map((candidate) => judgedFinding(candidate, gold, matching)),
      gold: gold.findings.flatMap((_, at) => judgedGold(at, gold, matching)),
      caps: raw > score ? caps.filter(({at_most}) => at_most < raw) : [],
    },
  }
}

type Cap = Scorecard['caps'][number]

/** Hard limits; a limit that the gold standard itself would hit does not apply. */
function capsOf({gold, matching}: Comparison, parts: Parts, ours: Structure, theirs: Structure): readonly Cap[] {
  const caps: Cap[] = []
  const cap = (code: string, at_most: number, message: string): void => void caps.push({code, at_most, message})
  const criticals = gold.findings.flatMap((finding, at) =>
    finding.severity === 'critical' && weightOf(finding) > 0 ? [matching.gold[at]?.credit ?? 0] : [],
  )
  if (criticals.length > 0 && criticals.reduce((sum, credit) => sum + credit, 0) / criticals.length < 0.6) {
    cap('criticals-missed', 6.9, 'Too few of the critical findings are covered.')
  }
  if (parts.grounding < 0.5) cap('ungrounded', 5.9, 'Less than half of what the plan says stands in the code.')
  const missed = gold.findings.filter(({must}, at) => must && (matching.gold[at]?.credit ?? 0) < 0.4)
  if (missed.length > 0)
    cap('must-missed', 7.9, `${missed.map(({id}) => id).join(', ')}: a finding that a plan must not miss is missed.`)
  if (ours.dangling && !theirs.dangling)
    cap('dangling-reference', 7.9, 'A change refers to a finding or change that is not there.')
  if (ours.disordered && !theirs.disordered)
    cap('order', 7.9, 'A change stands before one it needs, or there are no changes.')
  if (ours.covered < 0.8 && theirs.covered >= 0.8)
    cap('findings-without-change', 7.9, 'Less than 80 % of the findings, by severity, are resolved by a change.')
  if (ours.verified < 0.7 && theirs.verified >= 0.7)
    cap('unverified-changes', 7.9, 'Less than 70 % of the changes are verified by a command.')
  return caps
}

function judgedFinding(
  {finding, grounding, gold: at, credit, likeness, repeats}: Candidate,
  gold: GoldStandard,
  matching: Matching,
): JudgedFinding {
  const place = grounding.places[0]?.why ?? 'it is about no place in particular'
  const base = {id: finding.id, gold: null, credit: 0}
  if (repeats !== null)
    return {
      ...base,
      class: 'duplicate',
      why: `it repeats ${matching.candidates[repeats]?.finding.id ?? 'an earlier one'}`,
    }
  if (at !== null) {
    const matched = gold.findings[at]
    const id = matched?.id ?? null
    if (matched?.validity === 'refuted')
      return {...base, class: 'trap', gold: id, why: `${id ?? ''} is refuted: ${matched.title ?? 'this code is right'}`}
    return {
      ...base,
      class: 'matched',
      gold: id,
      credit: round(credit),
      why: `likeness ${likeness.toFixed(2)}; ${place}`,
    }
  }
  const value = grounding.value ?? 0.5
  if (value >= 0.7) return {...base, class: 'novel', why: `not in the gold standard; ${place}`}
  return {...base, class: 'unsupported', why: `${place} (grounding ${value.toFixed(2)})`}
}

function judgedGold(at: number, {findings}: GoldStandard, matching: Matching): readonly JudgedGold[] {
  const finding = findings[at]
  if (finding === undefined || finding.validity === 'refuted') return []
  const {credit, by, best} = matching.gold[at] ?? {credit: 0, by: null, best: null}
  const id = by === null ? null : (matching.candidates[by]?.finding.id ?? null)
  const nearest =
    best === null
      ? 'nothing in the plan is like it'
      : `nearest: ${matching.candidates[best.candidate]?.finding.id ?? ''}, likeness ${best.likeness.toFixed(2)}`
  return [
    {
      id: finding.id,
      credit: round(credit),
      matched_by: id,
      why: id === null ? `${nearest} (${familyOf(finding.category)})` : `found by ${id}`,
    },
  ]
}

/** Without a gold standard there is no score; what can be told of the plan alone is. */
export function scoreWithoutGold(plan: Plan, code: Code): Scorecard {
  const groundings = plan.findings.map((finding) => ground(finding, code).value ?? 0.5)
  const mean = groundings.length === 0 ? null : groundings.reduce((sum, value) => sum + value, 0) / groundings.length
  return {
    score: null,
    subscores: {
      coverage: null,
      precision: null,
      grounding: mean,
      structure: plan.findings.length + plan.changes.length === 0 ? null : structureOf(plan).value,
    },
    interval: null,
    judge: 'skipped',
    findings: [],
    gold: [],
    caps: [],
  }
}
