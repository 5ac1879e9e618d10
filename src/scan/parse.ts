/** What can be parsed, and the one function that parses; the grammars themselves are loaded by an adapter. */
import type {FlatTree} from './syntax.ts'

export const languages = ['elixir', 'typescript', 'tsx', 'javascript', 'python'] as const
export type Language = (typeof languages)[number]

export interface Parsable {
  readonly language: Language
  readonly text: string
}

/** `late`: the grammar gave up (its time was over) or was not loaded. `deep`: more levels than a rule could follow. */
export type Parsed = FlatTree | 'late' | 'deep'

/** One tree for each text, in their order. Other texts may be parsed at the same time, in other threads. */
export type Parse = (texts: readonly Parsable[]) => Promise<readonly Parsed[]>

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

/** Code that no rule reads, as people call it. */
const otherLanguages: Readonly<Record<string, string>> = {
  c: 'C',
  cc: 'C++',
  clj: 'Clojure',
  cpp: 'C++',
  cs: 'C#',
  dart: 'Dart',
  erl: 'Erlang',
  go: 'Go',
  groovy: 'Groovy',
  h: 'C',
  hpp: 'C++',
  hs: 'Haskell',
  java: 'Java',
  jl: 'Julia',
  kt: 'Kotlin',
  lua: 'Lua',
  ml: 'OCaml',
  php: 'PHP',
  pl: 'Perl',
  r: 'R',
  rb: 'Ruby',
  rs: 'Rust',
  scala: 'Scala',
  sh: 'shell',
  svelte: 'Svelte',
  swift: 'Swift',
  vue: 'Vue',
  zig: 'Zig',
}

export interface Unread {
  readonly language: string
  readonly files: number
}

/** Languages in which nothing can be found, by the number of files. */
export function unreadLanguages(paths: readonly string[]): readonly Unread[] {
  const counts = new Map<string, number>()
  for (const path of paths) {
    const extension = extensionOf(path)
    const language = Object.hasOwn(otherLanguages, extension) ? otherLanguages[extension] : undefined
    if (language !== undefined) counts.set(language, (counts.get(language) ?? 0) + 1)
  }
  return [...counts].map(([language, files]) => ({language, files})).toSorted((a, b) => b.files - a.files)
}

const extensionOf = (path: string): string => /\.([a-z]+)$/.exec(path.toLowerCase())?.[1] ?? ''

/** By the extension alone; null for everything no rule reads. */
export function languageOf(path: string): Language | null {
  const extension = extensionOf(path)
  return Object.hasOwn(languageOfExtension, extension) ? (languageOfExtension[extension] ?? null) : null
}
