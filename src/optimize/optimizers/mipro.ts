/**
 * MIPROv2 (Opsahl-Ong et al., https://arxiv.org/abs/2406.11695; its implementation https://dspy.ai/api/optimizers/MIPROv2): a pool of
 * instructions and a pool of demonstrations for each step, fixed before the search; a joint search over both by a tree-structured Parzen estimator.
 *
 * Deviations. The instructions are asked for with what went wrong in runs of the pipeline, each time another half of it, where MIPROv2
 * gives a summary of the data, tips and the program's source: our metric says what went wrong, and a repository is no example to summarise. There are
 * six a step also when demonstrations are searched, because a run costs more than a question. Demonstrations come as in bootstrap.ts, without labels; equal
 * sets are one. A combination is run only on cases that it does not quote, and its score is what it gains there over the
 * pipeline as it is: MIPROv2 keeps train and validation apart, which one to five golds do not allow. Sets that quote every case
 * are left out, as nothing could tell what they are worth. A single case suffices. Minibatches are for more than five cases.
 */
import type {Candidate} from '../candidate.ts'
import {bootstrappedBy, demonstrable, demonstrationsFor, refuseLabels, type Success} from '../demonstrations.ts'
import {shuffled} from '../randomness.ts'
import {addedLines, evidenceFor, partsOf, refusalOf, reworded, rewriteIn, type Part} from '../rewrites.ts'
import type {Ask, Evaluation, Evidence, Optimizer, Proposal, Question, Search} from '../search.ts'
import {nextChoice, type Trial} from '../tpe.ts'

export const mipro: Optimizer = {
  summary: 'Searches the best pair of instructions and demonstrations for each step, from small pools (MIPROv2).',
  propose: async (search) => {
    refuseLabels(search)
    const baseline = await baselineOf(search)
    if (baseline.size === 0) return null
    const variables = [...(await instructionsFor(search, [...baseline.values()])), ...(await demonstrationsOf(search))]
    if (variables.length === 0) {
      search.tell({
        kind: 'note',
        code: 'nothing-to-choose',
        message: 'There are no other instructions and no demonstrations to choose from.',
      })
      return null
    }
    const {candidate, quotes} = proposalOf(variables, await chosen(search, variables, baseline))
    for (const name of quotes) search.tell({kind: 'demonstration', case: name, steps: demonstrable(search.problem)})
    return Object.keys(candidate).length === 0 ? null : {candidate, quotes}
  },
}

/** What one of the choices of a variable does to the pipeline; the first does nothing. */
interface Variable {
  readonly options: readonly Proposal[]
}

/** Options of a variable, the one that changes nothing among them. */
const pool = 6
const minibatch = 5
/** After so many trials the best minibatch is run in full. */
const fullEvery = 5

const score = (evaluation: Evaluation): number => evaluation.score ?? 0
const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** The pipeline as it is on every case on which it could be run. */
async function baselineOf({problem, evaluate}: Search): Promise<ReadonlyMap<string, Evaluation>> {
  const evaluations = await evaluate(problem.cases.map(({name}) => ({candidate: {}, case: name, replicate: 0})))
  return new Map(
    problem.cases.flatMap(({name}, at) => {
      const evaluation = evaluations[at] ?? null
      return evaluation === null ? [] : [[name, evaluation] as const]
    }),
  )
}

async function instructionsFor(search: Search, runs: readonly Evaluation[]): Promise<readonly Variable[]> {
  const parts = partsOf(search.problem)
  const asked = parts.flatMap((part, lane) =>
    Array.from({length: pool - 1}, (_, replicate) => ({
      part,
      question: questionOf(search, part, runs, replicate, lane),
    })),
  )
  const answers = await search.reflect(asked.map(({question}) => question))
  return parts.flatMap((part) => {
    const texts = asked.flatMap(({part: of, question}, at) => {
      const answer = answers[at] ?? null
      if (of !== part || answer === null) return []
      return instructionIn(search, part, answer, `${part.step} ${question.replicate + 1}`, question.evidence)
    })
    const options = [...new Set(texts)].map((words) => ({candidate: reworded({}, part, words), quotes: []}))
    return options.length === 0 ? [] : [{options: [{candidate: {}, quotes: []}, ...options]}]
  })
}

function questionOf(
  search: Search,
  {step, words}: Part,
  runs: readonly Evaluation[],
  replicate: number,
  lane: number,
): Question {
  const all = evidenceFor(step, runs)
  const half = shuffled(all, search.random('evidence', replicate, lane)).slice(0, Math.ceil(all.length / 2))
  return {want: 'rewrite', step, words, evidence: half, tried: [], most: 1, replicate}
}

/** @param rule its name in the report */
function instructionIn(
  search: Search,
  part: Part,
  answer: string,
  rule: string,
  evidence: readonly Evidence[],
): readonly string[] {
  const words = rewriteIn(answer, part.words)
  const why = words === null ? 'it was cut off' : refusalOf(search, part, part.words, words)
  const text = addedLines(part.words, words ?? answer).join('\n')
  if (words === null || why !== null) {
    search.tell({kind: 'refused', step: part.step, text, why: why ?? ''})
    return []
  }
  search.tell({kind: 'proposed', rule, step: part.step, text, cause: evidence[0]?.reason ?? ''})
  return [words]
}

