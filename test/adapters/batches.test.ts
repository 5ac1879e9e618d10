/** Message batches through the real SDK, against a server on loopback that speaks the wire format; with a clock that only sleeping moves. */
import * as fc from 'fast-check'
import {afterEach, describe, expect, test, vi} from 'vitest'
import type {Batching} from '../../src/adapters/batches.ts'
import {crowd} from '../../src/adapters/crowd.ts'
import {batches as claudeBatches, claude} from '../../src/adapters/providers/claude.ts'
import {providers} from '../../src/adapters/providers/index.ts'
import type {ProviderSettings} from '../../src/adapters/wire.ts'
import {metered} from '../../src/budget.ts'
import {Failure} from '../../src/errors.ts'
import {makeHost} from '../../src/adapters/models.ts'
import {retried, type ModelReply, type ModelRequest, type Provider} from '../../src/provider.ts'
import {planSchema} from '../../src/plan/reply.ts'
import type {BatchFault, BatchPlan, BatchRoute, Fate} from '../fixtures/batches.ts'
import {startModels, type Answer, type Models, type Script} from '../fixtures/models.ts'

const apiKey = 'sk-test-0123456789'
const requestOf = (text: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  provider: 'claude',
  model: 'claude-sonnet-5-5',
  system: 'You are terse.',
  messages: [{role: 'user', text}],
  maxTokens: 1000,
  temperature: null,
  schema: null,
  ...more,
})

const running: Models[] = []
const start = async (script: Script, plan: BatchPlan = {}): Promise<Models> => {
  const models = await startModels(script, plan)
  running.push(models)
  return models
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()))
})

interface Batch {
  readonly ask: Provider
  readonly said: string[]
  readonly waits: number[]
}

const connect = (
  models: Models,
  more: Partial<Batching> = {},
  settings: Partial<ProviderSettings> = {},
  group = crowd(() => true),
): Batch => {
  let now = 0
  const waits: number[] = []
  const said: string[] = []
  const ask = claudeBatches(
    {apiKey, baseUrl: models.anthropicUrl, totalMs: 5000, idleMs: 2000, ...settings},
    {
      whenStill: group.whenStill,
      say: (line) => void said.push(line),
      now: () => now,
      sleep: async (milliseconds) => {
        waits.push(milliseconds)
        now += milliseconds
      },
      ...more,
    },
  )
  return {ask, said, waits}
}

const endOf = (call: Promise<ModelReply>): Promise<string | Failure> =>
  call.then(
    ({text}) => text,
    (thrown: unknown) => {
      if (thrown instanceof Failure) return thrown
      throw thrown
    },
  )

/** Answers every question with itself. */
const echo: Script = ({prompt}) => `re: ${prompt}`
/** Answers `bad` as given, and every other question with itself. */
const echoBut =
  (answer: Answer): Script =>
  ({prompt}) =>
    prompt === 'bad' ? answer : `re: ${prompt}`

const posts = ({batches}: Models): number => batches.length

describe('an answer in a batch is the answer', () => {
  test.each<readonly [string, Answer]>([
    ['text', 'Hello, world.'],
    ['text beyond ASCII', 'größer — 日本語 🦀\n"x"'],
    ['JSON', {json: {a: [1, 'two']}}],
    ['a thought before it', {text: 'Yes.', thought: 'Hm, no.'}],
    ['the length limit', {text: 'Half of', stop: 'length'}],
    ['a refusal', {text: 'I can', stop: 'refused'}],
    ['a blocked prompt', {blocked: true}],
    ['nothing but an end', {empty: true}],
    ['a large text', 'ü'.repeat(300_000)],
    ['cached tokens', {text: 'x', usage: {input: 1000, cached: 600, output: 50}}],
  ])('%s', async (_, answer) => {
    const models = await start(answer)
    const direct = await claude({apiKey, baseUrl: models.anthropicUrl})(requestOf('q'))
    expect(await connect(models).ask(requestOf('q'))).toEqual(direct)
  })

  test('what is sent is what is sent otherwise, without the stream, and the key in one header', async () => {
    const models = await start({json: {}})
    const requests = [
      requestOf('one', {schema: planSchema, maxTokens: 64_000}),
      requestOf('two', {system: '', model: 'claude-haiku-4-5', temperature: 0.2}),
    ]
    const {ask} = connect(models)
    await Promise.all(requests.map((request) => ask(request)))
    for (const request of requests) await claude({apiKey, baseUrl: models.anthropicUrl})(request)
    const [batch] = models.batches
    const direct = models.requests
      .slice(2)
      .map(({body}) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'stream')))
    expect(batch?.questions.map(({params}) => params)).toEqual(direct)
    expect(models.requests.map(({refused}) => refused)).toEqual([null, null, null, null])
  })
})

