import {placeOf, scripts, type Rule} from '../rule.ts'
import {callsOf, isAsync} from '../script.ts'
import {childOf, walk} from '../syntax.ts'

export const asyncPromiseExecutor: Rule = {
  summary: 'new Promise with an async executor: what it throws is lost.',
  languages: scripts,
  category: 'async-promise-executor',
  severity: 'medium',
  roles: ['production', 'script'],
  find: (source) =>
    [...callsOf(source)]
      .filter(
        ({node, name, arguments: [executor]}) =>
          node.type === 'new_expression' && name === 'Promise' && executor !== undefined && isAsync(executor),
      )
      .filter(({arguments: [executor]}) => {
        // an executor that is one whole try statement cannot throw past it
        const body = executor === undefined ? null : childOf(executor, 'body')
        const [only, more] = body?.children ?? []
        const guarded = only?.type === 'try_statement' && more === undefined && childOf(only, 'handler') !== null
        return executor !== undefined && !guarded && [...walk(executor)].some(({type}) => type === 'await_expression')
      })
      .map(({node}) => ({
        place: placeOf(source, node),
        title: 'Promise with an async executor never rejects on a throw',
        description:
          'The executor is async, so an error after its first await rejects a promise that nobody holds: the outer promise stays pending for ever. Make the function itself async and drop the constructor.',
      })),
}
