/** Demonstrations: what a step was shown and what it answered in runs that went well, as words of the step that only quote. */
import {unfenced} from '../pipeline/template.ts'
import {clip} from '../trust.ts'
import type {Candidate} from './candidate.ts'
import {shuffled} from './randomness.ts'
import type {Evaluation, Problem, Search} from './search.ts'

/** A run that reached the threshold. */
export interface Success {
  readonly case: string
  readonly evaluation: Evaluation
}

const keyOf = (step: string): string => `${step}/examples`

/** Steps that have a place for demonstrations. */
export const demonstrable = ({steps}: Problem): readonly string[] =>
  steps.flatMap(({name, texts}) => (texts['examples'] === undefined ? [] : [name]))

export const trainCases = ({cases}: Problem): readonly string[] =>
  cases.flatMap(({name, split}) => (split === 'train' ? [name] : []))

/** Said once where somebody asks for labels. */
export function refuseLabels({settings, tell}: Search): void {
  if (settings.maxLabeledDemos > 0)
    tell({
      kind: 'note',
      code: 'no-labelled-demonstrations',
      message: 'Labelled demonstrations would quote the gold standard; none are made.',
    })
}

/**
 * The first successes of the pipeline as it is, in the order of the cases, one of each case at most. A case that fails is tried again up to
 * `maxRounds` times, each time as another sample. Of those that are still wanted each could be the last: so many are asked at once,
 * and no run is made that going case by case would not make.
 */
export async function bootstrapped(
  search: Search,
  cases: readonly string[],
  most: number,
): Promise<readonly Success[]> {
  const {maxRounds, metricThreshold} = search.settings
  const found = new Map<string, Evaluation>()
  let at = 0
  while (found.size < most && at < cases.length) {
    let wanted = cases.slice(at, at + most - found.size)
    at += wanted.length
    for (let replicate = 0; replicate < maxRounds && wanted.length > 0; replicate++) {
      const evaluations = await search.evaluate(wanted.map((name) => ({candidate: {}, case: name, replicate})))
      wanted = wanted.filter((name, each) => {
        const evaluation = evaluations[each] ?? null
        if (evaluation === null || evaluation.score === null || evaluation.score < metricThreshold) return true
        found.set(name, evaluation)
        return false
      })
    }
  }
  return cases.flatMap((name) => {
    const evaluation = found.get(name)
    return evaluation === undefined ? [] : [{case: name, evaluation}]
  })
}

/**
 * Successes of one shuffling of the cases, of a number of its own in 1…`maxBootstrappedDemos`; null shuffles nothing and takes the largest.
 */
export async function bootstrappedBy(search: Search, shuffling: number | null): Promise<readonly Success[]> {
  const cases = trainCases(search.problem)
  const most = search.settings.maxBootstrappedDemos
  if (shuffling === null || most === 0) return bootstrapped(search, cases, most)
  const random = search.random('demonstrations', shuffling)
  const order = shuffled(cases, random)
  return bootstrapped(search, order, 1 + Math.floor(random() * most))
}

/** The words that show a step what it did; null: it had no part in these runs. */
export function demonstrationsFor(step: string, successes: readonly Success[], max: number): string | null {
  const shown = successes.flatMap(({evaluation}) => demonstrationOf(evaluation, step, max))
  return shown.length === 0 ? null : shown.join('\n\n')
}

/** What differs from the pipeline as it is when every step is shown what it did in these runs. */
export const candidateShowing = (problem: Problem, successes: readonly Success[], max: number): Candidate =>
  Object.fromEntries(
    demonstrable(problem).flatMap((step) => {
      const words = demonstrationsFor(step, successes, max)
      return words === null ? [] : [[keyOf(step), words] as const]
    }),
  )

function demonstrationOf({shown}: Evaluation, step: string, max: number): readonly string[] {
  const {input, output} = shown[step] ?? {input: '', output: ''}
  if (output.trim() === '') return []
  return [
    `<example>\n<input>\n${untagged(inputOf(input, max))}\n</input>\n<output>\n${untagged(clip(output.trim(), max * 3))}\n</output>\n</example>`,
  ]
}

/** An excerpt of what was fenced as data, a fair share of each part; the instructions around it are the step's own already. */
function inputOf(message: string, max: number): string {
  const parts = [...message.matchAll(/<untrusted-data name="([^"\n]*)"[^>\n]*>\n([^]*?)\n<\/untrusted-data/g)]
  if (parts.length === 0) return clip(message, max)
  const each = Math.floor(max / parts.length)
  return parts.map(([, name = '', text = '']) => `${name}:\n${clip(text, each)}`).join('\n')
}

/** A text cannot end its own example, nor open a fence of the run it will be shown in. */
const untagged = (text: string): string => unfenced(text).replace(/<(?=\/?(?:example|input|output)\b)/gi, '&lt;')
