/** The forms of a prompt → one template; a list only where a file or a conversation is part of it. */
import {isRecord, textOfValue} from '../functions.ts'
import {keysIn, pathOf, stepPath, type FormContext} from './context.ts'
import {mapping, type Mapping, type Place} from './mapping.ts'

/** A piece of a prompt that is no text of the file itself. */
export type Part =
  | {readonly type: 'static'; readonly content: string}
  | {readonly type: 'file'; readonly path: string; readonly variables?: unknown; readonly trusted?: unknown}
  | {readonly type: 'history'; readonly session: string}

export interface NormalPrompt {
  readonly prompt: string | readonly Part[]
  /** A conversation that the prompt goes on with. */
  readonly continues: string | null
}

/** null: it is wrong, which has been said. */
export function promptOf(raw: unknown, place: Place, context: FormContext): NormalPrompt | null {
  if (typeof raw === 'string') return {prompt: raw, continues: null}
  if (!Array.isArray(raw)) {
    context.remarks.add('error', 'bad-prompt', 'prompt: must be a text or a list of parts', place)
    return null
  }
  const read = raw.map((each: unknown, at) => partOf(each, [...place, at], context))
  const parts = read.flatMap((each) => (each === null || 'continues' in each ? [] : [each]))
  const [continues = null] = read.flatMap((each) => (each !== null && 'continues' in each ? [each.continues] : []))
  const texts = parts.flatMap((part) => (part.type === 'static' ? [part.content] : []))
  if (texts.length < parts.length) return {prompt: joinedTexts(parts), continues}
  context.remarks.add(
    'leniency',
    'prompt-parts',
    'a prompt without files is one text, with {{steps.name}} in it',
    place,
  )
  return {prompt: texts.join('\n'), continues}
}

/** Texts that stand side by side are one. */
function joinedTexts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (part.type === 'static' && last?.type === 'static')
      joined.splice(-1, 1, {type: 'static', content: `${last.content}\n${part.content}`})
    else joined.push(part)
  }
  return joined
}

type ReadPart = Part | {readonly continues: string} | null

function partOf(raw: unknown, place: Place, context: FormContext): ReadPart {
  if (typeof raw === 'string') return {type: 'static', content: raw}
  if (!isRecord(raw)) return wrong('a part of a prompt is a text or a mapping with `type`', place, context)
  const part = mapping(raw, place, context.remarks)
  const type =
    part.take('type')?.value ?? (part.has('content') ? 'static' : part.has('step') ? 'previous_response' : null)
  const form = typeof type === 'string' && Object.hasOwn(forms, type) ? forms[type] : undefined
  if (form === undefined) {
    const known = Object.keys(forms).join(', ')
    return wrong(`${JSON.stringify(type)} is not a type of prompt part; there are: ${known}`, place, context)
  }
  const read = form(part, context)
  for (const {key, place: at} of part.left())
    context.remarks.add(
      'mistake',
      'unrecognized-keys',
      `${key}: is not a known key of a \`${textOfValue(type)}\` part`,
      at,
      true,
    )
  return read
}

function wrong(message: string, place: Place, {remarks}: FormContext): null {
  remarks.add('error', 'bad-prompt', message, place)
  return null
}

const textIn = (part: Mapping, ...keys: readonly string[]): string | null => {
  const value = part.take(...keys)?.value
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

const forms: Readonly<Record<string, (part: Mapping, context: FormContext) => ReadPart>> = {
  static: (part, context) => {
    const content = textIn(part, 'content', 'text')
    return content === null ? wrong('a `static` part needs `content`', part.place, context) : {type: 'static', content}
  },
  file: (part, context) => {
    const path = textIn(part, 'path', 'file')
    const [variables, trusted] = [part.take('variables')?.value, part.take('trusted')?.value]
    for (const key of ['encoding', 'inject_as', 'summary'])
      part.ignore(key, 'mistake', 'means nothing here: the whole file is read as UTF-8')
    if (path === null) return wrong('a `file` part needs `path`', part.place, context)
    return {
      type: 'file',
      path,
      ...(variables === undefined ? {} : {variables}),
      ...(trusted === undefined ? {} : {trusted}),
    }
  },
  previous_response: (part, context) => {
    const step = textIn(part, 'step', 'name')
    const extract = textIn(part, 'extract', 'field') ?? ''
    const isStrict = part.take('strict')?.value !== false && extract !== ''
    for (const key of ['extract_with', 'summary', 'max_length', 'format', 'post_processing', 'condition'])
      part.ignore(key, 'mistake', 'means nothing here; use an expression: {{truncate(steps.name, 500)}}')
    if (step === null) return wrong('a `previous_response` part needs `step`', part.place, context)
    if (step === 'loop' || context.items.includes(step))
      return {type: 'static', content: `{{${pathOf(step, keysIn(extract))}}}`}
    if (!context.earlier.has(step)) return wrong(missing(step, context), [...part.place, 'step'], context)
    const path = stepPath(step, extract)
    return {type: 'static', content: isStrict ? `{{required(${path})}}` : `{{${path}}}`}
  },
  variable: (part, context) => {
    const name = textIn(part, 'name', 'variable')
    return name === null
      ? wrong('a `variable` part needs `name`', part.place, context)
      : {type: 'static', content: `{{${name}}}`}
  },
  session_context: (part, context) => historyOf(part, context),
  history: (part, context) => historyOf(part, context),
  claude_continue: (part, context) => {
    const session = textIn(part, 'session_id', 'session')
    return session === null
      ? wrong('a `claude_continue` part needs `session_id`', part.place, context)
      : {continues: session}
  },
}

function historyOf(part: Mapping, context: FormContext): ReadPart {
  const session = textIn(part, 'session', 'session_id')
  part.ignore('include_last', 'mistake', 'means nothing here: the whole conversation is given')
  return session === null
    ? wrong('a `session_context` part needs `session_id`', part.place, context)
    : {type: 'history', session}
}

const missing = (step: string, {earlier}: FormContext): string =>
  earlier.size === 0
    ? `there is no step \`${step}\` before this one, which is the first`
    : `there is no step \`${step}\` before this one; there are: ${[...earlier].slice(0, 40).join(', ')}`
