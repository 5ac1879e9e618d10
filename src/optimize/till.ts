/** What a search may still spend, and the facts that it has paid for: from the log where they are known, else from the world. */
import {Failure} from '../errors.ts'
import {maxFailures, type Event, type Fact} from './events.ts'
import type {Digest} from './randomness.ts'
import {
  addCost,
  dearer,
  noCost,
  purseOf,
  reserve,
  settle,
  timesCost,
  timesLeft,
  type Cost,
  type Limits,
  type Purse,
} from './spending.ts'
import type {Ask, Evaluation, Question} from './search.ts'

/** What can be asked of the outside. Both throw `Failure`. */
export interface World {
  /** @param id of the run, the same whenever the search is gone through again */
  readonly evaluate: (ask: Ask, id: string) => Promise<Evaluation>
  readonly reflect: (question: Question) => Promise<{readonly text: string; readonly cost: Cost}>
  /** The most that a run may cost whose first so many steps are answered already. */
  readonly worstRun: (answered: number) => Cost
  readonly worstReflection: Cost
  /** So many at once. */
  readonly atOnce: number
  /** Whole waves are asked as one batch: nothing in it waits for another, but for what it shares. */
  readonly isBatched?: boolean
  /** What a failed run did cost. */
  readonly lost?: (thrown: Failure) => Cost
}

/** One of several machines, each of which does its part of every wave. */
export interface Shard {
  /** From 0. */
  readonly index: number
  readonly of: number
}

export interface Journal {
  readonly events: readonly Event[]
  readonly append: (event: Event) => void
}

export interface TillInput {
  readonly limits: Limits
  readonly world: World
  readonly journal: Journal
  readonly digest: Digest
  readonly shard: Shard | null
}

export interface Task {
  readonly id: string
  /** Tasks of one group are done by one machine, one after the other as they stand: what they share is asked once. */
  readonly group: string
  /** Tasks of one lane ask the same at first, so they are done one after the other: which answer is whose sample must not depend on the weather. */
  readonly lane: string
  readonly worst: Cost
  readonly act: () => Promise<Fact>
}

export interface Till {
  /**
   * Does what fits into the budget, the first ones first, and waits for all of it. Throws `Failure`: what ends a search, and
   * `waiting-for-shards` when the rest is another machine's.
   */
  readonly take: (tasks: readonly Task[]) => Promise<void>
  /** null: it was not taken. */
  readonly factOf: (id: string) => Fact | null
  readonly spent: () => Cost
  /** Whole runs, beyond those held back. */
  readonly runsLeft: () => number
  /** So many runs are kept for later. */
  readonly holdBack: (runs: number) => void
  /** Was anything refused because of the budget? */
  readonly isShort: () => boolean
}

/** Other machines have to do their part before the search can go on. */
const waiting = (left: number): Failure =>
  new Failure(
    'waiting-for-shards',
    `this shard has done its part of the wave; ${left} runs of other shards are missing`,
    {
      hint: 'merge the logs of all shards with `optimize merge`, and start the next wave',
      exit: 3,
    },
  )

