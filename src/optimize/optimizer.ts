/** What an optimizer is given and what it answers with. It sees golds and traces, never a provider: what it spends is counted. */
import * as z from 'zod'
import type {Pipeline, Trace} from '../pipeline/step.ts'
import type {GoldStandard} from '../score/gold.ts'
import type {Candidate} from './candidate.ts'

/** Defaults of DSPy's BootstrapFewShot where it has them, except the threshold: without one any score above 0 is a success. */
export const Settings = z.strictObject({
  /** A run counts as a success from this score, 0…10. */
  metricThreshold: z.number().min(0).max(10).default(8),
  /** Successful runs whose traces become demonstrations. */
  maxBootstrappedDemos: z.int().min(0).max(16).default(2),
  /** A label would be the gold standard itself; see optimizers/bootstrap.ts. */
  maxLabeledDemos: z.int().min(0).default(0),
  /** Tries for each train gold. */
  maxRounds: z.int().min(1).max(10).default(1),
  /** Characters of the input, and three times as many of the output, that one demonstration shows. */
  maxDemoCharacters: z.int().min(100).default(4000),
})
export type Settings = z.infer<typeof Settings>

export interface Evaluation {
  /** 0…10; null: could not be judged. */
  readonly score: number | null
  readonly trace: Trace
}

export type LogEvent =
  | {
      readonly kind: 'evaluated'
      readonly what: 'bootstrap' | 'baseline' | 'evolved'
      readonly gold: string
      readonly round: number
      readonly score: number | null
    }
  | {readonly kind: 'failed'; readonly gold: string; readonly code: string; readonly message: string}
  | {readonly kind: 'demonstration'; readonly gold: string; readonly steps: readonly string[]}
  | {readonly kind: 'note'; readonly code: string; readonly message: string}

export interface Search {
  readonly pipeline: Pipeline
  readonly train: readonly GoldStandard[]
  readonly settings: Settings
  /**
   * Runs the pipeline on a gold and scores it. A `round` above 0 must be a fresh sample, not a remembered one.
   * null: the budget does not allow it, or it failed; the log says which.
   */
  readonly evaluate: (gold: GoldStandard, round: number) => Promise<Evaluation | null>
  readonly log: (event: LogEvent) => void
}

export interface Proposal {
  readonly candidate: Candidate
  /** Names of the golds whose runs are quoted in it: they cannot tell whether it is better. */
  readonly quotes: readonly string[]
}

export interface Optimizer {
  /** One line, for the docs. */
  readonly summary: string
  /** null: nothing better to offer; the pipeline stays. */
  readonly propose: (search: Search) => Promise<Proposal | null>
}
