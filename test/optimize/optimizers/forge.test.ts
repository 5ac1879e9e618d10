import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {guardedOf} from '../../../src/optimize/guards.ts'
import {groupsOf, needsOf, pooled, type Need, type Run} from '../../../src/optimize/needs.ts'
import {optimizers} from '../../../src/optimize/optimizers/index.ts'
import type {Evaluation, Extra} from '../../../src/optimize/search.ts'
import type {World} from '../../../src/optimize/till.ts'
import {casesOf, notesOf, rulesIn, run, toyOf, unlimited, type Toy, type ToyInput} from '../toy.ts'

/** As the toy, where a run is one call, and so is a question. */
const cheap = (toy: Toy): Toy => {
  const world: World = {
    ...toy.world,
    worstRun: () => ({calls: 1, tokens: 0, usd: 0}),
    worstReflection: {calls: 1, tokens: 0, usd: 0},
  }
  return {...toy, world}
}
const forge = (toy: Toy, calls: number | null, isGated = false) =>
  run({toy, optimizer: optimizers.forge, limits: {...unlimited, calls}, isGated})

describe('forge', () => {
  it.each([1, 3, 5])('has a rule for each kind of failure, on %i cases', async (train) => {
    const {found} = await forge(toyOf({cases: casesOf(train)}), 400)
    expect(rulesIn(found.evolved)).toBe(6)
  })
  it('keeps no rule where nothing helps', async () => {
    // what is found depends on chance alone
    const evaluate: ToyInput['evaluate'] = ({case: of, replicate}) => ({
      outcomes: Array.from({length: 6}, (_, at) => ({
        id: `f${at}`,
        credit: (of.length + replicate * 7 + at * 3) % 2,
        lost: (of.length + replicate * 7 + at * 3) % 2 === 1 ? null : 'scan',
        group: null,
        must: false,
        reason: `nothing of sort ${'abcdef'[at]} was found`,
      })),
    })
    const {found} = await forge(toyOf({cases: casesOf(3), evaluate}), 600)
    expect(rulesIn(found.evolved)).toBeLessThanOrEqual(1)
  })
  it('sets a rule aside that buys its findings with false claims', async () => {
    const greedy = /sort [ab]\b/
    const evaluate: ToyInput['evaluate'] = ({candidate}) => {
      const isGreedy = Object.values(candidate).some((words) => greedy.test(words))
      const extras: readonly Extra[] = isGreedy
        ? Array.from({length: 8}, () => ({step: null, reason: 'this is none'}))
        : []
      return {extras, ...(isGreedy ? {score: 1} : {})}
    }
    const {found} = await forge(toyOf({cases: casesOf(2), evaluate}), 900)
    expect(notesOf(found)).toContain('side-effect')
    expect(JSON.stringify(found.evolved)).not.toMatch(greedy)
    expect(rulesIn(found.evolved)).toBe(4)
  })
  it('tries no rule that copies a gold standard', async () => {
    const toy = toyOf({cases: casesOf(2), reflect: () => '- Look at lib/shop/cart.ex before all else.'})
    const guarded = guardedOf({names: ['lib/shop/cart.ex'], texts: []})
    const {found} = await forge({...toy, problem: {...toy.problem, guarded}}, 200)
    expect(found.evolved).toBeNull()
    expect(found.log.some((story) => story.kind === 'refused' && story.why.includes('cart.ex'))).toBe(true)
  })
})

describe('questions', () => {
  test.each<readonly [string, number, boolean]>([
    ['are about one kind of failure where that is affordable', 400, false],
    ['are about several where the budget is small', 18, true],
  ])('%s', async (_, calls, isShared) => {
    const several = (question: {readonly evidence: readonly {readonly reason: string}[]}): string =>
      question.evidence
        .map(({reason}) => `- Look closely at everything of sort ${/sort (\w)/.exec(reason)?.[1]}.`)
        .join('\n')
    const toy = cheap(toyOf({cases: casesOf(1), base: 0, costOf: () => 1, reflect: several}))
    const {found} = await forge(toy, calls, true)
    expect(toy.questions.some(({most}) => most > 1)).toBe(isShared)
    expect(toy.calls()).toBeLessThanOrEqual(calls)
    expect(rulesIn(found.evolved)).toBe(6)
    expect(found.promoted).toBe(true)
  })
  it('are asked again for what the rules of a common question did not help with', async () => {
    // of a question about three only the first is answered
    const toy = cheap(toyOf({cases: casesOf(1), base: 0, costOf: () => 1}))
    const {found} = await forge(toy, 24, true)
    expect(toy.questions[0]?.most).toBeGreaterThan(1)
    expect(rulesIn(found.evolved)).toBeGreaterThanOrEqual(4)
    expect(found.promoted).toBe(true)
  })
})

