/** Texts inside of values. */
import {isRecord} from './functions.ts'
import type {Mention} from './step.ts'

/** A list or a mapping where the whole text is one, in a fence or not; null: it is a text. */
export function dataInText(text: string): unknown {
  const whole = text.trim()
  const isFenced = whole.startsWith('```') && whole.endsWith('```') && whole.length > 6
  const bare = isFenced ? whole.slice(whole.indexOf('\n') + 1, -3).trim() : whole
  if (!bare.startsWith('[') && !bare.startsWith('{')) return null
  try {
    return JSON.parse(bare)
  } catch {
    return null
  }
}

/** Every text in a value, with its place. */
export function textsIn(value: unknown, path: readonly PropertyKey[]): readonly Mention[] {
  if (typeof value === 'string') return [{path, text: value}]
  if (Array.isArray(value)) return value.flatMap((each: unknown, index) => textsIn(each, [...path, index]))
  return isRecord(value) ? Object.entries(value).flatMap(([key, each]) => textsIn(each, [...path, key])) : []
}
