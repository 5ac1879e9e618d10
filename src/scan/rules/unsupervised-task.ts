import {callsIn, clauseOf, isDropped, type Call, type Clause, type Module} from '../elixir/module.ts'
import {allCallbacks, isServer, messageCallbacks, reachOf, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'

const awaits = /^(await|await_many|yield|yield_many|shutdown|ignore)$/

const awaitedIn = (module: Module, clause: Clause | null): boolean =>
  clause !== null && callsIn(module, clause.node).some(({module, name}) => module === 'Task' && awaits.test(name))

/** A live view or another behaviour that takes the result as a message. */
const takesMessages = (module: Module): boolean => module.clauses.some(({name}) => name === 'handle_info')

/** What hurts, or null where a bare task is right. */
function harmOf(module: Module, call: Call, clause: Clause | null, inServer: boolean): string | null {
  switch (call.name) {
    case 'start':
      return 'it is linked to nobody: its crash is silent and shutdown does not wait for it'
    case 'start_link':
      // the body of a child's own start_link is how a supervised task begins
      if (clause === null || /^(start_link|start|child_spec|start_task)$/.test(clause.name)) return null
      return inServer ? 'a crash in it takes the server down' : 'it lives and dies with whoever happened to call'
    case 'async':
      if (inServer) return 'it is linked: a crash in it takes the server down with all its state'
      if (awaitedIn(module, clause) || takesMessages(module)) return null
      return isDropped(call.node) ? 'nobody awaits it, and a crash in it takes its caller down' : null
    case 'async_stream':
      return inServer
        ? 'the tasks are linked, so one crash takes the server down, and the server waits for all of them'
        : null
    default:
      return null
  }
}

export const unsupervisedTask: Rule = {
  summary: 'Task.start, or a linked task inside a server, without a Task.Supervisor.',
  languages: ['elixir'],
  category: 'unsupervised-task',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      const reach = isServer(module, elixir) ? reachOf(module, allCallbacks) : null
      const asked = reach === null ? new Set<Clause>() : reachOf(module, messageCallbacks)
      return module.calls
        .filter((call) => call.module === 'Task')
        .flatMap((call): readonly Hit[] => {
          const clause = clauseOf(module, call.node)
          const inServer = clause !== null && (reach?.has(clause) ?? false) && runsInPlace(call.node, clause.node)
          // the documented way to work through a list at start-up
          if (call.name === 'async_stream' && clause !== null && !asked.has(clause)) return []
          const harm = harmOf(module, call, clause, inServer)
          if (harm === null) return []
          return [
            {
              place: placeOf(source, call.node),
              title: `Unsupervised Task.${call.name} in ${module.name}`,
              description: `\`Task.${call.name}\` in ${module.name} runs outside a Task.Supervisor: ${harm}. Use Task.Supervisor.${
                call.name === 'async' || call.name === 'async_stream' ? `${call.name}_nolink` : 'start_child'
              }.`,
              severity: inServer && call.name !== 'async_stream' ? 'high' : 'medium',
            },
          ]
        })
    }),
}
