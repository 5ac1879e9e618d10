import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {draftPlan} from '../../src/plan/draft.ts'
import {parsePlan, renderPlan} from '../../src/plan/document.ts'
import {knownCategories, phases, remedyOf} from '../../src/plan/remedies.ts'
import {checkPlan} from '../../src/plan/rules/index.ts'
import {severities, type Finding} from '../../src/scan/finding.ts'
import {rules} from '../../src/scan/rules/index.ts'

const at = (category: string, file: string, severity: Finding['severity'] = 'high', start_line = 1): Finding => ({
  id: `${category}-${file}-${start_line}`.slice(0, 64),
  category,
  severity,
  locations: [{file, start_line, end_line: start_line}],
  description: `Something about ${category}. And more.`,
  source: 'scan',
})
const draft = (
  findings: readonly Finding[],
  paths: readonly string[] = ['mix.exs', ...findings.flatMap(({locations}) => locations.map(({file}) => file))],
) => draftPlan({goal: 'g', name: 'acme/shop', commit: null, findings, paths})
const orderOf = (findings: readonly Finding[]) => draft(findings).changes.map(({title}) => title)

const anyFinding = fc
  .tuple(
    fc.constantFrom(...knownCategories, 'something-else', 'x'),
    fc.constantFrom('lib/a.ex', 'lib/b.ex', 'src/c.ts', 'd.py', 'e.zig'),
    fc.constantFrom(...severities),
    fc.integer({min: 1, max: 40}),
  )
  .map(([category, file, severity, line]) => at(category, file, severity, line))

