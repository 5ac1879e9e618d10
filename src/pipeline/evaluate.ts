/** An expression and the values of its names → a value. Total: it has no value, and says why, where another language would throw. */
import {Failure} from '../errors.ts'
import type {Expression} from './expression.ts'
import {
  contains,
  costOfMatch,
  functions,
  isList,
  isRecord,
  isSame,
  isTrue,
  lengthOf,
  matches,
  maxText,
  numberOf,
  sizeOf,
  special,
  textOfValue,
  type Outcome,
} from './functions.ts'

/** A value, and whether somebody who may command wrote it. */
export interface Known {
  readonly value: unknown
  readonly vouched: boolean
}

export interface Names {
  /** What stands behind a name and the path after it; undefined: nothing. */
  readonly find: (root: string, keys: readonly string[]) => Known | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface Evaluated extends Known {
  /** What has no value, as a person would say it: `steps.review.risk`, `round(…)`. Then the value is null. */
  readonly missing: readonly string[]
  /** What of it no reader forgives: `required(…)`. */
  readonly required: readonly string[]
  /** What could be a mistake although there is a value. */
  readonly notes: readonly string[]
}

/** An expression may look at this many parts; `any` in `any` over long lists ends here. */
const maxParts = 120_000
/** A text that is looked through costs a part for so many characters; an object, a part for every two of its values. */
const charactersOfPart = 64
const sizeOfPart = 16

interface Work {
  readonly names: Names
  /** Fields of the item that a condition is about. */
  readonly item: Known | null
  readonly missing: string[]
  readonly notes: string[]
  readonly required: string[]
  vouched: boolean
  /** Of the whole expression. */
  readonly counts: {parts: number; unknown: number}
}

export function evaluate(tree: Expression, names: Names): Evaluated {
  const counts = {parts: maxParts, unknown: 0}
  const work: Work = {names, item: null, missing: [], notes: [], required: [], vouched: true, counts}
  const {missing, required} = work
  try {
    const value = valueOf(tree, work) ?? null
    return {value, vouched: work.vouched, missing, required, notes: [...new Set(work.notes)]}
  } catch (thrown) {
    // a calculation that is cut short has no value at all, not that of its first half
    if (!(thrown instanceof Failure)) throw thrown
    return {value: null, vouched: false, missing: [thrown.message], required, notes: [...new Set(work.notes)]}
  }
}

function spend(work: Work, parts: number): void {
  work.counts.parts -= parts
  if (work.counts.parts < 0) throw new Failure('too-large', 'end of a very long calculation')
}

/** Whoever compares or searches looks at all of it; @param effort times that of a look */
function spendOn(work: Work, values: readonly unknown[], effort = 1): void {
  // one calculation with a value is allowed, however large it is
  const most = effort === 1 ? maxParts / 4 : maxParts * 0.6
  for (const value of values) {
    if (typeof value === 'string') spend(work, Math.min((effort * value.length) / charactersOfPart, most))
    else if (typeof value === 'object') spend(work, Math.min((effort * sizeOf(value)) / sizeOfPart, most))
  }
}

function valueOf(tree: Expression, work: Work): unknown {
  spend(work, 1)
  switch (tree.kind) {
    case 'literal':
      return tree.value
    case 'list':
      return tree.items.map((each) => valueOf(each, work) ?? null)
    case 'either':
      return ofEither(tree.whole, tree.split, work)
    case 'text':
      return textOfPieces(tree.pieces, work)
    case 'path':
      return lookUp(tree.root, keysOf(tree.keys, work), work)
    case 'member': {
      const keys = keysOf(tree.keys, work)
      const before = work.missing.length
      const found = at(valueOf(tree.of, work), keys)
      if (found !== undefined) return found
      return work.missing.length > before ? null : lost(work, `.${keys.join('.')}`)
    }
    case 'call':
      return called(tree.name, tree.parameters, work)
    case 'each':
      return lost(work, 'a condition without its list')
    case 'unary':
      return tree.operator === '!' ? !tested(tree.of, work) : negative(tree.of, work)
    case 'binary':
      return combined(tree.operator, tree.left, tree.right, work)
    default:
      return valueOf(tested(tree.test, work) ? tree.yes : tree.no, work)
  }
}

function textOfPieces(pieces: readonly (string | Expression)[], work: Work): string {
  let text = ''
  for (const each of pieces) {
    text += typeof each === 'string' ? each : textOfValue(valueOf(each, work))
    if (text.length > maxText) throw new Failure('too-large', 'end of a text that is too long')
  }
  return text
}

/** Whichever has all of its names; a comparison with a name that nobody knows has a value all the same, so names are counted. */
function ofEither(whole: Expression, split: Expression, work: Work): unknown {
  const {vouched, counts} = work
  const [missing, notes, required] = [work.missing.length, work.notes.length, work.required.length]
  const before = counts.unknown
  const value = valueOf(whole, work)
  if (counts.unknown === before) return value
  const kept = {
    unknown: counts.unknown,
    vouched: work.vouched,
    missing: work.missing.splice(missing),
    notes: work.notes.splice(notes),
    required: work.required.splice(required),
  }
  counts.unknown = before
  work.vouched = vouched
  const other = valueOf(split, work)
  if (counts.unknown === before) return other
  counts.unknown = kept.unknown
  work.vouched = kept.vouched
  work.missing.splice(missing, Infinity, ...kept.missing)
  work.notes.splice(notes, Infinity, ...kept.notes)
  work.required.splice(required, Infinity, ...kept.required)
  return value
}

/** Keys may be a model's words. */
function lost(work: Work, what: string): null {
  work.missing.push(what.length > 200 ? `${what.slice(0, 200)}…` : what)
  return null
}

function forgive(work: Work, before: number): void {
  for (const what of work.missing.splice(before)) work.notes.push(`there is no ${what}`)
}

const keysOf = (keys: readonly (string | Expression)[], work: Work): readonly string[] =>
  keys.map((key) => (typeof key === 'string' ? key : textOfValue(valueOf(key, work))))

/** What chooses between two words does not speak itself, and may be missing: then it is no. */
function tested(tree: Expression, work: Work): boolean {
  const {vouched} = work
  const before = work.missing.length
  const is = isTrue(valueOf(tree, work))
  work.vouched = vouched
  forgive(work, before)
  return is
}

function lookUp(root: string, keys: readonly string[], work: Work): unknown {
  const {item, names} = work
  const inItem = item === null ? undefined : root === '@' ? at(item.value, keys) : at(item.value, [root, ...keys])
  if (item !== null && inItem !== undefined) {
    work.vouched &&= item.vouched
    return inItem
  }
  const found = names.find(root, keys)
  if (found === undefined) {
    work.counts.unknown++
    return lost(work, [root, ...keys].join('.'))
  }
  work.vouched &&= found.vouched
  return found.value
}

/** Own keys only, so that `constructor` finds nothing; from the end with a negative number; `length` where there is no such key. */
export function at(value: unknown, keys: readonly string[]): unknown {
  let found = value
  for (const key of keys) {
    const inside: unknown = isList(found) ? found.at(/^-?\d{1,9}$/.test(key) ? Number(key) : NaN) : ownOf(found, key)
    const isIndex = !isList(found) || /^-?\d{1,9}$/.test(key)
    if (inside !== undefined && isIndex) found = inside
    else if (key === 'length' && lengthOf(found) !== null) found = lengthOf(found)
    else return undefined
  }
  return found
}

const ownOf = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined

function negative(tree: Expression, work: Work): unknown {
  const before = work.missing.length
  const number = numberOf(valueOf(tree, work))
  if (number !== null) return number === 0 ? 0 : -number
  return work.missing.length > before ? null : lost(work, 'number behind the minus sign')
}

function combined(operator: string, left: Expression, right: Expression, work: Work): unknown {
  if (operator === '&&') return tested(left, work) && tested(right, work)
  if (operator === '||') return tested(left, work) || tested(right, work)
  const before = work.missing.length
  const [a, b] = [valueOf(left, work) ?? null, valueOf(right, work) ?? null]
  spendOn(work, [a, b])
  const compare = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined
  if (compare === undefined)
    return work.missing.length > before ? null : settled(arithmetic(operator, a, b), operator, work)
  // what is not there is null in a comparison, and the comparison has a value
  forgive(work, before)
  if (operator === 'matches') spend(work, costOfMatch(a, b) / charactersOfPart)
  return answered(compare(a, b), operator, work)
}

function answered(outcome: Outcome, what: string, work: Work): unknown {
  if ('value' in outcome) return outcome.value
  work.notes.push(`${what}: ${outcome.why}`)
  return false
}

function settled(outcome: Outcome, what: string, work: Work): unknown {
  return 'value' in outcome ? outcome.value : lost(work, `${what} (${outcome.why})`)
}

const ordered =
  (wins: (difference: number) => boolean) =>
  (a: unknown, b: unknown): Outcome => {
    if (typeof a === 'number' && typeof b === 'number') return {value: wins(a - b)}
    if (typeof a === 'string' && typeof b === 'string') return {value: wins(a < b ? -1 : a > b ? 1 : 0)}
    return {why: `${typeOf(a)} and ${typeOf(b)} have no order; \`number(…)\` makes a text a number`}
  }

const typeOf = (value: unknown): string => (value === null ? 'nothing' : isList(value) ? 'a list' : `a ${typeof value}`)

const comparisons: Readonly<Record<string, (a: unknown, b: unknown) => Outcome>> = {
  '==': (a, b) => ({value: isSame(a, b)}),
  '!=': (a, b) => ({value: !isSame(a, b)}),
  '>': ordered((difference) => difference > 0),
  '<': ordered((difference) => difference < 0),
  '>=': ordered((difference) => difference >= 0),
  '<=': ordered((difference) => difference <= 0),
  contains: (a, b) => ({value: contains(a, b)}),
  in: (a, b) => ({value: contains(b, a)}),
  matches,
}

function arithmetic(operator: string, a: unknown, b: unknown): Outcome {
  const [x, y] = [numberOf(a), numberOf(b)]
  if (x === null || y === null) {
    if (operator === '+' && typeof a === 'string' && typeof b === 'string')
      return a.length + b.length > maxText ? {why: 'the text would be too long'} : {value: a + b}
    if (operator === '+' && isList(a) && isList(b)) return {value: [...a, ...b]}
    return {why: `${typeOf(a)} and ${typeOf(b)} cannot be calculated with`}
  }
  const calculate = Object.hasOwn(calculations, operator) ? calculations[operator] : undefined
  const value = calculate?.(x, y) ?? NaN
  return Number.isFinite(value) ? {value} : {why: 'the result is no number'}
}

const calculations: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? 0 : a / b),
  '%': (a, b) => (b === 0 ? 0 : a % b),
}

