import {localName, sectionOf} from '../elixir/block.ts'
import {callsIn, clauseOf, clausesNamed, type Call, type Clause, type Module} from '../elixir/module.ts'
import {allCallbacks, isLocalTo, isServer, reachOf, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {ancestorsOf, textOf, type Syntax} from '../syntax.ts'

/** The name that `start_link` registers is the module itself, always or by default. */
const registersItself = (module: Module): boolean =>
  /\bname:\s*__MODULE__|:name,\s*__MODULE__/.test(textOf(module.node))

function isCallToSelf(module: Module, call: Call, registered: boolean): boolean {
  if (call.module !== 'GenServer' || call.name !== 'call') return false
  const [target] = call.arguments
  if (target === undefined) return false
  const text = textOf(target)
  if (text === 'self()') return true
  return (
    registered &&
    (text === '__MODULE__' || (target.type === 'alias' && (module.aliases.get(text) ?? text) === module.name))
  )
}

const isCaught = (node: Syntax): boolean =>
  [...ancestorsOf(node)].some((each) => localName(each) === 'try' && sectionOf(each, 'catch_block') !== null)

/** Code that compares with `self()` knows of the danger. */
const knowsItself = (clause: Clause): boolean => /self\(\)\s*[!=]=|[!=]=\s*self\(\)/.test(textOf(clause.node))

export const genserverSelfCall: Rule = {
  summary: 'A server calls itself from its own callback and exits.',
  languages: ['elixir'],
  category: 'genserver-self-call',
  severity: 'critical',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      if (!isServer(module, elixir)) return []
      const registered = registersItself(module)
      const direct = new Map<Clause, Call>()
      for (const call of module.calls) {
        const clause = isCallToSelf(module, call, registered) ? clauseOf(module, call.node) : null
        if (clause !== null && runsInPlace(call.node, clause.node) && !direct.has(clause)) direct.set(clause, call)
      }
      if (direct.size === 0) return []
      const hits: Hit[] = []
      const report = (call: Call, via: string): void => {
        const caught = isCaught(call.node)
        hits.push({
          place: placeOf(source, call.node),
          title: `${module.name} calls itself from its own process`,
          description: `This runs inside the ${module.name} process and ${via}: a server cannot answer while it waits for itself, so the call ${
            caught ? 'always fails, and the fallback hides it' : 'exits at once and takes the server down'
          }. Call the private implementation with the state instead.`,
          severity: caught ? 'high' : 'critical',
        })
      }
      for (const clause of reachOf(module, allCallbacks)) {
        const own = direct.get(clause)
        if (knowsItself(clause)) continue
        if (own !== undefined) {
          if (clause.kind === 'defp' || /^handle_|^init$|^terminate$/.test(clause.name))
            report(own, 'calls its own name')
          continue
        }
        for (const call of callsIn(module, clause.node)) {
          if (!isLocalTo(module, call) || !runsInPlace(call.node, clause.node)) continue
          const target = clausesNamed(module, call.name, call.arity).find(
            (each) => each.kind === 'def' && direct.has(each),
          )
          if (target !== undefined && !knowsItself(target))
            report(call, `\`${call.name}/${call.arity}\` ends in GenServer.call to the same server`)
        }
      }
      return hits
    }),
}
