/** Propose words, then measure old against new where nothing was learned from, and promote only what is better. */
import {Failure} from '../errors.ts'
import type {Pipeline} from '../pipeline/step.ts'
import {addUsage, noUsage, type Budget, type Usage} from '../provider.ts'
import type {GoldStandard} from '../score/gold.ts'
import {withCandidate, type Candidate} from './candidate.ts'
import {Settings, type Evaluation, type LogEvent, type Optimizer} from './optimizer.ts'

export interface OptimizeInput {
  readonly pipeline: Pipeline
  readonly optimizer: Optimizer
  readonly train: readonly GoldStandard[]
  readonly validation: readonly GoldStandard[]
  /** Runs a pipeline on a gold and scores it. `round` above 0 asks for a fresh sample. */
  readonly evaluateOn: (pipeline: Pipeline, gold: GoldStandard, round: number) => Promise<Evaluation>
  /** What is left out has its default. */
  readonly settings?: Partial<Settings>
  readonly budget: Budget
}

export interface Optimized {
  /** The words that changed, also when they were not promoted; null: nothing was proposed. */
  readonly evolved: Candidate | null
  readonly promoted: boolean
  /** Mean scores over the same golds, 0…10; null: not measured. */
  readonly baseline: number | null
  readonly best: number | null
  /** null: not tested. A handful of golds, each measured once, cannot give one. */
  readonly p_value: null
  readonly spent: {readonly calls: number; readonly tokens: number; readonly usd: number | null}
  readonly log: readonly LogEvent[]
}

/** So many runs may fail by the other side's fault before the search is given up. */
const maxFailures = 3

/** Throws `Failure`: what a run throws that the user can fix, `cancelled`, and the last of four outages. */
export async function optimize(input: OptimizeInput): Promise<Optimized> {
  const {pipeline, optimizer, train, evaluateOn} = input
  const validation = input.validation.filter(({name}) => !train.some((gold) => gold.name === name))
  const log: LogEvent[] = []
  const ledger = ledgerOf(input.budget, log)
  const settings = Settings.parse(input.settings ?? {})
  const proposal = await optimizer.propose({
    pipeline,
    train,
    settings,
    // the comparison at the end costs two runs for each gold: without it a proposal is worth nothing
    evaluate: (gold, round) =>
      ledger.run('bootstrap', gold, round, 2 * Math.max(validation.length, 1), () => evaluateOn(pipeline, gold, round)),
    log: (event) => void log.push(event),
  })
  if (proposal === null) return {...unchanged, spent: ledger.spent(), log}
  const fresh = train.filter(({name}) => !proposal.quotes.includes(name))
  const judges = validation.length > 0 ? validation : fresh
  const evolved = withCandidate(pipeline, proposal.candidate)
  const pairs: (readonly [before: number, after: number])[] = []
  for (const gold of judges) {
    const before = await ledger.run('baseline', gold, 0, 1, () => evaluateOn(pipeline, gold, 0))
    const after = before === null ? null : await ledger.run('evolved', gold, 0, 0, () => evaluateOn(evolved, gold, 0))
    if (typeof before?.score === 'number' && typeof after?.score === 'number') pairs.push([before.score, after.score])
  }
  const baseline = meanOf(pairs.map(([before]) => before))
  const after = meanOf(pairs.map(([, after]) => after))
  const whole = pairs.length === judges.length && pairs.length > 0
  const promoted = whole && baseline !== null && after !== null && after > baseline
  log.push(verdictOf({judges: judges.length, pairs: pairs.length, baseline, after, promoted}))
  return {
    evolved: proposal.candidate,
    promoted,
    baseline,
    best: baseline === null || after === null ? baseline : Math.max(baseline, after),
    p_value: null,
    spent: ledger.spent(),
    log,
  }
}

const unchanged = {evolved: null, promoted: false, baseline: null, best: null, p_value: null} as const

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

function verdictOf(found: {
  readonly judges: number
  readonly pairs: number
  readonly baseline: number | null
  readonly after: number | null
  readonly promoted: boolean
}): LogEvent {
  const {judges, pairs, baseline, after, promoted} = found
  const note = (code: string, message: string): LogEvent => ({kind: 'note', code, message})
  if (judges === 0)
    return note(
      'no-validation',
      'Every gold is quoted in the proposal, so nothing is left to measure it on; it is not promoted.',
    )
  if (pairs < judges)
    return note(
      'comparison-incomplete',
      `Only ${pairs} of ${judges} golds could be compared; the proposal is not promoted.`,
    )
  const scores = `${(baseline ?? 0).toFixed(2)} before, ${(after ?? 0).toFixed(2)} after, on ${pairs} golds measured once each`
  return promoted
    ? note('promoted', `Better: ${scores}.`)
    : note('not-better', `Not better: ${scores}; it is not promoted.`)
}

interface Ledger {
  /**
   * @param reserve how many runs must still be affordable after this one
   * @returns null when the budget does not allow it or the run failed by the other side's fault
   */
  readonly run: (
    what: 'bootstrap' | 'baseline' | 'evolved',
    gold: GoldStandard,
    round: number,
    reserve: number,
    evaluate: () => Promise<Evaluation>,
  ) => Promise<Evaluation | null>
  readonly spent: () => Optimized['spent']
}

/** A run is assumed to cost what the dearest one has cost so far: the first is a leap, the provider's own budget bounds it. */
function ledgerOf(budget: Budget, log: LogEvent[]): Ledger {
  let spent: Usage = noUsage
  let dearest: Usage = noUsage
  let failures = 0
  const stop = (): null => {
    if (!log.some((event) => event.kind === 'note' && event.code === 'budget-spent'))
      log.push({kind: 'note', code: 'budget-spent', message: 'The budget does not allow another run.'})
    return null
  }
  return {
    run: async (what, gold, round, reserve, evaluate) => {
      if (!affords(budget, spent, dearest, reserve + 1)) return stop()
      try {
        const evaluation = await evaluate()
        spent = addUsage(spent, evaluation.trace.usage)
        dearest = dearerOf(dearest, evaluation.trace.usage)
        log.push({kind: 'evaluated', what, gold: gold.name, round, score: evaluation.score})
        return evaluation
      } catch (thrown) {
        if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
        if (thrown.code === 'budget-spent') return stop()
        failures += 1
        if (thrown.exit === 2 || failures > maxFailures) throw thrown
        log.push({kind: 'failed', gold: gold.name, code: thrown.code, message: thrown.message})
        return null
      }
    },
    spent: () => ({calls: spent.calls, tokens: tokensOf(spent), usd: spent.usd}),
  }
}

const tokensOf = ({input_tokens, output_tokens}: Usage): number => input_tokens + output_tokens

const dearerOf = (a: Usage, b: Usage): Usage => ({
  calls: Math.max(a.calls, b.calls),
  input_tokens: Math.max(a.input_tokens, b.input_tokens),
  output_tokens: Math.max(a.output_tokens, b.output_tokens),
  usd: a.usd === null || b.usd === null ? null : Math.max(a.usd, b.usd),
})

/** Unknown dollars are left to the provider's meter, which charges an unknown model as the dearest. */
const affords = (budget: Budget, spent: Usage, dearest: Usage, runs: number): boolean =>
  within(budget.calls, spent.calls, dearest.calls * runs) &&
  within(budget.tokens, tokensOf(spent), tokensOf(dearest) * runs) &&
  within(budget.usd, spent.usd ?? 0, (dearest.usd ?? 0) * runs)

const within = (limit: number | null, spent: number, next: number): boolean =>
  limit === null || (spent + next <= limit && spent < limit)
