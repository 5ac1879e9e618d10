/** Texts inside of values. */
import {isRecord} from './functions.ts'
import type {Mention} from './step.ts'

/** Every text in a value, with its place. */
export function textsIn(value: unknown, path: readonly PropertyKey[]): readonly Mention[] {
  if (typeof value === 'string') return [{path, text: value}]
  if (Array.isArray(value)) return value.flatMap((each: unknown, index) => textsIn(each, [...path, index]))
  return isRecord(value) ? Object.entries(value).flatMap(([key, each]) => textsIn(each, [...path, key])) : []
}
