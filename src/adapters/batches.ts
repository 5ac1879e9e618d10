/**
 * Questions that are asked at the same time, sent as one batch: for half the price, and answered within a day instead of a minute.
 * Nothing in here knows an SDK.
 */
import {Failure} from '../errors.ts'
import {cancelled, givenUp, type ModelReply, type ModelRequest, type Patience, type Provider} from '../provider.ts'
import {unanswered, type Party} from './wire.ts'

/** One line of what a batch came to. */
export interface BatchResult {
  readonly id: string
  /** As it was sent, for `read`. */
  readonly result: unknown
}

export interface BatchQuestion<Body> {
  /** Ours; the result comes back with it. */
  readonly id: string
  readonly body: Body
}

/**
 * What a vendor offers for it. Everything throws `Failure`, with `retry` where doing the same again can do no harm: reading may
 * always be done again, but a batch that was perhaps made already must not be made once more.
 */
export interface BatchRoutes<Body> {
  readonly partyOf: (model: string) => Party
  /** The body of a question. What it throws is about that question alone. */
  readonly write: (request: ModelRequest) => Promise<Body>
  /** @returns the vendor's id of the batch */
  readonly create: (questions: readonly BatchQuestion<Body>[], signal: AbortSignal) => Promise<string>
  readonly isEnded: (batch: string, signal: AbortSignal) => Promise<boolean>
  /** In any order; null is a line that cannot be read. */
  readonly results: (batch: string, signal: AbortSignal) => Promise<readonly (BatchResult | null)[]>
  readonly cancel: (batch: string) => Promise<void>
  /** The answer in a result. Throws `Failure`, with `retry` when nothing was paid and asking once more may help. */
  readonly read: (result: unknown, request: ModelRequest) => ModelReply
}

export interface Batching extends Pick<Patience, 'sleep' | 'now'> {
  /** As `Crowd.whenStill`: when to send what was collected. */
  readonly whenStill: (then: () => void) => void
  readonly say: (line: string) => void
  /** Milliseconds from sending a batch until nobody waits for it any more. */
  readonly deadlineMs?: number
  /** Milliseconds that a cancelled run waits to learn the id of a batch that is being made, so that it can be cancelled. */
  readonly graceMs?: number
  /** Of one batch. */
  readonly maxBytes?: number
}

/** The vendor gives up what it did not come to after 24 hours; its results then say so. */
const defaultDeadlineMs = 25 * 3_600_000
/** A cancelled job of a runner has 7.5 s in all. */
const defaultGraceMs = 4000
/**
 * The vendor takes 256 MB and, by the more careful of its pages, 10,000 questions
 * (https://platform.claude.com/docs/en/build-with-claude/batch-processing).
 */
const defaultMaxBytes = 100_000_000
const maxQuestions = 10_000

const firstWaitMs = 1000
const longestWaitMs = 60_000
/** Looking again costs nothing, so whoever asks for a wait of weeks is not believed. */
const longestAskedWaitMs = 10 * 60_000
const createTries = 5
/** Some ten minutes. A batch that has ended does not get better. */
const resultTries = 15
/** An answer without some of its lines may have been cut on the way; three times the same is how it is. */
const completeTries = 3

interface Asked {
  readonly request: ModelRequest
  readonly signal: AbortSignal | undefined
  readonly answer: (reply: ModelReply) => void
  readonly fail: (thrown: unknown) => void
}

interface Question<Body> extends BatchQuestion<Body>, Asked {}

/** What every part of one batch needs. */
interface Carrying<Body> extends Required<Batching> {
  readonly routes: BatchRoutes<Body>
  readonly name: string
  /** Aborts when nobody waits for an answer any more. */
  readonly signal: AbortSignal
}

/** Collects until the crowd is still, sends, and hands each asker the answer to his own question, or what became of it. */
export function batched<Body>(routes: BatchRoutes<Body>, batching: Batching): Provider {
  const settings = {deadlineMs: defaultDeadlineMs, graceMs: defaultGraceMs, maxBytes: defaultMaxBytes, ...batching}
  let waiting: readonly Asked[] = []
  let count = 0
  const send = (): void => {
    const sent = waiting
    waiting = []
    const named = sent.map((asked) => ({...asked, id: `q${++count}`}))
    void sendAll(named, routes, settings)
  }
  return (request, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(cancelled())
      const leave = (): void => {
        if (!waiting.includes(asked)) return
        waiting = waiting.filter((each) => each !== asked)
        reject(cancelled())
      }
      const done = (): void => signal?.removeEventListener('abort', leave)
      const asked: Asked = {
        request,
        signal,
        answer: (reply) => (done(), resolve(reply)),
        fail: (thrown) => (done(), reject(thrown)),
      }
      signal?.addEventListener('abort', leave, {once: true})
      waiting = [...waiting, asked]
      if (waiting.length === 1) settings.whenStill(send)
    })
}

