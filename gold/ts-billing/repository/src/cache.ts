interface Entry<T> {
  readonly value: T
  readonly until: number
}

export interface Cache<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

/** Values are fresh for `lifetime` milliseconds. */
export function cache<T>(lifetime: number, now: () => number = Date.now): Cache<T> {
  const entries = new Map<string, Entry<T>>()
  return {
    get(key) {
      const entry = entries.get(key)
      return entry !== undefined && entry.until > now() ? entry.value : undefined
    },
    set(key, value) {
      entries.set(key, {value, until: now() + lifetime})
    },
  }
}
