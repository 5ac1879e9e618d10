import {placeOf, scripts, type Rule} from '../rule.ts'
import {isFunction} from '../script.ts'
import {childOf, mentions, textOf, walk, type Syntax} from '../syntax.ts'

/** `catch (error) { throw new X('…') }` where `error` is named and never used. */
function lostIn(handler: Syntax): Syntax | null {
  const [parameter, body] = [childOf(handler, 'parameter'), childOf(handler, 'body')]
  if (parameter?.type !== 'identifier' || body === null) return null
  const name = textOf(parameter)
  if (name.startsWith('_') || mentions(body, name)) return null
  const last = body.children.at(-1)
  if (last?.type !== 'throw_statement') return null
  return [...walk(last)].some((node) => node.type === 'new_expression' && !isFunction(node)) ? last : null
}

export const lostCause: Rule = {
  summary: 'A new error is thrown in a catch and the caught one is forgotten.',
  languages: scripts,
  category: 'lost-cause',
  severity: 'low',
  roles: ['production'],
  find: (source) =>
    [...walk(source.root)].flatMap((node) => {
      const thrown = node.type === 'catch_clause' ? lostIn(node) : null
      if (thrown === null) return []
      return {
        place: placeOf(source, thrown),
        title: 'New error forgets the one that caused it',
        description:
          'The caught error is named but never used, and the new one says nothing of it: whoever reads the log sees a wrong or empty reason, also for bugs. Pass it on: `new Error(message, {cause: error})`.',
      }
    }),
}
