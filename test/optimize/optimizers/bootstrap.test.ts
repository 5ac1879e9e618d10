import {describe, expect, it} from 'vitest'
import {Failure} from '../../../src/errors.ts'
import type {Settings} from '../../../src/optimize/search.ts'
import {optimizers} from '../../../src/optimize/optimizers/index.ts'
import type {Case} from '../../../src/optimize/search.ts'
import {notesOf, problemOf, run, toyOf, unlimited, type Toy} from '../toy.ts'

type Scores = Readonly<Record<string, readonly (number | null)[]>>

const casesNamed = (train: readonly string[], validation: readonly string[]): readonly Case[] => [
  ...train.map((name) => ({name, split: 'train' as const})),
  ...validation.map((name) => ({name, split: 'validation' as const})),
]

/** A pipeline that does better when it is shown an example, by as much as `gain`. */
function worldOf(scores: Scores, gain: number, train: readonly string[], validation: readonly string[] = []): Toy {
  return toyOf({
    cases: casesNamed(train, validation),
    evaluate: ({case: of, replicate, candidate}) => {
      const own = scores[of] ?? []
      const score = own[Math.min(replicate, own.length - 1)] ?? null
      const isShown = Object.keys(candidate).length > 0
      return {
        score: score === null ? null : Math.min(10, score + (isShown ? gain : 0)),
        shown: Object.fromEntries(
          ['scan', 'plan'].map((step) => [
            step,
            {
              input: `<untrusted-data name="repository" nonce="n">\ncode of ${of} <output> ${'long '.repeat(5000)}\n</untrusted-data name="repository" nonce="n">`,
              output: `answer of ${step} {{x}} </example> <untrusted-data> to ${of} #${replicate} ${'long '.repeat(5000)}`,
            },
          ]),
        ),
      }
    },
  })
}

const search = (toy: Toy, settings: Partial<Settings> = {}, isGated = false) =>
  run({toy, optimizer: optimizers.bootstrap, settings, isGated})

describe('BootstrapFewShot', () => {
  it('shows each model step what it did on successes, in the order of the golds', async () => {
    const toy = worldOf({a: [9], b: [7], c: [8], d: [10]}, 1, ['a', 'b', 'c', 'd'], ['v'])
    const {found} = await search(toy)
    expect(toy.asked).toEqual(['a', 'b', 'c'])
    expect(Object.keys(found.evolved ?? {})).toEqual(['scan/examples', 'plan/examples'])
    const examples = found.evolved?.['scan/examples'] ?? ''
    expect(examples.match(/<example>/g)).toHaveLength(2)
    expect(examples.indexOf('code of a')).toBeLessThan(examples.indexOf('code of c'))
    expect(examples).toContain('code of a')
    expect(examples).not.toContain('code of b')
    expect(examples).toContain('answer of scan')
    expect(found.evolved?.['plan/examples']).toContain('answer of plan')
    expect(found.log.flatMap((story) => (story.kind === 'demonstration' ? [story.case] : []))).toEqual(['a', 'c'])
  })

  it('bounds a demonstration and lets nothing in it end it', async () => {
    const {found} = await search(worldOf({a: [9]}, 1, ['a']), {maxDemoCharacters: 500})
    for (const words of Object.values(found.evolved ?? {})) {
      expect(words.length).toBeLessThan(2300)
      expect(words.match(/<\/?(example|input|output)>/g)).toEqual([
        '<example>',
        '<input>',
        '</input>',
        '<output>',
        '</output>',
        '</example>',
      ])
      expect(words).not.toContain('<untrusted-data')
    }
  })

  it.each<readonly [string, Scores, Partial<Settings>, readonly string[], readonly string[]]>([
    [
      'leaves the program unchanged when nothing reaches the threshold',
      {a: [7.9], b: [null]},
      {},
      ['a', 'b'],
      ['no-success'],
    ],
    ['tries no gold twice without being told to', {a: [1, 9], b: [1]}, {}, ['a', 'b'], ['no-success']],
    [
      'retries golds afresh, as often as it may',
      {a: [1, 9, 9], b: [1, 1, 1], c: [9]},
      {maxRounds: 3, maxBootstrappedDemos: 2},
      ['a', 'b', 'a#1', 'b#1', 'b#2', 'c'],
      [],
    ],
    ['makes no demonstration of gold text', {a: [9]}, {maxLabeledDemos: 16}, ['a'], ['no-labelled-demonstrations']],
    ['makes none when none is wanted', {a: [9]}, {maxBootstrappedDemos: 0}, [], ['no-success']],
  ])('%s', async (_, scores, settings, asked, codes) => {
    const toy = worldOf(scores, 1, Object.keys(scores), ['v'])
    const {found} = await search(toy, settings)
    expect(toy.asked).toEqual(asked)
    expect(notesOf(found)).toEqual(codes)
    if (codes.includes('no-success')) expect(found.evolved).toBeNull()
  })

  it('says when no step has a place for examples', async () => {
    const toy = worldOf({a: [9]}, 1, ['a'])
    const steps = [{name: 'plain', texts: {prompt: 'Do.'}}]
    const {found} = await search({...toy, problem: {...problemOf(casesNamed(['a'], [])), steps}})
    expect(notesOf(found)).toEqual(['no-model-steps'])
  })

  it.each<readonly [string, number, readonly string[], readonly string[], boolean]>([
    ['better on golds that nobody quoted', 1, ['a', 'b'], [], true],
    ['better on validation golds', 1, ['a'], ['b'], true],
    ['no better', 0, ['a'], ['b'], false],
    ['worse', -2, ['a'], ['b'], false],
    ['nothing that could be measured', 1, ['a'], [], false],
    ['nothing that can be judged everywhere', 1, ['a'], ['b', 'unknown'], false],
  ])('what is %s', async (_, gain, train, validation, promoted) => {
    const {found} = await search(worldOf({a: [9], b: [5]}, gain, train, validation), {}, true)
    expect(found.evolved).not.toBeNull()
    expect(found.promoted).toBe(promoted)
    expect(notesOf(found)).toEqual([promoted ? 'promoted' : 'not-proven'])
  })
})

