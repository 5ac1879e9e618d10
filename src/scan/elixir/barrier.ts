/** What a rescue or catch clause does with what it took. */
import {ancestorsOf, isInside, textOf, walk, type Syntax} from '../syntax.ts'
import {isVariable, keywordOf, localName, operandsOf, sectionOf, tailsOf, type Stab} from './block.ts'
import {callsIn, clausesNamed, type Clause, type Module} from './module.ts'
import {isLocalTo} from './server.ts'

/** The error goes on in some form: something is raised, or its variable is used for more than a log line. */
export function handsOn(module: Module, {node, body}: Stab, variable: string): boolean {
  if (/\b(reraise|raise|exit|throw|__STACKTRACE__|flunk)\b/.test(body.map(textOf).join('\n'))) return true
  // as above, one branch is enough: moving its raise into a helper changes nothing
  if (tailsOf(body).some((tail) => raises(module, tail, new Set()))) return true
  if (variable.startsWith('_')) return false
  const logs = logsIn(module, node)
  return body
    .flatMap((each) => [...walk(each)])
    .some((each) => each.type === 'identifier' && textOf(each) === variable && !logs.some((log) => isInside(each, log)))
}

/** The expression never has a value: it raises, or calls a function of the module that always does. */
function raises(module: Module, tail: Syntax, seen: ReadonlySet<Clause>): boolean {
  const node = operandsOf(tail, '|>')?.[1] ?? tail
  const call = module.calls.find((each) => each.node === node)
  if (call === undefined) return false
  const raising = /^(raise|reraise|exit|throw)$/
  if (call.module === ':erlang' || call.module === 'Kernel') return /^error$/.test(call.name) || raising.test(call.name)
  if (!isLocalTo(module, call)) return false
  const clauses = clausesNamed(module, call.name, call.arity)
  if (clauses.length === 0) return call.receiver === null && raising.test(call.name)
  return clauses.every((clause) => !seen.has(clause) && alwaysRaises(module, clause, new Set([...seen, ...clauses])))
}

/** Every way through the clause ends in a raise, and the clause takes none of them back. */
function alwaysRaises(module: Module, {node, body}: Clause, seen: ReadonlySet<Clause>): boolean {
  if (sectionOf(node, 'rescue_block') !== null || sectionOf(node, 'catch_block') !== null) return false
  const tails = tailsOf(body)
  return tails.length > 0 && tails.every((tail) => raises(module, tail, seen) && !isOptional(tail, node))
}

/** Inside an `if` or `with` without `else`, which has a value when its condition fails. */
function isOptional(tail: Syntax, clause: Syntax): boolean {
  for (const each of ancestorsOf(tail)) {
    if (each === clause) return false
    if (!/^(if|unless|with)$/.test(localName(each))) continue
    if (sectionOf(each, 'else_block') === null && keywordOf(each, 'else') === null) return true
  }
  return false
}

export const logsIn = (module: Module, node: Syntax): readonly Syntax[] =>
  callsIn(module, node).flatMap((call) => (call.module === 'Logger' || call.module === 'IO' ? [call.node] : []))

/** A barrier around code that somebody else wrote must take everything: a given function, or a module in a variable. */
export const runsForeignCode = (module: Module, {node: clause}: Stab): boolean => {
  const guarded = [...ancestorsOf(clause)].find((each) => /^(try|defp?)$/.test(localName(each)))
  return (
    guarded !== undefined &&
    callsIn(module, guarded).some(
      (call) =>
        !isInside(call.node, clause) &&
        (call.name === '' ||
          (call.name === 'apply' && call.receiver === null) ||
          call.module === 'Code' ||
          (call.module === null && isHeld(call.receiver))),
    )
  )
}

/** `module` or `state.module`: only running the code tells which one it is. */
const isHeld = (receiver: Syntax | null): boolean =>
  receiver !== null && (isVariable(receiver) || /^[a-z_]\w*(\.[a-z_]\w*)+$/.test(textOf(receiver)))
