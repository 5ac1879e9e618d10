/** One question to a model. Every step that asks one is this one, whatever it was called in the file. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import type {Message, ModelReply, ModelRequest} from '../../provider.ts'
import {converse} from '../converse.ts'
import {formOf, readAnswer, type Form, type Reading} from '../answer.ts'
import {defineStep, type StepContext, type StepRun, type Template} from '../step.ts'
import {problemOfSchema} from '../structured.ts'
import {placeholdersIn, render, type Placeholder} from '../template.ts'

const defaultMaxTokens = 8_000

const Part = z.discriminatedUnion('type', [
  z.strictObject({type: z.literal('static'), content: z.string()}),
  z.strictObject({
    type: z.literal('file'),
    path: z.string().min(1),
    /** Replaced where they stand in single braces in the file. */
    variables: z.record(z.string(), z.json()).optional(),
    /** Its words are those of the pipeline's author, and stand in the prompt without a fence. */
    trusted: z.boolean().optional(),
  }),
  z.strictObject({type: z.literal('history'), session: z.string().min(1)}),
])
type Part = z.infer<typeof Part>

const Settings = z.strictObject({
  provider: z.string().regex(/^[a-z][a-z0-9-]*$/),
  model: z.string().min(1).optional(),
  fallback_model: z.string().min(1).optional(),
  max_tokens: z.int().positive().max(200_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().positive().optional(),
  system: z.string().optional(),
  prompt: z.union([z.string(), z.array(Part).min(1)]),
  examples: z.string().optional(),
  schema: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).optional(),
  format: z.enum(['text', 'json', 'yaml', 'markdown', 'summary']).optional(),
  post: z.array(z.string()).optional(),
  /** Characters of a summary. */
  max_length: z.int().positive().optional(),
  repair: z.string().optional(),
  session: z.string().min(1).optional(),
  keep_session: z.boolean().optional(),
  tools: z.array(z.enum(['read', 'list', 'search', 'write', 'edit', 'shell'])).optional(),
  max_turns: z.int().positive().max(200).optional(),
  attempts: z.int().positive().max(20).optional(),
  timeout_ms: z.number().positive().optional(),
  on_failure: z.enum(['stop', 'degrade']).optional(),
})
type Settings = z.infer<typeof Settings>

/** The model that a provider's step asks when it does not say which. A gateway has models of its own. */
const usualModels: Readonly<Record<string, string>> = {
  claude: 'claude-sonnet-5-5',
  gemini: 'gemini-2.5-flash',
}

const Checked = Settings.superRefine((settings, context) => {
  const wrong = (path: readonly PropertyKey[], message: string): void =>
    context.addIssue({code: 'custom', path: [...path], message})
  if (modelOf(settings) === '') wrong([], 'model: which one?')
  if (typeof settings.schema !== 'object') return
  const problem = problemOfSchema(settings.schema)
  if (problem !== null) wrong(['schema'], `is not a JSON Schema this can check: ${problem}`)
})

const modelOf = ({model, provider}: Settings): string => model ?? usualModels[provider] ?? ''

/** A prompt that is one template can evolve; one with files in it is put together anew each time. */
const textsOf = ({prompt, system = '', examples = ''}: Settings): Readonly<Record<string, string>> =>
  typeof prompt === 'string' ? {prompt, system, examples} : {system, examples}

export const llm = defineStep<Settings>({
  summary: 'One question to a model of `provider`.',
  settings: Checked,
  defaults: ['max_tokens', 'system', 'repair', 'model', 'provider'],
  texts: textsOf,
  withTexts: (settings, texts) => ({
    ...settings,
    prompt: texts['prompt'] ?? settings.prompt,
    system: texts['system'] ?? settings.system ?? '',
    examples: texts['examples'] ?? settings.examples ?? '',
  }),
  templates: templatesOf,
  models: (settings) => [`${settings.provider}/${modelOf(settings)}`],
  schemas: ({schema}) => (typeof schema === 'string' ? [schema] : []),
  needs: ({prompt, tools = []}) => [
    ...(typeof prompt !== 'string' && prompt.some(({type}) => type === 'file') ? (['readText'] as const) : []),
    ...(tools.some((tool) => tool !== 'shell') ? (['workspace'] as const) : []),
  ],
  run: async (settings, context) => {
    try {
      return await ask(settings, context)
    } catch (thrown) {
      if (settings.on_failure !== 'degrade' || !(thrown instanceof Failure) || !passes.includes(thrown.code))
        throw thrown
      return degraded(thrown, context)
    }
  },
})

