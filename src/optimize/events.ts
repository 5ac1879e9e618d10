/** The log of a search: what was asked of the world and what came back, one JSON document a line. It is all the state there is. */
import * as z from 'zod'
import {Failure} from '../errors.ts'
import type {Evaluation} from './search.ts'
import {addCost, noCost, type Cost as Spent} from './spending.ts'

const Cost = z.strictObject({calls: z.number(), tokens: z.number(), usd: z.number().nullable()})

const Evaluated: z.ZodType<Evaluation> = z.strictObject({
  score: z.number().nullable(),
  unreadable: z.strictObject({step: z.string().nullable(), reason: z.string()}).nullable(),
  outcomes: z.array(
    z.strictObject({
      id: z.string(),
      credit: z.number(),
      lost: z.string().nullable(),
      group: z.string().nullable(),
      must: z.boolean(),
      reason: z.string(),
    }),
  ),
  extras: z.array(z.strictObject({step: z.string().nullable(), reason: z.string()})),
  shown: z.record(z.string(), z.strictObject({input: z.string(), output: z.string()})),
  cost: Cost,
})

const Start = z.strictObject({
  kind: z.literal('start'),
  id: z.literal('start'),
  schema: z.literal(1),
  /** Digest of all that the answers depend on: pipeline, gold standards, settings, optimizer, program. */
  about: z.string(),
  /** For the nonces of fences: it must not change between a run and its resumption, and nobody may guess it. */
  secret: z.string(),
})
export type Start = z.infer<typeof Start>

const Event = z.discriminatedUnion('kind', [
  Start,
  z.strictObject({kind: z.literal('evaluated'), id: z.string(), evaluation: Evaluated}),
  z.strictObject({kind: z.literal('reflected'), id: z.string(), text: z.string(), cost: Cost}),
  /** It came to nothing and was not tried again. */
  z.strictObject({kind: z.literal('failed'), id: z.string(), code: z.string(), message: z.string(), cost: Cost}),
  /** What a search came to, before anybody compared it. */
  z.strictObject({
    kind: z.literal('proposal'),
    id: z.string(),
    candidate: z.record(z.string(), z.string()),
    quotes: z.array(z.string()),
  }),
  /** An answer of a model by the digest of its question, and the run that paid for it: a later run that asks the same need not. */
  z.strictObject({kind: z.literal('answer'), id: z.string(), by: z.string(), text: z.string()}),
])
export type Event = z.infer<typeof Event>
export type Fact = Extract<Event, {readonly kind: 'evaluated' | 'reflected' | 'failed'}>

/** What the search did spend so far. */
export const spentIn = (events: readonly Event[]): Spent =>
  events.reduce((sum, event) => addCost(sum, costIn(event)), noCost)

const costIn = (event: Event): Spent =>
  event.kind === 'evaluated'
    ? event.evaluation.cost
    : event.kind === 'reflected' || event.kind === 'failed'
      ? event.cost
      : noCost

export const renderEvent = (event: Event): string => `${JSON.stringify(event)}\n`

/**
 * A last line that was cut off is none: the process that wrote it was killed. Throws `Failure` `bad-log` with the line of what
 * cannot be read.
 */
export function readEvents(text: string, file: string): readonly Event[] {
  const lines = text.split('\n')
  const cut = lines.pop() ?? ''
  const events = lines.flatMap((line, at) => (line.trim() === '' ? [] : [readEvent(line, file, at + 1)]))
  const last = cut === '' ? null : parsed(cut)
  return last === null ? events : [...events, last]
}

function readEvent(line: string, file: string, number: number): Event {
  const event = parsed(line)
  if (event !== null) return event
  throw new Failure('bad-log', `${file}:${number}: is no event of a search`, {
    hint: 'give the log of an earlier `optimize`, or another name for a new one',
  })
}

function parsed(line: string): Event | null {
  try {
    return Event.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}

/**
 * What all of them know: commutative, associative, idempotent. Where two have different samples of one thing, the text that sorts
 * first stands, on every machine. Throws `Failure` `other-search`.
 */
export function mergeEvents(logs: readonly (readonly Event[])[]): readonly Event[] {
  const known = new Map<string, string>()
  for (const event of logs.flat()) {
    const [key, text] = [`${event.kind === 'start' ? 0 : 1} ${event.id}`, JSON.stringify(event)]
    const other = known.get(key)
    if (other === undefined || text < other) known.set(key, text)
  }
  const about = new Set(logs.flat().flatMap((event) => (event.kind === 'start' ? [event.about] : [])))
  if (about.size > 1)
    throw new Failure('other-search', 'the logs are of different searches', {
      hint: 'merge only logs of one pipeline, one set of gold standards and the same settings',
    })
  return [...known]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, text]) => {
      const event = parsed(text)
      return event === null ? [] : [event]
    })
}
