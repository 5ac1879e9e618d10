/**
 * The course of a search: optimizers ask in waves, the log answers what it knows and the world the rest. Decisions fall only between
 * waves, on values that are in the log; so going through the log again comes to the same state, whoever answered in whatever order.
 */
import type {Candidate} from './candidate.ts'
import type {Fact} from './events.ts'
import {randomOf, type Digest} from './randomness.ts'
import {priceIn, type Cost, type Limits} from './spending.ts'
import {tillOf, type Journal, type Shard, type Task, type Till, type World} from './till.ts'
import type {Ask, Evaluation, Problem, Proposal, Search, Settings, Story} from './search.ts'

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
  readonly stories: () => readonly Story[]
  /** So many runs are kept back from the search; null: the search is over, and nothing is. */
  readonly holdBack: (runs: number) => void
  /** Was anything refused because of the budget? */
  readonly isShort: () => boolean
}

export function courseOf(input: CourseInput): Course {
  const {problem, settings, world, digest, onStory} = input
  const till = tillOf(input)
  const prefixes = new Set<string>()
  const stories: Story[] = []
  const seed = baseWords(problem)
  const tell = (story: Story): void => {
    stories.push(story)
    onStory(story)
  }
  const evaluate: Search['evaluate'] = async (asks, parents = []) => {
    const prefixed = asks.map((ask) => prefixesOf(ask, problem, seed, digest))
    const tasks = asks.map((ask, at) => {
      const lanes = prefixesOf({...ask, replicate: 0}, problem, seed, digest)
      return taskOf(ask, prefixed[at] ?? [], lanes, prefixes, world)
    })
    const fresh = new Set(tasks.flatMap(({id}) => (till.factOf(id) === null ? [id] : [])))
    await till.take(tasks)
    return asks.map((ask, at) => {
      const id = tasks[at]?.id ?? ''
      const fact = till.factOf(id)
      if (fact?.kind !== 'evaluated') return null
      for (const prefix of prefixed[at] ?? []) prefixes.add(prefix)
      if (fresh.delete(id)) {
        tell(triedOf(ask, parents, fact.evaluation, till.spent(), digest))
      }
      return fact.evaluation
    })
  }
  const reflect = reflecting(till, world, digest)
  const {runsLeft, spent, holdBack, isShort} = till
  const offers = input.journal.events.flatMap((event): readonly Proposal[] =>
    event.kind === 'proposal' ? [event] : [],
  )
  const random: Search['random'] = (purpose, round, lane) => randomOf(digest, settings.seed, purpose, round, lane)
  return {
    problem,
    settings,
    offers,
    random,
    evaluate,
    reflect,
    runsLeft,
    questionPrice: priceIn(input.limits, world.worstReflection, world.worstRun(0)),
    tell,
    nameOf: (candidate) => nameOf(candidate, digest),
    spent,
    stories: () => stories,
    holdBack,
    isShort,
  }
}

const reflecting =
  (till: Till, world: World, digest: Digest): Search['reflect'] =>
  async (questions) => {
    const tasks = questions.map((question): Task => {
      const id = `reflection/${digest(JSON.stringify(question))}`
      const act = async (): Promise<Fact> => ({kind: 'reflected', id, ...(await world.reflect(question))})
      return {id, group: id, lane: id, worst: world.worstReflection, act}
    })
    await till.take(tasks)
    return tasks.map(({id}) => {
      const fact = till.factOf(id)
      return fact?.kind === 'reflected' ? fact.text : null
    })
  }

/**
 * @param lanes the same prefixes, whichever sample it is
 * @param known prefixes that are answered already
 */
function taskOf(
  ask: Ask,
  prefixes: readonly string[],
  lanes: readonly string[],
  known: ReadonlySet<string>,
  world: World,
): Task {
  const answered = prefixes.findIndex((prefix) => !known.has(prefix))
  const id = `run/${prefixes.at(-1) ?? ''}`
  return {
    id,
    group: prefixes[answered === -1 ? prefixes.length - 1 : answered] ?? id,
    lane: lanes[answered === -1 ? prefixes.length - 1 : answered] ?? id,
    worst: world.worstRun(answered === -1 ? prefixes.length : answered),
    act: async () => ({kind: 'evaluated', id, evaluation: await world.evaluate(ask, id)}),
  }
}

/** Of the words of the first step, of the first two, … on this case and replicate: equal ones have equal answers. */
function prefixesOf(
  {candidate, case: of, replicate}: Ask,
  {steps}: Problem,
  seed: Candidate,
  digest: Digest,
): readonly string[] {
  const words = {...seed, ...candidate}
  return steps.map((_, at) =>
    digest(JSON.stringify([...steps.slice(0, at + 1).map(({name}) => ofStep(words, name)), of, replicate])),
  )
}

const baseWords = ({steps}: Problem): Candidate =>
  Object.fromEntries(
    steps.flatMap(({name, texts}) => Object.entries(texts).map(([text, words]) => [`${name}/${text}`, words] as const)),
  )

const ofStep = (words: Candidate, step: string): readonly (readonly [string, string])[] =>
  Object.entries(words)
    .filter(([key]) => key.slice(0, key.lastIndexOf('/')) === step)
    .toSorted(byKey)

const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1)

/** Eight digits of the digest of its words. */
export const nameOf = (candidate: Candidate, digest: Digest): string =>
  Object.keys(candidate).length === 0
    ? 'seed'
    : digest(JSON.stringify(Object.entries(candidate).toSorted(byKey))).slice(0, 8)

const triedOf = (
  {candidate, case: of, replicate}: Ask,
  parents: readonly string[],
  {score, outcomes}: Evaluation,
  spent: Cost,
  digest: Digest,
): Story => ({
  kind: 'tried',
  candidate: nameOf(candidate, digest),
  parents: parents.filter((name) => name !== nameOf(candidate, digest)),
  case: of,
  replicate,
  score,
  credits: Object.fromEntries(outcomes.map(({id, credit}) => [id, credit])),
  spent,
})
