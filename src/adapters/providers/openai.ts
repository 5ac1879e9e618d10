/** OpenAI, and every server that speaks its chat completions: Ollama, vLLM, gateways. Plain `fetch`, no SDK. */
import type {JsonSchema, Message, ModelRequest, Provider, ToolSpec} from '../../provider.ts'
import {refusalIn, replyIn, type Said} from '../completions.ts'
import {strictOf} from '../strict.ts'
import {
  endpointOf,
  keyOf,
  objectOf,
  timersFor,
  unreachable,
  withTimers,
  type Party,
  type ProviderSettings,
} from '../wire.ts'

export const keys = ['OPENAI_API_KEY'] as const
export const baseUrl = 'OPENAI_BASE_URL'

const official = 'https://api.openai.com/v1'

/** Always streams: a stall shows only in a stream. What a server does not know is left out from then on. */
export function openai(settings: ProviderSettings): Provider {
  const endpoint = endpointOf(settings.baseUrl, official, baseUrl)
  const isOfficial = new URL(endpoint).host === new URL(official).host
  // a server of one's own often has no keys
  const apiKey = settings.apiKey.trim() === '' && !isOfficial ? '' : keyOf(settings.apiKey, keys)
  let known: Dialect = {format: true, options: true, limit: isOfficial ? 'max_completion_tokens' : 'max_tokens'}
  return (request, signal) => {
    const party: Party = {provider: 'openai', model: request.model, apiKey, keys}
    return withTimers(party, timersFor(request, settings), signal, async (signal, touch) => {
      let dialect = known
      for (let first: Said | null = null; ;) {
        const response = await send(`${endpoint}/chat/completions`, bodyOf(request, dialect), party, signal)
        touch()
        if (response.ok) {
          known = dialect
          return replyIn(response, party, request, touch)
        }
        const said = await refusalIn(response, party)
        first ??= said
        // nothing is paid for a refused request, and what was left out once is not left out again
        const next = said.status === 400 || said.status === 422 ? plainer(dialect, said, request, isOfficial) : null
        if (next === null) throw (said.status === 400 || said.status === 422 ? first : said).failure
        dialect = next
      }
    })
  }
}

/** Which parts of a request a server knows. */
interface Dialect {
  readonly format: boolean
  readonly options: boolean
  /** Newer models refuse the older name, and most other servers do not know the newer one. */
  readonly limit: 'max_completion_tokens' | 'max_tokens'
}

const isUnknown =
  /unsupported|not (?:be )?(?:support(?:ed)?|permitted|allowed|recogni[sz]ed|available)\b|unrecogni[sz]ed|unknown|unexpected|extra|invalid|no such|use ['"`]?max/i

/**
 * Without what a refusal names, or, where it gives no reason, without all that is not needed. null: there is nothing to leave out.
 * The vendor itself knows all of it, so its refusal of a schema is about the schema.
 */
function plainer(dialect: Dialect, {words}: Said, {schema}: ModelRequest, isOfficial: boolean): Dialect | null {
  const isMute = words === null || /^(?:bad|invalid) request\W*$/i.test(words)
  const names = (name: RegExp): boolean => words !== null && isUnknown.test(words) && name.test(words)
  const dropsFormat =
    !isOfficial && dialect.format && schema !== null && (isMute || names(/response.?format|json.?schema/i))
  const dropsOptions = !isOfficial && dialect.options && (isMute || names(/stream.?options|include.?usage/i))
  if (dropsFormat || dropsOptions) {
    return {...dialect, format: dialect.format && !dropsFormat, options: dialect.options && !dropsOptions}
  }
  const other = dialect.limit === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  const isFirst = dialect.limit === (isOfficial ? 'max_completion_tokens' : 'max_tokens')
  return isFirst && names(/max.?(?:completion.?)?tokens/i) ? {...dialect, limit: other} : null
}

/** A key must not follow a redirect to wherever the server says. */
async function send(url: string, body: unknown, party: Party, signal: AbortSignal): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    ...(party.apiKey === '' ? {} : {authorization: `Bearer ${party.apiKey}`}),
  }
  try {
    return await fetch(url, {method: 'POST', headers, body: JSON.stringify(body), signal, redirect: 'error'})
  } catch (thrown) {
    throw unreachable(party, thrown)
  }
}

const bodyOf = (request: ModelRequest, {format, options, limit}: Dialect): Readonly<Record<string, unknown>> => {
  const {model, system, messages, maxTokens, temperature, topP, schema, tools = [], mayUseTools} = request
  return {
    model,
    messages: [...(system === '' ? [] : [{role: 'system', content: system}]), ...messages.flatMap(messagesOf)],
    [limit]: maxTokens,
    stream: true,
    ...(options ? {stream_options: {include_usage: true}} : {}),
    ...(temperature === null ? {} : {temperature}),
    ...(topP === undefined ? {} : {top_p: topP}),
    ...(schema !== null && format ? {response_format: {type: 'json_schema', json_schema: formOf(schema)}} : {}),
    ...(tools.length === 0 ? {} : {tools: tools.map(toolOf)}),
    ...(tools.length > 0 && mayUseTools === false ? {tool_choice: 'none'} : {}),
  }
}

/** Where the schema cannot be kept strictly it is a hint; whoever asked checks the answer anyway. */
function formOf(schema: JsonSchema): Readonly<Record<string, unknown>> {
  const strict = strictOf(schema)
  return {name: 'answer', strict: strict !== null, schema: strict ?? schema}
}

const toolOf = ({name, description, schema}: ToolSpec): Readonly<Record<string, unknown>> => ({
  type: 'function',
  function: {name, description, parameters: {properties: {}, ...schema, type: 'object'}},
})

/** Each answer of a tool is a message of its own, and has no mark for a failure. */
function messagesOf({role, text, calls = [], results = []}: Message): readonly unknown[] {
  const used = results.map(({id, text, isError}) => ({
    role: 'tool',
    tool_call_id: id,
    content: isError ? `Error: ${text}` : text,
  }))
  if (calls.length > 0) {
    const wanted = calls.map(({id, name, input}) => ({
      id,
      type: 'function',
      function: {name, arguments: JSON.stringify(objectOf(input))},
    }))
    return [{role, content: text === '' ? null : text, tool_calls: wanted}]
  }
  return [...used, ...(text === '' && used.length > 0 ? [] : [{role, content: text}])]
}
