/** What a rescue or catch clause does with what it took. */
import {isInside, textOf, walk, type Syntax} from '../syntax.ts'
import type {Stab} from './block.ts'
import {callsIn, type Module} from './module.ts'

/** The error goes on in some form: it is raised again, or its variable is used for more than a log line. */
export function handsOn(module: Module, {node, body}: Stab, variable: string): boolean {
  if (/\b(reraise|raise|exit|throw|__STACKTRACE__|flunk)\b/.test(body.map(textOf).join('\n'))) return true
  if (variable.startsWith('_')) return false
  const logs = logsIn(module, node)
  return body
    .flatMap((each) => [...walk(each)])
    .some((each) => each.type === 'identifier' && textOf(each) === variable && !logs.some((log) => isInside(each, log)))
}

export const logsIn = (module: Module, node: Syntax): readonly Syntax[] =>
  callsIn(module, node).flatMap((call) => (call.module === 'Logger' || call.module === 'IO' ? [call.node] : []))

/** A barrier around code that somebody else wrote must take everything. */
export const runsForeignCode = (module: Module, node: Syntax, {node: clause}: Stab): boolean =>
  callsIn(module, node).some(
    (call) =>
      !isInside(call.node, clause) &&
      (call.name === '' || (call.name === 'apply' && call.receiver === null) || call.module === 'Code'),
  )
