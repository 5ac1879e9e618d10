/** What is the OpenAI wire's own: servers that know less of it than the vendor, and those that speak it their own way. */
import {createServer, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, describe, expect, test, vi} from 'vitest'
import {openai} from '../../src/adapters/providers/openai.ts'
import {strictOf} from '../../src/adapters/strict.ts'
import {inputEstimateOf} from '../../src/budget.ts'
import {keysOf} from '../../src/adapters/models.ts'
import {planSchema} from '../../src/plan/reply.ts'
import type {ModelRequest} from '../../src/provider.ts'
import {apiKey, failureOf, requestFor, servers} from './asking.ts'

const {start, stop} = servers()
const closing: (() => void)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) close()
  await stop()
})

type Body = Readonly<Record<string, unknown>>

/** A server that answers as it is told, and everything it was sent. */
async function serverOf(
  answer: (
    body: Body,
    time: number,
  ) => {readonly status?: number; readonly type?: string; readonly text: string; readonly cut?: boolean},
): Promise<{readonly url: string; readonly bodies: Body[]; readonly headers: IncomingMessage['headers'][]}> {
  const bodies: Body[] = []
  const headers: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      headers.push(request.headers)
      const {
        status = 200,
        type = 'text/event-stream',
        text,
        cut = false,
      } = answer(bodies.at(-1) ?? {}, bodies.length - 1)
      response.writeHead(status, {'content-type': type})
      response.write(text)
      if (cut) setTimeout(() => response.socket?.resetAndDestroy(), 20)
      else response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  const {port} = server.address() as AddressInfo
  return {url: `http://127.0.0.1:${port}/v1`, bodies, headers}
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const delta = (value: Body, finish: string | null = null): string =>
  event({choices: [{index: 0, delta: value, finish_reason: finish}]})
const usage = {prompt_tokens: 20, completion_tokens: 3, total_tokens: 23}
const hello = delta({content: 'Hello'}) + delta({}, 'stop') + event({choices: [], usage}) + 'data: [DONE]\n\n'
const refusal = (message: string): {status: number; type: string; text: string} => ({
  status: 400,
  type: 'application/json',
  text: JSON.stringify({error: {message}}),
})

const ask = (url: string, more: Partial<ModelRequest> = {}, key = '') =>
  openai({apiKey: key, baseUrl: url, totalMs: 5000, idleMs: 2000})(requestFor('openai', more))

describe('keys', () => {
  test.each<readonly [string, Readonly<Record<string, string>>, ReturnType<typeof keysOf>['openai']]>([
    ['nothing', {}, null],
    ['a key', {OPENAI_API_KEY: 'k '}, {apiKey: 'k', baseUrl: null}],
    ['only an endpoint', {OPENAI_BASE_URL: 'http://x/v1'}, {apiKey: '', baseUrl: 'http://x/v1'}],
    ['both', {OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://x/v1'}, {apiKey: 'k', baseUrl: 'http://x/v1'}],
  ])('%s', (_, env, openai) => {
    expect(keysOf(env)).toEqual({claude: null, gemini: null, openai})
  })

  test('an endpoint alone is no key for the others', () => {
    const env = {ANTHROPIC_BASE_URL: 'http://x', GEMINI_BASE_URL: 'http://x'}
    expect(keysOf(env)).toEqual({claude: null, gemini: null, openai: null})
  })

  test('without a key no authorization is sent, and messages are not torn', async () => {
    const server = await serverOf((_, time) => (time === 0 ? {text: hello} : refusal('no such model')))
    await ask(server.url)
    expect(server.headers[0]?.authorization).toBeUndefined()
    expect((await failureOf(ask(server.url))).message).toBe('openai (gpt-5.4-mini) answered 400: no such model')
  })

  test('the vendor itself wants one, by whatever name it is called', () => {
    for (const baseUrl of [null, '', 'https://api.openai.com/v1/']) {
      expect(() => openai({apiKey: '', baseUrl})).toThrow(expect.objectContaining({code: 'missing-key'}))
    }
  })
})

const schema = {
  type: 'object',
  properties: {a: {type: 'string'}},
  required: ['a'],
  additionalProperties: false,
}

describe('a server that knows less', () => {
  const knows =
    (...lacking: readonly string[]) =>
    (body: Body) => {
      const found = lacking.find((each) => each in body)
      return found === undefined ? {text: hello} : refusal(`Unrecognized request argument supplied: ${found}`)
    }

  test.each([
    [[], ['response_format', 'stream_options', 'max_tokens'], 1],
    [['response_format'], ['stream_options', 'max_tokens'], 2],
    [['stream_options'], ['response_format', 'max_tokens'], 2],
    [['response_format', 'stream_options'], ['max_tokens'], 3],
    [['max_tokens'], ['response_format', 'stream_options', 'max_completion_tokens'], 2],
    [['max_tokens', 'stream_options', 'response_format'], ['max_completion_tokens'], 4],
  ])('without %j', async (lacking, sent, requests) => {
    const server = await serverOf(knows(...lacking))
    const asking = openai({apiKey, baseUrl: server.url})
    expect((await asking(requestFor('openai', {schema}))).text).toBe('Hello')
    expect(server.bodies).toHaveLength(requests)
    const extras = ['response_format', 'stream_options', 'max_tokens', 'max_completion_tokens']
    expect(extras.filter((each) => each in (server.bodies.at(-1) ?? {})).toSorted()).toEqual(sent.toSorted())
    // and the next time it is known
    await asking(requestFor('openai', {schema}))
    expect(server.bodies).toHaveLength(requests + 1)
  })

  test.each([
    [{error: {message: 'Bad Request'}}, 2],
    [{}, 2],
    [{error: 'this model does not support json_schema'}, 2],
    [{detail: [{type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted'}]}, 2],
    [[{error: {code: 400, message: 'Unknown name "stream_options"'}}], 2],
    [{error: {message: 'max_tokens: too many'}}, 1],
    [{error: {message: 'the context is too long'}}, 1],
  ])(
    'a refusal %j is answered with what it takes, and tells of itself when that does not help',
    async (body, requests) => {
      const server = await serverOf(() => ({status: 400, type: 'application/json', text: JSON.stringify(body)}))
      const failure = await failureOf(ask(server.url, {schema}))
      expect(failure).toMatchObject({code: 'model-refused-request', exit: 2, retry: null})
      expect(server.bodies).toHaveLength(requests)
    },
  )

  test('another failure of the second try is the failure, and nothing is learned of it', async () => {
    const server = await serverOf((body, time) =>
      time === 1
        ? {status: 503, text: ''}
        : 'stream_options' in body
          ? refusal('stream_options: unknown')
          : {text: hello},
    )
    const asking = openai({apiKey, baseUrl: server.url})
    expect((await failureOf(asking(requestFor('openai')))).code).toBe('model-unavailable')
    await asking(requestFor('openai'))
    expect(server.bodies.map((body) => 'stream_options' in body)).toEqual([true, false, true, false])
  })

  test('the vendor itself is asked by its newer name, and its refusal of a schema is one', async () => {
    const server = await serverOf((_, time) =>
      time === 0 ? {text: hello} : refusal("Invalid schema for response_format 'answer'"),
    )
    const real = globalThis.fetch
    const to: string[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) => {
      to.push(url instanceof Request ? url.url : url.toString())
      return real(server.url, init)
    })
    const asking = openai({apiKey, baseUrl: null})
    await asking(requestFor('openai', {schema}))
    expect(server.bodies[0]).toMatchObject({max_completion_tokens: 1000, stream_options: {include_usage: true}})
    expect(server.bodies[0]).not.toHaveProperty('max_tokens')
    const failure = await failureOf(asking(requestFor('openai', {schema})))
    expect(failure).toMatchObject({code: 'model-refused-request', message: expect.stringContaining('Invalid schema')})
    expect(to).toEqual(['https://api.openai.com/v1/chat/completions', 'https://api.openai.com/v1/chat/completions'])
  })
})

const reply = {text: 'Hello', stopped: 'end', model: 'gpt-5.4-mini'} as const
const counted = {calls: 1, input_tokens: 20, output_tokens: 3, usd: null}

describe('a server that speaks its own way', () => {
  test.each([
    ['as the vendor does', hello],
    ['without the last word', hello.replace('data: [DONE]\n\n', '')],
    ['with CRLF and comments', `: ping\r\n\r\n${hello.replaceAll('\n', '\r\n')}`],
    ['without a space, and with names of events', hello.replaceAll('data: ', 'event: chunk\nid: 1\ndata:')],
    ['without a blank line at its end', hello.trimEnd()],
    ['with a count in every chunk', event({choices: [], usage: {...usage, prompt_tokens: 1}}) + hello],
    [
      'with text in parts',
      delta({
        content: [
          {type: 'thinking', thinking: 'hm'},
          {type: 'text', text: 'Hello'},
        ],
      }) +
        delta({}, 'stop') +
        event({choices: [], usage}),
    ],
    ['with thoughts', delta({reasoning_content: 'hm'}) + delta({reasoning: 'hm'}) + hello],
    ['with another choice beside it', event({choices: [{index: 1, delta: {content: 'No'}}]}) + hello],
    ['all at once', JSON.stringify({choices: [{index: 0, message: {content: 'Hello'}, finish_reason: 'stop'}], usage})],
    [
      'all at once, over lines',
      JSON.stringify({choices: [{message: {content: 'Hello'}, finish_reason: 'stop'}], usage}, null, 2),
    ],
  ])('%s', async (_, text) => {
    const server = await serverOf(() => ({text}))
    expect(await ask(server.url)).toEqual({...reply, usage: counted})
  })

  test.each([
    ['broke after it had ended', hello.replace(/data: [^\n]*usage[^]*/, 'data: {"choi')],
    ['does not count', delta({content: 'Hello'}) + delta({}, 'stop') + 'data: [DONE]\n\n'],
    [
      'counts nothing',
      delta({content: 'Hello'}) +
        delta({}, 'stop') +
        event({choices: [], usage: {prompt_tokens: 0, completion_tokens: 0}}),
    ],
  ])('one that %s is charged the most that it can have been', async (_, text) => {
    const server = await serverOf(() => ({text}))
    const request = requestFor('openai')
    const tokens = {calls: 1, input_tokens: inputEstimateOf(request), output_tokens: 5, usd: null}
    expect(await ask(server.url)).toEqual({...reply, usage: tokens})
    expect((await ask(server.url, {maxTokens: 2})).usage.output_tokens).toBe(2)
  })

  test('thoughts of one that does not count are charged', async () => {
    const text = delta({reasoning_content: 'hm'}) + delta({content: 'Hello'}, 'stop')
    const server = await serverOf(() => ({text}))
    expect((await ask(server.url)).usage.output_tokens).toBe(7)
  })

  test('a connection that breaks after the end has no more to say', async () => {
    const server = await serverOf(() => ({text: delta({content: 'Hello'}) + delta({}, 'stop'), cut: true}))
    expect((await ask(server.url)).text).toBe('Hello')
    const early = await serverOf(() => ({text: delta({content: 'Hello'}), cut: true}))
    expect((await failureOf(ask(early.url))).code).toBe('model-unavailable')
  })

  test.each([
    ['code', {message: 'busy', code: 429}, /429: busy/, true],
    ['type', {message: 'busy', type: 'server_error'}, /500: busy/, true],
    ['word', 'out of memory', /broke off with an error/, true],
    ['quota', {message: 'no money', code: 'insufficient_quota'}, /429: no money/, false],
  ])('an error in the stream, known by its %s', async (_, error, says, isRetried) => {
    const server = await serverOf(() => ({text: delta({content: 'He'}) + event({error})}))
    const failure = await failureOf(ask(server.url))
    expect(failure.message).toMatch(says)
    expect({code: failure.code, isRetried: failure.retry !== null}).toEqual({code: 'model-unavailable', isRetried})
  })

  test('an account without money is not asked again', async () => {
    const text = JSON.stringify({error: {message: 'no money', type: 'insufficient_quota', code: 'insufficient_quota'}})
    const server = await serverOf(() => ({status: 429, type: 'application/json', text}))
    expect(await failureOf(ask(server.url))).toMatchObject({code: 'model-unavailable', retry: null})
  })

  test.each<readonly [string, readonly Body[], readonly unknown[]]>([
    [
      'in pieces by place',
      [
        {tool_calls: [{index: 0, id: 'a', function: {name: 'read', arguments: ''}}]},
        {tool_calls: [{index: 1, id: 'b', function: {name: 'list', arguments: '{"x"'}}]},
        {tool_calls: [{index: 0, function: {arguments: '{"y":1}'}}]},
        {tool_calls: [{index: 1, function: {arguments: ':2}'}}]},
      ],
      [
        {id: 'a', name: 'read', input: {y: 1}},
        {id: 'b', name: 'list', input: {x: 2}},
      ],
    ],
    [
      'all at the same place',
      [
        {tool_calls: [{index: 0, id: 'a', function: {name: 'read', arguments: '{}'}}]},
        {tool_calls: [{index: 0, id: 'b', function: {name: 'list', arguments: '{}'}}]},
      ],
      [
        {id: 'a', name: 'read', input: {}},
        {id: 'b', name: 'list', input: {}},
      ],
    ],
    [
      'without places and ids, inputs as values',
      [
        {
          tool_calls: [{function: {name: 'read', arguments: {y: 1}}}, {function: {name: 'list'}}],
        },
      ],
      [
        {id: 'made-1-1', name: 'read', input: {y: 1}},
        {id: 'made-1-2', name: 'list', input: {}},
      ],
    ],
    [
      'with one id for all, and one that no vendor takes',
      [
        {
          tool_calls: [
            {index: 0, id: 'a', function: {name: 'read', arguments: '{'}},
            {index: 1, id: 'a', function: {name: 'list', arguments: '[1]'}},
            {index: 2, id: 'ü b', function: {name: 'list', arguments: 'no'}},
          ],
        },
      ],
      [
        {id: 'a', name: 'read', input: null},
        {id: 'made-1-2', name: 'list', input: [1]},
        {id: 'made-1-3', name: 'list', input: null},
      ],
    ],
  ])('calls %s', async (_, deltas, calls) => {
    const server = await serverOf(() => ({text: deltas.map((each) => delta(each)).join('') + delta({}, 'stop')}))
    const answer = await ask(server.url)
    expect({stopped: answer.stopped, calls: answer.calls}).toEqual({stopped: 'tools', calls})
  })
})

describe('a schema that is kept strictly', () => {
  const object = (properties: Body, required = Object.keys(properties)): Body => ({
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  })
  test.each<readonly [string, Body, Body | null]>([
    ['as it is', schema, schema],
    [
      'without limits it does not know',
      object({a: {type: 'string', minLength: 1, pattern: '^x', format: 'uri'}}),
      object({a: {type: 'string'}}),
    ],
    [
      'with those it knows',
      object({a: {type: 'array', items: {type: 'number', minimum: 1}, maxItems: 3}}),
      object({a: {type: 'array', items: {type: 'number', minimum: 1}, maxItems: 3}}),
    ],
    [
      'one of several',
      object({a: {oneOf: [{type: 'string'}, {type: 'null'}]}}),
      object({a: {anyOf: [{type: 'string'}, {type: 'null'}]}}),
    ],
    ['not with something that may be missing', object({a: {type: 'string'}}, []), null],
    ['not open', {type: 'object', properties: {}}, null],
    ['not open inside', object({a: {type: 'array', items: {type: 'object'}}}), null],
    ['not with anything at all', object({a: {}}), null],
    [
      'not with words it does not know',
      object({a: {type: 'object', patternProperties: {}, additionalProperties: false}}),
      null,
    ],
    ['not without an object', {type: 'string'}, null],
    ['not with a choice at the top', {...schema, anyOf: [schema]}, null],
  ])('%s', (_, given, strict) => {
    expect(strictOf(given)).toEqual(strict)
  })

  test('what is not strict is sent as it is', async () => {
    const models = await start({json: {}})
    const open = {type: 'object', properties: {a: {type: 'string', minLength: 2}}}
    await ask(models.openaiUrl, {schema: open})
    await ask(models.openaiUrl, {schema})
    expect(models.requests.map(({body}) => body['response_format'])).toEqual([
      {type: 'json_schema', json_schema: {name: 'answer', strict: false, schema: open}},
      {type: 'json_schema', json_schema: {name: 'answer', strict: true, schema}},
    ])
    expect(models.requests.map(({refused}) => refused)).toEqual([null, null])
  })

  test('the plan', () => {
    expect({strict: strictOf(planSchema) !== null}).toEqual({strict: true})
  })
})
