/** What a reply may do to the reader, whatever it is; the shapes of replies are rows of `replies.ts`. */
import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {objectsIn, parseReply, type Reply} from '../../src/score/reply.ts'
import {answer, ids, item, no, nonce} from './replies.ts'

const parse = (text: string): Reply => parseReply(text, nonce, ids)

describe('the limits of what is read', () => {
  it('a nonce that could be a word is none', () => {
    expect(parseReply('{"nonce":"yes","items":[]}', 'yes', ids).status).toBe('abstain')
    expect(parseReply('{"nonce":"","items":[]}', '', ids).status).toBe('abstain')
  })
  it('a hundred thousand open braces are given up soon', () => {
    const start = performance.now()
    parse(`${nonce}${'{'.repeat(190_000)}`)
    parse(`${nonce}${'{"a":['.repeat(30_000)}`)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('objectsIn', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['{}', ['{}']],
    ['a {b} c {d}', ['{b}', '{d}']],
    ['{"a": "}"}', ['{"a": "}"}']],
    [String.raw`{"a": "\"}"}`, [String.raw`{"a": "\"}"}`]],
    ['{ {x}', ['{x}']],
    ['{[}] {y}', ['{y}']],
    ['}{', []],
  ]
  it.each(rows)('%s', (text, expected) => expect(objectsIn(text)).toEqual(expected))
})

const words = fc.constantFrom(
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  "'",
  '\\',
  '“',
  nonce,
  '"nonce"',
  '"items"',
  '"id"',
  '"m1"',
  '"verdict"',
  '"yes"',
  '"quote"',
  '"handler_pid"',
  'null',
  '\n',
  '```',
  '\u200b',
  'x',
)
const soup = fc.oneof(
  fc.string(),
  fc.string({unit: 'binary'}),
  fc.array(words, {maxLength: 60}).map((all) => all.join('')),
)

describe('for any text', () => {
  it('it never throws, and is never valid without the nonce', () => {
    fc.assert(
      fc.property(soup, (text) => {
        expect(parse(text).status === 'valid' && !text.includes(nonce)).toBe(false)
      }),
      {numRuns: 2000},
    )
  })
  it('whatever stands around an answer, no other verdict comes of it', () => {
    fc.assert(
      fc.property(soup, soup, (before, after) => {
        const reply = parse(`${before.replaceAll(nonce, '')}${no}${after.replaceAll(nonce, '')}`)
        expect(reply.status === 'valid' && reply.items.some(({verdict}) => verdict === 'yes')).toBe(false)
      }),
      {numRuns: 1000},
    )
  })
  it('whatever is quoted, no other verdict comes of it', () => {
    fc.assert(
      fc.property(soup, fc.constantFrom('yes' as const, 'no' as const), (quote, verdict) => {
        const reply = parse(answer(item(verdict, quote)))
        expect(reply.status).toBe('valid')
        if (reply.status === 'valid') for (const each of reply.items) expect(each.verdict).toBe(verdict)
      }),
      {numRuns: 1000},
    )
  })
})
