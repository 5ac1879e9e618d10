/** The benchmark as a whole; its rows are held to their targets where they are defined. */
import {describe, expect, it, test} from 'vitest'
import {cases, peerCasesOf, reviewed, rows, scoreOf, wholes} from './benchmark.ts'

it('has every row of the research once, M17 for linters, floods and guesses', () => {
  const ids = [...rows, ...wholes].map(({id}) => id).toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
  const all = Array.from({length: 28}, (_, at) => `M${at + 1}`)
  expect(ids).toEqual(all.flatMap((id) => (id === 'M17' ? [id, id, id] : [id])))
})

test('M26 is not measured without a live judge', () => {
  expect(wholes.find(({id}) => id === 'M26')?.measure()).toBeNull()
})

test('M27 no reply of a judge is read as a yes that is none', () => {
  expect(wholes.find(({id}) => id === 'M27')?.measure()).toMatchObject({ok: true})
})

test('M28 a score takes milliseconds', () => {
  const shown = wholes.find(({id}) => id === 'M28')?.measure()?.shown ?? ''
  const [small, large] = [...shown.matchAll(/([\d.]+) ms/g)].map(([, ms]) => Number(ms))
  // ten times the target: a machine may be busy
  expect(small).toBeLessThan(100)
  expect(large).toBeLessThan(2000)
})

describe.each(reviewed.map((given) => [given.gold.name, given] as const))('%s', (_, given) => {
  const good = peerCasesOf(given)
  it.each(good.map((each) => [each.what, each] as const))('%s', (_what, {plan, given: where, good: passes}) => {
    if (passes) expect(scoreOf(plan, where)).toBeGreaterThanOrEqual(8)
    else expect(scoreOf(plan, where)).toBeLessThan(8)
  })
})

it('measures on all gold standards that have their code here', () => {
  expect(cases.length).toBeGreaterThanOrEqual(5)
})
