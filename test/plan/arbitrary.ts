import * as fc from 'fast-check'
import type {Change, Plan} from '../../src/plan/plan.ts'
import {severities, type Finding, type Location} from '../../src/scan/finding.ts'

/** Text as hostile as a model or a file name can make it. */
export const anyText = fc.oneof(
  fc.string({unit: 'binary', maxLength: 60}),
  fc.string({unit: 'grapheme', maxLength: 60}),
  fc
    .array(
      fc.constantFrom(
        '![x](http://evil.example/?q=1)',
        '<img src=//evil.example>',
        '<!-- refactor-plan -->',
        '-->',
        '@octocat',
        '#12',
        'www.evil.example',
        '[a]: http://evil.example',
        '```',
        '~~~~',
        '`',
        '|',
        '\\',
        '\n',
        '\r\n',
        '\t',
        '    ',
        '</details>',
        '</summary>',
        '$x$',
        '&#64;x',
        'acme/shop#1',
        'deadbeefcafe',
        '\u202e',
        '\u200b',
        '- ',
        '1. ',
        '# ',
        '> ',
        'a@b.example',
        '::error::x',
        '\u001b[31m',
        'text',
        '{{x}}',
        'null',
        '? a: b',
      ),
      {maxLength: 12},
    )
    .map((parts) => parts.join('')),
)

const name = anyText.map((text) => text || 'x')
const id = anyText.map((text) => `x${text}`.slice(0, 64))

const location: fc.Arbitrary<Location> = fc.record(
  {
    file: name,
    start_line: fc.integer({min: 1, max: 9999}),
    end_line: fc.integer({min: 1, max: 9999}),
    evidence: anyText,
  },
  {requiredKeys: ['file']},
)

const finding: fc.Arbitrary<Finding> = fc.record(
  {
    id,
    title: anyText,
    category: fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}$/),
    severity: fc.constantFrom(...severities),
    locations: fc.array(location, {maxLength: 3}),
    description: anyText,
    source: fc.constantFrom('scan' as const, 'model' as const),
  },
  {requiredKeys: ['id', 'category', 'severity', 'locations', 'description', 'source']},
)

const change: fc.Arbitrary<Change> = fc.record({
  id,
  title: anyText,
  resolves: fc.array(anyText, {maxLength: 3}),
  depends_on: fc.array(anyText, {maxLength: 3}),
  phase: fc.integer({min: 1, max: 9}),
  files: fc.array(anyText, {maxLength: 3}),
  creates: fc.array(anyText, {maxLength: 2}),
  instructions: anyText,
  risk: fc.constantFrom('low' as const, 'medium' as const, 'high' as const, null),
  effort: fc.constantFrom('S' as const, 'M' as const, 'L' as const, null),
  verification: fc.array(anyText, {maxLength: 3}),
})

export const anyPlan: fc.Arbitrary<Plan> = fc.record(
  {
    schema: fc.constant(1 as const),
    goal: anyText,
    repository: fc.record({name: anyText, commit: fc.option(anyText)}),
    summary: anyText,
    findings: fc.array(finding, {maxLength: 4}),
    changes: fc.array(change, {maxLength: 4}),
  },
  {requiredKeys: ['schema', 'goal', 'summary', 'findings', 'changes']},
)

/** A plain, correct plan to break in one place. */
export const goodPlan: Plan = {
  schema: 1,
  goal: 'Find OTP anti-patterns.',
  repository: {name: 'acme/shop', commit: '1f3c5a7e9b1d2f4a6c8e0b2d4f6a8c0e1f3c5a7e'},
  summary: 'Two findings, two changes.',
  findings: [
    {
      id: 'F1',
      category: 'monitor-leak',
      severity: 'critical',
      locations: [{file: 'lib/shop/router.ex', start_line: 3, end_line: 3, evidence: 'Process.monitor(handler_pid)'}],
      description: 'The monitor is never removed.',
      source: 'scan',
    },
    {
      id: 'F2',
      category: 'broad-rescue',
      severity: 'medium',
      locations: [{file: 'lib/shop/cart.ex', start_line: 2, end_line: 4, evidence: 'rescue\n  _ -> :ok'}],
      description: 'Every exception becomes :ok.\n\nCallers cannot tell.',
      source: 'model',
    },
  ],
  changes: [
    {
      id: 'C1',
      title: 'Remove the monitor on unsubscribe',
      resolves: ['F1'],
      depends_on: [],
      phase: 1,
      files: ['lib/shop/router.ex'],
      creates: ['test/shop/router_test.exs'],
      instructions: 'Keep pid => ref in the state.\nDemonitor with [:flush] on unsubscribe.',
      risk: 'low',
      effort: 'S',
      verification: ['mix test test/shop/router_test.exs'],
    },
    {
      id: 'C2',
      title: 'Name the exceptions',
      resolves: ['F2'],
      depends_on: ['C1'],
      phase: 2,
      files: ['lib/shop/cart.ex'],
      creates: [],
      instructions: 'Rescue KeyError only.',
      risk: 'medium',
      effort: null,
      verification: ['mix test'],
    },
  ],
}

export const goodCode: Readonly<Record<string, readonly string[]>> = {
  'mix.exs': ['defmodule Shop.MixProject do', 'end'],
  'lib/shop/router.ex': [
    'defmodule Shop.Router do',
    '  def subscribe(handler_pid) do',
    '    Process.monitor(handler_pid)',
    '  end',
    'end',
  ],
  'lib/shop/cart.ex': ['try do', 'rescue', '  _ -> :ok', 'end'],
}

export const codeOf = (files: Readonly<Record<string, readonly string[]>>) => ({
  paths: Object.keys(files),
  lines: (path: string): readonly string[] | null => (Object.hasOwn(files, path) ? (files[path] ?? null) : null),
})
