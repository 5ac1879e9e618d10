/**
 * What a person can act on. Anything else that is thrown is a bug and keeps its stack.
 *
 * `code` is kebab-case and permanent; `message` says what and where (`file:line:col` when there is one); `hint` says
 * what to do. `exit` follows DESIGN §4: 2 the user can fix it, 3 it could not be judged (an outage).
 */
export class Failure extends Error {
  readonly code: string
  readonly hint: string | null
  readonly exit: 2 | 3
  /** Set when trying again may help; `afterMs` is what the other side asked for, null when it did not say. */
  readonly retry: {readonly afterMs: number | null} | null

  constructor(
    code: string,
    message: string,
    more: {
      readonly hint?: string
      readonly exit?: 2 | 3
      readonly retry?: {readonly afterMs: number | null}
      readonly cause?: unknown
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : {cause: more.cause})
    this.name = 'Failure'
    this.code = code
    this.hint = more.hint ?? null
    this.exit = more.exit ?? 2
    this.retry = more.retry ?? null
  }
}

/** The message of whatever was thrown, for a `Failure` that wraps it. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
