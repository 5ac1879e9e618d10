/** The wrappers, with a clock that stands still until somebody sleeps. */
import {createHash} from 'node:crypto'
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Failure} from '../src/errors.ts'
import {pricesAt} from '../src/prices.ts'
import {
  addUsage,
  cancelled,
  metered,
  noUsage,
  priced,
  priceOf,
  remembered,
  retried,
  routed,
  usdOf,
  type Budget,
  type ModelReply,
  type ModelRequest,
  type Provider,
  type Usage,
} from '../src/provider.ts'

const request: ModelRequest = {
  provider: 'claude',
  model: 'claude-sonnet-5-5',
  system: 's',
  messages: [{role: 'user', text: 'u'}],
  maxTokens: 100,
  temperature: null,
  schema: null,
}
const replyOf = (text: string, usage: Partial<Usage> = {}): ModelReply => ({
  text,
  stopped: 'end',
  model: request.model,
  usage: {calls: 1, input_tokens: 10, output_tokens: 5, usd: 0.5, ...usage},
})
const outage = (afterMs: number | null = null): Failure =>
  new Failure('model-unavailable', 'claude answered 529', {exit: 3, hint: 'later', retry: {afterMs}})

const failureOf = async (call: Promise<unknown>): Promise<Failure> => {
  const thrown: unknown = await call.then(
    (value) => new Error(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof Failure)) throw thrown
  return thrown
}

