/** What a judge's replicates come to, as votes: the scorer bounds and combines them. */
export interface Votes {
  readonly yes: number
  readonly no: number
  readonly unsure: number
}

export interface Judgement {
  readonly state: 'ran' | 'unavailable'
  /** Why it is unavailable; null when it ran. */
  readonly why: string | null
  /** How often all questions were asked. */
  readonly replicates: number
  /** The same defect? `at` is the index in the plan, `gold` the one in the gold standard. */
  readonly pairs: readonly (Votes & {readonly at: number; readonly gold: number})[]
  /** Does the code support the claim? */
  readonly support: readonly (Votes & {readonly at: number})[]
  /** The closed questions about the plan as a whole. */
  readonly plan: readonly Votes[]
  /** Answers that quoted what does not stand in their item: they count as none. */
  readonly fabricated_quotes: number
  /** What the interval's draws depend on. */
  readonly seed: string
}

export type Majority = 'yes' | 'no' | null

/** More than half of all valid answers, those that are unsure included. */
export function majorityOf({yes, no, unsure}: Votes): Majority {
  const all = yes + no + unsure
  if (yes * 2 > all) return 'yes'
  return no * 2 > all ? 'no' : null
}
