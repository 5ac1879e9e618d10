/**
 * The one language of templates and conditions: text → tree. Total: whatever the text, it ends in a tree or in the reason why it is
 * none, in time linear in its length.
 */

import {Failure} from '../errors.ts'

export type Expression =
  | {readonly kind: 'literal'; readonly value: string | number | boolean | null}
  | {readonly kind: 'list'; readonly items: readonly Expression[]}
  /** A name and what stands behind it: `steps.review.risks[0]`. */
  | {readonly kind: 'path'; readonly root: string; readonly keys: readonly (string | Expression)[]}
  | {readonly kind: 'member'; readonly of: Expression; readonly keys: readonly (string | Expression)[]}
  | {readonly kind: 'call'; readonly name: string; readonly parameters: readonly Expression[]}
  /** A condition about the items of a list: it is read with the expression and never from data. */
  | {readonly kind: 'each'; readonly condition: Expression}
  | {readonly kind: 'unary'; readonly operator: '!' | '-'; readonly of: Expression}
  | {readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression}
  | {readonly kind: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression}
  /** A word with a hyphen is a name where there is such a name, else a subtraction. */
  | {readonly kind: 'either'; readonly whole: Expression; readonly split: Expression}
  /** A quoted text with expressions in braces in it; `raw` is as it was written. */
  | {readonly kind: 'text'; readonly pieces: readonly (string | Expression)[]; readonly raw: string}

export type Read =
  | {readonly ok: true; readonly tree: Expression}
  /** `at`: offset in the text. */
  | {readonly ok: false; readonly message: string; readonly at: number}

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'sign' | 'end'
  readonly text: string
  readonly at: number
}

/** More than a person writes, and few enough to walk the tree by recursion. */
const maxTokens = 1_000
const maxDepth = 60
/** A condition in a condition in a condition; each is read twice where it has hyphens. */
const maxQuoted = 3
/** Of a text and all that is quoted in it. */
const maxAllTokens = 4_000

const number = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const plainWord = /[\p{L}_@][\p{L}\p{N}_]*/uy
/** pipeline_ex's steps have hyphens in their names; a subtraction of two names may look the same, so both are read. */
const hyphenWord = /[\p{L}_@][\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*/uy
const sign = /\{\{|\}\}|===|!==|==|!=|>=|<=|&&|\|\||[-+*/%()[\].,?:|<>!]/y

/** What is left to be read of one text and of what is quoted in it. */
interface Room {
  readonly left: {tokens: number}
  readonly quoted: number
}

/** The tokens, or the offset of what is none or too much. */
function tokensOf(text: string, hyphens: boolean, room: Room): readonly Token[] | number {
  const tokens: Token[] = []
  const word = hyphens ? hyphenWord : plainWord
  let at = 0
  const take = (pattern: RegExp, kind: Token['kind']): boolean => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) return false
    tokens.push({kind, text: found, at})
    at += found.length
    return true
  }
  while (at < text.length) {
    const character = text[at] ?? ''
    if (/\s/.test(character)) at++
    else if (character === '"' || character === "'") {
      const end = endOfText(text, at)
      if (end < 0) return at
      tokens.push({kind: 'text', text: text.slice(at + 1, end).replaceAll(`\\${character}`, character), at})
      at = end + 1
    } else if (!take(number, 'number') && !take(word, 'word') && !take(sign, 'sign')) return at
    if (tokens.length > maxTokens || room.left.tokens-- <= 0) return text.length
  }
  tokens.push({kind: 'end', text: '', at})
  return tokens
}

/** Only the quote itself can be escaped: a backslash in a pattern (`'\d+'`) is one. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && text[at + 1] === text[start]) at++
    else if (text[at] === text[start]) return at
  }
  return -1
}

/** By binding strength, weakest first. */
const levels: readonly (readonly string[])[] = [
  ['||', 'or'],
  ['&&', 'and'],
  ['==', '!=', '===', '!=='],
  ['>', '<', '>=', '<=', 'contains', 'matches', 'in', 'between'],
  ['+', '-'],
  ['*', '/', '%'],
]
const spelling: Readonly<Record<string, string>> = {and: '&&', or: '||', '===': '==', '!==': '!='}
const wordOperators: readonly string[] = ['and', 'or', 'not', 'contains', 'matches', 'in', 'between']
const constants: Readonly<Record<string, boolean | null>> = {true: true, false: false, null: null, nil: null}
/** The functions whose second parameter is a condition about each item. */
export const aboutItems: readonly string[] = ['any', 'all', 'count', 'filter']

