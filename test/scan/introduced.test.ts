import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Scan, ScanFinding} from '../../src/scan/finding.ts'
import {introducedSince} from '../../src/scan/introduced.ts'

/** `rule file evidence line`. */
function findingOf(words: string, at: number): ScanFinding {
  const [rule = '', file = '', evidence = '', line = '1'] = words.split(' ')
  const [start, end] = [Number(line), Number(line)]
  return {
    id: `S${at + 1}`,
    rule,
    title: rule,
    category: rule,
    severity: 'high',
    locations: [{file, start_line: start, end_line: end, evidence}],
    description: 'It hurts.',
    source: 'scan',
  }
}
const scanOf = (findings: readonly string[]): Scan => ({findings: findings.map(findingOf), skipped: []})
const newIn = (after: readonly string[], ...before: readonly (readonly string[])[]): readonly string[] =>
  introducedSince(before.map(scanOf), scanOf(after)).map(({locations: [place], rule}) =>
    [rule, place?.file, place?.evidence, place?.start_line].join(' '),
  )

describe('what a change introduces', () => {
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['nothing', [], [], []],
    ['the first finding', [], ['spawn a.ex x 1'], ['spawn a.ex x 1']],
    ['nothing where lines move', ['spawn a.ex x 1'], ['spawn a.ex x 90'], []],
    ['nothing where code moves to another file', ['spawn a.ex x 1'], ['spawn b.ex x 5'], []],
    ['nothing where the line of a finding is edited', ['spawn a.ex x 1'], ['spawn a.ex y 1'], []],
    ['a second one beside the first', ['spawn a.ex x 1'], ['spawn a.ex x 1', 'spawn a.ex y 2'], ['spawn a.ex y 2']],
    ['a copy of the first', ['spawn a.ex x 1'], ['spawn a.ex x 1', 'spawn a.ex x 9'], ['spawn a.ex x 9']],
    ['a copy in another file', ['spawn a.ex x 1'], ['spawn a.ex x 1', 'spawn b.ex x 1'], ['spawn b.ex x 1']],
    ['another rule at the same line', ['spawn a.ex x 1'], ['eval a.ex x 1'], ['eval a.ex x 1']],
    ['nothing where one is repaired', ['spawn a.ex x 1', 'spawn a.ex y 2'], ['spawn a.ex y 1'], []],
    [
      'the new one, not the one that moved, when both happen',
      ['spawn a.ex x 1', 'spawn a.ex y 2'],
      ['spawn b.ex x 1', 'spawn a.ex y 2', 'spawn c.ex z 1'],
      ['spawn c.ex z 1'],
    ],
  ])('%s', (_, before, after, introduced) => {
    expect(newIn(after, before)).toEqual(introduced)
  })

  test('what either the base or the point where the branch began has is not new', () => {
    const after = ['spawn a.ex x 1', 'eval b.ex y 1', 'open c.ex z 1']
    expect(newIn(after, ['spawn a.ex x 1'], ['eval b.ex y 1'])).toEqual(['open c.ex z 1'])
  })

  const words = fc
    .tuple(fc.constantFrom('spawn', 'eval'), fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'z'), fc.nat(9))
    .map((parts) => parts.join(' '))
  const some = fc.array(words, {maxLength: 8})

  test('the same code introduces nothing, and as many as a rule has more are new', () => {
    fc.assert(
      fc.property(some, some, (before, after) => {
        expect(newIn(before, before)).toEqual([])
        const introduced = newIn(after, before)
        expect(after).toEqual(expect.arrayContaining([...introduced]))
        for (const rule of ['spawn', 'eval']) {
          const count = (all: readonly string[]): number => all.filter((each) => each.startsWith(rule)).length
          expect(count(introduced)).toBeGreaterThanOrEqual(count(after) - count(before))
        }
        expect(newIn(after, [...before, ...after])).toEqual([])
      }),
    )
  })
})
