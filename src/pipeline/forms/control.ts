/** Loops, fan-outs, switches and nested pipelines in all their spellings → `loop`, `map`, `switch`, `pipeline`. */
import {isRecord, numberOf, textOfValue} from '../functions.ts'
import {commonKeys} from '../step.ts'
import {conditionOf} from './condition.ts'
import {keysIn, pathOf, stepPath, type FormContext, type Normal} from './context.ts'
import type {Draft, Mapping, Place, Taken} from './mapping.ts'
import {modelKeys, overlaid} from './model.ts'

/** `{{x}}` as a whole is the expression x. */
const bare = (text: string): string => /^\s*\{\{([^{}]*)\}\}\s*$/.exec(text)?.[1]?.trim() ?? text.trim()

/**
 * `name`, `step:path`, `previous_response:step:path`, an expression with or without braces → an expression; a list stays one.
 *
 * @param key what the setting is called
 */
export function sourceOf({value, place}: Taken, key: string, context: FormContext): unknown {
  if (typeof value !== 'string') return value
  const text = bare(value)
  const parts = /^[\w-]+(?::[\w.[\]-]+)+$/.test(text) ? text.split(':') : null
  if (parts === null) {
    if (text !== value)
      context.remarks.add('leniency', 'source-form', `${key}: is an expression, without braces`, place)
    return text
  }
  context.remarks.add('leniency', 'source-form', `${key}: is an expression, as in \`steps.name.path\``, place)
  const [first = '', second = '', ...rest] = parts
  if (first === 'context') return pathOf(second, rest.flatMap(keysIn))
  if (first !== 'previous_response') return ofStep(first, [second, ...rest].join('.'), context)
  if (context.earlier.has(second)) return stepPath(second, rest.join('.'))
  return pathOf('previous_response', keysIn([second, ...rest].join('.')))
}

const ofStep = (name: string, path: string, {items}: FormContext): string =>
  name === 'loop' || items.includes(name) ? pathOf(name, keysIn(path)) : stepPath(name, path)

function renamed(found: Taken | null, canonical: string, {remarks}: FormContext): void {
  if (found !== null && found.key !== canonical)
    remarks.add('leniency', 'renamed-key', `${found.key}: is called \`${canonical}\``, found.place, true)
}

function setCondition(
  step: Mapping,
  out: Draft,
  canonical: string,
  context: FormContext,
  ...keys: readonly string[]
): void {
  const found = step.take(...keys)
  if (found === null) return
  renamed(found, canonical, context)
  const condition = conditionOf(found.value, found.place, context.remarks)
  if (condition !== null) out.set(canonical, condition, found.place)
}

function setNumber(
  step: Mapping,
  out: Draft,
  canonical: string,
  context: FormContext,
  ...keys: readonly string[]
): void {
  const found = step.take(...keys)
  if (found === null) return
  renamed(found, canonical, context)
  out.set(canonical, numberOf(found.value) ?? found.value, found.place)
}

function setSteps(raw: Taken | null, out: Draft, key: string, items: readonly string[], context: FormContext): void {
  if (raw === null) return
  const steps = context.steps(raw.value, raw.place, items)
  if (steps === null) return
  out.set(
    key,
    steps.map(({value}) => value),
    raw.place,
  )
  out.setSteps(
    [key],
    steps.map(({origin}) => origin),
  )
}

