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

export interface Case {
  readonly gold: string
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
  /** What this run added. */
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
  taken: readonly Scored[]
  usage: Usage
  milliseconds: number
  error: string | null
}

/**
 * Round by round, each gold standard once, until every one has enough samples or the verdict is clear. What is known is never taken
 * again, so the same evaluation twice costs nothing the second time and ends the same.
 *
 * Throws what the user can fix (a missing key, a bad pipeline): it would fail every case alike.
 */
export async function evaluate(evaluating: Evaluating): Promise<Evaluation> {
  const {golds, known, exact, policy} = evaluating
  const running = golds.map((gold): Running => ({
    gold,
    known: known(gold),
    taken: [],
    usage: noUsage,
    milliseconds: 0,
    error: null,
  }))
  const most = exact ? 1 : policy.samples
  for (let round = 1; round <= most; round++) {
    if (round > leastSamples && isClear(running, policy)) break
    for (const each of running)
      if (samplesOf(each).length < round && each.error === null) await takeOne(each, evaluating)
  }
  return evaluationOf(running, evaluating)
}

const samplesOf = ({known, taken}: Running): readonly Scored[] => [...known, ...taken]

const scoresOf = (running: Running): readonly number[] => samplesOf(running).map(({score}) => score)

function isClear(running: readonly Running[], {threshold}: EvaluationPolicy): boolean {
  const estimated = estimate(running.map(scoresOf).filter(({length}) => length > 0))
  return estimated !== null && estimated.interval !== null && sideOf(estimated, threshold) !== 'unclear'
}

async function takeOne(running: Running, {scoreOn}: Evaluating): Promise<void> {
  try {
    const {scorecard, usage, milliseconds} = await scoreOn(running.gold)
    running.usage = addUsage(running.usage, usage)
    running.milliseconds += milliseconds
    const {score} = scorecard
    if (score === null) running.error = 'it was not scored'
    else running.taken = [...running.taken, {score, findings: creditsOf(scorecard)}]
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
    // what a run that failed has cost is not known
    running.usage = {...running.usage, usd: null}
    if (worthless.includes(thrown.code)) running.taken = [...running.taken, {score: 0, findings: {}}]
    else if (thrown.exit === 2 && !ofOneCase.includes(thrown.code)) throw thrown
    running.error = thrown.message
  }
}

const creditsOf = ({gold}: Scorecard): Readonly<Record<string, number>> =>
  Object.fromEntries(gold.map(({id, credit}) => [id, credit]))

function evaluationOf(running: readonly Running[], evaluating: Evaluating): Evaluation {
  const cases = running.map(caseOf)
  const judged = estimate(cases.map(({samples}) => samples).filter(({length}) => length > 0))
  const change = changeOf(running, evaluating)
  return {
    cases,
    mean: judged?.mean ?? null,
    interval: judged?.interval ?? null,
    change,
    verdict: verdictOf(cases, judged, change, evaluating),
    taken: running.flatMap(({gold, taken}) => taken.map((scored) => ({...scored, gold: gold.name}))),
  }
}

function caseOf(running: Running): Case {
  const {gold, usage, milliseconds, error} = running
  const samples = scoresOf(running)
  const estimated = estimate(samples.length === 0 ? [] : [samples])
  const findings = meanCredits(samplesOf(running))
  const {mean = null, interval = null} = estimated ?? {}
  return {gold: gold.name, score: mean, interval, samples, findings, usage, milliseconds, error}
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
  const unknown = cases.filter(({score}) => score === null)
  if (judged === null || unknown.length * 2 > cases.length) {
    const message = `${unknown.length} of ${cases.length} cases could not be judged.`
    return {decision: 'error', reasons: [{code: 'not-judged', message}]}
  }
  const {policy} = evaluating
  const asks = (what: 'absolute' | 'no-regression'): boolean => policy.baseline === what || policy.baseline === 'both'
  const relative = asks('no-regression') ? regressionOf(change, policy) : null
  // without a baseline there is nothing to compare with, and a gate must not open by that
  const absolute = asks('absolute') || relative === null ? absoluteOf(judged, evaluating) : null
  const verdicts = [absolute, relative].flatMap((each) => each ?? [])
  const reasons = verdicts.flatMap((each) => each.reasons)
  if (verdicts.some(({decision}) => decision === 'fail')) return {decision: 'fail', reasons}
  if (unknown.length > 0) {
    // the cases that were not judged could be the bad ones: an outage must not open the gate
    const message = `${unknown.length} of ${cases.length} cases could not be judged; the mean is of the others.`
    return {decision: 'inconclusive', reasons: [...reasons, {code: 'partly-judged', message}]}
  }
  return {decision: verdicts.some(({decision}) => decision === 'inconclusive') ? 'inconclusive' : 'pass', reasons}
}

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
