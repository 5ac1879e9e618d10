/** Claude, through Anthropic's SDK. The only file that names it. */
import type * as Sdk from '@anthropic-ai/sdk'
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import type {JsonSchema, ModelReply, ModelRequest, Provider} from '../../provider.ts'
import {
  endpointOf,
  garbled,
  keyOf,
  refused,
  retryAfterOf,
  unreachable,
  withTimers,
  type Party,
  type ProviderSettings,
} from '../wire.ts'

export const keys = ['ANTHROPIC_API_KEY'] as const
export const baseUrl = 'ANTHROPIC_BASE_URL'

/**
 * Always streams: the SDK refuses unstreamed answers above 21,333 tokens, and a stalled connection shows only in a stream.
 * Does not retry: the SDK would obey a `retry-after` of weeks.
 */
export function claude(settings: ProviderSettings): Provider {
  const apiKey = keyOf(settings.apiKey, keys)
  const endpoint = endpointOf(settings.baseUrl, 'https://api.anthropic.com', baseUrl)
  return async (request, signal) => {
    const party: Party = {provider: 'claude', model: request.model, apiKey, keys}
    const sdk = await import('@anthropic-ai/sdk')
    const format = request.schema === null ? null : await formatOf(request.schema)
    return withTimers(party, settings, signal, async (signal, touch) => {
      try {
        const client = connect(sdk, {apiKey, endpoint, touch})
        return await read(await client.messages.create(bodyOf(request, format), {signal}), party)
      } catch (thrown) {
        throw failureOf(thrown, sdk, party)
      }
    })
  }
}

/** The whole request is said here; whatever else the SDK finds in `ANTHROPIC_*` variables must not reach the wire. */
const connect = (
  sdk: typeof Sdk,
  {apiKey, endpoint, touch}: {readonly apiKey: string; readonly endpoint: string; readonly touch: () => void},
): Sdk.Anthropic =>
  new sdk.Anthropic({
    apiKey,
    baseURL: endpoint,
    webhookKey: null,
    maxRetries: 0,
    openTelemetry: false,
    // at `debug` it prints prompts to stdout, and at `error` chunks of answers
    logLevel: 'off',
    fetch: async (url, init) => {
      const response = await fetch(url, {...init, headers: headersOf(init?.headers, apiKey), redirect: 'error'})
      touch()
      if (response.body === null) return response
      // counts bytes, because the SDK hides the pings that keep a long thought alive
      const watched = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            touch()
            controller.enqueue(chunk)
          },
        }),
      )
      return new Response(watched, response)
    },
  })

const sentHeaders = /^(?:accept|content-type|user-agent|anthropic-version|x-stainless-.*)$/

/** `ANTHROPIC_CUSTOM_HEADERS` may replace any header, the key's and the host's too: keep only those of the SDK. */
function headersOf(given: ConstructorParameters<typeof Headers>[0], apiKey: string): Headers {
  const headers = new Headers([...new Headers(given)].filter(([name]) => sentHeaders.test(name)))
  headers.set('authorization', `Bearer ${apiKey}`)
  return headers
}

const bodyOf = (
  {model, maxTokens, system, messages, temperature}: ModelRequest,
  format: JsonSchema | null,
): Sdk.Anthropic.MessageCreateParamsStreaming => ({
  model,
  max_tokens: maxTokens,
  stream: true,
  messages: messages.map(({role, text}) => ({role, content: text})),
  ...(system === '' ? {} : {system}),
  ...(temperature === null ? {} : {temperature}),
  // never a forced tool: newer models refuse a forced `tool_choice`
  ...(format === null ? {} : {output_config: {format: {type: 'json_schema', schema: {...format}}}}),
})

/** The SDK's own conversion to the subset that structured outputs take. */
async function formatOf(schema: JsonSchema): Promise<JsonSchema> {
  const {transformJSONSchema} = await import('@anthropic-ai/sdk/lib/transform-json-schema')
  try {
    return z.record(z.string(), z.unknown()).parse(transformJSONSchema(schema))
  } catch (cause) {
    throw new Failure('model-refused-request', 'the schema of the step has a part that says nothing about its type', {
      hint: 'give every part of the schema a type, an enum or an anyOf',
      cause,
    })
  }
}

/** The events that matter, by what may stand in them; a gateway may send less than the SDK's types promise. */
const Event = z.looseObject({
  type: z.string(),
  message: z
    .looseObject({
      model: z.string().optional(),
      usage: z.looseObject({
        input_tokens: z.number().nullish(),
        cache_creation_input_tokens: z.number().nullish(),
        cache_read_input_tokens: z.number().nullish(),
        output_tokens: z.number().nullish(),
      }),
    })
    .optional(),
  content_block: z.looseObject({type: z.string(), text: z.string().optional()}).optional(),
  delta: z
    .looseObject({type: z.string().optional(), text: z.string().optional(), stop_reason: z.string().nullish()})
    .optional(),
  usage: z.looseObject({output_tokens: z.number().nullish()}).optional(),
})

async function read(events: AsyncIterable<unknown>, party: Party): Promise<ModelReply> {
  let text = ''
  let model = party.model
  let stop: string | null = null
  let complete = false
  let [input_tokens, output_tokens] = [0, 0]
  for await (const each of events) {
    const event = Event.safeParse(each).data
    if (event === undefined) throw garbled(party, 'sent an event that is not one of its own')
    if (event.type === 'message_start' && event.message !== undefined) {
      const {usage} = event.message
      model = event.message.model ?? model
      input_tokens =
        (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0)
      output_tokens = usage.output_tokens ?? 0
    }
    if (event.type === 'content_block_start' && event.content_block?.type === 'text')
      text += event.content_block.text ?? ''
    if (event.type === 'content_block_delta' && event.delta?.type === 'text_delta') text += event.delta.text ?? ''
    if (event.type === 'message_delta') {
      stop = event.delta?.stop_reason ?? stop
      output_tokens = event.usage?.output_tokens ?? output_tokens
    }
    if (event.type === 'message_stop') complete = true
  }
  if (!complete || stop === null) throw garbled(party, 'stopped in the middle of its answer')
  const stopped = stops[stop]
  if (stopped === undefined) throw garbled(party, `stopped for a reason not understood here (${stop.slice(0, 40)})`)
  return {text, stopped, model, usage: {calls: 1, input_tokens, output_tokens, usd: null}}
}

const stops: Readonly<Record<string, ModelReply['stopped']>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refused',
}

/** Errors inside a stream have no status, only a type. */
const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

function failureOf(thrown: unknown, sdk: typeof Sdk, party: Party): Failure {
  if (thrown instanceof Failure) return thrown
  if (thrown instanceof sdk.APIConnectionError || thrown instanceof TypeError) return unreachable(party, thrown)
  if (thrown instanceof sdk.APIError) return refusalOf(thrown, party)
  return garbled(party, 'broke off, or answered something that is not JSON')
}

function refusalOf(error: Sdk.APIError, party: Party): Failure {
  const status = error.status ?? statusOfType[error.type ?? '']
  if (status === undefined) return garbled(party, 'broke off with an error')
  // the body is whatever was sent, the SDK's types notwithstanding; a proxy's page has no message and is not worth quoting
  const message: unknown = error.apiMessage
  return refused(party, {
    status,
    message: typeof message === 'string' ? message : null,
    afterMs: retryAfterOf((name) => error.headers?.get(name) ?? null, Date.now()),
    final: error.headers?.get('x-should-retry') === 'false',
    aboutKey: false,
  })
}
