import {describe, expect, it, test} from 'vitest'
import {observe, unreadable} from '../../src/optimize/observation.ts'
import type {StepResult, Trace} from '../../src/pipeline/step.ts'
import {Plan} from '../../src/plan/plan.ts'
import {GoldStandard} from '../../src/score/gold.ts'
import type {FindingClass, Scorecard} from '../../src/score/scorecard.ts'

const steps = ['scan', 'check', 'plan'].map((name) => ({name, texts: {prompt: 'Look.'}}))
const locations = [{file: 'lib/shop/cart.ex', start_line: 12, end_line: 12, evidence: 'spawn(fn -> pay(cart) end)'}]
const needed = {category: 'unsupervised-spawn', severity: 'high', description: 'Nobody notices.', locations}
const goldWith = (others: readonly object[] = []): GoldStandard =>
  GoldStandard.parse({
    schema: 1,
    name: 'shop',
    goal: 'Supervise everything.',
    source: {path: 'repository'},
    findings: [{id: 'G1', ...needed}, ...others],
  })
const planWith = (findings: readonly object[]): Plan =>
  Plan.parse({schema: 1, goal: 'Supervise everything.', summary: 'All of it.', findings, changes: []})
const cardWith = (credit: number, findings: Scorecard['findings'] = []): Scorecard => ({
  score: 10 * credit,
  subscores: {coverage: credit, precision: 1, grounding: 1, structure: 1},
  interval: null,
  judge: 'skipped',
  findings,
  gold: ['G1', 'G2'].map((id) => ({id, credit, matched_by: null, why: ''})),
  caps: [],
})
const usage = {calls: 0, input_tokens: 0, output_tokens: 0, usd: null}
const nothing: StepResult = {text: '', data: null, ok: true}
const traceOf = (answers: readonly unknown[]): Trace => ({
  pipeline: 'p',
  steps: answers.map((answer, at) => ({
    step: steps[at]?.name ?? '',
    result:
      typeof answer === 'string'
        ? {text: answer, data: null, ok: true}
        : {text: JSON.stringify(answer), data: answer, ok: true},
    calls: [],
    milliseconds: 0,
  })),
  output: nothing,
  usage,
  notes: [],
})
const cost = {calls: 3, tokens: 0, usd: null}
const seen = {file: 'lib/shop/cart.ex', line: 12, quote: 'spawn(fn -> pay(cart) end)'}
const kept = {verdicts: [{id: 'F1', ...seen, verdict: 'keep'}]}

describe('who lost a finding', () => {
  test.each<readonly [string, readonly unknown[], string]>([
    ['the first, when nobody has it', ['', '', ''], 'scan'],
    ['the second, when only the first has it', [{findings: [seen]}, {verdicts: []}, {findings: []}], 'check'],
    ['the last, when all but the plan have it', [{findings: [seen]}, kept, {findings: []}], 'plan'],
    ['the last, when even its answer has it', [{findings: [seen]}, kept, {findings: [seen]}], 'plan'],
    [
      'who rejects it, though it names it',
      [{findings: [seen]}, {verdicts: [{id: 'F1', ...seen, verdict: 'reject'}]}, {findings: []}],
      'check',
    ],
    [
      'who rejects it deep inside',
      [{findings: [seen]}, {by: {file: [{of: seen, verdict: 'rejected', ...seen}]}}, {findings: []}],
      'check',
    ],
    [
      'not who has it by another name beside one it rejects',
      [
        {findings: [seen]},
        {
          verdicts: [
            {id: 'F9', file: 'lib/a.ex', verdict: 'reject'},
            {id: 'F1', ...seen, verdict: 'adjust'},
          ],
        },
        {findings: []},
      ],
      'plan',
    ],
    ['prose that quotes the line', ['In cart.ex: `spawn(fn -> pay(cart) end)`', '', ''], 'check'],
    ['prose that names the file only', ['cart.ex is fine', '', ''], 'scan'],
    ['a line nearby', [{findings: [{file: 'cart.ex', start_line: 14}]}, '', ''], 'check'],
    ['a line far away', [{findings: [{file: 'cart.ex', start_line: 40}]}, '', ''], 'scan'],
  ])('%s', (_, answers, lost) => {
    const {outcomes} = observe(steps, {
      gold: goldWith(),
      plan: planWith([]),
      scorecard: cardWith(0),
      trace: traceOf(answers),
      cost,
    })
    expect(outcomes).toMatchObject([{id: 'G1', credit: 0, lost, group: 'unsupervised-spawn'}])
    expect(outcomes[0]?.reason).toContain('Nobody notices.')
  })
  test.each([
    [0.5, null],
    [0.49, 'scan'],
  ])('credit %d: lost by %j', (credit, lost) => {
    const {outcomes} = observe(steps, {
      gold: goldWith(),
      plan: planWith([]),
      scorecard: cardWith(credit),
      trace: traceOf([]),
      cost,
    })
    expect(outcomes).toMatchObject([{lost, credit}])
  })
  it.each([{extra: true}, {validity: 'refuted'}])('is nobody for one that need not be found: %j', (more) => {
    const {outcomes} = observe(steps, {
      gold: goldWith([{id: 'G2', ...needed, ...more}]),
      plan: planWith([]),
      scorecard: cardWith(0),
      trace: traceOf([]),
      cost,
    })
    expect(outcomes.map(({id}) => id)).toEqual(['G1'])
  })
})

describe('a false claim', () => {
  const claimed = {
    id: 'F7',
    category: 'other',
    severity: 'low',
    description: 'There is none.',
    source: 'model',
    locations,
  }
  test.each<readonly [FindingClass, readonly unknown[], string | null]>([
    ['unsupported', [{findings: [seen]}, kept, kept], 'scan'],
    ['trap', ['', kept, kept], 'check'],
    ['unsupported', ['', '', ''], 'plan'],
    ['matched', [{findings: [seen]}, kept, kept], null],
    ['novel', [{findings: [seen]}, kept, kept], null],
    ['duplicate', [{findings: [seen]}, kept, kept], null],
  ])('%s', (kind, answers, step) => {
    const card = cardWith(1, [{id: 'F7', class: kind, gold: null, credit: 0, why: 'no such line'}])
    const {extras} = observe(steps, {
      gold: goldWith(),
      plan: planWith([claimed]),
      scorecard: card,
      trace: traceOf(answers),
      cost,
    })
    expect(extras.map((each) => each.step)).toEqual(step === null ? [] : [step])
    if (step !== null) expect(extras[0]?.reason).toBe('other: There is none. (no such line)')
  })
})

it('a run without a plan blames the step that its reason names, else the last', () => {
  const of = (reason: string): string | null | undefined => unreadable(goldWith(), steps, reason, cost).unreadable?.step
  expect(of('step check: the answer is empty')).toBe('check')
  expect(of('it broke')).toBe('plan')
  expect(unreadable(goldWith(), steps, 'it broke', cost)).toMatchObject({
    score: 0,
    outcomes: [{id: 'G1', credit: 0, lost: null}],
  })
})
