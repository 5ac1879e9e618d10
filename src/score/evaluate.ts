/** A pipeline over gold standards: one bad case is a score with a reason, never an exception. */
import {Failure} from '../errors.ts'
import {addUsage, noUsage, type Usage} from '../provider.ts'
import type {BaselineCase} from './baseline.ts'
import type {GoldStandard} from './gold.ts'
import {difference, estimate, sideOf, type Estimate} from './sampling.ts'
import type {Reason, Scorecard, Verdict} from './scorecard.ts'

/** One score of one gold standard, with the credits of its findings. */
export interface Scored {
  readonly score: number
  readonly findings: Readonly<Record<string, number>>
}

/** `unjudged`: an outage, the end of the money or a bad gold standard left it with fewer samples than tell anything. */
export type CaseState = 'judged' | 'unjudged' | 'skipped'

export interface Case {
  readonly gold: string
  readonly state: CaseState
  /** 0…10, the mean of the samples; null: could not be judged. */
  readonly score: number | null
  readonly interval: readonly [low: number, high: number] | null
  /** Every score that counts, those of earlier runs first. */
  readonly samples: readonly number[]
  /** Mean credits. */
  readonly findings: Readonly<Record<string, number>>
  /** Of this run. */
  readonly usage: Usage
  /** Of this run. */
  readonly milliseconds: number
  /** Why it was skipped, why it could not be judged, or why a reply was worth nothing. */
  readonly error: string | null
}

export interface Evaluation {
  readonly cases: readonly Case[]
  /** Of the cases that were judged; null when none was. */
  readonly mean: number | null
  /** 90 %; null: one sample each. */
  readonly interval: Estimate['interval']
  /** Against the baseline, paired by gold standard; null: there is none, or it is of other gold standards. */
  readonly change: (Estimate & {readonly fallen: readonly string[]}) | null
  readonly verdict: Verdict
  /** What this run added, in the order in which it was taken. */
  readonly taken: readonly (Scored & {readonly gold: string})[]
}

export const baselinePolicies = ['absolute', 'no-regression', 'both'] as const

export interface EvaluationPolicy {
  readonly threshold: number
  /** At most so many samples of each gold standard; fewer when the verdict is clear before. */
  readonly samples: number
  readonly baseline: (typeof baselinePolicies)[number]
  /** Points by which the mean may fall. */
  readonly tolerance: number
}

export interface Evaluating {
  readonly golds: readonly GoldStandard[]
  readonly scoreOn: (
    gold: GoldStandard,
  ) => Promise<{readonly scorecard: Scorecard; readonly usage: Usage; readonly milliseconds: number}>
  /** Samples of earlier runs of the very same. */
  readonly known: (gold: GoldStandard) => readonly Scored[]
  /** The same every time: no model is asked, so a second sample tells nothing. */
  readonly exact: boolean
  readonly policy: EvaluationPolicy
  /** What the baseline has of a gold standard; null: nothing, or of another text of it. */
  readonly before: (gold: GoldStandard) => BaselineCase | null
  /** Why a gold standard is left out on purpose; null: it is not. */
  readonly skipped?: (gold: GoldStandard) => string | null
  /** Each sample as soon as it is there: what was paid for must outlive whatever comes next. */
  readonly keep?: (gold: GoldStandard, scored: Scored) => void
  /** All samples that are wanted at a time are taken at that time, and not one after the other. */
  readonly together?: {
    /** One of them has failed every case alike: what the others still do is for nobody. */
    readonly stop: () => void
  }
}

/** The model's fault: a reply in no form is a plan worth 0, while an outage says nothing about the pipeline. */
const worthless: readonly string[] = ['not-a-plan', 'model-output-invalid', 'model-refused']

/** What is wrong with one gold standard, or ends the money, leaves the other cases as they are. */
const ofOneCase: readonly string[] = ['stale-gold', 'no-source', 'empty-repository', 'budget-spent']

/** Fewer tell nothing of the noise. */
const leastSamples = 2

interface Running {
  readonly gold: GoldStandard
  readonly known: readonly Scored[]
  readonly skipped: string | null
  taken: readonly Scored[]
  usage: Usage
  milliseconds: number
  /** Ends its sampling. */
  stopped: string | null
  /** The last reply that was worth nothing. */
  worthless: string | null
}

