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
import {ancestorsOf, childOf, isInside, textOf, walk, type Syntax} from '../syntax.ts'

const isSupervising = (module: Module): boolean =>
  module.uses.some((each) => /^(Application|Supervisor|DynamicSupervisor)$/.test(each)) ||
  module.calls.some((call) => call.module === 'Supervisor' && /^(start_link|init)$/.test(call.name))

interface Children {
  readonly owner: Module
  readonly list: Syntax
  readonly names: ReadonlySet<string>
}

/** `[A, {B, arg}, …]`, of the modules that the project itself defines. */
function childrenOf(owner: Module, list: Syntax, project: ElixirProject): Children | null {
  const names = list.children.flatMap((each) => {
    const what = each.type === 'tuple' ? each.children[0] : each
    const name = what === undefined ? null : resolveIn(owner, what)
    return name === null || project.moduleNamed(name) === null ? [] : [name]
  })
  return names.length >= 3 ? {owner, list, names: new Set(names)} : null
}

const listsOf = (module: Module, project: ElixirProject): readonly Children[] =>
  isSupervising(module) && module.source.role === 'production' && !module.name.includes('Test')
    ? [...walk(module.node)]
        .filter(
          (node) => node.type === 'list' && !isQuoted(node) && !module.nested.some((each) => isInside(node, each)),
        )
        .flatMap((node) => childrenOf(module, node, project) ?? [])
    : []

/** Hand-copied lists: most of the children of one stand in the other, and some are missing there. */
function driftOf(module: Module, project: ElixirProject): readonly Hit[] {
  const lists = listsOf(module, project)
  if (lists.length === 0) return []
  const others = project.modules.flatMap((each) => listsOf(each, project))
  return lists.flatMap((copy) => {
    const original = others.find((each) => each.list !== copy.list && isCopy(each, copy))
    if (original === undefined) return []
    const missing = [...original.names].filter((name) => !copy.names.has(name))
    return {
      place: placeOf(module.source, copy.list),
      also: [placeOf(original.owner.source, original.list)],
      title: `Child list of ${module.name} has drifted from ${original.owner.name}`,
      description: `This list repeats children of the one in ${original.owner.name} (line ${original.list.startLine}), but ${missing
        .slice(0, 4)
        .join(
          ', ',
        )} ${missing.length === 1 ? 'is' : 'are'} missing: the tree that starts from here runs without. Make one function return the common list.`,
    }
  })
}

/** Of two lists that each lack something of the other, the shorter is the original: a copy gets additions of its own. */
function isCopy(original: Children, copy: Children): boolean {
  if (original.names.size > copy.names.size) return false
  const common = [...original.names].filter((name) => copy.names.has(name)).length
  return common >= 3 && common < original.names.size && common * 2 > original.names.size
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
const isStarted = (module: Module, project: ElixirProject): boolean =>
  project.mentionsOf(module.name).some(({node}) => isReference(node, module) || isStartCall(node))

/** `Shop.Cart.start_link(…)`. */
function isStartCall(node: Syntax): boolean {
  const right = node.parent?.type === 'dot' ? childOf(node.parent, 'right') : null
  return right !== null && /^(start_link|start|child_spec)$/.test(textOf(right))
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
      .flatMap((module) => [...driftOf(module, elixir), ...(source.broken ? [] : orphanOf(module, elixir))]),
}
