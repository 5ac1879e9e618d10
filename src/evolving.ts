/** A pipeline's words, evolved on gold standards: what a search asks becomes runs, scores and questions to models. */
import {candidateOf, withCandidate, writeCandidate, type Candidate} from './optimize/candidate.ts'
import {costsIn, standingIn, unpaidIn} from './optimize/events.ts'
import {findCopy, guardedOf, type Guarded} from './optimize/guards.ts'
import {evolvingSteps, observe, unreadable} from './optimize/observation.ts'
import {optimize, type Optimized} from './optimize/optimize.ts'
import {optimizerNames, optimizerOf} from './optimize/optimizers/index.ts'
import {reflect, type Reflectors} from './optimize/reflection.ts'
import {addedLines, unknownTo} from './optimize/rewrites.ts'
import {holderOf} from './optimize/rules.ts'
import {
  Settings,
  type Ask,
  type Evaluation,
  type Problem,
  type Optimizer,
  type Question,
  type Story,
} from './optimize/search.ts'
import {addCost, noCost, type Cost, type Limits} from './optimize/spending.ts'
import type {Journal, Shard, World} from './optimize/till.ts'
import {randomOf} from './optimize/randomness.ts'
import {variantsOf} from './optimize/variants.ts'
import type {Config} from './config.ts'
import {Failure} from './errors.ts'
import type {Host, Source} from './host.ts'
import {choosePipeline, chooseJudge, digestOf, programVersion, type Chosen, type GoldFile} from './outside.ts'
import type {Pipeline} from './pipeline/step.ts'
import {placeholdersIn} from './pipeline/template.ts'
import type {Evolution as EvolutionReport} from './report/evolution.ts'
import type {ModelRequest, Provider, Usage} from './provider.ts'
import {remembered} from './recordings.ts'
import {isSkipped, standOf, standsOf, tryOn, type Stand, type Trials} from './trial.ts'
import {plainLine} from './trust.ts'

export interface Evolution {
  readonly optimizer: string
  readonly settings: Partial<Settings>
  readonly limits: Limits
  /** A host whose meter knows what an earlier part of the search did spend. */
  readonly hostFor: (spent: Cost) => Host
  /** `provider/model` of the model that writes words; null: the one that ships, or the pipeline's own where its key is missing. */
  readonly reflectionModel: string | null
  readonly shard: Shard | null
  /** It leaves the comparison with the pipeline as it is to whoever merges the logs. */
  readonly isIsland: boolean
  /** Opens the log of the search that this digest names. */
  readonly openJournal: (about: string, seed: number) => Journal
  /** All that was told so far, each time something is told. */
  readonly onTold: (stories: readonly Story[]) => void
}

export interface Evolved {
  readonly optimized: Optimized
  /** Where the evolved YAML belongs, under `evolved_pipelines/`. */
  readonly file: string
  /** The YAML with the new words, comments kept; null when nothing was proposed. */
  readonly text: string | null
  readonly before: Candidate
  /** Digest of all that the search depends on. */
  readonly about: string
}

/**
 * Throws `Failure`: `unknown-optimizer`, `nothing-to-optimize`, `same-name`, `budget-too-small`, `candidate-not-written`, and what
 * `optimize` throws.
 */
export async function evolve(
  chosen: Chosen,
  golds: readonly GoldFile[],
  given: Omit<Trials, 'host'>,
  evolution: Evolution,
): Promise<Evolved> {
  const optimizer = optimizerNamed(evolution.optimizer)
  const {pipeline} = chosen
  const steps = stepsOf(chosen)
  const settings = settingsOf({metricThreshold: given.config.threshold, ...evolution.settings})
  const {stands, usable} = await usableOf(golds, {...given, host: evolution.hostFor(noCost)}, settings)
  const about = aboutOf(chosen, usable, given.config)
  const opened = goneOn(evolution.openJournal(about, settings.seed), evolution.shard !== null)
  const trials: Trials = {
    ...given,
    host: evolution.hostFor(optimizer.isComparison === true ? noCost : chargedIn(opened)),
  }
  const secret = begun(opened, about, trials.host)
  const journal = {...opened, events: soundIn(opened, chosen, guardedOf(secretsOf(usable)), trials.host)}
  const problem: Problem = {
    steps,
    cases: casesOf(stands, usable),
    heading: await headingOf(trials),
    guarded: guardedOf(secretsOf([...stands.values()].map(({file}) => file))),
  }
  const told: Story[] = []
  const optimized = await optimize({
    problem,
    settings,
    optimizer,
    isGated: !evolution.isIsland,
    limits: evolution.limits,
    world: await worldOf(pipeline, problem, stands, trials, {journal, secret, model: evolution.reflectionModel}),
    journal,
    digest: digestOf,
    shard: evolution.shard,
    onStory: (story) => {
      told.push(story)
      evolution.onTold(told)
    },
  })
  checkTried(optimized)
  const text = optimized.evolved === null ? null : writeCandidate(chosen.text, chosen.file, optimized.evolved)
  return {
    // what nobody compared is not proven, whatever a script that reads this makes of it
    optimized: evolution.isIsland ? {...optimized, promoted: false} : optimized,
    text,
    before: candidateOf(pipeline),
    about,
    file: `evolved_pipelines/${wordOf(pipeline.name)}_${digestOf(text ?? '').slice(0, 8)}.yaml`,
  }
}

