/**
 * A judge's reply → its answers, or why not: `valid | retry | abstain`, never a guess and never a default (scoring research §5).
 * Only an object that carries this call's nonce counts, so an echoed submission or an injected verdict is nothing.
 */
import {jsonrepair} from 'jsonrepair'
import * as z from 'zod'
import {normalise} from './text.ts'

export interface Answer {
  readonly id: string
  readonly verdict: 'yes' | 'no' | 'unsure'
  readonly quote: string
}

export type Reply =
  | {readonly status: 'valid'; readonly items: readonly Answer[]}
  | {readonly status: 'retry'; readonly why: string}
  | {readonly status: 'abstain'; readonly why: string}

/** What each item may be quoted from. */
export type Excerpts = ReadonlyMap<string, string>

const Verdict = z.union([z.enum(['yes', 'no', 'unsure']), z.boolean().transform((value) => (value ? 'yes' : 'no'))])
const Document = z.object({
  nonce: z.string(),
  items: z.array(z.object({id: z.string(), verdict: z.unknown(), quote: z.string().nullish()})),
})

const maxReply = 200_000

export function parseReply(text: string, nonce: string, excerpts: Excerpts): Reply {
  const clean = normalise(text.slice(0, maxReply)).trim()
  if (clean === '') return {status: 'abstain', why: 'the reply is empty'}
  const objects = [clean, ...objectsIn(clean)].flatMap((segment) => readObject(segment))
  const ours = objects.flatMap((value) => unwrap(value)).filter((value) => value.nonce === nonce)
  const distinct = new Map(ours.map((value) => [JSON.stringify(value), value]))
  const [only] = [...distinct.values()]
  if (only === undefined)
    return clean.includes(nonce)
      ? {status: 'retry', why: 'the reply is not JSON of the form that was asked for'}
      : {status: 'abstain', why: 'the reply does not carry the nonce of the questions'}
  if (distinct.size > 1) return {status: 'retry', why: 'the reply holds several answers that differ'}
  const ids = only.items.map(({id}) => id)
  if (new Set(ids).size !== ids.length) return {status: 'retry', why: 'an item is answered twice'}
  return {status: 'valid', items: only.items.flatMap((item) => answerOf(item, excerpts))}
}

/** An answer to no question, in no word of ours, or with a quote that stands nowhere, is no answer to its item. */
function answerOf(
  {id, verdict, quote}: z.infer<typeof Document>['items'][number],
  excerpts: Excerpts,
): readonly Answer[] {
  const excerpt = excerpts.get(id)
  const said = Verdict.safeParse(typeof verdict === 'string' ? verdict.trim().toLowerCase() : verdict)
  if (excerpt === undefined || !said.success) return []
  if (said.data === 'unsure') return [{id, verdict: 'unsure', quote: ''}]
  const words = squeeze(quote ?? '')
  return words.length >= 3 && squeeze(excerpt).includes(words) ? [{id, verdict: said.data, quote: quote ?? ''}] : []
}

const squeeze = (text: string): string => normalise(text).replace(/\s+/g, ' ').trim()

/** The document itself, or the one value of an object around it. */
function unwrap(value: unknown): readonly z.infer<typeof Document>[] {
  const direct = Document.safeParse(value)
  if (direct.success) return [direct.data]
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value)
  const wrapped = inner.length === 1 ? Document.safeParse(inner[0]) : null
  return wrapped?.success ? [wrapped.data] : []
}

/** Balanced top-level objects, read with strings in mind, so that a brace inside a quote ends nothing. */
export function objectsIn(text: string): readonly string[] {
  const found: string[] = []
  let depth = 0
  let start = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (inString) {
      if (sign === '\\') at++
      else if (sign === '"') inString = false
    } else if (sign === '"' && depth > 0) inString = true
    else if (sign === '{') {
      if (depth === 0) start = at
      depth++
    } else if (sign === '}' && depth > 0) {
      depth--
      if (depth === 0) found.push(text.slice(start, at + 1))
    }
  }
  return found
}

/** Raw first; a repair only of a segment that is a whole object, and never of one with a key twice. */
function readObject(segment: string): readonly unknown[] {
  if (!segment.startsWith('{') || !segment.endsWith('}')) return []
  if (hasTwice(segment, 'nonce') || hasTwice(segment, 'items')) return []
  for (const read of [(): unknown => JSON.parse(segment), (): unknown => JSON.parse(jsonrepair(segment))]) {
    try {
      return [read()]
    } catch {
      // the next reading, or none
    }
  }
  return []
}

const hasTwice = (segment: string, key: string): boolean => segment.split(`"${key}"`).length > 2
