/** A change and what stands around it: what somebody has to read who reviews it. */
import type {Texts, TextFile} from './read.ts'

/**
 * The changed files first, then those that speak of one or are spoken of, then those of the same folders; nothing else. Who speaks
 * of whom is told by names (a file's in a line that imports, an Elixir module's anywhere): no parser, and much the same in every
 * language.
 *
 * @param changed paths, also of files that are gone
 */
export function surroundingsOf({files, leftOut}: Texts, changed: readonly string[]): Texts {
  const paths = new Set(changed)
  const folders = new Set(changed.map(folderOf))
  const texts = files.filter(({path}) => paths.has(path))
  const names = new Set([...changed.flatMap(namesOfPath), ...texts.flatMap(modulesIn)])
  const spoken = new Set(texts.flatMap(({text}) => [...wordsIn(text)]))
  const rankOf = (file: TextFile): number => {
    if (paths.has(file.path)) return 0
    const isSpokenOf = [...namesOfPath(file.path), ...modulesIn(file)].some((name) => spoken.has(name))
    const words = wordsIn(file.text)
    if (isSpokenOf || [...names].some((name) => words.has(name))) return 1
    return folders.has(folderOf(file.path)) ? 2 : far
  }
  const ranked = files.map((file) => ({file, rank: rankOf(file)}))
  return {
    files: ranked
      .filter(({rank}) => rank < far)
      .toSorted((a, b) => a.rank - b.rank)
      .map(({file}) => file),
    leftOut: [
      ...leftOut,
      ...ranked.filter(({rank}) => rank === far).map(({file: {path}}) => ({path, why: 'excluded' as const})),
    ],
  }
}

const far = 3

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/** These name their folder. */
const entrances = new Set(['__init__', 'index', 'main', 'mod'])
/** Shorter ones stand everywhere. */
const shortest = 3

function namesOfPath(path: string): readonly string[] {
  const parts = path.split('/')
  const stem = (parts.at(-1) ?? '').replace(/\.\w+$/, '')
  const name = entrances.has(stem) ? (parts.at(-2) ?? '') : stem
  return name.length < shortest ? [] : [name]
}

const modulesIn = ({text}: TextFile): readonly string[] =>
  [...text.matchAll(/^\s*defmodule ([A-Z][\w.]*)/gm)].flatMap(([, name]) => name ?? [])

/** Where a line names other files: a word of prose that a file happens to be called by is no mention of it. */
const importing =
  /^\s*(?:#?include|alias|export|from|import|load|mod|require|require_relative|use|using)\b|\bfrom\s*['"]|\b(?:import|require)\s*\(|^\s*(?:[\w.]+\s+)?"[^"\s]+",?\s*$/

/** Words of the lines that import, and Elixir's module names wherever they stand. */
function wordsIn(text: string): ReadonlySet<string> {
  const words = new Set<string>()
  const lines = text.split('\n').filter((line) => importing.test(line))
  for (const [chain] of lines.join('\n').matchAll(/[\w-]+(?:\.[\w-]+)*/g)) addParts(words, chain)
  for (const [chain] of text.matchAll(/\b[A-Z]\w*(?:\.\w+)+/g)) addParts(words, chain)
  return words
}

/** Of `Shop.Mail.send` also `Shop.Mail`, `Shop`, `Mail` and `send`. */
function addParts(words: Set<string>, chain: string): void {
  const parts = chain.split('.')
  parts.forEach((part, at) => {
    words.add(part)
    if (at > 0) words.add(parts.slice(0, at + 1).join('.'))
  })
}
