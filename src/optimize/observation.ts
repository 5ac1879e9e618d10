/** What a scored run says to a search: each finding of the gold standard, who lost it, and what was claimed without ground. */
import type {Pipeline, StepResult, Trace} from '../pipeline/step.ts'
import type {Plan} from '../plan/plan.ts'
import type {GoldFinding, GoldStandard} from '../score/gold.ts'
import type {Scorecard} from '../score/scorecard.ts'
import {clip} from '../trust.ts'
import {candidateOf} from './candidate.ts'
import type {Cost} from './spending.ts'
import type {Evaluation, EvolvingStep, Extra, Outcome} from './search.ts'

/** The steps whose words a search may change, in the order in which they run. */
export const evolvingSteps = (pipeline: Pipeline): readonly EvolvingStep[] => {
  const known = candidateOf(pipeline)
  return pipeline.steps
    .filter(
      ({models, name, texts}) => models.length > 0 && Object.keys(texts).some((text) => `${name}/${text}` in known),
    )
    .map(({name, texts}) => ({name, texts}))
}

export interface Scored {
  readonly gold: GoldStandard
  readonly plan: Plan
  readonly scorecard: Scorecard
  readonly trace: Trace
  readonly cost: Cost
}

/** Of an input, and three times as many of the output. */
const longestShown = 8_000

export function observe(steps: readonly EvolvingStep[], {gold, plan, scorecard, trace, cost}: Scored): Evaluation {
  const results = steps.map(({name}) => trace.steps.find(({step}) => step === name)?.result)
  const answers = results.map((result) => (result === undefined ? '' : upheldIn(result)))
  const needed = gold.findings.filter(({extra, validity}) => !extra && validity !== 'refuted')
  return {
    score: scorecard.score,
    unreadable: null,
    outcomes: needed.flatMap((finding): readonly Outcome[] => {
      const judged = scorecard.gold.find(({id}) => id === finding.id)
      if (judged === undefined) return []
      const {id, category, must} = finding
      const isFound = judged.credit >= 0.5
      return [
        {
          id,
          credit: judged.credit,
          lost: isFound ? null : loserOf(finding, steps, answers),
          group: category,
          must,
          reason: isFound ? '' : reasonOf(finding),
        },
      ]
    }),
    extras: scorecard.findings.flatMap((finding) => extraOf(finding, plan, steps, answers)),
    shown: Object.fromEntries(
      steps.flatMap(({name}) => {
        const traced = trace.steps.find(({step}) => step === name)
        const input = traced?.calls[0]?.request.messages[0]?.text
        if (traced === undefined || input === undefined || traced.result.text === '') return []
        return [[name, {input: clip(input, longestShown), output: clip(traced.result.text, 3 * longestShown)}] as const]
      }),
    ),
    cost,
  }
}

const reasonOf = ({category, title, description, severity}: GoldFinding): string =>
  clip(
    `${category} (${severity}): ${title === undefined ? '' : `${title} `}${description}`.replaceAll(/\s+/g, ' '),
    600,
  )

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a step that checks another one says of what it takes away (pipelines/genesis.yaml, step `cross_check`). */
const refusals: ReadonlySet<unknown> = new Set(['reject', 'rejected', 'refute', 'refuted', 'drop', 'dropped'])

function withoutRefused(value: unknown): unknown {
  if (Array.isArray(value))
    return value.filter((each) => !(isRecord(each) && refusals.has(each['verdict']))).map(withoutRefused)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutRefused(each)]))
}

/** What a step says, without what it names only to take it away. */
const upheldIn = ({text, data}: StepResult): string =>
  isRecord(data) || Array.isArray(data) ? JSON.stringify(withoutRefused(data)) : text

/** The step behind the last one that still had it; the first, when none had. */
function loserOf(finding: GoldFinding, steps: readonly EvolvingStep[], answers: readonly string[]): string | null {
  const last = answers.findLastIndex((answer) => isMentioned(finding.locations, answer))
  return steps[Math.min(last + 1, steps.length - 1)]?.name ?? null
}

/** The file together with a line nearby or a piece of the code itself. */
function isMentioned(locations: GoldFinding['locations'], answer: string): boolean {
  return locations.some(({file, start_line, end_line, evidence}) => {
    if (!answer.includes(file.split('/').at(-1) ?? file)) return false
    const quote = evidence?.split('\n')[0]?.trim() ?? ''
    if (quote.length >= 8 && (answer.includes(quote) || answer.includes(JSON.stringify(quote).slice(1, -1))))
      return true
    const [from, to] = [(start_line ?? 1) - near, (end_line ?? start_line ?? 1) + near]
    return (
      start_line !== undefined &&
      [...answer.matchAll(/"(?:start_line|line)":\s*(\d+)/g)].some(
        ([, line]) => from <= Number(line) && Number(line) <= to,
      )
    )
  })
}

const near = 3

/** A finding that the gold standard does not know may be true; one without ground, or a trap, is not. */
function extraOf(
  {id, class: kind, why}: Scorecard['findings'][number],
  plan: Plan,
  steps: readonly EvolvingStep[],
  answers: readonly string[],
): readonly Extra[] {
  if (kind !== 'unsupported' && kind !== 'trap') return []
  const finding = plan.findings.find((each) => each.id === id)
  if (finding === undefined) return []
  const first = answers.findIndex((answer) => isMentioned(finding.locations, answer))
  return [
    {
      step: steps[first === -1 ? steps.length - 1 : first]?.name ?? null,
      reason: clip(`${finding.category}: ${finding.description} (${why})`.replaceAll(/\s+/g, ' '), 600),
    },
  ]
}

/** A run that ended in no plan: every finding is missing, and nothing is known of why but this. */
export const unreadable = (
  gold: GoldStandard,
  steps: readonly EvolvingStep[],
  reason: string,
  cost: Cost,
): Evaluation => ({
  score: 0,
  unreadable: {
    step: steps.find(({name}) => reason.includes(name))?.name ?? steps.at(-1)?.name ?? null,
    reason: clip(reason, 600),
  },
  outcomes: gold.findings
    .filter(({extra, validity}) => !extra && validity !== 'refuted')
    .map(({id, category, must}) => ({id, credit: 0, lost: null, group: category, must, reason: ''})),
  extras: [],
  shown: {},
  cost,
})
