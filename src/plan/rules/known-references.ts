import type {Rule} from './rule.ts'

export const knownReferences: Rule = {
  summary: 'What a change resolves and depends on exists in the plan.',
  severity: 'error',
  check: ({findings, changes}) => {
    const findingIds = new Set(findings.map(({id}) => id))
    const changeIds = new Set(changes.map(({id}) => id))
    return changes.flatMap(({id, resolves, depends_on}) => [
      ...resolves.filter((to) => !findingIds.has(to)).map((to) => ({subject: id, args: {to, how: 'resolves'}})),
      ...depends_on.filter((to) => !changeIds.has(to)).map((to) => ({subject: id, args: {to, how: 'depends on'}})),
    ])
  },
  say: ({subject, args: {to, how}}) => `Change ${subject} ${how} ${to}, which is not in the plan.`,
}
