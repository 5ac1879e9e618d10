import {placeOf, type Rule} from '../rule.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'

/** `value as unknown as Type`: the type of the outer assertion. */
function targetOf(node: Syntax): string | null {
  if (node.type !== 'as_expression') return null
  const [inner, type] = node.children
  if (inner?.type !== 'as_expression' || type === undefined) return null
  const via = inner.children[1]
  if (via === undefined || !/^(unknown|any|never)$/.test(textOf(via))) return null
  return /^(any|unknown|never|const)$/.test(textOf(type)) ? null : textOf(type).replace(/\s+/g, ' ')
}

export const doubleAssertion: Rule = {
  summary: 'A value is forced into an unrelated type through unknown or any.',
  languages: ['typescript', 'tsx'],
  category: 'double-assertion',
  severity: 'low',
  roles: ['production'],
  find: (source) =>
    [...walk(source.root)].flatMap((node) => {
      const target = targetOf(node)
      if (target === null) return []
      const value = childOf(node, 'value') ?? node
      return {
        place: placeOf(source, node),
        title: `Value is forced into ${target.slice(0, 40)}`,
        description: `This assertion goes through ${
          textOf(value).includes('any') ? 'any' : 'unknown'
        } because the compiler can see that the value is not a \`${target.slice(0, 60)}\`: from here on every check against that type is worthless. Parse the value, narrow it with a guard, or correct the type at its source.`,
      }
    }),
}
