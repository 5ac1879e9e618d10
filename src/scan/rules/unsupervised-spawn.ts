import {boundName, callsIn, clauseOf, type Call, type Clause, type Module} from '../elixir/module.ts'
import {placeOf, type Rule} from '../rule.ts'
import {textOf, walk} from '../syntax.ts'

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

/** `start_link` of a hand-made OTP process: its supervisor calls it. */
const isStarter = (clause: Clause | null): boolean =>
  clause !== null && /^(start|start_link|start_monitor|init|__using__)$/.test(clause.name)

/** A monitored process whose end the module takes, in the same function or in a helper, is not alone. */
const isAwaited = (module: Module, call: Call): boolean =>
  call.name === 'spawn_monitor' &&
  [...walk(module.node)].some((node) => node.type === 'atom' && textOf(node) === ':DOWN')

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
          const linked = /link/.test(call.name)
          if (
            isAwaited(module, call) ||
            (linked && isEnded(module, call, clause)) ||
            (isStarter(clause) && /link|opt/.test(call.name))
          )
            return []
          return {
            place: placeOf(source, call.node),
            title: `Unsupervised ${call.name} in ${module.name}`,
            description: `\`${call.name}\` in ${module.name} starts a process that no supervisor knows: ${
              linked ? 'it takes its caller down with it' : 'its crash is silent'
            }, shutdown does not wait for it and nothing restarts it. Start it with Task.Supervisor, or as a child with a child spec.`,
            severity: linked && traps ? ('low' as const) : ('high' as const),
          }
        })
    }),
}
