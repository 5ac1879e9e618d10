import {placeOf, scripts, type Rule} from '../rule.ts'
import {textOf, walk} from '../syntax.ts'

const literals = new Set([
  'string',
  'template_string',
  'object',
  'number',
  'true',
  'false',
  'null',
  'undefined',
  'array',
])

export const throwLiteral: Rule = {
  summary: 'Something is thrown that is no Error.',
  languages: scripts,
  category: 'throw-literal',
  severity: 'low',
  roles: ['production'],
  find: (source) =>
    [...walk(source.root)].flatMap((node) => {
      const [thrown] = node.type === 'throw_statement' ? node.children : []
      if (thrown === undefined || !literals.has(thrown.type)) return []
      return {
        place: placeOf(source, node),
        title: `${thrown.type === 'object' ? 'A plain object' : 'A bare value'} is thrown instead of an Error`,
        description: `\`throw ${textOf(thrown).replace(/\s+/g, ' ').slice(0, 40)}\` throws no Error: there is no stack, and every catch that reads \`error.message\` finds nothing. Throw an Error, or a subclass with the fields.`,
      }
    }),
}
