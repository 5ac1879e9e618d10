import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {checkOf, readStructured} from '../../src/pipeline/structured.ts'

const schema = {
  type: 'object',
  properties: {a: {type: 'integer'}, b: {type: 'string'}},
  required: ['a'],
  additionalProperties: false,
}
const check = checkOf(schema)

describe('replies that hold the answer', () => {
  test.each([
    ['raw', '{"a": 1}'],
    ['byte order mark and blanks', '\ufeff \n{"a": 1}\n'],
    ['fence', 'Here:\n```json\n{"a": 1}\n```\nDone.'],
    ['unnamed fence', '```\n{"a": 1}\n```'],
    ['prose around', 'The answer is {"a": 1}, I think.'],
    ['tuples in the prose', 'It returns {:ok, pid} or {a: 2}. {"a": 1}'],
    ['a thought with another form', '<think>{"x": 2}</think>{"a": 1}'],
    ['the same twice', '{"a": 1}\n{"a":1}'],
    ['an open brace before it', 'a { and [ and {"a": 1}'],
    ['an inch mark before it', 'a 5" disk { "x: \n{"a": 1}'],
    ['trailing comma', '{"a": 1,}'],
    ['comment', '{"a": 1 /* one */}'],
    ['single quotes', "{'a': 1}"],
  ])('%s', (_, text) => {
    expect(readStructured(text, check)).toMatchObject({ok: true, data: {a: 1}})
  })
  test.each([
    ['braces in a string', '{"a": 1, "b": "x } ] {"}', {a: 1, b: 'x } ] {'}],
    ['fence in a string', '{"a": 1, "b": "```json\\n{}\\n```"}', {a: 1, b: '```json\n{}\n```'}],
    ['the same, fenced', '```json\n{"a": 1, "b": "```\\n{\\"a\\": 2}"}\n```', {a: 1, b: '```\n{"a": 2}'}],
  ])('%s', (_, text, data) => {
    expect(readStructured(text, check)).toMatchObject({ok: true, data})
  })
})

describe('replies that do not', () => {
  test.each([
    ['empty', '', 'empty'],
    ['prose', 'I would rather not.', 'not JSON'],
    ['wrong type', '{"a": "x"}', 'a: Invalid input'],
    ['missing key', '{}', 'a: Invalid input'],
    ['extra key', '{"a": 1, "c": 2}', 'c'],
    ['a list', '[{"a": 1}]', 'the answer'],
    ['cut off', '{"a": 1, "b": "x', 'not JSON'],
    ['cut off in a fence', '```json\n{"a": 1', 'not JSON'],
    ['two different answers', '{"a": 1} or {"a": 2}', '2 different'],
    [
      'a small broken piece of much prose',
      'I could not do it, since there was nothing to be found: {"a": 1,}',
      'not JSON',
    ],
  ])('%s', (_, text, why) => {
    const read = readStructured(text, check)
    expect(read.ok).toBe(false)
    expect(read.ok ? '' : read.errors.join('\n')).toContain(why)
  })
})

describe('JSON without a schema', () => {
  test.each([
    ['{"x": 1}', true],
    ['```json\n{"x": [1, 2, 3]}\n```', true],
    ['as shown in [1], it is hard', false],
    ['it answers {:ok, pid}', false],
    ['"text"', false],
    ['12', false],
  ])('%s', (text, ok) => {
    expect(readStructured(text, null).ok).toBe(ok)
  })
})

test('many errors are told in few lines', () => {
  const read = readStructured(
    JSON.stringify(Array.from({length: 50}, () => 'x')),
    checkOf({type: 'array', items: {type: 'integer'}}),
  )
  expect(read.ok ? [] : read.errors).toHaveLength(21)
})

test('never throws, and finds every JSON object in prose', () => {
  const brackets = fc.string({unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', '\n', '`')})
  fc.assert(
    fc.property(fc.oneof(fc.string(), brackets), (text) => {
      readStructured(text, check)
      readStructured(text, null)
    }),
  )
  fc.assert(
    fc.property(fc.integer(), fc.string(), (a, b) => {
      const json = JSON.stringify({a, b}, null, 2)
      expect(readStructured(`Sure.\n\n${json}\n\nThat is it.`, check)).toMatchObject({ok: true, data: {a, b}})
    }),
  )
})

test('thousands of brackets take no time', () => {
  const start = performance.now()
  readStructured('[{'.repeat(100_000), check)
  readStructured('{}'.repeat(10_000), check)
  expect(performance.now() - start).toBeLessThan(5_000)
})
