/** One file as the rules see it. */
import {languageOf, type Language, type Parsable, type Parsed} from './parse.ts'
import {readTree, type SyntaxFile} from './syntax.ts'

export interface CodeFile {
  readonly path: string
  readonly text: string
}

export interface Source extends SyntaxFile, CodeFile {
  readonly language: Language
  /** What the file is for; most rules are about `production` only. */
  readonly role: 'production' | 'test' | 'script'
}

/** A megabyte of source is generated; the Elixir grammar takes about 1.5 s for one. */
export const maxBytes = 1_000_000
/** A line this long that is also half of its file: minified. Alone it may be an embedded picture in good code. */
const maxLine = 5000

export type Readable = {readonly ok: true; readonly parsable: Parsable} | {readonly ok: false; readonly why: string}

/** Null: nothing for any rule to read (another language, or what a compiler wrote), which is not worth a word. */
export function readable({path, text}: CodeFile, paths: ReadonlySet<string>): Readable | null {
  const language = languageOf(path)
  if (language === null || isGenerated(path, paths)) return null
  if (text.length > maxBytes) return {ok: false, why: 'larger than 1 MB'}
  if (isMinified(text)) return {ok: false, why: `minified: a line is longer than ${maxLine} characters`}
  return {ok: true, parsable: {language, text}}
}

export type SourceRead = {readonly ok: true; readonly source: Source} | {readonly ok: false; readonly why: string}

export function readSource({path, text}: CodeFile, language: Language, parsed: Parsed): SourceRead {
  if (parsed === 'late') return {ok: false, why: 'could not be parsed in time'}
  if (parsed === 'deep') return {ok: false, why: 'nested too deeply to be read'}
  return {ok: true, source: {...readTree(parsed, text), path, text, language, role: roleOf(path)}}
}

function isMinified(text: string): boolean {
  let longest = 0
  for (let start = 0; start < text.length;) {
    const at = text.indexOf('\n', start)
    const end = at < 0 ? text.length : at
    longest = Math.max(longest, end - start)
    start = end + 1
  }
  return longest > maxLine && longest * 2 > text.length
}

const testFolder =
  /(^|\/)(tests?(_\w+)?|__tests__|__mocks__|specs?|e2e|fixtures?|testing|test_support|test-utils|integration_test)\//
const testFile =
  /(_test\.exs?|\.(test|spec)(-d)?\.[cm]?[jt]sx?|(^|\/)test_[^/]*\.py|_test\.py|(^|\/)(conftest|tests)\.py)$/
const scriptFolder =
  /(^|\/)(bench(marks?)?|examples?|scripts?|demos?|docs\w*|doc|priv|config|migrations|rel|tools|installer\/templates|lib\/mix)\//
const scriptFile =
  /(\.exs|(^|\/)(setup|noxfile|tasks|manage)\.py|\.(config|stories|bench|benchmark)\.[cm]?[jt]sx?|(^|\/)(gulpfile|gruntfile)\.js)$/i

const declaration = /\.d\.[cm]?ts$/i

/**
 * A declaration, or JavaScript that stands beside its own: a published package carries its build output next to the sources
 * (zod 4 ships `v3/types.js`, `v3/types.cjs` and `src/v3/types.ts`), and nobody repairs the copy.
 */
function isGenerated(path: string, paths: ReadonlySet<string>): boolean {
  if (declaration.test(path)) return true
  const [script, stem = ''] = /^(.+)\.[cm]?js$/.exec(path) ?? []
  return script !== undefined && ['.d.ts', '.d.cts', '.d.mts'].some((ending) => paths.has(stem + ending))
}

export function roleOf(path: string): Source['role'] {
  if (testFolder.test(path) || testFile.test(path)) return 'test'
  return scriptFolder.test(path) || scriptFile.test(path) ? 'script' : 'production'
}
