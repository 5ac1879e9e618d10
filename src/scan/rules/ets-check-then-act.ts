import {localName} from '../elixir/block.ts'
import {callsIn, isQuoted, type Call, type Clause, type Module} from '../elixir/module.ts'
import {isOwners} from '../elixir/ownership.ts'
import {allCallbacks, callbackOf, isServer, reachOf, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {ancestorsOf, isInside, textOf, type Syntax} from '../syntax.ts'

const reads = /^(lookup|lookup_element|member)$/
const isEts = (call: Call, names: RegExp): boolean => call.module === ':ets' && names.test(call.name)

/** What the read decides: the branch whose condition or subject it is, or the rest of the function when it is bound. */
function decisionOf(read: Call, clause: Clause): Syntax | null {
  for (const each of ancestorsOf(read.node)) {
    if (each === clause.node) break
    if (/^(if|unless|case|cond|with)$/.test(localName(each))) return each
  }
  return null
}

/** The write that the check was for: same table, and the same key where it can be read. */
function actOf(module: Module, read: Call, clause: Clause): Call | null {
  const decision = decisionOf(read, clause)
  const [table, key] = read.arguments.map(textOf)
  if (decision === null || table === undefined || key === undefined) return null
  const inside = callsIn(module, decision)
  // update_counter, insert_new and their kin make the act safe by themselves
  if (inside.some((call) => isEts(call, /^(insert_new|update_counter|select_replace|select_delete|take)$/))) return null
  const write = inside.find(
    (call) =>
      isEts(call, /^insert$/) &&
      call.node.start > read.node.start &&
      call.arguments[0] !== undefined &&
      textOf(call.arguments[0]) === table &&
      (call.arguments[1] === undefined || textOf(call.arguments[1]).includes(key)) &&
      !isOwners(call.node, read.node, clause),
  )
  return write ?? null
}

export const etsCheckThenAct: Rule = {
  summary: 'An ETS row is read, judged and written by any process, without atomicity.',
  languages: ['elixir'],
  category: 'ets-check-then-act',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      // one server's callbacks are a single writer: only functions that run in the caller can race
      const serverOnly = isServer(module, elixir) ? reachOf(module, allCallbacks) : new Set<Clause>()
      const isShared = !isServer(module, elixir) || /:public\b/.test(textOf(module.node))
      if (!isShared) return []
      return module.clauses
        .filter((clause) => !serverOnly.has(clause) && callbackOf(clause) === null && !isQuoted(clause.node))
        .flatMap((clause) => {
          const [found] = callsIn(module, clause.node)
            .filter(
              (call) => isEts(call, reads) && isInside(call.node, clause.node) && runsInPlace(call.node, clause.node),
            )
            .flatMap((read) => {
              const act = actOf(module, read, clause)
              return act === null ? [] : [{read, act}]
            })
          if (found === undefined) return []
          const {read, act} = found
          return {
            place: placeOf(source, read.node),
            also: [placeOf(source, act.node)],
            title: `ETS check-then-act race in ${module.name}.${clause.name}`,
            description: `\`${clause.name}\` runs in any calling process, looks the row up here and writes it at line ${act.node.startLine}: two callers can both pass the check, and one update is lost. Use :ets.insert_new, :ets.update_counter with a default, or one writing process.`,
          }
        })
    }),
}
