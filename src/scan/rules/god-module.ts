import {placeOf, type Rule} from '../rule.ts'
import type {Source} from '../source.ts'
import {isFunction} from '../script.ts'
import {textOf, walk, type Syntax} from '../syntax.ts'

const limit = {lines: 800, functions: 40}

const isDefinition = (node: Syntax): boolean =>
  isFunction(node) ||
  node.type === 'function_definition' ||
  (node.type === 'call' && /^defp?\s/.test(node.source.slice(node.start, node.start + 5)))

/** Functions that are named parts of the file, not closures inside one. */
const partsOf = (source: Source): number =>
  [...walk(source.root, (node) => !isDefinition(node))].filter(
    (node) => isDefinition(node) && node.type !== 'arrow_function',
  ).length

function codeLines(source: Source): number {
  const documented = [...walk(source.root)]
    .filter((node) => node.type === 'unary_operator' && /^@(moduledoc|doc|typedoc|spec)\b/.test(textOf(node)))
    .reduce((sum, node) => sum + node.endLine - node.startLine + 1, 0)
  const comments = source.comments.reduce((sum, node) => sum + node.endLine - node.startLine + 1, 0)
  return source.text.split('\n').filter((line) => line.trim() !== '').length - documented - comments
}

export const godModule: Rule = {
  summary: 'A file with so many functions that it has many reasons to change.',
  languages: ['elixir', 'typescript', 'tsx', 'javascript', 'python'],
  category: 'god-module',
  severity: 'low',
  roles: ['production'],
  find: (source) => {
    if (source.root.endLine < limit.lines) return []
    const [lines, functions] = [codeLines(source), partsOf(source)]
    const [first] = source.root.children
    if (lines <= limit.lines || functions <= limit.functions || first === undefined) return []
    return [
      {
        place: placeOf(source, first),
        title: `${source.path.split('/').at(-1)} has ${lines} lines and ${functions} functions`,
        description: `This file has ${lines} lines of code and ${functions} functions (reported above ${limit.lines} and ${limit.functions}): unrelated changes meet here. Find the groups of functions that share data, move one group at a time to a file of its own, and keep the old names as a thin facade meanwhile.`,
      },
    ]
  },
}
