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

export interface Scorer {
  /** One line, for the docs. */
  readonly summary: string
  /** 0…1; null when it cannot be told without a gold standard. */
  readonly score: (comparison: Comparison) => number | null
  /** What the score is multiplied by for a sub-score: §3.9. */
  readonly factor: (value: number) => number
  /** Hard limits that apply, with the highest score each allows. */
  readonly caps: (comparison: Comparison, value: number) => readonly Cap[]
}
