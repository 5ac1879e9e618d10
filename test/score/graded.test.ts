/** M25: plans of known worth pass or fail as they should (scoring research §4.1, §4.3). */
import {describe, expect, it, test} from 'vitest'
import {cases} from './golds.ts'
import {agreementOf, gradedOf, labelOf, leastGraded, scoredOf, type Truth} from './graded.ts'
import {reviewsOf} from './reviewers.ts'

const reviewed = cases.filter((given) => reviewsOf(given).length > 0)

const perfect: Truth = {
  coverage: 1,
  criticals: 1,
  mustsMissed: 0,
  believed: 0,
  traps: 0,
  invented: 0,
  repeated: 0,
  misplaced: 0,
  unknown: 0,
  verified: 1,
  resolved: 1,
}
const rows: readonly (readonly [what: string, truth: Partial<Truth>, label: string])[] = [
  ['everything is right', {}, 'pass'],
  ['enough of it is found', {coverage: 0.82}, 'pass'],
  ['whether that is enough is taste', {coverage: 0.76}, 'grey'],
  ['too little of it is found', {coverage: 0.69}, 'fail'],
  ['a must is missed', {mustsMissed: 1}, 'fail'],
  ['half of the criticals are missed', {criticals: 0.5}, 'fail'],
  ['some traps are believed', {believed: 0.3, traps: 0.1}, 'pass'],
  ['too many traps are believed', {believed: 0.4, traps: 0.1}, 'fail'],
  ['changes are not verified', {verified: 0.6}, 'fail'],
  ['findings have no change', {resolved: 0.6}, 'fail'],
  ['a little is invented', {invented: 0.1}, 'pass'],
  ['some is invented', {invented: 0.2}, 'grey'],
  ['a lot is invented', {invented: 0.4}, 'fail'],
  ['it repeats itself', {repeated: 0.5}, 'fail'],
  ['half of the places are off', {misplaced: 0.5}, 'grey'],
  ['half of it is beside the point', {unknown: 0.5}, 'grey'],
]
it.each(rows)('%s: %j is %s', (_, truth, label) => {
  expect(labelOf({...perfect, ...truth})).toBe(label)
})

describe.each(reviewed.map((given) => [given.gold.name, given] as const))('%s', (_, given) => {
  const scored = scoredOf(given)
  const agreement = agreementOf(scored)

  it('has many plans of every worth', () => {
    expect(agreement.pass + agreement.fail).toBe(leastGraded)
    expect(agreement.pass).toBeGreaterThanOrEqual(20)
    expect(agreement.fail).toBeGreaterThanOrEqual(40)
    const tenths = new Set(scored.map(({truth}) => Math.floor(truth.coverage * 10)))
    expect(tenths.size).toBeGreaterThanOrEqual(9)
  })

  it('is the same set every time', () => {
    expect(gradedOf(given).map(({plan}) => plan)).toEqual(scored.map(({plan}) => plan))
  })

  test('M25 no plan passes that must not', () => {
    expect(scored.filter(({label, score}) => label === 'fail' && score >= 8).map(({seed}) => seed)).toEqual([])
  })

  // the target is .97 on the whole set, below; a single code base may be a little harder
  test('M25 what should pass lies above what should fail', () => {
    expect(agreement.area).toBeGreaterThanOrEqual(0.96)
  })

  test('M25 above all where too little is found', () => {
    const missing = scored.filter(({label, truth}) => label !== 'fail' || truth.coverage < 0.7)
    expect(agreementOf(missing).area).toBeGreaterThanOrEqual(0.97)
  })
})

test('M25 on the whole set: AUC at least .97, and none of 100 passes that must not', () => {
  const {pass, fail, area, falsePass} = agreementOf(reviewed.flatMap(scoredOf))
  expect(pass + fail).toBeGreaterThanOrEqual(240)
  expect(area).toBeGreaterThanOrEqual(0.97)
  expect(falsePass).toBeLessThanOrEqual(0.01)
})
