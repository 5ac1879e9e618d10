/** What a model does with the tools that a step gives it, and what it is not let do. */
import {existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {openShell} from '../../src/adapters/shell.ts'
import {openWorkspace} from '../../src/adapters/workspace.ts'
import {Failure} from '../../src/errors.ts'
import type {Tools} from '../../src/pipeline/step.ts'
import type {ToolCall, ToolResult} from '../../src/provider.ts'
import {readToolSpecs} from '../../src/workshop.ts'
import {answering, failureOf, promptsOf, replyOf, runText, scripted, withSteps, type Scripted} from './scripted.ts'

const toolSpecs = readToolSpecs

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'tools-')), 'work')
  mkdirSync(folder)
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  return folder
}
const at = (folder: string, more: Partial<Tools> = {}): Partial<Tools> => ({
  workspace: openWorkspace(folder),
  toolSpecs,
  ...more,
})
const uses = (...calls: readonly (readonly [string, unknown])[]) =>
  replyOf('', {stopped: 'tools', calls: calls.map(([name, input], at): ToolCall => ({id: `c${at}`, name, input}))})
const step = (tools: string, more = ''): string =>
  withSteps(`{name: a, type: claude, tools: [${tools}], prompt: go${more}}`)

/** What the model is told of what it asked for. */
async function toldOf(
  tools: string,
  calls: readonly (readonly [string, unknown])[],
  given: Partial<Tools>,
): Promise<readonly ToolResult[]> {
  const model = scripted(uses(...calls), 'done')
  await runText(step(tools), model, {tools: given})
  return model.asked[1]?.messages.at(-1)?.results ?? []
}