/** What a step may do without, when its author says so: whoever reads the result sees that there is no answer. */
const passes: readonly string[] = [
  'model-unavailable',
  'model-refused',
  'model-output-invalid',
  'model-refused-request',
]

function degraded({code, message}: Failure, {note}: StepContext): StepRun {
  note('degraded', `there is no answer: ${message}`)
  const facts = {degraded: true, error: {code, message}}
  return {result: {text: `(no answer: ${message})`, data: null, ok: false, facts}}
}

function templatesOf({system, prompt, repair}: Settings): readonly Template[] {
  const parts = typeof prompt === 'string' ? [] : prompt
  return [
    ...(system === undefined ? [] : [{path: ['system'], text: system}]),
    ...(typeof prompt === 'string' ? [{path: ['prompt'], text: prompt}] : []),
    ...parts.flatMap((part, at): readonly Template[] => {
      if (part.type === 'static') return [{path: ['prompt', at, 'content'], text: part.content}]
      return part.type === 'file' ? [{path: ['prompt', at, 'path'], text: part.path}] : []
    }),
    ...(repair === undefined ? [] : [{path: ['repair'], text: repair, knows: ['errors']}]),
  ]
}

/** One question, and one more with the mistakes if the answer is not in the form that was asked for. */
async function ask(settings: Settings, context: StepContext): Promise<StepRun> {
  const form = formOf(settings, context.tools)
  const request = await requestOf(settings, context, form)
  const question = request.messages.at(-1)
  const asked: ModelRequest[] = []
  const put = async (next: ModelRequest) => {
    asked.push(next)
    const {reply, messages} = await converse(next, settings, context)
    return {reply, messages, reading: await reviewed(readAnswer(reply, next, form), settings, context)}
  }
  const first = await put(request)
  if (first.reading.ok) return answered(settings, context, question, first.reply, first.reading)
  const again = repairOf({...request, messages: first.messages}, first.reply, first.reading, settings, context)
  const second = await put(again)
  if (second.reading.ok) return answered(settings, context, question, second.reply, second.reading)
  for (const each of asked) await context.tools.forget?.(each)
  const {errors} = second.reading
  throw new Failure(
    'model-output-invalid',
    `${request.provider}/${request.model} did not answer in the form that was asked for, twice: ${errors.slice(0, 3).join('; ')}`,
    {hint: 'run again, give the step more `max_tokens`, another `model` or a simpler `schema`', exit: 3},
  )
}

/** What only trying it out can show to be wrong goes back to the model like a wrong form. */
async function reviewed(reading: Reading, {schema}: Settings, {tools: {reviews}}: StepContext): Promise<Reading> {
  const review = typeof schema === 'string' ? reviews?.[schema] : undefined
  if (!reading.ok || review === undefined) return reading
  const errors = await review(reading.data)
  return errors.length === 0 ? reading : {ok: false, errors, keep: true}
}

/** Of a conversation only the question and the answer stay: what lay between them was for this answer. */
function answered(
  {session, keep_session: keep = false}: Settings,
  {session: open}: StepContext,
  question: Message | undefined,
  reply: ModelReply,
  {text, data}: Extract<Reading, {readonly ok: true}>,
): StepRun {
  if (session !== undefined && question !== undefined)
    open(session).add([question, {role: 'assistant', text: reply.text}], keep)
  return {result: {text, data, ok: true, facts: {model: reply.model}}}
}

