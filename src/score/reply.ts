/**
 * A judge's reply → its answers, or why not: `valid | retry | abstain`, never a guess and never a default (scoring research §5).
 * Only an object that carries this call's nonce counts, so an echoed submission or an injected verdict is nothing.
 */
import {jsonrepair} from 'jsonrepair'
import * as z from 'zod'

export interface Answer {
  readonly id: string
  readonly verdict: 'yes' | 'no' | 'unsure'
  readonly quote: string
}

export type Reply =
  | {readonly status: 'valid'; readonly items: readonly Answer[]}
  | {readonly status: 'retry'; readonly why: string}
  | {readonly status: 'abstain'; readonly why: string}

/** The exact list of words that count; anything else is no answer. */
const verdicts: ReadonlyMap<string, Answer['verdict']> = new Map([
  ['yes', 'yes'],
  ['y', 'yes'],
  ['true', 'yes'],
  ['no', 'no'],
  ['n', 'no'],
  ['false', 'no'],
  ['unsure', 'unsure'],
])

const Document = z.object({
  nonce: z.string(),
  items: z.array(z.object({id: z.string(), verdict: z.unknown().optional(), quote: z.unknown().optional()})),
})
type Document = z.infer<typeof Document>

const maxReply = 200_000
/** A shorter nonce could be an ordinary word of the text. */
const minNonce = 8

/**
 * @param nonce what the questions carried
 * @param ids of the questions. Whether a quote stands in what was asked about, the caller checks: it knows the texts.
 */
export function parseReply(text: string, nonce: string, ids: readonly string[]): Reply {
  if (text.trim() === '') return {status: 'abstain', why: 'the reply is empty'}
  if (text.length > maxReply) return {status: 'retry', why: `the reply is longer than ${maxReply} characters`}
  if (nonce.length < minNonce || !text.includes(nonce))
    return {status: 'abstain', why: 'the reply does not carry the nonce of the questions'}
  const read = [text, ...objectsIn(text)].map((segment, index) => readObject(segment, nonce, index > 0))
  if (read.includes('twice')) return {status: 'retry', why: 'a key stands twice in one object'}
  const ours = read.flatMap((value) => (value === 'twice' || value === null ? [] : value)).filter(isAnswer)
  const distinct = new Map(ours.map((value) => [JSON.stringify(value), value]))
  const [only] = [...distinct.values()]
  if (only === undefined) return {status: 'retry', why: 'the reply is not JSON of the form that was asked for'}
  if (distinct.size > 1) return {status: 'retry', why: 'the reply holds several answers that differ'}
  const answered = new Set(only.items.map(({id}) => id))
  if (answered.size !== only.items.length) return {status: 'retry', why: 'an item is answered twice'}
  return {status: 'valid', items: only.items.flatMap((item) => (ids.includes(item.id) ? answerOf(item) : []))}
}

/** The questions carry the nonce too: who repeats them has not answered yet. */
const isAnswer = ({items}: Document): boolean => items.length === 0 || items.some(({verdict}) => verdict !== undefined)

/** A verdict in no word of ours, or a quote that is no text, is no answer to its item. */
function answerOf({id, verdict, quote}: Document['items'][number]): readonly Answer[] {
  const word = typeof verdict === 'boolean' || typeof verdict === 'string' ? String(verdict).trim().toLowerCase() : ''
  const said = verdicts.get(word)
  return said === undefined ? [] : [{id, verdict: said, quote: typeof quote === 'string' ? quote : ''}]
}

/** The document itself, or the one value of an object around it. */
function unwrap(value: unknown): Document | null {
  const direct = Document.safeParse(value)
  if (direct.success) return direct.data
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const inner: readonly unknown[] = Object.values(value)
  const wrapped = inner.length === 1 ? Document.safeParse(inner[0]) : null
  return wrapped?.success === true ? wrapped.data : null
}

/** Deeper than any answer of ours, so a thousand open braces are no object. */
const maxDepth = 16
/** Characters that are read for objects that then do not end. */
const maxFutile = 2_000_000

/**
 * Objects whose brackets of both kinds nest, read with strings in mind, so that a brace inside a quote ends nothing.
 * Prose may hold a brace that nothing closes; then the next one is tried.
 */
export function objectsIn(text: string): readonly string[] {
  const found: string[] = []
  let futile = 0
  for (let at = text.indexOf('{'); at >= 0 && futile < maxFutile; at = text.indexOf('{', at)) {
    const {end, whole} = endOf(text, at)
    if (whole) found.push(text.slice(at, end))
    else futile += end - at
    at = whole ? end : at + 1
  }
  return found
}

/** Where the object that begins at `start` ends, or where it turns out to be none: crossed brackets, or too deep. */
function endOf(text: string, start: number): {readonly end: number; readonly whole: boolean} {
  const open: string[] = []
  let inString = false
  for (let at = start; at < text.length; at++) {
    const sign = text[at]
    if (inString) {
      if (sign === '\\') at++
      else if (sign === '"') inString = false
    } else if (sign === '"') inString = true
    else if (sign === '{') open.push('}')
    else if (sign === '[') open.push(']')
    else if ((sign === '}' || sign === ']') && open.pop() !== sign) return {end: at, whole: false}
    if (open.length === 0) return {end: at + 1, whole: true}
    if (open.length > maxDepth) return {end: at, whole: false}
  }
  return {end: text.length, whole: false}
}

/**
 * As it stands; then without the characters nobody sees; then repaired, but only a segment that is a whole object: the
 * repair of half a reply is another reply. The text is never normalised before it is read, because NFKC makes a quotation
 * mark of a full-width one inside of a string, and so a verdict of a quote.
 */
function readObject(segment: string, nonce: string, whole: boolean): Document | 'twice' | null {
  if (!segment.includes(nonce)) return null
  const seen = segment.replace(/\p{Cf}/gu, '')
  const readings = [(): string => segment, (): string => seen, ...(whole ? [(): string => jsonrepair(seen)] : [])]
  for (const reading of readings) {
    try {
      const json = reading()
      const document = unwrap(JSON.parse(json))
      if (document === null || document.nonce !== nonce) return null
      return hasKeyTwice(json) ? 'twice' : document
    } catch {
      // the next reading, or none
    }
  }
  return null
}

/** Whether an object of this JSON text names a key twice; `JSON.parse` would keep the last and say nothing. */
function hasKeyTwice(json: string): boolean {
  const open: (Set<string> | null)[] = []
  for (const [token, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(null)
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) {
      const keys = open.at(-1)
      const key: unknown = JSON.parse(token.slice(0, token.length - colon.length))
      if (keys === undefined || keys === null || typeof key !== 'string') continue
      if (keys.has(key)) return true
      keys.add(key)
    }
  }
  return false
}
