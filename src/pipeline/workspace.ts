/** The files that a pipeline may touch when a person runs it on his own machine. An adapter keeps it inside of its folder. */

export interface WorkspaceFile {
  /** Relative to the workspace, with `/`; the workspace itself is `.`. */
  readonly path: string
  readonly kind: 'file' | 'folder'
  /** Bytes; null for a folder. */
  readonly size: number | null
}

export interface Hit {
  readonly path: string
  /** 1-based. */
  readonly line: number
  /** The line without its end; of a long one the part around the first place, at most 500 characters. */
  readonly text: string
}

/**
 * Paths are relative, or absolute below the root; `.` is the root. Each operation is done as a whole or not at all, and throws
 * `Failure`:
 * - `outside` for what leads out of the root (`..`, a link, another absolute path), into `.git` however it is spelt, or is a name
 *   that means something else on another system (`\`, `a:b`, `nul`, a dot or a blank at the end);
 * - `no-such-file`, `is-a-folder`, `not-a-folder`, and `not-a-file` for pipes, sockets and devices;
 * - `not-text` for what is no UTF-8 text, `too-large` for more than 5 MB of text, or 32 MiB of bytes;
 * - `cannot-read`, `cannot-write` for what the system refuses, `changed-meanwhile` for what another process changed.
 */
export interface Workspace {
  /** For messages. */
  readonly root: string
  /** The text with its byte order mark, if it has one, so that it can be written back as it was. */
  readonly read: (path: string) => Promise<string>
  /** null: nothing is there. */
  readonly look: (path: string) => Promise<WorkspaceFile | null>
  /**
   * What lies in a folder, or below it; by path. At most 10,000 of them, else `too-many-files`; at most 64 levels, else `too-deep`.
   * Links, devices and what no path may name are passed over, and so is what lies in `node_modules`, other than for who asks for
   * that folder.
   */
  readonly list: (folder: string, more?: {readonly recursive?: boolean}) => Promise<readonly WorkspaceFile[]>
  /**
   * Lines that hold the text, letter by letter; at most `limit` (default 100), in the order of paths and lines. Files that are
   * binary, very large or not readable are passed over, and what `list` passes over. Throws `Failure` `bad-search` for a text that
   * is empty or longer than a line, `too-many-files` beyond 25,000 files or half a gibibyte.
   */
  readonly search: (text: string, more?: {readonly folder?: string; readonly limit?: number}) => Promise<readonly Hit[]>
  /** Whether the system would let `write` change this file. */
  readonly isWritable: (path: string) => Promise<boolean>
  /** Folders on the way are made; a file that is there is replaced, and keeps its permissions. */
  readonly write: (path: string, text: string) => Promise<void>
  /** `before` must stand in the file exactly once, else `no-such-text` or `ambiguous-text`; nothing is written then. */
  readonly edit: (path: string, before: string, after: string) => Promise<void>
  /** One file; bytes, so also of files that are no text. A target that is there is replaced. */
  readonly copy: (from: string, to: string) => Promise<void>
  /** As `copy`; the permissions go along. */
  readonly move: (from: string, to: string) => Promise<void>
  /**
   * A folder only with `recursive`, else `is-a-folder`. The root itself never, nor a folder that a `.git` is in. Links in a folder
   * are taken away, never followed.
   */
  readonly remove: (path: string, more?: {readonly recursive?: boolean}) => Promise<void>
}
