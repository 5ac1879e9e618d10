/** Steps about values and files in all their spellings → `set`, `transform`, `file`, `query`, `echo`. */
import {isRecord, textOfValue} from '../functions.ts'
import type {FormContext} from './context.ts'
import {sourceOf} from './control.ts'
import type {Draft, Mapping, Taken} from './mapping.ts'

function moved(
  step: Mapping,
  out: Draft,
  context: FormContext,
  canonical: string,
  ...keys: readonly string[]
): Taken | null {
  const found = step.take(canonical, ...keys)
  if (found === null) return null
  if (found.key !== canonical)
    context.remarks.add('leniency', 'renamed-key', `${found.key}: is called \`${canonical}\``, found.place, true)
  out.set(canonical, found.value, found.place)
  return found
}

export function readSet(step: Mapping, out: Draft, context: FormContext): void {
  const scope = step.take('scope')
  if (scope !== null)
    context.remarks.add(
      'leniency',
      'ignored-key',
      'scope: what is set is seen until the run ends, or until a nested pipeline does',
      scope.place,
      true,
    )
  const one = step.take('variable')
  const value = one === null ? null : step.take('value')
  if (one !== null) {
    const both = step.take('values', 'variables')
    if (both !== null)
      context.remarks.add(
        'mistake',
        'said-twice',
        `${both.key}: stands beside \`variable\`, which counts`,
        both.place,
        true,
      )
    context.remarks.add('leniency', 'renamed-key', 'variable: is `values: {name: value}`', one.place, true)
    return out.set('values', {[textOfValue(one.value)]: value?.value ?? null}, value?.place ?? one.place)
  }
  moved(step, out, context, 'values', 'variables')
}

export function readTransform(step: Mapping, out: Draft, context: FormContext): void {
  const from = step.take('from', 'input_source', 'source', 'input')
  if (from !== null) {
    if (from.key !== 'from')
      context.remarks.add('leniency', 'renamed-key', `${from.key}: is called \`from\``, from.place, true)
    out.set('from', sourceOf(from, 'from', context), from.place)
  }
  moved(step, out, context, 'as', 'output_field')
  moved(step, out, context, 'output', 'output_format')
  step.ignore('lazy', 'leniency', 'means nothing here')
  const operations = step.take('operations', 'transformations')
  if (operations === null) return
  const list = Array.isArray(operations.value) ? operations.value : [operations.value]
  out.set(
    'operations',
    list.map((each: unknown) => operationOf(each, context)),
    operations.place,
  )
}

/** `right_source` is a source like the first one. */
function operationOf(raw: unknown, context: FormContext): unknown {
  if (!isRecord(raw)) return raw
  const {operation, type, op, right_source: right, ...rest} = raw
  const source =
    right === undefined ? {} : {right: sourceOf({key: 'right', value: right, place: []}, 'right', silent(context))}
  return {...rest, op: op ?? operation ?? type, ...source}
}

const silent = (context: FormContext): FormContext => ({...context, remarks: {list: [], add: () => {}}})

export function readFile(step: Mapping, out: Draft, context: FormContext): void {
  moved(step, out, context, 'operation', 'action', 'op')
  moved(step, out, context, 'path', 'source', 'from')
  moved(step, out, context, 'to', 'destination', 'target')
  moved(step, out, context, 'content', 'contents')
}

/** `file_write` of models that invent it. */
export function readFileWrite(step: Mapping, out: Draft, context: FormContext): void {
  step.take('operation', 'action', 'op')
  out.set('operation', 'write', step.place)
  moved(step, out, context, 'path', 'file', 'file_path', 'destination', 'to', 'target', 'source', 'from')
  moved(step, out, context, 'content', 'contents', 'text', 'data')
}

export function readQuery(step: Mapping, out: Draft, context: FormContext): void {
  step.ignore('workspace_dir', 'leniency', 'means nothing here: the packed code is asked')
  const queries = step.take('queries', 'query')
  if (queries === null || !isRecord(queries.value)) {
    if (queries !== null) out.set('queries', queries.value, queries.place)
    return
  }
  // criteria stand in a list of mappings, in pipeline_ex
  const read = Object.entries(queries.value).map(([name, query]) => {
    if (!isRecord(query)) return [name, query] as const
    const kinds = Object.entries(query).map(([kind, criteria]) => [kind, mergedOf(criteria)] as const)
    return [name, Object.fromEntries(kinds)] as const
  })
  if (Object.values(queries.value).some((query) => isRecord(query) && Object.values(query).some(Array.isArray)))
    context.remarks.add('leniency', 'query-form', 'queries: criteria are one mapping', queries.place)
  out.set('queries', Object.fromEntries(read), queries.place)
}

const mergedOf = (criteria: unknown): unknown =>
  Array.isArray(criteria) && criteria.every(isRecord)
    ? Object.fromEntries(criteria.flatMap((each) => Object.entries(each)))
    : criteria

export function readEcho(step: Mapping, out: Draft, context: FormContext): void {
  const value = moved(step, out, context, 'value', 'message', 'content', 'text')
  if (value === null) out.set('value', null, step.place)
  if (value?.value === '__FAIL__') out.set('fail', true, value.place)
  moved(step, out, context, 'error', 'error_message')
}
