/** What tests of model adapters share: a request, model servers on loopback, and the failure of a call. */
import {providers, type ProviderKind} from '../../src/adapters/providers/index.ts'
import type {ProviderSettings} from '../../src/adapters/wire.ts'
import {Failure} from '../../src/errors.ts'
import type {ModelRequest, Provider} from '../../src/provider.ts'
import {startModels, type Models, type Script} from '../fixtures/models.ts'

export const apiKey = 'sk-test-0123456789'

export const modelOf: Readonly<Record<string, string>> = {
  claude: 'claude-sonnet-5-5',
  gemini: 'gemini-3.5-flash',
  openai: 'gpt-5.4-mini',
}

export const kinds: readonly (readonly [string, ProviderKind])[] = Object.entries(providers)

export const requestFor = (provider: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  provider,
  model: modelOf[provider] ?? '',
  system: 'You are terse.',
  messages: [{role: 'user', text: 'Say it.'}],
  maxTokens: 1000,
  temperature: null,
  schema: null,
  ...more,
})

export interface Servers {
  readonly start: (script: Script) => Promise<Models>
  readonly stop: () => Promise<void>
}

/** All that were started end together. */
export function servers(): Servers {
  const running: Models[] = []
  return {
    start: async (script) => {
      const models = await startModels(script)
      running.push(models)
      return models
    },
    stop: async () => {
      await Promise.all(running.splice(0).map((each) => each.close()))
    },
  }
}

export const urlOf = (provider: string, {anthropicUrl, geminiUrl, openaiUrl}: Models): string =>
  ({claude: anthropicUrl, gemini: geminiUrl, openai: openaiUrl})[provider] ?? ''

export const connect = (
  provider: string,
  kind: ProviderKind,
  models: Models,
  more: Partial<ProviderSettings> = {},
): Provider => kind.connect({apiKey, baseUrl: urlOf(provider, models), totalMs: 5000, idleMs: 2000, ...more})

export const failureOf = async (call: Promise<unknown>): Promise<Failure> => {
  const thrown: unknown = await call.then(
    (value) => new Error(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof Failure)) throw thrown
  return thrown
}
