/** Every provider × a conversation with tools: what is offered, what is called, and what comes back. */
import {afterEach, describe, expect, test} from 'vitest'
import {providers} from '../../src/adapters/providers/index.ts'
import {makeHost} from '../../src/adapters/models.ts'
import type {Message, ModelReply, ModelRequest, ToolSpec} from '../../src/provider.ts'
import type {Answer, Models} from '../fixtures/models.ts'
import {apiKey, connect, kinds, requestFor, servers, urlOf} from './asking.ts'

const {start, stop} = servers()
afterEach(stop)

const tools: readonly ToolSpec[] = [
  {
    name: 'read_file',
    description: 'Reads a file.',
    schema: {type: 'object', properties: {path: {type: 'string'}}, required: ['path'], additionalProperties: false},
  },
  {name: 'list_all', description: 'Lists all files.', schema: {type: 'object', properties: {}}},
]

const plain = ({calls = []}: ModelReply): readonly unknown[] => calls.map(({name, input}) => ({name, input}))

/** The messages after an answer with calls, each of them answered. */
const answered = ({text, calls = []}: ModelReply, more: Partial<Message> = {}): readonly Message[] => [
  {role: 'assistant', text, calls},
  {
    role: 'user',
    text: '',
    results: calls.map(({id, name}, index) => ({id, name, text: `result ${index + 1}`, isError: index === 1})),
    ...more,
  },
]

const rows: readonly (readonly [string, Answer, {text: string; calls: readonly unknown[]}])[] = [
  [
    'one call',
    {calls: [{name: 'read_file', input: {path: 'a'}}]},
    {text: '', calls: [{name: 'read_file', input: {path: 'a'}}]},
  ],
  [
    'two calls after some words',
    {
      calls: [
        {name: 'read_file', input: {path: 'größer — 日本語 🦀\n"x"'}},
        {name: 'list_all', input: {}},
      ],
      text: 'Let me look.',
      thought: 'Hm.',
    },
    {
      text: 'Let me look.',
      calls: [
        {name: 'read_file', input: {path: 'größer — 日本語 🦀\n"x"'}},
        {name: 'list_all', input: {}},
      ],
    },
  ],
  [
    'the same call twice',
    {
      calls: [
        {name: 'read_file', input: {path: 'a'}},
        {name: 'read_file', input: {path: 'a'}},
      ],
    },
    {
      text: '',
      calls: [
        {name: 'read_file', input: {path: 'a'}},
        {name: 'read_file', input: {path: 'a'}},
      ],
    },
  ],
]

