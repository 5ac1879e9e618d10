import {describe, expect, it, test} from 'vitest'
import {optimizers} from '../../../src/optimize/optimizers/index.ts'
import {randomOf} from '../../../src/optimize/randomness.ts'
import {nextChoice, type Trial} from '../../../src/optimize/tpe.ts'
import type {Settings} from '../../../src/optimize/search.ts'
import {casesOf, digest, notesOf, rulesIn, run, toyOf, unlimited, type Toy, type ToyInput} from '../toy.ts'

const mipro = (toy: Toy, settings: Partial<Settings> = {}, calls: number | null = null) =>
  run({
    toy,
    optimizer: optimizers.mipro,
    settings: {metricThreshold: 1, ...settings},
    limits: {...unlimited, calls},
    isGated: false,
  })

/** Instructions have letters, and one of scan and one of plan go together; a demonstration of `shown` is worth as much as them. */
const pairs: Required<Pick<ToyInput, 'evaluate' | 'reflect'>> = {
  reflect: ({words, replicate}) => `\`\`\`\n${words.trimEnd()}\nSort ${'abcde'[replicate]}.\n\`\`\``,
  evaluate: ({candidate}) => {
    const [scan, plan] = ['scan/prompt', 'plan/prompt'].map((key) => /Sort (\w)/.exec(candidate[key] ?? '')?.[1])
    return {score: 3 + (scan === 'c' ? 1.5 : 0) + (plan === 'b' ? 1.5 : 0) + (scan === 'c' && plan === 'b' ? 2 : 0)}
  },
}

describe('MIPROv2', () => {
  it('finds the best pair of instructions in a small pool, mostly, and a good one always', async () => {
    // answers that are the same are one: three instructions a step, nine pairs, ten trials
    const reflect: ToyInput['reflect'] = (question) =>
      pairs.reflect({...question, replicate: 1 + (question.replicate % 2)})
    const seeds = Array.from({length: 20}, (_, seed) => seed)
    const all = await Promise.all(
      seeds.map((seed) => mipro(toyOf({cases: casesOf(3), ...pairs, reflect}), {seed, maxBootstrappedDemos: 0})),
    )
    const good = all.map(({found}) => [
      /Sort c/.test(found.evolved?.['scan/prompt'] ?? ''),
      /Sort b/.test(found.evolved?.['plan/prompt'] ?? ''),
    ])
    expect(good.filter((each) => each.every(Boolean)).length).toBeGreaterThanOrEqual(14)
    expect(good.every((each) => each.some(Boolean))).toBe(true)
  })
  it('finds demonstrations where they alone help, and says whose they are', async () => {
    const evaluate: ToyInput['evaluate'] = ({candidate}) => ({score: candidate['plan/examples'] === undefined ? 4 : 7})
    const {found} = await mipro(toyOf({cases: casesOf(4), evaluate}))
    expect(found.evolved?.['plan/examples']).toContain('<example>')
    expect(found.log.filter(({kind}) => kind === 'demonstration').length).toBeGreaterThan(0)
  })
  it('runs no combination on a case that it quotes', async () => {
    const asked: string[] = []
    const toy = toyOf({
      cases: casesOf(4),
      evaluate: ({candidate, case: of}) => {
        asked.push(`${of}: ${Object.values(candidate).join(' ')}`)
        return {}
      },
    })
    await mipro(toy)
    expect(asked.some((each) => each.includes('<example>'))).toBe(true)
    for (const each of asked) expect(each).not.toContain(`code of ${each.slice(0, 2)}`)
  })
  it('works with one case, without demonstrations of it', async () => {
    const {found} = await mipro(toyOf({cases: casesOf(1), base: 0.2}))
    expect(rulesIn(found.evolved)).toBeGreaterThanOrEqual(1)
    expect(JSON.stringify(found.evolved)).not.toContain('<example>')
  })
  it('of more than five cases runs five at a time, and only what ran on all can win', async () => {
    const toy = toyOf({cases: casesOf(8), ...pairs})
    const {found} = await mipro(toy, {maxBootstrappedDemos: 0})
    const tried = found.log.flatMap((story) => (story.kind === 'tried' && story.candidate !== 'seed' ? [story] : []))
    const times = new Map<string, number>()
    for (const {candidate} of tried) times.set(candidate, (times.get(candidate) ?? 0) + 1)
    expect(new Set(times.values())).toEqual(new Set([5, 8]))
    expect(found.evolved).not.toBeNull()
  })
  it('believes no minibatch', async () => {
    // five cases gain, three lose more: nine minibatches in thirty look good
    const evaluate: ToyInput['evaluate'] = ({candidate, case: of}) => ({
      score: Object.keys(candidate).length === 0 ? 6 : Number(of.slice(1)) < 5 ? 9 : 0,
    })
    for (const seed of [0, 1, 2]) {
      const {found} = await mipro(toyOf({cases: casesOf(8), ...pairs, evaluate}), {seed, maxBootstrappedDemos: 0})
      expect(found.evolved).toBeNull()
    }
  })
  it('asks each question with another half of what went wrong', async () => {
    const toy = toyOf({cases: casesOf(4), base: 0})
    await mipro(toy)
    expect(toy.questions).toHaveLength(10)
    expect(new Set(toy.questions.map(({evidence, step}) => JSON.stringify([step, evidence]))).size).toBeGreaterThan(3)
    expect(toy.questions.map(({replicate}) => replicate)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
  })
  test.each<readonly [string, ToyInput, readonly string[]]>([
    ['nothing to choose from', {cases: casesOf(2), base: 0, reflect: () => ''}, ['nothing-to-choose']],
    [
      'nothing but demonstrations of the only case',
      {cases: casesOf(1), base: 0.9, reflect: () => ''},
      ['nothing-to-choose'],
    ],
    ['nothing that is better', {cases: casesOf(2), evaluate: () => ({score: 5})}, []],
  ])('%s is nothing', async (_, input, codes) => {
    const {found} = await mipro(toyOf(input))
    expect(found.evolved).toBeNull()
    expect(notesOf(found)).toEqual(codes)
  })
})

describe('the estimator', () => {
  const random = (seed: number) => randomOf(digest, seed, 'test')
  const sizes = [6, 6, 5]
  it('begins by chance', () => {
    const first = Array.from({length: 300}, (_, seed) => nextChoice(sizes, [], random(seed)))
    for (const [at, size] of sizes.entries()) expect(new Set(first.map((choice) => choice[at])).size).toBe(size)
  })
  const climbed = (seed: number, trials: number): number => {
    const all: Trial[] = []
    for (let at = 0; at < trials; at++) {
      const choice = nextChoice(sizes, all, randomOf(digest, seed, 'trial', at))
      all.push({choice, score: [2, 4, 1].filter((best, variable) => choice[variable] === best).length})
    }
    return Math.max(...all.map(({score}) => score))
  }
  it('comes closer to the best than chance does', () => {
    const seeds = Array.from({length: 40}, (_, seed) => seed)
    const meanOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length
    const byChance = seeds.map((seed) => {
      const draw = random(1000 + seed)
      const scores = Array.from(
        {length: 50},
        () => [2, 4, 1].filter((best, at) => Math.floor(draw() * (sizes[at] ?? 1)) === best).length,
      )
      return Math.max(...scores)
    })
    expect(meanOf(seeds.map((seed) => climbed(seed, 50)))).toBeGreaterThan(meanOf(byChance) + 0.2)
  })
})
