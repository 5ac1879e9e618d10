import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {anchor} from '../../src/score/anchor.ts'
import type {GoldStandard} from '../../src/score/gold.ts'
import {goldAsPlan, scorePlan} from '../../src/score/score.ts'
import type {Code} from '../../src/score/scorecard.ts'
import {cases, knownCase} from './golds.ts'

const {gold, code} = knownCase

/** `code` with one file changed, moved (`to`) or taken away (no lines). */
const edited = (path: string, change: (lines: readonly string[]) => readonly string[] | null, to = path): Code => {
  const paths = code.paths.flatMap((each) =>
    each !== path ? [each] : change(code.lines(path) ?? []) === null ? [] : [to],
  )
  return {
    paths,
    lines: (each) => (each === to ? change(code.lines(path) ?? []) : each === path ? null : code.lines(each)),
  }
}
const placeOf = ({findings}: GoldStandard, id: string): object | undefined =>
  findings.find((finding) => finding.id === id)?.locations[0]
const gone = (now: Code): readonly string[] => anchor(gold, now).gone.map(({id}) => id)

describe('anchor', () => {
  test.each(cases.map((given) => [given.gold.name, given] as const))(
    'the code as it was changes nothing: %s',
    (_, given) => {
      expect(anchor(given.gold, given.code)).toEqual({gold: given.gold, gone: [], share: 1})
    },
  )

  test.each([
    ['forty lines above', (lines: readonly string[]) => [...Array.from({length: 40}, () => ''), ...lines], 40],
    ['ten lines less above', (lines: readonly string[]) => lines.slice(10), -10],
    ['two lines above: within the tolerance', (lines: readonly string[]) => ['', '', ...lines], 0],
  ])('%s', (_, change, by) => {
    const {gold: now} = anchor(gold, edited('src/report.ts', change))
    expect(placeOf(now, 'K2')).toMatchObject({start_line: 31 + by, end_line: 31 + by})
    expect(placeOf(now, 'K1')).toEqual(placeOf(gold, 'K1'))
  })

  test('of two such lines the nearer one is meant', () => {
    const quote = '  cache.set(user, rows)'
    const now = anchor(
      gold,
      edited('src/report.ts', (lines) => [quote, ...Array.from({length: 9}, () => ''), ...lines]),
    )
    expect(placeOf(now.gold, 'K4')).toMatchObject({start_line: 72})
  })

  test('a file that moved is found by its name and the quote', () => {
    const now = anchor(
      gold,
      edited('src/clock.ts', (lines) => lines, 'src/time/clock.ts'),
    )
    expect(now.gone).toEqual([])
    expect(placeOf(now.gold, 'K6')).toMatchObject({file: 'src/time/clock.ts', start_line: 12})
  })

  test.each([
    [
      'the line was repaired',
      edited('src/mail.ts', (lines) => lines.map((line) => line.replace('users.forEach', 'for (const user of users)'))),
      ['K3'],
    ],
    ['the file is gone', edited('src/clock.ts', () => null), ['K6']],
    ['nothing', code, []],
  ])('%s', (_, now, wanted) => {
    expect(gone(now)).toEqual(wanted)
  })

  test('what is gone leaves the denominator, and the changes', () => {
    const now = edited('src/clock.ts', () => null)
    const anchored = anchor(
      {...gold, changes: gold.changes.map((change) => (change.id === 'C4' ? {...change, resolves: ['K6']} : change))},
      now,
    )
    expect(anchored.gone).toEqual([
      {id: 'K6', title: 'Durations jump with the clock of the system', why: 'there is no file src/clock.ts any more'},
    ])
    expect(anchored.gold.changes.map(({id}) => id)).toEqual(['C1', 'C2', 'C3'])
    expect(scorePlan(goldAsPlan(anchored.gold), anchored.gold, now, null).score).toBe(10)
  })

  test('with less than 60 % of the weight it is stale, and says what is missing', () => {
    const kept = edited('src/cart.ts', () => null)
    expect(anchor(gold, kept)).toMatchObject({gone: [{id: 'K1'}, {id: 'K5'}]})
    const less = edited('src/report.ts', () => null)
    const thrown = (() => {
      try {
        return anchor(gold, less)
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(Failure)
    expect(thrown).toMatchObject({code: 'stale-gold', exit: 2})
    expect(String(thrown)).toMatch(/known[^]*K2, "The table name is concatenated into the statement"[^]*K4/)
  })
})
