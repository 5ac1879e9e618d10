/** What a command of the command line is. */
import {Failure} from '../errors.ts'
import type {Plain} from '../trust.ts'

export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** What a person gave to a flag; null: nothing. Throws `Failure` `bad-flag` for an empty word, which is mostly a variable of a shell that was not set. */
export function textOf(flags: Flags, name: string): string | null {
  const given = flags[name]
  if (given === '') throw new Failure('bad-flag', `--${name} is empty`, {hint: 'give a value, or leave the flag out'})
  return typeof given === 'string' ? given : null
}

/** The outside of a command: what a person typed it into. */
export interface World {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: boolean
  /** The result. */
  readonly print: (text: string) => void
  /** Everything else: progress, logs, the readable report. */
  readonly say: (text: Plain) => void
}

export interface Option {
  /** As a person types it: `--max-tokens <n>`. */
  readonly flags: string
  readonly summary: string
  readonly choices?: readonly string[]
  /** It may be given more than once; all of it arrives as a list. */
  readonly repeats?: boolean
}

export interface Command {
  readonly summary: string
  /** As in the usage line: `[path]`, `<plan.yaml>`, `[files...]`. */
  readonly arguments: readonly {readonly usage: string; readonly summary: string}[]
  readonly options: readonly Option[]
  /** @returns the exit code of DESIGN §4 */
  readonly run: (words: readonly string[], flags: Flags, world: World) => Promise<number>
}
