/** Several files of a folder exchanged for others: all of them, or none. */
import {randomUUID} from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {basename, dirname, join} from 'node:path'
import {Failure, messageOf} from '../errors.ts'
import {isInside} from '../pack/boundary.ts'
import {readBytes, stateOf} from './file.ts'

/** null: there is no file. */
export interface Exchange {
  readonly path: string
  readonly before: string | null
  readonly after: string | null
}

/**
 * What is there must still be what was read, and is looked at once more, with the folders on the way. Everything is written
 * beside its place first and then renamed; when one of them fails, those that were exchanged are put back. A file's mode stays.
 * All of it is one turn of this process, so a signal that the process listens to comes before or after it.
 * Throws `Failure` `outside`, `changed-meanwhile` (nothing was touched), `cannot-write` (everything is as it was, or it is said
 * where the old text is).
 */
export function exchangeFiles(root: string, files: readonly Exchange[]): void {
  const top = realpathSync(root)
  for (const file of files) checkOne(top, file)
  const undo: Undo[] = []
  let current = ''
  const steps: Step[] = []
  try {
    for (const file of files) {
      current = file.path
      steps.push(prepare(top, file, undo))
    }
    for (const step of steps) {
      current = step.path
      step.act()
    }
  } catch (error) {
    const lost = undo.toReversed().flatMap(({back, old}) => (attempt(back) || old === null ? [] : [old]))
    const state = lost.length === 0 ? 'everything is as it was' : `what stood there is in ${lost.join(', ')}`
    throw new Failure('cannot-write', `cannot write ${current}: ${messageOf(error)}; ${state}`, {
      hint: 'check the permissions of the folder and the space on the disk',
      cause: error,
    })
  }
  for (const {done} of steps) attempt(done)
}

interface Step {
  readonly path: string
  readonly act: () => void
  /** When all of them are exchanged. */
  readonly done: () => void
}

interface Undo {
  readonly back: () => void
  /** Where the old text stays when `back` fails; null: there is none. */
  readonly old: string | null
}

function checkOne(top: string, {path, before}: Exchange): void {
  const shown = JSON.stringify(path.slice(0, 200))
  if (!isInside(path) || path.includes('\\'))
    throw new Failure('outside', `will not write ${shown}: it leads out of the folder`)
  const is = stateOf(top)(path)
  if (is.kind === 'symlink' || is.kind === 'folder' || (is.kind === 'file' && is.bytes === null))
    throw new Failure('outside', `will not write ${shown}: a link, a folder or something that is no file stands there`)
  const bytes = is.kind === 'file' ? readBytes(join(top, path)) : null
  const isSame = before === null ? is.kind === 'gone' : bytes !== null && Buffer.from(before).equals(bytes)
  if (isSame) return
  throw new Failure('changed-meanwhile', `${shown} is not what was read`, {
    hint: 'something else changed it, or it is kept out of sight by a .gitignore; look at it, and run again',
  })
}

/** Everything that needs room or may be forbidden comes first; what is left are renames. */
function prepare(top: string, file: Exchange, undo: Undo[]): Step {
  const {path, before, after} = file
  const target = join(top, path)
  const folder = dirname(path)
  makeFolders(top, folder, undo)
  checkFolders(top, folder)
  const beside = (): string => join(dirname(target), `.${randomUUID()}.tmp`)
  let isActed = false
  const kept = before === null ? null : beside()
  if (kept !== null) {
    undo.push({
      back: () => {
        if (isActed) renameSync(kept, target)
        // two names of one file stay two after a rename
        rmSync(kept, {force: true})
      },
      old: join(folder, basename(kept)),
    })
    keep(target, kept)
  }
  const fresh = after === null ? null : beside()
  if (fresh !== null) {
    const mode = before === null ? null : lstatSync(target).mode & 0o777
    undo.push({back: () => rmSync(fresh, {force: true}), old: null})
    // never for more eyes than the old one, not even for a moment; the process' own mask would take bits away
    writeFileSync(fresh, after ?? '', {flag: 'wx', mode: mode ?? 0o666})
    if (mode !== null) chmodSync(fresh, mode)
  }
  return {
    path,
    act: () => {
      checkOne(top, file)
      checkFolders(top, folder)
      isActed = true
      if (fresh === null) rmSync(target)
      else if (before !== null) renameSync(fresh, target)
      else {
        makeNew(fresh, target)
        undo.push({back: () => rmSync(target, {force: true}), old: null})
      }
    },
    done: () => {
      for (const name of [kept, fresh]) if (name !== null) rmSync(name, {force: true})
    },
  }
}

/** A second name for what is there, so that it is never gone; a copy where the disk knows no such names. */
function keep(target: string, kept: string): void {
  try {
    linkSync(target, kept)
  } catch {
    copyFileSync(target, kept)
  }
}

/** A rename would write over what came there a moment ago, a second name does not. */
function makeNew(fresh: string, target: string): void {
  try {
    linkSync(fresh, target)
  } catch (error) {
    if (lstatSync(target, {throwIfNoEntry: false}) !== undefined) throw error
    renameSync(fresh, target)
  }
}

const foldersOf = (top: string, folder: string): readonly string[] => {
  const parts = folder === '.' ? [] : folder.split('/')
  return parts.map((_, at) => join(top, ...parts.slice(0, at + 1)))
}

function makeFolders(top: string, folder: string, undo: Undo[]): void {
  for (const path of foldersOf(top, folder)) {
    if (lstatSync(path, {throwIfNoEntry: false}) !== undefined) continue
    mkdirSync(path)
    undo.push({back: () => rmdirSync(path), old: null})
  }
}

/** Somebody else may put a link there at any time; Node opens nothing relative to a folder, so there is a moment left. */
function checkFolders(top: string, folder: string): void {
  const odd = foldersOf(top, folder).find((path) => !lstatSync(path).isDirectory())
  if (odd !== undefined) throw new Error('a folder on the way is a link or a file now')
}

/** Whether it went well; what else went wrong is told already. */
function attempt(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
