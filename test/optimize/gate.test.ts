import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {decideGate, signFlip, type Pair} from '../../src/optimize/gate.ts'
import type {Evaluation} from '../../src/optimize/search.ts'

const evaluationOf = (
  score: number | null,
  credits: Readonly<Record<string, number>> = {},
  must = false,
): Evaluation => ({
  score,
  unreadable: null,
  outcomes: Object.entries(credits).map(([id, credit]) => ({id, credit, lost: null, group: null, must, reason: ''})),
  extras: [],
  shown: {},
  cost: {calls: 1, tokens: 0, usd: null},
})
const pairsOf = (
  scores: readonly (readonly [before: number | null, after: number | null])[],
  cases = 1,
): readonly Pair[] =>
  scores.map(([before, after], at) => ({
    case: `c${at % cases}`,
    before: evaluationOf(before),
    after: evaluationOf(after),
  }))
const times = <T>(count: number, value: T): readonly T[] => Array.from({length: count}, () => value)

describe('the sign-flip test', () => {
  /** Every way to give them signs, counted one by one. */
  const enumerated = (differences: readonly number[]): number => {
    const observed = differences.reduce((sum, each) => sum + each, 0)
    let atLeast = 0
    for (let signs = 0; signs < 2 ** differences.length; signs++) {
      const sum = differences.reduce((all, each, at) => all + (Math.floor(signs / 2 ** at) % 2 === 1 ? -each : each), 0)
      if (sum >= observed - 1e-9) atLeast += 1
    }
    return atLeast / 2 ** differences.length
  }
  const scores = fc.integer({min: -100, max: 100}).map((tenths) => tenths / 10)

  it('is exact up to sixteen', () => {
    fc.assert(
      fc.property(fc.array(scores, {minLength: 1, maxLength: 10}), (differences) => {
        const p = differences.every((each) => each === 0) ? 1 : enumerated(differences)
        expect(signFlip(differences)).toBeCloseTo(p, 12)
      }),
      {numRuns: 300},
    )
  })
  it('is never too small above, and hardly too large', () => {
    fc.assert(
      fc.property(fc.array(scores, {minLength: 17, maxLength: 18}), (differences) => {
        fc.pre(differences.some((each) => each !== 0))
        const [p, exact] = [signFlip(differences), enumerated(differences)]
        expect(p).toBeGreaterThanOrEqual(exact - 1e-12)
        expect(p - exact).toBeLessThan(0.02)
      }),
      {numRuns: 5},
    )
  }, 60_000)
  test.each([
    [times(4, 5), 1 / 16],
    [times(5, 5), 1 / 32],
    [[...times(6, 5), -1], 2 / 128],
    [times(20, 0), 1],
  ])('%j: %d', (differences, p) => expect(signFlip(differences)).toBeCloseTo(p, 6))
  it('lets words that are not better pass no more often than it says', () => {
    let [state, passed] = [1, 0]
    const random = (): number => {
      state = (state * 48271) % 2147483647
      return state / 2147483647
    }
    for (let round = 0; round < 2000; round++)
      if (signFlip(Array.from({length: 10}, () => random() + random() - 1)) <= 0.05) passed += 1
    expect(passed / 2000).toBeLessThan(0.065)
    expect(passed / 2000).toBeGreaterThan(0.03)
  })
})

describe('the gate', () => {
  test.each<readonly [string, readonly Pair[], number, boolean, RegExp]>([
    ['a clear gain', pairsOf(times(7, [2, 8])), 7, true, /^better by 6\.00/],
    [
      'two answers of seven that nobody can read',
      pairsOf([...times(5, [2, 8] as const), ...times(2, [2, 0] as const)]),
      7,
      true,
      /better/,
    ],
    [
      'chance',
      pairsOf([
        [2, 3],
        [3, 2],
        [2, 4],
        [4, 2],
        [3, 3],
        [2, 3],
        [3, 2],
      ]),
      7,
      false,
      /may be chance/,
    ],
    ['a gain that is nothing', pairsOf(times(10, [5, 5.05])), 10, false, /not worth/],
    ['too few pairs', pairsOf(times(6, [2, 8])), 7, false, /only 6 of 7/],
    ['pairs that nobody could judge', pairsOf([...times(6, [2, 8] as const), [null, 8]]), 7, false, /only 6 of 7/],
    [
      'one gold standard that falls',
      pairsOf(
        Array.from({length: 16}, (_, at): readonly [number, number] => (at % 4 === 0 ? [8, 4] : [1, 9])),
        4,
      ),
      16,
      false,
      /c0 is worse/,
    ],
    ['nothing', [], 7, false, /only 0 of 7/],
  ])('%s', (_, pairs, planned, promoted, verdict) => {
    const gate = decideGate(pairs, planned)
    expect(gate.promoted).toBe(promoted)
    expect(gate.verdict).toMatch(verdict)
    if (promoted) expect(gate.pValue ?? 1).toBeLessThanOrEqual(0.05)
  })
  test('findings that must be found, found less often', () => {
    const pairs = times(8, {case: 'c', before: evaluationOf(2, {a: 1}, true), after: evaluationOf(8, {a: 0}, true)})
    expect(decideGate(pairs, 8)).toMatchObject({promoted: false, verdict: expect.stringContaining('must be found')})
  })
  test('findings that nothing was learned from, found less often', () => {
    const credits = (value: number): Readonly<Record<string, number>> =>
      Object.fromEntries(Array.from({length: 30}, (_, at) => [`f${at}`, value]))
    const pairs = times(8, {case: 'c', before: evaluationOf(2, credits(1)), after: evaluationOf(8, credits(0))})
    expect(decideGate(pairs, 8)).toMatchObject({
      promoted: false,
      verdict: expect.stringContaining('nothing was learned'),
    })
  })
  it('claims no more than was measured, and promotes nothing that is worse', () => {
    const score = fc.integer({min: 0, max: 100}).map((tenths) => tenths / 10)
    fc.assert(
      fc.property(fc.array(fc.tuple(score, score), {minLength: 1, maxLength: 14}), (scores) => {
        const gate = decideGate(pairsOf(scores), scores.length)
        const mean = (at: 0 | 1): number => scores.reduce((sum, pair) => sum + pair[at], 0) / scores.length
        if (gate.promoted) {
          expect(mean(1)).toBeGreaterThan(mean(0))
          expect(gate.evolved ?? 11).toBeLessThanOrEqual(mean(1) + 1e-9)
        }
      }),
    )
  })
})