const retry = {afterMs: null}
const failures: readonly (readonly [string, Answer, {code: string; retry: typeof retry | null; says: RegExp}])[] = [
  [
    'a bad request',
    {status: 400, message: 'max_tokens: too many'},
    {code: 'model-refused-request', retry: null, says: /400: max_tokens: too many/},
  ],
  ['a key that may not', {status: 403}, {code: 'model-key-refused', retry: null, says: /403/}],
  [
    'no such model',
    {status: 404, message: 'no such model'},
    {code: 'model-refused-request', retry: null, says: /no such model/},
  ],
  ['overload', {status: 529, message: 'Overloaded'}, {code: 'model-unavailable', retry, says: /529: Overloaded/}],
  ['an error of the vendor', {status: 500}, {code: 'model-unavailable', retry, says: /500/}],
  ['a rate limit', {status: 429}, {code: 'model-unavailable', retry, says: /429/}],
  [
    'an error without its envelope',
    {fate: {type: 'odd', result: {type: 'errored', error: {type: 'invalid_request', message: 'no'}}}},
    {code: 'model-refused-request', retry: null, says: /400: no/},
  ],
  [
    'an error of no known kind',
    {fate: {type: 'odd', result: {type: 'errored', error: {type: 'new'}}}},
    {code: 'model-unavailable', retry, says: /with an error/},
  ],
  [
    'an error with the key in it',
    {status: 400, message: `bad ${apiKey}\u001b[31m\nline`},
    {code: 'model-refused-request', retry: null, says: /bad \*\*\*/},
  ],
  ['its time running out', {fate: {type: 'expired'}}, {code: 'model-unavailable', retry, says: /expired/}],
  [
    'being cancelled elsewhere',
    {fate: {type: 'canceled'}},
    {code: 'model-unavailable', retry: null, says: /somebody else/},
  ],
  [
    'no line of its own',
    {fate: {type: 'missing'}},
    {code: 'model-unavailable', retry: null, says: /no answer in its batch/},
  ],
  [
    'a line that is cut',
    {fate: {type: 'raw', line: '{"custom_id":"ID","result":{"type":"succ'}},
    {code: 'model-unavailable', retry: null, says: /no answer/},
  ],
  [
    'a line that is no object',
    {fate: {type: 'raw', line: '[1]'}},
    {code: 'model-unavailable', retry: null, says: /no answer/},
  ],
  [
    'a line of nobody',
    {fate: {type: 'raw', line: '{"result":{"type":"expired"}}'}},
    {code: 'model-unavailable', retry: null, says: /no answer/},
  ],
  [
    'a success without a message',
    {fate: {type: 'odd', result: {type: 'succeeded'}}},
    {code: 'model-unavailable', retry: null, says: /makes no sense/},
  ],
  [
    'a message without an end',
    {fate: {type: 'odd', result: {type: 'succeeded', message: {content: [], usage: {}}}}},
    {code: 'model-unavailable', retry: null, says: /makes no sense/},
  ],
  [
    'a result of no known kind',
    {fate: {type: 'odd', result: {type: 'postponed'}}},
    {code: 'model-unavailable', retry: null, says: /makes no sense/},
  ],
  [
    'a result that is none',
    {fate: {type: 'odd', result: null}},
    {code: 'model-unavailable', retry: null, says: /makes no sense/},
  ],
  [
    'a stop for no known reason',
    {text: 'x', stop: 'unknown'},
    {code: 'model-unavailable', retry: null, says: /not understood/},
  ],
]

