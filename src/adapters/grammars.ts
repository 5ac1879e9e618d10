/** Loads the grammars that are shipped beside the bundle and parses with them, bounded in time. */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {performance} from 'node:perf_hooks'
import {pathToFileURL} from 'node:url'
import {setFlagsFromString} from 'node:v8'
import type * as TreeSitter from 'web-tree-sitter'
import type {Language, Parse, Parsed} from '../scan/parse.ts'
import {flatten, type Grammar} from '../scan/syntax.ts'
import {Failure, messageOf} from '../errors.ts'
import {home} from './home.ts'

/**
 * A parser for the named languages only; for others the returned function gives null, as for a file that takes longer than
 * `maxMilliseconds`: a megabyte of ordinary code takes about 1.5 s on a slow machine.
 * Throws `Failure` `missing-grammar` when the files beside the program are missing or damaged.
 */
export async function loadParse(languages: readonly Language[], maxMilliseconds = 10_000): Promise<Parse> {
  try {
    return await load([...new Set(languages)], maxMilliseconds)
  } catch (thrown) {
    throw new Failure('missing-grammar', `a grammar under ${folder} could not be loaded: ${messageOf(thrown)}`, {
      hint: 'Install the program again, or rebuild it: node scripts/build.mjs --assets',
      cause: thrown,
    })
  }
}

const folder = join(home, 'dist', 'grammars')

/**
 * V8 compiles WebAssembly fast first, and then, in threads of its own, the functions that are called most once more and better. A
 * grammar's lexer is one function of some hundred kilobytes: on a small repository that is 0.3 s of 1.2, for nothing. To be asked
 * before anything is parsed; it holds for the process. https://v8.dev/docs/wasm-compilation-pipeline
 */
export const compileOnce = (): void => setFlagsFromString('--liftoff-only')

/** Once for the process: each start would be a memory of its own, and finalizers of one reach into another. */
let started: Promise<typeof TreeSitter> | null = null

function startLibrary(): Promise<typeof TreeSitter> {
  started ??= (async () => {
    // Bundled, the library fails on its own import of "module"; left alone as a file it works. It is told its bytes, so that
    // it never looks for them beside itself.
    const library: typeof TreeSitter = await import(
      /* webpackIgnore: true */ pathToFileURL(join(folder, 'web-tree-sitter.js')).href
    )
    await library.Parser.init({wasmBinary: await bytesOf('web-tree-sitter')})
    return library
  })().catch((thrown: unknown) => {
    started = null
    throw thrown
  })
  return started
}

interface Reader {
  readonly parser: TreeSitter.Parser
  readonly grammar: Grammar
}

async function load(languages: readonly Language[], maxMilliseconds: number): Promise<Parse> {
  const library = await startLibrary()
  const readers = new Map<Language, Reader>()
  for (const name of languages) {
    const language = await library.Language.load(await bytesOf(name))
    const parser = new library.Parser()
    parser.setLanguage(language)
    readers.set(name, {parser, grammar: grammarOf(language)})
  }
  return async (texts) =>
    texts.map(({language, text}) => {
      const reader = readers.get(language)
      return reader === undefined ? 'late' : parseOne(reader, text, maxMilliseconds)
    })
}

/** The library's own lists have holes where the grammar has no name. */
const grammarOf = (language: TreeSitter.Language): Grammar => ({
  types: Array.from(language.types, (name) => name || 'ERROR'),
  fields: Array.from(language.fields, (name) => name ?? null),
  isNamed: Array.from(language.types, (_, type) => language.nodeTypeIsNamed(type)),
})

function parseOne({parser, grammar}: Reader, text: string, maxMilliseconds: number): Parsed {
  const end = performance.now() + maxMilliseconds
  const tree = parser.parse(text, null, {progressCallback: () => performance.now() > end})
  if (tree === null) {
    // a cancelled parser would go on with the old text at the next call
    parser.reset()
    return 'late'
  }
  try {
    return flatten(tree, grammar) ?? 'deep'
  } finally {
    tree.delete()
  }
}

async function bytesOf(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(folder, `${name}.wasm`)))
}
