/** What every optimizer owes: the log is all its state, the order of answers means nothing, and the budget is never passed. */
import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {optimizerNames, optimizerOf, optimizers} from '../../src/optimize/optimizers/index.ts'
import {Failure} from '../../src/errors.ts'
import {mergeEvents, type Event} from '../../src/optimize/events.ts'
import type {Optimizer, Settings} from '../../src/optimize/search.ts'
import {casesOf, chanceOf, run, toyOf, unlimited, worst} from './toy.ts'

const settings: Partial<Settings> = {metricThreshold: 3, maxRounds: 2, candidatePrograms: 2}
const limits = {...unlimited, calls: 320}
const cases = casesOf(4, 2)
const costOf = (about: string): number => 1 + Math.floor(chanceOf('cost', about) * 4)

describe.each<readonly [string, Optimizer]>(Object.entries(optimizers))('%s', (_, optimizer) => {
  const whole = (salt = '') => run({toy: toyOf({cases, costOf, salt}), optimizer, settings, limits})

  it('has something to say, and proposes something here', async () => {
    expect(optimizer.summary).toMatch(/^[A-Z].+\.$|; the default\.$/)
    expect((await whole()).found.evolved === null).toBe(optimizer.isComparison === true)
  })

  it('goes through a finished log without a call, to the same result', async () => {
    const {found, events} = await whole()
    const toy = toyOf({cases, costOf})
    const again = await run({toy, optimizer, settings, limits, events})
    expect(toy.calls()).toBe(0)
    expect(again).toEqual({found, events})
  })

  it('killed after any event and gone on with, it comes to what it would have come to', async () => {
    const {found, events} = await whole()
    const step = Math.max(1, Math.floor(events.length / 25))
    for (let kept = 0; kept < events.length; kept += step) {
      const resumed = await run({
        toy: toyOf({cases, costOf}),
        optimizer,
        settings,
        limits,
        events: events.slice(0, kept),
      })
      expect(resumed.found).toEqual(found)
    }
  })

  it('on twenty machines, wave after wave, comes to what one machine comes to', async () => {
    const {found, events} = await whole()
    let merged: readonly Event[] = []
    for (let wave = 0; wave < 400; wave++) {
      const logs: (readonly Event[])[] = []
      let isDone = true
      for (let index = 0; index < 20; index++) {
        const log: Event[] = []
        const toy = toyOf({cases, costOf})
        await run({toy, optimizer, settings, limits, events: merged, shard: {index, of: 20}, log}).catch(
          (thrown: unknown) => {
            if (!(thrown instanceof Failure) || thrown.code !== 'waiting-for-shards') throw thrown
            isDone = false
          },
        )
        logs.push(log)
      }
      merged = mergeEvents(logs)
      if (isDone) break
    }
    const last = await run({toy: toyOf({cases, costOf}), optimizer, settings, limits, events: merged})
    expect(last.found).toEqual(found)
    expect(mergeEvents([merged])).toEqual(mergeEvents([events]))
  }, 60_000)

  it('does not care which answer comes first', async () => {
    const {found, events} = await whole()
    for (const salt of ['a', 'b', 'c', 'd']) {
      const other = await whole(salt)
      expect(other.found).toEqual(found)
      expect(other.events.map(({id}) => id).toSorted()).toEqual(events.map(({id}) => id).toSorted())
    }
  })

  it('never spends more than it may, whatever runs cost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({min: 31 * worst.calls, max: 400}),
        fc.array(fc.integer({min: 0, max: 4}), {minLength: 1, maxLength: 9}),
        fc.nat({max: 5}),
        async (calls, costs, seed) => {
          const at = (about: string): number => costs[Math.floor(chanceOf(about) * costs.length)] ?? 0
          const toy = toyOf({cases, costOf: at})
          const {found} = await run({toy, optimizer, settings: {...settings, seed}, limits: {...unlimited, calls}})
          expect(toy.calls()).toBeLessThanOrEqual(calls)
          expect(found.spent.calls).toBe(toy.calls())
        },
      ),
      {numRuns: 25},
    )
  })
})

test('optimizers are found by name', () => {
  expect(optimizerNames).toEqual(['bootstrap', 'forge', 'gepa', 'mipro', 'race'])
  expect(optimizerOf('bootstrap')?.summary).toBeTruthy()
  expect(optimizerOf('constructor')).toBeUndefined()
})
