/** A pipeline inside of another: what it sees, what it gives back, and how far it may go. */
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import type {PipelineEvent} from '../../src/pipeline/events.ts'
import {normalFormOf} from '../../src/pipeline/pipeline.ts'
import type {Tools} from '../../src/pipeline/step.ts'
import {answering, echoing, failureOf, fenced, promptsOf, read, runText, scripted, withSteps} from './scripted.ts'

const echo = (name: string, value: string): string => `{name: ${name}, type: echo, value: ${value}}`
const child = (...steps: readonly string[]): string => `pipeline: {name: c, steps: [${steps.join(', ')}]}`
const nested = (settings: string): string => `{name: n, type: pipeline, ${settings}}`
const opening = (files: Readonly<Record<string, string>>): Pick<Tools, 'open'> => ({
  open: async (path) => {
    const text = files[path]
    if (text === undefined) throw new Failure('no-such-file', `there is no ${path}`)
    return read(text, 'lenient')
  },
})
const valueOf = async (...steps: readonly string[]): Promise<unknown> => {
  const {output} = await runText(withSteps(...steps), scripted(), {reader: 'lenient', inputs: {given: 'G'}})
  return output.data ?? output.text
}

describe('what it sees', () => {
  test.each([
    ['its inputs', nested(`inputs: {q: 5}, ${child(echo('e', '"{{q}} {{inputs.q}}"'))}`), {e: '5 5'}],
    [
      'inputs with their types',
      nested(`inputs: {q: "{{a}}", r: "so {{a.k}}"}, ${child(echo('e', '"{{q.k[0]}}{{r}}"'))}`),
      {e: '1so [\n 1\n]'},
    ],
    [
      'nothing else',
      nested(child(echo('e', '"{{a}} {{v}} {{given}} {{steps.a}} {{state.v}}"'))),
      {e: '{{a}} {{v}} {{given}} {{steps.a}} {{state.v}}'},
    ],
    [
      'no item of the loop around it',
      '{name: l, type: loop, over: [1], steps: [' + nested(child(echo('e', '"{{item}} {{loop.index}}"'))) + ']}',
      null,
    ],
    [
      'variables and inputs that it inherits',
      nested(`inherit: true, inputs: {w: own}, ${child(echo('e', '"{{v}} {{given}} {{w}} {{steps.a}}"'))}`),
      {e: 'V G own {{steps.a}}'},
    ],
    [
      'what it inherits where others run at the same time',
      `{name: m, type: map, over: [1], steps: [${nested(`inherit: true, ${child(echo('e', '"{{v}}"'))}`)}]}`,
      [{e: 'V'}],
    ],
    ['its own name', nested(child(echo('e', '"{{workflow.name}}"'))), {e: 'c'}],
    [
      'its own variables',
      nested(
        'inputs: {q: 2}, pipeline: {name: c, variables: {q: 1, r: 3}, steps: [' + echo('e', '"{{q}}{{r}}"') + ']}',
      ),
      {e: '23'},
    ],
    [
      'names of its own, also those of steps around it',
      nested(child(echo('a', '"mine"'), echo('e', '"{{a}}"'))),
      {a: 'mine', e: 'mine'},
    ],
  ])('%s', async (_, step, expected) => {
    const before = [echo('a', '{k: [1]}'), '{name: s, type: set, values: {v: V, w: W}}']
    const value = await valueOf(...before, step)
    if (expected === null) expect(JSON.stringify(value)).toContain('{{item}} {{loop.index}}')
    else expect(value).toEqual(expected)
  })
  test('what it sets is its own', async () => {
    const steps = [
      '{name: s, type: set, values: {v: V}}',
      nested(`inherit: true, ${child('{name: s, type: set, values: {v: X, u: U}}')}`),
    ]
    expect(await valueOf(...steps, echo('end', '"{{v}} {{u}} {{steps.s.v}}"'))).toBe('V {{u}} V')
  })
  test('words that are vouched for stay so, others are fenced', async () => {
    const model = echoing()
    const ask = '{name: q, type: claude, prompt: "{{mine}} {{theirs}} {{goal}}"}'
    const text = withSteps(
      '{name: a, type: claude, prompt: x}',
      nested(`inputs: {mine: word, theirs: "{{a}}", goal: "{{user_prompt}}"}, ${child(ask)}`),
    )
    await runText(text, model, {inputs: {user_prompt: 'GOAL'}})
    expect(promptsOf(model)[1]).toBe(`word ${fenced('theirs', '<x>')} GOAL`)
  })
})