/** Reads the whole text as one expression. */
export const readExpression = (text: string): Read => read(text, {left: {tokens: maxAllTokens}, quoted: 0})

function read(text: string, room: Room): Read {
  const tokens = tokensOf(text, true, room)
  const whole = parse(text, tokens, room)
  if (typeof tokens === 'number' || !tokens.some(({kind, text: word}) => kind === 'word' && word.includes('-')))
    return whole
  const split = parse(text, tokensOf(text, false, room), room)
  if (!whole.ok || !split.ok) return whole.ok ? whole : split
  // no function has a hyphen: `a-max(b, c)` is a subtraction
  if (callsIn(whole.tree).some((name) => name.includes('-'))) return split
  return {ok: true, tree: {kind: 'either', whole: whole.tree, split: split.tree}}
}

interface Cursor {
  readonly tokens: readonly Token[]
  readonly room: Room
  at: number
  depth: number
  /** Offset of what is wrong, once something is. */
  wrongAt: number
  why: string
}

/** One for all: a text may hold ten thousand pairs of braces that are no expression, and an error of its own costs each a stack. */
const stop = new Failure('bad-expression', 'not an expression')

function parse(text: string, tokens: readonly Token[] | number, room: Room): Read {
  if (typeof tokens === 'number') {
    const found = text.codePointAt(tokens)
    const message =
      found === undefined ? 'it is too long' : `${JSON.stringify(String.fromCodePoint(found))} is not understood`
    return {ok: false, message, at: tokens}
  }
  const cursor: Cursor = {tokens, room, at: 0, depth: 0, wrongAt: 0, why: ''}
  try {
    const tree = ternary(cursor)
    const rest = peek(cursor)
    if (rest.kind !== 'end') return {ok: false, message: `${shown(rest)} is not expected here`, at: rest.at}
    return {ok: true, tree}
  } catch (thrown) {
    if (thrown !== stop) throw thrown
    return {ok: false, message: cursor.why, at: cursor.wrongAt}
  }
}

const peek = ({tokens, at}: Cursor): Token => tokens[at] ?? {kind: 'end', text: '', at: 0}

function next(cursor: Cursor): Token {
  const token = peek(cursor)
  cursor.at++
  return token
}

const isSign = (cursor: Cursor, text: string): boolean => {
  const token = peek(cursor)
  return token.kind === 'sign' && token.text === text
}

function skip(cursor: Cursor, text: string): boolean {
  if (!isSign(cursor, text)) return false
  cursor.at++
  return true
}

const shown = ({text}: Token): string => `\`${text.slice(0, 60)}\``

function fail(cursor: Cursor, token: Token, expected: string): never {
  cursor.wrongAt = token.at
  const what = token.kind === 'end' ? 'it ends' : `${shown(token)} stands`
  cursor.why = `${what} where ${expected} is expected`
  throw stop
}

function expectSign(cursor: Cursor, text: string): void {
  if (!skip(cursor, text)) fail(cursor, peek(cursor), `\`${text}\``)
}

function deeper<T>(cursor: Cursor, read: () => T): T {
  cursor.depth++
  if (cursor.depth > maxDepth) fail(cursor, peek(cursor), 'less nesting')
  const value = read()
  cursor.depth--
  return value
}

/** `value | function: more` is `function(value, more)`, as in the template languages people know. */
function ternary(cursor: Cursor): Expression {
  return deeper(cursor, () => {
    let value = binary(cursor, 0)
    if (skip(cursor, '?')) {
      const yes = ternary(cursor)
      expectSign(cursor, ':')
      return {kind: 'choice', test: value, yes, no: ternary(cursor)}
    }
    while (skip(cursor, '|')) {
      const name = next(cursor)
      if (name.kind !== 'word') fail(cursor, name, 'the name of a function')
      const more: Expression[] = []
      if (isSign(cursor, '(')) more.push(...parametersOf(cursor))
      else if (skip(cursor, ':')) {
        do more.push(binary(cursor, 0))
        while (skip(cursor, ','))
      }
      value = callOf(cursor, name, [value, ...more])
    }
    return value
  })
}

