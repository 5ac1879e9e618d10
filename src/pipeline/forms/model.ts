/** Every step that asks a model, in pipeline_ex's words and in our own → one canonical `llm` step. */
import {isRecord, numberOf, textOfValue} from '../functions.ts'
import type {FormContext} from './context.ts'
import {mapping, type Draft, type Mapping, type Remarks, type Taken} from './mapping.ts'
import {promptOf} from './prompt.ts'

/** What a type's name stands for; null leaves it to the step. */
export interface ModelPreset {
  readonly provider: string | null
  /** Who is asked where neither the step nor its model tells. */
  readonly usually?: string
  readonly json?: boolean
  /** It shares a conversation, by default one of its own name. */
  readonly session?: boolean
  /** A failure is an answer that says so, and the run goes on. */
  readonly robust?: boolean
}

type Mappings = readonly Mapping[]

/** What is wrong in `defaults` is told once and not for each step. */
const silent: Remarks = {list: [], add: () => {}}

/** The settings of the step itself first, then those that stand in a mapping of it, then those of the file. */
export function readModel(step: Mapping, out: Draft, context: FormContext, preset: ModelPreset): void {
  const base = context.base[preset.provider ?? preset.usually ?? ''] ?? {}
  const below = mapping(base, step.place, silent)
  const options = ['claude_options', 'options', 'config', 'token_budget', 'generation_config'].flatMap(
    (key) => step.inner(key) ?? [],
  )
  const all = [step, ...options, below]
  readProvider(all, out, context, preset)
  const most = readBundle(all, out, context)
  // the bundle's model tells whom to ask, as the step's own would
  const named = textOfValue(out.value()['model'])
  const asked = ['claude', 'gemini'].find((each) => isModel(each, named))
  if (!out.has('provider') && asked !== undefined) out.set('provider', asked, step.place)
  readPrompt(step, out, context)
  readSystem(all, out, context)
  readNumbers(all, out, context)
  readForm(step, all, out, context, preset)
  readSession(step, all, out, context, preset)
  readPatience(step, all, out, context, preset)
  readTools(all, out, context, most)
  for (const key of ['examples', 'repair']) move(all, out, key, key)
  for (const each of all) ignoreKnown(each)
}

function takeFrom(all: Mappings, ...keys: readonly string[]): Taken | null {
  const found = all.map((each) => each.take(...keys))
  return found.find((each) => each !== null) ?? null
}

function move(all: Mappings, out: Draft, canonical: string, ...keys: readonly string[]): void {
  const found = takeFrom(all, ...keys)
  if (found !== null && !out.has(canonical)) out.set(canonical, found.value, found.place)
}

const ownIn = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** Names without a version, as Claude's own tools take them. */
const shortModels: Readonly<Record<string, string>> = {
  sonnet: 'claude-sonnet-5-5',
  opus: 'claude-opus-5-5',
  haiku: 'claude-haiku-5-5',
}

const isModel = (provider: string, model: string): boolean =>
  provider === 'claude'
    ? /^(?:claude|anthropic)/i.test(model)
    : provider === 'gemini' && /^(?:models\/)?gemini/i.test(model)

function readProvider(all: Mappings, out: Draft, {remarks}: FormContext, preset: ModelPreset): void {
  const said = takeFrom(all, 'provider')
  const model = takeFrom(all, 'model')
  const fallback = takeFrom(all, 'fallback_model')
  const {place} = all[0] ?? {place: []}
  for (const [key, found] of [
    ['model', model],
    ['fallback_model', fallback],
  ] as const) {
    if (found === null) continue
    const short = typeof found.value === 'string' ? ownIn(shortModels, found.value.toLowerCase()) : undefined
    if (short !== undefined)
      remarks.add('leniency', 'short-model', `${key}: \`${String(found.value)}\` is ${short} here`, found.place)
    out.set(key, short ?? found.value, found.place)
  }
  const spelled = typeof said?.value === 'string' ? ownIn(providers, said.value.toLowerCase()) : undefined
  if (spelled !== undefined && said !== null && spelled !== said.value)
    remarks.add('leniency', 'provider-name', `provider: \`${String(said.value)}\` is ${spelled} here`, said.place)
  const guessed = ['claude', 'gemini'].find((each) => isModel(each, textOfValue(model?.value)))
  const provider = spelled ?? said?.value ?? preset.provider ?? guessed ?? preset.usually
  if (preset.provider !== null && said !== null && provider !== preset.provider) {
    const message = `provider: this step type asks \`${preset.provider}\`; use the type \`llm\` for another provider`
    remarks.add('error', 'wrong-provider', message, said.place)
  }
  if (provider !== undefined) out.set('provider', provider, said?.place ?? place)
}

