/** What names mean: while a pipeline is read (is there such a thing?) and while it runs (what is it?). */
import {Failure} from '../errors.ts'
import {valueOfResult, type Fill, type StepResult} from './step.ts'
import {fence, fill, placeholdersIn, render, unfenced, valueAt, type Placeholder} from './template.ts'

/** What every plan run is given: the goal, the packed code, its name, and what the static rules found. */
export const knownInputs = ['user_prompt', 'repository', 'repository_name', 'findings'] as const

/** Words of people who may command the program; they stand in a prompt without a fence. */
const vouched: readonly string[] = ['user_prompt', 'repository_name']

/** First words with a meaning of their own. */
export const reserved: readonly string[] = ['steps', 'inputs', 'errors', '__proto__', ...knownInputs]

export type Reference =
  | {readonly kind: 'step'; readonly name: string; readonly path: readonly string[]}
  | {readonly kind: 'value'; readonly name: string; readonly path: readonly string[]}

/** `steps.a.b`, `inputs.a.b`, or a bare name, which is a step if there is one. */
export function referenceOf({path}: Placeholder, isStep: (name: string) => boolean): Reference {
  const [first = '', second, ...rest] = path
  if (first === 'steps' && second !== undefined) return {kind: 'step', name: second, path: rest}
  if (first === 'inputs' && second !== undefined) return {kind: 'value', name: second, path: rest}
  return {kind: isStep(first) ? 'step' : 'value', name: first, path: path.slice(1)}
}

/** pipeline_ex and what was written for it call a step's result by these names. */
const aliases: readonly string[] = ['result', 'output', 'content', 'response']

/** Over the data first, so that a model's own key `text` wins over the result's. */
export function resultAt(result: StepResult, path: readonly string[]): unknown {
  const inData = valueAt(result.data, path)
  if (path.length > 0 && inData !== undefined) return inData
  const [first, ...rest] = path
  if (first === undefined) return valueOfResult(result)
  if (aliases.includes(first)) return valueAt(valueOfResult(result), rest)
  return valueAt({text: result.text, data: result.data, ok: result.ok}, path)
}

export interface Scope {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, unknown>>
  readonly results: Readonly<Record<string, StepResult>>
  readonly nonce: string
}

interface Found {
  readonly value: unknown
  readonly vouched: boolean
}

function find(placeholder: Placeholder, scope: Scope): Found {
  const {kind, name, path} = referenceOf(placeholder, (word) => Object.hasOwn(scope.results, word))
  const result = Object.hasOwn(scope.results, name) ? scope.results[name] : undefined
  const source = Object.hasOwn(scope.inputs, name) ? scope.inputs : scope.variables
  const root = Object.hasOwn(source, name) ? source[name] : undefined
  const value = kind === 'step' ? result && resultAt(result, path) : valueAt(root, path)
  if (value === undefined) {
    throw new Failure('template-unresolved', `${placeholder.raw}: there is nothing behind this name`, {
      hint:
        kind === 'step' && result
          ? `the result of \`${name}\` has no \`${path.join('.')}\``
          : `it is not given to this run`,
    })
  }
  return {value, vouched: kind === 'value' && (vouched.includes(name) || Object.hasOwn(scope.variables, name))}
}

/** For prompts: everything but the words of people who may command is fenced. */
export const fillOf =
  (scope: Scope): Fill =>
  (template, more = {}) =>
    fill(template, (placeholder) => {
      const [name = ''] = placeholder.path
      if (Object.hasOwn(more, name)) return fence(name, render(valueAt(more, placeholder.path)), scope.nonce)
      const found = find(placeholder, scope)
      const text = render(found.value)
      return found.vouched ? unfenced(text) : fence(placeholder.path.join('.'), text, scope.nonce)
    })

/** For results: the bare value; a template that is one placeholder keeps its type. */
export const resolveOf =
  (scope: Scope) =>
  (template: string): unknown => {
    const [only] = placeholdersIn(template)
    if (only !== undefined && only.raw === template.trim()) return find(only, scope).value
    return fill(template, (placeholder) => render(find(placeholder, scope).value))
  }
