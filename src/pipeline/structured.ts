/** A model's reply → data of a JSON Schema, or what is wrong with it in words a model can act on. Never throws for a reply. */
import {jsonrepair} from 'jsonrepair'
import * as z from 'zod'
import {parseYaml} from '../document.ts'
import {Failure, messageOf} from '../errors.ts'
import type {JsonSchema} from '../provider.ts'

export type Structured =
  | {readonly ok: true; readonly data: unknown}
  | {readonly ok: false; readonly errors: readonly string[]}

export type Check = (value: unknown) => Structured

/** More mistakes than this are one mistake: the form was not understood. */
const maxErrors = 20

/** Throws `Failure` `bad-schema` for a schema that cannot be checked (`if`, unknown types, dangling references). */
export function checkOf(schema: JsonSchema): Check {
  const type = typeOf(schema)
  return (value) => {
    const read = type.safeParse(value)
    if (read.success) return {ok: true, data: read.data}
    const errors = read.error.issues.map(({path, message}) => `${pathOf(path)}: ${message}`)
    const more = errors.length - maxErrors
    return {ok: false, errors: more > 0 ? [...errors.slice(0, maxErrors), `… and ${more} more`] : errors}
  }
}

/** What is wrong with a schema itself, null when it can be used. */
export function problemOfSchema(schema: JsonSchema): string | null {
  try {
    z.fromJSONSchema(schema)
    return null
  } catch (thrown) {
    return messageOf(thrown)
  }
}

function typeOf(schema: JsonSchema): z.ZodType {
  try {
    return z.fromJSONSchema(schema)
  } catch (thrown) {
    throw new Failure('bad-schema', `the JSON Schema cannot be used: ${messageOf(thrown)}`, {cause: thrown})
  }
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the answer'
    : path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key)}`)).join('')

/** JSON without a schema: prose is full of `[1]` and `{:ok, pid}`, which are not the answer. */
const container: Check = (value) =>
  typeof value === 'object' && value !== null
    ? {ok: true, data: value}
    : {ok: false, errors: ['the answer must be a JSON object or array']}

/**
 * The whole text first; then what stands in it as JSON, in fences or bare; repair only of a closed piece that is most of
 * the text: half an answer is another answer. Several different valid pieces are none, because neither the first nor the
 * last is known to be meant (an echoed example comes first, an injected one last).
 *
 * @param check null: any JSON object or array
 */
export function readStructured(text: string, check: Check | null): Structured {
  const whole = text.replace(/^\ufeff/, '').trim()
  const test = check ?? container
  const direct = parse(whole)
  if (direct !== undefined) return test(direct.value)
  const pieces = piecesIn(whole)
  const main = pieces.find((piece) => piece.length * 2 >= whole.length)
  const parsed = (check === null ? [main ?? ''] : pieces).flatMap((piece) => parse(piece) ?? [])
  const checked = parsed.map(({value}) => test(value))
  const valid = new Map(checked.flatMap((each) => (each.ok ? [[JSON.stringify(each.data), each.data] as const] : [])))
  if (valid.size > 1) return {ok: false, errors: [`the answer holds ${valid.size} different JSON values; give one`]}
  for (const data of valid.values()) return {ok: true, data}
  const mended = main === undefined || parse(main) !== undefined ? undefined : mend(main)
  const result = mended === undefined ? undefined : test(mended.value)
  if (result?.ok) return result
  const wrong = checked.flatMap((each) => (each.ok ? [] : [each.errors])).at(-1)
  return {ok: false, errors: wrong ?? result?.errors ?? [syntaxOf(whole)]}
}

/** The same for YAML: the only fenced block that is one, or the whole text. A word alone is YAML and no answer. */
export function readYaml(text: string, check: Check | null): Structured {
  const whole = text.replace(/^\ufeff/, '').trim()
  const blocks = [...whole.matchAll(/^(`{3,})(?:ya?ml)?[ \t]*\n([\s\S]*?)\n\1[ \t]*$/gm)].map(
    ([, , inner = '']) => inner,
  )
  const errors: string[] = []
  const found = (blocks.length > 0 ? blocks : [whole]).flatMap((each) => {
    const read = parseYaml(each, 'answer')
    if (!read.ok) errors.push(...read.problems.map(({line, col, message}) => `line ${line}, column ${col}: ${message}`))
    return read.ok ? [(check ?? container)(read.value.value)] : []
  })
  const good = found.filter(({ok}) => ok)
  if (good.length > 1) return {ok: false, errors: [`the answer holds ${good.length} YAML documents; give one`]}
  return good[0] ?? found.at(-1) ?? {ok: false, errors: errors.slice(0, maxErrors)}
}

function parse(text: string): {readonly value: unknown} | undefined {
  try {
    return {value: JSON.parse(text)}
  } catch {
    return undefined
  }
}

function mend(piece: string): {readonly value: unknown} | undefined {
  try {
    return parse(jsonrepair(piece))
  } catch {
    return undefined
  }
}

const syntaxOf = (text: string): string => {
  if (text === '') return 'the answer is empty'
  try {
    JSON.parse(text)
    return 'the answer is not the JSON that was asked for'
  } catch (thrown) {
    return `the answer is not JSON: ${messageOf(thrown).split('\n')[0]}`
  }
}

/** Closed `{…}` and `[…]` that stand outside each other, in order; those in code fences are found like all others. */
function piecesIn(text: string): readonly string[] {
  const pieces: string[] = []
  const ends = endsOf(text)
  for (let at = 0; at < text.length; at++) {
    const end = ends.get(at)
    if (end === undefined) continue
    pieces.push(text.slice(at, end + 1))
    at = end
  }
  return pieces
}

/**
 * Opening → closing bracket, in one pass. Strings count only inside brackets (prose has apostrophes and inch marks); a line
 * break ends a string, since JSON has none in it and prose may open one that never closes.
 */
function endsOf(text: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>()
  const open: {readonly at: number; readonly closes: string}[] = []
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at++
      else if (character === '"' || character === '\n') inString = false
    } else if (character === '{' || character === '[') {
      open.push({at, closes: character === '{' ? '}' : ']'})
    } else if (character === '}' || character === ']') {
      while (open.length > 0 && open.at(-1)?.closes !== character) open.pop()
      const opened = open.pop()
      if (opened !== undefined) ends.set(opened.at, at)
    } else if (character === '"' && open.length > 0) inString = true
  }
  return ends
}