/**
 * Round by round, each gold standard once, until every one has enough samples or the verdict is clear. What is known is never taken
 * again, so the same evaluation twice costs nothing the second time and ends the same.
 *
 * Throws what the user can fix (a missing key, a bad pipeline): it would fail every case alike.
 */
export async function evaluate(evaluating: Evaluating): Promise<Evaluation> {
  const running = evaluating.golds.map((gold) => begin(gold, evaluating))
  const taken: Evaluation['taken'][number][] = []
  const take = async (each: Running): Promise<void> => {
    const scored = await takeOne(each, evaluating)
    if (scored === null) return
    taken.push({...scored, gold: each.gold.name})
    evaluating.keep?.(each.gold, scored)
  }
  for (const round of roundsOf(evaluating)) {
    if (round > leastSamples && isClear(running, evaluating.policy)) break
    const {together} = evaluating
    if (together === undefined) await oneByOne(running, round, take)
    else await allAtOnce(running, round, take, together.stop)
  }
  return {...evaluationOf(running, evaluating), taken}
}

/**
 * How many samples each is to have before it is looked at whether that is enough. The first ones are never too many, so together
 * they are one round; the later ones are only taken where the earlier ones leave it open, so each is a round of its own.
 */
function roundsOf(evaluating: Evaluating): readonly number[] {
  const most = mostSamples(evaluating)
  const first = evaluating.together === undefined ? 1 : Math.min(leastSamples, most)
  return Array.from({length: Math.max(0, most - first + 1)}, (_, at) => first + at)
}

const wantsOne = (each: Running, round: number): boolean =>
  each.skipped === null && each.stopped === null && samplesOf(each).length < round

async function oneByOne(
  running: readonly Running[],
  round: number,
  take: (each: Running) => Promise<void>,
): Promise<void> {
  for (const each of running) if (wantsOne(each, round)) await take(each)
}

/** Waits for all of them, also when one throws, so that nothing goes on unseen; what it throws is what was thrown first. */
async function allAtOnce(
  running: readonly Running[],
  round: number,
  take: (each: Running) => Promise<void>,
  stop: () => void,
): Promise<void> {
  const wanted = running.flatMap((each) =>
    wantsOne(each, round) ? Array.from({length: round - samplesOf(each).length}, () => each) : [],
  )
  const thrown: unknown[] = []
  await Promise.all(
    wanted.map((each) =>
      take(each).catch((error: unknown) => {
        thrown.push(error)
        stop()
      }),
    ),
  )
  if (thrown.length > 0) throw thrown[0]
}

const mostSamples = ({exact, policy}: Evaluating): number => (exact ? 1 : policy.samples)

function begin(gold: GoldStandard, {known, skipped}: Evaluating): Running {
  const why = skipped?.(gold) ?? null
  return {
    gold,
    known: why === null ? known(gold) : [],
    skipped: why,
    taken: [],
    usage: noUsage,
    milliseconds: 0,
    stopped: null,
    worthless: null,
  }
}

const samplesOf = ({known, taken}: Running): readonly Scored[] => [...known, ...taken]

const scoresOf = (running: Running): readonly number[] => samplesOf(running).map(({score}) => score)

function isClear(running: readonly Running[], {threshold}: EvaluationPolicy): boolean {
  const estimated = estimate(running.map(scoresOf).filter(({length}) => length > 0))
  return estimated !== null && estimated.interval !== null && sideOf(estimated, threshold) !== 'unclear'
}

/** null: nothing came of it, and nothing more will. */
async function takeOne(running: Running, {scoreOn}: Evaluating): Promise<Scored | null> {
  const scored = await scoredOn(running, scoreOn)
  if (scored !== null) running.taken = [...running.taken, scored]
  return scored
}

async function scoredOn(running: Running, scoreOn: Evaluating['scoreOn']): Promise<Scored | null> {
  try {
    const {scorecard, usage, milliseconds} = await scoreOn(running.gold)
    running.usage = addUsage(running.usage, usage)
    running.milliseconds += milliseconds
    if (scorecard.score !== null) return {score: scorecard.score, findings: creditsOf(scorecard)}
    running.stopped = 'it was not scored'
    return null
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
    // what a run that failed has cost is not known
    running.usage = {...running.usage, usd: null}
    if (worthless.includes(thrown.code)) {
      // a sample like any other: were it not one, running again would roll it anew
      running.worthless = thrown.message
      return {score: 0, findings: {}}
    }
    if (thrown.exit === 2 && !ofOneCase.includes(thrown.code)) throw thrown
    running.stopped = thrown.message
    return null
  }
}

