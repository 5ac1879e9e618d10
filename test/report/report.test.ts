import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {renderHtml} from '../../src/report/html.ts'
import {renderComment, renderSummary, statusDescription} from '../../src/report/markdown.ts'
import {parseReport, reportOn, type ReportInput} from '../../src/report/report.ts'
import {renderTerminal} from '../../src/report/terminal.ts'
import {headlineOf, placeText, scoreText, urlOf} from '../../src/report/words.ts'
import type {Verdict} from '../../src/score/scorecard.ts'
import {anyPlan, anyText, goodPlan} from '../plan/arbitrary.ts'
import {dangersIn} from './dangers.ts'
import {gold, input, many, sample, scorecard, server, sha} from './sample.ts'

const fail: Verdict = {decision: 'fail', reasons: [{code: 'x', message: 'A reason.'}]}
const violation = {
  rule: 'known-places',
  subject: 'F1',
  message: 'Finding F1 names nothing.',
  severity: 'error' as const,
}
const unscored = {...scorecard, score: null, interval: null, judge: 'skipped' as const, gold: [], findings: []}
const tags = ['<details>', '<details', '</details>', '<summary>', '</summary>', '<b>', '</b>']

describe('the headline', () => {
  it.each<readonly [string, string, Partial<ReportInput>]>([
    ['passed', '✅ Refactor plan: 8.4 of 10, gate passed (needs 8)', {}],
    [
      'failed by score',
      '❌ Refactor plan: 7.9 of 10, gate failed (needs 8)',
      {verdict: fail, scorecard: {...scorecard, score: 7.96}},
    ],
    [
      'failed by rules',
      '❌ Refactor plan: 8.4 of 10, gate failed: 1 broken rule',
      {verdict: fail, violations: [violation]},
    ],
    ['failed by policy', '❌ Refactor plan: 8.4 of 10, gate failed: A reason.', {verdict: fail}],
    [
      'no gold',
      'ℹ️ Refactor plan: not scored (no gold standard applies), rules passed',
      {gold: null, scorecard: unscored},
    ],
    [
      'no gold, no scorecard',
      'ℹ️ Refactor plan: not scored (no gold standard applies), rules passed',
      {gold: null, scorecard: null},
    ],
    [
      'no gold, failed',
      '❌ Refactor plan: not scored (no gold standard applies), gate failed: 1 broken rule',
      {gold: null, scorecard: null, verdict: fail, violations: [violation]},
    ],
    [
      'inconclusive',
      '⚠️ Refactor plan: 8.4 of 10, between 8.1 and 8.8, inconclusive (needs 8)',
      {verdict: {decision: 'inconclusive', reasons: []}},
    ],
    [
      'an outage',
      '⚠️ Refactor plan: could not be judged: The judge is away.',
      {verdict: {decision: 'error', reasons: [{code: 'x', message: 'The judge is away.'}]}},
    ],
  ])('%s', (_, expected, more) => {
    const report = sample(more)
    expect(renderComment(report).split('\n')[0]).toBe(expected)
    expect(renderSummary(report).split('\n')[0]).toBe(expected)
    expect(renderTerminal(report, {color: false}).split('\n')[0]).toBe(expected.replace('\ufe0f', ''))
    expect(expected).toContain(statusDescription(report))
  })

  it.each([
    [7.96, '7.9'],
    [8, '8.0'],
    [10, '10.0'],
    [0, '0.0'],
    [8.1, '8.1'],
    [2.3, '2.3'],
  ])('rounds %d down to %s', (score, expected) => {
    expect(scoreText(score)).toBe(expected)
  })
})

describe('the report as data', () => {
  it('is JSON and reads back', () => {
    const report = sample()
    expect(parseReport(JSON.stringify(report), 'run.json')).toEqual({ok: true, value: report})
  })
  it('reads back with any plan', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const report = sample({plan})
        expect(parseReport(JSON.stringify(report), 'run.json')).toEqual({ok: true, value: report})
      }),
    )
  })
  it('refuses what it does not know', () => {
    expect(parseReport(JSON.stringify({...sample(), note: 1}), 'run.json')).toMatchObject({
      ok: false,
      problems: [{code: 'unrecognized-keys'}],
    })
  })
  it('says what would raise the score: caps, rules, missed gold by severity, then what to leave out', () => {
    const {improvements} = sample({
      scorecard: {...scorecard, caps: [{code: 'must', at_most: 7.9, message: 'A must is missed.'}]},
      violations: [violation, {...violation, severity: 'warning', message: 'no'}],
    })
    expect(improvements.map(({kind, what}) => `${kind} ${what}`)).toEqual([
      'limit A must is missed. This limits the score to 7.9.',
      'rule Finding F1 names nothing.',
      'missed Find: The cart loses its items.',
      'missed Find: A stray message crashes the router.',
      'wrong Leave out, or ground in the code: F2, Every exception becomes :ok.',
    ])
  })
  it('traps and extras are not asked for', () => {
    const findings = gold.findings.map((finding, index) => ({
      ...finding,
      extra: index === 1,
      validity: index === 2 ? ('refuted' as const) : finding.validity,
    }))
    expect(sample({gold: {...gold, findings}}).improvements.filter(({kind}) => kind === 'missed')).toEqual([])
  })
  it('says how to make the first gold standard only when there is none', () => {
    expect(sample({gold: null, scorecard: null}).notes.join()).toContain('gold/<name>/gold.yaml')
    expect(sample().notes).toEqual([])
  })
  it('counts what was left out', () => {
    expect(sample().left_out).toEqual({
      count: 3,
      reasons: [
        {why: 'binary', count: 2},
        {why: 'too-large', count: 1},
      ],
    })
  })
})