describe('what fails one question fails no other', () => {
  test.each(failures)('%s', async (_, answer, {says, ...failure}) => {
    const models = await start(echoBut(answer))
    const {ask} = connect(models)
    const asked = ['one', 'bad', 'two'].map((text) => endOf(ask(requestOf(text))))
    const [one, bad, two] = await Promise.all(asked)
    expect([one, two]).toEqual(['re: one', 're: two'])
    expect(bad).toMatchObject({...failure, message: expect.stringMatching(says)})
    expect(String(bad)).not.toContain(apiKey)
    expect(String(bad)).not.toMatch(/\p{Cc}/u)
    expect(posts(models)).toBe(1)
  })

  test('a schema that Claude has no words for is not sent', async () => {
    const models = await start(echo)
    const {ask} = connect(models)
    const [bad, good] = await Promise.all([endOf(ask(requestOf('bad', {schema: {}}))), endOf(ask(requestOf('good')))])
    expect(bad).toMatchObject({code: 'model-refused-request', message: expect.stringContaining('schema')})
    expect([good, models.batches[0]?.questions.length]).toEqual(['re: good', 1])
  })

  test('what passes is asked once more, with the next batch, and then it fails', async () => {
    let times = 0
    const models = await start(({prompt}) =>
      prompt === 'bad' || (prompt === 'late' && times++ === 0) ? {status: 529} : `re: ${prompt}`,
    )
    const {ask} = connect(models)
    const patience = {sleep: async () => undefined, random: () => 0, now: () => 0, attempts: 2, deadlineMs: Infinity}
    const patient = retried(ask, patience)
    const ends = await Promise.all(['bad', 'late', 'good'].map((text) => endOf(patient(requestOf(text)))))
    expect(ends).toEqual([
      expect.objectContaining({
        code: 'model-unavailable',
        retry: null,
        message: expect.stringContaining('tried 2 times'),
      }),
      're: late',
      're: good',
    ])
    expect(models.batches.map(({questions}) => questions.length)).toEqual([3, 2])
  })
})

