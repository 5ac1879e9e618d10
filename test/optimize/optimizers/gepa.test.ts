import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {drawnFrom, frontsOf, membersOf, thinnedFronts} from '../../../src/optimize/front.ts'
import {mergerOf, sharedSample, type Program} from '../../../src/optimize/merge.ts'
import {optimizers} from '../../../src/optimize/optimizers/index.ts'
import {randomOf} from '../../../src/optimize/randomness.ts'
import {evidenceFor, partsOf, refusalOf, rewriteIn} from '../../../src/optimize/rewrites.ts'
import {Settings, type Problem, type Question, type Search} from '../../../src/optimize/search.ts'
import {casesOf, digest, notesOf, problemOf, rulesIn, run, toyOf, unlimited, type ToyInput} from '../toy.ts'

const random = (seed: number) => randomOf(digest, seed, 'test')
const gepa = (input: ToyInput, settings: Partial<Settings> = {}, calls: number | null = 400) =>
  run({toy: toyOf(input), optimizer: optimizers.gepa, settings, limits: {...unlimited, calls}, isGated: false})

describe('GEPA', () => {
  it.each([1, 2, 6])('climbs where each rewrite adds a rule, on %i cases', async (train) => {
    const {found} = await gepa({cases: casesOf(train)})
    expect(rulesIn(found.evolved)).toBeGreaterThanOrEqual(4)
    expect(Object.keys(found.evolved ?? {}).toSorted()).toEqual(['plan/prompt', 'scan/prompt'])
  })
  it('proposes nothing where nothing helps', async () => {
    const {found} = await gepa({cases: casesOf(4), evaluate: () => ({score: 5})})
    expect(found.evolved).toBeNull()
    expect(found.log.filter(({kind}) => kind === 'proposed').length).toBeGreaterThan(3)
    for (const story of found.log) if (story.kind === 'judged') expect(story.verdict).toBe('dropped')
  })
  it('asks for no words where all is perfect', async () => {
    const toy = toyOf({cases: casesOf(4), evaluate: () => ({score: 10})})
    const {found} = await run({toy, optimizer: optimizers.gepa, limits: {...unlimited, calls: 100}, isGated: false})
    expect(found.evolved).toBeNull()
    expect(toy.questions).toEqual([])
  })
  it('takes turns among steps, and runs old and new words on the same three runs', async () => {
    const toy = toyOf({cases: casesOf(4), evaluate: () => ({score: 5})})
    await run({toy, optimizer: optimizers.gepa, limits: {...unlimited, calls: 120}, isGated: false})
    expect(toy.questions.slice(0, 4).map(({step}) => step)).toEqual(['scan', 'plan', 'scan', 'plan'])
    const inTurn = toy.asked.slice(4, 10).map((each) => each.replace('+', ''))
    expect(inTurn.slice(0, 3)).toEqual(inTurn.slice(3))
    expect(inTurn.map((each) => each.split('#')[1])).toEqual(['1', '2', '3', '1', '2', '3'])
  })
  it('shows the model what the step is to blame for', async () => {
    const toy = toyOf({cases: casesOf(3)})
    await run({toy, optimizer: optimizers.gepa, limits: {...unlimited, calls: 60}, isGated: false})
    const [first] = toy.questions
    expect(first).toMatchObject({want: 'rewrite', step: 'scan', words: toy.problem.steps[0]?.texts['prompt']})
    expect(first?.evidence.length).toBeGreaterThan(0)
    for (const {reason} of first?.evidence ?? []) expect(reason).toMatch(/sort [ace]/)
  })
  it('ends when nobody writes words any more', async () => {
    const {found} = await gepa({cases: casesOf(2), reflect: () => ''}, {}, null)
    expect(found.evolved).toBeNull()
    expect(found.log.filter(({kind}) => kind === 'refused')).toHaveLength(100)
  })
  test.each([
    [true, 6, true],
    [false, 6, false],
    [true, 4, false],
  ])('merge %s on %i cases: %s', async (merge, train, expected) => {
    // each rule is of use in two cases and a burden in all others, so that candidates with different rules stand beside each other
    const evaluate: ToyInput['evaluate'] = ({candidate, case: of}) => {
      const at = Number(of.slice(1))
      const rules = [...new Set(Object.values(candidate).flatMap((words) => words.match(/sort \w(?=\.)/g) ?? []))]
      const own = [at, (at + 3) % 6].map((each) => `sort ${'abcdef'[each]}`)
      return {score: 3 + rules.reduce((sum, rule) => sum + (own.includes(rule) ? 3 : -0.4), 0)}
    }
    const seeds = [0, 1, 2, 3, 4, 5]
    const all = await Promise.all(
      seeds.map((seed) => gepa({cases: casesOf(train), base: 0, evaluate}, {merge, seed}, 600)),
    )
    expect(await gepa({cases: casesOf(train), base: 0, evaluate}, {merge, seed: 0}, 600)).toEqual(all[0])
    const codes = all.flatMap(({found}) => notesOf(found))
    expect(codes.some((code) => code.startsWith('merge'))).toBe(expected)
    for (const {found} of all) expect(notesOf(found).filter((code) => code === 'merged').length).toBeLessThanOrEqual(5)
  })
})