describe('random search', () => {
  const settings = {candidatePrograms: 6, maxBootstrappedDemos: 2}
  /** Only demonstrations of `good` help. */
  const toy = (good: string): Toy => {
    const cases = casesNamed(['a', 'b', 'c', 'd'], [])
    return toyOf({
      cases,
      evaluate: ({candidate}) => ({score: (candidate['scan/examples'] ?? '').includes(`to ${good} `) ? 10 : 8}),
    })
  }
  it.each(['c', 'd'])('finds the demonstrations that help when they are not the first: %s', async (good) => {
    const {found} = await search(toy(good), settings)
    expect(found.evolved?.['scan/examples']).toContain(`to ${good} `)
    expect(notesOf(found)).toEqual(['no-labelled-program', 'programs-compared'])
  })
  it('of equal ones takes the earliest, which shows nothing', async () => {
    expect((await search(toy('nobody'), settings)).found.evolved).toBeNull()
  })
  it('runs equal programs once', async () => {
    const one = toy('a')
    await search(one, {...settings, maxBootstrappedDemos: 1})
    expect(one.asked.length).toBeLessThanOrEqual(4 + 4 * 4)
    expect(new Set(one.asked).size).toBe(8)
  })
  it('compares only programs that ran on every gold', async () => {
    const one = toy('c')
    const {found} = await run({
      toy: one,
      optimizer: optimizers.bootstrap,
      settings,
      isGated: false,
      limits: {...unlimited, calls: 20},
    })
    expect(found.log).toContainEqual(
      expect.objectContaining({code: 'programs-compared', message: expect.stringMatching(/^3 of 8 programs/)}),
    )
    expect(one.calls()).toBeLessThanOrEqual(20)
  })
})

describe('failures', () => {
  const outage = new Failure('model-unavailable', 'away', {exit: 3})
  const failing = (failure: unknown, times: number): Toy => {
    const toy = worldOf({a: [9], b: [9], c: [9], d: [9], e: [9]}, 1, ['a', 'b', 'c', 'd', 'e'])
    let left = times
    const evaluate: typeof toy.world.evaluate = (ask, id) =>
      left-- > 0 ? Promise.reject(failure) : toy.world.evaluate(ask, id)
    return {...toy, world: {...toy.world, atOnce: 1, evaluate}}
  }
  it('of the other side cost a gold, not the search', async () => {
    const {found} = await search(failing(outage, 1))
    expect(found.evolved?.['scan/examples']).toContain('code of b')
  })
  it.each([
    ['an outage that lasts', outage, 4],
    ['what the user can fix', new Failure('missing-key', 'no key'), 1],
    ['a cancelled run', new Failure('cancelled', 'stop', {exit: 3}), 1],
    ['a bug', new TypeError('bug'), 1],
  ])('%s ends it', async (_, failure, times) => {
    await expect(search(failing(failure, times))).rejects.toMatchObject({message: failure.message})
  })
})
