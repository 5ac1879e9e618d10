/** One suite for all step types: what every part of the program may rely on. */
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import type {BoundStep, StepBinder} from '../../src/pipeline/step.ts'
import {stepTypes} from '../../src/pipeline/steps/index.ts'

/** The least each type can be given; a new type says it here. */
const model = {prompt: 'Hi {{user_prompt}}'}
const least: Readonly<Record<keyof typeof stepTypes, Readonly<Record<string, unknown>>>> = {
  claude: model,
  claude_extract: model,
  claude_smart: model,
  claude_robust: model,
  gemini: model,
  gemini_instructor: model,
  llm: {...model, provider: 'gemini', model: 'm'},
  scan: {},
  plan: {from: 'a'},
  echo: {value: 'x'},
  test_echo: {value: 'x'},
}

const bound = (type: StepBinder, name: string, settings: unknown): BoundStep => {
  const result = type.bind({name: 'it', type: name, settings})
  if (!result.ok) throw result.error
  return result.step
}

describe.each(Object.entries<StepBinder>(stepTypes))('%s', (name, type) => {
  const settings = Object.entries(least).find(([key]) => key === name)?.[1] ?? {}

  test('says in one line what it is for', () => {
    expect(type.summary).toMatch(/^[^\n]{10,120}\.$/)
  })
  test('refuses unknown settings', () => {
    const result = type.bind({name: 'it', type: name, settings: {...settings, no_such_key: 1}})
    expect(result.ok).toBe(false)
  })
  test.each([null, undefined, 1, 'x', [], () => 1])('refuses %s as settings without throwing', (given) => {
    expect(type.bind({name: 'it', type: name, settings: given}).ok).toBe(false)
  })
  test('keeps its name and type', () => {
    expect(bound(type, name, settings)).toMatchObject({name: 'it', type: name})
  })
  test('with its own texts it is the same', () => {
    const step = bound(type, name, settings)
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
  })
  test('names its models as provider/model', () => {
    for (const each of bound(type, name, settings).models) expect(each).toMatch(/^[a-z]+\/[\w.-]+$/)
  })
})