const providers: Readonly<Record<string, string>> = {
  claude: 'claude',
  anthropic: 'claude',
  gemini: 'gemini',
  google: 'gemini',
  openai: 'openai',
  ollama: 'openai',
  vllm: 'openai',
}

interface Bundle {
  readonly tools: readonly string[]
  readonly max_turns: number
  readonly timeout_ms: number
  readonly attempts: number
  readonly model?: string
  readonly fallback_model?: string
}

const everyTool = ['read', 'list', 'search', 'write', 'edit', 'shell']

/** pipeline_ex's five bundles of options, without the words that it put into prompts. Tools are the most that a step may have. */
const bundles: Readonly<Record<string, Bundle>> = {
  development: {tools: everyTool, max_turns: 20, timeout_ms: 300_000, attempts: 3, model: 'claude-sonnet-5-5'},
  production: {
    tools: ['read'],
    max_turns: 10,
    timeout_ms: 120_000,
    attempts: 2,
    model: 'claude-opus-5-5',
    fallback_model: 'claude-sonnet-5-5',
  },
  analysis: {
    tools: ['read', 'list', 'search'],
    max_turns: 5,
    timeout_ms: 180_000,
    attempts: 2,
    model: 'claude-opus-5-5',
  },
  chat: {tools: [], max_turns: 15, timeout_ms: 60_000, attempts: 1},
  test: {tools: ['read'], max_turns: 3, timeout_ms: 30_000, attempts: 1},
}

/** Explicit words of the step win over those of its bundle. @returns the tools that it may have at most */
function readBundle(all: Mappings, out: Draft, {remarks, preset}: FormContext): readonly string[] {
  const said = takeFrom(all, 'preset')
  const name = said?.value ?? preset
  if (typeof name !== 'string') return everyTool
  const known = Object.hasOwn(bundles, name) ? bundles[name] : undefined
  const place = said?.place ?? all[0]?.place ?? []
  if (known === undefined)
    remarks.add(
      'mistake',
      'unknown-preset',
      `preset: \`${name}\` is not one of ${Object.keys(bundles).join(', ')}; \`development\` is taken`,
      place,
    )
  else if (said !== null)
    remarks.add('leniency', 'preset', `preset: stands for options that a step can say itself`, said.place)
  const {tools, ...options} = known ?? bundles['development'] ?? {tools: []}
  for (const [key, value] of Object.entries(options)) if (!out.has(key)) out.set(key, value, place)
  return tools
}

function readPrompt(step: Mapping, out: Draft, context: FormContext): void {
  const found = step.take('prompt', 'prompt_parts', 'instructions')
  if (found === null) return
  if (found.key !== 'prompt')
    context.remarks.add('leniency', 'renamed-key', `${found.key}: is called \`prompt\``, found.place, true)
  const read = promptOf(found.value, found.place, context)
  if (read === null) return
  out.set('prompt', read.prompt, found.place)
  if (read.continues !== null) out.set('session', read.continues, found.place)
}

function readSystem(all: Mappings, out: Draft, {remarks}: FormContext): void {
  const system = takeFrom(all, 'system', 'system_prompt', 'system_instruction')
  const more = takeFrom(all, 'append_system_prompt')
  const found = system ?? more
  if (found === null) return
  const texts = [system?.value, more?.value].filter((each) => typeof each === 'string')
  const other = [system, more].find((each) => each !== null && typeof each.value !== 'string')
  if (other !== undefined && other !== null) return out.set('system', other.value, other.place)
  if (found.key !== 'system')
    remarks.add('leniency', 'renamed-key', `${found.key}: is called \`system\``, found.place, true)
  out.set('system', texts.join('\n\n'), found.place)
}

