import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {estimateTokens} from '../../src/pack/tokens.ts'

describe('against what an exact o200k encoder counts', () => {
  test.each([
    [
      'defmodule Shop.Router do\n  use GenServer\n\n  def handle_call(:state, _from, state), do: {:reply, state, state}\nend\n',
      34,
    ],
    [
      'import {readFileSync} from "node:fs"\n\nexport const textOf = (path: string): string => readFileSync(path, "utf8")\n',
      33,
    ],
    [
      'def total(items):\n    """Sum of all prices."""\n    return sum(item.price * item.count for item in items)\n',
      24,
    ],
    ['The quick brown fox jumps over the lazy dog. It does so every day, and nobody has asked why.\n', 22],
    ['| name | value |\n|------|-------|\n| one  | 1     |\n| two  | 2     |\n', 26],
    ['{"id": 12345678, "ok": true, "items": [1, 2, 3], "name": null}\n', 30],
  ])('%j: %i', (text, exact) => {
    expect(Math.abs(estimateTokens(text) / exact - 1)).toBeLessThan(0.2)
  })
})

test('nothing costs nothing, something costs something', () => {
  expect(estimateTokens('')).toBe(0)
  fc.assert(fc.property(fc.string({minLength: 1, unit: 'binary'}), (text) => estimateTokens(text) >= 1))
})

test('two texts together cost no more than apart, but for what meets at the seam', () => {
  fc.assert(
    fc.property(fc.string({unit: 'grapheme'}), fc.string({unit: 'grapheme'}), (a, b) => {
      expect(estimateTokens(`${a}\n<${b}`)).toBeLessThanOrEqual(estimateTokens(`${a}\n`) + estimateTokens(`<${b}`) + 2)
    }),
  )
})

test.each([
  ['one letter', 'a'],
  ['spaces', ' '],
  ['line breaks', '\n'],
  ['mixed white space', ' \n'],
  ['signs', '-'],
  ['carriage returns', '\r'],
  ['digits', '7'],
  ['a lone surrogate', '\ud800'],
  ['capitals', 'Q'],
  ['accents', 'é'],
])('linear on a megabyte of %s', (_, unit) => {
  const time = (length: number): number => {
    const text = unit.repeat(length / unit.length)
    const start = performance.now()
    estimateTokens(text)
    return performance.now() - start
  }
  time(1e5)
  expect(time(4e6)).toBeLessThan(2000)
})
