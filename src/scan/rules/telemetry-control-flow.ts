import {callsIn, clauseOf, clausesNamed, isQuoted, resolveIn, type Call, type Module} from '../elixir/module.ts'
import type {ElixirProject} from '../elixir/project.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'

const isAttach = ({module, name}: Call): boolean => module === ':telemetry' && /^attach(_many)?$/.test(name)

/** Modules that only count, log or export: sending to a collector is what they are for. */
const observes = /metric|stat|export|report|collect|logg|monitor|telemetry|trac|dashboard|instrument/i

/** Measuring under load is their work. */
const stage = /example|demo|test|bench/i

const acts = (call: Call): boolean =>
  (call.receiver === null && call.name === 'send' && call.arity === 2) ||
  (call.module === 'GenServer' && /^(call|cast)$/.test(call.name)) ||
  (call.module === 'Process' && call.name === 'send')

/** The code of a handler: the closure itself, or the clauses that a capture names. */
function handlerOf(module: Module, handler: Syntax, project: ElixirProject): readonly (readonly [Module, Syntax])[] {
  if (handler.type === 'anonymous_function') return [[module, handler]]
  const slash = handler.type === 'unary_operator' ? handler.children[0] : undefined
  const named = slash?.type === 'binary_operator' ? childOf(slash, 'left') : null
  if (named === null) return []
  if (named.type === 'identifier') return clausesNamed(module, textOf(named), 4).map(({node}) => [module, node])
  const target = named.type === 'call' ? childOf(named, 'target') : null
  const [left, right] = target === null ? [null, null] : [childOf(target, 'left'), childOf(target, 'right')]
  const name = left === null ? null : resolveIn(module, left)
  const owner = name === null ? null : name === module.name ? module : project.moduleNamed(name)
  return owner === null || right === null ? [] : clausesNamed(owner, textOf(right), 4).map(({node}) => [owner, node])
}

function hitOf(module: Module, call: Call, project: ElixirProject): readonly Hit[] {
  const clause = clauseOf(module, call.node)
  const handler = call.arguments[2]
  if (clause === null || handler === undefined || isQuoted(call.node) || stage.test(module.name)) return []
  const place = placeOf(module.source, call.node)
  const waits = callsIn(module, clause.node).find(
    ({name, receiver, node}) => name === 'receive' && receiver === null && node.start > call.node.start,
  )
  if (waits !== undefined)
    return [
      {
        place,
        also: [placeOf(module.source, waits.node)],
        title: `${module.name} waits for a telemetry event`,
        description: `${module.name} attaches a telemetry handler and then waits for its message: telemetry is for watching, a handler is removed at its first exception, and then this waits in vain. Wait for the work itself: a monitor, a reply or a PubSub message.`,
      },
    ]
  if (observes.test(module.name)) return []
  for (const [owner, code] of handlerOf(module, handler, project)) {
    const acting = callsIn(owner, code).find(acts)
    if (acting === undefined) continue
    return [
      {
        place,
        also: [placeOf(owner.source, acting.node)],
        title: `${module.name} routes work through telemetry`,
        description: `The telemetry handler attached here drives other processes (\`${acting.name}\` at line ${acting.node.startLine}): handlers run in the emitting process and are removed for good at the first exception, so the work then stops silently. Call or publish directly, and emit telemetry after the fact.`,
      },
    ]
  }
  return neverDetached(module, call, handler, place)
}

function neverDetached(module: Module, call: Call, handler: Syntax, place: Hit['place']): readonly Hit[] {
  const id = call.arguments[0]
  const unique = id !== undefined && [...walk(id)].some((each) => /^(make_ref|self|unique_integer)$/.test(textOf(each)))
  if (!unique || handler.type !== 'anonymous_function') return []
  if (module.calls.some(({module, name}) => module === ':telemetry' && name === 'detach')) return []
  return [
    {
      place,
      title: `Telemetry handler is never detached in ${module.name}`,
      description: `Each call attaches one more handler under a fresh id and nothing in ${module.name} detaches it: handlers pile up and keep running for processes that are gone. Detach in terminate, or attach once at start-up.`,
      severity: 'medium',
    },
  ]
}

export const telemetryControlFlow: Rule = {
  summary: 'Telemetry used to drive or await work.',
  languages: ['elixir'],
  category: 'telemetry-control-flow',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir
      .modulesOf(source)
      .flatMap((module) => module.calls.filter(isAttach).flatMap((call) => hitOf(module, call, elixir))),
}
