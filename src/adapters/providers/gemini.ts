/** Gemini, through Google's SDK. The only file that names it, so that its successor can take its place. */
import type * as Sdk from '@google/generative-ai'
import * as z from 'zod'
import type {Count} from '../../budget.ts'
import {Failure} from '../../errors.ts'
import type {JsonSchema, Message, ModelReply, ModelRequest, Provider, ToolSpec} from '../../provider.ts'
import {openApiOf} from '../openapi.ts'
import {
  callsOf,
  endpointOf,
  garbled,
  isMadeId,
  keyOf,
  objectOf,
  refused,
  sizer,
  timersFor,
  unreachable,
  usageOf,
  withTimers,
  type CalledTool,
  type Party,
  type ProviderSettings,
} from '../wire.ts'

export const keys = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'] as const
export const baseUrl = 'GEMINI_BASE_URL'

/**
 * Always streams: unstreamed answers end with fetch's own 300 s, and a stall shows only in a stream. The SDK's own timeout is
 * never used (its timer is not cleared), its aggregated answer neither (thoughts are mixed in, cut streams succeed).
 */
export function gemini(settings: ProviderSettings): Provider {
  const asking = askingBy(settings)
  return (request, signal) =>
    asking(request, timersFor(request, settings), signal, async (model, {party, signal, touch, sdk}) => {
      const answer = await model.generateContentStream(bodyOf(request, sdk), {signal})
      // the same stream a second time; its errors are those of the first
      answer.response.catch(() => undefined)
      return read(answer.stream, party, touch, request)
    })
}

/** A count takes a moment, whatever the prompt. */
const countMs = 60_000

/** Tokens of a request's input as the vendor counts them, which costs nothing. */
export function count(settings: ProviderSettings): Count {
  const asking = askingBy(settings)
  return (request, signal) =>
    asking(request, {totalMs: countMs, ...settings}, signal, async (model, {signal, sdk}) => {
      const answer: unknown = await model.countTokens({generateContentRequest: bodyOf(request, sdk)}, {signal})
      return Counted.safeParse(answer).data?.totalTokens ?? null
    })
}

const Counted = z.looseObject({totalTokens: z.number()})

interface Asking {
  readonly party: Party
  readonly signal: AbortSignal
  readonly touch: () => void
  readonly sdk: typeof Sdk
}

/** Asks something of a model, whatever it is, within the timers, and makes a `Failure` of what goes wrong. */
function askingBy(settings: ProviderSettings) {
  const apiKey = keyOf(settings.apiKey, keys)
  const endpoint = endpointOf(settings.baseUrl, 'https://generativelanguage.googleapis.com', baseUrl)
  return async <T>(
    request: ModelRequest,
    timers: ProviderSettings,
    signal: AbortSignal | undefined,
    work: (model: Sdk.GenerativeModel, asking: Asking) => Promise<T>,
  ): Promise<T> => {
    const party: Party = {provider: 'gemini', model: request.model, apiKey, keys}
    checkModel(party)
    const sdk = await import('@google/generative-ai')
    return withTimers(party, timers, signal, async (signal, touch) => {
      try {
        const model = new sdk.GoogleGenerativeAI(apiKey).getGenerativeModel({model: request.model}, {baseUrl: endpoint})
        return await work(model, {party, signal, touch, sdk})
      } catch (thrown) {
        throw failureOf(thrown, sdk, party)
      }
    })
  }
}

/** The SDK puts the model into the path as it is: a name with dots and slashes would ask another endpoint with the key. */
function checkModel({model}: Party): void {
  if (/^(?:(?:models|tunedModels)\/)?\w[\w.-]*$/.test(model)) return
  throw new Failure('model-refused-request', `${JSON.stringify(model.slice(0, 80))} is not the id of a Gemini model`, {
    hint: 'model ids look like gemini-3.5-flash',
  })
}

