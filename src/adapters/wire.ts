/** What all model adapters do with time, with errors and with what came; nothing in here knows an SDK. */
import {Failure, messageOf} from '../errors.ts'
import {cancelled, type Answered, type ModelRequest, type ReplyUsage, type ToolCall} from '../provider.ts'

export interface ProviderSettings {
  readonly apiKey: string
  /** null: the vendor's own endpoint. */
  readonly baseUrl: string | null
  /** Milliseconds for a whole answer; {@link defaultTotalMs} when not given. */
  readonly totalMs?: number
  /** Milliseconds in which nothing at all arrives; {@link defaultIdleMs} when not given. */
  readonly idleMs?: number
}

/** 64,000 tokens at the 80 tokens a second of a slow model take 13 minutes. */
export const defaultTotalMs = 15 * 60_000

/** Below the 300 s after which Node's own fetch gives up on a silent body, with an error that says less. */
export const defaultIdleMs = 4 * 60_000

/** A request may want less time for its answer than the program gives, and never more. */
export const timersFor = ({timeoutMs}: ModelRequest, settings: ProviderSettings): ProviderSettings =>
  timeoutMs === undefined ? settings : {...settings, totalMs: Math.min(timeoutMs, settings.totalMs ?? defaultTotalMs)}

/** Who is talked to, for messages. */
export interface Party {
  readonly provider: string
  readonly model: string
  /** Empty where a server wants none. */
  readonly apiKey: string
  /** The variables that hold its key. */
  readonly keys: readonly string[]
}

/** Nobody sees it: the call is over. Made once, because an error's stack costs more than the rest of the timers. */
const ended = cancelled()

/**
 * Runs `work` with a signal that aborts when the caller's does, when all of it takes longer than `totalMs`, or when
 * `touch` was not called for `idleMs`. No timer outlives it: `requestOptions.timeout` of one SDK kept the process alive, and
 * the other's `timeout` does not see a stream that stalls after its headers.
 */
export async function withTimers<T>(
  {provider, model}: Party,
  {totalMs = defaultTotalMs, idleMs = defaultIdleMs}: ProviderSettings,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal, touch: () => void) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw cancelled()
  const controller = new AbortController()
  const stop = (why: Failure): void => controller.abort(why)
  const late = (what: string): Failure => unavailable(`${provider} (${model}) ${what}`, {afterMs: null})
  const total = setTimeout(() => stop(late(`did not finish in ${totalMs / 1000} s`)), totalMs)
  const idle = setTimeout(() => stop(late(`sent nothing for ${idleMs / 1000} s`)), idleMs)
  const onAbort = (): void => stop(cancelled())
  signal?.addEventListener('abort', onAbort, {once: true})
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(failureIn(controller.signal)), {once: true})
  })
  try {
    // the race, because an SDK may swallow an abort and end as if the answer were complete
    return await Promise.race([work(controller.signal, () => void idle.refresh()), stopped])
  } catch (thrown) {
    throw controller.signal.aborted ? failureIn(controller.signal) : thrown
  } finally {
    clearTimeout(total)
    clearTimeout(idle)
    signal?.removeEventListener('abort', onAbort)
    stopped.catch(() => undefined)
    // frees the connection of an answer that was not read to its end
    controller.abort(ended)
  }
}

const failureIn = ({reason}: AbortSignal): Failure => (reason instanceof Failure ? reason : cancelled())

const unavailable = (message: string, retry: {readonly afterMs: number | null} | null): Failure =>
  new Failure('model-unavailable', message, {
    exit: 3,
    hint: 'run again later',
    ...(retry === null ? {} : {retry}),
  })

/** An answer that is cut short or makes no sense; asking again may help. */
export const garbled = ({provider, model}: Party, what: string): Failure =>
  unavailable(`${provider} (${model}) ${what}`, {afterMs: null})

/** What asking again would not help, or would be paid for twice. */
export const unanswered = ({provider, model}: Party, what: string): Failure =>
  unavailable(`${provider} (${model}) ${what}`, null)

/** No connection, or one that broke. */
export const unreachable = (party: Party, thrown: unknown): Failure =>
  unavailable(`${party.provider} (${party.model}) could not be reached: ${clean(reasonsOf(thrown), party)}`, {
    afterMs: null,
  })

export interface Refusal {
  /** HTTP status. */
  readonly status: number
  /** The server's own words; null when it said nothing that can be read. */
  readonly message: string | null
  /** Milliseconds, null when the server did not say. */
  readonly afterMs: number | null
  /** The server says that trying again is pointless. */
  readonly final: boolean
  /** The server names the key as the reason, whatever the status. */
  readonly aboutKey: boolean
}

/** A status other than 2xx as what a person can do about it. */
export function refused(party: Party, {status, message, afterMs, final, aboutKey}: Refusal): Failure {
  const {provider, model, keys} = party
  const cause: Answered = {status}
  const words = `${provider} (${model}) answered ${status}${message === null ? '' : `: ${clean(message, party)}`}`
  if (aboutKey || status === 401 || status === 403) {
    return new Failure('model-key-refused', words, {hint: `check ${keys.join(' or ')} and what it may use`, cause})
  }
  // 408 and 409 are the vendor's timeouts and locks, 529 its overload; all pass
  if (status === 408 || status === 409 || status === 429 || status >= 500) {
    return unavailable(words, final ? null : {afterMs})
  }
  return new Failure('model-refused-request', words, {
    hint: refusalHints[status] ?? 'the request itself is wrong',
    cause,
  })
}

const refusalHints: Readonly<Record<number, string>> = {
  402: 'check the billing of the account',
  404: 'check the model id and the base URL',
  413: 'the prompt is too large: lower --max-tokens or narrow it with include and exclude',
}

