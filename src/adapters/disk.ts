/** Where code is read from, and the only way a file is written. */
import {createHash, randomUUID} from 'node:crypto'
import {
  type Dirent,
  type Stats,
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import {basename, dirname, join, resolve} from 'node:path'
import ignore, {type Ignore} from 'ignore'
import {Failure, messageOf} from '../errors.ts'
import type {Source} from '../host.ts'
import {isInside} from '../pack/boundary.ts'
import type {Entry} from '../pack/pack.ts'
import {parsePackFile} from '../pack/repomix.ts'
import {readAll, readBytes} from './file.ts'
import {objects, repositoryOf, resolveRef, workTree} from './git.ts'

const maxEntries = 100_000
const maxDepth = 64
/** A packed file is one text: as long as the longest string, with room to work. */
const maxPackFile = 256 * 1024 * 1024

/** sha-256 in hex: what `readTexts` wants as `digest`. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/**
 * A folder (the work tree of git around it, where there is one), a commit of its repository (`ref`), or a packed file.
 * Throws `Failure`: `no-such-path`, `not-a-repository`, `no-such-ref`, `not-a-pack`, `too-many-files`, `too-deep`.
 */
export async function openSource(path: string, {ref}: {readonly ref?: string} = {}): Promise<Source> {
  const stat = statOf(path)
  if (stat === null || (!stat.isDirectory() && !stat.isFile())) {
    throw new Failure('no-such-path', `no such folder or packed file: ${path}`, {
      hint: 'give a folder, a clone of a git repository, or a packed repository in repomix XML',
    })
  }
  const root = realpathSync(path)
  if (stat.isFile()) return packFile(root, path)
  const tree = ref === undefined ? await workTree(root) : null
  if (tree !== null) return tree
  const repository = await repositoryOf(root)
  // a bare repository has nothing but commits
  const wanted = ref ?? (repository?.gitDir === root ? 'HEAD' : undefined)
  if (repository !== null && wanted !== undefined) {
    return objects(repository.gitDir, await resolveRef(repository.gitDir, wanted), repository.prefix)
  }
  if (ref !== undefined) {
    throw new Failure(
      'not-a-repository',
      `${path} is not in a git repository, so it has no ref ${JSON.stringify(ref)}`,
      {
        hint: 'leave --ref away to read the folder as it is',
      },
    )
  }
  return folder(root)
}

/** null also where a file is taken for a folder, a link leads in circles, or nobody may look. */
function statOf(path: string): Stats | null {
  try {
    return statSync(resolve(path), {throwIfNoEntry: false}) ?? null
  } catch {
    return null
  }
}

function packFile(root: string, path: string): Source {
  const pack = parsePackFile(readText(path, maxPackFile))
  const texts = new Map(pack.files.map(({path, text}) => [path, new TextEncoder().encode(text)]))
  return {
    name: pack.name ?? basename(root).replace(/\.xml$/i, ''),
    commit: pack.commit,
    kind: 'pack-file',
    list: async () => [...texts].map(([path, bytes]) => ({path, kind: 'file', bytes: bytes.length, sha: null})),
    read: async (entries) => entries.map(({path}) => ({path, bytes: texts.get(path) ?? null})),
  }
}

function folder(root: string): Source {
  return {
    name: basename(root),
    commit: null,
    kind: 'folder',
    list: async () => walk(root),
    read: async (entries) => readAll(root, entries),
  }
}

interface Ignored {
  readonly under: string
  readonly rules: Ignore
}

/**
 * Links are listed, never followed; `.git` and what a `.gitignore` on the way names are passed over; sorted by name. So is
 * `node_modules`: it alone is often more than the limit, and the selection would leave it out anyway.
 */
function walk(root: string): readonly Entry[] {
  const entries: Entry[] = []
  const visit = (under: string, depth: number, above: readonly Ignored[]): void => {
    if (depth > maxDepth) {
      throw new Failure('too-deep', `${root} has folders more than ${maxDepth} levels deep`, {
        hint: 'give a folder below it',
      })
    }
    const own = ignoreFile(root, under)
    const ignored = own === null ? above : [...above, {under, rules: own}]
    const items = itemsOf(join(root, under))
    if (items === null) entries.push({path: under.slice(0, -1) || '.', kind: 'file', bytes: null, sha: null})
    for (const item of items ?? []) {
      const path = `${under}${item.name}`
      if (item.name === 'node_modules' || !isInside(path) || isIgnored(item.isDirectory() ? `${path}/` : path, ignored))
        continue
      if (item.isDirectory()) {
        visit(`${path}/`, depth + 1, ignored)
        continue
      }
      if (entries.length >= maxEntries) {
        throw new Failure('too-many-files', `${root} holds more than ${maxEntries.toLocaleString('en')} files`, {
          hint: 'give a folder below it, or name what does not belong in a .gitignore',
        })
      }
      const stat = lstatSync(join(root, path), {throwIfNoEntry: false})
      const bytes = stat?.isFile() === true ? stat.size : null
      entries.push({path, kind: item.isSymbolicLink() ? 'symlink' : 'file', bytes, sha: null})
    }
  }
  visit('', 0, [])
  return entries
}

/** null: nobody may look into it. */
function itemsOf(path: string): readonly Dirent[] | null {
  try {
    return readdirSync(path, {withFileTypes: true}).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    return null
  }
}

/**
 * The folder's `.gitignore`, which whoever wrote the code wrote too. `ignore` compiles each pattern to an expression; it keeps
 * single stars from backtracking over each other, but not double ones (five on a path of sixty folders: 4.5 s), so patterns
 * with more of those than people write are passed over.
 */
function ignoreFile(root: string, under: string): Ignore | null {
  const bytes = readBytes(join(root, under, '.gitignore'), 256 * 1024)
  if (bytes === null) return null
  const patterns = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .slice(0, 5000)
    .filter((line) => line.length <= 256 && isCheap(line))
  return ignore({ignoreCase: false}).add(patterns.join('\n'))
}

const isCheap = (pattern: string): boolean => pattern.split('**').length <= 3

/** The deepest file that says anything about the path decides, as in git. */
function isIgnored(path: string, ignored: readonly Ignored[]): boolean {
  for (const {under, rules} of ignored.toReversed()) {
    const {ignored, unignored} = rules.test(path.slice(under.length))
    if (ignored || unignored) return ignored
  }
  return false
}

/** A text file that a person named. Throws `Failure` `no-such-file`; a pipe or a folder is none. `limit` is in bytes. */
export function readText(path: string, limit = 16 * 1024 * 1024): string {
  const wrong = (message: string, hint = 'check the path; it is relative to the current directory'): Failure =>
    new Failure('no-such-file', `${message}: ${path}`, {hint})
  const stat = statOf(path)
  if (stat === null) throw wrong('no such file')
  if (!stat.isFile()) throw wrong('not a file')
  if (stat.size > limit) throw wrong(`larger than ${Math.floor(limit / 1024 / 1024)} MiB`, 'more is not read')
  const bytes = readBytes(realpathSync(path), limit)
  if (bytes === null) throw wrong('cannot read')
  return new TextDecoder().decode(bytes)
}

/** The real path of a folder that is there. Throws `Failure` `no-such-folder`. */
export function folderAt(path: string): string {
  const stat = statOf(path)
  if (stat?.isDirectory() === true) return realpathSync(path)
  throw new Failure('no-such-folder', `${stat === null ? 'no such folder' : 'not a folder'}: ${path}`, {
    hint: 'make the folder first, or give another one',
  })
}

/** Makes a folder that a person named, and those above it that are missing. Throws `Failure` `no-such-folder`, `cannot-write`. */
export function makeFolder(path: string): string {
  const missing: string[] = []
  // one by one: node's recursive mkdir does not end where the system refuses oddly, as below /proc
  for (let folder = resolve(path); statOf(folder) === null && dirname(folder) !== folder; folder = dirname(folder))
    missing.unshift(folder)
  try {
    for (const folder of missing) mkdirSync(folder)
  } catch (error) {
    throw new Failure('cannot-write', `cannot make the folder ${path}: ${messageOf(error)}`, {
      hint: 'give another folder',
      cause: error,
    })
  }
  return folderAt(path)
}

/**
 * Writes a file below `root` and makes the folders on the way. It is there as a whole or not at all (written beside, then
 * renamed). Throws `Failure` `outside` for a path that leads out, passes a link, or ends at something that is no file.
 *
 * @returns the absolute path
 */
export function writeInside(root: string, relative: string, text: string): string {
  const outside = (why: string): Failure =>
    new Failure('outside', `will not write ${JSON.stringify(relative.slice(0, 200))}: ${why}`, {
      hint: `paths are relative to ${root}, without links on the way`,
    })
  if (!isInside(relative) || relative.includes('\\')) throw outside('it leads out of the folder')
  const top = folderAt(root)
  const target = join(top, relative)
  const parts = relative.split('/').slice(0, -1)
  const beside = join(dirname(target), `.${randomUUID()}.tmp`)
  try {
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = join(top, ...parts.slice(0, depth))
      const stat = lstatSync(folder, {throwIfNoEntry: false})
      if (stat === undefined) mkdirSync(folder)
      else if (!stat.isDirectory()) throw outside('a folder on the way is a link or a file')
    }
    const before = lstatSync(target, {throwIfNoEntry: false})
    if (before !== undefined && !before.isFile()) throw outside('a link or a folder stands there')
    writeFileSync(beside, text, {flag: 'wx', mode: before === undefined ? 0o644 : before.mode & 0o777})
    renameSync(beside, target)
  } catch (error) {
    if (error instanceof Failure) throw error
    rmSync(beside, {force: true})
    throw new Failure('cannot-write', `cannot write ${target}: ${messageOf(error)}`, {
      hint: 'check the permissions of the folder and the space on the disk',
      cause: error,
    })
  }
  return target
}

