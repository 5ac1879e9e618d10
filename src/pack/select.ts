/** Which of a source's entries are worth reading, best first, and why the others are not. */
import ignore from 'ignore'
import {isInside} from './boundary.ts'
import type {Entry, LeftOutReason} from './pack.ts'

export interface Selection {
  /** In priority order: what a tight budget keeps first. */
  readonly chosen: readonly Entry[]
  readonly leftOut: readonly {readonly path: string; readonly why: LeftOutReason}[]
}

export interface SelectOptions {
  /** Folders of gold standards, relative to the source; default `gold`. */
  readonly goldRoots?: readonly string[]
  /** Paths that a pull request changes: they come first. */
  readonly changed?: readonly string[]
  /** Paths that a limit on all files together drops last; where they stand among the chosen says nothing of them. */
  readonly keep?: readonly string[]
  /** gitignore syntax, case-sensitive; nothing given: everything. They never bring back what is gold, a link or generated. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  /** Bytes of one file; default 1 MiB. */
  readonly maxBytes?: number
  /** Bytes of all files together; default 256 MiB: what a runner's memory holds several times over. */
  readonly maxTotalBytes?: number
  /** Files; default 25,000: each takes some 8 kB beside its text, and more of them would not fit into half a gibibyte. */
  readonly maxFiles?: number
}

const mebibyte = 1024 * 1024
/** Longer paths are not code but attacks on whoever draws the tree. */
const maxPath = 1024
const maxDepth = 64

/** File systems differ in case and in Unicode form; what is gold on one of them is gold here. */
export const folded = (path: string): string => path.normalize('NFC').toLowerCase().normalize('NFC')

const rootOf = (root: string): string =>
  folded(root)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')

/** The answers must not be in the question: whatever stands under a gold folder, and any gold standard anywhere. */
export function isGold(path: string, goldRoots: readonly string[] = ['gold']): boolean {
  const name = folded(path)
  if (/(?:^|\/)gold\.ya?ml$/.test(name)) return true
  return goldRoots.map(rootOf).some((root) => root !== '' && (name === root || name.startsWith(`${root}/`)))
}

/** Made by a tool wherever they stand. */
const generatedFolders = new Set([
  'node_modules',
  'bower_components',
  '_build',
  '__pycache__',
  '.venv',
  '.tox',
  '.mypy_cache',
  '.pytest_cache',
  '.elixir_ls',
  '.next',
  '.nuxt',
  '.gradle',
  '.terraform',
  '.refactor-plan',
])
/** Words that business code uses too (`lib/shop/vendor/`): made by a tool only outside source folders. */
const ambiguousFolders = new Set(['dist', 'deps', 'vendor', 'coverage', 'third_party'])
const sourceFolders = new Set(['lib', 'src', 'test', 'tests', 'spec', 'internal', 'pkg', 'cmd'])
const generatedNames =
  /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|mix\.lock|rebar\.lock|cargo\.lock|gemfile\.lock|composer\.lock|poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|go\.sum|deno\.lock|flake\.lock|podfile\.lock|pubspec\.lock|gradle\.lockfile|packages\.lock\.json|\.terraform\.lock\.hcl)$|\.min\.(?:js|css|mjs)$|\.(?:js|css|mjs)\.map$|_pb2\.py$|\.pb\.go$|\.snap$/

function isGenerated(path: string): boolean {
  const parts = folded(path).split('/')
  if (generatedNames.test(parts.at(-1) ?? '')) return true
  const folders = parts.slice(0, -1)
  if (folders.some((folder) => generatedFolders.has(folder))) return true
  const source = folders.findIndex((folder) => sourceFolders.has(folder))
  const made = folders.findIndex((folder) => ambiguousFolders.has(folder))
  return made >= 0 && (source < 0 || made < source)
}

/** Nothing but secrets is ever in these. */
const secretNames =
  /^(?:\.env(?:\.(?!example$|sample$|template$|dist$|test$)[^.]*)?|\.netrc|\.pgpass|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519))$|\.(?:pem|p12|pfx|jks|keystore|kdbx|ppk)$/

const isPlan = (path: string): boolean => folded(path).split('/').slice(0, -1).includes('evolved_pipelines')

