/** ◆ Who answers. A new provider is one file beside this one and one line here. */
import type {Count} from '../../budget.ts'
import type {Provider} from '../../provider.ts'
import type {Batching} from '../batches.ts'
import type {ProviderSettings} from '../wire.ts'
import * as claude from './claude.ts'
import * as gemini from './gemini.ts'
import * as openai from './openai.ts'

export interface ProviderKind {
  /** Names of the variables that may hold the key; the first one that is set counts. */
  readonly keys: readonly string[]
  /** Name of the variable that may hold another endpoint. */
  readonly baseUrl: string
  /** Whether a server at another endpoint may need no key. */
  readonly keyless?: boolean
  /** Connects to nothing yet. Throws `Failure` `missing-key`, `model-key-refused` or `bad-base-url`. */
  readonly connect: (settings: ProviderSettings) => Provider
  /** Tokens of a request's input, where the vendor counts them. Throws as `connect` does. */
  readonly count?: (settings: ProviderSettings) => Count
  /** The same for half the price, where the vendor has batches. Throws as `connect` does. */
  readonly batches?: (settings: ProviderSettings, batching: Batching) => Provider
}

export const providers = {
  claude: {
    keys: claude.keys,
    baseUrl: claude.baseUrl,
    connect: claude.claude,
    count: claude.count,
    batches: claude.batches,
  },
  gemini: {keys: gemini.keys, baseUrl: gemini.baseUrl, connect: gemini.gemini, count: gemini.count},
  openai: {keys: openai.keys, baseUrl: openai.baseUrl, connect: openai.openai, keyless: true},
} as const satisfies Record<string, ProviderKind>
