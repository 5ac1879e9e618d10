/** Lists and mappings made into others: filter, map, aggregate, join, group, sort. Asks no model. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {at, type Known} from '../evaluate.ts'
import {isList, isRecord, isSame, lengthOf, numberOf, textOfValue} from '../functions.ts'
import {isUnasked} from '../list.ts'
import {defineStep, type StepContext} from '../step.ts'
import {render} from '../template.ts'
import {dataInText, textsIn} from '../values.ts'

const aggregates = ['sum', 'average', 'count', 'max', 'min', 'first', 'last', 'unique'] as const

const Operation = z.discriminatedUnion('op', [
  z.strictObject({op: z.literal('filter'), field: z.string().optional(), condition: z.string().min(1)}),
  z.strictObject({
    op: z.literal('map'),
    field: z.string().optional(),
    mapping: z.record(z.string(), z.json()).optional(),
    expression: z.string().optional(),
  }),
  z.strictObject({op: z.literal('aggregate'), field: z.string().optional(), function: z.enum(aggregates)}),
  z.strictObject({
    op: z.literal('join'),
    left_field: z.string(),
    right: z.union([z.string(), z.array(z.json())]),
    join_key: z.string(),
  }),
  z.strictObject({op: z.literal('group_by'), field: z.string()}),
  z.strictObject({op: z.literal('sort'), field: z.string().optional(), order: z.enum(['asc', 'desc']).default('asc')}),
])
type Operation = z.infer<typeof Operation>

const Settings = z.strictObject({
  from: z.union([z.string().min(1), z.array(z.json()), z.record(z.string(), z.json())]),
  operations: z.array(Operation).default([]),
  /** What the value is called in the result; the name of the step when not given. */
  as: z.string().min(1).optional(),
  output: z.enum(['json', 'string', 'count']).default('json'),
})

export const transform = defineStep<z.infer<typeof Settings>>({
  summary: '`from` through `operations` (filter, map, aggregate, join, group_by, sort). Asks no model.',
  settings: Settings,
  templates: ({from}) => (typeof from === 'string' ? [] : textsIn(from, ['from'])),
  expressions: ({from, operations}) => [
    ...(typeof from === 'string' ? [{path: ['from'], text: from}] : []),
    ...operations.flatMap((each, index) =>
      each.op === 'join' && typeof each.right === 'string'
        ? [{path: ['operations', index, 'right'], text: each.right}]
        : [],
    ),
  ],
  run: async ({from, operations, as, output}, context) => {
    const start = typeof from === 'string' ? valueOf(from, context) : context.resolveAll(from).value
    const value = operations.reduce<unknown>((each, operation) => apply(operation, each, context), start)
    const shown = output === 'count' ? lengthOf(value) : output === 'string' ? textOfValue(value) : value
    const data = {[as ?? context.name]: shown ?? null}
    return {result: {text: render(data), data, ok: true}}
  },
})

function valueOf(expression: string, context: StepContext): unknown {
  const found = context.value(expression).value
  if (found !== null) return typeof found === 'string' ? (dataInText(found) ?? found) : found
  if (isUnasked(expression, context)) return []
  throw new Failure('no-value', `from: there is nothing behind ${expression.slice(0, 200)}`, {
    hint: 'name a variable or an earlier step, as in `steps.review.risks`',
  })
}

const apply = (operation: Operation, value: unknown, context: StepContext): unknown => {
  switch (operation.op) {
    case 'filter':
      return filtered(operation, value, context)
    case 'map':
      return itemsOf(value, 'map').map((item) => mapped(operation, item, context))
    case 'aggregate':
      return aggregated(operation, value)
    case 'join':
      return joined(operation, value, context)
    case 'group_by':
      return grouped(operation.field, value)
    default:
      return sorted(operation, value)
  }
}

function itemsOf(value: unknown, op: string): readonly unknown[] {
  if (isList(value)) return value
  throw new Failure(
    'not-a-list',
    `${op}: takes a list, and this is ${value === null ? 'nothing' : `a ${typeof value}`}`,
  )
}

const keysIn = (field: string): readonly string[] => field.split('.').filter((key) => key !== '')

/** The fields of an item as names, beside the item itself. */
function localsOf(item: unknown): Readonly<Record<string, Known>> {
  const fields = isRecord(item)
    ? Object.entries(item).map(([key, value]) => [key, {value, vouched: false}] as const)
    : []
  const self = {value: item, vouched: false}
  return {item: self, '@': self, ...Object.fromEntries(fields)}
}

/** pipeline_ex takes a bare word on the right for a text: `severity == high`. */
const quotedRight = (condition: string): string =>
  condition.replace(/(==|!=|\bcontains)\s+([A-Za-z][\w-]*)\s*$/, (raw, operator: string, word: string) =>
    ['true', 'false', 'null'].includes(word) ? raw : `${operator} '${word}'`,
  )

