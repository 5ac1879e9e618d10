/** The one contract with a model, and the wrappers that give every provider patience, a meter and a budget. */
import type {Untrusted} from './trust.ts'

export type JsonSchema = {readonly [key: string]: unknown}

export interface Message {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

export interface ModelRequest {
  /** A key of the providers' registry: `claude`, `gemini`. */
  readonly provider: string
  readonly model: string
  readonly system: string
  readonly messages: readonly Message[]
  /** Tokens of the answer. */
  readonly maxTokens: number
  /** null: the provider's default (newer Claude models refuse the parameter). */
  readonly temperature: number | null
  /** null: free text; else the answer must be JSON of this schema. */
  readonly schema: JsonSchema | null
}

export interface Usage {
  readonly calls: number
  readonly input_tokens: number
  readonly output_tokens: number
  /** null: a model without a price in the table took part. */
  readonly usd: number | null
}

export interface ModelReply {
  readonly text: Untrusted
  readonly stopped: 'end' | 'length' | 'refused'
  /** The model that answered, as the provider names it. */
  readonly model: string
  readonly usage: Usage
}

/** Throws `Failure`: `model-unavailable` (exit 3, with `retry` when worth it), `model-refused-request`, `missing-key` (exit 2). */
export type Provider = (request: ModelRequest, signal?: AbortSignal) => Promise<ModelReply>

export const noUsage: Usage = {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0}

export const addUsage = (a: Usage, b: Usage): Usage => ({
  calls: a.calls + b.calls,
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
})
