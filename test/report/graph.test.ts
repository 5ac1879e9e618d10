import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {graphOf, orderOf} from '../../src/report/graph.ts'
import {anyText} from '../plan/arbitrary.ts'
import {dangersIn, mermaidBlocks} from './dangers.ts'

type Ordered = Parameters<typeof graphOf>[0][number]

const server = 'https://github.example'
const change = (id: string, depends_on: readonly string[] = [], phase = 1): Ordered => ({
  id,
  title: `Title ${id}`,
  depends_on: [...depends_on],
  phase,
})
const chain = (count: number): readonly Ordered[] =>
  Array.from({length: count}, (_, at) => change(`C${at}`, at === 0 ? [] : [`C${at - 1}`]))
/** Every change waits for all before it. */
const dense = (count: number): readonly Ordered[] =>
  Array.from({length: count}, (_, at) =>
    change(
      `C${at}`,
      Array.from({length: at}, (_, before) => `C${before}`),
    ),
  )

/** What mermaid would obey, beside what Markdown and HTML would. */
const anyLabel = fc.oneof(
  anyText,
  fc
    .array(
      fc.constantFrom(
        '"]',
        '"] --> n2["',
        '\n```\n',
        '\nclick n1 "http://evil.example"',
        '\nclick n1 call alert()',
        '%%{init: {"securityLevel": "loose"}}%%',
        '%%',
        ';',
        '#quot;',
        '#59;',
        'ﬂ°°34¶ß',
        'ﬂ°lt¶ß',
        '`',
        '$$x$$',
        'fa:fa-car',
        'end',
        '---',
        ':::red',
        '<br>',
        '<a href="http://evil.example">',
        '1. ',
        '- ',
        '\u2028',
        '\u0085',
        '\u2066',
        'a',
      ),
      {maxLength: 8},
    )
    .map((parts) => parts.join('')),
)
const anyChanges = fc
  .array(
    fc.record({
      id: anyLabel.map((id) => `x${id}`.slice(0, 64)),
      title: anyLabel,
      phase: fc.integer({min: 1, max: 4}),
      waits: fc.array(fc.nat(9), {maxLength: 3}),
      extra: anyLabel,
    }),
    {maxLength: 9},
  )
  .map((drafts) =>
    drafts.map(({id, title, phase, waits, extra}) => ({
      id,
      title,
      phase,
      depends_on: [...waits.flatMap((at) => drafts[at]?.id ?? []), extra],
    })),
  )