/** For names of files and branches. */
export const wordOf = (name: string): string => name.slice(0, 80).replaceAll(/[^A-Za-z0-9_-]+/g, '-')

function optimizerNamed(name: string): Optimizer {
  const optimizer = optimizerOf(name)
  if (optimizer !== undefined) return optimizer
  throw new Failure('unknown-optimizer', `${plainLine(name, 40)} is not an optimizer`, {
    hint: `there are: ${optimizerNames.join(', ')}`,
  })
}

/** With words that can be written back: who finds out at the end has paid for them. */
function stepsOf({pipeline, text, file}: Chosen): Problem['steps'] {
  const steps = evolvingSteps(pipeline)
  if (steps.length === 0)
    throw new Failure(
      'nothing-to-optimize',
      `the pipeline ${plainLine(pipeline.name, 80)} asks no model, so it has no words to evolve`,
      {hint: 'set the keys, or name a pipeline with model steps: --pipeline genesis'},
    )
  for (const {name, texts} of steps)
    for (const [of, words] of Object.entries(texts))
      if (of === holderOf(texts) || of === 'examples')
        writeCandidate(text, file, {[`${name}/${of}`]: `${words}\nOne more line.\n`})
  return steps
}

/** A search that was not allowed a single run has found nothing out: that nothing is better would be a lie. */
function checkTried({evolved, log}: Optimized): void {
  const isShort = log.some((story) => story.kind === 'note' && story.code === 'budget-spent')
  if (evolved !== null || !isShort || log.some(({kind}) => kind === 'tried')) return
  throw new Failure('budget-too-small', 'the budget does not allow a single run of the pipeline', {
    hint: 'raise --budget or --max-cost-usd: before a call its worst case must fit',
  })
}

/** What the meter must know of; an answer without a known price does not make it forget the others. */
const chargedIn = ({events}: Journal): Cost => {
  const costs = costsIn(events)
  return {...costs.reduce(addCost, noCost), usd: costs.reduce((sum, {usd}) => sum + (usd ?? 0), 0)}
}

/** What other searches came to goes into the YAML as it stands in the log: it must be what a person sees, and name no other values. */
function soundIn({events}: Journal, {pipeline}: Chosen, guarded: Guarded, host: Host): Journal['events'] {
  const before = candidateOf(pipeline)
  return events.filter((event) => {
    if (event.kind !== 'proposal') return true
    const why = Object.entries(event.candidate)
      .map(([key, words]) => faultOf(before[key], words, guarded, key.endsWith('/examples')))
      .find((each) => each !== null)
    if (why === undefined) return true
    host.say(plainLine(`${event.id} of the log is left out: ${why}`, 200))
    return false
  })
}

/** @param quotes runs, in which anything may stand */
function faultOf(before: string | undefined, words: string, guarded: Guarded, quotes: boolean): string | null {
  if (before === undefined) return 'no step has such a text'
  if (quotes) return null
  const [had, has] = [before, words].map((text) => placeholdersIn(text).map(({inner}) => inner))
  if (had?.toSorted().join() !== has?.toSorted().join()) return 'it changes which values stand in it'
  const lines = placeholdersIn(words).reduce(
    (text, {raw}) => text.replaceAll(raw, ' '),
    addedLines(before, words).join('\n'),
  )
  return findCopy(unknownTo(guarded, before), lines)
}

