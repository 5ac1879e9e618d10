import {localName} from '../elixir/block.ts'
import {codeLines} from '../lines.ts'
import {placeOf, type Rule} from '../rule.ts'
import {isFunction, nameOf as scriptName} from '../script.ts'
import type {Source} from '../source.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'

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

/** What the arms of a switch, match or case run. */
const armBodies: Readonly<Record<string, (arm: Syntax) => readonly Syntax[]>> = {
  switch_case: ({children}) => children.filter(({field}) => field === 'body'),
  switch_default: ({children}) => children.filter(({field}) => field === 'body'),
  case_clause: (arm) => childOf(arm, 'consequence')?.children ?? [],
  stab_clause: (arm) => childOf(arm, 'right')?.children ?? [],
}

const isArm = ({type}: Syntax): boolean => Object.hasOwn(armBodies, type)

const bodyOf = (arm: Syntax): readonly Syntax[] => armBodies[arm.type]?.(arm) ?? []

/** One statement without a block of its own. */
function isPlainArm(arm: Syntax): boolean {
  const isGuarded = childOf(arm, 'guard') !== null || childOf(arm, 'left')?.tokens.includes('when') === true
  const [block, ...others] = bodyOf(arm)
  const body = block?.type === 'statement_block' && others.length === 0 ? block.children : bodyOf(arm)
  const [only, ...more] = body.filter(({type}) => type !== 'break_statement')
  if (isGuarded || more.length > 0) return false
  return only === undefined || (!compound.test(only.type) && !only.children.some(({type}) => type === 'do_block'))
}

const compound = /^(if|for|for_in|while|do|switch|try|with|match|labeled)_statement$|^statement_block$/

/** `kind satisfies never` or `assertNever(kind)`: the compiler checks that no case is forgotten. */
const isExhaustive = (arm: Syntax): boolean =>
  arm.type === 'switch_default' &&
  /\bsatisfies\s+never\b|:\s*never\s*=|\b(assert|check)\w*(Never|Unreachable|Exhaustive)\b/.test(textOf(arm))

/**
 * A table in the form of a switch: its reader looks up one arm. McCabe excepts a large case statement from his own limit ("A
 * Complexity Measure", IEEE Transactions on Software Engineering, 1976). The clauses of `cond`, `with`, `fn` are no such table.
 */
function isDispatch(block: Syntax): boolean {
  if (block.type === 'do_block' && localName(block.parent) !== 'case') return false
  if (!/^(switch_body|block|do_block)$/.test(block.type)) return false
  const arms = block.children.filter(isArm)
  return arms.some(isExhaustive) || arms.every(isPlainArm)
}

/** McCabe's decisions, without those of functions inside. A dispatch is one, and so are labels that share a body. */
function decisionsIn(definition: Syntax): number {
  let count = 0
  const dispatches = new Map<Syntax, boolean>()
  for (const node of walk(definition, (each) => !isNestedFunction(each))) {
    if (isArm(node) && node.parent !== null) {
      const known = dispatches.get(node.parent)
      const dispatch = known ?? isDispatch(node.parent)
      dispatches.set(node.parent, dispatch)
      if (dispatch ? known === undefined : branches.has(node.type) && bodyOf(node).length > 0) count++
    } else if (branches.has(node.type)) count++
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
        title: `${name} has ${lines} lines and ${decisions} decisions`,
        description: `\`${name}\` has ${lines} lines of code and ${decisions} decisions (a plain dispatch counts as one; reported above ${linesAllowed(source)} and ${limit.decisions}): nobody holds that many branches in mind, and each change risks another one. Split it along its sections into named functions, one at a time, under tests.`,
        severity:
          lines > 2 * linesAllowed(source) && decisions > 2 * limit.decisions ? ('medium' as const) : ('low' as const),
      }
    }),
}
