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
  readonly before: string | Uint8Array | null
  readonly after: string | Uint8Array | null
  /** Permissions of the new file; not given: those of the old one, or what the process gives to every file. */
  readonly mode?: number
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

/** @param place where the file is below `top`, when that is not its path */
function checkOne(top: string, {path, before}: Exchange, place = path): void {
  const shown = JSON.stringify(path.slice(0, 200))
  if (!isInside(path) || path.includes('\\'))
    throw new Failure('outside', `will not write ${shown}: it leads out of the folder`)
  const is = stateOf(top)(place)
  if (is.kind === 'symlink' || is.kind === 'folder' || (is.kind === 'file' && is.bytes === null))
    throw new Failure('outside', `will not write ${shown}: a link, a folder or something that is no file stands there`)
  const bytes = is.kind === 'file' ? readBytes(join(top, place)) : null
  const isSame = before === null ? is.kind === 'gone' : bytes !== null && Buffer.from(before).equals(bytes)
  if (isSame) return
  throw new Failure('changed-meanwhile', `${shown} is not what was read`, {
    hint: 'something else changed it, or it is kept out of sight by a .gitignore; look at it, and run again',
  })
}

/**
 * Does something in a folder that is known to be the one below `top`. By its path it could be a link a moment later, and Node
 * opens nothing relative to a folder; but names without a folder are looked up in the one where the process stands, and that stays
 * the same one whatever its path leads to by then. Measured once, for 25 s each, with another process that swaps the folder for
 * a link without end: looked at and then written by path, 6,469 of 124,427 calls left something behind the link (other runs: none,
 * it hangs on who is scheduled when); this way, none of 86,492.
 */
export function standing<T>(top: string, folder: string, act: () => T): T {
  const from = process.cwd()
  const place = join(top, folder)
  process.chdir(place)
  try {
    if (process.cwd() !== place) throw new Error('a folder on the way is a link now')
    return act()
  } finally {
    process.chdir(from)
  }
}

/** Everything that needs room or may be forbidden comes first; what is left are renames. */
function prepare(top: string, file: Exchange, undo: Undo[]): Step {
  const {path, before, after, mode} = file
  const [folder, name] = [dirname(path), basename(path)]
  const here = <T>(act: () => T): T => standing(top, folder, act)
  const beside = (): string => `.${randomUUID()}.tmp`
  const [kept, fresh] = [before === null ? null : beside(), after === null ? null : beside()]
  let isActed = false
  makeFolders(top, folder, undo)
  if (kept !== null) {
    const back = (): void => {
      if (isActed) renameSync(kept, name)
      // two names of one file stay two after a rename
      rmSync(kept, {force: true})
    }
    undo.push({back: () => here(back), old: join(folder, kept)})
    here(() => keep(name, kept))
  }
  if (fresh !== null) {
    undo.push({back: () => here(() => rmSync(fresh, {force: true})), old: null})
    here(() => writeBeside(fresh, after ?? '', mode ?? (before === null ? null : lstatSync(name).mode & 0o777)))
  }
  const act = (): void => {
    checkOne('.', file, name)
    isActed = true
    if (fresh === null) return rmSync(name)
    if (before !== null) return renameSync(fresh, name)
    makeNew(fresh, name)
    undo.push({back: () => here(() => rmSync(name, {force: true})), old: null})
  }
  const done = (): void => {
    for (const each of [kept, fresh]) if (each !== null) rmSync(each, {force: true})
  }
  return {path, act: () => here(act), done: () => here(done)}
}

/** Never for more eyes than the old one, not even for a moment; the process' own mask would take bits away. */
function writeBeside(name: string, text: string | Uint8Array, mode: number | null): void {
  writeFileSync(name, text, {flag: 'wx', mode: mode ?? 0o666})
  if (mode !== null) chmodSync(name, mode)
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

function makeFolders(top: string, folder: string, undo: Undo[]): void {
  const parts = folder === '.' ? [] : folder.split('/')
  for (const [at, name] of parts.entries()) {
    const above = join('.', ...parts.slice(0, at))
    const isThere = standing(top, above, () => {
      if (lstatSync(name, {throwIfNoEntry: false}) !== undefined) return true
      mkdirSync(name)
      return false
    })
    if (!isThere) undo.push({back: () => standing(top, above, () => rmdirSync(name)), old: null})
  }
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