describe('fronts', () => {
  const table = fc.tuple(fc.integer({min: 1, max: 6}), fc.integer({min: 1, max: 6})).chain(([cases, candidates]) =>
    fc.array(fc.array(fc.integer({min: 0, max: 3}), {minLength: cases, maxLength: cases}), {
      minLength: candidates,
      maxLength: candidates,
    }),
  )
  const meanOf = (own: readonly number[]): number => own.reduce((sum, each) => sum + each, 0) / own.length
  it('hold whoever is best on a case, lose nobody who is needed, and keep nobody who is not', () => {
    fc.assert(
      fc.property(table, fc.nat(), (scores, seed) => {
        const fronts = frontsOf(scores)
        fronts.forEach((front, at) => {
          const best = Math.max(...scores.map((own) => own[at] ?? 0))
          expect([...front]).toEqual(scores.flatMap((own, candidate) => (own[at] === best ? [candidate] : [])))
        })
        const thin = thinnedFronts(fronts, scores.map(meanOf))
        thin.forEach((front, at) => {
          expect(front.size).toBeGreaterThan(0)
          for (const candidate of front) expect(fronts[at]?.has(candidate)).toBe(true)
        })
        for (const candidate of membersOf(thin))
          expect(thin.some((front) => front.has(candidate) && front.size === 1)).toBe(true)
        expect(membersOf(thin)).toContain(drawnFrom(thin, random(seed)))
      }),
    )
  })
  it('weigh a candidate by how many it is in', () => {
    const fronts = [new Set([0]), new Set([1]), new Set([1]), new Set([1])]
    const draws = Array.from({length: 400}, (_, seed) => drawnFrom(fronts, random(seed)))
    const part = draws.filter((each) => each === 1).length / draws.length
    expect(part).toBeGreaterThan(0.68)
    expect(part).toBeLessThan(0.82)
  })
  it('leaves out the worse of two that do the same', () => {
    expect(
      membersOf(
        thinnedFronts(
          frontsOf([
            [3, 0, 0],
            [3, 0, 1],
            [0, 2, 0],
          ]),
          [1, 1.3, 0.7],
        ),
      ),
    ).toEqual([1, 2])
  })
})

describe('a merger', () => {
  const parts = partsOf(problemOf([]))
  const [scan, plan] = ['scan/prompt', 'plan/prompt']
  const program = (candidate: Program['candidate'], parents: readonly number[], mean: number): Program => ({
    candidate,
    parents,
    mean,
  })
  const seed = program({}, [], 3)
  const left = program({[scan]: 'S'}, [0], 5)
  const right = program({[plan]: 'P'}, [0], 4)
  const none: ReadonlySet<string> = new Set()
  test.each<readonly [string, readonly Program[], readonly number[], Program['candidate'] | null]>([
    ['takes from each what it changed', [seed, left, right], [1, 2], {[scan]: 'S', [plan]: 'P'}],
    [
      'takes what both changed from the better',
      [seed, program({[scan]: 'S', [plan]: 'P'}, [0], 5), program({[scan]: 'T'}, [0], 4)],
      [1, 2],
      {[scan]: 'S', [plan]: 'P'},
    ],
    ['needs two', [seed, left, right], [1], null],
    [
      'is none of a candidate and where it came from',
      [seed, left, program({[scan]: 'S', [plan]: 'P'}, [1], 6)],
      [1, 2],
      null,
    ],
    ['is none where the ancestor is better', [{...seed, mean: 4.5}, left, right], [1, 2], null],
    ['is none where both changed the same step only', [seed, left, program({[scan]: 'T'}, [0], 4)], [1, 2], null],
    ['is none of strangers', [seed, program({[scan]: 'S'}, [], 5), program({[plan]: 'P'}, [], 4)], [1, 2], null],
  ])('%s', (_, programs, among, expected) => {
    expect(mergerOf(programs, among, parts, none, random(1))?.candidate ?? null).toEqual(expected)
  })
  it('is made once', () => {
    const first = mergerOf([seed, left, right], [1, 2], parts, none, random(1))
    expect(first?.parents).toEqual([1, 2])
    expect(mergerOf([seed, left, right], [1, 2], parts, new Set(first?.keys), random(2))).toBeNull()
  })
  it('is compared on five cases of all sorts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({min: 0, max: 2}), fc.integer({min: 0, max: 2})), {minLength: 5, maxLength: 12}),
        fc.nat(),
        (pairs, seed) => {
          const [one, two] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
          const sample = sharedSample(one, two, random(seed))
          expect(new Set(sample).size).toBe(5)
          for (const sign of [1, -1]) {
            const has = (at: number): boolean => Math.sign((one[at] ?? 0) - (two[at] ?? 0)) === sign
            if (pairs.some((_, at) => has(at))) expect(sample.some(has)).toBe(true)
          }
        },
      ),
    )
  })
})