describe('whoever waits looks again', () => {
  test('after a second, two, four … and then every minute', async () => {
    const {ask, waits} = connect(await start(echo, {looks: 9}))
    expect(await endOf(ask(requestOf('q')))).toBe('re: q')
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 0])
  })

  const lost: readonly (readonly [string, BatchFault])[] = [
    ['a lost connection', 'reset'],
    ['one that is lost midway', 'cut'],
    ['half of an answer', 'cut-cleanly'],
    ['a web page', 'html'],
    ['silence', 'stall'],
    ['an error of the server', {status: 500}],
    ['overload', {status: 529}],
    ['a limit', {status: 429, headers: {'retry-after': '7'}}],
  ]
  const routes = ['look', 'results'] as const
  test.each(routes.flatMap((route) => lost.map(([name, fault]) => [name, route, fault] as const)))(
    '%s, twice at %s, makes no second batch',
    async (_, route, fault) => {
      const models = await start(echo, {fault: (at, time) => (at === route && time < 2 ? fault : null)})
      // only where silence is meant: a busy machine is silent too
      const {ask, said, waits} = connect(models, {}, fault === 'stall' ? {idleMs: 500} : {})
      const ends = await Promise.all(['one', 'two'].map((text) => endOf(ask(requestOf(text)))))
      expect(ends).toEqual(['re: one', 're: two'])
      expect(posts(models)).toBe(1)
      // what has come is then read as far as it goes, and found wanting
      if (!(route === 'results' && (fault === 'cut-cleanly' || fault === 'html')))
        expect(said.filter((line) => line.includes('asked about again'))).toHaveLength(1)
      if (typeof fault === 'object' && fault.headers !== undefined)
        expect(waits.filter((wait) => wait >= 7000).length).toBeGreaterThanOrEqual(2)
    },
  )

  test('who asks to wait for weeks is asked again after ten minutes', async () => {
    const weeks = {status: 429, headers: {'retry-after': '9999999'}}
    const {ask, waits} = connect(await start(echo, {fault: (at, time) => (at === 'look' && time === 0 ? weeks : null)}))
    expect(await endOf(ask(requestOf('q')))).toBe('re: q')
    expect(waits.slice(0, 3)).toEqual([1000, 600_000, 4000])
  })

  test.each<readonly [string, BatchRoute, BatchFault, {code: string; says: RegExp; cancelled: boolean}]>([
    ['a batch that is gone', 'look', {status: 404}, {code: 'model-refused-request', says: /404/, cancelled: true}],
    ['a key that is no more', 'results', {status: 401}, {code: 'model-key-refused', says: /401/, cancelled: false}],
    [
      'results that never come',
      'results',
      {status: 500},
      {code: 'model-unavailable', says: /tried 15 times; msgbatch_1/, cancelled: false},
    ],
  ])('but not for %s', async (_, route, fault, {code, says, cancelled}) => {
    const models = await start(echo, {fault: (at) => (at === route ? fault : null)})
    const {ask} = connect(models)
    const ends = await Promise.all(['one', 'two'].map((text) => endOf(ask(requestOf(text)))))
    const failure = expect.objectContaining({code, retry: null, message: expect.stringMatching(says)})
    expect(ends).toEqual([failure, failure])
    expect(models.batches).toMatchObject([{cancelled}])
  })

  test('until the deadline, and then the batch is cancelled', async () => {
    const models = await start(echo, {looks: Infinity})
    const {ask, waits} = connect(models, {deadlineMs: 600_000})
    expect(await endOf(ask(requestOf('q')))).toMatchObject({
      code: 'model-unavailable',
      exit: 3,
      retry: null,
      message: expect.stringContaining('did not end msgbatch_1 in 600 s'),
    })
    expect(models.batches).toMatchObject([{cancelled: true}])
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(600_000)
  })

  test('results that lack a line are fetched three times, and what is there is given', async () => {
    const models = await start(echoBut({fate: {type: 'missing'}}))
    const {ask} = connect(models)
    await Promise.all(['one', 'bad'].map((text) => endOf(ask(requestOf(text)))))
    expect(models.batches).toMatchObject([{read: 3}])
  })

  test('answers to questions of others are left alone, and said', async () => {
    const message = {content: [{type: 'text', text: 'stolen'}], stop_reason: 'end_turn', usage: {}}
    const line = (id: string): string => JSON.stringify({custom_id: id, result: {type: 'succeeded', message}})
    const {ask, said} = connect(await start(echo, {strange: [line('q9'), line('__proto__'), 'nonsense']}))
    expect(await endOf(ask(requestOf('q')))).toBe('re: q')
    expect(said.join('\n')).toMatch(
      /has 2 answers to questions that are not of it[\s\S]*has 1 answers that cannot be read/,
    )
  })

  test('the key goes nowhere that an answer names', async () => {
    const other = await start('stolen')
    const models = await start(echo, {resultsUrl: `${other.anthropicUrl}/v1/messages/batches/msgbatch_1/results`})
    const seen = vi.spyOn(globalThis, 'fetch')
    expect(await endOf(connect(models).ask(requestOf('q')))).toBe('re: q')
    expect(seen.mock.calls.map(([to]) => new URL(to instanceof Request ? to.url : to).origin)).toEqual(
      Array.from({length: 4}, () => models.anthropicUrl),
    )
    seen.mockRestore()
  })
})

