/** What a judge's answers come to, as the scorer takes them. */
import type {PairVerdicts} from './match.ts'

export interface Answers {
  /** The same defect? by `pairKey(candidate, gold)`. */
  readonly pairs: PairVerdicts
  /** Do these lines support the claim? by candidate. */
  readonly support: ReadonlyMap<number, 'yes' | 'no'>
  /** Points from the plan's closed questions, -1.0 to +0.5. */
  readonly delta: number
}

export interface Judgement extends Answers {
  readonly state: 'ran' | 'unavailable'
  /** The same answers drawn again from what the replicates leave open, for the interval. */
  readonly draws: readonly Answers[]
}
