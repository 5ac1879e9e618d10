/** Does a plan hold together, whatever it is about? (scoring research §3.8) */
import {isCommand} from '../plan/command.ts'
import type {Change, Plan} from '../plan/plan.ts'
import type {Severity} from '../scan/finding.ts'

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

/** A finding as structure sees it. */
export interface Part {
  readonly id: string
  /** The gold standard's where there is one: shouting must not pay. */
  readonly severity: Severity
}

const weights = {critical: 8, high: 4, medium: 2, low: 1} as const satisfies Record<Severity, number>

/**
 * @param counted findings that need a change; what is new and true may go without
 * @param wanted pairs of ids of findings of which the first must be repaired before the second
 */
export function structureOf(
  {findings, changes}: Pick<Plan, 'findings' | 'changes'>,
  counted: readonly Part[],
  wanted: readonly (readonly [before: string, after: string])[],
): Structure {
  const ids = [...findings.map(({id}) => id), ...changes.map(({id}) => id)]
  const known = new Set(findings.map(({id}) => id))
  const knownChanges = new Set(changes.map(({id}) => id))
  const references = changes.flatMap(({resolves, depends_on}) => [
    ...resolves.map((id) => known.has(id)),
    ...depends_on.map((id) => knownChanges.has(id)),
  ])
  const resolved = firstChanges(changes)
  const all = counted.reduce((sum, {severity}) => sum + weights[severity], 0)
  const inChange = counted.reduce((sum, {id, severity}) => sum + (resolved.has(id) ? weights[severity] : 0), 0)
  const proven = changes.filter(({verification}) => verification.some(isCommand)).length
  const facts = {
    dangling: references.includes(false),
    disordered: isDisordered(changes),
    covered: all === 0 ? 1 : inChange / all,
    verified: changes.length === 0 ? (all === 0 ? 1 : 0) : proven / changes.length,
  }
  const empty = changes.length === 0 && all > 0
  const value =
    0.15 * share(new Set(ids).size, ids.length) +
    0.15 * share(references.filter(Boolean).length, references.length) +
    0.2 * facts.covered +
    (empty || facts.disordered ? 0 : 0.2) +
    0.2 * facts.verified +
    (empty ? 0 : 0.1 * orderQuality(counted, resolved, wanted))
  return {...facts, value}
}

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole)

function firstChanges(changes: readonly Change[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  changes.forEach(({resolves}, index) => {
    for (const id of resolves) if (!first.has(id)) first.set(id, index)
  })
  return first
}

/** A change must not stand before what it needs, in the list or by phase, nor need itself in a circle. */
function isDisordered(changes: readonly Change[]): boolean {
  const at = new Map(changes.map(({id}, index) => [id, index]))
  return changes.some(({depends_on, phase}, index) =>
    depends_on.some((id) => {
      const needed = at.get(id)
      return needed !== undefined && (needed >= index || (changes[needed]?.phase ?? 0) > phase)
    }),
  )
}

/**
 * 0…1: Kendall's tau between the place of a finding's first change and its severity, and, where `wanted` says something, the
 * mean of that and how far the wanted order is kept. Most orders are taste: all of it is a tenth of a fifth of the score.
 */
function orderQuality(
  counted: readonly Part[],
  first: ReadonlyMap<string, number>,
  wanted: readonly (readonly [before: string, after: string])[],
): number {
  const placed = counted.flatMap(({id, severity}) => {
    const at = first.get(id)
    return at === undefined ? [] : [{at, weight: weights[severity]}]
  })
  const {agree, all} = concordance(placed)
  const bySeverity = all === 0 ? 1 : (agree / all + 1) / 2
  const ordered = wanted.flatMap(([before, after]) => {
    const [a, b] = [first.get(before), first.get(after)]
    return a === undefined || b === undefined ? [] : [a <= b]
  })
  return ordered.length === 0 ? bySeverity : (bySeverity + share(ordered.filter(Boolean).length, ordered.length)) / 2
}

/**
 * Over all pairs of different weight: how many there are, and how many more of them have the heavier one earlier than later. There
 * are four weights, so one pass in order of place counts what the pairs one by one would: a plan may have thousands.
 */
function concordance(placed: readonly {readonly at: number; readonly weight: number}[]): {
  readonly agree: number
  readonly all: number
} {
  const sorted = placed.toSorted((a, b) => a.at - b.at)
  const seen = new Map<number, number>()
  let agree = 0
  let all = 0
  for (let from = 0; from < sorted.length;) {
    const here = sorted[from]?.at
    let to = from
    while (sorted[to]?.at === here && to < sorted.length) to++
    const group = sorted.slice(from, to)
    for (const {weight} of group) {
      for (const [other, count] of seen) agree += Math.sign(other - weight) * count
    }
    for (const {weight} of group) {
      for (const [other, count] of seen) all += other === weight ? 0 : count
      seen.set(weight, (seen.get(weight) ?? 0) + 1)
    }
    from = to
  }
  return {agree, all}
}

/** Pairs of gold findings of which the first is resolved by a change that the other's change needs, directly or not. */
export function orderedPairs(changes: readonly Change[]): readonly (readonly [before: string, after: string])[] {
  const byId = new Map(changes.map((change) => [change.id, change]))
  const needs = (change: Change): ReadonlySet<Change> => {
    const found = new Set<Change>()
    const open = [change]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const id of next.depends_on) {
        const needed = byId.get(id)
        if (needed === undefined || needed === change || found.has(needed)) continue
        found.add(needed)
        open.push(needed)
      }
    }
    return found
  }
  const pairs = changes.flatMap((change) =>
    [...needs(change)].flatMap(({resolves}) =>
      resolves.flatMap((before) =>
        change.resolves.filter((after) => after !== before).map((after) => [before, after] as const),
      ),
    ),
  )
  return [...new Map(pairs.map((pair) => [JSON.stringify(pair), pair])).values()]
}