describe.each(kinds)('%s', (provider, kind) => {
  const asking = (models: Models, more: Partial<ModelRequest>): Promise<ModelReply> =>
    connect(provider, kind, models)(requestFor(provider, {tools, ...more}))

  test.each(rows)('%s, answered, and then an end', async (_, answer, said) => {
    const models = await start((asked) => (asked.index === 0 ? answer : 'Done.'))
    const messages: readonly Message[] = [{role: 'user', text: 'Say it.'}]
    const first = await asking(models, {messages})
    expect({text: first.text, stopped: first.stopped, calls: plain(first)}).toEqual({...said, stopped: 'tools'})
    expect(new Set(first.calls?.map(({id}) => id)).size).toBe(said.calls.length)
    const second = await asking(models, {messages: [...messages, ...answered(first)]})
    expect({text: second.text, stopped: second.stopped, calls: second.calls}).toEqual({
      text: 'Done.',
      stopped: 'end',
      calls: undefined,
    })
    expect(models.requests.map(({refused, tools}) => ({refused, tools}))).toEqual([
      {refused: null, tools: ['read_file', 'list_all']},
      {refused: null, tools: ['read_file', 'list_all']},
    ])
    const results = said.calls.map((_, index) => `result ${index + 1}`)
    expect(models.requests[1]?.results.map((text) => text.replace(/^Error: /, ''))).toEqual(results)
    expect(JSON.stringify(models.requests[1]?.body)).not.toMatch(/tool_choice|toolConfig|isError/)
  })

  test('several rounds, with words beside the results', async () => {
    const models = await start(({index}) => (index < 3 ? {calls: [{name: 'list_all'}]} : 'Done.'))
    let messages: readonly Message[] = [{role: 'user', text: 'Say it.'}]
    for (let round = 0; round < 3; round++) {
      messages = [...messages, ...answered(await asking(models, {messages}), {text: `round ${round}`})]
    }
    expect((await asking(models, {messages})).text).toBe('Done.')
    expect(models.requests.map(({refused}) => refused)).toEqual([null, null, null, null])
    expect(models.requests[3]?.prompt).toContain('round 2')
    const ids = messages.flatMap(({calls = []}) => calls.map(({id}) => id))
    if (provider === 'gemini') expect(new Set(ids).size).toBe(3)
  })

  test('what cannot be an input goes back as an empty one', async () => {
    const models = await start('Done.')
    const calls = [null, 'text', [1], 7].map((input, index) => ({
      id: `c${index}`,
      name: 'read_file',
      input,
      ...(provider === 'gemini' ? {signature: 's'} : {}),
    }))
    const reply: ModelReply = {
      text: 'x',
      stopped: 'tools',
      calls,
      model: 'm',
      usage: {calls: 1, input_tokens: 1, output_tokens: 1, usd: null},
    }
    await asking(models, {messages: [{role: 'user', text: 'x'}, ...answered(reply)]})
    expect(models.requests[0]?.refused).toBeNull()
  })

  test('an answer that is cut off has no calls', async () => {
    const models = await start({text: 'Half', stop: 'length'})
    expect(await asking(models, {})).toMatchObject({stopped: 'length', text: 'Half'})
  })

  test('no tools, no word of them', async () => {
    const models = await start('x')
    await asking(models, {tools: []})
    expect(JSON.stringify(models.requests[0]?.body)).not.toContain('tool')
  })

  test('no secret goes to a tool', async () => {
    const models = await start({
      calls: [{name: 'read_file', input: {path: `x/${apiKey}`, [apiKey]: [apiKey, 1, null]}}],
    })
    const access = {apiKey, baseUrl: urlOf(provider, models)}
    const keys = {claude: null, gemini: null, openai: null, [provider]: access}
    const host = makeHost({keys, budget: {calls: null, tokens: null, usd: null}, say: () => undefined})
    const {calls} = await host.ask(requestFor(provider, {tools}))
    expect(calls?.[0]?.input).toEqual({path: 'x/***', '***': ['***', 1, null]})
  })
})

test.each(['claude', 'openai'] as const)('%s: an input that is no JSON is kept as null', async (provider) => {
  const raw = [
    {name: 'read_file', raw: '{"path": "a'},
    {name: 'read_file', raw: ''},
  ]
  const models = await start({calls: raw})
  const {calls} = await connect(provider, providers[provider], models)(requestFor(provider, {tools}))
  expect(calls?.map(({input}) => input)).toEqual([null, {}])
})

test('Claude gets the thoughts back that came before its calls, and only with them', async () => {
  const models = await start(({index}) => (index === 0 ? {calls: [{name: 'list_all'}], thought: 'Hm.'} : 'Done.'))
  const ask = connect('claude', providers.claude, models)
  const messages: readonly Message[] = [{role: 'user', text: 'Say it.'}]
  const first = await ask(requestFor('claude', {tools, messages}))
  await ask(requestFor('claude', {tools, messages: [...messages, ...answered(first)]}))
  expect(models.requests[1]?.body['messages']).toMatchObject([
    {role: 'user', content: 'Say it.'},
    {
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'Hm.', signature: 'c2ln'},
        {type: 'tool_use', input: {}},
      ],
    },
    {role: 'user', content: [{type: 'tool_result', content: 'result 1'}]},
  ])
})

test.each([
  ['gemini-2.5-flash', false],
  ['models/gemini-2.5-pro', false],
  ['gemini-3.5-flash', true],
])('%s takes a form of the answer beside tools: %s', async (model, takes) => {
  const models = await start('{}')
  const schema = {type: 'object', properties: {a: {type: 'string'}}}
  await connect('gemini', providers.gemini, models)(requestFor('gemini', {tools, schema, model}))
  expect(models.requests[0]?.schema !== null).toBe(takes)
})
