/** What the rows of the benchmark have in common (scoring research §4.1): a row says what it measured and whether that will do. */
import type {Case} from './golds.ts'

export interface Measured {
  /** For a table and for whoever reads a failed test. */
  readonly shown: string
  readonly ok: boolean
}

export interface Row {
  readonly id: string
  readonly what: string
  readonly target: string
  /** null: this gold standard has nothing to measure it on. */
  readonly measure: (given: Case) => Measured | null
}

export const two = (value: number): string => value.toFixed(2)
export const list = (values: readonly number[]): string => values.map(two).join(' ')

export const isFalling = (scores: readonly number[]): boolean =>
  scores.every((score, at) => at === 0 || score < (scores[at - 1] ?? 0))

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Rank correlation, ties at their mean rank. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (values: readonly number[]): readonly number[] => {
    const sorted = values.toSorted((x, y) => x - y)
    return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2)
  }
  const [x, y] = [ranks(a), ranks(b)]
  const [mx, my] = [mean(x), mean(y)]
  const sum = (each: (at: number) => number): number => x.reduce((total, _, at) => total + each(at), 0)
  const [dx, dy] = [(at: number) => (x[at] ?? 0) - mx, (at: number) => (y[at] ?? 0) - my]
  return sum((at) => dx(at) * dy(at)) / Math.sqrt(sum((at) => dx(at) ** 2) * sum((at) => dy(at) ** 2))
}

/** How often a true one lies above a false one; a tie counts half. */
export function auc(yes: readonly number[], no: readonly number[]): number {
  const wins = yes.reduce(
    (sum, one) => sum + no.reduce((won, other) => won + (one > other ? 1 : one === other ? 0.5 : 0), 0),
    0,
  )
  return wins / (yes.length * no.length)
}
