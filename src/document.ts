/** YAML text → value of a schema; every mistake with its `file:line:col`. All of the program's files are read through here. */
import {isMap, isNode, isScalar, Lexer, LineCounter, parseDocument, visit, type Document, type YAMLMap} from 'yaml'
import type * as z from 'zod'
import {Failure} from './errors.ts'

/** A mistake in a file; line and column are 1-based. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly col: number
  readonly code: string
  readonly message: string
}

export type Read<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly problems: readonly Problem[]}

/** Aliases may repeat content at most this often: the `yaml` package's guard against a billion laughs. */
const maxAliases = 100
const maxBytes = 5 * 1024 * 1024

export interface Parsed {
  readonly document: Document
  readonly value: unknown
  /** Where the value at `path` stands; the nearest ancestor when there is none. */
  readonly at: (path: readonly PropertyKey[]) => {readonly line: number; readonly col: number}
  /** Where the key itself stands, whose value may begin a line below. */
  readonly keyAt: (path: readonly PropertyKey[]) => {readonly line: number; readonly col: number}
  /** Of a character of the text. */
  readonly placeOf: (offset: number) => {readonly line: number; readonly col: number}
}

/** Syntax only. Duplicate keys and custom tags are errors. */
export function parseYaml(text: string, file: string): Read<Parsed> {
  if (text.length > maxBytes)
    return {ok: false, problems: [{file, line: 1, col: 1, code: 'too-large', message: 'larger than 5 MiB'}]}
  const deep = tooDeepAt(text)
  const lines = new LineCounter()
  if (deep !== null) {
    const [line, col] = placeIn(text, deep)
    return {
      ok: false,
      problems: [{file, line, col, code: 'too-deep', message: `nested deeper than ${maxNesting} levels`}],
    }
  }
  const document = parseDocument(text, {
    // a code frame for each of a thousand mistakes takes seconds, and only the first line of a message is kept
    prettyErrors: false,
    lineCounter: lines,
    // the parser compares each key with every other; `repeatedKeysIn` looks at each once
    uniqueKeys: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'error',
  })
  const wrong = [...document.errors, ...document.warnings, ...repeatedKeysIn(document)]
  if (wrong.length > 0) {
    return {
      ok: false,
      problems: wrong.map(({pos: [start], message}) => {
        const {line, col} = lines.linePos(start)
        return {
          file,
          line,
          col,
          code: 'yaml-syntax',
          message: (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, ''),
        }
      }),
    }
  }
  const placeOf = (offset: number): {line: number; col: number} => lines.linePos(offset)
  const at = (path: readonly PropertyKey[]): {line: number; col: number} => {
    for (let length = path.length; length >= 0; length--) {
      const node = document.getIn(path.slice(0, length).map(keyOf), true)
      if (isNode(node) && node.range) return placeOf(node.range[0])
    }
    return {line: 1, col: 1}
  }
  const keyAt = (path: readonly PropertyKey[]): {line: number; col: number} => {
    const parent = document.getIn(path.slice(0, -1).map(keyOf), true)
    const start = isMap(parent) ? startsIn(parent).get(String(path.at(-1))) : undefined
    return start === undefined ? at(path) : placeOf(start)
  }
  try {
    return {ok: true, value: {document, value: document.toJS({maxAliasCount: maxAliases}), at, keyAt, placeOf}}
  } catch {
    return {
      ok: false,
      problems: [
        {file, line: 1, col: 1, code: 'yaml-aliases', message: `aliases repeat content more than ${maxAliases} times`},
      ],
    }
  }
}

interface Wrong {
  readonly pos: readonly [number, number]
  readonly message: string
}

function repeatedKeysIn(document: Document): readonly Wrong[] {
  const wrong: Wrong[] = []
  visit(document, {
    Map: (_, {items}) => {
      const seen = new Set<unknown>()
      for (const {key} of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) wrong.push({pos: [key.range?.[0] ?? 0, 0], message: 'Map keys must be unique'})
        seen.add(key.value)
      }
    },
  })
  return wrong
}

