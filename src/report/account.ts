/** What the log of a search amounts to, for all that is shown of it: candidates, rules, findings and what they took. */
import {estimate, meanOf, type Estimate} from '../score/sampling.ts'
import type {Untrusted} from '../trust.ts'

export interface Spent {
  readonly calls: number
  readonly tokens: number
  readonly usd: number | null
}

/** null: no limit. */
export interface Limits {
  readonly calls: number | null
  readonly tokens: number | null
  readonly usd: number | null
}

/** As optimizers tell it; report stands to their left and knows only what it shows. */
export type Story =
  | {readonly kind: 'note'; readonly code: string; readonly message: Untrusted}
  | {
      readonly kind: 'tried'
      readonly candidate: Untrusted
      readonly parents: readonly Untrusted[]
      readonly case: Untrusted
      readonly replicate: number
      readonly score: number | null
      readonly credits: Readonly<Record<string, number>>
      readonly spent: Spent
    }
  | {
      readonly kind: 'proposed'
      readonly rule: Untrusted
      readonly step: Untrusted
      readonly text: Untrusted
      readonly cause: Untrusted
    }
  | {readonly kind: 'refused'; readonly step: Untrusted; readonly text: Untrusted; readonly why: Untrusted}
  | {
      readonly kind: 'judged'
      readonly rule: Untrusted
      readonly verdict: 'kept' | 'dropped'
      readonly effect: number | null
      readonly interval: readonly [number, number] | null
    }
  | {readonly kind: 'demonstration'; readonly case: Untrusted; readonly steps: readonly Untrusted[]}
  | {
      readonly kind: 'gate'
      readonly pairs: number
      readonly baseline: number | null
      readonly evolved: number | null
      readonly p_value: number | null
      readonly verdict: Untrusted
    }

export interface Evolution {
  readonly pipeline: Untrusted
  readonly optimizer: string
  readonly promoted: boolean
  /** Mean scores of the comparison at the end, 0…10; null: not measured. */
  readonly baseline: number | null
  readonly best: number | null
  /** null: not tested. */
  readonly p_value: number | null
  readonly spent: Spent
  readonly limits: Limits
  readonly seed: number
  /** Digest of all that the search depends on. */
  readonly about: string
  readonly log: readonly Story[]
  /** `step/text` → words. */
  readonly before: Readonly<Record<string, string>>
  /** Those that changed; null: nothing was proposed. */
  readonly after: Readonly<Record<string, string>> | null
}

export type Tried = Extract<Story, {kind: 'tried'}>
export type Gate = Extract<Story, {kind: 'gate'}>

export const triedIn = (log: readonly Story[]): readonly Tried[] => log.filter((story) => story.kind === 'tried')

export const gateOf = (log: readonly Story[]): Gate | null => log.findLast((story) => story.kind === 'gate') ?? null

/** A search never comes so far: from here on replicates are the comparison's at the end. */
const fresh = 1_000_000
export const isCompared = ({replicate}: Pick<Tried, 'replicate'>): boolean => replicate >= fresh

/** The words of the pipeline as it is. */
const origin = 'seed'

export interface Candidate {
  readonly name: Untrusted
  /** All others began as the pipeline as it is, where nothing else is said of them. */
  readonly parents: readonly Untrusted[]
  readonly runs: readonly Tried[]
  /** Of all its runs; null: none had a score. */
  readonly score: Estimate | null
}

/** In order of appearance. */
export function candidatesOf(log: readonly Story[]): readonly Candidate[] {
  const runs = new Map<string, Tried[]>()
  for (const story of triedIn(log)) {
    const own = runs.get(story.candidate)
    if (own === undefined) runs.set(story.candidate, [story])
    else own.push(story)
  }
  return [...runs].map(([name, own]) => ({name, parents: parentsOf(name, own), runs: own, score: scoreOf(own)}))
}

/** Those that were named first: the comparison names the pipeline as it is, whatever came between. */
function parentsOf(name: string, runs: readonly Tried[]): readonly string[] {
  if (name === origin) return []
  const said = runs.map(({parents}) => parents.filter((parent) => parent !== name)).find((some) => some.length > 0)
  return [...new Set(said ?? [origin])]
}

function scoreOf(runs: readonly Tried[]): Estimate | null {
  const scored = runs.flatMap(({case: of, score}) => (score === null ? [] : [{of, score}]))
  const cases = [...new Set(scored.map(({of}) => of))]
  return estimate(cases.map((name) => scored.flatMap(({of, score}) => (of === name ? [score] : []))))
}

