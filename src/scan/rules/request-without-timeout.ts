import {callsOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'

export const requestWithoutTimeout: Rule = {
  summary: 'requests without a timeout waits for ever.',
  languages: ['python'],
  category: 'request-without-timeout',
  severity: 'medium',
  roles: ['production', 'script'],
  find: (source) =>
    [...callsOf(source)]
      .filter(
        ({name, keywords, open}) =>
          /^requests\.(get|post|put|patch|delete|head|options|request)$/.test(name) &&
          !keywords.has('timeout') &&
          !open,
      )
      .map(({node, name}) => ({
        place: placeOf(source, node),
        title: `${name} without a timeout`,
        description: `${name} has no default timeout: when the other side accepts the connection and stays silent, this call never returns and holds its worker. Pass timeout=(connect, read).`,
      })),
}
