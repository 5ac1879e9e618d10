/** Paths that decide verdicts: a pull request may change them, and is judged by the versions of its base all the same. */
import ignore from 'ignore'

/**
 * @param changed where files are now, and where renamed ones were
 * @param patterns gitignore syntax, case does not matter; what is no relative path is passed over
 * @returns each once, in the order of `changed`
 */
export function protectedIn(
  changed: readonly {readonly path: string; readonly previous: string | null}[],
  patterns: readonly string[],
): readonly string[] {
  const matcher = ignore({ignorecase: true}).add([...patterns])
  const paths = changed.flatMap(({path, previous}) => (previous === null ? [path] : [path, previous]))
  return [...new Set(paths)].filter((path) => ignore.isPathValid(path) && matcher.ignores(path))
}
