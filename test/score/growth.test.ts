/** Findings of a plan that somebody has reviewed become part of a gold standard, and nothing that was there is changed by it. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parseDocument, stringify, visit} from 'yaml'
import {readDocument, valueOf} from '../../src/document.ts'
import {Failure} from '../../src/errors.ts'
import type {Plan} from '../../src/plan/plan.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {renderGold, withAdded} from '../../src/score/document.ts'
import {GoldStandard} from '../../src/score/gold.ts'
import {grow, type Choice, type Growth} from '../../src/score/growth.ts'
import {lintGold} from '../../src/score/lint.ts'
import {goldAsPlan, scorePlan} from '../../src/score/score.ts'
import {alikeIn} from '../../src/score/soundness.ts'
import {cases, changeFor, codeOf, type Case} from './golds.ts'

const code = codeOf({
  'lib/cart.ex': [
    'defmodule Cart do',
    '  # spawn is bad',
    '  def confirm(order) do',
    '    spawn(fn -> Mail.confirm(order) end) # fire and forget',
    '  end',
    '',
    '  def total(order) do',
    '    Enum.sum(order.prices)',
    '  end',
    'end',
    '',
  ].join('\n'),
  'a/index.ts': 'export const first = one()\n',
  'b/index.ts': 'export const other = two()\n',
})

const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id,
  category: 'unsupervised-spawn',
  severity: 'high',
  title: 'Nobody supervises the mail',
  description: 'The confirmation is sent from a process without a supervisor.',
  locations: [{file: 'lib/cart.ex', start_line: 4, end_line: 4, evidence: 'spawn(fn -> Mail.confirm(order) end)'}],
  source: 'model',
  ...more,
})
const spawned = finding('F1')
const summed = finding('F2', {
  category: 'wrong-result',
  severity: 'critical',
  title: 'The total forgets the tax',
  description: 'What is summed are the net prices, and the customer pays too little.',
  locations: [{file: 'lib/cart.ex', start_line: 8, evidence: 'Enum.sum(order.prices)'}],
})
const planOf = (findings: readonly Finding[], changes: Plan['changes'] = []): Plan => ({
  schema: 1,
  goal: 'Find races.',
  summary: '',
  findings: [...findings],
  changes,
})
const empty: GoldStandard = {
  schema: 1,
  name: 'self',
  goal: '',
  source: {path: '.'},
  split: 'train',
  findings: [],
  changes: [],
}
const none: Choice = {from: [], must: [], extra: [], traps: [], verified: false}
const growing = (plan: Plan, choice: Partial<Choice>, gold = empty): Growth =>
  grow(gold, plan, {...none, ...choice}, code, true)
const at = (place: Finding['locations'][number]): Plan => planOf([finding('F1', {locations: [place]})])
const failureOf = (act: () => unknown): Failure => {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown
    throw thrown
  }
  throw new Error('nothing was refused')
}

describe('a place is brought up to date', () => {
  const line = 'spawn(fn -> Mail.confirm(order) end) # fire and forget'
  const here = {file: 'lib/cart.ex', start_line: 4, end_line: 4, evidence: line}
  test.each([
    ['a part of a line becomes the line', {...here, evidence: 'spawn(fn -> Mail'}, here],
    [
      'a range that holds the quote stays',
      {...here, start_line: 3, end_line: 5},
      {...here, start_line: 3, end_line: 5},
    ],
    ['a line that moved is followed', {...here, start_line: 9, end_line: 10}, {...here, end_line: 5}],
    ['a line beyond the file is followed', {...here, start_line: 400, end_line: 400}, here],
    ['no line at all is found by the quote', {file: 'lib/cart.ex', evidence: line}, here],
    ['a short path becomes the whole', {...here, file: 'cart.ex'}, here],
    ['a line without a quote is quoted', {file: 'lib/cart.ex', start_line: 4, end_line: 4}, here],
    [
      'the first line that can be found again is',
      {file: 'lib/cart.ex', start_line: 2, end_line: 6},
      {...here, start_line: 2, end_line: 6, evidence: 'def confirm(order) do'},
    ],
    [
      'a quote that stands everywhere gives way to what follows it',
      {...here, start_line: 5, end_line: 5, evidence: 'end'},
      {...here, start_line: 5, end_line: 7, evidence: 'def total(order) do'},
    ],
    [
      'so does a comment',
      {...here, start_line: 2, end_line: 2, evidence: '# spawn is bad'},
      {...here, start_line: 2, end_line: 3, evidence: 'def confirm(order) do'},
    ],
    ['an end before the start is none', {...here, end_line: 1}, here],
    [
      'a quote of several lines stays one',
      {...here, start_line: 1, end_line: 1, evidence: 'def total(order) do\n  Enum.sum(order.prices)'},
      {...here, start_line: 7, end_line: 8, evidence: 'def total(order) do\n  Enum.sum(order.prices)'},
    ],
  ])('%s', (_, given, expected) => {
    expect(growing(at(given), {from: ['F1']}).findings[0]?.locations).toEqual([expected])
  })

  test('what was taken from the code is said', () => {
    const plan = at({file: 'lib/cart.ex', start_line: 4})
    expect(growing(plan, {from: ['F1']}).notes.join()).toContain('G1: the plan quoted no line')
    expect(growing(planOf([spawned]), {from: ['F1']}).notes.join()).not.toContain('quoted')
  })
})

describe('what is wrong is refused, with the place and what to do', () => {
  const both = planOf([spawned, summed])
  const late = [{...changeFor('C1', ['F1']), depends_on: ['C2']}, changeFor('C2', ['F2'])]
  const gold = growing(both, {from: ['F2'], traps: ['F1']}).gold
  const rows: readonly (readonly [string, Plan, Partial<Choice>, string, RegExp, GoldStandard])[] = [
    [
      'a file that is not there',
      at({file: 'lib/none.ex', start_line: 7}),
      {from: ['F1']},
      'not-grounded',
      /F1: lib\/none\.ex:7 there is no such file/,
      empty,
    ],
    [
      'a path that is two',
      at({file: 'index.ts', start_line: 1}),
      {from: ['F1']},
      'not-grounded',
      /may be a\/index\.ts or b\/index\.ts/,
      empty,
    ],
    [
      'an invented quote',
      at({file: 'lib/cart.ex', start_line: 4, evidence: 'Task.start(fn -> x end)'}),
      {from: ['F1']},
      'not-grounded',
      /lib\/cart\.ex:4 the quote does not/,
      empty,
    ],
    [
      'a quote of which half is invented',
      at({file: 'lib/cart.ex', start_line: 7, evidence: 'def total(order) do\nEnum.sum(order.prices)\norder.tax + 1'}),
      {from: ['F1']},
      'not-grounded',
      /does not stand/,
      empty,
    ],
    [
      'neither a line nor a quote',
      at({file: 'lib/cart.ex'}),
      {from: ['F1']},
      'not-grounded',
      /names no line, nor a quote/,
      empty,
    ],
    [
      'a line beyond the file',
      at({file: 'lib/cart.ex', start_line: 99}),
      {from: ['F1']},
      'not-grounded',
      /:99 the file has only 11 lines/,
      empty,
    ],
    [
      'a line that says nothing',
      at({file: 'lib/cart.ex', start_line: 9, end_line: 10}),
      {from: ['F1']},
      'not-grounded',
      /no line there can be quoted/,
      empty,
    ],
    [
      'a comment that is not there',
      at({file: 'lib/cart.ex', start_line: 4, evidence: '# spawn is good'}),
      {from: ['F1']},
      'not-grounded',
      /:4 the quote does not stand there/,
      empty,
    ],
    ['no place', planOf([finding('F1', {locations: []})]), {from: ['F1']}, 'not-grounded', /names no place/, empty],
    [
      'all places are named at once',
      planOf([spawned, finding('F3', {locations: [{file: 'x'}, {file: 'y'}]})]),
      {from: ['F1', 'F3']},
      'not-grounded',
      /F3: x [^]*F3: y /,
      empty,
    ],
    ['nothing chosen', both, {}, 'bad-choice', /no finding is chosen/, empty],
    ['an unknown finding', both, {from: ['F1', 'F9']}, 'unknown-finding', /no finding F9/, empty],
    ['a must that is a trap', both, {must: ['F1'], traps: ['F1']}, 'bad-choice', /F1 is marked twice/, empty],
    ['a must that is an extra', both, {must: ['F1'], extra: ['F1']}, 'bad-choice', /F1 is marked twice/, empty],
    [
      'an id that is two findings',
      planOf([spawned, {...summed, id: 'F1'}]),
      {from: ['F1']},
      'bad-choice',
      /more than one/,
      empty,
    ],
    ['nothing needed', both, {extra: ['F1'], traps: ['F2']}, 'bad-gold', /findings: needs a finding/, empty],
    [
      'the same twice',
      planOf([spawned, {...spawned, id: 'F3'}]),
      {from: ['F1', 'F3']},
      'known-finding',
      /F3 says the same of the same place as F1/,
      empty,
    ],
    ['what is there already', both, {from: ['F2']}, 'known-finding', /F2 says the same of the same place as G1/, gold],
    [
      'what is there as a trap',
      both,
      {from: ['F1']},
      'known-finding',
      /F1 says the same of the same place as the trap T1/,
      gold,
    ],
    [
      'a change before what it needs',
      planOf([spawned, summed], late),
      {from: ['F1', 'F2']},
      'bad-order',
      /C1 depends on C2/,
      empty,
    ],
  ]
  test.each(rows)('%s', (_, plan, choice, expected, message, old) => {
    const failure = failureOf(() => growing(plan, choice, old))
    expect(failure).toMatchObject({code: expected, message: expect.stringMatching(message), exit: 2})
    expect(failure.hint).toEqual(expect.any(String))
  })

  test('a gold standard of other code is not added to', () => {
    const gone = {...gold, findings: gold.findings.map((one) => ({...one, locations: [{file: 'gone.ex'}]}))}
    expect(failureOf(() => growing(both, {from: ['F1']}, gone)).code).toBe('stale-gold')
  })

  test('the same sentence about another place is another finding, and is said to be alike', () => {
    const far = codeOf({
      'a.ex': [
        'spawn(fn -> first(order) end)',
        ...Array.from({length: 60}, (_, n) => `line_${n}(order)`),
        'spawn(fn -> second(order) end)',
      ].join('\n'),
    })
    const on = (id: string, start_line: number): Finding => finding(id, {locations: [{file: 'a.ex', start_line}]})
    const {findings, notes} = grow(empty, planOf([on('F1', 1), on('F2', 62)]), {...none, from: ['F1', 'F2']}, far, true)
    expect(findings.map(({id}) => id)).toEqual(['G1', 'G2'])
    expect(notes).toContain('G2 reads like G1, at another place: see whether both are meant')
  })
})

describe('names, marks and changes', () => {
  const changes = [
    changeFor('A', ['F9']),
    {...changeFor('B', ['F2', 'F9']), depends_on: ['A']},
    {...changeFor('C', ['F1']), depends_on: ['A', 'B']},
    changeFor('D', ['F3']),
  ]
  const other = finding('F3', {
    category: 'naming',
    title: 'first is no name',
    description: 'It says the order and not the meaning.',
    locations: [{file: 'a/index.ts', start_line: 1, evidence: 'export const first = one()'}],
  })
  const plan = planOf([spawned, summed, other, finding('F9')], changes)

  test('marks choose as well; the order is the plan’s', () => {
    const {findings, ids, gold} = growing(plan, {from: ['F2'], must: ['F1'], traps: ['F3'], verified: true})
    expect([...ids]).toEqual([
      ['F1', 'G1'],
      ['F2', 'G2'],
      ['F3', 'T1'],
    ])
    expect(findings).toMatchObject([
      {id: 'G1', must: true, extra: false, validity: 'verified', title: spawned.title},
      {id: 'G2', must: false, validity: 'verified'},
      {id: 'T1', must: false, validity: 'refuted'},
    ])
    expect(gold.goal).toBe('Find races.')
  })
  test('nobody has verified what is only chosen', () => {
    const {findings, notes} = growing(plan, {extra: ['F3'], from: ['F1']})
    expect(findings).toMatchObject([{validity: 'unverified'}, {extra: true, validity: 'unverified'}])
    expect(notes).toEqual([])
  })
  test('changes are trimmed to what was chosen, in their order; a trap needs none', () => {
    const {changes: taken} = growing(plan, {from: ['F1', 'F2'], traps: ['F3']})
    expect(taken).toMatchObject([
      {id: 'C1', title: 'Repair F2, F9', resolves: ['G2'], depends_on: []},
      {id: 'C2', resolves: ['G1'], depends_on: ['C1']},
    ])
  })
  test('ids go on after the highest, and a number is never used again', () => {
    const first = growing(plan, {from: ['F1'], traps: ['F3']}).gold
    const old = {
      ...first,
      findings: first.findings.map((one) => ({...one, id: one.id === 'G1' ? 'G7' : 'odd'})),
      changes: first.changes.map((one) => ({...one, id: 'C12', resolves: ['G7']})),
    }
    const {ids, changes: taken} = growing(plan, {from: ['F2']}, old)
    expect([...ids]).toEqual([['F2', 'G8']])
    expect(taken).toMatchObject([{id: 'C13', resolves: ['G8'], depends_on: []}])
  })
  test('a trap is said to need its reason', () => {
    expect(growing(plan, {from: ['F1'], traps: ['F3']}).notes).toEqual([
      'T1: what it says is still the claim; write why that is wrong',
    ])
  })
  test('a finding that no change resolves is said to be open', () => {
    expect(growing(planOf([spawned]), {from: ['F1']}).notes).toEqual([
      'G1: no change of the plan resolves it; write one',
    ])
  })
})

const readGold = (text: string): GoldStandard => valueOf(readDocument(text, 'gold.yaml', GoldStandard), 'gold')

describe('the file', () => {
  const old = growing(planOf([spawned], [changeFor('X', ['F1'])]), {must: ['F1']})
  const more = growing(planOf([summed], [changeFor('Y', ['F2'])]), {from: ['F2']}, old.gold)
  const block = renderGold(old.gold)
  const noChanges = {...old.gold, changes: []}
  const texts: readonly (readonly [string, string])[] = [
    ['as it is written', block],
    [
      'with comments',
      `# top\n${block.replace('findings:', 'findings: # of people\n  # first\n').replace('changes:', '  # last finding\n\nchanges:')}# end\n`,
    ],
    ['without indentation of lists', stringify(old.gold, {indentSeq: false})],
    ['indented by four', stringify(old.gold, {indent: 4})],
    ['with a comment on its last line', `${block.trimEnd()} # proven`],
    ['with Windows line ends', block.replaceAll('\n', '\r\n')],
    ['without an end of line', block.trimEnd()],
    ['with an end of document', `${block}...\n`],
    ['with folded text', stringify({...old.gold, goal: `${'word '.repeat(60)}end`}, {lineWidth: 60})],
    ['without changes', stringify({...noChanges, changes: undefined})],
    ['with an empty list of changes', `${stringify({...noChanges, changes: undefined})}changes: [] # none yet\n`],
    ['as JSON', JSON.stringify(old.gold)],
    ['as JSON of several lines', JSON.stringify(noChanges, null, 2)],
    [
      'with findings before the name',
      stringify({findings: old.gold.findings, schema: 1, name: 'self', source: {path: '.'}}),
    ],
  ]
  test.each(texts)('%s: what was there stays, what is new is there', (_, text) => {
    const before = readGold(text)
    const after = readGold(withAdded(text, 'gold.yaml', more))
    expect(after).toEqual({
      ...before,
      findings: [...before.findings, ...more.findings],
      changes: [...before.changes, ...more.changes],
    })
  })
  test.each(texts.filter(([name]) => !/JSON|empty list/.test(name)))(
    '%s: every old line stays as it was',
    (_, text) => {
      const lines = withAdded(text, 'gold.yaml', more).split(/\r?\n/)
      let from = 0
      for (const line of text.split(/\r?\n/)) {
        const found = lines.indexOf(line, from)
        expect([line, found >= from]).toEqual([line, true])
        from = found + 1
      }
    },
  )
  test('a blank line between entries is kept up', () => {
    const spaced = withAdded(block, 'gold.yaml', more).replace('  - id: G2', '\n  - id: G2')
    const third = more.findings.map((one) => ({...one, id: 'G3'}))
    expect(withAdded(spaced, 'gold.yaml', {findings: third, changes: []})).toContain('\n\n  - id: G3')
  })
  test('a list by another name is not written to', () => {
    const text = `x: &all\n  - {id: G1, category: a, severity: low, locations: [], description: x}\n`
    const aliased = `schema: 1\nname: self\nsource: {path: .}\nfindings: *all\n`
    expect(failureOf(() => withAdded(text + aliased, 'gold.yaml', more)).code).toBe('bad-gold')
  })
  test('a new one is as plans are, says what it is and reads back', () => {
    expect(block).toMatch(/^# What a good plan for this repository says[^]*\nschema: 1\nname: self\n/)
    expect(block).toContain('- {file: lib/cart.ex, start_line: 4, end_line: 4, evidence: ')
    expect(readGold(block)).toEqual(old.gold)
  })
})

/** A gold standard in two parts: what is there, and what a plan says beside it. */
interface Parts {
  readonly given: Case
  readonly old: readonly string[]
  readonly choice: Choice
}
/** Without a trap that stands beside the defect it resembles: such a one is written by hand. */
const distinct = cases.map(({gold, code, plan}) => {
  const second = new Set(alikeIn(gold, code).flatMap(({second, same}) => (same ? [second] : [])))
  return {code, plan, gold: {...gold, findings: gold.findings.filter((_, index) => !second.has(index))}}
})
const anyParts: fc.Arbitrary<Parts> = fc.constantFrom(...distinct).chain((given) =>
  fc
    .record({
      given: fc.constant(given),
      old: fc.subarray(given.gold.findings.map(({id}) => id)),
      verified: fc.boolean(),
      marked: fc.subarray(
        given.plan.findings.map(({id}) => id),
        {maxLength: 3},
      ),
    })
    .map(({given, old, verified, marked}) => {
      const [needed = ''] = given.gold.findings.flatMap(({id, extra, validity}) =>
        extra || validity === 'refuted' ? [] : [id],
      )
      const kept = [...new Set([needed, ...old])]
      const rest = given.gold.findings.filter(({id}) => !kept.includes(id))
      const ids = (wanted: (one: (typeof rest)[number]) => boolean): readonly string[] =>
        rest.filter(wanted).map(({id}) => id)
      const traps = ids(({validity}) => validity === 'refuted')
      const must = marked.filter((id) => !kept.includes(id) && !traps.includes(id))
      const choice = {traps, must, extra: [], verified, from: ids(({id}) => !traps.includes(id) && !must.includes(id))}
      return {given, old: kept, choice}
    }),
)
const styles = [
  (gold: GoldStandard): string => renderGold(gold),
  (gold: GoldStandard): string => stringify(gold, {indentSeq: false, lineWidth: 100}),
  (gold: GoldStandard): string => JSON.stringify(gold, null, 1),
]
const commented = (text: string, word: string): string => {
  const document = parseDocument(text)
  let count = 0
  visit(document, {
    Map: (_, node) => {
      if (node.flow !== true && count < 9) node.commentBefore = ` ${word}${(count += 1)}.`
    },
  })
  return document.toString({lineWidth: 0})
}

