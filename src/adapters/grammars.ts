/** Loads the grammars that are shipped beside the bundle and parses with them, bounded in time. */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {performance} from 'node:perf_hooks'
import {pathToFileURL} from 'node:url'
import type * as TreeSitter from 'web-tree-sitter'
import type {Language, Parse} from '../scan/parse.ts'
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

async function load(languages: readonly Language[], maxMilliseconds: number): Promise<Parse> {
  const library = await startLibrary()
  const parsers = new Map<Language, TreeSitter.Parser>()
  for (const language of languages) {
    const parser = new library.Parser()
    parser.setLanguage(await library.Language.load(await bytesOf(language)))
    parsers.set(language, parser)
  }
  return (language, text) => {
    const parser = parsers.get(language)
    if (parser === undefined) return null
    const end = performance.now() + maxMilliseconds
    const tree = parser.parse(text, null, {progressCallback: () => performance.now() > end})
    // a cancelled parser would go on with the old text at the next call
    if (tree === null) parser.reset()
    return tree
  }
}

async function bytesOf(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(folder, `${name}.wasm`)))
}
