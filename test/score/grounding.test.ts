import {describe, expect, test} from 'vitest'
import type {Location} from '../../src/scan/finding.ts'
import {findQuote, ground, pathsOf} from '../../src/score/grounding.ts'
import {codeOf} from './golds.ts'

const lines = [
  'defmodule Shop.Router do',
  '  def subscribe(pid) do',
  '    ref = Process.monitor(pid)',
  '    {:ok, ref}',
  '  end',
  ...Array.from({length: 60}, (_, at) => `  # part ${at}`),
  '  ref = Process.monitor(other)',
  'end',
]
const code = codeOf({'lib/shop/router.ex': lines.join('\n'), 'lib/a/index.ex': 'one', 'lib/b/index.ex': 'two_is_here'})
const valueOf = (more: Partial<Location>): number | null =>
  ground({locations: [{file: 'lib/shop/router.ex', ...more}]}, code).value
const quote = 'ref = Process.monitor(pid)'

describe('ground', () => {
  test.each<readonly [string, Partial<Location>, number]>([
    ['all right', {start_line: 3, evidence: quote}, 1],
    ['a quote without a line', {evidence: quote}, 1],
    ['the line is in the range', {start_line: 1, end_line: 5, evidence: quote}, 1],
    ['the path leaves the first folder out', {file: 'shop/router.ex', start_line: 3, evidence: quote}, 0.98],
    ['a leading ./ and back slashes', {file: String.raw`.\lib\shop\router.ex`, start_line: 3, evidence: quote}, 1],
    ['the line is ten off', {start_line: 13, evidence: quote}, 0.965],
    ['the line is far off', {start_line: 60, evidence: quote}, 0.825],
    ['a line and no quote', {start_line: 3}, 0.846],
    ['a line after the end and no quote', {start_line: 9000}, 0.615],
    ['neither line nor quote', {}, 0.5],
    ['an invented quote', {start_line: 3, evidence: 'Process.link(somebody_else)'}, 0.4],
    ['an invented quote of ordinary lines', {start_line: 3, evidence: 'do\nend'}, 0.4],
    ['a quote of a comment only', {evidence: '# part 3'}, 0.4],
    ['an empty quote is none', {evidence: ' '}, 0.5],
    ['no such file', {file: 'lib/shop/ghost.ex', start_line: 3, evidence: quote}, 0],
    ['out of the repository', {file: '../lib/shop/router.ex', evidence: quote}, 0],
    ['absolute', {file: '/lib/shop/router.ex', evidence: quote}, 0],
    ['two files of that name, the quote tells which', {file: 'index.ex', evidence: 'two_is_here'}, 0.787],
  ])('%s', (_, more, wanted) => {
    expect(valueOf(more)).toBeCloseTo(wanted, 2)
  })

  test('a finding without a place has no grounding, several places have the mean', () => {
    expect(ground({locations: []}, code)).toEqual({value: null, places: []})
    const two = [{file: 'lib/shop/router.ex', evidence: quote}, {file: 'nowhere.ex'}]
    expect(ground({locations: two}, code).value).toBeCloseTo(0.5)
  })

  test('says why', () => {
    const [place] = ground({locations: [{file: 'index.ex', evidence: 'two_is_here'}]}, code).places
    expect(place).toMatchObject({path: 'lib/b/index.ex', anchor: 1, why: 'the quote stands in lib/b/index.ex, line 1'})
  })
})

describe('findQuote', () => {
  const found = (text: string, cited: number | null = null): readonly [number, number] => {
    const {line, share} = findQuote(text, lines, cited)
    return [line, Number(share.toFixed(2))]
  }
  test.each<readonly [string, string, number | null, readonly [number, number]]>([
    ['verbatim', `  def subscribe(pid) do\n    ${quote}`, null, [2, 1]],
    ['other indentation, an annotation', `def  subscribe(pid) do\n${quote}   # never released`, null, [2, 1]],
    ['a part of a line', 'Process.monitor(pid)', null, [3, 1]],
    ['a left out line', 'def subscribe(pid) do\n{:ok, ref}', null, [2, 1]],
    ['a line too far below', `def subscribe(pid) do\n# Part\nref = Process.monitor(other)`, null, [2, 0.5]],
    ['half invented', `${quote}\nProcess.demonitor(gone)`, null, [3, 0.5]],
    ['lines in the wrong order', '{:ok, ref}\ndef subscribe(pid) do', null, [2, 0.5]],
    ['the nearer of two', 'ref = Process.monitor(', 60, [66, 1]],
    ['the first of two', 'ref = Process.monitor(', null, [3, 1]],
    ['invisible characters and full-width letters', '\u200bref = Process.ｍonitor(pid)', null, [3, 1]],
    ['too short to be a part', 'ref', null, [1, 0]],
    ['nothing', '', null, [1, 0]],
  ])('%s', (_, text, cited, wanted) => {
    expect(found(text, cited)).toEqual(wanted)
  })
})

test.each([
  ['lib/a/index.ex', 1, 1],
  ['a/index.ex', 1, 0.95],
  ['index.ex', 2, 0.6],
  ['ex', 0, 0.6],
  ['', 0, 0],
  ['lib/../lib/a/index.ex', 0, 0],
])('the path %s', (file, count, value) => {
  const found = pathsOf(file, code.paths)
  expect(found.paths).toHaveLength(count)
  expect(found.value).toBe(value)
})