async function sendAll<Body>(
  asked: readonly (Asked & {readonly id: string})[],
  routes: BatchRoutes<Body>,
  settings: Required<Batching>,
): Promise<void> {
  const written = await Promise.all(
    asked.map(async (each) => {
      try {
        return [{...each, body: await routes.write(each.request)}]
      } catch (thrown) {
        each.fail(thrown)
        return []
      }
    }),
  )
  await Promise.all(parcelsOf(written.flat(), settings.maxBytes).map((parcel) => carry(parcel, routes, settings)))
}

function parcelsOf<Body>(
  questions: readonly Question<Body>[],
  maxBytes: number,
): readonly (readonly Question<Body>[])[] {
  const parcels: Question<Body>[][] = []
  let bytes = Infinity
  for (const question of questions) {
    const size = Buffer.byteLength(JSON.stringify(question.body)) + question.id.length + 40
    const last = parcels.at(-1)
    if (last === undefined || bytes + size > maxBytes || last.length >= maxQuestions) {
      parcels.push([question])
      bytes = size
    } else {
      last.push(question)
      bytes += size
    }
  }
  return parcels
}

/** One batch from its making to its end. Never rejects: what goes wrong is told to those who asked. */
async function carry<Body>(
  questions: readonly Question<Body>[],
  routes: BatchRoutes<Body>,
  settings: Required<Batching>,
): Promise<void> {
  const {signal, release} = untilAllLeave(questions)
  const party = routes.partyOf('message batch')
  try {
    const carrying: Carrying<Body> = {...settings, routes, name: party.provider, signal}
    const batch = await create(questions, carrying)
    const results = await resultsOf(batch, questions, carrying)
    // all in one go: whoever had his answer earlier would ask his next question alone
    for (const question of questions) settle(question, results.get(question.id), routes)
  } catch (thrown) {
    for (const {fail} of questions) fail(thrown)
  } finally {
    release()
  }
}

function settle<Body>(
  {request, answer, fail}: Question<Body>,
  found: {readonly result: unknown} | undefined,
  routes: BatchRoutes<Body>,
): void {
  if (found === undefined) return fail(unanswered(routes.partyOf(request.model), 'has no answer in its batch'))
  try {
    answer(routes.read(found.result, request))
  } catch (thrown) {
    fail(thrown)
  }
}

/** Whoever leaves while others stay is let go at once; the last one waits until the batch is cancelled. */
function untilAllLeave(questions: readonly Asked[]): {readonly signal: AbortSignal; readonly release: () => void} {
  const controller = new AbortController()
  let staying = questions.length
  const leavers = questions.map(({signal, fail}) => {
    const leave = (): void => {
      staying -= 1
      if (staying === 0) controller.abort(cancelled())
      else fail(cancelled())
    }
    if (signal?.aborted === true) leave()
    else signal?.addEventListener('abort', leave, {once: true})
    return () => signal?.removeEventListener('abort', leave)
  })
  return {
    signal: controller.signal,
    release: () => {
      for (const stop of leavers) stop()
    },
  }
}

/**
 * Not torn by a cancelled run: a batch whose id nobody knows is paid for and cannot be cancelled. Tried again only where the
 * vendor surely made none.
 */
async function create<Body>(questions: readonly Question<Body>[], carrying: Carrying<Body>): Promise<string> {
  const {routes, signal, sleep, say, name} = carrying
  for (let tried = 1; ; tried++) {
    if (signal.aborted) throw cancelled()
    try {
      const bodies = questions.map(({id, body}) => ({id, body}))
      const batch = await inGrace(carrying, (torn) => routes.create(bodies, torn))
      const many = questions.length === 1 ? '1 question is' : `${questions.length} questions are`
      say(`${name}: ${many} sent as the batch ${batch}`)
      return batch
    } catch (thrown) {
      if (signal.aborted) say(`${name}: a batch may have been made; if the vendor's console shows one, cancel it there`)
      if (!(thrown instanceof Failure) || thrown.retry === null) throw thrown
      if (tried === createTries) throw givenUp(thrown, `tried ${tried} times`)
      await sleep(waitOf(firstWaitMs * 2 ** (tried - 1), thrown), signal)
    }
  }
}

