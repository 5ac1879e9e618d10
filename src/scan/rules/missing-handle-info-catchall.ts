import {shapeOf} from '../elixir/pattern.ts'
import {callbackOf, hasForeignMacros, isServer} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'

export const missingHandleInfoCatchall: Rule = {
  summary: 'handle_info has only specific clauses: a stray message crashes the server.',
  languages: ['elixir'],
  category: 'missing-handle-info-catchall',
  severity: 'low',
  roles: ['production'],
  find: (source, {elixir}) =>
    source.broken
      ? []
      : elixir.modulesOf(source).flatMap((module) => {
          if (!isServer(module, elixir) || hasForeignMacros(module)) return []
          const clauses = module.clauses.filter((clause) => callbackOf(clause) === 'handle_info')
          const last = clauses.at(-1)
          const catches = clauses.some(
            ({parameters: [first], guard}) => guard === null && first !== undefined && shapeOf(first) === 'anything',
          )
          if (last === undefined || catches) return []
          const late = module.calls.some(
            ({module, name}) =>
              (module === 'Task' || module === 'Task.Supervisor' || module === 'Port' || module === ':gen_tcp') &&
              /^(async|async_nolink|open|connect)$/.test(name),
          )
          return {
            place: placeOf(source, last.node),
            title: `handle_info of ${module.name} has no last clause`,
            description: `${module.name} replaces the default handle_info with ${clauses.length} specific clause${
              clauses.length === 1 ? '' : 's'
            }: any other message (${
              late ? 'here those of a task, port or socket are likely' : 'a late reply, a stray :DOWN, a wrong send'
            }) is a FunctionClauseError and kills the server. End with a clause that logs the message and keeps the state.`,
            severity: late ? ('medium' as const) : ('low' as const),
          }
        }),
}
