/** A request, answers and outages for tests of the wrappers around a provider. */
import {Failure} from '../src/errors.ts'
import type {ModelReply, ModelRequest, Usage} from '../src/provider.ts'

export const request: ModelRequest = {
  provider: 'claude',
  model: 'claude-sonnet-5-5',
  system: 's',
  messages: [{role: 'user', text: 'u'}],
  maxTokens: 100,
  temperature: null,
  schema: null,
}
export const replyOf = (text: string, usage: Partial<Usage> = {}): ModelReply => ({
  text,
  stopped: 'end',
  model: request.model,
  usage: {calls: 1, input_tokens: 10, output_tokens: 5, usd: 0.5, ...usage},
})
export const outage = (afterMs: number | null = null): Failure =>
  new Failure('model-unavailable', 'claude answered 529', {exit: 3, hint: 'later', retry: {afterMs}})

export const failureOf = async (call: Promise<unknown>): Promise<Failure> => {
  const thrown: unknown = await call.then(
    (value) => new Error(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof Failure)) throw thrown
  return thrown
}
