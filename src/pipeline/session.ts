/** A conversation that several steps of a run share under one name. */
import type {Message} from '../provider.ts'

export interface Session {
  readonly messages: () => readonly Message[]
  /** A question and its answer, in order; only what was answered is kept. */
  readonly add: (turns: readonly Message[], keep: boolean) => void
}

export type Sessions = Readonly<Record<string, readonly Message[]>>

export interface SessionBook {
  readonly open: (name: string) => Session
  /** Those that a step asked to keep beyond the run. */
  readonly kept: () => Sessions
  readonly all: () => Sessions
}

/** @param keep names of those that are to be kept beyond the run already */
export function sessionBook(before: Sessions, keep: readonly string[] = []): SessionBook {
  const messages = new Map(Object.entries(before))
  const kept = new Set(keep)
  const pick = (names: Iterable<string>): Sessions =>
    Object.fromEntries([...names].map((name) => [name, messages.get(name) ?? []]))
  return {
    open: (name) => ({
      messages: () => messages.get(name) ?? [],
      add: (turns, keep) => {
        messages.set(name, [...(messages.get(name) ?? []), ...turns])
        if (keep) kept.add(name)
      },
    }),
    kept: () => pick(kept),
    all: () => pick(messages.keys()),
  }
}
