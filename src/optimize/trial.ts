/** Rules on trial: what a search by rules knows, and how it looks at it. */
import {needsOf, pooled, type Need, type Run} from './needs.ts'
import type {Rule} from './rules.ts'

export interface Trial extends Rule {
  readonly need: string
  /** Needs that it was asked for together with others, until runs have shown which of them it is about; empty: it was asked for one. */
  readonly among: readonly string[]
  readonly round: number
  /** `parked`: whatever it does, it does it to more than its need; it is compared as a whole at the end. */
  readonly status: 'trial' | 'kept' | 'dropped' | 'parked'
  /** How often it was offered for its need: a writer that comes back to it means it. */
  readonly offered: number
  /** It was looked at by itself and brings no false claims. */
  readonly isCleared: boolean
  /** Findings that whoever wrote it was told of. */
  readonly from: ReadonlySet<string>
  /** How often it was offered against other failures. */
  readonly general: number
  readonly chance: number
}

export interface State {
  readonly rules: readonly Trial[]
  readonly runs: readonly Run[]
  /** Needs that one rule was offered for, each with the one that it is of a kind with, and the rule. */
  readonly joined: ReadonlyMap<string, {readonly with: string; readonly by: string}>
  /** How often a rule was asked for, by need. */
  readonly asked: ReadonlyMap<string, number>
  readonly round: number
  /** The first search has come to its end. */
  readonly isThorough: boolean
}

export function rootOf({joined}: State, key: string): string {
  let root = key
  for (let next = joined.get(root); next !== undefined; next = joined.get(root)) root = next.with
  return root
}

export const needsIn = (state: State): readonly Need[] => pooled(needsOf(state.runs), (key) => rootOf(state, key))

export const isFor = (state: State, {need}: Pick<Trial, 'need'>, key: string): boolean => rootOf(state, need) === key

export const isOn = ({status}: Trial): boolean => status === 'trial' || status === 'kept'

export const sorted = (ids: ReadonlySet<string>): string => [...ids].toSorted().join(' ')
export const idsOf = (rules: readonly Rule[]): string => sorted(new Set(rules.map(({id}) => id)))

/** Runs that no parked rule or such as brings false claims takes part in: there every other rule seems to do what that one does. */
export const cleanRuns = ({runs, rules}: State): readonly Run[] => {
  const tainted = rules.filter(({status}) => status === 'parked').map(({id}) => id)
  return runs.filter((run) => !tainted.some((id) => run.rules.has(id)))
}

export const without = (runs: readonly Run[], ids: readonly string[]): readonly Run[] =>
  runs.filter(({rules}) => !ids.some((id) => rules.has(id)))
export const withIt = (runs: readonly Run[], id: string): readonly Run[] => runs.filter(({rules}) => rules.has(id))
