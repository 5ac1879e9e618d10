import {describe, expect, test} from 'vitest'
import {failureOf, runText, scripted, withSteps} from './scripted.ts'

const echo = (value: string): string => `{name: ${value}, type: echo, value: ${value}}`
const branch = (value: string): string => `[${echo(value)}]`

const chosen = async (settings: string): Promise<unknown> => {
  const text = withSteps(
    '{name: a, type: echo, value: {word: high, n: 2, yes: true, none: null, list: [1], digits: "2"}}',
    `{name: w, type: switch, ${settings}}`,
  )
  const {output, results = {}} = await runText(text, scripted(), {reader: 'lenient'})
  return {
    text: output.text,
    case: output.facts?.['case'],
    ran: ['one', 'two', 'other'].filter((name) => name in results),
  }
}

describe('the case', () => {
  const cases = (...values: readonly string[]): string =>
    `cases: [${values.map((value, at) => `{${value}, steps: ${branch(at === 0 ? 'one' : 'two')}}`).join(', ')}], default: ${branch('other')}`
  test.each([
    ['the text', `on: a.word, ${cases('value: low', 'value: high')}`, 'two', 'high'],
    ['the number', `on: a.n, ${cases('value: 2')}`, 'one', 2],
    ['the text for a number', `on: a.digits, ${cases('value: 2')}`, 'one', 2],
    ['yes or no', `on: a.yes, ${cases('value: false', 'value: true')}`, 'two', true],
    ['a list', `on: a.list, ${cases('value: [1]')}`, 'one', [1]],
    ['nothing there', `on: a.nothing, ${cases('value: null')}`, 'one', null],
    ['a calculation', `on: "a.n * 2", ${cases('value: 4')}`, 'one', 4],
    ['a template', `on: "{{a.word}}", ${cases('value: high')}`, 'one', 'high'],
    ['a value that is written out', `on: 3, ${cases('value: 3')}`, 'one', 3],
    ['a condition', cases('when: a.n > 5', 'when: a.n > 1'), 'two', 'a.n > 1'],
    ['conditions and values', `on: a.word, ${cases('when: a.n > 5', 'value: high')}`, 'two', 'high'],
    ['none', `on: a.word, ${cases('value: low')}`, 'other', 'default'],
    [
      'a mapping of cases',
      `on: a.word, cases: {low: ${branch('one')}, high: ${branch('two')}}, default: ${branch('other')}`,
      'two',
      'high',
    ],
  ])('%s', async (_, settings, text, which) => {
    expect(await chosen(settings)).toEqual({text, case: which, ran: [text]})
  })
  test.each([
    ['yes', `on: a.yes, cases: {true: ${branch('one')}, false: []}`, 'one', 'true'],
    ['a number', `on: a.n, cases: {2: ${branch('two')}}`, 'two', '2'],
  ])('a mapping of cases, whose keys are texts: %s', async (_, settings, text, which) => {
    const said = await chosen(`${settings}, default: ${branch('other')}`)
    expect(said).toMatchObject({text, ran: [text]})
    expect(String(Object(said).case)).toBe(which)
  })
  test('of a case whose last step is passed over', async () => {
    const text = withSteps(
      '{name: w, type: switch, on: 1, cases: [{value: 1, steps: [{name: e, type: echo, value: x, condition: "1 == 2"}]}]}',
    )
    expect((await runText(text, scripted(), {reader: 'lenient'})).output).toMatchObject({
      text: '',
      data: null,
      ok: true,
      facts: {skipped: true, case: 1},
    })
  })
  test('none and no default', async () => {
    expect(await chosen('on: a.word, cases: [{value: low, steps: [{name: one, type: echo, value: one}]}]')).toEqual({
      text: '',
      case: 'default',
      ran: [],
    })
  })
  test('a text that holds no case of JavaScript', async () => {
    const text = `on: "'constructor'", cases: {low: ${branch('one')}}, default: ${branch('other')}`
    expect(await chosen(text)).toMatchObject({text: 'other'})
  })
})

describe('before it runs', () => {
  test.each([
    ['the same value twice', 'on: a, cases: [{value: 1, steps: []}, {value: 1, steps: []}]', 'never runs'],
    ['a value without on', 'cases: [{value: 1, steps: []}]', 'needs `when`'],
    ['no cases', 'on: a, cases: []', 'cases'],
  ])('%s is a mistake', async (_, settings, part) => {
    const text = withSteps('{name: a, type: echo, value: 1}', `{name: w, type: switch, ${settings}}`)
    expect((await failureOf(Promise.resolve().then(() => runText(text, scripted())))).message).toContain(part)
  })
})

test('variables and results of the case are seen after it', async () => {
  const text = withSteps(
    '{name: w, type: switch, on: 1, cases: [{value: 1, steps: [{name: s, type: set, values: {n: 5}}, {name: e, type: echo, value: "{{n + 1}}"}]}]}',
    '{name: end, type: echo, value: "{{n}} {{e}} {{w}}"}',
  )
  expect((await runText(text, scripted())).output.text).toBe('5 6 6')
})

test('a failure in it is its own', async () => {
  const text = withSteps(
    '{name: w, type: switch, on: 1, on_error: continue, cases: [{value: 1, steps: [{name: e, type: echo, value: 1, fail: true}]}]}',
    '{name: end, type: echo, value: "{{w.ok}} {{w.error.code}}"}',
  )
  expect((await runText(text, scripted())).output.text).toBe('false echo-failed')
})
