/** Every provider × every way an answer can go, through the real SDKs, against model servers on loopback. */
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import * as z from 'zod'
import {providers} from '../../src/adapters/providers/index.ts'
import type {Message, ModelReply, ToolSpec} from '../../src/provider.ts'
import {planSchema} from '../../src/plan/reply.ts'
import type {Answer} from '../fixtures/models.ts'
import {apiKey, connect, failureOf, kinds, modelOf, requestFor, servers, urlOf} from './asking.ts'

const {start, stop} = servers()
afterEach(stop)

interface Said {
  readonly text: string
  readonly stopped: ModelReply['stopped']
}

const answers: readonly (readonly [string, Answer, Said])[] = [
  ['text', 'Hello, world.', {text: 'Hello, world.', stopped: 'end'}],
  ['text beyond ASCII, cut anywhere', 'größer — 日本語 🦀\n"x"', {text: 'größer — 日本語 🦀\n"x"', stopped: 'end'}],
  ['JSON', {json: {a: [1, 'two']}}, {text: '{"a":[1,"two"]}', stopped: 'end'}],
  ['a thought before it', {text: 'Yes.', thought: 'Hm, no.'}, {text: 'Yes.', stopped: 'end'}],
  ['the length limit', {text: 'Half of', stop: 'length'}, {text: 'Half of', stopped: 'length'}],
  ['a refusal', {text: 'I can', stop: 'refused'}, {text: 'I can', stopped: 'refused'}],
  ['a blocked prompt', {blocked: true}, {text: '', stopped: 'refused'}],
  ['nothing but an end', {empty: true}, {text: '', stopped: 'end'}],
  ['a large text', 'x'.repeat(300_000), {text: 'x'.repeat(300_000), stopped: 'end'}],
]

interface Fails {
  readonly code: string
  readonly exit: 2 | 3
  readonly retry: {readonly afterMs: number | null} | null
  readonly says?: RegExp
  readonly only?: readonly string[]
}

