/**
 * Every way an answer can go wrong × every wire format, through the whole stack that a run is made with: what becomes of it, how often
 * the server was asked, and how long was waited. Waits are counted and not slept.
 */
import {afterEach, describe, expect, test} from 'vitest'
import {providers} from '../../src/adapters/providers/index.ts'
import {Failure} from '../../src/errors.ts'
import {digestOf, makeHost} from '../../src/adapters/models.ts'
import type {Budget, ModelReply, ModelRequest, Provider} from '../../src/provider.ts'
import {remembered} from '../../src/recordings.ts'
import type {Answer, Models, Script} from '../fixtures/models.ts'
import {apiKey, requestFor, servers, urlOf} from './asking.ts'

const {start, stop} = servers()
afterEach(stop)

const attempts = 3
const deadlineMs = 60_000
const noLimit: Budget = {calls: null, tokens: null, usd: null}

interface Run {
  readonly ask: Provider
  readonly waits: number[]
}

/** @param leap what the clock does on top with every attempt, in milliseconds */
function runOn(
  provider: string,
  models: Models,
  {
    budget = noLimit,
    leap = 0,
    idleMs = 5000,
  }: {readonly budget?: Budget; readonly leap?: number; readonly idleMs?: number} = {},
): Run {
  const waits: number[] = []
  let now = 1_000_000
  const access = {apiKey, baseUrl: urlOf(provider, models)}
  const host = makeHost({
    keys: {claude: null, gemini: null, openai: null, [provider]: access},
    budget,
    say: () => undefined,
    timing: {
      attempts,
      deadlineMs,
      random: () => 0.5,
      now: () => now,
      sleep: async (milliseconds) => {
        waits.push(milliseconds)
        now += milliseconds + leap
      },
      totalMs: 20_000,
      idleMs,
    },
  })
  return {ask: host.ask, waits}
}

interface End {
  readonly said?: string
  readonly stopped?: ModelReply['stopped']
  readonly code?: string
  readonly exit?: number
}

const endOf = async (call: Promise<ModelReply>): Promise<End> => {
  try {
    const {text, stopped} = await call
    return {said: text, stopped}
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return {code: thrown.code, exit: thrown.exit}
  }
}

