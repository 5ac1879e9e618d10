/** One question to a model. All of the seed's model steps are this one with other presets. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import type {JsonSchema, Message, ModelReply, ModelRequest} from '../../provider.ts'
import {defineStep, type Call, type StepBinder, type StepContext, type StepRun, type Template} from '../step.ts'
import {checkOf, problemOfSchema, readStructured, type Check} from '../structured.ts'

/** What a type's name stands for; null leaves it to the step. */
export interface Preset {
  readonly summary: string
  readonly provider: string | null
  readonly model: string | null
  /** Whether the answer is JSON unless the step says otherwise. */
  readonly json: boolean
  /** Whether the provider's models take a temperature; those of Claude answer it with an error. */
  readonly temperature: boolean
}

const defaultMaxTokens = 8_000

const Path = z.string().regex(/^[\w-]+(?:\.[\w-]+|\[\d+\])*$/, 'must be a path, as in `findings[0].category`')
const Part = z.discriminatedUnion(
  'type',
  [
    z.strictObject({type: z.literal('static'), content: z.string()}),
    z.strictObject({type: z.literal('previous_response'), step: z.string(), extract: Path.optional()}),
  ],
  {
    error: ({input}) =>
      typeof input === 'object' && input !== null && 'type' in input && input.type === 'file'
        ? 'prompt parts of type `file` are not supported: a pipeline reads only what it is given; pass the text as an input'
        : 'a prompt part is of type `static` (content) or `previous_response` (step, extract)',
  },
)
const Prompt = z.union([z.string(), z.array(Part).min(1)])
type Prompt = z.infer<typeof Prompt>

const Schema = z.union([z.string().min(1), z.record(z.string(), z.unknown())])

/** The keys of pipeline_ex that mean the same here; the others belong to tools and sessions, which no step has. */
const ClaudeOptions = z.strictObject({
  model: z.string().min(1).optional(),
  system_prompt: z.string().optional(),
  max_turns: z.int().positive().optional(),
  allowed_tools: z.array(z.string()).max(0, 'a step has no tools; leave the list empty').optional(),
})
const TokenBudget = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  max_output_tokens: z.int().positive().optional(),
})

