/** Code that only one process reaches, because what was read names that process. */
import {ancestorsOf, childOf, isInside, textOf, walk, type Syntax} from '../syntax.ts'
import {isVariable, localName, operandsOf, stabOf} from './block.ts'
import type {Clause} from './module.ts'

/** Whether the write stands in a branch behind the read whose pattern or guard lets nobody but `self()` through. */
export function isOwners(write: Syntax, read: Syntax, clause: Clause): boolean {
  for (const each of ancestorsOf(write)) {
    // what encloses both may be entered before the row is known; only the arrows of a `with` come between them
    if (isInside(read, each)) return localName(each) === 'with' && armsOf(each).some((arm) => isForSelf(arm, clause))
    if (each.type === 'stab_clause' && isForSelf(stabOf(each), clause)) return true
  }
  return false
}

interface Arm {
  readonly patterns: readonly Syntax[]
  readonly guard: Syntax | null
}

/** `pattern when guard <- value`: all of them must match. */
const armsOf = (node: Syntax): readonly Arm[] =>
  (node.children.find(({type}) => type === 'arguments')?.children ?? []).flatMap((part) => {
    const left = operandsOf(part, '<-')?.[0]
    if (left === undefined) return []
    const [pattern, guard] = operandsOf(left, 'when') ?? [left, null]
    return {patterns: [pattern], guard}
  })

function isForSelf({patterns, guard}: Arm, clause: Clause): boolean {
  const parts = patterns.flatMap((each) => [...walk(each)])
  if (parts.some((each) => each.type === 'unary_operator' && each.tokens.includes('^') && pinsSelf(each, clause)))
    return true
  const names = new Set(parts.filter(isVariable).map(textOf))
  const isRead = (node: Syntax): boolean => [...walk(node)].some((each) => isVariable(each) && names.has(textOf(each)))
  return conditionsOf(guard).some((each) => {
    const [left, right] = operandsOf(each, '==') ?? operandsOf(each, '===') ?? []
    if (left === undefined || right === undefined) return false
    return (isSelf(left, clause) && isRead(right)) || (isSelf(right, clause) && isRead(left))
  })
}

const pinsSelf = (pin: Syntax, clause: Clause): boolean => {
  const pinned = childOf(pin, 'operand')
  return pinned !== null && isSelf(pinned, clause)
}

/** What a guard demands in any case: the parts of its `and`, none of an `or`. */
function conditionsOf(guard: Syntax | null): readonly Syntax[] {
  if (guard === null) return []
  const inner = guard.type === 'block' ? (guard.children[0] ?? null) : null
  return inner === null ? (operandsOf(guard, 'and')?.flatMap(conditionsOf) ?? [guard]) : conditionsOf(inner)
}

/** `self()`, or a variable that the function binds to it and to nothing else. */
function isSelf(node: Syntax, clause: Clause): boolean {
  if (textOf(node) === 'self()') return true
  if (!isVariable(node)) return false
  const bound = [...walk(clause.node)].flatMap((each) => {
    const bind = operandsOf(each, '=')
    return bind !== null && textOf(bind[0]) === textOf(node) ? [textOf(bind[1])] : []
  })
  return bound.length > 0 && bound.every((text) => text === 'self()')
}
