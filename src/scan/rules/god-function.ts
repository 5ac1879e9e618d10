import {placeOf, type Rule} from '../rule.ts'
import {isFunction, nameOf as scriptName} from '../script.ts'
import type {Source} from '../source.ts'
import {childOf, isInside, textOf, walk, type Syntax} from '../syntax.ts'

/** Lines of code and decisions above which a function is reported; both must be passed. A fifth of these is already a lot. */
const limit = {lines: 100, decisions: 20}

const branches = new Set([
  // JavaScript and TypeScript
  'if_statement',
  'for_statement',
  'for_in_statement',
  'while_statement',
  'do_statement',
  'switch_case',
  'catch_clause',
  'ternary_expression',
  // Python
  'elif_clause',
  'except_clause',
  'conditional_expression',
  'case_clause',
  'for_in_clause',
  // Elixir: each clause of case, cond, with and fn
  'stab_clause',
])

const operators = new Set(['&&', '||', '??', 'and', 'or'])

const isNestedFunction = (node: Syntax): boolean => isFunction(node) || node.type === 'function_definition'

/** McCabe's number, without the decisions of functions inside. */
function decisionsIn(definition: Syntax): number {
  let count = 1
  for (const node of walk(definition, (each) => !isNestedFunction(each))) {
    if (branches.has(node.type)) count++
    else if (
      /^(binary_expression|boolean_operator|binary_operator)$/.test(node.type) &&
      node.tokens.some((each) => operators.has(each))
    )
      count++
    else if (
      node.type === 'call' &&
      /^(if|unless|for)$/.test(textOf(childOf(node, 'target') ?? node).slice(0, 8)) &&
      node.source === definition.source
    )
      count++
  }
  return count
}

/** Lines that hold code: neither blank, nor only a comment, nor the text of a template or a long string. */
function codeLines(source: Source, node: Syntax): number {
  const silent = new Set<number>()
  const texts = [...walk(node)].filter(({type, startLine, endLine}) => isText.test(type) && endLine > startLine + 1)
  for (const each of [...source.comments, ...texts])
    if (isInside(each, node)) for (let line = each.startLine + 1; line < each.endLine; line++) silent.add(line)
  const lines = textOf(node).split('\n')
  return lines.filter((line, at) => !/^\s*($|#|\/\/|\/\*|\*)/.test(line) && !silent.has(node.startLine + at)).length
}

const isText = /^(template_string|string|sigil)$/

/** Markup takes a line for each attribute, so a component is given twice the room. */
const linesAllowed = (source: Source): number => (/\.[jt]sx$/.test(source.path) ? 2 * limit.lines : limit.lines)

const definitionsOf = (source: Source): readonly (readonly [Syntax, string])[] =>
  [...walk(source.root)].flatMap((node): readonly (readonly [Syntax, string])[] => {
    if (isFunction(node)) return [[node, scriptName(node)]]
    if (node.type === 'function_definition') return [[node, textOf(childOf(node, 'name') ?? node)]]
    if (node.type !== 'call' || !/^defp?\b/.test(node.source.slice(node.start, node.start + 5))) return []
    const head = textOf(node).split('\n')[0] ?? ''
    return [[node, /^defp?\s+([\w?!]+)/.exec(head)?.[1] ?? 'a function']]
  })

export const godFunction: Rule = {
  summary: 'A function so long and so branched that nobody can change it safely.',
  languages: ['elixir', 'typescript', 'tsx', 'javascript', 'python'],
  category: 'god-function',
  severity: 'low',
  roles: ['production'],
  find: (source) =>
    definitionsOf(source).flatMap(([node, name]) => {
      if (node.endLine - node.startLine < limit.lines) return []
      const lines = codeLines(source, node)
      const decisions = decisionsIn(node)
      if (lines <= linesAllowed(source) || decisions <= limit.decisions) return []
      return {
        place: placeOf(source, node),
        title: `${name} has ${lines} lines and ${decisions} paths`,
        description: `\`${name}\` has ${lines} lines of code and a cyclomatic complexity of ${decisions} (reported above ${linesAllowed(source)} and ${limit.decisions}): no test covers its combinations and each change risks another branch. Split it along its sections into named functions, one at a time, under tests.`,
        severity:
          lines > 2 * linesAllowed(source) && decisions > 2 * limit.decisions ? ('medium' as const) : ('low' as const),
      }
    }),
}