const creditsOf = ({gold}: Scorecard): Readonly<Record<string, number>> =>
  Object.fromEntries(gold.map(({id, credit}) => [id, credit]))

function evaluationOf(running: readonly Running[], evaluating: Evaluating): Omit<Evaluation, 'taken'> {
  const cases = running.map((each) => caseOf(each, evaluating))
  const judged = estimate(cases.map(({samples}) => samples).filter(({length}) => length > 0))
  const change = changeOf(running, evaluating)
  return {
    cases,
    mean: judged?.mean ?? null,
    interval: judged?.interval ?? null,
    change,
    verdict: verdictOf(cases, judged, change, evaluating),
  }
}

function caseOf(running: Running, evaluating: Evaluating): Case {
  const {gold, usage, milliseconds, skipped, stopped, worthless: reply} = running
  const samples = scoresOf(running)
  const enough = Math.min(leastSamples, mostSamples(evaluating))
  const state = skipped !== null ? 'skipped' : samples.length < enough && stopped !== null ? 'unjudged' : 'judged'
  const error = skipped ?? stopped ?? reply
  const estimated = estimate(samples.length === 0 ? [] : [samples])
  const findings = meanCredits(samplesOf(running))
  const {mean = null, interval = null} = estimated ?? {}
  return {gold: gold.name, state, score: mean, interval, samples, findings, usage, milliseconds, error}
}

function meanCredits(samples: readonly Scored[]): Readonly<Record<string, number>> {
  const ids = [...new Set(samples.flatMap(({findings}) => Object.keys(findings)))]
  const mean = (id: string): number =>
    samples.reduce((sum, {findings}) => sum + (findings[id] ?? 0), 0) / samples.length
  return Object.fromEntries(ids.map((id) => [id, mean(id)]))
}

/** A credit that fell by more than this is worth naming. */
const fallenBy = 0.2

function changeOf(running: readonly Running[], {before}: Evaluating): Evaluation['change'] {
  const pairs = running.flatMap((each) => {
    const old = before(each.gold)
    const now = scoresOf(each)
    return old === null || now.length === 0 ? [] : [{old, each, now, before: old.samples}]
  })
  const changed = difference(pairs)
  if (changed === null) return null
  const fallen = pairs.flatMap(({old, each}) => {
    const credits = meanCredits(samplesOf(each))
    return Object.entries(old.findings).flatMap(([id, credit]) => {
      const now = credits[id] ?? 0
      return credit - now > fallenBy ? [`${each.gold.name} ${id} (${credit.toFixed(2)} → ${now.toFixed(2)})`] : []
    })
  })
  return {...changed, fallen}
}

function verdictOf(
  cases: readonly Case[],
  judged: Estimate | null,
  change: Evaluation['change'],
  evaluating: Evaluating,
): Verdict {
  const meant = cases.filter(({state}) => state !== 'skipped')
  const unknown = meant.filter(({state}) => state === 'unjudged')
  if (judged === null || unknown.length * 2 > meant.length) {
    return {
      decision: 'error',
      reasons: [reason('not-judged', notJudgedText(unknown.length, meant.length, cases.length))],
    }
  }
  const verdicts = [...rulesOf(judged, change, cases, evaluating), ...leftOutOf(cases, evaluating)]
  const reasons = verdicts.flatMap((each) => each.reasons)
  if (verdicts.some(({decision}) => decision === 'fail')) return {decision: 'fail', reasons}
  return {decision: verdicts.some(({decision}) => decision === 'inconclusive') ? 'inconclusive' : 'pass', reasons}
}

function notJudgedText(unknown: number, meant: number, all: number): string {
  if (meant === 0) return all === 0 ? 'There is no gold standard.' : `All ${all} gold standards were skipped.`
  return `${unknown} of ${meant} cases could not be judged.`
}

