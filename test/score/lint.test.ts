/** What `check` says about a gold standard beyond its form, row by row. */
import {describe, expect, test} from 'vitest'
import type {GoldFinding, GoldStandard} from '../../src/score/gold.ts'
import {lintGold, type Remark} from '../../src/score/lint.ts'
import {cases, codeOf, knownCase} from './golds.ts'

const {gold, code} = knownCase
const [first, second, ...others] = gold.findings
if (first === undefined || second === undefined) throw new Error('the gold standard is empty')
const withFirst = (change: Partial<GoldFinding>): GoldStandard => ({
  ...gold,
  findings: [{...first, ...change}, second, ...others],
})
const withPlace = (change: object): GoldStandard =>
  withFirst({locations: first.locations.map((place) => ({...place, ...change}))})
const short = ({severity, code: name, path}: Remark): string => `${severity} ${name} ${path.join('.')}`

test.each(cases.map((each) => [each.gold.name, each] as const))('%s: nothing is wrong with what ships', (_, each) => {
  expect(lintGold(each.gold, each.code, false)).toEqual([])
})

describe('each remark', () => {
  const place = 'findings.0.locations.0'
  const rows: readonly (readonly [string, GoldStandard, boolean, readonly string[]])[] = [
    ['a file that is not there', withPlace({file: 'src/none.ts'}), false, [`error no-such-file ${place}.file`]],
    [
      'a line after the end',
      withPlace({start_line: 9000, end_line: 9000}),
      false,
      [`error no-such-line ${place}.start_line`, `error moved-quote ${place}.start_line`],
    ],
    ['an end after the end', withPlace({end_line: 9000}), false, [`error no-such-line ${place}.end_line`]],
    ['an end before the start', withPlace({end_line: 3}), false, [`error no-such-line ${place}.end_line`]],
    [
      'a quote that is invented',
      withPlace({evidence: 'store.add(id, 1, { atomic: true })'}),
      false,
      [`error no-such-quote ${place}.evidence`],
    ],
    ['a quote that is a comment', withPlace({evidence: '// why'}), false, [`error no-such-quote ${place}.evidence`]],
    [
      'a quote that stands elsewhere',
      withPlace({start_line: 2, end_line: 2}),
      false,
      [`error moved-quote ${place}.start_line`],
    ],
    [
      'a quote that moved with its code',
      withPlace({start_line: 2, end_line: 2}),
      true,
      [`warning moved-quote ${place}.start_line`],
    ],
    [
      'code that shrank above the quote',
      withPlace({start_line: 9000, end_line: 9000}),
      true,
      [`warning moved-quote ${place}.start_line`],
    ],
    ['no quote', withPlace({evidence: undefined}), false, [`warning no-evidence ${place}`]],
    [
      'a related file that is not there',
      withFirst({related_files: ['src/mail.ts', 'src/none.ts']}),
      false,
      ['error no-such-file findings.0.related_files.1'],
    ],
    [
      'no trap',
      {...gold, findings: gold.findings.filter(({validity}) => validity !== 'refuted')},
      false,
      ['warning no-trap findings'],
    ],
    [
      'no must',
      {...gold, findings: gold.findings.map((one) => ({...one, must: false}))},
      false,
      ['warning no-must findings'],
    ],
    ['a finding without a change', {...gold, changes: gold.changes.slice(1)}, false, ['warning no-change findings.0']],
    [
      'two that are one',
      {...gold, findings: [first, second, {...first, id: 'K99', must: false, extra: true}, ...others]},
      false,
      ['warning same-finding findings.2'],
    ],
    [
      'code that is not there any more',
      {...gold, findings: gold.findings.map((one) => ({...one, locations: [{file: 'gone.ts'}]}))},
      true,
      ['error stale-gold findings'],
    ],
  ]
  test.each(rows)('%s', (_, broken, moves, expected) => {
    const remarks = lintGold(broken, code, moves)
    expect(remarks.map(short)).toEqual(expect.arrayContaining([...expected]))
    for (const {message} of remarks) expect(message.length).toBeGreaterThan(15)
  })

  test.each(rows.slice(0, 10))('%s: and nothing but what follows from it', (_, broken, moves, expected) => {
    const implied = ['no-full-marks', 'stale-gold']
    expect(
      lintGold(broken, code, moves)
        .filter((each) => !implied.includes(each.code))
        .map(short),
    ).toEqual(expected)
  })

  test('answers of which some are not read cannot have full marks', () => {
    const many = Array.from({length: 310}, (_, at): GoldFinding => ({
      ...first,
      id: `N${at}`,
      must: false,
      title: `Defect number ${at}`,
      description: `What is wrong in place ${at * 7919} of them all.`,
    }))
    const remarks = lintGold({...gold, findings: many, changes: []}, code, false)
    const [remark] = remarks.filter((each) => each.code === 'no-full-marks')
    expect(remark).toMatchObject({severity: 'error', path: ['findings']})
    expect(remark?.message).toMatch(/^its own answers score \d\.\d\d and not 10: \S/)
  })

  test('no code at all', () => {
    const found = lintGold(gold, codeOf({}), false)
    expect(new Set(found.filter(({severity}) => severity === 'error').map((each) => each.code))).toContain(
      'no-such-file',
    )
  })
})
