import {describe, expect, test} from 'vitest'
import {advice} from '../../src/score/advice.ts'
import {scorePlan, scoreWithoutGold} from '../../src/score/score.ts'
import {cases, knownCase, mapFindings, neededOf, planOf} from './golds.ts'
import {withoutEvidence, withoutLines} from './perturbation.ts'

const {gold, code, plan} = knownCase

describe('advice', () => {
  test.each(cases.map((given) => [given.gold.name, given] as const))('a perfect plan needs none: %s', (_, given) => {
    expect(advice(scorePlan(given.plan, given.gold, given.code, null), given.gold)).toEqual([])
  })

  test('names what is missed, the most first; never what is refuted or extra', () => {
    const scorecard = scorePlan(planOf(neededOf(knownCase).slice(2, 3)), gold, code, null)
    const all = advice(scorecard, gold)
    expect(all.map(({goldId}) => goldId)).toEqual(['K1', 'K2', 'K4', 'K5', 'K6'])
    expect(all[0]?.message).toMatch(/^Find "Two requests lose one item of the cart" \(critical\).*limited\.$/)
    expect(all.map(({gain}) => gain)).toEqual(all.map(({gain}) => gain).toSorted((a, b) => b - a))
  })

  test('the gain is what the score really gains', () => {
    const needed = neededOf(knownCase)
    const before = scorePlan(planOf(needed.slice(0, 5)), gold, code, null)
    const [best] = advice(before, gold)
    const after = scorePlan(planOf(needed), gold, code, null)
    expect(best?.goldId).toBe(needed[5]?.id)
    expect((after.score ?? 0) - (before.score ?? 0)).toBeCloseTo(best?.gain ?? 0, 1)
  })

  test('what was found without a line is to be said more exactly', () => {
    const vague = mapFindings(plan, (finding) => withoutLines(withoutEvidence(finding)))
    expect(advice(scorePlan(vague, gold, code, null), gold)[0]?.message).toMatch(/^Say what K1 says of/)
  })

  test('a plan that covers nothing is told what to begin with', () => {
    const [first] = advice(scorePlan(planOf([]), gold, code, null), gold)
    expect(first?.gain).toBeGreaterThan(1)
  })

  test('without a gold standard there is none', () => {
    expect(advice(scoreWithoutGold(plan, code), gold)).toEqual([])
  })
})
