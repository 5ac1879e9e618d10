import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {mergeEvents, readEvents, renderEvent, type Event} from '../../src/optimize/events.ts'

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
  test.each([
    ['no JSON', '{"kind":\n'],
    ['an event of no kind', '{"kind":"guess","id":"a"}\n'],
  ])('refuses a line that is %s, with its number', (_, line) => {
    expect(() => readEvents(renderEvent(start) + line, 'search.jsonl')).toThrow(/search\.jsonl:2/)
  })
})
