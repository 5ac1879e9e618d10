import type {Scorer} from './scorer.ts'

/** §3.3, the mean over all findings. */
export const grounding: Scorer = {
  summary: 'do the places and quotes stand in the code',
  score: ({matching: {candidates}}) =>
    candidates.length === 0
      ? 0
      : candidates.reduce((sum, {grounding: {value}}) => sum + (value ?? 0.5), 0) / candidates.length,
}
