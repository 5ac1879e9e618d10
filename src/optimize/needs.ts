/** What goes wrong in runs, gathered into needs: failures of one kind at one step, which one rule may help. */
import type {Evaluation, Evidence, Problem} from './search.ts'
import {addCount, noCount, type Count, type Tally} from './credit.ts'
import {likenessAmong} from './likeness.ts'

/** One run and the rules that were on in it. */
export interface Run {
  readonly rules: ReadonlySet<string>
  readonly case: string
  readonly replicate: number
  readonly evaluation: Evaluation
}

export interface Need {
  /** Unique. */
  readonly key: string
  readonly what: Evidence['what']
  /** The step that a rule must be told to; null: nobody knows which. */
  readonly step: string | null
  /** Findings that were lost in this way, as `case/id`; of `missed` only. */
  readonly findings: ReadonlySet<string>
  /** By finding, or by nothing where it is about none: how often each reason was given. */
  readonly reasons: ReadonlyMap<
    string,
    {readonly reason: string; readonly finding: string | null; readonly count: number}
  >
}

export const findingOf = (of: string, id: string): string => `${of}/${id}`

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): which findings are kept apart must depend on nothing but their names. */
const hashOf = (text: string): number =>
  Array.from(text, (letter) => letter.codePointAt(0) ?? 0).reduce(
    (hash, code) => Math.imul(hash ^ code, 0x01000193) >>> 0,
    0x811c9dc5,
  )

/** With fewer, a search can spare none. */
const fewest = 25
const part = 6

/**
 * Findings of a case that no search learns from: one of six where there are at least twenty-five. Only the comparison at the end looks at them.
 */
export function reservedIn(outcomes: Evaluation['outcomes']): ReadonlySet<string> {
  if (outcomes.length < fewest) return new Set()
  const byHash = outcomes.map(({id}) => id).toSorted((a, b) => hashOf(a) - hashOf(b) || (a < b ? -1 : 1))
  return new Set(byHash.slice(0, Math.floor(outcomes.length / part)))
}

/** With so many findings of one need, half of them are not shown to whoever writes a rule: it has to help with those too. */
const halvedFrom = 4

/** The findings of a need that whoever writes rules is told of. */
export function shownOf({findings}: Pick<Need, 'findings'>): ReadonlySet<string> {
  const half = [...findings].filter((finding) => hashOf(finding) % 2 === 0)
  return findings.size < halvedFrom || half.length === 0 ? findings : new Set(half)
}

/** A run counts as having found what has this much credit. */
const found = 0.5

/** Reasons that are this like each other are of one kind. */
const alike = 0.5

/** Without what has a digit: a reason may name what it is about. */
const wordsIn = (reason: string): ReadonlySet<string> =>
  new Set(reason.toLowerCase().match(/[\p{L}_-]{3,}(?![\p{L}\d])/gu) ?? [])

interface Gathering {
  readonly what: Need['what']
  readonly step: string | null
  readonly group: string | null
  readonly first: string
  readonly findings: Set<string>
  readonly reasons: Map<string, {readonly reason: string; readonly finding: string | null; readonly count: number}>
}

/** A group of so many findings that holds more than half of all says nothing of their kinds. */
const broadFrom = 8

/** Groups that tell kinds apart. Those of one finding do not gather, and those that hold nearly all do not part. */
function tellingGroups(runs: readonly Run[]): ReadonlySet<string> {
  const members = new Map<string, Set<string>>()
  for (const {case: of, evaluation} of runs)
    for (const {id, group} of evaluation.outcomes)
      if (group !== null) members.set(group, (members.get(group) ?? new Set()).add(findingOf(of, id)))
  const all = [...members.values()].reduce((sum, {size}) => sum + size, 0)
  const isTelling = (size: number): boolean => size > 1 && !(size >= broadFrom && size > all / 2)
  return new Set([...members].flatMap(([group, {size}]) => (isTelling(size) ? [group] : [])))
}

/** Needs that turned out to be of one kind, as one. @param rootOf the key under which they stand */
export function pooled(needs: readonly Need[], rootOf: (key: string) => string): readonly Need[] {
  const pools = new Map<string, Need>()
  for (const need of needs) {
    const root = rootOf(need.key)
    const known = pools.get(root)
    pools.set(
      root,
      known === undefined
        ? {...need, key: root}
        : {
            ...known,
            findings: new Set([...known.findings, ...need.findings]),
            reasons: new Map([...known.reasons, ...need.reasons]),
          },
    )
  }
  return [...pools.values()]
}

