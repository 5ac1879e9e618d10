/** Single files below a root, with links refused on every step of the way. */
import {closeSync, constants, fstatSync, lstatSync, openSync, readSync} from 'node:fs'
import {dirname, join} from 'node:path'

/** One file; a sparse gigabyte must not become a buffer. */
const maxFile = 32 * 1024 * 1024

/** PATH_MAX on Linux: a longer path in an index or a tree names nothing on a disk. */
const maxPath = 4096

export type State =
  | {readonly kind: 'gone' | 'folder' | 'symlink'}
  /** `bytes` is null for what is no regular file: pipes, sockets, devices. */
  | {readonly kind: 'file'; readonly bytes: number | null}

/**
 * What stands at a relative path; a link among its folders makes the path itself a link. Folders are asked once each.
 * Everything is `lstat`: nothing is opened, so a pipe cannot hang it.
 */
export function stateOf(root: string): (path: string) => State {
  const folders = new Map<string, 'real' | 'symlink' | 'gone'>([['.', 'real']])
  const folder = (path: string): 'real' | 'symlink' | 'gone' => {
    const known = folders.get(path)
    if (known !== undefined) return known
    const above = folder(dirname(path))
    const is = above === 'real' ? lookAt(join(root, path)) : {kind: above}
    const state = is.kind === 'folder' ? 'real' : is.kind === 'symlink' ? 'symlink' : 'gone'
    folders.set(path, state)
    return state
  }
  return (path) => {
    if (path.length > maxPath) return {kind: 'gone'}
    const above = folder(dirname(path))
    return above === 'real' ? lookAt(join(root, path)) : {kind: above}
  }
}

function lookAt(path: string): State {
  try {
    const stat = lstatSync(path, {throwIfNoEntry: false})
    if (stat === undefined) return {kind: 'gone'}
    if (stat.isSymbolicLink()) return {kind: 'symlink'}
    if (stat.isDirectory()) return {kind: 'folder'}
    return {kind: 'file', bytes: stat.isFile() ? stat.size : null}
  } catch (error) {
    // a folder nobody may look into, or a name too long for the disk: there, and unreadable
    const code = error instanceof Error && 'code' in error ? error.code : ''
    return code === 'ENOTDIR' ? {kind: 'gone'} : {kind: 'file', bytes: null}
  }
}

/** The bytes of regular files, in the given order, null for whatever else stands there. No link is followed, no pipe waited for. */
export function readAll(
  root: string,
  wanted: readonly {readonly path: string}[],
): readonly {readonly path: string; readonly bytes: Uint8Array | null}[] {
  const state = stateOf(root)
  return wanted.map(({path}) => {
    const is = state(path)
    return {path, bytes: is.kind === 'file' && is.bytes !== null ? readBytes(join(root, path)) : null}
  })
}

/** One path that is known to be safe on the way; its last step is never a link. */
export function readBytes(path: string, limit = maxFile): Uint8Array | null {
  let descriptor: number | null = null
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const stat = fstatSync(descriptor)
    if (!stat.isFile() || stat.size > limit) return null
    const bytes = new Uint8Array(stat.size)
    let length = 0
    while (length < bytes.length) {
      const got = readSync(descriptor, bytes, length, bytes.length - length, length)
      if (got === 0) break
      length += got
    }
    return bytes.subarray(0, length)
  } catch {
    return null
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}
