/** Shapes of JavaScript and TypeScript that several rules ask for. */
import type {Source} from './source.ts'
import {childOf, isInside, textOf, walk, type Syntax} from './syntax.ts'

const functionTypes = new Set([
  'function_declaration',
  'function_expression',
  'generator_function',
  'generator_function_declaration',
  'arrow_function',
  'method_definition',
])

export const isFunction = (node: Syntax): boolean => functionTypes.has(node.type)

export const isAsync = (node: Syntax): boolean => isFunction(node) && node.tokens.includes('async')

/** A name for messages, from the function or from what it is assigned to. */
export function nameOf(node: Syntax): string {
  const own = childOf(node, 'name')
  if (own !== null) return textOf(own)
  const {parent} = node
  const given = parent === null ? null : (childOf(parent, 'name') ?? childOf(parent, 'left') ?? childOf(parent, 'key'))
  return given === null || given === node ? 'an anonymous function' : textOf(given)
}

export interface ScriptCall {
  readonly node: Syntax
  /** `fs.readFile`, `exec`; as written. */
  readonly name: string
  /** The last part of the name. */
  readonly method: string
  readonly arguments: readonly Syntax[]
}

export function* callsOf(source: Source): Generator<ScriptCall> {
  for (const node of walk(source.root)) {
    if (node.type !== 'call_expression' && node.type !== 'new_expression') continue
    const callee = childOf(node, node.type === 'new_expression' ? 'constructor' : 'function')
    const list = childOf(node, 'arguments')
    if (callee === null || list?.type !== 'arguments') continue
    const property = callee.type === 'member_expression' ? childOf(callee, 'property') : callee
    yield {node, name: textOf(callee), method: property === null ? '' : textOf(property), arguments: list.children}
  }
}

/** Names that a file imports or requires from one of the modules: local name → exported name (`*` for the whole module). */
export function importsFrom(source: Source, modules: RegExp): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const node of source.root.children) {
    if (node.type === 'import_statement') addImport(node, modules, names)
    else for (const each of node.children) if (each.type === 'variable_declarator') addRequire(each, modules, names)
  }
  return names
}

function addImport(node: Syntax, modules: RegExp, names: Map<string, string>): void {
  const from = childOf(node, 'source')
  if (from === null || !modules.test(textOf(from).slice(1, -1))) return
  for (const each of walk(node)) {
    if (each.type === 'import_specifier') {
      const [name, alias] = [childOf(each, 'name'), childOf(each, 'alias')]
      if (name !== null) names.set(textOf(alias ?? name), textOf(name))
    } else if (each.type === 'identifier' && each.parent?.type !== 'import_specifier') names.set(textOf(each), '*')
  }
}

function addRequire(node: Syntax, modules: RegExp, names: Map<string, string>): void {
  const [name, value] = [childOf(node, 'name'), childOf(node, 'value')]
  const [, from] = value === null ? [] : (/^require\(\s*['"]([^'"]+)['"]\s*\)$/.exec(textOf(value)) ?? [])
  if (name === null || from === undefined || !modules.test(from)) return
  if (name.type === 'identifier') names.set(textOf(name), '*')
  else
    for (const each of name.children)
      names.set(textOf(each).split(':').at(-1)?.trim() ?? '', textOf(each).split(':')[0]?.trim() ?? '')
}

/** A template or a concatenation with something computed in it: its computed parts, each with the text before it. */
export function computedParts(node: Syntax): readonly {readonly value: Syntax; readonly before: string}[] {
  if (node.type === 'template_string')
    return node.children
      .filter(({type}) => type === 'template_substitution')
      .map((each) => ({value: each.children[0] ?? each, before: node.source.slice(node.start + 1, each.start)}))
  if (node.type !== 'binary_expression' || !node.tokens.includes('+')) return []
  const parts = operandsOf(node)
  if (!parts.some(({type}) => type === 'string' || type === 'template_string')) return []
  return parts.flatMap((value, at) => {
    if (value.type === 'string') return []
    const before = parts
      .slice(0, at)
      .map((each) => (each.type === 'string' ? textOf(each).slice(1, -1) : '?'))
      .join('')
    return value.type === 'template_string' ? computedParts(value) : [{value, before}]
  })
}

function operandsOf(node: Syntax): readonly Syntax[] {
  if (node.type !== 'binary_expression' || !node.tokens.includes('+')) return [node]
  return node.children.flatMap(operandsOf)
}

/** A literal, a constant in capitals, or a number: nobody outside decides it. */
export const isConstant = (node: Syntax): boolean =>
  ['string', 'number', 'true', 'false', 'null', 'undefined'].includes(node.type) ||
  (node.type === 'template_string' && computedParts(node).length === 0) ||
  /^[A-Z][A-Z0-9_]*$/.test(textOf(node))

export const hasComment = (source: Source, node: Syntax): boolean =>
  source.comments.some((each) => isInside(each, node))
