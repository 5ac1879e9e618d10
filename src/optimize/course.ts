/**
 * The course of a search: optimizers ask in waves, the log answers what it knows and the world the rest. Decisions fall only between
 * waves, on values that are in the log; so going through the log again comes to the same state, whoever answered in whatever order.
 */
import {Failure} from '../errors.ts'
import type {Candidate} from './candidate.ts'
import type {Event, Fact} from './events.ts'
import {randomOf, type Digest} from './randomness.ts'
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
} from './spending.ts'
import type {Ask, Evaluation, Problem, Question, Search, Settings, Story} from './search.ts'

/** What can be asked of the outside. Both throw `Failure`. */
export interface World {
  readonly evaluate: (ask: Ask) => Promise<Evaluation>
  readonly reflect: (question: Question) => Promise<{readonly text: string; readonly cost: Cost}>
  /** The most that a run may cost whose first so many steps are answered already. */
  readonly worstRun: (answered: number) => Cost
  readonly worstReflection: Cost
  /** So many at once. */
  readonly atOnce: number
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

export interface CourseInput {
  readonly problem: Problem
  readonly settings: Settings
  readonly limits: Limits
  readonly world: World
  readonly journal: Journal
  readonly digest: Digest
  readonly shard: Shard | null
  /** Told at once, for whoever watches. */
  readonly onStory: (story: Story) => void
}

export interface Course extends Search {
  readonly spent: () => Cost
  /** Runs of the pipeline that were made for it. */
  readonly runs: () => number
  readonly stories: () => readonly Story[]
  /** So many runs are kept back from the search; null: the search is over, and nothing is. */
  readonly holdBack: (runs: number) => void
  /** Was anything refused because of the budget? */
  readonly isShort: () => boolean
}

/** So many things may fail by the other side's fault before the search is given up. */
const maxFailures = 3

/** Other machines have to do their part before the search can go on. */
export const waiting = (left: number): Failure =>
  new Failure('waiting-for-shards', `this shard is done; ${left} runs of other shards are missing`, {
    hint: 'merge the logs of all shards with `optimize merge`, and start the next wave',
    exit: 3,
  })

interface Task {
  readonly id: string
  /** Tasks of one group are done by one machine, one after the other as they stand. */
  readonly group: string
  readonly worst: Cost
  readonly act: () => Promise<Fact>
}

export function courseOf(input: CourseInput): Course {
  const {problem, settings, world, digest, onStory} = input
  const facts = new Map<string, Fact>(
    input.journal.events.flatMap((event) => (isFact(event) ? [[event.id, event]] : [])),
  )
  const taken = new Set<string>()
  const prefixes = new Set<string>()
  const stories: Story[] = []
  const seed = baseWords(problem)
  let purse = purseOf(input.limits)
  let dearest = noCost
  let held = 0
  let [failures, runs, isShort] = [0, 0, false]

  const prefixesOf = ({candidate, case: of, replicate}: Ask): readonly string[] => {
    const words = {...seed, ...candidate}
    return problem.steps.map((_, at) =>
      digest(JSON.stringify([...problem.steps.slice(0, at + 1).map(({name}) => ofStep(words, name)), of, replicate])),
    )
  }
  const worstOf = (answered: number): Cost => {
    const worst = world.worstRun(answered)
    return dearer(worst, {...dearest, calls: 0})
  }
  const holding = (): Cost => timesCost(worstOf(0), held)

  /** The first of them that fit into what is left; each is settled before the next wave. */
  const take = async (tasks: readonly Task[]): Promise<void> => {
    let rest = tasks.filter(({id}, at) => !taken.has(id) && tasks.findIndex((other) => other.id === id) === at)
    while (rest.length > 0) {
      const batch: Task[] = []
      for (const task of rest) {
        const after = reserve(purse, addCost(task.worst, holding())) === null ? null : reserve(purse, task.worst)
        if (after === null) break
        purse = after
        batch.push(task)
      }
      if (batch.length === 0) {
        isShort = true
        return
      }
      await carryOut(batch)
      for (const {id, worst} of batch) {
        const fact = facts.get(id)
        if (fact === undefined) throw waiting(batch.length)
        const cost = costOf(fact)
        purse = settle(purse, worst, cost)
        dearest = dearer(dearest, cost)
        taken.add(id)
        if (fact.kind === 'failed' && fact.code === 'budget-spent') isShort = true
        else if (fact.kind === 'failed') {
          failures += 1
          if (failures > maxFailures) throw new Failure(fact.code, fact.message, {exit: 3})
        }
      }
      rest = rest.slice(batch.length)
    }
  }

  const carryOut = async (batch: readonly Task[]): Promise<void> => {
    const missing = batch.filter(({id}) => !facts.has(id))
    const own = missing.filter(({group}) => isOwn(group, input.shard, digest))
    const groups = [...new Set(own.map(({group}) => group))].map((name) => own.filter(({group}) => group === name))
    await together(groups, world.atOnce, async (group) => {
      for (const {act, id} of group) {
        const fact = await act()
        facts.set(id, fact)
        input.journal.append(fact)
      }
    })
    if (own.length < missing.length) throw waiting(missing.length - own.length)
  }

  const tell = (story: Story): void => {
    stories.push(story)
    onStory(story)
  }

  const evaluate: Search['evaluate'] = async (asks, parents = []) => {
    const tasks = asks.map((ask) => {
      const own = prefixesOf(ask)
      const known = own.findIndex((prefix) => !prefixes.has(prefix))
      const id = `run/${digest(JSON.stringify([own.at(-1), Object.entries(ask.candidate).toSorted()]))}`
      return {
        id,
        group: own[known === -1 ? own.length - 1 : known] ?? id,
        worst: worstOf(Math.max(0, known)),
        act: async () =>
          attempt(id, world, async () => ({kind: 'evaluated', id, evaluation: await world.evaluate(ask)})),
      } as const
    })
    const fresh = new Set(tasks.flatMap(({id}) => (taken.has(id) ? [] : [id])))
    await take(tasks)
    asks.forEach((ask, at) => {
      if (taken.has(tasks[at]?.id ?? '')) for (const prefix of prefixesOf(ask)) prefixes.add(prefix)
    })
    return asks.map((ask, at) => {
      const id = tasks[at]?.id ?? ''
      const fact = taken.has(id) ? facts.get(id) : undefined
      if (fact?.kind !== 'evaluated') return null
      if (fresh.delete(id)) {
        runs += 1
        tell(triedOf(ask, parents, fact.evaluation, purse.spent, digest))
      }
      return fact.evaluation
    })
  }

  const reflect: Search['reflect'] = async (questions) => {
    const tasks = questions.map((question) => {
      const id = `reflection/${digest(JSON.stringify(question))}`
      return {
        id,
        group: id,
        worst: dearer(world.worstReflection, {...dearest, calls: 0}),
        act: async () => attempt(id, world, async () => ({kind: 'reflected', id, ...(await world.reflect(question))})),
      } as const
    })
    await take(tasks)
    return tasks.map(({id}) => {
      const fact = taken.has(id) ? facts.get(id) : undefined
      return fact?.kind === 'reflected' ? fact.text : null
    })
  }

  return {
    problem,
    settings,
    random: (purpose, round, lane) => randomOf(digest, settings.seed, purpose, round, lane),
    evaluate,
    reflect,
    runsLeft: () => Math.max(0, timesLeft(purse, worstOf(0)) - held),
    tell,
    spent: () => purse.spent,
    runs: () => runs,
    stories: () => stories,
    holdBack: (more) => {
      held = more
    },
    isShort: () => isShort,
  }
}

const isFact = (event: Event): event is Fact =>
  event.kind === 'evaluated' || event.kind === 'reflected' || event.kind === 'failed'

const costOf = (fact: Fact): Cost => (fact.kind === 'evaluated' ? fact.evaluation.cost : fact.cost)

const baseWords = ({steps}: Problem): Candidate =>
  Object.fromEntries(
    steps.flatMap(({name, texts}) => Object.entries(texts).map(([text, words]) => [`${name}/${text}`, words] as const)),
  )

const ofStep = (words: Candidate, step: string): readonly (readonly [string, string])[] =>
  Object.entries(words)
    .filter(([key]) => key.slice(0, key.lastIndexOf('/')) === step)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

const isOwn = (group: string, shard: Shard | null, digest: Digest): boolean =>
  shard === null || Number.parseInt(digest(group).slice(0, 8), 16) % shard.of === shard.index

/** What ends a search is no fact: whoever goes on with it tries again. */
async function attempt(id: string, world: World, act: () => Promise<Fact>): Promise<Fact> {
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

/** Eight digits of the digest of its words. */
export const nameOf = (candidate: Candidate, digest: Digest): string =>
  Object.keys(candidate).length === 0
    ? 'seed'
    : digest(JSON.stringify(Object.entries(candidate).toSorted())).slice(0, 8)

const triedOf = (
  {candidate, case: of, replicate}: Ask,
  parents: readonly string[],
  {score, outcomes}: Evaluation,
  spent: Cost,
  digest: Digest,
): Story => ({
  kind: 'tried',
  candidate: nameOf(candidate, digest),
  parents,
  case: of,
  replicate,
  score,
  credits: Object.fromEntries(outcomes.map(({id, credit}) => [id, credit])),
  spent,
})
