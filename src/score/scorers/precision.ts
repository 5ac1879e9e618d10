import type {Cap, Scorer} from './scorer.ts'

/** Above this share of repetitions a plan is not one that a person would accept, however good the rest is. */
const maxRepeated = 1 / 3

/**
 * §3.7. Saying more than a person can read costs too: the quota counts the needed findings of the gold standard, and what it
 * calls extra does not use it up.
 */
export const precision: Scorer = {
  summary: 'how much of what the plan says holds, and is said once',
  score: ({settlement: {findings}, matching}) => {
    if (matching === null) return null
    if (findings.length === 0) return 1
    const bad = findings.reduce((sum, {badness}) => sum + badness, 0)
    const needed = matching.gold.filter(({weight}) => weight > 0).length
    const said = findings.filter(({counts}) => counts).length
    const quota = Math.max(2 * needed, needed + 15)
    return (1 - bad / findings.length) * (said > quota ? Math.sqrt(quota / said) : 1)
  },
  factor: (value) => value ** 0.5,
  caps: ({settlement: {findings}}): readonly Cap[] => {
    const repeated = findings.filter((finding) => finding.class === 'duplicate').length
    return repeated <= maxRepeated * findings.length
      ? []
      : [
          {
            code: 'repetitions',
            at_most: 7.9,
            message: `${repeated} of ${findings.length} findings say again what others say.`,
          },
        ]
  },
}
