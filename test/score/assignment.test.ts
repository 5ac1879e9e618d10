import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {assign} from '../../src/score/assignment.ts'

const sumOf = (values: readonly (readonly number[])[], given: readonly (number | null)[]): number =>
  given.reduce<number>((sum, column, row) => sum + (column === null ? 0 : (values[row]?.[column] ?? 0)), 0)

/** Every assignment there is. */
function best(values: readonly (readonly number[])[], used: ReadonlySet<number> = new Set()): number {
  const [row, ...rest] = values
  if (row === undefined) return 0
  const taken = row.map((value, column) => (used.has(column) ? 0 : value + best(rest, new Set([...used, column]))))
  return Math.max(best(rest, used), ...taken)
}

const matrix = (rows: number, columns: number): fc.Arbitrary<readonly (readonly number[])[]> =>
  fc.array(
    fc.array(fc.oneof(fc.constant(0), fc.double({min: 0, max: 1, noNaN: true})), {
      minLength: columns,
      maxLength: columns,
    }),
    {
      minLength: rows,
      maxLength: rows,
    },
  )

/** The best pair first: what a simpler program would do. */
function greedy(values: readonly (readonly number[])[]): number {
  const pairs = values
    .flatMap((row, at) => row.map((value, column) => ({value, at, column})))
    .toSorted((a, b) => b.value - a.value)
  const [rows, columns] = [new Set<number>(), new Set<number>()]
  let sum = 0
  for (const {value, at, column} of pairs) {
    if (rows.has(at) || columns.has(column)) continue
    rows.add(at)
    columns.add(column)
    sum += value
  }
  return sum
}

describe('assign', () => {
  test.each<readonly [string, readonly (readonly number[])[], readonly (number | null)[]]>([
    ['nothing', [], []],
    ['no columns', [[], []], [null, null]],
    ['one pair', [[0.5]], [0]],
    ['a pair of no value', [[0]], [null]],
    [
      'the greedy choice is not the best',
      [
        [0.9, 0.8],
        [0.8, 0.1],
      ],
      [1, 0],
    ],
    ['more rows than columns', [[0.2], [0.7], [0.3]], [null, 0, null]],
    ['more columns than rows', [[0.2, 0.1, 0.9]], [2]],
  ])('%s', (_, values, wanted) => {
    expect(assign(values)).toEqual(wanted)
  })

  test('is as good as trying everything, and gives nothing twice', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(fc.integer({min: 1, max: 6}), fc.integer({min: 1, max: 6}))
          .chain(([rows, columns]) => matrix(rows, columns)),
        (values) => {
          const given = assign(values)
          const columns = given.filter((column) => column !== null)
          expect(new Set(columns).size).toBe(columns.length)
          expect(sumOf(values, given)).toBeCloseTo(best(values), 9)
        },
      ),
    )
  })

  test('is never worse than taking the best pair first, and never a pair of no value', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(fc.integer({min: 1, max: 40}), fc.integer({min: 1, max: 12}))
          .chain(([rows, columns]) => matrix(rows, columns)),
        (values) => {
          const given = assign(values)
          expect(sumOf(values, given)).toBeGreaterThanOrEqual(greedy(values) - 1e-9)
          given.forEach((column, row) => {
            if (column !== null) expect(values[row]?.[column]).toBeGreaterThan(0)
          })
        },
      ),
    )
  })
})
