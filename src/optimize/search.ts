/** What every optimizer is given: cases, a way to try words on them, a way to have new words proposed; and what it answers with. */
import * as z from 'zod'
import type {Texts} from '../pipeline/step.ts'
import type {Candidate} from './candidate.ts'
import type {Guarded} from './guards.ts'
import type {Random} from './randomness.ts'
import type {Cost} from './spending.ts'

/** A step of the pipeline that asks a model, in the order in which they run. */
export interface EvolvingStep {
  readonly name: string
  /** Its words, by their names inside of it. */
  readonly texts: Texts
}

/** A gold standard, as far as a search sees it. */
export interface Case {
  readonly name: string
  /** `variant`: made of another one, to search with and never to prove anything. */
  readonly split: 'train' | 'validation' | 'variant'
}

/** What is optimized, and on what. */
export interface Problem {
  readonly steps: readonly EvolvingStep[]
  readonly cases: readonly Case[]
  /** What stands between a step's own words and the rules that were learned for it. */
  readonly heading: string
  /** What no rule may copy. */
  readonly guarded: Guarded
}

/** One run of the pipeline with some words on one case. Another `replicate` is another sample of the same. */
export interface Ask {
  /** What differs from the pipeline as it is. */
  readonly candidate: Candidate
  readonly case: string
  /** From 0. */
  readonly replicate: number
}

/** What became of one finding of the gold standard. */
export interface Outcome {
  /** Of the finding, unique within its case. */
  readonly id: string
  /** 0…1: how much of it stands in the plan. */
  readonly credit: number
  /** The step that lost it; null: none did, or nobody knows. */
  readonly lost: string | null
  /** Its kind, where the gold standard names one. */
  readonly group: string | null
  readonly must: boolean
  /** Why it is missing, in words for whoever writes rules; empty when it is there. */
  readonly reason: string
}

/** A claim that is none of the gold standard's and false. */
export interface Extra {
  /** The step that made it; null: nobody knows. */
  readonly step: string | null
  readonly reason: string
}

export interface Evaluation {
  /** 0…10; null: could not be judged. */
  readonly score: number | null
  /** The answer that could not be read, and why: then the outcomes say nothing about the words. */
  readonly unreadable: {readonly step: string | null; readonly reason: string} | null
  readonly outcomes: readonly Outcome[]
  readonly extras: readonly Extra[]
  /** What each step was shown and what it answered, for demonstrations. */
  readonly shown: Readonly<Record<string, {readonly input: string; readonly output: string}>>
  /** Paid for now: what was answered before costs nothing again. */
  readonly cost: Cost
  /** US dollars that had to be there before its dearest call; null or not there: nobody knows. */
  readonly reserved?: number | null | undefined
}

/** Something that went wrong in runs, for whoever proposes words against it. */
export interface Evidence {
  readonly what: 'missed' | 'extra' | 'unreadable'
  readonly reason: string
  /** How often it was seen. */
  readonly count: number
}

/** What the model that writes words is asked. */
export interface Question {
  /** `rules`: lines to add. `rewrite`: the whole text anew. */
  readonly want: 'rules' | 'rewrite'
  readonly step: string
  /** The words of the step as they are. */
  readonly words: string
  readonly evidence: readonly Evidence[]
  /** Rules that were tried against the same and did not help. */
  readonly tried: readonly string[]
  /** How many rules at most. */
  readonly most: number
  /** Tells questions apart that are the same otherwise: each wants an answer of its own. */
  readonly replicate: number
}

