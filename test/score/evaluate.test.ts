import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {noUsage} from '../../src/provider.ts'
import {evaluate} from '../../src/score/evaluate.ts'
import type {GoldStandard} from '../../src/score/gold.ts'
import {scorePlan} from '../../src/score/score.ts'
import {knownCase, neededOf, planOf} from './golds.ts'

const {gold, code, plan} = knownCase
const good = scorePlan(plan, gold, code, null)
const poor = scorePlan(planOf(neededOf(knownCase).slice(0, 1)), gold, code, null)
const usage = {...noUsage, calls: 2, usd: 0.25}

const golds = (...names: readonly string[]): readonly GoldStandard[] => names.map((name) => ({...gold, name}))
const run = (answers: Readonly<Record<string, Failure | typeof good>>): ReturnType<typeof evaluate> =>
  evaluate(
    golds(...Object.keys(answers)),
    async ({name}) => {
      const answer = answers[name]
      if (answer === undefined || answer instanceof Error) throw answer
      return {scorecard: answer, usage}
    },
    8,
  )

const notAPlan = new Failure('not-a-plan', 'the reply is prose', {exit: 3})
const outage = new Failure('model-unavailable', 'no connection', {exit: 3})

describe('evaluate', () => {
  test.each([
    ['all good', {a: good, b: good}, [10, 10], 10, 'pass'],
    ['all poor', {a: poor}, [poor.score], poor.score, 'fail'],
    ['a reply that is no plan is worth nothing', {a: good, b: notAPlan}, [10, 0], 5, 'fail'],
    ['an outage says nothing', {a: good, b: good, c: outage}, [10, 10, null], 10, 'inconclusive'],
    ['an outage does not open the gate', {a: good, b: outage}, [10, null], 10, 'inconclusive'],
    ['most unknown', {a: good, b: outage, c: outage}, [10, null, null], 10, 'error'],
    ['all unknown', {a: outage}, [null], null, 'error'],
    [
      'a stale gold standard is no exception',
      {a: good, b: new Failure('stale-gold', 'gone')},
      [10, null],
      10,
      'inconclusive',
    ],
    [
      'the money ends',
      {a: good, b: new Failure('budget-spent', 'no more'), c: new Failure('budget-spent', 'no more')},
      [10, null, null],
      10,
      'error',
    ],
    ['no gold standard', {}, [], null, 'error'],
  ])('%s', async (_, answers, scores, mean, decision) => {
    const evaluation = await run(answers)
    expect(evaluation.cases.map(({score}) => score)).toEqual(scores)
    expect(evaluation.mean).toBe(mean)
    expect(evaluation.verdict.decision).toBe(decision)
  })

  test('says why, and what is not known of the costs', async () => {
    const {cases} = await run({a: good, b: notAPlan})
    expect(cases[0]).toMatchObject({error: null, usage})
    expect(cases[1]).toMatchObject({error: 'the reply is prose', usage: {usd: null}})
  })

  test.each([
    ['a missing key', new Failure('missing-key', 'no key')],
    ['a cancelled run', new Failure('cancelled', 'stopped', {exit: 3})],
  ])('%s would fail every case alike', async (_, thrown) => {
    await expect(run({a: good, b: thrown})).rejects.toBe(thrown)
  })
})
