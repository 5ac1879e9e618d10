/** Which file of the repository a plan means by a path. */

/** Slashes and no leading `./`; what a path says is not changed otherwise. */
export const tidyPath = (path: string): string =>
  path
    .trim()
    .replaceAll('\\', '/')
    .replace(/^(\.\/)+/, '')

/** Whether a path stays inside the repository and out of `.git`. */
export const isContained = (path: string): boolean => {
  const tidy = tidyPath(path)
  const parts = tidy.split('/')
  return (
    tidy !== '' &&
    !/^([a-z]:|\/|~)/i.test(tidy) &&
    !parts.includes('..') &&
    !parts.some((part) => part.toLowerCase() === '.git') &&
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be in a path
    !/[\u0000-\u001f\u007f]/.test(tidy)
  )
}

/** A path that is a unique suffix of one names it (DESIGN §3). null: no file, or more than one. */
export function resolvePath(path: string, paths: readonly string[]): string | null {
  // a file may be called anything: its own name is right, however odd
  if (paths.includes(path)) return path
  const tidy = tidyPath(path)
  if (tidy === '') return null
  if (paths.includes(tidy)) return tidy
  const ending = paths.filter((known) => known.endsWith(`/${tidy}`))
  return ending.length === 1 ? (ending[0] ?? null) : null
}
