/**
 * BootstrapFewShot (DSPy, https://dspy.ai/api/optimizers/BootstrapFewShot): run the program on train golds in their order,
 * keep the traces of runs that reach the threshold, and show each step what it did in them. With `candidatePrograms` above 0 it is
 * BootstrapFewShotWithRandomSearch (https://dspy.ai/api/optimizers/BootstrapFewShotWithRandomSearch): programs with demonstrations of
 * different golds are compared on all golds, beside the program without any; the best mean is taken, of equal ones the earlier.
 *
 * Deviations. Labelled demonstrations are not made, and the program that has nothing else (seed −2) is left out: a label here is the
 * gold standard, and words that quote it would be scored against what they quote. A demonstration shows an excerpt of the
 * input, because an input is a repository. There is a threshold: without one any score above 0 is a success. The teacher is the
 * pipeline as it is. A step asks once in a run, so nothing is drawn among its calls.
 * A score that is unknown counts as none in the comparison, as a failed run does there; a program that could not be run on every
 * gold is not compared at all.
 */
import type {Candidate} from '../candidate.ts'
import {
  bootstrappedBy,
  candidateShowing,
  demonstrable,
  refuseLabels,
  trainCases,
  type Success,
} from '../demonstrations.ts'
import type {Optimizer, Proposal, Search} from '../search.ts'

export const bootstrap: Optimizer = {
  summary:
    'Shows each model step what it did in runs that reached the threshold (BootstrapFewShot, with random search).',
  propose: async (search) => {
    const {problem, settings, tell} = search
    refuseLabels(search)
    if (demonstrable(problem).length === 0) {
      tell({kind: 'note', code: 'no-model-steps', message: 'No step asks a model with examples.'})
      return null
    }
    const first = await programOf(search, null)
    if (first.quotes.length === 0) {
      tell({
        kind: 'note',
        code: 'no-success',
        message: `No run on ${trainCases(problem).length} train golds reached ${settings.metricThreshold}; the pipeline is unchanged.`,
      })
      // another order of the golds has the same ones to try
      return null
    }
    const chosen = settings.candidatePrograms === 0 ? first : await searched(search, first)
    for (const name of chosen.quotes) tell({kind: 'demonstration', case: name, steps: demonstrable(problem)})
    return Object.keys(chosen.candidate).length === 0 ? null : chosen
  },
}

const zeroShot: Proposal = {candidate: {}, quotes: []}

async function programOf(search: Search, shuffling: number | null): Promise<Proposal> {
  const successes: readonly Success[] = await bootstrappedBy(search, shuffling)
  const candidate = candidateShowing(search.problem, successes, search.settings.maxDemoCharacters)
  return {candidate, quotes: successes.map((success) => success.case)}
}

/** Programs −3, −1, 0, 1, … in this order. */
async function searched(search: Search, unshuffled: Proposal): Promise<Proposal> {
  const programs = [zeroShot, unshuffled]
  for (let seed = 0; seed < search.settings.candidatePrograms; seed++) programs.push(await programOf(search, seed))
  search.tell({
    kind: 'note',
    code: 'no-labelled-program',
    message: 'The program with labels only is not compared: it would quote the gold standard.',
  })
  const means = await meansOf(
    search,
    programs.map(({candidate}) => candidate),
  )
  const compared = means.filter((mean) => mean !== null)
  const at = compared.length === 0 ? -1 : means.indexOf(Math.max(...compared))
  search.tell({
    kind: 'note',
    code: 'programs-compared',
    message: `${compared.length} of ${programs.length} programs were compared; the best has a mean of ${(means[at] ?? 0).toFixed(2)}.`,
  })
  return programs[at] ?? zeroShot
}

/** On all cases; null: it could not be run on one of them. Programs whose words are the same have the same runs. */
async function meansOf(search: Search, programs: readonly Candidate[]): Promise<readonly (number | null)[]> {
  const {cases} = search.problem
  const evaluations = await search.evaluate(
    programs.flatMap((candidate) => cases.map(({name}) => ({candidate, case: name, replicate: 0}))),
  )
  return programs.map((_, at) => {
    const own = evaluations.slice(at * cases.length, (at + 1) * cases.length)
    const scores = own.flatMap((evaluation) => (evaluation === null ? [] : [evaluation.score ?? 0]))
    return scores.length < cases.length ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length
  })
}
