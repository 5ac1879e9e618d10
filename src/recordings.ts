/** Answers of models, recorded and played again. */
import * as z from 'zod'
import {Failure, messageOf} from './errors.ts'
import {noUsage, type Message, type ModelReply, type ModelRequest, type Provider} from './provider.ts'

export interface Recordings {
  readonly get: (key: string) => Promise<string | null>
  readonly set: (key: string, text: string) => Promise<void>
  /** As `Host.digest`. */
  readonly digest: (content: string) => string
}

const Recording = z.strictObject({
  schema: z.literal(1),
  provider: z.string(),
  reply: z.strictObject({
    text: z.string(),
    stopped: z.enum(['end', 'length', 'refused', 'tools']),
    calls: z
      .array(
        z.strictObject({id: z.string(), name: z.string(), input: z.unknown(), signature: z.string().exactOptional()}),
      )
      .exactOptional(),
    model: z.string(),
    usage: z.strictObject({
      calls: z.number(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      usd: z.number().nullable(),
      cached_input_tokens: z.number().exactOptional(),
      cache_write_tokens: z.number().exactOptional(),
    }),
  }),
})

/**
 * Records answers and plays them again, by the digest of the request. The n-th time one request is made it gets
 * the n-th answer: whoever samples a model several times asks the same words and wants different answers.
 *
 * With a provider, an answer from the store costs nothing and its usage says so. With `null` it is a replay: the usage
 * is that of the recorded run, and a request without a recording fails `not-recorded`.
 */
export function remembered(ask: Provider | null, recordings: Recordings): Provider {
  return counted(ask, recordings, new Map())
}

/** Answers of a step that has not ended yet: a run that is stopped and started again has them, and pays for none of them twice. */
export interface Journal {
  readonly ask: Provider
  /** The answers to this request are of no use: whoever asks again wants others. */
  readonly forget: (request: ModelRequest) => Promise<void>
  /** What was done once stays done: its outcome is given again. It must be JSON. */
  readonly once: (what: string, act: () => Promise<unknown>) => Promise<unknown>
  /** A step has ended: its answers are its result now, and the same question is a new one. */
  readonly turn: () => void
}

export function journaled(ask: Provider, recordings: Recordings): Journal {
  const times = new Map<string, number>()
  const {set, digest} = recordings
  return {
    ask: counted(ask, recordings, times),
    forget: async (request) => {
      const asked = digest(JSON.stringify(identityOf(request)))
      for (let time = 1; time <= (times.get(asked) ?? 0); time++) await set(keyOf(asked, time, digest), 'null')
    },
    once: async (what, act) => {
      const asked = digest(`act ${what}`)
      const time = (times.get(asked) ?? 0) + 1
      times.set(asked, time)
      const key = keyOf(asked, time, digest)
      const stored = await recordings.get(key)
      if (stored !== null) return JSON.parse(stored)
      const outcome = await act()
      await set(key, JSON.stringify(outcome ?? null))
      return outcome
    },
    turn: () => times.clear(),
  }
}

const keyOf = (asked: string, time: number, digest: Recordings['digest']): string =>
  time === 1 ? asked : digest(`${asked} ${time}`)

function counted(ask: Provider | null, {get, set, digest}: Recordings, times: Map<string, number>): Provider {
  return async (request, signal) => {
    const asked = digest(JSON.stringify(identityOf(request)))
    const time = (times.get(asked) ?? 0) + 1
    times.set(asked, time)
    const key = keyOf(asked, time, digest)
    const stored = await get(key)
    const reply = stored === null ? null : readRecording(stored, ask === null ? key : null)
    if (reply !== null) return ask === null ? reply : {...reply, usage: noUsage}
    if (ask === null) {
      throw new Failure('not-recorded', `no recording ${key} of an answer of ${request.provider}/${request.model}`, {
        hint: 'record the run again with its keys set: its prompts, models or schemas have changed',
      })
    }
    const fresh = await ask(request, signal)
    await set(key, JSON.stringify({schema: 1, provider: request.provider, reply: fresh}))
    return fresh
  }
}

/**
 * What changes the answer. A list, because an object's digest would depend on the order of its keys; inside a schema that order
 * is meant. What came later stands at the end and only where it is used, so that older recordings keep their digests.
 */
const identityOf = (request: ModelRequest): readonly unknown[] => {
  const {topP = null, topK = null, tools = []} = request
  const specs = tools.map(({name, description, schema}) => [name, description, schema])
  return [
    request.provider,
    request.model,
    request.system,
    request.messages.map(messageIdentity),
    request.maxTokens,
    request.temperature,
    request.schema,
    ...(topP === null && topK === null && specs.length === 0 ? [] : [topP, topK, specs]),
    ...(request.mayUseTools === false ? ['no tools'] : []),
  ]
}

const messageIdentity = ({role, text, calls = [], results = []}: Message): readonly unknown[] => [
  role,
  text,
  ...(calls.length === 0 && results.length === 0
    ? []
    : [
        calls.map(({id, name, input, signature = null}) => [id, name, input, signature]),
        results.map(({id, name, text, isError}) => [id, name, text, isError]),
      ]),
]

/** @param key null: a recording that cannot be read is none, the model is asked again */
function readRecording(text: string, key: string | null): ModelReply | null {
  try {
    return Recording.parse(JSON.parse(text)).reply
  } catch (thrown) {
    if (key === null) return null
    throw new Failure('bad-recording', `recording ${key} cannot be read: ${messageOf(thrown)}`, {
      hint: 'delete it and record the run again',
    })
  }
}
