import {describe, expect, test} from 'vitest'
import type {Violation} from '../../src/plan/rules/rule.ts'
import type {Scorecard} from '../../src/score/scorecard.ts'
import {decide, type Policy} from '../../src/score/verdict.ts'

const policy: Policy = {threshold: 8, requireGold: false, requireJudge: false}
const card = (more: Partial<Scorecard>): Scorecard => ({
  score: 9,
  subscores: {coverage: 1, precision: 1, grounding: 1, structure: 1},
  interval: null,
  judge: 'skipped',
  findings: [],
  gold: [],
  caps: [],
  ...more,
})
const error: Violation = {rule: 'true-quotes', subject: 'F1', message: 'It is invented.', severity: 'error'}
const cap = {code: 'must-missed', at_most: 7.9, message: 'G1 is missed.'}

describe('decide', () => {
  const rows: readonly (readonly [
    string,
    Partial<Scorecard>,
    readonly Violation[],
    Partial<Policy>,
    string,
    readonly string[],
  ])[] = [
    ['above the threshold', {}, [], {}, 'pass', []],
    ['on the threshold', {score: 8}, [], {}, 'pass', []],
    ['below it', {score: 7.99}, [], {}, 'fail', ['score-below-threshold']],
    ['zero', {score: 0}, [], {}, 'fail', ['score-below-threshold']],
    ['no number', {score: Number.NaN}, [], {}, 'fail', ['score-below-threshold']],
    ['a wide interval', {score: 8.2, interval: [7.4, 8.6], judge: 'ran'}, [], {}, 'fail', ['interval-below-threshold']],
    [
      'an interval over the threshold',
      {score: 8.2, interval: [7.5, 8.6], judge: 'ran'},
      [],
      {},
      'pass',
      ['borderline'],
    ],
    ['a narrow interval', {score: 8.2, interval: [8.1, 8.3], judge: 'ran'}, [], {}, 'pass', []],
    ['a hard limit', {score: 7.9, caps: [cap]}, [], {}, 'fail', ['score-below-threshold', 'must-missed']],
    ['a hard limit above a low threshold', {score: 7.9, caps: [cap]}, [], {threshold: 6}, 'pass', []],
    ['a broken rule', {}, [error], {}, 'fail', ['true-quotes']],
    ['a warning', {}, [{...error, severity: 'warning'}], {}, 'pass', []],
    ['no gold standard', {score: null}, [], {}, 'pass', ['no-gold']],
    ['no gold standard and a broken rule', {score: null}, [error], {}, 'fail', ['true-quotes']],
    ['no gold standard and a warning', {score: null}, [{...error, severity: 'warning'}], {}, 'pass', ['no-gold']],
    ['no gold standard, and one is required', {score: null}, [], {requireGold: true}, 'fail', ['no-gold']],
    ['no judge, and one is required', {}, [], {requireJudge: true}, 'error', ['judge-unavailable']],
    [
      'a judge that is out, and is required',
      {judge: 'unavailable'},
      [],
      {requireJudge: true},
      'error',
      ['judge-unavailable'],
    ],
    ['a judge that is out', {judge: 'unavailable'}, [], {}, 'pass', []],
    ['a judge that ran, and is required', {judge: 'ran', interval: [9, 9]}, [], {requireJudge: true}, 'pass', []],
    ['no gold standard, so nothing to judge', {score: null}, [], {requireJudge: true}, 'pass', ['no-gold']],
  ]
  test.each(rows)('%s', (_, more, violations, rules, decision, codes) => {
    const verdict = decide({scorecard: card(more), violations, policy: {...policy, ...rules}})
    expect([verdict.decision, verdict.reasons.map(({code}) => code)]).toEqual([decision, codes])
  })

  test.each([
    [undefined, 'pass'],
    ['off', 'pass'],
    ['critical', 'pass'],
    ['high', 'fail'],
  ] as const)('a new finding of severity high, with fail-on-new %s', (failOnNew, decision) => {
    const introduced = [
      {name: 'spawn in a.ex:1', severity: 'high'},
      {name: 'open in b.ex:2', severity: 'low'},
    ] as const
    const rules: Policy = failOnNew === undefined ? policy : {...policy, failOnNew}
    expect(decide({scorecard: card({}), violations: [], policy: rules, introduced}).decision).toBe(decision)
  })
})
