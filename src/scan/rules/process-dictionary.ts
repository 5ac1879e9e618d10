import {isQuoted, type Call} from '../elixir/module.ts'
import {placeOf, type Rule} from '../rule.ts'
import {textOf} from '../syntax.ts'

const isAccess = ({module, name, arity}: Call): boolean =>
  (module === 'Process' && /^(put|get|delete)$/.test(name) && arity > 0) ||
  (module === ':erlang' && /^(put|get|erase)$/.test(name))

/** State that belongs to the one process by its nature: OTP's own keys, trace and log context, seeds. */
const processBound =
  /\$|trace|span|baggage|logger|metadata|otel|telemetry|locale|gettext|seed|rand|sandbox|callers|ancestors/i

const effectOf: Readonly<Record<string, string>> = {
  put: 'hides state in the process dictionary',
  get: 'reads hidden state from the process dictionary',
  delete: 'changes hidden state in the process dictionary',
  erase: 'changes hidden state in the process dictionary',
}

export const processDictionary: Rule = {
  summary: 'State in the process dictionary: invisible, and lost in every other process.',
  languages: ['elixir'],
  category: 'process-dictionary',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      module.calls
        .filter((call) => isAccess(call) && !isQuoted(call.node))
        .filter(
          ({arguments: [key]}) => key === undefined || !processBound.test(keyText(textOf(key), textOf(module.node))),
        )
        .map((call) => ({
          place: placeOf(source, call.node),
          title: `${call.module === 'Process' ? 'Process' : ':erlang'}.${call.name} in ${module.name}`,
          description: `${module.name} ${effectOf[call.name] ?? 'uses the process dictionary'}: no caller sees it, and the value is missing in every Task, server or spawned process. Pass it as an argument, or keep it in a server's state, ETS or a Registry.`,
        })),
    ),
}

/** A module attribute stands for its value. */
function keyText(key: string, moduleText: string): string {
  const [, attribute] = /^@(\w+)$/.exec(key) ?? []
  if (attribute === undefined) return key
  const [, value = ''] = new RegExp(`@${attribute}\\s+([^\\n]+)`).exec(moduleText) ?? []
  return `${key} ${value}`
}
