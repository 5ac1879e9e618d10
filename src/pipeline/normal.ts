/**
 * Every form that pipelines have been written in → the one canonical form, with a remark for each leniency. The value of a file in,
 * a value out; the canonical form of a canonical form is itself.
 */
import {stringify} from 'yaml'
import {conditionOf} from './forms/condition.ts'
import type {FormContext, Normal} from './forms/context.ts'
import {forms} from './forms/index.ts'
import {
  draft,
  mapping,
  remarks,
  type Draft,
  type Kind,
  type Mapping,
  type Origin,
  type Place,
  type Remark,
  type Remarks,
} from './forms/mapping.ts'
import {isRecord, isTrue, textOfValue} from './functions.ts'
import {commonKeys} from './step.ts'

export interface NormalPipeline {
  /** null: it is no pipeline, which the remarks say. */
  readonly value: Readonly<Record<string, unknown>> | null
  /** Of the steps, in their order. */
  readonly steps: readonly Origin[]
  /** Where a key of the canonical workflow stands in the file. */
  readonly placeOf: (path: Place) => Place
  readonly remarks: readonly Remark[]
}

/** @param name what a pipeline without a name is called */
export function normalise(raw: unknown, name: string): NormalPipeline {
  const notes = remarks()
  if (!isTooDeep(raw, 0)) return normaliseAt(raw, name, [], notes)
  notes.add('error', 'too-deep', `a pipeline is nested at most ${maxNesting} levels deep`, [])
  return {value: null, steps: [], placeOf: (path) => path, remarks: notes.list}
}

/** Enough for loops in loops in loops; every walk over a pipeline is by recursion. */
const maxNesting = 150

const isTooDeep = (raw: unknown, depth: number): boolean =>
  typeof raw === 'object' &&
  raw !== null &&
  (depth >= maxNesting || Object.values(raw).some((each) => isTooDeep(each, depth + 1)))

function normaliseAt(raw: unknown, name: string, place: Place, notes: Remarks): NormalPipeline {
  const refused = {value: null, steps: [], placeOf: (path: Place) => path, remarks: notes.list}
  const found = workflowIn(raw, place, notes)
  if (found === null) return refused
  const {workflow, root} = found
  const map = mapping(workflow, root, notes)
  const out = draft()
  readName(map, out, name, notes)
  const functions = readFunctions(map, notes)
  const defaults = readDefaults(map, out, notes)
  readValues(map, out, notes)
  readPlaces(map, out, defaults, notes)
  ignoreKnown(map)
  const steps = map.take('steps')
  for (const {key, place} of map.left())
    notes.add('mistake', 'unrecognized-keys', `${key}: is not a known key`, place, true)
  if (steps === null) {
    notes.add('error', 'no-steps', 'steps: a pipeline has at least one step', root)
    return refused
  }
  const context = contextOf({remarks: notes, functions, preset: defaults.preset, base: defaults.base})
  const read = context.steps(steps.value, found.isList === true ? place : steps.place, [])
  if (read === null || read.length === 0) {
    if (!notes.list.some(({kind}) => kind === 'error'))
      notes.add('error', 'no-steps', 'steps: a pipeline has at least one step', steps.place)
    return refused
  }
  out.set(
    'steps',
    read.map(({value}) => value),
    steps.place,
  )
  const {keys} = out.origin(root)
  return {
    value: out.value(),
    steps: read.map(({origin}) => origin),
    placeOf: ([first = '', ...rest]) => [...(keys.get(String(first)) ?? [...root, first]), ...rest],
    remarks: notes.list,
  }
}

/** As YAML that reads back as itself. */
export const printNormal = (value: Readonly<Record<string, unknown>>): string =>
  stringify(value, {lineWidth: 0, aliasDuplicateObjects: false, version: '1.2', schema: 'core'})

interface Found {
  readonly workflow: Readonly<Record<string, unknown>>
  readonly root: Place
  /** The file is nothing but the list of its steps. */
  readonly isList?: boolean
}

