/** YAML → Pipeline, or every mistake in it with its line and column, before anything is asked. */
import {isNode} from 'yaml'
import * as z from 'zod'
import {parseYaml, problemsOf, renderProblem, type Parsed, type Read} from '../document.ts'
import {placeIn, type Kind, type Origin, type Place, type Remark} from './forms/mapping.ts'
import {isRecord} from './functions.ts'
import {namesIn, type Wrong} from './names.ts'
import {normalise, type NormalPipeline} from './normal.ts'
import {knownInputs, reserved} from './scope.ts'
import {stepTypeOf} from './steps/index.ts'
import {allSteps, Common, commonKeys, type BoundStep, type Branch, type Diagnostic, type Pipeline} from './step.ts'

const Word = z.string().regex(/^[A-Za-z_][\w-]*$/, 'must be a word, as in `cross_check`: letters, digits, _ and -')
const Values = z.record(z.string(), z.json())

const Workflow = z.strictObject({
  name: z.string().min(1).max(200),
  description: z.string().default(''),
  version: z.string().optional(),
  /** For people and for the record of an evolution; read by nothing here. */
  metadata: z.record(z.string(), z.unknown()).optional(),
  inputs: z.array(Word).default([]),
  variables: Values.default({}),
  defaults: z.record(z.string(), z.unknown()).default({}),
  workspace: z.string().min(1).optional(),
  outputs_to: z.string().min(1).optional(),
  checkpoint: z.union([z.boolean(), z.string().min(1)]).optional(),
  steps: z.array(z.unknown()).min(1),
})
type Workflow = z.infer<typeof Workflow>

/**
 * How much a reader forgives. `lenient` runs whatever can be run, as pipeline_ex's files were written; `careful` takes their
 * spellings and refuses what is probably a mistake, because a gate hangs on it; `strict` takes the canonical spelling only.
 */
export type Reader = 'lenient' | 'careful' | 'strict'

const refuses: Readonly<Record<Reader, readonly Kind[]>> = {
  lenient: ['error'],
  careful: ['error', 'mistake'],
  strict: ['error', 'mistake', 'leniency'],
}

export interface ParseOptions {
  /** Names of values that the caller will give besides the known inputs and those the file declares. */
  readonly inputs?: readonly string[]
  /** `careful` when not given. */
  readonly reader?: Reader
}

/** One reading of one file. */
interface Reading {
  readonly text: string
  readonly file: string
  readonly parsed: Parsed
  readonly remarks: Remark[]
  /** Where each step came from, those inside of others too. */
  readonly places: Map<BoundStep, (path: Place) => Place>
}

/** Every form that `normalise` knows. What the reader forgives is told in the pipeline's `diagnostics`. */
export function parsePipeline(
  text: string,
  file: string,
  {inputs = [], reader = 'careful'}: ParseOptions = {},
): Read<Pipeline> {
  const read = parseYaml(text, file)
  if (!read.ok) return read
  const normal = normalise(read.value.value, nameOf(file))
  const reading: Reading = {text, file, parsed: read.value, remarks: [...normal.remarks], places: new Map()}
  const pipeline = normal.value === null ? null : assemble(normal, reading, inputs)
  const found = diagnosticsOf(reading)
  const problems = found.filter(({kind}) => refuses[reader].includes(kind))
  if (problems.length > 0 || pipeline === null) {
    // a key that nobody knows may be why another one is missing
    const told = found.filter(({kind}) => kind !== 'leniency' || refuses[reader].includes(kind))
    return {ok: false, problems: problems.length > 0 ? told : found}
  }
  return {ok: true, value: {...pipeline, keepsUnresolved: reader === 'lenient', diagnostics: found}}
}

/** The canonical form of a file, without binding it. */
export function normalFormOf(text: string, file: string): Read<Readonly<Record<string, unknown>>> {
  const read = parseYaml(text, file)
  if (!read.ok) return read
  const {value, remarks} = normalise(read.value.value, nameOf(file))
  const found = diagnosticsOf({text, file, parsed: read.value, remarks: [...remarks], places: new Map()})
  return value === null ? {ok: false, problems: found.filter(({kind}) => kind === 'error')} : {ok: true, value}
}

const nameOf = (file: string): string =>
  (file.split(/[\\/]/).at(-1) ?? '').replace(/\.ya?ml$/i, '').replaceAll(/[^\w-]+/g, '_') || 'pipeline'

/** As they stand in the file; what is found once for each step and stands in one place is told once. */
function diagnosticsOf({remarks, parsed, file}: Reading): readonly Diagnostic[] {
  const found = remarks.map(({kind, code, message, place, atKey, line, col}): Diagnostic => ({
    file,
    ...(line !== undefined && col !== undefined ? {line, col} : atKey ? parsed.keyAt(place) : parsed.at(place)),
    code,
    message,
    kind,
  }))
  const once = new Map(found.map((each) => [renderProblem(each), each]))
  return [...once.values()].toSorted((a, b) => a.line - b.line || a.col - b.col)
}

