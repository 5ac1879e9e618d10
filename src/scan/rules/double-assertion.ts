import {placeOf, type Hit, type Rule} from '../rule.ts'
import type {Source} from '../source.ts'
import {textOf, walk, type Syntax} from '../syntax.ts'

/** `value as unknown as Type`. */
interface Forced {
  readonly node: Syntax
  readonly via: string
  readonly target: string
}

function forcedOf(node: Syntax): Forced | null {
  if (node.type !== 'as_expression') return null
  const [inner, type] = node.children
  if (inner?.type !== 'as_expression' || type === undefined) return null
  const via = inner.children[1] === undefined ? '' : textOf(inner.children[1])
  if (!/^(unknown|any|never)$/.test(via) || /^(any|unknown|never|const)$/.test(textOf(type))) return null
  return {node, via, target: textOf(type).replace(/\s+/g, ' ')}
}

/** One decision per type: whoever makes that type provable removes all of its assertions at once. */
export const doubleAssertion: Rule = {
  summary: 'A value is forced into an unrelated type through unknown or any.',
  languages: ['typescript', 'tsx'],
  category: 'double-assertion',
  severity: 'low',
  roles: ['production'],
  find: (source) => {
    const groups = new Map<string, Forced[]>()
    for (const node of walk(source.root)) {
      const forced = forcedOf(node)
      if (forced !== null) groups.set(forced.target, [...(groups.get(forced.target) ?? []), forced])
    }
    return [...groups].flatMap(([target, all]) => hitOf(source, target, all))
  },
}

function hitOf(source: Source, target: string, all: readonly Forced[]): readonly Hit[] {
  const lines = new Set<number>()
  const places = all.flatMap(({node}) => {
    const place = placeOf(source, node)
    if (lines.has(place.startLine)) return []
    lines.add(place.startLine)
    return place
  })
  const [place, ...also] = places
  if (place === undefined) return []
  const ways = [...new Set(all.map(({via}) => `\`${via}\``))].join(' or ')
  const subject = all.length === 1 ? 'This assertion goes' : `${all.length} assertions in this file go`
  return [
    {
      place,
      also,
      title: `${all.length === 1 ? 'Value is' : `${all.length} values are`} forced into ${target.slice(0, 40)}`,
      description: `${subject} through ${ways} to \`${target.slice(0, 60)}\`: the compiler no longer compares the value with that type, so one that does not fit passes unnoticed. Parse the value, narrow it with a guard, or correct the type at its source.`,
    },
  ]
}
