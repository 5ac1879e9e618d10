export interface RetryOptions {
  readonly attempts: number
  readonly firstDelay: number
  readonly sleep: (milliseconds: number) => Promise<void>
}

export const patient: RetryOptions = {
  attempts: 4,
  firstDelay: 250,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** Calls `action` until it succeeds; throws what the last attempt threw. The delay doubles each time. */
export async function retry<T>(action: () => Promise<T>, options: RetryOptions = patient): Promise<T> {
  let last: unknown
  for (let attempt = 0; attempt < options.attempts; attempt++) {
    if (attempt > 0) await options.sleep(options.firstDelay * 2 ** (attempt - 1))
    try {
      return await action()
    } catch (error) {
      last = error
    }
  }
  throw last
}
