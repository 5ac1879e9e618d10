/** Runs that go on at the same time, and the moment at which all of them wait: what they asked by then can be sent as one. */
import type {ModelRequest, Provider} from '../provider.ts'

export interface Crowd {
  /** A run, from now until it ends. It is given the `ask` of its own, by which the crowd sees that it waits. */
  readonly join: <T>(ask: Provider, run: (ask: Provider) => Promise<T>) => Promise<T>
  /** Calls back, once, as soon as nobody in the crowd can ask any more before something is answered. */
  readonly whenStill: (then: () => void) => void
}

/**
 * Counts who still thinks instead of waiting for some milliseconds of silence: a step of minutes at another vendor lies between
 * two questions, and answers of that vendor arrive one by one, so silence would cut one batch into as many as there are runs.
 *
 * Who waits for room in a budget waits as well: the question is seen as it is asked, before the meter. So no two runs can wait
 * for each other: either one thinks, or what was asked is sent.
 *
 * @param isSentTogether the other questions are answered at once, so whoever asks one still thinks
 */
export function crowd(isSentTogether: (request: ModelRequest) => boolean): Crowd {
  let thinking = 0
  let looking = false
  let listeners: readonly (() => void)[] = []
  const look = (): void => {
    if (looking || listeners.length === 0) return
    looking = true
    // between a run and whoever collects its question lie wrappers that need no more than promises: all of them are through by then
    setImmediate(() => {
      looking = false
      if (thinking > 0) return
      const told = listeners
      listeners = []
      for (const tell of told) tell()
    })
  }
  const think = (by: 1 | -1): void => {
    thinking += by
    look()
  }
  return {
    join: async (ask, run) => {
      let asking = 0
      think(1)
      try {
        return await run(async (request, signal) => {
          if (!isSentTogether(request)) return ask(request, signal)
          if (++asking === 1) think(-1)
          try {
            return await ask(request, signal)
          } finally {
            if (--asking === 0) think(1)
          }
        })
      } finally {
        think(-1)
      }
    },
    whenStill: (then) => {
      listeners = [...listeners, then]
      look()
    },
  }
}
