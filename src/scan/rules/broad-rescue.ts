import {isVariable, localName, sectionOf, stabsOf, type Stab} from '../elixir/block.ts'
import {callsIn, clauseOf, type Module} from '../elixir/module.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {isInside, mentions, textOf} from '../syntax.ts'

/** Barriers by trade: they run code of others, or must not fail. */
const barrier =
  /^(terminate|handle_event|format|safe_|try_|with_|run_|perform|execute|retry|protect|attempt|rescue|catch)/

/** The clause hands the exception on in some form, so that nothing is lost. */
function keepsCause(module: Module, {node, patterns: [variable], body}: Stab): boolean {
  const text = body.map(textOf).join('\n')
  if (/\b(reraise|raise|exit|throw|__STACKTRACE__|flunk)\b/.test(text)) return true
  const name = variable === undefined ? '_' : textOf(variable)
  const last = body.at(-1)
  if (name.startsWith('_') || last === undefined) return false
  // a log line is no answer, a returned value is
  const logs = callsIn(module, node).filter((call) => call.module === 'Logger' || call.module === 'IO')
  return mentions(last, name) && !logs.some(({node}) => node === last)
}

function hitOf(module: Module, stab: Stab): readonly Hit[] {
  const [variable] = stab.patterns
  if (stab.patterns.length !== 1 || !isVariable(variable) || stab.guard !== null || keepsCause(module, stab)) return []
  const clause = clauseOf(module, stab.node)
  if (clause !== null && (barrier.test(clause.name) || runsForeignCode(module, clause.node, stab))) return []
  const logs = callsIn(module, stab.node).some((call) => call.module === 'Logger')
  return [
    {
      place: placeOf(module.source, stab.node),
      title: `Every exception is swallowed in ${module.name}`,
      description: `This rescue clause takes any exception, also the bugs nobody expects, and turns it into ${
        logs ? 'a log line and an ordinary value' : 'an ordinary value without a trace'
      }. Name the exceptions that can happen here and let the others crash.`,
      severity: logs ? 'low' : 'medium',
    },
  ]
}

const runsForeignCode = (module: Module, node: Parameters<typeof callsIn>[1], stab: Stab): boolean =>
  callsIn(module, node).some(
    (call) =>
      !isInside(call.node, stab.node) && (call.name === '' || (call.name === 'apply' && call.receiver === null)),
  )

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
          return rescue === null ? [] : stabsOf(rescue).flatMap((stab) => hitOf(module, stab))
        }),
    ),
}