export function tillOf({limits, world, journal, digest, shard}: TillInput): Till {
  const facts = new Map<string, Fact>(journal.events.flatMap((event) => (isFact(event) ? [[event.id, event]] : [])))
  const taken = new Set<string>()
  let purse = purseOf(limits)
  let dearest = noCost
  // an answer that cannot be read is asked for again, and a try that failed was a call too: what runs took beyond their worst case
  let [paidCalls, plannedCalls] = [0, 0]
  const overrun = (): number => (plannedCalls === 0 ? 1 : Math.max(1, paidCalls / plannedCalls))
  // the dearest call of all must be affordable before it is made, though it costs less: without this the last runs could not begin
  let margin = 0
  let [held, failures, isShort] = [0, 0, false]
  // what nobody can tell before is taken to cost what the dearest did
  const worstOf = (worst: Cost): Cost => dearer(worst, {...dearest, calls: 0})
  const whole = (): Cost => {
    const worst = worstOf(world.worstRun(0))
    return {...worst, calls: worst.calls * overrun()}
  }
  const settleOne = ({id, worst}: Task, left: number): void => {
    const fact = facts.get(id)
    if (fact === undefined) throw waiting(left)
    const cost = costOf(fact)
    purse = settle(purse, worst, cost)
    dearest = dearer(dearest, cost)
    if (fact.kind === 'evaluated') {
      margin = Math.max(margin, fact.evaluation.reserved ?? 0)
      paidCalls += cost.calls
      plannedCalls += worst.calls
    }
    taken.add(id)
    if (fact.kind !== 'failed') return
    if (fact.code === 'budget-spent') isShort = true
    else if (++failures > maxFailures) throw new Failure(fact.code, fact.message, {exit: 3})
  }
  return {
    take: async (tasks) => {
      let rest = tasks
        .filter(({id}, at) => !taken.has(id) && tasks.findIndex((other) => other.id === id) === at)
        .map((task) => ({...task, worst: worstOf(task.worst)}))
      while (rest.length > 0) {
        const batch = fitting(rest, purse, addCost(timesCost(whole(), held), {...noCost, usd: margin}))
        if (batch.length === 0) {
          isShort = true
          return
        }
        purse = batch.reduce((sum, {worst}) => reserve(sum, worst) ?? sum, purse)
        await carryOut(batch, facts, {world, journal, digest, shard}, maxFailures - failures)
        for (const task of batch) settleOne(task, batch.length)
        rest = rest.slice(batch.length)
      }
    },
    factOf: (id) => (taken.has(id) ? (facts.get(id) ?? null) : null),
    spent: () => purse.spent,
    runsLeft: () => Math.max(0, timesLeft(reserve(purse, {...noCost, usd: margin}) ?? purse, whole()) - held),
    holdBack: (runs) => {
      held = runs
    },
    isShort: () => isShort,
  }
}

/** The first of them for which there is room beside what is held back. */
function fitting<T extends {readonly worst: Cost}>(tasks: readonly T[], purse: Purse, held: Cost): readonly T[] {
  let open: Purse | null = reserve(purse, held)
  const first = tasks.findIndex(({worst}) => {
    open = open === null ? null : reserve(open, worst)
    return open === null
  })
  return first === -1 ? tasks : tasks.slice(0, first)
}

/**
 * Waits for all; each fact is in the log as soon as it is there. In an outage each task may take twenty minutes to fail, so the first too
 * many ends it.
 *
 * @param bearable failures
 */
async function carryOut(
  batch: readonly Task[],
  facts: Map<string, Fact>,
  {world, journal, digest, shard}: Omit<TillInput, 'limits'>,
  bearable: number,
): Promise<void> {
  let failures = 0
  const missing = batch.filter(({id}) => !facts.has(id))
  const own = missing.filter(({group}) => isOwn(group, shard, digest))
  const laneOf = ({lane, group}: Task): string => (world.isBatched === true ? group : lane)
  const lanes = [...new Set(own.map(laneOf))].map((name) => own.filter((task) => laneOf(task) === name))
  await together(lanes, world.atOnce, async (tasks) => {
    for (const task of tasks) {
      const fact = await attempt(task, world)
      facts.set(task.id, fact)
      journal.append(fact)
      if (fact.kind === 'failed' && fact.code !== 'budget-spent' && ++failures > bearable)
        throw new Failure(fact.code, fact.message, {exit: 3})
    }
  })
  if (own.length < missing.length) throw waiting(missing.length - own.length)
}

const isFact = (event: Event): event is Fact =>
  event.kind === 'evaluated' || event.kind === 'reflected' || event.kind === 'failed'

const costOf = (fact: Fact): Cost => (fact.kind === 'evaluated' ? fact.evaluation.cost : fact.cost)

const isOwn = (group: string, shard: Shard | null, digest: Digest): boolean =>
  shard === null || Number.parseInt(digest(group).slice(0, 8), 16) % shard.of === shard.index

/** What ends a search is no fact: whoever goes on with it tries again. */
async function attempt({id, act}: Task, world: World): Promise<Fact> {
  try {
    return await act()
  } catch (thrown) {
    const isFinal =
      !(thrown instanceof Failure) ||
      thrown.code === 'cancelled' ||
      (thrown.exit === 2 && thrown.code !== 'budget-spent')
    if (isFinal) throw thrown
    return {kind: 'failed', id, code: thrown.code, message: thrown.message, cost: world.lost?.(thrown) ?? noCost}
  }
}

/** The first that throws is thrown when all that began have ended: what they did is in the log. */
async function together<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const thrown: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined && thrown.length === 0; item = rest.shift())
      await act(item).catch((error: unknown) => void thrown.push(error))
  }
  await Promise.all(Array.from({length: Math.min(Math.max(1, atOnce), items.length)}, worker))
  if (thrown.length > 0) throw thrown[0]
}