describe('what it gives back', () => {
  const steps = child(echo('a', '{k: {m: 1}, list: [5, 6]}'), echo('b', 'word'))
  test.each([
    ['all results, and the text of the last', steps, {a: {k: {m: 1}, list: [5, 6]}, b: 'word'}],
    ['what it names', `outputs: {x: a.k.m, y: b, z: "a.list[1]"}, ${steps}`, {x: 1, y: 'word', z: 6}],
    ['with a prefix', `outputs: {x: steps.a.k}, ${steps}`, {x: {m: 1}}],
    [
      'in the words of pipeline_ex',
      `outputs: [b, {path: a.result.k, as: kk}, {path: b.text, as: t}], ${steps}`,
      {b: 'word', kk: {m: 1}, t: 'word'},
    ],
  ])('%s', async (_, settings, expected) => {
    const {output} = await runText(withSteps(nested(settings)), scripted(), {reader: 'lenient'})
    expect(output).toMatchObject({data: expected, text: 'word', ok: true})
  })
  test('not what is not there', async () => {
    expect(await failureOf(runText(withSteps(nested(`outputs: {x: a.q}, ${steps}`)), scripted()))).toMatchObject({
      code: 'no-such-output',
      hint: 'its steps are: a, b',
    })
  })
  test('that a step of it failed', async () => {
    const text = withSteps(
      nested(child('{name: a, type: echo, value: 1, fail: true, on_error: continue}', echo('b', '2'))),
    )
    expect((await runText(text, scripted())).output).toMatchObject({ok: false, data: {b: 2}})
  })
  test('the text of its last step, also when an earlier one inside of it had its name', async () => {
    const loop = '{name: l, type: loop, over: [1], steps: [{name: z, type: echo, value: in}]}'
    expect((await runText(withSteps(nested(child(loop, echo('z', 'last')))), scripted())).output.text).toBe('last')
  })
  test('questions and events, deeper', async () => {
    const events: PipelineEvent[] = []
    const text = withSteps(nested(child('{name: q, type: claude, prompt: x}')))
    const {steps: traced, usage} = await runText(text, echoing(), {onEvent: (event) => void events.push(event)})
    expect(traced[0]?.calls).toHaveLength(1)
    expect(usage.calls).toBe(1)
    expect(events.map(({step, kind, depth}) => [step, kind, depth])).toEqual([
      ['n', 'started', 0],
      ['q', 'started', 1],
      ['q', 'finished', 1],
      ['n', 'finished', 0],
    ])
  })
})

