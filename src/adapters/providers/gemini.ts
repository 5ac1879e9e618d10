/** Gemini, through Google's SDK. The only file that names it, so that its successor can take its place. */
import type * as Sdk from '@google/generative-ai'
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import type {JsonSchema, ModelReply, ModelRequest, Provider} from '../../provider.ts'
import {openApiOf} from '../openapi.ts'
import {
  endpointOf,
  garbled,
  keyOf,
  refused,
  unreachable,
  withTimers,
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
  const apiKey = keyOf(settings.apiKey, keys)
  const endpoint = endpointOf(settings.baseUrl, 'https://generativelanguage.googleapis.com', baseUrl)
  return async (request, signal) => {
    const party: Party = {provider: 'gemini', model: request.model, apiKey, keys}
    checkModel(party)
    const sdk = await import('@google/generative-ai')
    return withTimers(party, settings, signal, async (signal, touch) => {
      try {
        const model = new sdk.GoogleGenerativeAI(apiKey).getGenerativeModel({model: request.model}, {baseUrl: endpoint})
        const answer = await model.generateContentStream(bodyOf(request), {signal})
        // the same stream a second time; its errors are those of the first
        answer.response.catch(() => undefined)
        return await read(answer.stream, party, touch)
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

const bodyOf = ({system, messages, maxTokens, temperature, schema}: ModelRequest): Sdk.GenerateContentRequest => {
  const responseSchema = schema === null ? null : openApiOf(schema)
  return {
    contents: messages.map(({role, text}) => ({role: role === 'user' ? 'user' : 'model', parts: [{text}]})),
    ...(system === '' ? {} : {systemInstruction: system}),
    generationConfig: {
      maxOutputTokens: maxTokens,
      ...(temperature === null ? {} : {temperature}),
      ...(responseSchema !== null && isResponseSchema(responseSchema)
        ? {responseMimeType: 'application/json', responseSchema}
        : {}),
    },
  }
}

/** The SDK's type lacks what the API has had since: `propertyOrdering`, `anyOf`, `title`. */
const isResponseSchema = (schema: JsonSchema): schema is JsonSchema & Sdk.ResponseSchema =>
  'type' in schema || 'anyOf' in schema

/** A chunk, by what may stand in it; the SDK's types know neither thoughts nor errors. */
const Chunk = z.looseObject({
  candidates: z
    .array(
      z.looseObject({
        content: z
          .looseObject({
            parts: z.array(z.looseObject({text: z.string().optional(), thought: z.boolean().optional()})).optional(),
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
    })
    .optional(),
  modelVersion: z.string().optional(),
  error: z.looseObject({code: z.number(), message: z.string().optional()}).optional(),
})

async function read(chunks: AsyncIterable<unknown>, party: Party, touch: () => void): Promise<ModelReply> {
  let text = ''
  let model = party.model
  let finish: string | null = null
  let [input_tokens, output_tokens] = [0, 0]
  for await (const each of chunks) {
    touch()
    const chunk = Chunk.safeParse(each).data
    if (chunk === undefined) throw garbled(party, 'sent a chunk that is not one of its own')
    if (chunk.error !== undefined) {
      const {code, message = null} = chunk.error
      throw refused(party, {status: code, message, afterMs: null, final: false, aboutKey: false})
    }
    const [candidate] = chunk.candidates ?? []
    // thoughts are billed and hidden: they are not the answer
    for (const part of candidate?.content?.parts ?? []) if (part.thought !== true) text += part.text ?? ''
    finish = candidate?.finishReason ?? (chunk.promptFeedback?.blockReason === undefined ? finish : blocked)
    model = chunk.modelVersion ?? model
    const {usageMetadata: usage} = chunk
    // every chunk counts from the beginning, the last one is the sum
    if (usage !== undefined) {
      input_tokens = (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0)
      output_tokens = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0)
    }
  }
  if (finish === null) throw garbled(party, 'stopped in the middle of its answer')
  const stopped = stops[finish]
  if (stopped === undefined) throw garbled(party, `stopped for a reason not understood here (${finish.slice(0, 40)})`)
  return {text, stopped, model, usage: {calls: 1, input_tokens, output_tokens, usd: null}}
}

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