describe('the comment', () => {
  it('puts the marker on top, then verdict, facts, improvements, score, plan', () => {
    const body = renderComment(sample(), {marker: 'refactor-plan:default abc'})
    const [marker, headline, facts] = body.split('\n')
    expect(marker).toBe('<!-- refactor-plan:default abc -->')
    expect(headline).toMatch(/^✅/)
    expect(facts).toBe(
      `Commit [\`1f3c5a7\`](${server}/acme/shop/commit/${sha}) · pipeline \`genesis\` · \`claude/claude-x, gemini/gemini-x\` · 3 model calls, \\$0.42 · 1 min 2 s · [run](${server}/acme/shop/actions/runs/12)`,
    )
    const order = [
      '### What would raise the score',
      '### Score',
      '### Plan: 2 changes for 2 findings',
      '#### Phase 1',
      '#### Phase 2',
      '<summary>2 findings',
      '3 files were not read',
      '/refactor-plan rerun',
    ].map((words) => body.indexOf(words))
    expect(order.every((at) => at > 0)).toBe(true)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(body).toContain(`(${server}/acme/shop/blob/${sha}/lib/shop/router.ex#L10-L12)`)
  })
  it('makes tables that GitHub reads as such: header, rule and rows without a gap', () => {
    const lines = renderComment(sample({verdict: fail, violations: [violation]})).split('\n')
    const rules = lines.flatMap((line, at) => (/^\|[-:|]+\|$/.test(line) ? [at] : []))
    expect(rules).toHaveLength(3)
    for (const at of rules) {
      expect(lines[at - 2]).toBe('')
      expect(lines[at - 1]).toMatch(/^\| .*\|$/)
      expect(lines[at + 1]).toMatch(/^\| .*\|$/)
      expect(lines[at + 2]).toMatch(/^\| .*\|$/)
    }
    for (const line of lines) expect(line).not.toMatch(/^\s+\S|^\s+$/)
    expect(lines.filter((line) => line.startsWith('<details'))).toEqual([
      '<details><summary>How each finding was counted</summary>',
      expect.stringMatching(/^<details open><summary><b>C1<\/b> /),
      expect.stringMatching(/^<details open><summary><b>C2<\/b> /),
      '<details><summary>2 findings</summary>',
      '<details><summary>1 remark of the plan rules</summary>',
    ])
    expect(lines[3]).toBe('> [!WARNING]')
  })
  it('links nothing without a server', () => {
    const body = renderComment(sample({repository: {name: 'shop', commit: sha, server_url: null}}))
    expect(body).not.toContain('](')
    expect(body).toContain('`lib/shop/router.ex:3`')
  })
  it('says that no model ran', () => {
    expect(
      renderComment(
        sample({pipeline: {name: 'offline', models: []}, usage: {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0}}),
      ),
    ).toContain('pipeline `offline` · no model · no model calls')
  })
  it.each([0, 1, 10, 100, 1000, 3000])('fits for %d changes, with balanced fences and details', (count) => {
    const report = sample({plan: many(count), verdict: fail})
    for (const limit of [4000, 20_000, 60_000, 65_000]) {
      const body = renderComment(report, {limit, marker: 'm'})
      expect(body.length).toBeLessThanOrEqual(limit)
      expect(body.match(/<details/g)?.length ?? 0).toBe(body.match(/<\/details>/g)?.length ?? 0)
      expect(dangersIn(body.replace('<!-- m -->', ''), server, tags)).toEqual([])
      expect(body).toContain('gate failed')
    }
    const summary = renderSummary(report)
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1024 * 1024)
  })
  it('shows more where there is more room', () => {
    const report = sample({plan: many(60)})
    const sizes = [4000, 20_000, 60_000, 1_000_000].map((limit) => renderComment(report, {limit}).length)
    expect(new Set(sizes).size).toBeGreaterThan(2)
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
  })

  const hostile = fc.record({plan: anyPlan, words: anyText, path: anyText}).map(({plan, words, path}) =>
    reportOn({
      ...input,
      plan: {
        ...plan,
        findings: plan.findings.map((finding) => ({
          ...finding,
          locations: [...finding.locations, {file: path, evidence: words}],
        })),
      },
      plan_path: path,
      repository: {name: 'acme/shop', commit: sha, server_url: server},
      pipeline: {name: words, models: [words]},
      violations: [{rule: words, subject: words, message: words, severity: 'error'}],
      verdict: {decision: 'fail', reasons: [{code: words, message: words}]},
      scorecard: {...scorecard, caps: [{code: words, at_most: 5, message: words}]},
      gold: {
        ...gold,
        findings: gold.findings.map((finding) => ({...finding, description: words, locations: [{file: path}]})),
      },
      run_url: words,
      notes: [words],
    }),
  )
  it('lets no image, HTML, off-host link, mention, reference or comment through, whatever stands in any field', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(4000, 6000, 60_000), (report, limit) => {
        const body = renderComment(report, {limit})
        expect(dangersIn(body, server, tags)).toEqual([])
        expect(body.match(/<details/g)?.length ?? 0).toBe(body.match(/<\/details>/g)?.length ?? 0)
        expect(body.length).toBeLessThanOrEqual(limit)
        for (const row of body.split('\n').filter((line) => line.startsWith('| ') && line.includes('(model)')))
          expect(row.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(6)
      }),
      {numRuns: 300},
    )
  })
  it('keeps a status within 140 characters and one line', () => {
    fc.assert(
      fc.property(hostile, (report) => {
        const status = statusDescription(report)
        expect(status.length).toBeLessThanOrEqual(140)
        expect(status).not.toMatch(/\n|\p{Cc}/u)
      }),
    )
  })
  it('prints no escape sequence and no command of the runner', () => {
    fc.assert(
      fc.property(hostile, (report) => {
        const out = renderTerminal(report, {color: false})
        expect(out).not.toContain('\u001b')
        for (const line of out.split('\n')) expect(line).not.toMatch(/^\s*::|##\[/)
      }),
    )
  })
  it('writes HTML whose only tags and addresses are its own', () => {
    const shown = renderHtml(sample({plan: many(2), verdict: fail, violations: [violation]}))
    const own = new Set([...shown.matchAll(/<\/?[a-z1-6]+/g)].map(([tag]) => tag))
    fc.assert(
      fc.property(hostile, (report) => {
        const page = renderHtml(report)
        for (const tag of page.match(/<\/?[a-z1-6!]+/gi) ?? []) expect([...own, '<!doctype']).toContain(tag)
        for (const [, href] of page.matchAll(/href="([^"]*)"/g))
          expect(href?.startsWith(`${server}/acme/shop/blob/${sha}/`)).toBe(true)
        expect(page).not.toMatch(/\bon\w+="|src="/)
      }),
    )
  })
})

