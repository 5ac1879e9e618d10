/** Whether what a search found is better, by runs that had no part in finding it. */
import {reservedIn} from './needs.ts'
import type {Evaluation} from './search.ts'

/** Old and new words on one case and one fresh replicate. */
export interface Pair {
  readonly case: string
  readonly before: Evaluation
  readonly after: Evaluation
}

/** The chance of promoting words that are not better. */
export const alpha = 0.05

/** Points of 0…10 by which a gold standard's mean may fall: below it, two means of a handful of runs are one. */
const tolerance = 0.5

/** The least gain that is worth a change of words, in points of 0…10. */
const leastGain = 0.1

export interface Gate {
  readonly promoted: boolean
  /** Mean scores, 0…10; null: nothing was compared. */
  readonly baseline: number | null
  readonly evolved: number | null
  /** One-sided; null: nothing was compared. */
  readonly pValue: number | null
  readonly pairs: number
  /** Why not, or how much better. */
  readonly verdict: string
}

/** @param planned how many pairs were to be compared */
export function decideGate(pairs: readonly Pair[], planned: number): Gate {
  const differences = pairs.flatMap(({before, after}) =>
    before.score === null || after.score === null ? [] : [after.score - before.score],
  )
  const baseline = meanOf(pairs.flatMap(({before}) => before.score ?? []))
  const evolved = meanOf(pairs.flatMap(({after}) => after.score ?? []))
  const judged = {baseline, evolved: shrunk(evolved, baseline, pairs.length), pairs: differences.length}
  const no = (verdict: string, pValue: number | null): Gate => ({...judged, promoted: false, pValue, verdict})
  if (differences.length === 0 || differences.length < planned)
    return no(`only ${differences.length} of ${planned} pairs could be compared`, null)
  const pValue = signFlip(differences)
  const gain = meanOf(differences) ?? 0
  if (pValue > alpha) return no(`the gain may be chance (p = ${pValue.toFixed(3)})`, pValue)
  if (gain < leastGain) return no(`a gain of ${gain.toFixed(2)} is not worth a change`, pValue)
  const fallen = fallenCase(pairs)
  if (fallen !== null) return no(`${fallen} is worse than before`, pValue)
  if (falls(pairs, mustIn)) return no('findings that must be found are found less often', pValue)
  if (falls(pairs, reservedOf)) return no('findings that nothing was learned from are found less often', pValue)
  return {...judged, promoted: true, pValue, verdict: `better by ${gain.toFixed(2)} points (p = ${pValue.toFixed(3)})`}
}

/** Pairs from which a share of one is taken for granted below. */
const few = 6

/**
 * As if one more pair of six, or half a pair more of twelve, had shown no gain: words that passed the test were lucky a little more often
 * than not, and six runs miss what goes wrong in one of seven.
 */
function shrunk(evolved: number | null, baseline: number | null, pairs: number): number | null {
  if (evolved === null || baseline === null) return evolved
  const more = few / Math.max(few, pairs)
  return (evolved * pairs + baseline * more) / (pairs + more)
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** Two or three runs of one case differ by chance: a case has fallen where its mean is below what that explains. */
function fallenCase(pairs: readonly Pair[]): string | null {
  const differences = pairs.flatMap(({case: of, before, after}) =>
    before.score === null || after.score === null ? [] : [{of, difference: after.score - before.score}],
  )
  const mean = meanOf(differences.map(({difference}) => difference)) ?? 0
  const spread = Math.sqrt(meanOf(differences.map(({difference}) => (difference - mean) ** 2)) ?? 0)
  const hasFallen = (name: string): boolean => {
    const own = differences.filter(({of}) => of === name).map(({difference}) => difference)
    return (meanOf(own) ?? 0) < -tolerance - spread / Math.sqrt(Math.max(1, own.length))
  }
  return [...new Set(differences.map(({of}) => of))].find(hasFallen) ?? null
}

type Picked = (evaluation: Evaluation) => readonly number[]

const mustIn: Picked = ({outcomes}) => outcomes.flatMap(({must, credit}) => (must ? [credit] : []))

const reservedOf: Picked = ({outcomes}) => {
  const reserved = reservedIn(outcomes)
  return outcomes.flatMap(({id, credit}) => (reserved.has(id) ? [credit] : []))
}

/** Is the mean credit of these findings lower than before, by more than chance explains? */
function falls(pairs: readonly Pair[], pick: Picked): boolean {
  const differences = pairs.flatMap(({before, after}) => {
    const [a, b] = [meanOf(pick(before)), meanOf(pick(after))]
    return a === null || b === null ? [] : [b - a]
  })
  const mean = meanOf(differences) ?? 0
  const spread = Math.sqrt(meanOf(differences.map((each) => (each - mean) ** 2)) ?? 0)
  return mean < -tolerance / 10 - spread / Math.sqrt(Math.max(1, differences.length))
}

const exactUpTo = 16

/**
 * One-sided sign-flip test (Fisher, The Design of Experiments, §21): of all ways to give the differences signs, the part whose sum
 * is at least this one. Exact up to sixteen pairs; above, the sums are counted on a grid of a thousandth of the largest possible sum, rounded
 * so that p is never too small by more than the grid. Fewer than five pairs cannot reach .05, as 2⁻⁴ is above it.
 *
 * @returns 0 < p ≤ 1; 1 without differences
 */
export function signFlip(differences: readonly number[]): number {
  const sizes = differences.map(Math.abs)
  const observed = differences.reduce((sum, each) => sum + each, 0)
  const whole = sizes.reduce((sum, each) => sum + each, 0)
  if (whole === 0) return 1
  return differences.length <= exactUpTo ? exactly(sizes, observed) : onGrid(sizes, observed, whole)
}

function exactly(sizes: readonly number[], observed: number): number {
  const all = 2 ** sizes.length
  let atLeast = 0
  for (let signs = 0; signs < all; signs++) {
    const sum = sizes.reduce((total, size, at) => total + ((signs >> at) & 1 ? -size : size), 0)
    if (sum >= observed - 1e-9) atLeast += 1
  }
  return atLeast / all
}

/** Units of a sum on the grid; each size is off by half a unit at most, so the threshold gives way by half a unit for each. */
function onGrid(sizes: readonly number[], observed: number, whole: number): number {
  const cells = 4000
  const steps = sizes.map((size) => Math.round((size / whole) * cells))
  const reach = steps.reduce((sum, step) => sum + step, 0)
  let chances = new Float64Array(2 * reach + 1)
  chances[reach] = 1
  for (const step of steps) {
    const next = new Float64Array(2 * reach + 1)
    chances.forEach((chance, at) => {
      if (chance === 0) return
      next[at - step] = (next[at - step] ?? 0) + chance / 2
      next[at + step] = (next[at + step] ?? 0) + chance / 2
    })
    chances = next
  }
  const from = Math.max(0, Math.ceil(reach + (observed / whole) * cells - sizes.length / 2))
  return Math.min(
    1,
    chances.slice(from).reduce((sum, chance) => sum + chance, 0),
  )
}