function called(name: string, parameters: readonly Expression[], work: Work): unknown {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined
  const takes = known?.takes ?? (Object.hasOwn(special, name) ? special[name] : undefined)
  if (takes === undefined) return lost(work, `function ${name}`)
  const [least, most] = takes
  if (parameters.length < least || parameters.length > most)
    return lost(work, `${name} (it takes ${least === most ? least : `${least} to ${most}`} parameters)`)
  if (known === undefined) return calledSpecial(name, parameters, work)
  const before = work.missing.length
  const values = parameters.map((each) => valueOf(each, work) ?? null)
  if (known.isQuestion) forgive(work, before)
  if (work.missing.length > before) return null
  spendOn(work, values, known.effort)
  if (name === 'matches') spend(work, costOfMatch(values[0], values[1]) / charactersOfPart)
  const outcome = known.run(values)
  return known.isQuestion ? answered(outcome, name, work) : settled(outcome, name, work)
}

function calledSpecial(name: string, parameters: readonly Expression[], work: Work): unknown {
  const [first, second] = parameters
  if (name === 'now') return Math.floor(work.names.now / 1000)
  if (first === undefined) return null
  if (name === 'default' || name === 'coalesce') return firstOf(parameters, work)
  if (name === 'required') return requiredOf(first, work)
  if (name === 'exists') {
    const {vouched} = work
    const is = parameters.every((each) => firstOf([each], work, true) !== null)
    work.vouched = vouched
    return is
  }
  if (second?.kind === 'each') return aboutEach(name, first, second.condition, work)
  if (second !== undefined) return lost(work, `condition of ${name}: it stands in quotes`)
  if (name === 'count') return called('length', parameters, work)
  return aboutEach(name, first, {kind: 'path', root: '@', keys: []}, work)
}

