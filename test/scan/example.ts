/** What the examples of the rules look like; `rules.test.ts` runs them all. */
export interface Code {
  readonly path: string
  readonly text: string
}

export interface Example {
  /** Code in which the rule must speak, on the line that holds `at`. */
  readonly hits: readonly {
    readonly files: readonly Code[]
    readonly at: string
    readonly severity?: string
    /** What the title and the description must say; a lookahead as in `^(?!…)` forbids. */
    readonly says?: RegExp
    /** How many lines belong to the one finding. */
    readonly places?: number
  }[]
  /** Look-alikes on which it must stay silent, and why. */
  readonly silent: readonly {readonly why: string; readonly files: readonly Code[]}[]
}

export const elixir = (text: string, path = 'lib/shop/cart.ex'): readonly Code[] => [{path, text}]
export const typescript = (text: string, path = 'src/cart.ts'): readonly Code[] => [{path, text}]
export const python = (text: string, path = 'shop/cart.py'): readonly Code[] => [{path, text}]

/** A GenServer around the given functions. */
export const server = (body: string, name = 'Shop.Cart', path = 'lib/shop/cart.ex'): readonly Code[] =>
  elixir(`defmodule ${name} do\n  use GenServer\n${body}\nend\n`, path)

export const module = (body: string, name = 'Shop.Plain', path = 'lib/shop/plain.ex'): readonly Code[] =>
  elixir(`defmodule ${name} do\n${body}\nend\n`, path)
