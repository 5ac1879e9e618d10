/** What must never leave, whoever repeats it: a model that was told a key, or was made to look for one, in whatever spelling. */

export type Scrub = (text: string) => string

const redacted = '***'
/** A shorter text is no secret, and to take it out would tear holes into everything. */
const shortest = 8

/** For programs without a secret. */
export const unscrubbed: Scrub = (text) => text

/**
 * Takes secrets out of a text: as they are, also with spaces or invisible characters in between, backwards, as hex, as base64 at any
 * offset in both alphabets, percent-encoded, and as HTML entities.
 */
export function scrubber(secrets: readonly string[]): Scrub {
  const known = [...new Set(secrets.map((secret) => secret.trim()))]
    .filter((secret) => secret.length >= shortest)
    // one that begins like another goes as a whole; and the same secrets in another order are the same pattern
    .toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1))
  if (known.length === 0) return unscrubbed
  const pattern = patternFor(known)
  return (text) => text.replace(pattern, redacted)
}

/** By source. A run asks for the same one three times, and V8 takes a tenth of a second to compile it. */
const compiled = new Map<string, RegExp>()

function patternFor(known: readonly string[]): RegExp {
  const source = [...new Set(known.flatMap(patternsOf))].join('|')
  const pattern = compiled.get(source) ?? new RegExp(source, 'giu')
  compiled.set(source, pattern)
  return pattern
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)

/**
 * Between two characters of a secret that somebody spaced out. Up to three V8 writes out one by one, and takes three times as long to
 * compile: `kMaxUnrolledMaxMatches` in https://github.com/v8/v8/blob/main/src/regexp/regexp-compiler-tonode.cc
 */
const gap = String.raw`[\s\p{Cf}\\]{0,4}`

const spaced = (secret: string): string => Array.from(secret).map(letter).join(gap)

/** As it is, or as JSON may write it. */
const letter = (character: string): string =>
  `(?:${literal(character)}|${String.raw`\\u`}${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')})`

function patternsOf(secret: string): readonly string[] {
  const bytes = [...Buffer.from(secret, 'utf8')]
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
  return [
    spaced(secret),
    spaced(Array.from(secret).toReversed().join('')),
    bytes.map(hex).join(String.raw`[\s:]?`),
    bytes.map((byte) => `%${hex(byte)}`).join(''),
    literal(encodeURIComponent(secret)),
    Array.from(secret)
      .map((character) => `&#(?:${character.codePointAt(0)}|x0*${character.codePointAt(0)?.toString(16)});`)
      .join(''),
    ...[0, 1, 2].flatMap((offset) => base64At(secret, offset)),
  ]
}

/** The letters that depend on the secret alone, when so many bytes stand before it in its group of three. */
function base64At(secret: string, offset: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret, 'utf8')])
  const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6)]
  const letters = bytes.toString('base64').slice(from, to)
  return letters.length < shortest
    ? []
    : [letters, letters.replaceAll('+', '-').replaceAll('/', '_')].map((text) =>
        Array.from(text)
          .map(literal)
          .join(String.raw`\s?`),
      )
}
