/** How a case and an answer are written down, and read again. */
import type {Sample} from './world.ts'

/** As it stands in a draft: an item, and whether the first module marked it. */
export interface Label {
  readonly id: string
  readonly isMarked: boolean
}

export const renderSample = ({name, items}: Sample, draft: string | null): string =>
  `Case: ${name}\nItems:\n${items.map(({id, code}) => `${id} ${code}\n`).join('')}${draft === null ? '' : `Draft:\n${draft}\n`}`

export const renderLabels = (labels: readonly Label[]): string =>
  `Report: ${labels.length === 0 ? 'none' : labels.map(({id, isMarked}) => `${id}${isMarked ? '+' : ''}`).join(', ')}`

/** null: there is no report in it. */
export function labelsIn(answer: string): readonly Label[] | null {
  const [, list] = /^Report: *(.+)$/m.exec(answer) ?? []
  if (list === undefined) return null
  return list.split(',').flatMap((part) => {
    const [, id, mark] = /^\s*([a-z]\d+)(\+?)\s*$/.exec(part) ?? []
    return id === undefined ? [] : [{id, isMarked: mark === '+'}]
  })
}

export interface ReadSample {
  readonly name: string
  readonly items: readonly {readonly id: string; readonly code: string}[]
  readonly draft: readonly Label[] | null
}

/** All cases that stand in a text, also such as are cut off. */
export const samplesIn = (text: string): readonly ReadSample[] =>
  [...text.matchAll(/^Case: (\w+)\nItems:\n((?:[a-z]\d+ [0-9a-f]{8}(?:\n|$))*)(?:Draft:\n([^\n]*))?/gm)].map(
    ([, name = '', items = '', draft]) => ({
      name,
      items: items
        .trim()
        .split('\n')
        .map((line) => ({id: line.split(' ')[0] ?? '', code: line.split(' ')[1] ?? ''})),
      draft: draft === undefined ? null : (labelsIn(draft) ?? []),
    }),
  )

/** Where the case that is asked about begins. */
export const inputStart = (prompt: string): number => Math.max(0, prompt.lastIndexOf('\nCase: ') + 1)
