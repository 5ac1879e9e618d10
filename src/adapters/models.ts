/** Who is asked: keys and endpoints become a `Host` whose models are patient, metered and kept from repeating a secret. */
import {createHash, randomBytes} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import {metered, priced, worstUsdOf, type Count} from '../budget.ts'
import type {Host} from '../host.ts'
import {batchRate, pricesAt} from '../prices.ts'
import {
  limited,
  retried,
  routed,
  withFallback,
  type Budget,
  type MissingKey,
  type ModelRequest,
  type Patience,
  type Provider,
  type Usage,
} from '../provider.ts'
import {scrubber, type Scrub} from '../secrets.ts'
import {plainLine, type Plain} from '../trust.ts'
import {crowd, type Crowd} from './crowd.ts'
import {providers, type ProviderKind} from './providers/index.ts'
import {withParse} from './threads.ts'
import type {ProviderSettings} from './wire.ts'

type ProviderName = keyof typeof providers

/** Where a provider is asked; the key is empty where a server wants none. */
export interface Access {
  readonly apiKey: string
  readonly baseUrl: string | null
}

/** Keys and endpoints, by provider. A provider without a key is null. */
export type Keys = Readonly<Record<ProviderName, Access | null>>

const kinds: Readonly<Record<ProviderName, ProviderKind>> = providers

export function keysOf(env: Readonly<Record<string, string | undefined>>): Keys {
  const one = (...names: readonly string[]): string | null =>
    names.map((name) => env[name]?.trim()).find((value) => value) ?? null
  const access = (name: ProviderName): Access | null => {
    const kind = kinds[name]
    const baseUrl = one(kind.baseUrl)
    const apiKey = one(...kind.keys) ?? (kind.keyless === true && baseUrl !== null ? '' : null)
    return apiKey === null ? null : {apiKey, baseUrl}
  }
  return {claude: access('claude'), gemini: access('gemini'), openai: access('openai')}
}

/** The variables that stand for them: the first name of each key, or that of the endpoint which wants none. */
export const variablesOf = (keys: Keys): readonly string[] =>
  Object.entries(keys).flatMap(([name, access]) => {
    if (access === null || !isProvider(name)) return []
    const {keys: names, baseUrl} = kinds[name]
    return access.apiKey === '' ? [baseUrl] : names.slice(0, 1)
  })

export const digestOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

const attempts = 5
/** The time of the attempts counts: a stall is noticed after 4 minutes and must leave room for another try. */
const deadlineMs = 20 * 60_000

export interface HostSettings {
  readonly keys: Keys
  readonly budget: Budget
  readonly say: (line: Plain) => void
  readonly onSpent?: (usage: Usage) => void
  readonly signal?: AbortSignal
  /** Beside the keys: what no answer of a model may repeat. */
  readonly secrets?: readonly string[]
  /** Asks by batch where a vendor has them: for half the price, and up to a day later. */
  readonly batches?: boolean
  /** How long things take, for tests: of a whole call with its retries, and of one attempt. */
  readonly timing?: Partial<Patience> & Pick<ProviderSettings, 'totalMs' | 'idleMs'>
}

