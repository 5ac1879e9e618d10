/** Means of a few noisy scores: how sure they are, and what may be decided by them. */

/** Scores of one case, at least one. */
export type Samples = readonly number[]

export interface Estimate {
  /** Of the means of the cases, so that a case with more samples counts no more than another. */
  readonly mean: number
  /** 90 %, two-sided; null: with one sample each, nothing is known about the noise. */
  readonly interval: readonly [low: number, high: number] | null
}

/** The noise of judged scores is not believed to be smaller than this, in points, whatever a few samples say. */
const leastSd = 0.15

/** 0.95 quantiles of Student's t for 1, 2, 3 … degrees of freedom (any table, as NIST's: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm). */
const quantiles = [
  6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.74,
  1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
]
const quantile = (freedom: number): number => quantiles[freedom - 1] ?? 1.697

export const meanOf = (values: Samples): number => values.reduce((sum, value) => sum + value, 0) / values.length

interface Spread {
  readonly mean: number
  readonly freedom: number
  /** Of the mean; 0 where nothing is known. */
  readonly variance: number
}

/** The noise within the cases is pooled: they differ in what they ask, hardly in how the same model sways. */
function spreadOf(cases: readonly Samples[]): Spread {
  const freedom = cases.reduce((sum, samples) => sum + samples.length - 1, 0)
  const squares = cases.reduce((sum, samples) => {
    const mean = meanOf(samples)
    return sum + samples.reduce((total, value) => total + (value - mean) ** 2, 0)
  }, 0)
  const pooled = freedom === 0 ? 0 : Math.max(leastSd ** 2, squares / freedom)
  const variance = (pooled * cases.reduce((sum, {length}) => sum + 1 / length, 0)) / cases.length ** 2
  return {mean: meanOf(cases.map(meanOf)), freedom, variance}
}

const around = (middle: number, half: number): readonly [number, number] => [middle - half, middle + half]

/** null: there is no case. */
export function estimate(cases: readonly Samples[]): Estimate | null {
  if (cases.length === 0) return null
  const {mean, freedom, variance} = spreadOf(cases)
  if (freedom === 0) return {mean, interval: null}
  const [low, high] = around(mean, quantile(freedom) * Math.sqrt(variance))
  return {mean, interval: [Math.max(0, low), Math.min(10, high)]}
}

/** `now` minus `before`, paired by case; the interval is ±0 where neither side was sampled twice. null: they share no case. */
export function difference(pairs: readonly {readonly now: Samples; readonly before: Samples}[]): Estimate | null {
  if (pairs.length === 0) return null
  const [now, before] = [spreadOf(pairs.map((pair) => pair.now)), spreadOf(pairs.map((pair) => pair.before))]
  const mean = now.mean - before.mean
  const freedom = now.freedom + before.freedom
  const half = freedom === 0 ? 0 : quantile(freedom) * Math.sqrt(now.variance + before.variance)
  return {mean, interval: around(mean, half)}
}

export type Side = 'above' | 'below' | 'unclear'

/** On which side of the threshold the whole interval is. */
export function sideOf({mean, interval}: Estimate, threshold: number): Side {
  const [low, high] = interval ?? [mean, mean]
  return low >= threshold ? 'above' : high < threshold ? 'below' : 'unclear'
}
