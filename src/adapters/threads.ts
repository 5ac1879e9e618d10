/** Parsing in threads: most of a scan's time is the grammars', and they know nothing of each other. */
import {availableParallelism} from 'node:os'
import {join} from 'node:path'
import {Worker} from 'node:worker_threads'
import type {Language, Parsable, Parse, Parsed} from '../scan/parse.ts'
import {compileOnce, loadParse} from './grammars.ts'
import {home} from './home.ts'

/** What a thread begins with. */
export interface Start {
  readonly languages: readonly Language[]
}

/** What it is told then, and what it answers; trees are handed over, not copied. */
export interface Order {
  readonly id: number
  readonly texts: readonly Parsable[]
}
export interface Delivery {
  readonly id: number
  readonly trees: readonly Parsed[]
}

export interface Parsing extends Start {
  /** UTF-16 units of all that will be parsed. */
  readonly size: number
}

/** A thread is there after half a second; in this time another has parsed this much. */
const sizeForThreads = 300_000
/** Beside this one, which judges what they have parsed and is the slowest beyond. */
const mostThreads = 3
/** A thread with so many orders has enough to do until this one, which judges as well, has carried out one itself. */
const busy = 5

/**
 * `parse` is good until `use` has ended. Small code is parsed in this thread, as is what finds all others busy, and whatever a
 * thread did not survive. Throws `Failure` `missing-grammar` as `loadParse` does, and what `use` throws.
 *
 * @param threads beside this one
 */
export async function withParse<T>(
  {languages, size}: Parsing,
  use: (parse: Parse) => Promise<T>,
  threads: number = Math.min(availableParallelism() - 1, mostThreads),
): Promise<T> {
  if (size < sizeForThreads) compileOnce()
  if (size < sizeForThreads || threads < 1) return use(await loadParse(languages))
  const pool = Array.from({length: threads}, () => startThread(languages))
  try {
    const parseHere = await loadParse(languages)
    return await use(async (texts) => {
      const [idlest] = pool.filter(({isAlive}) => isAlive()).toSorted((a, b) => a.waiting() - b.waiting())
      const trees = idlest === undefined || idlest.waiting() >= busy ? null : await idlest.parse(texts)
      return trees ?? parseHere(texts)
    })
  } finally {
    await Promise.all(pool.map(({end}) => end()))
  }
}

interface Thread {
  readonly isAlive: () => boolean
  /** Orders without an answer. */
  readonly waiting: () => number
  /** Null: the thread has ended before it had an answer. */
  readonly parse: (texts: readonly Parsable[]) => Promise<readonly Parsed[] | null>
  readonly end: () => Promise<unknown>
}

function startThread(languages: readonly Language[]): Thread {
  // no variables: a grammar reads hostile text and needs no key
  const start: Start = {languages}
  const worker = new Worker(join(home, 'dist', 'index.js'), {workerData: start, env: {}, argv: []})
  const orders = new Map<number, (trees: readonly Parsed[] | null) => void>()
  let [isAlive, count] = [true, 0]
  const fail = (): void => {
    isAlive = false
    for (const settle of orders.values()) settle(null)
    orders.clear()
  }
  worker.on('message', ({id, trees}: Delivery) => {
    orders.get(id)?.(trees)
    orders.delete(id)
  })
  worker.on('error', fail)
  worker.on('exit', fail)
  return {
    isAlive: () => isAlive,
    waiting: () => orders.size,
    parse: (texts) =>
      new Promise((settle) => {
        const order: Order = {id: count++, texts}
        orders.set(order.id, settle)
        worker.postMessage(order, [])
      }),
    end: () => worker.terminate(),
  }
}
