/** A folder that a pipeline works in: whatever stands in it, nothing around it is read or written. */
import {randomUUID} from 'node:crypto'
import {accessSync, constants, lstatSync, opendirSync, renameSync, rmdirSync, unlinkSync} from 'node:fs'
import {basename, dirname, isAbsolute, join, resolve} from 'node:path'
import {setImmediate} from 'node:timers/promises'
import {wholeText} from '../apply/ground.ts'
import {isHead, named, odd, otherwiseNamed, sameFor} from '../apply/place.ts'
import {Failure, messageOf} from '../errors.ts'
import {isInside} from '../pack/boundary.ts'
import type {Hit, Workspace, WorkspaceFile} from '../pipeline/workspace.ts'
import {folderAt} from './disk.ts'
import {exchangeFiles, standing, type Exchange} from './exchange.ts'
import {readBytes, stateOf} from './file.ts'

const maxText = 5_000_000
const maxBytes = 32 * 1024 * 1024
/** As for a pack: a longer path is an attack on whoever shows it. */
const maxPath = 1024
/** NAME_MAX on Linux; elsewhere it is hardly more. */
const maxName = 255
const maxDepth = 64
const mostListed = 10_000
const mostSearched = 25_000
const mostSearchedBytes = 512 * 1024 * 1024
const mostRemoved = 200_000
const longestLine = 500

/**
 * The folder must be there; a link to it is followed once, now. Throws `Failure` `no-such-folder`.
 *
 * An operation is one turn of this process (a search is one for each file), so two steps at the same time see each other's files
 * whole. Folders are held by standing in them (see `standing`): meanwhile relative paths mean something else to this process.
 */
export function openWorkspace(root: string): Workspace {
  const space: Space = {top: folderAt(root), given: resolve(root)}
  return {
    root: space.top,
    read: async (path) => textOf(space, placeOf(space, path)),
    look: async (path) => lookAt(space, placeOf(space, path)),
    list: async (folder, {recursive = false} = {}) =>
      listBelow(space, placeOf(space, folder), {recursive, most: mostListed}),
    search: async (text, {folder = '.', limit = 100} = {}) => search(space, placeOf(space, folder), text, limit),
    isWritable: async (path) => mayWrite(space, targetOf(space, path)),
    write: async (path, text) => write(space, targetOf(space, path), text),
    edit: async (path, before, after) => edit(space, targetOf(space, path), before, after),
    copy: async (from, to) => carry(space, placeOf(space, from), targetOf(space, to), 'copy'),
    move: async (from, to) => carry(space, placeOf(space, from), targetOf(space, to), 'move'),
    remove: async (path, {recursive = false} = {}) => remove(space, placeOf(space, path), recursive),
  }
}

interface Space {
  /** The real path. */
  readonly top: string
  /** As it was named, which absolute paths may begin with as well. */
  readonly given: string
}

interface Place {
  /** `.` is the root. */
  readonly path: string
  readonly folder: string
  readonly name: string
  /** As it was asked for, for messages. */
  readonly shown: string
}

const shownAs = (path: string): string => JSON.stringify(path.slice(0, 200))

function placeOf({top, given}: Space, asked: string): Place {
  const shown = shownAs(asked)
  const begins = [top, given].map((each) => (each.endsWith('/') ? each : `${each}/`))
  const begin = isAbsolute(asked) ? begins.find((each) => `${asked}/`.startsWith(each)) : ''
  const path = begin === undefined ? asked : named(`./${asked.slice(begin.length)}`) || '.'
  const why = path === '.' ? null : refusalOf(path)
  if (why === null) return {path, folder: dirname(path), name: basename(path), shown}
  throw new Failure('outside', `will not touch ${shown}: it ${why}`, {
    hint: `paths are relative to ${top}, with "/" between names, and stay in it`,
  })
}

/** Where something may be written. */
function targetOf(space: Space, asked: string): Place {
  const place = placeOf(space, asked)
  if (place.path === '.') throw isFolder(place)
  if (!isHead(place.name)) return place
  throw new Failure('outside', `will not write ${place.shown}: it would make a repository of its folder`, {
    hint: 'git obeys the settings in a folder that has a file of this name; give the file another one',
  })
}

const isGits = (name: string): boolean => sameFor(name) === '.git'