describe('a batch is made once', () => {
  test.each<readonly [string, BatchFault]>([
    ['a limit', {status: 429, headers: {'retry-after': '7'}}],
    ['overload', {status: 529}],
  ])('refused for %s it is made later', async (_, fault) => {
    const models = await start(echo, {fault: (at, time) => (at === 'create' && time < 2 ? fault : null)})
    const {ask, waits} = connect(models)
    expect(await endOf(ask(requestOf('q')))).toBe('re: q')
    expect(posts(models)).toBe(1)
    expect(waits.slice(0, 2)).toEqual(
      typeof fault === 'object' && fault.headers !== undefined ? [7000, 7000] : [1000, 2000],
    )
  })

  test.each<readonly [string, BatchFault]>([
    ['a connection that is lost', 'reset'],
    ['half of an answer', 'cut'],
    ['half of an answer that looks whole', 'cut-cleanly'],
    ['a web page', 'html'],
    ['silence', 'stall'],
    ['an error of the server', {status: 500}],
  ])('after %s nobody knows, and it is not made again', async (_, fault) => {
    let made = 0
    const models = await start(echo, {fault: (at) => (at === 'create' ? (made++, fault) : null)})
    const {ask} = connect(models, {}, {idleMs: 100})
    expect(await endOf(ask(requestOf('q')))).toMatchObject({
      code: 'model-unavailable',
      exit: 3,
      retry: null,
      message: expect.stringContaining('may have been made'),
    })
    expect(made).toBe(1)
  })

  test.each<readonly [string, BatchFault, string]>([
    ['a bad request', {status: 400}, 'model-refused-request'],
    ['a bad key', {status: 401}, 'model-key-refused'],
    ['too much', {status: 413}, 'model-refused-request'],
  ])('%s is told to all', async (_, fault, code) => {
    const models = await start(echo, {fault: (at) => (at === 'create' ? fault : null)})
    const {ask} = connect(models)
    const ends = await Promise.all(['one', 'two'].map((text) => endOf(ask(requestOf(text)))))
    expect(ends).toMatchObject([
      {code, retry: null},
      {code, retry: null},
    ])
  })

  test('where nobody listens it is tried five times', async () => {
    const models = await start(echo)
    await models.close()
    const {ask, waits} = connect(models)
    expect(await endOf(ask(requestOf('q')))).toMatchObject({
      code: 'model-unavailable',
      retry: null,
      message: expect.stringMatching(/could not be reached.*tried 5 times/),
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000])
  })

  test('what is too large for one is sent as several', async () => {
    const models = await start(echo)
    const {ask} = connect(models, {maxBytes: 1000})
    const texts = ['a'.repeat(2000), 'b'.repeat(300), 'c'.repeat(300), 'd'.repeat(10)]
    const ends = await Promise.all(texts.map((text) => endOf(ask(requestOf(text)))))
    expect(ends).toEqual(texts.map((text) => `re: ${text}`))
    expect(models.batches.map(({questions}) => questions.length).toSorted()).toEqual([1, 1, 2])
  })
})