/** Throws `Failure` `bad-flag`. */
function settingsOf(given: Partial<Settings>): Settings {
  const read = Settings.safeParse(given)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const name = String(issue?.path[0] ?? '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new Failure('bad-flag', `--${name}: ${issue?.message ?? 'is not valid'}`, {
    hint: 'docs/optimize.md has the settings',
  })
}

/** A gold standard that is held out is for whoever wants to know afterwards. Throws `Failure` `no-gold`. */
async function usableOf(
  golds: readonly GoldFile[],
  trials: Trials,
  settings: Settings,
): Promise<{readonly stands: ReadonlyMap<string, Stand>; readonly usable: readonly GoldFile[]}> {
  const stands = new Map(await standsOf(golds, trials))
  const known = [...stands.values()].filter(({source, file}) => !isSkipped(source) && file.gold.split !== 'holdout')
  if (known.length === 0)
    throw new Failure('no-gold', 'no gold standard is left to search with', {hint: 'give one with `split: train`'})
  for (const stand of known)
    for (const variant of await variantsAt(stand, settings)) {
      const {name} = variant.file.gold
      if (stands.has(name))
        throw new Failure(
          'same-name',
          `--variants makes a case ${plainLine(name, 80)}, and a gold standard has that name`,
          {
            hint: 'give the gold standard another `name`',
          },
        )
      stands.set(name, variant)
    }
  return {stands, usable: known.map(({file}) => file)}
}

const casesOf = (stands: ReadonlyMap<string, Stand>, usable: readonly GoldFile[]): Problem['cases'] => {
  const names = usable.map(({gold: {name, split}}) => ({
    name,
    split: split === 'train' ? split : ('validation' as const),
  }))
  const variants = [...stands.values()].flatMap(({of, file}) =>
    of === undefined ? [] : [{name: file.gold.name, split: 'variant' as const}],
  )
  return [...names, ...variants]
}

/** More cases out of this one, each on a code base that differs from its own in a few files. */
async function variantsAt({file, source}: Stand, {variants}: Settings): Promise<readonly Stand[]> {
  if (variants === 0 || file.gold.split !== 'train' || 'missing' in source) return []
  const entries = await source.list()
  const texts = (await source.read(entries)).flatMap(({path, bytes}) =>
    bytes === null || bytes.includes(0) ? [] : [{path, text: new TextDecoder().decode(bytes)}],
  )
  // of no seed: searches of one log must mean the same by one name
  const random = randomOf(digestOf, 0, `variants of ${file.gold.name}`)
  return variantsOf(file.gold, texts, variants, random).map(({gold, changed}) => ({
    file: {...file, gold},
    source: changedSource(source, changed),
    of: file.gold.name,
  }))
}

const changedSource = (source: Source, changed: ReadonlyMap<string, string | null>): Source => ({
  ...source,
  list: async () => (await source.list()).filter(({path}) => changed.get(path) !== null),
  read: async (entries) =>
    (await source.read(entries)).map(({path, bytes}) => {
      const text = changed.get(path)
      return {path, bytes: typeof text === 'string' ? new TextEncoder().encode(text) : bytes}
    }),
})

/** Not the seed and not the optimizer: searches that differ in nothing else may be merged. */
const aboutOf = (
  {text}: Chosen,
  golds: readonly GoldFile[],
  {goal, judge, maxTokens, include, exclude}: Config,
): string => {
  const texts = golds.map((gold) => gold.text).toSorted((x, y) => (x < y ? -1 : 1))
  return digestOf(JSON.stringify([text, texts, {goal, judge, maxTokens, include, exclude}, programVersion()]))
}

/** A log that a search goes on with. What failed for nothing and does not stand any more may fail again: that is in the file already. */
function goneOn({events, append}: Journal, isShared: boolean): Journal {
  const standing = new Set(standingIn(events, isShared))
  const fallen = new Set(events.filter((event) => !standing.has(event)).map(({id}) => id))
  return {
    events: [...standing],
    append: (event) => {
      if (event.kind !== 'failed' || event.cost.calls > 0 || !fallen.has(event.id)) append(event)
    },
  }
}

/** The secret of the log's search; a new log gets one. Throws `Failure` `other-search`. */
function begun({events, append}: Journal, about: string, host: Host): string {
  const start = events.find((event) => event.kind === 'start')
  if (start !== undefined && start.about !== about)
    throw new Failure(
      'other-search',
      'the log is of another search: pipeline, gold standards, goal or program differ',
      {
        hint: 'name another file with --log, or leave it out',
      },
    )
  if (start !== undefined) return start.secret
  const secret = `${host.nonce()}${host.nonce()}`
  append({kind: 'start', id: 'start', schema: 1, about, secret})
  return secret
}

