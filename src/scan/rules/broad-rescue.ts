import {handsOn, logsIn, runsForeignCode} from '../elixir/barrier.ts'
import {isVariable, localName, sectionOf, stabsOf, type Stab} from '../elixir/block.ts'
import {clauseOf, type Clause, type Module} from '../elixir/module.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf, type Syntax} from '../syntax.ts'

/** Barriers by trade: they run code of others, or must not fail. */
const barrier =
  /^(terminate|handle_event|format|safe_|try_|with_|run_|perform|execute|retry|protect|attempt|rescue|catch)/

/** `handle_…(event, measurements, metadata, config)`: an exception would detach it for good. */
const isTelemetryHandler = ({name, parameters}: Clause): boolean =>
  name.startsWith('handle_') && parameters.length === 4

function hitOf(module: Module, guarded: Syntax, stab: Stab): readonly Hit[] {
  const [variable] = stab.patterns
  if (stab.patterns.length !== 1 || !isVariable(variable) || stab.guard !== null) return []
  if (handsOn(module, stab, textOf(variable))) return []
  const clause = clauseOf(module, stab.node)
  if (
    clause !== null &&
    (barrier.test(clause.name) || isTelemetryHandler(clause) || runsForeignCode(module, clause.node, stab))
  )
    return []
  const logs = logsIn(module, stab.node).length > 0
  return [
    {
      place: placeOf(module.source, stab.node),
      title: `Every exception is swallowed in ${module.name}`,
      description: `This rescue clause takes any exception, also the bugs nobody expects, and turns it into ${
        logs ? 'a log line and an ordinary value' : 'an ordinary value without a trace'
      }. Name the exceptions that can happen here and let the others crash.`,
      // the usual one-liner wants a typed clause, but hides little
      severity: logs || /to_existing_atom/.test(textOf(guarded)) ? 'low' : 'medium',
    },
  ]
}

export const broadRescue: Rule = {
  summary: 'A rescue clause that takes every exception and hides it.',
  languages: ['elixir'],
  category: 'broad-rescue',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      module.calls
        .filter(({node}) => /^(try|def|defp)$/.test(localName(node)))
        .flatMap(({node}) => {
          const rescue = sectionOf(node, 'rescue_block')
          return rescue === null ? [] : stabsOf(rescue).flatMap((stab) => hitOf(module, node, stab))
        }),
    ),
}
