/**
 * The one-to-one assignment that maximises the sum of values: shortest augmenting paths (Jonker and Volgenant 1987,
 * https://doi.org/10.1007/BF02278710), O(rows² × columns).
 *
 * @param values rows × columns, each ≥ 0; 0 means "not this pair"
 * @returns for each row its column, null where it gets none
 */
export function assign(values: readonly (readonly number[])[]): readonly (number | null)[] {
  const rows = values.length
  const columns = values[0]?.length ?? 0
  if (rows === 0 || columns === 0) return values.map(() => null)
  if (rows > columns) {
    const turned = assign(Array.from({length: columns}, (_, column) => values.map((row) => row[column] ?? 0)))
    const result: (number | null)[] = values.map(() => null)
    turned.forEach((row, column) => {
      if (row !== null) result[row] = column
    })
    return result
  }
  const rowOf = solve(values, rows, columns)
  const result: (number | null)[] = values.map(() => null)
  rowOf.forEach((row, column) => {
    if (row > 0 && (values[row - 1]?.[column - 1] ?? 0) > 0) result[row - 1] = column - 1
  })
  return result
}

/** 1-based: `rowOf[column]` is the row it is given to, 0 for none. */
function solve(values: readonly (readonly number[])[], rows: number, columns: number): readonly number[] {
  const rowPrice = Array.from({length: rows + 1}, () => 0)
  const columnPrice = Array.from({length: columns + 1}, () => 0)
  const rowOf = Array.from({length: columns + 1}, () => 0)
  const way = Array.from({length: columns + 1}, () => 0)
  for (let row = 1; row <= rows; row++) {
    rowOf[0] = row
    const least = Array.from({length: columns + 1}, () => Number.POSITIVE_INFINITY)
    const used = Array.from({length: columns + 1}, () => false)
    let column = 0
    do {
      used[column] = true
      const current = rowOf[column] ?? 0
      let delta = Number.POSITIVE_INFINITY
      let next = 0
      for (let each = 1; each <= columns; each++) {
        if (used[each]) continue
        const cost = -(values[current - 1]?.[each - 1] ?? 0) - (rowPrice[current] ?? 0) - (columnPrice[each] ?? 0)
        if (cost < (least[each] ?? 0)) {
          least[each] = cost
          way[each] = column
        }
        if ((least[each] ?? 0) < delta) {
          delta = least[each] ?? 0
          next = each
        }
      }
      for (let each = 0; each <= columns; each++) {
        if (used[each]) {
          rowPrice[rowOf[each] ?? 0] = (rowPrice[rowOf[each] ?? 0] ?? 0) + delta
          columnPrice[each] = (columnPrice[each] ?? 0) - delta
        } else least[each] = (least[each] ?? 0) - delta
      }
      column = next
    } while (rowOf[column] !== 0)
    do {
      const before = way[column] ?? 0
      rowOf[column] = rowOf[before] ?? 0
      column = before
    } while (column !== 0)
  }
  return rowOf
}
