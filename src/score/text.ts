/** Words compared: what counts as the same text whoever wrote it. */

import {synonyms} from './synonyms.ts'

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

/** Sparse: what is counted, as rising hashes, beside its weight. Two of them are compared thousands of times in one score. */
export interface Vector {
  readonly keys: Int32Array
  readonly weights: Float64Array
  readonly length: number
}

/** FNV-1a, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv: one text in a billion shares another's place. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash | 0
}

function vectorOf(counts: ReadonlyMap<number, number>): Vector {
  const keys = Int32Array.from(counts.keys()).sort()
  const weights = Float64Array.from(keys, (key) => counts.get(key) ?? 0)
  return {keys, weights, length: Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0))}
}

export function wordVector(words: readonly string[], idf: Weights): Vector {
  const counts = new Map<number, number>()
  // once a word: repeating it must not help
  for (const word of words) counts.set(hashOf(word), idf.get(word) ?? idf.get(unknown) ?? 1)
  return vectorOf(counts)
}

export function gramVector(text: string): Vector {
  const padded = ` ${normalise(text).toLowerCase().replace(/\s+/g, ' ').trim()} `
  const counts = new Map<number, number>()
  for (let at = 0; at + 3 <= padded.length; at++) {
    const gram = hashOf(padded.slice(at, at + 3))
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  return vectorOf(counts)
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