const again = {code: 'model-unavailable', exit: 3, retry: {afterMs: null}} as const
const keyRefused = {code: 'model-key-refused', exit: 2, retry: null} as const
const refused = {code: 'model-refused-request', exit: 2, retry: null} as const
/** The SDK of the third loses them. */
const withHeaders = ['claude', 'openai']
const retryInfo = [{'@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7.5s'}]
const dayQuota = [
  {
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [{quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier'}],
  },
  ...retryInfo,
]

const faults: readonly (readonly [string, Answer, Fails])[] = [
  ['429', {status: 429, message: 'slow down'}, {...again, says: /429: slow down/}],
  [
    '429 retry-after seconds',
    {status: 429, headers: {'retry-after': '7'}},
    {...again, retry: {afterMs: 7000}, only: withHeaders},
  ],
  [
    '429 retry-after-ms',
    {status: 429, headers: {'retry-after-ms': '250', 'retry-after': '7'}},
    {...again, retry: {afterMs: 250}, only: withHeaders},
  ],
  [
    '429 retry-after a date gone by',
    {status: 429, headers: {'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT'}},
    {...again, retry: {afterMs: 0}, only: withHeaders},
  ],
  ['429 retry-after nonsense', {status: 429, headers: {'retry-after': 'soon'}}, {...again, only: withHeaders}],
  ['429 RetryInfo', {status: 429, details: retryInfo}, {...again, retry: {afterMs: 7500}, only: ['gemini']}],
  ['429 for the day', {status: 429, details: dayQuota}, {...again, retry: null, only: ['gemini']}],
  [
    '500 not to be retried',
    {status: 500, headers: {'x-should-retry': 'false'}},
    {...again, retry: null, only: withHeaders},
  ],
  ['500', {status: 500}, again],
  ['502 with a page', {status: 502, body: '<html><h1>Bad Gateway</h1></html>'}, {...again, says: /502/}],
  ['503', {status: 503}, again],
  ['529', {status: 529, message: 'Overloaded'}, {...again, says: /529: Overloaded/}],
  ['408', {status: 408}, again],
  ['400', {status: 400, message: 'max_tokens: too many'}, {...refused, says: /400: max_tokens: too many/}],
  ['404', {status: 404, message: 'model: no such model'}, {...refused, says: /no such model/}],
  ['413', {status: 413}, refused],
  ['a message of a megabyte', {status: 400, message: 'z'.repeat(1_000_000)}, {...refused, says: /^.{100,400}$/}],
  ['a message with the key and control characters', {status: 400, message: `bad ${apiKey}\u001b[31m\nline`}, refused],
  ['401', {status: 401, message: 'invalid key'}, keyRefused],
  ['403', {status: 403}, keyRefused],
  ['a reset before the answer', {fault: 'reset'}, {...again, says: /could not be reached/}],
  ['a reset midway', {fault: 'reset-midway'}, again],
  ['an answer cut short', {fault: 'truncated'}, {...again, says: /middle of its answer/}],
  ['an answer without its last event', {fault: 'truncated-late'}, {...again, says: /middle of its answer/}],
  ['JSON cut short', {fault: 'bad-json'}, again],
  ['an event that is no JSON', {fault: 'bad-event'}, again],
  ['a page with 200', {fault: 'html'}, again],
  ['200 with nothing', {fault: 'nothing'}, again],
  ['an error midway', {fault: 'error-midway'}, {...again, says: /(?:529|503): .*overloaded/i}],
  ['a stop for no known reason', {text: 'x', stop: 'unknown'}, {...again, says: /not understood/}],
]

const tools: readonly ToolSpec[] = [{name: 'list_all', description: 'Lists.', schema: {type: 'object', properties: {}}}]
const call = {id: 'c1', name: 'list_all', input: {}}
const used: readonly Message[] = [
  {role: 'user', text: 'Say it.'},
  {role: 'assistant', text: '', calls: [{...call, signature: '[]'}]},
  {role: 'user', text: '', results: [{id: 'c1', name: 'list_all', text: 'a', isError: false}]},
]
/** How each vendor is told that the tools which it knows of are not to be used. */
const forbidden: Readonly<Record<string, unknown>> = {
  claude: {type: 'none'},
  gemini: {functionCallingConfig: {mode: 'NONE'}},
  openai: 'none',
}

describe.each(kinds)('%s', (provider, kind) => {
  test('no timer outlives a call', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length
    const models = await start((asked) => (asked.index < 20 ? 'ok' : {status: 500}))
    const before = timers()
    const ask = connect(provider, kind, models, {totalMs: 60_000, idleMs: 60_000})
    for (let call = 0; call < 20; call++) await ask(requestFor(provider))
    await failureOf(ask(requestFor(provider)))
    // the other tests' and the test runner's own timers come and go
    expect(timers()).toBeLessThan(before + 10)
  })

  test.each(answers)('answers with %s', async (_, answer, said) => {
    const models = await start(answer)
    const reply = await connect(provider, kind, models)(requestFor(provider))
    expect({text: reply.text, stopped: reply.stopped}).toEqual(said)
    expect(reply.model).toBe(modelOf[provider])
    expect(models.requests).toHaveLength(1)
  })

  test.each(faults.filter(([, , {only = [provider]}]) => only.includes(provider)))(
    'fails on %s',
    async (_, answer, fails) => {
      const models = await start(answer)
      const failure = await failureOf(connect(provider, kind, models)(requestFor(provider)))
      const {code, exit, retry} = failure
      expect({code, exit, retry}).toEqual({code: fails.code, exit: fails.exit, retry: fails.retry})
      expect(failure.message).toMatch(fails.says ?? /./)
      expect(failure.message).toContain(provider)
      expect(failure.hint).not.toBeNull()
      expect(`${failure.message}${failure.hint}${JSON.stringify(failure)}`).not.toContain(apiKey)
      expect(failure.message).not.toMatch(/\p{Cc}|<h1>|<html/u)
      expect(models.requests).toHaveLength(1)
    },
  )

  test('usage: cached tokens are input, thoughts are output', async () => {
    const models = await start({text: 'x', thought: 'y', usage: {input: 1000, cached: 600, output: 50}})
    const {usage} = await connect(provider, kind, models)(requestFor(provider))
    expect(usage).toEqual({calls: 1, input_tokens: 1000, output_tokens: 50, usd: null, cached_input_tokens: 600})
  })

  test('what is sent', async () => {
    const models = await start('ok')
    const messages = [
      {role: 'user', text: 'one'},
      {role: 'assistant', text: 'two'},
      {role: 'user', text: 'three'},
    ] as const
    await connect(provider, kind, models)(requestFor(provider, {messages, maxTokens: 64_000}))
    const [asked] = models.requests
    expect(asked).toMatchObject({system: 'You are terse.', prompt: 'one\ntwo\nthree', schema: null, refused: null})
    expect(JSON.stringify(asked?.body)).toContain('64000')
    expect(JSON.stringify(asked?.body)).not.toMatch(/temperature|tool/)
    const headers = JSON.stringify(asked?.headers)
    expect(headers.split(apiKey)).toHaveLength(2)
  })

  test.each([
    ['may be used', {tools}, [tools, null]],
    ['may not be used any more', {tools, mayUseTools: false}, [tools, forbidden[provider]]],
    [
      'may not be used any more, after some that were',
      {tools, mayUseTools: false, messages: used},
      [tools, forbidden[provider]],
    ],
    ['are none', {tools: [], mayUseTools: false}, [[], null]],
    ['nobody named', {mayUseTools: false}, [[], null]],
  ] as const)('tools that %s', async (_, more, [told, choice]) => {
    const models = await start('Done.')
    const reply = await connect(provider, kind, models)(requestFor(provider, more))
    expect(reply).toMatchObject({text: 'Done.', stopped: 'end'})
    const [asked] = models.requests
    expect(asked?.refused).toBeNull()
    expect(asked?.tools).toEqual(told.map(({name}) => name))
    const {tool_choice: choices = null, toolConfig: config = choices} = asked?.body ?? {}
    expect(config).toEqual(choice)
  })

  test('what a request is about is not sent', async () => {
    const models = await start('ok')
    const about = {step: 'SECRET-STEP', kind: 'json', schema: {title: 'SECRET-SCHEMA'}} as const
    await connect(provider, kind, models)(requestFor(provider, {about}))
    expect(JSON.stringify(models.requests[0])).not.toMatch(/SECRET|about/)
  })

  test('no system prompt is no empty one', async () => {
    const models = await start('ok')
    await connect(provider, kind, models)(requestFor(provider, {system: ''}))
    expect(Object.keys(models.requests[0]?.body ?? {}).filter((key) => key.startsWith('system'))).toEqual([])
  })

  test('a temperature is sent when there is one', async () => {
    const models = await start('ok')
    const old = provider === 'claude' ? {model: 'claude-haiku-4-5'} : {}
    await connect(provider, kind, models)(requestFor(provider, {temperature: 0.2, ...old}))
    expect(JSON.stringify(models.requests[0]?.body)).toContain('"temperature":0.2')
  })

  test.each([
    ['the plan', planSchema],
    [
      'zod with everything',
      z.toJSONSchema(
        z.strictObject({
          schema: z.literal(1),
          kind: z.enum(['a', 'b']),
          score: z.number().min(0).max(10).describe('from 0 to 10'),
          count: z.int().positive(),
          text: z.string().min(1).max(20).regex(/^x/).optional(),
          when: z.iso.date().nullable(),
          list: z
            .array(z.strictObject({id: z.string()}))
            .min(2)
            .max(5),
          either: z.union([z.string(), z.strictObject({x: z.boolean()})]).nullable(),
        }),
      ),
    ],
  ])('a schema that the vendor takes: %s', async (_, schema) => {
    const models = await start({json: {}})
    const reply = await connect(provider, kind, models)(requestFor(provider, {schema}))
    expect(reply.text).toBe('{}')
    expect(models.requests[0]?.schema).toMatchObject({type: 'object'})
  })

  test('a stall is noticed, before the answer and in it', async () => {
    const models = await start((asked) => ({fault: asked.index === 0 ? 'stall' : 'stall-midway'}))
    const ask = connect(provider, kind, models, {idleMs: 80})
    for (let round = 0; round < 2; round++) {
      const failure = await failureOf(ask(requestFor(provider)))
      expect(failure).toMatchObject({...again, message: expect.stringContaining('sent nothing for 0.08 s')})
    }
  })

  test('signs of life are not a stall, but the whole has its limit', async () => {
    const models = await start({fault: 'slow', text: 'late'})
    const reply = await connect(provider, kind, models, {idleMs: 200})(requestFor(provider))
    expect(reply.text).toBe('late')
    const failure = await failureOf(connect(provider, kind, models, {totalMs: 150})(requestFor(provider)))
    expect(failure).toMatchObject({...again, message: expect.stringContaining('did not finish in 0.15 s')})
  })

  test('a cancelled call ends at once; one cancelled before is not sent', async () => {
    const models = await start({fault: 'stall'})
    const controller = new AbortController()
    const call = failureOf(connect(provider, kind, models)(requestFor(provider), controller.signal))
    await vi.waitFor(() => expect(models.requests).toHaveLength(1))
    controller.abort()
    expect(await call).toMatchObject({code: 'cancelled', exit: 3, retry: null})
    const second = await failureOf(connect(provider, kind, models)(requestFor(provider), controller.signal))
    expect(second.code).toBe('cancelled')
    expect(models.requests).toHaveLength(1)
  })

  test('nobody listens', async () => {
    const models = await start('x')
    await models.close()
    const failure = await failureOf(connect(provider, kind, models)(requestFor(provider)))
    expect(failure).toMatchObject(again)
  })

  test.each([
    ['', 'missing-key'],
    ['  \n', 'missing-key'],
    ['sk-abc\ndef', 'model-key-refused'],
    ['schlüssel', 'model-key-refused'],
  ])('the key %j', (key, code) => {
    expect(() => kind.connect({apiKey: key, baseUrl: null})).toThrow(expect.objectContaining({code}))
  })

  test('a key with a newline at its end is that key', async () => {
    const models = await start('ok')
    await connect(provider, kind, models, {apiKey: `${apiKey}\n`})(requestFor(provider))
    expect(models.requests[0]?.refused).toBeNull()
  })

  test.each(['example.com', 'ftp://example.com', 'https://user:word@example.com', 'https://example.com/?a=1'])(
    'the base URL %s is refused, without asking the vendor instead',
    (baseUrl) => {
      const code = 'bad-base-url'
      expect(() => kind.connect({apiKey, baseUrl})).toThrow(expect.objectContaining({code, exit: 2}))
    },
  )

  test('a base URL may end with a slash', async () => {
    const models = await start('ok')
    await connect(provider, kind, models, {baseUrl: `${urlOf(provider, models)}/`})(requestFor(provider))
    expect(models.requests[0]?.path).not.toContain('//')
  })
})

describe('the surroundings do not decide where the key goes', () => {
  beforeEach(() => {
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:9')
    vi.stubEnv('ANTHROPIC_API_KEY', 'sk-of-the-environment')
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'token-of-the-environment')
    vi.stubEnv('ANTHROPIC_CUSTOM_HEADERS', 'Authorization: Bearer evil\nX-Api-Key: evil\nHost: evil.example\nX-Evil: 1')
    vi.stubEnv('ANTHROPIC_PROFILE', 'evil')
    vi.stubEnv('ANTHROPIC_LOG', 'debug')
  })
  afterEach(() => vi.unstubAllEnvs())

  test('ANTHROPIC_* variables change neither key, host nor headers, and print nothing', async () => {
    const log = vi.spyOn(console, 'log')
    const debug = vi.spyOn(console, 'debug')
    const models = await start('ok')
    await connect('claude', providers.claude, models)(requestFor('claude'))
    const headers = models.requests[0]?.headers
    expect(headers).toMatchObject({authorization: `Bearer ${apiKey}`, host: new URL(models.anthropicUrl).host})
    expect(JSON.stringify(headers)).not.toMatch(/evil|environment/)
    expect([...log.mock.calls, ...debug.mock.calls]).toEqual([])
  })

  test('a bad event is not printed', async () => {
    const error = vi.spyOn(console, 'error')
    const models = await start({fault: 'bad-event'})
    await failureOf(connect('claude', providers.claude, models)(requestFor('claude')))
    expect(error.mock.calls).toEqual([])
  })
})

