/** Steps at the same time. */
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import type {PipelineEvent} from '../../src/pipeline/events.ts'
import {answering, echoing, failureOf, promptsOf, runText, scripted, withSteps, type Scripted} from './scripted.ts'

const asks = (name: string, prompt: string): string => `{name: ${name}, type: claude, prompt: "${prompt}"}`
const tasks = (settings: string, ...prompts: readonly string[]): string =>
  withSteps(`{name: m, type: map, tasks: [${prompts.map((each, at) => asks(`t${at}`, each)).join(', ')}]${settings}}`)

/** Fails where the prompt says so. */
const model = (): Scripted =>
  answering(async (prompt) => {
    await Promise.resolve()
    if (prompt.startsWith('bad')) throw new Failure('model-refused-request', `no ${prompt}`)
    return `<${prompt}>`
  })

describe('its result', () => {
  test('of tasks: by name, and a section for each', async () => {
    const {output} = await runText(tasks('', 'a', 'b'), model())
    expect(output).toEqual({
      text: '## t0\n\n<a>\n\n## t1\n\n<b>',
      data: {
        t0: {text: '<a>', data: null, ok: true, model: 'scripted'},
        t1: {text: '<b>', data: null, ok: true, model: 'scripted'},
      },
      ok: true,
      facts: {total: 2, succeeded: 2, failed: 0},
    })
  })
  test('of items: a list in their order', async () => {
    const text = withSteps(`{name: m, type: map, over: [a, b, c], steps: [${asks('q', '{{item}}{{index}}')}]}`)
    const {output} = await runText(text, model())
    expect(output.data).toEqual(['<a0>', '<b1>', '<c2>'])
    expect(output.text).toBe('## 0\n\n<a0>\n\n## 1\n\n<b1>\n\n## 2\n\n<c2>')
  })
  test('the last text alone', async () => {
    expect((await runText(tasks(', consolidate: false', 'a', 'b'), model())).output.text).toBe('<b>')
  })
  test('of nothing', async () => {
    const {output} = await runText(
      withSteps('{name: m, type: map, over: [], steps: [{name: e, type: echo, value: 1}]}'),
      scripted(),
    )
    expect(output).toEqual({text: '', data: [], ok: true, facts: {total: 0, succeeded: 0, failed: 0}})
  })
  test('of its tasks, by their own names', async () => {
    const {steps, results = {}} = await runText(
      `${tasks('', 'a', 'b')}  - {name: e, type: echo, value: "{{t0}}{{t1}}"}\n`,
      model(),
    )
    expect(steps.map(({step}) => step)).toEqual(['m', 'e'])
    expect(steps[0]?.calls).toHaveLength(2)
    expect(results['e']?.text).toBe('<a><b>')
  })
})

describe('tasks that fail', () => {
  test.each([
    ['any', ['a', 'bad', 'c'], 'step m: step t1: no bad'],
    ['all', ['bad1', 'bad2'], 'step m: step t0: no bad1'],
  ])('%s: %j fails', async (fail, prompts, message) => {
    expect(await failureOf(runText(tasks(`, fail: ${fail}`, ...prompts), model()))).toMatchObject({
      code: 'model-refused-request',
      message,
    })
  })
  test.each([
    ['all', ['a', 'bad', 'c'], 1],
    ['none', ['a', 'bad', 'c'], 1],
    ['none', ['bad1', 'bad2'], 2],
  ])('%s: %j goes on', async (fail, prompts, failed) => {
    const {output} = await runText(tasks(`, fail: ${fail}`, ...prompts), model())
    expect(output).toMatchObject({ok: false, facts: {total: prompts.length, failed}})
    for (const [at, prompt] of prompts.entries())
      expect(output.data).toMatchObject({
        [`t${at}`]: prompt.startsWith('bad')
          ? {ok: false, text: `step t${at}: no ${prompt}`, error: {code: 'model-refused-request'}}
          : {ok: true, text: `<${prompt}>`},
      })
  })
  test('on_error of one task is its own', async () => {
    const text = withSteps(
      `{name: m, type: map, tasks: [{name: t0, type: claude, prompt: bad, on_error: continue}, ${asks('t1', 'a')}]}`,
    )
    const {output} = await runText(text, model())
    expect(output.data).toMatchObject({t0: {ok: false}, t1: {ok: true}})
  })
  test.each(['cancelled', 'budget-spent', 'too-many-steps'])('%s ends the run', async (code) => {
    const ends = answering(() => Promise.reject(new Failure(code, 'over')))
    expect(await failureOf(runText(tasks(', fail: none, on_error: continue', 'a', 'b'), ends))).toMatchObject({code})
  })
  test('the first failure counts, and those that run are waited for', async () => {
    let ended = 0
    const slow = answering(async (prompt) => {
      if (prompt === 'bad') throw new Failure('model-unavailable', 'down', {exit: 3})
      await new Promise((wake) => setTimeout(wake, 20))
      ended += 1
      return prompt
    })
    expect(await failureOf(runText(tasks(', concurrency: 2', 'slow', 'bad', 'never'), slow))).toMatchObject({
      code: 'model-unavailable',
    })
    expect(ended).toBe(1)
    expect(promptsOf(slow)).toEqual(['slow', 'bad'])
  })
})

