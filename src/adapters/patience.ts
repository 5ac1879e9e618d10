/** A `fetch` that waits and asks again where that can do no harm, and that hands on only whole answers. */
import {setTimeout as sleep} from 'node:timers/promises'
import {Failure, messageOf} from '../errors.ts'
import {cancelled} from '../provider.ts'

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

export interface Patience {
  /** Whether the same request, sent twice, leaves the other side as one would. */
  readonly repeatable: (method: string, url: URL) => boolean
  /** Throws when there is to be no next try, as {@link pause} does. */
  readonly wait: (ms: number) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** For one try, the body included. */
  readonly timeoutMs: number
  /** Ends the request that runs at once, with `Failure` `cancelled`. What was answered by then stays answered. */
  readonly signal?: AbortSignal | undefined
}

/** Tries in all. Together with the longest wait this bounds one call to about four minutes. */
export const maxTries = 4
/** Whoever wants more patience than this is not waited for: the run ends and says when to come back. */
export const maxWaitMs = 60_000

export const delayMs = (attempt: number): number => 1000 * 2 ** (attempt - 1)

/** What an aborted signal is to whoever waits for something. A deadline that passed is nobody's decision, and says so. */
export function stoppedBy({reason}: AbortSignal): Failure {
  if (reason instanceof Failure) return reason
  if (!(reason instanceof DOMException) || reason.name !== 'TimeoutError') return cancelled()
  return new Failure('cancelled', 'there was no time left to wait for it', {exit: 3})
}

function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw stoppedBy(signal)
}

/** Sleeps; throws `cancelled` as soon as the signal aborts. No timer outlives it: it would keep the process alive. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : {signal})
  } catch (thrown) {
    throwIfStopped(signal)
    throw thrown
  }
}

type Answer =
  | {readonly kind: 'done'; readonly response: Response}
  | {readonly kind: 'limited'; readonly response: Response; readonly afterMs: number | null}
  | {readonly kind: 'broken'; readonly response: Response}
  | {readonly kind: 'lost'; readonly cause: unknown}

/**
 * Rate limits are waited for whatever the method was, because the request was refused before anything happened; server errors
 * and broken connections only where the request is repeatable.
 */
export function patiently(patience: Patience): Fetch {
  return async (url, init = {}) => {
    const {signal} = patience
    throwIfStopped(signal)
    const again = patience.repeatable((init.method ?? 'GET').toUpperCase(), new URL(url))
    for (let attempt = 1; ; attempt++) {
      const answer = await ask(url, init, patience)
      // only what got no answer: an answer that is thrown away would make a comment that was written look unwritten
      if (answer.kind === 'lost') throwIfStopped(signal)
      const last = attempt === maxTries || init.signal?.aborted === true
      if (answer.kind === 'limited') {
        const ms = answer.afterMs ?? delayMs(attempt)
        if (last || ms > maxWaitMs) return answer.response
        await patience.wait(ms)
      } else if (answer.kind === 'done' || last || !again) {
        if (answer.kind === 'lost') throw reasonOf(answer.cause)
        return answer.response
      } else {
        await patience.wait(delayMs(attempt))
      }
    }
  }
}

/**
 * With a timer of its own: of `AbortSignal.any([AbortSignal.timeout(…), …])` Node 20 loses the timeout when it collects garbage
 * (https://github.com/nodejs/node/issues/54614), and a request that nobody answers waits for ever.
 */
async function ask(url: string, init: RequestInit, {timeoutMs, now, signal: stop}: Patience): Promise<Answer> {
  const controller = new AbortController()
  const given = [init.signal ?? [], stop ?? []].flat()
  const end = (): void => controller.abort(given.find(({aborted}) => aborted)?.reason)
  const late = (): void => controller.abort(new DOMException('no answer in time', 'TimeoutError'))
  const timer = setTimeout(late, timeoutMs)
  for (const signal of given) signal.addEventListener('abort', end)
  if (given.some(({aborted}) => aborted)) end()
  try {
    const response = await whole(await fetch(url, {...init, signal: controller.signal}))
    const afterMs = waitOf(response.headers, now())
    if (response.status === 429 || (response.status === 403 && afterMs !== null)) {
      return {kind: 'limited', response, afterMs}
    }
    return {kind: response.status >= 500 ? 'broken' : 'done', response}
  } catch (cause) {
    return {kind: 'lost', cause}
  } finally {
    clearTimeout(timer)
    for (const signal of given) signal.removeEventListener('abort', end)
  }
}

/**
 * `fetch failed` says nothing, and where a proxy refuses, the next one says `Request was cancelled`, which nobody did: the one
 * below says what happened.
 */
function reasonOf(thrown: unknown): unknown {
  let reason = thrown
  while ((reason instanceof TypeError || reason instanceof DOMException) && reason.cause instanceof Error) {
    reason = reason.cause
  }
  return reason
}

/**
 * Octokit takes a body that breaks off for an answer without content: a list of comments would then look empty and a second
 * comment would be written. So the body is read here, and must be what its type says.
 */
async function whole(response: Response): Promise<Response> {
  const body = await response.text()
  if (response.ok && body !== '') {
    try {
      JSON.parse(body)
    } catch (thrown) {
      throw new Error(`the answer is not JSON: ${messageOf(thrown)}`, {cause: thrown})
    }
  }
  const {status, statusText, headers} = response
  const empty = status === 204 || status === 205 || status === 304
  const copy = new Response(empty ? null : body, {status, statusText, headers})
  // a made response has no address, and octokit's errors name it
  Object.defineProperty(copy, 'url', {value: response.url})
  return copy
}

/** Milliseconds the other side asks to wait; null when it asks for nothing. */
export function waitOf(headers: {readonly get: (name: string) => string | null}, now: number): number | null {
  const after = headers.get('retry-after')
  if (after !== null && /^\d{1,9}$/.test(after)) return Number(after) * 1000
  if (after !== null && !Number.isNaN(Date.parse(after))) return Math.max(Date.parse(after) - now, 0)
  const reset = headers.get('x-ratelimit-reset')
  if (headers.get('x-ratelimit-remaining') === '0' && reset !== null && /^\d{1,12}$/.test(reset)) {
    return Math.max(Number(reset) * 1000 - now, 0)
  }
  return null
}
