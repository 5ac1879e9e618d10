/**
 * GEPA (Agrawal et al., https://arxiv.org/abs/2507.19457; its implementation https://github.com/gepa-ai/gepa and the defaults of dspy.GEPA,
 * https://dspy.ai/api/optimizers/GEPA): run a candidate that is best somewhere on three cases, have one step's words written anew
 * against what went wrong, keep them when the same three cases do better, and then run them on all. Train and validation set are the
 * same, as they are there when only one is given.
 *
 * Deviations. A candidate is run again on its three cases, as there; because our log answers what was asked before, each such run is
 * another replicate, and the new words run on the same replicates. A case that fills up a minibatch is another replicate too, not
 * the same run counted twice. Runs on all cases are replicate 0 for everybody, so a merger finds those it was compared on.
 * The loop ends when a whole iteration is not affordable any more, not after overspending, and after `maxIterations`, as a budget may be
 * unlimited. Words are refused before they are run when they are empty, cut off, too long, the same, copy a gold standard or change
 * which values stand in them. A score that is unknown counts as none, as a failed run does there. A case on which the pipeline as
 * it is could not be run is no case. Five mergers are the most; there, those that are due by then still follow.
 */
import {drawnFrom, frontsOf, membersOf, thinnedFronts} from '../front.ts'
import {leastShared, mergerOf, sharedSample, type Program} from '../merge.ts'
import {shuffled} from '../randomness.ts'
import {addedLines, evidenceFor, partsOf, refusalOf, reworded, rewriteIn, wordsIn, type Part} from '../rewrites.ts'
import type {Candidate} from '../candidate.ts'
import type {Ask, Evaluation, Evidence, Optimizer, Search} from '../search.ts'

export const gepa: Optimizer = {
  summary: 'Writes one step anew against what went wrong, from candidates that are best on some gold (GEPA).',
  propose: async (search) => {
    const state = await evolved(search)
    const means = state.programs.map(({mean}) => mean)
    const best = state.programs[means.indexOf(Math.max(...means))]
    return best === undefined || Object.keys(best.candidate).length === 0
      ? null
      : {candidate: best.candidate, quotes: []}
  },
}

interface Known extends Program {
  /** On all cases, in their order. */
  readonly scores: readonly number[]
  /** The step whose turn it is. */
  readonly turn: number
}

interface State {
  readonly cases: readonly string[]
  readonly parts: readonly Part[]
  readonly programs: readonly Known[]
  readonly iteration: number
  /** Accepted ones. */
  readonly mergers: number
  readonly mergersDue: number
  readonly merged: ReadonlySet<string>
  /** The last iteration brought a candidate. */
  readonly isNew: boolean
}

const minibatch = 3
const perfect = 10
const maxMergers = 5
const maxIterations = 100
/** Two questions in a row without an answer: the budget is at its end, or the other side is. */
const maxSilent = 2

