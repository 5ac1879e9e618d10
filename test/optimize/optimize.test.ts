import {describe, expect, it, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {optimizers} from '../../src/optimize/optimizers/index.ts'
import type {Ask} from '../../src/optimize/search.ts'
import {casesOf, chanceOf, run, toyOf, unlimited, type Toy, type ToyInput} from './toy.ts'

/** Replicates of the comparison. */
const isCompared = ({replicate}: Ask): boolean => replicate >= 1_000_000
const forgeOn = (toy: Toy, calls: number) => run({toy, optimizer: optimizers.forge, limits: {...unlimited, calls}})
const gateIn = (log: Awaited<ReturnType<typeof run>>['found']['log']) => log.find((story) => story.kind === 'gate')

describe('the comparison', () => {
  test.each([1, 2, 4, 5, 7])('has pairs of each of %i gold standards, and six at least', async (train) => {
    const {found} = await forgeOn(toyOf({cases: casesOf(train)}), 1200)
    const {pairs = 0} = gateIn(found.log) ?? {}
    if (pairs >= 2 * train) expect(pairs % train).toBe(0)
    expect(pairs).toBeGreaterThanOrEqual(Math.max(6, train))
    expect(found.promoted).toBe(true)
  })
  it('is not starved by runs that take more calls than they should', async () => {
    // every third answer is asked for twice; here nothing but the search itself keeps to the budget
    const world: ToyInput = {cases: casesOf(2), costOf: (about) => (chanceOf(about) < 0.3 ? 2 : 1)}
    const toy = toyOf(world)
    const single: Toy = {
      ...toy,
      world: {
        ...toy.world,
        worstRun: () => ({calls: 1, tokens: 0, usd: 0}),
        worstReflection: {calls: 1, tokens: 0, usd: 0},
      },
    }
    const {found} = await forgeOn(single, 60)
    const planned = found.log.flatMap((story) =>
      story.kind === 'note' && story.code === 'plan' ? [Number(/(\d+) pairs/.exec(story.message)?.[1])] : [],
    )
    expect(gateIn(found.log)?.pairs).toBeGreaterThanOrEqual(planned[0] ?? 99)
    expect(found.promoted).toBe(true)
  })
  const failing =
    (which: (ask: Ask) => boolean): NonNullable<ToyInput['evaluate']> =>
    (ask) => {
      if (isCompared(ask) && which(ask)) throw new Failure('model-unavailable', 'nobody is there', {exit: 3})
      return {}
    }
  const isNew = ({candidate}: Ask): boolean => Object.keys(candidate).length > 0
  it('counts a run of the new words that failed as one that found nothing', async () => {
    const base = {cases: casesOf(1), base: 0.3}
    const whole = await forgeOn(toyOf(base), 1200)
    const evaluate = failing((ask) => isNew(ask) && ask.replicate % 7 === 0)
    const {found} = await forgeOn(toyOf({...base, evaluate}), 1200)
    const [all, some] = [whole.found, found].map(({log}) => gateIn(log))
    expect(some?.pairs).toBe(all?.pairs)
    // two of twenty found nothing, where they would have found all
    expect(some?.evolved ?? 11).toBeLessThan((all?.evolved ?? 0) - 0.8)
  })
  it('leaves a pair out whose old words failed', async () => {
    const evaluate = failing((ask) => !isNew(ask) && ask.replicate % 7 === 0)
    const {found} = await forgeOn(toyOf({cases: casesOf(1), evaluate}), 1200)
    const whole = await forgeOn(toyOf({cases: casesOf(1)}), 1200)
    expect(gateIn(found.log)?.pairs ?? 0).toBeLessThan(gateIn(whole.found.log)?.pairs ?? 0)
    expect(found.promoted).toBe(true)
  })
})

describe('a wave', () => {
  test.each([false, true])(
    'asks for samples of the same one after the other, unless it is a batch: %s',
    async (isBatched) => {
      const open = new Map<string, number>()
      let most = 0
      let together = 0
      const toy = toyOf({cases: casesOf(2)})
      const evaluate: Toy['world']['evaluate'] = async (ask, id) => {
        const key = JSON.stringify([ask.candidate, ask.case])
        open.set(key, (open.get(key) ?? 0) + 1)
        most = Math.max(most, ...open.values())
        together = Math.max(
          together,
          [...open.values()].reduce((sum, count) => sum + count, 0),
        )
        const evaluation = await toy.world.evaluate(ask, id)
        open.set(key, (open.get(key) ?? 1) - 1)
        return evaluation
      }
      await forgeOn({...toy, world: {...toy.world, evaluate, isBatched}}, 1200)
      expect(together).toBeGreaterThan(1)
      if (isBatched) expect(most).toBeGreaterThan(1)
      else expect(most).toBe(1)
    },
  )
})

describe('an outage', () => {
  it('ends a wave at the fourth failure, and not at its last run', async () => {
    const evaluate = (): never => {
      throw new Failure('model-unavailable', 'nobody is there', {exit: 3})
    }
    const toy = toyOf({cases: casesOf(30), evaluate})
    await expect(forgeOn(toy, 2000)).rejects.toMatchObject({code: 'model-unavailable'})
    // four at once, of which each may have begun another
    expect(toy.asked.length).toBeLessThanOrEqual(8)
  })
})
