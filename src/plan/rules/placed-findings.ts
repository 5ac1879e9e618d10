import type {Rule} from './rule.ts'

export const placedFindings: Rule = {
  summary: 'A finding says where it stands.',
  severity: 'warning',
  check: ({findings}) =>
    findings.flatMap(({id, locations}) => (locations.length === 0 ? [{subject: id, args: {}}] : [])),
  say: ({subject}) => `Finding ${subject} has no location.`,
}