/** All needs of the runs; a finding belongs to one need at most for each step that lost it. */
export function needsOf(runs: readonly Run[]): readonly Need[] {
  const needs: Gathering[] = []
  const distinct = new Map(
    runs.flatMap(({evaluation}) =>
      evaluation.outcomes.flatMap(({reason}) => (reason === '' ? [] : [[reason, wordsIn(reason)] as const])),
    ),
  )
  const likeness = likenessAmong([...distinct.values()])
  const telling = tellingGroups(runs)
  const isAlike = (a: string, b: string): boolean => a === b || likeness(wordsIn(a), wordsIn(b)) >= alike
  const note = (
    what: Need['what'],
    step: string | null,
    group: string | null,
    reason: string,
    finding: string | null,
  ): void => {
    const isSame = (need: Gathering): boolean =>
      need.what === what &&
      need.step === step &&
      (what !== 'missed' ||
        (group !== null || need.group !== null ? need.group === group : isAlike(need.first, reason)))
    const known =
      (finding === null
        ? undefined
        : needs.find((need) => need.what === what && need.step === step && need.findings.has(finding))) ??
      needs.find(isSame)
    const need = known ?? {what, step, group, first: reason, findings: new Set(), reasons: new Map()}
    if (known === undefined) needs.push(need)
    if (finding !== null) need.findings.add(finding)
    const key = `${finding ?? ''} ${reason}`
    if (reason !== '') need.reasons.set(key, {reason, finding, count: (need.reasons.get(key)?.count ?? 0) + 1})
  }
  for (const {case: of, evaluation} of runs) {
    const {unreadable, outcomes, extras} = evaluation
    if (unreadable !== null) {
      note('unreadable', unreadable.step, null, unreadable.reason, null)
      continue
    }
    const reserved = reservedIn(outcomes)
    for (const {id, credit, lost, group, reason} of outcomes)
      if (credit < found && !reserved.has(id))
        note('missed', lost, group !== null && telling.has(group) ? group : null, reason, findingOf(of, id))
    for (const {step, reason} of extras) note('extra', step, null, reason, null)
  }
  return needs.map((need) => ({...need, key: keyOf(need)}))
}

/** By what was seen first: later runs add to a need and do not rename it. */
const keyOf = ({what, step, group, first}: Gathering): string =>
  `${what}/${step ?? '?'}/${what === 'missed' ? (group ?? first) : ''}`

/** Did the run get this finding past the step? null: it never came to the step. */
function passed({evaluation, case: of}: Run, finding: string, step: string | null, {steps}: Problem): number | null {
  const outcome = evaluation.outcomes.find(({id}) => findingOf(of, id) === finding)
  if (outcome === undefined) return null
  if (step === null || outcome.lost === null || outcome.credit >= found) return outcome.credit
  const [lostAt, at] = [steps.findIndex(({name}) => name === outcome.lost), steps.findIndex(({name}) => name === step)]
  return lostAt < at ? null : lostAt === at ? outcome.credit : 1
}

/** How often a run went well with regard to the need. An unreadable answer says nothing about what it might have held. */
export function countOf(need: Need, runs: readonly Run[], problem: Problem): Count {
  if (need.what === 'unreadable')
    return runs.reduce((count, {evaluation: {unreadable}}) => {
      const isBad = unreadable !== null && unreadable.step === need.step
      return addCount(count, isBad ? {good: 0, bad: 1} : {good: 1, bad: 0})
    }, noCount)
  return runs.reduce((count, run) => {
    if (run.evaluation.unreadable !== null) return count
    return [...need.findings].reduce((sum, finding) => {
      const credit = passed(run, finding, need.step, problem)
      return credit === null ? sum : addCount(sum, {good: credit, bad: 1 - credit})
    }, count)
  }, noCount)
}

/** False claims in readable runs; of one step, or of all for null. */
export function tallyOf(runs: readonly Run[], step: string | null): Tally {
  const readable = runs.filter(({evaluation}) => evaluation.unreadable === null)
  const events = readable.reduce(
    (sum, {evaluation}) => sum + evaluation.extras.filter((extra) => step === null || extra.step === step).length,
    0,
  )
  return {events, runs: readable.length}
}

/** The most frequent reasons, as whoever writes rules is shown them. */
export function evidenceOf(need: Need, most: number): readonly Evidence[] {
  const shown = shownOf(need)
  const counts = new Map<string, number>()
  for (const {reason, finding, count} of need.reasons.values())
    if (finding === null || shown.has(finding)) counts.set(reason, (counts.get(reason) ?? 0) + count)
  return [...counts]
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([reason, count]) => ({what: need.what, reason, count}))
}

/** With more of them, whoever answers mixes them up. */
const mostTogether = 4

/** Needs put together until there are no more than so many questions, if that is possible: only what is missed at one step goes together. */
export function groupsOf(needs: readonly Need[], questions: number): readonly (readonly Need[])[] {
  const size = Math.min(mostTogether, Math.ceil(needs.length / Math.max(1, questions)))
  const groups: Need[][] = []
  for (const need of needs) {
    const open = groups.find(
      ([first, ...more]) =>
        more.length + 1 < size && first?.what === 'missed' && need.what === 'missed' && first.step === need.step,
    )
    if (open === undefined) groups.push([need])
    else open.push(need)
  }
  return groups
}
