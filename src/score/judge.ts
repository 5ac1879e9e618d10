/**
 * Closed questions to a model of another family than the plan's (scoring research §3.10, §3.11). It is never asked for a number;
 * what it may change is bounded in `scorePlan`.
 */
import {Failure} from '../errors.ts'
import type {Plan} from '../plan/plan.ts'
import type {GoldStandard} from './gold.ts'
import type {Answers, Judgement} from './judgement.ts'
import {match, pairKey, weightOf, type Candidate, type Matching} from './match.ts'
import {parseReply, type Answer, type Excerpts} from './reply.ts'
import type {Code} from './scorecard.ts'
import {normalise} from './text.ts'

/** Asks once. `replicate` 0, 1, 2 … must be a fresh answer each. Throws `Failure` when nobody answers. */
export type AskJudge = (questions: string, replicate: number) => Promise<string>

export interface JudgeOptions {
  readonly ask: AskJudge
  /** The questions about the plan as a whole; words of the pipeline. */
  readonly planQuestions: readonly string[]
  /** Anything that is fixed for one plan and gold: the draws depend on it alone. */
  readonly seed: string
  /** Unguessable, fresh for each call. */
  readonly nonce: () => string
}

interface Question {
  readonly id: string
  readonly kind: 'match' | 'support' | 'plan'
  readonly about:
    | {readonly kind: 'pair'; readonly candidate: number; readonly gold: number}
    | {readonly kind: 'support'; readonly candidate: number}
    | {readonly kind: 'plan'}
  readonly texts: Readonly<Record<string, string>>
  /** What a quote must stand in. */
  readonly excerpt: string
}

const most = 12
const replicates = 3
const draws = 200

export async function judge(plan: Plan, gold: GoldStandard, code: Code, options: JudgeOptions): Promise<Judgement> {
  const matching = match(plan.findings, gold, code)
  const questions = [
    ...pairQuestions(matching, gold),
    ...supportQuestions(matching, code),
    ...planQuestions(plan, options.planQuestions),
  ]
  const said: (readonly Answer[])[] = []
  for (let replicate = 0; replicate < replicates; replicate++) {
    const answers = await askOnce(questions, replicate, options)
    if (answers !== null) said.push(answers)
  }
  if (said.length < 2) return {state: 'unavailable', pairs: new Map(), support: new Map(), delta: 0, draws: []}
  const votes = questions.map(({id}) =>
    said.flatMap((answers) => answers.find((answer) => answer.id === id)?.verdict ?? []),
  )
  const random = generatorOf(options.seed)
  return {
    state: 'ran',
    ...answersOf(questions, votes.map(majority)),
    draws: Array.from({length: draws}, () =>
      answersOf(
        questions,
        votes.map((all) => drawn(all, random)),
      ),
    ),
  }
}

/** The answers to one asking; null when there is none that can be read, also after a second try. */
async function askOnce(
  questions: readonly Question[],
  replicate: number,
  {ask, nonce, seed}: JudgeOptions,
): Promise<readonly Answer[] | null> {
  const order = shuffled(questions, generatorOf(`${seed} ${replicate}`))
  for (let tried = 0; tried < 2; tried++) {
    const mark = nonce()
    const excerpts: Excerpts = new Map(questions.map(({id, excerpt}) => [id, excerpt]))
    try {
      const text = await ask(
        JSON.stringify({nonce: mark, items: order.map(({id, kind, texts}) => ({id, kind, ...texts}))}, null, 1),
        replicate,
      )
      const reply = parseReply(text, mark, excerpts)
      if (reply.status === 'valid') return reply.items
      if (reply.status === 'abstain') return null
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.exit === 3 && thrown.code !== 'cancelled') return null
      throw thrown
    }
  }
  return null
}

const clip = (text: string, max: number): string => normalise(text).slice(0, max)
const wordsOf = ({title, description}: {readonly title?: string | undefined; readonly description: string}): string =>
  clip(`${title ?? ''}\n${description}`.trim(), 400)

/** J1: pairs that are neither clear nor hopeless, and the nearest candidate of every gold finding that was missed. */
function pairQuestions({table, candidates, gold: found}: Matching, gold: GoldStandard): readonly Question[] {
  const pairs = table.flatMap((row, candidate) => row.map(({value}, at) => ({candidate, at, value})))
  const unclear = pairs.filter(({candidate, at, value}) => {
    const best = found[at]?.best?.candidate === candidate && found[at]?.by === null && value > 0
    return candidates[candidate]?.repeats === null && ((value >= 0.4 && value < 0.8) || best)
  })
  return unclear
    .toSorted((a, b) => weightOfAt(gold, b.at) - weightOfAt(gold, a.at) || b.value - a.value)
    .slice(0, most)
    .map(({candidate, at}, index) => {
      const first = gold.findings[at]
      const second = candidates[candidate]?.finding
      const texts = {
        first: first === undefined ? '' : `${first.locations[0]?.file ?? ''}\n${wordsOf(first)}`,
        second: second === undefined ? '' : `${second.locations[0]?.file ?? ''}\n${wordsOf(second)}`,
      }
      return {
        id: `m${index + 1}`,
        kind: 'match',
        about: {kind: 'pair', candidate, gold: at},
        texts,
        excerpt: texts.second,
      } as const
    })
}

