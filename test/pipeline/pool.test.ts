import * as fc from 'fast-check'
import {expect, test} from 'vitest'
import {pooled} from '../../src/pipeline/pool.ts'

const turns = async (many: number): Promise<void> => {
  for (let turn = 0; turn < many; turn++) await Promise.resolve()
}

test('each item once, in order, and never more at once than allowed', async () => {
  const arbitrary = fc.tuple(fc.array(fc.nat(9), {maxLength: 30}), fc.integer({min: 1, max: 12}))
  await fc.assert(
    fc.asyncProperty(arbitrary, async ([items, atOnce]) => {
      let [flying, most] = [0, 0]
      const begun: number[] = []
      const results = await pooled(items, atOnce, async (item, index) => {
        begun.push(index)
        most = Math.max(most, ++flying)
        await turns(item)
        flying--
        return [item, index]
      })
      expect(results).toEqual(items.map((item, index) => [item, index]))
      expect(begun).toEqual(items.map((_, index) => index))
      expect(most).toBe(Math.min(items.length, atOnce))
    }),
  )
})

test('after a failure none begins, those that run are waited for, and the first failure is thrown', async () => {
  const arbitrary = fc.tuple(
    fc.array(fc.record({takes: fc.nat(9), fails: fc.boolean()}), {minLength: 1, maxLength: 30}),
    fc.integer({min: 1, max: 12}),
  )
  await fc.assert(
    fc.asyncProperty(arbitrary, async ([items, atOnce]) => {
      const [begun, ended, failed]: [number[], number[], number[]] = [[], [], []]
      const run = pooled(items, atOnce, async ({takes, fails}, index) => {
        expect(failed).toEqual([])
        begun.push(index)
        await turns(takes)
        ended.push(index)
        if (!fails) return index
        failed.push(index)
        throw new Error(String(index))
      })
      const outcome = await run.then(
        () => null,
        (thrown: unknown) => (thrown instanceof Error ? thrown.message : 'no error'),
      )
      expect(outcome).toBe(failed.length === 0 ? null : String(failed[0]))
      expect(ended.toSorted((a, b) => a - b)).toEqual(begun)
    }),
  )
})

test.each([0, -1, 0.5, 1.9])('%d at once is one at once', async (atOnce) => {
  let [flying, most] = [0, 0]
  await pooled([1, 2, 3], atOnce, async () => {
    most = Math.max(most, ++flying)
    await turns(2)
    flying--
  })
  expect(most).toBe(1)
})