describe('the terminal', () => {
  it('shows verdict, score, findings worst first and changes in order', () => {
    const out = renderTerminal(sample(), {color: false})
    expect(out).toContain('  Coverage    90 %   2 of 3 expected findings missed')
    expect(out).toContain('  F1  critical  monitor-leak  lib/shop/router.ex:3')
    expect(out).toContain('  C2  Name the exceptions, medium risk, after C1\n      $ mix test')
    expect(out.indexOf('F1  critical')).toBeLessThan(out.indexOf('F2  medium'))
  })
  it('colours only when asked', () => {
    expect(renderTerminal(sample(), {color: true})).toContain('\u001b[32m✅')
    expect(renderTerminal(sample(), {color: false})).not.toContain('\u001b')
  })
})

it.each([
  [
    {file: 'lib/a b.ex', start_line: 1, end_line: 3},
    `${server}/acme/shop/blob/${sha}/lib/a%20b.ex#L1-L3`,
    'lib/a b.ex:1-3',
  ],
  [{file: 'a.ex', start_line: 1, end_line: 1}, `${server}/acme/shop/blob/${sha}/a.ex#L1`, 'a.ex:1'],
  [{file: 'a.ex'}, `${server}/acme/shop/blob/${sha}/a.ex`, 'a.ex'],
  [{file: '../../settings'}, null, '../../settings'],
  [{file: '/etc/passwd'}, null, '/etc/passwd'],
])('%j is at %s', (place, url, words) => {
  expect(urlOf(sample(), place)).toBe(url)
  expect(placeText(place)).toBe(words)
})

it('a headline never says passed when the verdict is not', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('fail' as const, 'inconclusive' as const, 'error' as const),
      fc.option(fc.double({min: 0, max: 10, noNaN: true})),
      (decision, score) => {
        const report = sample({
          verdict: {decision, reasons: []},
          scorecard: {...scorecard, score},
          plan: goodPlan,
        })
        expect(headlineOf(report)).not.toContain('passed')
      },
    ),
  )
})
