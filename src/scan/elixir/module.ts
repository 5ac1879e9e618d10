/** Modules, their functions and the calls in them, with aliases and pipes resolved. */
import type {Source} from '../source.ts'
import {ancestorsOf, childOf, childrenOfType, isInside, textOf, walk, type Syntax} from '../syntax.ts'
import {blockOf, bodyOf, isVariable, keywordOf, localName, operandsOf} from './block.ts'

/** One `def`/`defp`/`defmacro` clause that has a body. */
export interface Clause {
  readonly kind: 'def' | 'defp' | 'defmacro' | 'defmacrop'
  readonly name: string
  readonly parameters: readonly Syntax[]
  /** Parameters with a default may be left out. */
  readonly minArity: number
  readonly guard: Syntax | null
  readonly body: readonly Syntax[]
  readonly node: Syntax
}

export interface Call {
  readonly node: Syntax
  /** The resolved module (`Process`, `:ets`, `Shop.Cart`); null for a local call and for `variable.function()`. */
  readonly module: string | null
  /** What stands left of the dot; null for a local call. */
  readonly receiver: Syntax | null
  /** Empty for `fun.()`. */
  readonly name: string
  /** The piped value first; trailing keywords are the last one. */
  readonly arguments: readonly Syntax[]
  /** Of `&Mod.name/2`: the arity; null for a real call. */
  readonly captured: number | null
  readonly arity: number
}

export interface Module {
  readonly source: Source
  readonly node: Syntax
  /** Fully qualified. */
  readonly name: string
  /** Short name → full name, in force inside this module. */
  readonly aliases: ReadonlyMap<string, string>
  /** Resolved names of `use X` and `@behaviour X`. */
  readonly uses: readonly string[]
  readonly clauses: readonly Clause[]
  /** In the order of the text, without those of nested modules. */
  readonly calls: readonly Call[]
  readonly nested: readonly Syntax[]
}

const definitions = ['def', 'defp', 'defmacro', 'defmacrop'] as const
const moduleForms = new Set(['defmodule', 'defimpl', 'defprotocol'])

/** Every module of a file, outer ones first. */
export function readModules(source: Source): readonly Module[] {
  const found: Module[] = []
  const names = new Map<Syntax, Module>()
  for (const node of walk(source.root)) {
    if (node.type !== 'call' || !moduleForms.has(localName(node)) || blockOf(node) === null) continue
    const outer = [...ancestorsOf(node)].flatMap((each) => names.get(each) ?? [])[0] ?? null
    const module = readModule(source, node, outer)
    if (module === null) continue
    names.set(node, module)
    found.push(module)
  }
  return found
}

function readModule(source: Source, node: Syntax, outer: Module | null): Module | null {
  const list = node.children.find(({type}) => type === 'arguments')
  const own = list?.children[0]
  if (own?.type !== 'alias') return null
  const name = nameOfModule(node, textOf(own), outer)
  const inside = walk(node, (each) => !isModuleForm(each) && !isTypeAttribute(each)).filter(({type}) => type === 'call')
  const nested = inside.filter((each) => each !== node && isModuleForm(each))
  const aliases = aliasesOf(inside, name, outer?.aliases ?? fileAliases(source.root))
  for (const each of nested) addNested(aliases, each, name)
  const resolve = (receiver: Syntax): string | null => moduleOf(receiver, name, aliases)
  const calls = inside.flatMap((each) => (isModuleForm(each) ? [] : (readCall(each, resolve) ?? [])))
  return {
    source,
    node,
    name,
    aliases,
    uses: inside.flatMap((each) => usedModule(each, resolve)),
    clauses: inside.flatMap((each) => readClause(each) ?? []),
    calls,
    nested,
  }
}

/** `@spec spawn(…) :: pid` calls nothing. */
const isTypeAttribute = (node: Syntax): boolean =>
  node.type === 'unary_operator' &&
  node.tokens.includes('@') &&
  /^(spec|type|typep|opaque|callback|macrocallback|doc|moduledoc|typedoc)$/.test(localName(childOf(node, 'operand')))

