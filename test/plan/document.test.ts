import {createHash} from 'node:crypto'
import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {parsePlan, planFileName, renderPlan} from '../../src/plan/document.ts'
import {anyPlan, goodPlan} from './arbitrary.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const problemsIn = (text: string) => {
  const read = parsePlan(text, 'plan.yaml')
  return read.ok ? [] : read.problems.map(({line, col, code, message}) => `${line}:${col} ${code} ${message}`)
}

describe('a plan file', () => {
  it('gives the plan back, whatever its strings hold', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        expect(parsePlan(renderPlan(plan), 'plan.yaml')).toEqual({ok: true, value: plan})
      }),
      {numRuns: 500},
    )
  })

  it('keeps its key order and writes long text as blocks', () => {
    const text = renderPlan({
      ...goodPlan,
      changes: goodPlan.changes.map(({verification, ...change}) => ({verification, ...change})),
    })
    expect(text).toContain('instructions: |-\n      Keep pid => ref in the state.\n      Demonitor')
    expect(text).toContain(
      '- {file: lib/shop/router.ex, start_line: 3, end_line: 3, evidence: Process.monitor(handler_pid)}',
    )
    expect(text).toContain('evidence: |-\n          rescue\n')
    expect(text).toContain('resolves: [F1]')
    expect(text.indexOf('title:')).toBeLessThan(text.indexOf('verification:'))
  })

  it.each([
    ['unknown key', 'schema: 1\nfindings: []\nnote: x\n', '3:1 unrecognized-keys note: is not a known key'],
    [
      'wrong severity',
      'schema: 1\nfindings:\n  - {id: F1, category: a, severity: blocker, locations: [], description: x}\n',
      '3:37 invalid-value',
    ],
    ['a later schema', 'schema: 2\nfindings: []\n', '1:9 invalid-value'],
    ['cut off', 'schema: 1\nfindings: [', 'yaml-syntax'],
    ['no findings', 'schema: 1\n', 'findings'],
  ])('%s is a problem with its place', (_, text, expected) => {
    expect(problemsIn(text).join('\n')).toContain(expected)
  })

  it('may repeat ids: that costs score, not legibility', () => {
    const finding = '{id: F1, category: a, severity: low, locations: [], description: x}'
    expect(problemsIn(`schema: 1\nfindings: [${finding}, ${finding}]\n`)).toEqual([])
  })
})

describe('the name of a plan file', () => {
  it('is safe for any plan and the same for the same content', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const name = planFileName(plan, digest)
        expect(name).toMatch(/^evolved_pipelines\/plan_[a-z0-9]([a-z0-9-]*[a-z0-9])?_[0-9a-f]{8}\.yaml$/)
        expect(planFileName(structuredClone(plan), digest)).toBe(name)
      }),
    )
  })

  it.each([
    ['acme/shop', 'shop'],
    ['acme/shop/gold/otp-shop/repository', 'otp-shop'],
    ['shop/src/app', 'shop'],
    ['src', 'src'],
    ['acme/…', 'acme'],
    ['…', 'rescue-the-shop'],
  ])('%s is named %s', (name, slug) => {
    const plan = {...goodPlan, goal: 'Rescue the shop', repository: {name, commit: null}}
    expect(planFileName(plan, digest)).toMatch(new RegExp(`/plan_${slug}_[0-9a-f]{8}\\.yaml$`))
  })

  it('changes with the content', () => {
    expect(planFileName(goodPlan, digest)).toMatch(/plan_shop_/)
    expect(planFileName({...goodPlan, summary: 'x'}, digest)).not.toBe(planFileName(goodPlan, digest))
  })
})
