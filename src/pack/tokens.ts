/**
 * How many o200k tokens a text has, estimated in one pass without a vocabulary.
 *
 * A byte-pair encoder first cuts the text into pieces (words with the sign before them, groups of three digits, runs of
 * punctuation, runs of space); that cut is cheap to imitate. What a piece then costs depends mostly on its kind and its
 * length, so a linear model over (kind, length) is enough: `weights` says how it was fitted and how far it is off.
 * Exact counters need a 2 MB vocabulary and are quadratic on long runs; this is linear on every input.
 */

const letter = 1
const capital = 2
const digit = 3
const blank = 4
const newline = 5
const sign = 6
/** Alphabets other than Latin. */
const script = 7
/** Chinese, Japanese, Korean: words without spaces. */
const ideograph = 8
/** Arrows, box drawing, typographic signs. */
const symbol = 9
/** Emoji and whatever else is above the basic plane, a unit of UTF-16 each. */
const emoji = 10

const ascii = Uint8Array.from({length: 128}, (_, code) => {
  if (code === 10 || code === 13) return newline
  if (code === 32 || (code >= 9 && code <= 12)) return blank
  if (code >= 48 && code <= 57) return digit
  if (code >= 65 && code <= 90) return capital
  return code >= 97 && code <= 122 ? letter : sign
})

function kindOf(code: number): number {
  if (code < 128) return ascii[code] ?? sign
  if (code < 0xc0) return code === 0xa0 ? blank : symbol
  if (code < 0x250) return code === 0xd7 || code === 0xf7 ? symbol : letter
  if (code < 0x2000) return script
  if (code < 0x2e80) return symbol
  if (code < 0xd800) return code < 0x3040 ? symbol : ideograph
  return code >= 0xf900 && code < 0xfb00 ? ideograph : emoji
}

const longest = 12
/** First slot of each kind of piece; a word or a run of signs has one slot per length and one for what is longer. */
const slots = {
  bareWord: 0,
  spacedWord: longest + 1,
  signedWord: 2 * (longest + 1),
  capitals: 3 * (longest + 1),
  signs: 4 * (longest + 1),
  repeatedSign: 5 * (longest + 1),
  spaces: 6 * (longest + 1),
  lines: 7 * (longest + 1),
  digits: 8 * (longest + 1),
  accents: 8 * (longest + 1) + 1,
  scriptRuns: 8 * (longest + 1) + 2,
  scriptLetters: 8 * (longest + 1) + 3,
  ideographRuns: 8 * (longest + 1) + 4,
  ideographs: 8 * (longest + 1) + 5,
  symbols: 8 * (longest + 1) + 6,
  repeatedSymbols: 8 * (longest + 1) + 7,
  emoji: 8 * (longest + 1) + 8,
  /** Consonants beyond the third in a row: hashes and keys, which no vocabulary holds. */
  clusters: 8 * (longest + 1) + 9,
}
const slotCount = 8 * (longest + 1) + 10

/** How often each kind of piece occurs: what the weights are fitted on. */
function tally(text: string): Float64Array {
  const counts = new Float64Array(slotCount)
  let at = 0
  while (at < text.length) {
    const kind = kindOf(text.charCodeAt(at))
    if (kind === letter || kind === capital) at = word(text, at, slots.bareWord, counts)
    else if (kind === digit) at = digits(text, at, counts)
    else if (kind >= script) at = foreign(text, at, kind, counts)
    else if (kind === sign) at = signs(text, at, counts)
    else at = blanks(text, at, counts)
  }
  return counts
}

function add(counts: Float64Array, slot: number, by: number): void {
  counts[slot] = (counts[slot] ?? 0) + by
}

function addLength(counts: Float64Array, slot: number, length: number): void {
  if (length <= 0) return
  add(counts, slot + Math.min(length, longest) - 1, 1)
  if (length > longest) add(counts, slot + longest, length - longest)
}

const isLetter = (kind: number): boolean => kind === letter || kind === capital
const kindAt = (text: string, at: number): number => (at < text.length ? kindOf(text.charCodeAt(at)) : 0)

const isVowel = (code: number): boolean =>
  code === 97 || code === 101 || code === 105 || code === 111 || code === 117 || code === 121

/** Capitals and then small letters are one piece, as in `HTTPServer`; `parseFile` is two. */
function word(text: string, start: number, slot: number, counts: Float64Array): number {
  let at = start
  while (kindAt(text, at) === capital) at++
  const small = at
  let consonants = 0
  for (; kindAt(text, at) === letter; at++) {
    const code = text.charCodeAt(at)
    if (code >= 128) add(counts, slots.accents, 1)
    consonants = isVowel(code) ? 0 : consonants + 1
    if (consonants > 3) add(counts, slots.clusters, 1)
  }
  const length = at - start
  addLength(counts, small - start > 1 ? slots.capitals : slot, length)
  return at
}

