/** The benchmark of the scorer (scoring research §4.1), rows M1 to M21, and what else must not pay: for every gold standard. */
import {describe, expect, it, test} from 'vitest'
import type {Plan} from '../../src/plan/plan.ts'
import {goldAsPlan, scorePlan} from '../../src/score/score.ts'
import {cases, neededOf, planOf, withMore} from './golds.ts'
import {isFalling} from './measure.ts'
import {linesOff, perturbationRows} from './measures.ts'
import {asFinding, grounded, novel, scoreOf} from './perturbation.ts'

it('there are gold standards to measure on', () => {
  expect(cases.map(({gold}) => gold.name)).toEqual(
    expect.arrayContaining(['known', 'otp-shop', 'py-ingest', 'ts-billing']),
  )
})

describe.each(cases.map((given) => [given.gold.name, given] as const))('%s', (_, given) => {
  const {gold, code, plan} = given
  const score = (other: Plan): number => scoreOf(other, given)

  test.each(perturbationRows)('$id $what: $target', ({measure}) => {
    expect(measure(given)?.ok ?? given.gold.name === 'known').toBe(true)
  })

  // the gold standards about public repositories quote nothing of them, and are not here
  test('M11 without its quotes', () => {
    const findings = gold.findings.map((finding) => ({
      ...finding,
      locations: finding.locations.map(({file, start_line, end_line}) => ({file, start_line, end_line})),
    }))
    const unquoted = {...gold, findings}
    expect(linesOff({gold: unquoted, code, plan: goldAsPlan(unquoted)}).ok).toBe(true)
  })

  test('a true finding that also lists eight other places earns nothing', () => {
    const [own] = neededOf(given)
    if (own === undefined) throw new TypeError('no needed finding')
    const others = novel(given, 8).flatMap(({locations}) => locations)
    expect(score(planOf([own]))).toBeGreaterThan(0)
    expect(score(planOf([{...own, locations: [...own.locations, ...others]}]))).toBe(0)
  })

  test('who believes one trap sixty times over fails, and never below 0', () => {
    const [trap] = gold.findings.filter(({validity}) => validity === 'refuted')
    if (trap === undefined) throw new TypeError('no trap')
    const many = Array.from({length: 60}, (_, at) => ({
      ...asFinding(trap),
      id: `again-${at}`,
      title: `${trap.title ?? ''} (${at})`,
    }))
    const now = score(planOf([...neededOf(given), ...many]))
    expect(now).toBeGreaterThanOrEqual(0)
    expect(now).toBeLessThan(8)
  })

  test('the traps of the gold standard cost whoever believes them', () => {
    const traps = gold.findings.filter(({validity}) => validity === 'refuted')
    expect(traps.length).toBeGreaterThan(0)
    const scores = traps.map((_, count) => score(withMore(plan, traps.slice(0, count + 1).map(asFinding))))
    // each costs, until the cap of those who believe more than a third of them
    expect(isFalling([10, ...scores.filter((each) => each !== 7.9)])).toBe(true)
    expect(scores.every((each, at) => each <= (scores[at - 1] ?? 10))).toBe(true)
    // a change for each trap must not buy it back: whoever believes them all would change code that is right
    const believed = withMore(plan, traps.map(asFinding))
    const acted = {
      ...plan.changes[0],
      id: 'CT',
      title: 'Repair them',
      resolves: traps.map(({id}) => id),
      depends_on: [],
      phase: 9,
      verification: ['npm test'],
    }
    expect(
      score({
        ...believed,
        changes: [...believed.changes, ...(plan.changes[0] === undefined ? [] : [{...plan.changes[0], ...acted}])],
      }),
    ).toBeLessThan(8)
    const card = scorePlan(planOf(traps.map(asFinding)), gold, code, null)
    expect(card.findings.filter((each) => each.class === 'trap').length).toBe(traps.length)
    expect(card.score).toBeLessThan(1)
  })

  test('single words of the code as quotes make nothing true', () => {
    const words = ['function', 'const', 'return', 'import', 'end', 'defmodule', 'self']
    const flood = grounded(given, 20, (at) => ({title: `Odd thing ${at}`, description: `It is odd in way ${at}.`})).map(
      (each, at) => ({
        ...each,
        locations: each.locations.map((location) => ({...location, evidence: words[at % words.length] ?? ''})),
      }),
    )
    const card = scorePlan(planOf(flood), gold, code, null)
    expect(card.findings.filter((each) => each.class === 'novel')).toEqual([])
  })
})
