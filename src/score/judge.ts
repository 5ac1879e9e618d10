/**
 * Closed questions to a model of another family than the plan's (scoring research §3.10, §3.11). It is never asked for a number,
 * it is shown neither score nor threshold, and what it may change is bounded in `scorePlan`.
 */
import {Failure} from '../errors.ts'
import type {Plan} from '../plan/plan.ts'
import type {GoldStandard} from './gold.ts'
import {majorityOf, type Judgement, type Votes} from './judgement.ts'
import {match} from './match.ts'
import {questionsOf, sheetOf, type Question} from './question.ts'
import {shuffled} from './random.ts'
import {parseReply} from './reply.ts'
import {pointScore} from './score.ts'
import type {Code, Scorecard} from './scorecard.ts'

export type {Judgement} from './judgement.ts'

/** Asks once. `replicate` 0, 1, 2 … must be a fresh answer each. Throws `Failure` when nobody answers. */
export type AskJudge = (questions: string, replicate: number) => Promise<string>

export interface JudgeOptions {
  readonly ask: AskJudge
  /** The questions about the plan as a whole; words of the pipeline. */
  readonly planQuestions: readonly string[]
  /** Anything that is fixed for one plan and gold: order and draws depend on it alone. */
  readonly seed: string
  /** Unguessable, fresh for each call. */
  readonly nonce: () => string
}

const usual = 3
const many = 5
/** So often one asking is repeated when the reply cannot be read. */
const attempts = 2
/** Near this score, in points, more answers are worth their price. */
const contested = {score: 8, within: 0.5} as const

/** One vote a question, null where there is none. */
type Ballot = readonly ('yes' | 'no' | 'unsure' | null)[]

interface Asked {
  readonly ballots: readonly Ballot[]
  readonly fabricated: number
}

/** Throws what `ask` throws, unless it is an outage: then the judgement is `unavailable`. */
export async function judge(plan: Plan, gold: GoldStandard, code: Code, options: JudgeOptions): Promise<Judgement> {
  const questions = questionsOf(match(plan, gold, code), plan, gold, code, options.planQuestions)
  if (questions.length === 0) return unavailable('There is nothing to ask a judge about.', options.seed)
  const first = await askTimes(questions, 0, usual, options)
  const judgement = judgementOf(questions, first, usual, options.seed)
  if (judgement.state === 'unavailable' || !isContested(plan, gold, code, judgement)) return judgement
  const more = await askTimes(questions, usual, many, options)
  const all = {ballots: [...first.ballots, ...more.ballots], fabricated: first.fabricated + more.fabricated}
  const second = judgementOf(questions, all, many, options.seed)
  return second.state === 'unavailable' ? judgement : second
}

const unavailable = (why: string, seed: string): Judgement => ({
  state: 'unavailable',
  why,
  replicates: 0,
  pairs: [],
  support: [],
  plan: [],
  fabricated_quotes: 0,
  seed,
})

/** The score is near the usual threshold, or the replicates disagree about a critical finding. */
function isContested(plan: Plan, gold: GoldStandard, code: Code, judgement: Judgement): boolean {
  const split = judgement.pairs.some(
    (pair) => pair.yes > 0 && pair.no > 0 && gold.findings[pair.gold]?.severity === 'critical',
  )
  return split || Math.abs(pointScore(plan, gold, code, judgement) - contested.score) < contested.within
}

async function askTimes(
  questions: readonly Question[],
  from: number,
  to: number,
  options: JudgeOptions,
): Promise<Asked> {
  const all: Asked[] = []
  for (let replicate = from; replicate < to; replicate++) all.push(await askOnce(questions, replicate, options))
  return {
    ballots: all.flatMap(({ballots}) => ballots),
    fabricated: all.reduce((sum, {fabricated}) => sum + fabricated, 0),
  }
}

