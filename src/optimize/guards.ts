/** What no rule may hold: the answers that it will be scored against. */

/** Words of gold standards by which a copy is known; all in lower case. */
export interface Guarded {
  /** Paths, file names, identifiers, names of cases and of findings. */
  readonly names: ReadonlySet<string>
  /** Five words in a row, joined by a space. */
  readonly phrases: ReadonlySet<string>
}

export const nothingGuarded: Guarded = {names: new Set(), phrases: new Set()}

const run = 5

const tokensOf = (text: string): readonly string[] =>
  text.toLowerCase().match(/[\p{L}\p{N}_]+(?:[.:/-]+[\p{L}\p{N}_]+)*[?!]?/gu) ?? []

const plainWordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []

const phrasesOf = (text: string): readonly string[] => {
  const words = plainWordsOf(text)
  return words.slice(0, Math.max(0, words.length - run + 1)).map((_, at) => words.slice(at, at + run).join(' '))
}

/** Why the text may be no rule, in words; null: it copies nothing. */
export function findCopy({names, phrases}: Guarded, text: string): string | null {
  if (/\{\{|\}\}/.test(text)) return 'it holds double braces, which name values'
  // what a person who reads the diff does not see, or what a prompt takes for the edge of its data
  if (/[^\P{Cc}\t\n\r]|\r(?!\n)|[\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return 'it holds characters that nobody sees'
  if (/<\/?\s*untrusted-data/i.test(text)) return 'it holds a fence of data'
  const name = tokensOf(text).find((token) => names.has(token))
  if (name !== undefined) return `it names ${name}, which stands in a gold standard`
  const phrase = phrasesOf(text).find((each) => phrases.has(each))
  return phrase === undefined ? null : `“${phrase}” stands in a gold standard`
}

export interface Secret {
  /** Names of cases and findings, paths of files, symbols. */
  readonly names: readonly string[]
  /** Descriptions and quotes. */
  readonly texts: readonly string[]
}

/** A word of prose is no identifier: only what has a digit, an underscore, an inner capital, a dot or a slash is one. */
const looksLikeName = (token: string): boolean => /[\d_]|[a-z][A-Z]|[.:/]/.test(token)

export function guardedOf({names, texts}: Secret): Guarded {
  const parts = names.flatMap((name) => [name, name.split('/').at(-1) ?? name])
  const identifiers = texts
    .flatMap((text) => text.match(/[\p{L}\p{N}_]+(?:[.:/]+[\p{L}\p{N}_]+)*[?!]?/gu) ?? [])
    .filter(looksLikeName)
  return {
    names: new Set([...parts, ...identifiers].map((each) => each.toLowerCase()).filter((each) => each.length > 1)),
    phrases: new Set(texts.flatMap(phrasesOf)),
  }
}
