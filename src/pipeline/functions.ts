/**
 * ◆ The functions of the expression language: values in, a value out, or why there is none. Nothing in here waits. A value that is
 * too large to be a text is a `Failure`, which `evaluate` takes for a value that is missing.
 */
import {RE2JS} from 're2js'
import {stringify} from 'yaml'
import {Failure} from '../errors.ts'

/** Why a function has no value, for the person who wrote it; else the value. */
export type Outcome = {readonly value: unknown} | {readonly why: string}

type Run = (parameters: readonly unknown[]) => Outcome

export interface FunctionOfLanguage {
  /** How many parameters it takes at least and at most. */
  readonly takes: readonly [number, number]
  /** It says yes or no, also about what is not there: as `contains` between two values does. */
  readonly isQuestion?: true
  /** Times that of looking at its values, where it is more: the YAML library takes 2 ms for 64 KB of text, 70 ms for a list. */
  readonly effort?: number
  readonly run: Run
}

/** A text longer than this is made by no honest template. */
export const maxText = 10_000_000
/** `JSON.parse` reads a text of brackets that `JSON.stringify` and every walk by recursion end the stack on. */
const maxNesting = 200

const ok = (value: unknown): Outcome => ({value})

/** Numbers, and texts that are one. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  // no two parts of the pattern take the same characters: a model's text of digits is looked at once
  if (typeof value !== 'string' || !/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(value.trim())) return null
  return numberOf(Number(value))
}

/** Text stays text, nothing is an empty one, everything else is JSON. Throws `Failure` `too-large`. */
export function textOfValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (sizeOf(value) > maxText)
    throw new Failure('too-large', 'a value that is nested too deeply or too long to be a text')
  return JSON.stringify(value) ?? ''
}

/** About how long its JSON is; Infinity where it is nested too deeply to have any. */
export function sizeOf(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  if (depth >= maxNesting) return Infinity
  let size = 2
  const isItems = isList(value)
  for (const each of isItems ? value : Object.values(value)) {
    size += sizeOf(each, depth + 1)
    if (size > maxText) return size
  }
  return isItems ? size : size + Object.keys(value).join('').length
}

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Null, false, nothing in it, and the words for no that models write. 0 is true, as in pipeline_ex. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false
  if (typeof value === 'string') return !['', 'false', 'null', 'nil'].includes(value.trim().toLowerCase())
  if (isList(value)) return value.length > 0
  return !isRecord(value) || Object.keys(value).length > 0
}

export const lengthOf = (value: unknown): number | null =>
  typeof value === 'string' || isList(value) ? value.length : isRecord(value) ? Object.keys(value).length : null

/** Lists and objects are the same when their JSON is. */
export const isSame = (a: unknown, b: unknown): boolean =>
  a === b ||
  (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && textOfValue(a) === textOfValue(b))

export function contains(whole: unknown, part: unknown): boolean {
  if (isList(whole)) return isIn(whole, part)
  if (isRecord(whole)) return typeof part === 'string' && Object.hasOwn(whole, part)
  return typeof whole === 'string' && part !== null && part !== undefined && whole.includes(textOfValue(part))
}

function isIn(list: readonly unknown[], part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return list.includes(part)
  const text = textOfValue(part)
  return list.some((each) => typeof each === 'object' && each !== null && textOfValue(each) === text)
}

const patterns = new Map<string, RE2JS | null>()
/** Longer ones take longer to prepare than to use. */
const maxPattern = 1_000
/** Steps of its automaton times characters, where re2js has to walk every state: about two seconds. */
const maxMatching = 30_000_000

/** Linear in the text whatever the pattern: an author's pattern meets a model's text (https://swtch.com/~rsc/regexp/regexp1.html). */
export function matches(text: unknown, pattern: unknown): Outcome {
  if (typeof pattern !== 'string') return {why: 'the pattern is not a text'}
  if (typeof text !== 'string') return ok(false)
  if (pattern.length > maxPattern) return {why: `a pattern has at most ${maxPattern} characters`}
  const regex = compiled(pattern)
  if (regex === null) return {why: `${JSON.stringify(pattern.slice(0, 200))} is not a pattern of RE2`}
  if (regex.programSize() * text.length > maxMatching) return {why: 'the pattern is too complex for so long a text'}
  // unlike a matcher, `test` needs no groups, which is ten times faster
  return ok(regex.test(text))
}

/** What a match costs at most, in steps of the automaton. */
export function costOfMatch(text: unknown, pattern: unknown): number {
  if (typeof text !== 'string' || typeof pattern !== 'string' || pattern.length > maxPattern) return 0
  return (compiled(pattern)?.programSize() ?? 0) * text.length
}

function compiled(pattern: string): RE2JS | null {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  if (patterns.size > 200) patterns.clear()
  const regex = read(pattern)
  patterns.set(pattern, regex)
  return regex
}

function read(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return null
  }
}

