import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {
  noCost,
  priceIn,
  purseOf,
  reserve,
  settle,
  timesLeft,
  type Cost,
  type Limits,
} from '../../src/optimize/spending.ts'

const cost = fc.record({
  calls: fc.nat({max: 9}),
  tokens: fc.nat({max: 9000}),
  usd: fc.double({min: 0, max: 2, noNaN: true}),
})
const limit = (max: number) => fc.option(fc.nat({max}), {nil: null})

describe('the purse', () => {
  it('is never passed, in ten thousand sequences of costs, whatever is settled in whatever order', () => {
    fc.assert(
      fc.property(
        fc.record({calls: limit(60), tokens: limit(60_000), usd: limit(15)}),
        fc.array(fc.tuple(cost, fc.double({min: 0, max: 1, noNaN: true}), fc.boolean()), {maxLength: 40}),
        (limits, asked) => {
          let purse = purseOf(limits)
          const open: (readonly [worst: Cost, paid: Cost])[] = []
          const check = (): void => {
            const {spent, reserved} = purse
            for (const key of ['calls', 'tokens', 'usd'] as const) {
              const most = limits[key]
              if (most !== null) expect((spent[key] ?? 0) + (reserved[key] ?? 0)).toBeLessThanOrEqual(most + 1e-6)
            }
          }
          for (const [worst, part, isLate] of asked) {
            const next = reserve(purse, worst)
            if (next !== null) {
              purse = next
              open.push([
                worst,
                {calls: Math.floor(worst.calls * part), tokens: Math.floor(worst.tokens * part), usd: worst.usd * part},
              ])
            }
            check()
            const first = isLate ? undefined : open.shift()
            if (first !== undefined) purse = settle(purse, ...first)
            check()
          }
        },
      ),
      {numRuns: 10_000},
    )
  }, 60_000)
  it('says how often something is affordable, and it is', () => {
    fc.assert(
      fc.property(fc.nat({max: 100}), fc.integer({min: 1, max: 7}), (calls, each) => {
        const worst = {...noCost, calls: each}
        let purse = purseOf({calls, tokens: null, usd: null})
        const times = timesLeft(purse, worst)
        for (let time = 0; time < times; time++) purse = reserve(purse, worst) ?? purse
        expect(purse.reserved.calls).toBe(times * each)
        expect(reserve(purse, worst)).toBeNull()
      }),
    )
  })
  it('without a limit lasts for ever', () => {
    expect(timesLeft(purseOf({calls: null, tokens: null, usd: null}), {calls: 1, tokens: 1, usd: 1})).toBe(Infinity)
  })
})

test.each<readonly [string, Limits, Cost, Cost, number]>([
  ['no limit', {calls: null, tokens: null, usd: null}, {calls: 1, tokens: 9, usd: 1}, {calls: 1, tokens: 9, usd: 1}, 0],
  ['calls', {calls: 9, tokens: null, usd: null}, {calls: 1, tokens: 0, usd: 0}, {calls: 4, tokens: 0, usd: 0}, 0.25],
  [
    'the dearest of both',
    {calls: 9, tokens: null, usd: 9},
    {calls: 1, tokens: 0, usd: 3},
    {calls: 4, tokens: 0, usd: 6},
    0.5,
  ],
  [
    'nobody knows',
    {calls: null, tokens: 9, usd: 9},
    {calls: 1, tokens: 0, usd: null},
    {calls: 4, tokens: 0, usd: null},
    0,
  ],
])('the price of one in the other: %s', (_, limits, one, other, price) =>
  expect(priceIn(limits, one, other)).toBe(price),
)
