/** Conversations that several steps share. */
import {mkdtempSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {openWorkspace} from '../../src/adapters/workspace.ts'
import {sessionBook, type Sessions} from '../../src/pipeline/session.ts'
import {readToolSpecs} from '../../src/workshop.ts'
import {answering, echoing, fenced, promptsOf, replyOf, runText, scripted, withSteps} from './scripted.ts'

const ask = (name: string, session: string, prompt: string, more = ''): string =>
  `{name: ${name}, type: claude, session: ${session}, prompt: "${prompt}"${more}}`
const shown = (messages: readonly {readonly role: string; readonly text: string}[]): readonly string[] =>
  messages.map(({role, text}) => `${role}: ${text}`)

describe('what is sent', () => {
  test('all that was said before in it', async () => {
    const model = echoing()
    await runText(withSteps(ask('a', 's', 'one'), ask('b', 's', 'two'), ask('c', 's', 'three')), model)
    expect(shown(model.asked[2]?.messages ?? [])).toEqual([
      'user: one',
      'assistant: <one>',
      'user: two',
      'assistant: <two>',
      'user: three',
    ])
  })
  test('nothing of another one, nor of a step without', async () => {
    const model = echoing()
    const text = withSteps(
      ask('a', 's', 'one'),
      ask('b', 't', 'two'),
      '{name: x, type: claude, prompt: alone}',
      ask('c', 's', 'three'),
    )
    await runText(text, model)
    expect(model.asked.map(({messages}) => messages.length)).toEqual([1, 1, 1, 3])
    expect(shown(model.asked[3]?.messages ?? [])).toEqual(['user: one', 'assistant: <one>', 'user: three'])
  })
  test('across types and models', async () => {
    const model = echoing()
    await runText(withSteps(ask('a', 's', 'one'), '{name: b, type: gemini, session: s, prompt: two}'), model)
    expect(model.asked[1]).toMatchObject({
      provider: 'gemini',
      messages: [{text: 'one'}, {text: '<one>'}, {text: 'two'}],
    })
  })
  test('words of others stay behind their fences in it', async () => {
    const model = echoing()
    await runText(withSteps(ask('a', 's', '{{repository}}'), ask('b', 's', 'two')), model, {
      inputs: {repository: 'code'},
    })
    expect(model.asked[1]?.messages[0]?.text).toBe(fenced('repository', 'code'))
  })
  test('the answer and not the mistakes on the way to it', async () => {
    const model = scripted('no', '{"n": 1}', 'end')
    const steps = [ask('a', 's', 'one', ', format: json, repair: "again: {{errors}}"'), ask('b', 's', 'two')]
    await runText(withSteps(...steps), model)
    expect(model.asked[1]?.messages).toHaveLength(3)
    expect(shown(model.asked[2]?.messages ?? [])).toEqual(['user: one', 'assistant: {"n": 1}', 'user: two'])
  })
  test('nor what was done with tools for it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'session-'))
    const uses = replyOf('', {stopped: 'tools', calls: [{id: '1', name: 'list', input: {}}]})
    const model = scripted(uses, 'done', 'end')
    const text = withSteps(ask('a', 's', 'one', ', tools: [list]'), ask('b', 's', 'two'))
    await runText(text, model, {tools: {workspace: openWorkspace(folder), toolSpecs: readToolSpecs}})
    expect(model.asked[1]?.messages).toHaveLength(3)
    expect(model.asked[2]?.tools).toBeUndefined()
    expect(model.asked[2]?.messages).toEqual([
      {role: 'user', text: 'one'},
      {role: 'assistant', text: 'done'},
      {role: 'user', text: 'two'},
    ])
  })
  test('question and answer side by side, also of tasks at the same time', async () => {
    const model = answering(async (prompt) => {
      await new Promise((wake) => setTimeout(wake, prompt === 'one' ? 15 : 5))
      return `<${prompt}>`
    })
    const tasks = `{name: m, type: map, tasks: [${ask('x', 's', 'one')}, ${ask('y', 's', 'two')}]}`
    await runText(withSteps(tasks, ask('z', 's', 'three')), model)
    // in the order in which they were answered
    expect(shown(model.asked[2]?.messages ?? [])).toEqual([
      'user: two',
      'assistant: <two>',
      'user: one',
      'assistant: <one>',
      'user: three',
    ])
  })
  test('nothing of it in a pipeline inside, nor of that one outside', async () => {
    const model = echoing()
    const inner = `{name: n, type: pipeline, pipeline: {name: c, steps: [${ask('b', 's', 'two')}, ${ask('d', 's', 'three')}]}}`
    await runText(withSteps(ask('a', 's', 'one'), inner, ask('e', 's', 'four')), model, {reader: 'lenient'})
    expect(model.asked.map(({messages}) => messages.length)).toEqual([1, 1, 3, 3])
  })
  test('not what was cut off', async () => {
    const model = scripted(replyOf('half', {stopped: 'length'}), 'whole', 'end')
    await runText(withSteps(ask('a', 's', 'one'), ask('b', 's', 'two')), model)
    expect(shown(model.asked[2]?.messages ?? [])).toEqual(['user: one', 'assistant: whole', 'user: two'])
  })
  test('nothing of a step that failed', async () => {
    const model = scripted('no', 'no', 'end')
    await runText(withSteps(ask('a', 's', 'one', ', format: json, on_error: continue'), ask('b', 's', 'two')), model)
    expect(shown(model.asked[2]?.messages ?? [])).toEqual(['user: two'])
  })
  test('round for round in a loop', async () => {
    const model = echoing()
    await runText(withSteps(`{name: l, type: loop, over: [a, b, c], steps: [${ask('q', 's', '{{item}}')}]}`), model)
    expect(model.asked.map(({messages}) => messages.length)).toEqual([1, 3, 5])
  })
  test('in the words of pipeline_ex', async () => {
    const model = echoing()
    const steps = [
      '{name: a, type: claude_session, session_config: {session_name: s}, prompt: one}',
      '{name: b, type: claude, prompt: [{type: claude_continue, session_id: s}, {type: static, content: two}]}',
      '{name: c, type: claude, prompt: [{type: session_context, session_id: s}, {type: static, content: three}]}',
    ]
    await runText(withSteps(...steps), model, {reader: 'lenient'})
    expect(model.asked.map(({messages}) => messages.length)).toEqual([1, 3, 1])
    const history = 'user: one\n\nassistant: <one>\n\nuser: two\n\nassistant: <two>'
    expect(promptsOf(model)[2]).toBe(`${fenced('session s', history)}\nthree`)
  })
  test('a history that nobody wrote yet is noted', async () => {
    const text = withSteps('{name: a, type: claude, prompt: [{type: history, session: s}, {type: static, content: x}]}')
    const {notes} = await runText(text, echoing())
    expect(notes).toEqual([{step: 'a', code: 'empty-session', message: 'the session `s` has no messages yet'}])
  })
})