function binary(cursor: Cursor, level: number): Expression {
  const operators = levels[level]
  if (operators === undefined) return unary(cursor)
  let left = binary(cursor, level + 1)
  for (;;) {
    const token = peek(cursor)
    const negated = token.kind === 'word' && token.text === 'not' && isInfix(cursor.tokens[cursor.at + 1], operators)
    const operator = negated ? (cursor.tokens[cursor.at + 1]?.text ?? '') : token.text
    if (!negated && !isInfix(token, operators)) return left
    cursor.at += negated ? 2 : 1
    const joined = joinedBy(spelling[operator] ?? operator, left, cursor, level)
    left = negated ? {kind: 'unary', operator: '!', of: joined} : joined
  }
}

const isInfix = (token: Token | undefined, operators: readonly string[]): boolean =>
  token !== undefined && (token.kind === 'sign' || token.kind === 'word') && operators.includes(token.text)

function joinedBy(operator: string, left: Expression, cursor: Cursor, level: number): Expression {
  if (operator !== 'between') return {kind: 'binary', operator, left, right: binary(cursor, level + 1)}
  const low = binary(cursor, level + 1)
  const and = next(cursor)
  if (!isInfix(and, ['and', '&&'])) fail(cursor, and, '`and`')
  return {kind: 'call', name: 'between', parameters: [left, low, binary(cursor, level + 1)]}
}

function unary(cursor: Cursor): Expression {
  const token = peek(cursor)
  const isNot = (token.kind === 'sign' && token.text === '!') || (token.kind === 'word' && token.text === 'not')
  if (isNot || isSign(cursor, '-')) {
    cursor.at++
    // `not a == b` is about the comparison, `!a == b` about a
    const of = deeper(cursor, () => (token.text === 'not' ? binary(cursor, 2) : unary(cursor)))
    return {kind: 'unary', operator: isNot ? '!' : '-', of}
  }
  return behind(cursor, primary(cursor))
}

/** `.name`, `.0`, `[index]`, as many as there are. */
function behind(cursor: Cursor, base: Expression): Expression {
  const keys: (string | Expression)[] = base.kind === 'path' ? [...base.keys] : []
  const before = keys.length
  for (;;) {
    if (skip(cursor, '.')) {
      const key = next(cursor)
      if (key.kind !== 'word' && key.kind !== 'number') fail(cursor, key, 'a name')
      keys.push(...key.text.split('.').filter((part) => part !== ''))
    } else if (peek(cursor).kind === 'number' && peek(cursor).text.startsWith('.')) {
      keys.push(next(cursor).text.slice(1))
    } else if (skip(cursor, '[')) {
      const key = ternary(cursor)
      expectSign(cursor, ']')
      keys.push(key.kind === 'literal' ? String(key.value) : key)
    } else break
  }
  if (keys.length === before) return base
  return base.kind === 'path' ? {...base, keys} : {kind: 'member', of: base, keys}
}

function primary(cursor: Cursor): Expression {
  const token = next(cursor)
  if (token.kind === 'number') {
    const value = Number(token.text)
    return Number.isFinite(value) ? {kind: 'literal', value} : fail(cursor, token, 'a smaller number')
  }
  if (token.kind === 'text') return quoted(token, cursor)
  if (token.kind === 'word') {
    const constant = Object.hasOwn(constants, token.text) ? constants[token.text] : undefined
    if (constant !== undefined && !isSign(cursor, '(')) return {kind: 'literal', value: constant}
    if (isSign(cursor, '(')) return callOf(cursor, token, parametersOf(cursor))
    if (wordOperators.includes(token.text)) fail(cursor, token, 'a value')
    return {kind: 'path', root: token.text, keys: []}
  }
  if (token.text === '(') {
    const inner = ternary(cursor)
    expectSign(cursor, ')')
    return inner
  }
  // a condition may hold a template, as in pipeline_ex, where it was filled in before
  if (token.text === '{{') {
    const inner = ternary(cursor)
    expectSign(cursor, '}}')
    return inner
  }
  if (token.text === '[') {
    const items = isSign(cursor, ']') ? [] : listOf(cursor)
    expectSign(cursor, ']')
    return {kind: 'list', items}
  }
  return fail(cursor, token, 'a value')
}

