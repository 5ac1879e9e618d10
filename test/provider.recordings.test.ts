/** Answers that were recorded and are played again. */
import {createHash} from 'node:crypto'
import {describe, expect, test} from 'vitest'
import {noUsage, type ModelRequest, type Provider} from '../src/provider.ts'
import {remembered} from '../src/recordings.ts'
import {failureOf, outage, replyOf, request} from './provider.ts'

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
    ['topP', {topP: 0.5}],
    ['topK', {topK: 5}],
    ['tool', {tools: [{name: 't', description: 'd', schema: {}}]}],
    ['call', {messages: [{role: 'user', text: 'u', calls: [{id: 'c', name: 't', input: 1}]}]}],
    ['result', {messages: [{role: 'user', text: 'u', results: [{id: 'c', name: 't', text: 'r', isError: false}]}]}],
  ])('another %s is another request', async (_, more) => {
    const store = storeOf()
    const ask = remembered(counting(), store)
    await ask(request)
    expect((await ask({...request, ...more})).text).toBe('answer 2')
  })

  test.each<readonly [string, Partial<ModelRequest>]>([
    ['attempts', {attempts: 3}],
    ['time', {timeoutMs: 1}],
    ['fallback', {fallback: 'm'}],
    ['cache', {shared: 5000}],
    ['empty list', {tools: []}],
  ])('another %s is the same request', async (_, more) => {
    const store = storeOf()
    await remembered(counting(), store)(request)
    expect((await remembered(null, store)({...request, ...more})).text).toBe('answer 1')
  })

  test('a topP is no topK', async () => {
    const store = storeOf()
    await remembered(counting(), store)({...request, topP: 1})
    await failureOf(remembered(null, store)({...request, topK: 1}))
  })

  test('recordings from before there were tools keep their digests', async () => {
    const store = storeOf()
    await remembered(counting(), store)({...request, schema: {type: 'object'}})
    expect(Object.keys(store.entries)).toEqual([
      digest('["claude","claude-sonnet-5-5","s",[["user","u"]],100,null,{"type":"object"}]'),
    ])
  })

  test('calls and what the cache saved are part of an answer', async () => {
    const store = storeOf()
    const calls = [
      {id: 'c', name: 't', input: {path: ['a', null, 1]}, signature: 's'},
      {id: 'd', name: 't', input: null},
    ]
    const usage = {...replyOf('').usage, cached_input_tokens: 3, cache_write_tokens: 4}
    const reply = {...replyOf(''), stopped: 'tools', calls, usage} as const
    await remembered(async () => reply, store)(request)
    expect(await remembered(null, store)(request)).toEqual(reply)
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
