import {handsOn, logsIn, runsForeignCode} from '../elixir/barrier.ts'
import {bodyOf, isVariable, localName, operandsOf, sectionOf, stabsOf, tailsOf, type Stab} from '../elixir/block.ts'
import {clauseOf, type Call, type Clause, type Module} from '../elixir/module.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf, walk, type Syntax} from '../syntax.ts'

/** Barriers by trade: they run code of others, or must not fail. */
const barrier =
  /^(terminate|handle_event|format|safe_|try_|with_|run_|perform|execute|retry|protect|attempt|rescue|catch)/

/** `handle_…(event, measurements, metadata, config)`: an exception would detach it for good. */
const isTelemetryHandler = ({name, parameters}: Clause): boolean =>
  name.startsWith('handle_') && parameters.length === 4

/** What raises ArgumentError and, given plain arguments, nothing else. */
const conversions: Readonly<Record<string, RegExp>> = {
  ':erlang': /^(binary_to_term|(binary|list)_to_(existing_)?(atom|integer|float|pid|ref))$/,
  ':ets':
    /^(lookup|lookup_element|insert|insert_new|delete|info|member|match|select|update_element|update_counter|tab2list)$/,
  ':os': /^set_signal$/,
  String: /^to_(existing_atom|integer|float)$/,
  List: /^to_(existing_atom|integer|float)$/,
  Module: /^safe_concat$/,
}

const isConversion = ({module, name, captured}: Call): boolean =>
  captured === null && module !== null && (conversions[module]?.test(name) ?? false)

/** Whether the guarded code is one such call, perhaps in an `{:ok, …}`, and can fail in one way only. */
function isOneConversion(module: Module, guarded: Syntax): boolean {
  const [only, ...others] = bodyOf(guarded)
  if (only === undefined || others.length > 0) return false
  const [tag, value] = only.type === 'tuple' && only.children.length === 2 ? only.children : []
  const expression = tag !== undefined && textOf(tag) === ':ok' && value !== undefined ? value : only
  const node = operandsOf(expression, '|>')?.[1] ?? expression
  const call = module.calls.find((each) => each.node === node)
  return call !== undefined && isConversion(call) && call.arguments.every(isPlain)
}

/** Nothing in it runs code that can fail in its own way. */
const isPlain = (argument: Syntax): boolean =>
  ![...walk(argument)].some(({type}) => /^(call|binary_operator|interpolation|anonymous_function)$/.test(type))

const isErrorValue = (node: Syntax): boolean =>
  textOf(node) === ':error' || (node.type === 'tuple' && textOf(node.children[0] ?? node) === ':error')

function hitOf(module: Module, guarded: Syntax, stab: Stab): readonly Hit[] {
  const [variable] = stab.patterns
  if (stab.patterns.length !== 1 || !isVariable(variable) || stab.guard !== null) return []
  if (handsOn(module, stab, textOf(variable))) return []
  const clause = clauseOf(module, stab.node)
  if (clause !== null && (barrier.test(clause.name) || isTelemetryHandler(clause) || runsForeignCode(module, stab)))
    return []
  const logs = logsIn(module, stab.node).length > 0
  const single = isOneConversion(module, guarded)
  if (single && !logs && tailsOf(stab.body).every(isErrorValue)) return []
  return [
    {
      place: placeOf(module.source, stab.node),
      title: `Every exception is swallowed in ${module.name}`,
      description: `This rescue clause takes any exception, ${
        single ? '' : 'also the bugs nobody expects, '
      }and turns it into ${logs ? 'a log line and an ordinary value' : 'an ordinary value without a trace'}. ${
        single
          ? 'The one call it guards fails with ArgumentError: name that, so that code which is added here later can crash.'
          : 'Name the exceptions that can happen here and let the others crash.'
      }`,
      // the usual one-liner wants a typed clause, but hides little
      severity: single || logs || /to_existing_atom/.test(textOf(guarded)) ? 'low' : 'medium',
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
