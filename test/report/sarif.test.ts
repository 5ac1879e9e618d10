import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import * as z from 'zod'
import {renderSarif, sarifOf} from '../../src/report/sarif.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {anyPlan, anyText, goodPlan} from '../plan/arbitrary.ts'
import {many, sample} from './sample.ts'

const Message = z.strictObject({text: z.string().min(1)})
/** As much of the schema of SARIF 2.1.0 as is written, and what GitHub wants beside: a place for each result. */
const Log = z.strictObject({
  $schema: z.string(),
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.literal('refactor-plan'),
          version: z.string().optional(),
          rules: z.array(z.strictObject({id: z.string(), shortDescription: Message, properties: z.unknown()})),
        }),
      }),
      invocations: z
        .array(
          z.strictObject({
            executionSuccessful: z.boolean(),
            toolExecutionNotifications: z.array(
              z.strictObject({
                level: z.enum(['error', 'warning', 'note']),
                message: Message,
                associatedRule: z.strictObject({id: z.string()}),
              }),
            ),
          }),
        )
        .optional(),
      results: z
        .array(
          z.strictObject({
            ruleId: z.string(),
            level: z.enum(['error', 'warning', 'note']),
            message: Message,
            locations: z
              .array(
                z.strictObject({
                  physicalLocation: z.strictObject({
                    artifactLocation: z.strictObject({
                      // RFC 3986: a relative path of encoded segments, none of which is empty, `.` or `..`
                      uri: z
                        .string()
                        .regex(
                          /^(?!\.{1,2}(?:\/|$))(?:[\w.~!'()*-]|%[0-9A-F]{2})+(?:\/(?!\.{1,2}(?:\/|$))(?:[\w.~!'()*-]|%[0-9A-F]{2})+)*$/,
                        ),
                      uriBaseId: z.literal('%SRCROOT%'),
                    }),
                    region: z
                      .strictObject({
                        startLine: z.int().positive(),
                        endLine: z.int().positive(),
                        snippet: z.strictObject({text: z.string()}).optional(),
                      })
                      .refine(({startLine, endLine}) => startLine <= endLine)
                      .optional(),
                  }),
                }),
              )
              .min(1)
              .max(100),
            partialFingerprints: z.record(z.string(), z.string()),
            properties: z.unknown(),
          }),
        )
        .max(5000),
    }),
  ]),
})
const logOf = (text: string) => Log.parse(JSON.parse(text)).runs[0]

const finding = (more: Partial<Finding> = {}): Finding => ({
  id: 'F1',
  category: 'monitor-leak',
  severity: 'high',
  locations: [{file: 'lib/a.ex', start_line: 3, end_line: 5, evidence: 'Process.monitor(pid)'}],
  description: 'It leaks.',
  source: 'model',
  ...more,
})
const resultOf = (more: Partial<Finding>) => logOf(renderSarif([finding(more)], null)).results[0]

