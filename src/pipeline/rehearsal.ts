/** A pipeline run without asking anybody: what would be asked, with answers that have the form of the real ones. */
import {Failure} from '../errors.ts'
import type {JsonSchema, ModelReply, ModelRequest, Provider} from '../provider.ts'
import {execute} from './execute.ts'
import type {Pipeline, Tools} from './step.ts'
import type {Workspace} from './workspace.ts'

export interface Question {
  readonly step: string
  readonly request: ModelRequest
}

export interface Rehearsal {
  readonly ask: Provider
  /** In the order in which they were asked. */
  readonly questions: readonly Question[]
}

/** @param stepNow the step that asks */
export function rehearsal(stepNow: () => string): Rehearsal {
  const questions: Question[] = []
  return {
    questions,
    ask: async (request) => {
      const step = stepNow()
      questions.push({step, request})
      return answerTo(request, step)
    },
  }
}

const nothing = async (): Promise<void> => {}

/** A folder in which every file that is asked for is there. */
const emptyWorkspace: Workspace = {
  root: '.',
  read: async () => '(text)',
  look: async (path) => ({path, kind: 'file', size: 6}),
  list: async () => [],
  search: async () => [],
  write: nothing,
  edit: nothing,
  copy: nothing,
  move: nothing,
  remove: nothing,
}

/**
 * Runs a pipeline that nobody has run yet, with nothing real around it. What went wrong, in words for its author; none: it comes to
 * its end.
 *
 * @param schemas those that it may name
 */
export async function tryOut(pipeline: Pipeline, schemas: Tools['schemas']): Promise<readonly string[]> {
  let step = ''
  const said = async () => ({text: '(text)', data: {}})
  const tools: Tools = {
    ask: rehearsal(() => step).ask,
    scan: async () => ({findings: [], skipped: []}),
    draft: (source) => ({text: '(plan)', data: source}),
    schemas,
    pack: said,
    score: said,
    query: async () => [],
    workspace: emptyWorkspace,
    readText: async () => '(text)',
    save: async (path) => path,
    open: async (path) => ({name: path, description: '', steps: []}),
    toolSpecs: {},
  }
  const inputs = Object.fromEntries((pipeline.inputs ?? []).map((name) => [name, `(${name})`]))
  let time = 0
  const onEvent = ({kind, step: name}: {readonly kind: string; readonly step: string}): void => {
    if (kind === 'started') step = name
  }
  try {
    await execute(pipeline, inputs, tools, {nonce: 'rehearsal', now: () => time++, onEvent, maxSteps: 2_000})
    return []
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    // a loop whose end hangs on what models answer has none here
    return thrown.code === 'too-many-steps' ? [] : [thrown.message]
  }
}

function answerTo({schema, model}: ModelRequest, step: string): ModelReply {
  const text = schema === null ? `(what ${step} will answer)` : JSON.stringify(sampleOf(schema))
  return {text, stopped: 'end', model, usage: {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0}}
}

const maxDepth = 12

/** The smallest value that has the form; lists have one item, so that what goes over them goes round once. */
export function sampleOf(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isSchema(schema) || depth > maxDepth) return null
  const {$ref: ref} = schema
  if (typeof ref === 'string') return sampleOf(referredTo(ref, root), root, depth + 1)
  if ('const' in schema) return schema['const']
  const [first] = listIn(schema['enum'])
  if (first !== undefined) return first
  const [choice] = [...listIn(schema['anyOf']), ...listIn(schema['oneOf']), ...listIn(schema['allOf'])]
  if (choice !== undefined) return sampleOf(choice, root, depth + 1)
  const types = typeof schema['type'] === 'string' ? [schema['type']] : listIn(schema['type'])
  const [type] = types
  if (type === 'object' || (type === undefined && 'properties' in schema)) return objectOf(schema, root, depth)
  if (type === 'array') return itemsOf(schema, root, depth)
  if (type === 'integer' || type === 'number') return numberOf(schema)
  if (type === 'boolean') return true
  return type === 'null' ? null : textOf(schema)
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function referredTo(ref: string, root: unknown): unknown {
  const keys = ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((key) => key !== '')
  return keys.reduce<unknown>(
    (found, key) => (isSchema(found) ? found[key.replaceAll('~1', '/').replaceAll('~0', '~')] : null),
    root,
  )
}

function objectOf(schema: JsonSchema, root: unknown, depth: number): unknown {
  const {properties} = schema
  if (!isSchema(properties)) return {}
  return Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, sampleOf(each, root, depth + 1)]))
}

function itemsOf(schema: JsonSchema, root: unknown, depth: number): readonly unknown[] {
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 1
  const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Infinity
  const many = Math.min(Math.max(least, 1), most, 100)
  return Array.from({length: many}, () => sampleOf(schema['items'] ?? {}, root, depth + 1))
}

function numberOf({minimum, exclusiveMinimum, maximum}: JsonSchema): number {
  if (typeof minimum === 'number') return minimum
  if (typeof exclusiveMinimum === 'number') return Math.floor(exclusiveMinimum) + 1
  return typeof maximum === 'number' ? Math.min(1, maximum) : 1
}

function textOf({minLength, pattern}: JsonSchema): string {
  const text = typeof pattern === 'string' ? 'a' : 'text'
  return typeof minLength === 'number' ? text.padEnd(Math.min(minLength, 10_000), 'x') : text
}