describe('a cancelled run cancels its batch', () => {
  const patient = (): Partial<Batching> => ({
    sleep: (_, signal) =>
      new Promise((wake) => {
        const timer = setTimeout(wake, 20)
        signal?.addEventListener('abort', () => (clearTimeout(timer), wake()), {once: true})
      }),
  })
  const cancelled = {code: 'cancelled', exit: 3, retry: null}
  /** The first test that runs loads the SDK, which takes a second on a busy machine. */
  const inTime = {timeout: 20_000}

  test('while it waits', async () => {
    const models = await start(echo, {looks: Infinity})
    const {ask, said} = connect(models, patient())
    const controller = new AbortController()
    const ends = ['one', 'two'].map((text) => endOf(ask(requestOf(text), controller.signal)))
    await vi.waitFor(() => expect(models.batches[0]?.looked).toBeGreaterThan(1), inTime)
    controller.abort()
    expect(await Promise.all(ends)).toMatchObject([cancelled, cancelled])
    expect(models.batches).toMatchObject([{cancelled: true}])
    expect(said.at(-1)).toContain('msgbatch_1 is cancelled')
  })

  test('while it is being made, once its name is known', async () => {
    const controller = new AbortController()
    const models = await start(async () => {
      controller.abort()
      await new Promise((resolve) => setTimeout(resolve, 50))
      return 'late'
    })
    expect(await endOf(connect(models, patient()).ask(requestOf('q'), controller.signal))).toMatchObject(cancelled)
    expect(models.batches).toMatchObject([{cancelled: true, looked: 0}])
  })

  test('but does not wait for ever for a name', async () => {
    const controller = new AbortController()
    const models = await start(echo, {
      fault: (at) => (at === 'create' ? (setTimeout(() => controller.abort(), 10), 'stall') : null),
    })
    const {ask, said} = connect(models, {...patient(), graceMs: 50})
    expect(await endOf(ask(requestOf('q'), controller.signal))).toMatchObject(cancelled)
    expect(said.at(-1)).toContain('may have been made')
  })

  test('and says which one when it cannot', async () => {
    const models = await start(echo, {looks: Infinity, fault: (at) => (at === 'cancel' ? {status: 500} : null)})
    const {ask, said} = connect(models, patient())
    const controller = new AbortController()
    const end = endOf(ask(requestOf('q'), controller.signal))
    await vi.waitFor(() => expect(models.batches[0]?.looked).toBeGreaterThan(0), inTime)
    controller.abort()
    expect(await end).toMatchObject(cancelled)
    expect(said.at(-1)).toMatch(/msgbatch_1 could not be cancelled.*console/)
  })

  test('but not while others wait for it', async () => {
    const models = await start(echo, {looks: 1})
    let goOn = (): void => {}
    const left = new Promise<void>((resolve) => {
      goOn = resolve
    })
    // after the first look nobody looks again before the other has left
    const {ask} = connect(models, {sleep: (milliseconds) => (milliseconds > 1000 ? left : Promise.resolve())})
    const controller = new AbortController()
    const gone = endOf(ask(requestOf('one'), controller.signal))
    const stays = endOf(ask(requestOf('two'), new AbortController().signal))
    await vi.waitFor(() => expect(models.batches[0]?.looked).toBe(1), inTime)
    controller.abort()
    expect(await gone).toMatchObject(cancelled)
    goOn()
    expect(await stays).toBe('re: two')
    expect(models.batches).toMatchObject([{cancelled: false}])
  })

  test('and what was not sent is never sent', async () => {
    const models = await start(echo)
    const group = crowd(() => true)
    const {ask} = connect(models, {}, {}, group)
    const controller = new AbortController()
    await group.join(ask, async (asking) => {
      // beside the run that thinks
      const end = endOf(ask(requestOf('one'), controller.signal))
      controller.abort()
      expect(await end).toMatchObject(cancelled)
      expect(await endOf(asking(requestOf('two'), controller.signal))).toMatchObject(cancelled)
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(models.batches).toEqual([])
  })
})

describe('runs that go on together', () => {
  const other: Provider = async ({messages: [message]}) => {
    await new Promise((resolve) => setTimeout(resolve, Number(message?.text) % 17))
    return {text: 'other', stopped: 'end', model: 'g', usage: {calls: 1, input_tokens: 1, output_tokens: 1, usd: 0}}
  }

  const together = async (
    steps: readonly (readonly ('claude' | 'other' | 'pause')[])[],
    wrap: (ask: Provider) => Provider = (ask) => ask,
    plan: BatchPlan = {looks: 0},
  ): Promise<{readonly texts: readonly (readonly string[])[]; readonly models: Models}> => {
    const group = crowd(({provider}) => provider === 'claude')
    const models = await start(echo, plan)
    const batch = connect(models, {}, {}, group)
    const ask = wrap((request, signal) => (request.provider === 'claude' ? batch.ask : other)(request, signal))
    const texts = await Promise.all(
      steps.map((own, run) =>
        group.join(ask, async (asking) => {
          const heard: string[] = []
          for (const [at, step] of own.entries()) {
            if (step === 'pause') await new Promise((resolve) => setTimeout(resolve, (run * 7 + at) % 5))
            else if (step === 'other') await asking(requestOf(String(run * 5 + at), {provider: 'gemini'}))
            else heard.push((await asking(requestOf(`${run}.${at}`))).text)
          }
          return heard
        }),
      ),
    )
    return {texts, models}
  }
  const expected = (steps: readonly (readonly string[])[]) =>
    steps.map((own, run) => own.flatMap((step, at) => (step === 'claude' ? [`re: ${run}.${at}`] : [])))

  test('make a batch for each step, whatever lies between the steps', async () => {
    const steps = Array.from({length: 12}, () => ['pause', 'claude', 'other', 'pause', 'claude'] as const)
    const {texts, models} = await together(steps)
    expect(texts).toEqual(expected(steps))
    expect(models.batches.map(({questions}) => questions.length)).toEqual([12, 12])
  })

  test('never wait for each other, however they differ: as many batches as the longest has questions', async () => {
    const step = fc.constantFrom('claude' as const, 'other' as const, 'pause' as const)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, {maxLength: 5}), {minLength: 1, maxLength: 8}), async (steps) => {
        const {texts, models} = await together(steps)
        expect(texts).toEqual(expected(steps))
        const longest = Math.max(...steps.map((own) => own.filter((each) => each === 'claude').length))
        expect(models.batches.length).toBe(longest)
      }),
      {numRuns: 25},
    )
  })

  test.each([
    ['one after the other', 1500, [1, 1, 1, 1, 1, 1]],
    ['some at a time', 2200, [2, 2, 2]],
    ['all', 1_000_000, [3, 3]],
  ])('within a budget: %s', async (_, tokens, sizes) => {
    const steps = Array.from({length: 3}, () => ['claude', 'claude'] as const)
    const budget = {calls: null, tokens, usd: null}
    const {texts, models} = await together(steps, (ask) => metered(ask, {budget}, () => undefined))
    expect(texts).toEqual(expected(steps))
    expect(models.batches.map(({questions}) => questions.length)).toEqual(sizes)
  })
})