const weightOfAt = ({findings}: GoldStandard, at: number): number => {
  const finding = findings[at]
  return finding === undefined ? 0 : weightOf(finding)
}

/** J2: grounded findings that the gold standard does not know. */
function supportQuestions({candidates}: Matching, code: Code): readonly Question[] {
  const novel = candidates.flatMap((candidate, at) =>
    candidate.gold === null && candidate.repeats === null && candidate.finding.severity !== 'low'
      ? [{candidate, at}]
      : [],
  )
  return novel
    .flatMap(({candidate, at}) => {
      const lines = excerptOf(candidate, code)
      return lines === null ? [] : [{candidate, at, lines}]
    })
    .slice(0, most)
    .map(({candidate, at, lines}, index) => {
      const texts = {claim: wordsOf(candidate.finding), code: lines}
      return {
        id: `s${index + 1}`,
        kind: 'support',
        about: {kind: 'support', candidate: at},
        texts,
        excerpt: lines,
      } as const
    })
}

function excerptOf({grounding}: Candidate, code: Code): string | null {
  const [place] = grounding.places
  const lines = place === undefined || place.path === null ? null : code.lines(place.path)
  const line = place?.anchor ?? place?.start ?? null
  if (lines === null || line === null) return null
  return clip(lines.slice(Math.max(0, line - 8), line + 12).join('\n'), 2000)
}

/** J3 */
function planQuestions(plan: Plan, questions: readonly string[]): readonly Question[] {
  const text = clip(
    plan.changes
      .map(
        ({id, title, phase, files, instructions, verification}) =>
          `${id} (phase ${phase}): ${title}\nfiles: ${files.join(', ')}\n${instructions}\nverification: ${verification.join('; ')}`,
      )
      .join('\n\n'),
    12_000,
  )
  return questions.slice(0, most).map(
    (question, index) =>
      ({
        id: `p${index + 1}`,
        kind: 'plan',
        about: {kind: 'plan'},
        texts: {question, plan: text},
        excerpt: text,
      }) as const,
  )
}

type Said = 'yes' | 'no' | null

function majority(votes: readonly Answer['verdict'][]): Said {
  const yes = votes.filter((vote) => vote === 'yes').length
  const no = votes.filter((vote) => vote === 'no').length
  if (yes * 2 > votes.length) return 'yes'
  return no * 2 > votes.length ? 'no' : null
}

/** One vote from Beta(yes + ½, no + ½), as a coin of that mean: what three answers leave open. */
function drawn(votes: readonly Answer['verdict'][], random: () => number): Said {
  const yes = votes.filter((vote) => vote === 'yes').length
  const no = votes.filter((vote) => vote === 'no').length
  if (yes + no === 0) return null
  return random() < (yes + 0.5) / (yes + no + 1) ? 'yes' : 'no'
}

/** A plan question that is not answered by a majority counts as no; a pair or claim without one stays as it was. */
function answersOf(questions: readonly Question[], said: readonly Said[]): Answers {
  const pairs = new Map<string, 'yes' | 'no'>()
  const support = new Map<number, 'yes' | 'no'>()
  let asked = 0
  let yes = 0
  questions.forEach(({about}, at) => {
    const answer = said[at] ?? null
    if (about.kind === 'plan') {
      asked += 1
      yes += answer === 'yes' ? 1 : 0
    } else if (answer !== null) {
      if (about.kind === 'pair') pairs.set(pairKey(about.candidate, about.gold), answer)
      else support.set(about.candidate, answer)
    }
  })
  const delta = asked === 0 ? 0 : Math.min(0.5, Math.max(-1, 3 * (yes / asked - 0.83)))
  return {pairs, support, delta}
}

/** mulberry32 over a hash of the seed: counter-based, so a run can be repeated. */
function generatorOf(seed: string): () => number {
  let state = 2166136261
  for (const sign of seed) state = Math.imul(state ^ (sign.codePointAt(0) ?? 0), 16777619)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({item, key: random()}))
    .toSorted((a, b) => a.key - b.key)
    .map(({item}) => item)
}
