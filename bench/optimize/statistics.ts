/** What few numbers tell. */

export interface Summary {
  readonly mean: number
  /** Standard error; null: one number has none. */
  readonly error: number | null
  readonly count: number
}

export interface Paired extends Summary {
  /** With 95 % the true mean difference is not below; null: one pair says nothing. */
  readonly least: number | null
  readonly wins: number
}

/** null: there are none. */
export function summaryOf(values: readonly number[]): Summary | null {
  const count = values.length
  if (count === 0) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count === 1) return {mean, error: null, count}
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  return {mean, error: Math.sqrt(variance / count), count}
}

/** Of differences between two in the same worlds, one-sided, after Student. null: there are none. */
export function pairedOf(differences: readonly number[]): Paired | null {
  const summary = summaryOf(differences)
  if (summary === null) return null
  const {mean, error, count} = summary
  const least = error === null ? null : mean - studentQuantile(0.95, count - 1) * error
  return {...summary, least, wins: differences.filter((each) => each > 0).length}
}

/** The largest chance at which so few in so many are still seen once in twenty times (Clopper and Pearson 1934, one-sided). */
export function clopperPearson(few: number, many: number): number {
  if (few >= many) return 1
  return solved((chance) => 0.05 - binomialTail(few, many, chance))
}

/** That a binomial number is `few` at most. */
function binomialTail(few: number, many: number, chance: number): number {
  let [term, sum] = [(1 - chance) ** many, 0]
  for (let number = 0; number <= few; number++) {
    sum += term
    term *= ((many - number) / (number + 1)) * (chance / (1 - chance))
  }
  return sum
}

/** Below it lies this part of Student's distribution. @param part 0.5 < part < 1 */
export function studentQuantile(part: number, freedom: number): number {
  // one half of the distribution, seen from 0…1
  const angle = solved((share) => studentBelow(Math.tan((share * Math.PI) / 2), freedom) - part)
  return Math.tan((angle * Math.PI) / 2)
}

/** By Simpson's rule over the angle whose tangent is t/√ν: there the density is a power of the cosine. */
function studentBelow(t: number, freedom: number): number {
  const density = (angle: number): number => Math.cos(angle) ** (freedom - 1)
  const end = Math.atan(t / Math.sqrt(freedom))
  return 0.5 + (0.5 * simpson(density, end)) / simpson(density, Math.PI / 2)
}

const slices = 400

function simpson(of: (x: number) => number, end: number): number {
  const step = end / slices
  const sum = Array.from({length: slices + 1}, (_, at) => {
    const weight = at === 0 || at === slices ? 1 : at % 2 === 1 ? 4 : 2
    return weight * of(at * step)
  }).reduce((all, each) => all + each, 0)
  return (sum * step) / 3
}

/** Where a growing function passes 0, between 0 and 1. */
function solved(of: (x: number) => number): number {
  let [low, high] = [0, 1]
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2
    if (of(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