describe('each asker gets his own', () => {
  type Kind = 'text' | 'errored' | 'overloaded' | 'expired' | 'canceled' | 'missing' | 'cut' | 'length'
  const kinds: Readonly<
    Record<Kind, {readonly answer: (own: string) => Answer; readonly end: (own: string) => unknown}>
  > = {
    text: {answer: (own) => `re: ${own}`, end: (own) => `re: ${own}`},
    length: {answer: (own) => ({text: `half ${own}`, stop: 'length'}), end: (own) => `half ${own}`},
    errored: {
      answer: (own) => ({status: 400, message: `no ${own}.`}),
      end: (own) => expect.objectContaining({message: expect.stringContaining(`no ${own}.`)}),
    },
    overloaded: {
      answer: (own) => ({status: 529, message: `busy ${own}.`}),
      end: (own) => expect.objectContaining({retry, message: expect.stringContaining(`busy ${own}.`)}),
    },
    expired: {answer: () => ({fate: {type: 'expired'}}), end: () => expect.objectContaining({retry})},
    canceled: {
      answer: () => ({fate: {type: 'canceled'}}),
      end: () => expect.objectContaining({code: 'model-unavailable', retry: null}),
    },
    missing: {
      answer: () => ({fate: {type: 'missing'}}),
      end: () => expect.objectContaining({code: 'model-unavailable', retry: null}),
    },
    cut: {
      answer: () => ({fate: {type: 'raw', line: '{"custom_id":"ID"'} satisfies Fate}),
      end: () => expect.objectContaining({code: 'model-unavailable', retry: null}),
    },
  }
  const isKind = (word: string): word is Kind => Object.hasOwn(kinds, word)
  const kindIn = (prompt: string): Kind => {
    const word = prompt.split(' ')[0] ?? ''
    return isKind(word) ? word : expect.fail(prompt)
  }

  test('whatever the order and the mix of the results', async () => {
    const names = Object.keys(kinds).filter(isKind)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...names), {minLength: 1, maxLength: 25}),
        fc.infiniteStream(fc.nat()),
        async (mix, order) => {
          const shuffle = (lines: readonly string[]): readonly string[] =>
            lines
              .map((line) => [order.next().value ?? 0, line] as const)
              .toSorted(([a], [b]) => a - b)
              .map(([, line]) => line)
          const models = await start(({prompt}) => kinds[kindIn(prompt)].answer(prompt), {looks: 0, order: shuffle})
          const {ask} = connect(models)
          const texts = mix.map((kind, at) => `${kind} ${at}`)
          const ends = await Promise.all(texts.map((text) => endOf(ask(requestOf(text)))))
          expect(ends).toEqual(texts.map((text) => kinds[kindIn(text)].end(text)))
          expect(posts(models)).toBe(1)
          await models.close()
        },
      ),
      {numRuns: 40},
    )
  })
})

