/** What is remembered between runs: samples, and what a pipeline reached. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {loweredBy, parseBaseline, renderBaseline, type Baseline} from '../../src/score/baseline.ts'
import {readLedger, renderSample, type Sample} from '../../src/score/ledger.ts'
import {difference, estimate, sideOf} from '../../src/score/sampling.ts'

const key = 'a'.repeat(64)
const linesOf = (samples: readonly Sample[]): string => samples.map(renderSample).join('')
const sampleOf = (score: number, more: Partial<Sample> = {}): Sample => ({
  schema: 1,
  key,
  gold: 'shop',
  pipeline: 'genesis',
  score,
  findings: {G1: 1},
  ...more,
})

describe('the ledger', () => {
  test('gives back what was appended, by key and in order', () => {
    const other = sampleOf(3, {key: 'b'.repeat(64)})
    const ledger = readLedger(linesOf([sampleOf(7), other, sampleOf(8)]), 'ledger.jsonl')
    expect(ledger.samplesOf(key).map(({score}) => score)).toEqual([7, 8])
    expect(ledger.samplesOf('c'.repeat(64))).toEqual([])
  })
  test('any samples', () => {
    const any = fc.array(fc.record({score: fc.double({min: 0, max: 10, noNaN: true}), gold: fc.string()}))
    fc.assert(
      fc.property(any, (each) => {
        const samples = each.map(({score, gold}) => sampleOf(score === 0 ? 0 : score, {gold}))
        expect(readLedger(linesOf(samples), 'l').samplesOf(key)).toEqual(samples)
      }),
    )
  })
  test.each([
    ['prose', 'hello'],
    ['half a line', '{"schema": 1, "key": "aa'],
    ['a score of its own', JSON.stringify(sampleOf(11))],
    ['another key', JSON.stringify({...sampleOf(5), forged: true})],
    ['a number', '7'],
  ])('%s is refused with its line, never skipped', (_, line) => {
    const read = (): unknown => readLedger(`${renderSample(sampleOf(5))}${line}\n`, 'l.jsonl')
    expect(read).toThrow(Failure)
    expect(read).toThrow('l.jsonl:2:1')
  })
})

const baselineOf = (scores: Readonly<Record<string, readonly number[]>>, more: Partial<Baseline> = {}): Baseline => ({
  schema: 1,
  pipeline: 'offline',
  cases: Object.entries(scores).map(([gold, samples]) => ({
    gold,
    digest: key,
    samples: [...samples],
    findings: {G1: 0.5},
  })),
  ...more,
})

describe('the baseline', () => {
  test('reads back as it was written', () => {
    const baseline = baselineOf({shop: [5.51], billing: [1, 2.5]})
    expect(parseBaseline(renderBaseline(baseline), 'baseline.yaml')).toEqual({ok: true, value: baseline})
  })
  test.each<readonly [string, Baseline, Baseline, readonly string[]]>([
    ['the same', baselineOf({shop: [5]}), baselineOf({shop: [5]}), []],
    ['higher', baselineOf({shop: [5]}), baselineOf({shop: [6]}), []],
    ['lower', baselineOf({shop: [5]}), baselineOf({shop: [4, 4.5]}), ['shop (5.00 → 4.25)']],
    ['one lower, one higher', baselineOf({a: [5], b: [5]}), baselineOf({a: [9], b: [1]}), ['b (5.00 → 1.00)']],
    ['left out', baselineOf({a: [5], b: [5]}), baselineOf({a: [5]}), ['b (not evaluated)']],
    ['another pipeline', baselineOf({a: [5]}), baselineOf({a: [1]}, {pipeline: 'genesis'}), []],
    ['rounding', baselineOf({a: [5.004]}), baselineOf({a: [5]}), []],
  ])('%s', (_, before, now, lowered) => {
    expect(loweredBy(before, now)).toEqual(lowered)
  })
  test('of another text of the gold standard it says nothing', () => {
    const now = baselineOf({a: [1]})
    const [only] = now.cases
    expect(only).toBeDefined()
    if (only === undefined) return
    expect(loweredBy(baselineOf({a: [5]}), {...now, cases: [{...only, digest: 'b'.repeat(64)}]})).toEqual([])
  })
})

describe('what few samples tell', () => {
  test.each<readonly [string, readonly (readonly number[])[], number, readonly [number, number] | null]>([
    ['one sample', [[7]], 7, null],
    ['one sample each', [[7], [9]], 8, null],
    // t(1) = 6.314, sd sqrt(0.5), n = 2
    ['two samples', [[7, 8]], 7.5, [4.343, 10]],
    // t(2) = 2.92, pooled variance 0.5, se = sqrt(0.5 * (1/2 + 1/2)) / 2
    [
      'two cases',
      [
        [7, 8],
        [5, 6],
      ],
      6.5,
      [5.468, 7.532],
    ],
    // the floor of the noise: sd 0.15, t(2) = 2.92
    ['always the same', [[7, 7, 7]], 7, [6.747, 7.253]],
    ['cases count alike, however often they were sampled', [[4], [8, 8, 8, 8, 8]], 6, [5.824, 6.176]],
  ])('%s', (_, samples, mean, interval) => {
    const estimated = estimate(samples)
    expect(estimated?.mean).toBeCloseTo(mean)
    if (interval === null) expect(estimated?.interval).toBeNull()
    else expect(estimated?.interval?.map((each) => each.toFixed(2))).toEqual(interval.map((each) => each.toFixed(2)))
  })
  test('no case is no estimate', () => {
    expect(estimate([])).toBeNull()
    expect(difference([])).toBeNull()
  })
  test('the interval holds the mean, and more samples of the same noise do not widen it', () => {
    const cases = fc.array(fc.array(fc.double({min: 0, max: 10, noNaN: true}), {minLength: 2, maxLength: 6}), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(cases, (samples) => {
        const once = estimate(samples)
        const twice = estimate(samples.map((each) => [...each, ...each]))
        const [one, two] = [once?.interval ?? null, twice?.interval ?? null]
        if (once === null || one === null || two === null) throw new TypeError('no interval')
        expect(one[0]).toBeLessThanOrEqual(once.mean + 1e-9)
        expect(one[1]).toBeGreaterThanOrEqual(once.mean - 1e-9)
        expect(two[1] - two[0]).toBeLessThanOrEqual(one[1] - one[0] + 1e-9)
      }),
    )
  })
  test.each([
    [[9, 9.1], 'above'],
    [[7.0, 7.1], 'below'],
    [[6, 9.9], 'unclear'],
  ] as const)('%j is %s 8', (samples, side) => {
    const estimated = estimate([samples])
    expect(estimated === null ? null : sideOf(estimated, 8)).toBe(side)
  })
})
