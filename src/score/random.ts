/** Numbers that look random and are the same for the same seed: a run can be repeated, and there is no clock in it. */

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}

/** The finaliser of MurmurHash3: every bit of the input changes half of the output. */
function mixed(value: number): number {
  let word = value | 0
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}

const numberAt = (hash: number, counter: number): number =>
  mixed(mixed(hash ^ Math.imul(counter + 1, 0x9e3779b9)) + counter) / 0x1_0000_0000

/** Counter-based: the n-th number depends on the seed and n alone. 0 ≤ number < 1, 32 bits of it. */
export const randomAt = (seed: string, counter: number): number => numberAt(hashOf(seed), counter)

/** The numbers of `randomAt`, from the first on. */
export function randomOf(seed: string): () => number {
  const hash = hashOf(seed)
  let counter = 0
  return () => numberAt(hash, counter++)
}

export function shuffled<T>(items: readonly T[], seed: string): readonly T[] {
  return items
    .map((item, index) => ({item, index, key: randomAt(seed, index)}))
    .toSorted((a, b) => a.key - b.key || a.index - b.index)
    .map(({item}) => item)
}

/** One draw of a gamma distribution of shape `whole` + ½ and scale 1: exponentials and half of a squared normal. */
function gammaOf(whole: number, random: () => number): number {
  let sum = 0
  const positive = (): number => 1 - random()
  for (let each = 0; each < whole; each++) sum -= Math.log(positive())
  const normal = Math.sqrt(-2 * Math.log(positive())) * Math.cos(2 * Math.PI * random())
  return sum + (normal * normal) / 2
}

/** One draw of Beta(yes + ½, no + ½), Jeffreys' posterior of a share after so many votes. */
export function betaOf(yes: number, no: number, random: () => number): number {
  const a = gammaOf(yes, random)
  const b = gammaOf(no, random)
  return a + b === 0 ? 0.5 : a / (a + b)
}
