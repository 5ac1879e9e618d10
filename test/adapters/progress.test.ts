import {afterEach, describe, expect, test, vi} from 'vitest'
import {clockOf, openProgress} from '../../src/adapters/progress.ts'
import type {PipelineEvent} from '../../src/pipeline/events.ts'
import {noUsage} from '../../src/provider.ts'
import {plain} from '../../src/trust.ts'

/** What it writes, and a clock that only moves when told to. */
function screen(isTerminal: boolean, columns = 80) {
  const written: string[] = []
  let time = 0
  const progress = openProgress({write: (text) => void written.push(text), columns, isTerminal}, 3, () => time)
  return {
    progress,
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    text: () => written.join(''),
    /** What stands on a terminal in the end: lines that stay, and the one that changes. */
    shown: () =>
      written
        .join('')
        .split('\n')
        .map((line) => line.split('\r\u001b[K').at(-1)),
  }
}
const started = (step: string, depth = 0): PipelineEvent => ({step, depth, kind: 'started'})
const finished = (step: string, depth = 0, usage = noUsage): PipelineEvent => ({
  step,
  depth,
  kind: 'finished',
  milliseconds: 1500,
  usage,
})
const controlsIn = (text: string): readonly string[] => text.match(/\p{Cc}/gu) ?? []
const spent = {calls: 1, input_tokens: 12_345, output_tokens: 678, usd: 0.0123}

afterEach(() => {
  vi.useRealTimers()
})

test.each([
  [0, '0:00'],
  [999, '0:00'],
  [61_000, '1:01'],
  [3_600_000, '60:00'],
])('%i ms is %s', (milliseconds, text) => {
  expect(clockOf(milliseconds)).toBe(text)
})

describe('without a terminal', () => {
  test('a line for each step of the pipeline itself', () => {
    const {progress, text} = screen(false)
    progress.onEvent(started('a'))
    progress.onEvent(started('in', 1))
    progress.onEvent(finished('in', 1))
    progress.onEvent(finished('a', 0, spent))
    progress.onEvent({step: 'b', depth: 0, kind: 'skipped'})
    progress.onEvent(started('c'))
    progress.onEvent({step: 'c', depth: 0, kind: 'failed', milliseconds: 20})
    progress.end()
    expect(text()).toBe('a …\na finished after 1.5 s, 12345 tokens in, 678 out\nb skipped\nc …\nc failed after 0.0 s\n')
  })
  test('nothing that a terminal would obey', () => {
    const {progress, text} = screen(false)
    progress.onEvent(started('a\u001b[2J\r\nb'))
    progress.onSpent(spent)
    progress.end()
    expect(controlsIn(text())).toEqual(['\n'])
  })
})

describe('on a terminal', () => {
  test('one line that says where it is, what it took and cost', () => {
    const {progress, pass, shown} = screen(true)
    progress.onEvent(started('a'))
    expect(shown()).toEqual(['[0/3] a · 0:00'])
    progress.onSpent(spent)
    pass(65_000)
    progress.onEvent(started('in', 1))
    expect(shown()).toEqual(['[0/3] in · 12k in · 678 out · $0.0123 · 1:05'])
    progress.onEvent(finished('in', 1))
    expect(shown()).toEqual(['[0/3] a · 12k in · 678 out · $0.0123 · 1:05'])
    progress.onEvent(finished('a'))
    progress.onEvent({step: 'b', depth: 0, kind: 'skipped'})
    expect(shown()[0]).toMatch(/^\[2\/3\]/)
    progress.end()
    expect(shown()).toEqual([''])
  })
  test('what it cost is unknown when it is', () => {
    const {progress, shown} = screen(true)
    progress.onSpent({...spent, usd: null})
    progress.onSpent({...spent, usd: 5})
    expect(shown()[0]).toContain('$?')
    progress.end()
  })
  test('steps at the same time, and none of them afterwards', () => {
    const {progress, shown} = screen(true)
    progress.onEvent(started('m'))
    progress.onEvent(started('a', 1))
    progress.onEvent(started('b', 1))
    progress.onEvent(finished('a', 1))
    expect(shown()).toEqual(['[0/3] b · 0:00'])
    progress.onEvent(finished('b', 1))
    expect(shown()).toEqual(['[0/3] m · 0:00'])
    progress.onEvent(finished('m'))
    expect(shown()).toEqual(['[1/3] · 0:00'])
    progress.end()
  })
  test('lines that stay stand above it', () => {
    const {progress, shown} = screen(true)
    progress.onEvent(started('a'))
    progress.say(plain('warning: x'))
    progress.say(plain('two\n'))
    expect(shown()).toEqual(['warning: x', 'two', '[0/3] a · 0:00'])
    progress.end()
  })
  test.each([10, 30, 80])('never wider than %i columns, of which it has at least twenty', (columns) => {
    const {progress, shown} = screen(true, columns)
    progress.onEvent(started('x'.repeat(200)))
    for (const line of shown()) expect(line?.length).toBeLessThanOrEqual(Math.max(20, columns - 1))
    progress.end()
  })
  test('nothing that a terminal would obey but its own', () => {
    const {progress, text} = screen(true)
    progress.onEvent(started('a\u001b[2J\u0007b'))
    progress.end()
    expect(controlsIn(text().replaceAll('\r\u001b[K', ''))).toEqual([])
  })
  test('the clock goes on while nothing happens, until the end', () => {
    vi.useFakeTimers()
    const {progress, pass, shown, text} = screen(true)
    progress.onEvent(started('a'))
    pass(2_000)
    vi.advanceTimersByTime(600)
    expect(shown()).toEqual(['[0/3] a · 0:02'])
    progress.end()
    const before = text()
    vi.advanceTimersByTime(5_000)
    expect(text()).toBe(before)
  })
})
