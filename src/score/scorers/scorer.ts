/** What a scorer is given, and what it answers with. */
import type {Matching} from '../match.ts'
import type {Scorecard} from '../scorecard.ts'
import type {Settlement} from '../settlement.ts'
import type {Structure} from '../structure.ts'

export interface Comparison {
  readonly settlement: Settlement
  /** null: there is no gold standard. */
  readonly matching: Matching | null
  /** The plan's. */
  readonly structure: Structure
  /** The gold standard's own; null: there is none, or it has no changes to compare with. */
  readonly reference: Structure | null
}

export type Cap = Scorecard['caps'][number]

/**
 * What a plan with a grave fault scores at most. The research (§3.9) has 7.9 for all of them; the graver the fault, the lower the
 * limit, so that of two plans that must not pass the worse one is the lower one.
 *
 * @param beyond points, from how far the plan is beyond what is allowed
 * @returns 0…7.9
 */
export const capFor = (beyond: number): number => Math.max(0, Math.round(100 * (7.9 - beyond)) / 100)

export interface Scorer {
  /** One line, for the docs. */
  readonly summary: string
  /** 0…1; null when it cannot be told: without a gold standard, or of a plan that says nothing. */
  readonly score: (comparison: Comparison) => number | null
  /** What the score is multiplied by for a sub-score: §3.9. */
  readonly factor: (value: number) => number
  /** Hard limits that apply, with the highest score each allows. */
  readonly caps: (comparison: Comparison, value: number) => readonly Cap[]
}
