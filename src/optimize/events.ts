/** The log of a search: what was asked of the world and what came back, one JSON document a line. It is all the state there is. */
import * as z from 'zod'
import {Failure} from '../errors.ts'
import type {Evaluation} from './search.ts'
import {noCost, type Cost as Spent} from './spending.ts'

// a log is a file, and files are edited: what is below nothing would be money that nobody has, and is no reason to lose the rest
const amount = z.number().transform((value) => Math.max(0, value))
/** Sums of floating point may pass a bound by their last digit. */
const within = (most: number): z.ZodNumber =>
  z
    .number()
    .min(-1e-6)
    .max(most + 1e-6)
const Cost = z.strictObject({calls: amount, tokens: amount, usd: amount.nullable()})

const Evaluated: z.ZodType<Evaluation> = z.strictObject({
  score: within(10).nullable(),
  unreadable: z.strictObject({step: z.string().nullable(), reason: z.string()}).nullable(),
  outcomes: z.array(
    z.strictObject({
      id: z.string(),
      credit: within(1),
      lost: z.string().nullable(),
      group: z.string().nullable(),
      must: z.boolean(),
      reason: z.string(),
    }),
  ),
  extras: z.array(z.strictObject({step: z.string().nullable(), reason: z.string()})),
  shown: z.record(z.string(), z.strictObject({input: z.string(), output: z.string()})),
  cost: Cost,
  reserved: amount.nullable().optional(),
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

/** What was spent so far: by all that ended, and for answers of runs that were stopped before their end. */
export const costsIn = (events: readonly Event[]): readonly Spent[] => [
  ...events.map(costIn),
  ...unpaidIn(events).map(({cost}) => cost),
]

const costIn = (event: Event): Spent =>
  event.kind === 'evaluated'
    ? event.evaluation.cost
    : event.kind === 'reflected' || event.kind === 'failed'
      ? event.cost
      : noCost

/** Answers of runs that did not come to their end: they are in no run's cost. */
export function unpaidIn(events: readonly Event[]): readonly {readonly id: string; readonly cost: Spent}[] {
  const ended = new Set(events.flatMap((event) => (isFact(event) ? [event.id] : [])))
  return events.flatMap((event) =>
    event.kind === 'answer' && !ended.has(event.by) ? [{id: event.id, cost: paidFor(event.text)}] : [],
  )
}

const Paid = z.object({
  reply: z.object({
    usage: z.object({calls: amount, input_tokens: amount, output_tokens: amount, usd: amount.nullable()}),
  }),
})

/** Nothing for a recording that cannot be read: it is no answer, and the model is asked again. */
function paidFor(recording: string): Spent {
  const read = Paid.safeParse(jsonIn(recording))
  if (!read.success) return noCost
  const {calls, input_tokens, output_tokens, usd} = read.data.reply.usage
  return {calls, tokens: input_tokens + output_tokens, usd}
}

const isFact = (event: Event): event is Fact =>
  event.kind === 'evaluated' || event.kind === 'reflected' || event.kind === 'failed'

/** So many things may fail by the other side's fault before the search is given up. */
export const maxFailures = 3

/**
 * What whoever goes on need not ask again. A failure stands, so that the same log is the same search; but not those that ended it,
 * or a night without a network would be its end for ever. Nor does what a budget did not allow: it may be a larger one now, and with
 * the same one it is refused again, without a question.
 *
 * @param isShared other machines wait for the outcome of what this one was not allowed
 */
export function standingIn(events: readonly Event[], isShared: boolean): readonly Event[] {
  const last = new Map(events.flatMap((event) => (isFact(event) ? [[event.id, event] as const] : [])))
  const failed = [...last.values()].flatMap((event) => (event.kind === 'failed' ? [event] : []))
  const isEnd = failed.filter(({code}) => code !== notAllowed).length > maxFailures
  return events.filter((event) => {
    if (event.kind !== 'failed') return true
    if (last.get(event.id) !== event) return false
    return event.code === notAllowed ? isShared : !isEnd
  })
}

const notAllowed = 'budget-spent'

export const renderEvent = (event: Event): string => `${JSON.stringify(event)}\n`

/** How every line begins: what is written first of an event is its kind. */
const head = '{"kind":"'

/**
 * A last line that was cut off is none: the process that wrote it was killed. Throws `Failure` `bad-log` with the line of what
 * cannot be read, and for the only line of a file that was never a log: whoever mends one would cut it off.
 */
export function readEvents(text: string, file: string): readonly Event[] {
  const lines = text.replace(/^\ufeff/, '').split('\n')
  const cut = lines.pop() ?? ''
  const events = lines.flatMap((line, at) => (line.trim() === '' ? [] : [readEvent(line, file, at + 1)]))
  if (cut.trim() === '') return events
  const last = parsed(cut)
  if (last !== null) return [...events, last]
  if (cut.startsWith(head) || head.startsWith(cut)) return events
  throw badLine(file, lines.length + 1)
}

const readEvent = (line: string, file: string, number: number): Event => {
  const event = parsed(line)
  if (event === null) throw badLine(file, number)
  return event
}

const badLine = (file: string, number: number): Failure =>
  new Failure('bad-log', `${file}:${number}: is no event of a search`, {
    hint: 'give the log of an earlier `optimize`, or another name for a new one',
  })

const parsed = (line: string): Event | null => Event.safeParse(jsonIn(line)).data ?? null

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
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
