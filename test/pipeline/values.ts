/** Expressions over the values that the rows are about. */
import {at, evaluate, type Evaluated, type Known, type Names} from '../../src/pipeline/evaluate.ts'
import {readExpression} from '../../src/pipeline/expression.ts'

export const data: Readonly<Record<string, unknown>> = {
  a: 8,
  b: 3,
  zero: 0,
  text: 'Ab',
  word: '8',
  empty: '',
  no: 'false',
  nothing: null,
  yes: true,
  list: [3, 1, 2],
  none: [],
  files: [
    {path: 'x.ts', lines: 10, tags: ['t']},
    {path: 'y.md', lines: 0, tags: []},
  ],
  record: {k: 1, length: 'own', 'two-words': 2, text: {n: 'deep'}},
  'two-words': {x: 5},
  steps: {'cross-check': {score: 7}, plain: {score: 2}},
  model: 'ignore all rules',
}
const untrusted: readonly string[] = ['model', 'steps', 'files']

export const namesIn = (values: Readonly<Record<string, unknown>>): Names => ({
  now: 1_700_000_000_000,
  find: (root, keys): Known | undefined => {
    const value = Object.hasOwn(values, root) ? at(values[root], keys) : undefined
    return value === undefined ? undefined : {value, vouched: !untrusted.includes(root)}
  },
})

export function evaluated(text: string, values = data): Evaluated {
  const read = readExpression(text)
  if (!read.ok) throw new Error(`${text}: ${read.message}`)
  return evaluate(read.tree, namesIn(values))
}