describe('from a file', () => {
  test('with inputs', async () => {
    const text = withSteps(nested('file: c.yaml, inputs: {q: 1}'))
    const {output} = await runText(text, scripted(), {tools: opening({'c.yaml': withSteps(echo('e', '"{{q}}"'))})})
    expect(output.data).toEqual({e: 1})
  })
  test('whose path is a template', async () => {
    const text = withSteps(nested('file: "{{user_prompt}}.yaml"'))
    const {output} = await runText(text, scripted(), {
      inputs: {user_prompt: 'c'},
      tools: opening({'c.yaml': withSteps(echo('e', '1'))}),
    })
    expect(output.data).toEqual({e: 1})
  })
  test('that says itself what it needs, and is not given it', async () => {
    const tools = opening({'c.yaml': 'name: c\ninputs: [x]\nsteps: [{name: a, type: claude, prompt: "{{x}}"}]'})
    const model = echoing()
    const run = runText(withSteps(nested('file: c.yaml')), model, {tools, reader: 'lenient'})
    expect(await failureOf(run)).toMatchObject({code: 'missing-input'})
    expect(model.asked).toEqual([])
  })
  test('that is not there fails its step alone', async () => {
    const text = withSteps(
      `{name: n, type: pipeline, file: d.yaml, on_error: continue}`,
      echo('e', '"{{n.error.code}}"'),
    )
    expect((await runText(text, scripted(), {tools: opening({})})).output.text).toBe('no-such-file')
  })
  test('where other pipelines may not be run', async () => {
    expect(await failureOf(runText(withSteps(nested('file: c.yaml')), scripted()))).toMatchObject({code: 'not-allowed'})
  })
  test('with needs that are not allowed', async () => {
    const tools = opening({'c.yaml': withSteps('{name: x, type: shell, command: ls}')})
    expect(await failureOf(runText(withSteps(nested('file: c.yaml')), scripted(), {tools}))).toMatchObject({
      code: 'not-allowed',
      hint: 'say `run --allow-shell` if you trust the pipeline and what it reads',
    })
  })
})

describe('how far it goes', () => {
  const call = (file: string, more = ''): string => withSteps(`{name: n, type: pipeline, file: ${file}${more}}`)
  const deep = (levels: number): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Array.from({length: levels}, (_, at) => [
        `${at}`,
        at === levels - 1 ? withSteps(echo('e', 'bottom')) : call(`"${at + 1}"`),
      ]),
    )
  test.each([
    ['itself', {a: call('a')}, 'p → a → a'],
    ['two that run each other', {a: call('b'), b: call('a')}, 'p → a → b → a'],
    ['three', {a: call('b'), b: call('c'), c: call('a')}, 'p → a → b → c → a'],
  ])('a circle: %s', async (_, files, chain) => {
    const failure = await failureOf(runText(call('a'), scripted(), {tools: opening(files)}))
    expect(failure).toMatchObject({code: 'pipeline-cycle'})
    expect(failure.message).toContain(chain)
  })
  test.each([
    ['without names', ''],
    ['with one name', 'name: c, '],
  ])('pipelines written into each other are no circle: %s', async (_, name) => {
    const inner = `{name: m, type: pipeline, pipeline: {${name}steps: [${echo('e', '1')}]}}`
    const text = withSteps(nested(`pipeline: {${name}steps: [${inner}]}`))
    expect((await runText(text, scripted(), {reader: 'lenient'})).output.data).toEqual({m: {e: 1}})
  })
  test('the same one twice is no circle', async () => {
    const text = withSteps('{name: n, type: pipeline, file: c}', '{name: m, type: pipeline, file: c}')
    expect((await runText(text, scripted(), {tools: opening({c: withSteps(echo('e', '1'))})})).output.data).toEqual({
      e: 1,
    })
  })
  test.each([
    [1, 1, true],
    [2, 1, false],
    [3, 3, true],
    [4, 3, false],
    [10, 10, true],
    [11, 10, false],
  ])('%i deep with max_depth %i: %s', async (levels, depth, isAllowed) => {
    const run = runText(call('"0"', `, max_depth: ${depth}`), scripted(), {tools: opening(deep(levels))})
    if (isAllowed) expect((await run).output.text).toBe('bottom')
    else expect(await failureOf(run)).toMatchObject({code: 'too-deep'})
  })
  test('a depth of one inside does not widen that of one around', async () => {
    const files = {...deep(4), '1': call('"2"', ', max_depth: 50')}
    expect(await failureOf(runText(call('"0"', ', max_depth: 2'), scripted(), {tools: opening(files)}))).toMatchObject({
      code: 'too-deep',
    })
  })
  test.each([
    [4, true],
    [3, false],
  ])('max_steps %i: %s', async (most, isAllowed) => {
    const loop = `{name: l, type: loop, over: [1, 2, 3], steps: [${echo('e', '1')}]}`
    const run = runText(withSteps(nested(`max_steps: ${most}, ${child(loop)}`)), scripted())
    if (isAllowed) expect((await run).output).toMatchObject({ok: true})
    else expect(await failureOf(run)).toMatchObject({code: 'too-many-steps'})
  })
})