test('whatever is added: what was there parses equal, comments survive, and it scores 10 against itself', () => {
  let added = 0
  fc.assert(
    fc.property(anyParts, fc.constantFrom(...styles), ({given, old, choice}, style) => {
      const before: GoldStandard = {
        ...given.gold,
        findings: given.gold.findings.filter(({id}) => old.includes(id)),
        changes: given.gold.changes.map((one) => ({...one, resolves: one.resolves.filter((id) => old.includes(id))})),
      }
      const plan: Plan = {
        ...given.plan,
        findings: given.gold.findings.map(({must: _m, extra: _e, validity: _v, related_files: _r, ...one}) => one),
      }
      let growth: Growth
      try {
        growth = grow(before, plan, choice, given.code, false)
      } catch (thrown) {
        // all of it was there already
        if (thrown instanceof Failure && thrown.message === 'no finding is chosen') return
        throw thrown
      }
      added += 1
      const text = commented(style(before), 'kept')
      const written = withAdded(text, 'gold.yaml', growth)
      const after = readGold(written)
      expect(after.findings.slice(0, before.findings.length)).toEqual(before.findings)
      expect(after.changes.slice(0, before.changes.length)).toEqual(before.changes)
      expect(after.findings.length).toBe(before.findings.length + growth.ids.size)
      for (const [comment] of text.matchAll(/# kept\d\./g)) expect(written).toContain(comment)
      expect(scorePlan(goldAsPlan(after), after, given.code, null).score).toBe(10)
      expect(lintGold(after, given.code, false).filter(({severity}) => severity === 'error')).toEqual([])
    }),
    {numRuns: 60},
  )
  expect(added).toBeGreaterThan(30)
})
