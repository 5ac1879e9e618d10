/**
 * A small world for optimizers: a step finds what its words have a rule for, and some of the rest by
 * chance that depends on the ask only; more when it is shown examples.
 */
import {createHash} from 'node:crypto'
import type {Candidate} from '../../src/optimize/candidate.ts'
import type {Journal, Shard, World} from '../../src/optimize/till.ts'
import type {Event} from '../../src/optimize/events.ts'
import {nothingGuarded} from '../../src/optimize/guards.ts'
import {optimize, type Optimized} from '../../src/optimize/optimize.ts'
import {
  Settings,
  type Ask,
  type Case,
  type Evaluation,
  type Optimizer,
  type Problem,
  type Question,
} from '../../src/optimize/search.ts'
import type {Cost, Limits} from '../../src/optimize/spending.ts'

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
/** 0 ≤ chance < 1 */
export const chanceOf = (...about: readonly unknown[]): number =>
  Number.parseInt(digest(JSON.stringify(about)).slice(0, 8), 16) / 2 ** 32

export const unlimited: Limits = {calls: null, tokens: null, usd: null}

export const casesOf = (train: number, validation = 0): readonly Case[] => [
  ...Array.from({length: train}, (_, at) => ({name: `t${at}`, split: 'train' as const})),
  ...Array.from({length: validation}, (_, at) => ({name: `v${at}`, split: 'validation' as const})),
]

export const problemOf = (cases: readonly Case[]): Problem => ({
  steps: ['scan', 'plan'].map((name) => ({
    name,
    texts: {prompt: `Do the ${name} of {{repository}}.\n`, system: '', examples: ''},
  })),
  cases,
  heading: 'Keep to these rules as well:',
  guarded: nothingGuarded,
})

const findings = 6
const stepOf = (finding: number): string => (finding % 2 === 0 ? 'scan' : 'plan')
const ruleFor = (finding: number): string => `Look closely at everything of sort ${'abcdef'[finding]}.`

export interface ToyInput {
  readonly cases: readonly Case[]
  /** The part that is found without a rule. */
  readonly base?: number
  /** Of a run, at most the worst. */
  readonly costOf?: (about: string) => number
  /** Another order of completion. */
  readonly salt?: string
  readonly evaluate?: (ask: Ask) => Partial<Evaluation>
  /** What the gold standard of a case calls its n-th finding; each has a reason of its own then. */
  readonly groupOf?: (of: string, finding: number) => string
  readonly reflect?: (question: Question) => string
}

export interface Toy {
  readonly problem: Problem
  readonly world: World
  /** What was asked of it, in order. */
  readonly asked: string[]
  readonly calls: () => number
  readonly questions: Question[]
}

export const worst: Cost = {calls: 4, tokens: 400, usd: 0.04}

export function toyOf({cases, base = 0.3, costOf = () => 2, salt = '', evaluate, groupOf, reflect}: ToyInput): Toy {
  const [asked, questions]: [string[], Question[]] = [[], []]
  let calls = 0
  const pay = (times: number): Cost => {
    calls += times
    return {calls: times, tokens: times * 100, usd: times * 0.01}
  }
  const late = async (about: string): Promise<void> => {
    for (let ticks = Math.floor(chanceOf(salt, about) * 20); ticks > 0; ticks--) await Promise.resolve()
  }
  const world: World = {
    atOnce: 4,
    worstRun: () => worst,
    worstReflection: {...worst, calls: 1},
    evaluate: async (ask) => {
      const about = JSON.stringify(ask)
      const marks = `${Object.keys(ask.candidate).some((key) => key.endsWith('/examples')) ? '+' : ''}${ask.replicate > 0 ? `#${ask.replicate}` : ''}`
      asked.push(`${ask.case}${marks}`)
      const cost = pay(costOf(about))
      await late(about)
      return {...ranBy(ask, base, groupOf), ...evaluate?.(ask), cost}
    },
    reflect: async (question) => {
      questions.push(question)
      const cost = pay(1)
      await late(JSON.stringify(question))
      return {text: (reflect ?? answered)(question), cost}
    },
  }
  return {problem: problemOf(cases), world, asked, calls: () => calls, questions}
}

