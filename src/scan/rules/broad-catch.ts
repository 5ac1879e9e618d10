import {isVariable, localName, sectionOf, stabsOf, type Stab} from '../elixir/block.ts'
import {callsIn, clauseOf, type Module} from '../elixir/module.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {isInside, mentions, textOf} from '../syntax.ts'

const barrier =
  /^(terminate|handle_event|safe_|try_|with_|run_|perform|execute|retry|protect|attempt|stop|close|shutdown|cleanup)/

/** `catch x` alone takes throws only; `kind, reason` and `_, _` take everything, shutdown included. */
function hitOf(module: Module, stab: Stab): readonly Hit[] {
  const [kind, reason] = stab.patterns
  if (stab.patterns.length !== 2 || stab.guard !== null || !isVariable(kind) || !isVariable(reason)) return []
  const text = stab.body.map(textOf).join('\n')
  if (/\b(raise|reraise|exit|__STACKTRACE__|throw)\b/.test(text)) return []
  const last = stab.body.at(-1)
  const name = textOf(reason)
  const logs = callsIn(module, stab.node).some((call) => call.module === 'Logger' && call.node === last)
  if (!name.startsWith('_') && last !== undefined && mentions(last, name) && !logs) return []
  const clause = clauseOf(module, stab.node)
  if (clause !== null && (barrier.test(clause.name) || runsForeignCode(module, clause.node, stab))) return []
  const tells = logs || callsIn(module, stab.node).some((call) => call.module === 'Logger')
  return [
    {
      place: placeOf(module.source, stab.node),
      severity: tells ? 'low' : 'medium',
      title: `Errors, exits and throws are swallowed in ${module.name}`,
      description: `This catch clause takes errors, throws and exits alike, also the exit that shuts the process down, and ${
        tells ? 'goes on after a log line' : 'drops the reason'
      }. Catch what is expected (\`:exit, {:noproc, _}\`, \`:exit, {:timeout, _}\`), one by one.`,
    },
  ]
}

const runsForeignCode = (module: Module, node: Parameters<typeof callsIn>[1], stab: Stab): boolean =>
  callsIn(module, node).some(
    (call) =>
      !isInside(call.node, stab.node) && (call.name === '' || (call.name === 'apply' && call.receiver === null)),
  )

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
