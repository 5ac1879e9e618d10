/** What a rule is worth, from runs with it and runs without it. */

/** How often something went well and badly; parts of one count. */
export interface Count {
  readonly good: number
  readonly bad: number
}

export const addCount = (a: Count, b: Count): Count => ({good: a.good + b.good, bad: a.bad + b.bad})
export const noCount: Count = {good: 0, bad: 0}

/** Mean of Beta(1, 1) after the count. */
export const rateOf = ({good, bad}: Count): number => (good + 1) / (good + bad + 2)

const cells = 40
const grid: readonly number[] = Array.from({length: cells}, (_, at) => (at + 0.5) / cells)

/**
 * The chance that a rule helps: without it things go well at some rate; if it helps, with it they do at any higher rate alike,
 * if not at the same. Both rates are unknown, so they are integrated over (Jeffreys' test of two rates with a one-sided alternative).
 *
 * @param prior chance that it helps before anything was seen, 0…1
 * @param leastOf the least rate with it, by the rate without: a smaller gain would take more runs to see than anybody pays for
 * @returns 0…1
 */
export function chanceOfHelp(without: Count, withIt: Count, prior: number, leastOf: (rate: number) => number): number {
  let [same, better] = [0, 0]
  for (const rate of grid) {
    const weight = likelihood(rate, {good: without.good + 0.25, bad: without.bad + 0.5})
    const higher = grid.filter((each) => each > leastOf(rate))
    const uplifted =
      higher.length === 0 ? 0 : higher.reduce((sum, each) => sum + likelihood(each, withIt), 0) / higher.length
    same += weight * likelihood(rate, withIt)
    better += weight * uplifted
  }
  const [helps, not] = [prior * better, (1 - prior) * same]
  return helps + not === 0 ? prior : helps / (helps + not)
}

const likelihood = (rate: number, {good, bad}: Count): number => rate ** good * (1 - rate) ** bad

/** Events in runs, as false claims are: there is no number of possible ones. */
export interface Tally {
  readonly events: number
  readonly runs: number
}

/**
 * The chance that the rate of events is `factor` times what it was without, against that it is the same; for a factor above 1 more, below 1 less.
 * Rates are Gamma, events Poisson: both sides are negative binomial.
 */
export const chanceOfRate = (without: Tally, withIt: Tally, factor: number, prior: number): number =>
  chanceOfRates(without, withIt, [{factor, part: 1}], prior)

/**
 * The same for at least this factor. Where there were no events without, the rate may as well be sixteen times as high, and then twice as
 * high explains what is seen no better than the same.
 */
export const chanceOfMore = (without: Tally, withIt: Tally, least: number, prior: number): number =>
  chanceOfRates(
    without,
    withIt,
    [
      {factor: least, part: 0.7},
      {factor: 2 * least, part: 0.1},
      {factor: 4 * least, part: 0.1},
      {factor: 8 * least, part: 0.1},
    ],
    prior,
  )

interface Rival {
  readonly factor: number
  /** Of all rivals, 0…1. */
  readonly part: number
}

function chanceOfRates(without: Tally, withIt: Tally, rivals: readonly Rival[], prior: number): number {
  const [shape, scale] = [without.events + 0.5, without.runs + 0.5]
  const mean = shape / scale
  const same = logMarginal(shape, scale, withIt)
  const bayesFactor = rivals.reduce((sum, {factor, part}) => {
    const other = logMarginal(2, 2 / (mean * factor), withIt)
    return sum + part * Math.exp(Math.min(50, Math.max(-50, other - same)))
  }, 0)
  const odds = bayesFactor * (prior / (1 - prior))
  return odds / (1 + odds)
}

const logMarginal = (shape: number, scale: number, {events, runs}: Tally): number =>
  logGamma(shape + events) -
  logGamma(shape) +
  shape * Math.log(scale / (scale + runs)) -
  events * Math.log(scale + runs)

/** Stirling's series after a shift above 8 (Abramowitz and Stegun 6.1.41): relative error below 1e-10 for x > 0. */
export function logGamma(x: number): number {
  let [shift, at] = [0, x]
  while (at < 8) {
    shift -= Math.log(at)
    at += 1
  }
  const inverse = 1 / (at * at)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / at
  return shift + (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series
}

/** Mean difference of two rates and its interval of 90 % (normal, with Agresti and Caffo's one more of each). */
export function effectOf(
  without: Count,
  withIt: Count,
): {readonly effect: number; readonly interval: readonly [number, number]} {
  const [before, after] = [rateOf(without), rateOf(withIt)]
  const spread = (count: Count, rate: number): number => (rate * (1 - rate)) / (count.good + count.bad + 2)
  const half = 1.645 * Math.sqrt(spread(without, before) + spread(withIt, after))
  const effect = after - before
  return {effect, interval: [Math.max(-1, effect - half), Math.min(1, effect + half)]}
}

/** Standard errors (Welch's) by which the first have the higher mean; 0 with fewer than two of either. */
export function sureness(first: readonly number[], second: readonly number[]): number {
  if (first.length < 2 || second.length < 2) return 0
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1)
  const error = Math.sqrt(variance(first) / first.length + variance(second) / second.length)
  return (mean(first) - mean(second)) / Math.max(error, 0.01)
}