const names = Object.keys(providers)
const withHeaders = ['claude', 'openai']
const retryInfo = (retryDelay: string) => [{'@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay}]

const ok = {said: 'ok', stopped: 'end'} as const
const away = {code: 'model-unavailable', exit: 3} as const
const backoff = [750, 1500]

/** What is answered once and then always well, and what comes of it when it never ends. */
interface Passing {
  readonly what: string
  readonly answer: Answer
  /** The wait before the second try. */
  readonly wait?: number
  /** Silence that is noticed; shorter where it is what is tested. */
  readonly idleMs?: number
  readonly only?: readonly string[]
}

const passing: readonly Passing[] = [
  {what: '429', answer: {status: 429}},
  {what: '429 retry-after', answer: {status: 429, headers: {'retry-after': '7'}}, wait: 7250, only: withHeaders},
  {what: '429 RetryInfo', answer: {status: 429, details: retryInfo('7s')}, wait: 7250, only: ['gemini']},
  {what: '500', answer: {status: 500}},
  {what: '500 with a page', answer: {status: 500, body: '<html><h1>Oops</h1></html>'}},
  {what: '503', answer: {status: 503}},
  {what: '529', answer: {status: 529}},
  {what: '408', answer: {status: 408}},
  {what: 'a reset before the answer', answer: {fault: 'reset'}},
  {what: 'a reset midway', answer: {fault: 'reset-midway'}},
  {what: 'silence', answer: {fault: 'stall'}, idleMs: 250},
  {what: 'a body that stalls', answer: {fault: 'stall-midway'}, idleMs: 250},
  {what: 'a stream cut short', answer: {fault: 'truncated'}},
  {what: 'a stream without its end', answer: {fault: 'truncated-late'}},
  {what: 'JSON cut short with 200', answer: {fault: 'bad-json'}},
  {what: 'an event that is no JSON', answer: {fault: 'bad-event'}},
  {what: 'a page with 200', answer: {fault: 'html'}},
  {what: '200 with nothing', answer: {fault: 'nothing'}},
  {what: 'an error midway', answer: {fault: 'error-midway'}},
]

/** One of each kind, for what has nothing to do with the kind. */
const turbulent = ['429', '503', 'a reset midway', 'a stream cut short']

/** What is over at once, one way or the other: an answer is paid for, and a refusal stays one. */
const final: readonly (readonly [string, Answer, End, (readonly string[])?])[] = [
  ['a refusal', {text: 'I will not', stop: 'refused'}, {said: 'I will not', stopped: 'refused'}],
  ['a blocked prompt', {blocked: true}, {said: '', stopped: 'refused'}],
  ['the length limit', {text: 'Half of', stop: 'length'}, {said: 'Half of', stopped: 'length'}],
  ['an empty answer', {empty: true}, {said: '', stopped: 'end'}],
  ['400', {status: 400, message: 'too much'}, {code: 'model-refused-request', exit: 2}],
  ['401', {status: 401}, {code: 'model-key-refused', exit: 2}],
  ['403', {status: 403}, {code: 'model-key-refused', exit: 2}],
  ['404', {status: 404}, {code: 'model-refused-request', exit: 2}],
  ['413', {status: 413}, {code: 'model-refused-request', exit: 2}],
  ['429 that asks for weeks', {status: 429, headers: {'retry-after': '2000000'}}, away, withHeaders],
  ['429 that asks for a day', {status: 429, details: retryInfo('86400s')}, away, ['gemini']],
  ['500 that is not to be tried again', {status: 500, headers: {'x-should-retry': 'false'}}, away, withHeaders],
]

describe.each(names)('%s', (provider) => {
  const request = requestFor(provider)
  const sum = (waits: readonly number[]): number => waits.reduce((all, each) => all + each, 0)

  describe.each(passing.filter(({only = [provider]}) => only.includes(provider)))(
    '$what',
    ({answer, wait = 750, idleMs = 5000}) => {
      test('once: asked once more', async () => {
        const models = await start(({index}) => (index === 0 ? answer : 'ok'))
        const {ask, waits} = runOn(provider, models, {idleMs})
        expect(await endOf(ask(request))).toEqual(ok)
        expect({requests: models.requests.length, waits}).toEqual({requests: 2, waits: [wait]})
      })

      test('always: given up after as many tries as there are, within the time', async () => {
        const models = await start(answer)
        const {ask, waits} = runOn(provider, models, {idleMs})
        expect(await endOf(ask(request))).toEqual(away)
        expect(models.requests).toHaveLength(attempts)
        expect(waits).toEqual(wait === 750 ? backoff : [wait, wait])
        expect(sum(waits)).toBeLessThanOrEqual(deadlineMs)
      })

      test('always, with one attempt wanted: asked once', async () => {
        const models = await start(answer)
        const {ask, waits} = runOn(provider, models, {idleMs})
        expect(await endOf(ask({...request, attempts: 1}))).toEqual(away)
        expect({requests: models.requests.length, waits}).toEqual({requests: 1, waits: []})
      })

      test('in the middle of a run: what was answered is not asked again when it goes on', async () => {
        let isBroken = true
        const script: Script = ({prompt}) => (isBroken && prompt === 'two' ? answer : `re: ${prompt}`)
        const models = await start(script)
        const entries = new Map<string, string>()
        const store = {
          digest: digestOf,
          get: async (key: string) => entries.get(key) ?? null,
          set: async (key: string, text: string) => void entries.set(key, text),
        }
        const goOn = async (): Promise<End[]> => {
          const ask = remembered(runOn(provider, models, {idleMs}).ask, store)
          const ends: End[] = []
          for (const text of ['one', 'two', 'three']) {
            ends.push(await endOf(ask({...request, messages: [{role: 'user', text}]})))
            if (ends.at(-1)?.code !== undefined) break
          }
          return ends
        }
        expect(await goOn()).toEqual([{said: 're: one', stopped: 'end'}, away])
        const before = models.requests.length
        isBroken = false
        expect((await goOn()).map(({said}) => said)).toEqual(['re: one', 're: two', 're: three'])
        expect(models.requests.slice(before).map(({prompt}) => prompt)).toEqual(['two', 'three'])
      })
    },
  )

  describe.each(passing.filter(({what}) => turbulent.includes(what)))('$what, and', ({answer}) => {
    test.each([
      ['forward', 5 * 3_600_000, 2],
      ['back', -5 * 3_600_000, attempts],
    ])('always, while the clock leaps %s by hours', async (_, leap, requests) => {
      const models = await start(answer)
      const {ask, waits} = runOn(provider, models, {leap})
      expect(await endOf(ask(request))).toEqual(away)
      expect(models.requests).toHaveLength(requests)
      expect(sum(waits)).toBeLessThanOrEqual(deadlineMs)
    })

    test('always, with calls to spend: no more than there are', async () => {
      const models = await start(answer)
      const {ask} = runOn(provider, models, {budget: {...noLimit, calls: 2}})
      expect(await endOf(ask(request))).toEqual({code: 'budget-spent', exit: 2})
      expect(models.requests).toHaveLength(2)
    })
  })

  test.each(
    final.flatMap(([what, answer, end, only = [provider]]) =>
      only.includes(provider) ? [[what, answer, end] as const] : [],
    ),
  )('%s is over at once', async (_, answer, end) => {
    const models = await start(answer)
    const {ask, waits} = runOn(provider, models)
    expect(await endOf(ask(request))).toEqual(end)
    expect({requests: models.requests.length, waits}).toEqual({requests: 1, waits: []})
  })

  test('nobody listens', async () => {
    const models = await start('x')
    await models.close()
    const {ask, waits} = runOn(provider, models)
    expect(await endOf(ask(request))).toEqual(away)
    expect(waits).toEqual(backoff)
  })

  test('an answer of ten megabytes is one', async () => {
    const text = 'ü'.repeat(10_000_000)
    const models = await start({text, usage: {input: 5, output: 5}})
    const {ask} = runOn(provider, models)
    const began = performance.now()
    expect(await endOf(ask(request))).toEqual({said: text, stopped: 'end'})
    expect(models.requests).toHaveLength(1)
    expect(performance.now() - began).toBeLessThan(15_000)
  })

  test.each<readonly [string, Answer]>([
    ['of seventeen megabytes', {text: 'x'.repeat(17 * 1024 * 1024)}],
    ['without end', {fault: 'endless', text: 'word '.repeat(20_000)}],
    ['without end, in small pieces', {fault: 'endless', text: 'word '.repeat(400)}],
  ])('an answer %s is cut off, and not paid for once more', async (_, answer) => {
    const models = await start(answer)
    const {ask} = runOn(provider, models)
    const [began, before] = [performance.now(), process.memoryUsage().rss]
    expect(await endOf(ask(request))).toEqual(away)
    expect(models.requests).toHaveLength(1)
    expect(performance.now() - began).toBeLessThan(15_000)
    // the server and its events are in this process too
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024)
  })

  test('a budget that is reached ends a run before the call that would pass it', async () => {
    const models = await start({text: 'x', usage: {input: 100, output: 900}})
    const {ask} = runOn(provider, models, {budget: {...noLimit, tokens: 3000}})
    const ends: End[] = []
    for (let call = 0; call < 5; call++) ends.push(await endOf(ask(request)))
    const answered = {said: 'x', stopped: 'end'}
    const spent = {code: 'budget-spent', exit: 2}
    expect(ends).toEqual([answered, answered, spent, spent, spent])
    expect(models.requests).toHaveLength(2)
  })

  test('a budget in dollars is kept by a model without a price too', async () => {
    const models = await start({text: 'x', usage: {input: 100, output: 900}})
    // the dearest of the table takes 50 USD for a million tokens
    const {ask} = runOn(provider, models, {budget: {...noLimit, usd: 0.09}})
    const unknown: ModelRequest = {...request, model: 'gemini-of-tomorrow'}
    expect([await endOf(ask(unknown)), await endOf(ask(unknown))].map(({said, code}) => said ?? code)).toEqual([
      'x',
      'budget-spent',
    ])
    expect(models.requests).toHaveLength(1)
  })

  test('where a count makes room, it is asked for', async () => {
    const models = await start({text: 'x', usage: {input: 1000, output: 10}})
    const long = requestFor(provider, {messages: [{role: 'user', text: 'x'.repeat(4000)}]})
    const {ask} = runOn(provider, models, {budget: {...noLimit, tokens: 2100}})
    const end = await endOf(ask(long))
    const counts = models.counts.length
    expect({end: end.said ?? end.code, counts}).toEqual(
      provider === 'openai' ? {end: 'budget-spent', counts: 0} : {end: 'x', counts: 1},
    )
  })

  test('a model that is gone is replaced, after all tries, once', async () => {
    const models = await start(({model}) => (model === 'other-model' ? 'ok' : {status: 503}))
    const {ask} = runOn(provider, models)
    const reply = await ask({...request, fallback: 'other-model'})
    expect({text: reply.text, model: reply.model}).toEqual({text: 'ok', model: 'other-model'})
    expect(models.requests.map(({model}) => model)).toEqual([...Array(attempts).fill(request.model), 'other-model'])
    const missing = await start(({model}) => (model === 'other-model' ? 'ok' : {status: 404}))
    await runOn(provider, missing).ask({...request, fallback: 'other-model'})
    expect(missing.requests.map(({model}) => model)).toEqual([request.model, 'other-model'])
  })
})
