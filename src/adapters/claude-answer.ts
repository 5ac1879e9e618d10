/** What Claude answers, in a stream or in a batch; nothing in here knows the SDK. */
import * as z from 'zod'
import type {ModelReply, ModelRequest, ToolCall} from '../provider.ts'
import {callsOf, garbled, inputIn, refused, sizer, unanswered, usageOf, type CalledTool, type Party} from './wire.ts'

const Tokens = z.looseObject({
  input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
})

/** Of a count of tokens; null when there is none in it. */
export const tokensIn = (answer: unknown): number | null => Tokens.safeParse(answer).data?.input_tokens ?? null

/** The vendor counts what is read from or written into a cache beside the rest; a null is nothing. */
const countsOf = (usage: z.infer<typeof Tokens>): {input: number; output: number; cached: number; written: number} => {
  const [cached, written] = [usage.cache_read_input_tokens ?? 0, usage.cache_creation_input_tokens ?? 0]
  return {input: (usage.input_tokens ?? 0) + written + cached, output: usage.output_tokens ?? 0, cached, written}
}

/** A part of an answer; a gateway may send less than the SDK's types promise. */
const Content = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  thinking: z.string().optional(),
  signature: z.string().optional(),
})

/** The events that matter, by what may stand in them. */
const Event = z.looseObject({
  type: z.string(),
  index: z.number().optional(),
  message: z.looseObject({model: z.string().optional(), usage: Tokens}).optional(),
  content_block: Content.optional(),
  delta: z
    .looseObject({
      type: z.string().optional(),
      text: z.string().optional(),
      partial_json: z.string().optional(),
      thinking: z.string().optional(),
      signature: z.string().optional(),
      stop_reason: z.string().nullish(),
    })
    .optional(),
  usage: z.looseObject({output_tokens: z.number().nullish()}).optional(),
})

type Part = z.infer<typeof Content>

/** The end of a stream is one only when it says so: a connection that closes early looks the same. */
export async function readEvents(
  events: AsyncIterable<unknown>,
  party: Party,
  request: ModelRequest,
): Promise<ModelReply> {
  const sized = sizer(party)
  const parts: {part: Part; json: string}[] = []
  let model = party.model
  let stop: string | null = null
  let complete = false
  let counts = {input: 0, output: 0, cached: 0, written: 0}
  for await (const each of events) {
    const event = Event.safeParse(each).data
    if (event === undefined) throw garbled(party, 'sent an event that is not one of its own')
    const {type, message, content_block: begun, delta} = event
    if (type === 'message_start' && message !== undefined) {
      model = message.model ?? model
      counts = countsOf(message.usage)
    }
    if (type === 'content_block_start' && begun !== undefined) {
      sized(`${begun.text ?? ''}${begun.thinking ?? ''}`)
      parts.push({part: begun, json: ''})
    }
    // some gateways leave out where a text begins
    if (delta?.type === 'text_delta' && parts.at(-1)?.part.type !== 'text') parts.push({part: {type: 'text'}, json: ''})
    const last = parts.at(-1)
    if (type === 'content_block_delta' && delta !== undefined && last !== undefined) {
      last.json += sized(delta.partial_json ?? '')
      last.part = grown(last.part, delta, sized)
    }
    if (type === 'message_delta') {
      stop = delta?.stop_reason ?? stop
      counts = {...counts, output: event.usage?.output_tokens ?? counts.output}
    }
    if (type === 'message_stop') complete = true
  }
  if (!complete || stop === null) throw garbled(party, 'stopped in the middle of its answer')
  const content = parts.map(({part, json}) => (json === '' ? part : {...part, input: inputIn(json)}))
  return replyOf({content, stop, model, usage: usageOf(counts)}, party, request, garbled)
}

/** Blocks come one after the other, so a piece always belongs to the last one. */
const grown = (
  part: Part,
  {text, thinking, signature}: NonNullable<z.infer<typeof Event>['delta']>,
  sized: (piece: string) => string,
): Part => ({
  ...part,
  ...(text === undefined ? {} : {text: (part.text ?? '') + sized(text)}),
  ...(thinking === undefined ? {} : {thinking: (part.thinking ?? '') + sized(thinking)}),
  ...(signature === undefined ? {} : {signature: (part.signature ?? '') + sized(signature)}),
})

interface Spoken {
  readonly content: readonly Part[]
  readonly stop: string
  readonly model: string
  readonly usage: ModelReply['usage']
}

/** @param wrong whether an answer that stopped for an unknown reason may be asked for again */
function replyOf(
  {content, stop, model, usage}: Spoken,
  party: Party,
  request: ModelRequest,
  wrong: typeof garbled,
): ModelReply {
  const stopped = stops[stop]
  if (stopped === undefined) throw wrong(party, `stopped for a reason not understood here (${stop.slice(0, 40)})`)
  const text = content.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('')
  const reply = {text, stopped, model, usage}
  if (stopped !== 'tools') return reply
  const calls = toolsIn(content, request)
  return calls.length === 0 ? {...reply, stopped: 'end'} : {...reply, calls}
}

/** An input that is no JSON is kept as null: whoever carries the call out tells the model. */
function toolsIn(content: readonly Part[], request: ModelRequest): readonly ToolCall[] {
  const called = content.flatMap(({type, id = null, name = '', input}): CalledTool[] =>
    type === 'tool_use' ? [{id, name, input: input ?? null}] : [],
  )
  const thoughts = content.filter(({type}) => type === 'thinking' || type === 'redacted_thinking')
  return callsOf(signed(called, thoughts), request)
}

const stops: Readonly<Record<string, ModelReply['stopped']>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refused',
  tool_use: 'tools',
}

/** Errors inside a stream or a batch have no status, only a type. */
export const statusOfType: Readonly<Record<string, number>> = {
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

/** A model that thought before it called wants its thoughts back, signed as they were. */
const Thoughts = z.array(
  z.union([
    z.object({type: z.literal('thinking'), thinking: z.string(), signature: z.string()}),
    z.object({type: z.literal('redacted_thinking'), data: z.string()}),
  ]),
)
type Thought = z.infer<typeof Thoughts>[number]

/** What `signature` of a call holds. */
export const thoughtsIn = (signature: string | undefined): readonly Thought[] =>
  signature === undefined ? [] : (Thoughts.safeParse(inputIn(signature)).data ?? [])

/** With the first call go the thoughts before it. */
const signed = (calls: readonly CalledTool[], thoughts: readonly unknown[]): readonly CalledTool[] => {
  const [first, ...others] = calls
  const kept = Thoughts.safeParse(thoughts).data ?? []
  if (first === undefined || kept.length === 0) return calls
  return [{...first, signature: JSON.stringify(kept)}, ...others]
}

const Said = z.looseObject({type: z.string().optional(), message: z.string().optional()})
const Result = z.looseObject({
  type: z.string(),
  message: z
    .looseObject({
      model: z.string().optional(),
      content: z.array(Content),
      stop_reason: z.string(),
      usage: Tokens,
    })
    .optional(),
  /** The error itself stands inside of an envelope; some gateways leave that out. */
  error: Said.extend({error: Said.optional()}).optional(),
})

/** Only what succeeded is paid for, so whatever else passes may be asked once more, but what was answered must not. */
export function answerIn(result: unknown, party: Party, request: ModelRequest): ModelReply {
  const {type, message, error} = Result.safeParse(result).data ?? {}
  if (type === 'succeeded' && message !== undefined) {
    const {model = party.model, content, stop_reason: stop, usage} = message
    return replyOf({content, stop, model, usage: usageOf(countsOf(usage))}, party, request, unanswered)
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
