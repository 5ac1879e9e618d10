/** What a loop goes over. */
import {Failure} from '../errors.ts'
import {isList, isRecord} from './functions.ts'
import type {StepContext} from './step.ts'

export interface List {
  readonly items: readonly unknown[]
  readonly vouched: boolean
}

/**
 * The list itself, or what the expression stands for; a mapping is the list of its `{key, value}`, and a text that is JSON is what
 * it says. Throws `Failure` `not-a-list`.
 */
export function listIn(
  over: string | readonly unknown[],
  key: string,
  {value, resolveAll}: Pick<StepContext, 'value' | 'resolveAll'>,
): List {
  const found = typeof over === 'string' ? value(over) : resolveAll(over)
  const items = itemsOf(found.value)
  if (items !== null) return {items, vouched: found.vouched}
  const what = found.value === null ? 'nothing' : typeof found.value === 'string' ? 'a text' : `a ${typeof found.value}`
  throw new Failure('not-a-list', `${key}: ${String(over).slice(0, 200)} is ${what}, not a list`, {
    hint: 'the step it names must answer with data: give it a `schema` or `format: json`',
  })
}

function itemsOf(value: unknown): readonly unknown[] | null {
  if (isList(value)) return value
  if (isRecord(value)) return Object.entries(value).map(([key, each]) => ({key, value: each}))
  if (typeof value !== 'string' || !/^\s*(?:```(?:json)?\s*)?\[/.test(value)) return null
  try {
    const read: unknown = JSON.parse(value.replace(/^\s*```(?:json)?\s*|\s*```\s*$/g, ''))
    return isList(read) ? read : null
  } catch {
    return null
  }
}
