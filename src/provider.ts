/**
 * The one contract with a model, and the wrappers that give every provider patience, a meter and a budget.
 *
 * They are stacked `remembered(retried(metered(priced(routed(…)))))`: every attempt is metered, so that retries cannot
 * spend past the budget, and a remembered answer is neither retried nor paid for.
 */
import * as z from 'zod'
import {Failure, messageOf} from './errors.ts'
import type {Untrusted} from './trust.ts'

export type JsonSchema = {readonly [key: string]: unknown}

export interface Message {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

export interface ModelRequest {
  /** A key of the providers' registry: `claude`, `gemini`. */
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
}

export interface Usage {
  readonly calls: number
  readonly input_tokens: number
  readonly output_tokens: number
  /** null: a model without a price in the table took part. */
  readonly usd: number | null
}

export interface ModelReply {
  readonly text: Untrusted
  readonly stopped: 'end' | 'length' | 'refused'
  /** The model that answered, as the provider names it. */
  readonly model: string
  readonly usage: Usage
}

/**
 * Throws `Failure`: `model-unavailable` (exit 3, with `retry` when worth it), `model-refused-request`, `model-key-refused`,
 * `missing-key`, `unknown-provider`, `budget-spent` (exit 2), `cancelled` (exit 3, the caller's signal).
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

/** US dollars for a million tokens. Where a long prompt costs more, all of its tokens do. */
export interface Price {
  readonly input: number
  readonly output: number
  readonly long?: {readonly above: number; readonly input: number; readonly output: number}
}

/** By model id without its date or version suffix. */
export type Prices = Readonly<Record<string, Price>>

/** A snapshot of a model costs what the model costs; `-lite`, `-5` and the like are other models. */
const snapshot = /^(?:[-@](?:latest|preview|exp|\d{3,8}|\d{2}-\d{2,4}|\d{4}-\d{2}-\d{2}))*$/

/** null: a model that is not in the table. */
export function priceOf(prices: Prices, model: string): Price | null {
  const name = model.replace(/^models\//, '')
  const known = Object.keys(prices).find((id) => name.startsWith(id) && snapshot.test(name.slice(id.length)))
  return known === undefined ? null : (prices[known] ?? null)
}

/** US dollars. Tokens that came from or went to a cache count as plain input, which is dearer than a read. */
export function usdOf(price: Price, usage: Pick<Usage, 'input_tokens' | 'output_tokens'>): number {
  const rate = price.long !== undefined && usage.input_tokens > price.long.above ? price.long : price
  return (usage.input_tokens * rate.input + usage.output_tokens * rate.output) / 1_000_000
}

/** The part of its price that a request costs: what is asked by batch costs half. */
export type Rate = (request: ModelRequest) => number

const inFull: Rate = () => 1

/** Fills `usage.usd`; null for a model without a price. */
export const priced =
  (ask: Provider, prices: Prices, rateOf: Rate = inFull): Provider =>
  async (request, signal) => {
    const reply = await ask(request, signal)
    const price = priceOf(prices, reply.model) ?? priceOf(prices, request.model)
    const usd = price === null ? null : usdOf(price, reply.usage) * rateOf(request)
    return {...reply, usage: {...reply.usage, usd}}
  }

/** null: no limit. `tokens` are input and output together. */
export interface Budget {
  readonly calls: number | null
  readonly tokens: number | null
  readonly usd: number | null
}

export interface Metering {
  /** null: count only. */
  readonly budget: Budget | null
  /**
   * Charges a model without a price as the dearest model of this table, against the budget only: a limit in dollars
   * that an unknown model passes under is no limit. Without a table the next call after it fails `unknown-price`.
   */
  readonly prices?: Prices
  /** Of what is reserved before a call; what it did cost is the reply's own. */
  readonly rateOf?: Rate
}

/**
 * Counts, and stops before a call once a limit is reached. Nothing tells the cost of a call before it is made, so the last
 * call may end beyond the limit, but no call starts beyond it: while calls in flight could still reach the limit
 * (their worst case is assumed), the next one waits for them.
 *
 * @param onSpent told the usage of each answered call. Failed calls count as calls only: what they cost nobody says.
 */
export function metered(ask: Provider, metering: Metering, onSpent: (usage: Usage) => void): Provider {
  const {budget} = metering
  const spent = {calls: 0, tokens: 0, usd: 0}
  let unpriced: string | null = null
  const flying = new Map<Promise<unknown>, Charge>()
  return async (request, signal) => {
    const worst = chargeOf(worstCaseOf(request), request, metering)
    for (;;) {
      if (unpriced !== null && budget !== null && budget.usd !== null) {
        throw new Failure('unknown-price', `${unpriced} has no known price, so ${budget.usd} USD cannot be kept`, {
          hint: 'choose a model with a price, or limit calls or tokens instead',
        })
      }
      const reached = limitReached(budget, spent)
      if (reached !== null) throw new Failure('budget-spent', `the budget is spent: ${reached}`, {hint: budgetHint})
      const held = [...flying.values()].reduce(addCharge, {tokens: spent.tokens, usd: spent.usd})
      if (limitReached(budget, {...held, calls: 0}) === null) break
      await Promise.race(flying.keys())
    }
    spent.calls += 1
    const call = ask(request, signal)
    const settled = call.then(
      (reply) => {
        const charge = chargeOf(reply.usage, request, metering)
        spent.tokens += charge.tokens
        spent.usd += charge.usd ?? 0
        if (charge.usd === null) unpriced = reply.model
        flying.delete(settled)
      },
      () => void flying.delete(settled),
    )
    flying.set(settled, worst)
    const reply = await call
    await settled
    onSpent(reply.usage)
    return reply
  }
}

interface Charge {
  readonly tokens: number
  readonly usd: number | null
}

const budgetHint = 'raise the limit (--max-cost-usd, --budget), or choose a cheaper model or a smaller pack'

/** A call of unknown price may cost anything: with a limit in dollars nothing runs beside it. */
const addCharge = (sum: {tokens: number; usd: number}, {tokens, usd}: Charge): {tokens: number; usd: number} => ({
  tokens: sum.tokens + tokens,
  usd: sum.usd + (usd ?? Infinity),
})

function limitReached(
  budget: Budget | null,
  spent: {readonly calls: number; readonly tokens: number; readonly usd: number},
): string | null {
  if (budget === null) return null
  if (budget.calls !== null && spent.calls >= budget.calls) return `${spent.calls} of ${budget.calls} calls`
  if (budget.tokens !== null && spent.tokens >= budget.tokens) return `${spent.tokens} of ${budget.tokens} tokens`
  if (budget.usd !== null && spent.usd >= budget.usd) return `${spent.usd.toFixed(2)} of ${budget.usd} USD`
  return null
}

/** Two characters a token is below what tokenizers reach on code and prose, so the estimate errs on the dear side. */
const worstCaseOf = ({system, messages, schema, maxTokens}: ModelRequest): Usage => {
  const characters = messages.reduce((sum, {text}) => sum + text.length, system.length)
  const input_tokens = Math.ceil((characters + (schema === null ? 0 : JSON.stringify(schema).length)) / 2)
  return {calls: 1, input_tokens, output_tokens: maxTokens, usd: null}
}

function chargeOf(usage: Usage, request: ModelRequest, {prices, rateOf = inFull}: Metering): Charge {
  const tokens = usage.input_tokens + usage.output_tokens
  if (usage.usd !== null) return {tokens, usd: usage.usd}
  const price = prices === undefined ? null : priceOf(prices, request.model)
  const candidates = price === null ? Object.values(prices ?? {}) : [price]
  if (candidates.length === 0) return {tokens, usd: null}
  return {tokens, usd: Math.max(...candidates.map((each) => usdOf(each, usage))) * rateOf(request)}
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
 * other side asks for is the least. A wait that would pass the deadline is not begun: the failure says so at once.
 */
export const retried =
  (ask: Provider, {sleep, random, now, attempts, deadlineMs}: Patience): Provider =>
  async (request, signal) => {
    const start = now()
    for (let tried = 1; ; tried++) {
      try {
        return await ask(request, signal)
      } catch (thrown) {
        if (!(thrown instanceof Failure) || thrown.retry === null) throw thrown
        if (tried >= attempts) throw givenUp(thrown, `tried ${tried} times`)
        const wait = waitOf(tried, thrown.retry.afterMs, random())
        const left = deadlineMs - (now() - start)
        if (wait > left) {
          const asked = thrown.retry.afterMs === null ? 'the next try is due in' : 'it asks to wait'
          throw givenUp(thrown, `tried ${tried} times, ${asked} ${seconds(wait)} and ${seconds(left)} are left`)
        }
        await sleep(wait, signal)
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

/** What every provider throws when the caller's signal aborts. */
export const cancelled = (): Failure => new Failure('cancelled', 'the run was cancelled', {exit: 3})

export interface Recordings {
  readonly get: (key: string) => Promise<string | null>
  readonly set: (key: string, text: string) => Promise<void>
  /** As `Host.digest`. */
  readonly digest: (content: string) => string
}

const Recording = z.strictObject({
  schema: z.literal(1),
  provider: z.string(),
  reply: z.strictObject({
    text: z.string(),
    stopped: z.enum(['end', 'length', 'refused']),
    model: z.string(),
    usage: z.strictObject({
      calls: z.number(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      usd: z.number().nullable(),
    }),
  }),
})

/**
 * Records answers and plays them again, by the digest of the request. The n-th time one request is made it gets
 * the n-th answer: whoever samples a model several times asks the same words and wants different answers.
 *
 * With a provider, an answer from the store costs nothing and its usage says so. With `null` it is a replay: the usage
 * is that of the recorded run, and a request without a recording fails `not-recorded`.
 */
export function remembered(ask: Provider | null, {get, set, digest}: Recordings): Provider {
  const times = new Map<string, number>()
  return async (request, signal) => {
    const asked = digest(JSON.stringify(identityOf(request)))
    const time = (times.get(asked) ?? 0) + 1
    times.set(asked, time)
    const key = time === 1 ? asked : digest(`${asked} ${time}`)
    const stored = await get(key)
    const reply = stored === null ? null : readRecording(stored, ask === null ? key : null)
    if (reply !== null) return ask === null ? reply : {...reply, usage: noUsage}
    if (ask === null) {
      throw new Failure('not-recorded', `no recording ${key} of an answer of ${request.provider}/${request.model}`, {
        hint: 'record the run again with its keys set: its prompts, models or schemas have changed',
      })
    }
    const fresh = await ask(request, signal)
    await set(key, JSON.stringify({schema: 1, provider: request.provider, reply: fresh}))
    return fresh
  }
}

/** A list, because an object's digest would depend on the order of its keys; inside a schema that order is meant. */
const identityOf = (request: ModelRequest): readonly unknown[] => [
  request.provider,
  request.model,
  request.system,
  request.messages.map(({role, text}) => [role, text]),
  request.maxTokens,
  request.temperature,
  request.schema,
]

/** @param key null: a recording that cannot be read is none, the model is asked again */
function readRecording(text: string, key: string | null): ModelReply | null {
  try {
    return Recording.parse(JSON.parse(text)).reply
  } catch (thrown) {
    if (key === null) return null
    throw new Failure('bad-recording', `recording ${key} cannot be read: ${messageOf(thrown)}`, {
      hint: 'delete it and record the run again',
    })
  }
}
