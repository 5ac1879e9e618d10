/** Files of the workspace: read, write, edit, copy, move, delete, list, validate, convert, process. Asks no model. */
import Papa from 'papaparse'
import {stringify} from 'yaml'
import * as z from 'zod'
import {parseYaml, renderProblem} from '../../document.ts'
import {Failure, messageOf} from '../../errors.ts'
import {isList, isRecord, matches, textOfValue} from '../functions.ts'
import {defineStep, type StepContext} from '../step.ts'
import {render} from '../template.ts'
import {textsIn} from '../values.ts'
import type {Workspace} from '../workspace.ts'

const operations = [
  'read',
  'write',
  'append',
  'edit',
  'copy',
  'stream_copy',
  'move',
  'delete',
  'list',
  'validate',
  'convert',
  'process',
  'stream_process',
] as const
const formats = ['csv_to_json', 'json_to_csv', 'yaml_to_json', 'json_to_yaml'] as const
const processors = ['identity', 'uppercase', 'lowercase', 'trim', 'replace'] as const

const Validation = z.strictObject({
  path: z.string().min(1),
  must_exist: z.boolean().default(true),
  must_be_file: z.boolean().optional(),
  must_be_dir: z.boolean().optional(),
  min_size: z.number().nonnegative().optional(),
  max_size: z.number().nonnegative().optional(),
  must_be_readable: z.boolean().optional(),
  must_be_writable: z.boolean().optional(),
})
type Validation = z.infer<typeof Validation>

/** The value that is not understood belongs into the message. */
const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, {error: ({input}) => `\`${String(input)}\` is not one of ${words.join(', ')}`})

const Settings = z
  .strictObject({
    operation: oneOf(operations),
    path: z.string().min(1).optional(),
    to: z.string().min(1).optional(),
    content: z.json().optional(),
    before: z.string().min(1).optional(),
    after: z.string().optional(),
    recursive: z.boolean().optional(),
    pattern: z.string().optional(),
    replacement: z.string().optional(),
    format: oneOf(formats).optional(),
    processor: oneOf(processors).optional(),
    files: z.array(Validation).min(1).optional(),
  })
  .superRefine((settings, context) => {
    const needed = needs[settings.operation] ?? []
    for (const key of needed)
      if (settings[key] === undefined)
        context.addIssue({code: 'custom', path: [], message: `${key}: \`${settings.operation}\` needs it`})
  })
type Settings = z.infer<typeof Settings>

const needs: Readonly<Partial<Record<Settings['operation'], readonly (keyof Settings)[]>>> = {
  read: ['path'],
  write: ['path', 'content'],
  append: ['path', 'content'],
  edit: ['path', 'before', 'after'],
  copy: ['path', 'to'],
  stream_copy: ['path', 'to'],
  move: ['path', 'to'],
  delete: ['path'],
  validate: ['files'],
  convert: ['path', 'to', 'format'],
  process: ['path', 'processor'],
  stream_process: ['path', 'processor'],
}

/** What an operation found or did, and its text. */
interface Did {
  readonly text?: string | undefined
  readonly data?: Readonly<Record<string, unknown>> | undefined
}

export const file = defineStep<Settings>({
  summary: `Files of the workspace: \`operation\` is one of ${operations.join(', ')}. Asks no model.`,
  settings: Settings,
  templates: (settings) => textsIn(filledOf(settings), []),
  needs: () => ['workspace'],
  run: async (settings, context) => {
    const {workspace, once} = context.tools
    if (workspace === undefined) throw new Failure('not-allowed', 'there is no workspace here')
    const filled = filledIn(settings, context)
    const {operation, path, to} = filled
    const act = (): Promise<Did> => acts[operation](filled, workspace)
    const isChange = !['read', 'list', 'validate'].includes(operation)
    const did = isChange && once !== undefined ? Outcome.parse(await once(JSON.stringify(filled), act)) : await act()
    const {text, data = {}} = did
    const all = {operation, ...(path === undefined ? {} : {path}), ...(to === undefined ? {} : {to}), ok: true, ...data}
    context.acted({tool: `file ${operation}`, about: path ?? '', ok: true})
    return {result: {text: text ?? render(all), data: all, ok: true}}
  },
})

const Outcome = z.strictObject({text: z.string().optional(), data: z.record(z.string(), z.unknown()).optional()})

function filledIn(settings: Settings, context: StepContext): Settings {
  const read = Settings.safeParse({...settings, ...pathsOf(settings, context)})
  if (read.success) return read.data
  const why = read.error.issues.map(({path, message}) => `${path.join('.')}: ${message}`).join('; ')
  throw new Failure('bad-setting', why, {hint: 'a path is a text: name the field that holds it'})
}

/** What may hold templates; a pattern holds none, since braces mean something in it. */
const filledOf = ({path, to, content, before, after, files}: Settings) => ({path, to, content, before, after, files})

function pathsOf(settings: Settings, {resolveAll}: StepContext): Readonly<Record<string, unknown>> {
  const given = Object.entries(filledOf(settings)).filter(([, value]) => value !== undefined)
  const {value} = resolveAll(Object.fromEntries(given))
  return isRecord(value) ? value : {}
}

const textIn = (value: unknown): string =>
  typeof value === 'string' ? value : `${JSON.stringify(value ?? null, null, 2)}\n`

