/** Claude, through Anthropic's SDK. The only file that names it. */
import type * as Sdk from '@anthropic-ai/sdk'
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {givenUp, type JsonSchema, type ModelReply, type ModelRequest, type Provider} from '../../provider.ts'
import {batched, type Batching, type BatchResult, type BatchRoutes} from '../batches.ts'
import {
  defaultTotalMs,
  endpointOf,
  garbled,
  keyOf,
  refused,
  retryAfterOf,
  unanswered,
  unreachable,
  wasNeverSent,
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
        const body = {...bodyOf(request, format), stream: true} as const
        return await read(await client.messages.create(body, {signal}), party)
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
): Sdk.Anthropic.MessageCreateParamsNonStreaming => ({
  model,
  max_tokens: maxTokens,
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

const Tokens = z.looseObject({
  input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
})

const inputOf = (usage: z.infer<typeof Tokens>): number =>
  (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0)

/** The events that matter, by what may stand in them; a gateway may send less than the SDK's types promise. */
const Event = z.looseObject({
  type: z.string(),
  message: z.looseObject({model: z.string().optional(), usage: Tokens}).optional(),
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
      input_tokens = inputOf(usage)
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

/** Errors inside a stream or a batch have no status, only a type. */
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

/** The same questions, collected and sent as batches. */
export const batches = (settings: ProviderSettings, batching: Batching): Provider =>
  batched(routesOf(settings), batching)

/** A run that was cancelled does not wait longer for the word that its batch is. */
const cancelMs = 3000

type Params = Sdk.Anthropic.MessageCreateParamsNonStreaming
type Call<T> = (client: Sdk.Anthropic, signal: AbortSignal) => Promise<T>

/** Each call ends soon, so each has the time that a whole answer has otherwise; how long the batch takes is another matter. */
function routesOf(settings: ProviderSettings): BatchRoutes<Params> {
  const apiKey = keyOf(settings.apiKey, keys)
  const endpoint = endpointOf(settings.baseUrl, 'https://api.anthropic.com', baseUrl)
  const partyOf = (model: string): Party => ({provider: 'claude', model, apiKey, keys})
  const party = partyOf('message batch')
  const calling = async <T>(timers: ProviderSettings, signal: AbortSignal | undefined, call: Call<T>): Promise<T> => {
    const sdk = await import('@anthropic-ai/sdk')
    return withTimers(party, timers, signal, async (signal, touch) => {
      try {
        return await call(connect(sdk, {apiKey, endpoint, touch}), signal)
      } catch (thrown) {
        throw failureOf(thrown, sdk, party)
      }
    })
  }
  return {
    partyOf,
    write: async (request) => bodyOf(request, request.schema === null ? null : await formatOf(request.schema)),
    create: async (questions, signal) => {
      const requests = questions.map(({id, body}) => ({custom_id: id, params: body}))
      // while a hundred megabytes go out nothing comes in
      const timers = {idleMs: defaultTotalMs, ...settings}
      return madeOnce((watch) =>
        calling(timers, signal, async (client, signal) =>
          idOf(await watch(client.messages.batches.create({requests}, {signal})), party),
        ),
      )
    },
    isEnded: (batch, signal) =>
      calling(settings, signal, async (client, signal) =>
        isEnded(await client.messages.batches.retrieve(batch, {}, {signal}), party),
      ),
    results: (batch, signal) =>
      calling(settings, signal, async (client, signal) => {
        // not the SDK's `results`: it sends the key to the address that the answer names, and ends at a line it cannot read
        const path = `/v1/messages/batches/${encodeURIComponent(batch)}/results`
        const {body} = await client.get(path, {headers: {accept: 'application/binary'}, signal}).asResponse()
        return body === null ? [] : resultsIn(body)
      }),
    cancel: async (batch) => {
      const timers = {...settings, totalMs: Math.min(settings.totalMs ?? cancelMs, cancelMs)}
      await calling(timers, undefined, (client, signal) => client.messages.batches.cancel(batch, {}, {signal}))
    },
    read: (result, {model}) => answerIn(result, partyOf(model)),
  }
}

/**
 * Keeps a failure worth trying again only where surely no batch was made: the request never left, or was refused for its rate
 * or the load. Of any other, a timeout too, there may be a batch that is paid for.
 */
async function madeOnce<T>(make: (watch: <R>(call: Promise<R>) => Promise<R>) => Promise<T>): Promise<T> {
  let isUnmade = false
  const watch = async <R>(call: Promise<R>): Promise<R> => {
    try {
      return await call
    } catch (thrown) {
      isUnmade = wasNeverSent(thrown) || refusals.includes(statusIn(thrown))
      throw thrown
    }
  }
  try {
    return await make(watch)
  } catch (thrown) {
    if (isUnmade || !(thrown instanceof Failure) || thrown.retry === null) throw thrown
    throw givenUp(thrown, 'a batch may have been made all the same, and is not made again')
  }
}

const refusals: readonly unknown[] = [429, 529]
const statusIn = (thrown: unknown): unknown =>
  thrown instanceof Error && 'status' in thrown ? thrown.status : undefined

const Batch = z.looseObject({
  id: z
    .string()
    .regex(/^[\w-]{1,200}$/)
    .optional(),
  processing_status: z.string().optional(),
})

function idOf(answer: unknown, party: Party): string {
  const id = Batch.safeParse(answer).data?.id
  if (id === undefined) throw garbled(party, 'made a batch and did not say which')
  return id
}

function isEnded(answer: unknown, party: Party): boolean {
  const status = Batch.safeParse(answer).data?.processing_status
  if (status === undefined) throw garbled(party, 'did not say how far the batch is')
  return status === 'ended'
}

const Line = z.looseObject({custom_id: z.string(), result: z.unknown()})

async function resultsIn(body: ReadableStream<Uint8Array>): Promise<readonly (BatchResult | null)[]> {
  const results: (BatchResult | null)[] = []
  const add = (line: string): void => {
    if (line.trim() !== '') results.push(resultIn(line))
  }
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = `${rest}${decoder.decode(chunk, {stream: true})}`.split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(add)
  }
  add(rest + decoder.decode())
  return results
}

/** null: it is cut, or it does not say whose it is. */
function resultIn(line: string): BatchResult | null {
  try {
    const read = Line.safeParse(JSON.parse(line)).data
    return read === undefined ? null : {id: read.custom_id, result: read.result}
  } catch {
    return null
  }
}

const Said = z.looseObject({type: z.string().optional(), message: z.string().optional()})
const Result = z.looseObject({
  type: z.string(),
  message: z
    .looseObject({
      model: z.string().optional(),
      content: z.array(z.looseObject({type: z.string(), text: z.string().optional()})),
      stop_reason: z.string(),
      usage: Tokens,
    })
    .optional(),
  /** The error itself stands inside of an envelope; some gateways leave that out. */
  error: Said.extend({error: Said.optional()}).optional(),
})

/** Only what succeeded is paid for, so whatever else passes may be asked once more, but what was answered must not. */
function answerIn(result: unknown, party: Party): ModelReply {
  const {type, message, error} = Result.safeParse(result).data ?? {}
  if (type === 'succeeded' && message !== undefined) {
    const {model = party.model, content, stop_reason: stop, usage} = message
    const stopped = stops[stop]
    if (stopped === undefined)
      throw unanswered(party, `stopped for a reason not understood here (${stop.slice(0, 40)})`)
    const text = content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('')
    const tokens = {input_tokens: inputOf(usage), output_tokens: usage.output_tokens ?? 0}
    return {text, stopped, model, usage: {calls: 1, ...tokens, usd: null}}
  }
  if (type === 'errored') {
    const {type: kind = '', message: said = null} = error?.error ?? error ?? {}
    const status = statusOfType[kind] ?? statusOfType[`${kind}_error`]
    if (status === undefined) throw garbled(party, 'answered the question in the batch with an error')
    throw refused(party, {status, message: said, afterMs: null, final: false, aboutKey: false})
  }
  if (type === 'expired') throw garbled(party, 'did not come to the question before its batch expired')
  if (type === 'canceled') throw unanswered(party, 'was told by somebody else to cancel the batch')
  throw unanswered(party, 'gave an answer in the batch that makes no sense')
}
