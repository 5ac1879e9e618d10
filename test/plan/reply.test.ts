import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import * as z from 'zod'
import {Failure} from '../../src/errors.ts'
import {planFrom, planSchema} from '../../src/plan/reply.ts'
import {Plan} from '../../src/plan/plan.ts'
import type {ScanFinding} from '../../src/scan/finding.ts'
import {anyPlan, goodPlan} from './arbitrary.ts'

const scanned: ScanFinding = {
  id: 'S1',
  rule: 'monitor-leak',
  category: 'monitor-leak',
  severity: 'high',
  locations: [{file: 'lib/a.ex', start_line: 3, end_line: 3, evidence: 'Process.monitor(pid)'}],
  description: 'Never removed.',
  source: 'scan',
}
const scan = {findings: [scanned], skipped: []}
const context = {goal: 'the goal', name: 'acme/shop', commit: 'abc', scan}
const model = {
  summary: 's',
  findings: [
    {
      id: 'F1',
      title: 't',
      category: 'MonitorLeak',
      severity: 'Critical',
      locations: [{file: 'lib/a.ex', start_line: 0, end_line: null, evidence: null}],
      description: 'd',
    },
  ],
  changes: [
    {
      id: 'C1',
      title: 'c',
      resolves: ['F1'],
      depends_on: [],
      phase: 1,
      files: ['lib/a.ex'],
      creates: [],
      instructions: 'i',
      risk: 'low',
      effort: 'S',
      verification: ['mix test'],
    },
  ],
}
const failureOf = (source: unknown): Failure => {
  try {
    planFrom(source, context)
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown
    throw thrown
  }
  throw new Error('was taken for a plan')
}

describe('what a pipeline hands over', () => {
  it.each([
    ['a scan', scan],
    ['its findings alone', [scanned]],
    ['a scan as text', JSON.stringify(scan)],
  ])('%s becomes a drafted plan', (_, source) => {
    const plan = planFrom(source, context)
    expect(plan).toMatchObject({goal: 'the goal', repository: {name: 'acme/shop', commit: 'abc'}})
    expect(plan.findings).toEqual([expect.objectContaining({id: 'S1', source: 'scan'})])
    expect(plan.changes).toEqual([expect.objectContaining({resolves: ['S1']})])
  })

  it.each([
    ['as data', model],
    ['as JSON', JSON.stringify(model)],
    [
      'in a fence with talk around',
      `Here is the plan {as asked}:\n\n\`\`\`json\n${JSON.stringify(model, null, 2)}\n\`\`\`\nGood luck!`,
    ],
    ['after talk', `Sure. ${JSON.stringify(model)}`],
    ['with keys of its own', {...model, schema: 7, confidence: 1, goal: 'another', repository: {name: 'evil/evil'}}],
  ])('a model’s plan %s is read, its goal and repository are ours', (_, source) => {
    expect(planFrom(source, context)).toEqual({
      schema: 1,
      goal: 'the goal',
      repository: {name: 'acme/shop', commit: 'abc'},
      summary: 's',
      findings: [
        {
          id: 'F1',
          title: 't',
          category: 'monitor-leak',
          severity: 'critical',
          locations: [{file: 'lib/a.ex'}],
          description: 'd',
          source: 'model',
        },
      ],
      changes: model.changes,
    })
  })

  it('makes ids unique and keeps references on the first', () => {
    const [finding] = model.findings
    const [change] = model.changes
    const plan = planFrom(
      {findings: [finding, finding, {...finding, id: null}, {...finding, id: 'F2'}], changes: [change, change]},
      context,
    )
    const ids = plan.findings.map(({id}) => id)
    expect(new Set(ids).size).toBe(4)
    expect(ids[0]).toBe('F1')
    expect(ids[3]).toBe('F2')
    expect(new Set(plan.changes.map(({id}) => id)).size).toBe(2)
  })

  it.each([
    ['the same words at the same place', {}, 'scan'],
    ['a scan badge on a claim of its own', {description: 'Something else.', source: 'scan'}, 'model'],
    ['another severity', {severity: 'critical'}, 'model'],
    ['another line', {locations: [{file: 'lib/a.ex', start_line: 4}]}, 'model'],
  ])('%s: %j is from %s', (_, more, source) => {
    const {rule: _rule, ...finding} = scanned
    expect(planFrom({findings: [{...finding, ...more}], changes: []}, context).findings[0]?.source).toBe(source)
  })

  it('a made-up scan is not a scan', () => {
    expect(planFrom({findings: [{...scanned, description: 'invented'}]}, context).findings[0]?.source).toBe('model')
  })

  it.each([
    ['nothing', null, 'the reply'],
    ['a number', 7, 'the reply'],
    ['a sentence', 'I could not find any problems.', 'no JSON'],
    ['empty text', '', 'no JSON'],
    ['cut off', JSON.stringify(model).slice(0, -40), 'not a plan'],
    ['no changes', {findings: model.findings}, 'changes'],
    ['a wrong severity', {...model, findings: [{...model.findings[0], severity: 'blocker'}]}, 'findings.0.severity'],
    ['a list of words', ['a'], 'the reply'],
  ])('%s is not a plan, and the failure says where', (_, source, where) => {
    const failure = failureOf(source)
    expect(failure).toMatchObject({code: 'not-a-plan', exit: 3})
    expect(failure.message).toContain(where)
    expect(failure.hint).toBeTruthy()
  })

  it('any value gives a valid plan or that failure, nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), fc.json(), anyPlan), (source) => {
        try {
          const plan = planFrom(source, context)
          expect(Plan.safeParse(plan).success).toBe(true)
          expect(new Set(plan.findings.map(({id}) => id)).size).toBe(plan.findings.length)
          expect(plan.findings.every(({source}) => source === 'model')).toBe(true)
        } catch (thrown) {
          if (!(thrown instanceof Failure)) throw thrown
          expect(thrown.code).toBe('not-a-plan')
        }
      }),
      {numRuns: 500},
    )
  })
})

describe('the schema a model must answer with', () => {
  const objectsIn = (node: unknown): Record<string, unknown>[] => {
    if (typeof node !== 'object' || node === null) return []
    const inner = Object.values(node).flatMap(objectsIn)
    return 'type' in node && node.type === 'object' ? [{...node}, ...inner] : inner
  }
  it('is closed and requires every key, everywhere', () => {
    const objects = objectsIn(planSchema)
    expect(objects).toHaveLength(4)
    for (const {properties, required, additionalProperties} of objects) {
      expect(additionalProperties).toBe(false)
      expect(required).toEqual(Object.keys(properties ?? {}))
    }
  })
  it('holds no limits, which structured outputs refuse', () => {
    expect(JSON.stringify(planSchema)).not.toMatch(/"(minimum|maximum|minLength|pattern|default|\$schema)"/)
  })
  it('takes what planFrom takes', () => {
    const schema = z.fromJSONSchema(structuredClone(planSchema))
    const {goal: _g, repository: _r, schema: _s, ...plan} = goodPlan
    const answer = {
      ...plan,
      findings: plan.findings.map(({source: _source, ...finding}) => ({title: '', ...finding})),
      changes: plan.changes.map((change) => ({...change, effort: 'S'})),
    }
    expect(schema.safeParse(answer).success).toBe(true)
    expect(schema.safeParse({...answer, note: 1}).success).toBe(false)
    expect(planFrom(answer, context).changes).toHaveLength(2)
  })
})
