import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {callsIn, pathsIn, readExpression} from '../../src/pipeline/expression.ts'
import {fill, mistakesIn, placeholdersIn, render} from '../../src/pipeline/template.ts'

const fragments = [
  '{{',
  '}}',
  "'",
  '"',
  '(',
  ')',
  '[',
  ']',
  'a',
  '-',
  '.',
  ' ',
  '|',
  ':',
  '?',
  ',',
  '1',
  'any(',
  'not ',
  '\\',
  '\n',
  '\ud800',
  '\0',
  '__proto__',
  '😀',
  '1e999',
  '$',
]
const noise = fc.string({unit: fc.oneof(fc.constantFrom(...fragments), fc.string({maxLength: 2})), maxLength: 60})

describe('any text', () => {
  test('is an expression or says why not', () => {
    fc.assert(
      fc.property(noise, (text) => {
        const read = readExpression(text)
        if (!read.ok) expect(read.message).not.toBe('')
      }),
      {numRuns: 2_000},
    )
  })
  test('is filled with its own placeholders again, and never read twice', () => {
    fc.assert(
      fc.property(noise, noise, (text, value) => {
        expect(fill(text, ({raw}) => raw)).toBe(text)
        expect(mistakesIn(text, () => true)).toBeDefined()
        expect(fill('<{{a}}|{{b}}>', () => value)).toBe(`<${value}|${value}>`)
      }),
      {numRuns: 2_000},
    )
  })
  // measured: 60 ms for the slowest of 64 KB
  test.each([...fragments, '{{a}}', '{{}}', "{{'", '-a', 'a.', 'a|', 'f(', 'a?b:', '+1', 'a between ', '{{ a | b }} '])(
    '%j × 64 KB',
    (piece) => {
      const long = piece.repeat(Math.ceil(65_536 / piece.length))
      for (const text of [long, `'${long}'`, `"${long}`, `a${long}`, `{{${long}}}`]) {
        const start = performance.now()
        readExpression(text)
        placeholdersIn(text)
        mistakesIn(text, () => true)
        expect(performance.now() - start).toBeLessThan(2_000)
      }
    },
  )
})

describe('no expression', () => {
  test.each([
    ['', 'it ends where a value is expected', 0],
    ['a b', '`b` is not expected here', 2],
    ['a +', 'it ends where a value is expected', 3],
    ['(a', 'it ends where `)` is expected', 2],
    ['a ? b', 'it ends where `:` is expected', 5],
    ['a.', 'it ends where a name is expected', 2],
    ['a = b', '"=" is not understood', 2],
    ['a 😀', '"😀" is not understood', 2],
    ["'open", `"'" is not understood`, 0],
    ['1e999', '`1e999` stands where a smaller number is expected', 0],
    ['and', '`and` stands where a value is expected', 0],
    ['a between 1', 'it ends where `and` is expected', 11],
    ['a | 1', '`1` stands where the name of a function is expected', 4],
    ["any(a, 'b >')", 'the condition of `any`: it ends where a value is expected', 0],
    [`${'('.repeat(70)}a`, '`(` stands where less nesting is expected', 60],
    [`1${' + 1'.repeat(2_000)}`, 'it is too long', 8_001],
  ])('%#: %s', (text, message, at) => {
    expect(readExpression(text)).toEqual({ok: false, message, at})
  })
})

describe('names', () => {
  test.each([
    ['steps.a.b[0].c', [['steps', 'a', 'b', '0', 'c']], []],
    ['a[b].c', [['a'], ['b']], []],
    ["any(a, 'max(b) > 1')", [['a']], ['any', 'max']],
    ["'{{a.b}}' == c", [['a', 'b'], ['c']], []],
    ['x-y', [['x-y']], []],
    ['x-max(1, 2)', [['x']], ['max']],
    ['a | f: b', [['a'], ['b']], ['f']],
  ])('%s', (text, paths, calls) => {
    const read = readExpression(text)
    expect(read.ok && [pathsIn(read.tree), callsIn(read.tree)]).toEqual([paths, calls])
  })
})

describe('placeholders', () => {
  test.each([
    ['{{a}} {{ b.c }} {{1-2}} {{1 + 2}} {{a ? 1 : 2}}', ['a', 'b.c', '1-2', '1 + 2', 'a ? 1 : 2']],
    ['{{"a": 1}} {{5}} {{ "x" }} {{}} {{a b}} ${{ github.sha }} {{#each x}} {{:ok, 1}}', []],
    ['{{previous_response:s:a.b}}', ['steps.s.a.b']],
    ["{{ a | default: '}}' }}", ["a | default: '}}'"]],
  ])('%s', (text, inner) => {
    expect(placeholdersIn(text).map((each) => each.inner)).toEqual(inner)
  })
  test('a call that cannot be read is a mistake', () => {
    expect(mistakesIn("{{any(a, 'b >')}} {{foo(}} {{default(a,}}", () => false).map(({raw}) => raw)).toEqual([
      "{{any(a, 'b >')}}",
      '{{default(a,}}',
    ])
  })
  test('a value that has no JSON is told', () => {
    expect(() => render(JSON.parse('['.repeat(30_000) + ']'.repeat(30_000)))).toThrow('cannot be written')
  })
})
