/** YAML → Pipeline, or every mistake in it with its line and column, before anything is asked. */
import {isNode} from 'yaml'
import * as z from 'zod'
import {parseYaml, problemsOf, renderProblem, type Parsed, type Problem, type Read} from '../document.ts'
import {stepTypeNames, stepTypeOf} from './steps/index.ts'
import {knownInputs, referenceOf, reserved} from './scope.ts'
import type {Bound, Pipeline, Template} from './step.ts'
import {mistakesIn, placeholdersIn, type Placeholder} from './template.ts'

const Name = z.string().regex(/^[A-Za-z_][\w-]*$/, 'must be a word, as in `cross_check`: letters, digits, _ and -')

const Workflow = z.strictObject({
  name: z.string().min(1).max(200),
  description: z.string().default(''),
  version: z.union([z.string(), z.number()]).optional(),
  /** For people and for the record of an evolution; read by nothing here. */
  metadata: z.record(z.string(), z.unknown()).optional(),
  inputs: z.array(Name).default([]),
  variables: z.record(Name, z.json()).default({}),
  defaults: z.record(z.string(), z.unknown()).default({}),
  steps: z.array(z.unknown()).min(1, 'a pipeline has at least one step'),
})
type Workflow = z.infer<typeof Workflow>

const Step = z.looseObject({name: Name, type: z.string()})

/** A step with its settings read, and where in the document a setting stands: in the step or in `defaults`. */
interface Bounded extends Extract<Bound, {readonly ok: true}> {
  readonly placeOf: (path: readonly PropertyKey[]) => readonly PropertyKey[]
}

/** One reading of one file. `root` is where the workflow stands: under `workflow:` or at the top. */
interface Reading {
  readonly text: string
  readonly file: string
  readonly parsed: Parsed
  readonly root: readonly PropertyKey[]
}

/**
 * pipeline_ex's `workflow:` wrapper or the bare form.
 *
 * @param more names of values that the caller will give besides the known inputs and those the file declares
 */
export function parsePipeline(text: string, file: string, more: readonly string[] = []): Read<Pipeline> {
  const read = parseYaml(text, file)
  if (!read.ok) return read
  const reading: Reading = {text, file, parsed: read.value, root: isWrapped(read.value.value) ? ['workflow'] : []}
  const beside = siblingsOf(reading)
  if (beside.length > 0) return {ok: false, problems: beside}
  const workflow = Workflow.safeParse(reading.root.reduce<unknown>(childOf, read.value.value))
  if (!workflow.success) return {ok: false, problems: problemsOf(workflow.error, under(reading, reading.root), file)}
  return assemble(workflow.data, reading, more)
}

const childOf = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

const isWrapped = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, 'workflow')

/** Beside `workflow:` nothing may stand: it would be read by nobody. */
function siblingsOf({parsed: {value, keyAt}, file, root}: Reading): readonly Problem[] {
  if (root.length === 0 || typeof value !== 'object' || value === null) return []
  return Object.keys(value).flatMap((key) =>
    key === 'workflow'
      ? []
      : [{file, ...keyAt([key]), code: 'unrecognized-keys', message: `${key}: is not a known key beside \`workflow\``}],
  )
}

/** The document as seen from a place inside it. */
const under = ({parsed}: Reading, prefix: readonly PropertyKey[]): Parsed => ({
  ...parsed,
  at: (path) => parsed.at([...prefix, ...path]),
  keyAt: (path) => parsed.keyAt([...prefix, ...path]),
})

function assemble(workflow: Workflow, reading: Reading, more: readonly string[]): Read<Pipeline> {
  const values = [...knownInputs, ...workflow.inputs, ...Object.keys(workflow.variables), ...more]
  const problems: Problem[] = [...namesTaken(workflow, reading), ...wrongDefaults(workflow, reading)]
  const names = workflow.steps.map(nameOf)
  const bound: Bounded[] = []
  for (const [index, raw] of workflow.steps.entries()) {
    const step = bindStep(raw, index, workflow, reading)
    if (!step.ok) {
      problems.push(...step.problems)
      continue
    }
    bound.push(step.value)
    const known: Known = {values, earlier: names.slice(0, index), steps: names, self: names[index] ?? ''}
    problems.push(...wrongNames(step.value, known, reading))
  }
  if (problems.length > 0) return {ok: false, problems: inOrder(problems)}
  const used = new Set(bound.flatMap(({step: {templates = []}}) => templates.flatMap((each) => valuesIn(each, names))))
  return {
    ok: true,
    value: {
      name: workflow.name,
      description: workflow.description,
      steps: bound.map(({step}) => step),
      inputs: [...used].filter((name) => !Object.hasOwn(workflow.variables, name)),
      variables: workflow.variables,
    },
  }
}

