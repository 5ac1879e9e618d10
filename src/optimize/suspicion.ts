/** Rules that do more than they were made for: they bring false claims, or findings of others. */
import {addCount, chanceOfHelp, chanceOfMore, noCount, sureness, type Count} from './credit.ts'
import {countOf, tallyOf, type Need, type Run} from './needs.ts'
import type {Search} from './search.ts'
import {idsOf, isFor, needsIn, rootOf, sorted, type State, type Trial} from './trial.ts'

/** Twice as many false claims as without: such a rule buys hits with them. */
export const suspicious = 2
/** Standard errors by which runs with it claim, or find, more. */
const suspectedFrom = 1.2

/** A rule that is this suspicious does more than its need; one that is less, but not this little, is looked at once more. */
export const guiltyFrom = 0.5
export const doubtedFrom = 0.2

export interface Apart {
  readonly own: readonly Run[]
  readonly others: readonly Run[]
}

/**
 * Runs of one rule beside the certain ones, and those to compare them with: five runs without a rule are few to compare five rules with, but
 * what one rule does to the findings of others the other rules' runs tell as well.
 *
 * @param culprits whose runs tell nothing
 */
export function runsApart(
  {runs}: State,
  certain: readonly Trial[],
  tested: readonly Trial[],
  rule: Trial,
  culprits: readonly string[],
): Apart {
  const runsOf = (rules: readonly Trial[]): readonly Run[] => runs.filter((run) => sorted(run.rules) === idsOf(rules))
  const others = tested.filter(({id}) => id !== rule.id && !culprits.includes(id))
  return {
    own: runsOf([...certain, rule]),
    others: [...runsOf(certain), ...others.flatMap((other) => runsOf([...certain, other]))],
  }
}

/** The most suspicious first: what one of them does hides what the next one does. */
export function culpritsAmong(
  search: Search,
  state: State,
  certain: readonly Trial[],
  tested: readonly Trial[],
): readonly string[] {
  const culprits: string[] = []
  for (;;) {
    const [worst] = tested
      .filter(({id}) => !culprits.includes(id))
      .map((rule) => ({
        rule,
        suspicion: suspicionOf(search, state, rule, runsApart(state, certain, tested, rule, culprits)),
      }))
      .toSorted((a, b) => b.suspicion - a.suspicion)
    if (worst === undefined || worst.suspicion < guiltyFrom) return culprits
    culprits.push(worst.rule.id)
  }
}

export const suspicionOf = (search: Search, state: State, rule: Trial, {own, others}: Apart): number =>
  Math.max(suspicionBy(others, own), meddlingOf(search, state, rule, others, own))

/** The chance, 0…1, that findings of other needs are found more or less often by a rule that is not about them. */
export function meddlingOf(
  search: Search,
  state: State,
  rule: Trial,
  base: readonly Run[],
  own: readonly Run[],
): number {
  const others = needsIn(state).filter(
    ({key, what, step}) => key !== rootOf(state, rule.need) && what === 'missed' && step === rule.step,
  )
  const isMet = (need: Need): boolean =>
    state.rules.some((each) => isFor(state, each, need.key) && each.isCleared && each.status === 'kept')
  const countIn = (needs: readonly Need[], runs: readonly Run[]): Count =>
    needs.reduce((sum, need) => addCount(sum, countOf(need, runs, search.problem)), noCount)
  const [met, open] = [others.filter(isMet), others.filter((need) => !isMet(need))]
  const ratesIn = (needs: readonly Need[], runs: readonly Run[]): readonly number[] =>
    runs.map((run) => countIn(needs, [run])).flatMap(({good, bad}) => (good + bad === 0 ? [] : [good / (good + bad)]))
  const chance = (needs: readonly Need[], better: readonly Run[], worse: readonly Run[]): number =>
    sureness(ratesIn(needs, better), ratesIn(needs, worse)) > suspectedFrom
      ? chanceOfHelp(countIn(needs, worse), countIn(needs, better), 0.1, much)
      : 0
  return Math.max(chance(open, own, base), chance(met, base, own))
}

export const much = (rate: number): number => rate + 0.15

/**
 * The chance, 0…1, that runs with it claim twice as much. Claims of one run are no witnesses apart from each other, as a run in which a model
 * claims too much does so all over: runs have to differ, too.
 */
export function suspicionBy(without: readonly Run[], withThem: readonly Run[]): number {
  const claims = (runs: readonly Run[]): readonly number[] =>
    runs.flatMap(({evaluation}) => (evaluation.unreadable === null ? [evaluation.extras.length] : []))
  return sureness(claims(withThem), claims(without)) > suspectedFrom
    ? chanceOfMore(tallyOf(without, null), tallyOf(withThem, null), suspicious, 0.3)
    : 0
}