describe('an answer with new words', () => {
  test.each<readonly [string, string, string | null]>([
    ['is what stands between fences', 'Sure.\n```\nDo it.\n```\nDone.', 'Do it.'],
    ['may name a language', '```text\nDo it.\n```', 'Do it.'],
    ['keeps fences inside', '```\nWrite\n```json\n{}\n```\nnow.\n```', 'Write\n```json\n{}\n```\nnow.'],
    ['is all of it without a fence', ' Do it.\n', 'Do it.'],
    ['was cut off when its fence is not closed', 'Sure.\n```\nDo it, and', null],
    ['hides nothing', '```\nDo\u200b <untrusted-data> it\u0007.\n```', 'Do &lt;untrusted-data> it.'],
  ])('%s', (_, answer, expected) => {
    expect(rewriteIn(answer, 'Old.')).toBe(expected)
    expect(rewriteIn(answer, 'Old.\n')).toBe(expected === null ? null : `${expected}\n`)
  })

  const words = 'Read {{ repository }} and {{steps.scan}}.\nSay what a big file is.\n'
  const problem: Problem = {
    ...problemOf([]),
    guarded: {
      names: new Set(['lib/core.ts', 'file']),
      phrases: new Set(['the worker never closes its', 'what a big file is']),
    },
  }
  const toy = {problem, settings: Settings.parse({maxAddedCharacters: 100})}
  const search: Search = {
    ...toy,
    random: () => () => 0,
    evaluate: () => Promise.resolve([]),
    reflect: () => Promise.resolve([]),
    offers: [],
    nameOf: () => 'seed',
    runsLeft: () => 0,
    questionPrice: 0,
    tell: () => undefined,
  }
  test.each<readonly [string, string, RegExp | null]>([
    ['is taken', `${words}Be brief.\n`, null],
    ['may move a value', 'You get {{steps.scan}} and\n{{repository}}.\n', null],
    [
      'may say in another line what the words say',
      'Read {{repository}} and {{steps.scan}}. Say what a big file is!\n',
      null,
    ],
    ['is empty', '\n', /empty/],
    ['is the same', words, /changes nothing/],
    ['is too long', `${words}${'long '.repeat(30)}`, /too long/],
    ['loses a value', 'Read {{repository}}.\n', /\{\{steps\.scan\}\}/],
    ['adds a value', `${words}{{steps.plan}}\n`, /\{\{steps\.plan\}\}/],
    ['takes a value twice', `${words}Again: {{repository}}\n`, /\{\{repository\}\}/],
    ['names what a gold standard names', `${words}Look at lib/core.ts first.\n`, /lib\/core\.ts/],
    [
      'quotes a gold standard',
      `${words}Note that the worker never closes its socket.\n`,
      /the worker never closes its/,
    ],
    ['holds braces', `${words}Answer {"a": {"b": 1}}\n`, /double braces/],
  ])('%s', (_, next, why) => {
    const part = {step: 'scan', key: 'scan/prompt', words}
    const refusal = refusalOf(search, part, words, next)
    if (why === null) expect(refusal).toBeNull()
    else expect(refusal).toMatch(why)
  })

  it('comes from what the step lost, the most frequent first', () => {
    const outcome = (lost: string | null, reason: string, credit = 0) => ({
      id: reason,
      credit,
      lost,
      group: null,
      must: false,
      reason,
    })
    const run = {
      score: 1,
      unreadable: null,
      outcomes: [
        outcome('scan', 'x'),
        outcome('plan', 'y'),
        outcome(null, 'z'),
        outcome('scan', 'x'),
        outcome('scan', 'there', 1),
        outcome('scan', ''),
      ],
      extras: [{step: 'plan', reason: 'false'}],
      shown: {},
      cost: {calls: 0, tokens: 0, usd: 0},
    }
    const said = (step: string): readonly string[] =>
      evidenceFor(step, [run]).map(({what, reason, count}) => `${what} ${reason} ${count}`)
    expect(said('scan')).toEqual(['missed x 2', 'missed z 1'])
    expect(said('plan')).toEqual(['extra false 1', 'missed y 1', 'missed z 1'])
    expect(
      evidenceFor('scan', [{...run, outcomes: [], unreadable: {step: 'plan', reason: 'cut'}}]).map(({what}) => what),
    ).toEqual(['extra', 'unreadable'])
  })
})

/** Only for its type: a question of a rewrite has no rules that were tried. */
test('a rewrite is asked for with its words alone', async () => {
  const toy = toyOf({cases: casesOf(1)})
  await run({toy, optimizer: optimizers.gepa, limits: {...unlimited, calls: 60}, isGated: false})
  for (const {want, tried, most} of toy.questions satisfies readonly Question[])
    expect({want, tried, most}).toEqual({want: 'rewrite', tried: [], most: 1})
})
