/** Which command proves a change, by what the repository has. */
import {quoteArgument} from './command.ts'

interface Toolchain {
  readonly manifests: readonly string[]
  readonly extensions: readonly string[]
  /** Where the test of a file usually stands, most likely first; relative to the manifest's folder. */
  readonly testsOf: (file: string) => readonly string[]
  /** Runs one test file, or everything for null. */
  readonly run: (test: string | null) => string
  /** When a repository lists no manifest: null where guessing a command would be wrong more often than right. */
  readonly withoutManifest: ((file: string) => string) | null
}

const stem = (file: string): string => file.replace(/\.[^./]+$/, '')
const extension = (file: string): string => /\.([^./]+)$/.exec(file)?.[1] ?? ''
const base = (file: string): string => file.slice(file.lastIndexOf('/') + 1)

const toolchains: readonly Toolchain[] = [
  {
    manifests: ['mix.exs'],
    extensions: ['ex', 'exs'],
    testsOf: (file) => {
      if (file.endsWith('_test.exs')) return [file]
      return [`test/${stem(file).replace(/^lib\//, '')}_test.exs`]
    },
    run: (test) => (test === null ? 'mix test' : `mix test ${quoteArgument(test)}`),
    withoutManifest: () => 'mix test',
  },
  {
    manifests: ['package.json'],
    extensions: ['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts'],
    testsOf: (file) => {
      if (/\.(test|spec)\.\w+$/.test(file)) return [file]
      const inner = file.replace(/^(src|lib)\//, '')
      return [stem(file), `test/${stem(inner)}`, `tests/${stem(inner)}`].flatMap((name) => [
        `${name}.test.${extension(file)}`,
        `${name}.spec.${extension(file)}`,
      ])
    },
    run: (test) => (test === null ? 'npm test' : `npm test -- ${quoteArgument(test)}`),
    withoutManifest: (file) => (/\.[mc]?js$/.test(file) ? `node --check ${quoteArgument(file)}` : 'npm test'),
  },
  {
    manifests: ['pyproject.toml', 'setup.py', 'setup.cfg', 'pytest.ini', 'tox.ini', 'requirements.txt'],
    extensions: ['py'],
    testsOf: (file) => {
      if (base(file).startsWith('test_') || base(file).endsWith('_test.py')) return [file]
      return [`tests/test_${base(file)}`, `test/test_${base(file)}`, file.replace(/[^/]+$/, `test_${base(file)}`)]
    },
    run: (test) => (test === null ? 'python -m pytest' : `python -m pytest ${quoteArgument(test)}`),
    withoutManifest: (file) => `python -m py_compile ${quoteArgument(file)}`,
  },
  {
    manifests: ['go.mod'],
    extensions: ['go'],
    testsOf: () => [],
    run: () => 'go test ./...',
    withoutManifest: () => 'go test ./...',
  },
  {
    manifests: ['Cargo.toml'],
    extensions: ['rs'],
    testsOf: () => [],
    run: () => 'cargo test',
    withoutManifest: () => 'cargo test',
  },
]

export interface Proof {
  readonly command: string
  /** A test file that the change should add, null when there is one already or it cannot be told. */
  readonly creates: string | null
}

/**
 * How to prove a change to `file`: the test file that belongs to it, or one to write (Elixir: its place is fixed by
 * custom), or the whole suite. null when nothing is known. `paths` empty: only the extension speaks.
 */
export function proofOf(file: string, paths: ReadonlySet<string>): Proof | null {
  const chain = toolchains.find(({extensions}) => extensions.includes(extension(file)))
  if (chain === undefined) return null
  const folder = folderOfManifest(file, chain, paths)
  if (folder === null) {
    const command = chain.withoutManifest?.(file)
    return command === undefined ? null : {command, creates: null}
  }
  const inFolder = folder === '' ? file : file.slice(folder.length + 1)
  const at = (path: string): string => (folder === '' ? path : `${folder}/${path}`)
  const run = (test: string | null): string =>
    folder === '' ? chain.run(test) : `cd ${quoteArgument(folder)} && ${chain.run(test)}`
  const tests = chain.testsOf(inFolder)
  const existing = tests.find((test) => paths.has(at(test)))
  if (existing !== undefined) return {command: run(existing), creates: null}
  const [wanted] = tests
  if (wanted !== undefined && chain.manifests.includes('mix.exs') && inFolder.startsWith('lib/'))
    return {command: run(wanted), creates: at(wanted)}
  return {command: run(null), creates: null}
}

/** The nearest folder above `file` that has a manifest; the root is the empty string. */
function folderOfManifest(file: string, chain: Toolchain, paths: ReadonlySet<string>): string | null {
  const parts = file.split('/').slice(0, -1)
  for (let length = parts.length; length >= 0; length--) {
    const folder = parts.slice(0, length).join('/')
    if (chain.manifests.some((name) => paths.has(folder === '' ? name : `${folder}/${name}`))) return folder
  }
  return null
}