/** @param whileKeys what its condition may be called where it has no list */
export function readLoop(step: Mapping, out: Draft, context: FormContext, whileKeys: readonly string[]): void {
  const as = step.take('as', 'iterator', 'item_name')
  renamed(as, 'as', context)
  const item = typeof as?.value === 'string' ? as.value : 'item'
  const over = step.take('over', 'data_source', 'items', 'collection')
  if (over !== null) {
    renamed(over, 'over', context)
    out.set('over', sourceOf(over, 'over', context), over.place)
    if (as !== null) out.set('as', as.value, as.place)
  } else setCondition(step, out, 'while', context, ...whileKeys)
  setSteps(step.take('steps', 'do'), out, 'steps', over === null ? [] : [item], context)
  setNumber(step, out, 'max', context, 'max', 'max_iterations')
  readConcurrency(step, out, context)
  setCondition(step, out, 'break_if', context, 'break_if', 'break_condition')
  step.ignore(
    'continue_condition',
    'leniency',
    'means nothing here, as in pipeline_ex; a step of type `continue` has a condition',
  )
  const stops = step.take('break_on_error')
  if (stops !== null) {
    context.remarks.add(
      'leniency',
      'renamed-key',
      'break_on_error: is `item_errors: stop` or `continue`',
      stops.place,
      true,
    )
    out.set('item_errors', stops.value === false ? 'continue' : 'stop', stops.place)
  }
  for (const key of ['batch_size', 'memory_limit_mb', 'timeout_seconds', 'max_duration'])
    step.ignore(
      key,
      'leniency',
      'means nothing here: items are taken one after the other, or as many at a time as `concurrency` says',
    )
}

function readConcurrency(step: Mapping, out: Draft, {remarks}: FormContext): void {
  const parallel = step.take('parallel')
  const many = step.take('concurrency', 'max_parallel', 'max_concurrency')
  if (parallel !== null) remarks.add('leniency', 'renamed-key', 'parallel: is `concurrency`', parallel.place, true)
  else if (many !== null && many.key !== 'concurrency')
    remarks.add('leniency', 'renamed-key', `${many.key}: is called \`concurrency\``, many.place, true)
  if (parallel?.value === false) return
  if (many !== null) {
    // without `parallel: true` pipeline_ex reads no limit
    if (parallel === null && many.key !== 'concurrency') return
    out.set('concurrency', numberOf(many.value) ?? many.value, many.place)
  } else if (parallel !== null) out.set('concurrency', 5, parallel.place)
}

const tasksKeys = ['tasks', 'parallel_tasks', 'prompts']

/** `provider`: whom the tasks ask; null: each says it as a step of its own. */
export function readMap(step: Mapping, out: Draft, context: FormContext, type: string | null): void {
  const config = step.inner('batch_config')
  if (config !== null)
    context.remarks.add(
      'leniency',
      'renamed-key',
      'batch_config: is `concurrency` and `consolidate` of the step',
      config.place,
      true,
    )
  const from = config ?? step
  const many = from.take('max_parallel', 'concurrency') ?? step.take('concurrency', 'max_parallel')
  const timeout = from.take('timeout_per_task')
  const consolidate = from.take('consolidate_results') ?? step.take('consolidate')
  const base = Object.fromEntries(
    (type === null ? [] : modelKeys).flatMap((key) => {
      const found = step.take(key)
      return found === null ? [] : [[key, found.value] as const]
    }),
  )
  const words = type === null ? null : step.take('prompt')
  const found = step.take(...tasksKeys)
  renamed(found, 'tasks', context)
  if (type !== null && found === null && (words === null || type === 'parallel')) {
    const key = type === 'batch' ? 'tasks' : 'parallel_tasks'
    context.remarks.add('error', 'bad-tasks', `${key}: there is no list of tasks`, step.place)
    // whatever else it says is read, so that its other mistakes are told too
    readLoopOfMap(step, out, context)
  } else if (found !== null || type !== null) {
    const raw = found === null ? [{name: textOfValue(step.take('name')?.value ?? 'task')}] : found.value
    readTasks({key: 'tasks', value: raw, place: found?.place ?? step.place}, {type, base, timeout, words}, out, context)
  } else readLoopOfMap(step, out, context)
  if (many !== null) out.set('concurrency', numberOf(many.value) ?? many.value, many.place)
  else if (type !== null) out.set('concurrency', type === 'batch' ? 3 : 10, step.place)
  if (consolidate !== null) out.set('consolidate', consolidate.value, consolidate.place)
  if (type !== null && !step.has('fail')) out.set('fail', 'all', step.place)
}

function readLoopOfMap(step: Mapping, out: Draft, context: FormContext): void {
  const as = step.take('as', 'iterator')
  renamed(as, 'as', context)
  const over = step.take('over', 'data_source', 'items')
  renamed(over, 'over', context)
  if (over !== null) out.set('over', sourceOf(over, 'over', context), over.place)
  if (as !== null) out.set('as', as.value, as.place)
  setSteps(step.take('steps', 'do'), out, 'steps', [typeof as?.value === 'string' ? as.value : 'item'], context)
}

