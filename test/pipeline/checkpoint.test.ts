/** A run that was stopped at any question goes on as if nothing had happened, and pays for nothing twice. */
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {openCheckpoint} from '../../src/adapters/checkpoint.ts'
import {openWorkspace} from '../../src/adapters/workspace.ts'
import {Failure} from '../../src/errors.ts'
import {execute, type Saved} from '../../src/pipeline/execute.ts'
import type {Sessions} from '../../src/pipeline/session.ts'
import type {Tools, Trace} from '../../src/pipeline/step.ts'
import type {Provider} from '../../src/provider.ts'
import {journaled} from '../../src/recordings.ts'
import {readToolSpecs} from '../../src/workshop.ts'
import {
  answering,
  clock,
  failureOf,
  nonce,
  promptsOf,
  read,
  replyOf,
  runText,
  scripted,
  toolsOf,
  withSteps,
  type Scripted,
} from './scripted.ts'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const folderOf = (): string => join(mkdtempSync(join(tmpdir(), 'checkpoint-')), 'checkpoints')

function workWith(files: Readonly<Record<string, string>>): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'work-')), 'work')
  mkdirSync(folder)
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  return folder
}

const text = withSteps(
  '{name: first, type: claude, prompt: "one"}',
  '{name: count, type: set, values: {n: "{{length(first)}}"}}',
  '{name: many, type: map, over: [x, y, z], concurrency: 2, steps: [{name: q, type: claude, prompt: "{{item}} {{first}} {{n}}"}, {name: again, type: claude, prompt: "same"}]}',
  '{name: data, type: claude, format: json, prompt: "json {{many}}"}',
  '{name: last, type: claude, prompt: "{{previous_response.n}} {{q}} {{state.n}}"}',
)

/** Other words for each question, and other ones each time it is asked. */
function model(): Scripted {
  const times = new Map<string, number>()
  return answering((prompt) => {
    const time = (times.get(prompt) ?? 0) + 1
    times.set(prompt, time)
    return prompt.startsWith('json') ? '{"n": 7}' : `a${digest(prompt).slice(0, 6)}-${time}`
  })
}

/** As `run` does it: the start is kept, answers are a journal, and each step that ends is saved. */
async function runOn(
  folder: string,
  pipeline: string,
  ask: Provider,
  eager: boolean,
  more: Partial<Tools> = {},
): Promise<Trace> {
  const checkpoint = openCheckpoint(folder, 'p', digest(pipeline), eager)
  const start = checkpoint.before?.start ?? {nonce, began: 5}
  checkpoint.begin(start)
  const journal = journaled(ask, {...checkpoint.answers, digest})
  const tools = {...toolsOf(journal.ask, more), forget: journal.forget, once: journal.once}
  try {
    const trace = await execute(read(pipeline, 'lenient'), {}, tools, {
      nonce: start.nonce,
      now: clock(),
      clock: () => start.began,
      saved: checkpoint.before?.saved ?? undefined,
      onSaved: (_, saved) => {
        checkpoint.save(saved)
        journal.turn()
      },
    })
    checkpoint.finish()
    return trace
  } catch (thrown) {
    checkpoint.leave()
    throw thrown
  }
}

/** Stops at the n-th question, from 1. */
const stopped = ({ask}: Scripted, at: number, code: string): Provider => {
  let asked = 0
  return async (request, signal) => {
    asked += 1
    if (asked >= at) throw new Failure(code, 'stopped', {exit: 3})
    return ask(request, signal)
  }
}

const outcomeOf = ({results, output, notes}: Trace) => ({results, output, notes})

const ends = ['cancelled', 'model-unavailable', 'budget-spent'] as const
const kinds = [
  ['with checkpoints', true],
  ['without', false],
] as const
const rows = kinds.flatMap(([how, eager]) =>
  ends.flatMap((code) => Array.from({length: 9}, (_, at) => [how, code, at + 1, eager] as const)),
)

