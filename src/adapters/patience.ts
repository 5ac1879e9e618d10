/** A `fetch` that waits and asks again where that can do no harm, and that hands on only whole answers. */
import {messageOf} from '../errors.ts'

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

export interface Patience {
  /** Whether the same request, sent twice, leaves the other side as one would. */
  readonly repeatable: (method: string, url: URL) => boolean
  readonly wait: (ms: number) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** For one try, the body included. */
  readonly timeoutMs: number
}

/** Tries in all. Together with the longest wait this bounds one call to about four minutes. */
export const maxTries = 4
/** Whoever wants more patience than this is not waited for: the run ends and says when to come back. */
export const maxWaitMs = 60_000

export const delayMs = (attempt: number): number => 1000 * 2 ** (attempt - 1)

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
    const again = patience.repeatable((init.method ?? 'GET').toUpperCase(), new URL(url))
    for (let attempt = 1; ; attempt++) {
      const answer = await ask(url, init, patience)
      const last = attempt === maxTries || init.signal?.aborted === true
      if (answer.kind === 'limited') {
        const ms = answer.afterMs ?? delayMs(attempt)
        if (last || ms > maxWaitMs) return answer.response
        await patience.wait(ms)
      } else if (answer.kind === 'done' || last || !again) {
        if (answer.kind === 'lost') throw answer.cause
        return answer.response
      } else {
        await patience.wait(delayMs(attempt))
      }
    }
  }
}

async function ask(url: string, init: RequestInit, {timeoutMs, now}: Patience): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout
  try {
    const response = await whole(await fetch(url, {...init, signal}))
    const afterMs = waitOf(response.headers, now())
    if (response.status === 429 || (response.status === 403 && afterMs !== null)) {
      return {kind: 'limited', response, afterMs}
    }
    return {kind: response.status >= 500 ? 'broken' : 'done', response}
  } catch (cause) {
    return {kind: 'lost', cause}
  }
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