test.each([1, 2, 5])('%i at once, and no more', async (concurrency) => {
  let [flying, most] = [0, 0]
  const counting = answering(async (prompt) => {
    most = Math.max(most, ++flying)
    await new Promise((wake) => setTimeout(wake, 10 - Number(prompt)))
    flying -= 1
    return prompt
  })
  const text = withSteps(
    `{name: m, type: map, over: [0, 1, 2, 3, 4, 5, 6, 7], concurrency: ${concurrency}, steps: [${asks('q', '{{item}}')}]}`,
  )
  const {output} = await runText(text, counting)
  expect(most).toBe(concurrency)
  expect(output.data).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
})

test('each task is told with what it asked itself, and the map with all of it', async () => {
  const usages: (readonly [string, number])[] = []
  const onEvent = (event: PipelineEvent): void => {
    if (event.kind === 'finished') usages.push([event.step, event.usage.calls])
  }
  const slow = answering(async (prompt) => {
    await new Promise((wake) => setTimeout(wake, prompt === 'b' ? 20 : 5))
    return prompt
  })
  await runText(tasks('', 'a', 'b'), slow, {onEvent})
  expect(usages).toEqual([
    ['t0', 1],
    ['t1', 1],
    ['m', 2],
  ])
})

describe('what tasks see', () => {
  test('nothing of each other, and all of what was before', async () => {
    const set = (name: string, value: string): string => `{name: ${name}, type: set, values: {n: "${value}"}}`
    const text = withSteps(
      set('z', 'before'),
      `{name: m, type: map, over: [1, 2, 3], steps: [{name: e, type: echo, value: "{{n}}"}, ${set('s', '{{item}}')}, {name: f, type: echo, value: "{{n}} {{e}}"}]}`,
      '{name: end, type: echo, value: "{{n}} {{e}} {{f}}"}',
    )
    const {output, results = {}} = await runText(text, scripted())
    expect(results['m']?.data).toEqual(['1 before', '2 before', '3 before'])
    // of the last item, whichever ended last
    expect(output.text).toBe('3 before 3 before')
  })
  test('the loop around them', async () => {
    const inner =
      '{name: m, type: map, over: [B], steps: [{name: e, type: echo, value: "{{loop.parent.item}}{{item}}"}]}'
    const {results = {}} = await runText(withSteps(`{name: l, type: loop, over: [A], steps: [${inner}]}`), scripted())
    expect(results['e']?.text).toBe('AB')
  })
  test('variables of those that failed are not kept', async () => {
    const text = withSteps(
      '{name: z, type: set, values: {n: before}}',
      '{name: m, type: map, fail: none, over: [1, 2], steps: [{name: s, type: set, values: {n: "{{item}}"}}, {name: e, type: echo, value: 1, fail: true}]}',
      '{name: end, type: echo, value: "{{n}}"}',
    )
    expect((await runText(text, scripted())).output.text).toBe('before')
  })
  test('a condition of their own', async () => {
    const text = withSteps(
      `{name: m, type: map, over: [1, 2, 3], steps: [{name: q, type: claude, prompt: "{{item}}", condition: "item != 2"}]}`,
    )
    const asked = echoing()
    const {output} = await runText(text, asked)
    expect(promptsOf(asked)).toEqual(['1', '3'])
    expect(output).toMatchObject({data: ['<1>', '', '<3>'], ok: true, facts: {succeeded: 3}})
  })
})
