import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {noUsage} from '../../src/provider.ts'
import type {BaselineCase} from '../../src/score/baseline.ts'
import {
  evaluate,
  type Evaluating,
  type Evaluation,
  type EvaluationPolicy,
  type Scored,
} from '../../src/score/evaluate.ts'
import type {GoldStandard} from '../../src/score/gold.ts'
import {scorePlan} from '../../src/score/score.ts'
import {knownCase, neededOf, planOf, randomOf} from './golds.ts'

const {gold, code, plan} = knownCase
const good = scorePlan(plan, gold, code, null)
const poor = scorePlan(planOf(neededOf(knownCase).slice(0, 1)), gold, code, null)
const usage = {...noUsage, calls: 2, usd: 0.25}

const golds = (...names: readonly string[]): readonly GoldStandard[] => names.map((name) => ({...gold, name}))
const run = (answers: Readonly<Record<string, Failure | typeof good>>): ReturnType<typeof evaluate> =>
  evaluate({
    golds: golds(...Object.keys(answers)),
    scoreOn: async ({name}) => {
      const answer = answers[name]
      if (answer === undefined || answer instanceof Error) throw answer
      return {scorecard: answer, usage, milliseconds: 5}
    },
    known: () => [],
    exact: true,
    policy: {threshold: 8, samples: 3, baseline: 'absolute', tolerance: 0.25},
    before: () => null,
  })

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
  ] as const)('%s', async (_, answers, scores, mean, decision) => {
    const evaluation = await run(answers)
    expect(evaluation.cases.map(({score}) => score)).toEqual(scores)
    expect(evaluation.mean).toBe(mean)
    expect(evaluation.verdict.decision).toBe(decision)
  })

  test('nothing to judge is said as it is', async () => {
    expect((await run({})).verdict.reasons).toEqual([{code: 'not-judged', message: 'There is no gold standard.'}])
    const skipped = await sample(remembering(), () => 9, {skipped: () => 'no clone'})
    expect(skipped.verdict).toMatchObject({
      decision: 'error',
      reasons: [{message: 'All 3 gold standards were skipped.'}],
    })
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

/** A pipeline whose score of each gold standard sways around a true value. */
const swaying = (true_: number, sd: number, random: () => number): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Math.min(10, Math.max(0, true_ + sd * normal))
}

interface Memory {
  readonly samples: Map<string, Scored[]>
}

/** One run of `evaluate` that remembers its samples, as a ledger does. */
async function sample(
  {samples}: Memory,
  score: () => number,
  more: Partial<Evaluating> & {readonly names?: readonly string[]} = {},
): Promise<Evaluation> {
  const {names = ['a', 'b', 'c'], ...rest} = more
  const evaluation = await evaluate({
    golds: golds(...names),
    scoreOn: async () => ({scorecard: {...good, score: score()}, usage, milliseconds: 5}),
    known: ({name}) => samples.get(name) ?? [],
    exact: false,
    policy: {threshold: 8, samples: 5, baseline: 'absolute', tolerance: 0.25},
    before: () => null,
    ...rest,
  })
  for (const {gold: name, ...scored} of evaluation.taken) samples.set(name, [...(samples.get(name) ?? []), scored])
  return evaluation
}

const remembering = (): Memory => ({samples: new Map()})

describe('samples', () => {
  test('a pipeline that asks no model is asked once, one that does until the verdict is clear', async () => {
    const counts = async (score: () => number, exact: boolean): Promise<readonly number[]> =>
      (await sample(remembering(), score, {exact})).cases.map(({samples}) => samples.length)
    expect(await counts(() => 9, true)).toEqual([1, 1, 1])
    expect(await counts(() => 9, false)).toEqual([2, 2, 2])
    let time = 0
    expect(await counts(() => (time++ % 2 === 0 ? 7 : 9), false)).toEqual([5, 5, 5])
  })

  test('one sample each has no interval, and the point decides', async () => {
    const policy = {threshold: 8, samples: 1, baseline: 'absolute', tolerance: 0.25} as const
    expect(await sample(remembering(), () => 8.1, {policy})).toMatchObject({
      interval: null,
      verdict: {decision: 'pass'},
    })
    expect(await sample(remembering(), () => 7.9, {policy})).toMatchObject({verdict: {decision: 'fail'}})
  })

  test.each([0.5, 1, 2])('sd %d: running again takes no sample and never turns a verdict', async (sd) => {
    const random = randomOf(100 * sd)
    for (let time = 0; time < 150; time++) {
      const memory = remembering()
      const level = 6.5 + 3 * random()
      const first = await sample(memory, () => swaying(level, sd, random))
      for (let again = 0; again < 3; again++) {
        const next = await sample(memory, () => swaying(level, sd, random))
        expect(next.taken).toEqual([])
        expect(next.verdict).toEqual(first.verdict)
        expect(next.mean).toBe(first.mean)
      }
    }
  })

  /**
   * Per cent of runs that end wrong on one gold standard, at most: scoring research §3.11, the mean of 5 with sd 1 (3 % pass at 7.0, 19 at 7.5,
   * 41 at 7.8; 26 fail at 8.2, 10 at 8.5, 1 at 9.0). What is not clear is inconclusive here, which is no error.
   */
  test.each([
    [7, 'pass', 3],
    [7.5, 'pass', 19],
    [7.8, 'pass', 41],
    [8.2, 'fail', 26],
    [8.5, 'fail', 10],
    [9, 'fail', 1],
  ] as const)('a true %d ends in %s in at most %d %% of the runs, whatever the noise', async (level, wrong, most) => {
    for (const sd of [0.5, 1, 2]) {
      const random = randomOf(1000 * level + sd)
      const runs = 400
      let errors = 0
      for (let time = 0; time < runs; time++) {
        const {verdict} = await sample(remembering(), () => swaying(level, sd, random), {names: ['a']})
        if (verdict.decision === wrong) errors += 1
      }
      // three standard errors of the simulation itself
      const slack = 3 * Math.sqrt((most / 100) * (1 - most / 100) * runs)
      expect(errors).toBeLessThanOrEqual((most / 100) * runs + slack)
    }
  })
})

describe('a baseline', () => {
  const before =
    (samples: readonly number[], findings: Readonly<Record<string, number>> = {}) =>
    (): BaselineCase => ({
      gold: 'x',
      digest: 'd'.repeat(64),
      samples: [...samples],
      findings: {...findings},
    })
  const policy = (baseline: EvaluationPolicy['baseline']): EvaluationPolicy => ({
    threshold: 8,
    samples: 3,
    baseline,
    tolerance: 0.25,
  })
  test.each([
    ['absolute', 7, 7, 'fail'],
    ['no-regression', 7, 7, 'pass'],
    ['no-regression', 7, 7.2, 'pass'],
    ['no-regression', 7, 7.5, 'fail'],
    ['no-regression', 9, 9.5, 'fail'],
    ['both', 9, 9, 'pass'],
    ['both', 9, 9.5, 'fail'],
    ['both', 7, 6, 'fail'],
  ] as const)('%s: %d after %d is a %s', async (kind, now, old, decision) => {
    const options = {exact: true, policy: policy(kind), before: before([old])}
    expect((await sample(remembering(), () => now, options)).verdict.decision).toBe(decision)
  })

  test('without one the threshold decides, so that a missing file opens nothing', async () => {
    const options = {exact: true, policy: policy('no-regression')}
    expect((await sample(remembering(), () => 7, options)).verdict.decision).toBe('fail')
  })

  test('names what fell', async () => {
    const options = {exact: true, policy: policy('both'), before: before([10], {K1: 1, K2: 1})}
    const scoreOn = async (): ReturnType<Evaluating['scoreOn']> => ({scorecard: poor, usage, milliseconds: 1})
    const {change, verdict} = await sample(remembering(), () => 0, {...options, scoreOn, names: ['a']})
    expect(change?.fallen).toEqual(['a K2 (1.00 → 0.00)'])
    expect(verdict.reasons.at(-1)?.message).toContain('a K2 (1.00 → 0.00)')
  })

  test('what has passed does not fail by noise alone, and what has not does not pass by it', async () => {
    let time = 0
    const around = (): number => (time++ % 2 === 0 ? 7 : 8.8)
    expect((await sample(remembering(), around, {before: before([8.4])})).verdict.decision).toBe('pass')
    expect((await sample(remembering(), around, {before: before([7.4])})).verdict.decision).toBe('inconclusive')
    expect((await sample(remembering(), around)).verdict.decision).toBe('inconclusive')
    expect((await sample(remembering(), () => 6, {before: before([8.4])})).verdict.decision).toBe('fail')
  })
})

/** Scores by gold standard, one a round; a `Failure` is thrown. */
const scripted = (rounds: Readonly<Record<string, readonly (number | Failure)[]>>): Pick<Evaluating, 'scoreOn'> => {
  const asked = new Map<string, number>()
  return {
    scoreOn: async ({name}) => {
      const round = asked.get(name) ?? 0
      asked.set(name, round + 1)
      const answer = rounds[name]?.[round]
      if (answer === undefined) throw new TypeError(`${name} is not asked a ${round + 1}. time`)
      if (typeof answer !== 'number') throw answer
      return {scorecard: {...good, score: answer}, usage, milliseconds: 5}
    },
  }
}

const decisionOf = async (
  rounds: Parameters<typeof scripted>[0],
  more: Partial<Evaluating> = {},
): Promise<readonly [string, readonly number[]]> => {
  const names = Object.keys(rounds)
  const policy = {threshold: 8, samples: 2, baseline: 'absolute', tolerance: 0.25} as const
  const {verdict, cases} = await sample(remembering(), () => 0, {names, policy, ...scripted(rounds), ...more})
  return [verdict.decision, cases.map(({samples}) => samples.length)]
}

describe('what goes wrong between samples', () => {
  const spent = new Failure('budget-spent', 'no more')
  test.each([
    ['an outage in the second round passes nothing on one sample', {a: [9, 9], b: [9, outage]}, 'inconclusive', [2, 1]],
    ['nor does the end of the money, for all', {a: [9, spent], b: [9, spent]}, 'error', [1, 1]],
    ['a reply in no form is a sample, and the next is taken', {a: [9, 9], b: [notAPlan, 9]}, 'inconclusive', [2, 2]],
    ['twice no form', {a: [notAPlan, notAPlan]}, 'fail', [2]],
  ] as const)('%s', async (_, rounds, decision, counts) => {
    expect(await decisionOf(rounds)).toEqual([decision, counts])
  })

  test('each sample is kept before the next is asked for', async () => {
    const kept: number[] = []
    const stop = new Failure('cancelled', 'stopped', {exit: 3})
    const rounds = {a: [9, stop], b: [notAPlan, 7]}
    const all = decisionOf(rounds, {keep: (_, {score}) => void kept.push(score)})
    await expect(all).rejects.toBe(stop)
    expect(kept).toEqual([9, 0])
  })
})

describe('what is skipped', () => {
  const only = (name: string): Pick<Evaluating, 'skipped'> => ({
    skipped: (each) => (each.name === name ? 'no clone' : null),
  })
  test('stays in the table, is not asked and is named by the verdict', async () => {
    const {cases, verdict, mean} = await sample(remembering(), () => 9, {names: ['a', 'b'], ...only('b')})
    expect(cases[1]).toMatchObject({gold: 'b', state: 'skipped', score: null, samples: [], error: 'no clone'})
    expect([mean, verdict.decision, verdict.reasons[0]?.message]).toEqual([
      9,
      'pass',
      'Skipped, and not in the mean: b.',
    ])
  })
  test('does not pass when the baseline knows it', async () => {
    const before = (): BaselineCase => ({gold: 'b', digest: 'd'.repeat(64), samples: [9], findings: {}})
    const {verdict} = await sample(remembering(), () => 9, {names: ['a', 'b'], ...only('b'), before})
    expect(verdict).toMatchObject({decision: 'inconclusive', reasons: [{code: 'baseline-skipped'}, {code: 'skipped'}]})
  })
})

describe('what the baseline does not know', () => {
  const before: Evaluating['before'] = ({name}) =>
    name === 'a' ? {gold: 'a', digest: 'd'.repeat(64), samples: [7], findings: {}} : null
  test.each([
    [9, 'pass', []],
    [1, 'fail', ['b, not in the baseline: The mean 1.00 is below 8.']],
  ] as const)('needs the threshold under no-regression too: %d is a %s', async (score, decision, messages) => {
    const policy = {threshold: 8, samples: 1, baseline: 'no-regression', tolerance: 0.25} as const
    const rounds = {a: [7], b: [score]}
    const {verdict} = await sample(remembering(), () => 0, {names: ['a', 'b'], policy, before, ...scripted(rounds)})
    expect([verdict.decision, verdict.reasons.map(({message}) => message)]).toEqual([decision, messages])
  })
})

describe('all together', () => {
  const nobody = {stop: () => expect.unreachable()}

  /** Each gold standard has scores of its own, whenever it is asked; answers come in any order. */
  const ways = async (
    scores: readonly (readonly number[])[],
    known: readonly number[],
    samples: number,
    delays: readonly number[],
  ): Promise<readonly Evaluation[]> => {
    const names = scores.map((_, at) => `g${at}`)
    const policy = {threshold: 8, samples, baseline: 'absolute', tolerance: 0.25} as const
    const run = (more: Partial<Evaluating>, wait: (call: number) => Promise<void>): Promise<Evaluation> => {
      const {scoreOn} = scripted(Object.fromEntries(names.map((name, at) => [name, scores[at] ?? []])))
      let calls = 0
      const earlier = new Map(
        names.map((name, at) => [name, Array.from({length: known[at] ?? 0}, () => ({score: 8, findings: {}}))]),
      )
      return sample({samples: earlier}, () => 0, {
        names,
        policy,
        scoreOn: async (gold) => {
          const scored = await scoreOn(gold)
          await wait(calls++)
          return scored
        },
        ...more,
      })
    }
    const later = async (call: number): Promise<void> => {
      for (let tick = 0; tick < (delays[call % delays.length] ?? 0); tick++) await Promise.resolve()
    }
    return [await run({}, async () => {}), await run({together: nobody}, later)]
  }

  test('as many samples are taken of each, and the same is decided', async () => {
    const score = fc.integer({min: 50, max: 100}).map((tenths) => tenths / 10)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(score, {minLength: 6, maxLength: 6}), {minLength: 1, maxLength: 5}),
        fc.array(fc.nat(3), {minLength: 5, maxLength: 5}),
        fc.integer({min: 1, max: 6}),
        fc.array(fc.nat(6), {minLength: 1, maxLength: 20}),
        async (scores, known, samples, delays) => {
          const [alone, together] = await ways(scores, known, samples, delays)
          const told = ({cases, verdict, taken}: Evaluation) => ({
            samples: cases.map((each) => each.samples.toSorted((a, b) => a - b)),
            decision: verdict.decision,
            taken: taken.length,
          })
          expect(together === undefined ? null : told(together)).toEqual(alone === undefined ? null : told(alone))
        },
      ),
      {numRuns: 200},
    )
  })

  test.each([
    ['the first two rounds at once, then one at a time', 5, [6, 9], [4, 2, 2, 2]],
    ['no third one where it is clear', 5, [9, 9], [4]],
    ['no second one where one is wanted', 1, [6, 9], [2]],
  ])('%s', async (_, samples, scores, rounds) => {
    const sizes: number[] = []
    let waiting: (() => void)[] = []
    const policy = {threshold: 8, samples, baseline: 'absolute', tolerance: 0.25} as const
    let time = 0
    await sample(remembering(), () => 0, {
      names: ['a', 'b'],
      policy,
      together: nobody,
      scoreOn: async () => {
        if (waiting.length === 0) {
          setImmediate(() => {
            sizes.push(waiting.length)
            const all = waiting
            waiting = []
            for (const go of all) go()
          })
        }
        await new Promise<void>((go) => waiting.push(go))
        return {scorecard: {...good, score: scores[time++ % 2] ?? 0}, usage, milliseconds: 5}
      },
    })
    expect(sizes).toEqual(rounds)
  })

  test.each([
    ['a missing key', new Failure('missing-key', 'no key')],
    ['a bug', new RangeError('bug')],
    ['a cancelled run', new Failure('cancelled', 'stopped', {exit: 3})],
  ])('%s stops the others and waits for them; what they had is kept', async (_, thrown) => {
    let [stopped, ended] = [0, 0]
    const kept: string[] = []
    const all = sample(remembering(), () => 9, {
      names: ['good', 'bad', 'slow'],
      together: {stop: () => void stopped++},
      keep: ({name}) => void kept.push(name),
      scoreOn: async ({name}) => {
        if (name === 'bad') {
          await Promise.resolve()
          throw thrown
        }
        if (name === 'slow') {
          await new Promise((resolve) => setTimeout(resolve, 20))
          ended += 1
          throw new Failure('cancelled', 'stopped by the other', {exit: 3})
        }
        return {scorecard: good, usage, milliseconds: 1}
      },
    })
    await expect(all).rejects.toBe(thrown)
    expect({stopped: stopped > 0, ended, kept}).toEqual({stopped: true, ended: 2, kept: ['good', 'good']})
  })
})
