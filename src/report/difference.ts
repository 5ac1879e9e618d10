/** What changed between two texts, line by line. */

export interface DiffLine {
  /** `@`: so many lines that are the same are left out. */
  readonly sign: ' ' | '+' | '-' | '@'
  readonly text: string
}

/** Lines around a change that are shown with it. */
const around = 2

/** Above, the table of the comparison takes longer than a reader has patience: the one goes, the other comes. */
const maxCells = 1_000_000

/** Only what changed, with the lines around it. */
export function differenceOf(before: string, after: string): readonly DiffLine[] {
  const all = compared(linesOf(before), linesOf(after))
  const isNear = (at: number): boolean =>
    all.slice(Math.max(0, at - around), at + around + 1).some(({sign}) => sign !== ' ')
  const lines: DiffLine[] = []
  let same = 0
  const close = (): void => {
    if (same > 0) lines.push({sign: '@', text: `@@ ${same} ${same === 1 ? 'line' : 'lines'} @@`})
    same = 0
  }
  for (const [at, line] of all.entries()) {
    if (isNear(at)) {
      close()
      lines.push(line)
    } else same += 1
  }
  close()
  return lines
}

/** Whatever ends a line on a page ends one here: or what follows it would stand there without its sign. */
const linesOf = (text: string): readonly string[] => {
  const lines = text.split(/\r\n?|[\n\u2028\u2029]/)
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

const signed = (sign: ' ' | '+' | '-', lines: readonly string[]): readonly DiffLine[] =>
  lines.map((text) => ({sign, text}))

function compared(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const shorter = Math.min(before.length, after.length)
  let [head, tail] = [0, 0]
  while (head < shorter && before[head] === after[head]) head += 1
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1
  const [old, young] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  const middle =
    old.length * young.length > maxCells ? [...signed('-', old), ...signed('+', young)] : aligned(old, young)
  return [...signed(' ', before.slice(0, head)), ...middle, ...signed(' ', before.slice(before.length - tail))]
}

/** By the longest common subsequence. */
function aligned(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const width = after.length + 1
  const longest = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number): number => longest[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--)
      longest[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      lines.push({sign: ' ', text: before[row] ?? ''})
      row += 1
      column += 1
    } else if (at(row + 1, column) >= at(row, column + 1)) lines.push({sign: '-', text: before[row++] ?? ''})
    else lines.push({sign: '+', text: after[column++] ?? ''})
  }
  return [...lines, ...signed('-', before.slice(row)), ...signed('+', after.slice(column))]
}
