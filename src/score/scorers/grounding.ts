import type {Scorer} from './scorer.ts'

/**
 * §3.3, the mean over the findings. What is new and stands in the code is left out, so that it neither helps nor hurts; a
 * plan of nothing else is measured by it.
 */
export const grounding: Scorer = {
  summary: 'do the places and quotes stand in the code',
  score: ({settlement: {findings}}) => {
    const known = findings.filter((finding) => finding.class !== 'novel')
    const measured = known.length === 0 ? findings : known
    if (measured.length === 0) return null
    return measured.reduce((sum, {grounding}) => sum + grounding, 0) / measured.length
  },
  factor: (value) => (0.3 + 0.7 * value) ** 0.5,
  caps: (_, value) =>
    value < 0.5
      ? [{code: 'ungrounded', at_most: 5.9, message: 'Less than half of what the plan says stands in the code.'}]
      : [],
}
