/** Which file of the code base an import means, as far as files tell it. */
import * as z from 'zod'
import type {Language} from '../parse.ts'
import type {CodeFile} from '../source.ts'
import type {Mention} from './outline.ts'

export interface ImportFact {
  /** As the file names it; in Elixir the module's whole name. */
  readonly written: string
  readonly line: number
  /** A file of the code base; null: of a package, of the language, or nobody knows. */
  readonly path: string | null
}

export interface Importing {
  readonly path: string
  readonly language: Language
  readonly mentions: readonly Mention[]
}

/** @param modules of Elixir, each with the files that define it */
export function resolverOf(
  files: readonly CodeFile[],
  modules: ReadonlyMap<string, readonly string[]>,
): (file: Importing) => readonly ImportFact[] {
  const paths = new Set(files.map(({path}) => path))
  const python = pythonOf(paths)
  const script = scriptOf(files, paths)
  return ({path: from, language, mentions}) =>
    mentions.flatMap((mention) => {
      const {written, line, isGuess} = mention
      if (language === 'python') return python(from, mention)
      const found = language === 'elixir' ? onlyOne(modules.get(written)) : script(from, written)
      // an Elixir file is not said to import itself, nor a name that no file defines
      if (language === 'elixir' && (found === from || (found === null && isGuess))) return []
      return [{written, line, path: found}]
    })
}

const onlyOne = (paths: readonly string[] | undefined): string | null =>
  paths?.length === 1 ? (paths[0] ?? null) : null

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** Of `src/a/b`: `src/a/b`, `src/a`, `src` and the root. */
function foldersUp(folder: string): readonly string[] {
  const parts = folder === '' ? [] : folder.split('/')
  return Array.from({length: parts.length + 1}, (_, up) => parts.slice(0, parts.length - up).join('/'))
}

/** null: it leads out of the code base. */
function joined(folder: string, path: string): string | null {
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return null
    if (part !== '' && part !== '.' && part !== '..') parts.push(part)
  }
  return parts.join('/')
}

type Paths = ReadonlySet<string>

const endings = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.d.ts', '.json', '.vue', '.svelte']
/** TypeScript names what it will become: https://www.typescriptlang.org/docs/handbook/modules/reference.html#file-extension-substitution */
const sourcesOf: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
}

function scriptAt(paths: Paths, place: string | null): string | null {
  if (place === null) return null
  const [, stem = place, ending = ''] = /^(.*)(\.[cm]?jsx?)$/.exec(place) ?? []
  const candidates = [
    place,
    ...(sourcesOf[ending] ?? []).map((each) => stem + each),
    ...endings.map((each) => place + each),
    ...endings.map((each) => (place === '' ? `index${each}` : `${place}/index${each}`)),
  ]
  return candidates.find((each) => paths.has(each)) ?? null
}

/** What a configuration says of names without a dot in front. */
interface Names {
  /** It speaks for the files below it. */
  readonly folder: string
  /** `@/*` → where it stands for, below the root. */
  readonly patterns: readonly (readonly [string, readonly string[]])[]
}

function scriptOf(files: readonly CodeFile[], paths: Paths): (from: string, written: string) => string | null {
  const configurations = files.filter(({path}) => isConfiguration.test(path)).slice(0, mostConfigurations)
  const configured = configurations.flatMap(namesIn).toSorted((a, b) => b.folder.length - a.folder.length)
  const packages = new Map(configurations.flatMap(packageIn))
  const byFolder = new Map<string, readonly Names[]>()
  const namesFor = (folder: string): readonly Names[] => {
    const known = byFolder.get(folder)
    if (known !== undefined) return known
    const above = new Set(foldersUp(folder))
    const names = configured.filter((each) => above.has(each.folder)).slice(0, 8)
    byFolder.set(folder, names)
    return names
  }
  return (from, written) => {
    const name = written.replace(/\?.*$/, '')
    if (/^\.{1,2}(?:\/|$)/.test(name)) return scriptAt(paths, joined(folderOf(from), name))
    for (const {patterns} of namesFor(folderOf(from)))
      for (const place of patterns.flatMap(([pattern, places]) => placesBy(pattern, places, name))) {
        const found = scriptAt(paths, place)
        if (found !== null) return found
      }
    return inPackage(paths, packages, name)
  }
}

function placesBy(pattern: string, places: readonly string[], name: string): readonly string[] {
  const [before = '', after] = pattern.split('*')
  if (after === undefined) return pattern === name ? places : []
  if (name.length < before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) return []
  const middle = name.slice(before.length, name.length - after.length)
  return places.map((place) => place.replace('*', () => middle))
}