/** A list is filtered; of a mapping, the list in its field. */
function filtered(
  {field, condition}: Extract<Operation, {op: 'filter'}>,
  value: unknown,
  context: StepContext,
): unknown {
  if (isRecord(value) && field !== undefined)
    return {...value, [field]: filtered({op: 'filter', condition}, at(value, keysIn(field)), context)}
  const test = quotedRight(condition)
  return itemsOf(value, 'filter').filter((item) => {
    const locals = localsOf(item)
    const own = field === undefined ? undefined : at(item, keysIn(field))
    const more = field === undefined || own === undefined ? {} : {value: {value: own, vouched: false}}
    const full =
      field !== undefined && /^\s*(?:[=!<>]=?|contains\b|matches\b|in\b)/.test(test) ? `${field} ${test}` : test
    return context.holds(full, {...locals, ...more})
  })
}

const words: Readonly<Record<string, (text: string) => string>> = {
  uppercase: (text) => text.toUpperCase(),
  lowercase: (text) => text.toLowerCase(),
}

function mapped(
  {field, mapping, expression}: Extract<Operation, {op: 'map'}>,
  item: unknown,
  context: StepContext,
): unknown {
  const old = field === undefined ? item : at(item, keysIn(field))
  // what has no such field stays as it is
  if (old === undefined && expression === undefined) return item
  const made = ((): unknown => {
    if (expression !== undefined) {
      const word = Object.hasOwn(words, expression) ? words[expression] : undefined
      return word === undefined ? context.value(expression, localsOf(item)).value : word(textOfValue(old))
    }
    if (mapping === undefined) return old
    if (field === undefined) return isRecord(item) ? {...item, ...mapping} : mapping
    const key = textOfValue(old)
    return Object.hasOwn(mapping, key) ? mapping[key] : old
  })()
  return field === undefined || !isRecord(item) ? (made ?? null) : {...item, [field]: made ?? null}
}

function aggregated({field, function: name}: Extract<Operation, {op: 'aggregate'}>, value: unknown): unknown {
  const items = itemsOf(value, 'aggregate').map((item) =>
    field === undefined ? item : (at(item, keysIn(field)) ?? null),
  )
  if (name === 'count') return items.length
  if (name === 'first') return items[0] ?? null
  if (name === 'last') return items.at(-1) ?? null
  if (name === 'unique') return items.filter((item, index) => items.findIndex((other) => isSame(item, other)) === index)
  const numbers = items.map(numberOf).filter((each) => each !== null)
  if (numbers.length < items.length)
    throw new Failure('not-a-number', `aggregate: ${name} takes numbers, and not all of these are`)
  const sum = numbers.reduce((total, each) => total + each, 0)
  if (name === 'sum') return sum
  if (numbers.length === 0) return null
  if (name === 'average') return sum / numbers.length
  return numbers.reduce((best, each) => (name === 'max' ? Math.max(best, each) : Math.min(best, each)))
}

/** The first that fits is merged over the item. */
function joined(
  {left_field: left, right, join_key: key}: Extract<Operation, {op: 'join'}>,
  value: unknown,
  context: StepContext,
): unknown {
  const others = itemsOf(typeof right === 'string' ? valueOf(right, context) : right, 'join')
  const byKey = new Map<string, unknown>()
  for (const other of others) {
    const id = JSON.stringify(at(other, keysIn(key)) ?? null)
    if (!byKey.has(id)) byKey.set(id, other)
  }
  return itemsOf(value, 'join').map((item) => {
    const other = byKey.get(JSON.stringify(at(item, keysIn(left)) ?? null))
    return isRecord(item) && isRecord(other) ? {...item, ...other} : item
  })
}

function grouped(field: string, value: unknown): unknown {
  const groups = new Map<string, unknown[]>()
  for (const item of itemsOf(value, 'group_by')) {
    const key = textOfValue(at(item, keysIn(field)) ?? null)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return Object.fromEntries(groups)
}

/** Numbers before texts, what has no such field at the end. */
function sorted({field, order}: Extract<Operation, {op: 'sort'}>, value: unknown): unknown {
  const keyed = itemsOf(value, 'sort').map((item) => ({
    item,
    key: field === undefined ? item : at(item, keysIn(field)),
  }))
  const rank = (key: unknown): number => (typeof key === 'number' ? 0 : key === undefined || key === null ? 2 : 1)
  const sign = order === 'desc' ? -1 : 1
  return keyed
    .toSorted(({key: a}, {key: b}) => {
      if (rank(a) === 2 || rank(b) === 2 || rank(a) !== rank(b)) return rank(a) - rank(b)
      if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
      const [x, y] = [textOfValue(a), textOfValue(b)]
      return sign * (x < y ? -1 : x > y ? 1 : 0)
    })
    .map(({item}) => item)
}