/** What the policy asks. What the baseline does not know cannot regress, so the threshold decides on it: else a new name would open the gate. */
function rulesOf(
  judged: Estimate,
  change: Evaluation['change'],
  cases: readonly Case[],
  evaluating: Evaluating,
): readonly Verdict[] {
  const {policy, golds, before} = evaluating
  if (policy.baseline === 'absolute') return [absoluteOf(judged, evaluating)]
  const relative = regressionOf(change, policy)
  if (policy.baseline === 'both' || relative === null)
    return [absoluteOf(judged, evaluating), ...(relative === null ? [] : [relative])]
  const isNew = golds.map((gold) => before(gold) === null)
  const fresh = cases.filter(({samples}, at) => isNew[at] === true && samples.length > 0)
  const estimated = estimate(fresh.map(({samples}) => samples))
  if (estimated === null) return [relative]
  const ofNew = absoluteOf(estimated, {...evaluating, golds: golds.filter((_, at) => isNew[at])})
  const names = fresh.map(({gold}) => gold).join(', ')
  return [
    relative,
    {
      ...ofNew,
      reasons: ofNew.reasons.map((each) => reason(each.code, `${names}, not in the baseline: ${each.message}`)),
    },
  ]
}

/** What was not judged could be what is bad: neither an outage nor a clone that is not there may open the gate. */
function leftOutOf(cases: readonly Case[], {golds, before}: Evaluating): readonly Verdict[] {
  const unjudged = cases.filter(({state}) => state === 'unjudged')
  const skipped = cases.filter(({state}) => state === 'skipped')
  const known = cases.filter(({state}, at) => state === 'skipped' && isKnown(golds[at], before))
  const meant = cases.length - skipped.length
  const many = `${unjudged.length} of ${meant} cases could not be judged, or not often enough`
  return [
    leftOut('inconclusive', 'partly-judged', many, unjudged),
    leftOut('inconclusive', 'baseline-skipped', 'In the baseline, and skipped now', known),
    leftOut('pass', 'skipped', 'Skipped, and not in the mean', skipped),
  ].flatMap((each) => each ?? [])
}

const leftOut = (
  decision: Verdict['decision'],
  code: string,
  message: string,
  cases: readonly Case[],
): Verdict | null =>
  cases.length === 0
    ? null
    : {decision, reasons: [reason(code, `${message}: ${cases.map(({gold}) => gold).join(', ')}.`)]}

const isKnown = (gold: GoldStandard | undefined, before: Evaluating['before']): boolean =>
  gold !== undefined && before(gold) !== null

const rangeOf = ([low, high]: readonly [number, number]): string => `${low.toFixed(2)} to ${high.toFixed(2)}`

function absoluteOf(judged: Estimate, {policy: {threshold}, golds, before}: Evaluating): Verdict {
  const {mean, interval} = judged
  const side = sideOf(judged, threshold)
  if (side === 'above') return {decision: 'pass', reasons: []}
  if (side === 'below')
    return {
      decision: 'fail',
      reasons: [reason('mean-below-threshold', `The mean ${mean.toFixed(2)} is below ${threshold}.`)],
    }
  const range = `The mean ${mean.toFixed(2)} may be anything from ${rangeOf(interval ?? [mean, mean])}`
  // what has passed fails only when it is surely below: else the verdict would swing with the noise
  if (hasPassed(golds, before, threshold))
    return {decision: 'pass', reasons: [reason('borderline', `${range}; the baseline passed, so this passes too.`)]}
  return {decision: 'inconclusive', reasons: [reason('borderline', `${range}; the threshold is ${threshold}.`)]}
}

function hasPassed(golds: readonly GoldStandard[], before: Evaluating['before'], threshold: number): boolean {
  const old = golds.map(before)
  const passed = estimate(old.flatMap((each) => (each === null ? [] : [each.samples])))
  return passed !== null && !old.includes(null) && passed.mean >= threshold
}

function regressionOf(change: Evaluation['change'], {tolerance}: EvaluationPolicy): Verdict | null {
  if (change === null) return null
  const [, high] = change.interval ?? [change.mean, change.mean]
  if (high >= -tolerance) return {decision: 'pass', reasons: []}
  const fell = change.fallen.slice(0, 5).join(', ')
  const message = `The mean fell by ${(-change.mean).toFixed(2)}, ${tolerance} is allowed${fell === '' ? '' : `: ${fell}`}.`
  return {decision: 'fail', reasons: [reason('regression', message)]}
}

const reason = (code: string, message: string): Reason => ({code, message})
