import type {Rule} from './rule.ts'

export const orderedChanges: Rule = {
  summary: 'A change depends only on changes before it, in the same or an earlier phase.',
  severity: 'error',
  check: ({changes}) => {
    const at = new Map(changes.map(({id}, index) => [id, index]))
    return changes.flatMap(({id, depends_on, phase}, index) =>
      depends_on.flatMap((to) => {
        const place = at.get(to)
        const other = place === undefined ? undefined : changes[place]
        if (place === undefined || other === undefined) return []
        if (place === index) return [{subject: id, args: {to, why: 'itself'}}]
        if (place > index) return [{subject: id, args: {to, why: 'later'}}]
        return other.phase > phase ? [{subject: id, args: {to, why: `phase ${other.phase}`}}] : []
      }),
    )
  },
  say: ({subject, args: {to, why}}) => {
    if (why === 'itself') return `Change ${subject} depends on itself.`
    return why === 'later'
      ? `Change ${subject} depends on ${to}, which comes after it.`
      : `Change ${subject} depends on ${to}, which is in the later ${why}.`
  },
}