/** One replicate: the questions in an order of its own; asked again when the reply cannot be read. */
async function askOnce(
  questions: readonly Question[],
  replicate: number,
  {ask, seed, nonce}: JudgeOptions,
): Promise<Asked> {
  const order = shuffled(questions, `${seed} order ${replicate}`)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mark = nonce()
    const sheet = sheetOf(order, mark)
    const text = await orOutage(ask(sheet.text, replicate))
    if (text === null) return {ballots: [], fabricated: 0}
    const reply = parseReply(text, mark, sheet.ids)
    if (reply.status === 'abstain') return {ballots: [], fabricated: 0}
    if (reply.status === 'retry') continue
    const votes = new Map<Question, 'yes' | 'no' | 'unsure'>()
    let fabricated = 0
    for (const {id, verdict, quote} of reply.items) {
      const question = sheet.questionOf(id)
      if (question === null) continue
      if (verdict === 'unsure' || sheet.isQuoted(id, quote)) votes.set(question, verdict)
      else fabricated += 1
    }
    return {ballots: [questions.map((question) => votes.get(question) ?? null)], fabricated}
  }
  return {ballots: [], fabricated: 0}
}

/** null: nobody answers. What the user can fix, and a cancelled run, are not an outage. */
async function orOutage(asked: Promise<string>): Promise<string | null> {
  try {
    return await asked
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
    if (thrown.exit === 3 || thrown.code === 'budget-spent') return null
    throw thrown
  }
}

/** Two of three replicates must have answered four of five questions. */
function judgementOf(
  questions: readonly Question[],
  {ballots, fabricated}: Asked,
  replicates: number,
  seed: string,
): Judgement {
  const votes = questions.map((_, index) => votesOf(ballots.map((ballot) => ballot[index] ?? null)))
  const answered = votes.filter(({yes, no, unsure}) => (yes + no + unsure) * 3 >= 2 * replicates).length
  if (ballots.length * 2 <= replicates || answered * 5 < questions.length * 4)
    return {...unavailable('The judge did not answer enough of the questions.', seed), fabricated_quotes: fabricated}
  const of = <K extends Question['about']['kind']>(
    kind: K,
  ): readonly (Votes & {readonly about: Extract<Question['about'], {kind: K}>})[] =>
    questions.flatMap(({about}, index) => {
      const counted = votes[index]
      return isKind(about, kind) && counted !== undefined ? [{...counted, about}] : []
    })
  return {
    state: 'ran',
    why: null,
    replicates,
    pairs: of('match').map(({about: {at, gold}, ...counted}) => ({...counted, at, gold})),
    support: of('support').map(({about: {at}, ...counted}) => ({...counted, at})),
    plan: of('plan').map(({yes, no, unsure}) => ({yes, no, unsure})),
    fabricated_quotes: fabricated,
    seed,
  }
}

const isKind = <K extends Question['about']['kind']>(
  about: Question['about'],
  kind: K,
): about is Extract<Question['about'], {kind: K}> => about.kind === kind

const votesOf = (ballot: Ballot): Votes => ({
  yes: ballot.filter((vote) => vote === 'yes').length,
  no: ballot.filter((vote) => vote === 'no').length,
  unsure: ballot.filter((vote) => vote === 'unsure').length,
})

/** New findings that the judge saw in the code, as indexes in the plan. */
export const supportedBy = ({support}: Judgement): readonly number[] =>
  support.flatMap((claim) => (majorityOf(claim) === 'yes' ? [claim.at] : []))

/** What a person may want to add to the gold standard: ids of findings that are new to it and that the judge saw in the code. */
export function candidatesOf({findings}: Plan, judgement: Judgement, scorecard: Scorecard): readonly string[] {
  const novel = new Set(scorecard.findings.flatMap(({id, class: kind}) => (kind === 'novel' ? [id] : [])))
  const ids = supportedBy(judgement).flatMap((at) => findings[at]?.id ?? [])
  return [...new Set(ids)].filter((id) => novel.has(id))
}