test.each(kinds.filter(([provider]) => provider !== 'gemini'))(
  '%s: a redirect does not carry the key on',
  async (provider, kind) => {
    const other = await start('stolen')
    const models = await start((asked) => ({
      status: 307,
      headers: {location: `${new URL(other.anthropicUrl).origin}${asked.path}`},
      body: '',
    }))
    await failureOf(connect(provider, kind, models)(requestFor(provider)))
    expect(models.requests).toHaveLength(1)
    expect(other.requests).toEqual([])
  },
)

test.each(['../../v1/evil', 'models/../x', 'a/b/c', '', 'x?key=1'])('%j is not a Gemini model', async (model) => {
  const models = await start('ok')
  const failure = await failureOf(connect('gemini', providers.gemini, models)(requestFor('gemini', {model})))
  expect(failure.code).toBe('model-refused-request')
  expect(models.requests).toEqual([])
})

test.each([
  [
    'where a text begins',
    [
      {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: 'Hel'}},
      {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: 'lo'}},
    ],
    'end_turn',
  ],
  [
    'which tools it wants',
    [
      {type: 'content_block_start', index: 0, content_block: {type: 'text', text: 'Hel'}},
      {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: 'lo'}},
    ],
    'tool_use',
  ],
])('Claude behind a gateway that leaves out %s', async (_, blocks, stop) => {
  const usage = {input_tokens: 1}
  const all = [
    {type: 'message_start', message: {usage}},
    ...blocks,
    {type: 'message_delta', delta: {stop_reason: stop}, usage: {output_tokens: 2}},
    {type: 'message_stop'},
  ]
  const body = all.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join('')
  const models = await start({status: 200, headers: {'content-type': 'text/event-stream'}, body})
  expect(await connect('claude', providers.claude, models)(requestFor('claude'))).toEqual({
    text: 'Hello',
    stopped: 'end',
    model: 'claude-sonnet-5-5',
    usage: {calls: 1, input_tokens: 1, output_tokens: 2, usd: null},
  })
})