/** Milliseconds; `retry-after` is seconds or a date, `retry-after-ms` the finer form that one vendor sends. */
export function retryAfterOf(header: (name: string) => string | null, now: number): number | null {
  const fine = Number.parseFloat(header('retry-after-ms') ?? '')
  if (Number.isFinite(fine)) return Math.max(0, fine)
  const given = header('retry-after')
  if (given === null || given.trim() === '') return null
  const wait = /^[\d.]+$/.test(given.trim()) ? Number.parseFloat(given) * 1000 : Date.parse(given) - now
  return Number.isFinite(wait) ? Math.max(0, wait) : null
}

/**
 * An endpoint that the environment names gets the key, so a value that is no URL must not silently become the vendor's.
 * Without a trailing slash: one SDK joins by plain concatenation.
 */
export function endpointOf(baseUrl: string | null, fallback: string, variable: string): string {
  const given = baseUrl?.trim() ?? ''
  if (given === '') return fallback
  const url = URL.canParse(given) ? new URL(given) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '') {
    return url.href.replace(/\/+$/, '')
  }
  throw new Failure('bad-base-url', `${variable} is not the URL of an endpoint`, {
    hint: `give it as https://host/path, or leave it empty for ${fallback}`,
  })
}

/**
 * A pasted key often ends with a newline. What is no header value at all is refused here, because the error of `fetch`
 * would quote it.
 */
export function keyOf(apiKey: string, keys: readonly string[]): string {
  const key = apiKey.trim()
  if (key === '') {
    throw new Failure('missing-key', `no key: ${keys.join(' or ')} is empty`, {
      hint: 'choose --pipeline offline, which needs no key',
    })
  }
  if (/^[\u0021-\u007e]+$/.test(key)) return key
  throw new Failure('model-key-refused', `${keys.join(' or ')} holds characters that no key has`, {
    hint: 'copy the key again, without spaces and line breaks',
  })
}

/** Four times what 1,000,000 tokens of an answer would be in code; more is a fault, and would fill the memory. */
const longestAnswer = 16 * 1024 * 1024

/** Hands on the pieces of one answer until they are too many; thoughts and inputs of tools are pieces too. */
export function sizer(party: Party): (piece: string) => string {
  let size = 0
  return (piece) => {
    size += piece.length
    if (size <= longestAnswer) return piece
    throw unanswered(party, `answered with more than ${longestAnswer / 1024 / 1024} MB of text, and was cut off`)
  }
}

/** What was counted of one answer; a server may count nonsense, and a negative count would give back what was spent. */
export function usageOf(counts: {
  readonly input: number
  readonly output: number
  /** Of the input. */
  readonly cached?: number | null | undefined
  readonly written?: number | null | undefined
}): ReplyUsage {
  const [input, output] = [wholeOf(counts.input), wholeOf(counts.output)]
  const cached = Math.min(wholeOf(counts.cached ?? 0), input)
  const written = Math.min(wholeOf(counts.written ?? 0), input - cached)
  return {
    calls: 1,
    input_tokens: input,
    output_tokens: output,
    usd: null,
    ...(cached === 0 ? {} : {cached_input_tokens: cached}),
    ...(written === 0 ? {} : {cache_write_tokens: written}),
  }
}

const wholeOf = (count: number): number => Math.max(0, Math.round(count))

/** A call as it came. */
export interface CalledTool {
  readonly id: string | null
  readonly name: string
  readonly input: unknown
  readonly signature?: string
}

/**
 * With ids that are unique, also among the earlier answers of a conversation, and that every vendor takes back: some servers give
 * none, or the same to all.
 */
export function callsOf(called: readonly CalledTool[], {messages}: ModelRequest): readonly ToolCall[] {
  const taken = new Set<string>()
  return called.map(({id, ...call}, index) => {
    const own = id !== null && /^[\w-]{1,64}$/.test(id) && !taken.has(id) ? id : `made-${messages.length}-${index + 1}`
    taken.add(own)
    return {...call, id: own}
  })
}

/** Not an id of the server's. */
export const isMadeId = (id: string): boolean => /^made-\d+-\d+$/.test(id)

/** A tool's input in pieces of JSON, put together; null when it is not JSON. Of a tool without inputs some send nothing. */
export function inputIn(json: string): unknown {
  if (json.trim() === '') return {}
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

/** For vendors that want an object back, whatever the model wrote. */
export const objectOf = (input: unknown): Readonly<Record<string, unknown>> =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? {...input} : {}

const longestMessage = 300

/** A server's words: one line, cut, without markup and without the key, which some gateways quote. */
function clean(message: string, {apiKey}: Party): string {
  const line = (apiKey === '' ? message : message.replaceAll(apiKey, '***'))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return line.length > longestMessage ? `${line.slice(0, longestMessage)}…` : line
}

/** `fetch failed` says nothing; the cause below it does. */
function reasonsOf(thrown: unknown): string {
  const reasons: string[] = []
  for (const each of causesOf(thrown)) {
    const words = each.message === '' ? codeOf(each) : each.message
    if (words !== '' && !reasons.includes(words) && reasons.length < 4) reasons.push(words)
  }
  return reasons.length === 0 ? messageOf(thrown) : reasons.join(': ')
}

function causesOf(thrown: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let each: unknown = thrown; each instanceof Error && causes.length < 8; each = each.cause) causes.push(each)
  return causes
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

const beforeSending = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]

/** There was no connection at all, so that nothing can have come of it. */
export const wasNeverSent = (thrown: unknown): boolean =>
  causesOf(thrown).some((each) => beforeSending.includes(codeOf(each)))
