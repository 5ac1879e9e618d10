import type {Worker} from 'node:worker_threads'
import {afterEach, beforeAll, describe, expect, test} from 'vitest'
import {loadParse} from '../../src/adapters/grammars.ts'
import {withParse} from '../../src/adapters/threads.ts'
import {languages, type Parsable, type Parse, type Parsed} from '../../src/scan/parse.ts'

const snippets: Readonly<Record<(typeof languages)[number], string>> = {
  elixir: 'defmodule A do\n  # why\n  def go(x), do: {:ok, x}\nend\n',
  typescript: 'export const a = (x: number): number => x + 1\n',
  tsx: 'export const A = () => <p>{"a"}</p>\n',
  javascript: 'async function a() { await b(`${c}`) }\n',
  python: 'def a(x=[]):\n    return x\n',
}
const texts: readonly Parsable[] = languages.flatMap((language) =>
  Array.from({length: 20}, (_, n) => ({language, text: `${snippets[language]}\n`.repeat(n + 1)})),
)
const deep: Parsable = {language: 'javascript', text: `${'['.repeat(2000)}1${']'.repeat(2000)}`}
const large = {languages, size: 1e6}

let here: Parse
let expected: readonly Parsed[] = []
beforeAll(async () => {
  here = await loadParse(languages)
  expected = await here([...texts, deep])
})

/** Every thread that is started from now on. */
function watch(act: (worker: Worker, index: number) => void): readonly Worker[] {
  const started: Worker[] = []
  process.on('worker', (worker) => {
    act(worker, started.length)
    started.push(worker)
  })
  return started
}
afterEach(() => void process.removeAllListeners('worker'))

/** One text at a time, all at once. */
const eachOf = async (parse: Parse): Promise<readonly Parsed[]> =>
  (await Promise.all([...texts, deep].map((text) => parse([text])))).flat()

describe('withParse', () => {
  test('what is read in threads is what is read here', async () => {
    const started = watch(() => {})
    expect(await withParse(large, eachOf, 2)).toEqual(expected)
    expect(started).toHaveLength(2)
  })

  test.each([
    ['small code', {languages, size: 100_000}, 4],
    ['a machine with one core', large, 0],
  ])('no thread for %s', async (_, parsing, threads) => {
    const started = watch(() => {})
    expect(await withParse(parsing, eachOf, threads)).toEqual(expected)
    expect(started).toHaveLength(0)
  })

  test.each([
    ['one that never starts', (worker: Worker, index: number) => void (index === 0 && worker.terminate())],
    ['all that never start', (worker: Worker) => void worker.terminate()],
    [
      'one that dies at work',
      (worker: Worker, index: number) => void (index === 1 && worker.once('message', () => void worker.terminate())),
    ],
  ])('%s: its texts are read here', async (_, act) => {
    watch(act)
    expect(await withParse(large, eachOf, 3)).toEqual(expected)
  })

  test('no thread is left, whatever ends the use', async () => {
    let left = 0
    watch((worker) => {
      left++
      worker.once('exit', () => left--)
    })
    await expect(withParse(large, async () => Promise.reject(new Error('enough')), 3)).rejects.toThrow('enough')
    expect(left).toBe(0)
    await withParse(large, eachOf, 3)
    expect(left).toBe(0)
  })
})
