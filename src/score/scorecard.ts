export type {Code} from '../plan/rules/rule.ts'

export const findingClasses = ['matched', 'novel', 'duplicate', 'unsupported', 'trap'] as const
export type FindingClass = (typeof findingClasses)[number]

export interface Subscores {
  /** Each in 0…1. null: could not be told (no gold standard: coverage and precision; no findings: all but coverage). */
  readonly coverage: number | null
  readonly precision: number | null
  readonly grounding: number | null
  readonly structure: number | null
}

export interface JudgedFinding {
  readonly id: string
  readonly class: FindingClass
  readonly gold: string | null
  /** 0…1, what the finding earned of its gold finding. */
  readonly credit: number
  readonly why: string
}

export interface JudgedGold {
  readonly id: string
  readonly credit: number
  readonly matched_by: string | null
  readonly why: string
}

export const decisions = ['pass', 'fail', 'inconclusive', 'error'] as const
export type Decision = (typeof decisions)[number]

/** `code` is kebab-case and permanent, the sentence may change. */
export interface Reason {
  readonly code: string
  readonly message: string
}

export interface Verdict {
  readonly decision: Decision
  readonly reasons: readonly Reason[]
}

/** What `score --format json` prints, without `schema`. */
export interface Scorecard {
  /** 0…10, null when there is no applicable gold standard or it could not be judged. */
  readonly score: number | null
  readonly subscores: Subscores
  readonly interval: readonly [low: number, high: number] | null
  readonly judge: 'ran' | 'skipped' | 'unavailable'
  readonly findings: readonly JudgedFinding[]
  readonly gold: readonly JudgedGold[]
  /** Hard limits that applied, with the highest score each allows. */
  readonly caps: readonly {readonly code: string; readonly at_most: number; readonly message: string}[]
}
