/** Shapes of Python that several rules ask for. */
import type {Source} from './source.ts'
import {ancestorsOf, childOf, textOf, walk, type Syntax} from './syntax.ts'

export interface PythonCall {
  readonly node: Syntax
  /**
   * With imports resolved: `subprocess.run` also for `from subprocess import run as r`. A value that was not imported is
   * marked, as in `?yaml.load`: it may be anything of that name.
   */
  readonly name: string
  readonly positional: readonly Syntax[]
  readonly keywords: ReadonlyMap<string, Syntax>
  /** `*args` or `**options`: anything may be given. */
  readonly open: boolean
}

/** Local name → what it stands for, from every import of the file. */
export function importsOf(source: Source): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const node of walk(source.root)) {
    if (node.type === 'import_statement') {
      for (const each of node.children) {
        const [name, alias] = [childOf(each, 'name'), childOf(each, 'alias')]
        if (each.type === 'aliased_import' && name !== null && alias !== null) names.set(textOf(alias), textOf(name))
        else names.set(textOf(each).split('.')[0] ?? '', textOf(each).split('.')[0] ?? '')
      }
    } else if (node.type === 'import_from_statement') {
      const from = childOf(node, 'module_name')
      for (const each of node.children) {
        if (each === from || from === null) continue
        const name = childOf(each, 'name') ?? each
        names.set(textOf(childOf(each, 'alias') ?? name), `${textOf(from)}.${textOf(name)}`)
      }
    }
  }
  return names
}

export function* callsOf(source: Source): Generator<PythonCall> {
  const imports = importsOf(source)
  for (const node of walk(source.root)) {
    if (node.type !== 'call') continue
    const [callee, list] = [childOf(node, 'function'), childOf(node, 'arguments')]
    if (callee === null || list?.type !== 'argument_list') continue
    const [first = '', ...rest] = textOf(callee).split('.')
    const keywords = new Map<string, Syntax>()
    for (const each of list.children) {
      const [key, value] = [childOf(each, 'name'), childOf(each, 'value')]
      if (each.type === 'keyword_argument' && key !== null && value !== null) keywords.set(textOf(key), value)
    }
    yield {
      node,
      name: [imports.get(first) ?? (rest.length > 0 ? `?${first}` : first), ...rest].join('.'),
      positional: list.children.filter(({type}) => type !== 'keyword_argument' && type !== 'dictionary_splat'),
      keywords,
      open: list.children.some(({type}) => type === 'dictionary_splat' || type === 'list_splat'),
    }
  }
}

/** The function whose body a node runs in; a lambda counts. */
export function functionOf(node: Syntax): Syntax | null {
  for (const each of ancestorsOf(node)) if (each.type === 'function_definition' || each.type === 'lambda') return each
  return null
}

export const nameOf = (node: Syntax): string => {
  const name = childOf(node, 'name')
  return name === null ? 'a lambda' : textOf(name)
}

export const bodyOf = (node: Syntax): readonly Syntax[] =>
  (childOf(node, 'body') ?? node.children.find(({type}) => type === 'block'))?.children ?? []

/** A string put together from computed parts: f-string, `%`, `+` or `.format`. */
export function isComposed(node: Syntax): boolean {
  if (node.type === 'string')
    return node.children.some(({type, children}) => type === 'interpolation' && !children.every(isConstantName))
  if (node.type === 'concatenated_string') return node.children.some(isComposed)
  if (node.type === 'parenthesized_expression') return node.children.some(isComposed)
  if (node.type === 'binary_operator') {
    const [left, right] = [childOf(node, 'left'), childOf(node, 'right')]
    if (left === null || right === null) return false
    const text = isText(left) || isText(right)
    return (
      text &&
      (!isText(left) || !isText(right) || isComposed(left) || isComposed(right)) &&
      !(isConstantName(left) || isConstantName(right))
    )
  }
  if (node.type !== 'call') return false
  const callee = childOf(node, 'function')
  const [object, method] = callee === null ? [null, null] : [childOf(callee, 'object'), childOf(callee, 'attribute')]
  return object !== null && method !== null && isText(object) && textOf(method) === 'format'
}

const isText = (node: Syntax): boolean => node.type === 'string' || node.type === 'concatenated_string'

export const isConstantName = (node: Syntax): boolean => /^([A-Z][A-Z0-9_]*|\d+)$/.test(textOf(node))