async function inGrace<T>(
  {signal, graceMs}: Pick<Carrying<unknown>, 'signal' | 'graceMs'>,
  work: (torn: AbortSignal) => Promise<T>,
): Promise<T> {
  const torn = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const hurry = (): void => {
    timer = setTimeout(() => torn.abort(), graceMs)
  }
  signal.addEventListener('abort', hurry, {once: true})
  try {
    return await work(torn.signal)
  } finally {
    signal.removeEventListener('abort', hurry)
    clearTimeout(timer)
  }
}

const waitOf = (wait: number, {retry}: Failure): number =>
  Math.max(wait, Math.min(retry?.afterMs ?? 0, longestAskedWaitMs))

/** By our ids. A batch that nobody will read is cancelled, whatever the reason. */
async function resultsOf<Body>(
  batch: string,
  questions: readonly Question<Body>[],
  carrying: Carrying<Body>,
): Promise<ReadonlyMap<string, BatchResult>> {
  const {routes, signal, now, say, name} = carrying
  const started = now()
  let hasEnded = false
  try {
    await until(batch, started, Infinity, carrying, async () => (await routes.isEnded(batch, signal)) || null)
    hasEnded = true
    let looked = 0
    const found = await until(batch, started, resultTries, carrying, async () => {
      const results = await routes.results(batch, signal)
      const byId = new Map(results.flatMap((each) => (each === null ? [] : [[each.id, each] as const])).toReversed())
      looked += 1
      return looked >= completeTries || questions.every(({id}) => byId.has(id)) ? {results, byId} : null
    })
    tellOddities(batch, questions, found.results, carrying)
    say(`${name}: the batch ${batch} is answered after ${Math.round((now() - started) / 1000)} s`)
    return found.byId
  } catch (thrown) {
    if (!hasEnded) await cancel(batch, carrying)
    throw thrown
  }
}

/** Asks until something is there. Looking is free and changes nothing, so after a lost connection it just looks again. */
async function until<T, Body>(
  batch: string,
  started: number,
  tries: number,
  {signal, sleep, now, deadlineMs, say, name, routes}: Carrying<Body>,
  look: () => Promise<T | null>,
): Promise<T> {
  let wait = tries === Infinity ? firstWaitMs : 0
  for (let failed = 0, asked = 0; ; wait = Math.min(longestWaitMs, Math.max(firstWaitMs, wait * 2))) {
    const pause = Math.max(wait, asked)
    if (now() - started + pause > deadlineMs) {
      throw unanswered(routes.partyOf('message batch'), `did not end ${batch} in ${Math.round(deadlineMs / 1000)} s`)
    }
    await sleep(pause, signal)
    if (signal.aborted) throw cancelled()
    try {
      const found = await look()
      if (found !== null) return found
      failed = 0
      asked = 0
    } catch (thrown) {
      if (signal.aborted) throw cancelled()
      if (!(thrown instanceof Failure) || thrown.retry === null) throw thrown
      failed += 1
      if (failed >= tries) throw givenUp(thrown, `tried ${failed} times; ${batch} stays with the vendor`)
      if (failed === 1) say(`${name}: ${batch} is asked about again: ${thrown.message}`)
      asked = waitOf(0, thrown)
    }
  }
}

function tellOddities(
  batch: string,
  questions: readonly {readonly id: string}[],
  results: readonly (BatchResult | null)[],
  {say, name}: Pick<Carrying<unknown>, 'say' | 'name'>,
): void {
  const ours = new Set(questions.map(({id}) => id))
  const strange = results.filter((each) => each !== null && !ours.has(each.id)).length
  const unreadable = results.filter((each) => each === null).length
  if (strange > 0) say(`${name}: ${batch} has ${strange} answers to questions that are not of it; they are left alone`)
  if (unreadable > 0) say(`${name}: ${batch} has ${unreadable} answers that cannot be read`)
}

async function cancel<Body>(batch: string, {routes, say, name}: Carrying<Body>): Promise<void> {
  try {
    await routes.cancel(batch)
    say(`${name}: the batch ${batch} is cancelled`)
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    say(`${name}: the batch ${batch} could not be cancelled, cancel it in the vendor's console: ${thrown.message}`)
  }
}
