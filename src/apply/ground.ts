/** What a change finds where it wants to write: the texts that it may edit, and what is closed to it. */
import type {Entry} from '../pack/pack.ts'
import type {Change} from '../plan/plan.ts'
import {isHead, isReached, named, refusalOf, sameFor, type Bounds} from './place.ts'

export interface Ground {
  /** Everything that stands in the code base. */
  readonly entries: readonly Entry[]
  /** Of what the change names, byte for byte: mark and line ends are in it. */
  readonly texts: ReadonlyMap<string, string>
  /** What stands at or below a named path and is not to be touched, and why. */
  readonly closed: ReadonlyMap<string, string>
}

export interface Wanted {
  /** To be read. */
  readonly entries: readonly Entry[]
  readonly closed: ReadonlyMap<string, string>
  /** What keeps the change from being carried out at all; empty: nothing. */
  readonly problems: readonly Problem[]
}

/** What is wrong with an answer or a change. */
export interface Problem {
  /** null: it is about all of it. */
  readonly file: string | null
  readonly why: string
}

/** Bytes of one file, before and after. */
export const maxBytes = 1024 * 1024

/** Bytes of all that one question shows, long before `max-tokens` can be told: all of them are in memory then. */
const maxAll = 16 * 1024 * 1024

/** More are no change of a day, and each is looked for among all files. */
const maxNames = 500
/** Below the folders that it names: each is asked about, 100,000 of them for 12 seconds. */
const maxReached = 5000

/**
 * Folders that git would take for a repository: whoever works in one runs what its settings name, as when a prompt asks for the
 * status. The code base itself is one anyway.
 */
export const repositoriesIn = (entries: readonly Entry[]): ReadonlySet<string> =>
  new Set(
    entries.flatMap(({path}) => {
      const at = path.lastIndexOf('/')
      return at > 0 && isHead(path.slice(at + 1)) ? [sameFor(path.slice(0, at))] : []
    }),
  )

export const isInOne = (path: string, repositories: ReadonlySet<string>): boolean =>
  repositories.size > 0 && [...path.matchAll(/\//g)].some(({index}) => repositories.has(sameFor(path.slice(0, index))))

export const inRepository = 'stands in a repository of its own'

/** Of the files that are there, those that a change names, or that stand below a folder that it names. */
export function wantedBy({files, creates}: Change, all: readonly Entry[], bounds: Bounds): Wanted {
  const edits = files.map(named)
  const names = [...edits, ...creates.map(named)]
  if (names.length > maxNames)
    return {entries: [], closed: new Map(), problems: [{file: null, why: `it names more than ${maxNames} files`}]}
  const repositories = repositoriesIn(all)
  const reached = all.filter(({path}) => isReached(path, names))
  if (reached.length > maxReached)
    return {entries: [], closed: new Map(), problems: [{file: null, why: `it names ${reached.length} files: split it`}]}
  const closed = new Map(
    reached.flatMap((entry): readonly (readonly [string, string])[] => {
      const why = reasonOf(entry, bounds) ?? (isInOne(entry.path, repositories) ? inRepository : null)
      return why === null ? [] : [[entry.path, why]]
    }),
  )
  const none: readonly Problem[] =
    names.length === 0 ? [{file: null, why: 'it names no file: nothing may be touched'}] : []
  const problems = [...new Set(names)].flatMap((name): readonly Problem[] => {
    const why = refusalOf(name, bounds) ?? closed.get(name) ?? null
    if (why !== null) return [{file: name, why}]
    const isMissing = edits.includes(name) && !creates.map(named).includes(name) && !reached.some(isAt(name))
    return isMissing ? [{file: name, why: 'is not there: the plan is about other code'}] : []
  })
  const entries = reached.filter(({path}) => !closed.has(path))
  const bytes = entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0)
  const large: readonly Problem[] =
    bytes > maxAll ? [{file: null, why: `its files have ${Math.ceil(bytes / maxBytes)} MiB: split it`}] : []
  return {entries, closed, problems: [...none, ...problems, ...large]}
}

const isAt =
  (name: string) =>
  ({path}: Entry): boolean =>
    isReached(path, [name])

function reasonOf({path, kind, bytes}: Entry, bounds: Bounds): string | null {
  if (kind !== 'file') return kind === 'symlink' ? 'is a link' : 'is a repository of its own'
  return refusalOf(path, bounds) ?? (bytes !== null && bytes > maxBytes ? 'is larger than 1 MiB' : null)
}

/** @param contents in any order; `bytes` null for what could not be read */
export function groundOf(
  entries: readonly Entry[],
  wanted: Wanted,
  contents: readonly {readonly path: string; readonly bytes: Uint8Array | null}[],
): Ground {
  const texts = new Map<string, string>()
  const closed = new Map(wanted.closed)
  for (const {path, bytes} of contents) {
    const text = bytes === null ? null : wholeText(bytes)
    if (text !== null) texts.set(path, text)
    else closed.set(path, bytes === null ? 'cannot be read' : 'is no text in UTF-8')
  }
  return {entries, texts, closed}
}

/** All of it, the mark included, so that it can be written back byte for byte; null: it is no text, or none in UTF-8. */
export function wholeText(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
  } catch {
    return null
  }
}
