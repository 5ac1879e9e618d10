import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Finding} from '../../src/scan/finding.ts'
import {isSameFamily} from '../../src/score/family.ts'
import {ground} from '../../src/score/grounding.ts'
import {agreementsOf, catalogueOf, idfOver, likenessesOf, prepare} from '../../src/score/similarity.ts'
import {
  cosine,
  cosinesOf,
  firstWordsOf,
  gramVector,
  idfOf,
  indexOf,
  normalise,
  wordsOf,
  wordVector,
} from '../../src/score/text.ts'
import {codeOf} from './golds.ts'

const code = codeOf({
  'lib/router.ex': Array.from({length: 200}, (_, at) => `  line_number_${at + 1}()`).join('\n'),
  'lib/cart.ex': Array.from({length: 200}, (_, at) => `  cart_line_${at + 1}()`).join('\n'),
})
const gold: Finding = {
  id: 'G',
  title: 'Monitors of handlers are never released',
  category: 'monitor-leak',
  severity: 'critical',
  locations: [{file: 'lib/router.ex', start_line: 50, end_line: 50, evidence: 'line_number_50()'}],
  description: 'Every subscribe call adds a monitor and nothing demonitors it.',
  source: 'model',
}
const idf = idfOver([gold])
const likenessOf = (more: Partial<Finding>, other: Finding = gold, related: readonly string[] = []): number => {
  const one: Finding = {...gold, ...more}
  const candidate = prepare(one, ground(one, code), idf)
  const catalogue = catalogueOf([prepare(other, ground(other, code), idf, related)])
  return likenessesOf(candidate, catalogue, agreementsOf(candidate, catalogue))[0]?.value ?? Number.NaN
}
const at = (file: string, start_line?: number, evidence?: string): Partial<Finding> => ({
  locations: [{file, ...(start_line === undefined ? {} : {start_line}), ...(evidence === undefined ? {} : {evidence})}],
})
const otherWords = {title: 'Totals are rounded twice', description: 'Invoice and ledger disagree about cents.'}

