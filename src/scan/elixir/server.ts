/** Which code runs inside a server process. */
import {ancestorsOf, childOf, isInside, textOf, walk, type Syntax} from '../syntax.ts'
import {localName} from './block.ts'
import {callsIn, clausesNamed, isQuoted, type Call, type Clause, type Module} from './module.ts'
import type {ElixirProject} from './project.ts'

const serverBehaviours = new Set(['GenServer', 'GenStage', ':gen_server', 'Connection', 'GenServer.Async'])

/** `use GenServer`, or a project macro whose `__using__` does so (one level). */
export const isServer = (module: Module, project: ElixirProject): boolean =>
  module.uses.some((each) => serverBehaviours.has(each) || usingServer(project.moduleNamed(each)))

function usingServer(macros: Module | null): boolean {
  if (macros === null) return false
  const using = macros.clauses.filter(({kind, name}) => kind === 'defmacro' && name === '__using__')
  return using.some(({node}) =>
    callsIn(macros, node).some(
      ({name, arguments: [what]}) => name === 'use' && what !== undefined && serverBehaviours.has(textOf(what)),
    ),
  )
}

/** Modules whose `use` may bring callback clauses that nobody can see here. */
export const hasForeignMacros = (module: Module): boolean =>
  module.uses.some((each) => !knownUses.has(each)) || module.clauses.some(({node}) => isQuoted(node))

const knownUses = new Set([
  'GenServer',
  ':gen_server',
  'Logger',
  'Agent',
  'Supervisor',
  'DynamicSupervisor',
  'Application',
  'Bitwise',
  'Task',
])

const callbackArity: Readonly<Record<string, number>> = {
  init: 1,
  handle_call: 3,
  handle_cast: 2,
  handle_info: 2,
  handle_continue: 2,
  terminate: 2,
}

export type Callback = 'init' | 'handle_call' | 'handle_cast' | 'handle_info' | 'handle_continue' | 'terminate'

export const callbackOf = ({name, parameters}: Clause): Callback | null => {
  const found = callbacks.find((each) => each === name)
  return found !== undefined && callbackArity[found] === parameters.length ? found : null
}

const callbacks = ['init', 'handle_call', 'handle_cast', 'handle_info', 'handle_continue', 'terminate'] as const

export const messageCallbacks: readonly Callback[] = ['handle_call', 'handle_cast', 'handle_info']
export const allCallbacks: readonly Callback[] = callbacks

/** The callbacks' clauses and every clause of the module that they reach by local calls in the same process. */
export function reachOf(module: Module, from: readonly Callback[]): ReadonlySet<Clause> {
  const seeds = module.clauses.filter((clause) => {
    const callback = callbackOf(clause)
    return callback !== null && from.includes(callback)
  })
  const reached = new Set(seeds)
  for (const clause of reached) {
    for (const call of callsIn(module, clause.node)) {
      if (!isLocalTo(module, call) || !runsInPlace(call.node, clause.node)) continue
      for (const next of clausesNamed(module, call.name, call.arity)) reached.add(next)
    }
  }
  return reached
}

export const isLocalTo = (module: Module, call: Call): boolean => call.receiver === null || call.module === module.name

/** Functions that run what they are given at once and in the calling process. */
const immediate =
  /^(Enum|Map|Keyword|List|MapSet|Stream|Access|Kernel|Range|String|Registry|:lists|:maps|:timer|:telemetry)\b/
const immediateLocal = new Set(['then', 'tap', 'update_in', 'get_and_update_in'])

/** Whether the node runs in the process that runs `outer`: not in a closure that may be handed to another process. */
export function runsInPlace(node: Syntax, outer: Syntax): boolean {
  for (const each of ancestorsOf(node)) {
    if (each === outer || !isInside(each, outer)) return true
    if (localName(each) === 'quote') return false
    const closure = each.type === 'anonymous_function' || (each.type === 'unary_operator' && each.tokens.includes('&'))
    if (closure && !isRunAtOnce(each)) return false
  }
  return true
}

function isRunAtOnce(closure: Syntax): boolean {
  const call = [...ancestorsOf(closure)].find(({type}) => type === 'call')
  if (call === undefined || closure.parent?.type !== 'arguments' || closure.parent.parent !== call) return false
  const target = childOf(call, 'target')
  if (target === null) return false
  if (target.type === 'identifier') return immediateLocal.has(textOf(target))
  const text = textOf(target)
  return immediate.test(text) && !/attach|start|spawn|apply_after|send/.test(text)
}

/** Whether some `Mod.fun` call or reference in the module has this name. */
export const callsNamed = (module: Module, modules: readonly string[], names: readonly string[]): readonly Call[] =>
  module.calls.filter((call) => call.module !== null && modules.includes(call.module) && names.includes(call.name))

/** The local variables that an expression's value depends on, by name. */
export function variablesIn(node: Syntax): ReadonlySet<string> {
  const names = new Set<string>()
  for (const each of walk(node)) if (each.type === 'identifier') names.add(textOf(each))
  return names
}
