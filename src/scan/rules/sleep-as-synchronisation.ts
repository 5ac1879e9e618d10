import {callsIn, clauseOf, isDropped, type Call, type Clause, type Module} from '../elixir/module.ts'
import {isServer, messageCallbacks, reachOf, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {textOf, type Syntax} from '../syntax.ts'

const isSleep = ({module, name, arguments: [time]}: Call): boolean =>
  (module === 'Process' || module === ':timer') &&
  name === 'sleep' &&
  time !== undefined &&
  !/^:infinity$|delay|backoff|jitter/.test(textOf(time))

/** Waiting is the job of these, or the load is the point. */
const waiter = /wait|poll|retry|retri|backoff|eventually|until|throttl|delay|loop|simulat|work|sleep|pause|jitter/i
const stage = /demo|example|bench|load|simulat|fake|stub|mock/i

/** A pause before the process ends synchronises nothing. */
function isBeforeEnd(node: Syntax): boolean {
  const next = node.parent?.children.find(({start}) => start > node.end)
  return next !== undefined && /^(exit\(|raise\b|System\.(halt|stop))/.test(textOf(next))
}

/** A function that calls itself sleeps between two tries: a bounded poll. */
const repeats = (module: Module, clause: Clause): boolean =>
  callsIn(module, clause.node).some(({name, receiver}) => receiver === null && name === clause.name)

export const sleepAsSynchronisation: Rule = {
  summary: 'Sleeping until something else has probably happened.',
  languages: ['elixir'],
  category: 'sleep-as-synchronisation',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      if (stage.test(module.name)) return []
      const reach = isServer(module, elixir) ? reachOf(module, messageCallbacks) : null
      return module.calls.filter(isSleep).flatMap((call) => {
        const clause = clauseOf(module, call.node)
        // blocking-in-callback has the stronger reason
        if (clause === null || reach?.has(clause) === true || !isDropped(call.node)) return []
        if (
          isBeforeEnd(call.node) ||
          waiter.test(clause.name) ||
          repeats(module, clause) ||
          !runsInPlace(call.node, clause.node)
        )
          return []
        return {
          place: placeOf(source, call.node),
          title: `${module.name} sleeps instead of waiting for an event`,
          description: `\`${clause.name}/${clause.parameters.length}\` sleeps and then goes on as if the other process were ready: too short on a loaded machine, wasted time on a fast one. Wait for the event itself: a reply, a monitor's :DOWN, or a message.`,
        }
      })
    }),
}
