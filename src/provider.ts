/**
 * The one contract with a model, and the wrappers that give every provider patience.
 *
 * They are stacked `remembered(withFallback(retried(metered(priced(routed(…))))))`: every attempt is metered, so that retries cannot
 * spend past the budget, and a remembered answer is neither retried nor paid for.
 */
import {Failure} from './errors.ts'
import type {Untrusted} from './trust.ts'

export type JsonSchema = {readonly [key: string]: unknown}

/** What a model may use, by a name; the program carries it out and answers with a {@link ToolResult}. */
export interface ToolSpec {
  readonly name: string
  /** Words of a pipeline file, never of the program. */
  readonly description: string
  /** Of its input. */
  readonly schema: JsonSchema
}

export interface ToolCall {
  /** Unique within one answer. */
  readonly id: string
  readonly name: string
  /** What a model wrote: to be checked before anything is done with it. */
  readonly input: unknown
  /** What the provider wants back with the call, unread. */
  readonly signature?: string
}

export interface ToolResult {
  readonly id: string
  readonly name: string
  readonly text: string
  readonly isError: boolean
}

export interface Message {
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** Of the assistant: what it wants done. */
  readonly calls?: readonly ToolCall[]
  /** Of the user: the answers to all calls of the message before, in their order. */
  readonly results?: readonly ToolResult[]
}

export interface ModelRequest {
  /** A key of the providers' registry: `claude`, `gemini`, `openai`. */
  readonly provider: string
  readonly model: string
  readonly system: string
  readonly messages: readonly Message[]
  /** Tokens of the answer. */
  readonly maxTokens: number
  /** null: the provider's default (newer Claude models refuse the parameter). */
  readonly temperature: number | null
  /** null: free text; else the answer must be JSON of this schema. */
  readonly schema: JsonSchema | null
  /** 0 to 1; for providers that take it. */
  readonly topP?: number
  readonly topK?: number
  /** How many characters at the beginning of the first message other requests share: worth caching where the vendor can. */
  readonly shared?: number
  readonly tools?: readonly ToolSpec[]
  /** `false`: they are told for the sake of what was said before, and none may be used any more. */
  readonly mayUseTools?: false
  /** Asked in its place, once, when the model cannot be reached or does not exist. */
  readonly fallback?: string
  /** How often it is made at most, the first time included; the program's own limit is never passed. */
  readonly attempts?: number
  /** Milliseconds for a whole answer; the program's own limit is never passed. */
  readonly timeoutMs?: number
  /** For whoever watches or stands in for a model; it is never sent. */
  readonly about?: {readonly step: string; readonly kind: 'text' | 'json' | 'yaml'; readonly schema: JsonSchema | null}
}

export interface Usage {
  readonly calls: number
  readonly input_tokens: number
  readonly output_tokens: number
  /** null: a model without a price in the table took part. */
  readonly usd: number | null
}

/** Of one answer. A provider that says nothing about its cache leaves these out. */
export interface ReplyUsage extends Usage {
  /** Of `input_tokens`: read from a cache. */
  readonly cached_input_tokens?: number
  /** Of `input_tokens`: written into a cache. */
  readonly cache_write_tokens?: number
}

export interface ModelReply {
  readonly text: Untrusted
  /** `tools`: it waits for the results of `calls`. */
  readonly stopped: 'end' | 'length' | 'refused' | 'tools'
  readonly calls?: readonly ToolCall[]
  /** The model that answered, as the provider names it. */
  readonly model: string
  readonly usage: ReplyUsage
}

/**
 * Throws `Failure`: `model-unavailable` (exit 3, with `retry` when worth it), `model-refused-request`, `model-key-refused`,
 * `missing-key`, `unknown-provider`, `unknown-price`, `budget-spent` (exit 2), `cancelled` (exit 3, the caller's signal).
 */
export type Provider = (request: ModelRequest, signal?: AbortSignal) => Promise<ModelReply>

export const noUsage: Usage = {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0}

export const addUsage = (a: Usage, b: Usage): Usage => ({
  calls: a.calls + b.calls,
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
})

/** What stands in a provider's place when it has no key: the names of the variables that would give it one. */
export interface MissingKey {
  readonly keys: readonly string[]
}

/** Hands each request to the provider it names. Throws `Failure` `unknown-provider` or `missing-key`. */
export const routed =
  (providers: Readonly<Record<string, Provider | MissingKey>>): Provider =>
  async (request, signal) => {
    const found = Object.hasOwn(providers, request.provider) ? providers[request.provider] : undefined
    if (found === undefined) {
      throw new Failure('unknown-provider', `no provider is called ${request.provider}`, {
        hint: `providers are: ${Object.keys(providers).join(', ')}`,
      })
    }
    if (typeof found === 'function') return found(request, signal)
    throw new Failure('missing-key', `${request.provider} (${request.model}) needs a key and none is set`, {
      hint: `set ${found.keys.join(' or ')}, or choose --pipeline offline, which needs no key`,
    })
  }

