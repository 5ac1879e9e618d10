/** Chance without a memory: a stream is named by its seed, round, lane and purpose, so that resuming needs no state of it. */

/** 0 ≤ next < 1 */
export type Random = () => number

/** sha-256, hex. */
export type Digest = (text: string) => string

/** sfc32 (Chris Doty-Humphrey, PractRand; https://pracrand.sourceforge.net/RNG_engines.txt), seeded with 96 bits of the name's digest. */
export function randomOf(digest: Digest, seed: number, purpose: string, round = 0, lane = 0): Random {
  const hex = digest(JSON.stringify([seed, purpose, round, lane]))
  const word = (at: number): number => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16) | 0
  let [a, b, c, counter] = [word(0), word(1), word(2), 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4294967296
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

/** Fisher and Yates. */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const all = [...items]
  for (let last = all.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1))
    const [a, b] = [all[last], all[at]]
    if (a !== undefined && b !== undefined) [all[last], all[at]] = [b, a]
  }
  return all
}

/** undefined: there is none. */
export const drawn = <T>(items: readonly T[], random: Random): T | undefined =>
  items[Math.floor(random() * items.length)]

/** By weights that are not negative; undefined: there is none, or all weigh nothing. */
export function drawnBy<T>(items: readonly T[], weightOf: (item: T) => number, random: Random): T | undefined {
  const sum = items.reduce((all, item) => all + weightOf(item), 0)
  let left = random() * sum
  for (const item of items) {
    left -= weightOf(item)
    if (left < 0) return item
  }
  return sum > 0 ? items.findLast((item) => weightOf(item) > 0) : undefined
}
