/** Names of files, branches and statuses are of the code under review: they leave escaped. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {diagnose} from '../../src/gate/diagnosis.ts'
import {healths, named, renderDoctor, renderDoctorLines, type Diagnosis} from '../../src/report/doctor.ts'
import {sound, withFiles} from '../gate/facts.ts'
import {dangersIn, openFence} from './dangers.ts'

const hostile = [
  '![x](https://evil.example/a.png)',
  '</details><script>alert(1)</script>',
  '@everyone #1 https://evil.example',
  '`` ` ```',
  '```\n## x\n```',
  '::add-mask::x',
  '##[command]x',
  '\u001b[31mred\u202e',
  '<!-- refactor-plan -->',
  '| a | b |',
  '[a]: https://evil.example',
]

describe('the comment', () => {
  test.each(hostile)('%j in every field', (text) => {
    const of = (level: Diagnosis['level'], at: number): Diagnosis => ({
      code: `code-${at}`,
      level,
      what: `it is ${named(text)} and ${text}`,
      why: text,
      fix: at % 2 === 0 ? text : `on:\n  push: ${text}`,
    })
    const body = renderDoctor(healths.flatMap((level, at) => [of(level, at), of(level, at + 1)]))
    expect(dangersIn(body, 'https://github.com', ['<details>', '</details>', '<summary>', '</summary>'])).toEqual([])
    expect(openFence(body)).toBe(null)
  })
  test('the level stands first, what is wrong open, the rest folded', () => {
    const body = renderDoctor(diagnose(withFiles({golds: []})))
    const lines = body.split('\n')
    expect(lines[0]).toBe('✅ **gate level: b** (1 warning)')
    expect(body.indexOf('no gold standard')).toBeLessThan(body.indexOf('<details>'))
    expect(body.indexOf('<details>')).toBeLessThan(body.indexOf('the Action is pinned'))
  })
  test('what the next level takes is folded where the level will do, and open where it will not', () => {
    const fold = '<details><summary>What the next level takes</summary>\n\n```yaml'
    const good = renderDoctor(diagnose(withFiles({owners: null})))
    expect(good.split('actions/create-github-app-token')).toHaveLength(2)
    expect(good.indexOf('there is no CODEOWNERS')).toBeLessThan(good.indexOf(fold))
    const bad = renderDoctor(diagnose(withFiles({}, {...sound, rules: null, protection: null})))
    expect(bad.split('\n\n')[0]).not.toContain('✅')
    expect(bad.split('\n\n')[2]).toMatch(/^\*\*Do:\*\* |^```yaml\n/)
    expect(bad).not.toContain('What the next level takes')
  })
  test('lines to copy have nothing unseen in them', () => {
    const body = renderDoctor(diagnose(withFiles({owners: null})))
    const block = /```yaml\n(# at the end[^]*?)```/.exec(body)?.[1] ?? ''
    expect(block).toContain('/.github/ OWNERS\n/gold/ OWNERS')
    expect(block).toMatch(/^[\x20-\x7e\n]+$/)
  })
})

describe('the terminal', () => {
  test('is aligned, worst first, the level last', () => {
    const lines = renderDoctorLines(diagnose(withFiles({golds: [], owners: null}, {...sound, branch: 'main'}))).split(
      '\n',
    )
    expect(lines.every((line) => /^(?:(?:broken|warn|unknown|ok) +|\s{9})\S|^\s{9,}\S|^\d|^nothing/.test(line))).toBe(
      true,
    )
    const levels = lines.flatMap((line) => /^(broken|warn|unknown|ok) /.exec(line)?.[1] ?? [])
    expect(levels.slice(0, -1)).toEqual(
      levels
        .slice(0, -1)
        .toSorted((a, b) => healths.findIndex((each) => each === a) - healths.findIndex((each) => each === b)),
    )
    expect(lines.findLast((line) => /^\w+ +\S/.test(line) && !/^\d/.test(line))).toContain('gate level: b')
    expect(lines.at(-1)).toBe('2 warnings')
  })
  test('no text becomes a command to the runner, moves the cursor or is unseen', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({unit: 'binary'}), fc.constantFrom(...hostile)), (text) => {
        const lines = renderDoctorLines([
          {code: 'a', level: 'broken', what: text, why: text, fix: `a\n${text}`},
          {code: 'level-b', level: 'ok', what: text, why: text, fix: text},
        ])
        expect(lines).not.toMatch(/^\s*::|##\[|\r|\u202e/m)
        expect(lines).not.toContain('\u001b')
      }),
    ))
})
