/** What a scorer is given, and what it answers with. */
import type {Plan} from '../../plan/plan.ts'
import type {GoldStandard} from '../gold.ts'
import type {Matching} from '../match.ts'

export interface Comparison {
  readonly plan: Plan
  readonly gold: GoldStandard
  readonly matching: Matching
  /** How many findings the plan has; `matching` holds only those that were read. */
  readonly count: number
  /** Candidates that a judge found contradicted, or supported, by the code. */
  readonly support: ReadonlyMap<number, 'yes' | 'no'>
}

export interface Scorer {
  /** One line, for the docs. */
  readonly summary: string
  /** 0…1; null when it cannot be told. */
  readonly score: (comparison: Comparison) => number | null
}
