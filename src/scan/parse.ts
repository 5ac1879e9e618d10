/** What can be parsed, and the one function that parses; the grammars themselves are loaded by an adapter. */
import type {Tree} from 'web-tree-sitter'

export const languages = ['elixir', 'typescript', 'tsx', 'javascript', 'python'] as const
export type Language = (typeof languages)[number]

/** Null: the grammar gave up (its time was over) or was not loaded. The caller owns the tree and must `delete()` it. */
export type Parse = (language: Language, text: string) => Tree | null

const languageOfExtension: Readonly<Record<string, Language>> = {
  ex: 'elixir',
  exs: 'elixir',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  py: 'python',
}

/** By the extension alone; null for everything no rule reads. */
export function languageOf(path: string): Language | null {
  const extension = /\.([a-z]+)$/.exec(path.toLowerCase())?.[1] ?? ''
  return Object.hasOwn(languageOfExtension, extension) ? (languageOfExtension[extension] ?? null) : null
}