/** By the path alone; null: it may be asked for. */
function refusalOf(path: string): string | null {
  const parts = path.split('/')
  if (parts.some(isGits)) return "is git's own"
  if (!isInside(path) || path.startsWith('~')) return 'leads out of the folder'
  if (path.length > maxPath) return `is longer than ${maxPath} characters`
  if (parts.some((part) => Buffer.byteLength(part) > maxName)) return `holds a name of more than ${maxName} bytes`
  if (odd.test(path)) return 'holds a character that file names do not have everywhere'
  return parts.some((part) => otherwiseNamed.test(part)) ? 'is another file on some systems' : null
}

const isFolder = ({shown}: Place): Failure =>
  new Failure('is-a-folder', `${shown} is a folder`, {hint: 'give the path of a file'})

/** Does something in the place's folder, where its name is looked up then. */
function within<T>(space: Space, {folder, shown}: Place, doing: 'read' | 'write', act: () => T): T {
  try {
    return standing(space.top, folder, act)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`cannot-${doing}`, `cannot ${doing} ${shown}: ${reasonOf(error)}`, {
      hint: 'check the permissions of the file and of the folders on the way',
      cause: error,
    })
  }
}

/** Without the paths that Node adds, which may be as long as they like. */
const reasonOf = (error: unknown): string => messageOf(error).split(', ', 1)[0] ?? ''

type Found =
  | {readonly kind: 'gone'}
  | {readonly kind: 'folder'}
  | {readonly kind: 'file'; readonly size: number; readonly mode: number}

/** What stands there. Throws `Failure` `outside` for a link on the way or at the end, `not-a-file` for devices and their kind. */
function find(space: Space, place: Place): Found {
  const {kind} = stateOf(space.top)(place.path)
  if (kind === 'gone') return {kind}
  const stat =
    kind === 'symlink'
      ? null
      : within(space, place, 'read', () => lstatSync(place.name, {throwIfNoEntry: false}) ?? 'gone')
  if (stat === 'gone') return {kind: stat}
  if (stat === null || stat.isSymbolicLink())
    throw new Failure('outside', `will not touch ${place.shown}: it is a link, or a folder on the way is one`, {
      hint: 'links are not followed; give the path that it leads to, when that is in the folder',
    })
  if (stat.isDirectory()) return {kind: 'folder'}
  if (stat.isFile()) return {kind: 'file', size: stat.size, mode: stat.mode & 0o777}
  throw new Failure('not-a-file', `${place.shown} is neither a file nor a folder`, {
    hint: 'pipes, sockets and devices are left alone',
  })
}

const noSuchFile = ({shown}: Place): Failure =>
  new Failure('no-such-file', `no such file: ${shown}`, {hint: 'list the folder to see what is there'})

const tooLarge = ({shown}: Place, limit: number): Failure =>
  new Failure('too-large', `${shown} is larger than ${limit.toLocaleString('en')} bytes`, {
    hint: 'more is neither read nor written at once',
  })

const cannotRead = ({shown}: Place): Failure =>
  new Failure('cannot-read', `cannot read ${shown}`, {hint: 'check its permissions'})

interface Content {
  readonly bytes: Uint8Array
  readonly mode: number
}

function contentOf(space: Space, place: Place, limit: number): Content {
  const is = find(space, place)
  if (is.kind === 'gone') throw noSuchFile(place)
  if (is.kind === 'folder') throw isFolder(place)
  if (is.size > limit) throw tooLarge(place, limit)
  const bytes = within(space, place, 'read', () => readBytes(place.name, limit))
  if (bytes === null) throw cannotRead(place)
  return {bytes, mode: is.mode}
}

function textOf(space: Space, place: Place): string {
  const text = wholeText(contentOf(space, place, maxText).bytes)
  if (text !== null) return text
  throw new Failure('not-text', `${place.shown} is no text in UTF-8`, {
    hint: 'it can be copied, moved and removed only',
  })
}

function lookAt(space: Space, place: Place): WorkspaceFile | null {
  const is = find(space, place)
  if (is.kind === 'gone') return null
  return {path: place.path, kind: is.kind, size: is.kind === 'file' ? is.size : null}
}

interface Breadth {
  readonly recursive: boolean
  readonly most: number
}

