import type {Rule} from './rule.ts'

export const openFindings: Rule = {
  summary: 'Medium and low findings are resolved by a change, too.',
  severity: 'warning',
  check: ({findings, changes}) => {
    const resolved = new Set(changes.flatMap(({resolves}) => resolves))
    return findings.flatMap(({id, severity}) =>
      (severity === 'medium' || severity === 'low') && !resolved.has(id) ? [{subject: id, args: {severity}}] : [],
    )
  },
  say: ({subject, args: {severity}}) => `No change resolves finding ${subject} (${severity}).`,
}
