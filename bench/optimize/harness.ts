/** A world as an optimizer gets it: cases, words, answers of models over HTTP by the product's own adapters, and a metric. */
import {digestOf, makeHost} from '../../src/adapters/models.ts'
import type {Candidate} from '../../src/optimize/candidate.ts'
import {guardedOf} from '../../src/optimize/guards.ts'
import type {Ask, Evaluation, Extra, Outcome, Problem, Question} from '../../src/optimize/search.ts'
import {addCost, noCost, type Cost} from '../../src/optimize/spending.ts'
import type {Random} from '../../src/optimize/randomness.ts'
import type {ModelRequest, Provider} from '../../src/provider.ts'
import {injected} from './mind.ts'
import {oracleOf} from './oracle.ts'
import {labelsIn, renderSample} from './paper.ts'
import {strangeWords, worldOf, type Sample, type Symptom, type World} from './world.ts'

export type WireName = 'claude' | 'gemini' | 'openai'

export interface BedInput {
  readonly landscape: string
  readonly seed: number
  readonly salt: string
  /** Counts of questions are by run. Letters, digits, `_`, `.` and `-`. */
  readonly run: string
  readonly wire: WireName
  readonly baseUrl: string
  /** Reasons are replaced by words that mean nothing. */
  readonly isScrambled?: boolean
  /** What the model that writes rules is asked; the product's own words, where they are to be measured. */
  readonly render?: (question: Question) => string | Promise<string>
}

export interface Bed {
  readonly problem: Problem
  readonly evaluate: (ask: Ask) => Promise<Evaluation>
  readonly reflect: (question: Question) => Promise<{readonly text: string; readonly cost: Cost}>
  /** True expected score on unseen cases, 0…1; the candidate may name only what differs. */
  readonly heldOf: (candidate: Candidate) => number
  readonly goldOf: (candidate: Candidate) => number
  readonly seedWords: Candidate
}

const seedPrompts: Readonly<Record<string, string>> = {
  scan: 'Module: scan\nEach line of the case is an item and its code. Find the items that want work.\nAnswer with one line: “Report: ” and their ids with commas between.\n',
  plan: 'Module: plan\nThe draft names items that may want work. Keep those that do.\nAnswer with one line: “Report: ” and their ids with commas between.\n',
}

/** Throws when there is no such landscape. */
export function bedOf(input: BedInput): Bed {
  const world = worldOf(input.landscape, input.seed, input.salt)
  if (world === null) throw new Error(`there is no landscape ${input.landscape}`)
  const {modules} = world.terms
  const steps = modules.map((name) => ({name, texts: {prompt: seedPrompts[name] ?? '', examples: ''}}))
  const seedWords: Candidate = Object.fromEntries(
    steps.flatMap(({name, texts}) => Object.entries(texts).map(([text, words]) => [`${name}/${text}`, words])),
  )
  const ask = answering(input)
  const oracle = oracleOf(world)
  const evaluating = evaluatingIn(world, ask, input.isScrambled === true)
  const render = input.render ?? renderQuestion
  return {
    problem: {
      steps,
      cases: world.golds.map(({name}) => ({name, split: 'train'})),
      heading: 'Keep to these rules as well:',
      guarded: guardedOf({
        names: world.golds.flatMap(({name, items}) => [name, ...items.flatMap(({id, code}) => [id, code])]),
        texts: [],
      }),
    },
    seedWords,
    evaluate: (asked) => evaluating({...seedWords, ...asked.candidate}, asked),
    reflect: async (question) => {
      const {text, cost} = await ask('reflect', await render(question), question.replicate)
      return {text, cost}
    },
    heldOf: (candidate) => oracle.heldOf({...seedWords, ...candidate}),
    goldOf: (candidate) => oracle.goldOf({...seedWords, ...candidate}),
  }
}

/** Stands in until a caller gives the product's own words. */
export function renderQuestion({want, words, evidence, tried, most}: Question): string {
  const seen = evidence.map(({reason, count}) => `- ${reason} (seen ${count} times)`)
  const failed = tried.length === 0 ? [] : ['These did not help:', ...tried.map((rule) => `- ${rule}`), '']
  const wanted =
    want === 'rules' ? `NEW RULES ONLY: at most ${most}, one a line.` : 'Write the whole text anew, in a fence.'
  return ['The words:', '```', words.trimEnd(), '```', 'What went wrong:', ...seen, '', ...failed, wanted].join('\n')
}

interface Said {
  readonly text: string
  readonly isCut: boolean
  readonly cost: Cost
}

type Answering = (role: 'task' | 'reflect', prompt: string, replicate: number) => Promise<Said>

const names: Readonly<Record<WireName, string>> = {claude: 'claude-sim', gemini: 'gemini-sim', openai: 'gpt-sim'}
const apiKey = 'simulated-key-0123456789'

/** Each replicate is a sample of its own for the server, so that answers depend on no order. */
function answering({landscape, seed, salt, run, wire, baseUrl}: BedInput): Answering {
  const hosts = new Map<number, Provider>()
  const hostOf = (replicate: number): Provider => {
    const made = hosts.get(replicate)
    if (made !== undefined) return made
    const url = `${baseUrl}/w/${landscape}/${seed}~${salt}/${run}@${replicate}`
    const access = {apiKey, baseUrl: wire === 'openai' ? `${url}/v1` : url}
    const {ask} = makeHost({
      keys: {claude: null, gemini: null, openai: null, [wire]: access},
      budget: {calls: null, tokens: null, usd: null},
      say: () => undefined,
      timing: {sleep: async () => undefined},
    })
    hosts.set(replicate, ask)
    return ask
  }
  return async (role, prompt, replicate) => {
    const request: ModelRequest = {
      provider: wire,
      model: `${names[wire]}-${role}`,
      system: '',
      messages: [{role: 'user', text: prompt}],
      maxTokens: 4000,
      temperature: null,
      schema: null,
    }
    const {text, stopped, usage} = await hostOf(replicate)(request)
    const cost = {calls: usage.calls, tokens: usage.input_tokens + usage.output_tokens, usd: usage.usd ?? 0}
    return {text, isCut: stopped === 'length', cost}
  }
}

