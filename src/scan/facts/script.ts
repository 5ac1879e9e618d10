/** Functions, classes and imports of a file of TypeScript or JavaScript. */
import {isFunction} from '../script.ts'
import type {Source} from '../source.ts'
import {ancestorsOf, childOf, textOf, walk, type Syntax} from '../syntax.ts'
import {nameFrom, type FunctionFact, type Mention, type Outline} from './outline.ts'

export function outlineOfScript({root}: Source): Outline {
  const nodes = walk(root)
  const exports = exportsOf(nodes)
  const mentions = nodes.flatMap(mentionOf)
  return {
    functions: nodes.flatMap((node) => (isFunction(node) ? functionOf(node, exports) : [])),
    modules: nodes.flatMap((node) => {
      const name = isClass(node) || isNamespace(node) ? nameOf(node) : null
      if (name === null) return []
      return [{name: nameFrom([...namesAround(node), name].join('.')), line: node.startLine, end_line: node.endLine}]
    }),
    mentions,
  }
}

const classTypes = new Set(['class_declaration', 'abstract_class_declaration', 'class'])
const isClass = ({type}: Syntax): boolean => classTypes.has(type)
/** `namespace N`; a `module 'name'` describes other code. */
const isNamespace = (node: Syntax): boolean =>
  node.type === 'internal_module' || (node.type === 'module' && childOf(node, 'name')?.type !== 'string')

interface Exports {
  readonly names: ReadonlySet<string>
  /** A file that neither imports nor exports is a script, whose functions everybody may see. */
  readonly isModule: boolean
}

function exportsOf(nodes: readonly Syntax[]): Exports {
  const names = new Set<string>()
  let isModule = false
  for (const node of nodes) {
    if (node.type === 'import_statement' || node.type === 'export_statement') isModule = true
    if (node.type === 'export_statement' && childOf(node, 'source') === null)
      for (const each of exportedBy(node)) names.add(textOf(each))
    if (node.type !== 'assignment_expression' || !isExports(childOf(node, 'left'))) continue
    isModule = true
    const right = childOf(node, 'right')
    for (const each of right?.type === 'object' ? right.children : [right ?? node]) {
      const value = childOf(each, 'value') ?? each
      if (/^(?:shorthand_property_)?identifier$/.test(value.type)) names.add(textOf(value))
    }
  }
  return {names, isModule}
}

/** Names in `export {a, b as c}`, `export default a` and `export = a`. */
function exportedBy(node: Syntax): readonly Syntax[] {
  const clause = node.children.find(({type}) => type === 'export_clause')
  if (clause !== undefined) return clause.children.flatMap((each) => childOf(each, 'name') ?? [])
  return node.children.filter(({type}) => type === 'identifier')
}

const isExports = (left: Syntax | null): boolean =>
  left !== null &&
  /^(?:module\s*\.\s*exports|exports\s*\.\s*[\w$]+|module\s*\.\s*exports\s*\.\s*[\w$]+)$/.test(textOf(left))

/** Its own, or that of what it is given to; null: nobody can call it by a name. */
function nameOf(node: Syntax): string | null {
  const own = childOf(node, 'name')
  if (own !== null) return plain(own)
  const {parent} = node
  if (parent === null) return null
  if (parent.type === 'export_statement') return 'default'
  if (parent.type === 'assignment_expression') return node.field === 'right' ? assignedName(parent) : null
  if (node.field !== 'value') return null
  const given = childOf(parent, 'name') ?? childOf(parent, 'key') ?? childOf(parent, 'property')
  return given === null || given.type.endsWith('_pattern') ? null : plain(given)
}

function assignedName(assignment: Syntax): string | null {
  const left = childOf(assignment, 'left')
  if (left === null) return null
  if (left.type === 'identifier') return textOf(left)
  const property = left.type === 'member_expression' ? childOf(left, 'property') : null
  if (property === null) return null
  return isExports(left) && textOf(property) === 'exports' ? 'default' : plain(property)
}

const plain = (name: Syntax): string => (name.type === 'string' ? textOf(name).slice(1, -1) : textOf(name))

/** Of the classes and namespaces around it, the outermost first. */
const namesAround = (node: Syntax): readonly string[] =>
  [...ancestorsOf(node)]
    .flatMap((each) => (isClass(each) || isNamespace(each) ? (nameOf(each) ?? []) : []))
    .toReversed()

function functionOf(node: Syntax, exports: Exports): readonly FunctionFact[] {
  const name = nameOf(node)
  if (name === null || name === '') return []
  const around = namesAround(node)
  return [
    {
      name: nameFrom(name),
      arity: arityOf(node),
      line: node.startLine,
      end_line: node.endLine,
      visibility: visibilityOf(node, name, exports),
      module: around.length === 0 ? null : nameFrom(around.join('.')),
    },
  ]
}

function visibilityOf(node: Syntax, name: string, exports: Exports): FunctionFact['visibility'] {
  for (const each of ancestorsOf(node)) {
    if (isFunction(each)) return 'private'
    if (each.type === 'class_body') return isHidden(node) ? 'private' : 'public'
    if (each.type === 'object') return isExports(assignedTo(each)) ? 'public' : null
    if (each.type === 'export_statement') return 'public'
    if (each.type === 'assignment_expression') return isExports(childOf(each, 'left')) ? 'public' : null
  }
  if (exports.names.has(name)) return 'public'
  return exports.isModule ? 'private' : null
}

const assignedTo = ({parent, field}: Syntax): Syntax | null =>
  parent?.type === 'assignment_expression' && field === 'right' ? childOf(parent, 'left') : null

/** Of a method, or of the field that holds the function. */
function isHidden(node: Syntax): boolean {
  const member = node.type === 'method_definition' ? node : (node.parent ?? node)
  const name = childOf(member, 'name') ?? childOf(member, 'property')
  return (
    name?.type === 'private_property_identifier' ||
    member.children.some((each) => each.type === 'accessibility_modifier' && textOf(each) !== 'public')
  )
}

function arityOf(node: Syntax): number | null {
  if (childOf(node, 'parameter') !== null) return 1
  const parameters = childOf(node, 'parameters')?.children ?? []
  const patterns = parameters.map((each) => childOf(each, 'pattern') ?? each)
  if (patterns.some(({type}) => type === 'rest_pattern')) return null
  // TypeScript writes the type of `this` as a first parameter
  return patterns.filter(({type}) => type !== 'this' && type !== 'decorator').length
}

function mentionOf(node: Syntax): readonly Mention[] {
  const from = sourceOf(node)
  if (from?.type !== 'string') return []
  return [{written: nameFrom(textOf(from).slice(1, -1)), line: node.startLine, names: [], isGuess: false}]
}

function sourceOf(node: Syntax): Syntax | null {
  if (node.type === 'import_statement' || node.type === 'export_statement') {
    const clause = node.children.find(({type}) => type === 'import_require_clause')
    return childOf(clause ?? node, 'source')
  }
  if (node.type !== 'call_expression') return null
  const callee = childOf(node, 'function')
  const isImport = callee?.type === 'import' || (callee?.type === 'identifier' && textOf(callee) === 'require')
  return isImport ? (childOf(node, 'arguments')?.children[0] ?? null) : null
}