async function requestOf(
  settings: Settings,
  context: StepContext,
  {kind, schema, wanted}: Form,
): Promise<ModelRequest> {
  const {
    temperature,
    top_p: topP,
    top_k: topK,
    max_tokens: maxTokens,
    fallback_model: fallback,
    examples = '',
  } = settings
  const {attempts, timeout_ms: timeoutMs, session} = settings
  const {text, shared} = await promptOf(settings, context)
  const before = session === undefined ? [] : context.session(session).messages()
  const samples = settings.provider !== 'claude'
  return {
    provider: settings.provider,
    model: modelOf(settings),
    system: context.fill(settings.system ?? ''),
    // examples are not filled: demonstrations quote code and replies, in which braces mean nothing
    messages: [...before, {role: 'user', text: examples === '' ? text : `${text}\n\n${examples}`}],
    maxTokens: maxTokens ?? defaultMaxTokens,
    temperature: samples ? (temperature ?? null) : null,
    schema,
    ...(samples && topP !== undefined ? {topP} : {}),
    ...(samples && topK !== undefined ? {topK} : {}),
    ...(fallback === undefined ? {} : {fallback}),
    ...(attempts === undefined ? {} : {attempts}),
    ...(timeoutMs === undefined ? {} : {timeoutMs}),
    ...(shared > 0 && before.length === 0 ? {shared} : {}),
    about: {step: context.name, kind, schema: wanted},
  }
}

interface Filled {
  readonly text: string
  /** Characters at the beginning that other questions of the run have too: the packed code, where the prompt starts with it. */
  readonly shared: number
}

async function promptOf({prompt}: Settings, context: StepContext): Promise<Filled> {
  if (typeof prompt === 'string') {
    const [first] = placeholdersIn(prompt)
    const text = context.fill(prompt)
    return {text, shared: first?.start === 0 && isPack(first) ? context.fill(first.raw).length : 0}
  }
  const hasWords = prompt.some(({type}) => type === 'static')
  const texts: string[] = []
  for (const part of prompt) texts.push(await partOf(part, hasWords, context))
  return {text: texts.join('\n'), shared: 0}
}

const isPack = ({inner}: Placeholder): boolean => inner === 'repository'

async function partOf(part: Part, hasWords: boolean, context: StepContext): Promise<string> {
  if (part.type === 'static') return context.fill(part.content)
  if (part.type === 'history') {
    const turns = context
      .session(part.session)
      .messages()
      .map(({role, text}) => `${role}: ${text}`)
    if (turns.length === 0) context.note('empty-session', `the session \`${part.session}\` has no messages yet`)
    return context.fenced(`session ${part.session}`, turns.join('\n\n'))
  }
  const path = String(context.resolve(part.path))
  const read = context.tools.readText
  if (read === undefined) throw new Failure('not-allowed', 'a prompt reads a file, which is not allowed here')
  const variables = Object.entries(part.variables ?? {}).map(
    ([name, value]) => [name, context.resolveAll(value)] as const,
  )
  const file = await read(path)
  const isTrusted = part.trusted ?? (!hasWords && file.isOwn)
  const text = replacedIn(file.text, (name) => {
    const known = variables.find(([each]) => each === name)?.[1]
    if (known === undefined) return null
    const words = render(known.value)
    return isTrusted && !known.vouched ? context.fenced(name, words) : words
  })
  // a prompt that is nothing but a file is what its author says; beside words of his own, a file is what they are about
  return isTrusted ? text : context.fenced(path, text)
}

/** `{NAME}`, as pipeline_ex's documents have it; what has no value stays. */
const replacedIn = (text: string, valueOf: (name: string) => string | null): string =>
  text.replace(/\{\{?(\w+)\}?\}/g, (raw, name: string) => valueOf(name) ?? raw)

/**
 * The question again with what was wrong, in the words of the YAML. A whole answer is kept as the model's turn; half of
 * one is not (it would be continued), and an empty turn is refused by the providers.
 */
function repairOf(
  request: ModelRequest,
  reply: ModelReply,
  {errors, keep}: {readonly errors: readonly string[]; readonly keep: boolean},
  {repair = '{{errors}}'}: Settings,
  {fill}: StepContext,
): ModelRequest {
  const words = fill(repair, {errors: errors.join('\n')})
  const before = request.messages.slice(0, -1)
  const last = request.messages.at(-1)
  const messages: readonly Message[] = keep
    ? [...request.messages, {role: 'assistant', text: reply.text}, {role: 'user', text: words}]
    : [...before, {...(last ?? {role: 'user'}), role: 'user', text: `${last?.text ?? ''}\n\n${words}`}]
  return {...request, messages}
}