describe('the findings of a plan as SARIF', () => {
  it('names rule, level, words, places and a fingerprint', () => {
    expect(sarifOf(sample())).toBe(renderSarif(goodPlan.findings, null))
    expect(logOf(sarifOf(sample(), '1.2.3'))).toEqual({
      tool: {
        driver: {
          name: 'refactor-plan',
          version: '1.2.3',
          rules: [
            {id: 'broad-rescue', shortDescription: {text: 'broad rescue'}, properties: {category: 'broad-rescue'}},
            {id: 'monitor-leak', shortDescription: {text: 'monitor leak'}, properties: {category: 'monitor-leak'}},
          ],
        },
      },
      results: [
        {
          ruleId: 'monitor-leak',
          level: 'error',
          message: {text: 'The monitor is never removed.'},
          locations: [
            {
              physicalLocation: {
                artifactLocation: {uri: 'lib/shop/router.ex', uriBaseId: '%SRCROOT%'},
                region: {startLine: 3, endLine: 3, snippet: {text: 'Process.monitor(handler_pid)'}},
              },
            },
          ],
          partialFingerprints: {'finding/v1': 'monitor-leak|lib/shop/router.ex|Process.monitor(handler_pid)|1'},
          properties: {id: 'F1', severity: 'critical', source: 'scan'},
        },
        expect.objectContaining({ruleId: 'broad-rescue', level: 'warning'}),
      ],
    })
  })

  it.each<readonly [string, string]>([
    ['[click](http://evil.example)', String.raw`\[click\](http://evil.example)`],
    ['see [here](1)', String.raw`see \[here\](1)`],
    [String.raw`\[a\](1)`, String.raw`\\\[a\\\](1)`],
    [String.raw`[a\](1)`, String.raw`\[a\\\](1)`],
    ['a {0} and {:ok, x}', 'a {{0}} and {:ok, x}'],
    ['\u202ea\u200bb ::error::c', 'ab ::error::c'],
    ['', 'monitor-leak'],
  ])('%j says %j', (description, expected) => {
    expect(resultOf({description})?.message.text).toBe(expected)
  })

  it.each<readonly [string, string]>([
    ['lib/a b.ex', 'lib/a%20b.ex'],
    ['lib/ü#?.ex', 'lib/%C3%BC%23%3F.ex'],
    ['javascript:alert(1)', 'javascript%3Aalert(1)'],
    ['a\\b', 'a%5Cb'],
    ['\ud800', '%EF%BF%BD'],
  ])('%j is at %s', (file, uri) => {
    expect(resultOf({locations: [{file}]})?.locations).toEqual([
      {physicalLocation: {artifactLocation: {uri, uriBaseId: '%SRCROOT%'}}},
    ])
  })

  it.each<readonly [string, Finding['locations']]>([
    ['no place', []],
    ['a place outside', [{file: '../a.ex'}]],
    ['an absolute place', [{file: '/etc/passwd'}]],
    ['an address', [{file: 'http://evil.example'}]],
  ])('with %s is a note about the run, for GitHub refuses a result without a place', (_, locations) => {
    const {results, invocations} = logOf(renderSarif([finding({locations})], null))
    expect(results).toEqual([])
    expect(invocations?.[0]?.toolExecutionNotifications).toEqual([
      {level: 'error', message: {text: 'It leaks.'}, associatedRule: {id: 'monitor-leak'}},
    ])
  })

  it.each([
    ['critical', 'error'],
    ['high', 'error'],
    ['medium', 'warning'],
    ['low', 'note'],
  ] as const)('%s is %s', (severity, level) => {
    expect(resultOf({severity})?.level).toBe(level)
  })

  it('a rule comes before the category', () => {
    expect(logOf(renderSarif([{...finding(), rule: 'leaky'}], '1')).results[0]?.ruleId).toBe('leaky')
  })

  it('an end before its start is the start', () => {
    expect(
      resultOf({locations: [{file: 'a', start_line: 9, end_line: 2}]})?.locations[0]?.physicalLocation.region,
    ).toEqual({startLine: 9, endLine: 9})
  })

  it('tells findings of the same words apart, and does not mind where they move', () => {
    const print = (line: number) => finding({locations: [{file: 'a', start_line: line, evidence: 'x'}]})
    const prints = (lines: readonly number[]) =>
      logOf(renderSarif(lines.map(print), null)).results.map((result) => result.partialFingerprints)
    expect(prints([1, 5])).toEqual([{'finding/v1': 'monitor-leak|a|x|1'}, {'finding/v1': 'monitor-leak|a|x|2'}])
    expect(prints([3, 9])).toEqual(prints([1, 5]))
  })

  it('keeps the gravest 5,000', () => {
    const findings = [...many(5000).findings.map((one) => ({...one, severity: 'low' as const})), finding()]
    const {results} = logOf(renderSarif(findings, null))
    expect(results).toHaveLength(5000)
    expect(results[0]?.level).toBe('error')
  })

  it('is valid, holds no link, no escape sequence and no bidi control, whatever the findings say', () => {
    fc.assert(
      fc.property(anyPlan, anyText, (plan, words) => {
        const findings = plan.findings.map((one) => ({...one, description: `${one.description}[${words}](1)`}))
        const out = sarifOf(sample({plan: {...plan, findings}}))
        const {results, invocations = []} = logOf(out)
        const notes = invocations.flatMap((one) => one.toolExecutionNotifications)
        expect(results.length + notes.length).toBe(findings.length)
        for (const {message} of [...results, ...notes]) {
          expect(message.text.replace(/\\[\\[\]]/g, '')).not.toMatch(/[[\]]|\{\d+\}(?!\})/)
          expect(message.text).not.toMatch(/(?!\n|\t)[\p{Cc}\p{Cf}]/u)
        }
        expect(out).not.toMatch(/##\[|^\s*::/m)
      }),
      {numRuns: 300},
    )
  })
})
