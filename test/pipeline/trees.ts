/** Expressions as trees, and as the text of each. */
import * as fc from 'fast-check'
import {aboutItems, type Expression} from '../../src/pipeline/expression.ts'
import {functions, special} from '../../src/pipeline/functions.ts'

const names = ['a', 'b', 'list', 'steps', 'nope', '@', 'constructor', '__proto__', 'ünï']
const operators = ['||', '&&', '==', '!=', '>', '<', '>=', '<=', 'contains', 'matches', 'in', '+', '-', '*', '/', '%']
const calls = [...Object.keys(functions), ...Object.keys(special), 'unheard', 'toString'].filter(
  (name) => !aboutItems.includes(name),
)

/** No braces and not both quotes: those are the rows' business. */
const word = fc.string({
  maxLength: 12,
  unit: fc.constantFrom('a', 'b', '8', ' ', '-', "'", '\n', '\\d', '[', '(', '\0', '😀', '\ud800'),
})
const literal = fc.oneof(
  word.map((value): Expression => ({kind: 'literal', value})),
  fc
    .oneof(fc.nat(), fc.double({min: 0, noNaN: true, noDefaultInfinity: true}))
    .map((value): Expression => ({kind: 'literal', value})),
  fc.constantFrom(true, false, null).map((value): Expression => ({kind: 'literal', value})),
)

const {tree} = fc.letrec<{readonly tree: Expression}>((tie) => {
  const inner = tie('tree')
  const key = fc.oneof(
    {depthSize: 'small'},
    fc.constantFrom('a', 'x', 'length', '0', '__proto__'),
    inner.map((each): string | Expression => (each.kind === 'literal' ? '0' : each)),
  )
  const keys = fc.array(key, {maxLength: 2})
  return {
    tree: fc.oneof(
      {maxDepth: 5, depthSize: 'small', withCrossShrink: true},
      literal,
      fc.record({kind: fc.constant('path' as const), root: fc.constantFrom(...names), keys}),
      fc.record({kind: fc.constant('list' as const), items: fc.array(inner, {maxLength: 3})}),
      fc.record({
        kind: fc.constant('member' as const),
        of: inner.map((each): Expression =>
          each.kind === 'path' || each.kind === 'member' ? {kind: 'list', items: [each]} : each,
        ),
        keys: fc.array(key, {minLength: 1, maxLength: 2}),
      }),
      fc.record({
        kind: fc.constant('call' as const),
        name: fc.constantFrom(...calls),
        parameters: fc.array(inner, {maxLength: 4}),
      }),
      fc
        .record({
          name: fc.constantFrom(...aboutItems),
          list: inner,
          condition: fc.constantFrom('@ > 1', 'a == b', "x contains 'y'"),
        })
        .map(({name, list, condition}): Expression => ({
          kind: 'call',
          name,
          parameters: [list, conditions[condition] ?? list],
        })),
      fc.record({
        kind: fc.constant('unary' as const),
        operator: fc.constantFrom('!' as const, '-' as const),
        of: inner,
      }),
      fc.record({
        kind: fc.constant('binary' as const),
        operator: fc.constantFrom(...operators),
        left: inner,
        right: inner,
      }),
      fc.record({kind: fc.constant('choice' as const), test: inner, yes: inner, no: inner}),
    ),
  }
})
export const anyTree: fc.Arbitrary<Expression> = tree

const path = (root: string): Expression => ({kind: 'path', root, keys: []})
const each = (operator: string, left: Expression, right: Expression): Expression => ({
  kind: 'each',
  condition: {kind: 'binary', operator, left, right},
})
const conditions: Readonly<Record<string, Expression>> = {
  '@ > 1': each('>', path('@'), {kind: 'literal', value: 1}),
  'a == b': each('==', path('a'), path('b')),
  "x contains 'y'": each('contains', path('x'), {kind: 'literal', value: 'y'}),
}

/** With a pair of parentheses around everything that could need one. */
export function printed(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string' ? quoted(expression.value) : String(expression.value)
    case 'list':
      return `[${expression.items.map(printed).join(', ')}]`
    case 'path':
      return expression.root + keysOf(expression.keys)
    case 'member':
      return `(${printed(expression.of)})${keysOf(expression.keys)}`
    case 'call':
      return `${expression.name}(${expression.parameters.map(printed).join(', ')})`
    case 'each':
      return quoted(printed(expression.condition))
    case 'unary':
      return `${expression.operator}(${printed(expression.of)})`
    case 'binary':
      return `(${printed(expression.left)}) ${expression.operator} (${printed(expression.right)})`
    case 'choice':
      return `(${printed(expression.test)}) ? (${printed(expression.yes)}) : (${printed(expression.no)})`
    case 'either':
      return printed(expression.whole)
    default:
      return quoted(expression.raw)
  }
}

const keysOf = (keys: readonly (string | Expression)[]): string =>
  keys.map((key) => (typeof key === 'string' ? `['${key}']` : `[(${printed(key)})]`)).join('')

/** A backslash before the quote would escape it, so such a text takes the other one. */
const quoted = (text: string): string => {
  const quote = text.includes("'") || text.endsWith('\\') ? '"' : "'"
  return quote + text.replaceAll(quote, `\\${quote}`) + quote
}
