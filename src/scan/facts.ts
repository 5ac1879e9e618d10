/** What the code says of itself: functions, modules, and which file imports which. Pure: nothing is looked up elsewhere. */
import {outlineOfElixir} from './facts/elixir.ts'
import type {FunctionFact, ModuleFact, Outline} from './facts/outline.ts'
import {outlineOfPython} from './facts/python.ts'
import {resolverOf, type ImportFact} from './facts/resolve.ts'
import {outlineOfScript} from './facts/script.ts'
import {languageOf, type Language, type Parse} from './parse.ts'
import {readFiles} from './reading.ts'
import {roleOf, type CodeFile, type Source} from './source.ts'

export const fileTypes = ['main', 'test', 'config', 'docs'] as const
export type FileType = (typeof fileTypes)[number]

/** The lists are null for a file that was not read as code: another language, minified, too large or too deep. */
export interface FileFacts extends CodeFile {
  readonly type: FileType
  /** null: none that is read here. */
  readonly language: Language | null
  readonly functions: readonly FunctionFact[] | null
  readonly modules: readonly ModuleFact[] | null
  readonly imports: readonly ImportFact[] | null
}

export interface Facts {
  /** By path. */
  readonly files: readonly FileFacts[]
  /** As `scan` gives it: files in a language that is read, which could not be. */
  readonly skipped: readonly {readonly file: string; readonly why: string}[]
}

/** Trees are let go one by one; what is kept of a file is its text, which the caller has anyway, and its names. */
export async function factsOf(files: readonly CodeFile[], parse: Parse): Promise<Facts> {
  const outlines = new Map<string, Outline>()
  const skipped: {file: string; why: string}[] = []
  for await (const read of readFiles(files, parse)) {
    if (read.ok) outlines.set(read.file.path, outlineOf(read.source))
    else skipped.push({file: read.file.path, why: read.why})
  }
  const resolve = resolverOf(files, elixirModules(outlines))
  const facts = files.map(({path, text}): FileFacts => {
    const [language, outline] = [languageOf(path), outlines.get(path)]
    const about = {path, text, type: typeOf(path), language}
    if (outline === undefined || language === null) return {...about, functions: null, modules: null, imports: null}
    const {functions, modules, mentions} = outline
    return {...about, functions, modules, imports: resolve({path, language, mentions})}
  })
  return {files: facts.toSorted(byPath), skipped: skipped.toSorted((a, b) => (a.file < b.file ? -1 : 1))}
}

export const byPath = (a: {readonly path: string}, b: {readonly path: string}): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0

function outlineOf(source: Source): Outline {
  if (source.language === 'elixir') return outlineOfElixir(source)
  return source.language === 'python' ? outlineOfPython(source) : outlineOfScript(source)
}

function elixirModules(outlines: ReadonlyMap<string, Outline>): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>()
  for (const [path, {modules}] of outlines) {
    if (languageOf(path) !== 'elixir') continue
    for (const name of new Set(modules.map((each) => each.name))) {
      const known = files.get(name)
      if (known === undefined) files.set(name, [path])
      else known.push(path)
    }
  }
  return files
}

const docs = /\.(?:md|mdx|markdown|rst|adoc|txt)$|(?:^|\/)(?:readme|licen[cs]e|changelog|contributing|authors|notice)$/i
const settings =
  /\.(?:json[c5]?|ya?ml|toml|ini|cfg|conf|properties|env|lock)$|(?:^|\/)\.[^/]+$|\.config\.[cm]?[jt]s$|(?:^|\/)(?:mix\.exs|config\/[^/]+\.exs|setup\.py|conftest\.py|requirements[^/]*\.txt|cmakelists\.txt|makefile|dockerfile|gemfile|rakefile|procfile|go\.mod)$/i

/** By the path alone. */
function typeOf(path: string): FileType {
  if (roleOf(path) === 'test') return 'test'
  if (settings.test(path)) return 'config'
  return docs.test(path) ? 'docs' : 'main'
}