/** What an optimizer tells on its way, for the report; the n-th is the same whenever the search is gone through again. */
export type Story =
  | {readonly kind: 'note'; readonly code: string; readonly message: string}
  | {
      readonly kind: 'tried'
      /** Short and unique for the words. */
      readonly candidate: string
      readonly parents: readonly string[]
      readonly case: string
      readonly replicate: number
      readonly score: number | null
      readonly credits: Readonly<Record<string, number>>
      /** Spent when it was there. */
      readonly spent: Cost
    }
  | {
      readonly kind: 'proposed'
      readonly rule: string
      readonly step: string
      readonly text: string
      readonly cause: string
    }
  | {readonly kind: 'refused'; readonly step: string; readonly text: string; readonly why: string}
  | {
      readonly kind: 'judged'
      readonly rule: string
      readonly verdict: 'kept' | 'dropped'
      /** Points of the finding's credit, 0…1, and its interval; null: not measured. */
      readonly effect: number | null
      readonly interval: readonly [number, number] | null
    }
  | {readonly kind: 'demonstration'; readonly case: string; readonly steps: readonly string[]}
  | {
      readonly kind: 'gate'
      readonly pairs: number
      readonly baseline: number | null
      readonly evolved: number | null
      readonly p_value: number | null
      readonly verdict: string
    }

/** Defaults of DSPy's BootstrapFewShot where it has them, except the threshold: without one any score above 0 is a success. */
export const Settings = z.strictObject({
  /** All chance of a search comes from it. */
  seed: z.int().min(0).default(0),
  /** A run counts as a success from this score, 0…10. */
  metricThreshold: z.number().min(0).max(10).default(8),
  /** Successful runs whose traces become demonstrations. */
  maxBootstrappedDemos: z.int().min(0).max(16).default(2),
  /** A label would be the gold standard itself; see optimizers/bootstrap.ts. */
  maxLabeledDemos: z.int().min(0).default(0),
  /** Tries for each train gold. */
  maxRounds: z.int().min(1).max(100).default(1),
  /** Programs that are compared, beside the fixed three; 0: plain bootstrap without a comparison. */
  candidatePrograms: z.int().min(0).max(64).default(0),
  /** Characters of the input, and three times as many of the output, that one demonstration shows. */
  maxDemoCharacters: z.int().min(100).default(4000),
  /** Cases that are made of each train gold, beside it: of each kind one, in this order: a file less, other names, a defect more. */
  variants: z.int().min(0).max(3).default(0),
  /** Characters that a search may add to the words of one step. */
  maxAddedCharacters: z.int().min(0).default(6000),
  /** Points of the score that a thousand further characters must bring. */
  lengthPrice: z.number().min(0).default(0.02),
  /** `gepa` merges two candidates that came from one, as dspy.GEPA does and gepa.optimize does not; below five cases nobody does. */
  merge: z.boolean().default(true),
})
export type Settings = z.infer<typeof Settings>

export interface Search {
  readonly problem: Problem
  readonly settings: Settings
  /** The same stream for the same arguments, and no other has anything to do with it. */
  readonly random: (purpose: string, round?: number, lane?: number) => Random
  /**
   * Runs them all, as many at once as the world bears. An ask that was made before has its old answer and costs nothing.
   * null: the budget does not allow it, or it failed; what comes behind an ask that is not affordable is not asked either.
   */
  readonly evaluate: (asks: readonly Ask[], parents?: readonly string[]) => Promise<readonly (Evaluation | null)[]>
  /** null: as with `evaluate`. */
  readonly reflect: (questions: readonly Question[]) => Promise<readonly (string | null)[]>
  /** What other searches, whose logs are in this one, came to. */
  readonly offers: readonly Proposal[]
  /** How many more runs of the whole pipeline are affordable for the search; Infinity: no limit is set. */
  readonly runsLeft: () => number
  /** What a question takes from the budget, in runs; 0: nothing that anybody can tell before. */
  readonly questionPrice: number
  readonly tell: (story: Story) => void
  /** As stories call it: short, and the same for the same words. */
  readonly nameOf: (candidate: Candidate) => string
}

export interface Proposal {
  /** Only what differs from the pipeline as it is. */
  readonly candidate: Candidate
  /** Names of cases whose runs are quoted in it: they cannot tell whether it is better. */
  readonly quotes: readonly string[]
}

export interface Optimizer {
  /** One line, for the docs. */
  readonly summary: string
  /** It only compares what other searches came to. */
  readonly isComparison?: boolean
  /** null: nothing better to offer; the pipeline stays. */
  readonly propose: (search: Search) => Promise<Proposal | null>
}