function assemble(normal: NormalPipeline, reading: Reading, more: readonly string[]): Pipeline | null {
  const at = (path: Place): Place => normal.placeOf(path)
  const workflow = Workflow.safeParse(normal.value)
  if (!workflow.success) {
    addProblems(workflow.error, at, 'error', reading)
    return null
  }
  const {data} = workflow
  checkDefaults(data, at, reading)
  const steps = bindAll(data.steps, normal.steps, data, reading)
  checkNamesTaken(data, normal.steps, at, reading)
  const values = [...knownInputs, ...data.inputs, ...Object.keys(data.variables), ...more]
  const {wrong, used} = namesIn(steps, values)
  for (const each of wrong) addWrong(each, reading)
  return {
    name: data.name,
    description: data.description,
    steps,
    inputs: used.filter((name) => !Object.hasOwn(data.variables, name)),
    declared: data.inputs.filter((name) => !isKnownInput(name) && !Object.hasOwn(data.variables, name)),
    variables: data.variables,
    settings: {
      workspace: data.workspace ?? null,
      outputs: data.outputs_to ?? null,
      checkpoint:
        data.checkpoint === undefined || data.checkpoint === false
          ? null
          : {folder: typeof data.checkpoint === 'string' ? data.checkpoint : null},
      version: data.version ?? null,
    },
  }
}

/** zod's issues at their places in the file. */
function addProblems(
  error: z.ZodError,
  at: (path: Place) => Place,
  kind: Kind,
  {parsed, file, remarks}: Reading,
): void {
  const places: Parsed = {...parsed, at: (path) => parsed.at(at(path)), keyAt: (path) => parsed.keyAt(at(path))}
  for (const {line, col, code, message} of problemsOf(error, places, file))
    remarks.push({kind, code, message, place: [], atKey: false, line, col})
}

const isKnownInput = (name: string): boolean => knownInputs.some((known) => known === name)

/** One name, one thing. */
function checkNamesTaken(
  {inputs, variables, steps}: Workflow,
  origins: readonly Origin[],
  at: (path: Place) => Place,
  {remarks}: Reading,
): void {
  const taken = new Map<string, string>(reserved.map((name) => [name, 'is a name of its own']))
  const take = (name: string, what: string, place: Place): void => {
    const already = taken.get(name)
    taken.set(name, `is already ${what}`)
    if (already === undefined || name === '') return
    const message = `\`${name}\` ${already}; choose another name`
    remarks.push({kind: 'mistake', code: 'duplicate-name', message, place, atKey: false})
  }
  for (const [index, name] of inputs.entries()) if (!isKnownInput(name)) take(name, 'an input', at(['inputs', index]))
  for (const name of Object.keys(variables)) take(name, 'a variable', at(['variables', name]))
  for (const [index, step] of steps.entries()) {
    const origin = origins[index]
    const place = origin === undefined ? at(['steps', index]) : placeIn(origin, ['name'])
    take(Step.parse(step).name, `the name of step ${index + 1}`, place)
  }
}

const defaultable: readonly string[] = ['system', 'max_tokens', 'repair', 'model', 'provider']

function checkDefaults({defaults}: Workflow, at: (path: Place) => Place, {remarks}: Reading): void {
  for (const key of Object.keys(defaults)) {
    if (defaultable.includes(key)) continue
    const message = `defaults.${key}: is not a known key; there are: ${defaultable.join(', ')}`
    remarks.push({kind: 'mistake', code: 'unrecognized-keys', message, place: at(['defaults', key]), atKey: false})
  }
}

function bindAll(
  raw: readonly unknown[],
  origins: readonly Origin[],
  workflow: Workflow,
  reading: Reading,
): readonly BoundStep[] {
  return raw.flatMap((each, index): readonly BoundStep[] => {
    const origin = origins[index]
    const step = isRecord(each) && origin !== undefined ? bindStep(each, origin, workflow, reading) : null
    return step === null ? [] : [step]
  })
}

const Step = z.looseObject({name: z.string(), type: z.string()})

function bindStep(raw: unknown, origin: Origin, workflow: Workflow, reading: Reading): BoundStep | null {
  const at = (path: Place): Place => placeIn(origin, path)
  const {name, type, ...own} = Step.parse(raw)
  const stepType = stepTypeOf(type)
  const isCommon = (key: string): boolean => commonKeys.includes(key)
  const common = Common.safeParse(Object.fromEntries(Object.entries(own).filter(([key]) => isCommon(key))))
  if (!common.success) addProblems(common.error, at, 'error', reading)
  if (!common.success || stepType === undefined) return null
  const inherited = Object.entries(workflow.defaults).filter(
    ([key]) => stepType.defaults.includes(key) && !Object.hasOwn(own, key),
  )
  const fromDefaults = new Set<PropertyKey>(inherited.map(([key]) => key))
  const settings = Object.fromEntries([...inherited, ...Object.entries(own).filter(([key]) => !isCommon(key))])
  const placeOf = (path: Place): Place =>
    fromDefaults.has(path[0] ?? '') ? [...defaultsAt(reading), ...path] : at(path)
  const nest = ({steps, path}: Branch): readonly BoundStep[] =>
    bindAll(steps, originsOf(origin, path), workflow, reading)
  const binding = {name, type, common: common.data, settings, nest}
  const bound = stepType.bind(binding)
  if (bound.ok) return bindTo(bound.step, placeOf, reading)
  const without = withoutUnknown(settings, bound.error)
  addProblems(without.unknown, placeOf, 'mistake', reading)
  const again = without.unknown.issues.length === 0 ? bound : stepType.bind({...binding, settings: without.settings})
  if (again.ok) return bindTo(again.step, placeOf, reading)
  addProblems(again.error, placeOf, 'error', reading)
  return null
}

