import {callsOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'
import {textOf} from '../syntax.ts'

const safeLoaders = /^(yaml\.)?(C?SafeLoader|C?BaseLoader)$/

export const unsafeDeserialisation: Rule = {
  summary: 'yaml.load without a safe loader can construct any object.',
  languages: ['python'],
  category: 'unsafe-deserialisation',
  severity: 'high',
  roles: ['production'],
  find: (source) =>
    [...callsOf(source)].flatMap(({node, name, positional, keywords, open}) => {
      const loader = keywords.get('Loader') ?? positional[1]
      const full = /^yaml\.(unsafe_load|unsafe_load_all)$/.test(name)
      const plain =
        /^yaml\.(load|load_all)$/.test(name) &&
        !open &&
        (loader === undefined || /^(yaml\.)?(C?Loader|UnsafeLoader)$/.test(textOf(loader)))
      if (!(full || plain) || (loader !== undefined && safeLoaders.test(textOf(loader)))) return []
      return {
        place: placeOf(source, node),
        title: `${name} can construct arbitrary objects`,
        description: `${name} without a safe loader builds whatever Python object the document names, which is code execution for who writes the document. Use yaml.safe_load.`,
      }
    }),
}
