import {keyName, operandsOf} from '../elixir/block.ts'
import {boundName, callsIn, clauseOf, type Call, type Clause, type Module} from '../elixir/module.ts'
import {placeOf, type Rule} from '../rule.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'

const spawners: Readonly<Record<string, RegExp>> = {
  Process: /^spawn$/,
  Kernel: /^spawn/,
  ':erlang': /^spawn/,
  ':proc_lib': /^spawn/,
}

const isSpawn = (module: Module, call: Call): boolean =>
  call.receiver === null
    ? /^spawn(_link|_monitor)?$/.test(call.name) &&
      call.arity > 0 &&
      !module.clauses.some(({name}) => name === call.name)
    : call.module !== null && (spawners[call.module]?.test(call.name) ?? false)

/** How the caller hears of the end; `known` false: the options stand somewhere else. */
interface Ties {
  readonly linked: boolean
  readonly monitored: boolean
  readonly known: boolean
}

/** The name says it (`spawn_link`), or the options do, which `Process.spawn` and `spawn_opt` take last. */
function tiesOf(call: Call, clause: Clause | null): Ties {
  const takesOptions = call.name === 'spawn_opt' || (call.module === 'Process' && call.name === 'spawn')
  if (!takesOptions)
    return {
      linked: call.name === 'spawn_link',
      monitored: call.name === 'spawn_monitor',
      known: call.name !== 'spawn_request',
    }
  const list = call.captured === null ? literalOf(call.arguments.at(-1), clause) : null
  const flags = list === null ? [] : list.children.flatMap(flagsOf)
  return {
    linked: flags.includes('link'),
    monitored: flags.includes('monitor'),
    known: list !== null && list.children.every(isPlain),
  }
}

/** A list as it is written, or what the function binds a variable to, once. */
function literalOf(value: Syntax | undefined, clause: Clause | null): Syntax | null {
  if (value === undefined || value.type === 'list') return value ?? null
  if (value.type !== 'identifier' || clause === null) return null
  const bound = [...walk(clause.node)].flatMap((node) => {
    const bind = operandsOf(node, '=')
    return bind !== null && textOf(bind[0]) === textOf(value) ? [bind[1]] : []
  })
  return bound.length === 1 && bound[0]?.type === 'list' ? bound[0] : null
}

/** `:monitor`, `{:monitor, options}` and `monitor: options` mean the same. */
function flagsOf(item: Syntax): readonly string[] {
  if (item.type === 'atom') return [textOf(item).slice(1)]
  if (item.type === 'tuple') return item.children.slice(0, 1).flatMap(flagsOf)
  if (item.type !== 'keywords') return []
  return item.children.flatMap((pair) => {
    const key = childOf(pair, 'key')
    return key === null ? [] : [keyName(key)]
  })
}

const isPlain = ({type}: Syntax): boolean => ['atom', 'tuple', 'keywords'].includes(type)

const fateOf = ({linked, monitored, known}: Ties): string => {
  if (linked) return 'its crash takes its caller down too, unless that traps exits'
  if (monitored) return 'no clause of this module takes the :DOWN message of its end'
  return known
    ? 'its crash reaches only who monitors it'
    : 'whether anybody hears of its crash is up to options that are set elsewhere'
}

/** `start_link` of a hand-made OTP process: its supervisor calls it. */
const isStarter = (clause: Clause | null): boolean =>
  clause !== null && /^(start|start_link|start_monitor|init|__using__)$/.test(clause.name)

/** The public face of a spawn, as in Kernel and Node: who calls it is judged, where that stands. */
function isWrapper(call: Call, clause: Clause | null): boolean {
  if (clause?.kind !== 'def' || !/^spawn(_link|_monitor|_opt|_request)?$/.test(clause.name)) return false
  const parameters = new Set(clause.parameters.map(textOf))
  return (
    clause.body.length === 1 &&
    clause.body[0] === call.node &&
    call.arguments.every((each) => each.type === 'identifier' && parameters.has(textOf(each)))
  )
}

/** A monitored process whose end the module takes, in the same function or in a helper, is not alone. */
const isAwaited = (module: Module, {monitored}: Ties): boolean =>
  monitored && [...walk(module.node)].some((node) => node.type === 'atom' && textOf(node) === ':DOWN')

/** Linked, and ended by the function that started it. */
const isEnded = (module: Module, call: Call, clause: Clause | null): boolean => {
  const name = boundName(call.node)
  if (name === null || clause === null) return false
  return callsIn(module, clause.node).some(
    ({module, name: exit, arguments: [pid]}) =>
      module === 'Process' && exit === 'exit' && pid !== undefined && textOf(pid) === name,
  )
}

export const unsupervisedSpawn: Rule = {
  summary: 'A process started with spawn has no supervisor.',
  languages: ['elixir'],
  category: 'unsupervised-spawn',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      const traps = module.calls.some(
        ({module, name, arguments: [flag]}) =>
          module === 'Process' && name === 'flag' && flag !== undefined && textOf(flag) === ':trap_exit',
      )
      return module.calls
        .filter((call) => isSpawn(module, call))
        .flatMap((call) => {
          const clause = clauseOf(module, call.node)
          const ties = tiesOf(call, clause)
          const {linked} = ties
          if (
            isWrapper(call, clause) ||
            isAwaited(module, ties) ||
            (linked && isEnded(module, call, clause)) ||
            (isStarter(clause) && /link|opt/.test(call.name))
          )
            return []
          return {
            place: placeOf(source, call.node),
            title: `Unsupervised ${call.name} in ${module.name}`,
            description: `\`${call.name}\` in ${module.name} starts a process that no supervisor knows: ${fateOf(ties)}, shutdown does not wait for it and nothing restarts it. Start it with Task.Supervisor, or as a child with a child spec.`,
            severity: linked && traps ? ('low' as const) : ('high' as const),
          }
        })
    }),
}
