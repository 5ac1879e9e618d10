/** One thing a source lists, before anything was read. `sha` is the git blob id, null outside git. */
export interface Entry {
  readonly path: string
  readonly kind: 'file' | 'symlink' | 'submodule'
  readonly bytes: number | null
  readonly sha: string | null
}

export const leftOutReasons = [
  'binary',
  'gold',
  'generated',
  'plan',
  'symlink',
  'submodule',
  'too-large',
  'over-budget',
  'unreadable',
  'secret',
] as const
export type LeftOutReason = (typeof leftOutReasons)[number]

export interface PackedFile {
  readonly path: string
  readonly text: string
  /** Estimated o200k tokens. */
  readonly tokens: number
  /** sha-256 of the bytes, hex. */
  readonly digest: string
}

/** The repository, as much of it as fits, and what did not fit, with the reason. */
export interface Pack {
  readonly name: string
  readonly commit: string | null
  readonly files: readonly PackedFile[]
  readonly leftOut: readonly {readonly path: string; readonly why: LeftOutReason}[]
  /** Estimated o200k tokens of the rendered pack. */
  readonly tokens: number
}
