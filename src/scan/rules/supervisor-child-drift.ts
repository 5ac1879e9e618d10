import {localName} from '../elixir/block.ts'
import {
  callsIn,
  clauseOf,
  clausesNamed,
  isQuoted,
  resolveIn,
  type Call,
  type Clause,
  type Module,
} from '../elixir/module.ts'
import type {ElixirProject} from '../elixir/project.ts'
import {isServer} from '../elixir/server.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {ancestorsOf, childOf, textOf, walk, type Syntax} from '../syntax.ts'

const isSupervising = (module: Module): boolean =>
  module.uses.some((each) => /^(Application|Supervisor|DynamicSupervisor)$/.test(each)) ||
  module.calls.some((call) => call.module === 'Supervisor' && /^(start_link|init)$/.test(call.name))

interface Children {
  readonly list: Syntax
  readonly names: ReadonlySet<string>
}

/** `[A, {B, arg}, …]` of modules. */
function childrenOf(module: Module, list: Syntax): Children | null {
  const names = list.children.flatMap((each) => {
    const what = each.type === 'tuple' ? each.children[0] : each
    const name = what === undefined ? null : resolveIn(module, what)
    return name === null || name.startsWith(':') ? [] : [name]
  })
  return names.length >= 3 ? {list, names: new Set(names)} : null
}

/** Hand-copied lists: most of the children are the same, and some are not. */
function driftOf(module: Module): readonly Hit[] {
  if (!isSupervising(module)) return []
  const lists = [...walk(module.node)]
    .filter((node) => node.type === 'list' && !isQuoted(node))
    .flatMap((node) => childrenOf(module, node) ?? [])
  return lists.flatMap((second, at) => {
    const first = lists.slice(0, at).find((each) => isCopy(each, second))
    if (first === undefined) return []
    const missing = [
      ...[...first.names].filter((name) => !second.names.has(name)),
      ...[...second.names].filter((name) => !first.names.has(name)),
    ]
    return {
      place: placeOf(module.source, second.list),
      also: [placeOf(module.source, first.list)],
      title: `Two child lists of ${module.name} have drifted apart`,
      description: `This list repeats the children of the one at line ${first.list.startLine}, but they differ in ${missing
        .slice(0, 4)
        .join(', ')}: one of the two trees runs without them. Make one function return the common list.`,
    }
  })
}

function isCopy(a: Children, b: Children): boolean {
  const common = [...a.names].filter((name) => b.names.has(name)).length
  return common >= 3 && (common < a.names.size || common < b.names.size)
}

/** The name that other modules address: `start_link` registers the module itself. */
const isNamed = (module: Module): boolean => /\bname:\s*__MODULE__/.test(textOf(module.node))

/** Client functions that address the server by its name. */
const isClient = (module: Module, {name, arity}: Call): boolean =>
  clausesNamed(module, name, arity).some(
    ({node, kind}) =>
      kind === 'def' &&
      callsIn(module, node).some(
        (call) =>
          call.module === 'GenServer' &&
          /^(call|cast)$/.test(call.name) &&
          call.arguments[0] !== undefined &&
          textOf(call.arguments[0]) === '__MODULE__',
      ),
  )

/** Somebody mentions the module other than by calling its functions or giving it a short name. */
function isStarted(module: Module, project: ElixirProject): boolean {
  return project.modules.some(
    (other) =>
      other.calls.some((call) => call.module === module.name && /^(start_link|start|child_spec)$/.test(call.name)) ||
      [...walk(other.node)].some(
        (node) => node.type === 'alias' && resolveIn(other, node) === module.name && isReference(node, module),
      ),
  )
}

function isReference(node: Syntax, module: Module): boolean {
  const {parent} = node
  if (parent === null || (parent.type === 'dot' && node.field === 'left' && parent.parent?.type === 'call'))
    return false
  for (const each of ancestorsOf(node)) {
    if (/^(alias|require|import)$/.test(localName(each))) return false
    if (each === module.node) return false
    if (each.type === 'unary_operator' && /^@(spec|type|moduledoc|doc)\b/.test(textOf(each))) return false
  }
  return childOf(parent, 'struct') === null && parent.type !== 'struct'
}

function orphanOf(module: Module, project: ElixirProject): readonly Hit[] {
  if (!isServer(module, project) || !isNamed(module)) return []
  if (!project.modules.some((each) => each.source.role === 'production' && each.uses.includes('Application'))) return []
  // a library tells its users to start it
  if (/supervision tree|children = \[|to your supervis/i.test(textOf(module.node))) return []
  const user = project.modules.find(
    (other) =>
      other !== module &&
      other.source.role === 'production' &&
      other.calls.some(
        (call) => call.module === module.name && clauseAt(other, call) !== null && isClient(module, call),
      ),
  )
  if (user === undefined || isStarted(module, project)) return []
  const call = user.calls.find((each) => each.module === module.name && isClient(module, each))
  return [
    {
      place: placeOf(module.source, module.node),
      ...(call === undefined ? {} : {also: [placeOf(user.source, call.node)]}),
      title: `${module.name} is used but started by nobody`,
      description: `${user.name} calls ${module.name} by its registered name, but no child list, start_link or start_child in this code starts it: each call exits with :noproc. Add it to the supervision tree before its users.`,
    },
  ]
}

const clauseAt = (module: Module, call: Call): Clause | null => clauseOf(module, call.node)

export const supervisorChildDrift: Rule = {
  summary: 'Child lists that were copied and drifted apart, and named servers that nobody starts.',
  languages: ['elixir'],
  category: 'supervisor-child-drift',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir
      .modulesOf(source)
      .flatMap((module) => [...driftOf(module), ...(source.broken ? [] : orphanOf(module, elixir))]),
}
