import {nameOf} from '../similarity.ts'
import {capFor, type Cap, type Scorer} from './scorer.ts'

/** §3.6, and the two limits of §3.9 about what a plan must not miss. */
export const coverage: Scorer = {
  summary: 'how much of what the gold standard needs was found, by its severity',
  score: ({settlement: {gold}, matching}) => {
    if (matching === null) return null
    const all = gold.reduce((sum, {weight}) => sum + weight, 0)
    return all === 0 ? 1 : gold.reduce((sum, {weight, credit}) => sum + weight * credit, 0) / all
  },
  factor: (value) => value ** 0.8,
  caps: ({settlement, matching}) => {
    if (matching === null) return []
    const judged = matching.gold.flatMap(({finding, weight}, at) =>
      weight > 0 ? [{finding, credit: settlement.gold[at]?.credit ?? 0}] : [],
    )
    const criticals = judged.filter(({finding}) => finding.severity === 'critical')
    const mean = criticals.reduce((sum, {credit}) => sum + credit, 0) / Math.max(criticals.length, 1)
    const caps: Cap[] = []
    if (criticals.length > 0 && mean < 0.6)
      caps.push({code: 'criticals-missed', at_most: 6.9, message: 'Too few of the critical findings are covered.'})
    const missed = judged.filter(({finding, credit}) => finding.must && credit < 0.4)
    if (missed.length > 0) {
      const names = missed.map(({finding}) => `${finding.id}, "${nameOf(finding)}"`).join('; ')
      const musts = judged.filter(({finding}) => finding.must).length
      const message = `A plan must not miss this: ${names}.`
      caps.push({code: 'must-missed', at_most: capFor(missed.length / musts), message})
    }
    return caps
  },
}