const ofNumbers =
  (run: (...numbers: readonly number[]) => number): Run =>
  (parameters) => {
    const numbers = parameters.map(numberOf)
    const given = numbers.filter((each) => each !== null)
    if (given.length < numbers.length) return {why: 'not every parameter is a number'}
    const value = run(...given)
    return Number.isFinite(value) ? ok(value) : {why: 'the result is no number'}
  }

const ofText =
  (run: (text: string) => unknown): Run =>
  ([value]) => {
    if (value === null || value === undefined) return {why: 'there is no text'}
    return ok(run(textOfValue(value)))
  }

/** A list as its one parameter, or the parameters themselves: `max(scores)` and `max(a, b)`. */
const ofList =
  (run: (numbers: readonly number[]) => number | null): Run =>
  (parameters) => {
    const [only] = parameters
    const all = parameters.length === 1 && isList(only) ? only : parameters
    const numbers = all.map(numberOf).filter((each) => each !== null)
    if (numbers.length < all.length) return {why: 'not everything in the list is a number'}
    const value = run(numbers)
    if (value === null) return {why: 'the list is empty'}
    return Number.isFinite(value) ? ok(value) : {why: 'the result is no number'}
  }

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

/** Without spreading: a list may be longer than a call takes parameters. */
const extremeOf = (numbers: readonly number[], wins: (a: number, b: number) => boolean): number | null =>
  numbers.reduce<number | null>((best, each) => (best === null || wins(each, best) ? each : best), null)

/** A file name that no system takes amiss. */
const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 60) || 'unnamed'

const joined: Run = ([list, separator]) => {
  if (!isList(list)) return {why: 'the first parameter is not a list'}
  const between = separator === undefined ? ', ' : textOfValue(separator)
  if (sizeOf(list) + list.length * between.length > maxText) return {why: 'the text would be too long'}
  return ok(list.map(textOfValue).join(between))
}

const replaced: Run = ([text, from, to]) => {
  if (typeof text !== 'string' || typeof from !== 'string' || from === '')
    return {why: 'there is no text to replace in'}
  const parts = text.split(from)
  const by = textOfValue(to)
  return text.length + parts.length * by.length > maxText ? {why: 'the text would be too long'} : ok(parts.join(by))
}

const sliced: Run = ([whole, start, end]) => {
  const [from, to] = [numberOf(start), end === undefined ? undefined : numberOf(end)]
  if (from === null || to === null) return {why: 'where the part begins or ends is not a number'}
  if (isList(whole)) return ok(whole.slice(from, to))
  if (typeof whole !== 'string') return {why: 'there is nothing to take a part of'}
  // half of a character is none
  return ok(whole.slice(from, to).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, ''))
}

const truncated: Run = ([text, end]) =>
  text === null || text === undefined ? {why: 'there is no text'} : sliced([textOfValue(text), 0, end])

const parsed: Run = ([text]) => {
  try {
    return ok(JSON.parse(textOfValue(text)))
  } catch {
    return {why: 'the text is not JSON'}
  }
}

const split: Run = ([text, separator]) =>
  text === null || text === undefined
    ? {why: 'there is no text'}
    : ok(textOfValue(text).split(separator === undefined ? ',' : textOfValue(separator)))

/** A text in a text doubles its quotes and backslashes: `x | json | json | …` grows without an end. */
const written =
  (write: (value: unknown) => string): Run =>
  ([value = null]) => {
    if (sizeOf(value) > maxText) return {why: 'it is nested too deeply or too long'}
    const text = write(value)
    return text.length > maxText ? {why: 'the text would be too long'} : ok(text)
  }

const ends =
  (run: (list: readonly unknown[]) => unknown): Run =>
  ([list]) =>
    isList(list) && list.length > 0 ? ok(run(list)) : {why: 'the list is empty or none'}

const lower = ofText((text) => text.toLowerCase())
const upper = ofText((text) => text.toUpperCase())
const average = ofList((numbers) => (numbers.length === 0 ? null : sumOf(numbers) / numbers.length))
const size: Run = ([value]) => {
  const length = lengthOf(value)
  return length === null ? {why: 'it has no length'} : ok(length)
}
const seconds = (unit: number): FunctionOfLanguage => ({takes: [1, 1], run: ofNumbers((many = 0) => many * unit)})
const divide = ofNumbers((a = 0, b = 0) => (b === 0 ? 0 : a / b))
const round = ofNumbers((value = 0, digits = 0) => {
  const scale = 10 ** Math.min(12, Math.max(0, Math.trunc(digits)))
  return Math.round(value * scale) / scale
})
const withText =
  (holds: (text: string, part: string) => boolean): Run =>
  ([text, part]) =>
    ok(typeof text === 'string' && part !== null && part !== undefined && holds(text, textOfValue(part)))
const startsWith = withText((text, part) => text.startsWith(part))
const endsWith = withText((text, part) => text.endsWith(part))