describe('stopped and started again', () => {
  test.each(rows)('%s: %s at question %i', async (_, code, at, eager) => {
    const [folder, whole, asks] = [folderOf(), model(), model()]
    const expected = await runOn(folderOf(), text, whole.ask, eager)
    expect(whole.asked).toHaveLength(9)
    expect(await failureOf(runOn(folder, text, stopped(asks, at, code), eager))).toMatchObject({code})
    const answered = asks.asked.length
    const trace = await runOn(folder, text, asks.ask, eager)
    expect(outcomeOf(trace)).toEqual(outcomeOf(expected))
    expect(promptsOf(asks).toSorted()).toEqual(promptsOf(whole).toSorted())
    expect(answered).toBe(at - 1)
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
  })

  test.each(kinds)('%s: stopped at each question in turn', async (_, eager) => {
    const [folder, whole, asks] = [folderOf(), model(), model()]
    const expected = await runOn(folderOf(), text, whole.ask, eager)
    for (let time = 1; time <= 9; time++) {
      expect(await failureOf(runOn(folder, text, stopped(asks, 2, 'cancelled'), eager))).toMatchObject({
        code: 'cancelled',
      })
      if (asks.asked.length === 8) break
    }
    expect(outcomeOf(await runOn(folder, text, asks.ask, eager))).toEqual(outcomeOf(expected))
    expect(promptsOf(asks).toSorted()).toEqual(promptsOf(whole).toSorted())
  })

  test.each([
    [
      'a loop that counts',
      '{name: z, type: set, values: {n: 0}}',
      '{name: l, type: loop, over: [x, y, z], steps: [{name: s, type: set, values: {n: "{{n + 1}}"}}, {name: q, type: claude, prompt: "{{n}}{{item}}"}]}',
      '{name: e, type: echo, value: "{{n}}"}',
    ],
    [
      'a conversation in a loop',
      '{name: z, type: claude, session: s, prompt: "hello"}',
      '{name: l, type: loop, over: [x, y, z], steps: [{name: q, type: claude, session: s, prompt: "{{item}}"}]}',
      '{name: e, type: claude, session: s, prompt: "bye"}',
    ],
    [
      'answers of an earlier round',
      '{name: z, type: echo, value: 1}',
      `{name: l, type: loop, over: [x, y, z], steps: [{name: q, type: claude, prompt: "{{default(previous, 'none')}} {{item}}"}, {name: previous, type: echo, value: "{{q}}"}]}`,
    ],
    [
      'the last answer, of a name that a loop had too',
      '{name: l, type: loop, over: [1], steps: [{name: z, type: echo, value: in}]}',
      '{name: z, type: echo, value: last}',
      '{name: q, type: claude, prompt: "{{previous_response}}"}',
    ],
    [
      'the same words in two steps',
      '{name: a, type: claude, prompt: "same"}',
      '{name: b, type: claude, prompt: "same"}',
      '{name: c, type: claude, prompt: "same"}',
      '{name: e, type: claude, prompt: "{{a}} {{b}} {{c}}"}',
    ],
  ])('%s', async (_, ...steps) => {
    const pipeline = withSteps(...steps)
    for (const [, eager] of kinds) {
      const whole = model()
      const expected = await runOn(folderOf(), pipeline, whole.ask, eager)
      for (let at = 1; at <= whole.asked.length; at++) {
        const [folder, asks] = [folderOf(), model()]
        expect(await failureOf(runOn(folder, pipeline, stopped(asks, at, 'cancelled'), eager))).toMatchObject({
          code: 'cancelled',
        })
        const trace = await runOn(folder, pipeline, asks.ask, eager)
        expect({eager, at, ...outcomeOf(trace)}).toEqual({eager, at, ...outcomeOf(expected)})
        expect({eager, at, asked: promptsOf(asks)}).toEqual({eager, at, asked: promptsOf(whole)})
      }
    }
  })
})

test('another pipeline begins anew and leaves the first one alone', async () => {
  const [folder, asks] = [folderOf(), model()]
  await failureOf(runOn(folder, text, stopped(asks, 5, 'cancelled'), true))
  const other = model()
  await runOn(folder, text.replace('"one"', '"two"'), other.ask, true)
  expect(other.asked).toHaveLength(9)
  expect(readdirSync(folder)).toHaveLength(2)
  await runOn(folder, text, asks.ask, true)
  expect(asks.asked).toHaveLength(9)
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
})

