/** Claude, through Anthropic's SDK. The only file that names it. */
import type * as Sdk from '@anthropic-ai/sdk'
import * as z from 'zod'
import type {Count} from '../../budget.ts'
import {Failure} from '../../errors.ts'
import {givenUp, type JsonSchema, type Message, type ModelRequest, type Provider} from '../../provider.ts'
import {batched, type Batching, type BatchResult, type BatchRoutes} from '../batches.ts'
import {answerIn, readEvents, statusOfType, thoughtsIn, tokensIn} from '../claude-answer.ts'
import {
  defaultTotalMs,
  endpointOf,
  garbled,
  keyOf,
  objectOf,
  refused,
  retryAfterOf,
  timersFor,
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
    return withTimers(party, timersFor(request, settings), signal, async (signal, touch) => {
      try {
        const client = connect(sdk, {apiKey, endpoint, touch})
        const body = {...bodyOf(request, format), stream: true} as const
        return await readEvents(await client.messages.create(body, {signal}), party, request)
      } catch (thrown) {
        throw failureOf(thrown, sdk, party)
      }
    })
  }
}

/** A count takes a moment, whatever the prompt. */
const countMs = 60_000

/** Tokens of a request's input as the vendor counts them, which costs nothing. */
export function count(settings: ProviderSettings): Count {
  const apiKey = keyOf(settings.apiKey, keys)
  const endpoint = endpointOf(settings.baseUrl, 'https://api.anthropic.com', baseUrl)
  return async (request, signal) => {
    const party: Party = {provider: 'claude', model: request.model, apiKey, keys}
    const sdk = await import('@anthropic-ai/sdk')
    const format = request.schema === null ? null : await formatOf(request.schema)
    return withTimers(party, {totalMs: countMs, ...settings}, signal, async (signal, touch) => {
      try {
        const {max_tokens: _, ...body} = bodyOf({...request, temperature: null}, format)
        const answer: unknown = await connect(sdk, {apiKey, endpoint, touch}).messages.countTokens(body, {signal})
        return tokensIn(answer)
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

type Params = Sdk.Anthropic.MessageCreateParamsNonStreaming

const bodyOf = (request: ModelRequest, format: JsonSchema | null): Params => {
  const {model, maxTokens, system, messages, temperature, tools = [], shared = 0} = request
  return {
    model,
    max_tokens: maxTokens,
    messages: messages.map((message, index) => ({
      role: message.role,
      content: contentOf(message, index === 0 ? shared : 0),
    })),
    ...(system === '' ? {} : {system}),
    // no top_p and no top_k: newer models refuse them, as they do a temperature
    ...(temperature === null ? {} : {temperature}),
    // never a forced tool: newer models refuse a forced `tool_choice`
    ...(tools.length === 0 ? {} : {tools: tools.map(toolOf)}),
    // blocks of tools in what was said before need the tools themselves beside them
    ...(tools.length > 0 && request.mayUseTools === false ? {tool_choice: {type: 'none' as const}} : {}),
    ...(format === null ? {} : {output_config: {format: {type: 'json_schema', schema: {...format}}}}),
  }
}

/** Below some 1,000 tokens the vendor caches nothing (https://platform.claude.com/docs/en/build-with-claude/prompt-caching). */
const leastShared = 4000

/** A plain text stays one. What is shared ends where its part of the cache does. */
function contentOf({role, text, calls = [], results = []}: Message, shared: number): Block[] | string {
  const used = results.map(({id, text, isError}): Block => ({
    type: 'tool_result',
    tool_use_id: id,
    content: text,
    ...(isError ? {is_error: true} : {}),
  }))
  const begun = calls.flatMap(({signature}) => thoughtsIn(signature))
  const wanted = calls.map(({id, name, input}): Block => ({type: 'tool_use', id, name, input: objectOf(input)}))
  // not in the middle of a character
  const at = /[\uD800-\uDBFF]/.test(text.charAt(shared - 1)) ? shared - 1 : shared
  if (role === 'user' && at >= leastShared && at < text.length) {
    const cached: Block = {type: 'text', text: text.slice(0, at), cache_control: {type: 'ephemeral'}}
    return [...used, cached, {type: 'text', text: text.slice(at)}]
  }
  if (used.length + wanted.length === 0) return text
  return [...begun, ...used, ...(text === '' ? [] : [{type: 'text', text} as const]), ...wanted]
}

type Block = Sdk.Anthropic.ContentBlockParam

const toolOf = ({name, description, schema}: NonNullable<ModelRequest['tools']>[number]): Sdk.Anthropic.Tool => ({
  name,
  description,
  input_schema: {...schema, type: 'object'},
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
    read: (result, request) => answerIn(result, partyOf(request.model), request),
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
