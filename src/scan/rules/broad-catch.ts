import {handsOn, logsIn, runsForeignCode} from '../elixir/barrier.ts'
import {isVariable, localName, sectionOf, stabsOf, type Stab} from '../elixir/block.ts'
import {clauseOf, type Module} from '../elixir/module.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf} from '../syntax.ts'

const barrier =
  /^(terminate|handle_event|safe_|try_|with_|run_|perform|execute|retry|protect|attempt|stop|close|shutdown|cleanup)/

/** `catch x` alone takes throws only; `kind, reason` and `_, _` take everything, shutdown included. */
function hitOf(module: Module, stab: Stab): readonly Hit[] {
  const [kind, reason] = stab.patterns
  if (stab.patterns.length !== 2 || stab.guard !== null || !isVariable(kind) || !isVariable(reason)) return []
  if (handsOn(module, stab, textOf(reason))) return []
  const clause = clauseOf(module, stab.node)
  if (clause !== null && (barrier.test(clause.name) || runsForeignCode(module, stab))) return []
  const tells = logsIn(module, stab.node).length > 0
  return [
    {
      place: placeOf(module.source, stab.node),
      severity: tells ? 'low' : 'medium',
      title: `Errors, exits and throws are swallowed in ${module.name}`,
      description: `This catch clause takes every error, throw and exit that is raised inside, bugs and the exit of a failed GenServer.call alike (only exit signals from other processes pass it by), and ${
        tells ? 'goes on after a log line' : 'drops the reason'
      }. Catch what is expected (\`:exit, {:noproc, _}\`, \`:exit, {:timeout, _}\`), one by one.`,
    },
  ]
}

export const broadCatch: Rule = {
  summary: 'A catch clause that takes errors, throws and exits and drops them.',
  languages: ['elixir'],
  category: 'broad-catch',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      module.calls
        .filter(({node}) => /^(try|def|defp)$/.test(localName(node)))
        .flatMap(({node}) => {
          const block = sectionOf(node, 'catch_block')
          return block === null ? [] : stabsOf(block).flatMap((stab) => hitOf(module, stab))
        }),
    ),
}
