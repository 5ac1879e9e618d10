/** Where a change may write, by the path alone. What really stands there the disk is asked once more, before anything is written. */
import {isInside} from '../pack/boundary.ts'
import type {LeftOutReason} from '../pack/pack.ts'
import {protectedIn} from '../pack/protected.ts'
import {isGold, select} from '../pack/select.ts'

export interface Bounds {
  /** Folders of gold standards, and files of them, relative to the code base. */
  readonly goldRoots: readonly string[]
  /** gitignore syntax; case does not matter. */
  readonly protectedPaths: readonly string[]
  /** Of the repository that the code base is a folder of, whose paths begin with `prefix`; not given: it is no part of another. */
  readonly around?: {readonly prefix: string; readonly bounds: Bounds}
}

/** Who owns what is policy too, wherever GitHub looks for it. */
const owners: readonly string[] = ['/CODEOWNERS', '/docs/CODEOWNERS']

const maxPart = 200

/** Not a letter of a name on one of the systems that a clone may land on, or nothing that a person sees. */
export const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}\\:*?"<>|\ufffd]/u

/** Windows gives these to devices, drops dots and blanks at the end, and knows long names by short ones too (`GIT~1`). */
export const otherwiseNamed = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|[. ]$|^ |~\d/i

/**
 * One name for all that are the same file where case does not count. APFS folds case fully: `ſ` is an s there, and `ß` two; what
 * is only made small keeps both.
 */
export const sameFor = (path: string): string => path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')

/** What tools are set by runs by itself (hooks, tasks of editors, workflows): nobody would see it begin. */
const isHidden = (path: string): boolean => path.split('/').some((part) => part.startsWith('.'))
const hidden = 'is hidden, or in a hidden folder: people change those'

/** A folder with this file, `objects` and `refs` is a repository to git, which obeys the settings in it. */
export const isHead = (name: string): boolean => sameFor(name) === 'head'

/** Why nothing may be written at a path, whatever stands there; null: it may. */
export function refusalOf(path: string, bounds: Bounds): string | null {
  if (!isInside(path) || path.startsWith('~')) return 'leads out of the code base'
  if (odd.test(path)) return 'holds a character that file names do not have everywhere'
  const parts = path.split('/')
  if (isHidden(path)) return hidden
  if (parts.some((part) => part.length > maxPart || otherwiseNamed.test(part))) return 'is another file on some systems'
  if (isHead(parts.at(-1) ?? '')) return 'would make a repository of its folder'
  const why = leftOutOf([path, sameFor(path)]).find((each) => each !== 'gold')
  if (why !== undefined) return closedBy[why] ?? 'is not read'
  return policyOn(path, bounds)
}

const leftOutOf = (paths: readonly string[]): readonly LeftOutReason[] =>
  select(paths.map((path) => ({path, kind: 'file', bytes: null, sha: null}))).leftOut.map(({why}) => why)

/** What the owner of the code keeps for people, in the folder around it too: from inside of `pipelines` a pipeline has another path. */
function policyOn(path: string, {goldRoots, protectedPaths, around}: Bounds): string | null {
  if (isHidden(path)) return hidden
  const both = [path, sameFor(path)]
  if (leftOutOf(both).includes('plan')) return closedBy['plan'] ?? ''
  if (both.some((each) => isGold(each, [...goldRoots, ...goldRoots.map(sameFor)]))) return 'is a gold standard'
  const patterns = [...protectedPaths, ...owners]
  const changed = both.map((each) => ({path: each, previous: null}))
  if (protectedIn(changed, [...patterns, ...patterns.map(sameFor)]).length > 0)
    return 'is protected: it decides verdicts'
  return around === undefined ? null : policyOn(`${around.prefix}${path}`, around.bounds)
}

const closedBy: Readonly<Record<string, string>> = {
  plan: 'is a plan',
  generated: 'is made by a tool',
  secret: 'holds secrets',
  'too-large': 'is too long a path',
}

/** Paths as the plan names them, without what is only a manner of writing. */
export const named = (path: string): string => path.replace(/^(?:\.\/)+/, '').replace(/\/$/, '')

/** Whether `path` is one of these, or stands below one. */
export const isReached = (path: string, names: readonly string[]): boolean =>
  names.some((name) => path === name || path.startsWith(`${name}/`))