/** The `name(parameters)` of a `def` has the shape of a call. */
function isHead(node: Syntax): boolean {
  const guarded = node.parent?.type === 'binary_operator' && node.parent.tokens.includes('when') ? node.parent : node
  const list = (guarded === node || node.field === 'left' ? guarded : node).parent
  return list?.type === 'arguments' && list.children[0] === guarded && isDefinition(list.parent)
}

const headed: ReadonlySet<string> = new Set(['defguard', 'defguardp', 'defdelegate', ...definitions])
const isDefinition = (node: Syntax | null): boolean => headed.has(localName(node))

const isModuleForm = (node: Syntax): boolean => moduleForms.has(localName(node)) && blockOf(node) !== null

function nameOfModule(node: Syntax, own: string, outer: Module | null): string {
  if (localName(node) === 'defimpl') return `${own}.${textOf(keywordOf(node, 'for') ?? node).slice(0, 60)}`
  return outer === null || own.startsWith('Elixir.') ? own : `${outer.name}.${own}`
}

function addNested(aliases: Map<string, string>, node: Syntax, outer: string): void {
  const own = node.children.find(({type}) => type === 'arguments')?.children[0]
  if (own?.type !== 'alias' || localName(node) === 'defimpl') return
  const short = textOf(own).split('.')[0] ?? ''
  aliases.set(short, `${outer}.${short}`)
}

const fileAliases = (root: Syntax): ReadonlyMap<string, string> => aliasesOf(root.children, '', new Map())

function aliasesOf(nodes: readonly Syntax[], self: string, outer: ReadonlyMap<string, string>): Map<string, string> {
  const aliases = new Map(outer)
  for (const node of nodes) {
    if (localName(node) !== 'alias') continue
    const [what] = node.children.find(({type}) => type === 'arguments')?.children ?? []
    if (what === undefined) continue
    for (const full of namesOf(what, self, aliases)) {
      const as = keywordOf(node, 'as')
      aliases.set(as === null ? (full.split('.').at(-1) ?? full) : textOf(as), full)
    }
  }
  return aliases
}

function namesOf(what: Syntax, self: string, aliases: ReadonlyMap<string, string>): readonly string[] {
  const right = what.type === 'dot' ? childOf(what, 'right') : null
  if (right?.type !== 'tuple') return [moduleOf(what, self, aliases) ?? []].flat()
  const left = childOf(what, 'left')
  const base = left === null ? null : moduleOf(left, self, aliases)
  return base === null ? [] : right.children.map((each) => `${base}.${textOf(each)}`)
}

/** The full name of what stands left of a dot or in a list of children; null when only running the code would tell. */
export function moduleOf(node: Syntax, self: string, aliases: ReadonlyMap<string, string>): string | null {
  const text = textOf(node)
  if (node.type === 'atom') return text
  if (text === '__MODULE__') return self
  if (/^__MODULE__\.[A-Z][\w.]*$/.test(text)) return `${self}${text.slice('__MODULE__'.length)}`
  if (node.type !== 'alias') return null
  const [first = '', ...rest] = text.replace(/^Elixir\./, '').split('.')
  return [aliases.get(first) ?? first, ...rest].join('.')
}

export const resolveIn = (module: Module, node: Syntax): string | null => moduleOf(node, module.name, module.aliases)

function usedModule(node: Syntax, resolve: (node: Syntax) => string | null): readonly string[] {
  const name = localName(node)
  if (name !== 'use' && name !== 'behaviour') return []
  if (isQuoted(node)) return []
  const [what] = node.children.find(({type}) => type === 'arguments')?.children ?? []
  return what === undefined ? [] : [resolve(what) ?? []].flat()
}

