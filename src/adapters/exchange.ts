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
import {dirname, join} from 'node:path'
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
 * Throws `Failure` `outside`, `changed-meanwhile` (nothing was touched), `cannot-write` (everything is as it was).
 */
export function exchangeFiles(root: string, files: readonly Exchange[]): void {
  const top = realpathSync(root)
  for (const file of files) checkOne(top, file)
  const undo: (() => void)[] = []
  const kept: string[] = []
  let current = ''
  try {
    const steps = files.map((file) => {
      current = file.path
      return prepare(top, file, undo, kept)
    })
    for (const {path, act} of steps) {
      current = path
      act()
    }
  } catch (error) {
    for (const back of undo.toReversed()) attempt(back)
    throw new Failure('cannot-write', `cannot write ${current}: ${messageOf(error)}; everything is as it was`, {
      hint: 'check the permissions of the folder and the space on the disk',
      cause: error,
    })
  }
  for (const path of kept) attempt(() => rmSync(path, {force: true}))
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
function prepare(
  top: string,
  {path, before, after}: Exchange,
  undo: (() => void)[],
  keeping: string[],
): {readonly path: string; readonly act: () => void} {
  const target = join(top, path)
  makeFolders(top, dirname(path), undo)
  const beside = (): string => {
    const name = join(dirname(target), `.${randomUUID()}.tmp`)
    undo.push(() => rmSync(name, {force: true}))
    return name
  }
  const mode = before === null ? null : lstatSync(target).mode & 0o777
  const kept = before === null ? null : beside()
  if (kept !== null) {
    keep(target, kept)
    keeping.push(kept)
  }
  const fresh = after === null ? null : beside()
  if (fresh !== null) writeFileSync(fresh, after ?? '', {flag: 'wx'})
  // the process' own mask would take bits away
  if (fresh !== null && mode !== null) chmodSync(fresh, mode)
  return {
    path,
    act: () => {
      undo.push(() => (kept === null ? rmSync(target, {force: true}) : renameSync(kept, target)))
      if (fresh === null) rmSync(target)
      else renameSync(fresh, target)
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

function makeFolders(top: string, folder: string, undo: (() => void)[]): void {
  const parts = folder === '.' ? [] : folder.split('/')
  for (const at of parts.keys()) {
    const path = join(top, ...parts.slice(0, at + 1))
    if (lstatSync(path, {throwIfNoEntry: false}) !== undefined) continue
    mkdirSync(path)
    undo.push(() => rmdirSync(path))
  }
}

function attempt(act: () => void): void {
  try {
    act()
  } catch {
    // what else went wrong is told already
  }
}
