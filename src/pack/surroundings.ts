/** A change and what stands around it: what somebody has to read who reviews it. */
import type {Texts, TextFile} from './read.ts'

/**
 * The changed files first, then those that speak of one or are spoken of, then those of the same folders; nothing else. Who speaks
 * of whom is told by names (a file's, an Elixir module's), which needs no parser and is the same in every language.
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
    if (isSpokenOf || mentions(file.text, names)) return 1
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

function mentions(text: string, names: ReadonlySet<string>): boolean {
  // most files hold none of them, not even as a part of another word
  const likely = [...names].filter((name) => text.includes(name))
  if (likely.length === 0) return false
  const words = wordsIn(text)
  return likely.some((name) => words.has(name))
}

/** Of `Shop.Mail.send` also `Shop.Mail`, `Shop`, `Mail` and `send`. */
function wordsIn(text: string): ReadonlySet<string> {
  const words = new Set<string>()
  for (const [chain] of text.matchAll(/[\w-]+(?:\.[\w-]+)*/g)) {
    const parts = chain.split('.')
    parts.forEach((part, at) => {
      words.add(part)
      if (at > 0) words.add(parts.slice(0, at + 1).join('.'))
    })
  }
  return words
}