describe('likeness', () => {
  test.each<readonly [string, number, number, number]>([
    ['itself', likenessOf({}), 1, 1],
    ['no line', likenessOf(at('lib/router.ex')), 1, 1],
    ['a synonym for the category', likenessOf({category: 'resource-leak'}), 1, 1],
    [
      'in other words',
      likenessOf({title: 'Subscribing leaks a monitor', description: 'Handlers are monitored again by each call.'}),
      0.8,
      1,
    ],
    ['another category', likenessOf({category: 'naming'}), 0.8, 0.8],
    ['cited thirty lines off', likenessOf(at('lib/router.ex', 80)), 0.9, 0.95],
    ['quoted thirty lines off', likenessOf(at('lib/router.ex', 80, 'line_number_80()')), 0.8, 0.85],
    [
      'quoted off, under another category',
      likenessOf({...at('lib/router.ex', 80, 'line_number_80()'), category: 'naming'}),
      0.5,
      0.54,
    ],
    ['the same quoted line, nothing else', likenessOf({...otherWords, category: 'naming'}), 0.55, 0.55],
    [
      'the same line without a quote, nothing else',
      likenessOf({...at('lib/router.ex', 50), ...otherWords, category: 'naming'}),
      0.45,
      0.5,
    ],
    [
      'the same file, nothing else',
      likenessOf({...at('lib/router.ex', 190), ...otherWords, category: 'naming'}),
      0.25,
      0.4,
    ],
    [
      'a citation of the whole file',
      likenessOf({locations: [{file: 'lib/router.ex', start_line: 101, end_line: 100_000}]}),
      0.8,
      0.9,
    ],
    [
      'a citation of everything up to there',
      likenessOf({locations: [{file: 'lib/router.ex', start_line: 1, end_line: 100_000}]}),
      0.9,
      0.99,
    ],
    ['another file', likenessOf(at('lib/cart.ex', 50)), 0, 0],
    ['a file that does not exist', likenessOf(at('lib/ghost.ex', 50)), 0, 0],
    ['a related file', likenessOf(at('lib/cart.ex', 50), gold, ['lib/cart.ex']), 0.8, 0.9],
    ['no place', likenessOf({locations: []}), 0.72, 0.72],
    ['no place, another category', likenessOf({locations: [], category: 'naming'}), 0, 0],
    ['no place, other words', likenessOf({locations: [], ...otherWords}), 0, 0],
  ])('%s', (_, value, least, most) => {
    expect(value).toBeGreaterThanOrEqual(least - 1e-9)
    expect(value).toBeLessThanOrEqual(most + 1e-9)
  })

  test('two findings about the whole repository in the same words are the same', () => {
    const whole = {...gold, locations: []}
    expect(likenessOf({locations: []}, whole)).toBe(1)
    expect(likenessOf({locations: [], description: 'Monitors leak.', title: 'Handlers'}, whole)).toBeLessThanOrEqual(
      0.72,
    )
  })

  test('a file that the gold standard wants to be made is compared by name', () => {
    const wanted = {...gold, locations: [{file: 'lib/new.ex'}]}
    expect(likenessOf({locations: [{file: './lib/new.ex'}]}, wanted)).toBe(1)
    expect(likenessOf({locations: [{file: 'lib/newer.ex'}]}, wanted)).toBe(0)
  })

  test('is between 0 and 1 whatever is written', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), fc.string(), fc.nat(400), (title, description, line) => {
        const value = likenessOf({title, description, ...at('lib/router.ex', line + 1)})
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('words', () => {
  test('a word that nobody else uses weighs as much as one that a single text uses', () => {
    const weights = idfOf([
      ['monitor', 'leak'],
      ['queue', 'leak'],
    ])
    const alike = (words: readonly string[]): number =>
      cosine(wordVector(['monitor'], weights), wordVector(['monitor', ...words], weights))
    expect(alike(['zebra'])).toBeCloseTo(Math.SQRT1_2)
    expect(alike(['zebra'])).toBeCloseTo(alike(['queue']))
    expect(alike(['zebra'])).toBeLessThan(alike(['leak']))
  })
  test.each([
    ['Monitored monitors monitoring', ['monitor', 'monitor', 'monitor']],
    ['handleInfo handle_info', ['handle', 'info', 'handle', 'info']],
    ['the of and', []],
    ['ｍｏｎｉｔｏｒ\u200bs', ['monitor']],
  ])('%s', (text, wanted) => {
    expect(wordsOf(text)).toEqual(wanted)
  })
  test('what cannot be seen is not there', () => {
    expect(normalise('a\u202eb\u200bc\ufeffd\u{e0041}')).toBe('abcd')
  })
  test('cosine', () => {
    expect(cosine(gramVector('abcdef'), gramVector('abcdef'))).toBeCloseTo(1)
    expect(cosine(gramVector('abcdef'), gramVector('uvwxyz'))).toBe(0)
    expect(cosine(gramVector(''), gramVector(''))).toBeGreaterThanOrEqual(0)
  })
  test('many cosines at once are what they are one by one', () => {
    const words = fc.array(fc.constantFrom('leak', 'queue', 'monitor', 'race', 'cart', ''), {maxLength: 8})
    fc.assert(
      fc.property(words, fc.array(words, {maxLength: 6}), (one, others) => {
        const idf = idfOf(others)
        const [vector, ...vectors] = [one, ...others].map((each) => wordVector(each, idf))
        const grams = others.map((each) => gramVector(each.join(' ')))
        const gram = gramVector(one.join(' '))
        expect([...cosinesOf(gram, indexOf(grams))]).toEqual(grams.map((each) => cosine(gram, each)))
        if (vector !== undefined)
          expect([...cosinesOf(vector, indexOf(vectors))]).toEqual(vectors.map((each) => cosine(vector, each)))
      }),
    )
  })
  test.each([1, 2, 12])('the first %i words are those of the whole text', (count) => {
    const text = fc.array(fc.oneof(fc.string({unit: 'binary'}), fc.constantFrom('leak', 'the', ' ', 'aB')), {
      size: 'large',
    })
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.join(' ')
        expect(firstWordsOf(whole, count)).toEqual(wordsOf(whole).slice(0, count))
      }),
    )
  })
  test.each(['ﬁle', 'a\u200bb', 'naïve', 'plain', '\ttabs\r\n', '\u0000', 'ｆ'])('%j has one normal form', (text) => {
    expect(normalise(text)).toBe(text.normalize('NFKC').replaceAll('\u200b', ''))
    expect(normalise(normalise(text))).toBe(normalise(text))
  })
})

test.each([
  ['swallowed-error', 'broad-rescue', true],
  ['monitor-leak', 'unbounded-state', true],
  ['ets-check-then-act', 'race-condition', true],
  ['god-module', 'complexity', true],
  ['unsupervised-spawn', 'supervisor-child-drift', true],
  ['sql-injection', 'broad-rescue', false],
  ['made-up', 'made-up', true],
  ['made-up', 'also-made-up', false],
])('%s and %s', (a, b, same) => {
  expect(isSameFamily(a, b)).toBe(same)
  expect(isSameFamily(b, a)).toBe(same)
})
