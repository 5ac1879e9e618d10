/** Where a change may write, by the path alone. What really stands there the disk is asked once more, before anything is written. */
import {isInside} from '../pack/boundary.ts'
import {protectedIn} from '../pack/protected.ts'
import {select} from '../pack/select.ts'

export interface Bounds {
  /** Folders of gold standards, and files of them, relative to the code base. */
  readonly goldRoots: readonly string[]
  /** gitignore syntax; case does not matter. */
  readonly protectedPaths: readonly string[]
}

/** Who owns what is policy too, wherever GitHub looks for it. */
const owners: readonly string[] = ['/CODEOWNERS', '/docs/CODEOWNERS']

const maxPart = 200

/** Not a letter of a name on one of the systems that a clone may land on, or nothing that a person sees. */
const odd = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}\\:*?"<>|\ufffd]/u

/** Windows gives these to devices, drops dots and blanks at the end, and knows long names by short ones too (`GIT~1`). */
const otherwiseNamed = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|[. ]$|^ |~\d/i

/** Why nothing may be written at a path, whatever stands there; null: it may. */
export function refusalOf(path: string, {goldRoots, protectedPaths}: Bounds): string | null {
  if (!isInside(path) || path.startsWith('~')) return 'leads out of the code base'
  if (odd.test(path)) return 'holds a character that file names do not have everywhere'
  const parts = path.split('/')
  // what tools are set by runs by itself (hooks, tasks of editors, workflows): nobody would see it begin
  if (parts.some((part) => part.startsWith('.'))) return 'is hidden, or in a hidden folder: people change those'
  if (parts.some((part) => part.length > maxPart || otherwiseNamed.test(part))) return 'is another file on some systems'
  const {leftOut} = select([{path, kind: 'file', bytes: null, sha: null}], {goldRoots})
  const [why] = leftOut
  if (why !== undefined) return closedBy[why.why] ?? 'is not read'
  if (protectedIn([{path, previous: null}], [...protectedPaths, ...owners]).length > 0)
    return 'is protected: it decides verdicts'
  return null
}

const closedBy: Readonly<Record<string, string>> = {
  gold: 'is a gold standard',
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
