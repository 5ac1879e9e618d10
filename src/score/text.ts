/** Words compared: what counts as the same text whoever wrote it. */

/** Format characters (zero width, bidi, tags), private use and variation selectors. */
const invisible = /\p{Cf}|\p{Co}|\p{Variation_Selector}/gu

/** NFKC, without what cannot be seen. Two texts that look the same compare the same. */
export const normalise = (text: string): string => text.normalize('NFKC').replace(invisible, '')

const stopWords = new Set(
  'a an and are as at be been but by can could do does for from had has have if in into is it its may more no not of on or so such than that the their them then there these they this to was were when where which while who will with without would'.split(
    ' ',
  ),
)

/** A light suffix stripper: enough to meet "monitors", "monitored" and "monitoring". */
function stem(word: string): string {
  if (word.length < 5) return word
  return word.replace(/(?:ations?|ingly|edly|ings?|ies|ied|ments?|ness|ers?|ed|es|ly|s)$/, '')
}

/** Stemmed content words, in order; identifiers are taken apart at case and underscores. */
export const wordsOf = (text: string): readonly string[] =>
  normalise(text)
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && !stopWords.has(word))
    .map(stem)

export type Weights = ReadonlyMap<string, number>

/** The weight of a word that stands in none of the texts; no word is empty. */
const unknown = ''

/**
 * Inverse document frequency over `texts`. A word that none of them uses weighs as much as one that a single text uses: were
 * it lighter, one word in common would make two texts alike, and the heap of other words around it would not count.
 */
export function idfOf(texts: readonly (readonly string[])[]): Weights {
  const seen = new Map<string, number>()
  for (const words of texts) for (const word of new Set(words)) seen.set(word, (seen.get(word) ?? 0) + 1)
  const weights = [...seen].map(([word, count]) => [word, Math.log(1 + texts.length / count)] as const)
  return new Map([...weights, [unknown, Math.log(1 + texts.length)]])
}

export interface Vector {
  readonly weights: ReadonlyMap<string, number>
  readonly length: number
}

const vectorOf = (counts: ReadonlyMap<string, number>): Vector => ({
  weights: counts,
  length: Math.sqrt([...counts.values()].reduce((sum, weight) => sum + weight * weight, 0)),
})

export function wordVector(words: readonly string[], idf: Weights): Vector {
  const counts = new Map<string, number>()
  // once a word: repeating it must not help
  for (const word of new Set(words)) counts.set(word, idf.get(word) ?? idf.get(unknown) ?? 1)
  return vectorOf(counts)
}

export function gramVector(text: string): Vector {
  const padded = ` ${normalise(text).toLowerCase().replace(/\s+/g, ' ').trim()} `
  const counts = new Map<string, number>()
  for (let at = 0; at + 3 <= padded.length; at++) {
    const gram = padded.slice(at, at + 3)
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  return vectorOf(counts)
}

/** 0…1 */
export function cosine(a: Vector, b: Vector): number {
  if (a.length === 0 || b.length === 0) return 0
  const [small, large] = a.weights.size < b.weights.size ? [a, b] : [b, a]
  let sum = 0
  for (const [key, weight] of small.weights) sum += weight * (large.weights.get(key) ?? 0)
  return sum / (a.length * b.length)
}
