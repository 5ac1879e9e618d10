import type {Candidate} from '../match.ts'
import type {Comparison, Scorer} from './scorer.ts'

/** §3.7: a finding that is new and stands in the code costs nothing; believing a trap, repeating and inventing cost. */
export const precision: Scorer = {
  summary: 'how much of what the plan says holds, and is said once',
  score: (comparison) => {
    const {gold, matching, count} = comparison
    if (count === 0) return 0
    const bad = matching.candidates.reduce((sum, candidate, at) => sum + badness(candidate, at, comparison), 0)
    const unread = count - matching.candidates.length
    const needed = gold.findings.filter(({extra, validity}) => !extra && validity !== 'refuted').length
    const extras = matching.candidates.filter(({gold: at}) => at !== null && gold.findings[at]?.extra === true).length
    const quota = Math.max(2 * needed, needed + 15)
    const said = count - extras
    return (1 - (bad + 0.6 * unread) / count) * (said > quota ? Math.sqrt(quota / said) : 1)
  },
}

/** 0…1 */
function badness({gold: at, grounding, repeats}: Candidate, index: number, {gold, support}: Comparison): number {
  const value = grounding.value ?? 0.5
  if (repeats !== null) return 0.5
  if (at !== null) {
    if (gold.findings[at]?.validity === 'refuted') return 0.5
    return value < 0.5 ? 0.25 * (1 - 2 * value) : 0
  }
  if (support.get(index) === 'no') return 0.8
  if (grounding.value === null) return 0.35
  if (value === 0) return 1
  if (value >= 0.7 || support.get(index) === 'yes') return 0
  return value >= 0.45 ? 0.25 : 0.6
}
