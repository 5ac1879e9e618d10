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

/**
 * Of the planned pairs, at least. A budget that ends early chooses no pairs: what was spent before does not depend on which of two runs
 * is called the new one, so the test stays exact.
 */
const enough = 0.6

/** @param planned how many pairs were to be compared */
export function decideGate(pairs: readonly Pair[], planned: number): Gate {
  const differences = pairs.flatMap(({before, after}) =>
    before.score === null || after.score === null ? [] : [after.score - before.score],
  )
  const baseline = meanOf(pairs.flatMap(({before}) => before.score ?? []))
  const evolved = meanOf(pairs.flatMap(({after}) => after.score ?? []))
  const judged = {baseline, evolved: shrunk(evolved, baseline, pairs.length), pairs: differences.length}
  const no = (verdict: string, pValue: number | null): Gate => ({...judged, promoted: false, pValue, verdict})
  if (differences.length === 0 || differences.length < enough * planned)
    return no(
      `only ${differences.length} of ${planned} pairs could be compared, because runs failed or the budget ended; the same command with a higher one goes on`,
      null,
    )
  const pValue = permutationTest(strataOf(pairs))
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

/** Scores of one gold standard; as many before as after. */
export interface Stratum {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

const strataOf = (pairs: readonly Pair[]): readonly Stratum[] =>
  [...new Set(pairs.map(({case: of}) => of))].map((name) => {
    const own = pairs.flatMap(({case: of, before, after}) =>
      of !== name || before.score === null || after.score === null ? [] : [{before: before.score, after: after.score}],
    )
    return {before: own.map(({before}) => before), after: own.map(({after}) => after)}
  })

/** Ways to part the scores that are counted one by one; more are counted by their sums. */
const mostWays = 100_000

/**
 * One-sided exact permutation test within each gold standard: of all ways to call half of its runs new, the part whose sum of new scores is
 * at least this one. With one pair for each it is the sign-flip test (Fisher, The Design of Experiments, §21); with several, runs of one gold
 * standard differ by nothing but the words, so nothing ties them in pairs, and all of their ways count: five pairs of one gold standard
 * reach 1 in 252 where signs reach 1 in 32, and stand one answer that cannot be read. Fewer than five pairs of five gold standards
 * cannot reach .05, as 2⁻⁴ is above it.
 *
 * @returns 0 < p ≤ 1; 1 without differences. Above a hundred thousand ways sums are counted on a grid and rounded so that p is
 *   never too small.
 */
export function permutationTest(strata: readonly Stratum[]): number {
  const all = strata.flatMap(({before, after}) => [...before, ...after])
  const range = Math.max(...all, 0) - Math.min(...all, 0)
  if (range === 0) return 1
  const ways = strata.reduce((product, {after}) => product * choose(2 * after.length, after.length), 1)
  return ways <= mostWays ? exactly(strata) : onGrid(strata, range)
}

const choose = (of: number, taken: number): number =>
  Array.from({length: taken}, (_, at) => (of - at) / (taken - at)).reduce((product, factor) => product * factor, 1)

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Sums of all choices of so many of the values. */
function sumsOf(values: readonly number[], taken: number): readonly number[] {
  const byCount: number[][] = Array.from({length: taken + 1}, (_, count) => (count === 0 ? [0] : []))
  for (const value of values)
    for (let count = taken; count > 0; count--)
      for (const sum of byCount[count - 1] ?? []) byCount[count]?.push(sum + value)
  return byCount[taken] ?? []
}

function exactly(strata: readonly Stratum[]): number {
  const observed = sumOf(strata.flatMap(({after}) => after))
  const sums = strata.reduce<readonly number[]>(
    (all, {before, after}) => {
      const own = sumsOf([...before, ...after], after.length)
      return all.length === 1 ? own : all.flatMap((sum) => own.map((each) => sum + each))
    },
    [0],
  )
  return sums.filter((sum) => sum >= observed - 1e-9).length / sums.length
}

/** Cells for the widest score; each of the values that are summed is off by half a cell at most, so the threshold gives way by as much. */
const cells = 1000

/** The chances of each sum when so many of the values are added to a sum of these chances, all choices alike. */
function drawnOnto(chances: Float64Array, values: readonly number[], taken: number): Float64Array {
  const width = chances.length + taken * cells
  // row: how many of the values are taken so far
  const rows = Array.from({length: taken + 1}, () => new Float64Array(width))
  rows[0]?.set(chances)
  const add = (value: number, from: Float64Array, to: Float64Array): void => {
    for (let at = width - 1; at >= value; at--) to[at] = (to[at] ?? 0) + (from[at - value] ?? 0)
  }
  for (const value of values)
    for (let row = taken; row > 0; row--) add(value, rows[row - 1] ?? chances, rows[row] ?? chances)
  const ways = choose(values.length, taken)
  return (rows[taken] ?? chances).map((count) => count / ways)
}

function onGrid(strata: readonly Stratum[], range: number): number {
  const least = Math.min(0, ...strata.flatMap(({before, after}) => [...before, ...after]))
  const toCells = (score: number): number => Math.round(((score - least) / range) * cells)
  const chances = strata.reduce<Float64Array>(
    (known, {before, after}) => drawnOnto(known, [...before, ...after].map(toCells), after.length),
    Float64Array.of(1),
  )
  const after = strata.flatMap(({after: scores}) => scores)
  const observed = after.reduce((sum, score) => sum + ((score - least) / range) * cells, 0)
  const from = Math.max(0, Math.ceil(observed - after.length / 2 - 1e-6))
  return Math.min(
    1,
    chances.slice(from).reduce((sum, chance) => sum + chance, 0),
  )
}
