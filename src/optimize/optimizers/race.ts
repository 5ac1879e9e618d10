/**
 * Race: what several searches came to, against each other on fresh runs, half of them dropped after each round (sequential halving,
 * https://proceedings.mlr.press/v28/karnin13.html). For islands: searches of several machines that knew nothing of each other.
 */
import type {Optimizer, Proposal, Search} from '../search.ts'

export const race: Optimizer = {
  summary: 'Compares what other searches in the log came to, and offers the best of them.',
  isComparison: true,
  propose: async (search) => {
    if (search.offers.length === 0)
      search.tell({kind: 'note', code: 'no-offers', message: 'The log holds no proposal of another search.'})
    let standing: readonly Proposal[] = search.offers
    const scores = new Map<Proposal, readonly number[]>()
    for (let round = 0; standing.length > 1; round++) {
      if (!(await ran(search, standing, round, scores))) break
      standing = ranked(standing, scores).slice(0, Math.ceil(standing.length / 2))
    }
    return ranked(standing, scores)[0] ?? null
  },
}

/** Replicates that no search has come to, and that the comparison at the end does not come to either. */
const first = 500_000

/** Each on every case once more; false: that is not affordable. */
async function ran(
  {evaluate, problem}: Search,
  standing: readonly Proposal[],
  round: number,
  scores: Map<Proposal, readonly number[]>,
): Promise<boolean> {
  const asks = standing.flatMap(({candidate}) =>
    problem.cases.map(({name}) => ({candidate, case: name, replicate: first + round})),
  )
  const evaluations = await evaluate(asks)
  if (evaluations.some((evaluation) => evaluation === null)) return false
  const each = problem.cases.length
  standing.forEach((proposal, at) => {
    const own = evaluations.slice(at * each, (at + 1) * each).map((evaluation) => evaluation?.score ?? 0)
    scores.set(proposal, [...(scores.get(proposal) ?? []), ...own])
  })
  return true
}

/** Best first; of equals the one that comes first. */
const ranked = (
  proposals: readonly Proposal[],
  scores: ReadonlyMap<Proposal, readonly number[]>,
): readonly Proposal[] => proposals.toSorted((a, b) => meanOf(scores.get(b)) - meanOf(scores.get(a)))

const meanOf = (values: readonly number[] = []): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
