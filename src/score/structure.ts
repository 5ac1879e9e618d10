/** Does a plan hold together, whatever it is about? (scoring research §3.8) */
import {isCommand} from '../plan/command.ts'
import type {Change, Plan} from '../plan/plan.ts'
import {severityWeight} from './match.ts'

export interface Structure {
  /** 0…1 */
  readonly value: number
  readonly dangling: boolean
  readonly disordered: boolean
  /** 0…1, severity-weighted share of findings that a change resolves. */
  readonly covered: number
  /** 0…1, share of changes that a command verifies. */
  readonly verified: number
}

export function structureOf({findings, changes}: Pick<Plan, 'findings' | 'changes'>): Structure {
  const ids = [...findings.map(({id}) => id), ...changes.map(({id}) => id)]
  const unique = new Set(ids).size === ids.length
  const known = new Set(findings.map(({id}) => id))
  const changeIds = new Set(changes.map(({id}) => id))
  const dangling = changes.some(
    ({resolves, depends_on}) => resolves.some((id) => !known.has(id)) || depends_on.some((id) => !changeIds.has(id)),
  )
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  const weight = findings.reduce((sum, {severity}) => sum + severityWeight[severity], 0)
  const covered =
    weight === 0
      ? 0
      : findings.reduce((sum, {id, severity}) => sum + (resolved.has(id) ? severityWeight[severity] : 0), 0) / weight
  const verified =
    changes.length === 0 ? 0 : changes.filter(({verification}) => verification.some(isCommand)).length / changes.length
  const disordered = changes.length === 0 || isDisordered(changes)
  const value =
    0.15 * Number(unique) +
    0.15 * Number(!dangling && changes.length > 0) +
    0.2 * covered +
    0.2 * Number(!disordered) +
    0.2 * verified +
    0.1 * orderQuality(findings, changes)
  return {value, dangling, disordered, covered, verified}
}

/** A change must not stand before what it needs, by phase or in the list, nor need itself in a circle. */
function isDisordered(changes: readonly Change[]): boolean {
  const at = new Map(changes.map(({id}, index) => [id, index]))
  return changes.some(({depends_on, phase}, index) =>
    depends_on.some((id) => {
      const needed = at.get(id)
      return needed !== undefined && (needed >= index || (changes[needed]?.phase ?? 0) > phase)
    }),
  )
}

/** Kendall's tau between the order of the changes and the severity of what they resolve, from 0 (reversed) to 1. */
function orderQuality(findings: Plan['findings'], changes: readonly Change[]): number {
  const weightById = new Map(findings.map(({id, severity}) => [id, severityWeight[severity]]))
  const weights = changes.map(({resolves}) => Math.max(0, ...resolves.map((id) => weightById.get(id) ?? 0)))
  let agree = 0
  let all = 0
  for (let a = 0; a < weights.length; a++) {
    for (let b = a + 1; b < Math.min(weights.length, a + 300); b++) {
      if (changes[a]?.phase === changes[b]?.phase || weights[a] === weights[b]) continue
      all += 1
      agree += (weights[a] ?? 0) > (weights[b] ?? 0) === (changes[a]?.phase ?? 0) < (changes[b]?.phase ?? 0) ? 1 : -1
    }
  }
  return all === 0 ? (changes.length === 0 ? 0 : 1) : (agree / all + 1) / 2
}
