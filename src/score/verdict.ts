/** Violations, scorecard and policy → verdict. Error is never a score and never a pass. */
import type {Violation} from '../plan/rules/rule.ts'
import {severities, type Severity} from '../scan/finding.ts'
import type {Reason, Scorecard, Verdict} from './scorecard.ts'

export interface Policy {
  /** 0…10 */
  readonly threshold: number
  readonly requireGold: boolean
  readonly requireJudge: boolean
  /** Fails a change that introduces findings of this severity or a higher one. */
  readonly failOnNew?: 'off' | 'critical' | 'high'
}

export interface Deciding {
  readonly scorecard: Scorecard
  readonly violations: readonly Violation[]
  readonly policy: Policy
  /** Findings that are in the head and not in the base; `name` says rule and place. */
  readonly introduced?: readonly {readonly name: string; readonly severity: Severity}[]
}

/** How far below the threshold the interval may reach (scoring research §3.11). */
const tolerance = 0.5

/**
 * Passes iff the score reaches the threshold, its interval comes near it, no cap below it applies, and no rule about plans is
 * broken; the rules are independent of any gold standard, so they close the gate with one and without one.
 */
export function decide(deciding: Deciding): Verdict {
  const {scorecard, violations, policy} = deciding
  const {score, judge} = scorecard
  if (policy.requireJudge && score !== null && judge !== 'ran') {
    const message =
      judge === 'skipped' ? 'A judge is required and none was asked.' : 'A judge is required and could not be reached.'
    return {decision: 'error', reasons: [{code: 'judge-unavailable', message}]}
  }
  const failures: readonly Reason[] = [
    ...(score === null ? (policy.requireGold ? [noGold] : []) : scoreFailures(score, scorecard, policy)),
    ...violations.filter(({severity}) => severity === 'error').map(({rule, message}) => ({code: rule, message})),
    ...newFailures(deciding),
  ]
  if (failures.length > 0) return {decision: 'fail', reasons: failures}
  return {decision: 'pass', reasons: score === null ? [noGold] : borderline(score, scorecard, policy)}
}

const noGold: Reason = {code: 'no-gold', message: 'No gold standard applies, so the plan was not scored.'}

function scoreFailures(score: number, {interval, caps}: Scorecard, {threshold}: Policy): readonly Reason[] {
  const low = interval?.[0] ?? score
  return [
    // "not at least" and not "below": a score that is no number must not pass
    ...(score >= threshold
      ? []
      : [{code: 'score-below-threshold', message: `The score ${score.toFixed(2)} is below ${threshold}.`}]),
    ...(score >= threshold && low < threshold - tolerance
      ? [{code: 'interval-below-threshold', message: `The score may be as low as ${low.toFixed(2)}.`}]
      : []),
    // a cap closes the gate by holding the score below the threshold; whoever sets a lower threshold accepts what it allows
    ...caps
      .filter(({at_most}) => at_most < threshold)
      .map(({code, at_most, message}) => ({code, message: `${message} This limits the score to ${at_most}.`})),
  ]
}

/** A reason is a sentence; the report has the rest. */
const maxNamed = 5

function newFailures({introduced = [], policy: {failOnNew = 'off'}}: Deciding): readonly Reason[] {
  if (failOnNew === 'off') return []
  const grave = introduced.filter(({severity}) => severities.indexOf(severity) <= severities.indexOf(failOnNew))
  if (grave.length === 0) return []
  const names = grave.slice(0, maxNamed).map(({name}) => name)
  const more = grave.length > maxNamed ? ` and ${grave.length - maxNamed} more` : ''
  const what = grave.length === 1 ? 'a finding' : `${grave.length} findings`
  const message = `The change introduces ${what} of severity ${failOnNew}${failOnNew === 'high' ? ' or higher' : ''}: ${names.join(', ')}${more}.`
  return [{code: 'new-findings', message}]
}

function borderline(score: number, {interval}: Scorecard, {threshold}: Policy): readonly Reason[] {
  if (interval === null || interval[0] >= threshold) return []
  const message = `The score ${score.toFixed(2)} may be as low as ${interval[0].toFixed(2)}: another asking may end below ${threshold}.`
  return [{code: 'borderline', message}]
}
