/** The keyboard and whoever else ends this process. */

/**
 * Aborts at the first Ctrl-C or SIGTERM, so that what costs money elsewhere can be cancelled before the process ends; the second
 * one ends it as ever.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  return controller.signal
}