test.each([{}, {type: 'array', prefixItems: [{type: 'string'}], items: false}])(
  'Claude has no words for the schema %j: it is not sent',
  async (schema) => {
    const models = await start('ok')
    const failure = await failureOf(connect('claude', providers.claude, models)(requestFor('claude', {schema})))
    expect(failure).toMatchObject({...refused, message: expect.stringContaining('schema')})
    expect(models.requests).toEqual([])
  },
)

test('Gemini says 400 to an unknown key; it is about the key', async () => {
  const models = await start('ok')
  const failure = await failureOf(
    connect('gemini', providers.gemini, models, {apiKey: 'unknown-key'})(requestFor('gemini')),
  )
  expect(failure).toMatchObject({code: 'model-key-refused', exit: 2, hint: expect.stringContaining('GEMINI_API_KEY')})
})

test('the servers refuse what the real ones refuse', async () => {
  const models = await start('ok')
  const post = async (path: string, headers: Readonly<Record<string, string>>, body: unknown): Promise<number> =>
    (
      await fetch(`${models.anthropicUrl}${path}`, {
        method: 'POST',
        headers: {'content-type': 'application/json', ...headers},
        body: JSON.stringify(body),
      })
    ).status
  const key = {'x-api-key': 'k', 'anthropic-version': '2026-10-21'}
  const messages = [{role: 'user', content: 'x'}]
  const claude = {model: 'claude-sonnet-5-5', max_tokens: 10, messages}
  const contents = [{role: 'user', parts: [{text: 'x'}]}]
  const path = '/v1beta/models/gemini-3.5-flash:generateContent'
  const goog = {'x-goog-api-key': 'k'}
  const openObject = {format: {type: 'json_schema', schema: {type: 'object', properties: {}}}}
  const rows = [
    ['/v1/messages', key, claude, 200],
    ['/v1/messages', {'anthropic-version': '2026-10-21'}, claude, 401],
    ['/v1/messages', {'x-api-key': 'k'}, claude, 400],
    ['/v1/messages', key, {...claude, max_tokens: undefined}, 400],
    ['/v1/messages', key, {...claude, messages: []}, 400],
    ['/v1/messages', key, {...claude, messages: [{role: 'system', content: 'x'}]}, 400],
    ['/v1/messages', key, {...claude, temperature: 0}, 400],
    ['/v1/messages', key, {...claude, maxTokens: 1}, 400],
    ['/v1/messages', key, {...claude, output_config: openObject}, 400],
    ['/v1/messages/else', key, claude, 404],
    [path, goog, {contents}, 200],
    [path, {}, {contents}, 403],
    [path, {'x-goog-api-key': 'unknown-key'}, {contents}, 400],
    [path, goog, {}, 400],
    [path, goog, {contents, generationConfig: {responseSchema: {type: 'string'}}}, 400],
    [path, goog, {contents, generationConfig: {responseMimeType: 'application/json', responseSchema: {const: 1}}}, 400],
  ] as const
  expect(await Promise.all(rows.map(([path, headers, body]) => post(path, headers, body)))).toEqual(
    rows.map(([, , , status]) => status),
  )
})