/** As they stand in the file; a mistake in `defaults` is found once for each step and told once. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [renderProblem(problem), problem]))
  return [...once.values()].toSorted((a, b) => a.line - b.line || a.col - b.col)
}

const nameOf = (raw: unknown): string => Step.safeParse(raw).data?.name ?? ''

/** Names of values in a template, without those that the step itself knows. */
const valuesIn = ({text, knows = []}: Template, names: readonly string[]): readonly string[] =>
  placeholdersIn(text)
    .map((placeholder) => referenceOf(placeholder, (word) => names.includes(word)))
    .flatMap(({kind, name}) => (kind === 'value' && !knows.includes(name) ? [name] : []))

const isKnownInput = (name: string): boolean => knownInputs.some((known) => known === name)

/** One name, one thing. */
function namesTaken({steps, inputs, variables}: Workflow, reading: Reading): readonly Problem[] {
  const taken = new Map<string, string>(reserved.map((name) => [name, 'is a name of its own']))
  const take = (name: string, what: string, path: readonly PropertyKey[]): readonly Problem[] => {
    const already = taken.get(name)
    taken.set(name, `is already ${what}`)
    return already === undefined || name === ''
      ? []
      : [{...problemAt(reading, path), code: 'duplicate-name', message: `\`${name}\` ${already}; choose another name`}]
  }
  return [
    ...inputs.flatMap((name, index) => (isKnownInput(name) ? [] : take(name, 'an input', ['inputs', index]))),
    ...Object.keys(variables).flatMap((name) => take(name, 'a variable', ['variables', name])),
    ...steps.flatMap((raw, index) => take(nameOf(raw), `the name of step ${index + 1}`, ['steps', index, 'name'])),
  ]
}

const problemAt = (
  {file, parsed, root}: Reading,
  path: readonly PropertyKey[],
): Pick<Problem, 'file' | 'line' | 'col'> => ({
  file,
  ...parsed.at([...root, ...path]),
})

const defaultable = [...new Set(stepTypeNames.flatMap((name) => stepTypeOf(name)?.defaults ?? []))]

const wrongDefaults = ({defaults}: Workflow, reading: Reading): readonly Problem[] =>
  Object.keys(defaults).flatMap((key) =>
    defaultable.includes(key)
      ? []
      : [
          {
            ...problemAt(reading, ['defaults', key]),
            code: 'unrecognized-keys',
            message: `defaults.${key}: is not a known key; there are: ${defaultable.join(', ')}`,
          },
        ],
  )

function bindStep(raw: unknown, index: number, {defaults}: Workflow, reading: Reading): Read<Bounded> {
  const {file} = reading
  const prefix = [...reading.root, 'steps', index]
  const read = Step.safeParse(raw)
  if (!read.success) return {ok: false, problems: problemsOf(read.error, under(reading, prefix), file)}
  const {name, type, ...own} = read.data
  const stepType = stepTypeOf(type)
  if (stepType === undefined) {
    const message = `\`${type}\` is not a step type; there are: ${stepTypeNames.join(', ')}`
    return {
      ok: false,
      problems: [{...problemAt(reading, ['steps', index, 'type']), code: 'unknown-step-type', message}],
    }
  }
  const inherited = Object.entries(defaults).filter(([key]) => stepType.defaults.includes(key) && !overrides(own, key))
  const fromDefaults = new Set<PropertyKey>(inherited.map(([key]) => key))
  const placeOf = (path: readonly PropertyKey[]): readonly PropertyKey[] =>
    fromDefaults.has(path[0] ?? '') ? [...reading.root, 'defaults', ...path] : [...prefix, ...path]
  const bound = stepType.bind({name, type, settings: {...Object.fromEntries(inherited), ...own}})
  if (bound.ok) return {ok: true, value: {...bound, placeOf}}
  const at: Parsed['at'] = (path) => reading.parsed.at(placeOf(path))
  const keyAt: Parsed['keyAt'] = (path) => reading.parsed.keyAt(placeOf(path))
  return {ok: false, problems: problemsOf(bound.error, {...reading.parsed, at, keyAt}, file)}
}