/** Of the steps of a branch: a list of them, or the one that stands at that place of a list. */
function originsOf({inside}: Origin, path: Place): readonly Origin[] {
  const index = path.at(-1)
  const one = typeof index === 'number' ? inside.get(path.slice(0, -1).join('/'))?.[index] : undefined
  return inside.get(path.join('/')) ?? (one === undefined ? [] : [one])
}

function bindTo(step: BoundStep, placeOf: (path: Place) => Place, {places}: Reading): BoundStep {
  places.set(step, placeOf)
  return step
}

/** Where `defaults` stands in the file: under `workflow:` or at the top. */
const defaultsAt = ({parsed: {value}}: Reading): Place =>
  isRecord(value) && isRecord(value['workflow']) ? ['workflow', 'defaults'] : ['defaults']

/** The settings without the keys that nobody knows, and the issues about these. */
function withoutUnknown(
  settings: unknown,
  error: z.ZodError,
): {readonly settings: unknown; readonly unknown: z.ZodError} {
  const issues = error.issues.filter(({code}) => code === 'unrecognized_keys')
  let rest = settings
  for (const issue of issues)
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) rest = without(rest, [...issue.path, key])
  return {settings: rest, unknown: new z.ZodError(issues)}
}

function without(value: unknown, [first, ...rest]: readonly PropertyKey[]): unknown {
  if (Array.isArray(value)) return value.map((each: unknown, index) => (index === first ? without(each, rest) : each))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => {
      if (key !== first) return [[key, each]]
      return rest.length === 0 ? [] : [[key, without(each, rest)]]
    }),
  )
}

const kinds: Readonly<Record<Wrong['code'], Kind>> = {
  'unknown-step': 'error',
  'unknown-name': 'mistake',
  'unknown-function': 'mistake',
  'bad-expression': 'mistake',
  unreachable: 'mistake',
  outside: 'mistake',
}

function addWrong(wrong: Wrong, reading: Reading): void {
  const place = reading.places.get(wrong.step)?.(wrong.path) ?? []
  const {raw, start, text, code, message} = wrong
  const at = raw === null ? {} : positionOf(place, {raw, start}, text, reading)
  // an expression that cannot be read cannot be run; a template stays a text
  const isUnrunnable = raw === null && (code === 'bad-expression' || code === 'unknown-function')
  const kind = isUnrunnable ? 'error' : kinds[code]
  reading.remarks.push({kind, code, message, place, atKey: false, ...at})
}

/**
 * Where a placeholder stands in the file. A value may be folded or quoted, so its lines are not the file's: the n-th such
 * placeholder of the value is the n-th in the source of its node; else the place of the value.
 */
function positionOf(
  place: Place,
  {raw, start}: {readonly raw: string; readonly start: number},
  value: string,
  {text: source, parsed, remarks}: Reading,
): {readonly line?: number; readonly col?: number} {
  const path = place.map((key) => (typeof key === 'symbol' ? String(key) : key))
  const node = parsed.document.getIn(path, true)
  const range = isNode(node) ? node.range : undefined
  if (!range) return {}
  // the place of the whole text is good enough where it holds hundreds of mistakes
  if (value.length > maxSearched && remarks.length > maxPlaced) return {}
  let before = value.slice(0, start).split(raw).length - 1
  let offset = source.indexOf(raw, range[0])
  for (; before > 0 && offset >= 0; before--) offset = source.indexOf(raw, offset + raw.length)
  if (offset < 0 || offset >= range[1]) return {}
  return parsed.placeOf(offset)
}

const maxSearched = 2_000
const maxPlaced = 10

/** Files that prompts of it read, where their paths are known before. */
export const promptFilesIn = ({steps}: Pipeline): readonly string[] =>
  allSteps(steps).flatMap(({templates}) =>
    templates.flatMap(({path, text}) =>
      path[0] === 'prompt' && path.at(-1) === 'path' && !text.includes('{{') ? [text] : [],
    ),
  )

/** Pipeline files that it will run, where their paths are known before. */
export const pipelinesIn = ({steps}: Pipeline): readonly string[] => allSteps(steps).flatMap(({pipelines}) => pipelines)