/** Where the keys of a mapping stand, found once for all of them. */
function startsIn(map: YAMLMap): ReadonlyMap<string, number> {
  const known = starts.get(map)
  if (known !== undefined) return known
  const found = new Map<string, number>()
  for (const {key} of map.items) if (isScalar(key) && key.range) found.set(String(key.value), key.range[0])
  starts.set(map, found)
  return found
}

const starts = new WeakMap<YAMLMap, ReadonlyMap<string, number>>()

const maxNesting = 200

/**
 * Where brackets or dashes open more than so many levels; null: nowhere. The parser goes down by recursion, and at some
 * thousands of levels the process ends without anybody being able to catch it.
 */
function tooDeepAt(text: string): number | null {
  if (text.split(/[[{]/, maxNesting + 2).length <= maxNesting && !/(?:[-?:][ \t]+){50}/.test(text)) return null
  let [offset, flow, compact] = [0, 0, 0]
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow += 1
    else if (token === ']' || token === '}') flow -= 1
    else if (token === '-' || token === '?') compact += 1
    else if (token.includes('\n')) compact = 0
    if (flow > maxNesting || compact > maxNesting) return Math.min(offset, text.length)
    // the lexer says where a document or a scalar begins in characters of its own
    if (!lexerMarks.includes(token)) offset += token.length
  }
  return null
}

const lexerMarks: readonly string[] = ['\u0002', '\u0018', '\u001f']

function placeIn(text: string, offset: number): readonly [line: number, col: number] {
  const lines = text.slice(0, offset).split('\n')
  return [lines.length, (lines.at(-1)?.length ?? 0) + 1]
}

const keyOf = (key: PropertyKey): string | number => (typeof key === 'symbol' ? String(key) : key)

/** Syntax and schema. JSON is YAML, so JSON files are read too. */
export function readDocument<T>(text: string, file: string, schema: z.ZodType<T>): Read<T> {
  const parsed = parseYaml(text, file)
  if (!parsed.ok) return parsed
  const checked = schema.safeParse(parsed.value.value)
  if (checked.success) return {ok: true, value: checked.data}
  return {ok: false, problems: problemsOf(checked.error, parsed.value, file)}
}

/** zod's issues at their places in the file. */
export function problemsOf(error: z.ZodError, {at, keyAt}: Parsed, file: string): readonly Problem[] {
  return error.issues.flatMap(unfolded).flatMap((issue) => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
    return paths.map((path) => {
      const name = path.map(String).join('.')
      const message = issue.code === 'unrecognized_keys' ? 'is not a known key' : wordsOf(issue)
      return {
        file,
        ...(issue.code === 'unrecognized_keys' ? keyAt(path) : at(path)),
        code: issue.code.replaceAll('_', '-'),
        message: name === '' ? message : `${name}: ${message}`,
      }
    })
  })
}

type Issue = z.ZodError['issues'][number]

/** What nobody wrote is missing, and not a value of another type. */
function wordsOf(issue: Issue): string {
  const isMissing = (each: Issue): boolean => each.path.length === 0 && each.message.endsWith('received undefined')
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return issue.errors.every((branch) => branch.some(isMissing)) ? 'is missing' : issue.message
  return issue.message.replace(/^Invalid input: expected (.*), received undefined$/, 'is missing; it is of type $1')
}

/** Of a union, the branch that got furthest is the one that was meant: its mistakes say more than "invalid input". */
function unfolded(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const depthOf = (branch: readonly Issue[]): number => Math.max(0, ...branch.map(({path}) => path.length))
  const [best] = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a))
  if (best === undefined || depthOf(best) === 0) return [issue]
  return best.flatMap((inner) => unfolded({...inner, path: [...issue.path, ...inner.path]}))
}

export const renderProblem = ({file, line, col, code, message}: Problem): string =>
  `${file}:${line}:${col} ${code} ${message}`

/** The value, or a `Failure` that lists every problem, a line each. */
export function valueOf<T>(read: Read<T>, what: string, hint?: string): T {
  if (read.ok) return read.value
  throw new Failure(`bad-${what}`, read.problems.map(renderProblem).join('\n'), hint === undefined ? {} : {hint})
}