interface Shown {
  readonly input: string
  readonly output: string
}

type Evaluating = (words: Candidate, ask: Ask) => Promise<Evaluation>

function evaluatingIn(world: World, ask: Answering, isScrambled: boolean): Evaluating {
  const answers = new Map<string, Promise<Said>>()
  const samples = new Map(world.golds.map((sample) => [sample.name, sample]))
  /** What was answered before, for the same words before it, costs nothing. */
  const answer = async (prompt: string, replicate: number): Promise<Said> => {
    const key = `${replicate} ${prompt}`
    const known = answers.get(key)
    if (known !== undefined) return {...(await known), cost: noCost}
    const asked = ask('task', prompt, replicate)
    answers.set(key, asked)
    // an outage is no answer
    asked.catch(() => answers.delete(key))
    return asked
  }
  return async (words, {case: of, replicate}) => {
    const sample = samples.get(of)
    if (sample === undefined) throw new Error(`there is no case ${of}`)
    const about = JSON.stringify([Object.entries(words).toSorted(), of, replicate])
    const reasons = reasonsIn(world, world.random('reasons', digestOf(about)), isScrambled)
    const shown: Record<string, Shown> = {}
    let [cost, draft]: [Cost, string | null] = [noCost, null]
    const reports: ReadonlySet<string>[] = []
    for (const module of world.terms.modules) {
      const input = renderSample(sample, draft)
      const examples = words[`${module}/examples`] ?? ''
      const head = [words[`${module}/prompt`] ?? '', ...(examples === '' ? [] : [examples])].map((part) =>
        part.trimEnd(),
      )
      const said = await answer(`${head.join('\n\n')}\n\n${input}`, replicate)
      cost = addCost(cost, said.cost)
      shown[module] = {input, output: said.text}
      const labels = said.isCut ? null : labelsIn(said.text)
      if (labels === null) {
        const reason = said.isCut ? 'the answer was cut off' : reasons('format', module, null, null)
        return {score: 0, unreadable: {step: module, reason}, outcomes: [], extras: [], shown, cost}
      }
      reports.push(new Set(labels.map(({id}) => id)))
      draft = said.text
    }
    const judged = judgedBy(world, sample, reports, reasons)
    const noise = world.terms.noise * normal(world.random('noise', digestOf(about)))
    return {score: 10 * Math.min(1, Math.max(0, judged.f1 + noise)), unreadable: null, ...judged.findings, shown, cost}
  }
}

type Reasons = (kind: Symptom['kind'], module: string, category: number | null, item: string | null) => string

/** @param random fresh for each run: a reason that says nothing is no other's */
function reasonsIn(world: World, random: Random, isScrambled: boolean): Reasons {
  const {terms, symptoms} = world
  return (kind, module, category, item) => {
    if (isScrambled) return strangeWords(world, random, 3)
    const isGeneric = kind === 'category' && random() < terms.generic
    const symptom = symptoms.find(
      (each) => each.kind === kind && each.category === category && each.module === (isGeneric ? null : module),
    )
    const named = item !== null && terms.memos > 0 ? ` (${item})` : ''
    return `${symptom?.phrase ?? ''}${named}${injected(world, random)}`
  }
}

/** @param reports of each module, the last one is the answer */
function judgedBy(
  world: World,
  {name, items}: Sample,
  reports: readonly ReadonlySet<string>[],
  reasons: Reasons,
): {readonly f1: number; readonly findings: Pick<Evaluation, 'outcomes' | 'extras'>} {
  const {terms, random} = world
  const answer = reports.at(-1) ?? new Set()
  const outcomes = items.flatMap(({id, category}): readonly Outcome[] => {
    if (category === null) return []
    const lost = terms.modules[reports.findIndex((report) => !report.has(id))] ?? null
    const told = lost === null ? '' : reasons('category', lost, category, `${id} in ${name}`)
    const {group, reason} = named(world, `${name}/${id}`, told)
    return [{id, credit: lost === null ? 1 : 0, lost, group, must: false, reason}]
  })
  const extras = items.flatMap(({id, category}): readonly Extra[] => {
    if (category !== null || !answer.has(id)) return []
    // the first made it and the last let it pass: a judge may name either
    const step =
      terms.modules[Math.floor(random('blame', name, id, [...answer].join())() * terms.modules.length)] ?? null
    return [{step, reason: reasons('precision', step ?? '', null, `${id} in ${name}`)}]
  })
  const hits = outcomes.filter(({credit}) => credit === 1).length
  const f1 = (2 * hits) / Math.max(1, outcomes.length + hits + extras.length)
  return {f1, findings: {outcomes, extras}}
}

/** Words of its own that a finding has. */
const ownWords = 8

function named(world: World, finding: string, told: string): {readonly group: string | null; readonly reason: string} {
  const {naming} = world.terms
  if (naming === 'told') return {group: null, reason: told}
  const group = naming === 'one' ? 'defect' : finding
  const reason = told === '' ? '' : `${told} ${strangeWords(world, world.random('own words', finding), ownWords)}`
  return {group, reason}
}

/** Box and Muller. */
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
