import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {renderHtml} from '../../src/report/html.ts'
import {renderComment, renderSummary, statusDescription} from '../../src/report/markdown.ts'
import {parseReport, reportOn, type ReportInput} from '../../src/report/report.ts'
import {renderTerminal} from '../../src/report/terminal.ts'
import {headlineOf, placeText, scoreText, urlOf} from '../../src/report/words.ts'
import type {Verdict} from '../../src/score/scorecard.ts'
import {anyPlan, anyText, goodPlan} from '../plan/arbitrary.ts'
import {dangersIn, mermaidBlocks} from './dangers.ts'
import {gold, input, many, sample, scorecard, server, sha} from './sample.ts'

const fail: Verdict = {decision: 'fail', reasons: [{code: 'x', message: 'A reason.'}]}
const violation = {
  rule: 'known-places',
  subject: 'F1',
  message: 'Finding F1 names nothing.',
  severity: 'error' as const,
}
const run = (score: number | null, head = 'a'.repeat(40)) => ({head, score, decision: 'fail' as const})
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
      {verdict: {decision: 'error', reasons: [{code: 'x', message: 'The judge is away.'}]}, history: [run(7)]},
    ],
    ['better than before', '✅ Refactor plan: 8.4 (+1.2) of 10, gate passed (needs 8)', {history: [run(9), run(7.2)]}],
    [
      'worse than before',
      '❌ Refactor plan: 7.9 (−1.1) of 10, gate failed (needs 8)',
      {verdict: fail, scorecard: {...scorecard, score: 7.96}, history: [run(9.01)]},
    ],
    ['as before', '✅ Refactor plan: 8.4 (±0.0) of 10, gate passed (needs 8)', {history: [run(8.41)]}],
    ['not scored before', '✅ Refactor plan: 8.4 of 10, gate passed (needs 8)', {history: [run(7), run(null)]}],
    [
      'scored before only',
      'ℹ️ Refactor plan: not scored (no gold standard applies), rules passed',
      {gold: null, scorecard: null, history: [run(7)]},
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
  it.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['an unknown key', {note: 1}],
    ['an unknown key in the history', {history: [{...run(7), note: 1}]}],
    ['a commit that is none', {history: [run(7, '../../x')]}],
    ['a score that is none', {history: [run(11)]}],
    ['eleven earlier runs', {history: Array.from({length: 11}, () => run(7))}],
    ['a protected path that is none', {protected: [null]}],
  ])('refuses %s', (_, more) => {
    expect(parseReport(JSON.stringify({...sample(), ...more}), 'run.json')).toMatchObject({ok: false})
  })
  it('reads what was saved before there were a history and protected paths', () => {
    const {history, protected: paths, ...old} = sample()
    expect([history, paths]).toEqual([[], []])
    expect(parseReport(JSON.stringify(old), 'run.json')).toEqual({ok: true, value: sample()})
  })
  it('keeps the ten newest runs and reads them back', () => {
    const report = sample({history: Array.from({length: 12}, (_, at) => run(at / 2)), protected: ['gold/a']})
    expect(report.history.map(({score}) => score)).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5])
    expect(parseReport(JSON.stringify(report), 'run.json')).toEqual({ok: true, value: report})
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
    const [marker, headline, rule, facts] = body.split('\n')
    expect(marker).toBe('<!-- refactor-plan:default abc -->')
    expect(headline).toMatch(/^✅/)
    expect(rule).toBe('---')
    expect(facts).toBe(
      `Commit [\`1f3c5a7\`](${server}/acme/shop/commit/${sha}) · pipeline \`genesis\` · \`claude/claude-x\`, \`gemini/gemini-x\` · 3 model calls, \\$0.42 · 1 min 2 s · [run](${server}/acme/shop/actions/runs/12)`,
    )
    const order = [
      '### What would raise the score',
      '### Score',
      '### Plan: 2 changes for 2 findings',
      '```mermaid',
      '1. C1\n2. C2 (after C1)',
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
    expect(rules).toHaveLength(2)
    for (const at of rules) {
      expect(lines[at - 2]).toBe('')
      expect(lines[at - 1]).toMatch(/^\| .*\|$/)
      expect(lines[at + 1]).toMatch(/^\| .*\|$/)
      expect(lines[at + 2]).toMatch(/^\| .*\|$/)
    }
    for (const line of lines) expect(line).not.toMatch(/^\s+\S|^\s+$/)
    expect(lines.filter((line) => line.startsWith('<details'))).toEqual([
      '<details><summary>How each finding was counted</summary>',
      '<details><summary>Order of the changes</summary>',
      expect.stringMatching(/^<details open><summary><b>C1<\/b> /),
      expect.stringMatching(/^<details open><summary><b>C2<\/b> /),
      '<details><summary>2 findings</summary>',
      '<details><summary>1 remark of the plan rules</summary>',
    ])
    expect(lines.slice(4, 7)).toEqual(['> [!CAUTION]', '> Why it failed:', '> - A reason.'])
  })
  it('lists findings, each with its facts on a line and its words on the next, whatever these begin with', () => {
    const [finding] = goodPlan.findings
    if (finding === undefined) throw new Error('the good plan is empty')
    const {title: _title, ...bare} = finding
    const words: readonly (readonly [description: string, line: string])[] = [
      ['# x', String.raw`\# x`],
      ['1. x', String.raw`1\. x`],
      ['> x', '&gt; x'],
      ['- x', String.raw`\- x`],
      ['```', '\\`\\`\\`'],
      ['| x', String.raw`\| x`],
      ['    x', 'x'],
      ['===', String.raw`\===`],
    ]
    const listed = (more: Readonly<Record<string, string>>): readonly string[] => {
      const findings = words.map(([description], at) => ({...bare, id: `F${at}`, locations: [], description, ...more}))
      const body = renderComment(sample({plan: {...goodPlan, findings, changes: []}}))
      return (body.split('<details><summary>8 findings</summary>\n\n')[1]?.split('\n\n</details>')[0] ?? '').split('\n')
    }
    const expected = (before: string): readonly string[] =>
      words.flatMap(([, line], at) => [`- **F${at}** critical \`monitor-leak\`  `, `${before}${line} (scan)`])
    expect(listed({})).toEqual(expected(''))
    expect(listed({title: ' '})).toEqual(expected(''))
    expect(listed({title: 'It *leaks*'})).toEqual(expected(String.raw`**It \*leaks\*.** `))
    expect(listed({title: 'Does it leak?'})).toEqual(expected('**Does it leak?** '))
  })
  it.each([
    ['one command', ['mix test'], '- Verify: `mix test`\n'],
    ['two commands', ['mix test', 'mix credo'], '\n\nVerify:\n```sh\nmix test\nmix credo\n```\n'],
    ['a long command', [`mix test ${'a'.repeat(112)}`], `\n\nVerify:\n\`\`\`sh\nmix test ${'a'.repeat(112)}\n\`\`\`\n`],
  ])('says how to verify a change: %s', (_, verification, expected) => {
    const changes = goodPlan.changes.map((change) => ({...change, verification}))
    expect(renderComment(sample({plan: {...goodPlan, changes}}))).toContain(expected)
  })
  const low = {code: 'score-below-threshold', message: 'The score 5.69 is below 8.'}
  const away = {code: 'judge-unavailable', message: 'The judge is away.'}
  const again = 'Nothing was decided about this commit. When the cause is gone, '
  it.each<readonly [string, Partial<ReportInput>, readonly string[]]>([
    [
      'what a score says of itself',
      {verdict: {decision: 'fail', reasons: [low]}, scorecard: {...scorecard, score: 5.69}},
      [],
    ],
    [
      'and says what else closes the gate',
      {verdict: {decision: 'fail', reasons: [low, ...fail.reasons]}, scorecard: {...scorecard, score: 5.69}},
      ['> [!CAUTION]', '> Why it failed:', '> - A reason.'],
    ],
    ['a policy', {verdict: fail}, []],
    [
      'an outage, and says what to do',
      {verdict: {decision: 'error', reasons: [away]}},
      ['> [!CAUTION]', `> ${again}comment \`/refactor-plan\` to judge it again.`],
    ],
    [
      'an outage of a run that nobody can comment on',
      {verdict: {decision: 'error', reasons: [away]}, request: null},
      ['> [!CAUTION]', `> ${again}run this again.`],
    ],
    [
      'what stands in full: a headline is cut',
      {verdict: {decision: 'error', reasons: [{code: 'x', message: 'long '.repeat(59)}]}},
      ['> [!CAUTION]', `> ${again}comment \`/refactor-plan\` to judge it again.`, `> - ${'long '.repeat(59).trim()}`],
    ],
    [
      'a warning with another one',
      {
        verdict: {decision: 'fail', reasons: [low, ...fail.reasons]},
        scorecard: {...scorecard, score: 5.69},
        protected: ['gold/a'],
      },
      ['> [!CAUTION]', '> Why it failed:', '> - A reason.', '> [!WARNING]'],
    ],
  ])('does not repeat %s', (_, more, expected) => {
    const quoted = renderComment(sample(more))
      .split('\n')
      .filter((line) => line.startsWith('>'))
    expect(quoted.slice(0, Math.max(expected.length, 1))).toEqual(expected)
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
    ).toContain('pipeline `offline` · no model · 1 min 2 s')
  })
  it('shows the earlier runs, the newest first, with what changed', () => {
    const report = sample({history: [run(7.25, 'b'.repeat(40)), run(null), {...run(9), decision: 'pass'}]})
    const body = renderComment(report)
    const at = (commit: string): string => `[\`${commit.slice(0, 7)}\`](${server}/acme/shop/commit/${commit})`
    expect(body).toContain(
      [
        '<details><summary>3 earlier runs</summary>',
        '',
        '| Commit | Score | Δ | Verdict |',
        '|:---|---:|---:|:---|',
        `| ${at(sha)}, this run | 8.4 | −0.6 | pass |`,
        `| ${at('a'.repeat(40))} | 9.0 | – | pass |`,
        `| ${at('a'.repeat(40))} | – | – | fail |`,
        `| ${at('b'.repeat(40))} | 7.2 | – | fail |`,
        '',
        '</details>',
      ].join('\n'),
    )
    expect(renderComment(sample())).not.toContain('earlier run')
  })
  it('warns of protected paths, on top, and names ten', () => {
    const paths = Array.from({length: 12}, (_, at) => `gold/\`${at}\`|<b>/gold.yaml`)
    const lines = renderComment(sample({protected: paths})).split('\n')
    expect(lines.slice(4, 7)).toEqual([
      '> [!WARNING]',
      "> This pull request changes 12 protected files; it was judged by the base's versions of these:",
      '> - ``gold/`0`\\|<\u2060b>/gold.yaml``',
    ])
    expect(lines.slice(15, 18)).toEqual([expect.stringContaining('`9`'), '> - … and 2 more', ''])
    const one = sample({protected: ['gold/a']})
    const sentence = "This pull request changes 1 protected file; it was judged by the base's versions of it:"
    expect(renderComment(one)).toContain(`> ${sentence}\n> - \`gold/a\``)
    expect(renderTerminal(one, {color: false})).toContain(`${sentence}\n  - gold/a`)
    expect(renderHtml(one)).toContain('<code>gold/a</code>')
    expect(renderComment(sample())).not.toContain('protected')
  })

  const pipesIn = (line: string): number => line.match(/(?<!\\)(?:\\\\)*\|/g)?.length ?? 0
  /** Of each table the line under its header, and its rows. */
  const tablesIn = (body: string): readonly (readonly string[])[] =>
    body.split('\n\n').flatMap((block) => {
      const [, rule = '', ...rows] = block.split('\n')
      return /^\|[-:|]+\|$/.test(rule) ? [[rule, ...rows]] : []
    })

  const balanced = (body: string): void => {
    expect(body.match(/<details/g)?.length ?? 0).toBe(body.match(/<\/details>/g)?.length ?? 0)
    expect(dangersIn(body.replace('<!-- m -->', ''), server, tags)).toEqual([])
  }
  /** A plan of so many changes, each after the one before, as a model with much to say would write it. */
  const long = (count: number): ReportInput['plan'] => {
    const plan = many(count)
    const changes = plan.changes.map((change, at) => ({...change, depends_on: at === 0 ? [] : [`C${at - 1}`]}))
    return {...plan, changes}
  }

  it.each([0, 1, 2, 10, 25, 100, 1000, 5000])('fits for %d changes, with balanced fences and details', (count) => {
    const report = sample({plan: long(count), verdict: fail, history: [run(7)], protected: ['gold/a']})
    for (const limit of [4000, 20_000, 65_000]) {
      const body = renderComment(report, {limit, marker: 'm'})
      expect(body.length).toBeLessThanOrEqual(limit)
      balanced(body)
      expect(body).toContain('8.4 (+1.4) of 10, gate failed')
      expect(body).toContain('### What would raise the score')
      expect(body).toContain('protected file')
    }
    const summary = renderSummary(report)
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1024 * 1024)
    expect(mermaidBlocks(summary)).toHaveLength(count >= 2 && count <= 25 ? 1 : 0)
  })
  it('is small enough for GitHub for any number of changes', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 5000}), fc.nat(5000), (count, length) => {
        const changes = long(count).changes.map((change) => ({...change, title: '<'.repeat(length % 400)}))
        const report = sample({plan: {...many(count), changes, summary: '&'.repeat(length)}, verdict: fail})
        const body = renderComment(report, {marker: 'm'})
        expect(body.length).toBeLessThanOrEqual(60_000)
        balanced(body)
        expect(body).toContain('8.4 of 10, gate failed')
        expect(body).toContain('### What would raise the score')
      }),
      {numRuns: 10},
    )
  })
  it.each([4000, 6000, 30_000])(
    'when all is too much keeps the findings by title, as many as %d characters hold',
    (limit) => {
      const plan = {...many(2000), summary: '<'.repeat(30_000)}
      const notes = Array.from({length: 10}, () => '&'.repeat(3000))
      const body = renderComment(sample({plan, notes, verdict: fail}), {limit})
      const titles = body.match(/^- \*\*F\d+\*\* critical: The monitor is never removed\.$/gm) ?? []
      expect(body.length).toBeLessThanOrEqual(limit)
      expect(body.length).toBeGreaterThan(limit - 100)
      expect(titles.length).toBeGreaterThan(10)
      expect(body).toContain(`### 2000 findings\n\n- **F0**`)
      expect(body).toContain(`- … and ${2000 - titles.length} more`)
    },
  )
  it.each(['<', '&', '#1', '|', '`', '@a', '$'])('keeps verdict and advice when every text is %s', (word) => {
    const words = word.repeat(2000)
    const body = renderComment(
      sample({
        plan: {...goodPlan, summary: words},
        pipeline: {name: words, models: [words]},
        verdict: {decision: 'error', reasons: Array.from({length: 20}, () => ({code: 'x', message: words}))},
        scorecard: {
          ...scorecard,
          caps: [
            {code: 'x', at_most: 5, message: words},
            {code: 'y', at_most: 6, message: `${words}.`},
          ],
        },
        protected: Array.from({length: 20}, () => words),
        notes: [words],
      }),
      {limit: 4000},
    )
    expect(body.length).toBeLessThanOrEqual(4000)
    expect(body).toContain('could not be judged')
    expect(body).toContain('### What would raise the score')
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
      protected: [path, words],
      history: [run(7)],
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
        for (const [rule = '', ...rows] of tablesIn(body))
          for (const row of rows) expect(pipesIn(row)).toBe(pipesIn(rule))
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
  it('shows fifty of a thousand findings, and says how many more there are', () => {
    const findings = Array.from({length: 500}, (_, at) =>
      goodPlan.findings.slice(0, 2).map((finding, index) => ({...finding, id: `F${2 * at + index}`})),
    ).flat()
    const out = renderTerminal(sample({plan: {...goodPlan, findings}}), {color: false})
    expect(out).toContain('1000 findings\n')
    expect(out.match(/^ {2}F\d+ /gm)).toHaveLength(50)
    expect(out).toContain('  … and 950 more\n')
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