/** A step that says it in pipeline_ex's words has said it. */
const overrides = (own: Readonly<Record<string, unknown>>, key: string): boolean =>
  Object.hasOwn(own, key) || (key === 'system' && Object.hasOwn(own, 'system_prompt'))

interface Known {
  readonly values: readonly string[]
  readonly earlier: readonly string[]
  readonly steps: readonly string[]
  readonly self: string
}

function wrongNames({step: {templates = []}, uses, placeOf}: Bounded, known: Known, reading: Reading): Problem[] {
  const steps = uses.flatMap(({path, text}) => {
    const message = wrongStep(text, known)
    return message === null
      ? []
      : [{file: reading.file, ...reading.parsed.at(placeOf(path)), code: 'unknown-step', message}]
  })
  const names = templates.flatMap(({path, text, knows = []}) => {
    const isName = (word: string): boolean => isKnownWord(word, known) || knows.includes(word)
    const at = placesOf(placeOf(path), reading)
    return [
      ...placeholdersIn(text).flatMap((placeholder) => {
        const message = knows.includes(placeholder.path[0] ?? '') ? null : wrongReference(placeholder, known, knows)
        return message === null ? [] : [{file: reading.file, ...at(placeholder, text), code: 'unknown-name', message}]
      }),
      ...mistakesIn(text, isName).map((placeholder) => ({
        file: reading.file,
        ...at(placeholder, text),
        code: 'bad-expression',
        message: `${placeholder.raw}: only names and paths may stand in braces, as in {{steps.analysis.findings[0]}}`,
      })),
    ]
  })
  return [...steps, ...names]
}

const isKnownWord = (word: string, {values, steps}: Known): boolean =>
  word === 'steps' || word === 'inputs' || values.includes(word) || steps.includes(word)

function wrongReference(placeholder: Placeholder, known: Known, knows: readonly string[]): string | null {
  const {kind, name} = referenceOf(placeholder, (word) => known.steps.includes(word))
  if (kind === 'step') {
    const message = wrongStep(name, known)
    return message === null ? null : `${placeholder.raw}: ${message}`
  }
  if (known.values.includes(name)) return null
  const names = [...knows, ...known.values, ...known.earlier.map((step) => `steps.${step}`)]
  return `${placeholder.raw}: nothing is called \`${name}\`; there are: ${names.join(', ')}`
}

function wrongStep(name: string, {earlier, steps, self}: Known): string | null {
  if (name !== self && earlier.includes(name)) return null
  if (name === self) return `step \`${name}\` cannot use its own result`
  if (steps.includes(name)) return `step \`${name}\` comes later; a step can only use what ran before it`
  return earlier.length === 0
    ? `there is no step \`${name}\`, and this is the first one`
    : `there is no step \`${name}\`; before this one there are: ${earlier.join(', ')}`
}

/**
 * Where a placeholder stands in the file. A value may be folded or quoted, so its lines are not the file's: the n-th such
 * placeholder of the value is the n-th in the source of its node; else the place of the value.
 */
function placesOf(path: readonly PropertyKey[], {text: source, parsed}: Reading) {
  const node = parsed.document.getIn(
    path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
    true,
  )
  const range = isNode(node) ? node.range : undefined
  return ({raw, start}: Placeholder, value: string): {readonly line: number; readonly col: number} => {
    if (!range) return parsed.at(path)
    const before = value.slice(0, start).split(raw).length - 1
    const offset = [...source.slice(range[0], range[1]).matchAll(literal(raw))][before]?.index
    if (offset === undefined) return parsed.at(path)
    const lines = source.slice(0, range[0] + offset).split('\n')
    return {line: lines.length, col: (lines.at(-1)?.length ?? 0) + 1}
  }
}

const literal = (text: string): RegExp => new RegExp(text.replace(/[^\w\s]/g, String.raw`\$&`), 'g')