async function headingOf({keys}: Trials): Promise<string> {
  const {pipeline} = await choosePipeline('reflect', keys, async () => null)
  const heading = pipeline.variables?.['heading']
  return typeof heading === 'string' ? heading : 'Rules:'
}

const secretsOf = (golds: readonly GoldFile[]): Parameters<typeof guardedOf>[0] => ({
  names: golds.flatMap(({gold}) => [
    gold.name,
    ...gold.findings.flatMap(({locations, related_files}) => [...locations.map(({file}) => file), ...related_files]),
  ]),
  texts: golds.flatMap(({gold}) =>
    gold.findings.flatMap(({description, locations, title = ''}) => [
      description,
      title,
      ...locations.map(({evidence = ''}) => evidence),
    ]),
  ),
})

interface Making {
  readonly journal: Journal
  readonly secret: string
  readonly model: string | null
}

/** Failures that are the model's answer and not the world's: words can be to blame for them. */
const unusable = ['model-output-invalid', 'not-a-plan', 'model-refused']

async function worldOf(
  pipeline: Pipeline,
  problem: Problem,
  stands: ReadonlyMap<string, Stand>,
  trials: Trials,
  {journal, secret, model}: Making,
): Promise<World> {
  const {host, config, keys} = trials
  const isJudged = (await chooseJudge(config.judge, pipeline, keys)) !== null
  const answers = answersOf(journal)
  const reflectors = await reflectorsOf(trials)
  const writer = writerOf(model, pipeline, trials)
  const evaluate = async (ask: Ask, id: string, own: Host): Promise<Evaluation> => {
    const meter = meterOf(own.ask)
    let reserved = 0
    const digest = (text: string): string => digestOf(`${ask.replicate} ${text}`)
    // a run that is gone through again must ask the same words: the nonce is the search's own, and secret like any other
    const nonce = digestOf(`${secret} ${ask.case}`).slice(0, 16)
    const paidOnce = remembered(meter.ask, {...answers(id, meter), digest})
    const runHost: Host = {
      ...own,
      ask: (request, signal) => {
        reserved = Math.max(reserved, own.worstUsd?.(request) ?? 0)
        return paidOnce(request, signal)
      },
      nonce: () => nonce,
      say: () => undefined,
    }
    const stand = standOf(stands, ask.case)
    const {gold} = stand.file
    try {
      const judged = await tryOn(withCandidate(pipeline, ask.candidate), stand, {...trials, host: runHost})
      return {...observe(problem.steps, {...judged, gold: judged.gold ?? gold, cost: meter.cost()}), reserved}
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown
      if (unusable.includes(thrown.code))
        return {...unreadable(gold, problem.steps, thrown.message, meter.cost()), reserved}
      throw paid(thrown, meter)
    }
  }
  return {
    evaluate: (ask, id) =>
      host.together === undefined ? evaluate(ask, id, host) : host.together((own) => evaluate(ask, id, own)),
    reflect: reflecting(host, reflectors, writer),
    worstRun: (answered) => ({calls: problem.steps.length - answered + (isJudged ? votes : 0), tokens: 0, usd: 0}),
    worstReflection: {calls: 1, tokens: 0, usd: 0},
    atOnce: host.together === undefined ? atOnce : together,
    isBatched: host.together !== undefined,
    lost: ({cause}) => (isCost(cause) ? cause : noCost),
  }
}

const reflecting =
  (host: Host, reflectors: Reflectors, writer: (request: ModelRequest) => ModelRequest): World['reflect'] =>
  async (question: Question) => {
    const meter = meterOf((request, signal) => host.ask(writer(request), signal))
    const surroundings = {nonce: host.nonce(), now: host.now, signal: host.signal}
    try {
      return {text: await reflect(reflectors, question, meter.ask, surroundings), cost: meter.cost()}
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown
      if (!unusable.includes(thrown.code)) throw paid(thrown, meter)
      host.say(plainLine(`no new words: ${thrown.message}`, 200))
      return {text: '', cost: meter.cost()}
    }
  }

/** With what was paid before it: `lost` below. */
const paid = ({code, message, exit, hint}: Failure, meter: Meter): Failure =>
  new Failure(code, message, {exit, cause: meter.cost(), ...(hint === null ? {} : {hint})})