const acts: Readonly<Record<Settings['operation'], (settings: Settings, workspace: Workspace) => Promise<Did>>> = {
  read: async ({path = ''}, {read}) => {
    const text = await read(path)
    return {text, data: {content: text}}
  },
  write: async ({path = '', content}, {write}) => {
    await write(path, textIn(content))
    return {text: path}
  },
  append: async ({path = '', content}, {look, read, write}) => {
    const before = (await look(path)) === null ? '' : await read(path)
    await write(path, `${before}${textIn(content)}`)
    return {text: path}
  },
  edit: async ({path = '', before = '', after = ''}, {edit}) => {
    await edit(path, before, after)
    return {text: path}
  },
  copy: copied,
  stream_copy: copied,
  move: async ({path = '', to = ''}, {move}) => {
    await move(path, to)
    return {}
  },
  delete: async ({path = '', recursive}, {look, remove}) => {
    const found = await look(path)
    await remove(path, {recursive: recursive ?? found?.kind === 'folder'})
    return {}
  },
  list: async ({path = '.', pattern, recursive = false}, {list}) => {
    const found = (await list(path, {recursive})).filter(({path: each}) => isNamed(each, pattern))
    return {text: found.map(({path: each}) => each).join('\n'), data: {files: found, count: found.length}}
  },
  validate: async ({files = []}, workspace) => {
    const wrong: string[] = []
    for (const each of files) wrong.push(...(await wrongWith(each, workspace)))
    if (wrong.length > 0) throw new Failure('file-check-failed', wrong.join('; '))
    return {data: {checked: files.length}}
  },
  convert: async ({path = '', to = '', format = 'yaml_to_json'}, {read, write}) => {
    await write(to, converted(await read(path), format, path))
    return {data: {format}}
  },
  process: processed,
  stream_process: processed,
}

async function copied({path = '', to = ''}: Settings, {copy}: Workspace): Promise<Did> {
  await copy(path, to)
  return {}
}

function isNamed(path: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true
  const outcome = matches(path.split('/').at(-1) ?? '', pattern)
  if ('why' in outcome) throw new Failure('bad-pattern', outcome.why)
  return outcome.value === true
}

async function wrongWith(check: Validation, workspace: Workspace): Promise<readonly string[]> {
  const {path, must_exist: must, must_be_file: isFile, must_be_dir: isFolder, min_size: least, max_size: most} = check
  const found = await workspace.look(path)
  if (found === null) return must ? [`${path} is not there`] : []
  const size = found.size ?? 0
  const wrong = [
    isFile === true && found.kind !== 'file' ? [`${path} is not a file`] : [],
    isFolder === true && found.kind !== 'folder' ? [`${path} is not a folder`] : [],
    least !== undefined && size < least ? [`${path} has ${size} bytes, fewer than ${least}`] : [],
    most !== undefined && size > most ? [`${path} has ${size} bytes, more than ${most}`] : [],
  ].flat()
  if (found.kind !== 'file' || wrong.length > 0) return wrong
  const unwritable = check.must_be_writable === true && !(await workspace.isWritable(path))
  const unreadable = check.must_be_readable === true ? await whyUnreadable(path, workspace) : null
  return [
    ...(unwritable ? [`${path} cannot be written`] : []),
    ...(unreadable === null ? [] : [`${path} cannot be read: ${unreadable}`]),
  ]
}

const whyUnreadable = async (path: string, {read}: Workspace): Promise<string | null> =>
  read(path).then(() => null, messageOf)

function converted(text: string, format: (typeof formats)[number], path: string): string {
  if (format === 'csv_to_json') {
    const {data, errors} = Papa.parse<Record<string, string>>(text, {header: true, skipEmptyLines: true})
    const [wrong] = errors.filter(({type}) => type !== 'Delimiter')
    if (wrong !== undefined) throw new Failure('bad-csv', `${path}: row ${(wrong.row ?? 0) + 1}: ${wrong.message}`)
    return `${JSON.stringify(data, null, 2)}\n`
  }
  const read = parseYaml(text, path)
  if (!read.ok) throw new Failure('bad-file', read.problems.map(renderProblem).join('\n'))
  const {value} = read.value
  if (format === 'yaml_to_json') return `${JSON.stringify(value, null, 2)}\n`
  if (format === 'json_to_yaml') return stringify(value)
  if (!isList(value) || !value.every(isRecord))
    throw new Failure('bad-file', `${path}: only a list of mappings becomes CSV`)
  const rows = value.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, each]) => [key, textOfValue(each)])),
  )
  return `${Papa.unparse(rows, {newline: '\n'})}\n`
}

async function processed(
  {path = '', processor = 'identity', pattern, replacement = ''}: Settings,
  {read, write}: Workspace,
): Promise<Did> {
  const text = await read(path)
  const lines = text.split('\n')
  const trimmed = lines.map((line) => line.trim()).join('\n')
  const made: Readonly<Record<(typeof processors)[number], () => string>> = {
    identity: () => text,
    uppercase: () => text.toUpperCase(),
    lowercase: () => text.toLowerCase(),
    trim: () => trimmed,
    replace: () => (pattern === undefined ? text : text.replaceAll(pattern, () => replacement)),
  }
  await write(path, made[processor]())
  return {data: {processor}}
}