function listBelow(space: Space, place: Place, {recursive, most}: Breadth): readonly WorkspaceFile[] {
  const is = find(space, place)
  if (is.kind === 'gone') throw noSuchFile(place)
  if (is.kind === 'file')
    throw new Failure('not-a-folder', `${place.shown} is a file`, {hint: 'give the path of a folder'})
  const listed: WorkspaceFile[] = []
  const waiting = [place.path]
  let seen = 0
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const items = itemsOf(space, folder, most - seen)
    // one below it that nobody may look into hides nothing from who may not either
    if (items === null && folder === place.path) throw cannotRead(place)
    seen += items?.length ?? 0
    if (seen > most)
      throw new Failure('too-many-files', `${place.shown} holds more than ${most.toLocaleString('en')} files`, {
        hint: 'give a folder below it',
      })
    for (const {name, kind, size} of items ?? []) {
      const path = folder === '.' ? name : `${folder}/${name}`
      if (kind === 'other' || refusalOf(path) !== null) continue
      listed.push({path, kind, size})
      if (recursive && kind === 'folder' && name !== 'node_modules') waiting.push(notTooDeep(path))
    }
  }
  return listed.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function notTooDeep(folder: string): string {
  if (folder.split('/').length <= maxDepth) return folder
  throw new Failure('too-deep', `${shownAs(folder)} is more than ${maxDepth} levels deep`, {
    hint: 'give a folder with less below it',
  })
}

interface Item {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'other'
  readonly size: number | null
}

/** At most one more than `most`; null: nobody may look into it, or it is none any more. */
function itemsOf({top}: Space, folder: string, most: number): readonly Item[] | null {
  const items: Item[] = []
  try {
    return standing(top, folder, () => {
      const opened = opendirSync('.')
      try {
        for (let item = opened.readSync(); item !== null && items.length <= most; item = opened.readSync()) {
          const stat = lstatSync(item.name, {throwIfNoEntry: false})
          const kind = stat?.isFile() === true ? 'file' : stat?.isDirectory() === true ? 'folder' : 'other'
          items.push({name: item.name, kind, size: kind === 'file' ? (stat?.size ?? null) : null})
        }
      } finally {
        opened.closeSync()
      }
      return items
    })
  } catch {
    return null
  }
}

async function search(space: Space, place: Place, text: string, limit: number): Promise<readonly Hit[]> {
  if (text === '' || /[\r\n]/.test(text))
    throw new Failure('bad-search', `cannot search for ${shownAs(text)}`, {hint: 'give a part of one line'})
  const files = listBelow(space, place, {recursive: true, most: mostSearched}).filter(({kind}) => kind === 'file')
  const hits: Hit[] = []
  let total = 0
  for (const {path, size} of files) {
    if (hits.length >= limit) break
    if (size === null || size > maxText) continue
    total += size
    if (total > mostSearchedBytes)
      throw new Failure('too-many-files', `${place.shown} holds more than can be searched`, {
        hint: 'give a folder below it',
      })
    hits.push(...hitsIn(path, readQuietly(space, path), text))
    // others have their turn
    await setImmediate()
  }
  return hits.slice(0, limit)
}

function readQuietly({top}: Space, path: string): Uint8Array | null {
  try {
    return standing(top, dirname(path), () => readBytes(basename(path), maxText))
  } catch {
    return null
  }
}

function hitsIn(path: string, bytes: Uint8Array | null, text: string): readonly Hit[] {
  // most files have none, and need not be decoded
  if (bytes === null || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(text)) return []
  return (wholeText(bytes) ?? '').split('\n').flatMap((line, number) => {
    const at = line.indexOf(text)
    return at < 0 ? [] : [{path, line: number + 1, text: cut(line.replace(/\r$/, ''), at)}]
  })
}

function cut(line: string, at: number): string {
  if (line.length <= longestLine) return line
  const start = Math.max(0, Math.min(at - 100, line.length - longestLine))
  return line.slice(start, start + longestLine).replace(/\p{Surrogate}/gu, '')
}

function write(space: Space, place: Place, text: string): void {
  if (/[\0\p{Surrogate}]/u.test(text))
    throw new Failure('not-text', `will not write ${place.shown}: what it should hold is no text`, {
      hint: 'a text holds no NUL and no half of a character',
    })
  const bytes = Buffer.from(text)
  if (bytes.length > maxText) throw tooLarge(place, maxText)
  exchangeFiles(space.top, [exchangeAt(space, place, bytes)])
}

/** A file there, or none, for the bytes. */
function exchangeAt(space: Space, place: Place, after: Uint8Array): Exchange {
  const is = find(space, place)
  const before = is.kind === 'gone' ? null : contentOf(space, place, maxBytes).bytes
  return {path: place.path, before, after}
}