/** Set 0 shows nothing, the next is of the cases in their order, the others of shuffled ones. */
async function demonstrationsOf(search: Search): Promise<readonly Variable[]> {
  const {problem, settings} = search
  if (settings.maxBootstrappedDemos === 0) return []
  const sets: (readonly Success[])[] = [await bootstrappedBy(search, null)]
  for (let shuffling = 0; shuffling < pool - 3; shuffling++) sets.push(await bootstrappedBy(search, shuffling))
  const usable = sets.filter((set) => set.length < problem.cases.length)
  return demonstrable(problem).flatMap((step) => {
    const options = new Map<string, Proposal>()
    for (const set of usable) {
      const words = demonstrationsFor(step, set, settings.maxDemoCharacters)
      if (words !== null)
        options.set(words, {candidate: {[`${step}/examples`]: words}, quotes: set.map((success) => success.case)})
    }
    return options.size === 0 ? [] : [{options: [{candidate: {}, quotes: []}, ...options.values()]}]
  })
}

function proposalOf(variables: readonly Variable[], choice: readonly number[]): Proposal {
  const options = variables.flatMap(({options}, at) => options[choice[at] ?? 0] ?? [])
  const candidate = options.reduce<Candidate>((all, option) => ({...all, ...option.candidate}), {})
  return {candidate, quotes: [...new Set(options.flatMap(({quotes}) => quotes))]}
}

interface Tried {
  readonly choice: readonly number[]
  readonly gain: number
  readonly isFull: boolean
}

/** The best of those that were run in full; the pipeline as it is is the first of them. */
async function chosen(
  search: Search,
  variables: readonly Variable[],
  baseline: ReadonlyMap<string, Evaluation>,
): Promise<readonly number[]> {
  const sizes = variables.map(({options}) => options.length)
  const tried: Tried[] = [{choice: sizes.map(() => 0), gain: 0, isFull: true}]
  const isMini = baseline.size > minibatch
  const trials = Math.floor(Math.max(2 * sizes.length * Math.log2(pool), 1.5 * pool))
  const run = async (choice: readonly number[], most: number, trial: number): Promise<boolean> => {
    const result = await gainOf(search, proposalOf(variables, choice), baseline, most, trial)
    if (result !== null) tried.push({choice, ...result})
    return result !== null
  }
  const needed = baseline.size + (isMini ? minibatch : 0)
  for (let trial = 1; trial <= trials && search.runsLeft() >= needed; trial++) {
    const choice = nextChoice(sizes, tried.map(trialOf), search.random('trial', trial))
    await run(choice, isMini ? minibatch : baseline.size, trial)
    const best = trial % fullEvery === 0 ? bestUnconfirmed(tried) : null
    if (best !== null) await run(best, baseline.size, trial)
  }
  const last = search.runsLeft() < baseline.size ? null : bestUnconfirmed(tried)
  if (last !== null) await run(last, baseline.size, trials + 1)
  const full = tried.filter(({isFull}) => isFull)
  const most = Math.max(...full.map(({gain}) => gain))
  return full.find(({gain}) => gain === most)?.choice ?? []
}

const trialOf = ({choice, gain}: Tried): Trial => ({choice, score: gain})

/** The combination with the best mean of minibatches that was not run in full yet; null: there is none. */
function bestUnconfirmed(tried: readonly Tried[]): readonly number[] | null {
  const done = new Set(tried.flatMap(({choice, isFull}) => (isFull ? [choice.join()] : [])))
  const gains = new Map<string, {readonly choice: readonly number[]; readonly all: number[]}>()
  for (const {choice, gain} of tried) {
    const key = choice.join()
    if (done.has(key)) continue
    const own = gains.get(key) ?? {choice, all: []}
    own.all.push(gain)
    gains.set(key, own)
  }
  const [best] = [...gains.values()].toSorted((a, b) => meanOf(b.all) - meanOf(a.all))
  return best?.choice ?? null
}

/** Over the pipeline as it is, in points of the score, on at most so many cases; null: it could not be run on all of these. */
async function gainOf(
  {evaluate, random}: Search,
  {candidate, quotes}: Proposal,
  baseline: ReadonlyMap<string, Evaluation>,
  most: number,
  trial: number,
): Promise<{readonly gain: number; readonly isFull: boolean} | null> {
  const usable = [...baseline.keys()].filter((name) => !quotes.includes(name))
  const cases = usable.length <= most ? usable : shuffled(usable, random('minibatch', trial)).slice(0, most)
  const asks = cases.map((name): Ask => ({candidate, case: name, replicate: 0}))
  const evaluations = (await evaluate(asks)).filter((evaluation) => evaluation !== null)
  if (cases.length === 0 || evaluations.length < cases.length) return null
  const before = cases.flatMap((name) => baseline.get(name) ?? [])
  return {gain: meanOf(evaluations.map(score)) - meanOf(before.map(score)), isFull: cases.length === usable.length}
}