const numbers: readonly (readonly [string, number, ...(readonly string[])])[] = [
  ['max_tokens', 1, 'max_tokens', 'max_output_tokens'],
  ['temperature', 1, 'temperature'],
  ['top_p', 1, 'top_p'],
  ['top_k', 1, 'top_k'],
  ['max_turns', 1, 'max_turns'],
  ['timeout_ms', 1, 'timeout_ms', 'timeout'],
  ['timeout_ms', 1000, 'timeout_seconds'],
]

function readNumbers(all: Mappings, out: Draft, {remarks}: FormContext): void {
  for (const [canonical, factor, ...keys] of numbers) {
    const found = takeFrom(all, ...keys)
    if (found === null) continue
    const number = numberOf(found.value)
    if (typeof found.value === 'string' && number !== null)
      remarks.add('leniency', 'number-as-text', `${found.key}: is a number, without quotes`, found.place)
    if (found.key !== canonical)
      remarks.add('leniency', 'renamed-key', `${found.key}: is called \`${canonical}\``, found.place, true)
    out.set(canonical, number === null ? found.value : number * factor, found.place)
  }
  if (out.value()['provider'] !== 'claude') return
  const sampling = ['temperature', 'top_p', 'top_k'].filter((key) => out.has(key))
  for (const key of sampling)
    remarks.add(
      'mistake',
      'no-sampling',
      `${key}: Claude models answer a ${key} with an error; leave it out`,
      out.origin([]).keys.get(key) ?? [],
    )
}

const formats: readonly string[] = ['text', 'json', 'yaml', 'markdown', 'structured', 'summary']
const postProcessing: readonly string[] = [
  'extract_code_blocks',
  'extract_recommendations',
  'extract_links',
  'extract_key_points',
  'format_markdown',
  'generate_summary',
]

function readForm(step: Mapping, all: Mappings, out: Draft, context: FormContext, {json}: ModelPreset): void {
  const {remarks} = context
  const config = step.inner('extraction_config')
  const from = config === null ? all : [...all, config]
  const format = takeFrom(from, 'format')
  if (format !== null && typeof format.value === 'string' && !formats.includes(format.value)) {
    remarks.add(
      'mistake',
      'unknown-format',
      `format: \`${format.value}\` is not one of ${formats.join(', ')}; the text is taken as it is`,
      format.place,
    )
  } else if (format !== null) {
    if (config !== null)
      remarks.add('leniency', 'renamed-key', 'extraction_config: is `format` of the step itself', config.place, true)
    out.set('format', format.value === 'structured' ? 'markdown' : format.value, format.place)
  } else if (json === true) out.set('format', 'json', step.place)
  const post = takeFrom(from, 'post_processing', 'post')
  if (post !== null && Array.isArray(post.value)) {
    const unknown = post.value.filter((each) => !postProcessing.includes(textOfValue(each)))
    for (const each of unknown)
      remarks.add('mistake', 'unknown-format', `post_processing: there is no \`${textOfValue(each)}\``, post.place)
    out.set(
      'post',
      post.value.filter((each) => postProcessing.includes(textOfValue(each))),
      post.place,
    )
  }
  const length = takeFrom(from, 'max_summary_length', 'max_length')
  if (length !== null) out.set('max_length', numberOf(length.value) ?? length.value, length.place)
  config?.ignore('use_content_extractor', 'leniency', 'means nothing here')
  config?.ignore('include_metadata', 'leniency', 'every result has its facts')
  const schema = takeFrom(all, 'schema', 'output_schema', 'response_schema')
  if (schema !== null) {
    if (schema.key !== 'schema')
      remarks.add('leniency', 'renamed-key', `${schema.key}: is called \`schema\``, schema.place, true)
    out.set('schema', schema.value, schema.place)
  }
  readFunctions(step, out, context)
}

