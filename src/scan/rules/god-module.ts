import {isQuoted, type Module} from '../elixir/module.ts'
import {codeLines} from '../lines.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {isFunction} from '../script.ts'
import type {Source} from '../source.ts'
import {textOf, walk, type Syntax} from '../syntax.ts'

const limit = {lines: 800, functions: 40}

const isDefinition = (node: Syntax): boolean => isFunction(node) || node.type === 'function_definition'

/** Functions that are named parts of the file, not closures inside one. */
const functionsIn = (source: Source): number =>
  [...walk(source.root, (node) => !isDefinition(node))].filter(
    (node) => isDefinition(node) && node.type !== 'arrow_function',
  ).length

/** A function has as many clauses as it likes. What a macro quotes is a function of another module. */
const functionsOf = (module: Module): number =>
  new Set(
    module.clauses
      .filter(({kind, node}) => /^defp?$/.test(kind) && !isQuoted(node))
      .map(({name, parameters}) => `${name}/${parameters.length}`),
  ).size

/** Documentation and nested modules are no code of this module. */
const foreignParts = ({node, nested}: Module): readonly Syntax[] => [
  ...nested,
  ...[...walk(node)].filter(
    (each) => each.type === 'unary_operator' && /^@(moduledoc|doc|typedoc|spec)\b/.test(textOf(each)),
  ),
]

interface Size {
  readonly name: string
  readonly kind: 'file' | 'module'
  readonly node: Syntax
  readonly lines: number
  readonly functions: number
}

function hitOf(source: Source, {name, kind, node, lines, functions}: Size): readonly Hit[] {
  if (lines <= limit.lines || functions <= limit.functions) return []
  return [
    {
      place: placeOf(source, node),
      title: `${name} has ${lines} lines and ${functions} functions`,
      description: `This ${kind} has ${lines} lines of code and ${functions} functions (reported above ${limit.lines} and ${limit.functions}): unrelated changes meet here. Find the groups of functions that share data, move one group at a time to a ${kind} of its own, and keep the old names as a thin facade meanwhile.`,
    },
  ]
}

/** Several modules may share an Elixir file; elsewhere the file is the module. */
const sizesOf = (source: Source, modules: readonly Module[]): readonly Size[] =>
  source.language === 'elixir'
    ? modules.map((module) => ({
        name: module.name,
        kind: 'module',
        node: module.node,
        lines: codeLines(source, module.node, foreignParts(module)),
        functions: functionsOf(module),
      }))
    : source.root.children.slice(0, 1).map((node) => ({
        name: source.path.split('/').at(-1) ?? source.path,
        kind: 'file',
        node,
        lines: codeLines(source, source.root),
        functions: functionsIn(source),
      }))

export const godModule: Rule = {
  summary: 'A module with so many functions that it has many reasons to change.',
  languages: ['elixir', 'typescript', 'tsx', 'javascript', 'python'],
  category: 'god-module',
  severity: 'low',
  roles: ['production'],
  find: (source, {elixir}) =>
    source.root.endLine < limit.lines
      ? []
      : sizesOf(source, elixir.modulesOf(source)).flatMap((size) => hitOf(source, size)),
}