function digits(text: string, start: number, counts: Float64Array): number {
  let at = start
  while (kindAt(text, at) === digit) at++
  add(counts, slots.digits, Math.ceil((at - start) / 3))
  return at
}

function foreign(text: string, start: number, kind: number, counts: Float64Array): number {
  let at = start
  let repeated = 0
  for (; kindAt(text, at) === kind; at++) {
    if (at > start && text.charCodeAt(at) === text.charCodeAt(at - 1)) repeated++
  }
  if (kind === symbol) {
    add(counts, slots.symbols, at - start - repeated)
    add(counts, slots.repeatedSymbols, repeated)
  } else if (kind === emoji) {
    add(counts, slots.emoji, at - start)
  } else {
    add(counts, kind === script ? slots.scriptRuns : slots.ideographRuns, 1)
    add(counts, kind === script ? slots.scriptLetters : slots.ideographs, at - start)
  }
  return at
}

/** One sign before a word belongs to the word; else signs form a run that swallows the line breaks after it. */
function signs(text: string, start: number, counts: Float64Array): number {
  if (isLetter(kindAt(text, start + 1))) return word(text, start + 1, slots.signedWord, counts)
  let at = start
  let same = true
  for (; kindAt(text, at) === sign; at++) {
    if (text.charCodeAt(at) !== text.charCodeAt(start)) same = false
  }
  addLength(counts, same && at - start > 2 ? slots.repeatedSign : slots.signs, at - start)
  while (kindAt(text, at) === newline) at++
  return at
}

/** White space up to its last line break is one piece; a last space before a word or a sign belongs to that. */
function blanks(text: string, start: number, counts: Float64Array): number {
  let at = start
  let lastBreak = -1
  for (let kind = kindAt(text, at); kind === blank || kind === newline; kind = kindAt(text, ++at)) {
    if (kind === newline) lastBreak = at
  }
  if (lastBreak >= 0) {
    addLength(counts, slots.lines, lastBreak + 1 - start)
    if (at === lastBreak + 1) return at
  }
  const spaces = at - Math.max(lastBreak + 1, start)
  const next = kindAt(text, at)
  if (isLetter(next)) {
    addLength(counts, slots.spaces, spaces - 1)
    return word(text, at, slots.spacedWord, counts)
  }
  addLength(counts, slots.spaces, next === sign || next === symbol ? spaces - 1 : spaces)
  return at
}

/**
 * Fitted against an exact o200k encoder on 3,348 files (7.6 M tokens: Python, Elixir, TypeScript, Perl, C headers, Markdown,
 * prose in twelve languages, random keys): the mean cost of each kind of piece, then a ridge regression towards those means.
 * On 1,766 other files of four repositories: totals −1.9 … +2.2 %, median file 2–3 %, nine files of ten within 11 %.
 * Random base64 is underestimated by 21 %, random letters by 45 %; characters / 4 is off by 60 % on those.
 */
const weights: readonly number[] = [
  // words after nothing
  0.91, 1.08, 1.17, 1.03, 1.06, 1.04, 1.28, 1.17, 1.43, 1.42, 1.52, 1.42, 0.78,
  // words after a space
  0.76, 0.91, 0.94, 0.95, 1, 1.05, 1.2, 1.2, 1.23, 1.29, 1.39, 1.47, 0.24,
  // words after a sign
  1.04, 1.16, 1.31, 1.28, 1.25, 1.24, 1.58, 1.67, 1.94, 1.96, 2.07, 2.52, 0.08,
  // words that begin with capitals
  1, 1.15, 1.51, 1.74, 1.59, 1.66, 1.9, 2.29, 2.28, 2.46, 3.03, 3.14, 0.25,
  // runs of signs
  1.05, 1.18, 1.29, 1.76, 2.17, 2.58, 2.58, 3.57, 4.41, 1.82, 3.04, 5.95, 0.01,
  // one sign repeated
  1, 1, 1.17, 1.28, 1.28, 1.4, 1.94, 1.82, 1.77, 1.52, 2.04, 2.5, 0.01,
  // runs of spaces
  0.72, 1.01, 0.98, 1, 1.04, 1.01, 0.99, 1, 1.01, 1.01, 1, 1.03, 0.03,
  // runs of line breaks
  0.94, 1.03, 1.01, 1.01, 1.1, 1.08, 1.01, 1.08, 1.2, 1, 1, 1.33, 0.01,
  // digits, accents, script runs and letters, ideograph runs and ideographs, symbols, repeated symbols, emoji, clusters
  1.13, 0.75, 0.5, 0.13, 0.74, 0.59, 1.02, 1, 1.01, 0.61,
]

/** Estimated o200k tokens of the text, rounded up; 0 only for an empty text. */
export function estimateTokens(text: string): number {
  const counts = tally(text)
  let sum = 0
  for (let slot = 0; slot < slotCount; slot++) sum += (counts[slot] ?? 0) * (weights[slot] ?? 1)
  return Math.ceil(sum)
}
