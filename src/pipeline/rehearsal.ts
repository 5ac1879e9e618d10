/** A pipeline run without asking anybody: what would be asked, with answers that have the form of the real ones. */
import {Failure} from '../errors.ts'
import type {JsonSchema, ModelReply, ModelRequest, Provider} from '../provider.ts'
import {execute} from './execute.ts'
import type {Pipeline, Tools} from './step.ts'
import type {Workspace, WorkspaceFile} from './workspace.ts'

export interface Question {
  readonly step: string
  readonly request: ModelRequest
}

export interface Rehearsal {
  readonly ask: Provider
  /** In the order in which they were asked. */
  readonly questions: readonly Question[]
}

export function rehearsal(): Rehearsal {
  const questions: Question[] = []
  return {
    questions,
    ask: async (request) => {
      questions.push({step: request.about?.step ?? '', request})
      return answerTo(request)
    },
  }
}

/** What was written aside; null: it is gone, with all that is in it. */
type Aside = Map<string, string | null>

/** A folder as it is, with what is written kept aside: it can be read again, and the folder stays as it is. */
export function unwritten(folder: Workspace | null): Workspace {
  const base = folder ?? emptyFolder
  const aside: Aside = new Map()
  const read = async (path: string): Promise<string> => {
    const text = textIn(aside, path)
    if (text === null) throw noSuchFile(path)
    return text ?? base.read(path)
  }
  const look = async (path: string): Promise<WorkspaceFile | null> => {
    const text = textIn(aside, path)
    if (text === undefined) return base.look(path)
    return text === null ? null : {path: plain(path), kind: 'file', size: text.length}
  }
  const write = async (path: string, text: string): Promise<void> => {
    // refuses what the folder would refuse
    const there = await base.look(path)
    if (there?.kind === 'folder') throw new Failure('is-a-folder', `${shownAs(path)} is a folder`)
    aside.set(plain(path), text)
  }
  const remove = async (path: string): Promise<void> => {
    if ((await look(path)) === null) throw noSuchFile(path)
    for (const each of aside.keys()) if (each.startsWith(`${plain(path)}/`)) aside.delete(each)
    aside.set(plain(path), null)
  }
  return {
    ...base,
    read,
    look,
    isWritable: async (path) => (textIn(aside, path) === undefined ? base.isWritable(path) : true),
    write,
    remove,
    list: (path, more = {}) => listed(base, aside, path, more.recursive ?? false),
    edit: async (path, before, after) => write(path, edited(await read(path), before, after)),
    copy: async (from, to) => write(to, await read(from)),
    move: async (from, to) => {
      await write(to, await read(from))
      await remove(from)
    },
  }
}

const shownAs = (path: string): string => JSON.stringify(path.slice(0, 200))

const noSuchFile = (path: string): Failure => new Failure('no-such-file', `no such file: ${shownAs(path)}`)

/** undefined: nothing was done with it. */
function textIn(aside: Aside, asked: string): string | null | undefined {
  const path = plain(asked)
  const own = aside.get(path)
  if (own !== undefined) return own
  return [...aside].some(([each, text]) => text === null && path.startsWith(`${each}/`)) ? null : undefined
}