interface TaskForm {
  readonly type: string | null
  readonly base: Readonly<Record<string, unknown>>
  readonly timeout: Taken | null
  /** The step's own prompt: it stands before the files of the tasks. */
  readonly words: Taken | null
}

function readTasks({value, place}: Taken, form: TaskForm, out: Draft, context: FormContext): void {
  if (!Array.isArray(value)) return context.remarks.add('error', 'bad-tasks', 'tasks: must be a list', place)
  const used = new Set<string>()
  const tasks = value.flatMap((raw: unknown, at): readonly Normal[] => {
    const here = [...place, at]
    const task = form.type === null ? raw : taskOf(raw, at, form, used, here, context)
    if (!isRecord(task)) {
      context.remarks.add('error', 'bad-tasks', 'a task is a mapping with a prompt', here)
      return []
    }
    const step = context.step(task, here)
    return step === null ? [] : [step]
  })
  out.set(
    'tasks',
    tasks.map((each) => each.value),
    place,
  )
  out.setSteps(
    ['tasks'],
    tasks.map((each) => each.origin),
  )
}

/** A task of pipeline_ex as a step of its own. */
function taskOf(
  raw: unknown,
  at: number,
  form: TaskForm,
  used: Set<string>,
  place: Place,
  {remarks}: FormContext,
): unknown {
  const given = typeof raw === 'string' ? {prompt: raw} : raw
  if (!isRecord(given)) return null
  const {task_id: taskId, id, name, file, ...rest} = given
  const called = textOfValue(name ?? taskId ?? id ?? `task_${at + 1}`)
  const free = used.has(called) ? `${called}_${at + 1}` : called
  if (free !== called)
    remarks.add('mistake', 'duplicate-name', `two tasks are called \`${called}\`; this one is \`${free}\``, place)
  used.add(free)
  const parts = typeof file === 'string' ? [{type: 'file', path: file}] : []
  const own = rest['prompt'] ?? form.words?.value
  const before = own === undefined ? [] : Array.isArray(own) ? own : [own]
  const [more, kept] = rest['prompt'] === undefined && form.words !== null ? ownFieldsOf(rest) : ['', rest]
  const prompt = parts.length === 0 && more === '' ? own : [...before, ...(more === '' ? [] : [more]), ...parts]
  const timeout = form.timeout === null ? {} : {timeout_ms: form.timeout.value}
  const task = overlaid({...form.base, ...timeout}, {...kept, ...(prompt === undefined ? {} : {prompt})})
  return {...task, name: free, type: 'claude'}
}

/** A task without words of its own is what the step says, about the fields that the task has. */
function ownFieldsOf(task: Readonly<Record<string, unknown>>): readonly [string, Readonly<Record<string, unknown>>] {
  const isSetting = (key: string): boolean => [...modelKeys, ...commonKeys].includes(key)
  const own = Object.entries(task).filter(([key]) => !isSetting(key))
  const kept = Object.fromEntries(Object.entries(task).filter(([key]) => isSetting(key)))
  return [own.map(([key, value]) => `${key}: ${textOfValue(value)}`).join('\n'), kept]
}

export function readSwitch(step: Mapping, out: Draft, context: FormContext): void {
  const on = step.take('on', 'expression', 'value', 'switch')
  renamed(on, 'on', context)
  if (on !== null) out.set('on', typeof on.value === 'string' ? bare(on.value) : on.value, on.place)
  const cases = step.take('cases')
  if (cases !== null) {
    const list = isRecord(cases.value) ? casesOf(cases.value) : cases.value
    if (isRecord(cases.value))
      context.remarks.add('leniency', 'cases-form', 'cases: is a list of {value, steps}', cases.place)
    if (!Array.isArray(list))
      context.remarks.add('error', 'bad-cases', 'cases: must be a list of {value, steps}', cases.place)
    else readCases(list, cases, out, context)
  }
  setSteps(step.take('default', 'else'), out, 'default', [], context)
}

