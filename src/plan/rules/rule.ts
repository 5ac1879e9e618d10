/** What a rule about plans is. Rules need no gold standard and no model, and always run. */
import type {Plan} from '../plan.ts'

/** The code a plan speaks about: the lines of a file, null when there is no such file. */
export interface Code {
  readonly paths: readonly string[]
  readonly lines: (path: string) => readonly string[] | null
}

/** What is wrong with one part of a plan. `subject` is the id of a finding or change, `plan` for the whole. */
export interface Breach {
  readonly subject: string
  readonly args: Readonly<Record<string, string>>
}

export interface Rule {
  /** One line, for the docs. */
  readonly summary: string
  /** An error closes the gate, a warning is shown. */
  readonly severity: 'error' | 'warning'
  readonly check: (plan: Plan, code: Code) => readonly Breach[]
  readonly say: (breach: Breach) => string
}

/** `rule` is the registry's key and permanent, the message may change. */
export interface Violation {
  readonly rule: string
  readonly subject: string
  readonly message: string
  readonly severity: 'error' | 'warning'
}