async function listed(
  base: Workspace,
  aside: Aside,
  folder: string,
  recursive: boolean,
): Promise<readonly WorkspaceFile[]> {
  const top = plain(folder) === '.' ? '' : `${plain(folder)}/`
  const mine = [...aside].flatMap(([path, text]): readonly WorkspaceFile[] => {
    if (text === null || !path.startsWith(top)) return []
    const deeper = path.indexOf('/', top.length)
    if (deeper < 0 || recursive) return [{path, kind: 'file', size: text.length}]
    return [{path: path.slice(0, deeper), kind: 'folder', size: null}]
  })
  const isNew = mine.length > 0 && (await base.look(folder)) === null
  const old = isNew ? [] : (await base.list(folder, {recursive})).filter(({path}) => textIn(aside, path) !== null)
  const all = new Map([...old, ...mine].map((each) => [each.path, each]))
  return [...all.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

const plain = (path: string): string => path.replace(/^(?:\.\/+)+/, '')

function edited(text: string, before: string, after: string): string {
  const parts = text.split(before)
  if (parts.length === 2) return parts.join(after)
  const code = parts.length < 2 ? 'no-such-text' : 'ambiguous-text'
  throw new Failure(code, `the text to be changed stands there ${parts.length - 1} times`)
}

/** A shell that runs no command. */
export const unrun: NonNullable<Tools['shell']> = async () => ({text: '(what the command prints)', ok: true})

const nothing = async (): Promise<void> => {}

/** A folder in which every file that is asked for is there. */
const emptyFolder: Workspace = {
  root: '.',
  read: async () => '(text)',
  look: async (path) => ({path, kind: 'file', size: 6}),
  list: async () => [],
  search: async () => [],
  isWritable: async () => true,
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
  const said = async () => ({text: '(text)', data: {}})
  const tools: Tools = {
    ask: rehearsal().ask,
    scan: async () => ({findings: [], skipped: []}),
    draft: (source) => ({text: '(plan)', data: source}),
    schemas,
    pack: said,
    score: said,
    query: async () => [],
    isRehearsal: true,
    workspace: unwritten(null),
    readText: async () => ({text: '(text)', isOwn: true}),
    save: async (path) => path,
    open: async (path) => ({name: path, description: '', steps: []}),
    toolSpecs: () => ({}),
  }
  const inputs = Object.fromEntries((pipeline.inputs ?? []).map((name) => [name, `(${name})`]))
  let time = 0
  try {
    await execute(pipeline, inputs, tools, {nonce: 'rehearsal', now: () => time++, maxSteps: 2_000})
    return []
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    // a loop whose end hangs on what models answer has none here
    return thrown.code === 'too-many-steps' ? [] : [thrown.message]
  }
}

function answerTo({model, schema, about = {step: 'it', kind: 'text', schema}}: ModelRequest): ModelReply {
  const isData = about.kind !== 'text'
  const text = isData ? JSON.stringify(sampleOf(about.schema ?? {type: 'object'})) : `(what ${about.step} will answer)`
  return {text, stopped: 'end', model, usage: {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0}}
}

/** Deeper than this, or more of them, is what a schema that leads back to itself asks for. */
const maxDepth = 40
const mostValues = 10_000

interface Sampling {
  readonly root: unknown
  readonly depth: number
  /** Definitions on the way here: one that comes again is made as small as can be. */
  readonly seen: readonly string[]
  readonly isSmall: boolean
  readonly left: {values: number}
}

/** The smallest value that has the form; lists have one item, so that what goes over them goes round once. */
export const sampleOf = (schema: unknown): unknown =>
  valueOf(schema, {root: schema, depth: 0, seen: [], isSmall: false, left: {values: mostValues}})

function valueOf(schema: unknown, around: Sampling): unknown {
  const {depth, left} = around
  left.values -= 1
  if (!isSchema(schema) || depth > maxDepth || left.values < 0) return null
  const here: Sampling = {...around, depth: depth + 1}
  const {$ref: ref} = schema
  if (typeof ref === 'string') return valueOf(referredTo(ref, here.root), passing(ref, here))
  if ('const' in schema) return schema['const']
  const [first] = listIn(schema['enum'])
  if (first !== undefined) return first
  const all = listIn(schema['allOf']).filter(isSchema)
  if (all.length > 0) return valueOf(mergedOf({...schema, allOf: undefined}, all, here), here)
  const choices = [...listIn(schema['anyOf']), ...listIn(schema['oneOf'])]
  if (choices.length > 0) return valueOf(chosenOf(choices, here), here)
  const [type] = typeof schema['type'] === 'string' ? [schema['type']] : listIn(schema['type'])
  if (type === 'object' || (type === undefined && 'properties' in schema)) return objectOf(schema, here)
  if (type === 'array') return itemsOf(schema, here)
  if (type === 'integer' || type === 'number') return numberOf(schema)
  if (type === 'boolean') return true
  return type === 'null' ? null : textOf(schema)
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const passing = (ref: string, sampling: Sampling): Sampling => ({
  ...sampling,
  seen: [...sampling.seen, ref],
  isSmall: sampling.isSmall || sampling.seen.includes(ref),
})

function referredTo(ref: string, root: unknown): unknown {
  const keys = ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((key) => key !== '')
  return keys.reduce<unknown>(
    (found, key) =>
      isSchema(found) || Array.isArray(found)
        ? Reflect.get(found, key.replaceAll('~1', '/').replaceAll('~0', '~'))
        : null,
    root,
  )
}

/** Of what leads on in a circle, the choice that ends it. */
const chosenOf = (choices: readonly unknown[], {isSmall}: Sampling): unknown =>
  (isSmall ? choices.find((each) => isSchema(each) && !('$ref' in each)) : undefined) ?? choices[0]

function objectOf(schema: JsonSchema, sampling: Sampling): unknown {
  const {properties, required} = schema
  if (!isSchema(properties)) return {}
  const wanted = Object.entries(properties).filter(([key]) => !sampling.isSmall || listIn(required).includes(key))
  return Object.fromEntries(wanted.map(([key, each]) => [key, valueOf(each, sampling)]))
}

function mergedOf(schema: JsonSchema, parts: readonly JsonSchema[], {root}: Sampling): JsonSchema {
  const all = [
    schema,
    ...parts.map((part) => (typeof part['$ref'] === 'string' ? referredTo(part['$ref'], root) : part)),
  ]
  const known = all.filter(isSchema)
  const properties = known.map((each) => each['properties']).filter(isSchema)
  const required = known.flatMap((each) => listIn(each['required']))
  const merged: JsonSchema = Object.assign({}, ...known)
  return properties.length === 0 ? merged : {...merged, required, properties: Object.assign({}, ...properties)}
}

function itemsOf(schema: JsonSchema, sampling: Sampling): readonly unknown[] {
  const first = listIn(schema['prefixItems']).map((each) => valueOf(each, sampling))
  const usual = Math.max(sampling.isSmall ? 0 : 1, first.length)
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : usual
  const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Infinity
  const many = Math.min(Math.max(least, sampling.isSmall ? 0 : 1), most, 100)
  const more = Array.from({length: Math.max(0, many - first.length)}, () => valueOf(schema['items'] ?? {}, sampling))
  return [...first, ...more].slice(0, many)
}

const numberIn = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

function numberOf(schema: JsonSchema): number {
  const step = numberIn(schema['multipleOf'], schema['type'] === 'integer' ? 1 : 0)
  const least = Math.max(numberIn(schema['minimum'], -Infinity), numberIn(schema['exclusiveMinimum'], -Infinity))
  const most = Math.min(numberIn(schema['maximum'], Infinity), numberIn(schema['exclusiveMaximum'], Infinity))
  const isInside = (value: number): boolean =>
    value >= numberIn(schema['minimum'], -Infinity) &&
    value > numberIn(schema['exclusiveMinimum'], -Infinity) &&
    value <= numberIn(schema['maximum'], Infinity) &&
    value < numberIn(schema['exclusiveMaximum'], Infinity)
  const rounded = (value: number): number => (step > 0 ? Math.ceil(value / step) * step : value)
  const middle = Number.isFinite(least) && Number.isFinite(most) ? (least + most) / 2 : 1
  const tried = [1, rounded(least), rounded(least) + (step || 1), rounded(most) - (step || 1), most, middle, 0]
  // 0.3 is three times 0.1, and 0.3 % 0.1 is not 0
  const isStep = (value: number): boolean => step <= 0 || Math.abs(value / step - Math.round(value / step)) < 1e-9
  return tried.filter((value) => Number.isFinite(value) && isStep(value)).find(isInside) ?? 1
}

const texts: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  email: 'somebody@example.org',
  uri: 'https://example.org/',
  url: 'https://example.org/',
  uuid: '00000000-0000-4000-8000-000000000000',
  ipv4: '192.0.2.1',
}

function textOf({minLength, maxLength, format}: JsonSchema): string {
  const text = (typeof format === 'string' && Object.hasOwn(texts, format) ? texts[format] : undefined) ?? 'text'
  return text.padEnd(Math.min(numberIn(minLength, 0), 10_000), 'x').slice(0, numberIn(maxLength, Infinity))
}
