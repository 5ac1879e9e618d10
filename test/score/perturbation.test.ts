/** The benchmark of the scorer (scoring research §4.1): every row for every gold standard that there is. */
import {describe, expect, it, test} from 'vitest'
import {parsePlan, renderPlan} from '../../src/plan/document.ts'
import type {Plan} from '../../src/plan/plan.ts'
import {severities, type Finding} from '../../src/scan/finding.ts'
import {weightOf} from '../../src/score/match.ts'
import {scorePlan} from '../../src/score/score.ts'
import {cases, mapFindings, neededOf, planOf, randomOf, shuffled, withMore, type Case} from './golds.ts'
import {
  finding,
  grounded,
  guesses,
  invented,
  lint,
  novel,
  padded,
  payloads,
  repeated,
  scoreOf,
  shifted,
  templates,
  vocabularyOf,
  weakOf,
  withFabricatedEvidence,
  withInventedPath,
  withoutEvidence,
  withoutLines,
} from './perturbation.ts'

const isFalling = (scores: readonly number[]): boolean =>
  scores.every((score, at) => at === 0 || score < (scores[at - 1] ?? 0))

/** Rank correlation, ties at their mean rank. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (values: readonly number[]): readonly number[] => {
    const sorted = values.toSorted((x, y) => x - y)
    return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2)
  }
  const [x, y] = [ranks(a), ranks(b)]
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(x), mean(y)]
  const sum = (each: (at: number) => number): number => x.reduce((total, _, at) => total + each(at), 0)
  const [dx, dy] = [(at: number) => (x[at] ?? 0) - mx, (at: number) => (y[at] ?? 0) - my]
  return sum((at) => dx(at) * dy(at)) / Math.sqrt(sum((at) => dx(at) ** 2) * sum((at) => dy(at) ** 2))
}

const withoutChangesFor = (plan: Plan, kept: ReadonlySet<string>): Plan => ({
  ...plan,
  findings: plan.findings.filter(({id}) => kept.has(id)),
  changes: plan.changes.map((change) => ({...change, resolves: change.resolves.filter((id) => kept.has(id))})),
})

it('there are gold standards to measure on', () => {
  expect(cases.map(({gold}) => gold.name)).toEqual(
    expect.arrayContaining(['known', 'otp-shop', 'py-ingest', 'ts-billing']),
  )
})

describe.each(cases.map((given) => [given.gold.name, given] as const))('%s', (_, given) => {
  const {gold, code, plan} = given
  const score = (other: Plan): number => scoreOf(other, given)
  const long: Case = {...given, code: padded(code, 600)}
  const size = plan.findings.length

  test('M1 against itself it scores 10.00, and every finding earns its own', () => {
    const card = scorePlan(plan, gold, code, null)
    expect(card).toMatchObject({score: 10, interval: null, judge: 'skipped', caps: []})
    for (const each of card.findings) expect(each).toMatchObject({class: 'matched', gold: each.id, credit: 1})
  })

  test('M2 dropping findings one by one never raises the score, which follows the kept weight', () => {
    const random = randomOf(2)
    const points: (readonly [weight: number, score: number])[] = []
    for (let chain = 0; chain < 12; chain++) {
      const order = shuffled(plan.findings, random)
      let last = 10
      for (let kept = order.length; kept >= 0; kept--) {
        const ids = new Set(order.slice(0, kept).map(({id}) => id))
        const now = score(withoutChangesFor(plan, ids))
        expect(now).toBeLessThanOrEqual(last)
        const weight = gold.findings.reduce((sum, each) => sum + (ids.has(each.id) ? weightOf(each) : 0), 0)
        points.push([weight, now])
        last = now
      }
    }
    const [weights, scores] = [points.map(([weight]) => weight), points.map(([, now]) => now)]
    expect(spearman(weights, scores)).toBeGreaterThanOrEqual(0.98)
  })

  test('M3 the order of findings, the order of keys and the names of ids say nothing', () => {
    const random = randomOf(3)
    const noisy = withMore(withMore(plan, novel(given, 3)), invented(2))
    const before = score(noisy)
    for (let time = 0; time < 25; time++) {
      expect(score({...noisy, findings: shuffled(noisy.findings, random)})).toBe(before)
    }
    const renamed = (id: string): string => `z${id}`
    const other: Plan = {
      ...noisy,
      findings: noisy.findings.map((each) => ({...each, id: renamed(each.id)})),
      changes: noisy.changes.map((change) => ({...change, resolves: change.resolves.map(renamed)})),
    }
    expect(score(other)).toBe(before)
    const reread = parsePlan(renderPlan(noisy), 'plan.yaml')
    expect(reread.ok && score(reread.value)).toBe(before)
  })

  test('M5 an order to the scorer in any of its texts gains nothing', () => {
    for (const base of [weakOf(given), planOf(neededOf(given).slice(0, Math.ceil(size / 2)))]) {
      const before = score(base)
      for (const payload of payloads) {
        const everywhere = mapFindings(base, (each) => ({
          ...each,
          title: `${each.title ?? ''} ${payload}`,
          description: `${payload} ${each.description}`,
        }))
        const own = withMore(base, [
          finding({id: 'injected', title: payload, description: payload, severity: 'critical'}),
        ])
        for (const told of [{...base, goal: payload, summary: payload}, everywhere, own]) {
          // "process" is a word of some gold standards too
          expect(score(told)).toBeLessThanOrEqual(before + 0.015)
        }
      }
    }
  })

  test('M6 the words of the gold standard as a heap gain at most 0.7', () => {
    const words = vocabularyOf(given)
    const gains = [
      weakOf(given),
      planOf(neededOf(given).slice(0, 1)),
      planOf(neededOf(given).slice(-2)),
      planOf(novel(given, 6)),
    ].flatMap((base) => {
      const before = score(base)
      return [
        mapFindings(base, (each) => ({...each, title: `${each.title ?? ''} ${words}`, description: words})),
        mapFindings(base, (each) => ({...each, description: `${each.description} ${words}`})),
        mapFindings(base, (each) => ({...each, title: words.slice(0, 120), description: words})),
      ].map((stuffed) => score(stuffed) - before)
    })
    expect(Math.max(...gains)).toBeLessThanOrEqual(0.7)
    expect(gains.reduce((sum, gain) => sum + gain, 0) / gains.length).toBeLessThanOrEqual(0.3)
  })

  test('M7 length gains nothing', () => {
    const thrice = mapFindings(plan, (each) => ({...each, description: `${each.description} `.repeat(3)}))
    const filled = mapFindings(plan, (each) => ({
      ...each,
      description: each.description + ' It is important to note that quality matters in every system.'.repeat(20),
    }))
    for (const longer of [thrice, filled]) expect(Math.abs(score(longer) - 10)).toBeLessThanOrEqual(0.2)
    const weak = weakOf(given)
    const weakly = mapFindings(weak, (each) => ({...each, description: `${each.description} `.repeat(3)}))
    expect(score(weakly) - score(weak)).toBeLessThanOrEqual(0.05)
  })

  test('M8 each invented path costs', () => {
    const scores = Array.from({length: size + 1}, (_, count) =>
      score(mapFindings(plan, (each, at) => (at < count ? withInventedPath(each, at) : each))),
    )
    const positive = scores.filter((each) => each > 0)
    expect(isFalling(positive)).toBe(true)
    expect(scores.at(-1)).toBe(0)
    expect(scores[Math.round((size * 3) / 7)]).toBeLessThanOrEqual(6)
  })

  test('M9 each invented finding costs, and six fail', () => {
    const scores = [0, 2, 6, 10].map((count) => score(withMore(plan, invented(count))))
    expect(isFalling(scores)).toBe(true)
    expect(scores[2]).toBeLessThan(8)
  })

  test('M10 invented quotes end at 6', () => {
    expect(score(mapFindings(plan, withFabricatedEvidence))).toBeLessThanOrEqual(6)
    expect(scoreOf(mapFindings(plan, withFabricatedEvidence), long)).toBeLessThanOrEqual(6)
  })

  test('M11 wrong lines without a quote cost the more, the further they are off', () => {
    const [near = 0, some = 0, far = 0, lost = 0] = [10, 30, 100, 400].map((lines) =>
      scoreOf(
        mapFindings(plan, (each) => withoutEvidence(shifted(each, lines))),
        long,
      ),
    )
    expect([near, some, far, lost].map((each) => each.toFixed(2))).toEqual(
      [near, some, far, lost].toSorted((a, b) => b - a).map((each) => each.toFixed(2)),
    )
    expect(near).toBeGreaterThanOrEqual(9)
    expect(near).toBeLessThanOrEqual(9.5)
    expect(some).toBeGreaterThanOrEqual(8.5)
    expect(far).toBeGreaterThanOrEqual(7)
    expect(far).toBeLessThanOrEqual(8)
    expect(lost).toBeLessThanOrEqual(7.2)
  })

  test('M12 wrong lines beside a right quote cost little', () => {
    for (const lines of [10, 30, 100, 400])
      for (const where of [given, long])
        expect(
          scoreOf(
            mapFindings(plan, (each) => shifted(each, lines)),
            where,
          ),
        ).toBeGreaterThanOrEqual(9)
  })

  test('M13 neither line nor quote fails', () => {
    expect(score(mapFindings(plan, (each) => withoutLines(withoutEvidence(each))))).toBeLessThan(8)
  })

  test('M14 saying it again never gains', () => {
    const scores = [1, 2, 3, 10].map((times) => score(repeated(plan, times)))
    expect(scores[1]).toBeLessThan(8)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    const weak = weakOf(given)
    expect(score(repeated(weak, 2))).toBeLessThanOrEqual(score(weak))
  })

  test('M15 one finding that lists everything is worth nothing', () => {
    const all = finding({
      id: 'all',
      title: 'Everything is wrong',
      description: vocabularyOf(given),
      severity: 'critical',
    })
    const files = code.paths.map((file) => ({file}))
    const places = gold.findings.flatMap(({locations}) => locations)
    for (const locations of [files, places, [...files, ...places]])
      expect(score(planOf([{...all, locations}]))).toBeLessThanOrEqual(0.5)
  })

  test('a true finding that also lists eight other places earns nothing', () => {
    const [own] = neededOf(given)
    if (own === undefined) throw new TypeError('no needed finding')
    const others = novel(given, 8).flatMap(({locations}) => locations)
    expect(score(planOf([own]))).toBeGreaterThan(0)
    expect(score(planOf([{...own, locations: [...own.locations, ...others]}]))).toBe(0)
  })

  test.each(['same', 'place', 'counter'] as const)('M16 a flood of one template is worth nothing (%s)', (template) => {
    for (const count of [50, 150, 300, 1000]) expect(score(templates(given, count, template))).toBeLessThanOrEqual(1)
  })

  test('M17 a flood of hits of a linter gains little and passes nothing', () => {
    const weak = weakOf(given)
    for (const count of [40, 227]) {
      const [same, varied] = [lint(given, count, false), lint(given, count, true)]
      expect(score(planOf(same))).toBeLessThanOrEqual(5)
      expect(score(planOf(varied))).toBeLessThanOrEqual(5)
      expect(score(withMore(weak, same)) - score(weak)).toBeLessThanOrEqual(1)
      expect(score(withMore(weak, varied)) - score(weak)).toBeLessThanOrEqual(3.5)
      expect(score(withMore(weak, varied))).toBeLessThanOrEqual(6)
    }
  })

  test('M18 shouting changes nothing', () => {
    for (const severity of severities)
      expect(Math.abs(score(mapFindings(plan, (each): Finding => ({...each, severity}))) - 10)).toBeLessThanOrEqual(
        0.01,
      )
  })

  test('M19 what is new and stands in the code costs next to nothing', () => {
    for (const count of [3, 7, 14]) {
      const more = novel(given, count)
      expect(more).toHaveLength(count)
      expect(10 - score(withMore(plan, more))).toBeLessThanOrEqual(0.3)
    }
  })

  test('M20 a plan that cannot be carried out fails', () => {
    const all = plan.changes.map(({id}) => id)
    const rows: readonly Plan[] = [
      {...plan, changes: []},
      {...plan, changes: plan.changes.map((change) => ({...change, depends_on: all}))},
      {...plan, changes: plan.changes.toReversed().map((change) => ({...change, phase: 1}))},
      {...plan, changes: plan.changes.map((change) => ({...change, verification: []}))},
      {...plan, changes: plan.changes.map((change) => ({...change, verification: ['make sure that it works']}))},
      {...plan, changes: plan.changes.map((change) => ({...change, resolves: [...change.resolves, 'nothing']}))},
      {...plan, changes: plan.changes.map((change) => ({...change, resolves: []}))},
    ]
    for (const row of rows) expect(score(row)).toBeLessThan(8)
  })

  test('the traps of the gold standard cost whoever believes them', () => {
    const traps = gold.findings.filter(({validity}) => validity === 'refuted')
    expect(traps.length).toBeGreaterThan(0)
    const scores = traps.map((_, count) =>
      score(
        withMore(
          plan,
          traps
            .slice(0, count + 1)
            .map(({must: _must, extra: _extra, validity: _validity, related_files: _related, ...trap}) => trap),
        ),
      ),
    )
    // each costs, until the cap of those who believe more than a third of them
    expect(isFalling([10, ...scores.filter((each) => each !== 7.9)])).toBe(true)
    expect(scores.every((each, at) => each <= (scores[at - 1] ?? 10))).toBe(true)
    // a change for each trap must not buy it back: whoever believes them all would change code that is right
    const believed = withMore(
      plan,
      traps.map(({must: _must, extra: _extra, validity: _validity, related_files: _related, ...trap}) => trap),
    )
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
    const card = scorePlan(
      planOf(traps.map(({must: _must, extra: _extra, validity: _validity, related_files: _related, ...trap}) => trap)),
      gold,
      code,
      null,
    )
    expect(card.findings.filter((each) => each.class === 'trap').length).toBe(traps.length)
    expect(card.score).toBeLessThan(1)
  })

  test('guesses of every kind at a hundred places do not pass', () => {
    for (const seed of [1, 2, 3])
      for (const range of [0, 5000]) expect(score(guesses(given, 25, seed, range))).toBeLessThan(8)
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

describe('M21 what cannot be read as a plan is none, with a reason and soon', () => {
  const [given] = cases.filter(({gold}) => gold.name === 'otp-shop')
  const whole = given === undefined ? '' : renderPlan(given.plan)
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array.from({length: 9}, () => `*${'abcdefghi'[at]}`).join(',')}]`)
    .join('\n')}\nschema: 1\nfindings: []\n`
  const rows: readonly (readonly [string, string])[] = [
    ['empty', ''],
    ['a list', '- a\n- b\n'],
    ['a sentence', 'This is a very good plan.'],
    ['another document', 'schema: 1\nname: x\n'],
    ['another version', 'schema: 2\nfindings: []\n'],
    ['five megabytes', `schema: 1\nsummary: "${'x'.repeat(5 * 1024 * 1024)}"\nfindings: []\n`],
    ['an alias bomb', bomb],
    ['binary', '\u0000\u0001\u0002PK\u0003\u0004\ufffd\ufffd'],
    ['a key twice', 'schema: 1\nfindings: []\nfindings: []\n'],
    ['a tag', 'schema: 1\nfindings: !!js/function "x"\n'],
    ['an unknown key', 'schema: 1\nfindings: []\nscore: 10\n'],
    ['JSON that is cut off', '{"schema": 1, "findings": ['],
  ]
  test.each(rows)('%s', (_, text) => {
    const start = performance.now()
    const read = parsePlan(text, 'plan.yaml')
    expect(performance.now() - start).toBeLessThan(3000)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.problems[0]?.message).not.toBe('')
  })
  test.each([0.25, 0.5, 0.75, 0.95])('cut at %d, it is no plan or scores less', (share) => {
    expect(whole.length).toBeGreaterThan(1000)
    const read = parsePlan(whole.slice(0, Math.floor(whole.length * share)), 'plan.yaml')
    // YAML may be cut at the end of an item, and is then a smaller plan
    if (read.ok && given !== undefined) expect(scoreOf(read.value, given)).toBeLessThan(8)
    else expect(read.ok).toBe(false)
  })
})
