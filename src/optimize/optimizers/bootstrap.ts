/**
 * BootstrapFewShot (DSPy, https://dspy.ai/api/optimizers/BootstrapFewShot): run the program on train golds in their order,
 * keep the traces of runs that reach the threshold, and show each step what it did in them.
 *
 * Two deviations. Labelled demonstrations are not made: a label here is the gold standard, and words that quote it would
 * be scored against what they quote. And a demonstration shows an excerpt of the input, because an input is a repository.
 */
import {unfenced} from '../../pipeline/template.ts'
import type {Pipeline, StepTrace, Trace} from '../../pipeline/step.ts'
import {clip} from '../../trust.ts'
import type {Optimizer, Search} from '../optimizer.ts'

export const bootstrap: Optimizer = {
  summary: 'Shows each model step what it did in runs that reached the threshold (BootstrapFewShot).',
  propose: async (search) => {
    const {pipeline, settings, log} = search
    if (settings.maxLabeledDemos > 0) log(noLabels)
    if (demonstrable(pipeline).length === 0) {
      log({kind: 'note', code: 'no-model-steps', message: `No step of ${pipeline.name} asks a model with examples.`})
      return null
    }
    const successes = await successesOf(search)
    if (successes.length === 0) {
      log({
        kind: 'note',
        code: 'no-success',
        message: `No run on ${search.train.length} train golds reached ${settings.metricThreshold}; the pipeline is unchanged.`,
      })
      return null
    }
    const demonstrations = demonstrable(pipeline).flatMap((step) => {
      const shown = successes.flatMap(({trace}) => demonstrationOf(trace, step, settings.maxDemoCharacters))
      return shown.length === 0 ? [] : [[`${step}/examples`, shown.join('\n\n')] as const]
    })
    if (demonstrations.length === 0) return null
    return {candidate: Object.fromEntries(demonstrations), quotes: successes.map(({gold}) => gold)}
  },
}

const noLabels = {
  kind: 'note',
  code: 'no-labelled-demonstrations',
  message: 'Labelled demonstrations would quote the gold standard; none are made.',
} as const

const demonstrable = ({steps}: Pipeline): readonly string[] =>
  steps.filter(({models, texts}) => models.length > 0 && texts.examples !== undefined).map(({name}) => name)

interface Success {
  readonly gold: string
  readonly trace: Trace
}

/** Retries are for one gold, not for the set: the next gold comes after `maxRounds` failures or the first success. */
async function successesOf({train, settings, pipeline, evaluate, log}: Search): Promise<readonly Success[]> {
  const successes: Success[] = []
  const steps = demonstrable(pipeline)
  for (const gold of train) {
    for (let round = 0; round < settings.maxRounds; round++) {
      if (successes.length >= settings.maxBootstrappedDemos) return successes
      const evaluation = await evaluate(gold, round)
      if (evaluation === null || evaluation.score === null || evaluation.score < settings.metricThreshold) continue
      successes.push({gold: gold.name, trace: evaluation.trace})
      log({kind: 'demonstration', gold: gold.name, steps})
      break
    }
  }
  return successes
}

/** What the step was shown and what it answered. A second call of a step is a repair: its question is the first one's. */
function demonstrationOf({steps}: Trace, name: string, max: number): readonly string[] {
  const trace = steps.find(({step}) => step === name)
  const [first] = trace?.calls ?? []
  if (trace === undefined || first === undefined || trace.result.text === '') return []
  const input = inputOf(first.request.messages[0]?.text ?? '', max)
  return [
    `<example>\n<input>\n${untagged(input)}\n</input>\n<output>\n${outputOf(trace, max * 3)}\n</output>\n</example>`,
  ]
}

const outputOf = ({result}: StepTrace, max: number): string => untagged(clip(result.text.trim(), max))

/** An excerpt of what was fenced as data, a fair share of each part; the instructions around it are the step's own already. */
function inputOf(message: string, max: number): string {
  const parts = [...message.matchAll(/<untrusted-data name="([^"\n]*)"[^>\n]*>\n([^]*?)\n<\/untrusted-data/g)]
  if (parts.length === 0) return clip(message, max)
  const each = Math.floor(max / parts.length)
  return parts.map(([, name = '', text = '']) => `${name}:\n${clip(text, each)}`).join('\n')
}

/** A text cannot end its own example, nor open a fence of the run it will be shown in. */
const untagged = (text: string): string => unfenced(text).replace(/<(?=\/?(?:example|input|output)\b)/gi, '&lt;')
