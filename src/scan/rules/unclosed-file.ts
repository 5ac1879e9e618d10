import {callsOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'
import {childOf, textOf} from '../syntax.ts'

export const unclosedFile: Rule = {
  summary: 'open(…).read() leaves closing the file to chance.',
  languages: ['python'],
  category: 'unclosed-file',
  severity: 'low',
  roles: ['production'],
  find: (source) =>
    [...callsOf(source)].flatMap(({node, name}) => {
      const use = node.parent?.type === 'attribute' ? node.parent : null
      const method = use === null ? null : childOf(use, 'attribute')
      if (name !== 'open' || method === null || !/^(read|readlines|readline|write|writelines)$/.test(textOf(method)))
        return []
      return {
        place: placeOf(source, node),
        title: 'File is opened and never closed',
        description: `The file object has no name, so nothing closes it: written data may stay in the buffer, and on interpreters without reference counting the handles run out. Use \`with open(…) as file\`.`,
      }
    }),
}