describe('what a tool does', () => {
  const files = {'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'two'}
  test.each([
    ['read', {path: 'a.txt'}, 'one\ntwo\nthree\n'],
    ['read', {path: './a.txt', from_line: 2, to_line: 2}, 'two'],
    ['read', {path: 'a.txt', from_line: 9}, ''],
    ['list', {}, 'a.txt\nb.txt'],
    ['search', {text: 'two'}, 'a.txt:2: two\nb.txt:1: two'],
    ['search', {text: 'none'}, ''],
    ['write', {path: 'c.txt', content: 'new'}, 'c.txt is written'],
    ['edit', {path: 'a.txt', before: 'two', after: '2'}, 'a.txt is changed'],
  ])('%s %j', async (name, input, text) => {
    expect(await toldOf(name, [[name, input]], at(folderWith(files)))).toEqual([{id: 'c0', name, text, isError: false}])
  })
  test('one after the other', async () => {
    const folder = folderWith({})
    const calls = [
      ['write', {path: 'x', content: '1'}],
      ['read', {path: 'x'}],
      ['edit', {path: 'x', before: '1', after: '2'}],
      ['read', {path: 'x'}],
    ] as const
    const told = await toldOf('read, write, edit', calls, at(folder))
    expect(told.map(({text}) => text)).toEqual(['x is written', '1', 'x is changed', '2'])
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('2')
  })
  test('a long text is cut', async () => {
    const [told] = await toldOf('read', [['read', {path: 'x'}]], at(folderWith({x: 'x'.repeat(60_010)})))
    expect(told?.text.endsWith('\n… (10 more characters)')).toBe(true)
    expect(told?.text.length).toBeLessThan(60_100)
  })
})

describe('what it is told when that is not possible', () => {
  test.each([
    ['read', 'write', {path: 'x', content: 'y'}, 'there is no tool "write" here'],
    ['read', 'shell', {command: 'ls'}, 'there is no tool "shell" here'],
    ['read', 'constructor', {}, 'there is no tool "constructor" here'],
    ['read', '__proto__', {}, 'there is no tool "__proto__" here'],
    ['read', 'x'.repeat(100), {}, `there is no tool "${'x'.repeat(60)}" here`],
    ['read', 'read', {}, 'the input is not what the tool takes: path: '],
    ['read', 'read', null, 'the input is not what the tool takes: '],
    ['read', 'read', 'a.txt', 'the input is not what the tool takes: '],
    ['read', 'read', {path: ''}, 'the input is not what the tool takes: path: '],
    ['read', 'read', {path: ['a']}, 'the input is not what the tool takes: path: '],
    ['read', 'read', {path: 'a.txt', from_line: 0}, 'the input is not what the tool takes: from_line: '],
    ['read', 'read', {path: 'none'}, 'none'],
    ['read', 'read', {path: '../secret'}, 'leads out of the folder'],
    ['read', 'read', {path: '/etc/passwd'}, 'leads out of the folder'],
    ['read', 'read', {path: '.git/config'}, "git's own"],
    ['list', 'list', {path: '..'}, 'leads out of the folder'],
    ['search', 'search', {text: 'x', path: '../'}, 'leads out of the folder'],
    ['write', 'write', {path: '../x', content: 'y'}, 'leads out of the folder'],
    ['write', 'write', {path: 'a/../../x', content: 'y'}, 'leads out of the folder'],
    ['write', 'write', {path: '.git/hooks/pre-commit', content: 'y'}, "git's own"],
    ['write', 'write', {path: '.', content: 'y'}, 'is a folder'],
    ['edit', 'edit', {path: 'a.txt', before: 'none', after: 'y'}, ''],
  ])('with %s: %s %j', async (allowed, name, input, part) => {
    const folder = folderWith({'a.txt': 'a'})
    const [told, ...more] = await toldOf(allowed, [[name, input]], at(folder))
    expect(told).toMatchObject({id: 'c0', name, isError: true})
    expect(told?.text).toContain(part)
    expect(more).toEqual([])
    expect(existsSync(join(folder, '..', 'x'))).toBe(false)
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('a')
  })
  test('a bug of a tool is not told to it', async () => {
    const bug = new TypeError('x')
    const folder = folderWith({})
    const broken = {...openWorkspace(folder), read: () => Promise.reject(bug)}
    await expect(toldOf('read', [['read', {path: 'x'}]], at(folder, {workspace: broken}))).rejects.toBe(bug)
  })
})

describe('its turns', () => {
  const forever = (): Scripted =>
    answering((_, {mayUseTools}) => (mayUseTools === false ? 'enough' : uses(['list', {}])))
  test.each([
    ['', 10],
    [', max_turns: 3', 3],
    [', max_turns: 2', 2],
  ])('end%s after %i questions, the last one without a use of tools', async (more, turns) => {
    const model = forever()
    const {output, steps} = await runText(step('list', more), model, {tools: at(folderWith({}))})
    expect(output.text).toBe('enough')
    expect(model.asked.map(({tools}) => tools)).toEqual(Array.from({length: turns}, () => [toolSpecs()['list']]))
    expect(model.asked.map(({mayUseTools}) => mayUseTools)).toEqual([
      ...Array.from({length: turns - 1}, () => undefined),
      false,
    ])
    expect(steps[0]?.acts).toHaveLength(turns - 1)
    expect(steps[0]?.calls).toHaveLength(turns)
  })
  test('a model that wants tools without having any is told', async () => {
    const model = answering(() => uses(['list', {}]))
    expect(await failureOf(runText(step('list', ', max_turns: 2'), model, {tools: at(folderWith({}))}))).toMatchObject({
      code: 'model-output-invalid',
    })
    expect(promptsOf(model).at(-1)).toBe('')
  })
  test('every use is in the trace, with what it was about', async () => {
    const model = scripted(uses(['read', {path: 'x'}], ['write', {path: 'y', content: ''}], ['shell', {}]), 'done')
    const {steps} = await runText(step('read, write'), model, {tools: at(folderWith({}))})
    expect(steps[0]?.acts).toEqual([
      {tool: 'read', about: 'x', ok: false},
      {tool: 'write', about: 'y', ok: true},
      {tool: 'shell', about: '', ok: false},
    ])
  })
  test('every use of a step that failed, and all that it asked', async () => {
    const model = scripted(uses(['write', {path: 'x', content: 'y'}]), '', '')
    const {steps, usage} = await runText(step('write', ', on_error: continue'), model, {tools: at(folderWith({}))})
    expect(steps[0]?.result).toMatchObject({ok: false, facts: {error: {code: 'model-output-invalid'}}})
    expect(steps[0]?.acts).toEqual([{tool: 'write', about: 'x', ok: true}])
    expect(steps[0]?.calls).toHaveLength(3)
    expect(usage.calls).toBe(3)
  })
  test('one turn is none for a tool, which is noted', async () => {
    const model = scripted('done')
    const {notes} = await runText(step('list', ', max_turns: 1'), model, {tools: at(folderWith({}))})
    expect(model.asked[0]).toMatchObject({tools: [{name: 'list'}], mayUseTools: false})
    expect(notes).toEqual([{step: 'a', code: 'no-turns', message: 'with `max_turns: 1` there is no turn for a tool'}])
  })
  test.each([
    ['write', {path: 'x', content: 'y'}, 1],
    ['edit', {path: 'a.txt', before: 'a', after: 'b'}, 1],
    ['shell', {command: 'ls'}, 1],
    ['read', {path: 'a.txt'}, 0],
    ['list', {}, 0],
    ['search', {text: 'a'}, 0],
    // nothing was done: there is nothing to remember
    ['write', {path: 'x'}, 1],
  ])('%s %j is remembered: %i', async (name, input, times) => {
    const done: string[] = []
    const once = async (what: string, act: () => Promise<unknown>): Promise<unknown> => {
      done.push(what)
      return act()
    }
    const shell = async () => ({text: '', ok: true})
    await toldOf(name, [[name, input]], at(folderWith({'a.txt': 'a'}), {once, shell}))
    expect(done).toEqual(Array.from({length: times}, () => JSON.stringify([name, input])))
  })
  test('what is remembered is told and not done again', async () => {
    const folder = folderWith({'a.txt': 'a'})
    const once = async (): Promise<unknown> => ({ok: true, text: 'as before', about: 'a.txt'})
    const calls = [['edit', {path: 'a.txt', before: 'a', after: 'b'}]] as const
    expect(await toldOf('edit', calls, at(folder, {once}))).toMatchObject([{text: 'as before', isError: false}])
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('a')
  })
  test('a cancelled run uses no tool', async () => {
    const controller = new AbortController()
    const folder = folderWith({})
    const model = answering(() => {
      controller.abort()
      return uses(['write', {path: 'x', content: 'y'}])
    })
    const run = runText(step('write'), model, {tools: at(folder), signal: controller.signal})
    expect(await failureOf(run)).toMatchObject({code: 'cancelled'})
    expect(existsSync(join(folder, 'x'))).toBe(false)
  })
  test('an answer in another form is asked for again with all that was done', async () => {
    const model = scripted(uses(['list', {}]), 'no', '{"n": 1}')
    const {output} = await runText(step('list', ', format: json'), model, {tools: at(folderWith({}))})
    expect(output.data).toEqual({n: 1})
    expect(model.asked[2]?.messages.map(({role}) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
  })
})

describe('before anything is asked', () => {
  test.each([
    ['no workspace', {toolSpecs}, 'not-allowed'],
    ['no words for a tool', {workspace: openWorkspace(folderWith({}))}, 'unknown-tool'],
  ])('%s', async (_, tools, code) => {
    const model = scripted()
    expect(await failureOf(runText(step('read'), model, {tools}))).toMatchObject({code})
    expect(model.asked).toHaveLength(0)
  })
  test.each(['teleport', 'constructor', '__proto__'])('a tool called %s', async (name) => {
    const run = Promise.resolve().then(() => runText(step(name), scripted(), {tools: at(folderWith({}))}))
    expect((await failureOf(run)).message).toContain(`there is no tool \`${name}\``)
  })
  test('words for every tool', () => {
    expect(Object.keys(toolSpecs()).toSorted()).toEqual(['edit', 'list', 'read', 'search', 'shell', 'write'])
  })
})

describe('the shell', () => {
  const shell = async (command: string): Promise<{text: string; ok: boolean}> => ({
    text: `ran ${command}`,
    ok: command !== 'bad',
  })
  test('only where it is allowed, which is noted', async () => {
    const model = scripted('done')
    const {notes} = await runText(step('read, shell'), model, {tools: at(folderWith({}))})
    expect(model.asked[0]?.tools?.map(({name}) => name)).toEqual(['read'])
    expect(notes.map(({code}) => code)).toEqual(['no-shell'])
  })
  test.each([
    ['ls', {text: 'ran ls', isError: false}],
    ['bad', {text: 'ran bad', isError: true}],
  ])('%s', async (command, expected) => {
    const [told] = await toldOf('read, shell', [['shell', {command}]], at(folderWith({}), {shell}))
    expect(told).toMatchObject(expected)
  })
  test('without a workspace', async () => {
    const [told] = await toldOf('shell', [['shell', {command: 'ls'}]], {shell, toolSpecs})
    expect(told).toMatchObject({text: 'ran ls', isError: false})
  })
  test('a step whose run is cancelled meanwhile has not failed by itself', async () => {
    const controller = new AbortController()
    const text = withSteps('{name: a, type: shell, command: "sleep 5", on_error: continue}')
    setTimeout(() => controller.abort(), 50)
    const run = runText(text, scripted(), {
      signal: controller.signal,
      tools: {shell: openShell(folderWith({}), process.env)},
    })
    expect(await failureOf(run)).toMatchObject({code: 'cancelled', exit: 3})
  })
  test('as a step', async () => {
    const one = (command: string): string => withSteps(`{name: a, type: shell, command: "${command}"}`)
    expect((await runText(one('ls {{x}}'), scripted(), {tools: {shell}, reader: 'lenient'})).output.text).toBe(
      'ran ls {{x}}',
    )
    expect(await failureOf(runText(one('bad'), scripted(), {tools: {shell}}))).toMatchObject({code: 'shell-failed'})
    expect(await failureOf(runText(one('ls'), scripted()))).toMatchObject({code: 'not-allowed'})
  })
  test('a shell that fails as a program does is a failure', async () => {
    const none = () => Promise.reject(new Failure('cancelled', 'over', {exit: 3}))
    const run = toldOf('read, shell', [['shell', {command: 'ls'}]], at(folderWith({}), {shell: none}))
    expect(await failureOf(run)).toMatchObject({code: 'cancelled'})
  })
})
