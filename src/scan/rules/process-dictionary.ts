import {isQuoted, resolveIn, type Call, type Module} from '../elixir/module.ts'
import type {ElixirProject} from '../elixir/project.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf} from '../syntax.ts'

const isAccess = ({module, name, arity}: Call): boolean =>
  (module === 'Process' && /^(put|get|delete)$/.test(name) && arity > 0) ||
  (module === ':erlang' && /^(put|get|erase)$/.test(name))

const isWrite = (call: Call): boolean => isAccess(call) && call.name === 'put'

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
      .flatMap((module) => [...accessesByKey(module).values()].map((calls) => hitOf(module, calls, elixir))),
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
function hitOf(module: Module, calls: readonly Call[], project: ElixirProject): Hit {
  const writes = calls.filter(isWrite)
  const [first, ...others] = [...writes, ...calls.filter((call) => !isWrite(call))]
  const key = first === undefined ? '' : keyOf(first).slice(0, 40)
  const owner = first === undefined || writes.length > 0 ? null : writerOf(project, module, first)
  const places = `${calls.length} place${calls.length === 1 ? '' : 's'}`
  return {
    place: placeOf(module.source, first?.node ?? module.node),
    also: others.map(({node}) => placeOf(module.source, node)),
    title:
      writes.length > 0
        ? `${key} lives in the process dictionary of ${module.name}`
        : `${module.name} takes ${key} from the process dictionary`,
    description:
      writes.length > 0
        ? `${module.name} keeps \`${key}\` in the process dictionary (${places}): no caller sees this state, and it is missing in every Task, server or spawned process. Pass it as an argument, or keep it in a server's state, ETS or a Registry.`
        : `${module.name} takes \`${key}\` from the process dictionary (${places}), where ${
            owner === null ? 'other code' : owner.name
          } puts it: no signature shows this, and the value is missing in every Task, server or spawned process. Take it as an argument, or read it from a server's state, ETS or a Registry.`,
  }
}

/** The one other module that puts this key; null when there is none, or more than one. */
function writerOf(project: ElixirProject, reader: Module, access: Call): Module | null {
  const wanted = constantOf(reader, access)
  const writers = project.modules.filter(
    (module) =>
      module !== reader &&
      wanted !== null &&
      module.source.role === 'production' &&
      module.calls.some((call) => isWrite(call) && constantOf(module, call) === wanted),
  )
  return writers.length === 1 ? (writers[0] ?? null) : null
}

/** What a key is called everywhere: an atom, or a module's full name. */
function constantOf(module: Module, {arguments: [key]}: Call): string | null {
  if (key === undefined) return null
  return key.type === 'atom' ? textOf(key) : resolveIn(module, key)
}

/** A module attribute stands for its value. */
function valueOfKey(key: string, moduleText: string): string {
  const [, attribute] = /^@(\w+)$/.exec(key) ?? []
  if (attribute === undefined) return key
  const [, value = ''] = new RegExp(`@${attribute}\\s+([^\\n]+)`).exec(moduleText) ?? []
  return `${key} ${value}`
}
