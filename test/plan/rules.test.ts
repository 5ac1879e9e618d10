import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {isCommand, quoteArgument} from '../../src/plan/command.ts'
import type {Change, Plan} from '../../src/plan/plan.ts'
import {checkPlan, planRules} from '../../src/plan/rules/index.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {anyPlan, anyText, codeOf, goodCode, goodPlan} from './arbitrary.ts'

const code = codeOf(goodCode)
const rulesBroken = (plan: Plan) =>
  [...new Set(checkPlan(plan, code).map(({rule, subject}) => `${rule} ${subject}`))].sort()
const withChange = (more: Partial<Change>): Plan => ({
  ...goodPlan,
  changes: goodPlan.changes.map((change, index) => (index === 0 ? {...change, ...more} : change)),
})
const withFinding = (more: Partial<Finding>): Plan => ({
  ...goodPlan,
  findings: goodPlan.findings.map((finding, index) => (index === 0 ? {...finding, ...more} : finding)),
})
const place = (file: string, start_line?: number, evidence?: string): Partial<Finding> => ({
  locations: [{file, ...(start_line === undefined ? {} : {start_line}), ...(evidence === undefined ? {} : {evidence})}],
})

describe('the rules of plans', () => {
  it('a good plan breaks none', () => {
    expect(checkPlan(goodPlan, code)).toEqual([])
  })

  const cases: readonly (readonly [string, Plan, readonly string[]])[] = [
    ['a file that is not there', withFinding(place('lib/none.ex', 1)), ['known-places F1']],
    ['a line past the end', withFinding(place('lib/shop/router.ex', 6)), ['known-places F1']],
    ['a unique suffix names its file', withFinding(place('router.ex', 3)), []],
    ['an ending that is no folder does not', withFinding(place('uter.ex', 3)), ['known-places F1']],
    [
      'lines the wrong way round',
      withFinding({locations: [{file: 'lib/shop/router.ex', start_line: 4, end_line: 2}]}),
      ['known-places F1'],
    ],
    ['no place', withFinding({locations: []}), ['placed-findings F1']],
    [
      'an invented quote',
      withFinding(place('lib/shop/router.ex', 3, 'GenServer.call(self(), :boom)')),
      ['true-quotes F1'],
    ],
    [
      'a quote indented otherwise',
      withFinding(place('lib/shop/router.ex', 2, 'def   subscribe(handler_pid) do\nProcess.monitor(handler_pid)\nend')),
      [],
    ],
    [
      'a quote half of which is there',
      withFinding(place('lib/shop/router.ex', 2, 'Process.monitor(handler_pid)\n# invented')),
      [],
    ],
    ['a path out of the repository', withFinding(place('../../etc/passwd')), ['contained-paths F1', 'known-places F1']],
    ['a path into .git', withChange({creates: ['.git/hooks/pre-commit']}), ['contained-paths C1']],
    ['an absolute path', withChange({creates: ['/tmp/x']}), ['contained-paths C1']],
    ['an edit of nothing', withChange({files: ['lib/none.ex']}), ['known-files C1']],
    [
      'an edit of what another change creates',
      {
        ...goodPlan,
        changes: [
          ...goodPlan.changes.slice(0, 1),
          ...goodPlan.changes.slice(1).map((change) => ({...change, files: ['test/shop/router_test.exs']})),
        ],
      },
      [],
    ],
    ['creating what exists', withChange({creates: ['mix.exs']}), ['new-files C1']],
    [
      'one finding twice',
      {...goodPlan, findings: [...goodPlan.findings, ...goodPlan.findings.slice(0, 1)]},
      ['unique-ids F1'],
    ],
    [
      'one change twice',
      {...goodPlan, changes: [...goodPlan.changes, ...goodPlan.changes.slice(0, 1)]},
      ['ordered-changes C2', 'unique-ids C1'],
    ],
    ['resolving what is not there', withChange({resolves: ['F1', 'F9']}), ['known-references C1']],
    ['depending on what is not there', withChange({depends_on: ['C9']}), ['known-references C1']],
    ['depending on itself', withChange({depends_on: ['C1']}), ['ordered-changes C1']],
    ['a circle', withChange({depends_on: ['C2']}), ['ordered-changes C1']],
    ['depending on a later phase', withChange({phase: 3}), ['ordered-changes C2']],
    ['a critical finding left open', withChange({resolves: []}), ['covered-findings F1']],
    ['a medium finding left open', {...goodPlan, changes: goodPlan.changes.slice(0, 1)}, ['open-findings F2']],
    [
      'prose as verification',
      withChange({verification: ['Make sure that all tests pass.']}),
      ['checkable-changes C1', 'checkable-plan plan'],
    ],
    ['no files', withChange({files: [], creates: []}), ['concrete-changes C1']],
    ['no instructions', withChange({instructions: 'Fix it.'}), ['concrete-changes C1']],
    [
      'too much at once',
      withChange({creates: Array.from({length: 12}, (_, index) => `test/${index}.exs`)}),
      ['small-changes C1'],
    ],
  ]
  it.each(cases)('%s', (_, plan, expected) => {
    expect(rulesBroken(plan)).toEqual(expected)
  })

  it('an ending that two files share names neither', () => {
    const two = codeOf({...goodCode, 'apps/x/lib/shop/router.ex': ['one line']})
    const broken = checkPlan(withFinding(place('shop/router.ex', 1)), two)
    expect(broken.map(({rule}) => rule)).toEqual(['known-places'])
  })

  it('every rule is broken by some case above, and can say so', () => {
    const broken = cases.flatMap(([, plan]) => checkPlan(plan, code))
    expect([...new Set(broken.map(({rule}) => rule))].sort()).toEqual(Object.keys(planRules).sort())
    for (const {message} of broken) expect(message).toMatch(/^[A-Z][^]*\.$/)
    for (const {message} of broken) expect(message).not.toContain('undefined')
  })

  it('answers for any plan, errors first', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const severities = checkPlan(plan, code).map(({severity}) => severity)
        expect(severities).toEqual([...severities].sort())
      }),
    )
  })
})

describe('a command', () => {
  it.each(
    [
      'mix test',
      'mix test test/shop/router_test.exs:12',
      'MIX_ENV=test mix test --only slow',
      'cd apps/x && mix test',
      'npm test -- src/a.test.ts',
      'python -m pytest tests/test_a.py -k "not slow and is fast"',
      './gradlew test',
      'go test ./...',
      'bin/check --all',
      "grep -rn 'Process.put' lib",
      '! grep -rn Process.put lib',
    ].filter((text) => !text.startsWith('!')),
  )('%s is one', (text) => {
    expect(isCommand(text)).toBe(true)
  })
  it.each([
    '',
    'Make sure that all tests pass.',
    'make sure the tests pass',
    'go through the logs and check',
    'Run the tests',
    'test that it works',
    'mix test\nrm -rf /',
    'The suite passes',
    'review manually',
  ])('%j is none', (text) => {
    expect(isCommand(text)).toBe(false)
  })
  it('quotes any argument for a shell', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const quoted = quoteArgument(text)
        const bare = quoted.replace(/'[^']*'|\\'/g, '')
        expect(bare).toMatch(/^[\w./@+:,=-]*$/)
        expect(quoted).not.toMatch(/^-/)
      }),
    )
  })
})
