/** Every provider × what a request may want beside its words: caches, sampling, time, and a count of it. */
import {afterEach, describe, expect, test} from 'vitest'
import {batches} from '../../src/adapters/providers/claude.ts'
import {providers} from '../../src/adapters/providers/index.ts'
import {priced} from '../../src/budget.ts'
import {pricesAt} from '../../src/prices.ts'
import type {ModelRequest} from '../../src/provider.ts'
import {apiKey, connect, failureOf, kinds, modelOf, requestFor, servers, urlOf} from './asking.ts'

const {start, stop} = servers()
afterEach(stop)

const code = `${'x'.repeat(7999)}\n`
const prices = pricesAt(Date.UTC(2026, 10, 22))

describe.each(kinds)('%s', (provider, kind) => {
  test.each([
    ['what is shared', {shared: 8000}],
    ['no limit of its own', {attempts: 1, timeoutMs: 4000, fallback: 'other'}],
  ])('%s changes no word of it', async (_, more: Partial<ModelRequest>) => {
    const models = await start('ok')
    const messages = [{role: 'user', text: `${code}What is it?`}] as const
    const ask = connect(provider, kind, models)
    await ask(requestFor(provider, {messages}))
    await ask(requestFor(provider, {messages, ...more}))
    const [plain, other] = models.requests
    expect(other?.prompt).toBe(plain?.prompt)
    expect(other?.refused).toBeNull()
    if (provider !== 'claude' || !('shared' in more)) expect(other?.body).toEqual(plain?.body)
  })

  test('sampling goes to those who take it', async () => {
    const models = await start('ok')
    await connect(provider, kind, models)(requestFor(provider, {topP: 0.5, topK: 40}))
    const [asked] = models.requests
    expect(asked?.refused).toBeNull()
    const sent = /"(?:top_?[pPkK])":[\d.]+/g
    const expected = {claude: [], gemini: ['"topP":0.5', '"topK":40'], openai: ['"top_p":0.5']}
    expect(JSON.stringify(asked?.body).match(sent) ?? []).toEqual(expected[provider as keyof typeof expected])
  })

  test('a request may want less time, and never more', async () => {
    const models = await start({fault: 'slow', text: 'late'})
    const ask = connect(provider, kind, models, {totalMs: 2000})
    const short = await failureOf(ask(requestFor(provider, {timeoutMs: 150})))
    expect(short).toMatchObject({
      code: 'model-unavailable',
      message: expect.stringContaining('did not finish in 0.15 s'),
    })
    expect((await ask(requestFor(provider, {timeoutMs: 60_000}))).text).toBe('late')
    const bounded = connect(provider, kind, models, {totalMs: 150})
    expect((await failureOf(bounded(requestFor(provider, {timeoutMs: 60_000})))).message).toContain('0.15 s')
  })

  test.each([
    ['negative', {input: -5, output: -7, cached: 0}, {input_tokens: 0, output_tokens: 0}],
    ['more cached than there is', {input: 10, output: 1, cached: 50}, {input_tokens: 10, cached_input_tokens: 10}],
  ])('a count that is %s gives nothing back', async (_, usage, tokens) => {
    const models = await start({text: 'x', usage})
    const reply = await connect(provider, kind, models)(requestFor(provider))
    if (provider === 'openai' && usage.input < 0) expect(reply.usage.output_tokens).toBe(0)
    else expect(reply.usage).toMatchObject(tokens)
  })

  test('what came from the cache costs what the table says', async () => {
    const models = await start({text: 'x', usage: {input: 100_000, output: 0, cached: 60_000}})
    const model = {claude: 'claude-sonnet-5-5', gemini: 'gemini-3.1-pro', openai: 'gpt-5.4'}[provider] ?? ''
    const {usage} = await priced(connect(provider, kind, models), prices)(requestFor(provider, {model}))
    expect(usage.cached_input_tokens).toBe(60_000)
    expect(usage.usd).toBeCloseTo({claude: 0.092, gemini: 0.092, openai: 0.115}[provider] ?? Number.NaN, 6)
  })

  test('a count, where the vendor has one', async () => {
    const models = await start('never')
    const count = kind.count?.({apiKey, baseUrl: urlOf(provider, models), totalMs: 5000, idleMs: 2000})
    if (count === undefined) return expect(provider).toBe('openai')
    const schema = {type: 'object', properties: {a: {type: 'string'}}, required: ['a'], additionalProperties: false}
    const tools = [{name: 't', description: 'd', schema}]
    const messages = [{role: 'user', text: 'x'.repeat(400)}] as const
    expect(await count(requestFor(provider, {system: '', messages, schema, tools, shared: 10}))).toBe(100)
    expect(models.counts.map(({provider, model}) => ({provider, model}))).toEqual([
      {provider, model: modelOf[provider]},
    ])
    expect(models.requests).toEqual([])
    await models.close()
    expect((await failureOf(count(requestFor(provider)))).code).toBe('model-unavailable')
  })
})

describe('the cache of Claude', () => {
  const sent = async (text: string, shared: number | undefined) => {
    const models = await start('ok')
    const messages = [
      {role: 'user', text},
      {role: 'assistant', text: 'a'},
      {role: 'user', text},
    ] as const
    const more = shared === undefined ? {} : {shared}
    await connect('claude', providers.claude, models)(requestFor('claude', {messages, ...more}))
    expect(models.requests[0]?.refused).toBeNull()
    return models.requests[0]?.body['messages']
  }
  const rest = [{role: 'assistant', content: 'a'}]
  test.each([
    ['nothing shared', `${code}q`, undefined],
    ['too little for the vendor', `${code}q`, 3999],
    ['all of it', code, 8000],
    ['more than there is', code, 9000],
  ])('%s: one text, as ever', async (_, text, shared) => {
    expect(await sent(text, shared)).toEqual([{role: 'user', content: text}, ...rest, {role: 'user', content: text}])
  })

  test.each([
    ['enough', `${code}q`, 8000, 8000],
    ['just enough', `${code}q`, 4000, 4000],
    ['not in the middle of a character', `${'x'.repeat(4999)}🦀${code}`, 5000, 4999],
  ])('%s: the first message in two', async (_, text, shared, at) => {
    const content = [
      {type: 'text', text: text.slice(0, at), cache_control: {type: 'ephemeral'}},
      {type: 'text', text: text.slice(at)},
    ]
    expect(await sent(text, shared)).toEqual([{role: 'user', content}, ...rest, {role: 'user', content: text}])
  })

  test('a write costs a quarter more than other input, a read a tenth; by batch as well', async () => {
    const usage = {input: 100_000, output: 1000, cached: 50_000, written: 30_000}
    const models = await start({text: 'x', usage})
    const request = requestFor('claude')
    const reply = await priced(connect('claude', providers.claude, models), prices)(request)
    const expected = {
      calls: 1,
      input_tokens: 100_000,
      output_tokens: 1000,
      cached_input_tokens: 50_000,
      cache_write_tokens: 30_000,
    }
    expect(reply.usage).toEqual({
      ...expected,
      usd: expect.closeTo((20_000 * 2 + 50_000 * 0.2 + 30_000 * 2.5 + 1000 * 10) / 1e6, 9),
    })
    const batching = {
      whenStill: (then: () => void) => then(),
      say: () => undefined,
      now: () => 0,
      sleep: async () => undefined,
    }
    const batched = await batches({apiKey, baseUrl: models.anthropicUrl}, batching)(request)
    expect(batched.usage).toEqual({...expected, usd: null})
  })
})