describe('what a gold standard calls its findings', () => {
  test.each<readonly [string, NonNullable<ToyInput['groupOf']>]>([
    ['by their kind', (_, finding) => `kind ${finding}`],
    ['all alike', () => 'defect'],
    ['each otherwise', (of, finding) => `${of} ${finding}`],
  ])('%s: rules are found all the same', async (_, groupOf) => {
    const {found} = await forge(toyOf({cases: casesOf(4), groupOf}), 900)
    expect(rulesIn(found.evolved)).toBeGreaterThanOrEqual(5)
  })
})

describe('needs', () => {
  const evaluationOf = (lost: readonly (readonly [id: string, step: string, reason: string])[]): Evaluation => ({
    score: 0,
    unreadable: null,
    outcomes: lost.map(([id, step, reason]) => ({id, credit: 0, lost: step, group: null, must: false, reason})),
    extras: [{step: 'plan', reason: 'this is none'}],
    shown: {},
    cost: {calls: 1, tokens: 0, usd: null},
  })
  const runOf = (evaluation: Evaluation): Run => ({rules: new Set(), case: 'c', replicate: 0, evaluation})
  const needs = fc
    .array(
      fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), fc.constantFrom('scan', 'plan'), fc.stringMatching(/^[a-z]{4,9}$/)),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((lost) => needsOf([runOf(evaluationOf(lost))]))

  const grouped = (groups: readonly (string | null)[]): readonly Need[] => {
    const evaluation = evaluationOf(
      groups.map((_, at) => [`f${at}`, 'scan', `it lacks ${'abcdefghijklmnop'[at]?.repeat(5)}`]),
    )
    const outcomes = evaluation.outcomes.map((outcome, at) => ({...outcome, group: groups[at] ?? null}))
    return needsOf([runOf({...evaluation, outcomes, extras: []})])
  }
  const times = (count: number, group: string): readonly string[] => Array.from({length: count}, () => group)
  test.each<readonly [string, readonly (string | null)[], readonly number[]]>([
    ['groups gather', ['a', 'a', 'a', 'b', 'b', 'b'], [3, 3]],
    ['a group that holds nearly all tells nothing', [...times(8, 'a'), 'b', 'b'], [1, 1, 1, 1, 1, 1, 1, 1, 2]],
    ['a group that holds few may hold all', times(7, 'a'), [7]],
    ['a large one beside others is a kind', [...times(8, 'a'), ...times(8, 'b')], [8, 8]],
    ['a group of one gathers nothing', ['a', 'b', null], [1, 1, 1]],
  ])('%s', (_, groups, sizes) => {
    const found = grouped(groups).map(({findings}) => findings.size)
    expect(found.toSorted((a, b) => a - b)).toEqual(sizes)
  })
  it('that are of one kind are one, with all that each has', () => {
    fc.assert(
      fc.property(needs, fc.integer({min: 0, max: 5}), (all, rest) => {
        const rootOf = (key: string): string => all[all.findIndex((need) => need.key === key) % (rest + 1)]?.key ?? key
        const pools = pooled(all, rootOf)
        const findingsOf = (of: readonly Need[]): readonly string[] => of.flatMap(({findings}) => [...findings])
        expect(new Set(findingsOf(pools))).toEqual(new Set(findingsOf(all)))
        expect(pools.map(({key}) => key).toSorted()).toEqual([...new Set(all.map(({key}) => rootOf(key)))].toSorted())
      }),
    )
  })
  it('are each in one question, with others of their step only, and what is no miss by itself', () => {
    fc.assert(
      fc.property(needs, fc.integer({min: 1, max: 12}), (all, questions) => {
        const groups = groupsOf(all, questions)
        const keysOf = (of: readonly Need[]): readonly string[] => of.map(({key}) => key).toSorted()
        expect(keysOf(groups.flat())).toEqual(keysOf(all))
        for (const group of groups) {
          expect(new Set(group.map(({step}) => step)).size).toBe(1)
          expect(group.length).toBeLessThanOrEqual(4)
          if (group.length > 1) for (const {what} of group) expect(what).toBe('missed')
        }
        if (questions >= all.length) expect(groups.every(({length}) => length === 1)).toBe(true)
      }),
    )
  })
})
