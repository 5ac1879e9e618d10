import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {costsIn, mergeEvents, readEvents, renderEvent, standingIn, type Event} from '../../src/optimize/events.ts'

const start: Event = {kind: 'start', id: 'start', schema: 1, about: 'one', secret: 's'}
const cost = {calls: 1, tokens: 2, usd: null}
const fact = fc.oneof(
  fc.record({
    kind: fc.constant('reflected' as const),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    text: fc.string(),
    cost: fc.constant(cost),
  }),
  fc.record({
    kind: fc.constant('answer' as const),
    id: fc.constantFrom('a', 'b', 'c'),
    by: fc.constantFrom('x', 'y'),
    text: fc.string(),
  }),
  fc.record({
    kind: fc.constant('failed' as const),
    id: fc.constantFrom('a', 'e'),
    code: fc.string(),
    message: fc.string(),
    cost: fc.constant(cost),
  }),
)
const log = fc.array(fact, {maxLength: 8}).map((facts): readonly Event[] => [start, ...facts])
const textOf = (events: readonly Event[]): string => events.map(renderEvent).join('')

describe('merging logs', () => {
  it('is commutative, associative and idempotent', () => {
    fc.assert(
      fc.property(log, log, log, (a, b, c) => {
        expect(textOf(mergeEvents([a, b]))).toBe(textOf(mergeEvents([b, a])))
        expect(textOf(mergeEvents([mergeEvents([a, b]), c]))).toBe(textOf(mergeEvents([a, mergeEvents([b, c])])))
        const once = mergeEvents([a])
        expect(textOf(mergeEvents([once, once]))).toBe(textOf(once))
      }),
    )
  })
  it('knows every id that any of them knows', () => {
    fc.assert(
      fc.property(log, log, (a, b) => {
        expect(new Set(mergeEvents([a, b]).map(({id}) => id))).toEqual(new Set([...a, ...b].map(({id}) => id)))
      }),
    )
  })
  test('refuses logs of different searches', () => {
    expect(() => mergeEvents([[start], [{...start, about: 'two'}]])).toThrow(/different searches/)
  })
})

describe('reading a log', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(log, (events) => {
        expect(readEvents(textOf(events), 'l')).toEqual(events)
      }),
    )
  })
  it('takes a last line that was cut off for none, wherever it was cut', () => {
    fc.assert(
      fc.property(log, fc.nat(), (events, at) => {
        const text = textOf(events)
        const cut = text.slice(0, at % (text.length + 1))
        const read = readEvents(cut, 'l')
        expect(read).toEqual(events.slice(0, read.length))
        expect(read.length).toBeGreaterThanOrEqual(cut.split('\n').length - 1)
      }),
    )
  })
  it('takes less than nothing for nothing', () => {
    const text = '{"kind":"reflected","id":"a","text":"","cost":{"calls":-5,"tokens":1,"usd":-3}}\n'
    expect(costsIn(readEvents(text, 'l'))).toContainEqual({calls: 0, tokens: 1, usd: 0})
  })
  it('takes what editors put in front of lines and behind them', () => {
    const text = textOf([start])
    expect(readEvents(`\ufeff${text.replaceAll('\n', '\r\n')}\r\n  `, 'l')).toEqual([start])
  })
  test.each([
    ['no JSON', '{"kind":\n'],
    ['an event of no kind', '{"kind":"guess","id":"a"}\n'],
    ['the whole of another file without an end', '{"precious":"data"}'],
    ['words without an end', 'dear diary'],
    [
      'a score that no plan has',
      '{"kind":"evaluated","id":"a","evaluation":{"score":11,"unreadable":null,"outcomes":[],"extras":[],"shown":{},"cost":{"calls":1,"tokens":0,"usd":0}}}\n',
    ],
  ])('refuses a line that is %s, with its number', (_, line) => {
    expect(() => readEvents(renderEvent(start) + line, 'search.jsonl')).toThrow(/search\.jsonl:2/)
  })
})

const failed = (id: string, code: string): Event => ({kind: 'failed', id, code, message: 'no', cost})
const reflected = (id: string): Event => ({kind: 'reflected', id, text: '', cost})
const outages = (...ids: readonly string[]): readonly Event[] => ids.map((id) => failed(id, 'model-unavailable'))

describe('going on with a log', () => {
  test.each<[string, readonly Event[], boolean, readonly string[]]>([
    ['three failures, which a search survives', outages('a', 'b', 'c'), false, ['a', 'b', 'c']],
    ['a fourth one, which ended it', outages('a', 'b', 'c', 'd'), false, []],
    ['one thing that failed four times', outages('a', 'a', 'a', 'a'), false, ['a']],
    ['what came to something at last', [...outages('a', 'b'), reflected('a')], false, ['b', 'a']],
    ['what a budget did not allow', [failed('a', 'budget-spent'), reflected('b')], false, ['b']],
    ['what other machines wait for', [failed('a', 'budget-spent'), reflected('b')], true, ['a', 'b']],
  ])('%s', (_, events, isShared, standing) => {
    expect(standingIn([start, ...events], isShared).map(({id}) => id)).toEqual(['start', ...standing])
  })
})

const recording = (usage: object): string => JSON.stringify({schema: 1, provider: 'claude', reply: {text: '', usage}})
const paid = {calls: 1, input_tokens: 5, output_tokens: 2, usd: 0.5}

test.each<[string, readonly Event[], {readonly calls: number; readonly usd: number}]>([
  [
    'of a run that ended',
    [{kind: 'answer', id: 'x', by: 'a', text: recording(paid)}, reflected('a')],
    {calls: 1, usd: 0},
  ],
  ['of a run that was killed', [{kind: 'answer', id: 'x', by: 'a', text: recording(paid)}], {calls: 1, usd: 0.5}],
  ['that is none', [{kind: 'answer', id: 'x', by: 'a', text: 'not json'}], {calls: 0, usd: 0}],
  [
    'that was edited',
    [{kind: 'answer', id: 'x', by: 'a', text: recording({...paid, calls: -1000, usd: -5})}],
    {calls: 0, usd: 0},
  ],
])('what was spent, with an answer %s', (_, events, {calls, usd}) => {
  const costs = costsIn(events)
  expect(costs.reduce((sum, each) => sum + each.calls, 0)).toBe(calls)
  expect(costs.reduce((sum, each) => sum + (each.usd ?? 0), 0)).toBe(usd)
})
