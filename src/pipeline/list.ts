/** What a loop goes over. */
import {Failure} from '../errors.ts'
import type {Known} from './evaluate.ts'
import {isList, isRecord} from './functions.ts'
import type {StepContext} from './step.ts'
import {dataInText} from './values.ts'

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
  context: Pick<StepContext, 'value' | 'resolveAll' | 'result' | 'tools'>,
): List {
  const found = typeof over === 'string' ? context.value(over) : context.resolveAll(over)
  const items = itemsOf(found.value)
  if (items !== null) return {items, vouched: found.vouched}
  if (found.value === null && typeof over === 'string' && isUnasked(over, context))
    return {items: [`(an item of ${over})`], vouched: false}
  const what = found.value === null ? 'nothing' : typeof found.value === 'string' ? 'a text' : `a ${typeof found.value}`
  throw new Failure('not-a-list', `${key}: ${String(over).slice(0, 200)} is ${what}, not a list`, {
    hint: 'the step it names must answer with data: give it a `schema` or `format: json`',
  })
}

/** Whether it names a step of a rehearsal whose answer would be data of whatever form: nothing can be said of what it holds. */
export function isUnasked(expression: string, {tools, result}: Pick<StepContext, 'tools' | 'result'>): boolean {
  if (tools.isRehearsal !== true) return false
  const name = /^\W*(?:steps\.)?([\w-]+)/.exec(expression)?.[1] ?? ''
  const {data = null, facts = {}} = result(name) ?? {}
  // only what a model answered is of a form that nobody knows before
  return facts['model'] !== undefined && isRecord(data) && Object.keys(data).length === 0
}

function itemsOf(value: unknown): readonly unknown[] | null {
  const read = typeof value === 'string' ? dataInText(value) : value
  if (isList(read)) return read
  return isRecord(read) ? Object.entries(read).map(([key, each]) => ({key, value: each})) : null
}

export interface Round {
  /** What the item is called. */
  readonly as: string
  readonly item: Known
  readonly index: number
  /** null: nobody knows how many there will be. */
  readonly total: number | null
}

/** Names that the steps of a round know; what is outside of the loop stays to be seen as `loop.parent`, whoever vouches for it. */
export function localsOf(
  {as, item, index, total}: Round,
  {local}: Pick<StepContext, 'local'>,
): Readonly<Record<string, Known>> {
  const outer = local('loop')
  const isLast = total !== null && index === total - 1
  const position = {
    index,
    total,
    length: total,
    first: index === 0,
    is_first: index === 0,
    last: isLast,
    is_last: isLast,
  }
  const parent = outer === null ? {} : {parent: outer.value}
  const vouched = item.vouched && (outer?.vouched ?? true)
  return {
    index: {value: index, vouched: true},
    loop: {value: {...position, item: item.value, ...parent, [as]: item.value}, vouched},
    item,
    [as]: item,
  }
}
