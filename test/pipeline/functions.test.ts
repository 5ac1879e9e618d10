import {describe, expect, test} from 'vitest'
import {functions, isTrue, matches, numberOf, sizeOf, textOfValue} from '../../src/pipeline/functions.ts'
import {evaluated} from './values.ts'

describe('functions', () => {
  test.each(Object.entries(functions))(
    '%s tells too few, too many and the wrong ones',
    (name, {takes: [least, most], isQuestion}) => {
      const call = (many: number, value: string) =>
        evaluated(`${name}(${Array.from({length: many}, () => value).join(', ')})`)
      if (least > 0) expect(call(least - 1, '1').missing.join()).toContain('it takes')
      expect(call(most + 1, '1').missing.join()).toContain('it takes')
      for (const value of ['null', "''", '[]', '-1', 'record', "'('"]) {
        const found = call(least, value)
        expect(found.value === null).toBe(found.missing.length > 0 || found.value === null)
        if (isQuestion) expect(typeof found.value).toBe('boolean')
      }
    },
  )
})

test.each([
  ['1', 1],
  [' -2.5e3 ', -2_500],
  ['+.5', 0.5],
  ['5.', 5],
  ['', null],
  ['x', null],
  ['1e999', null],
  ['0x10', null],
  ['1 2', null],
  [true, null],
  [null, null],
  [Infinity, null],
])('number of %j', (value, number) => expect(numberOf(value)).toBe(number))

test.each([
  [null, false],
  [undefined, false],
  [false, false],
  ['', false],
  [' False ', false],
  ['nil', false],
  ['NULL', false],
  [[], false],
  [{}, false],
  [0, true],
  ['0', true],
  ['no', true],
  [[0], true],
  [{a: null}, true],
])('%j is yes: %s', (value, is) => expect(isTrue(value)).toBe(is))

test('what is too deep or too long is told', () => {
  const deep: unknown = JSON.parse('['.repeat(30_000) + ']'.repeat(30_000))
  expect(sizeOf(deep)).toBe(Infinity)
  expect(() => textOfValue(deep)).toThrow('nested too deeply')
  expect(matches('a'.repeat(10_000_000), 'a{10}')).toEqual({why: 'the pattern is too complex for so long a text'})
})
