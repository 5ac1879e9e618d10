/** What a server of chat completions answers: a stream of events, or one document from those that do not stream. */
import * as z from 'zod'
import {inputEstimateOf} from '../budget.ts'
import type {Failure} from '../errors.ts'
import type {ModelReply, ModelRequest, ReplyUsage} from '../provider.ts'
import {
  callsOf,
  garbled,
  inputIn,
  refused,
  retryAfterOf,
  sizer,
  unanswered,
  unreachable,
  usageOf,
  type Party,
} from './wire.ts'

/** Some send the arguments as a value. */
const Called = z.looseObject({
  index: z.number().nullish(),
  id: z.string().nullish(),
  function: z.looseObject({name: z.string().nullish(), arguments: z.unknown().optional()}).optional(),
})

/** `reasoning_content` and `reasoning` are thoughts by their two names, and never the answer. */
const Spoken = z.looseObject({
  content: z.union([z.string(), z.array(z.looseObject({type: z.string(), text: z.string().optional()}))]).nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z.array(Called).nullish(),
})

const Chunk = z.looseObject({
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        index: z.number().nullish(),
        delta: Spoken.nullish(),
        message: Spoken.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .looseObject({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      prompt_tokens_details: z.looseObject({cached_tokens: z.number().nullish()}).nullish(),
    })
    .nullish(),
  error: z.unknown().optional(),
})

/** An answer as far as it has come. */
interface Draft {
  text: string
  refusal: string
  /** Bytes of everything that was said, thoughts too. */
  said: number
  readonly calls: {readonly index: number | null; readonly id: string | null; name: string; json: string}[]
  model: string
  finish: string | null
  usage: ReplyUsage | null
}

/** Throws `Failure`. What has said why it ended is whole, whatever becomes of the connection then. */
export async function replyIn(
  response: Response,
  party: Party,
  request: ModelRequest,
  touch: () => void,
): Promise<ModelReply> {
  const draft: Draft = {text: '', refusal: '', said: 0, calls: [], model: party.model, finish: null, usage: null}
  const sized = sizer(party)
  const add = (piece: string): string => {
    draft.said += Buffer.byteLength(piece)
    return sized(piece)
  }
  const whole: string[] = []
  let isStream = false
  try {
    for await (const line of linesOf(response, party, touch)) {
      const [, data] = /^data:\s?([^]*)$/.exec(line) ?? []
      isStream ||= data !== undefined
      if (data === undefined) whole.push(line)
      else if (data.trim() !== '' && data.trim() !== '[DONE]') take(data, draft, party, add)
    }
    if (!isStream) take(whole.join('\n'), draft, party, add)
  } catch (thrown) {
    if (draft.finish === null) throw thrown
  }
  return finished(draft, party, request)
}

/** Longer lines than an answer can be, with room for what JSON writes around it. */
const longestLine = 32 * 1024 * 1024

async function* linesOf(response: Response, party: Party, touch: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      touch()
      const [first = '', ...others] = decoder.decode(chunk, {stream: true}).split('\n')
      pieces.push(first)
      size += first.length
      if (size > longestLine) throw unanswered(party, 'sent a line without end')
      for (const other of others) {
        yield pieces.join('').replace(/\r$/, '')
        pieces = [other]
        size = other.length
      }
    }
  } catch (thrown) {
    throw thrown instanceof TypeError ? unreachable(party, thrown) : thrown
  }
  yield pieces.join('') + decoder.decode()
}

/** One event, or the whole of an answer that is not streamed. */
function take(data: string, draft: Draft, party: Party, add: (piece: string) => string): void {
  const chunk = Chunk.safeParse(jsonIn(data, party)).data
  if (chunk === undefined) throw garbled(party, 'sent an event that is not one of its own')
  if (chunk.error !== undefined && chunk.error !== null) throw brokenOff(chunk.error, party)
  const choice = chunk.choices?.find(({index}) => (index ?? 0) === 0)
  const {
    content,
    refusal,
    reasoning_content: thought,
    reasoning,
    tool_calls: calls,
  } = choice?.delta ?? choice?.message ?? {}
  draft.text += add(typeof content === 'string' ? content : textIn(content ?? []))
  draft.refusal += add(refusal ?? '')
  add(thought ?? reasoning ?? '')
  for (const call of calls ?? []) takeCall(call, draft, add)
  draft.model = chunk.model || draft.model
  draft.finish = choice?.finish_reason ?? draft.finish
  const {prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details} = chunk.usage ?? {}
  // zero is what some say who did not count
  if (input && typeof output === 'number') draft.usage = usageOf({input, output, cached: details?.cached_tokens})
}

const jsonIn = (data: string, party: Party): unknown => {
  try {
    return JSON.parse(data)
  } catch {
    throw garbled(party, 'broke off, or answered something that is not JSON')
  }
}

const textIn = (parts: readonly {readonly type: string; readonly text?: string | undefined}[]): string =>
  parts.map(({type, text = ''}) => (type === 'text' ? text : '')).join('')

