import {describe, expect, test} from 'vitest'
import {improvementsOf, type Improvement} from '../../src/score/improvement.ts'
import type {Scorecard} from '../../src/score/scorecard.ts'
import {scorePlan, scoreWithoutGold} from '../../src/score/score.ts'
import {cases, knownCase, mapFindings, neededOf, planOf} from './golds.ts'
import {withoutEvidence, withoutLines} from './perturbation.ts'

const {gold, code, plan} = knownCase
const missedBy = (scorecard: Scorecard, of = gold): readonly Improvement[] =>
  improvementsOf(plan, scorecard, of, []).filter(({kind}) => kind === 'missed')

describe('what would raise the score', () => {
  test.each(cases.map((given) => [given.gold.name, given] as const))('a perfect plan needs none: %s', (_, given) => {
    expect(improvementsOf(given.plan, scorePlan(given.plan, given.gold, given.code, null), given.gold, [])).toEqual([])
  })

  test('names what is missed, the most first; never what is refuted or extra', () => {
    const scorecard = scorePlan(planOf(neededOf(knownCase).slice(2, 3)), gold, code, null)
    const all = missedBy(scorecard)
    const titles = ['K1', 'K2', 'K4', 'K5', 'K6'].map((id) => gold.findings.find((finding) => finding.id === id)?.title)
    expect(all.map(({what}) => what)).toEqual(titles.map((title) => `Find: ${title}`))
    expect(all[0]).toMatchObject({what: 'Find: Two requests lose one item of the cart', severity: 'critical'})
    const gains = all.map(({gain}) => gain ?? 0)
    expect(gains).toEqual(gains.toSorted((a, b) => b - a))
  })

  test('the gain is what the score really gains', () => {
    const needed = neededOf(knownCase)
    const before = scorePlan(planOf(needed.slice(0, 5)), gold, code, null)
    const [best] = missedBy(before)
    const after = scorePlan(planOf(needed), gold, code, null)
    expect(best?.what).toBe(`Find: ${needed[5]?.title}`)
    expect((after.score ?? 0) - (before.score ?? 0)).toBeCloseTo(best?.gain ?? 0, 1)
  })

  test('what was found without a line is to be said more exactly', () => {
    const vague = mapFindings(plan, (finding) => withoutLines(withoutEvidence(finding)))
    expect(missedBy(scorePlan(vague, gold, code, null))[0]?.what).toMatch(/^Say more exactly.*found by K1/)
  })

  test('a plan that covers nothing is told what to begin with', () => {
    const [first] = missedBy(scorePlan(planOf([]), gold, code, null))
    expect(first?.gain).toBeGreaterThan(1)
  })

  test('without a gold standard there is none', () => {
    expect(missedBy(scoreWithoutGold(plan, code))).toEqual([])
  })

  test('a long plan that stands in the code is told nothing, though not all of it was read', () => {
    const findings = Array.from({length: 400}, (_, n) =>
      plan.findings.slice(0, 1).map((each) => ({...each, id: `F${n}`})),
    ).flat()
    const long = {...plan, findings, changes: []}
    const scorecard = scoreWithoutGold(long, code)
    expect(scorecard.subscores.grounding).toBeGreaterThan(0.9)
    expect(improvementsOf(long, scorecard, null, []).filter(({what}) => what.startsWith('Leave out'))).toEqual([])
  })
})
