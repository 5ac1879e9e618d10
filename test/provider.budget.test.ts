/** Prices, and the meter that keeps a budget. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {inputEstimateOf, metered, priced, priceOf, usdOf, type Count} from '../src/budget.ts'
import {Failure} from '../src/errors.ts'
import {pricesAt} from '../src/prices.ts'
import {addUsage, noUsage, type Budget, type Usage} from '../src/provider.ts'
import {failureOf, outage, replyOf, request as anyRequest} from './provider.ts'

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
    const paid = async (model: string, asked = anyRequest.model): Promise<number | null> =>
      (await priced(async () => ({...replyOf('x'), model}), table)({...anyRequest, model: asked})).usage.usd
    expect(await paid('dear')).toBe(10)
    expect(await paid('an-alias')).toBe(5)
    expect(await paid('an-alias', 'another')).toBeNull()
  })
})

const budgetOf = (budget: Partial<Budget>): Budget => ({calls: null, tokens: null, usd: null, ...budget})

describe('the estimate of an input', () => {
  const said = (text: string, more: Partial<typeof anyRequest> = {}): number =>
    inputEstimateOf({...anyRequest, system: '', messages: [{role: 'user', text}], ...more})
  test.each([
    ['nothing', '', 0],
    ['letters', 'x'.repeat(1000), 589],
    ['an odd one', 'xyz', 2],
    ['umlauts', 'ü'.repeat(100), 159],
    ['Han', '日'.repeat(100), 259],
    ['emoji', '🦀'.repeat(100), 318],
  ])('%s', (_, text, tokens) => {
    expect(said(text)).toBe(tokens)
  })
  test('counts all that is sent', () => {
    const schema = {type: 'object', properties: {name: {type: 'string'}}}
    const call = {id: 'c', name: 'read', input: {path: 'x'.repeat(100)}}
    const result = {id: 'c', name: 'read', text: 'y'.repeat(100), isError: false}
    expect(said('x', {schema})).toBeGreaterThan(25)
    expect(said('x', {tools: [{name: 'read', description: 'd', schema}]})).toBeGreaterThan(1025)
    expect(said('x', {messages: [{role: 'assistant', text: '', calls: [call]}]})).toBeGreaterThan(50)
    expect(said('x', {messages: [{role: 'user', text: '', results: [result]}]})).toBeGreaterThan(50)
  })
})

describe('metered', () => {
  const request = {...anyRequest, system: ''}
  /** A call takes 1 token of input and 100 of output at most, and in the end 15 of both. */
  const prices = {[request.model]: {input: 100, output: 100}}

  test.each([
    [budgetOf({calls: 2}), 2, /2 of 2 calls are made/],
    [budgetOf({tokens: 131}), 3, /it may take 101 tokens, and 86 of 131 are left/],
    [budgetOf({tokens: 101}), 1, /it may take 101 tokens, and 86 of 101 are left/],
    [budgetOf({tokens: 100}), 0, /it may take 101 tokens, and 100 of 100 are left/],
    [budgetOf({usd: 1}), 1, /it may cost 0\.51 USD, and 0\.50 of 1 USD are left/],
    [budgetOf({usd: 1.005}), 1, /it may cost 0\.51 USD, and 0\.50 of 1\.005 USD are left/],
    [budgetOf({usd: 1.01}), 2, /it may cost 0\.51 USD, and 0\.01 of 1\.01 USD are left/],
    [budgetOf({usd: 0}), 0, /it may cost 0\.51 USD, and 0\.00 of 0 USD are left/],
    [budgetOf({calls: 0}), 0, /0 of 0 calls/],
  ])('%j stops after %i calls and says why', async (budget, calls, says) => {
    let asked = 0
    const told: Usage[] = []
    const ask = metered(
      async () => (asked++, replyOf('x')),
      {budget, prices: {[request.model]: {input: 5000, output: 5050}}},
      (usage) => told.push(usage),
    )
    for (let call = 0; call < calls; call++) await ask(request)
    const failure = await failureOf(ask(request))
    expect(failure).toMatchObject({code: 'budget-spent', exit: 2, retry: null, message: expect.stringMatching(says)})
    expect(failure.hint).toContain('--max-cost-usd')
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

  test('a failed call counts as a call and as nothing else, and what it threw goes on', async () => {
    const failing = async (): Promise<never> => {
      throw outage()
    }
    const one = metered(failing, {budget: budgetOf({calls: 1})}, () => expect.unreachable())
    expect((await failureOf(one(request))).code).toBe('model-unavailable')
    expect((await failureOf(one(request))).code).toBe('budget-spent')
    const many = metered(failing, {budget: budgetOf({tokens: 101, usd: 0.0102}), prices}, () => expect.unreachable())
    for (let call = 0; call < 5; call++) expect((await failureOf(many(request))).code).toBe('model-unavailable')
  })

  test('a model without a price is charged as the dearest, before and after, and reported as unknown', async () => {
    const table = {cheap: {input: 0, output: 0}, dear: {input: 1e6, output: 0}}
    const told: Usage[] = []
    const ask = metered(
      async () => replyOf('x', {usd: null}),
      {budget: budgetOf({usd: 10}), prices: table},
      (usage) => told.push(usage),
    )
    await ask(request)
    expect(told[0]?.usd).toBeNull()
    expect((await failureOf(ask(request))).message).toContain('it may cost 1.00 USD, and 0.00 of 10 USD are left')
  })

  test('without a table an unknown price cannot be kept within dollars: nothing is asked', async () => {
    let asked = 0
    const ask = metered(
      async () => (asked++, replyOf('x', {usd: null})),
      {budget: budgetOf({usd: 10})},
      () => undefined,
    )
    expect(await failureOf(ask(request))).toMatchObject({code: 'unknown-price', exit: 2})
    expect(asked).toBe(0)
    const counted = metered(
      async () => replyOf('x', {usd: null}),
      {budget: budgetOf({calls: 2})},
      () => undefined,
    )
    await counted(request)
    await counted(request)
  })

  test('what is written into a cache is reserved at its price', async () => {
    const table = {[request.model]: {input: 1e6, output: 0, written: 1.25e6}}
    const ask = metered(
      async () => replyOf('x', {usd: 0}),
      {budget: budgetOf({usd: 1.1}), prices: table},
      () => undefined,
    )
    await ask(request)
    expect((await failureOf(ask({...request, shared: 1}))).message).toContain('1.25 USD')
  })

  test('spends no more than there is, whatever it costs and whatever runs at the same time', async () => {
    const amount = fc.record({
      input: fc.nat(60),
      output: fc.nat(40),
      maxTokens: fc.integer({min: 1, max: 40}),
      characters: fc.nat(100),
      fails: fc.boolean(),
      ticks: fc.nat(5),
      start: fc.nat(6),
    })
    const price = fc.record({input: fc.nat(5), output: fc.nat(20)})
    const limit = fc.option(fc.nat(300))
    await fc.assert(
      fc.asyncProperty(
        fc.array(amount, {maxLength: 20}),
        fc.record({calls: fc.option(fc.nat(10)), tokens: limit, usd: limit}),
        price,
        fc.boolean(),
        async (amounts, budget, perToken, counts) => {
          const table = {
            [request.model]: {input: perToken.input * 1e6, output: perToken.output * 1e6},
          }
          const spent = {calls: 0, tokens: 0, usd: 0}
          let flying = 0
          const exact: Count = async ({messages}) => Number(messages[1]?.text)
          const ask = metered(
            priced(async ({messages, maxTokens}) => {
              spent.calls++
              flying++
              const {output, fails, ticks} = amounts[Number(messages[0]?.text)] ?? expect.fail()
              for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
              flying--
              if (fails) throw outage()
              // never more than its worst case
              const input_tokens = Number(messages[1]?.text)
              const output_tokens = Math.min(output, maxTokens)
              spent.tokens += input_tokens + output_tokens
              spent.usd += input_tokens * perToken.input + output_tokens * perToken.output
              return replyOf('x', {input_tokens, output_tokens})
            }, table),
            {budget, prices: table, ...(counts ? {count: exact} : {})},
            () => undefined,
          )
          const calls = amounts.map(async ({input, maxTokens, characters, start}, index) => {
            for (let tick = 0; tick < start; tick++) await Promise.resolve()
            const system = 's'.repeat(characters)
            const made = {...request, system, maxTokens}
            const estimate = inputEstimateOf({...made, messages: [{role: 'user', text: String(index)}]})
            const messages = [
              {role: 'user', text: String(index)},
              {role: 'user', text: String(Math.min(input, estimate))},
            ] as const
            return ask({...made, messages})
          })
          const ends = await Promise.allSettled(calls)
          expect(flying).toBe(0)
          // whoever was not asked was told why: nothing hangs, nothing is dropped
          const refused = ends.filter(
            (end) => end.status === 'rejected' && end.reason instanceof Failure && end.reason.code === 'budget-spent',
          )
          expect(spent.calls + refused.length).toBe(amounts.length)
          expect(spent.calls).toBeLessThanOrEqual(budget.calls ?? Infinity)
          expect(spent.tokens).toBeLessThanOrEqual(budget.tokens ?? Infinity)
          expect(spent.usd).toBeLessThanOrEqual((budget.usd ?? Infinity) + 1e-6)
        },
      ),
      {numRuns: 500},
    )
  })

  const slow =
    (flight: {most: number; now: number}, usage: Partial<Usage> = {}) =>
    async () => {
      flight.most = Math.max(flight.most, ++flight.now)
      await new Promise((resolve) => setTimeout(resolve, 5))
      flight.now--
      return replyOf('x', usage)
    }

  test.each([
    ['that fit together do run together', 8 * 101, 8, 8],
    ['that fit two by two run two by two', 2 * 101 + 2 * 15, 4, 2],
    ['that fit one by one wait for each other', 101 + 2 * 15, 3, 1],
  ])('calls %s', async (_, tokens, calls, most) => {
    const flight = {most: 0, now: 0}
    const ask = metered(slow(flight), {budget: budgetOf({tokens})}, () => undefined)
    await Promise.all(Array.from({length: calls}, () => ask(request)))
    expect(flight.most).toBe(most)
  })

  test('whoever waits for others leaves when he is cancelled', async () => {
    const flight = {most: 0, now: 0}
    const ask = metered(slow(flight), {budget: budgetOf({tokens: 150})}, () => undefined)
    const controller = new AbortController()
    const first = ask(request)
    const second = failureOf(ask(request, controller.signal))
    controller.abort()
    await first
    expect((await second).code).toBe('cancelled')
    expect(flight.most).toBe(1)
  })

  describe('a count', () => {
    const long = {...request, system: 'x'.repeat(1698)}
    const counting = (tokens: number | null | Failure) => {
      const asked: number[] = []
      const count: Count = async ({system}) => {
        asked.push(system.length)
        if (tokens instanceof Failure) throw tokens
        return tokens
      }
      return {asked, count}
    }
    const asking = (limit: number, count: Count) =>
      metered(
        async () => replyOf('x', {input_tokens: 400}),
        {budget: budgetOf({tokens: limit}), count},
        () => undefined,
      )

    test('is not asked for where the estimate fits', async () => {
      const {asked, count} = counting(400)
      await asking(1100, count)(long)
      expect(asked).toEqual([])
    })
    test('decides where the estimate does not fit, with a little to spare', async () => {
      const {asked, count} = counting(400)
      await asking(504, count)(long)
      expect((await failureOf(asking(503, count)(long))).message).toContain('it may take 504 tokens, and 503 of 503')
      expect(asked).toEqual([1698, 1698])
    })
    test('is not asked for where the answer alone does not fit', async () => {
      const {asked, count} = counting(0)
      expect((await failureOf(asking(99, count)(long))).message).toContain('it may take 1100 tokens')
      expect(asked).toEqual([])
    })
    test.each([
      ['that is none', null],
      ['that fails', outage()],
      ['that is above the estimate', 9999],
    ])('%s leaves the estimate', async (_, tokens) => {
      const {count} = counting(tokens)
      expect((await failureOf(asking(504, count)(long))).message).toContain('it may take 1100 tokens')
    })
    test('that is cancelled ends the call', async () => {
      const {count} = counting(new Failure('cancelled', 'the run was cancelled', {exit: 3}))
      expect((await failureOf(asking(504, count)(long))).code).toBe('cancelled')
    })
    test('lets calls run together that would have waited', async () => {
      const flight = {most: 0, now: 0}
      const {asked, count} = counting(400)
      const ask = metered(
        slow(flight, {input_tokens: 400}),
        {budget: budgetOf({tokens: 2 * 504}), count},
        () => undefined,
      )
      await Promise.all([ask(long), ask(long)])
      expect({most: flight.most, asked: asked.length}).toEqual({most: 2, asked: 2})
    })
  })
})