/** No more than so many questions at the same time; the others wait for their turn. */
export function limited(ask: Provider, atOnce: number): Provider {
  let flying = 0
  const turns: (() => void)[] = []
  return async (request, signal) => {
    if (flying >= atOnce) await new Promise<void>((turn) => turns.push(turn))
    else flying += 1
    try {
      return await ask(request, signal)
    } finally {
      // whoever is next takes this place
      const next = turns.shift()
      if (next === undefined) flying -= 1
      else next()
    }
  }
}

/** null: no limit. `tokens` are input and output together. */
export interface Budget {
  readonly calls: number | null
  readonly tokens: number | null
  readonly usd: number | null
}

export interface Patience {
  /** Milliseconds; rejects or returns early when the signal aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** 0 ≤ random() < 1 */
  readonly random: () => number
  /** Milliseconds of any steady clock. */
  readonly now: () => number
  /** How often a request is made at most, the first time included. */
  readonly attempts: number
  /** Milliseconds from the first attempt after which no other one begins. */
  readonly deadlineMs: number
}

const firstWaitMs = 1000
const longestWaitMs = 30_000

/**
 * Tries again what may help to try again: exponential backoff from 1 s to 30 s, half of it random so that jobs of a matrix
 * do not come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/); what the
 * other side asks for is the least. A wait that would pass the deadline is not begun: the failure says so at once. A clock that
 * is set back in between gives no more time than the waits leave.
 */
export const retried =
  (ask: Provider, {sleep, random, now, attempts, deadlineMs}: Patience): Provider =>
  async (request, signal) => {
    const start = now()
    const most = Math.min(attempts, request.attempts ?? attempts)
    let waited = 0
    for (let tried = 1; ; tried++) {
      try {
        const reply = await ask(request, signal)
        // the failed ones were calls too, and a budget of calls has counted them
        return tried === 1 ? reply : {...reply, usage: {...reply.usage, calls: reply.usage.calls + tried - 1}}
      } catch (thrown) {
        if (!(thrown instanceof Failure) || thrown.retry === null) throw thrown
        if (tried >= most) throw givenUp(thrown, `tried ${tried} times`)
        const wait = waitOf(tried, thrown.retry.afterMs, random())
        const left = deadlineMs - Math.max(waited, now() - start)
        if (wait > left) {
          const asked = thrown.retry.afterMs === null ? 'the next try is due in' : 'it asks to wait'
          throw givenUp(thrown, `tried ${tried} times, ${asked} ${seconds(wait)} and ${seconds(left)} are left`)
        }
        await sleep(wait, signal)
        waited += wait
        if (signal?.aborted === true) throw cancelled()
      }
    }
  }

function waitOf(tried: number, afterMs: number | null, random: number): number {
  const backoff = Math.min(longestWaitMs, firstWaitMs * 2 ** (tried - 1))
  const wait = backoff / 2 + (backoff / 2) * random
  return afterMs === null ? wait : Math.max(wait, afterMs + (Math.min(afterMs, firstWaitMs) / 2) * random)
}

const seconds = (milliseconds: number): string => `${Math.max(0, Math.round(milliseconds / 100) / 10)} s`

/** The same failure, not to be tried again. */
export const givenUp = (failure: Failure, why: string): Failure =>
  new Failure(failure.code, `${failure.message} (${why})`, {
    exit: failure.exit,
    cause: failure,
    ...(failure.hint === null ? {} : {hint: failure.hint}),
  })

/**
 * Asks `request.fallback` in the model's place, once, when the model cannot be reached after all retries, or does not exist. The
 * reply says who answered; when the other one fails too, the failure tells of both.
 */
export const withFallback =
  (ask: Provider): Provider =>
  async ({fallback, ...request}, signal) => {
    if (fallback === undefined) return ask(request, signal)
    try {
      return await ask(request, signal)
    } catch (thrown) {
      if (!(thrown instanceof Failure) || !isAway(thrown)) throw thrown
      try {
        return await ask({...request, model: fallback}, signal)
      } catch (second) {
        if (!(second instanceof Failure) || second.code === 'cancelled') throw second
        throw givenUp(second, `asked in place of ${request.model}: ${thrown.message}`)
      }
    }
  }

const isAway = (failure: Failure): boolean =>
  failure.code === 'model-unavailable' || (failure.code === 'model-refused-request' && statusOf(failure) === 404)

/** What a server answered, as the cause of the failure it became. */
export interface Answered {
  /** Of HTTP. */
  readonly status: number
}

/** null: no answer of a server became this failure. */
export function statusOf({cause}: Failure): number | null {
  if (typeof cause !== 'object' || cause === null || !('status' in cause)) return null
  return typeof cause.status === 'number' ? cause.status : null
}

/** What every provider throws when the caller's signal aborts. */
export const cancelled = (): Failure => new Failure('cancelled', 'the run was cancelled', {exit: 3})