/** A call comes in pieces, which its place or its id puts together; some give all calls the same place, and some none. */
function takeCall(call: z.infer<typeof Called>, {calls}: Draft, add: (piece: string) => string): void {
  const {index = null, id = null, function: {name, arguments: input} = {}} = call
  const isSame = (known: {readonly index: number | null; readonly id: string | null}): boolean =>
    (index === null || known.index === index) && (id === null || id === '' || known.id === null || known.id === id)
  let found = calls.findLast(isSame)
  if (found === undefined || (index === null && id === null && (name ?? '') !== '')) {
    found = {index, id: id === '' ? null : id, name: '', json: ''}
    calls.push(found)
  }
  found.name ||= add(name ?? '')
  found.json += add(
    typeof input === 'string' ? input : input === undefined || input === null ? '' : JSON.stringify(input),
  )
}

function finished(draft: Draft, party: Party, request: ModelRequest): ModelReply {
  const {finish, text, refusal, model} = draft
  if (finish === null) throw garbled(party, 'stopped in the middle of its answer')
  const stopped = stops[finish]
  if (stopped === undefined) throw garbled(party, `stopped for a reason not understood here (${finish.slice(0, 40)})`)
  const usage = draft.usage ?? uncounted(draft, request)
  if (refusal !== '') return {text: text + refusal, stopped: 'refused', model, usage}
  // some say `stop` where they wait for a tool
  if ((stopped === 'end' || stopped === 'tools') && draft.calls.length > 0) {
    const called = draft.calls.map(({id, name, json}) => ({id, name, input: inputIn(json)}))
    return {text, stopped: 'tools', calls: callsOf(called, request), model, usage}
  }
  return {text, stopped: stopped === 'tools' ? 'end' : stopped, model, usage}
}

const stops: Readonly<Record<string, ModelReply['stopped']>> = {
  stop: 'end',
  length: 'length',
  content_filter: 'refused',
  tool_calls: 'tools',
}

/**
 * No count but the most that it can have been, as a server that counts nothing must not look free: the same estimate of the input
 * that the meter reserves, and a token for each byte that was said, since a token has at least one.
 */
const uncounted = ({said}: Draft, request: ModelRequest): ReplyUsage =>
  usageOf({input: inputEstimateOf(request), output: Math.min(said, request.maxTokens)})

const Complaint = z.looseObject({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
})

/** What servers of this kind put an error into: an envelope, a word, a list of either, or their framework's own. */
const Complaints = z.union([
  z.looseObject({error: Complaint}),
  z.looseObject({error: z.string()}).transform(({error}) => ({error: {message: error}})),
  z.looseObject({detail: z.unknown()}).transform(({detail}) => ({error: {message: wordsOf(detail)}})),
  Complaint.transform((error) => ({error})),
])

const wordsOf = (detail: unknown): string => (typeof detail === 'string' ? detail : (JSON.stringify(detail) ?? ''))

const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  server_error: 500,
  overloaded_error: 503,
}

/** An error inside of a stream has no status but what it says of itself. */
function brokenOff(error: unknown, party: Party): Failure {
  const {message = null, type, code} = Complaint.safeParse(error).data ?? {message: wordsOf(error)}
  const given = Number(code)
  const status = given >= 400 && given < 600 ? given : (statusOfType[String(code)] ?? statusOfType[type ?? ''])
  if (status === undefined) return garbled(party, 'broke off with an error')
  return refused(party, {status, message, afterMs: null, final: isFinal(code, type), aboutKey: false})
}

/** An account without money does not get some by waiting. */
const isFinal = (...kinds: readonly unknown[]): boolean =>
  kinds.some((kind) => kind === 'insufficient_quota' || kind === 'billing_hard_limit_reached')

/** A refusal, in the server's own words and as what a person can do about it. */
export interface Said {
  readonly status: number
  readonly words: string | null
  readonly failure: Failure
}

const longestRefusal = 2 * 1024 * 1024

export async function refusalIn(response: Response, party: Party): Promise<Said> {
  const {status, headers} = response
  const {message = null, type, code} = complaintIn(await beginningOf(response))
  const refusal = {
    status,
    message,
    afterMs: retryAfterOf((name) => headers.get(name), Date.now()),
    final: headers.get('x-should-retry') === 'false' || isFinal(code, type),
    aboutKey: code === 'invalid_api_key',
  }
  return {status, words: message, failure: refused(party, refusal)}
}

function complaintIn(text: string): z.infer<typeof Complaint> {
  try {
    const value: unknown = JSON.parse(text)
    return Complaints.safeParse(Array.isArray(value) ? value[0] : value).data?.error ?? {}
  } catch {
    return {}
  }
}

/** Of what a connection that breaks has sent, the status says enough. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, {stream: true})
      if (text.length > longestRefusal) break
    }
  } catch {
    return ''
  }
  return text
}
