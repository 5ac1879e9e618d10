import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {jsonText, plain, plainLine} from '../src/trust.ts'

/** How the runner reads a line of output: `ActionCommand.TryParseV2` and `TryParse`. */
const isCommand = (line: string): boolean => line.trimStart().startsWith('::') || line.includes('##[')

describe('plain text', () => {
  test.each([
    ['stays as it is', 'a\n\tb  ::c\n', 'a\n\tb  ::c\n'],
    ['command', '::error::x', ': :error::x'],
    ['command after space', '  \u00a0::add-mask::x', '  \u00a0: :add-mask::x'],
    ['command after a line', 'a\r\n::stop-commands::x', 'a\n: :stop-commands::x'],
    ['command after a bare return', 'a\r::debug::x', 'a\n: :debug::x'],
    ['command behind nothing', '\u200b:\u200b:error::x', ': :error::x'],
    ['command behind a colour', '\u001b[31m::error::x\u001b[0m', ': :error::x'],
    ['old command inside a line', 'a ##[group]b ##\u200b[x', 'a ## [group]b ## [x'],
    ['colours', '\u001b[1;31mred\u001b[0m \u009b32mgreen', 'red green'],
    ['titles and links', '\u001b]0;title\u0007a\u001b]8;;https://x\u001b\\b', 'ab'],
    ['the cursor', 'a\u001b[2J\u001b[Hb\u001bcc', 'abc'],
    ['control', 'a\u0000b\u0008c\u007fd', 'abcd'],
    ['bidi and zero width', 'a\u202eb\u2066c\u200dd\ufeffe', 'abcde'],
    ['tags and fillers', 'a\u{e0041}\u3164\u{e0101}b', 'ab'],
    ['half a character', 'a\ud83d!', 'a\ufffd!'],
    ['other line ends', 'a\u2028b\u0085c', 'a\nb\nc'],
  ])('%s', (_, value, expected) => {
    expect(plain(value)).toBe(expected)
  })
  test.each([
    ['  a\n b\t c ', 'a b c'],
    ['\n::error::x', ': :error::x'],
    ['a\n::error::x', 'a : :error::x'],
    ['##\n[group]', '## [group]'],
  ])('%j on one line', (value, expected) => {
    expect(plainLine(value)).toBe(expected)
  })
  test('is cut, and not inside a character', () => {
    expect(plain('abcdef', 4)).toBe('abc…')
    expect(plain('ab😀def', 4)).toBe('ab…')
    expect(plainLine('x'.repeat(200), 140)).toHaveLength(140)
  })
})

const pieces = fc.constantFrom(
  '::',
  ':',
  '##[',
  '##',
  '[',
  ' ',
  '\t',
  '\r',
  '\n',
  '\u2028',
  '\u0085',
  '\u200b',
  '\u001b',
  '\u001b[',
  '\u009b',
  ']',
  '31m',
  '\u0007',
  'error',
  '\ud83d',
  '\ude00',
  '\u202e',
)
const hostile = fc
  .array(fc.oneof(pieces, fc.string({unit: 'binary', maxLength: 3})), {maxLength: 30})
  .map((all) => all.join(''))

describe('whatever goes in', () => {
  test('no line is a command, nothing is invisible, once is enough', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const safe = plain(value)
        expect(safe.split(/\r\n|[\r\n\u0085\u2028\u2029]/).filter(isCommand)).toEqual([])
        expect(safe).not.toMatch(/[^\n\t\P{Cc}]|\p{Cf}|\p{Cs}/u)
        expect(plain(safe)).toBe(safe)
        const line = plainLine(value, 20)
        expect(isCommand(line)).toBe(false)
        expect(line).not.toMatch(/[\n\t]/)
        expect(line.length).toBeLessThanOrEqual(20)
      }),
      {numRuns: 3000},
    )
  })
  test('a large text takes time in proportion', () => {
    const start = performance.now()
    for (const piece of ['\u001b]', '\u001b[', '\u001b[0', ' ', '\n ', ':', '##', '##[', '\u200b']) {
      plain(piece.repeat(200_000 / piece.length))
      plainLine(piece.repeat(200_000 / piece.length))
    }
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('a JSON document for a terminal', () => {
  test('parses to what it was made of, and holds nothing that a terminal obeys, nobody sees, or a runner looks for', () => {
    const odd = fc.constantFrom(
      '##[error]',
      '\u009b2J',
      '\u202e',
      '\u200b',
      '\u{e0041}',
      '\u2028',
      '\u0007',
      '\\',
      '"',
      '\n',
      '##[',
    )
    const words = fc.array(fc.oneof(odd, fc.string({unit: 'binary'}))).map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        fc.dictionary(words, fc.oneof(words, fc.array(words), fc.integer())),
        fc.constantFrom(0, 2),
        (value, indent) => {
          const out = jsonText(value, indent)
          expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|##\[/u)
          expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(value)))
        },
      ),
    )
  })
})