function workflowIn(raw: unknown, top: Place, notes: Remarks): Found | null {
  const refuse = (message: string, place: Place = top): null => {
    notes.add('error', 'not-a-pipeline', message, place)
    return null
  }
  if (Array.isArray(raw)) {
    notes.add('leniency', 'bare-steps', 'a pipeline is a mapping with `name` and `steps`; this is a list of steps', top)
    return {workflow: {steps: raw}, root: top, isList: true}
  }
  if (!isRecord(raw)) return refuse('a pipeline is a mapping with `name` and `steps`')
  if (Object.hasOwn(raw, 'workflow')) {
    const {workflow} = raw
    if (!isRecord(workflow)) return refuse('workflow: must be a mapping with `name` and `steps`', [...top, 'workflow'])
    for (const key of Object.keys(raw).filter((each) => each !== 'workflow'))
      notes.add('mistake', 'unrecognized-keys', `${key}: is not a known key beside \`workflow\``, [...top, key], true)
    notes.add('leniency', 'wrapped', 'workflow: its keys stand at the top of the file', [...top, 'workflow'], true)
    return {workflow, root: [...top, 'workflow']}
  }
  const {pipeline} = raw
  if (isRecord(pipeline) && (Array.isArray(raw['steps']) || Array.isArray(pipeline['steps']))) {
    notes.add('leniency', 'wrapped', 'pipeline: its keys stand at the top of the file', [...top, 'pipeline'], true)
    return beside(raw, pipeline, top)
  }
  if (!Object.hasOwn(raw, 'steps')) {
    const isCase = Object.hasOwn(raw, 'expected_output') || Object.hasOwn(raw, 'generated_pipeline')
    return refuse(
      isCase
        ? 'this is a test case (input and expected_output), not a pipeline'
        : 'steps: a pipeline has at least one step',
    )
  }
  return {workflow: raw, root: top}
}

/** `pipeline:` holds what describes it, `steps:` stands beside it or in it. The place is that of most of its keys. */
function beside(
  raw: Readonly<Record<string, unknown>>,
  pipeline: Readonly<Record<string, unknown>>,
  top: Place,
): Found {
  const {pipeline: _, ...rest} = raw
  const isOutside = Array.isArray(raw['steps'])
  return {workflow: {...pipeline, ...rest}, root: isOutside ? top : [...top, 'pipeline']}
}

function readName(map: Mapping, out: Draft, fallback: string, notes: Remarks): void {
  const found = map.take('name')
  if (found === null)
    notes.add('mistake', 'no-name', `name: a pipeline has a name; this one is called \`${fallback}\``, map.place)
  const said = textOfValue(found?.value)
  const name = said.trim() === '' ? fallback : said
  out.set('name', name.slice(0, 200), found?.place ?? map.place)
  for (const key of ['description', 'version']) {
    const text = map.take(key)
    if (text !== null) out.set(key, textOfValue(text.value), text.place)
  }
  const metadata = map.take('metadata')
  if (metadata !== null)
    out.set('metadata', isRecord(metadata.value) ? metadata.value : {value: metadata.value}, metadata.place)
}

function readFunctions(map: Mapping, notes: Remarks): FormContext['functions'] {
  const found = map.take('gemini_functions', 'functions')
  if (found === null) return {}
  notes.add('leniency', 'functions', `${found.key}: are a \`schema\` of the steps that use them`, found.place, true)
  if (!isRecord(found.value)) {
    notes.add(
      'error',
      'bad-functions',
      `${found.key}: must be a mapping of name to {description, parameters}`,
      found.place,
    )
    return {}
  }
  return Object.fromEntries(
    Object.entries(found.value).flatMap(([name, each]) => {
      const parameters = isRecord(each) ? each['parameters'] : undefined
      if (isRecord(parameters)) return [[name, closed(parameters)] as const]
      notes.add('error', 'bad-functions', `${name}: a function has \`parameters\`, a JSON Schema`, [
        ...found.place,
        name,
      ])
      return []
    }),
  )
}

/** Types of Google's own schemas are in capitals. */
function closed(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'type' && typeof value === 'string') return [key, value.toLowerCase()]
      if (isRecord(value)) return [key, closed(value)]
      return [key, value]
    }),
  )
}

interface Defaults {
  readonly preset: string | null
  readonly outputs: unknown
  readonly base: FormContext['base']
}