const Settings = z.strictObject({
  description: z.string().optional(),
  role: z.string().optional(),
  provider: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .optional(),
  model: z.string().min(1).optional(),
  max_tokens: z.int().positive().max(200_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  system: z.string().optional(),
  system_prompt: z.string().optional(),
  prompt: Prompt,
  examples: z.string().optional(),
  schema: Schema.optional(),
  extraction_config: z.strictObject({format: z.enum(['text', 'json'])}).optional(),
  repair: z.string().optional(),
  claude_options: ClaudeOptions.optional(),
  token_budget: TokenBudget.optional(),
})
type Settings = z.infer<typeof Settings>

/** The model step under one name of the registry. */
export const llm = (preset: Preset): StepBinder =>
  defineStep<Settings>({
    summary: preset.summary,
    settings: settingsOf(preset),
    defaults: ['max_tokens', 'system', 'repair'],
    texts: (settings) => ({
      prompt: promptOf(settings.prompt),
      system: systemOf(settings),
      examples: settings.examples ?? '',
    }),
    withTexts: ({system_prompt: _, claude_options, ...settings}, texts) => ({
      ...settings,
      ...(claude_options === undefined ? {} : {claude_options: {...claude_options, system_prompt: undefined}}),
      prompt: texts.prompt ?? settings.prompt,
      system: texts.system ?? systemOf({...settings, system_prompt: _, claude_options}),
      examples: texts.examples ?? settings.examples ?? '',
    }),
    templates: templatesOf,
    uses: ({prompt}) =>
      typeof prompt === 'string'
        ? []
        : prompt.flatMap((part, at) =>
            part.type === 'previous_response' ? [{path: ['prompt', at, 'step'], text: part.step}] : [],
          ),
    models: (settings) => [`${providerOf(settings, preset)}/${modelOf(settings, preset)}`],
    schemas: ({schema}) => (typeof schema === 'string' ? [schema] : []),
    run: (settings, context) => ask(settings, preset, context),
  })

/** The settings with what only the whole of them can show to be wrong. */
const settingsOf = (preset: Preset): z.ZodType<Settings> =>
  Settings.superRefine((settings, context) => {
    const wrong = (path: readonly PropertyKey[], message: string): void =>
      context.addIssue({code: 'custom', path: [...path], message})
    if (providerOf(settings, preset) === '') wrong([], 'provider: which one, `claude` or `gemini`?')
    if (modelOf(settings, preset) === '') wrong([], 'model: which one?')
    if (preset.provider !== null && settings.provider !== undefined && settings.provider !== preset.provider)
      wrong(['provider'], `this step type asks \`${preset.provider}\`; use the type \`llm\` for another provider`)
    if (!takesTemperature(settings, preset)) {
      const message = 'Claude models answer a temperature with an error; leave it out'
      if (settings.temperature !== undefined) wrong(['temperature'], message)
      if (settings.token_budget?.temperature !== undefined) wrong(['token_budget', 'temperature'], message)
    }
    if (settings.system !== undefined && settings.system_prompt !== undefined)
      wrong(['system_prompt'], 'is the same as `system`; give one')
    if (typeof settings.schema === 'object') {
      const problem = problemOfSchema(settings.schema)
      if (problem !== null) wrong(['schema'], `is not a JSON Schema this can check: ${problem}`)
    }
  })

const providerOf = (settings: Settings, preset: Preset): string => settings.provider ?? preset.provider ?? ''
const modelOf = (settings: Settings, preset: Preset): string =>
  settings.model ?? settings.claude_options?.model ?? preset.model ?? ''
const takesTemperature = (settings: Settings, preset: Preset): boolean =>
  preset.temperature && providerOf(settings, preset) !== 'claude'
const systemOf = ({system, system_prompt, claude_options}: Settings): string =>
  system_prompt ?? claude_options?.system_prompt ?? system ?? ''

/** List prompts become one template, so that one text says all and can evolve. pipeline_ex joins parts with a line break. */
const promptOf = (prompt: Prompt): string =>
  typeof prompt === 'string'
    ? prompt
    : prompt
        .map((part) =>
          part.type === 'static'
            ? part.content
            : `{{steps.${part.step}${part.extract === undefined ? '' : `.${part.extract}`}}}`,
        )
        .join('\n')

function templatesOf(settings: Settings): readonly Template[] {
  const {prompt, repair} = settings
  const system = (['system', 'system_prompt'] as const).flatMap((key) => {
    const text = settings[key]
    return text === undefined ? [] : [{path: [key], text}]
  })
  const option = settings.claude_options?.system_prompt
  return [
    ...system,
    ...(option === undefined ? [] : [{path: ['claude_options', 'system_prompt'], text: option}]),
    ...(typeof prompt === 'string'
      ? [{path: ['prompt'], text: prompt}]
      : prompt.flatMap((part, at) =>
          part.type === 'static' ? [{path: ['prompt', at, 'content'], text: part.content}] : [],
        )),
    ...(repair === undefined ? [] : [{path: ['repair'], text: repair, knows: ['errors']}]),
  ]
}

/** How the answer is read: as text, or as JSON of `check` (null: any). The schema goes to the provider in both cases. */
interface Form {
  readonly json: boolean
  readonly schema: JsonSchema | null
  readonly check: Check | null
}

function formOf({schema, extraction_config}: Settings, preset: Preset, {tools}: StepContext): Form {
  const named = typeof schema === 'string' ? tools.schemas[schema] : schema
  if (typeof schema === 'string' && named === undefined)
    throw new Failure('unknown-schema', `there is no schema called \`${schema}\``)
  const format = extraction_config?.format
  const json = format === 'json' || (format === undefined && (preset.json || named !== undefined))
  const beside = typeof schema === 'string' ? tools.checks?.[schema] : undefined
  return {json, schema: named ?? null, check: json && named !== undefined ? bothOf(checkOf(named), beside) : null}
}

/** The form, and then what only who asked can see to be wrong: both are sent back the same way. */
const bothOf =
  (form: Check, beside: ((data: unknown) => readonly string[]) | undefined): Check =>
  (value) => {
    const read = form(value)
    const errors = read.ok && beside !== undefined ? beside(read.data) : []
    return errors.length === 0 ? read : {ok: false, errors}
  }

type Reading =
  | {readonly ok: true; readonly text: string; readonly data: unknown}
  | {readonly ok: false; readonly errors: readonly string[]; readonly keep: boolean}

/** One question, and one more with the mistakes if the answer is not in the form that was asked for. */
async function ask(settings: Settings, preset: Preset, context: StepContext): Promise<StepRun> {
  const form = formOf(settings, preset, context)
  const request = requestOf(settings, preset, context, form)
  const reply = await context.tools.ask(request, context.signal)
  const first = read(reply, request, form)
  if (first.ok) return {result: {text: first.text, data: first.data, ok: true}, calls: [{request, reply}]}
  const again = repairOf(request, reply, first, settings, context)
  const second: Call = {request: again, reply: await context.tools.ask(again, context.signal)}
  const reading = read(second.reply, again, form)
  if (reading.ok) return {result: {text: reading.text, data: reading.data, ok: true}, calls: [{request, reply}, second]}
  throw new Failure(
    'model-output-invalid',
    `${request.provider}/${request.model} did not answer in the form that was asked for, twice: ${reading.errors.slice(0, 3).join('; ')}`,
    {hint: 'run again, give the step more `max_tokens`, another `model` or a simpler `schema`', exit: 3},
  )
}

function requestOf(settings: Settings, preset: Preset, {fill}: StepContext, {schema}: Form): ModelRequest {
  const {temperature, max_tokens, token_budget, examples} = settings
  const prompt = fill(promptOf(settings.prompt))
  const messages: readonly Message[] = [
    // not filled: demonstrations quote code and replies, in which braces mean nothing
    {role: 'user', text: examples === undefined || examples === '' ? prompt : `${prompt}\n\n${examples}`},
  ]
  return {
    provider: providerOf(settings, preset),
    model: modelOf(settings, preset),
    system: fill(systemOf(settings)),
    messages,
    maxTokens: max_tokens ?? token_budget?.max_output_tokens ?? defaultMaxTokens,
    temperature: takesTemperature(settings, preset) ? (temperature ?? token_budget?.temperature ?? null) : null,
    schema,
  }
}

function read(reply: ModelReply, {provider, model, maxTokens}: ModelRequest, {json, check}: Form): Reading {
  if (reply.stopped === 'refused') {
    throw new Failure('model-refused', `${provider}/${model} refused to answer`, {
      hint: 'reword the prompt, or choose another model; the code under review may hold what its safety rules forbid',
      exit: 3,
    })
  }
  if (reply.stopped === 'length')
    return {ok: false, keep: false, errors: [`the answer was cut off after ${maxTokens} tokens; say it in fewer`]}
  if (reply.text.trim() === '') return {ok: false, keep: false, errors: ['the answer is empty']}
  if (!json) return {ok: true, text: reply.text, data: null}
  const structured = readStructured(reply.text, check)
  if (structured.ok) return {ok: true, text: reply.text, data: structured.data}
  return {ok: false, keep: true, errors: structured.errors}
}

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
  const [question] = request.messages
  const messages: readonly Message[] = keep
    ? [...request.messages, {role: 'assistant', text: reply.text}, {role: 'user', text: words}]
    : [{role: 'user', text: `${question?.text ?? ''}\n\n${words}`}]
  return {...request, messages}
}
