/**
 * The tree-structured Parzen estimator for choices (Bergstra et al., NIPS 2011, "Algorithms for Hyper-Parameter Optimization"), multivariate and
 * with the defaults of Optuna (https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.TPESampler.html):
 * ten trials by chance, then the best of 24 drawn from what the good trials chose, by how much likelier the good are to choose it than the rest.
 */
import {drawn, drawnBy, type Random} from './randomness.ts'

export interface Trial {
  /** One position for each variable. */
  readonly choice: readonly number[]
  readonly score: number
}

const startUp = 10
const candidates = 24
/** Trials that weigh fully; older ones less, the older the less. */
const recent = 25

/** @param sizes how many choices each variable has; @param trials in the order in which they were made */
export function nextChoice(sizes: readonly number[], trials: readonly Trial[], random: Random): readonly number[] {
  if (trials.length < startUp) return sizes.map((size) => Math.floor(random() * size))
  const number = Math.min(Math.ceil(0.1 * trials.length), recent)
  const byScore = trials.map((_, at) => at).toSorted((a, b) => scoreAt(trials, b) - scoreAt(trials, a) || a - b)
  const isGood = new Set(byScore.slice(0, number))
  const [good, rest] = [true, false].map((wanted) => mixtureOf(trials.filter((_, at) => isGood.has(at) === wanted)))
  let [best, most]: [readonly number[], number] = [sizes.map(() => 0), -Infinity]
  for (let each = 0; each < candidates; each++) {
    const choice = drawnChoice(good ?? [], sizes, random)
    const gain = Math.log(likelihood(good ?? [], sizes, choice)) - Math.log(likelihood(rest ?? [], sizes, choice))
    if (gain > most) [best, most] = [choice, gain]
  }
  return best
}

const scoreAt = (trials: readonly Trial[], at: number): number => trials[at]?.score ?? -Infinity

/** What one trial chose, or nobody's choice for null: all are as likely. */
interface Kernel {
  readonly choice: readonly number[] | null
  readonly weight: number
}

function mixtureOf(trials: readonly Trial[]): readonly Kernel[] {
  const old = trials.length - recent
  const weightOf = (at: number): number =>
    at >= old ? 1 : 1 / trials.length + (at * (1 - 1 / trials.length)) / Math.max(1, old - 1)
  return [...trials.map(({choice}, at) => ({choice, weight: weightOf(at)})), {choice: null, weight: 1}]
}

/** The chance of one position: a kernel takes its own, but for an even share of one among all kernels. */
function chanceOf(
  kernels: readonly Kernel[],
  {choice}: Kernel,
  variable: number,
  size: number,
  position: number,
): number {
  const share = 1 / kernels.length
  return choice === null ? 1 / size : (share + (choice[variable] === position ? 1 : 0)) / (share * size + 1)
}

function likelihood(kernels: readonly Kernel[], sizes: readonly number[], choice: readonly number[]): number {
  const whole = kernels.reduce((sum, {weight}) => sum + weight, 0)
  return kernels.reduce((sum, kernel) => {
    const chances = sizes.map((size, at) => chanceOf(kernels, kernel, at, size, choice[at] ?? 0))
    return sum + (kernel.weight / whole) * chances.reduce((product, chance) => product * chance, 1)
  }, 0)
}

function drawnChoice(kernels: readonly Kernel[], sizes: readonly number[], random: Random): readonly number[] {
  const kernel = drawnBy(kernels, ({weight}) => weight, random) ?? {choice: null, weight: 1}
  return sizes.map((size, variable) => {
    const positions = Array.from({length: size}, (_, at) => at)
    const chance = (position: number): number => chanceOf(kernels, kernel, variable, size, position)
    return drawnBy(positions, chance, random) ?? drawn(positions, random) ?? 0
  })
}
