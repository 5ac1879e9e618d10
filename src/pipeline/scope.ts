/** What names mean while a pipeline runs, and what of it a model may take for words of its author. */
import {Failure} from '../errors.ts'
import {at, evaluate, type Evaluated, type Known, type Names} from './evaluate.ts'
import {readExpression, type Expression} from './expression.ts'
import {isRecord, isTrue} from './functions.ts'
import {valueOfResult, type Fill, type StepResult} from './step.ts'
import {dataInText} from './values.ts'
import {fence, fill, placeholdersIn, render, unfenced, type Placeholder} from './template.ts'

/** What every plan run is given: the goal, the packed code, its name, and what the static rules found. */
export const knownInputs = ['user_prompt', 'repository', 'repository_name', 'findings'] as const

/** Words of people who may command the program, at the top of a run: in a nested pipeline a name says nothing of who gave it. */
export const vouchedByName: readonly string[] = ['user_prompt', 'repository_name']

/** pipeline_ex and what was written for it call a step's result by these names. */
const aliases: readonly string[] = ['result', 'output', 'content', 'response', 'text', 'combined_results']

/** The data of a result, also where nobody asked for data and the text is JSON all the same: models do that. */
export function dataOf(result: StepResult): unknown {
  if (result.data !== null) return result.data
  const known = peeked.get(result)
  if (known !== undefined) return known.data
  const data = dataInText(result.text)
  peeked.set(result, {data})
  return data
}

const peeked = new WeakMap<StepResult, {readonly data: unknown}>()

/** Over the data first, so that a model's own key `text` wins over the result's. */
export function resultAt(result: StepResult, path: readonly string[]): unknown {
  const [first, ...rest] = path
  if (first === undefined) return valueOfResult(result)
  const data = dataOf(result)
  const inData = at(data, path)
  if (inData !== undefined) return inData
  const facts: Readonly<Record<string, unknown>> = {
    ...result.facts,
    text: result.text,
    data: result.data,
    ok: result.ok,
    success: result.ok,
  }
  if (path.length === 1 && first === 'text') return result.text
  const inFacts = first === 'text' || first === 'data' ? undefined : at(facts, path)
  if (inFacts !== undefined) return inFacts
  if (first === 'data') return at(data, rest)
  if (!aliases.includes(first)) return undefined
  return rest.length === 0 ? valueOfResult(result) : resultAt(result, rest)
}

