/** One optimizer in one world with one budget: what it returns, what that is truly worth, and what it did cost. */
import {digestOf} from '../../src/adapters/models.ts'
import {optimize} from '../../src/optimize/optimize.ts'
import {optimizers} from '../../src/optimize/optimizers/index.ts'
import {Settings, type Optimizer, type Question, type Story} from '../../src/optimize/search.ts'
import {bedOf, type WireName} from './harness.ts'
import {random} from './baselines.ts'

export interface Fight {
  readonly optimizer: string
  readonly landscape: string
  readonly seed: number
  readonly salt: string
  readonly wire: WireName
  readonly baseUrl: string
  /** Whole runs of the pipeline. */
  readonly budget: number
  /** `all`: questions for new words are paid for from the same budget; `runs`: they are free, as in GEPA's and ax's own count. */
  readonly counts: 'all' | 'runs'
  readonly isScrambled: boolean
  readonly render: (question: Question) => string | Promise<string>
  readonly onStory?: (story: Story) => void
}

export interface Outcome {
  /** True scores of what was returned, 0…1: on unseen cases, on the gold ones. */
  readonly held: number
  readonly gold: number
  /** What it says that its words reach on the gold ones, 0…1; null: nothing. */
  readonly claimed: number | null
  readonly promoted: boolean
  readonly calls: number
  /** Calls by which the limit was passed. */
  readonly overshoot: number
  /** Questions for new words, paid for or not. */
  readonly questions: number
}

const all: Readonly<Record<string, Optimizer>> = {...optimizers, random}

/** Ours are gated; the others return what they think best, as they do. */
const gated: readonly string[] = ['forge']

export async function fight(input: Fight): Promise<Outcome> {
  const {optimizer: name, landscape, seed, salt, wire, baseUrl, budget, counts, isScrambled, render} = input
  const optimizer = all[name]
  if (optimizer === undefined) throw new Error(`there is no optimizer ${name}`)
  const run = `${name}-${budget}-${counts}${isScrambled ? '-scrambled' : ''}`
  const bed = bedOf({landscape, seed, salt, run, wire, baseUrl, isScrambled, render})
  const modules = bed.problem.steps.length
  const isFree = counts === 'runs'
  const limit = budget * modules
  let questions = 0
  const found = await optimize({
    problem: bed.problem,
    settings: Settings.parse({seed}),
    limits: {calls: limit, tokens: null, usd: null},
    world: {
      evaluate: bed.evaluate,
      reflect: async (question) => {
        const {text, cost} = await bed.reflect(question)
        questions += cost.calls
        return {text, cost: isFree ? {...cost, calls: 0} : cost}
      },
      worstRun: (answered) => ({calls: modules - answered, tokens: 0, usd: 0}),
      worstReflection: {calls: isFree ? 0 : 1, tokens: 0, usd: 0},
      atOnce: 8,
    },
    journal: {events: [], append: () => undefined},
    digest: digestOf,
    shard: null,
    onStory: input.onStory ?? (() => undefined),
    optimizer,
    isGated: gated.includes(name),
  })
  const words = found.promoted ? (found.evolved ?? {}) : {}
  return {
    held: bed.heldOf(words),
    gold: bed.goldOf(words),
    claimed: found.promoted && found.best !== null ? found.best / 10 : null,
    promoted: found.promoted,
    calls: found.spent.calls,
    overshoot: Math.max(0, found.spent.calls - limit),
    questions,
  }
}