/** A function's parameters are the form of the answer; of several the model chooses one and says which. */
function readFunctions(step: Mapping, out: Draft, {functions, remarks}: FormContext): void {
  const tools = step.has('tools') && Object.keys(functions).length > 0 ? step.take('tools') : null
  const said = step.take('functions') ?? tools
  if (said === null || out.has('schema')) return
  const names = Array.isArray(said.value) ? said.value.map(textOfValue) : []
  const unknown = names.find((name) => !Object.hasOwn(functions, name))
  if (unknown !== undefined || names.length === 0) {
    const known = Object.keys(functions).join(', ')
    const message = `functions: ${unknown === undefined ? 'must be a list of names' : `there is no function \`${unknown}\``}; there are: ${known}`
    return remarks.add('error', 'unknown-function', message, said.place)
  }
  const schemas = names.map((name) => [name, functions[name] ?? {}] as const)
  const [first] = schemas
  const [, only] = first ?? ['', {}]
  remarks.add('leniency', 'functions', 'functions: are a `schema` of the answer', said.place, true)
  out.set('schema', schemas.length === 1 ? only : choiceOf(schemas), said.place)
}

const choiceOf = (schemas: readonly (readonly [string, Readonly<Record<string, unknown>>])[]): unknown => ({
  anyOf: schemas.map(([name, schema]) => ({
    type: 'object',
    properties: {function: {type: 'string', enum: [name]}, arguments: schema},
    required: ['function', 'arguments'],
    additionalProperties: false,
  })),
})

function readSession(step: Mapping, all: Mappings, out: Draft, {remarks}: FormContext, preset: ModelPreset): void {
  const config = step.inner('session_config')
  const from = config === null ? all : [config, ...all]
  const name = takeFrom(from, 'session_name', 'session', 'session_id')
  const persist = takeFrom(from, 'persist', 'keep_session')
  for (const key of ['continue_on_restart', 'checkpoint_frequency', 'description', 'max_turns'])
    config?.ignore(key, 'leniency', 'means nothing here: a conversation is kept with each answer')
  if (config !== null)
    remarks.add(
      'leniency',
      'renamed-key',
      'session_config: is `session` and `keep_session` of the step',
      config.place,
      true,
    )
  if (name !== null) out.set('session', name.value, name.place)
  else if (preset.session === true && !out.has('session')) {
    const own = step.take('name')?.value
    if (typeof own === 'string') out.set('session', own, step.place)
  }
  if (persist !== null) out.set('keep_session', persist.value, persist.place)
}

function readPatience(step: Mapping, all: Mappings, out: Draft, {remarks}: FormContext, preset: ModelPreset): void {
  const {robust} = preset
  const configs = all.flatMap((each) => ['retry_config', 'retry'].flatMap((key) => each.inner(key) ?? []))
  const plain = takeFrom(all, 'retry', 'retries', 'max_retries', 'attempts')
  const many = takeFrom(configs, 'max_retries', 'max_attempts', 'attempts') ?? plain
  if (many !== null) {
    if (many.key !== 'attempts')
      remarks.add('leniency', 'renamed-key', `${many.key}: is called \`attempts\``, many.place, true)
    const number = numberOf(many.value)
    // none more is still the first one
    out.set('attempts', number === null ? many.value : Math.max(1, number), many.place)
  } else if (robust === true && !out.has('attempts')) out.set('attempts', 3, step.place)
  const strategy = takeFrom(configs, 'backoff_strategy')
  if (strategy !== null && !['exponential', 'linear', 'fixed'].includes(textOfValue(strategy.value)))
    remarks.add(
      'error',
      'bad-retry',
      `backoff_strategy: \`${textOfValue(strategy.value)}\` is not one of exponential, linear, fixed`,
      strategy.place,
    )
  const fallback = takeFrom(configs, 'fallback_action', 'fallback')
  const own = takeFrom(all, 'on_failure')
  if (own !== null) out.set('on_failure', own.value, own.place)
  else if (robust === true || fallback !== null) out.set('on_failure', 'degrade', fallback?.place ?? step.place)
  for (const each of configs)
    for (const key of ['backoff_strategy', 'base_delay_ms', 'retry_conditions', 'retry_on', 'circuit_breaker'])
      each.ignore(
        key,
        'leniency',
        'means nothing here: the program waits as the provider asks, longer each time, and tries again what may pass',
      )
}