/** What a checkpoint keeps after a step, as it comes out of its file. */
async function savedAfter(step: string, pipeline: string): Promise<Saved> {
  const found: Saved[] = []
  const onSaved = (name: string, saved: Saved): void => {
    if (name === step) found.push(structuredClone(saved))
  }
  await runText(pipeline, model(), {onSaved})
  const [saved] = found
  if (saved === undefined) throw new Error(`there is no step ${step}`)
  return saved
}

test('previous_response is that of the step that ended last, whatever ran before under its name', async () => {
  const pipeline = withSteps(
    '{name: l, type: loop, over: [1], steps: [{name: z, type: echo, value: in}]}',
    '{name: z, type: echo, value: last}',
    '{name: e, type: echo, value: "{{previous_response}}"}',
  )
  const saved = await savedAfter('z', pipeline)
  expect(saved.last).toBe('z')
  expect((await runText(pipeline, model(), {saved})).output.text).toBe('last')
})

test('a conversation that was to be kept is kept, also when the step that said so is not run again', async () => {
  const pipeline = withSteps(
    '{name: a, type: claude, session: s, keep_session: true, prompt: x}',
    '{name: t, type: claude, session: t, prompt: x}',
    '{name: b, type: echo, value: 1}',
  )
  const saved = await savedAfter('t', pipeline)
  let kept: Sessions = {}
  await runText(pipeline, scripted(), {saved, onSessions: (sessions) => (kept = sessions)})
  expect(Object.keys(kept)).toEqual(['s'])
  expect(kept['s']).toHaveLength(2)
})

describe('what changed files is not done again', () => {
  const moving = (work: string) =>
    withSteps(
      '{name: l, type: loop, over: [x, y], steps: [{name: f, type: file, operation: move, path: "{{item}}", to: "{{item}}2"}, {name: g, type: file, operation: append, path: log, content: "{{item}}"}, {name: q, type: claude, prompt: "{{item}}"}]}',
      `{name: e, type: echo, value: ${work}}`,
    )
  test.each(kinds)('by a step, %s', async (_, eager) => {
    for (const at of [1, 2]) {
      const [folder, asks, work] = [folderOf(), model(), workWith({x: '1', y: '2'})]
      const tools = {workspace: openWorkspace(work)}
      const pipeline = moving(`"${at}"`)
      expect(await failureOf(runOn(folder, pipeline, stopped(asks, at, 'cancelled'), eager, tools))).toMatchObject({
        code: 'cancelled',
      })
      const {steps} = await runOn(folder, pipeline, asks.ask, eager, tools)
      expect(readdirSync(work).toSorted()).toEqual(['log', 'x2', 'y2'])
      expect(readFileSync(join(work, 'log'), 'utf8')).toBe('xy')
      expect(steps[0]?.acts).toHaveLength(4)
    }
  })
  test.each(kinds)('by a tool, %s', async (_, eager) => {
    const edit = {path: 'x', before: 'a', after: 'aa'}
    const uses = replyOf('', {stopped: 'tools', calls: [{id: '1', name: 'edit', input: edit}]})
    const asks = answering((_, {messages}) => (messages.length === 1 ? uses : 'done'))
    const [folder, work] = [folderOf(), workWith({x: '[a]'})]
    const tools = {workspace: openWorkspace(work), toolSpecs: readToolSpecs}
    const pipeline = withSteps('{name: a, type: claude, tools: [edit], prompt: x}')
    await failureOf(runOn(folder, pipeline, stopped(asks, 2, 'cancelled'), eager, tools))
    expect(readFileSync(join(work, 'x'), 'utf8')).toBe('[aa]')
    const {output, steps} = await runOn(folder, pipeline, asks.ask, eager, tools)
    expect(output.text).toBe('done')
    expect(readFileSync(join(work, 'x'), 'utf8')).toBe('[aa]')
    expect(steps[0]?.acts).toEqual([{tool: 'edit', about: 'x', ok: true}])
    expect(asks.asked).toHaveLength(2)
  })
})
