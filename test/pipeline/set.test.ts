/** Variables, echoes, conditions, and results that are kept in files. */
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import type {Tools} from '../../src/pipeline/step.ts'
import {echoing, failureOf, promptsOf, runText, scripted, withSteps, type Setting} from './scripted.ts'

const valueOf = async (steps: readonly string[], setting: Setting = {}): Promise<unknown> => {
  const {output} = await runText(withSteps(...steps), scripted(), {reader: 'lenient', ...setting})
  return output.data ?? output.text
}
const set = (values: string): string => `{name: s, type: set, values: ${values}}`
const echo = (value: string): string => `{name: e, type: echo, value: ${value}}`

describe('set', () => {
  test.each([
    ['a number', '{n: 5}', '"{{n}}"', 5],
    ['with a prefix', '{n: 5}', '"{{state.n}}{{global_vars.n}}{{vars.n}}"', '555'],
    ['a list keeps its type', '{n: [1, {k: 2}]}', '"{{n[1].k}}"', 2],
    ['a template that is all keeps its type', '{n: "{{inputs.list}}"}', '"{{n}}"', [1, 2]],
    ['a template that is a part is text', '{n: "so {{inputs.list}}"}', '"{{n}}"', 'so [\n 1,\n 2\n]'],
    ['inside of values', '{n: {k: ["{{inputs.list}}", 3]}}', '"{{n.k}}"', [[1, 2], 3]],
    ['nothing', '{n: null}', '"[{{n}}]"', '[]'],
    ['no', '{n: false}', '"{{n}}"', false],
    ['an empty text', '{n: ""}', '"[{{n}}]"', '[]'],
    ['the words of pipeline_ex', '{n: 1}', '"{{s.n}}"', 1],
    ['a name of JavaScript', '{constructor: 1, toString: 2}', '"{{constructor}}{{state.toString}}"', '12'],
    ['nothing of JavaScript', '{n: 1}', '"{{constructor}}"', '{{constructor}}'],
  ])('%s', async (_, values, value, expected) => {
    expect(await valueOf([set(values), echo(value)], {inputs: {list: [1, 2]}})).toEqual(expected)
  })
  test('over a variable of the file and an input', async () => {
    const text = `name: p\ninputs: [i]\nvariables: {v: file}\nsteps:\n  - {name: a, type: echo, value: "{{v}} {{i}}"}\n  - ${set('{v: "{{v}}+", i: "{{i}}+"}')}\n  - ${echo('"{{a}} {{v}} {{i}} {{inputs.i}} {{workflow.variables.v}}"')}`
    expect((await runText(text, scripted(), {inputs: {i: 'given'}})).output.text).toBe(
      'file given file+ given+ given file',
    )
  })
  test('what was put in is not read again', async () => {
    const steps = [set('{a: "{{inputs.text}}", b: secret}'), echo('"{{a}} {{s.a}}"')]
    expect(await valueOf(steps, {inputs: {text: '{{b}}'}})).toBe('{{b}} {{b}}')
  })
})

describe('a condition', () => {
  test('is looked at before the templates of the body', async () => {
    const text = withSteps(
      '{name: a, type: echo, value: {x: 1}}',
      '{name: e, type: echo, condition: a.y, value: "{{a.y.z}}"}',
    )
    const {output} = await runText(text, scripted())
    expect(output).toEqual({
      text: '',
      data: null,
      ok: true,
      facts: {skipped: true, reason: 'the condition does not hold: a.y'},
    })
  })
  test('a result that was passed over can be asked about', async () => {
    const steps = ['{name: a, type: echo, condition: "1 == 2", value: x}', echo('"{{a.skipped}} {{a.ok}} [{{a}}]"')]
    expect(await valueOf(steps)).toBe('true true []')
  })
  test('no question is asked', async () => {
    const model = echoing()
    await runText(
      withSteps(
        '{name: a, type: claude, condition: v == 2, prompt: x}',
        '{name: b, type: claude, condition: v == 1, prompt: y}',
      ),
      model,
      {inputs: {v: 1}, reader: 'lenient'},
    )
    expect(promptsOf(model)).toEqual(['y'])
  })
})