test.each([
  // three times the pipeline inside and its three steps, and the loop around them
  [13, true],
  [12, false],
  [8, false],
  [5, false],
])('max_steps %i counts the steps of all pipelines inside: %s', async (most, isAllowed) => {
  const inner = `{name: g, type: pipeline, ${child(echo('e1', '1'), echo('e2', '1'), echo('e3', '1'))}}`
  const loop = `{name: l, type: loop, over: [1, 2, 3], steps: [${inner}]}`
  const run = runText(withSteps(nested(`max_steps: ${most}, ${child(loop)}`)), scripted())
  if (isAllowed) expect((await run).output).toMatchObject({ok: true})
  else expect(await failureOf(run)).toMatchObject({code: 'too-many-steps'})
})

describe('how long it takes', () => {
  /** Time goes on as the model answers. */
  const late = () => {
    const acts = new Set<() => void>()
    const after = (_: number, act: () => void): (() => void) => {
      acts.add(act)
      return () => void acts.delete(act)
    }
    const model = answering((prompt) => {
      if (prompt === 'slow') for (const act of acts) act()
      return prompt
    })
    return {after, model, acts}
  }
  const ask = (prompt: string, more = ''): string => `{name: q${prompt}, type: claude, prompt: ${prompt}${more}}`
  test('too long', async () => {
    const {after, model, acts} = late()
    const run = runText(withSteps(nested(`timeout_ms: 5, ${child(ask('slow'), ask('never'))}`)), model, {after})
    const failure = await failureOf(run)
    expect(failure).toMatchObject({code: 'timeout', exit: 3})
    expect(failure.message).toMatch(/^step n: the nested pipeline c took longer than \d+ ms$/)
    expect(promptsOf(model)).toEqual(['slow'])
    expect(acts.size).toBe(0)
  })
  test('that is a failure which its author may forgive, also inside of it', async () => {
    const {after, model} = late()
    const inner = child(ask('slow', ', on_error: continue'), ask('never', ', on_error: continue'))
    const text = withSteps(
      `{name: n, type: pipeline, on_error: continue, timeout_ms: 5, ${inner}}`,
      echo('e', '"{{n.error.code}}"'),
    )
    expect((await runText(text, model, {after})).output.text).toBe('timeout')
  })
  test('its limit is kept by the canonical form', () => {
    const read = normalFormOf(withSteps(nested('timeout_ms: 5, file: x')), 'p.yaml')
    expect(read).toMatchObject({ok: true, value: {steps: [{name: 'n', timeout_ms: 5}]}})
  })
  test('in time', async () => {
    const {after, model, acts} = late()
    const {output} = await runText(withSteps(nested(`timeout_ms: 5, ${child(ask('fast'))}`)), model, {after})
    expect(output.text).toBe('fast')
    expect(acts.size).toBe(0)
  })
  test('a run that is cancelled inside is cancelled', async () => {
    const controller = new AbortController()
    const {after} = late()
    const model = answering((prompt) => {
      controller.abort()
      return prompt
    })
    const run = runText(withSteps(nested(`timeout_ms: 5, ${child(ask('one'), ask('two'))}`)), model, {
      after,
      signal: controller.signal,
    })
    expect(await failureOf(run)).toMatchObject({code: 'cancelled'})
    expect(promptsOf(model)).toEqual(['one'])
  })
})