const casesOf = (cases: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Object.entries(cases).map(([value, steps]) => ({value, steps, key: value}))

function readCases(list: readonly unknown[], {place}: Taken, out: Draft, context: FormContext): void {
  const read = list.flatMap((raw, at) => {
    const from = isRecord(raw) && typeof raw['key'] === 'string' ? [...place, raw['key']] : [...place, at, 'steps']
    const steps = isRecord(raw) ? context.steps(raw['steps'] ?? raw['do'], from, []) : null
    if (!isRecord(raw) || steps === null) {
      context.remarks.add('error', 'bad-cases', 'a case is a mapping with `value` or `when`, and `steps`', [
        ...place,
        at,
      ])
      return []
    }
    out.setSteps(
      ['cases', at, 'steps'],
      steps.map(({origin}) => origin),
    )
    const when = raw['when'] ?? raw['condition']
    const test =
      when === undefined ? {value: raw['value']} : {when: conditionOf(when, [...place, at], context.remarks) ?? 'false'}
    return [{...test, steps: steps.map(({value}) => value)}]
  })
  out.set('cases', read, place)
}

export function readPipeline(step: Mapping, out: Draft, context: FormContext): void {
  const file = step.take('file', 'pipeline_file')
  renamed(file, 'file', context)
  if (file !== null) out.set('file', file.value, file.place)
  const reference = step.take('pipeline_ref')
  if (reference !== null)
    context.remarks.add(
      'error',
      'no-registry',
      'pipeline_ref: there is no registry of pipelines; name a file',
      reference.place,
      true,
    )
  const inline = step.take('pipeline')
  if (inline !== null) {
    const read = context.pipeline(inline.value, inline.place)
    if (read.value !== null) out.set('pipeline', read.value, inline.place)
    out.setSteps(['pipeline', 'steps'], read.steps)
  }
  const inputs = step.take('inputs', 'with')
  renamed(inputs, 'inputs', context)
  if (inputs !== null) out.set('inputs', inputs.value, inputs.place)
  readOutputs(step, out, context)
  const config = step.inner('config')
  if (config !== null)
    context.remarks.add('leniency', 'renamed-key', 'config: its keys are settings of the step', config.place, true)
  const from = config ?? step
  for (const [canonical, key, factor] of limits) {
    const found = from.take(key) ?? step.take(key, canonical)
    const number = numberOf(found?.value)
    const times = found?.key === canonical ? 1 : factor
    if (found !== null) out.set(canonical, number === null ? found.value : number * times, found.place)
  }
  const inherit = from.take('inherit_context') ?? step.take('inherit')
  if (inherit !== null) out.set('inherit', inherit.value, inherit.place)
  for (const key of [
    'memory_limit_mb',
    'workspace_enabled',
    'cleanup_on_error',
    'inherit_providers',
    'enable_tracing',
    'workspace_dir',
  ])
    config?.ignore(key, 'leniency', 'means nothing here')
  for (const key of ['continue_on_error', 'max_retries'])
    config?.ignore(key, 'mistake', 'is not supported here; `on_error: continue` of the step is')
}

const limits: readonly (readonly [string, string, number])[] = [
  ['max_depth', 'max_depth', 1],
  ['max_steps', 'max_total_steps', 1],
  ['timeout_ms', 'timeout_seconds', 1000],
]

/** Names, or {path, as}. */
function readOutputs(step: Mapping, out: Draft, {remarks}: FormContext): void {
  const found = step.take('outputs')
  if (found === null) return
  if (isRecord(found.value)) return out.set('outputs', found.value, found.place)
  if (!Array.isArray(found.value))
    return remarks.add('error', 'bad-outputs', 'outputs: must be a list or a mapping', found.place)
  const entries = found.value.map((each: unknown) => {
    const path = isRecord(each) ? textOfValue(each['path'] ?? each['name']) : textOfValue(each)
    const as = isRecord(each) ? textOfValue(each['as'] ?? path) : path
    return [as, path] as const
  })
  remarks.add('leniency', 'outputs-form', 'outputs: is a mapping of name to path', found.place, true)
  out.set('outputs', Object.fromEntries(entries), found.place)
}
