import type {Rule} from './rule.ts'

const repeated = (ids: readonly string[]): string[] => [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))]

export const uniqueIds: Rule = {
  summary: 'No two findings and no two changes bear the same id.',
  severity: 'error',
  check: ({findings, changes}) => [
    ...repeated(findings.map(({id}) => id)).map((subject) => ({subject, args: {kind: 'finding'}})),
    ...repeated(changes.map(({id}) => id)).map((subject) => ({subject, args: {kind: 'change'}})),
  ],
  say: ({subject, args: {kind}}) => `More than one ${kind} is called ${subject}.`,
}