const capabilities: Readonly<Record<string, readonly string[]>> = {
  read: ['read'],
  write: ['write'],
  edit: ['edit'],
  multiedit: ['edit'],
  ls: ['list'],
  list: ['list'],
  glob: ['list'],
  grep: ['search'],
  search: ['search'],
  bash: ['shell'],
  shell: ['shell'],
}

/** `Bash(git diff:*)` is Bash. Tools that there are none of here are told, and a step has no tool that it does not name. */
function capabilitiesOf({value, place}: Taken, {remarks}: FormContext): readonly string[] {
  const names = (Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []).map((each) =>
    textOfValue(each).trim(),
  )
  const found = names.flatMap((name) => {
    const known = ownIn(capabilities, name.replace(/\(.*$/s, '').toLowerCase())
    if (known === undefined)
      remarks.add('mistake', 'unknown-tool', `there is no tool \`${name}\`; there are: ${everyTool.join(', ')}`, place)
    return known ?? []
  })
  return everyTool.filter((tool) => found.includes(tool))
}

function readTools(all: Mappings, out: Draft, context: FormContext, most: readonly string[]): void {
  const allowed = takeFrom(all, 'tools', 'allowed_tools')
  const denied = takeFrom(all, 'disallowed_tools')
  const without = denied === null ? [] : capabilitiesOf(denied, {...context, remarks: {list: [], add: () => {}}})
  if (allowed === null) return
  if (allowed.key !== 'tools')
    context.remarks.add('leniency', 'renamed-key', `${allowed.key}: is called \`tools\``, allowed.place, true)
  const tools = capabilitiesOf(allowed, context).filter((tool) => most.includes(tool) && !without.includes(tool))
  if (tools.length > 0) out.set('tools', tools, allowed.place)
}

/** What pipeline_ex read of a step, or its documents promise, and what has no meaning here. */
function ignoreKnown(each: Mapping): void {
  for (const key of [
    'output_format',
    'verbose',
    'cwd',
    'debug_mode',
    'telemetry_enabled',
    'cost_tracking',
    'permission_mode',
  ])
    each.ignore(key, 'leniency', 'means nothing here')
  for (const key of [
    'async_streaming',
    'stream_handler',
    'stream_buffer_size',
    'stream_handler_opts',
    'stream_options',
    'print',
  ])
    each.ignore(key, 'leniency', 'means nothing here: every answer is streamed')
  for (const key of [
    'environment_aware',
    'validation_mode',
    'enable_batch_optimization',
    'response_mime_type',
    'max_input_tokens',
  ])
    each.ignore(key, 'leniency', 'means nothing here')
  for (const key of [
    'hooks',
    'mcp_servers',
    'agents',
    'agent',
    'enable_skills',
    'setting_sources',
    'permission_prompt_tool',
  ])
    each.ignore(key, 'mistake', 'is not carried out: it would run programs that nobody sees')
  for (const key of ['add_dir', 'fork_session', 'strict_mcp_config', 'system_prompt_file', 'resume', 'continue'])
    each.ignore(key, 'mistake', 'is not supported here')
}

/** The keys of a step that its tasks have too. */
export const modelKeys: readonly string[] = [
  'claude_options',
  'options',
  'token_budget',
  'generation_config',
  'preset',
  'provider',
  'model',
  'fallback_model',
  'system',
  'system_prompt',
  'max_tokens',
  'temperature',
  'schema',
  'output_schema',
  'extraction_config',
  'format',
  'repair',
  'tools',
  'retry_config',
  'timeout_ms',
]

/** What a task says over what its step says. */
export function overlaid(
  base: Readonly<Record<string, unknown>>,
  task: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = Object.entries(task).map(([key, value]) => {
    const under = base[key]
    return [key, isRecord(value) && isRecord(under) ? {...under, ...value} : value] as const
  })
  return {...base, ...Object.fromEntries(merged)}
}
