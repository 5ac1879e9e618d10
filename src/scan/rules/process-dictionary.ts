import {isQuoted, type Call, type Module} from '../elixir/module.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf} from '../syntax.ts'

const isAccess = ({module, name, arity}: Call): boolean =>
  (module === 'Process' && /^(put|get|delete)$/.test(name) && arity > 0) ||
  (module === ':erlang' && /^(put|get|erase)$/.test(name))

/** State that belongs to the one process by its nature: OTP's own keys, trace and log context, seeds. */
const processBound =
  /\$|trace|span|baggage|logger|metadata|otel|telemetry|locale|gettext|seed|rand|sandbox|callers|ancestors/i

export const processDictionary: Rule = {
  summary: 'State in the process dictionary: invisible, and lost in every other process.',
  languages: ['elixir'],
  category: 'process-dictionary',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir
      .modulesOf(source)
      .flatMap((module) => [...accessesByKey(module).values()].map((calls) => hitOf(module, calls))),
}

/** One defect per key: its writes and reads belong together. */
function accessesByKey(module: Module): ReadonlyMap<string, readonly Call[]> {
  const groups = new Map<string, Call[]>()
  for (const call of module.calls) {
    const key = keyOf(call)
    if (!isAccess(call) || isQuoted(call.node) || processBound.test(valueOfKey(key, textOf(module.node)))) continue
    groups.set(key, [...(groups.get(key) ?? []), call])
  }
  return groups
}

const keyOf = ({arguments: [key]}: Call): string => (key === undefined ? '' : textOf(key))

/** Writes first: they are what has to move. */
function hitOf(module: Module, calls: readonly Call[]): Hit {
  const [first, ...others] = [...calls.filter(({name}) => name === 'put'), ...calls.filter(({name}) => name !== 'put')]
  const place = placeOf(module.source, first?.node ?? module.node)
  const key = first === undefined ? '' : keyOf(first).slice(0, 40)
  return {
    place,
    also: others.map(({node}) => placeOf(module.source, node)),
    title: `${key} lives in the process dictionary of ${module.name}`,
    description: `${module.name} keeps \`${key}\` in the process dictionary (${calls.length} place${
      calls.length === 1 ? '' : 's'
    }): no caller sees this state, and it is missing in every Task, server or spawned process. Pass it as an argument, or keep it in a server's state, ETS or a Registry.`,
  }
}

/** A module attribute stands for its value. */
function valueOfKey(key: string, moduleText: string): string {
  const [, attribute] = /^@(\w+)$/.exec(key) ?? []
  if (attribute === undefined) return key
  const [, value = ''] = new RegExp(`@${attribute}\\s+([^\\n]+)`).exec(moduleText) ?? []
  return `${key} ${value}`
}
