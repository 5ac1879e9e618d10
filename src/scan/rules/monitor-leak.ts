import {boundName, callsIn, clauseOf, isDropped, type Call, type Clause, type Module} from '../elixir/module.ts'
import {isServer, messageCallbacks, reachOf, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {mentions, textOf, walk, type Syntax} from '../syntax.ts'

const isMonitor = ({module, name}: Call): boolean =>
  (module === 'Process' || module === ':erlang') && name === 'monitor'

/** How an interest begins and how it ends. An end of something else is no reason to demonitor. */
const pairs: readonly (readonly [RegExp, RegExp])[] = [
  [/subscribe/, /unsubscribe/],
  [/register/, /(un|de)register/],
  [/watch/, /unwatch/],
  [/track/, /untrack/],
  [/add|put/, /remove/],
  [/acquire|checkout|lock|claim/, /release|checkin|unlock/],
  [/attach/, /detach/],
  [/join/, /leave/],
]

/** The tag of the message that a callback takes, else the function's name. */
function purposeOf({name, parameters: [first]}: Clause): string {
  if (!/^handle_(call|cast)$/.test(name) || first === undefined) return name
  const tag = first.type === 'tuple' ? first.children[0] : first
  return tag?.type === 'atom' ? textOf(tag) : name
}

const ends = (begin: Clause, end: Clause): boolean =>
  pairs.some(
    ([starts, stops]) =>
      starts.test(purposeOf(begin)) && !stops.test(purposeOf(begin)) && stops.test(purposeOf(end)) && begin !== end,
  )

/** The reference is thrown away, so that nobody can ever demonitor. */
function isLost(call: Call, clause: Clause): boolean {
  if (isDropped(call.node)) return true
  const bind = call.node.parent
  if (bind?.type !== 'binary_operator' || !bind.tokens.includes('=')) return false
  const name = boundName(call.node)
  if (name === null) return false
  return name.startsWith('_') || usesOf(clause.node, name) === 1
}

const usesOf = (node: Syntax, name: string): number =>
  [...walk(node)].filter((each) => each.type === 'identifier' && textOf(each) === name).length

const guardsMembership = (module: Module, clause: Clause): boolean =>
  callsIn(module, clause.node).some(({name}) => /^(has_key\?|member\?|is_map_key)$/.test(name))

export const monitorLeak: Rule = {
  summary: 'Monitors that are taken on each call and never given back when the interest ends.',
  languages: ['elixir'],
  category: 'monitor-leak',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      if (!isServer(module, elixir) || module.calls.some(({name}) => name === 'demonitor')) return []
      const reach = reachOf(module, messageCallbacks)
      return module.calls.filter(isMonitor).flatMap((call) => {
        const clause = clauseOf(module, call.node)
        if (clause === null || !reach.has(clause) || !runsInPlace(call.node, clause.node)) return []
        const removed = module.clauses.find((each) => ends(clause, each))
        if (removed === undefined || !isLost(call, clause) || mentions(removed.node, 'receive')) return []
        const repeats = guardsMembership(module, clause)
          ? ''
          : 'a second monitor is added each time the same process asks, and '
        return {
          place: placeOf(source, call.node),
          also: [placeOf(source, removed.node)],
          title: `Monitor is never released in ${module.name}`,
          description: `${module.name} monitors here and drops the reference: ${repeats}the removal at line ${removed.node.startLine} cannot demonitor, so monitors and their :DOWN messages outlive the interest. Keep pid => ref in the state, monitor only when it is absent, and call Process.demonitor(ref, [:flush]) on removal.`,
        }
      })
    }),
}
