/** Search for better words, then measure old against new on runs that nothing was learned from, and promote only what is proven. */
import {Failure} from '../errors.ts'
import type {Candidate} from './candidate.ts'
import {courseOf, nameOf, type Course, type CourseInput} from './course.ts'
import {decideGate, type Gate, type Pair} from './gate.ts'
import type {Ask, Evaluation, Optimizer, Proposal, Story} from './search.ts'

export interface OptimizeInput extends CourseInput {
  readonly optimizer: Optimizer
  /** false: what the optimizer proposes is returned as it is, for comparisons of optimizers. */
  readonly isGated: boolean
}

export interface Optimized {
  /** The words that changed, also when they were not promoted; null: nothing was proposed. */
  readonly evolved: Candidate | null
  readonly promoted: boolean
  /** Mean scores of the comparison at the end, 0…10; null: not measured. */
  readonly baseline: number | null
  readonly best: number | null
  /** One-sided, of a permutation test within each gold standard; it concerns these gold standards and no others. null: not tested. */
  readonly p_value: number | null
  readonly spent: {readonly calls: number; readonly tokens: number; readonly usd: number | null}
  readonly log: readonly Story[]
}

/** On one gold standard they reach the level of the test although one answer cannot be read, which is no rarity. */
const fewestPairs = 6
const mostPairs = 20
/** Where nothing limits the search: nine of ten gains of a point are seen (research §5.2, 9: paired spread of one and a half points). */
const usualPairs = 10
/** The words as they are and three others, on every case that is searched with: below, there is nothing to choose from. */
const fewestCandidates = 4
/** The part of what may be spent that the comparison gets: below, a gain of .10 is missed more often than seen (research §5.2, 9). */
const gatePart = 0.3
/** Replicates of the comparison begin here: a search never comes so far. */
const fresh = 1_000_000

/** Throws `Failure`: what a run throws that the user can fix, `cancelled`, the last of four outages, `budget-too-small`, `waiting-for-shards`. */
export async function optimize(input: OptimizeInput): Promise<Optimized> {
  const {optimizer, problem, isGated} = input
  const course = courseOf(input)
  const train = problem.cases.filter(({split}) => split !== 'validation')
  const searched = {...problem, cases: train.length > 0 ? train : problem.cases}
  // what a run costs in tokens and dollars nobody knows before the first; nearly every search makes this one
  if (isUnknown(input.limits, course))
    await course.evaluate([{candidate: {}, case: searched.cases[0]?.name ?? '', replicate: 0}])
  const judges = judgesOf(problem.cases, [])
  const planned = isGated ? pairsFor(course, judges.length, searched.cases.length) : 0
  course.holdBack(2 * planned)
  tellPlan(course, planned)
  const proposal = await optimizer.propose({...course, problem: searched})
  course.holdBack(0)
  if (proposal !== null) offer(input, proposal)
  if (proposal === null || Object.keys(proposal.candidate).length === 0) return ended(course, null, none)
  if (!isGated) return ended(course, proposal.candidate, {...none, promoted: true})
  // what the search left over makes the proof stronger; that is settled before anything is compared
  const gate = await compare(course, proposal, Math.max(planned, pairsLeft(course, judges.length)))
  course.tell({
    kind: 'gate',
    pairs: gate.pairs,
    baseline: gate.baseline,
    evolved: gate.evolved,
    p_value: gate.pValue,
    verdict: gate.verdict,
  })
  course.tell(
    gate.promoted
      ? {kind: 'note', code: 'promoted', message: `Promoted: ${gate.verdict}, on these gold standards.`}
      : {
          kind: 'note',
          code: 'not-proven',
          message: `No proven improvement: ${gate.verdict}. The pipeline stays as it is.`,
        },
  )
  return ended(course, proposal.candidate, gate)
}

const none: Gate = {promoted: false, baseline: null, evolved: null, pValue: null, pairs: 0, verdict: ''}

function ended(course: Course, evolved: Candidate | null, gate: Gate): Optimized {
  if (course.isShort()) course.tell({kind: 'note', code: 'budget-spent', message: 'The budget allowed no further run.'})
  const {baseline} = gate
  return {
    evolved,
    promoted: gate.promoted,
    baseline,
    best: gate.promoted ? gate.evolved : baseline,
    p_value: gate.pValue,
    spent: course.spent(),
    log: course.stories(),
  }
}