const wordsOf = (candidate: Candidate, step: string): string => candidate[`${step}/prompt`] ?? ''

function ranBy(
  {candidate, case: of, replicate}: Ask,
  base: number,
  groupOf: ToyInput['groupOf'],
): Omit<Evaluation, 'cost'> {
  const outcomes = Array.from({length: findings}, (_, finding) => {
    const step = stepOf(finding)
    const isFound =
      wordsOf(candidate, step).includes(ruleFor(finding)) ||
      chanceOf(of, replicate, finding) < base + (candidate[`${step}/examples`] === undefined ? 0 : 0.3)
    return {
      id: `f${finding}`,
      credit: isFound ? 1 : 0,
      lost: isFound ? null : step,
      group: groupOf?.(of, finding) ?? null,
      must: false,
      reason: isFound
        ? ''
        : `nothing of sort ${'abcdef'[finding]} was found${groupOf === undefined ? '' : ownWords(of, finding)}`,
    }
  })
  const found = outcomes.filter(({credit}) => credit === 1).length
  return {
    score: (10 * found) / findings,
    unreadable: null,
    outcomes,
    extras: [],
    shown: Object.fromEntries(
      ['scan', 'plan'].map((step) => [
        step,
        {input: `code of ${of}`, output: `answer of ${step} to ${of} #${replicate}`},
      ]),
    ),
  }
}

/** As two defects of one kind are told in unlike words. */
const ownWords = (of: string, finding: number): string => {
  const letters = digest(`${of}/${finding}`).replaceAll(/\d/g, '')
  return `: ${letters.slice(0, 6)} ${letters.slice(6, 12)} ${letters.slice(12, 18)}`
}

/** A rule against one thing of what went wrong. */
function answered({want, words, evidence, replicate}: Question): string {
  const reason = evidence[Math.floor(chanceOf(words, replicate) * evidence.length)]?.reason ?? ''
  const rule = ruleFor('abcdef'.indexOf(/sort (\w)/.exec(reason)?.[1] ?? 'a'))
  return want === 'rules' ? `- ${rule}` : `Here it is:\n\`\`\`\n${words.trimEnd()}\n${rule}\n\`\`\``
}

export interface RunInput {
  readonly toy: Toy
  readonly optimizer: Optimizer
  readonly settings?: Partial<Settings>
  readonly limits?: Limits
  readonly isGated?: boolean
  readonly events?: readonly Event[]
  readonly shard?: Shard
  /** Where what is found out goes as well. */
  readonly log?: Event[]
}

export async function run({
  toy,
  optimizer,
  settings = {},
  limits = unlimited,
  isGated = true,
  events = [],
  shard,
  log = [],
}: RunInput): Promise<{
  readonly found: Optimized
  readonly events: readonly Event[]
}> {
  log.push(...events)
  const journal: Journal = {events, append: (event) => void log.push(event)}
  const found = await optimize({
    problem: toy.problem,
    settings: Settings.parse(settings),
    limits,
    world: toy.world,
    journal,
    digest,
    shard: shard ?? null,
    onStory: () => undefined,
    optimizer,
    isGated,
  })
  return {found, events: log}
}

export const notesOf = ({log}: Optimized): readonly string[] =>
  log.flatMap((event) => (event.kind === 'note' ? [event.code] : []))

/** How many findings have their rule. */
export const rulesIn = (candidate: Candidate | null): number =>
  Array.from({length: findings}, (_, finding) =>
    wordsOf(candidate ?? {}, stepOf(finding)).includes(ruleFor(finding)),
  ).filter(Boolean).length