function listOf(cursor: Cursor): readonly Expression[] {
  const items = [ternary(cursor)]
  while (skip(cursor, ',')) items.push(ternary(cursor))
  return items
}

function parametersOf(cursor: Cursor): readonly Expression[] {
  expectSign(cursor, '(')
  if (skip(cursor, ')')) return []
  const parameters = listOf(cursor)
  expectSign(cursor, ')')
  return parameters
}

/** Braces in a quoted text are a template of their own: `'{{state.mode}}' == 'full'`. */
function quoted(token: Token, cursor: Cursor): Expression {
  const {text} = token
  const pieces: (string | Expression)[] = []
  let from = 0
  for (const {0: raw, 1: inner = '', index} of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const found = read(inner, inside(cursor, token))
    if (!found.ok) continue
    pieces.push(text.slice(from, index), found.tree)
    from = index + raw.length
  }
  return from === 0 ? {kind: 'literal', value: text} : {kind: 'text', pieces: [...pieces, text.slice(from)], raw: text}
}

/** What is left for an expression inside of a text. */
function inside(cursor: Cursor, token: Token): Room {
  const {left, quoted} = cursor.room
  if (quoted >= maxQuoted || left.tokens-- <= 0) fail(cursor, token, 'less nesting')
  return {left, quoted: quoted + 1}
}

function callOf(cursor: Cursor, word: Token, parameters: readonly Expression[]): Expression {
  const {text: name} = word
  const [list, second, ...rest] = parameters
  const text = aboutItems.includes(name) && rest.length === 0 ? textIn(second) : null
  if (list === undefined || text === null) return {kind: 'call', name, parameters}
  const condition = read(text, inside(cursor, word))
  if (condition.ok) return {kind: 'call', name, parameters: [list, {kind: 'each', condition: condition.tree}]}
  cursor.wrongAt = word.at
  cursor.why = `the condition of \`${name}\`: ${condition.message}`
  throw stop
}

function textIn(tree: Expression | undefined): string | null {
  if (tree?.kind === 'text') return tree.raw
  return tree?.kind === 'literal' && typeof tree.value === 'string' ? tree.value : null
}

/**
 * Every name in it with the constant part of what stands behind it; those of conditions about items are their own.
 *
 * @param isName whether such a path means something: it decides about words with hyphens
 */
export function pathsIn(
  tree: Expression,
  isName: (path: readonly string[]) => boolean = () => true,
): readonly (readonly string[])[] {
  const found: (readonly string[])[] = []
  walk(tree, (each) => {
    if (each.kind === 'either') {
      const [whole, split] = [pathsIn(each.whole, isName), pathsIn(each.split, isName)]
      found.push(...(whole.every(isName) || !split.every(isName) ? whole : split))
    }
    if (each.kind !== 'path') return
    const end = each.keys.findIndex((key) => typeof key !== 'string')
    const constant = each.keys.slice(0, end < 0 ? undefined : end)
    found.push([each.root, ...constant.filter((key) => typeof key === 'string')])
  })
  return found
}

/** Names of the functions that it calls, those in conditions about items too. */
export function callsIn(tree: Expression): readonly string[] {
  const found: string[] = []
  walk(tree, (each) => {
    if (each.kind === 'call') found.push(each.name)
    if (each.kind === 'each') found.push(...callsIn(each.condition))
    if (each.kind === 'either') found.push(...callsIn(each.whole))
  })
  return found
}

/** Conditions about items are left out: their names are fields of the items. */
function walk(tree: Expression, visit: (each: Expression) => void): void {
  visit(tree)
  for (const child of childrenOf(tree)) walk(child, visit)
}

function childrenOf(tree: Expression): readonly Expression[] {
  const expressions = (keys: readonly (string | Expression)[]): readonly Expression[] =>
    keys.flatMap((key) => (typeof key === 'string' ? [] : [key]))
  switch (tree.kind) {
    case 'literal':
    case 'each':
    case 'either':
      return []
    case 'list':
      return tree.items
    case 'path':
      return expressions(tree.keys)
    case 'member':
      return [tree.of, ...expressions(tree.keys)]
    case 'call':
      return tree.parameters
    case 'unary':
      return [tree.of]
    case 'binary':
      return [tree.left, tree.right]
    case 'choice':
      return [tree.test, tree.yes, tree.no]
    default:
      return expressions(tree.pieces)
  }
}
