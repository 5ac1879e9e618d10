/** A run that was stopped at any question goes on as if nothing had happened, and pays for nothing twice. */
import {createHash} from 'node:crypto'
import {existsSync, mkdtempSync, readdirSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {openCheckpoint} from '../../src/adapters/checkpoint.ts'
import {Failure} from '../../src/errors.ts'
import {execute} from '../../src/pipeline/execute.ts'
import type {Trace} from '../../src/pipeline/step.ts'
import type {Provider} from '../../src/provider.ts'
import {journaled} from '../../src/recordings.ts'
import {answering, clock, failureOf, nonce, promptsOf, read, toolsOf, withSteps, type Scripted} from './scripted.ts'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const folderOf = (): string => join(mkdtempSync(join(tmpdir(), 'checkpoint-')), 'checkpoints')

const text = withSteps(
  '{name: first, type: claude, prompt: "one"}',
  '{name: count, type: set, values: {n: 5}}',
  '{name: many, type: map, over: [x, y, z], concurrency: 2, steps: [{name: q, type: claude, prompt: "{{item}} {{first}} {{n}}"}, {name: again, type: claude, prompt: "same"}]}',
  '{name: data, type: claude, format: json, prompt: "json {{many}}"}',
  '{name: last, type: claude, prompt: "{{previous_response.n}} {{q}} {{state.n}}"}',
)

/** Other words for each question, and other ones each time it is asked. */
function model(): Scripted {
  const times = new Map<string, number>()
  return answering((prompt) => {
    const time = (times.get(prompt) ?? 0) + 1
    times.set(prompt, time)
    return prompt.startsWith('json') ? '{"n": 7}' : `a${digest(prompt).slice(0, 6)}-${time}`
  })
}

/** As `run` does it: the start is kept, answers are a journal, and each step that ends is saved. */
async function runOn(folder: string, pipeline: string, ask: Provider, eager: boolean): Promise<Trace> {
  const checkpoint = openCheckpoint(folder, 'p', digest(pipeline), eager)
  const start = checkpoint.before?.start ?? {nonce, began: 5}
  checkpoint.begin(start)
  const journal = journaled(ask, {...checkpoint.answers, digest})
  const tools = {...toolsOf(journal.ask), forget: journal.forget}
  try {
    const trace = await execute(read(pipeline, 'lenient'), {}, tools, {
      nonce: start.nonce,
      now: clock(),
      clock: () => start.began,
      saved: checkpoint.before?.saved ?? undefined,
      onSaved: (_, saved) => {
        checkpoint.save(saved)
        journal.turn()
      },
    })
    checkpoint.finish()
    return trace
  } catch (thrown) {
    checkpoint.leave()
    throw thrown
  }
}

/** Stops at the n-th question, from 1. */
const stopped = ({ask}: Scripted, at: number, code: string): Provider => {
  let asked = 0
  return async (request, signal) => {
    asked += 1
    if (asked >= at) throw new Failure(code, 'stopped', {exit: 3})
    return ask(request, signal)
  }
}

const outcomeOf = ({results, output, notes}: Trace) => ({results, output, notes})

const ends = ['cancelled', 'model-unavailable', 'budget-spent'] as const
const kinds = [
  ['with checkpoints', true],
  ['without', false],
] as const
const rows = kinds.flatMap(([how, eager]) =>
  ends.flatMap((code) => Array.from({length: 9}, (_, at) => [how, code, at + 1, eager] as const)),
)

describe('stopped and started again', () => {
  test.each(rows)('%s: %s at question %i', async (_, code, at, eager) => {
    const [folder, whole, asks] = [folderOf(), model(), model()]
    const expected = await runOn(folderOf(), text, whole.ask, eager)
    expect(whole.asked).toHaveLength(9)
    expect(await failureOf(runOn(folder, text, stopped(asks, at, code), eager))).toMatchObject({code})
    const answered = asks.asked.length
    const trace = await runOn(folder, text, asks.ask, eager)
    expect(outcomeOf(trace)).toEqual(outcomeOf(expected))
    expect(promptsOf(asks).toSorted()).toEqual(promptsOf(whole).toSorted())
    expect(answered).toBe(at - 1)
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
  })

  test.each(kinds)('%s: stopped at each question in turn', async (_, eager) => {
    const [folder, whole, asks] = [folderOf(), model(), model()]
    const expected = await runOn(folderOf(), text, whole.ask, eager)
    for (let time = 1; time <= 9; time++) {
      expect(await failureOf(runOn(folder, text, stopped(asks, 2, 'cancelled'), eager))).toMatchObject({
        code: 'cancelled',
      })
      if (asks.asked.length === 8) break
    }
    expect(outcomeOf(await runOn(folder, text, asks.ask, eager))).toEqual(outcomeOf(expected))
    expect(promptsOf(asks).toSorted()).toEqual(promptsOf(whole).toSorted())
  })

  test.each([
    [
      'the same words in two steps',
      '{name: a, type: claude, prompt: "same"}',
      '{name: b, type: claude, prompt: "same"}',
      '{name: c, type: claude, prompt: "same"}',
      '{name: e, type: claude, prompt: "{{a}} {{b}} {{c}}"}',
    ],
  ])('%s', async (_, ...steps) => {
    const pipeline = withSteps(...steps)
    for (const [, eager] of kinds) {
      const whole = model()
      const expected = await runOn(folderOf(), pipeline, whole.ask, eager)
      for (let at = 1; at <= whole.asked.length; at++) {
        const [folder, asks] = [folderOf(), model()]
        expect(await failureOf(runOn(folder, pipeline, stopped(asks, at, 'cancelled'), eager))).toMatchObject({
          code: 'cancelled',
        })
        const trace = await runOn(folder, pipeline, asks.ask, eager)
        expect({eager, at, ...outcomeOf(trace)}).toEqual({eager, at, ...outcomeOf(expected)})
        expect({eager, at, asked: promptsOf(asks)}).toEqual({eager, at, asked: promptsOf(whole)})
      }
    }
  })
})

test('another pipeline begins anew and leaves the first one alone', async () => {
  const [folder, asks] = [folderOf(), model()]
  await failureOf(runOn(folder, text, stopped(asks, 5, 'cancelled'), true))
  const other = model()
  await runOn(folder, text.replace('"one"', '"two"'), other.ask, true)
  expect(other.asked).toHaveLength(9)
  expect(readdirSync(folder)).toHaveLength(2)
  await runOn(folder, text, asks.ask, true)
  expect(asks.asked).toHaveLength(9)
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
})
