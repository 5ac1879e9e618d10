/** Questions about the facts of a code base, as a pipeline asks them. Answers are plain JSON, sorted; unknown is null. */
import ignore from 'ignore'
import * as z from 'zod'
import type {FunctionFact} from './facts/outline.ts'
import {byPath, fileTypes, type Facts, type FileFacts, type FileType} from './facts.ts'
import type {Language} from './parse.ts'

/** `ignore` makes expressions of patterns; those with many `**` backtrack over each other. */
const Glob = z
  .string()
  .min(1)
  .max(256)
  .refine((pattern) => pattern.split('**').length <= 4, 'holds more than three **')
const Name = z.string().min(1).max(256)
const Depth = z.int().min(1).max(50)

/** All that is given must hold; `path` is in gitignore syntax, `contains` is letter by letter. */
export const FilesQuery = z.strictObject({
  path: Glob.optional(),
  extension: Name.optional(),
  contains: z.string().min(1).max(10_000).optional(),
  type: z.enum(fileTypes).optional(),
})
export type FilesQuery = z.infer<typeof FilesQuery>

/** `name` and `module` may hold `*` for any letters; `file` is a path or in gitignore syntax. */
export const FunctionsQuery = z.strictObject({
  name: Name.optional(),
  file: Glob.optional(),
  module: Name.optional(),
  arity: z.int().min(0).max(255).optional(),
  visibility: z.enum(['public', 'private']).optional(),
})
export type FunctionsQuery = z.infer<typeof FunctionsQuery>

/** `of` and `to` are the path of a file, or the name of a module or class. */
export const DependenciesQuery = z.strictObject({of: Name})
export type DependenciesQuery = z.infer<typeof DependenciesQuery>
export const RelatedQuery = z.strictObject({to: Name, depth: Depth.optional()})
export type RelatedQuery = z.infer<typeof RelatedQuery>
export const ImpactQuery = z.strictObject({of: Name, depth: Depth.optional()})
export type ImpactQuery = z.infer<typeof ImpactQuery>

export interface FoundFile {
  readonly path: string
  readonly type: FileType
  readonly language: Language | null
  readonly lines: number
}

export function findFiles(facts: Facts, {path, extension, contains, type}: FilesQuery): readonly FoundFile[] {
  const isMeant = path === undefined ? () => true : globOf(path)
  const ending = extension === undefined ? '' : `.${extension.replace(/^\./, '')}`.toLowerCase()
  return facts.files
    .filter(
      (file) =>
        isMeant(file.path) &&
        file.path.toLowerCase().endsWith(ending) &&
        (type === undefined || file.type === type) &&
        (contains === undefined || file.text.includes(contains)),
    )
    .map(({path, type, language, text}) => ({path, type, language, lines: linesIn(text)}))
}

function globOf(pattern: string): (path: string) => boolean {
  const rules = ignore({ignoreCase: false}).add(pattern)
  // a path is a pattern too, but not for the letters of its own that mean something there, as in `[id].tsx`
  return (path) => path === pattern || (ignore.isPathValid(path) && rules.ignores(path))
}