describe('the host', () => {
  const hostOn = (models: Models, batches: boolean, usd: number | null = null) => {
    const said: string[] = []
    const spent: (number | null)[] = []
    const key = {apiKey, baseUrl: models.anthropicUrl}
    const host = makeHost({
      keys: {claude: key, gemini: key, openai: null},
      budget: {calls: null, tokens: null, usd},
      say: (line) => void said.push(line),
      onSpent: (usage) => void spent.push(usage.usd),
      batches,
    })
    return {host, said, spent}
  }

  test('by batch the same answers cost half, at Gemini the same, which is said once', async () => {
    const models = await start({text: 'x', usage: {input: 1_000_000, output: 100_000}}, {looks: 0})
    const [whole, half] = [hostOn(models, false), hostOn(models, true)]
    const gemini = requestOf('q', {provider: 'gemini', model: 'gemini-2.5-flash'})
    for (const {host} of [whole, half]) {
      await Promise.all([host.ask(requestOf('q')), host.ask(requestOf('q'))])
      await host.ask(gemini)
      await host.ask(gemini)
    }
    expect(whole.spent.map((usd) => usd?.toFixed(4))).toEqual(['3.0000', '3.0000', '0.5500', '0.5500'])
    expect(half.spent.map((usd) => usd?.toFixed(4))).toEqual(['1.5000', '1.5000', '0.5500', '0.5500'])
    expect(half.said.filter((line) => line.includes('gemini'))).toHaveLength(1)
    expect(posts(models)).toBe(1)
  })

  test('what is reserved before a batch is at its price', async () => {
    const models = await start({text: 'x', usage: {input: 10, output: 10}}, {looks: 0})
    // 40,000 tokens of an answer are 0.40 USD, by batch 0.20: there is room for three of them below 0.65
    const {host} = hostOn(models, true, 0.65)
    const request = requestOf('q', {maxTokens: 40_000})
    await Promise.all([host.ask(request), host.ask(request), host.ask(request)])
    expect(models.batches.map(({questions}) => questions.length)).toEqual([3])
  })

  test('asks Gemini no more than four questions at a time', async () => {
    let most = 0
    let flying = 0
    const models = await start(async () => {
      most = Math.max(most, ++flying)
      await new Promise((resolve) => setTimeout(resolve, 20))
      flying -= 1
      return 'x'
    })
    const {host} = hostOn(models, true)
    const gemini = requestOf('q', {provider: 'gemini', model: 'gemini-2.5-flash'})
    await Promise.all(Array.from({length: 12}, () => host.ask(gemini)))
    expect(most).toBe(4)
  })

  test('without batches knows of no runs together', async () => {
    const models = await start('x')
    expect([hostOn(models, false).host.together, typeof hostOn(models, true).host.together]).toEqual([
      undefined,
      'function',
    ])
    expect(Object.entries(providers).map(([name, kind]) => [name, 'batches' in kind])).toEqual([
      ['claude', true],
      ['gemini', false],
      ['openai', false],
    ])
  })
})