describe('the offline planner', () => {
  it('gives a plan that breaks no rule, covers every finding once and reads back, for any findings', () => {
    const paths = ['mix.exs', 'package.json', 'lib/a.ex', 'lib/b.ex', 'src/c.ts', 'd.py', 'e.zig']
    const code = {paths, lines: () => Array.from({length: 50}, () => '')}
    fc.assert(
      fc.property(fc.array(anyFinding, {maxLength: 40}), (findings) => {
        const plan = draft(findings, paths)
        const allowed = new Set(['checkable-changes', 'checkable-plan'])
        expect(checkPlan(plan, code).filter(({rule}) => !allowed.has(rule))).toEqual([])
        expect(plan.changes.flatMap(({resolves}) => resolves).sort()).toEqual(plan.findings.map(({id}) => id).sort())
        expect(plan.findings).toHaveLength(findings.length)
        expect(parsePlan(renderPlan(plan), 'p')).toEqual({ok: true, value: plan})
        expect(plan.changes.map(({phase}) => phase)).toEqual(plan.changes.map(({phase}) => phase).sort((a, b) => a - b))
        expect(draft(findings, paths)).toEqual(plan)
      }),
      {numRuns: 200},
    )
  })

  it.each([
    [
      'a crash before the rescue that hides it',
      [at('broad-rescue', 'lib/a.ex', 'critical'), at('map-update-unknown-key', 'lib/a.ex', 'low')],
      ['map-update-unknown-key', 'broad-rescue'],
    ],
    [
      'the tree before table owners',
      [at('ets-ownership', 'lib/a.ex'), at('supervisor-child-drift', 'lib/app.ex')],
      ['supervisor-child-drift', 'ets-ownership'],
    ],
    [
      'a table owner before what is kept in it',
      [at('volatile-state', 'lib/a.ex', 'critical'), at('ets-ownership', 'lib/b.ex', 'low')],
      ['ets-ownership', 'volatile-state'],
    ],
    [
      'blocking before call',
      [at('raw-send', 'lib/a.ex', 'critical'), at('blocking-in-callback', 'lib/a.ex', 'low')],
      ['blocking-in-callback', 'raw-send'],
    ],
    [
      'the owner before the dictionary goes',
      [at('process-dictionary', 'lib/a.ex'), at('supervisor-child-drift', 'lib/app.ex')],
      ['supervisor-child-drift', 'process-dictionary'],
    ],
    [
      'data before the split',
      [at('god-process', 'lib/a.ex', 'critical'), at('volatile-state', 'lib/a.ex')],
      ['volatile-state', 'god-process'],
    ],
  ] as const)('%s, with a dependency', (_, findings, categories) => {
    const {changes} = draft(findings)
    expect(orderOf(findings)).toEqual(
      categories.map((category) => expect.stringContaining(remedyOf(category, 'high').title)),
    )
    expect(changes[1]?.depends_on).toEqual(['C1'])
  })

  it('lets a later phase wait for the earlier edit of its file, and only for the nearest', () => {
    const found = draft([
      at('genserver-self-call', 'lib/a.ex'),
      at('monitor-leak', 'lib/a.ex'),
      at('infinite-timeout', 'lib/a.ex'),
      at('infinite-timeout', 'lib/a.ex', 'high', 9),
    ])
    expect(found.changes.map(({phase, depends_on}) => [phase, depends_on])).toEqual([
      [1, []],
      [2, ['C1']],
      [5, ['C2']],
    ])
  })

  it('invents no dependency between strangers', () => {
    expect(
      draft([at('broad-rescue', 'lib/a.ex'), at('map-update-unknown-key', 'lib/b.ex')]).changes.map(
        ({depends_on}) => depends_on,
      ),
    ).toEqual([[], []])
  })

  it('puts one file and family into one change, and sweeps single quick repairs of one category', () => {
    const one = draft([
      at('broad-rescue', 'lib/a.ex'),
      at('broad-catch', 'lib/a.ex'),
      at('unsupervised-task', 'lib/a.ex'),
    ])
    expect(one.changes.map(({resolves}) => resolves.length)).toEqual([1, 2])
    const swept = draft(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => at('missing-handle-info-catchall', `lib/${name}.ex`, 'low')),
    )
    expect(swept.changes.map(({files}) => files.length)).toEqual([5, 1])
    expect(swept.changes[0]?.verification).toEqual(['mix test'])
  })

  it.each([
    [['mix.exs', 'lib/shop/a.ex', 'test/shop/a_test.exs'], 'lib/shop/a.ex', ['mix test test/shop/a_test.exs'], []],
    [['mix.exs', 'lib/shop/a.ex'], 'lib/shop/a.ex', ['mix test test/shop/a_test.exs'], ['test/shop/a_test.exs']],
    [
      ['mix.exs', 'apps/x/mix.exs', 'apps/x/lib/a.ex'],
      'apps/x/lib/a.ex',
      ['cd apps/x && mix test test/a_test.exs'],
      ['apps/x/test/a_test.exs'],
    ],
    [['package.json', 'src/a.ts'], 'src/a.ts', ['npm test'], []],
    [['package.json', 'src/a.ts', 'test/a.test.ts'], 'src/a.ts', ['npm test -- test/a.test.ts'], []],
    [['pyproject.toml', 'pkg/a.py', 'tests/test_a.py'], 'pkg/a.py', ['python -m pytest tests/test_a.py'], []],
    [['a.py'], 'a.py', ['python -m py_compile a.py'], []],
    [['a.js'], 'a.js', ['node --check a.js'], []],
    [[], 'lib/a.ex', ['mix test'], []],
    [['a.zig'], 'a.zig', [], []],
    [["x;rm '.py"], "x;rm '.py", ["python -m py_compile 'x;rm '\\''.py'"], []],
  ])('in %j %s is proved by %j', (paths, file, verification, creates) => {
    expect(draft([at('x', file)], paths).changes[0]).toMatchObject({verification, creates})
  })

  it('counts by severity in its summary and says so when there is nothing', () => {
    expect(
      draft([at('broad-rescue', 'lib/a.ex', 'medium'), at('genserver-self-call', 'lib/a.ex', 'critical')]).summary,
    ).toMatch(
      /^2 findings \(1 critical, 1 medium\) in 1 file; 2 changes in 2 phases\.\nPhase 1, stop crashes and close holes: C1\./,
    )
    expect(draft([]).summary).toContain('nothing')
  })

  it('plans 3,000 findings in seconds', () => {
    const findings = Array.from({length: 3000}, (_, index) =>
      at(knownCategories[index % knownCategories.length] ?? 'x', `lib/${index % 700}.ex`, 'medium', (index % 90) + 1),
    )
    const started = performance.now()
    expect(draft(findings).findings).toHaveLength(3000)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('the table of remedies', () => {
  it.each(knownCategories)('%s names a phase, and follows only what comes no later', (category) => {
    const remedy = remedyOf(category, 'low')
    expect(phases[remedy.phase - 1]).toBeTruthy()
    for (const other of [...(remedy.after ?? []), ...(remedy.afterAnywhere ?? [])]) {
      expect(knownCategories).toContain(other)
      expect(remedyOf(other, 'low').phase).toBeLessThanOrEqual(remedy.phase)
    }
  })
  it('knows every category that the static rules report', () => {
    const reported = Object.values(rules).map(({category}) => category)
    expect(reported.filter((category) => !knownCategories.includes(category))).toEqual([])
  })
  it('places an unknown category by severity', () => {
    expect(severities.map((severity) => remedyOf('new-thing', severity).phase)).toEqual([1, 4, 5, 6])
  })
})
