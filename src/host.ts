/** What the program is given by its surroundings; adapters make these, `run.ts` and the entries hand them on. */
import type {Entry} from './pack/pack.ts'
import type {ModelRequest, Provider} from './provider.ts'
import type {Language, Parse} from './scan/parse.ts'
import type {Plain} from './trust.ts'

/** Where code is read from. Listing reads no content; reading keeps the order of the entries it is given. */
export interface Source {
  /** `owner/name` when a remote says so, else the folder's name. */
  readonly name: string
  /** Full SHA, null outside git and on a branch without commits. A work tree may differ from its commit. */
  readonly commit: string | null
  readonly kind: 'work-tree' | 'folder' | 'objects' | 'pack-file'
  readonly list: () => Promise<readonly Entry[]>
  /** `bytes` is null for what could not be read: gone, forbidden, not a regular file, or above the adapter's limit. */
  readonly read: (
    entries: readonly Entry[],
  ) => Promise<readonly {readonly path: string; readonly bytes: Uint8Array | null}[]>
}

/** Everything of the outside that a run needs, handed in so that a run can be tested with plain objects. */
export interface Host {
  readonly ask: Provider
  /** US dollars that are reserved before this is asked; null: nobody knows. Not there where nothing is paid for. */
  readonly worstUsd?: (request: ModelRequest) => number | null
  /** `parse` is good until `use` has ended. `size`: of all that will be parsed, in UTF-16 units. */
  readonly withParse: <T>(
    parsing: {readonly languages: readonly Language[]; readonly size: number},
    use: (parse: Parse) => Promise<T>,
  ) => Promise<T>
  /** sha-256, hex. */
  readonly digest: (content: string | Uint8Array) => string
  /** Unguessable, fresh for each call. */
  readonly nonce: () => string
  /** Milliseconds. */
  readonly now: () => number
  readonly say: (line: Plain) => void
  readonly signal: AbortSignal | undefined
  /**
   * A run among several that go on at the same time, on a host of its own: their questions are sent together. Not there where
   * questions are asked one by one.
   */
  readonly together?: <T>(run: (host: Host) => Promise<T>) => Promise<T>
}