/** The one that was compared with the pipeline as it is. */
export const evolvedAmong = (candidates: readonly Candidate[]): Candidate | null =>
  candidates.find(({name, runs}) => name !== origin && runs.some(isCompared)) ?? null

/**
 * The pipeline as it is, what was compared with it and whatever that came from, then those with the best means; in order of
 * appearance.
 */
export function mostTelling(candidates: readonly Candidate[], most: number): readonly Candidate[] {
  if (candidates.length <= most) return candidates
  const byName = new Map(candidates.map((candidate) => [candidate.name, candidate]))
  const chain = new Set<Candidate>([...listOf(byName.get(origin)), ...listOf(evolvedAmong(candidates))])
  // grows while it is read
  for (const {parents} of chain)
    for (const name of parents) for (const parent of listOf(byName.get(name))) chain.add(parent)
  const rest = candidates.toSorted((a, b) => (b.score?.mean ?? -1) - (a.score?.mean ?? -1))
  const taken = new Set([...new Set([...chain, ...rest])].slice(0, most))
  return candidates.filter((candidate) => taken.has(candidate))
}

const listOf = <T>(item: T | null | undefined): readonly T[] => (item === null || item === undefined ? [] : [item])

export interface Leader {
  readonly run: Tried
  /** The best candidate after this run. */
  readonly name: Untrusted
  readonly score: Estimate
}

interface Standing {
  readonly name: string
  /** Scores by case. */
  readonly cases: Map<string, number[]>
  score: Estimate | null
}

/** Takes a run in; whoever has it is returned. Runs of the comparison are none of the search. */
function enter(standings: Map<string, Standing>, run: Tried): Standing | null {
  if (run.score === null || isCompared(run)) return null
  const own = standings.get(run.candidate) ?? {name: run.candidate, cases: new Map<string, number[]>(), score: null}
  standings.set(run.candidate, own)
  const scores = own.cases.get(run.case)
  if (scores === undefined) own.cases.set(run.case, [run.score])
  else scores.push(run.score)
  return own
}

const estimated = ({cases}: Standing): Estimate | null => estimate([...cases.values()])

/** Among those that were tried on the most cases: one case is easier than another. */
function bestOf(standings: ReadonlyMap<string, Standing>): Standing | null {
  let best: Standing | null = null
  for (const each of standings.values()) {
    const further = each.cases.size - (best?.cases.size ?? 0)
    if (further > 0 || (further === 0 && (each.score?.mean ?? 0) > (best?.score?.mean ?? 0))) best = each
  }
  return best
}

/** After each scored run of the search, which candidate leads. */
export function leadersOf(log: readonly Story[]): readonly Leader[] {
  const standings = new Map<string, Standing>()
  return triedIn(log).flatMap((run) => {
    const own = enter(standings, run)
    if (own === null) return []
    own.score = estimated(own)
    const best = bestOf(standings)
    return best === null || best.score === null ? [] : [{run, name: best.name, score: best.score}]
  })
}

/** Which candidate leads now; null: nothing was scored. */
export function leaderOf(log: readonly Story[]): Omit<Leader, 'run'> | null {
  const standings = new Map<string, Standing>()
  for (const run of triedIn(log)) enter(standings, run)
  for (const each of standings.values()) each.score = estimated(each)
  const best = bestOf(standings)
  return best === null || best.score === null ? null : {name: best.name, score: best.score}
}

export type RuleState = 'kept' | 'dropped' | 'set aside' | 'not judged'

export interface Rule {
  readonly id: Untrusted
  readonly step: Untrusted
  readonly text: Untrusted
  readonly cause: Untrusted
  readonly effect: number | null
  readonly interval: readonly [number, number] | null
  readonly state: RuleState
}

/** Those that were kept first; the last verdict on a rule holds. */
export function rulesOf({log, after}: Pick<Evolution, 'log' | 'after'>): readonly Rule[] {
  const verdicts = new Map(log.flatMap((story) => (story.kind === 'judged' ? [[story.rule, story] as const] : [])))
  const proposed = new Map(log.flatMap((story) => (story.kind === 'proposed' ? [[story.rule, story] as const] : [])))
  const rules = [...proposed.values()].map(({rule: id, step, text, cause}): Rule => {
    const {effect = null, interval = null, verdict = null} = verdicts.get(id) ?? {}
    const isIn = Object.entries(after ?? {}).some(([key, words]) => stepOf(key) === step && words.includes(text))
    const state = isIn ? 'kept' : verdict === 'kept' && after !== null ? 'set aside' : (verdict ?? 'not judged')
    return {id, step, text, cause, effect, interval, state}
  })
  return [...rules.filter(({state}) => state === 'kept'), ...rules.filter(({state}) => state !== 'kept')]
}

const stepOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))

export interface Part {
  readonly what: 'search' | 'comparison' | 'together'
  readonly runs: number
  readonly spent: Spent
}

/** What the search took until its last run, what came after it, and the sum. */
export function partsOf({log, spent}: Pick<Evolution, 'log' | 'spent'>): readonly Part[] {
  const tried = triedIn(log)
  const compared = tried.filter(isCompared)
  const whole: Part = {what: 'together', runs: tried.length, spent}
  const before = tried.findLast((run) => !isCompared(run))
  if (compared.length === 0 || before === undefined) return [whole]
  const left = (all: number, part: number): number => Math.max(0, all - part)
  const rest: Spent = {
    calls: left(spent.calls, before.spent.calls),
    tokens: left(spent.tokens, before.spent.tokens),
    usd: spent.usd === null || before.spent.usd === null ? null : left(spent.usd, before.spent.usd),
  }
  return [
    {what: 'search', runs: tried.length - compared.length, spent: before.spent},
    {what: 'comparison', runs: compared.length, spent: rest},
    whole,
  ]
}

export interface Finding {
  readonly case: Untrusted
  readonly id: Untrusted
  /** By the candidates' names. */
  readonly credits: ReadonlyMap<string, {readonly mean: number; readonly runs: number}>
}

/** What became of each finding with each of the candidates; in order of appearance, case by case. */
export function findingsOf(candidates: readonly Candidate[]): readonly Finding[] {
  const cases = new Map<string, Map<string, Map<string, number[]>>>()
  for (const {name, runs} of candidates)
    for (const {case: of, credits} of runs) {
      const findings = cases.get(of) ?? new Map<string, Map<string, number[]>>()
      cases.set(of, findings)
      for (const [id, credit] of Object.entries(credits)) {
        const own = findings.get(id) ?? new Map<string, number[]>()
        findings.set(id, own.set(name, [...(own.get(name) ?? []), credit]))
      }
    }
  return [...cases].flatMap(([of, findings]) =>
    [...findings].map(([id, own]) => ({
      case: of,
      id,
      credits: new Map([...own].map(([name, credits]) => [name, {mean: meanOf(credits), runs: credits.length}])),
    })),
  )
}

export interface Pair {
  readonly case: Untrusted
  readonly before: number
  readonly after: number
}

/** What the comparison measured, by case and replicate; a run without a score has no pair. */
export function pairsOf(log: readonly Story[]): readonly Pair[] {
  const scored = triedIn(log).filter((run) => isCompared(run) && run.score !== null)
  const keyOf = ({case: of, replicate}: Tried): string => `${replicate} ${of}`
  const before = new Map(scored.flatMap((run) => (run.candidate === origin ? [[keyOf(run), run.score] as const] : [])))
  return scored.flatMap((run) => {
    const other = before.get(keyOf(run))
    if (run.candidate === origin || run.score === null || typeof other !== 'number') return []
    return [{case: run.case, before: other, after: run.score}]
  })
}

/** Notes of the search, in words; what the verdict says already is left out. */
export function notesOf(log: readonly Story[]): readonly string[] {
  const refused = new Map<string, number>()
  for (const story of log) if (story.kind === 'refused') refused.set(story.why, (refused.get(story.why) ?? 0) + 1)
  const notes = log.flatMap((story) => {
    if (story.kind === 'demonstration')
      return [`A run on ${story.case} is shown as an example in ${story.steps.join(', ')}.`]
    return story.kind === 'note' && !['promoted', 'not-proven'].includes(story.code) ? [story.message] : []
  })
  const counted = new Map<string, number>()
  for (const note of notes) counted.set(note, (counted.get(note) ?? 0) + 1)
  return [
    ...[...counted].map(([note, times]) => (times === 1 ? note : `${note} (${times} times)`)),
    ...[...refused].map(
      ([why, times]) => `${times} ${times === 1 ? 'proposal was' : 'proposals were'} refused: ${why}.`,
    ),
  ]
}