function linesIn(text: string): number {
  let lines = text === '' || text.endsWith('\n') ? 0 : 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

export type FoundFunction = {readonly path: string} & FunctionFact

/** By path and line. Files that could not be read have none here. */
export function findFunctions(facts: Facts, query: FunctionsQuery): readonly FoundFunction[] {
  const {arity, visibility} = query
  const isFile = query.file === undefined ? () => true : globOf(query.file)
  const isName = query.name === undefined ? () => true : likeness(query.name)
  const isModule = query.module === undefined ? () => true : likeness(query.module)
  return facts.files
    .filter(({path}) => isFile(path))
    .flatMap(({path, functions}) => (functions ?? []).map((each) => ({path, ...each})))
    .filter(
      (each) =>
        isName(each.name) &&
        (query.module === undefined || (each.module !== null && isModule(each.module))) &&
        (arity === undefined || each.arity === arity) &&
        (visibility === undefined || each.visibility === visibility),
    )
    .toSorted((a, b) => byPath(a, b) || a.line - b.line)
}

/** `*` stands for any letters. No expression is made of it, so no pattern takes long. */
function likeness(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (name) => name === pattern
  return (name) => {
    if (!name.startsWith(first)) return false
    let at = first.length
    for (const part of rest) {
      const found = name.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return name.length - last.length >= at && name.endsWith(last)
  }
}

export interface Dependencies {
  readonly of: string
  /** The file, or those that define the module; none: the code base has no such thing. */
  readonly paths: readonly string[]
  /** Files of the code base; null where no file of these could be read as code. */
  readonly imports: readonly {readonly path: string; readonly written: string}[] | null
  /** Packages and modules from elsewhere, as written. */
  readonly external: readonly string[] | null
  /** Of the code base by how they are written, but no file of it: generated, left out, or wrong. */
  readonly unresolved: readonly string[] | null
}

export function findDependencies(facts: Facts, {of}: DependenciesQuery): Dependencies {
  const files = filesNamed(facts, of)
  const paths = files.map(({path}) => path)
  if (files.every(({imports}) => imports === null)) return {of, paths, imports: null, external: null, unresolved: null}
  const all = files.flatMap(({imports}) => imports ?? [])
  const own = new Set(paths)
  const found = new Map<string, string>()
  for (const {path, written} of all) if (path !== null && !own.has(path) && !found.has(path)) found.set(path, written)
  const rest = [...new Set(all.flatMap(({path, written}) => (path === null ? [written] : [])))].toSorted()
  return {
    of,
    paths,
    imports: [...found].map(([path, written]) => ({path, written})).toSorted(byPath),
    external: rest.filter((written) => !written.startsWith('.')),
    unresolved: rest.filter((written) => written.startsWith('.')),
  }
}

const filesNamed = (facts: Facts, name: string): readonly FileFacts[] => {
  const file = facts.files.find(({path}) => path === name)
  return file === undefined
    ? facts.files.filter(({modules}) => modules?.some((each) => each.name === name) === true)
    : [file]
}

type Edges = ReadonlyMap<string, readonly string[]>

const importsOf = ({files}: Facts): Edges =>
  new Map(files.map(({path, imports}) => [path, [...new Set((imports ?? []).flatMap((each) => each.path ?? []))]]))

function reversed(edges: Edges): Edges {
  const back = new Map<string, string[]>()
  for (const [from, all] of edges) for (const to of all) addTo(back, to, from)
  return back
}

function addTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const known = lists.get(key)
  if (known === undefined) lists.set(key, [value])
  else known.push(value)
}

/** Breadth first: each file but the first ones, with the least number of steps to it. */
function reach(
  starts: readonly string[],
  depth: number,
  next: (path: string) => readonly string[],
): ReadonlyMap<string, number> {
  const distances = new Map(starts.map((path) => [path, 0]))
  let ring = starts
  for (let distance = 1; distance <= depth && ring.length > 0; distance++) {
    ring = [...new Set(ring.flatMap(next))].filter((path) => !distances.has(path))
    for (const path of ring) distances.set(path, distance)
  }
  for (const path of starts) distances.delete(path)
  return distances
}

export type Relation = 'imports' | 'imported-by' | 'tests' | 'tested-by'

export interface Related {
  readonly path: string
  /** Steps from the file that was asked about. */
  readonly distance: number
  /** What the file is to the one asked about, or to those between: `imported-by` it, a test that it is `tested-by` … */
  readonly how: readonly Relation[]
}

/** By distance, then path. null: the code base has no such file or module. */
export function findRelated(facts: Facts, {to, depth = 1}: RelatedQuery): readonly Related[] | null {
  const files = filesNamed(facts, to)
  if (files.length === 0) return null
  const starts = new Set(files.map(({path}) => path))
  const forth = importsOf(facts)
  const back = reversed(forth)
  const pairs = testsOf(facts)
  const edges: readonly (readonly [Relation, Edges])[] = [
    ['imports', forth],
    ['imported-by', back],
    ['tested-by', pairs],
    ['tests', reversed(pairs)],
  ]
  const distances = reach([...starts], depth, (path) => edges.flatMap(([, each]) => each.get(path) ?? []))
  const at = (path: string): number => (starts.has(path) ? 0 : (distances.get(path) ?? Infinity))
  const how = new Map<string, Set<Relation>>([...distances.keys()].map((path) => [path, new Set()]))
  for (const [relation, each] of edges)
    for (const [from, all] of each) for (const path of all) if (at(from) + 1 === at(path)) how.get(path)?.add(relation)
  return [...distances]
    .map(([path, distance]) => ({path, distance, how: [...(how.get(path) ?? [])]}))
    .toSorted((a, b) => a.distance - b.distance || byPath(a, b))
}

const testMark = /(?:[._-](?:tests?|spec)|(?<=[a-z\d])(?:Tests?|Spec))$|^tests?[._-]/
/** They say where code stands, not what it is about. */
const places = new Set([
  '__tests__',
  'app',
  'e2e',
  'integration',
  'lib',
  'spec',
  'specs',
  'src',
  'test',
  'tests',
  'unit',
])

interface Subject {
  readonly stem: string
  readonly folder: string
}

function subjectOf(path: string): Subject {
  const parts = path.split('/')
  const name = (parts.at(-1) ?? '').replace(/\.[^.]*$/, '')
  const folder = parts.slice(0, -1).filter((part) => !places.has(part))
  return {stem: name.replace(testMark, ''), folder: folder.join('/')}
}

/** Tests by the name: of the same stem, in the same folder or in one that ends alike. File → its tests. */
function testsOf({files}: Facts): Edges {
  const byStem = new Map<string, (Subject & {readonly path: string})[]>()
  for (const {path, type, language} of files) {
    if (type === 'test' || language === null) continue
    const subject = {path, ...subjectOf(path)}
    addTo(byStem, subject.stem, subject)
  }
  const tests = new Map<string, string[]>()
  for (const {path, type, language} of files) {
    if (type !== 'test' || language === null) continue
    const own = subjectOf(path)
    for (const each of byStem.get(own.stem) ?? []) if (endsAlike(each.folder, own.folder)) addTo(tests, each.path, path)
  }
  return tests
}

const endsAlike = (a: string, b: string): boolean =>
  `/${a}`.endsWith(`/${b}`) || `/${b}`.endsWith(`/${a}`) || a === '' || b === ''

export interface Impact {
  readonly of: string
  /** The file, or those that define the module; none: the code base has no such thing. */
  readonly paths: readonly string[]
  /** Who imports it, directly (1) or through others, by distance and path; null: nobody knows, as of a language that is not read. */
  readonly dependents: readonly {readonly path: string; readonly distance: number; readonly type: FileType}[] | null
  /** The tests among them, and those that are its tests by their name. */
  readonly tests: readonly string[] | null
}

export function analyzeImpact(facts: Facts, {of, depth = 5}: ImpactQuery): Impact {
  const files = filesNamed(facts, of)
  const paths = files.map(({path}) => path)
  const back = reversed(importsOf(facts))
  const distances = reach(paths, depth, (path) => back.get(path) ?? [])
  if (distances.size === 0 && files.every(({imports}) => imports === null))
    return {of, paths, dependents: null, tests: null}
  const types = new Map(facts.files.map(({path, type}) => [path, type]))
  const dependents = [...distances]
    .map(([path, distance]) => ({path, distance, type: types.get(path) ?? 'main'}))
    .toSorted((a, b) => a.distance - b.distance || byPath(a, b))
  const named = testsOf(facts)
  const tests = [
    ...dependents.flatMap(({path, type}) => (type === 'test' ? [path] : [])),
    ...paths.flatMap((path) => named.get(path) ?? []),
  ]
  return {of, paths, dependents, tests: [...new Set(tests)].toSorted()}
}
