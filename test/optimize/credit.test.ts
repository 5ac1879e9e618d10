import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {chanceOfHelp, chanceOfMore, chanceOfRate, effectOf, logGamma, type Tally} from '../../src/optimize/credit.ts'
import {randomOf, shuffled} from '../../src/optimize/randomness.ts'
import {digestOf} from '../../src/adapters/models.ts'

const better = (rate: number): number => rate + 0.1
const count = fc.record({good: fc.nat({max: 30}), bad: fc.nat({max: 30})})

describe('the chance that a rule helps', () => {
  test.each([
    [{good: 1, bad: 9}, {good: 9, bad: 1}, 0.9, 1],
    [{good: 1, bad: 9}, {good: 1, bad: 9}, 0, 0.4],
    [{good: 9, bad: 1}, {good: 1, bad: 9}, 0, 0.05],
    [{good: 0, bad: 0}, {good: 0, bad: 0}, 0.45, 0.55],
  ])('without %j, with %j', (without, withIt, low, high) => {
    const chance = chanceOfHelp(without, withIt, 0.5, better)
    expect(chance).toBeGreaterThanOrEqual(low)
    expect(chance).toBeLessThanOrEqual(high)
  })
  it('lies between 0 and 1, and one more hit never lowers it', () => {
    fc.assert(
      fc.property(count, count, (without, withIt) => {
        const [chance, more] = [withIt, {...withIt, good: withIt.good + 1}].map((each) =>
          chanceOfHelp(without, each, 0.5, better),
        )
        expect(chance).toBeGreaterThanOrEqual(0)
        expect(more).toBeLessThanOrEqual(1)
        expect((more ?? 0) + 1e-9).toBeGreaterThanOrEqual(chance ?? 1)
      }),
      {numRuns: 200},
    )
  })
})

test.each([
  [{events: 2, runs: 5}, {events: 9, runs: 5}, 2, 0.6, 1],
  [{events: 2, runs: 5}, {events: 2, runs: 5}, 2, 0, 0.35],
  [{events: 10, runs: 10}, {events: 1, runs: 8}, 0.45, 0.6, 1],
])('the chance of another rate: %j, %j, × %d', (without, withIt, factor, low, high) => {
  const chance = chanceOfRate(without, withIt, factor, 0.3)
  expect(chance).toBeGreaterThanOrEqual(low)
  expect(chance).toBeLessThanOrEqual(high)
})

test.each<readonly [string, Tally, Tally, number, number]>([
  ['many where there were none', {events: 0, runs: 2}, {events: 16, runs: 2}, 0.6, 1],
  ['as many as before', {events: 4, runs: 4}, {events: 4, runs: 4}, 0, 0.3],
  ['one where there was none', {events: 0, runs: 2}, {events: 1, runs: 2}, 0, 0.5],
  ['three times as many', {events: 10, runs: 10}, {events: 30, runs: 10}, 0.6, 1],
])('the chance of at least twice as many: %s', (_, without, withIt, low, high) => {
  const chance = chanceOfMore(without, withIt, 2, 0.3)
  expect(chance).toBeGreaterThanOrEqual(low)
  expect(chance).toBeLessThanOrEqual(high)
})

test.each([
  [1, 0],
  [2, 0],
  [5, Math.log(24)],
  [0.5, Math.log(Math.sqrt(Math.PI))],
])('logGamma(%d)', (x, value) => expect(logGamma(x)).toBeCloseTo(value, 9))

it('an effect lies inside its interval', () => {
  fc.assert(
    fc.property(count, count, (without, withIt) => {
      const {effect, interval} = effectOf(without, withIt)
      expect(effect).toBeGreaterThanOrEqual(interval[0])
      expect(effect).toBeLessThanOrEqual(interval[1])
    }),
  )
})

describe('chance without a memory', () => {
  const draw = (...name: readonly [number, string, number?, number?]): readonly number[] => {
    const random = randomOf(digestOf, ...name)
    return Array.from({length: 1000}, () => random())
  }
  it('is the same for the same name and another for another', () => {
    expect(draw(1, 'a', 2, 3)).toEqual(draw(1, 'a', 2, 3))
    for (const other of [draw(2, 'a', 2, 3), draw(1, 'b', 2, 3), draw(1, 'a', 3, 3), draw(1, 'a', 2, 4)])
      expect(other).not.toEqual(draw(1, 'a', 2, 3))
  })
  it('is even', () => {
    const all = draw(7, 'even')
    expect(all.every((each) => each >= 0 && each < 1)).toBe(true)
    expect(Math.abs(all.reduce((sum, each) => sum + each, 0) / 1000 - 0.5)).toBeLessThan(0.04)
  })
  it('shuffles without losing anything', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        expect(shuffled(items, randomOf(digestOf, 0, 'x')).toSorted((a, b) => a - b)).toEqual(
          items.toSorted((a, b) => a - b),
        )
      }),
    )
  })
})