export function makeHost(settings: HostSettings): Host {
  const {keys, budget, say, signal, timing: {totalMs, idleMs, ...timing} = {}} = settings
  const timers = {...(totalMs === undefined ? {} : {totalMs}), ...(idleMs === undefined ? {} : {idleMs})}
  const prices = pricesAt(Date.now())
  const runs = settings.batches === true ? crowd(isBatched) : null
  // a server that wants no key bills nobody
  const isFree = ({provider}: ModelRequest): boolean => isProvider(provider) && keys[provider]?.apiKey === ''
  const rateOf = (request: ModelRequest): number =>
    isFree(request) ? 0 : runs !== null && isBatched(request) ? batchRate : 1
  const models = routed({
    claude: connected('claude', keys.claude, timers, runs, say),
    gemini: connected('gemini', keys.gemini, timers, runs, say),
    openai: connected('openai', keys.openai, timers, runs, say),
  })
  const known = Object.values(keys).map((access) => access?.apiKey ?? '')
  const scrub = scrubber([...known, ...(settings.secrets ?? [])])
  // the meter stands inside the patience, so that every attempt counts
  const counted = metered(
    priced(models, prices, rateOf),
    {budget, prices, rateOf, count: countedBy(keys, timers)},
    settings.onSpent ?? (() => undefined),
  )
  const patience = {random: Math.random, now: () => performance.now(), sleep: pause, attempts, deadlineMs, ...timing}
  const patient = retried(counted, patience)
  // by batch once more, with the next one: that has waited long enough
  const once = retried(counted, {...patience, sleep: async () => undefined, attempts: 2, deadlineMs: Infinity})
  const either: Provider = (request, signal) => (runs !== null && isBatched(request) ? once : patient)(request, signal)
  const host: Host = {
    ask: scrubbed(withFallback(either), scrub),
    worstUsd: (request) => worstUsdOf(request, {prices, rateOf}),
    withParse,
    digest: digestOf,
    nonce: () => randomBytes(8).toString('hex'),
    now: () => performance.now(),
    say,
    signal,
  }
  if (runs === null) return host
  return {...host, together: (run) => runs.join(host.ask, (ask) => run({...host, ask}))}
}

const isProvider = (name: string): name is ProviderName => Object.hasOwn(kinds, name)

const isBatched = ({provider}: ModelRequest): boolean => isProvider(provider) && kinds[provider].batches !== undefined

/** By the vendor of each request, where it has a count and a key for it. */
function countedBy(keys: Keys, timers: Partial<ProviderSettings>): Count {
  const counts = new Map<string, Count>()
  return async (request, signal) => {
    const {provider} = request
    const access = isProvider(provider) ? keys[provider] : null
    const make = isProvider(provider) ? kinds[provider].count : undefined
    if (access === null || make === undefined) return null
    const count = counts.get(provider) ?? make({...access, ...timers})
    counts.set(provider, count)
    return count(request, signal)
  }
}

/** Runs that go on together would ask a vendor without batches all at once, and be refused for it. */
const atOnce = 4

function connected(
  name: ProviderName,
  access: Access | null,
  timers: Partial<ProviderSettings>,
  runs: Crowd | null,
  say: HostSettings['say'],
): Provider | MissingKey {
  const kind = kinds[name]
  if (access === null) return {keys: kind.keys}
  const key = {...access, ...timers}
  if (runs === null) return kind.connect(key)
  const now = (): number => performance.now()
  if (kind.batches !== undefined)
    return kind.batches(key, {whenStill: runs.whenStill, sleep: pause, now, say: (line) => say(plainLine(line, 400))})
  const ask = limited(kind.connect(key), atOnce)
  let isSaid = false
  return async (request, signal) => {
    if (!isSaid) say(plainLine(`${name} has no batches here: it is asked directly, for the whole price`))
    isSaid = true
    return ask(request, signal)
  }
}

/** At the source: every other form of an answer is escaped, cut or reordered, and would hide what it holds. */
const scrubbed =
  (ask: Provider, scrub: Scrub): Provider =>
  async (request, signal) => {
    const reply = await ask(request, signal)
    const calls = reply.calls?.map((call) => ({...call, input: scrubbedValue(call.input, scrub)}))
    return {...reply, text: scrub(reply.text), ...(calls === undefined ? {} : {calls})}
  }

function scrubbedValue(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value)
  if (Array.isArray(value)) return value.map((each: unknown) => scrubbedValue(each, scrub))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [scrub(key), scrubbedValue(each, scrub)]))
}

const pause = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : {signal})
  } catch {
    // an aborted sleep returns early; `retried` looks at the signal itself
  }
}
