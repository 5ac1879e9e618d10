import type {Rule} from './rule.ts'

export const coveredFindings: Rule = {
  summary: 'Every critical and high finding is resolved by a change.',
  severity: 'error',
  check: ({findings, changes}) => {
    const resolved = new Set(changes.flatMap(({resolves}) => resolves))
    return findings.flatMap(({id, severity}) =>
      (severity === 'critical' || severity === 'high') && !resolved.has(id) ? [{subject: id, args: {severity}}] : [],
    )
  },
  say: ({subject, args: {severity}}) => `No change resolves finding ${subject} (${severity}).`,
}