describe('routed', () => {
  const ask = routed({claude: async () => replyOf('c'), gemini: {keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY']}})
  test('asks the one that is named', async () => expect((await ask(request)).text).toBe('c'))
  test.each([
    ['gemini', 'missing-key', 'set GEMINI_API_KEY or GOOGLE_API_KEY'],
    ['gpt', 'unknown-provider', 'claude, gemini'],
    ['toString', 'unknown-provider', 'claude, gemini'],
  ])('%s: %s', async (provider, code, hint) => {
    const failure = await failureOf(ask({...request, provider}))
    expect(failure).toMatchObject({code, exit: 2, hint: expect.stringContaining(hint)})
  })
})

describe('prices', () => {
  const prices = pricesAt(Date.UTC(2026, 10, 22))
  test.each([
    ['claude-opus-5-5', 4],
    ['claude-opus-5-5-20260901', 4],
    ['claude-opus-5', 5],
    ['claude-opus-5-9', null],
    ['claude-opus', null],
    ['claude-opus-5-5-mini', null],
    ['gemini-2.5-flash', 0.3],
    ['models/gemini-2.5-flash-001', 0.3],
    ['gemini-2.5-flash-lite-preview-06-17', 0.1],
    ['gemini-2.5-flash-image', null],
    ['gemini-3.1-pro-preview', 2],
    ['gemini-3.8-flash', 0.75],
    ['constructor', null],
    ['', null],
  ])('%s costs %s', (model, input) => {
    expect(priceOf(prices, model)?.input ?? null).toBe(input)
  })
  test('the introduction ends with 2026', () => {
    expect(priceOf(pricesAt(Date.UTC(2026, 11, 31, 23, 59)), 'gemini-3.8-flash')?.output).toBe(3.75)
    expect(priceOf(pricesAt(Date.UTC(2027, 0, 1)), 'gemini-3.8-flash')?.output).toBe(7.5)
  })
  test('a long prompt makes all tokens dearer', () => {
    const price = {input: 1, output: 10, long: {above: 200_000, input: 2, output: 15}}
    expect(usdOf(price, {input_tokens: 200_000, output_tokens: 100_000})).toBeCloseTo(1.2)
    expect(usdOf(price, {input_tokens: 200_001, output_tokens: 100_000})).toBeCloseTo(1.9)
  })
  test('the model that answered is the one that is paid, else the one that was asked; else unknown', async () => {
    const table = {dear: {input: 1e6, output: 0}, 'claude-sonnet-5-5': {input: 0, output: 1e6}}
    const paid = async (model: string, asked = request.model): Promise<number | null> =>
      (await priced(async () => ({...replyOf('x'), model}), table)({...request, model: asked})).usage.usd
    expect(await paid('dear')).toBe(10)
    expect(await paid('an-alias')).toBe(5)
    expect(await paid('an-alias', 'another')).toBeNull()
  })
})

describe('metered', () => {
  const budgetOf = (budget: Partial<Budget>): Budget => ({calls: null, tokens: null, usd: null, ...budget})

  test.each([
    [budgetOf({calls: 2}), 2, '2 of 2 calls'],
    [budgetOf({tokens: 31}), 3, '45 of 31 tokens'],
    [budgetOf({tokens: 30}), 2, '30 of 30 tokens'],
    [budgetOf({usd: 1}), 2, '1.00 of 1 USD'],
    [budgetOf({usd: 0}), 0, '0.00 of 0 USD'],
    [budgetOf({calls: 0}), 0, '0 of 0 calls'],
  ])('%j stops after %i calls and says %s', async (budget, calls, says) => {
    let asked = 0
    const told: Usage[] = []
    const ask = metered(
      async () => (asked++, replyOf('x')),
      {budget},
      (usage) => told.push(usage),
    )
    for (let call = 0; call < calls; call++) await ask(request)
    const failure = await failureOf(ask(request))
    expect(failure).toMatchObject({code: 'budget-spent', exit: 2, retry: null, message: expect.stringContaining(says)})
    expect(asked).toBe(calls)
    expect(told).toHaveLength(calls)
  })

  test('no budget only counts', async () => {
    let total = noUsage
    const ask = metered(
      async () => replyOf('x'),
      {budget: null},
      (usage) => {
        total = addUsage(total, usage)
      },
    )
    for (let call = 0; call < 5; call++) await ask(request)
    expect(total).toEqual({calls: 5, input_tokens: 50, output_tokens: 25, usd: 2.5})
  })

  test('a failed call counts as a call, and what it threw goes on', async () => {
    const ask = metered(
      async () => {
        throw outage()
      },
      {budget: budgetOf({calls: 1})},
      () => expect.unreachable(),
    )
    expect((await failureOf(ask(request))).code).toBe('model-unavailable')
    expect((await failureOf(ask(request))).code).toBe('budget-spent')
  })

  test('a model without a price is charged as the dearest, and reported as unknown', async () => {
    const prices = {cheap: {input: 0, output: 0}, dear: {input: 1e6, output: 0}}
    const told: Usage[] = []
    const ask = metered(
      async () => replyOf('x', {usd: null}),
      {budget: budgetOf({usd: 10}), prices},
      (usage) => told.push(usage),
    )
    await ask(request)
    expect(told[0]?.usd).toBeNull()
    expect((await failureOf(ask(request))).message).toContain('10.00 of 10 USD')
  })

  test('without a table an unknown price cannot be kept within dollars', async () => {
    const ask = metered(
      async () => replyOf('x', {usd: null}),
      {budget: budgetOf({usd: 10})},
      () => undefined,
    )
    await ask(request)
    expect(await failureOf(ask(request))).toMatchObject({code: 'unknown-price', exit: 2})
    const counted = metered(
      async () => replyOf('x', {usd: null}),
      {budget: budgetOf({calls: 2})},
      () => undefined,
    )
    await counted(request)
    await counted(request)
  })

  test('no call starts beyond the budget, whatever runs at the same time', async () => {
    const amount = fc.record({tokens: fc.nat(60), usd: fc.nat(60), fails: fc.boolean(), ticks: fc.nat(5)})
    const limit = fc.option(fc.nat(200))
    await fc.assert(
      fc.asyncProperty(
        fc.array(amount, {maxLength: 20}),
        fc.record({calls: fc.option(fc.nat(10)), tokens: limit, usd: limit}),
        fc.boolean(),
        async (amounts, budget, foreseen) => {
          const prices = foreseen ? {prices: {[request.model]: {input: 1e6, output: 1e6}}} : {}
          const spent = {calls: 0, tokens: 0, usd: 0}
          let beyond = 0
          let flying = 0
          const ask = metered(
            async ({messages}) => {
              const over = (key: keyof Budget): boolean => budget[key] !== null && spent[key] >= (budget[key] ?? 0)
              if (over('calls') || over('tokens') || over('usd')) beyond++
              spent.calls++
              flying++
              const {tokens, usd, fails, ticks} = amounts[Number(messages[0]?.text)] ?? expect.fail()
              for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
              flying--
              if (fails) throw outage()
              spent.tokens += tokens
              spent.usd += usd
              return replyOf('x', {input_tokens: tokens, output_tokens: 0, usd})
            },
            {budget, ...prices},
            () => undefined,
          )
          const calls = amounts.map((_, index) => ask({...request, messages: [{role: 'user', text: String(index)}]}))
          const ends = await Promise.allSettled(calls)
          expect(beyond).toBe(0)
          expect(flying).toBe(0)
          // whoever was not asked was told why: nothing hangs, nothing is dropped
          const refused = ends.filter(
            (end) => end.status === 'rejected' && end.reason instanceof Failure && end.reason.code === 'budget-spent',
          )
          expect(spent.calls + refused.length).toBe(amounts.length)
          // the last call may end beyond the limit, and only that one: calls that could reach it wait for each other
          if (budget.tokens !== null) expect(spent.tokens).toBeLessThan(budget.tokens + 60 + 1)
          if (budget.usd !== null) expect(spent.usd).toBeLessThan(budget.usd + 60 + 1)
        },
      ),
      {numRuns: 300},
    )
  })

  test('calls that cannot reach the limit together do run together', async () => {
    let most = 0
    let flying = 0
    const ask = metered(
      async () => {
        most = Math.max(most, ++flying)
        await new Promise((resolve) => setTimeout(resolve, 5))
        flying--
        return replyOf('x')
      },
      {budget: budgetOf({tokens: 100_000})},
      () => undefined,
    )
    await Promise.all(Array.from({length: 8}, () => ask(request)))
    expect(most).toBe(8)
  })
})

/** A clock that only sleeping moves, and everything that was slept. */
const clockOf = () => {
  let now = 0
  const waits: number[] = []
  return {
    waits,
    now: () => now,
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    sleep: async (milliseconds: number) => {
      waits.push(milliseconds)
      now += milliseconds
    },
  }
}

describe('retried', () => {
  const failing = (failures: readonly unknown[]): {readonly ask: Provider; readonly asked: () => number} => {
    let asked = 0
    return {
      asked: () => asked,
      ask: async () => {
        const failure = failures[asked++]
        if (failure !== undefined) throw failure
        return replyOf(`after ${asked}`)
      },
    }
  }
  const patience = (clock: ReturnType<typeof clockOf>, more: {attempts?: number; deadlineMs?: number} = {}) => ({
    sleep: clock.sleep,
    now: clock.now,
    random: () => 0.5,
    attempts: 4,
    deadlineMs: 60_000,
    ...more,
  })

  test('until it works', async () => {
    const clock = clockOf()
    const {ask} = failing([outage(), outage()])
    expect((await retried(ask, patience(clock))(request)).text).toBe('after 3')
    expect(clock.waits).toEqual([750, 1500])
  })

  test.each([
    ['a failure that stays', new Failure('model-refused-request', 'no')],
    ['a bug', new RangeError('bug')],
    ['no error at all', 'text'],
  ])('not on %s', async (_, thrown) => {
    const clock = clockOf()
    const {ask, asked} = failing([thrown])
    await expect(retried(ask, patience(clock))(request)).rejects.toBe(thrown)
    expect(asked()).toBe(1)
  })

  test('gives up after the attempts and says how many', async () => {
    const clock = clockOf()
    const {ask, asked} = failing(Array.from({length: 9}, () => outage()))
    const failure = await failureOf(retried(ask, patience(clock))(request))
    expect(failure).toMatchObject({code: 'model-unavailable', exit: 3, hint: 'later', retry: null})
    expect(failure.message).toBe('claude answered 529 (tried 4 times)')
    expect(asked()).toBe(4)
  })

  test('waits at least as long as it is asked to', async () => {
    const clock = clockOf()
    await retried(failing([outage(20_000), outage(0)]).ask, patience(clock))(request)
    expect(clock.waits[0]).toBeGreaterThanOrEqual(20_000)
    expect(clock.waits[1]).toBe(1500)
  })

  test('a wait of weeks fails at once and says so', async () => {
    const clock = clockOf()
    const {ask, asked} = failing([outage(2 ** 31)])
    const failure = await failureOf(retried(ask, patience(clock))(request))
    expect(failure.message).toMatch(/tried 1 times, it asks to wait 21474\d\d.* s and 60 s are left/)
    expect({waits: clock.waits, asked: asked()}).toEqual({waits: [], asked: 1})
  })

  test('the time that an attempt took counts', async () => {
    const clock = clockOf()
    let asked = 0
    const ask: Provider = async () => {
      asked++
      clock.pass(59_900)
      throw outage()
    }
    expect((await failureOf(retried(ask, patience(clock))(request))).message).toContain('0.1 s are left')
    expect(asked).toBe(1)
  })

  test('a run that is cancelled while it waits does not ask again', async () => {
    const controller = new AbortController()
    const {ask, asked} = failing([outage()])
    const sleep = async (): Promise<void> => controller.abort()
    const failure = await failureOf(retried(ask, {...patience(clockOf()), sleep})(request, controller.signal))
    expect(failure.code).toBe(cancelled().code)
    expect(asked()).toBe(1)
  })

  test('attempts and waits are bounded, whatever the other side asks for', async () => {
    const after = fc.option(fc.oneof(fc.nat(5000), fc.nat(2 ** 31 - 1)))
    await fc.assert(
      fc.asyncProperty(
        fc.array(after, {minLength: 1, maxLength: 20}),
        fc.integer({min: 1, max: 8}),
        fc.nat(120_000),
        fc.double({min: 0, max: 0.999, noNaN: true}),
        async (afters, attempts, deadlineMs, random) => {
          const clock = clockOf()
          const {ask, asked} = failing(afters.map((afterMs) => outage(afterMs)))
          const more = {attempts, deadlineMs, random: () => random}
          await retried(ask, {...patience(clock), ...more})(request).catch(() => undefined)
          expect(asked()).toBeLessThanOrEqual(attempts)
          expect(clock.waits.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(deadlineMs)
          expect(clock.waits).toHaveLength(asked() - 1)
          for (const [index, wait] of clock.waits.entries()) expect(wait).toBeGreaterThanOrEqual(afters[index] ?? 0)
        },
      ),
    )
  })
})

describe('remembered', () => {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
  const storeOf = (entries: Record<string, string> = {}) => ({
    entries,
    digest,
    get: async (key: string) => entries[key] ?? null,
    set: async (key: string, text: string) => {
      entries[key] = text
    },
  })
  const counting = (): Provider => {
    let asked = 0
    return async () => replyOf(`answer ${++asked}`)
  }

  test('asks once, then answers for nothing', async () => {
    const store = storeOf()
    const first = await remembered(counting(), store)(request)
    const second = await remembered(counting(), store)(request)
    expect(second).toEqual({...first, usage: noUsage})
    expect(Object.keys(store.entries)).toHaveLength(1)
  })

  test('without a provider it replays the run, usage and all, and the n-th time the n-th answer', async () => {
    const store = storeOf()
    const record = remembered(counting(), store)
    const recorded = [await record(request), await record(request), await record({...request, maxTokens: 7})]
    const replay = remembered(null, store)
    expect([await replay(request), await replay(request), await replay({...request, maxTokens: 7})]).toEqual(recorded)
    expect(await failureOf(replay(request))).toMatchObject({code: 'not-recorded', exit: 2})
  })

  test.each<readonly [string, Partial<ModelRequest>]>([
    ['provider', {provider: 'gemini'}],
    ['model', {model: 'm'}],
    ['system', {system: 'other'}],
    ['message', {messages: [{role: 'user', text: 'other'}]}],
    ['role', {messages: [{role: 'assistant', text: 'u'}]}],
    [
      'split',
      {
        messages: [
          {role: 'user', text: ''},
          {role: 'user', text: 'u'},
        ],
      },
    ],
    ['temperature', {temperature: 0}],
    ['schema', {schema: {}}],
  ])('another %s is another request', async (_, more) => {
    const store = storeOf()
    const ask = remembered(counting(), store)
    await ask(request)
    expect((await ask({...request, ...more})).text).toBe('answer 2')
  })

  test('the order of a request’s own keys means nothing', async () => {
    const store = storeOf()
    await remembered(counting(), store)(request)
    const {messages, ...rest} = request
    expect((await remembered(null, store)({messages, ...rest})).text).toBe('answer 1')
  })

  test('a failure is not remembered', async () => {
    const store = storeOf()
    const ask = remembered(async () => {
      throw outage()
    }, store)
    await failureOf(ask(request))
    expect(store.entries).toEqual({})
  })

  test.each(['', '{', '{"schema": 2}', '{"schema": 1, "provider": "x", "reply": {"text": 1}}'])(
    'a recording %j: asked again with a provider, a failure without',
    async (text) => {
      const store = storeOf()
      await remembered(counting(), store)(request)
      const [key] = Object.keys(store.entries)
      store.entries[key ?? ''] = text
      expect(await failureOf(remembered(null, store)(request))).toMatchObject({code: 'bad-recording', exit: 2})
      expect((await remembered(counting(), store)(request)).text).toBe('answer 1')
      expect((await remembered(null, store)(request)).text).toBe('answer 1')
    },
  )
})
