import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {decideGate, permutationTest, type Pair, type Stratum} from '../../src/optimize/gate.ts'
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

/** Each pair is of a gold standard of its own. */
const apart = (differences: readonly number[]): readonly Stratum[] =>
  differences.map((each) => ({before: [0], after: [each]}))
const ofOne = (before: readonly number[], after: readonly number[]): readonly Stratum[] => [{before, after}]

describe('the permutation test', () => {
  /** Every way to call half of the scores of each new, counted one by one. */
  const enumerated = (strata: readonly Stratum[]): number => {
    let [ways, atLeast] = [0, 0]
    const observed = strata.flatMap(({after}) => after).reduce((sum, each) => sum + each, 0)
    const go = (at: number, sum: number): void => {
      const stratum = strata[at]
      if (stratum === undefined) {
        ways += 1
        if (sum >= observed - 1e-9) atLeast += 1
        return
      }
      const scores = [...stratum.before, ...stratum.after]
      for (let mask = 0; mask < 2 ** scores.length; mask++) {
        const taken = scores.filter((_, bit) => Math.floor(mask / 2 ** bit) % 2 === 1)
        if (taken.length === stratum.after.length)
          go(
            at + 1,
            taken.reduce((all, each) => all + each, sum),
          )
      }
    }
    go(0, 0)
    return atLeast / ways
  }
  const score = fc.integer({min: 0, max: 100}).map((tenths) => tenths / 10)
  const stratum = (most: number): fc.Arbitrary<Stratum> =>
    fc
      .integer({min: 1, max: most})
      .chain((length) =>
        fc.tuple(...Array.from({length: 2}, () => fc.array(score, {minLength: length, maxLength: length}))),
      )
      .map(([before = [], after = []]) => ({before, after}))
  const isFlat = (strata: readonly Stratum[]): boolean =>
    strata.every(({before, after}) => [...before, ...after].every((each) => each === 0))

  it('counts every way where they are few', () => {
    fc.assert(
      fc.property(fc.array(stratum(3), {minLength: 1, maxLength: 3}), (strata) => {
        expect(permutationTest(strata)).toBeCloseTo(isFlat(strata) ? 1 : enumerated(strata), 12)
      }),
      {numRuns: 200},
    )
  })
  it('is the sign-flip test where each gold standard has one pair', () => {
    fc.assert(
      fc.property(
        fc.array(score, {minLength: 1, maxLength: 9}),
        fc.array(score, {minLength: 9, maxLength: 9}),
        (a, b) => {
          const strata = a.map((before, at) => ({before: [before], after: [b[at] ?? 0]}))
          const differences = a.map((before, at) => (b[at] ?? 0) - before)
          const observed = differences.reduce((sum, each) => sum + each, 0)
          const signs = Array.from({length: 2 ** a.length}, (_, mask) =>
            differences.reduce((sum, each, bit) => sum + (Math.floor(mask / 2 ** bit) % 2 === 1 ? -each : each), 0),
          )
          const p = signs.filter((sum) => sum >= observed - 1e-9).length / signs.length
          expect(permutationTest(strata)).toBeCloseTo(isFlat(strata) ? 1 : p, 12)
        },
      ),
    )
  })
  it('is never too small where they are many, and hardly too large', () => {
    const many = fc.tuple(
      stratum(1),
      ...Array.from({length: 2}, () =>
        fc
          .tuple(fc.array(score, {minLength: 5, maxLength: 5}), fc.array(score, {minLength: 5, maxLength: 5}))
          .map(([before, after]): Stratum => ({before, after})),
      ),
    )
    fc.assert(
      fc.property(many, (strata) => {
        fc.pre(!isFlat(strata))
        const [p, exact] = [permutationTest(strata), enumerated(strata)]
        expect(p).toBeGreaterThanOrEqual(exact - 1e-9)
        expect(p - exact).toBeLessThan(0.02)
      }),
      {numRuns: 3},
    )
  }, 60_000)
  test.each<readonly [string, readonly Stratum[], number]>([
    ['four that are better', apart(times(4, 5)), 1 / 16],
    ['five', apart(times(5, 5)), 1 / 32],
    ['six, and one that is not', apart([...times(6, 5), -1]), 2 / 128],
    ['no difference', apart(times(20, 0)), 1],
    ['twenty that are the same', ofOne(times(20, 3), times(20, 3)), 1],
    ['three of one against three', ofOne(times(3, 1), times(3, 9)), 1 / 20],
    ['six of one against six, two of them unreadable', ofOne(times(6, 2), [...times(4, 8), 0, 0]), 28 / 924],
    ['scores below zero', ofOne(times(3, -9), times(3, -1)), 1 / 20],
  ])('%s', (_, strata, p) => expect(permutationTest(strata)).toBeCloseTo(p, 6))
  it('counts twenty pairs of one gold standard', () => {
    // of C(40, 20) ways one
    expect(permutationTest(ofOne(times(20, 1), times(20, 9)))).toBeLessThan(1e-9)
    expect(permutationTest(ofOne(times(20, 1), times(20, 9)))).toBeGreaterThan(0)
  })
  test.each([1, 2, 4, 8])(
    'lets words that are not better pass no more often than it says, on %i gold standards',
    (golds) => {
      let [state, passed] = [1, 0]
      const random = (): number => {
        state = (state * 48271) % 2147483647
        return state / 2147483647
      }
      for (let round = 0; round < 1000; round++) {
        const draw = (): readonly number[] => Array.from({length: 8 / golds}, () => random())
        if (permutationTest(Array.from({length: golds}, () => ({before: draw(), after: draw()}))) <= 0.05) passed += 1
      }
      expect(passed / 1000).toBeLessThan(0.07)
      expect(passed / 1000).toBeGreaterThan(0.03)
    },
    60_000,
  )
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
    [
      'three answers of six that nobody can read',
      pairsOf([...times(3, [2, 8] as const), ...times(3, [2, 0] as const)]),
      6,
      false,
      /may be chance/,
    ],
    ['six pairs of ten', pairsOf(times(6, [2, 8])), 10, true, /better/],
    ['five pairs of ten', pairsOf(times(5, [2, 8])), 10, false, /only 5 of 10/],
    [
      'pairs that nobody could judge',
      pairsOf([...times(6, [2, 8] as const), ...times(5, [null, 8] as const)]),
      11,
      false,
      /only 6 of 11/,
    ],
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