/** Durations are seconds, as `now()` is. A division by zero is 0. Both as in pipeline_ex. */
export const functions: Readonly<Record<string, FunctionOfLanguage>> = {
  contains: {takes: [2, 2], isQuestion: true, run: ([whole, part]) => ok(contains(whole, part))},
  matches: {takes: [2, 2], isQuestion: true, run: ([text, pattern]) => matches(text, pattern)},
  length: {takes: [1, 1], run: size},
  size: {takes: [1, 1], run: size},
  startsWith: {takes: [2, 2], isQuestion: true, run: startsWith},
  starts_with: {takes: [2, 2], isQuestion: true, run: startsWith},
  endsWith: {takes: [2, 2], isQuestion: true, run: endsWith},
  ends_with: {takes: [2, 2], isQuestion: true, run: endsWith},
  toLowerCase: {takes: [1, 1], run: lower},
  lower: {takes: [1, 1], run: lower},
  downcase: {takes: [1, 1], run: lower},
  toUpperCase: {takes: [1, 1], run: upper},
  upper: {takes: [1, 1], run: upper},
  upcase: {takes: [1, 1], run: upper},
  slug: {takes: [1, 1], run: ofText(slugOf)},
  trim: {takes: [1, 1], run: ofText((text) => text.trim())},
  lines: {takes: [1, 1], run: ofText((text) => text.split(/\r?\n/))},
  split: {takes: [1, 2], run: split},
  join: {takes: [1, 2], run: joined},
  replace: {takes: [3, 3], run: replaced},
  slice: {takes: [2, 3], run: sliced},
  truncate: {takes: [2, 2], run: truncated},
  first: {takes: [1, 1], run: ends((list) => list[0] ?? null)},
  last: {takes: [1, 1], run: ends((list) => list.at(-1) ?? null)},
  keys: {takes: [1, 1], run: ([value]) => (isRecord(value) ? ok(Object.keys(value)) : {why: 'it has no keys'})},
  values: {takes: [1, 1], run: ([value]) => (isRecord(value) ? ok(Object.values(value)) : {why: 'it has no values'})},
  isEmpty: {
    takes: [1, 1],
    isQuestion: true,
    run: ([value]) => ok(value === null || value === '' || lengthOf(value) === 0),
  },
  text: {takes: [1, 1], run: ofText((text) => text)},
  number: {
    takes: [1, 1],
    run: ([value]) => {
      const read = numberOf(value)
      return read === null ? {why: 'it is not a number'} : ok(read)
    },
  },
  json: {takes: [1, 1], run: written((value) => JSON.stringify(value, null, 1) ?? 'null')},
  yaml: {takes: [1, 1], effort: 8, run: written((value) => stringify(value, {aliasDuplicateObjects: false}))},
  parse_json: {takes: [1, 1], run: parsed},
  sum: {takes: [1, 100], run: ofList(sumOf)},
  average: {takes: [1, 100], run: average},
  avg: {takes: [1, 100], run: average},
  min: {takes: [1, 100], run: ofList((numbers) => extremeOf(numbers, (a, b) => a < b))},
  max: {takes: [1, 100], run: ofList((numbers) => extremeOf(numbers, (a, b) => a > b))},
  abs: {takes: [1, 1], run: ofNumbers((value = 0) => Math.abs(value))},
  round: {takes: [1, 2], run: round},
  floor: {takes: [1, 1], run: ofNumbers((value = 0) => Math.floor(value))},
  ceil: {takes: [1, 1], run: ofNumbers((value = 0) => Math.ceil(value))},
  sqrt: {takes: [1, 1], run: ofNumbers((value = 0) => Math.sqrt(value))},
  pow: {takes: [2, 2], run: ofNumbers((base = 0, exponent = 0) => base ** exponent)},
  add: {takes: [2, 2], run: ofNumbers((a = 0, b = 0) => a + b)},
  subtract: {takes: [2, 2], run: ofNumbers((a = 0, b = 0) => a - b)},
  multiply: {takes: [2, 2], run: ofNumbers((a = 0, b = 0) => a * b)},
  divide: {takes: [2, 2], run: divide},
  between: {
    takes: [3, 3],
    isQuestion: true,
    run: ([value, low, high]) => {
      const [a, b, c] = [numberOf(low), numberOf(value), numberOf(high)]
      return a === null || b === null || c === null ? ok(false) : ok(a <= b && b <= c)
    },
  },
  days: seconds(86_400),
  hours: seconds(3600),
  minutes: seconds(60),
  seconds: seconds(1),
}

/** Functions that need more than the values of their parameters, with how many they take. */
export const special: Readonly<Record<string, FunctionOfLanguage['takes']>> = {
  any: [1, 2],
  all: [1, 2],
  count: [1, 2],
  filter: [2, 2],
  default: [1, 100],
  coalesce: [1, 100],
  exists: [1, 100],
  required: [1, 1],
  now: [0, 0],
}
