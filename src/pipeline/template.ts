/** `{{names}}` in a text, what they may stand for, and the fences around what nobody vouches for. Pure; text in, text out. */
import {Failure} from '../errors.ts'

/** A name and the path behind it, as in `{{steps.analysis.findings[0]}}`. */
export interface Placeholder {
  /** As written, braces included. */
  readonly raw: string
  readonly path: readonly string[]
  /** Offset in the template. */
  readonly start: number
}

/**
 * A word, then `.word` or `[n]`. Anything else between braces (JSON, tuples, code) is no expression and stays as it is;
 * so does `${{ … }}`, which is the workflow syntax of GitHub Actions.
 */
const expression = /(?<!\$)\{\{[ \t]*([A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\])*)[ \t]*\}\}/g

/** `{{name …}}` with more behind a name: a filter or an operator, which this language does not have. */
const almost = /(?<!\$)\{\{[ \t]*([A-Za-z_][\w-]*)[^{}\n]*\}\}/g

export const placeholdersIn = (template: string): readonly Placeholder[] =>
  [...template.matchAll(expression)].map(({0: raw, 1: words = '', index}) => ({
    raw,
    path: words.split(/[.[\]]+/).filter((word) => word !== ''),
    start: index,
  }))

/** What looks like a placeholder and is none: the caller says which first words make it a mistake and not prose. */
export function mistakesIn(template: string, isName: (word: string) => boolean): readonly Placeholder[] {
  const good = new Set(placeholdersIn(template).map(({start}) => start))
  return [...template.matchAll(almost)].flatMap(({0: raw, 1: word = '', index}) =>
    good.has(index) || !isName(word) ? [] : [{raw, path: [word], start: index}],
  )
}

/** The template with every placeholder replaced once; what was put in is never read again. */
export function fill(template: string, textOf: (placeholder: Placeholder) => string): string {
  let filled = ''
  let from = 0
  for (const placeholder of placeholdersIn(template)) {
    filled += template.slice(from, placeholder.start) + textOf(placeholder)
    from = placeholder.start + placeholder.raw.length
  }
  return filled + template.slice(from)
}

/** Text stays text, everything else is JSON. Nothing becomes an empty text: what has no JSON is a `Failure`. */
export function render(value: unknown): string {
  if (typeof value === 'string') return value
  const json = JSON.stringify(value, null, 1)
  if (json === undefined) throw new Failure('template-unresolved', 'a value in a template cannot be written as JSON')
  return json
}

/** What stands behind `path`; undefined when there is nothing. Only own keys, so that `constructor` finds nothing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(value)) return /^\d+$/.test(key) ? valueAt(value[Number(key)], rest) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1]
  return found === undefined ? undefined : valueAt(found, rest)
}

/** Looks unlike anything in a programming language, so that neutralising it does not spoil quotes of honest code. */
const marker = 'untrusted-data'
const ourMarkers = /<(?=\s*\/?\s*untrusted-data)/gi

/** Below this a nonce could be an ordinary word of the text. */
const minNonce = 8

/**
 * The text between markers that only this run can write. The text cannot close its own fence: what looks like a marker
 * loses its bracket, and a nonce that leaked into it (a model may repeat what it was shown) is taken out.
 *
 * @param nonce unguessable, the same for one run, so that a long text that is sent twice can be cached by the provider
 */
export function fence(name: string, text: string, nonce: string): string {
  const shown = unfenced(text)
  const inside = nonce.length < minNonce ? shown : shown.replaceAll(nonce, '[removed]')
  return `<${marker} name="${name}" nonce="${nonce}">\n${inside}\n</${marker} name="${name}" nonce="${nonce}">`
}

/** Words of somebody who may command: no fence, but nothing hidden and nothing that looks like one either. */
export const unfenced = (text: string): string => visible(text).replace(ourMarkers, '&lt;')

/**
 * Without what a person does not see and a model reads: controls, zero-width and bidirectional characters
 * (CVE-2021-42574), tag characters and runs of variation selectors, both of which can carry hidden sentences.
 */
export const visible = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd').replace(invisible, '')

const invisible = new RegExp(
  [
    '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]',
    '[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u3164\\uffa0]',
    '[\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff0-\\ufffb]',
    '[\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]',
    '[\\ufe00-\\ufe0f]{2,}',
  ].join('|'),
  'gu',
)