describe('what is kept beyond the run', () => {
  const kept = async (text: string, sessions: Sessions = {}): Promise<Sessions> => {
    let found: Sessions = {}
    await runText(
      text,
      answering((prompt) => `<${prompt}>`),
      {sessions, onSessions: (each) => (found = each)},
    )
    return found
  }
  test('only what a step asked for', async () => {
    expect(await kept(withSteps(ask('a', 's', 'one', ', keep_session: true'), ask('b', 't', 'two')))).toEqual({
      s: [
        {role: 'user', text: 'one'},
        {role: 'assistant', text: '<one>'},
      ],
    })
  })
  test('it goes on in the next one', async () => {
    const text = withSteps(ask('a', 's', 'one', ', keep_session: true'))
    expect((await kept(text, await kept(text)))['s']).toHaveLength(4)
  })
})

test('a book of conversations', () => {
  const book = sessionBook({old: [{role: 'user', text: 'x'}]})
  expect(book.kept()).toEqual({})
  expect(book.open('constructor').messages()).toEqual([])
  book.open('__proto__').add([{role: 'user', text: 'y'}], true)
  expect(Object.keys(book.kept())).toEqual(['__proto__'])
  expect(Object.keys(book.all())).toEqual(['old', '__proto__'])
  expect(sessionBook({old: [{role: 'user', text: 'x'}]}, ['old']).kept()).toEqual({old: [{role: 'user', text: 'x'}]})
})