/** What the budget buys, before it is spent. */
function tellPlan(course: Course, planned: number): void {
  const left = course.runsLeft()
  if (left === Infinity) return
  const rounds = Math.floor(left / Math.max(1, course.problem.cases.length))
  course.tell({
    kind: 'note',
    code: 'plan',
    message: `The budget buys ${left} runs to search with, ${rounds} candidates on all gold standards, and ${planned} pairs for the comparison, or more if the search leaves some over.`,
  })
}

/** Into the log, for those who compare what several searches came to. */
function offer({journal, digest, optimizer}: OptimizeInput, {candidate, quotes}: Proposal): void {
  if (optimizer.isComparison === true) return
  const id = `proposal/${nameOf(candidate, digest)}`
  if (journal.events.some((event) => event.id === id)) return
  journal.append({kind: 'proposal', id, candidate: {...candidate}, quotes: [...quotes]})
}

const isUnknown = ({tokens, usd}: CourseInput['limits'], course: Course): boolean =>
  (tokens !== null || usd !== null) && course.runsLeft() === Infinity

/** Cases that can tell whether words are better: those that nothing was learned from where there are any, else all that are not quoted. */
function judgesOf(cases: CourseInput['problem']['cases'], quotes: readonly string[]): readonly string[] {
  const usable = cases.filter(({name, split}) => split !== 'variant' && !quotes.includes(name))
  const apart = usable.filter(({split}) => split === 'validation')
  return (apart.length > 0 ? apart : usable).map(({name}) => name)
}

/**
 * As many as a part of the budget buys, each judging case as often as any other, or once more. Throws `Failure` `budget-too-small` when nothing
 * would be left to search with.
 */
function pairsFor(course: Course, judges: number, searched: number): number {
  const left = course.runsLeft()
  const cases = Math.max(1, judges)
  const wanted = left === Infinity ? usualPairs : Math.round((left * gatePart) / 2)
  const pairs = Math.min(mostPairs, Math.max(fewestPairs, wanted))
  const fewest = Math.max(fewestPairs, cases)
  const planned = Math.max(fewest, evened(pairs, cases))
  const floor = 2 * fewest + fewestCandidates * searched
  if (left < floor)
    throw new Failure(
      'budget-too-small',
      `the budget allows ${left} runs of the pipeline, and a search with proof takes ${floor} at least`,
      {hint: 'raise --budget or --max-cost-usd, or give fewer gold standards'},
    )
  return planned
}

/** Whole rounds of the judging cases, from two on. */
const evened = (pairs: number, cases: number): number => (pairs < 2 * cases ? pairs : pairs - (pairs % cases))

/** 0: nothing limits the search, so nothing is left over. */
function pairsLeft(course: Course, judges: number): number {
  const left = course.runsLeft()
  return left === Infinity ? 0 : evened(Math.min(mostPairs, Math.floor(left / 2)), Math.max(1, judges))
}

async function compare(course: Course, {candidate, quotes}: Proposal, planned: number): Promise<Gate> {
  const judges = judgesOf(course.problem.cases, quotes)
  if (judges.length === 0)
    return {...none, verdict: 'every gold standard is quoted in the proposal, so nothing is left to measure it on'}
  const asks = Array.from({length: planned}, (_, at): readonly [Ask, Ask] => {
    const of = {case: judges[at % judges.length] ?? '', replicate: fresh + Math.floor(at / judges.length)}
    return [
      {candidate: {}, ...of},
      {candidate, ...of},
    ]
  })
  const evaluations = await course.evaluate(asks.flat(), ['seed'])
  const runs = asks.map(([{case: of}], at) => ({
    case: of,
    before: evaluations[2 * at] ?? null,
    after: evaluations[2 * at + 1] ?? null,
  }))
  return decideGate(pairsIn(runs), planned)
}

/**
 * What the budget did not allow is behind the last whole pair, and is none. Before it a run failed: new words that fail have found
 * nothing, or what makes answers too long to end would choose the sample.
 */
function pairsIn(
  runs: readonly {readonly case: string; readonly before: Evaluation | null; readonly after: Evaluation | null}[],
): readonly Pair[] {
  const last = runs.findLastIndex(({before, after}) => before !== null && after !== null)
  return runs.slice(0, last + 1).flatMap(({case: of, before, after}): readonly Pair[] => {
    if (before === null) return []
    return [{case: of, before, after: after ?? failedLike(before)}]
  })
}

const failedLike = (run: Evaluation): Evaluation => ({
  ...run,
  score: 0,
  outcomes: run.outcomes.map((outcome) => ({...outcome, credit: 0})),
})
