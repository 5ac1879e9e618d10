/** Where a gate's files are read from. */
import type {Entry} from '../pack/pack.ts'
import {textOf} from '../pack/read.ts'
import type {Files, FolderEntry} from './facts.ts'

interface Hub {
  readonly listFolder: (commit: string, path: string) => Promise<readonly FolderEntry[] | null>
  readonly fileAt: (commit: string, path: string) => Promise<Uint8Array | null>
}

interface Tree {
  readonly list: () => Promise<readonly Entry[]>
  readonly read: (
    entries: readonly Entry[],
  ) => Promise<readonly {readonly path: string; readonly bytes: Uint8Array | null}[]>
}

/** Of a commit on GitHub: nothing is fetched but what is asked for. */
export const filesAt = (hub: Hub, commit: string): Files => ({
  list: (folder) => hub.listFolder(commit, folder),
  read: async (path) => {
    const bytes = await hub.fileAt(commit, path)
    return bytes === null ? null : textOf(bytes)
  },
})

/** Of a folder or of git objects: links are not followed. */
export function filesIn(source: Tree): Files {
  let listing: ReturnType<Tree['list']> | null = null
  const all = (): ReturnType<Tree['list']> => (listing ??= source.list())
  return {
    list: async (folder) => {
      const prefix = folder === '' ? '' : `${folder}/`
      const found = new Map<string, FolderEntry['kind']>()
      for (const {path, kind} of await all()) {
        if (!path.startsWith(prefix)) continue
        const [name = '', ...rest] = path.slice(prefix.length).split('/')
        found.set(name, rest.length > 0 ? 'folder' : kind === 'file' ? 'file' : 'other')
      }
      return found.size === 0 && folder !== '' ? null : [...found].map(([name, kind]) => ({name, kind}))
    },
    read: async (path) => {
      const [file] = await source.read((await all()).filter((entry) => entry.path === path && entry.kind === 'file'))
      return file?.bytes ? textOf(file.bytes) : null
    },
  }
}
