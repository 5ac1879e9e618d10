/** Functions, classes and imports of a Python file. */
import type {Source} from '../source.ts'
import {ancestorsOf, childOf, textOf, walk, type Syntax} from '../syntax.ts'
import {nameFrom, type FunctionFact, type Mention, type Outline} from './outline.ts'

export function outlineOfPython({root}: Source): Outline {
  const [functions, modules, mentions]: [FunctionFact[], Outline['modules'][number][], Mention[]] = [[], [], []]
  for (const node of walk(root)) {
    if (node.type === 'function_definition') functions.push(...functionOf(node))
    else if (node.type === 'class_definition')
      modules.push({name: nameFrom(wholeName(node)), line: node.startLine, end_line: node.endLine})
    else if (node.type === 'import_statement') mentions.push(...modulesIn(node))
    else if (node.type === 'import_from_statement') mentions.push(...fromIn(node))
  }
  return {functions, modules, mentions}
}

const nameOf = (node: Syntax): string => {
  const name = childOf(node, 'name')
  return name === null ? '' : textOf(name)
}

/** Classes only: what is in a function has no name outside of it. */
const wholeName = (node: Syntax): string => [...classesAround(node).map(nameOf), nameOf(node)].join('.')

const classesAround = (node: Syntax): readonly Syntax[] =>
  [...ancestorsOf(node)].filter(({type}) => type === 'class_definition').toReversed()

const outerOf = (node: Syntax): Syntax | null =>
  [...ancestorsOf(node)].find(({type}) => type === 'function_definition' || type === 'class_definition') ?? null

function functionOf(node: Syntax): readonly FunctionFact[] {
  const name = nameOf(node)
  if (name === '') return []
  const outer = outerOf(node)
  const isHidden = outer?.type === 'function_definition' || /^_(?!_.*__$)/.test(name)
  const classes = classesAround(node)
  return [
    {
      name: nameFrom(name),
      arity: arityOf(node, outer?.type === 'class_definition' && !isStatic(node)),
      line: node.startLine,
      end_line: node.endLine,
      visibility: isHidden ? 'private' : 'public',
      module: classes.length === 0 ? null : nameFrom(classes.map(nameOf).join('.')),
    },
  ]
}

const isStatic = ({parent}: Syntax): boolean =>
  parent?.type === 'decorated_definition' &&
  parent.children.some((each) => each.type === 'decorator' && /^@\s*staticmethod$/.test(textOf(each)))

/** @param isMethod the first one is the object or the class */
function arityOf(node: Syntax, isMethod: boolean): number | null {
  const parameters = childOf(node, 'parameters')?.children ?? []
  if (parameters.some((each) => isSplat(each) || each.children.some(isSplat))) return null
  const count = parameters.filter(({type}) => !type.endsWith('_separator')).length
  return isMethod ? Math.max(0, count - 1) : count
}

const isSplat = ({type}: Syntax): boolean => type === 'list_splat_pattern' || type === 'dictionary_splat_pattern'

const modulesIn = (node: Syntax): readonly Mention[] =>
  node.children.map((each) => ({
    written: nameFrom(textOf(childOf(each, 'name') ?? each)),
    line: node.startLine,
    names: [],
    isGuess: false,
  }))

function fromIn(node: Syntax): readonly Mention[] {
  const from = childOf(node, 'module_name')
  if (from === null) return []
  const names = node.children.filter((each) => each.field === 'name')
  return [
    {
      written: nameFrom(textOf(from).replace(/\s+/g, '')),
      line: node.startLine,
      names: names.map((each) => nameFrom(textOf(childOf(each, 'name') ?? each))),
      isGuess: false,
    },
  ]
}