const kept: readonly string[] = ['system', 'max_tokens', 'repair', 'model', 'provider']

function readDefaults(map: Mapping, out: Draft, notes: Remarks): Defaults {
  const inner = map.inner('defaults')
  if (inner === null) return {preset: null, outputs: null, base: {}}
  const [preset, outputs] = [inner.take('claude_preset'), inner.take('output_dir')]
  if (preset !== null)
    notes.add('leniency', 'preset', 'claude_preset: stands for options that a step can say itself', preset.place, true)
  const values = kept.flatMap((key) => {
    const found = inner.take(key)
    return found === null ? [] : [[key, found.value] as const]
  })
  if (values.length > 0) out.set('defaults', Object.fromEntries(values), inner.place)
  const taken = ['claude_options', 'gemini_token_budget', 'gemini_model'].map((key) => inner.take(key))
  for (const each of taken)
    if (each !== null) notes.add('leniency', 'defaults', `${each.key}: is said by each step itself`, each.place, true)
  const [claude, gemini, model] = taken.map((each) => each?.value)
  for (const key of ['claude_output_format', 'timeout_seconds', 'environment'])
    inner.ignore(key, 'leniency', 'means nothing here')
  return {
    preset: typeof preset?.value === 'string' ? preset.value : null,
    outputs: outputs?.value ?? null,
    base: {
      claude: isRecord(claude) ? claude : {},
      gemini: {...(isRecord(gemini) ? gemini : {}), ...(model === undefined ? {} : {model})},
    },
  }
}

/** Names that a run must be given, and the author's own values. */
function readValues(map: Mapping, out: Draft, notes: Remarks): void {
  const names: string[] = []
  const variables = new Map<string, unknown>()
  for (const key of ['inputs', 'input']) {
    const found = map.take(key)
    if (found === null) continue
    if (Array.isArray(found.value) && found.value.every((each) => typeof each === 'string'))
      names.push(...found.value.map(textOfValue))
    else if (Array.isArray(found.value)) names.push(...namesIn(found.value))
    else if (isRecord(found.value)) {
      notes.add(
        'leniency',
        'inputs-form',
        `${key}: is a list of names; values stand under \`variables\``,
        found.place,
        true,
      )
      for (const [name, value] of Object.entries(found.value)) {
        const given = defaultOf(value)
        if (given === undefined) names.push(name)
        else variables.set(name, given)
      }
    } else notes.add('error', 'bad-inputs', `${key}: must be a list of names`, found.place)
    if (names.length > 0) out.set('inputs', names, found.place)
  }
  for (const key of ['global_vars', 'variables', 'vars']) {
    const found = map.take(key)
    if (found === null) continue
    if (key !== 'variables') notes.add('leniency', 'renamed-key', `${key}: is called \`variables\``, found.place, true)
    if (!isRecord(found.value))
      notes.add('error', 'bad-variables', `${key}: must be a mapping of names to values`, found.place)
    else for (const [name, value] of Object.entries(found.value)) variables.set(name, value)
    out.set('variables', Object.fromEntries(variables), found.place)
  }
  if (variables.size > 0 && !out.has('variables')) out.set('variables', Object.fromEntries(variables), map.place)
}

const namesIn = (list: readonly unknown[]): readonly string[] =>
  list.flatMap((each) => (isRecord(each) && typeof each['name'] === 'string' ? [each['name']] : []))

/** `{type, required, default, description}` describes an input, anything else is its value. */
function defaultOf(value: unknown): unknown {
  if (!isRecord(value)) return value
  const isDescription = ['type', 'required', 'default', 'description'].some((key) => Object.hasOwn(value, key))
  return isDescription ? value['default'] : value
}

