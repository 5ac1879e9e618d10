/** What one file says of itself, before anybody knows which file it speaks of. */

export interface FunctionFact {
  readonly name: string
  /** Parameters, as a caller counts them; null: any number. */
  readonly arity: number | null
  /** 1-based, inclusive; an Elixir function from its first clause to its last. */
  readonly line: number
  readonly end_line: number
  /** null: the language does not say, as in a script without exports. */
  readonly visibility: 'public' | 'private' | null
  /** The module or class around it, by its whole name; null: none. */
  readonly module: string | null
}

/** A module, a namespace or a class. */
export interface ModuleFact {
  readonly name: string
  readonly line: number
  readonly end_line: number
}

export interface Mention {
  /** What is imported, as written; in Elixir the module's whole name. */
  readonly written: string
  readonly line: number
  /** What of it is imported by name, where that may be a file of its own. */
  readonly names: readonly string[]
  /** Not declared, only named: it means a module when there is one of that name. */
  readonly isGuess: boolean
}

export interface Outline {
  readonly functions: readonly FunctionFact[]
  readonly modules: readonly ModuleFact[]
  readonly mentions: readonly Mention[]
}

const longestName = 200

/** A name of the code as a fact: on one line, and not longer than a name. */
export const nameFrom = (text: string): string => text.slice(0, longestName).replace(/\s+/g, ' ')
