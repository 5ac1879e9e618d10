import {capFor, type Cap, type Scorer} from './scorer.ts'

/** Above this share of repetitions a plan is not one that a person would accept, however good the rest is. */
const maxRepeated = 1 / 3

/** Above this share of the gold standard's traps a plan is dangerous to carry out, however much else it finds. */
const maxBelieved = 1 / 3

/**
 * §3.7. Saying more than a person can read costs too: the quota counts the needed findings of the gold standard, and what it
 * calls extra does not use it up.
 */
export const precision: Scorer = {
  summary: 'how much of what the plan says holds, and is said once',
  score: ({settlement: {findings}, matching}) => {
    if (matching === null || findings.length === 0) return null
    const bad = findings.reduce((sum, {badness}) => sum + badness, 0)
    const needed = matching.gold.filter(({weight}) => weight > 0).length
    const said = findings.filter(({counts}) => counts).length
    const quota = Math.max(2 * needed, needed + 15)
    return (1 - bad / findings.length) * (said > quota ? quota / said : 1)
  },
  factor: (value) => value ** 0.5,
  caps: ({settlement: {findings}, matching}): readonly Cap[] => {
    const repeated = findings.filter((finding) => finding.class === 'duplicate').length
    const traps = matching?.gold.filter(({finding}) => finding.validity === 'refuted').length ?? 0
    const believed = findings.filter((finding) => finding.class === 'trap').length
    const caps: Cap[] = []
    if (repeated > maxRepeated * findings.length) {
      const message = `${repeated} of ${findings.length} findings say again what others say.`
      caps.push({code: 'repetitions', at_most: capFor(repeated / findings.length - maxRepeated), message})
    }
    if (believed > maxBelieved * traps) {
      const message = `The plan believes ${believed} of ${traps} traps: it would change code that is right.`
      caps.push({code: 'traps-believed', at_most: capFor(believed / traps - maxBelieved), message})
    }
    return caps
  },
}