function readPlaces(map: Mapping, out: Draft, {outputs}: Defaults, notes: Remarks): void {
  const workspace = map.take('workspace', 'workspace_dir')
  if (workspace !== null) {
    if (workspace.key !== 'workspace')
      notes.add('leniency', 'renamed-key', 'workspace_dir: is called `workspace`', workspace.place, true)
    out.set('workspace', workspace.value, workspace.place)
  }
  const own = map.take('outputs_to', 'output_dir')
  const folder = own?.value ?? outputs
  if (folder !== null && folder !== undefined) out.set('outputs_to', folder, own?.place ?? map.place)
  const enabled = map.take('checkpoint_enabled', 'checkpoint')
  const where = map.take('checkpoint_dir')
  if (enabled === null || !isTrue(enabled.value)) return
  if (enabled.key !== 'checkpoint')
    notes.add(
      'leniency',
      'renamed-key',
      'checkpoint_enabled: is `checkpoint: true`, or the folder',
      enabled.place,
      true,
    )
  out.set('checkpoint', isTrue(where?.value) ? where?.value : enabled.value, enabled.place)
}

function ignoreKnown(map: Mapping): void {
  for (const {keys, kind, why} of unread) for (const key of keys) map.ignore(key, kind, why)
}

/** What pipeline_ex's files have at the top and nothing here reads. */
const unread: readonly {readonly keys: readonly string[]; readonly kind: Kind; readonly why: string}[] = [
  {
    keys: 'environment outputs output monitoring resource_limits safety config providers tags author enable_context_management memory_config dspy_config setting_sources enable_skills'.split(
      ' ',
    ),
    kind: 'leniency',
    why: 'means nothing here',
  },
  {
    keys: ['hooks', 'mcp_servers', 'agents'],
    kind: 'mistake',
    why: 'is not carried out: it would run programs that nobody sees',
  },
  {
    keys: ['extends', 'include', 'imports'],
    kind: 'mistake',
    why: 'is not supported; use a step of type `pipeline`',
  },
]

/** One reading of the steps of a file: it knows what stood before. */
function contextOf(about: Pick<FormContext, 'remarks' | 'functions' | 'preset' | 'base'>): FormContext {
  const earlier = new Set<string>()
  const within = (items: readonly string[]): FormContext => {
    const context: FormContext = {
      ...about,
      earlier,
      items,
      steps: (raw, place, more) => stepsOf(raw, place, within([...items, ...more]), earlier),
      step: (raw, place) => stepOf(raw, place, 0, context, earlier),
      pipeline: (raw, place) => normaliseAt(raw, 'inline', place, about.remarks),
    }
    return context
  }
  return within([])
}

function stepsOf(raw: unknown, place: Place, context: FormContext, earlier: Set<string>): readonly Normal[] | null {
  if (!Array.isArray(raw)) {
    context.remarks.add('error', 'bad-steps', 'steps: must be a list', place)
    return null
  }
  return inOrder(raw, place, context.remarks).flatMap(({each, at}): readonly Normal[] => {
    const step = stepOf(each, [...place, at], at, context, earlier)
    return step === null ? [] : [step]
  })
}

interface Placed {
  readonly each: unknown
  readonly at: number
}

/** As they are written, but none before a step that it says it depends on. What depends on itself stays where it is. */
function inOrder(raw: readonly unknown[], place: Place, notes: Remarks): readonly Placed[] {
  const left = raw.map((each, at): Placed => ({each, at}))
  const names = new Set(raw.map(nameOf))
  const ordered: Placed[] = []
  const done = new Set<string>()
  while (left.length > 0) {
    const isReady = ({each}: Placed): boolean => needsOf(each).every((name) => done.has(name) || !names.has(name))
    const next = Math.max(0, left.findIndex(isReady))
    const [step] = left.splice(next, 1)
    if (step === undefined) break
    if (next > 0)
      notes.add(
        'leniency',
        'order',
        `\`${nameOf(step.each, step.at)}\` runs before what depends on it: write it there`,
        [...place, step.at],
      )
    ordered.push(step)
    done.add(nameOf(step.each, step.at))
  }
  return ordered
}

const nameOf = (raw: unknown, at: number): string => called(isRecord(raw) ? (raw['name'] ?? raw['id']) : undefined, at)

/** What a step is called, also one that has no name of its own. */
function called(name: unknown, at: number): string {
  if (typeof name === 'string' && name.trim() !== '') return name
  return typeof name === 'number' ? String(name) : `step_${at + 1}`
}

function needsOf(raw: unknown): readonly string[] {
  const needs = isRecord(raw) ? raw['depends_on'] : undefined
  return (Array.isArray(needs) ? needs : [needs]).filter((each) => typeof each === 'string')
}