function edit(space: Space, place: Place, before: string, after: string): void {
  const text = textOf(space, place)
  const at = before === '' ? -1 : text.indexOf(before)
  if (at < 0) {
    const isByEnds = text.includes('\r\n') && before.includes('\n') && !before.includes('\r\n')
    throw new Failure('no-such-text', `${place.shown} does not hold ${shownAs(before)}`, {
      hint: isByEnds ? 'its lines end in "\\r\\n"' : 'read the file, and give what stands there letter by letter',
    })
  }
  if (text.lastIndexOf(before) !== at)
    throw new Failure('ambiguous-text', `${place.shown} holds ${shownAs(before)} more than once`, {
      hint: 'give more of what stands around it',
    })
  write(space, place, text.slice(0, at) + after + text.slice(at + before.length))
}

function carry(space: Space, from: Place, to: Place, how: 'copy' | 'move'): void {
  const {bytes, mode} = contentOf(space, from, maxBytes)
  const there = exchangeAt(space, to, bytes)
  if (from.path === to.path) return
  const arrival = there.before === null || how === 'move' ? {...there, mode} : there
  const leaving = how === 'copy' ? [] : [{path: from.path, before: bytes, after: null}]
  exchangeFiles(space.top, [arrival, ...leaving])
}

function remove(space: Space, place: Place, recursive: boolean): void {
  if (place.path === '.')
    throw new Failure('outside', `will not remove ${place.shown}: it is the workspace itself`, {
      hint: 'give the path of something in it',
    })
  const is = find(space, place)
  if (is.kind === 'gone') throw noSuchFile(place)
  if (is.kind === 'file') return within(space, place, 'write', () => unlinkSync(place.name))
  if (!recursive)
    throw new Failure('is-a-folder', `${place.shown} is a folder`, {hint: 'say that all in it may go (recursive)'})
  removeFolder(space, place)
}

/** By another name first, so that it is gone at once for all who look. */
function removeFolder(space: Space, place: Place): void {
  checkRemovable(space, place)
  const aside = `.${randomUUID()}.tmp`
  within(space, place, 'write', () => renameSync(place.name, aside))
  try {
    clear(space, join(place.folder, aside))
    within(space, place, 'write', () => rmdirSync(aside))
  } catch (error) {
    const rest = shownAs(join(place.folder, aside))
    throw new Failure(
      'cannot-write',
      `cannot remove all of ${place.shown}: ${reasonOf(error)}; the rest is in ${rest}`,
      {
        hint: 'check the permissions of the folder',
        cause: error,
      },
    )
  }
}

/** Everything that may be in the way is found before anything is gone. */
function checkRemovable(space: Space, place: Place): void {
  const keep = (code: string, why: string): Failure =>
    new Failure(code, `will not remove ${place.shown}: ${why}`, {hint: 'remove what may go one by one'})
  if (`${process.cwd()}/`.startsWith(`${join(space.top, place.path)}/`))
    throw keep('cannot-write', 'this program runs in it')
  const waiting = [place.path]
  let seen = 0
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const items = isWritable(space, folder) ? itemsOf(space, folder, mostRemoved - seen) : null
    if (items === null) throw keep('cannot-write', `nobody may change ${shownAs(folder)}`)
    seen += items.length
    if (seen > mostRemoved) throw keep('too-many-files', `it holds more than ${mostRemoved.toLocaleString('en')} files`)
    for (const {name, kind} of items) {
      if (isGits(name)) throw keep('outside', `a repository of its own is in ${shownAs(folder)}`)
      if (name.includes('\ufffd')) throw keep('cannot-write', `a name in ${shownAs(folder)} is no text`)
      if (kind === 'folder') waiting.push(notTooDeep(`${folder}/${name}`))
    }
  }
}

/** A file is replaced by another in its place, so the folder must be writable too. */
function mayWrite(space: Space, place: Place): boolean {
  const is = find(space, place)
  if (is.kind === 'gone') throw noSuchFile(place)
  if (is.kind === 'folder') throw isFolder(place)
  if (!isWritable(space, place.folder)) return false
  try {
    standing(space.top, place.folder, () => accessSync(place.name, constants.W_OK))
    return true
  } catch {
    return false
  }
}

function isWritable({top}: Space, folder: string): boolean {
  try {
    standing(top, folder, () => accessSync('.', constants.R_OK | constants.W_OK | constants.X_OK))
    return true
  } catch {
    return false
  }
}

/** Never by a path of several names, which could lead through a link by now. */
function clear(space: Space, folder: string): void {
  const items = itemsOf(space, folder, mostRemoved)
  if (items === null) throw new Error('a folder in it is not what it was')
  for (const {name, kind} of items) if (kind === 'folder') clear(space, join(folder, name))
  standing(space.top, folder, () => {
    for (const {name, kind} of items)
      if (kind === 'folder') rmdirSync(name)
      else unlinkSync(name)
  })
}