/** What a run knows about itself. */
export interface About {
  readonly workflow: Readonly<Record<string, unknown>>
  readonly execution: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export interface Scope {
  readonly about: About
  readonly step: string
  readonly inputs: Readonly<Record<string, unknown>>
  /** Names of inputs that somebody vouches for. */
  readonly vouchedInputs: ReadonlySet<string>
  readonly variables: Readonly<Record<string, unknown>>
  readonly state: (name: string) => Known | undefined
  readonly locals: Readonly<Record<string, Known>>
  readonly result: (name: string) => StepResult | undefined
  /** The name of the step that ended last. */
  readonly previous: string | null
  readonly keepsUnresolved: boolean
  readonly note: (code: string, message: string) => void
  readonly nonce: string
}

const own = (record: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(record, name) ? record[name] : undefined

const trusted = (value: unknown): Known | undefined => (value === undefined ? undefined : {value, vouched: true})

function inputOf(name: string, scope: Scope): Known | undefined {
  const value = own(scope.inputs, name)
  if (value === undefined) return trusted(own(scope.variables, name))
  return {value, vouched: scope.vouchedInputs.has(name)}
}

function stepOf(name: string, keys: readonly string[], scope: Scope): Known | undefined {
  const result = scope.result(name)
  if (result === undefined) return undefined
  const value = resultAt(result, keys)
  if (value !== undefined) return {value, vouched: false}
  // pipeline_ex names fields of answers that nobody asked to be data; what there is of such an answer is its text
  if (!scope.keepsUnresolved || dataOf(result) !== null || result.text === '') return undefined
  scope.note('no-data', `steps.${name} has no \`${keys.join('.')}\`: its answer is plain text, which was taken instead`)
  return {value: result.text, vouched: false}
}

/** The first words with a meaning of their own, each with what stands behind it. */
const roots: Readonly<Record<string, (keys: readonly string[], scope: Scope) => Known | undefined>> = {
  steps: ([name, ...rest], scope) => (name === undefined ? undefined : stepOf(name, rest, scope)),
  inputs: (keys, scope) => inside(([name]) => inputOf(name, scope), keys),
  state: (keys, scope) => inside(([name]) => scope.state(name), keys),
  global_vars: (keys, scope) => inside(([name]) => scope.state(name) ?? inputOf(name, scope), keys),
  variables: (keys, scope) => inside(([name]) => scope.state(name) ?? inputOf(name, scope), keys),
  vars: (keys, scope) => inside(([name]) => scope.state(name) ?? inputOf(name, scope), keys),
  workflow: (keys, {about}) => trusted(at(about.workflow, keys)),
  step: (keys, {step}) => trusted(at({name: step}, keys)),
  timestamp: (keys, {about}) => trusted(at(new Date(about.clock()).toISOString(), keys)),
  date: (keys, {about}) => trusted(at(new Date(about.clock()).toISOString().slice(0, 10), keys)),
  execution_id: (keys, {about}) => trusted(at(about.execution, keys)),
  previous_response: (keys, scope) => (scope.previous === null ? undefined : stepOf(scope.previous, keys, scope)),
}

/** Words that say where to look; the other ones may be names of somebody's own. */
const prefixes: readonly string[] = ['steps', 'inputs', 'state', 'global_vars', 'variables', 'vars']

/** First words that no step, input or variable of a careful pipeline may have. */
export const reserved: readonly string[] = [...Object.keys(roots), 'loop', 'env', 'errors', '__proto__', ...knownInputs]
export const builtins: readonly string[] = Object.keys(roots)

function inside(
  find: (keys: readonly [string]) => Known | undefined,
  [name, ...rest]: readonly string[],
): Known | undefined {
  const found = name === undefined ? undefined : find([name])
  return found === undefined ? undefined : deeper(found, rest)
}

function deeper(found: Known, keys: readonly string[]): Known | undefined {
  const value = at(found.value, keys)
  return value === undefined ? undefined : {...found, value}
}

/** Innermost first: what a loop knows, what was set, what was given, what ran, what is always there. */
function find(root: string, keys: readonly string[], scope: Scope): Known | undefined {
  const local = Object.hasOwn(scope.locals, root) ? scope.locals[root] : undefined
  if (local !== undefined) {
    const found = deeper(local, keys)
    if (found !== undefined) return found
  }
  const special = Object.hasOwn(roots, root) ? roots[root] : undefined
  const isPrefix = prefixes.includes(root)
  const found = isPrefix ? special?.(keys, scope) : undefined
  if (found !== undefined) return found
  const set = scope.state(root) ?? inputOf(root, scope)
  const named = (set === undefined ? undefined : deeper(set, keys)) ?? stepOf(root, keys, scope)
  return named ?? (isPrefix ? undefined : special?.(keys, scope))
}

export const namesOf = (scope: Scope): Names => ({
  find: (root, keys) => find(root, keys, scope),
  now: scope.about.clock(),
})

function noteAll({notes}: Evaluated, inner: string, scope: Scope): void {
  for (const message of notes) scope.note('expression', `${inner}: ${message}`)
}

/** The value of a placeholder; null: it has none and stays as it is, which is noted. Throws `Failure` `template-unresolved`. */
function valueIn(
  {raw, inner, tree}: Placeholder,
  scope: Scope,
  more?: Readonly<Record<string, unknown>>,
): Known | null {
  const inMore = (root: string, keys: readonly string[]): Known | undefined => {
    if (more === undefined || !Object.hasOwn(more, root)) return undefined
    const value = at(more[root], keys)
    return value === undefined ? undefined : {value, vouched: false}
  }
  const names = namesOf(scope)
  const read = evaluate(tree, {...names, find: (root, keys) => inMore(root, keys) ?? names.find(root, keys)})
  noteAll(read, inner, scope)
  if (read.missing.length === 0) return read
  const why = `there is no ${read.missing.join(', no ')}`
  if (!scope.keepsUnresolved || read.required.length > 0)
    throw new Failure('template-unresolved', `${raw}: ${why}`, {
      hint: 'correct the name, or give it a value to fall back on: {{default(name, "…")}}',
    })
  scope.note('template-unresolved', `${raw} stays as it is: ${why}`)
  return null
}

/** Numbers and yes or no can say nothing to a model, whoever they come from. */
const isHarmless = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'

/** For prompts: everything but the words of people who may command is fenced. */
export const fillOf =
  (scope: Scope): Fill =>
  (template, more) =>
    fill(template, (placeholder) => {
      const found = valueIn(placeholder, scope, more)
      if (found === null) return placeholder.raw
      const text = found.value === null ? '' : render(found.value)
      return found.vouched || isHarmless(found.value)
        ? unfenced(text)
        : fence(fenceName(placeholder.inner), text, scope.nonce)
    })

/** As it is written where it is a path, else what is left of it without quotes and angles. */
export const fenceName = (inner: string): string => inner.replaceAll(/[^\p{L}\p{N}_.,()[\]| -]+/gu, '').slice(0, 100)

/** For results: the bare value; a template that is one placeholder keeps its type. */
export function resolve(template: string, scope: Scope): Known {
  const [only] = placeholdersIn(template)
  if (only !== undefined && only.raw === template.trim()) {
    const found = valueIn(only, scope)
    return found === null ? {value: template, vouched: true} : {value: found.value, vouched: found.vouched}
  }
  let isVouched = true
  const value = fill(template, (placeholder) => {
    const found = valueIn(placeholder, scope)
    if (found === null) return placeholder.raw
    isVouched &&= found.vouched
    return found.value === null ? '' : render(found.value)
  })
  return {value, vouched: isVouched}
}

/** All texts inside of a value; keys stay as they are. */
export function resolveAll(value: unknown, scope: Scope): Known {
  if (typeof value === 'string') return resolve(value, scope)
  if (Array.isArray(value)) {
    const items = value.map((each) => resolveAll(each, scope))
    return {value: items.map((each) => each.value), vouched: items.every((each) => each.vouched)}
  }
  if (!isRecord(value)) return {value, vouched: true}
  const entries = Object.entries(value).map(([key, each]) => [key, resolveAll(each, scope)] as const)
  return {
    value: Object.fromEntries(entries.map(([key, each]) => [key, each.value])),
    vouched: entries.every(([, each]) => each.vouched),
  }
}

/** A loop asks the same thing each time it goes round. */
const trees = new Map<string, Expression>()

function treeOf(expression: string): Expression {
  const known = trees.get(expression)
  if (known !== undefined) return known
  const read = readExpression(expression)
  if (read.ok) {
    if (trees.size >= 1_000) trees.clear()
    trees.set(expression, read.tree)
    return read.tree
  }
  throw new Failure('bad-expression', `${expression.slice(0, 200)}: ${read.message}`)
}

/** Of an expression without braces; null when it has no value, which is noted. Throws `Failure` `bad-expression`. */
export function valueOfExpression(expression: string, scope: Scope): Known {
  // a text is no stand-in for a field that is asked about
  const read = evaluate(treeOf(expression), namesOf({...scope, keepsUnresolved: false}))
  noteAll(read, expression, scope)
  for (const what of read.missing) scope.note('unknown-value', `${expression}: there is no ${what}`)
  return read
}

/** What is missing is null, and so no. */
export const holdsIn = (condition: string, scope: Scope): boolean => isTrue(valueOfExpression(condition, scope).value)