const manifests =
  /^(?:mix\.exs|rebar\.config|package\.json|deno\.jsonc?|tsconfig\.json|cargo\.toml|go\.mod|pyproject\.toml|setup\.(?:py|cfg)|requirements\.txt|pipfile|gemfile|composer\.json|pom\.xml|build\.gradle(?:\.kts)?|cmakelists\.txt|makefile|dockerfile|docker-compose\.ya?ml|.*\.(?:csproj|gemspec))$/
const sources =
  /\.(?:exs?|eex|l?heex|leex|erl|hrl|[cm]?[jt]sx?|vue|svelte|astro|py|pyi|rb|erb|go|rs|java|kts?|scala|sc|clj[cs]?|cs|fs|fsx|swift|m|mm|c|h|cc|cpp|cxx|hh|hpp|zig|nim|php|pl|pm|lua|r|jl|dart|hs|ml|mli|elm|gleam|sh|bash|sql|graphql|proto|tf|sol)$/
const testFolders = /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|e2e|fixtures?|testdata|cypress)\//
const testNames = /(?:[_.-](?:test|tests|spec)|^tests?|[a-z0-9]Tests?)\.[a-z]+$|^test_|^conftest\.py$/

/** 0 manifest or README, 1 source, 2 test, 3 the rest. */
function rankOf(path: string): number {
  const name = path.toLowerCase()
  const base = name.slice(name.lastIndexOf('/') + 1)
  const isTest = testFolders.test(name)
  if (!isTest && (manifests.test(base) || /^readme(?:\.|$)/.test(name))) return 0
  if (!sources.test(base)) return 3
  return isTest || testNames.test(path.slice(path.lastIndexOf('/') + 1)) ? 2 : 1
}

/** `ignore` compiles patterns to expressions; they come from flags or the base branch, and are kept short all the same. */
const matcherOf = (patterns: readonly string[]): ((path: string) => boolean) => {
  const rules = ignore({ignoreCase: false}).add(patterns.filter((pattern) => pattern.length <= 512))
  return (path) => rules.ignores(path)
}

/** Every entry ends up in exactly one of the two lists. The order is stable: equal ranks keep the source's order. */
export function select(entries: readonly Entry[], options: SelectOptions = {}): Selection {
  const {goldRoots, changed = [], include = [], exclude = []} = options
  const maxBytes = options.maxBytes ?? mebibyte
  const included = include.length === 0 ? () => true : matcherOf(include)
  const excluded = exclude.length === 0 ? () => false : matcherOf(exclude)
  const reasonOf = ({path, kind, bytes}: Entry): LeftOutReason | null => {
    if (kind !== 'file') return kind
    if (isGold(path, goldRoots)) return 'gold'
    if (isPlan(path)) return 'plan'
    if (!isInside(path)) return 'excluded'
    if (path.length > maxPath || path.split('/').length > maxDepth) return 'too-large'
    if (isGenerated(path)) return 'generated'
    if (secretNames.test(folded(path.slice(path.lastIndexOf('/') + 1)))) return 'secret'
    if (!included(path) || excluded(path)) return 'excluded'
    return bytes !== null && bytes > maxBytes ? 'too-large' : null
  }
  const first = new Set(changed)
  const judged = entries.map((entry) => ({entry, why: reasonOf(entry)}))
  const ranked = judged
    .filter(({why}) => why === null)
    .map(({entry}) => ({entry, rank: (first.has(entry.path) ? 0 : 4) + rankOf(entry.path)}))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({entry}) => entry)
  const kept = new Set(options.keep)
  const byNeed =
    kept.size === 0 ? ranked : ranked.toSorted((a, b) => Number(kept.has(b.path)) - Number(kept.has(a.path)))
  const taken = withinTotal(byNeed, options.maxTotalBytes ?? 256 * mebibyte, options.maxFiles ?? 25_000)
  const tooMany = ranked.filter((entry) => !taken.has(entry))
  return {
    chosen: ranked.filter((entry) => taken.has(entry)),
    leftOut: [
      ...judged.flatMap(({entry: {path}, why}) => (why === null ? [] : [{path, why}])),
      ...tooMany.map(({path}) => ({path, why: 'over-budget' as const})),
    ],
  }
}

function withinTotal(entries: readonly Entry[], limit: number, most: number): ReadonlySet<Entry> {
  const taken = new Set<Entry>()
  let total = 0
  for (const entry of entries) {
    const bytes = entry.bytes ?? 0
    if (total + bytes > limit || taken.size >= most) continue
    total += bytes
    taken.add(entry)
  }
  return taken
}
