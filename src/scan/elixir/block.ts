/** Elixir's shapes that have two spellings (`do … end` and `do:`) or hide in the same node type, read into one form. */
import {childOf, childrenOfType, textOf, type Syntax} from '../syntax.ts'

/** One clause of `case`, `fn`, `receive`, `rescue`, `catch` …: `pattern when guard -> body`. */
export interface Stab {
  readonly node: Syntax
  readonly patterns: readonly Syntax[]
  readonly guard: Syntax | null
  readonly body: readonly Syntax[]
}

const sectionTypes = ['rescue_block', 'catch_block', 'after_block', 'else_block'] as const
export type Section = (typeof sectionTypes)[number]

export const blockOf = (call: Syntax): Syntax | null => call.children.find(({type}) => type === 'do_block') ?? null

/** The value of `do:`, `else:` … of a one-line form, or of any other keyword argument. */
export function keywordOf(call: Syntax, name: string): Syntax | null {
  const list = call.children.find(({type}) => type === 'arguments')
  for (const keywords of list === undefined ? [] : childrenOfType(list, 'keywords')) {
    const value = valueIn(keywords, name)
    if (value !== null) return value
  }
  return null
}

/** A keyword's value in `keywords`, a keyword list or a map's content. */
export function valueIn(keywords: Syntax, name: string): Syntax | null {
  for (const pair of childrenOfType(keywords, 'pair')) {
    const key = childOf(pair, 'key')
    if (key !== null && keyName(key) === name) return childOf(pair, 'value')
  }
  return null
}

export const keyName = (key: Syntax): string => textOf(key).trim().replace(/:$/, '').replace(/^"|"$/g, '')

/** Statements of the main part, without `rescue`, `catch`, `after` and `else`. */
export function bodyOf(call: Syntax): readonly Syntax[] {
  const block = blockOf(call)
  if (block !== null) return block.children.filter(({type}) => !sectionTypes.some((each) => each === type))
  const inline = keywordOf(call, 'do')
  return inline === null ? [] : [inline]
}

export const sectionOf = (call: Syntax, section: Section): Syntax | null =>
  blockOf(call)?.children.find(({type}) => type === section) ?? null

export const stabsOf = (block: Syntax): readonly Stab[] => childrenOfType(block, 'stab_clause').map(stabOf)

export function stabOf(node: Syntax): Stab {
  const left = childOf(node, 'left')
  const guarded = left?.type === 'binary_operator' && left.tokens.includes('when') ? left : null
  const list = guarded === null ? left : childOf(guarded, 'left')
  const right = childOf(node, 'right')
  return {
    node,
    patterns: list === null ? [] : list.type === 'arguments' ? list.children : [list],
    guard: guarded === null ? null : childOf(guarded, 'right'),
    body: right === null ? [] : right.type === 'body' ? right.children : [right],
  }
}

/** The name of a call without a module, as in `case`, `def`, `send`; empty for others. */
export function localName(node: Syntax | null): string {
  if (node?.type !== 'call') return ''
  const target = childOf(node, 'target')
  return target?.type === 'identifier' ? textOf(target) : ''
}

const branching = new Set(['if', 'unless', 'case', 'cond', 'with', 'try', 'receive'])

/** The expressions whose value can become the value of the statements. */
export function tailsOf(statements: readonly Syntax[]): readonly Syntax[] {
  const last = statements.at(-1)
  if (last === undefined) return []
  if (last.type === 'block') return tailsOf(last.children)
  if (!branching.has(localName(last))) return [last]
  const block = blockOf(last)
  const inline = ['do', 'else'].flatMap((name) => keywordOf(last, name) ?? [])
  if (block === null) return inline.length === 0 ? [last] : inline.flatMap((each) => tailsOf([each]))
  const sections = block.children.filter(
    ({type}) => type !== 'after_block' && sectionTypes.some((each) => each === type),
  )
  const after = localName(last) === 'receive' ? (sectionOf(last, 'after_block') ?? []) : []
  return [block, ...sections, ...[after].flat()].flatMap((part) => {
    const stabs = stabsOf(part)
    const own = part === block ? bodyOf(last) : part.children
    return stabs.length > 0 ? stabs.flatMap(({body}) => tailsOf(body)) : tailsOf(own)
  })
}

/** `left` and `right` of a binary operator. */
export function operandsOf(node: Syntax, operator: string): readonly [Syntax, Syntax] | null {
  if (node.type !== 'binary_operator' || !node.tokens.includes(operator)) return null
  const [left, right] = [childOf(node, 'left'), childOf(node, 'right')]
  return left === null || right === null ? null : [left, right]
}

/** A variable: not `__MODULE__` and its kind, not a pinned one. */
export const isVariable = (node: Syntax | null | undefined): node is Syntax & {readonly type: 'identifier'} =>
  node?.type === 'identifier' && !/^__[A-Z_]+__$/.test(textOf(node))
