import {capFor, type Cap, type Scorer} from './scorer.ts'

/** §3.8, relative to the gold standard's own; a limit that the gold standard itself would hit does not apply. */
export const structure: Scorer = {
  summary: 'do ids, references, order and verification of the changes hold together',
  score: ({settlement: {findings}, structure: {value}, reference}) => {
    if (findings.length === 0) return null
    return reference === null || reference.value === 0 ? value : Math.min(1, value / reference.value)
  },
  factor: (value) => 0.8 + 0.2 * value,
  caps: ({structure: ours, reference}) => {
    const caps: Cap[] = []
    const limit = (code: string, message: string, short = 0): void =>
      void caps.push({code, at_most: capFor(2 * short), message})
    if (ours.dangling && reference?.dangling !== true)
      limit('dangling-references', 'A change refers to a finding or a change that does not exist.')
    if (ours.disordered && reference?.disordered !== true)
      limit('broken-order', 'A change stands before one that it depends on, or depends on itself.')
    const resolved = Math.min(0.8, reference?.covered ?? 1)
    if (ours.covered < resolved) {
      const message = 'Less than 80 % of the findings, by severity, are resolved by a change.'
      limit('findings-without-change', message, resolved - ours.covered)
    }
    const proven = Math.min(0.7, reference?.verified ?? 1)
    if (ours.verified < proven)
      limit('unverified-changes', 'Less than 70 % of the changes are verified by a command.', proven - ours.verified)
    return caps
  },
}
