import {placeOf, scripts, type Rule} from '../rule.ts'
import {callsOf, isAsync} from '../script.ts'

export const asyncForEach: Rule = {
  summary: 'forEach with an async callback: nothing waits and rejections are lost.',
  languages: scripts,
  category: 'async-for-each',
  severity: 'high',
  roles: ['production', 'script'],
  find: (source) =>
    [...callsOf(source)]
      .filter(
        ({method, name, arguments: [callback]}) =>
          method === 'forEach' && name !== 'forEach' && callback !== undefined && isAsync(callback),
      )
      .map(({node}) => ({
        place: placeOf(source, node),
        title: 'forEach does not wait for its async callback',
        description:
          'forEach ignores the promises of its async callback: the code after it runs before the work is done, and a rejection becomes an unhandled one that ends the process. Use `for … of` with await, or Promise.all over map.',
      })),
}