async function evolved(search: Search): Promise<State> {
  const {problem} = search
  const asks = problem.cases.map(({name}) => ({candidate: {}, case: name, replicate: 0}))
  const evaluations = await search.evaluate(asks)
  const cases = problem.cases.flatMap(({name}, at) => (evaluations[at] ? [name] : []))
  const scores = evaluations.flatMap((evaluation) => (evaluation === null ? [] : [evaluation.score ?? 0]))
  let state: State = {
    cases,
    parts: partsOf(problem),
    programs: [{candidate: {}, parents: [], mean: meanOf(scores), scores, turn: 0}],
    iteration: 0,
    mergers: 0,
    mergersDue: 0,
    merged: new Set(),
    isNew: false,
  }
  if (cases.length === 0 || state.parts.length === 0) return state
  let silent = 0
  while (state.iteration < maxIterations && silent < maxSilent && search.runsLeft() >= 2 * minibatch + cases.length) {
    const merged: State | null = await mergedIn(search, state)
    const next: State | 'silent' = merged ?? (await mutatedIn(search, {...state, isNew: false}))
    silent = next === 'silent' ? silent + 1 : 0
    state = {...(next === 'silent' ? {...state, isNew: false} : next), iteration: state.iteration + 1}
  }
  return state
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const meanOf = (values: readonly number[]): number => sumOf(values) / Math.max(1, values.length)

/** null: one of them could not be run. */
async function ranOn(
  search: Search,
  asks: readonly Ask[],
  parents: readonly string[] = [],
): Promise<readonly Evaluation[] | null> {
  const evaluations = await search.evaluate(asks, parents)
  const made = evaluations.filter((evaluation) => evaluation !== null)
  return made.length < asks.length ? null : made
}

const scoresOf = (evaluations: readonly Evaluation[]): readonly number[] => evaluations.map(({score}) => score ?? 0)

const frontOf = ({programs}: State) =>
  thinnedFronts(
    frontsOf(programs.map(({scores}) => scores)),
    programs.map(({mean}) => mean),
  )

/** Runs it on all cases and takes it in; null: it could not be run on one. */
async function admitted(
  search: Search,
  state: State,
  candidate: Candidate,
  parents: readonly number[],
): Promise<State | null> {
  const evaluations = await ranOn(
    search,
    state.cases.map((name) => ({candidate, case: name, replicate: 0})),
    parents.map((at) => search.nameOf(state.programs[at]?.candidate ?? {})),
  )
  if (evaluations === null) return null
  const scores = scoresOf(evaluations)
  const turn = Math.max(...parents.map((at) => state.programs[at]?.turn ?? 0))
  return {...state, programs: [...state.programs, {candidate, parents, mean: meanOf(scores), scores, turn}]}
}

/** null: this iteration is no merge. A merge that is tried takes the iteration, whatever comes of it. */
async function mergedIn(search: Search, state: State): Promise<State | null> {
  const {programs, cases, parts, iteration} = state
  const isDue = state.isNew && state.mergersDue > 0 && state.mergers < maxMergers
  if (!search.settings.merge || cases.length < leastShared || !isDue) return null
  const random = search.random('merge', iteration)
  const merger = mergerOf(programs, membersOf(frontOf(state)), parts, state.merged, random)
  if (merger === null) return null
  const [one = [], two = []] = merger.parents.map((at) => programs[at]?.scores ?? [])
  const sample = sharedSample(one, two, random)
  const tried: State = {...state, isNew: false, merged: new Set([...state.merged, ...merger.keys])}
  const evaluations = await ranOn(
    search,
    sample.map((at) => ({candidate: merger.candidate, case: cases[at] ?? '', replicate: 0})),
  )
  const sums = [one, two].map((scores) => sumOf(sample.map((at) => scores[at] ?? 0)))
  const isGood = evaluations !== null && sumOf(scoresOf(evaluations)) >= Math.max(...sums)
  search.tell({
    kind: 'note',
    code: isGood ? 'merged' : 'merge-rejected',
    message: `Candidates ${merger.parents.join(' and ')} were merged; ${isGood ? 'the merger is no worse.' : 'the merger is worse.'}`,
  })
  const next = isGood ? await admitted(search, tried, merger.candidate, merger.parents) : null
  return next === null ? tried : {...next, mergers: state.mergers + 1, mergersDue: state.mergersDue - 1}
}

/** Each case once in an order of its own for each epoch; what is missing of the last minibatch is filled with the least used. */
function minibatchOf(search: Search, {cases, iteration}: State): readonly string[] {
  const whole = Math.ceil(cases.length / minibatch) * minibatch
  const start = iteration * minibatch
  const order = shuffled(cases, search.random('epoch', Math.floor(start / whole)))
  const filled = Array.from({length: whole}, (_, at) =>
    at < order.length ? order[at] : order[order.length - 1 - ((at - order.length) % order.length)],
  )
  return filled.slice(start % whole, (start % whole) + minibatch).flatMap((name) => name ?? [])
}

/** `silent`: the model that writes words gave no answer. */
async function mutatedIn(search: Search, state: State): Promise<State | 'silent'> {
  const {iteration, parts, programs} = state
  const at = drawnFrom(frontOf(state), search.random('parent', iteration))
  const parent = programs[at]
  if (parent === undefined) return state
  const asksFor = (candidate: Candidate): readonly Ask[] =>
    minibatchOf(search, state).map((name, each) => ({
      candidate,
      case: name,
      replicate: 1 + iteration * minibatch + each,
    }))
  const before = await ranOn(search, asksFor(parent.candidate))
  if (before === null || scoresOf(before).every((score) => score >= perfect)) return state
  const part = parts[parent.turn % parts.length]
  if (part === undefined) return state
  const turned: State = {
    ...state,
    programs: programs.map((each) => (each === parent ? {...each, turn: (each.turn + 1) % parts.length} : each)),
  }
  const evidence = evidenceFor(part.step, before)
  const rewrite = await rewritten(search, part, wordsIn(parent.candidate, part), evidence, iteration)
  if (rewrite === 'silent') return rewrite
  if (rewrite.words === null) return turned
  const child = reworded(parent.candidate, part, rewrite.words)
  const after = await ranOn(search, asksFor(child))
  const gain = after === null ? null : sumOf(scoresOf(after)) - sumOf(scoresOf(before))
  const next = gain !== null && gain > 0 ? await admitted(search, turned, child, [at]) : null
  search.tell({
    kind: 'judged',
    rule: nameOf(iteration),
    verdict: next === null ? 'dropped' : 'kept',
    effect: gain === null ? null : gain / (minibatch * perfect),
    interval: null,
  })
  if (next === null) return turned
  const isDue = search.settings.merge && next.mergers < maxMergers
  return {...next, isNew: true, mergersDue: next.mergersDue + (isDue ? 1 : 0)}
}

const nameOf = (iteration: number): string => `W${iteration + 1}`

/** Words null: the answer holds none to try. */
async function rewritten(
  search: Search,
  part: Part,
  before: string,
  evidence: readonly Evidence[],
  iteration: number,
): Promise<{readonly words: string | null} | 'silent'> {
  const question = {
    want: 'rewrite',
    step: part.step,
    words: before,
    evidence,
    tried: [],
    most: 1,
    replicate: iteration,
  } as const
  const [answer = null] = await search.reflect([question])
  if (answer === null) return 'silent'
  const words = rewriteIn(answer, before)
  const why = words === null ? 'it was cut off' : refusalOf(search, part, before, words)
  const text = addedLines(before, words ?? answer).join('\n')
  if (why !== null) search.tell({kind: 'refused', step: part.step, text, why})
  else search.tell({kind: 'proposed', rule: nameOf(iteration), step: part.step, text, cause: evidence[0]?.reason ?? ''})
  return {words: why === null ? words : null}
}
