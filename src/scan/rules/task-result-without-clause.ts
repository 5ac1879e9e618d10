import {isVariable, operandsOf} from '../elixir/block.ts'
import {boundName, clauseOf, type Call, type Clause, type Module} from '../elixir/module.ts'
import {shapeOf} from '../elixir/pattern.ts'
import {
  allCallbacks,
  callbackOf,
  callsNamed,
  hasForeignMacros,
  isServer,
  reachOf,
  runsInPlace,
} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {mentions, textOf, walk, type Syntax} from '../syntax.ts'

const isTask = ({module, name}: Call): boolean =>
  (module === 'Task' || module === 'Task.Supervisor') && (name === 'async' || name === 'async_nolink')

const firstPatterns = (module: Module): readonly Syntax[] =>
  module.clauses
    .filter((clause) => callbackOf(clause) === 'handle_info')
    .flatMap(({parameters: [first]}) => first ?? [])

/** `{ref, result}`, `{^ref, result}`, or a match of one. */
function takesResult(pattern: Syntax): boolean {
  const both = operandsOf(pattern, '=')
  if (both !== null) return both.some(takesResult)
  const [first] = pattern.children
  return (
    pattern.type === 'tuple' &&
    pattern.children.length === 2 &&
    first !== undefined &&
    (isVariable(first) || first.type === 'unary_operator' || operandsOf(first, '=') !== null)
  )
}

/** The `%Task{}` goes to a client, but only the process that created it may await it. */
const isReplied = (call: Call, clause: Clause): boolean => {
  const name = boundName(call.node)
  if (name === null) return false
  for (const node of walk(clause.node))
    if (node.type === 'tuple' && node.children[0]?.type === 'atom' && textOf(node.children[0]) === ':reply') {
      const answer = node.children[1]
      if (answer !== undefined && (textOf(answer) === name || (answer.type === 'tuple' && mentions(answer, name))))
        return true
    }
  return false
}

export const taskResultWithoutClause: Rule = {
  summary: 'A server starts a task whose result message no clause takes.',
  languages: ['elixir'],
  category: 'task-result-without-clause',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    source.broken
      ? []
      : elixir.modulesOf(source).flatMap((module) => {
          if (!isServer(module, elixir) || hasForeignMacros(module)) return []
          const awaits = ['await', 'await_many', 'yield', 'yield_many', 'shutdown', 'ignore']
          const patterns = firstPatterns(module)
          if (callsNamed(module, ['Task'], awaits).length > 0 || patterns.some(takesResult)) return []
          const dropped = patterns.some((each) => shapeOf(each) === 'anything')
          return [...reachOf(module, allCallbacks)].flatMap((clause) =>
            module.calls
              .filter(
                (call) => isTask(call) && clauseOf(module, call.node) === clause && runsInPlace(call.node, clause.node),
              )
              .map((call) => ({
                place: placeOf(source, call.node),
                title: `Result of ${call.name} has no handle_info clause in ${module.name}`,
                description: isReplied(call, clause)
                  ? `${module.name} gives the task to its client, but only the process that created a task may await it: the client's await raises and the result lands here, where no handle_info clause takes it. Let the client start the task, or answer with the result.`
                  : `${module.name} starts a task but has no handle_info clause for {ref, result}: ${
                      dropped
                        ? 'the catch-all clause drops the result'
                        : 'the result is never used and its message is unexpected'
                    }. Add clauses for {ref, result} and {:DOWN, ref, …}, or use start_child when the result does not matter.`,
                severity: dropped && !isReplied(call, clause) ? ('low' as const) : ('high' as const),
              })),
          )
        }),
}