function stepOf(raw: unknown, place: Place, at: number, context: FormContext, earlier: Set<string>): Normal | null {
  const notes = context.remarks
  if (!isRecord(raw)) {
    notes.add('error', 'bad-step', 'a step is a mapping with `name` and `type`', place)
    return null
  }
  const type = typeof raw['type'] === 'string' ? raw['type'] : ''
  const form = Object.hasOwn(forms, type) ? forms[type] : undefined
  if (form === undefined) {
    const known = Object.entries(forms).flatMap(([key, {isAlias}]) => (isAlias ? [] : [key]))
    const message = type === '' ? 'type: which one?' : `\`${type}\` is not a step type`
    notes.add('error', 'unknown-step-type', `${message}; there are: ${known.join(', ')}`, [
      ...place,
      ...(type === '' ? [] : ['type']),
    ])
    const {name} = raw
    if (typeof name === 'string') earlier.add(name)
    return null
  }
  if (form.isAlias) notes.add('leniency', 'alias', `type: \`${type}\` is \`${form.type}\` here`, [...place, 'type'])
  const step = mapping(raw, place, notes)
  const out = draft()
  const name = readStepName(raw['name'] ?? raw['id'], at, place, notes)
  out.set('name', name, [...place, 'name'])
  out.set('type', form.type, [...place, 'type'])
  form.read(step, out, context)
  step.take('name', 'id')
  step.take('type')
  readCommon(step, out, notes)
  for (const {key, value, place: where} of step.left()) {
    if (key.includes('.')) notes.add('mistake', 'unrecognized-keys', `${key}: is not a known key`, where, true)
    else if (!out.has(key)) out.set(key, value, where)
  }
  earlier.add(name)
  return {value: out.value(), origin: out.origin(place)}
}

function readStepName(raw: unknown, at: number, place: Place, notes: Remarks): string {
  if (typeof raw === 'string' && raw.trim() !== '') {
    if (!/^[A-Za-z_][\w-]*$/.test(raw))
      notes.add(
        'leniency',
        'step-name',
        `name: \`${raw}\` is no word; other steps reach it as steps[${JSON.stringify(raw)}]`,
        [...place, 'name'],
      )
    return raw
  }
  const name = called(raw, at)
  notes.add('mistake', 'no-name', `name: a step has a name; this one is called \`${name}\``, place)
  return name
}

function readCommon(step: Mapping, out: Draft, notes: Remarks): void {
  const condition = step.take('condition', 'when', 'if')
  if (condition !== null) {
    if (condition.key !== 'condition')
      notes.add('leniency', 'renamed-key', `${condition.key}: is called \`condition\``, condition.place, true)
    const text = conditionOf(condition.value, condition.place, notes)
    if (text !== null) out.set('condition', text, condition.place)
  }
  const target = step.take('output_to_file', 'output_file')
  if (target !== null) {
    if (target.key !== 'output_to_file')
      notes.add('leniency', 'renamed-key', `${target.key}: is called \`output_to_file\``, target.place, true)
    out.set('output_to_file', target.value, target.place)
  }
  const goesOn = step.take('continue_on_error')
  if (goesOn !== null) {
    notes.add('leniency', 'renamed-key', 'continue_on_error: is `on_error: continue`', goesOn.place, true)
    if (isTrue(goesOn.value)) out.set('on_error', 'continue', goesOn.place)
  }
  for (const key of commonKeys) {
    const found = step.take(key)
    if (found === null || out.has(key)) continue
    if (key === 'on_error') out.set(key, onErrorOf(found.value), found.place)
    else if (key === 'depends_on') out.set(key, Array.isArray(found.value) ? found.value : [found.value], found.place)
    else out.set(key, found.value, found.place)
  }
  for (const key of ['streaming', 'cache', 'cost_tracking', 'metadata', 'tags', 'monitoring', 'debug'])
    step.ignore(key, 'leniency', 'means nothing here')
}

const onErrorOf = (value: unknown): unknown =>
  value === 'skip' || value === 'ignore' ? 'continue' : value === 'fail' || value === 'abort' ? 'stop' : value
