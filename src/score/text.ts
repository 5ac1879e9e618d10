/** Words compared: what counts as the same text whoever wrote it. */

import {synonyms} from './synonyms.ts'

/** Format characters (zero width, bidi, tags), private use and variation selectors. */
const invisible = /\p{Cf}|\p{Co}|\p{Variation_Selector}/gu

/** Most text: it is its own normal form, which one look at it tells faster than two passes. */
const plainAscii = /^[\t\n\r -~]*$/

/** NFKC, without what cannot be seen. Two texts that look the same compare the same. */
export const normalise = (text: string): string =>
  plainAscii.test(text) ? text : text.normalize('NFKC').replace(invisible, '')

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

/** Stems of words with the same meaning are one stem. */
const meanings: ReadonlyMap<string, string> = new Map([...synonyms].map(([word, first]) => [stem(word), stem(first)]))

const meaningOf = (word: string): string => meanings.get(word) ?? word

/** Stemmed content words, in order; identifiers are taken apart at case and underscores. */
export const wordsOf = (text: string): readonly string[] =>
  normalise(text)
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && !stopWords.has(word))
    .map((word) => meaningOf(stem(word)))

/** The first words of a text that may go on for long: words end at a blank, so what follows one cannot change them. */
export function firstWordsOf(text: string, count: number): readonly string[] {
  const end = text.indexOf(' ', 20 * count)
  const words = wordsOf(end < 0 ? text : text.slice(0, end))
  return (words.length >= count ? words : wordsOf(text)).slice(0, count)
}

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

/** Sparse: what is counted, as rising hashes, beside its weight. */
export interface Vector {
  readonly keys: Int32Array
  readonly weights: Float64Array
  readonly length: number
}

/** FNV-1a, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv: one text in a billion shares another's place. */
function hashOf(text: string, from = 0, to = text.length): number {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash | 0
}

/** @param weightOf what one key weighs that was counted so many times */
function vectorOf(counted: Int32Array, weightOf: (key: number, count: number) => number): Vector {
  counted.sort()
  const keys = new Int32Array(counted.length)
  const weights = new Float64Array(counted.length)
  let [size, sum] = [0, 0]
  for (let from = 0; from < counted.length;) {
    const key = counted[from] ?? 0
    let to = from + 1
    while (to < counted.length && counted[to] === key) to++
    const weight = weightOf(key, to - from)
    keys[size] = key
    weights[size++] = weight
    sum += weight * weight
    from = to
  }
  return {keys: keys.subarray(0, size), weights: weights.subarray(0, size), length: Math.sqrt(sum)}
}

export function wordVector(words: readonly string[], idf: Weights): Vector {
  const weights = new Map<number, number>()
  for (const word of words) weights.set(hashOf(word), idf.get(word) ?? idf.get(unknown) ?? 1)
  // once a word: repeating it must not help
  return vectorOf(Int32Array.from(weights.keys()), (key) => weights.get(key) ?? 0)
}

export function gramVector(text: string): Vector {
  const padded = ` ${normalise(text).toLowerCase().replace(/\s+/g, ' ').trim()} `
  const grams = new Int32Array(Math.max(0, padded.length - 2))
  for (let at = 0; at < grams.length; at++) grams[at] = hashOf(padded, at, at + 3)
  return vectorOf(grams, (_, count) => count)
}

/** 0…1 */
export function cosine(a: Vector, b: Vector): number {
  if (a.length === 0 || b.length === 0) return 0
  let [left, right, sum] = [0, 0, 0]
  while (left < a.keys.length && right < b.keys.length) {
    const [one = 0, other = 0] = [a.keys[left], b.keys[right]]
    if (one === other) sum += (a.weights[left++] ?? 0) * (b.weights[right++] ?? 0)
    else if (one < other) left++
    else right++
  }
  return sum / (a.length * b.length)
}

/** Vectors by what they hold: whoever is compared with all of them pays for what he shares with each, not for their size. */
export interface VectorIndex {
  /** Where in `owners` and `weights` those begin and end that hold a key. */
  readonly ranges: ReadonlyMap<number, readonly [number, number]>
  /** Indexes of vectors. */
  readonly owners: Int32Array
  readonly weights: Float64Array
  readonly lengths: readonly number[]
}

export function indexOf(vectors: readonly Vector[]): VectorIndex {
  const counts = new Map<number, number>()
  for (const {keys} of vectors) for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  const ranges = new Map<number, [number, number]>()
  let size = 0
  for (const [key, count] of counts) {
    ranges.set(key, [size, size])
    size += count
  }
  const owners = new Int32Array(size)
  const weights = new Float64Array(size)
  vectors.forEach((vector, owner) => {
    for (const [at, key] of vector.keys.entries()) {
      const range = ranges.get(key)
      if (range === undefined) continue
      owners[range[1]] = owner
      weights[range[1]++] = vector.weights[at] ?? 0
    }
  })
  return {ranges, owners, weights, lengths: vectors.map(({length}) => length)}
}

/** @returns the `cosine` of the vector with each of the index, to the last bit: one score has thousands of pairs */
export function cosinesOf({keys, weights, length}: Vector, index: VectorIndex): Float64Array {
  const found = new Float64Array(index.lengths.length)
  for (let position = 0; position < keys.length; position++) {
    const range = index.ranges.get(keys[position] ?? 0)
    if (range === undefined) continue
    const weight = weights[position] ?? 0
    for (let at = range[0]; at < range[1]; at++) {
      const owner = index.owners[at] ?? 0
      found[owner] = (found[owner] ?? 0) + weight * (index.weights[at] ?? 0)
    }
  }
  for (let at = 0; at < found.length; at++) {
    const sum = found[at] ?? 0
    if (sum !== 0) found[at] = sum / (length * (index.lengths[at] ?? 1))
  }
  return found
}