describe('the graph', () => {
  it('draws what waits and what is waited for', () => {
    expect(graphOf([change('C1'), change('C2', ['C1', 'C1']), change('C3'), change('C4', ['C2', 'C1'])])).toBe(
      [
        '```mermaid',
        'graph TD',
        'n1["C1 Title C1"]',
        'n2["C2 Title C2"]',
        'n4["C4 Title C4"]',
        'n1 --> n2',
        'n2 --> n4',
        'n1 --> n4',
        '```',
      ].join('\n'),
    )
  })

  it.each([
    ['Restart the router with those who know', 'C1 Restart the router with those who…'],
    ['Restart the router with those who use it', 'C1 Restart the router with those who…'],
    ['Catch the exits of the call, and only round it', 'C1 Catch the exits of the call, and…'],
    ['Catch all the exits of the call, everywhere', 'C1 Catch all the exits of the call…'],
    ['Write all paid orders to the storage', 'C1 Write all paid orders to the storage'],
    ['Write all paid orders to the storages', 'C1 Write all paid orders to the storages'],
    ['Write all paid orders to the storage unit', 'C1 Write all paid orders to the storage…'],
    [`lib/${'x'.repeat(60)}`, `C1 lib/${'x'.repeat(32)}…`],
    [`${'😀'.repeat(30)} x`, `C1 ${'😀'.repeat(18)}…`],
  ])('cuts the label of %j between words', (title, label) => {
    const graph = graphOf([{...change('C1'), title}, change('C2', ['C1'])]) ?? ''
    expect(graph.split('\n')[2]).toBe(`n1["${label}"]`)
  })

  it.each<readonly [string, readonly Ordered[]]>([
    ['no change', []],
    ['one change', [change('C1')]],
    ['one change that waits for itself', [change('C1', ['C1'])]],
    ['nothing waits', [change('C1'), change('C2')]],
    ['what is waited for is not there', [change('C1'), change('C2', ['C9'])]],
    ['26 changes', chain(26)],
    ['66 arrows', dense(12)],
  ])('is left out: %s', (_, changes) => {
    expect(graphOf(changes)).toBeNull()
  })

  it.each<readonly [string, readonly Ordered[]]>([
    ['25 changes', chain(25)],
    ['55 arrows', dense(11)],
    ['2 of 5,000 changes', [...Array.from({length: 4998}, (_, at) => change(`D${at}`)), ...chain(2)]],
    ['a circle', [change('C1', ['C2']), change('C2', ['C1'])]],
  ])('is drawn: %s', (_, changes) => {
    expect(graphOf(changes)).toContain('-->')
  })

  it('is one fence with lines of its own grammar, whatever stands in a title or an id', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        const graph = graphOf(changes)
        if (graph === null) return
        expect(graph.match(/`+/g)).toEqual(['```', '```'])
        expect(mermaidBlocks(`before\n\n${graph}\n\nafter`)).toHaveLength(1)
        expect(dangersIn(graph, server)).toEqual([])
      }),
      {numRuns: 1000},
    )
  })
})

describe('the order', () => {
  it.each<readonly [string, readonly Ordered[], string]>([
    ['none', [], ''],
    ['any', [change('C1'), change('C2')], '1. C1, C2'],
    ['a chain', chain(3), '1. C0\n2. C1 (after C0)\n3. C2 (after C1)'],
    ['phases', [change('C1', [], 2), change('C2'), change('C3', [], 2)], '1. C2\n2. C1, C3'],
    [
      'within a phase',
      [change('C2', ['C1'], 2), change('C1', [], 2), change('C0'), change('C3', ['C0'], 2)],
      '1. C0\n2. C1, C3 (after C0)\n3. C2 (after C1)',
    ],
    ['a phase that is too early', [change('C1', ['C2']), change('C2', [], 3)], '1. C2\n2. C1 (after C2)'],
    [
      'a circle',
      [change('C1', ['C2']), change('C2', ['C1']), change('C3')],
      '1. C3\n\nThese wait for each other in a circle: C1 (after C2), C2 (after C1)',
    ],
    [
      'many to wait for',
      [
        ...Array.from({length: 7}, (_, at) => change(`C${at}`)),
        change('D', ['C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6']),
      ],
      '1. C0, C1, C2, C3, C4, C5, C6\n2. D (after C0, C1, C2, C3, C4, 2 more)',
    ],
    ['two of one name', [change('C1'), change('C1'), change('C2', ['C1'])], '1. C1, C1\n2. C2 (after C1)'],
  ])('%s', (_, changes, expected) => {
    expect(orderOf(changes)).toBe(expected)
  })

  it('names as many as it may', () => {
    expect(orderOf(chain(5000), 2)).toBe('1. C0\n2. C1 (after C0)\n\n… and 4998 more')
  })

  it('names every change once, after all it waits for', () => {
    const anyOrdered = fc
      .array(fc.record({phase: fc.integer({min: 1, max: 4}), waits: fc.array(fc.nat(9), {maxLength: 3})}), {
        maxLength: 9,
      })
      .map((drafts) =>
        drafts.map(({phase, waits}, at) =>
          change(
            `C${at}`,
            waits.map((to) => `C${to}`),
            phase,
          ),
        ),
      )
    fc.assert(
      fc.property(anyOrdered, (changes) => {
        const [steps = '', circular = ''] = orderOf(changes).split('These wait')
        const places = new Map(
          steps.split('\n').flatMap((line, step) =>
            line
              .replace(/^\d+\. /, '')
              .replace(/ \(.*?\)/g, '')
              .split(', ')
              .flatMap((id): readonly (readonly [string, number])[] => (id === '' ? [] : [[id, step]])),
          ),
        )
        for (const {id, depends_on} of changes) {
          expect(places.has(id)).toBe(!new RegExp(`[ ,]${id} \\(`).test(circular))
          for (const before of depends_on) {
            const [mine, other] = [places.get(id), places.get(before)]
            if (before !== id && mine !== undefined && changes.some((other) => other.id === before))
              expect(other ?? Infinity).toBeLessThan(mine)
          }
        }
      }),
      {numRuns: 500},
    )
  })

  it('is safe whatever stands in an id', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        expect(dangersIn(orderOf(changes), server)).toEqual([])
      }),
    )
  })
})
