import {callsOf as pythonCalls} from '../python.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {callsOf, computedParts, isConstant} from '../script.ts'
import type {Source} from '../source.ts'
import {childOf, textOf, type Syntax} from '../syntax.ts'

const statement = /^[\s(]*(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO|WITH)\b/i
/** The text before a value, not before the name of a table or column. */
const beforeValue = /(=|<|>|\bLIKE|\bIN\s*\(|\bVALUES\s*\([^)]*)\s*['"]?%?$/i
const safe = /escape|quote|placeholder|sanitiz|\?|bind|param(s|eters)?\b.*join/i

const hitOf = (source: Source, node: Syntax, value: string): Hit => ({
  place: placeOf(source, node),
  title: `SQL is built with the value of ${value.slice(0, 40)}`,
  description: `\`${value.slice(0, 60)}\` is written into the text of a query where a value stands: a quote in it breaks the query, and a hostile one rewrites it. Pass it as a bound parameter.`,
})

function inScript(source: Source): readonly Hit[] {
  return [...callsOf(source)].flatMap(({node, method, arguments: [query]}) => {
    if (
      query === undefined ||
      !/^(query|execute|exec|raw|run|all|get|prepare|\$queryRawUnsafe|\$executeRawUnsafe)$/.test(method)
    )
      return []
    if (!statement.test(textOf(query).replace(/^[`'"]/, ''))) return []
    const part = computedParts(query).find(
      ({value, before}) => !isConstant(value) && beforeValue.test(before) && !safe.test(textOf(value)),
    )
    return part === undefined ? [] : [hitOf(source, node, textOf(part.value))]
  })
}

/** Interpolations of an f-string with the text before each. */
function pythonParts(query: Syntax): readonly {readonly value: Syntax; readonly before: string}[] {
  if (query.type === 'concatenated_string') return query.children.flatMap(pythonParts)
  if (query.type !== 'string') return []
  return query.children
    .filter(({type}) => type === 'interpolation')
    .map((each) => ({value: childOf(each, 'expression') ?? each, before: query.source.slice(query.start, each.start)}))
}

function inPython(source: Source): readonly Hit[] {
  return [...pythonCalls(source)].flatMap(({node, name, positional: [query]}) => {
    if (query === undefined || !/\.(execute|executemany|executescript|raw)$/.test(name)) return []
    if (!statement.test(textOf(query).replace(/^[rbfu]*("""|'''|"|')/i, ''))) return []
    const part = pythonParts(query).find(
      ({value, before}) => beforeValue.test(before) && !/^[A-Z0-9_]+$/.test(textOf(value)) && !safe.test(textOf(value)),
    )
    return part === undefined ? [] : [hitOf(source, node, textOf(part.value))]
  })
}

export const sqlInjection: Rule = {
  summary: 'A value written into the text of an SQL query.',
  languages: ['typescript', 'tsx', 'javascript', 'python'],
  category: 'sql-injection',
  severity: 'high',
  roles: ['production'],
  find: (source) => (source.language === 'python' ? inPython(source) : inScript(source)),
}
