/** How a model's answer is read: as text, or as data of a schema; and what is made of a text afterwards. */
import {Failure} from '../errors.ts'
import type {JsonSchema, ModelReply, ModelRequest} from '../provider.ts'
import type {Tools} from './step.ts'
import {checkOf, readStructured, readYaml, type Check} from './structured.ts'

/** The schema goes to the provider also where the answer is read as text. */
export interface Form {
  readonly kind: 'text' | 'json' | 'yaml'
  readonly schema: JsonSchema | null
  /** The schema that the answer must have, asked of the provider or not. */
  readonly wanted: JsonSchema | null
  /** null: any data. */
  readonly check: Check | null
  readonly finish: (text: string) => string
}

export interface FormSettings {
  readonly schema?: string | JsonSchema | undefined
  readonly format?: 'text' | 'json' | 'yaml' | 'markdown' | 'summary' | undefined
  readonly post?: readonly string[] | undefined
  readonly max_length?: number | undefined
}

/** Throws `Failure` `unknown-schema`, `bad-schema`. */
export function formOf({schema, format, post = [], max_length: most = 500}: FormSettings, tools: Tools): Form {
  const named = typeof schema === 'string' ? tools.schemas[schema] : schema
  if (typeof schema === 'string' && named === undefined)
    throw new Failure('unknown-schema', `there is no schema called \`${schema}\``)
  const kind =
    format === 'yaml' ? 'yaml' : format === 'json' || (format === undefined && named !== undefined) ? 'json' : 'text'
  const beside = typeof schema === 'string' ? tools.checks?.[schema] : undefined
  const check =
    kind === 'text' || named === undefined || tools.isRehearsal === true ? null : bothOf(checkOf(named), beside)
  const finish = (text: string): string =>
    post.reduce((done, name) => finishers[name]?.(text, done) ?? done, shaped(text, format, most))
  // a provider can hold a model to JSON only
  return {kind, schema: kind === 'yaml' ? null : (named ?? null), wanted: named ?? null, check, finish}
}

/** The form, and then what only who asked can see to be wrong: both are sent back the same way. */
const bothOf =
  (form: Check, beside: ((data: unknown) => readonly string[]) | undefined): Check =>
  (value) => {
    const read = form(value)
    const errors = read.ok && beside !== undefined ? beside(read.data) : []
    return errors.length === 0 ? read : {ok: false, errors}
  }

export type Reading =
  | {readonly ok: true; readonly text: string; readonly data: unknown}
  /** `keep`: it is a whole answer, and can stand as the model's turn. */
  | {readonly ok: false; readonly errors: readonly string[]; readonly keep: boolean}

/** Throws `Failure` `model-refused`. */
export function readAnswer(reply: ModelReply, {provider, model, maxTokens}: ModelRequest, form: Form): Reading {
  const {kind, check, finish} = form
  if (reply.stopped === 'refused') {
    throw new Failure('model-refused', `${provider}/${model} refused to answer`, {
      hint: 'reword the prompt, or choose another model; the code under review may hold what its safety rules forbid',
      exit: 3,
    })
  }
  if (reply.stopped === 'length')
    return {ok: false, keep: false, errors: [`the answer was cut off after ${maxTokens} tokens; say it in fewer`]}
  if (reply.stopped === 'tools')
    return {ok: false, keep: false, errors: ['there is no turn left for tools; answer now']}
  if (reply.text.trim() === '') return {ok: false, keep: false, errors: ['the answer is empty']}
  if (kind === 'text') return {ok: true, text: finish(reply.text), data: null}
  const structured = kind === 'json' ? readStructured(reply.text, check) : readYaml(reply.text, check)
  if (structured.ok) return {ok: true, text: reply.text, data: structured.data}
  return {ok: false, keep: true, errors: structured.errors}
}

function shaped(text: string, format: FormSettings['format'], most: number): string {
  if (format === 'summary') return text.length > most ? `${text.slice(0, most).trimEnd()} …` : text
  return format === 'markdown' && !/^\s*#/m.test(text) ? `# Answer\n\n${text}` : text
}

const listOf = (title: string, items: readonly string[]): string =>
  items.length === 0 ? '' : `\n\n## ${title}\n\n${items.map((item) => `- ${item}`).join('\n')}`

/** pipeline_ex's post-processing: each puts a section behind the answer, of what stands in it. */
const finishers: Readonly<Record<string, (text: string, done: string) => string>> = {
  extract_code_blocks: (text, done) => {
    const blocks = [...text.matchAll(/```[\w-]*\n([\s\S]*?)```/g)].map(([, code = '']) => `\`\`\`\n${code}\`\`\``)
    return blocks.length === 0 ? done : `${done}\n\n## Code blocks\n\n${blocks.join('\n\n')}`
  },
  extract_recommendations: (text, done) =>
    done +
    listOf(
      'Recommendations',
      linesOf(text).filter((line) => /recommend|suggest/i.test(line)),
    ),
  extract_links: (text, done) => done + listOf('Links', [...new Set(text.match(/https?:\/\/[^\s)>\]"']+/g))]),
  extract_key_points: (text, done) =>
    done +
    listOf(
      'Key points',
      text.split('\n').flatMap((line) => /^\s*(?:[-*•]|\d+[.)])\s+(.+)$/.exec(line)?.[1]?.trim() ?? []),
    ),
  format_markdown: (_, done) => (/^\s*#/m.test(done) ? done : `# Answer\n\n${done}`),
  generate_summary: (text, done) => {
    const sentences = text.replaceAll(/\s+/g, ' ').match(/[^.!?]+[.!?]+/g) ?? [text]
    const summary = sentences.slice(0, 3).join('').trim()
    return `${done}\n\n## Summary\n\n${summary.length > 200 ? `${summary.slice(0, 200).trimEnd()} …` : summary}`
  },
}

const linesOf = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => line.replace(/^\s*[-*•]\s*/, '').trim() || [])
