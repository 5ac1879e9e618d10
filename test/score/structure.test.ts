import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Change, Plan} from '../../src/plan/plan.ts'
import {orderedPairs, structureOf, type Part} from '../../src/score/structure.ts'
import {changeFor} from './golds.ts'
import {finding} from './perturbation.ts'

const change = (id: string, resolves: readonly string[], more: Partial<Change> = {}): Change => ({
  ...changeFor(id, resolves),
  ...more,
})
const parts: readonly Part[] = [
  {id: 'F1', severity: 'critical'},
  {id: 'F2', severity: 'high'},
  {id: 'F3', severity: 'low'},
]
const findings: Plan['findings'] = parts.map(({id, severity}) => finding({id, severity}))
const good = [change('C1', ['F1']), change('C2', ['F2'], {depends_on: ['C1']}), change('C3', ['F3'], {phase: 2})]
const of = (
  changes: readonly Change[],
  wanted: readonly (readonly [string, string])[] = [],
): ReturnType<typeof structureOf> => structureOf({findings, changes: [...changes]}, parts, wanted)

describe('structureOf', () => {
  test('a good one', () => {
    expect(of(good)).toEqual({value: expect.closeTo(1), dangling: false, disordered: false, covered: 1, verified: 1})
  })
  test.each<readonly [string, readonly Change[], object]>([
    ['no changes', [], {covered: 0, verified: 0}],
    ['resolves what is not there', [...good, change('C4', ['F9'])], {dangling: true, disordered: false}],
    ['needs what is not there', [change('C1', ['F1', 'F2', 'F3'], {depends_on: ['C9']})], {dangling: true}],
    ['needs a later one', [change('C1', ['F1'], {depends_on: ['C2']}), change('C2', ['F2', 'F3'])], {disordered: true}],
    ['needs itself', [change('C1', ['F1', 'F2', 'F3'], {depends_on: ['C1']})], {disordered: true}],
    [
      'a circle',
      [change('C1', ['F1'], {depends_on: ['C2']}), change('C2', ['F2', 'F3'], {depends_on: ['C1']})],
      {disordered: true},
    ],
    [
      'needs one of a later phase',
      [change('C1', ['F1'], {phase: 2}), change('C2', ['F2', 'F3'], {depends_on: ['C1']})],
      {disordered: true},
    ],
    ['the critical one is left', [change('C1', ['F2', 'F3'])], {covered: expect.closeTo(5 / 13)}],
    [
      'prose for a command',
      [change('C1', ['F1', 'F2', 'F3'], {verification: ['make sure that it works']})],
      {verified: 0},
    ],
    ['half is verified', [change('C1', ['F1']), change('C2', ['F2', 'F3'], {verification: []})], {verified: 0.5}],
  ])('%s', (_, changes, expected) => {
    const structure = of(changes)
    expect(structure).toMatchObject(expected)
    expect(structure.value).toBeLessThan(of(good).value)
  })
  test('an id twice costs', () => {
    const twice = [change('C1', ['F1']), change('C1', ['F2']), change('F1', ['F3'])]
    expect(of(twice).value).toBeLessThan(of(good).value)
  })
  test('the grave first, but it is a tenth of a fifth of the score', () => {
    const reversed = [change('C3', ['F3']), change('C2', ['F2']), change('C1', ['F1'])]
    expect(of(reversed).value).toBeCloseTo(0.9)
  })
  test('what the gold standard orders counts as much as severity', () => {
    expect(of(good, [['F1', 'F2']]).value).toBeCloseTo(1)
    expect(of(good, [['F3', 'F1']]).value).toBeCloseTo(0.95)
  })
  test('is between 0 and 1 whatever the changes are', () => {
    const id = fc.constantFrom('C1', 'C2', 'C3', 'F1')
    const any = fc.record({
      id,
      resolves: fc.array(fc.constantFrom('F1', 'F2', 'F3', 'F9'), {maxLength: 3}),
      depends_on: fc.array(id, {maxLength: 3}),
      phase: fc.integer({min: 1, max: 3}),
      verification: fc.array(fc.constantFrom('npm test', 'look at it'), {maxLength: 1}),
    })
    fc.assert(
      fc.property(fc.array(any, {maxLength: 8}), (all) => {
        const {value} = of(all.map(({id: name, ...more}) => change(name, [], more)))
        expect(value >= 0 && value <= 1).toBe(true)
      }),
    )
  })
})

describe('orderedPairs', () => {
  test.each<readonly [string, readonly Change[], readonly (readonly [string, string])[]]>([
    ['none', [], []],
    ['beside each other', [change('C1', ['F1']), change('C2', ['F2'])], []],
    ['one needs the other', [change('C1', ['F1']), change('C2', ['F2'], {depends_on: ['C1']})], [['F1', 'F2']]],
    [
      'over a third',
      [change('C1', ['F1']), change('C2', [], {depends_on: ['C1']}), change('C3', ['F3'], {depends_on: ['C2']})],
      [['F1', 'F3']],
    ],
    [
      'a circle ends',
      [change('C1', ['F1'], {depends_on: ['C2']}), change('C2', ['F2'], {depends_on: ['C1']})],
      [
        ['F2', 'F1'],
        ['F1', 'F2'],
      ],
    ],
    ['the same finding in both', [change('C1', ['F1']), change('C2', ['F1'], {depends_on: ['C1']})], []],
  ])('%s', (_, changes, expected) => {
    expect(orderedPairs(changes)).toEqual(expected)
  })
  test('a web of dependencies is walked once', () => {
    const web = Array.from({length: 26}, (_, at) =>
      change(`C${at}`, [`F${at}`], {depends_on: Array.from({length: at}, (_each, before) => `C${before}`)}),
    )
    const start = performance.now()
    expect(orderedPairs(web)).toHaveLength((26 * 25) / 2)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