/** Its value; without one the whole text has none, also where others forgive it. */
function requiredOf(tree: Expression, work: Work): unknown {
  const before = work.missing.length
  const value = valueOf(tree, work)
  if (work.missing.length > before) work.required.push(...work.missing.slice(before))
  return value
}

/** The first that there is; what is missing before it is no mistake. */
function firstOf(parameters: readonly Expression[], work: Work, isQuiet = false): unknown {
  const {vouched} = work
  const before = work.missing.length
  for (const each of parameters) {
    work.vouched = vouched
    const value = valueOf(each, work) ?? null
    if (value !== null && work.missing.length === before) return value
    if (isQuiet || each !== parameters.at(-1)) work.missing.splice(before)
  }
  return null
}

function aboutEach(name: string, list: Expression, condition: Expression, work: Work): unknown {
  const vouched = work.vouched
  const before = work.missing.length
  const items = valueOf(list, work)
  if (!isList(items)) return work.missing.length > before ? null : lost(work, `list for ${name}`)
  const holds = (value: unknown): boolean => tested(condition, {...work, item: {value, vouched: work.vouched}})
  const chosen = name === 'any' || name === 'all' ? [] : items.filter(holds)
  if (name === 'filter') return chosen
  work.vouched = vouched
  if (name === 'any') return items.some(holds)
  return name === 'all' ? items.every(holds) : chosen.length
}