function readClause(node: Syntax): Clause | null {
  const kind = definitions.find((each) => each === localName(node))
  if (kind === undefined) return null
  const list = node.children.find(({type}) => type === 'arguments')
  const first = list?.children[0]
  if (first === undefined) return null
  const when = operandsOf(first, 'when')
  const head = when === null ? first : when[0]
  const name = head.type === 'identifier' ? textOf(head) : localName(head)
  const hasBody = blockOf(node) !== null || keywordOf(node, 'do') !== null
  if (name === '' || !hasBody) return null
  const all = head.type === 'call' ? (head.children.find(({type}) => type === 'arguments')?.children ?? []) : []
  const defaults = all.filter((each) => operandsOf(each, '\\\\') !== null).length
  return {
    kind,
    name,
    parameters: all.map((each) => operandsOf(each, '\\\\')?.[0] ?? each),
    minArity: all.length - defaults,
    guard: when === null ? null : when[1],
    body: bodyOf(node),
    node,
  }
}

function readCall(node: Syntax, resolve: (node: Syntax) => string | null): Call | null {
  if (node.type !== 'call' || isHead(node)) return null
  const target = childOf(node, 'target')
  if (target === null) return null
  const list = node.children.find(({type}) => type === 'arguments')
  const captured = capturedArity(node)
  const given = [...pipedInto(node), ...(list?.children ?? [])]
  const shared = {node, arguments: given, captured, arity: captured ?? given.length}
  if (target.type === 'identifier') return {...shared, module: null, receiver: null, name: textOf(target)}
  if (target.type !== 'dot') return null
  const [receiver, right] = [childOf(target, 'left'), childOf(target, 'right')]
  if (receiver === null) return null
  const module = resolve(receiver)
  // `state.key` looks like a call, but only a module's function may be called without parentheses
  if (module === null && list === undefined && captured === null) return null
  return {...shared, module, receiver, name: right === null ? '' : textOf(right)}
}

function pipedInto(node: Syntax): readonly Syntax[] {
  if (node.field !== 'right' || node.parent === null) return []
  const pipe = operandsOf(node.parent, '|>')
  return pipe === null ? [] : [pipe[0]]
}

function capturedArity(node: Syntax): number | null {
  if (node.field !== 'left' || node.parent === null) return null
  const slash = operandsOf(node.parent, '/')
  if (slash === null || slash[1].type !== 'integer' || node.parent.parent?.type !== 'unary_operator') return null
  return node.parent.parent.tokens.includes('&') ? Number(textOf(slash[1])) : null
}

/** Code inside `quote` runs in another module. */
export function isQuoted(node: Syntax): boolean {
  for (const each of ancestorsOf(node)) if (localName(each) === 'quote') return true
  return false
}

export const callsIn = (module: Module, node: Syntax): readonly Call[] =>
  module.calls.filter((call) => isInside(call.node, node))

/** The clause a node belongs to; null for code that runs when the module is compiled. */
export const clauseOf = (module: Module, node: Syntax): Clause | null =>
  module.clauses.find((clause) => isInside(node, clause.node)) ?? null

export const clausesNamed = (module: Module, name: string, arity: number): readonly Clause[] =>
  module.clauses.filter(
    (clause) => clause.name === name && clause.minArity <= arity && arity <= clause.parameters.length,
  )

/** A call's own trailing keyword, as in `timeout: :infinity`. */
export function optionOf(call: Call, name: string): Syntax | null {
  const last = call.arguments.at(-1)
  if (last === undefined) return null
  if (last.type === 'keywords' || last.type === 'list') {
    const keywords = last.type === 'list' ? childrenOfType(last, 'keywords')[0] : last
    if (keywords === undefined) return null
    for (const pair of keywords.children) {
      const [key, value] = [childOf(pair, 'key'), childOf(pair, 'value')]
      if (key !== null && value !== null && textOf(key).trim() === `${name}:`) return value
    }
  }
  return null
}

/** The variable a statement binds, as in `pid = spawn(…)`; null when the value is dropped or matched otherwise. */
export function boundName(node: Syntax): string | null {
  const bind = node.parent === null ? null : operandsOf(node.parent, '=')
  return bind !== null && bind[1] === node && isVariable(bind[0]) ? textOf(bind[0]) : null
}

/** Whether the value of this expression is thrown away: a statement of a block that is not its last one. */
export function isDropped(node: Syntax): boolean {
  const {parent} = node
  if (parent === null || !['do_block', 'body', 'block'].includes(parent.type)) return false
  return parent.children.at(-1) !== node && parent.children.includes(node)
}
