import {callsOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'

export const floatingTask: Rule = {
  summary: 'asyncio.create_task whose result nobody holds.',
  languages: ['python'],
  category: 'floating-task',
  severity: 'medium',
  roles: ['production', 'script'],
  find: (source) =>
    [...callsOf(source)]
      .filter(
        ({node, name}) =>
          /^asyncio\.(create_task|ensure_future)$/.test(name) && node.parent?.type === 'expression_statement',
      )
      .map(({node, name}) => ({
        place: placeOf(source, node),
        title: 'Background task that nobody holds',
        description: `The result of ${name} is dropped: the event loop keeps only a weak reference, so the task may be collected in the middle of its work, and its exception is never seen. Keep it in a set until it is done, or use a TaskGroup.`,
      })),
}