describe('output_to_file', () => {
  const saving = (): {readonly written: Map<string, string>; readonly tools: Partial<Tools>} => {
    const written = new Map<string, string>()
    return {
      written,
      tools: {
        save: async (path, text) => {
          if (path.includes('..')) throw new Failure('outside', `${path} leads out`)
          written.set(path, text)
          return `outputs/${path}`
        },
      },
    }
  }
  test.each([
    ['a text', '{name: a, type: echo, value: word, output_to_file: x.md}', 'x.md', 'word'],
    ['data as text', '{name: a, type: echo, value: {k: 1}, output_to_file: x.txt}', 'x.txt', '{\n "k": 1\n}'],
    ['data as JSON', '{name: a, type: echo, value: {k: 1}, output_to_file: x.json}', 'x.json', '{\n  "k": 1\n}\n'],
    ['capitals', '{name: a, type: echo, value: [1], output_to_file: x.JSON}', 'x.JSON', '[\n  1\n]\n'],
    [
      'a text as JSON',
      '{name: a, type: echo, value: word, output_to_file: x.json}',
      'x.json',
      '{\n  "text": "word",\n  "ok": true\n}\n',
    ],
    ['yes or no as JSON', '{name: a, type: echo, value: false, output_to_file: x.json}', 'x.json', 'false\n'],
    [
      'a templated path',
      '{name: a, type: echo, value: w, output_to_file: "{{workflow.name}}/{{step.name}}.md"}',
      'p/a.md',
      'w',
    ],
  ])('%s', async (_, step, path, text) => {
    const {written, tools} = saving()
    const {output} = await runText(withSteps(step), scripted(), {tools})
    expect([...written]).toEqual([[path, text]])
    expect(output.facts).toEqual({output_file: `outputs/${path}`})
  })
  test('in a loop, for each item', async () => {
    const {written, tools} = saving()
    const step = '{name: a, type: echo, value: "{{item}}", output_to_file: "{{index}}.txt"}'
    await runText(withSteps(`{name: l, type: loop, over: [x, y], steps: [${step}]}`), scripted(), {tools})
    expect([...written]).toEqual([
      ['0.txt', 'x'],
      ['1.txt', 'y'],
    ])
  })
  test('outside is a failure of the step', async () => {
    const step = (more: string): string =>
      withSteps(`{name: a, type: echo, value: w, output_to_file: "{{user_prompt}}"${more}}`)
    const {written, tools} = saving()
    expect(await failureOf(runText(step(''), scripted(), {tools, inputs: {user_prompt: '../x'}}))).toMatchObject({
      code: 'outside',
      message: 'step a: ../x leads out',
    })
    const {output} = await runText(step(', on_error: continue'), scripted(), {tools, inputs: {user_prompt: '../x'}})
    expect(output).toMatchObject({ok: false, facts: {error: {code: 'outside'}}})
    expect(written.size).toBe(0)
  })
  test('a step that is passed over writes nothing', async () => {
    const {written, tools} = saving()
    await runText(withSteps('{name: a, type: echo, value: w, output_to_file: x, condition: "1 == 2"}'), scripted(), {
      tools,
      reader: 'lenient',
    })
    expect(written.size).toBe(0)
  })
  test('where files may not be touched', async () => {
    const run = runText(withSteps('{name: a, type: echo, value: w, output_to_file: x}'), scripted())
    expect(await failureOf(run)).toMatchObject({code: 'not-allowed'})
  })
})

describe('echo', () => {
  test.each([
    ['a text', 'word', {text: 'word', data: null, ok: true}],
    ['nothing', 'null', {text: '', data: null, ok: true}],
    ['a number', '5', {text: '5', data: 5, ok: true}],
    ['no', 'false', {text: 'false', data: false, ok: true}],
    ['a mapping', '{k: [1]}', {text: '{\n "k": [\n  1\n ]\n}', data: {k: [1]}, ok: true}],
  ])('%s', async (_, value, expected) => {
    expect((await runText(withSteps(echo(value)), scripted())).output).toEqual(expected)
  })
  test('fails in its words', async () => {
    const run = runText(
      withSteps('{name: e, type: echo, value: 1, fail: true, error: "no {{user_prompt}}"}'),
      scripted(),
      {inputs: {user_prompt: 'goal'}},
    )
    expect(await failureOf(run)).toMatchObject({code: 'echo-failed', message: 'step e: no goal'})
  })
})
