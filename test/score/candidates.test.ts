/** What a judge saw in the code and the gold standard does not know: which findings those are, and how they are told of. */
import {describe, expect, test} from 'vitest'
import {candidateNotes} from '../../src/outside.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {candidatesOf} from '../../src/score/judge.ts'
import type {Judgement} from '../../src/score/judgement.ts'
import {scorePlan} from '../../src/score/score.ts'
import {knownCase, withMore} from './golds.ts'

const {gold, code, plan} = knownCase
const fresh = (id: string, file: string, start_line: number, category: string, description: string): Finding => ({
  id,
  category,
  severity: 'high',
  title: description,
  description,
  locations: [{file, start_line}],
  source: 'model',
})
const more = withMore(plan, [
  fresh('F1', 'src/clock.ts', 4, 'naming', 'Nobody can read what these values mean.'),
  fresh('F2', 'src/util/index.ts', 3, 'dead-code', 'The third constant is never imported anywhere.'),
  fresh('F3', 'lib/index.ts', 5, 'missing-timeout', 'A preparation that hangs blocks the start for ever.'),
])
const at = (id: string): number => more.findings.findIndex((finding) => finding.id === id)
const voted = (support: readonly (readonly [id: string, yes: number, no: number])[]): Judgement => ({
  state: 'ran',
  why: null,
  replicates: 3,
  pairs: [],
  support: support.map(([id, yes, no]) => ({at: at(id), yes, no, unsure: 0})),
  plan: [],
  fabricated_quotes: 0,
  seed: 'seed',
})

test.each<[string, Judgement, readonly string[]]>([
  ['nobody was asked', voted([]), []],
  [
    'most say yes',
    voted([
      ['F1', 3, 0],
      ['F2', 2, 1],
    ]),
    ['F1', 'F2'],
  ],
  ['most say no', voted([['F1', 1, 2]]), []],
  ['nobody agrees', voted([['F1', 1, 1]]), []],
  [
    'the gold standard knows it',
    voted([
      ['K1', 3, 0],
      ['F3', 3, 0],
    ]),
    ['F3'],
  ],
  ['what is not in the plan', voted([['none', 3, 0]]), []],
])('%s', (_, judgement, expected) => {
  expect(candidatesOf(more, judgement, scorePlan(more, gold, code, judgement))).toEqual(expected)
})

describe('the note has the command line', () => {
  test.each([
    [['F3', 'F7'], {plan: 'plan.yaml'}, 'refactor-plan gold add plan.yaml --from F3,F7`'],
    [
      ['F3'],
      {plan: 'p.yaml', gold: 'g/x.yaml', repository: '../r'},
      'p.yaml --from F3 --gold g/x.yaml --repository ../r`',
    ],
    [['F3'], {plan: "it's; rm -rf x.yaml"}, String.raw`gold add 'it'\''s; rm -rf x.yaml' --from F3`],
    [['F3', 'F4; rm -rf ~', '$(id)', '-x'], {plan: 'plan.yaml'}, 'plan.yaml --from F3`'],
  ])('%j %j', (ids, about, expected) => {
    const notes = candidateNotes(ids, about)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain(expected)
  })
  test('without a candidate nothing is said', () => {
    expect(candidateNotes([], {plan: 'plan.yaml'})).toEqual([])
    expect(candidateNotes(['`id`'], {plan: 'plan.yaml'})).toEqual([])
  })
})
