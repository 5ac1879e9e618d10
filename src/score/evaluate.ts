/** A pipeline over gold standards: one bad case is a score with a reason, never an exception. */
import {Failure} from '../errors.ts'
import {noUsage, type Usage} from '../provider.ts'
import type {GoldStandard} from './gold.ts'
import type {Scorecard, Verdict} from './scorecard.ts'

export interface Case {
  readonly gold: string
  /** 0…10; null: could not be judged. */
  readonly score: number | null
  readonly interval: readonly [low: number, high: number] | null
  readonly usage: Usage
  readonly error: string | null
}

export interface Evaluation {
  readonly cases: readonly Case[]
  /** Of the cases that were judged; null when none was. */
  readonly mean: number | null
  readonly verdict: Verdict
}

/** The model's fault: a reply in no form is a plan worth 0, while an outage says nothing about the pipeline. */
const worthless: readonly string[] = ['not-a-plan', 'model-output-invalid', 'model-refused']

/** What is wrong with one gold standard, or ends the money, leaves the other cases as they are. */
const ofOneCase: readonly string[] = ['stale-gold', 'no-source', 'empty-repository', 'budget-spent']

/** What a run that failed has cost is not known. */
const unknownUsage: Usage = {...noUsage, usd: null}

/** Throws what the user can fix (a missing key, a bad pipeline): it would fail every case alike. */
export async function evaluate(
  golds: readonly GoldStandard[],
  scoreOn: (gold: GoldStandard) => Promise<{readonly scorecard: Scorecard; readonly usage: Usage}>,
  threshold: number,
): Promise<Evaluation> {
  const cases: Case[] = []
  for (const gold of golds) cases.push(await caseOf(gold, scoreOn))
  const scores = cases.flatMap(({score}) => score ?? [])
  const mean = scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length
  return {cases, mean, verdict: verdictOf(cases, mean, threshold)}
}

async function caseOf(
  gold: GoldStandard,
  scoreOn: (gold: GoldStandard) => Promise<{readonly scorecard: Scorecard; readonly usage: Usage}>,
): Promise<Case> {
  try {
    const {scorecard, usage} = await scoreOn(gold)
    return {gold: gold.name, score: scorecard.score, interval: scorecard.interval, usage, error: null}
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
    if (worthless.includes(thrown.code))
      return {gold: gold.name, score: 0, interval: null, usage: unknownUsage, error: thrown.message}
    if (thrown.exit === 2 && !ofOneCase.includes(thrown.code)) throw thrown
    return {gold: gold.name, score: null, interval: null, usage: unknownUsage, error: thrown.message}
  }
}

function verdictOf(cases: readonly Case[], mean: number | null, threshold: number): Verdict {
  const unknown = cases.filter(({score}) => score === null)
  if (mean === null || unknown.length * 2 > cases.length) {
    return {
      decision: 'error',
      reasons: [{code: 'not-judged', message: `${unknown.length} of ${cases.length} cases could not be judged.`}],
    }
  }
  const message = `The mean ${mean.toFixed(2)} is below ${threshold}.`
  if (mean < threshold) return {decision: 'fail', reasons: [{code: 'mean-below-threshold', message}]}
  if (unknown.length === 0) return {decision: 'pass', reasons: []}
  // the cases that were not judged could be the bad ones: an outage must not open the gate
  const reason = `${unknown.length} of ${cases.length} cases could not be judged; the mean is of the others.`
  return {decision: 'inconclusive', reasons: [{code: 'partly-judged', message: reason}]}
}
