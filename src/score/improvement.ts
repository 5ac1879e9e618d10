/** What would raise a score, the most first: from a scorecard alone, so that a saved one can be explained too. */
import type {Plan} from '../plan/plan.ts'
import type {Violation} from '../plan/rules/rule.ts'
import type {Location, Severity} from '../scan/finding.ts'
import type {GoldStandard} from './gold.ts'
import {weightOf} from './match.ts'
import type {Scorecard} from './scorecard.ts'
import {scorers} from './scorers/index.ts'
import {nameOf} from './similarity.ts'

export const improvementKinds = ['missed', 'wrong', 'limit', 'rule'] as const

export interface Improvement {
  /** `missed` what the gold standard has; `wrong` what the plan should not say; `limit` a cap on the score; `rule` a broken rule. */
  readonly kind: (typeof improvementKinds)[number]
  readonly what: string
  /** Points that full credit for this finding alone would add, hard limits aside; null: it is not a matter of points. */
  readonly gain: number | null
  readonly severity: Severity | null
  readonly place: Location | null
}

/** Gains below this many points are not worth a line. */
const least = 0.05

/** What holds the score down first: caps, then broken rules, then what is missed by its gain, then what should not be said. */
export function improvementsOf(
  plan: Plan,
  scorecard: Scorecard | null,
  gold: GoldStandard | null,
  violations: readonly Violation[],
): readonly Improvement[] {
  const limits = (scorecard?.caps ?? []).map(({at_most, message}) =>
    ofPlan('limit', `${message} This limits the score to ${at_most}.`),
  )
  const rules = violations.flatMap(({severity, message}) => (severity === 'error' ? [ofPlan('rule', message)] : []))
  const missed = scorecard === null || gold === null ? [] : missedOf(scorecard, gold)
  return [...limits, ...rules, ...missed, ...wrongOf(plan, scorecard)]
}

const ofPlan = (kind: Improvement['kind'], what: string): Improvement => ({
  kind,
  what,
  gain: null,
  severity: null,
  place: null,
})

function missedOf({score, subscores, gold: judged}: Scorecard, {findings}: GoldStandard): readonly Improvement[] {
  if (score === null || subscores.coverage === null) return []
  const all = findings.reduce((sum, finding) => sum + weightOf(finding), 0)
  const pointsAt = (coverage: number): number =>
    10 *
    scorers.coverage.factor(coverage) *
    scorers.precision.factor(subscores.precision ?? 1) *
    scorers.grounding.factor(subscores.grounding ?? 1) *
    scorers.structure.factor(subscores.structure ?? 1)
  const now = subscores.coverage
  return findings
    .flatMap((finding) => {
      const {credit, matched_by: by} = judged.find(({id}) => id === finding.id) ?? {credit: 1, matched_by: null}
      const gain = all === 0 ? 0 : pointsAt(Math.min(1, now + (weightOf(finding) * (1 - credit)) / all)) - pointsAt(now)
      const name = nameOf(finding)
      const what =
        by === null ? `Find: ${name}` : `Say more exactly, with its line and a quote: ${name} (found by ${by})`
      const {severity, locations} = finding
      return gain < least ? [] : [{kind: 'missed' as const, what, gain, severity, place: locations[0] ?? null}]
    })
    .toSorted((a, b) => b.gain - a.gain)
}

const wrongWords = {
  trap: 'Do not claim',
  unsupported: 'Leave out, or ground in the code',
  duplicate: 'Say once',
} as const

function wrongOf({findings}: Plan, scorecard: Scorecard | null): readonly Improvement[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  return (scorecard?.findings ?? []).flatMap((judged) => {
    if (judged.class === 'matched' || judged.class === 'novel') return []
    const finding = byId.get(judged.id)
    const name = finding === undefined ? '' : `, ${nameOf(finding)}`
    return [
      {...ofPlan('wrong', `${wrongWords[judged.class]}: ${judged.id}${name}`), place: finding?.locations[0] ?? null},
    ]
  })
}