/** A judge is asked so often, as a rule; more when it is torn. */
const votes = 3
/** Runs that go on beside each other; a vendor is asked by no more at once (src/adapters/models.ts). */
const atOnce = 4
/** Runs of one message batch. */
const together = 64

const isCost = (value: unknown): value is Cost =>
  typeof value === 'object' && value !== null && 'calls' in value && 'tokens' in value

type Answers = (
  by: string,
  meter: Meter,
) => {
  readonly get: (key: string) => Promise<string | null>
  readonly set: (key: string, text: string) => Promise<void>
}

/**
 * Answers live in the log, so that whoever has the log has the answers: another machine too. What a run paid for that was killed before its
 * end is charged to whoever uses it first, so that a search that was stopped spends what it would have spent.
 */
function answersOf({events, append}: Journal): Answers {
  const known = new Map<string, string>(
    events.flatMap((event) => (event.kind === 'answer' ? [[event.id, event.text] as const] : [])),
  )
  const unpaid = new Map(unpaidIn(events).map(({id, cost}) => [id, cost]))
  return (by, meter) => ({
    get: async (key) => {
      const cost = unpaid.get(key)
      if (cost !== undefined) meter.add(cost)
      unpaid.delete(key)
      return known.get(key) ?? null
    },
    set: async (id, text) => {
      known.set(id, text)
      append({kind: 'answer', id, by, text})
    },
  })
}

interface Meter {
  readonly ask: Provider
  readonly add: (cost: Cost) => void
  readonly cost: () => Cost
}

function meterOf(ask: Provider): Meter {
  let sum = noCost
  return {
    ask: async (request, signal) => {
      const reply = await ask(request, signal)
      sum = addCost(sum, costOf(reply.usage))
      return reply
    },
    add: (cost) => {
      sum = addCost(sum, cost)
    },
    cost: () => sum,
  }
}

const costOf = ({calls, input_tokens, output_tokens, usd}: Usage): Cost => ({
  calls,
  tokens: input_tokens + output_tokens,
  usd,
})

async function reflectorsOf({keys}: Trials): Promise<Reflectors> {
  const [rules, rewrite] = await Promise.all(
    ['reflect', 'rewrite'].map((name) =>
      choosePipeline(name, keys, async () => null, {inputs: ['words', 'evidence', 'tried', 'most']}),
    ),
  )
  if (rules === undefined || rewrite === undefined)
    throw new Failure('no-such-pipeline', 'reflect.yaml does not ship with this copy')
  return {rules: rules.pipeline, rewrite: rewrite.pipeline}
}

/** Who is asked for words. Throws `Failure` `bad-flag`. */
function writerOf(given: string | null, {steps}: Pipeline, {keys}: Trials): (request: ModelRequest) => ModelRequest {
  const own = steps.flatMap(({models}) => models).at(-1) ?? null
  const name = given ?? (keys.claude === null ? own : null)
  if (name === null) return (request) => request
  const at = name.indexOf('/')
  if (at < 1 || at === name.length - 1)
    throw new Failure('bad-flag', `--reflection-model ${plainLine(name, 80)}: names no provider`, {
      hint: 'as in --reflection-model claude/claude-opus-4-8',
    })
  const [provider, model] = [name.slice(0, at), name.slice(at + 1)]
  // the search would ask it only when it has paid for its first runs
  const ready = Object.entries(keys).flatMap(([known, access]) => (access === null ? [] : [known]))
  if (given !== null && !ready.includes(provider))
    throw new Failure('bad-flag', `--reflection-model ${plainLine(name, 80)}: no key for ${plainLine(provider, 40)}`, {
      hint: `there are keys for: ${ready.join(', ')}`,
    })
  return (request) => ({...request, provider, model})
}

/** What a report says of it. */
export const evolutionOf = (
  {optimized, before, about}: Evolved,
  {pipeline}: Chosen,
  {optimizer, limits, seed}: {readonly optimizer: string; readonly limits: Limits; readonly seed: number},
): EvolutionReport => ({
  pipeline: pipeline.name,
  optimizer,
  seed,
  about,
  limits,
  before,
  after: optimized.evolved,
  promoted: optimized.promoted,
  baseline: optimized.baseline,
  best: optimized.best,
  p_value: optimized.p_value,
  spent: optimized.spent,
  log: optimized.log,
})