const bodyOf = (request: ModelRequest, sdk: typeof Sdk): Sdk.GenerateContentRequest => {
  const {model, system, messages, maxTokens, temperature, schema, topP, topK, tools = [], mayUseTools} = request
  // models before the third generation refuse a form of the answer beside tools; whoever asked checks the answer anyway
  const isFree = schema === null || (tools.length > 0 && /^(?:models\/)?gemini-[12]\./.test(model))
  const responseSchema = isFree ? null : openApiOf(schema)
  return {
    contents: messages.map((message) => ({
      role: message.role === 'user' ? 'user' : 'model',
      parts: [...partsOf(message)],
    })),
    ...(system === '' ? {} : {systemInstruction: system}),
    ...(tools.length === 0 ? {} : {tools: [{functionDeclarations: tools.map(declarationOf)}]}),
    ...(tools.length > 0 && mayUseTools === false
      ? {toolConfig: {functionCallingConfig: {mode: sdk.FunctionCallingMode.NONE}}}
      : {}),
    generationConfig: {
      maxOutputTokens: maxTokens,
      ...(temperature === null ? {} : {temperature}),
      ...(topP === undefined ? {} : {topP}),
      ...(topK === undefined ? {} : {topK}),
      ...(responseSchema !== null && isResponseSchema(responseSchema)
        ? {responseMimeType: 'application/json', responseSchema}
        : {}),
    },
  }
}

/** The API has had ids and signatures since; the SDK's types do not know them, and it sends what it is given. */
function partsOf({text, calls = [], results = []}: Message): readonly Sdk.Part[] {
  const idOf = (id: string) => (isMadeId(id) ? {} : {id})
  const used = results.map(({id, name, text, isError}): Sdk.Part => {
    const response = isError ? {error: text} : {result: text}
    return {functionResponse: {...idOf(id), name, response}}
  })
  const wanted = calls.map(({id, name, input, signature}): Sdk.Part => {
    const thoughtSignature = signature === undefined ? {} : {thoughtSignature: signature}
    return {functionCall: {...idOf(id), name, args: objectOf(input)}, ...thoughtSignature}
  })
  return [...used, ...(text === '' && used.length + wanted.length > 0 ? [] : [{text}]), ...wanted]
}

/** An object without properties is refused there; a tool without inputs has no schema. */
function declarationOf({name, description, schema}: ToolSpec): Sdk.FunctionDeclaration {
  const parameters = openApiOf(schema)
  return Object.keys(objectOf(parameters['properties'])).length > 0 && isParameters(parameters)
    ? {name, description, parameters}
    : {name, description}
}

const isParameters = (schema: JsonSchema): schema is JsonSchema & Sdk.FunctionDeclarationSchema => 'type' in schema

/** The SDK's type lacks what the API has had since: `propertyOrdering`, `anyOf`, `title`. */
const isResponseSchema = (schema: JsonSchema): schema is JsonSchema & Sdk.ResponseSchema =>
  'type' in schema || 'anyOf' in schema

const Part = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  functionCall: z.looseObject({id: z.string().optional(), name: z.string(), args: z.unknown().optional()}).optional(),
  thoughtSignature: z.string().optional(),
})

/** A chunk, by what may stand in it; the SDK's types know neither thoughts nor errors. */
const Chunk = z.looseObject({
  candidates: z
    .array(
      z.looseObject({
        content: z
          .looseObject({
            parts: z.array(Part).optional(),
          })
          .optional(),
        finishReason: z.string().optional(),
      }),
    )
    .optional(),
  promptFeedback: z.looseObject({blockReason: z.string().optional()}).optional(),
  usageMetadata: z
    .looseObject({
      promptTokenCount: z.number().optional(),
      toolUsePromptTokenCount: z.number().optional(),
      candidatesTokenCount: z.number().optional(),
      thoughtsTokenCount: z.number().optional(),
      cachedContentTokenCount: z.number().optional(),
    })
    .optional(),
  modelVersion: z.string().optional(),
  error: z.looseObject({code: z.number(), message: z.string().optional()}).optional(),
})

