/** What models cost, and a meter that lets no call start which could pass the budget. */
import {Failure} from './errors.ts'
import {cancelled, type Budget, type ModelRequest, type Provider, type ReplyUsage, type Usage} from './provider.ts'

/** US dollars for a million tokens. */
export interface Rates {
  readonly input: number
  readonly output: number
  /** Of input that came from a cache; as other input when it is not known. */
  readonly cached?: number
  /** Of input that was written into a cache because the request said so. */
  readonly written?: number
}

/** Where a long prompt costs more, all of its tokens do. */
export interface Price extends Rates {
  readonly long?: Rates & {readonly above: number}
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

/** US dollars. */
export function usdOf(price: Price, usage: Omit<ReplyUsage, 'calls' | 'usd'>): number {
  const {
    input,
    output,
    cached = input,
    written = input,
  } = price.long !== undefined && usage.input_tokens > price.long.above ? price.long : price
  const {input_tokens, output_tokens, cached_input_tokens: read = 0, cache_write_tokens: wrote = 0} = usage
  const plain = input_tokens - read - wrote
  return (plain * input + read * cached + wrote * written + output_tokens * output) / 1_000_000
}

/** The part of its price that a request costs: what is asked by batch costs half, a server of one's own nothing. */
export type Rate = (request: ModelRequest) => number

const inFull: Rate = () => 1

/** Fills `usage.usd`; null for a model without a price. */
export const priced =
  (ask: Provider, prices: Prices, rateOf: Rate = inFull): Provider =>
  async (request, signal) => {
    const reply = await ask(request, signal)
    const price = priceOf(prices, reply.model) ?? priceOf(prices, request.model)
    const rate = rateOf(request)
    const usd = rate === 0 ? 0 : price === null ? null : usdOf(price, reply.usage) * rate
    return {...reply, usage: {...reply.usage, usd}}
  }

/** Tokens of a request's input, by its provider; null where it has no count. Free of charge, and not free of time. */
export type Count = (request: ModelRequest, signal?: AbortSignal) => Promise<number | null>

export interface Metering {
  /** null: count only. */
  readonly budget: Budget | null
  /**
   * Charges a model without a price as the dearest model of this table, against the budget only: a limit in dollars that an
   * unknown model passes under is no limit. Without a table such a call fails `unknown-price` before it is made.
   */
  readonly prices?: Prices
  /** Of what is reserved before a call; what it did cost is the reply's own. */
  readonly rateOf?: Rate
  /** Asked where only the estimate of the input stands in a call's way. */
  readonly count?: Count
}

/**
 * Reserves the worst case of a call before it is made, and settles what it did cost when it is answered. A call whose worst case
 * does not fit into what is left does not start; while calls in flight may still free room, it waits for them.
 *
 * @param onSpent told the usage of each answered call. Failed calls count as calls only: what they cost nobody says.
 */
export function metered(ask: Provider, metering: Metering, onSpent: (usage: Usage) => void): Provider {
  const {budget} = metering
  const spent = {calls: 0, tokens: 0, usd: 0}
  const flying = new Map<Promise<unknown>, Charge>()
  return async (request, signal) => {
    const estimate = inputEstimateOf(request)
    const least = worstCaseOf(request, 0, metering)
    let worst = worstCaseOf(request, estimate, metering)
    let isCounted = metering.count === undefined
    for (;;) {
      const held = [...flying.values()].reduce(addCharge, spent)
      // nothing is awaited between this look and the reservation below
      if (shortOf(budget, held, worst) === null) break
      if (!isCounted && shortOf(budget, spent, least) === null) {
        isCounted = true
        const tokens = await counted(request, metering, signal)
        if (tokens !== null) worst = worstCaseOf(request, Math.min(tokens, estimate), metering)
      } else {
        const short = shortOf(budget, spent, worst)
        if (short !== null) throw tooDear(short)
        await Promise.race(flying.keys())
      }
      if (signal?.aborted === true) throw cancelled()
    }
    spent.calls += 1
    const call = ask(request, signal)
    const settled = call.then(
      (reply) => {
        const charge = chargeOf(reply.usage, request, metering)
        spent.tokens += charge.tokens
        spent.usd += charge.usd ?? 0
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
  /** null: nobody knows. */
  readonly usd: number | null
}

interface Spent {
  readonly calls: number
  readonly tokens: number
  readonly usd: number
}

const addCharge = ({calls, tokens, usd}: Spent, charge: Charge): Spent => ({
  calls,
  tokens: tokens + charge.tokens,
  usd: usd + (charge.usd ?? 0),
})

const tooDear = (why: string): Failure =>
  new Failure('budget-spent', `the budget does not allow another call: ${why}`, {
    hint: 'raise the limit (--max-cost-usd, --budget), or choose a cheaper model, a smaller pack or fewer max_tokens',
  })

/**
 * What is missing for a call, in words; null: it fits. Throws `Failure` `unknown-price`.
 *
 * A sum of prices in floating point may pass its limit by its last digit, which is no cent.
 */
function shortOf(budget: Budget | null, spent: Spent, charge: Charge): string | null {
  if (budget === null) return null
  if (budget.calls !== null && spent.calls >= budget.calls) return `${spent.calls} of ${budget.calls} calls are made`
  if (budget.tokens !== null && spent.tokens + charge.tokens > budget.tokens) {
    return `it may take ${charge.tokens} tokens, and ${Math.max(0, budget.tokens - spent.tokens)} of ${budget.tokens} are left`
  }
  if (budget.usd === null) return null
  if (charge.usd === null) {
    throw new Failure('unknown-price', `a model without a known price cannot be kept within ${budget.usd} USD`, {
      hint: 'choose a model with a price, or limit calls or tokens instead',
    })
  }
  if (spent.usd + charge.usd <= budget.usd + 1e-9) return null
  return `it may cost ${dollars(charge.usd, up)} USD, and ${dollars(Math.max(0, budget.usd - spent.usd), down)} of ${budget.usd} USD are left`
}

/** Cents: what is wanted not below what it is, what is left not above; below a cent as many digits as it takes to see something. */
function dollars(usd: number, round: (cents: number) => number): string {
  return usd > 0 && usd < 0.01 ? usd.toPrecision(2) : (round(usd * 100) / 100).toFixed(2)
}

const up = (cents: number): number => Math.ceil(cents - 1e-6)
const down = (cents: number): number => Math.floor(cents + 1e-6)

/**
 * The dense code of a repository has 3.1 characters for a token of o200k, and the newest tokenizer of Claude makes up to 1.75 of these
 * of one (measured on code and documents of public repositories). A character beyond ASCII counts for each of its further bytes.
 */
const charactersPerToken = 1.7

/** Errs on the dear side for all that people write; only text without words, as base64 is, may take more. */
export function inputEstimateOf({system, messages, schema, tools = []}: ModelRequest): number {
  const said = [
    system,
    schema === null ? '' : JSON.stringify(schema),
    ...tools.map((tool) => JSON.stringify(tool)),
    ...messages.flatMap(({text, calls = [], results = []}) => [
      text,
      ...calls.map((call) => JSON.stringify(call)),
      ...results.map((result) => JSON.stringify(result)),
    ]),
  ]
  const tokens = said.reduce((sum, text) => sum + text.length / charactersPerToken + (bytesOf(text) - text.length), 0)
  return Math.ceil(tokens) + (tools.length === 0 ? 0 : toolWords)
}

/** What a vendor itself says to a model about tools: 290 to 804 tokens (https://platform.claude.com/docs/en/about-claude/pricing). */
const toolWords = 1000

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** US dollars that this call may cost at worst, as it is reserved; null: nobody knows. */
export const worstUsdOf = (request: ModelRequest, metering: Omit<Metering, 'budget'>): number | null =>
  worstCaseOf(request, inputEstimateOf(request), {...metering, budget: null}).usd

/** Everything is written into a cache where something is: that costs most. */
const worstCaseOf = (request: ModelRequest, input_tokens: number, metering: Metering): Charge => {
  const cached = request.shared === undefined ? {} : {cache_write_tokens: input_tokens}
  return chargeOf({calls: 1, input_tokens, output_tokens: request.maxTokens, usd: null, ...cached}, request, metering)
}

/**
 * With one part in a hundred to spare, because of one vendor's count its documentation says that the bill may differ a little
 * (https://platform.claude.com/docs/en/build-with-claude/token-counting). null: the estimate stands.
 */
async function counted(
  request: ModelRequest,
  {count}: Metering,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  try {
    const tokens = (await count?.(request, signal)) ?? null
    return tokens === null ? null : Math.ceil(tokens * 1.01)
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
    return null
  }
}

function chargeOf(usage: ReplyUsage, request: ModelRequest, {prices, rateOf = inFull}: Metering): Charge {
  const tokens = usage.input_tokens + usage.output_tokens
  if (usage.usd !== null) return {tokens, usd: usage.usd}
  const rate = rateOf(request)
  if (rate === 0) return {tokens, usd: 0}
  const price = prices === undefined ? null : priceOf(prices, request.model)
  const candidates = price === null ? Object.values(prices ?? {}) : [price]
  if (candidates.length === 0) return {tokens, usd: null}
  return {tokens, usd: Math.max(...candidates.map((each) => usdOf(each, usage))) * rate}
}