/** Appends to a file that a person named; made when it is not there. Throws `Failure` `cannot-write`. */
export function appendText(file: string, text: string): void {
  try {
    appendFileSync(file, text)
  } catch (error) {
    throw new Failure('cannot-write', `cannot write ${file}: ${messageOf(error)}`, {
      hint: 'check the permissions of the folder and the space on the disk',
      cause: error,
    })
  }
}

/** Whether a file could be written, found out before anything is paid for. Throws `Failure` `no-such-folder`, `cannot-write`. */
export function checkWritable(file: string): void {
  const folder = dirname(file)
  const there = lstatSync(file, {throwIfNoEntry: false})
  // as `writeInside` would, at the end
  if (there !== undefined && !there.isFile())
    throw new Failure('cannot-write', `will not write ${file}: a link or a folder stands there`, {
      hint: 'give another path',
    })
  if (!existsSync(folder))
    throw new Failure('no-such-folder', `no such folder: ${folder}`, {hint: 'make it first, or give another path'})
  try {
    accessSync(existsSync(file) ? file : folder, constants.W_OK)
  } catch (error) {
    throw new Failure('cannot-write', `cannot write ${file}: ${messageOf(error)}`, {
      hint: 'check the permissions, or give another path',
      cause: error,
    })
  }
}
