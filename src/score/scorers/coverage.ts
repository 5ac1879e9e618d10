import {weightOf} from '../match.ts'
import type {Scorer} from './scorer.ts'

/** §3.6 */
export const coverage: Scorer = {
  summary: 'how much of what the gold standard needs was found, by its severity',
  score: ({gold, matching}) => {
    const weights = gold.findings.map(weightOf)
    const all = weights.reduce((sum, weight) => sum + weight, 0)
    if (all === 0) return null
    return weights.reduce((sum, weight, at) => sum + weight * (matching.gold[at]?.credit ?? 0), 0) / all
  },
}