async function read(
  chunks: AsyncIterable<unknown>,
  party: Party,
  touch: () => void,
  request: ModelRequest,
): Promise<ModelReply> {
  const sized = sizer(party)
  const called: CalledTool[] = []
  let text = ''
  let model = party.model
  let finish: string | null = null
  let usage = usageOf({input: 0, output: 0})
  for await (const each of chunks) {
    touch()
    const chunk = Chunk.safeParse(each).data
    if (chunk === undefined) throw garbled(party, 'sent a chunk that is not one of its own')
    if (chunk.error !== undefined) {
      const {code, message = null} = chunk.error
      throw refused(party, {status: code, message, afterMs: null, final: false, aboutKey: false})
    }
    const [candidate] = chunk.candidates ?? []
    for (const part of candidate?.content?.parts ?? []) {
      const piece = sized(part.text ?? '')
      // thoughts are billed and hidden: they are not the answer
      if (part.thought !== true) text += piece
      if (part.functionCall !== undefined) called.push(calledIn(part.functionCall, part.thoughtSignature, sized))
    }
    finish = candidate?.finishReason ?? (chunk.promptFeedback?.blockReason === undefined ? finish : blocked)
    model = chunk.modelVersion ?? model
    // every chunk counts from the beginning, the last one is the sum
    if (chunk.usageMetadata !== undefined) usage = usageIn(chunk.usageMetadata)
  }
  if (finish === null) throw garbled(party, 'stopped in the middle of its answer')
  const stopped = stops[finish]
  if (stopped === undefined) throw garbled(party, `stopped for a reason not understood here (${finish.slice(0, 40)})`)
  const reply = {text, stopped, model, usage}
  return stopped === 'end' && called.length > 0 ? {...reply, stopped: 'tools', calls: callsOf(called, request)} : reply
}

function calledIn(
  {id, name, args}: NonNullable<z.infer<typeof Part>['functionCall']>,
  signature: string | undefined,
  sized: (piece: string) => string,
): CalledTool {
  sized(JSON.stringify(args ?? {}))
  return {id: id ?? null, name, input: args ?? {}, ...(signature === undefined ? {} : {signature: sized(signature)})}
}

const usageIn = (usage: NonNullable<z.infer<typeof Chunk>['usageMetadata']>): ModelReply['usage'] =>
  usageOf({
    input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
    cached: usage.cachedContentTokenCount,
  })

const blocked = 'PROHIBITED_CONTENT'

const stops: Readonly<Record<string, ModelReply['stopped']>> = {
  STOP: 'end',
  MAX_TOKENS: 'length',
  SAFETY: 'refused',
  RECITATION: 'refused',
  LANGUAGE: 'refused',
  BLOCKLIST: 'refused',
  PROHIBITED_CONTENT: 'refused',
  SPII: 'refused',
}

/** `error.name` is always `Error` in this SDK; the classes tell them apart. */
function failureOf(thrown: unknown, sdk: typeof Sdk, party: Party): Failure {
  if (thrown instanceof Failure) return thrown
  if (thrown instanceof sdk.GoogleGenerativeAIFetchError && thrown.status !== undefined) {
    return refusalOf(thrown, thrown.status, party)
  }
  if (thrown instanceof TypeError || (thrown instanceof Error && thrown.message.includes('Error fetching from'))) {
    return unreachable(party, thrown)
  }
  return garbled(party, 'broke off, or answered something that is not JSON')
}

const Details = z.array(
  z.looseObject({
    '@type': z.string().optional(),
    reason: z.string().optional(),
    retryDelay: z.string().optional(),
    violations: z.array(z.looseObject({quotaId: z.string().optional()})).optional(),
  }),
)

function refusalOf({message, errorDetails}: Sdk.GoogleGenerativeAIFetchError, status: number, party: Party): Failure {
  const details = Details.safeParse(errorDetails).data ?? []
  const delays = details.flatMap(({retryDelay}) => Number.parseFloat(retryDelay ?? '')).filter(Number.isFinite)
  const said = message
    .replace(/^\[GoogleGenerativeAI Error\]: Error fetching from \S+ \[\d+[^\]]*\] ?/, '')
    .replace(errorDetails === undefined ? '' : JSON.stringify(errorDetails), '')
    .trim()
  return refused(party, {
    status,
    message: said === '' ? null : said,
    // the header `retry-after` is lost in this SDK
    afterMs: delays.length === 0 ? null : Math.max(...delays) * 1000,
    // a day's quota does not come back within any deadline of ours
    final: details.some(({violations = []}) => violations.some(({quotaId = ''}) => quotaId.includes('PerDay'))),
    // an unknown key is a 400 here
    aboutKey: details.some(({reason}) => reason === 'API_KEY_INVALID'),
  })
}
