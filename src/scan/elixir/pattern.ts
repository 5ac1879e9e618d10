/** Does one pattern match everything that another matches? */
import {childOf, childrenOfType, textOf, walk, type Syntax} from '../syntax.ts'
import {isVariable, keyName, operandsOf} from './block.ts'

/** Conservative: false where it cannot be told. Guards are the caller's business. */
export function subsumes(general: readonly Syntax[], special: readonly Syntax[]): boolean {
  if (general.length !== special.length || !general.every((each, at) => covers(each, special[at]))) return false
  // the same variable twice means "equal", which is no wildcard
  const names = general
    .flatMap((each) => [...walk(each)])
    .filter(isVariable)
    .map(textOf)
    .filter((name) => name !== '_')
  return new Set(names).size === names.length
}

function covers(general: Syntax, special: Syntax | undefined): boolean {
  if (special === undefined) return false
  const both = operandsOf(general, '=')
  if (both !== null) return covers(both[0], special) && covers(both[1], special)
  if (isVariable(general)) return true
  const either = operandsOf(special, '=')
  if (either !== null) return covers(general, either[0]) || covers(general, either[1])
  if (general.type !== special.type) return false
  switch (general.type) {
    case 'tuple':
      return coversEach(general.children, special.children)
    case 'list':
      return general.children.every(isPlainItem) && special.children.every(isPlainItem)
        ? coversEach(general.children, special.children)
        : false
    case 'map':
      return coversMap(general, special)
    case 'atom':
    case 'integer':
    case 'boolean':
    case 'nil':
    case 'alias':
      return textOf(general) === textOf(special)
    case 'string':
      return ![...walk(general)].some(({type}) => type === 'interpolation') && textOf(general) === textOf(special)
    default:
      return false
  }
}

const isPlainItem = (node: Syntax): boolean => node.type !== 'keywords' && operandsOf(node, '|') === null

const coversEach = (general: readonly Syntax[], special: readonly Syntax[]): boolean =>
  general.length === special.length && general.every((each, at) => covers(each, special[at]))

function coversMap(general: Syntax, special: Syntax): boolean {
  const [a, b] = [childrenOfType(general, 'struct')[0], childrenOfType(special, 'struct')[0]]
  if (a !== undefined && (b === undefined || textOf(a) !== textOf(b) || !/^[A-Z]/.test(textOf(a)))) return false
  const [wanted, given] = [pairsOf(general), pairsOf(special)]
  if (wanted === null || given === null) return false
  return [...wanted].every(([key, value]) => covers(value, given.get(key)))
}

/** Key → pattern; null when a key is not a plain keyword or atom. */
function pairsOf(map: Syntax): ReadonlyMap<string, Syntax> | null {
  const pairs = new Map<string, Syntax>()
  const contents = childrenOfType(map, 'map_content').flatMap(({children}) => children)
  for (const item of contents) {
    const arrow = operandsOf(item, '=>')
    if (arrow !== null && ['atom', 'string', 'integer'].includes(arrow[0].type)) {
      pairs.set(arrow[0].type === 'atom' ? textOf(arrow[0]).slice(1) : textOf(arrow[0]), arrow[1])
    } else if (item.type === 'keywords') {
      for (const pair of item.children) {
        const [key, value] = [childOf(pair, 'key'), childOf(pair, 'value')]
        if (key === null || value === null) return null
        pairs.set(keyName(key), value)
      }
    } else return null
  }
  return pairs
}

/** What a message pattern says about itself: its tag and size; null when it can be anything. */
export interface Shape {
  /** `:tick` or `{:tick, _}` → `tick`; null for a tuple whose first element is not an atom. */
  readonly tag: string | null
  /** 0 for a bare atom. */
  readonly size: number
}

export function shapeOf(pattern: Syntax): Shape | 'anything' | 'other' {
  const both = operandsOf(pattern, '=')
  if (both !== null) {
    const [a, b] = [shapeOf(both[0]), shapeOf(both[1])]
    return a === 'anything' ? b : a
  }
  if (isVariable(pattern)) return 'anything'
  if (pattern.type === 'atom') return {tag: textOf(pattern).slice(1), size: 0}
  if (pattern.type !== 'tuple') return 'other'
  const [first] = pattern.children
  return {tag: first?.type === 'atom' ? textOf(first).slice(1) : null, size: pattern.children.length}
}
