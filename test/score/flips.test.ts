/** A judge that answers some questions wrongly now and then: how often the gate ends wrong (scoring research §3.11). */
import {describe, expect, test} from 'vitest'
import {majorityOf, type Judgement, type Votes} from '../../src/score/judgement.ts'
import {pointScore, scorePlan} from '../../src/score/score.ts'
import {decide} from '../../src/score/verdict.ts'
import {cases, knownCase, neededOf, planOf, randomOf} from './golds.ts'

const questions = 12
/** Of a single answer, as in the table of the research. */
const flips = 0.08

const given = cases.find(({gold}) => gold.name === 'otp-shop') ?? knownCase

const without = (ids: readonly string[]): ReturnType<typeof planOf> =>
  planOf(neededOf(given).filter(({id}) => !ids.includes(id)))

/** The votes of `replicates` askings, when the truth is that the first `right` answers are yes. */
function votesOf(right: number, replicates: number, random: () => number): readonly Votes[] {
  return Array.from({length: questions}, (_, at) => {
    const yes = Array.from({length: replicates}, () => at < right !== random() < flips).filter(Boolean).length
    return {yes, no: replicates - yes, unsure: 0}
  })
}

const judgementOf = (plan: readonly Votes[], replicates: number, seed: string): Judgement => ({
  state: 'ran',
  why: null,
  replicates,
  pairs: [],
  support: [],
  plan,
  fabricated_quotes: 0,
  seed,
})

describe('a judge that flips 8 % of its answers', () => {
  const policy = {threshold: 8, requireGold: false, requireJudge: false}
  const at8 = without(['G5', 'G6', 'G7', 'G8'])
  const above = without(['G5', 'G6'])

  /** Per cent of 30 plans judged anew that pass, asked three times, five times near the threshold, as the judge does. */
  function passing(plan: ReturnType<typeof planOf>, right: number, seed: number): number {
    const random = randomOf(seed)
    const runs = 30
    let passed = 0
    for (let run = 0; run < runs; run++) {
      const first = judgementOf(votesOf(right, 3, random), 3, `${seed} ${run}`)
      const near = Math.abs(pointScore(plan, given.gold, given.code, first) - 8) < 0.5
      const judgement = near ? judgementOf(votesOf(right, 5, random), 5, `${seed} ${run}`) : first
      const scorecard = scorePlan(plan, given.gold, given.code, judgement)
      passed += decide({scorecard, violations: [], policy}).decision === 'pass' ? 1 : 0
    }
    return (100 * passed) / runs
  }

  test('the plans are what the rows take them for', () => {
    const score = (plan: ReturnType<typeof planOf>): number => scorePlan(plan, given.gold, given.code, null).score ?? 0
    expect(score(at8)).toBeCloseTo(8, 1)
    expect(score(above)).toBeGreaterThan(8.7)
  })

  // true score = deterministic + clamp(3 × (right / 12 − 0.83), −1, 0.5); the limits are the table's for n = 3 to 5, and sampling error
  test.each([
    ['7.0', 6, 0, 1],
    ['7.5', 8, 0, 1],
    ['7.8', 9, 0, 5],
    ['8.5', 12, 97, 100],
  ] as const)('a true %s passes in %d of 12 right answers …', (_, right, least, most) => {
    const share = passing(at8, right, right)
    expect(share).toBeGreaterThanOrEqual(least)
    expect(share).toBeLessThanOrEqual(most)
  })

  test('well above the threshold it always passes', () => {
    expect(passing(above, 12, 99)).toBe(100)
  })

  test('a majority is what decides, an even split nothing', () => {
    expect(majorityOf({yes: 2, no: 1, unsure: 0})).toBe('yes')
    expect(majorityOf({yes: 1, no: 1, unsure: 1})).toBeNull()
  })
})
