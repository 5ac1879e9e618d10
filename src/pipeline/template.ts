/** `{{expressions}}` in a text, what they may stand for, and the fences around what nobody vouches for. Pure; text in, text out. */
import {Failure} from '../errors.ts'
import {callsIn, pathsIn, readExpression, type Expression} from './expression.ts'
import {functions, maxText, sizeOf, special} from './functions.ts'

/** An expression in braces, as in `{{steps.analysis.findings[0]}}`. */
export interface Placeholder {
  /** As written, braces included. */
  readonly raw: string
  /** What stands between the braces, trimmed. */
  readonly inner: string
  readonly tree: Expression
  /** Offset in the template. */
  readonly start: number
}

/** Longer than this it is no expression of a person; without a limit a text of open quotes would be read over and over. */
const maxInner = 1_000

/**
 * What stands between braces and is more than one value written out; anything else (JSON, tuples, code, a bare number) stays as it
 * is. So does `${{ … }}`, which is the workflow syntax of GitHub Actions.
 */
export function placeholdersIn(template: string): readonly Placeholder[] {
  const known = read.get(template)
  if (known !== undefined) return known
  const found = scan(template).flatMap(({raw, inner, start}) => {
    const tree = expressionIn(inner)
    return tree === null ? [] : [{raw, inner, tree, start}]
  })
  // a loop fills the same template over and over
  if (template.length <= 100_000) {
    if (read.size >= 1_000) read.clear()
    read.set(template, found)
  }
  return found
}

const read = new Map<string, readonly Placeholder[]>()

function expressionIn(inner: string): Expression | null {
  const found = readExpression(inner)
  if (!found.ok) return null
  const {kind} = found.tree
  const isNamed = pathsIn(found.tree).length > 0 || callsIn(found.tree).length > 0
  return isNamed || kind === 'binary' || kind === 'choice' ? found.tree : null
}

interface Braces {
  readonly raw: string
  readonly inner: string
  readonly start: number
}

/** Pairs of braces around something that could be an expression: no other brace stands in it outside of quotes. */
function scan(template: string): readonly Braces[] {
  const found: Braces[] = []
  for (let start = template.indexOf('{{'); start >= 0;) {
    const end = template[start - 1] === '$' ? -1 : endOf(template, start + 2)
    if (end >= 0) {
      const raw = template.slice(start, end + 2)
      found.push({raw, inner: meant(raw.slice(2, -2).trim()), start})
    }
    start = template.indexOf('{{', end < 0 ? start + 1 : end + 2)
  }
  return found
}

/** pipeline_ex's documents write `{{previous_response:step}}`, with a path behind another colon. */
const meant = (inner: string): string =>
  inner.replace(/^previous_response:([\w-]+)(?::([\w.[\]-]+))?$/, (_, step: string, path: string | undefined) =>
    path === undefined ? `steps.${step}` : `steps.${step}.${path}`,
  )

function endOf(template: string, from: number): number {
  const last = Math.min(template.length, from + maxInner)
  let quote = ''
  for (let at = from; at < last; at++) {
    const character = template[at] ?? ''
    if (quote !== '') {
      if (character === '\n') return -1
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '{') return -1
    else if (character === '}') return template[at + 1] === '}' ? at : -1
  }
  return -1
}

/** What looks like an expression and is none: the caller says which first words make it a mistake and not prose. */
export function mistakesIn(template: string, isName: (word: string) => boolean): readonly (Braces & {why: string})[] {
  const good = new Set(placeholdersIn(template).map(({start}) => start))
  return scan(template).flatMap((braces) => {
    if (good.has(braces.start)) return []
    const found = readExpression(braces.inner)
    const [, word = ''] = /^([A-Za-z_][\w-]*)/.exec(braces.inner) ?? []
    const isCall = braces.inner[word.length] === '(' && (Object.hasOwn(functions, word) || Object.hasOwn(special, word))
    const isMeant = isCall || isName(word) || isName(word.split('-')[0] ?? '')
    return found.ok || !isMeant ? [] : [{...braces, why: found.message}]
  })
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
  // a model's text may be JSON that is nested deeper than JSON can be written
  const json = sizeOf(value) > maxText ? undefined : JSON.stringify(value, null, 1)
  if (json === undefined) throw new Failure('template-unresolved', 'a value in a template cannot be written as JSON')
  return json
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
