/** What is remembered of a pull request, and what it says about the next run. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  decideTogether,
  decodeHistory,
  earlierHeads,
  encodeHistory,
  headsOf,
  markOf,
  maxSamples,
  noHistory,
  openerIn,
  samplesIn,
  statusWords,
  verdictWith,
  withTaken,
  type History,
  type Taken,
} from '../../src/score/history.ts'
import type {Decision, Verdict} from '../../src/score/scorecard.ts'

const key = '0123456789abcdef'
const other = 'fedcba9876543210'
const head = 'a'.repeat(40)
const taken = (score: number | null, decision: Decision = 'fail', more: Partial<Taken> = {}): Taken => ({
  key,
  head,
  score,
  decision,
  ...more,
})
const of = (...all: readonly Taken[]): History => ({taken: all})
const own = (decision: Decision): Verdict => ({decision, reasons: []})
const word = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

describe('a history', () => {
  test('reads back as it was written', () => {
    const history = of(taken(8.5, 'pass'), taken(null, 'error'))
    expect(decodeHistory(encodeHistory(history))).toEqual(history)
  })

  test.each<readonly [string, string]>([
    ['nothing', ''],
    ['no base64 of JSON', 'x'],
    ['half of one', encodeHistory(of(taken(8))).slice(0, 40)],
    ['another schema', word({schema: 2, taken: []})],
    ['a key that we do not write', word({schema: 1, taken: [], trusted: true})],
    ['a score that is none', word({schema: 1, taken: [taken(11)]})],
    ['a score that is text', word({schema: 1, taken: [{...taken(8), score: '10'}]})],
    ['a head that is none', word({schema: 1, taken: [taken(8, 'pass', {head: 'main'})]})],
  ])('is empty for %s', (_, text) => {
    expect(decodeHistory(text)).toEqual(noHistory)
  })

  test('is empty for any text, and never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeHistory(text)).toEqual(noHistory)
      }),
    )
  })

  test('keeps the last thirty, whatever is added', () => {
    let history = noHistory
    for (let at = 0; at < 45; at++) history = withTaken(history, taken(at / 10))
    expect(history.taken).toHaveLength(30)
    expect(history.taken.at(-1)?.score).toBe(4.4)
    expect(encodeHistory({taken: Array.from({length: 99}, () => taken(8))}).length).toBeLessThan(5500)
  })

  test('does not grow by what it knows', () => {
    const history = of(taken(8), taken(7, 'fail', {key: other}))
    expect(withTaken(history, taken(8))).toBe(history)
    expect(withTaken(history, taken(8.1)).taken).toHaveLength(3)
  })

  test('names the heads of the same code, five and no more', () => {
    const heads = Array.from({length: 7}, (_, at) => String(at).repeat(40))
    const history = of(
      ...heads.flatMap((each) => [taken(8, 'pass', {head: each}), taken(4, 'fail', {head: each})]),
      taken(9, 'pass', {key: other, head: 'f'.repeat(40)}),
    )
    expect(headsOf(history, key)).toEqual(heads.slice(2))
    expect(headsOf(history, 'e'.repeat(16))).toEqual([])
  })

  test('tells the last of each earlier head', () => {
    const [first, second] = ['b'.repeat(40), 'c'.repeat(40)]
    const history = of(
      taken(1, 'fail', {head: first}),
      taken(2, 'fail', {head: second}),
      taken(3, 'fail', {head: first}),
      taken(4),
    )
    expect(earlierHeads(history, head).map(({score}) => score)).toEqual([3, 2])
  })
})

const sample = (score: number, decision: Decision): {readonly score: number; readonly decision: Decision} => ({
  score,
  decision,
})

describe('several runs of the same code', () => {
  test.each<readonly [string, readonly ReturnType<typeof sample>[], Decision]>([
    ['one that passed', [sample(8, 'pass')], 'pass'],
    ['one that failed', [sample(7.9, 'fail')], 'fail'],
    ['a mean on the threshold', [sample(7, 'fail'), sample(9, 'pass')], 'pass'],
    ['a mean below it, though more passed', [sample(8, 'pass'), sample(8, 'pass'), sample(2, 'fail')], 'fail'],
    ['a mean above it, though more failed', [sample(10, 'fail'), sample(9, 'fail'), sample(9, 'pass')], 'fail'],
    ['errors are no passes', [sample(9, 'error'), sample(9, 'error'), sample(9, 'pass')], 'fail'],
  ])('%s', (_, samples, decision) => {
    expect(decideTogether(samples, 8)).toMatchObject({decision, reasons: [{code: 'samples'}]})
  })

  test.each<readonly [string, Decision, number | null, readonly ReturnType<typeof sample>[], Decision]>([
    ['nothing is known', 'pass', 9, [], 'pass'],
    ['a good answer after a bad one', 'pass', 8.1, [sample(4, 'fail')], 'fail'],
    ['a bad answer after a good one', 'fail', 4, [sample(8.1, 'pass')], 'fail'],
    ['two good ones', 'pass', 8.1, [sample(8.3, 'pass')], 'pass'],
    ['no score', 'pass', null, [sample(4, 'fail')], 'pass'],
    ['an error stays one', 'error', 9, [sample(9, 'pass')], 'error'],
  ])('a new verdict, held against the earlier ones: %s', (_, decision, score, earlier, expected) => {
    expect(verdictWith(own(decision), score, earlier, 8).decision).toBe(expected)
  })

  test('who asks until one passes does not get through', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({min: 0, max: 7.9, noNaN: true}), {minLength: 1, maxLength: maxSamples}),
        (bad) => {
          const earlier = bad.map((score) => sample(score, 'fail'))
          expect(verdictWith(own('pass'), 8.05, earlier, 8).decision).toBe('fail')
        },
      ),
    )
  })
})

describe('a status remembers what nobody can edit', () => {
  const said = (score: number, decision: Decision, of = key): string =>
    statusWords(score, decision, 8) + markOf(of, decision)
  test.each<readonly [string, readonly string[], readonly ReturnType<typeof sample>[]]>([
    ['two runs', [said(8.5, 'pass'), said(4, 'fail')], [sample(8.5, 'pass'), sample(4, 'fail')]],
    ['of other code', [said(8.5, 'pass', other)], []],
    ['without a mark', [statusWords(8.5, 'pass', 8)], []],
    ['said once more', [`${statusWords(8.5, 'pass', 8)}, as judged before`], []],
    ['a mark that does not end it', [`${said(8.5, 'pass')} and more`], []],
    ['with its interval', [`8.5 (7.9–8.9) of 10, gate passed (needs 8)${markOf(key, 'pass')}`], [sample(8.5, 'pass')]],
    [
      'a good score of a plan that failed by itself',
      [statusWords(9, 'pass', 8) + markOf(key, 'fail')],
      [sample(9, 'fail')],
    ],
    ['behind who opened the gate', [`opened by bob; ${said(4, 'fail')}`], [sample(4, 'fail')]],
    ['pending, skipped, nothing', ['reading, planning, scoring', 'skipped by bob: it is late', ''], []],
  ])('%s', (_, told, samples) => {
    expect(samplesIn(told, key)).toEqual(samples)
  })

  test.each<readonly [string, readonly string[], string | null]>([
    ['an override', ['4.0 of 10, gate failed (needs 8)', 'overridden by bob: it is late'], 'bob'],
    ['a skip', ['skipped by helper-2: this change needs no plan'], 'helper-2'],
    ['a verdict', [said(4, 'fail')], null],
    ['words of somebody else', ['not judged: overridden by mallory: please'], null],
    ['nothing', [], null],
  ])('who opened the gate: %s', (_, told, opener) => {
    expect(openerIn(told)).toBe(opener)
  })
})
