/** Functions, modules and references of an Elixir file. */
import {localName} from '../elixir/block.ts'
import {isQuoted, moduleOf, readModules, type Module} from '../elixir/module.ts'
import type {Source} from '../source.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'
import {nameFrom, type FunctionFact, type Mention, type Outline} from './outline.ts'

export function outlineOfElixir(source: Source): Outline {
  const modules = readModules(source)
  return {
    functions: modules.flatMap(functionsOf),
    modules: modules.map(({name, node}) => ({name: nameFrom(name), line: node.startLine, end_line: node.endLine})),
    mentions: mentionsOf(source, modules),
  }
}

function functionsOf({name: module, clauses}: Module): readonly FunctionFact[] {
  const functions = new Map<string, FunctionFact>()
  for (const {kind, name, parameters, node} of clauses) {
    if (isQuoted(node)) continue
    const arity = parameters.length
    const known = functions.get(`${name}/${arity}`)
    const visibility = kind === 'def' || kind === 'defmacro' ? 'public' : 'private'
    const first = {name: nameFrom(name), arity, line: node.startLine, visibility, module: nameFrom(module)} as const
    functions.set(`${name}/${arity}`, {...(known ?? first), end_line: node.endLine})
  }
  return [...functions.values()]
}

/** Every module that is named, once; declared ones first among equals. */
function mentionsOf(source: Source, modules: readonly Module[]): readonly Mention[] {
  const inner = new Set(modules.map(({node}) => node))
  const outside = walk(source.root, (each) => !inner.has(each)).filter((each) => !inner.has(each))
  const known = new Map<string, Mention>()
  const add = (nodes: readonly Syntax[], self: string, aliases: ReadonlyMap<string, string>): void => {
    for (const node of nodes) {
      const name = node.type === 'alias' && !isStem(node) ? wholeName(node, self, aliases) : null
      if (name === null) continue
      const isGuess = !isDeclared(node)
      if (known.get(name)?.isGuess ?? true)
        known.set(name, {written: nameFrom(name), line: known.get(name)?.line ?? node.startLine, names: [], isGuess})
    }
  }
  // the aliases of a file are in force in its modules
  add(outside, '', modules[0]?.aliases ?? new Map())
  for (const {node, name, aliases, nested} of modules) {
    const apart = new Set(nested)
    add(
      walk(node, (each) => !apart.has(each)),
      name,
      aliases,
    )
  }
  return [...known.values()].toSorted((a, b) => a.line - b.line)
}

/** `Shop` of `Shop.{Cart, Mail}` is not meant itself. */
const isStem = ({field, parent}: Syntax): boolean =>
  field === 'left' && parent?.type === 'dot' && childOf(parent, 'right')?.type === 'tuple'

function wholeName(node: Syntax, self: string, aliases: ReadonlyMap<string, string>): string | null {
  const dot = node.parent?.type === 'tuple' ? node.parent.parent : null
  const left = dot?.type === 'dot' ? childOf(dot, 'left') : node.field === 'right' ? leftOf(node) : null
  if (left === null) return moduleOf(node, self, aliases)
  const base = moduleOf(left, self, aliases)
  return base === null ? null : `${base}.${textOf(node)}`
}

/** `__MODULE__` of `__MODULE__.Cart`. */
const leftOf = ({parent}: Syntax): Syntax | null => (parent?.type === 'dot' ? childOf(parent, 'left') : null)

const declaring = new Set(['alias', 'behaviour', 'import', 'require', 'use'])

function isDeclared(node: Syntax): boolean {
  let what = node
  while (what.parent !== null && (what.parent.type === 'tuple' || what.parent.type === 'dot')) what = what.parent
  const list = what.parent
  return list?.type === 'arguments' && list.children[0] === what && declaring.has(localName(list.parent))
}
