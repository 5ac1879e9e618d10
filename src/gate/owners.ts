/** CODEOWNERS → who owns a path. https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners */
import {matches} from './wildcard.ts'

/** Where GitHub looks, in this order; only the first is read. */
export const ownersFiles = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const

interface Rule {
  readonly pattern: string
  readonly owners: readonly string[]
}

/** The most lines that are read: GitHub reads no file above 3 MB, and nobody writes that by hand. */
const most = 10_000

/** Lines with `!`, `[` or an escaped `#` mean nothing to GitHub and are passed over. */
function rulesIn(text: string): readonly Rule[] {
  return text
    .split(/\r?\n/)
    .slice(0, most)
    .flatMap((line): readonly Rule[] => {
      const [pattern = '', ...owners] = line
        .replace(/(^|\s)#.*$/, '')
        .trim()
        .split(/\s+/)
      const isOwner = (word: string): boolean => /^@[\w.-]+(?:\/[\w.-]+)?$|^[^@\s]+@[^@\s]+$/.test(word)
      return pattern === '' || /^!|\[|^\\#/.test(pattern) ? [] : [{pattern, owners: owners.filter(isOwner)}]
    })
}

/** A folder stands for all that is in it, but `docs/*` for the files of `docs` alone. */
function isAbout(pattern: string, path: string): boolean {
  const isAnchored = pattern.slice(0, -1).includes('/')
  const body = pattern.replace(/^\//, '').replace(/\/$/, '')
  const full = isAnchored ? body : `**/${body}`
  if (pattern.endsWith('/')) return matches(`${full}/**`, path)
  const isAlone = body === '*' || body.endsWith('/*') || body.endsWith('**')
  return matches(full, path) || (!isAlone && matches(`${full}/**`, path))
}

/** The owners of a path: of the last line that is about it, which may name none. */
export function readOwners(text: string): (path: string) => readonly string[] {
  const rules = rulesIn(text)
  return (path) => rules.findLast(({pattern}) => isAbout(pattern, path))?.owners ?? []
}
