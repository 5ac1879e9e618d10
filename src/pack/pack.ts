/** One thing a source lists, before anything was read. `sha` is the git blob id, null outside git. */
export interface Entry {
  readonly path: string
  readonly kind: 'file' | 'symlink' | 'submodule'
  readonly bytes: number | null
  readonly sha: string | null
  /** Only git objects say it. */
  readonly isExecutable?: true
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
  'excluded',
] as const
export type LeftOutReason = (typeof leftOutReasons)[number]

export interface PackedFile {
  readonly path: string
  /** Decoded, secrets masked, line breaks untouched: line n here is line n of the file. */
  readonly text: string
  /** Estimated o200k tokens. */
  readonly tokens: number
  /** sha-256 of the bytes, hex. */
  readonly digest: string
}

/** A secret that was taken out of a file's text; `line` is 1-based, `kind` names the rule that hit. */
export interface Masked {
  readonly path: string
  readonly line: number
  readonly kind: string
}

/** The repository, as much of it as fits, and what did not fit, with the reason. */
export interface Pack {
  readonly name: string
  readonly commit: string | null
  readonly files: readonly PackedFile[]
  readonly leftOut: readonly {readonly path: string; readonly why: LeftOutReason}[]
  /** Absent in packs that were not made by `packTexts`. */
  readonly masked?: readonly Masked[]
  /** Estimated o200k tokens of the rendered pack. */
  readonly tokens: number
}
