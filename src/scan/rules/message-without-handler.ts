import {clauseOf, isQuoted, resolveIn, type Call, type Module} from '../elixir/module.ts'
import {shapeOf, type Shape} from '../elixir/pattern.ts'
import type {ElixirProject} from '../elixir/project.ts'
import {callbackOf, hasForeignMacros, isServer, type Callback} from '../elixir/server.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf, type Syntax} from '../syntax.ts'

interface Sent {
  readonly target: Module
  readonly message: Syntax
  readonly callback: Callback
}

const timers = /^(send_after|send_interval|apply_after)$/

/** A literal message to a server whose module is known. */
function sentBy(module: Module, call: Call, project: ElixirProject): Sent | null {
  const [first, second] = call.arguments
  if (first === undefined || second === undefined) return null
  if (call.module === 'GenServer' && (call.name === 'call' || call.name === 'cast')) {
    const name = resolveIn(module, first)
    const target =
      name === null || name.startsWith(':') ? null : name === module.name ? module : project.moduleNamed(name)
    return target === null
      ? null
      : {target, message: second, callback: call.name === 'call' ? 'handle_call' : 'handle_cast'}
  }
  const toSelf = textOf(first) === 'self()'
  const sends =
    (call.receiver === null && call.name === 'send') || (call.module === 'Process' && /^send(_after)?$/.test(call.name))
  return toSelf && sends && !timers.test(call.receiver === null ? call.name : '')
    ? {target: module, message: second, callback: 'handle_info'}
    : null
}

const same = (a: Shape, b: Shape): boolean => a.size === b.size && (b.tag === null || a.tag === b.tag)

function hitOf(module: Module, call: Call, project: ElixirProject): readonly Hit[] {
  const sent = isQuoted(call.node) ? null : sentBy(module, call, project)
  if (sent === null) return []
  const {target, message, callback} = sent
  if (!isServer(target, project) || hasForeignMacros(target) || target.source.broken) return []
  // a process sends to itself where it serves, a plain function may run anywhere
  if (callback === 'handle_info' && !/^(init|handle_)/.test(clauseOf(module, call.node)?.name ?? '')) return []
  const shape = shapeOf(message)
  if (shape === 'anything' || shape === 'other' || shape.tag === null) return []
  const patterns = target.clauses
    .filter((clause) => callbackOf(clause) === callback)
    .flatMap(({parameters: [first]}) => first ?? [])
    .map(shapeOf)
  const handled = patterns.some((each) => each === 'anything' || each === 'other' || same(shape, each))
  // without any handle_info the default logs the message, which may be meant
  if (handled || (callback === 'handle_info' && patterns.length === 0)) return []
  const said = shape.size === 0 ? `:${shape.tag}` : `{:${shape.tag}, …} of ${shape.size} elements`
  return [
    {
      place: placeOf(module.source, call.node),
      title: `${target.name} has no ${callback} clause for :${shape.tag}`,
      description: `${module.name} sends ${said} here, but no ${callback} clause of ${target.name} takes it: the server dies with a FunctionClauseError${
        callback === 'handle_call' ? ' and so does the caller' : ''
      }. Add the clause, or correct the message.`,
    },
  ]
}

export const messageWithoutHandler: Rule = {
  summary: 'A literal message to a known server that no clause of it takes.',
  languages: ['elixir'],
  category: 'message-without-handler',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => module.calls.flatMap((call) => hitOf(module, call, elixir))),
}
