/** One suite for all step types: what every part of the program may rely on. */
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {forms} from '../../src/pipeline/forms/index.ts'
import {normalise} from '../../src/pipeline/normal.ts'
import type {Branch, BoundStep, Need, StepBinder} from '../../src/pipeline/step.ts'
import {stepTypeNames, stepTypeOf, stepTypes} from '../../src/pipeline/steps/index.ts'
import {failureOf, runText, scripted, withSteps} from './scripted.ts'

/** The least each type can be given; a new type says it here. */
const inside = [{name: 'in', type: 'echo', value: 1}]
const least: Readonly<Record<keyof typeof stepTypes, Readonly<Record<string, unknown>>>> = {
  llm: {prompt: 'Hi {{user_prompt}}', provider: 'gemini', model: 'm'},
  map: {over: 'a', steps: inside},
  loop: {over: 'a', steps: inside},
  switch: {on: 'a', cases: [{value: 1, steps: inside}]},
  break: {},
  continue: {},
  pipeline: {pipeline: {name: 'c', steps: inside}},
  set: {values: {v: '{{user_prompt}}'}},
  transform: {from: 'a'},
  file: {operation: 'read', path: 'x'},
  query: {queries: {q: {find_files: {}}}},
  echo: {value: 'x'},
  shell: {command: 'ls'},
  pack: {},
  scan: {},
  plan: {from: 'a'},
  score: {from: 'a'},
}
const leastOf = (name: string): Readonly<Record<string, unknown>> =>
  Object.entries(least).find(([key]) => key === name)?.[1] ?? {}

const bind = (type: StepBinder, name: string, settings: unknown, nested: Branch[] = []) =>
  type.bind({
    name: 'it',
    type: name,
    common: {},
    settings,
    nest: (branch) => {
      nested.push(branch)
      return []
    },
  })
const bound = (type: StepBinder, name: string, settings: unknown, nested: Branch[] = []): BoundStep => {
  const result = bind(type, name, settings, nested)
  if (!result.ok) throw result.error
  return result.step
}

describe.each(Object.entries<StepBinder>(stepTypes))('%s', (name, type) => {
  const settings = leastOf(name)

  test('says in one line what it is for', () => {
    expect(type.summary).toMatch(/^[^\n]{10,180}\.$/)
  })
  test('refuses unknown settings', () => {
    expect(bind(type, name, {...settings, no_such_key: 1}).ok).toBe(false)
  })
  test.each([null, undefined, 1, 'x', [], () => 1])('refuses %s as settings without throwing', (given) => {
    expect(bind(type, name, given).ok).toBe(false)
  })
  test('keeps its name, type and what every step has', () => {
    const common = {condition: 'a == 1', output_to_file: 'x/{{a}}.md', depends_on: ['b']}
    const result = type.bind({name: 'it', type: name, common, settings, nest: () => []})
    expect(result.ok ? result.step : null).toMatchObject({name: 'it', type: name, common})
    if (!result.ok) return
    expect(result.step.expressions).toContainEqual({path: ['condition'], text: 'a == 1'})
    expect(result.step.templates).toContainEqual({path: ['output_to_file'], text: 'x/{{a}}.md'})
    expect(result.step.uses).toContainEqual({path: ['depends_on', 0], text: 'b'})
  })
  test('with its own texts it is the same', () => {
    const step = bound(type, name, settings)
    if (Object.keys(step.texts).length === 0) return
    const again = step.withTexts(step.texts)
    expect(again.texts).toEqual(step.texts)
    expect(again.models).toEqual(step.models)
    expect(again.withTexts({}).texts).toEqual(step.texts)
  })
  test('takes each of its texts alone', () => {
    const step = bound(type, name, settings)
    for (const text of Object.keys(step.texts))
      expect(step.withTexts({[text]: 'NEW'}).texts).toEqual({...step.texts, [text]: 'NEW'})
  })
  test('knows no other texts', () => {
    expect(() => bound(type, name, settings).withTexts({no_such_text: 'x'})).toThrow(Failure)
    expect(() => bound(type, name, settings).withTexts({constructor: 'x'})).toThrow(Failure)
  })
  test('names its models as provider/model', () => {
    for (const each of bound(type, name, settings).models) expect(each).toMatch(/^[a-z]+\/[\w.-]+$/)
  })
  test('its own templates and expressions stand where it says', () => {
    const step = bound(type, name, settings)
    for (const {path, text} of [...step.templates, ...step.expressions, ...step.uses]) {
      const found = path.reduce<unknown>((value, key) => Object(value)[key], settings)
      // what is left out is an empty template
      expect(found ?? '').toBe(text)
    }
  })
  test('the steps inside of it stand where it says', () => {
    const branches: Branch[] = []
    bound(type, name, settings, branches)
    const hasSteps = JSON.stringify(settings).includes('"in"')
    expect(branches.some(({steps}) => steps.length > 0)).toBe(hasSteps)
    for (const {path, steps} of branches) {
      const found = path.reduce<unknown>((value, key) => Object(value)[key], settings) ?? []
      expect(found).toEqual(steps)
    }
  })
  test('is canonical: normalised, it is what it was', () => {
    const raw = {
      name: 'p',
      steps: [
        {name: 'a', type: 'echo', value: [1]},
        {name: 'it', type: name, ...settings},
      ],
    }
    const once = normalise(raw, 'p')
    expect(once.remarks.filter(({kind}) => kind !== 'leniency')).toEqual([])
    expect(once.remarks).toEqual([])
    expect(normalise(once.value, 'p').value).toEqual(once.value)
  })
  test('runs nothing that a run does not allow', async () => {
    const needed: readonly Need[] = bound(type, name, settings).needs
    if (needed.length === 0) return
    const text = withSteps(JSON.stringify({name: 'it', type: name, ...settings}))
    const run = runText(
      text.replace('"from":"a"', '"from":"s"').replace('steps:\n', 'steps:\n  - {name: s, type: scan}\n'),
      scripted(),
    )
    expect(await failureOf(run)).toMatchObject({code: 'not-allowed'})
  })
})

test('every form stands for a type that there is', () => {
  for (const {type} of Object.values(forms)) expect(stepTypeNames).toContain(type)
  for (const name of stepTypeNames) expect(forms[name]).toMatchObject({type: name, isAlias: false})
})

test.each(['constructor', '__proto__', 'LLM', ''])('there is no type %j', (name) => {
  expect(stepTypeOf(name)).toBeUndefined()
})

describe('steps about the code', () => {
  const tools = {
    pack: async () => ({text: '<pack>', data: {tokens: 5}}),
    score: async (plan: unknown, gold: string | null) => ({text: `scored ${String(gold)}`, data: {plan}}),
    query: async (kind: string, criteria: unknown) => ({kind, criteria}),
  }
  test.each([
    ['{name: a, type: pack}', {text: '<pack>', data: {tokens: 5}, ok: true}],
    ['{name: a, type: score, from: p}', {text: 'scored null', data: {plan: {x: 1}}, ok: true}],
    ['{name: a, type: score, from: p, gold: g.yaml}', {text: 'scored g.yaml', data: {plan: {x: 1}}, ok: true}],
    ['{name: a, type: plan, from: p}', {text: 'drafted: {"x":1}', data: {drafted: {x: 1}}, ok: true}],
  ])('%s', async (step, expected) => {
    const {output} = await runText(withSteps('{name: p, type: echo, value: {x: 1}}', step), scripted(), {tools})
    expect(output).toEqual(expected)
  })
})