/** A package of the same repository, by its sources: what it is built to is not in it. */
function inPackage(paths: Paths, packages: ReadonlyMap<string, string>, name: string): string | null {
  const [, own = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(name) ?? []
  const folder = packages.get(own)
  if (folder === undefined) return null
  return scriptAt(paths, joined(folder, rest)) ?? scriptAt(paths, joined(folder, `src/${rest}`))
}

const Configuration = z.object({
  compilerOptions: z.object({
    baseUrl: z.string().optional(),
    paths: z.record(z.string(), z.array(z.string())).optional(),
  }),
})
const Package = z.object({name: z.string().optional(), imports: z.record(z.string(), z.unknown()).optional()})

/** People write a dozen; the rest is work for nothing. */
const mostPatterns = 200
const mostConfigurations = 1000
const longestConfiguration = 64 * 1024

const isPackage = /(?:^|\/)package\.json$/
const isConfiguration = /(?:^|\/)(?:package|[tj]sconfig(?:\.[\w-]+)?)\.json$/

function namesIn({path, text}: CodeFile): readonly Names[] {
  const folder = folderOf(path)
  if (isPackage.test(path)) return importsIn(folder, text)
  const read = Configuration.safeParse(valueOf(text))
  if (!read.success) return []
  const {baseUrl, paths = {}} = read.data.compilerOptions
  const start = joined(folder, baseUrl ?? '.')
  if (start === null) return []
  const patterns = [...Object.entries(paths), ...(baseUrl === undefined ? [] : [['*', ['*']] as const])]
  return [{folder, patterns: patterns.slice(0, mostPatterns).map(([pattern, to]) => [pattern, within(start, to)])}]
}

/** `"#db": "./src/db.js"`, also by condition. */
function importsIn(folder: string, text: string): readonly Names[] {
  const {imports = {}} = Package.safeParse(valueOf(text)).data ?? {}
  const patterns = Object.entries(imports).slice(0, mostPatterns)
  if (patterns.length === 0) return []
  return [{folder, patterns: patterns.map(([pattern, to]) => [pattern, within(folder, placesIn(to))])}]
}

const placesIn = (to: unknown): readonly string[] =>
  typeof to === 'string' ? [to] : typeof to === 'object' && to !== null ? Object.values(to).filter(isText) : []

const isText = (value: unknown): value is string => typeof value === 'string'

const within = (folder: string, places: readonly string[]): readonly string[] =>
  places.flatMap((place) => joined(folder, place) ?? [])

function packageIn({path, text}: CodeFile): readonly (readonly [string, string])[] {
  if (!isPackage.test(path)) return []
  const name = Package.safeParse(valueOf(text)).data?.name
  return name === undefined ? [] : [[name, folderOf(path)]]
}

/** null: it is no JSON. */
function valueOf(text: string): unknown {
  if (text.length > longestConfiguration) return null
  try {
    return JSON.parse(text.replace(comment, kept).replace(lastComma, kept))
  } catch {
    return null
  }
}

/** People write comments into configurations, and a comma after the last one. What is not closed ends with the text: one pass. */
const comment = /("(?:[^"\\\n]|\\.)*"?)|\/\/[^\n]*|\/\*(?:[^]*?\*\/|[^]*$)/g
const lastComma = /("(?:[^"\\\n]|\\.)*"?)|,(?=\s*[}\]])/g
const kept = (_: string, quoted?: string): string => quoted ?? ''

type ByPython = (from: string, mention: Mention) => readonly ImportFact[]

function pythonOf(paths: Paths): ByPython {
  const sources = [...paths].filter((path) => /\.pyi?$/.test(path))
  /** The folder that `import` would begin at: the first one above that is no package. */
  const rootFor = (path: string): string =>
    foldersUp(folderOf(path)).find((folder) => !paths.has(folder === '' ? '__init__.py' : `${folder}/__init__.py`)) ??
    ''
  const roots = new Set(sources.filter((path) => rootFor(path) !== folderOf(path)).map(rootFor))
  const at = (root: string, parts: readonly string[]): string | null => {
    const place = [...(root === '' ? [] : [root]), ...parts].join('/')
    const candidates = [`${place}.py`, `${place}/__init__.py`, `${place}.pyi`]
    return candidates.find((each) => paths.has(each)) ?? null
  }
  /** Folders where the first name of an import may stand, the surest first. */
  const startsFor = (from: string, first: string): readonly string[] => {
    const near = [rootFor(from), folderOf(from), '', 'src', 'lib']
    const far = [...roots].slice(0, mostRoots).filter((root) => paths.has(joined(root, `${first}/__init__.py`) ?? ''))
    return [...new Set(far.length === 1 ? [...near, ...far] : near)]
  }
  const near = new Map<string, readonly string[]>()
  const known = (from: string, first: string): readonly string[] => {
    const key = `${folderOf(from)}\0${first}`
    const starts = near.get(key) ?? startsFor(from, first)
    near.set(key, starts)
    return starts
  }
  return (from, {written, line, names}) => {
    const [, dots = '', rest = ''] = /^(\.*)(.*)$/.exec(written) ?? []
    const parts = rest === '' ? [] : rest.split('.')
    const up = dots === '' ? null : joined(folderOf(from), '../'.repeat(dots.length - 1))
    const starts = dots === '' ? known(from, parts[0] ?? '') : up === null ? [] : [up]
    const find = (more: readonly string[]): string | null =>
      starts.reduce<string | null>((found, start) => found ?? at(start, [...parts, ...more]), null)
    const modules = names.flatMap((name) => {
      const path = find([name])
      return path === null ? [] : [{written: written.endsWith('.') ? written + name : `${written}.${name}`, line, path}]
    })
    const own = modules.length === names.length && names.length > 0 ? null : find([])
    // a package whose modules alone are imported is named by them
    return modules.length > 0 && own === null ? modules : [{written, line, path: own}, ...modules]
  }
}

const mostRoots = 200
