/** Violations, scorecard and policy → verdict. Error is never a score and never a pass. */
import type {Violation} from '../plan/rules/rule.ts'
import type {Reason, Scorecard, Verdict} from './scorecard.ts'

export interface Policy {
  /** 0…10 */
  readonly threshold: number
  readonly requireGold: boolean
  readonly requireJudge: boolean
}

/** How far below the threshold the interval may reach (scoring research §3.11). */
const tolerance = 0.5

export function decide({
  scorecard,
  violations,
  policy,
}: {
  readonly scorecard: Scorecard
  readonly violations: readonly Violation[]
  readonly policy: Policy
}): Verdict {
  if (policy.requireJudge && scorecard.judge !== 'ran' && scorecard.score !== null) {
    return {
      decision: 'error',
      reasons: [{code: 'judge-unavailable', message: 'The judge is required and did not answer.'}],
    }
  }
  if (scorecard.score === null) return decideWithoutScore(violations, policy)
  const {score, interval, caps} = scorecard
  const reasons: Reason[] = [
    ...(score < policy.threshold
      ? [{code: 'score-below-threshold', message: `The score ${score.toFixed(2)} is below ${policy.threshold}.`}]
      : []),
    ...(interval !== null && score >= policy.threshold && interval[0] < policy.threshold - tolerance
      ? [{code: 'interval-below-threshold', message: `The score may be as low as ${interval[0].toFixed(2)}.`}]
      : []),
    ...caps
      .filter(({at_most}) => at_most < policy.threshold)
      .map(({code, at_most, message}) => ({code, message: `${message} This limits the score to ${at_most}.`})),
  ]
  return {decision: reasons.length === 0 ? 'pass' : 'fail', reasons}
}

/** The plan's own rules still gate: a plan that invents places does not pass for want of a gold standard. */
function decideWithoutScore(violations: readonly Violation[], {requireGold}: Policy): Verdict {
  const noGold: Reason = {code: 'no-gold', message: 'No gold standard applies, so the plan was not scored.'}
  if (requireGold) return {decision: 'fail', reasons: [noGold]}
  const broken = violations.filter(({severity}) => severity === 'error')
  if (broken.length === 0) return {decision: 'pass', reasons: [noGold]}
  return {decision: 'fail', reasons: broken.map(({rule, message}) => ({code: rule, message}))}
}
