/** Runs a pipeline, a step after the other, and keeps everything that was asked and answered. */
import {Failure} from '../errors.ts'
import {addUsage, noUsage, type Usage} from '../provider.ts'
import {fillOf, referenceOf, resolveOf, type Scope} from './scope.ts'
import type {BoundStep, Pipeline, StepResult, StepRun, StepTrace, Tools, Trace} from './step.ts'
import {placeholdersIn} from './template.ts'

export type PipelineEvent =
  | {readonly kind: 'started'; readonly step: string}
  | {readonly kind: 'finished'; readonly step: string; readonly milliseconds: number; readonly usage: Usage}
  | {readonly kind: 'failed'; readonly step: string; readonly milliseconds: number}

export interface ExecuteOptions {
  /** Unguessable, fresh for this run; it marks what nobody vouches for. */
  readonly nonce: string
  /** Milliseconds. */
  readonly now: () => number
  readonly signal?: AbortSignal | undefined
  readonly onEvent?: ((event: PipelineEvent) => void) | undefined
}

/**
 * Throws `Failure`: `missing-input`, `unknown-step` and `unknown-schema` before anything is asked, `cancelled`, `template-unresolved`,
 * `model-refused`, `model-output-invalid`, and what the tools throw; the message names the step.
 */
export async function execute(
  pipeline: Pipeline,
  inputs: Readonly<Record<string, unknown>>,
  tools: Tools,
  {nonce, now, signal, onEvent = () => {}}: ExecuteOptions,
): Promise<Trace> {
  checkNames(pipeline, inputs)
  checkSchemas(pipeline, tools)
  const results: Record<string, StepResult> = {}
  const steps: StepTrace[] = []
  for (const step of pipeline.steps) {
    if (signal?.aborted) throw new Failure('cancelled', `the run was cancelled before step ${step.name}`, {exit: 3})
    const scope: Scope = {inputs, variables: pipeline.variables ?? {}, results: {...results}, nonce}
    onEvent({kind: 'started', step: step.name})
    const start = now()
    try {
      const {result, calls} = await runStep(step, scope, tools, signal)
      const milliseconds = now() - start
      results[step.name] = result
      steps.push({step: step.name, result, calls, milliseconds})
      onEvent({kind: 'finished', step: step.name, milliseconds, usage: usageOf(calls)})
    } catch (thrown) {
      onEvent({kind: 'failed', step: step.name, milliseconds: now() - start})
      throw named(thrown, step)
    }
  }
  const output = steps.at(-1)?.result ?? {text: '', data: null, ok: false}
  return {pipeline: pipeline.name, steps, output, usage: usageOf(steps.flatMap(({calls}) => calls))}
}

const runStep = (step: BoundStep, scope: Scope, tools: Tools, signal: AbortSignal | undefined): Promise<StepRun> =>
  step.run({tools, fill: fillOf(scope), resolve: resolveOf(scope), results: scope.results, signal})

const usageOf = (calls: StepTrace['calls']): Usage =>
  calls.reduce((sum, {reply}) => addUsage(sum, reply.usage), noUsage)

/** The same failure with the step's name in front; a bug keeps its stack. */
function named(thrown: unknown, {name}: BoundStep): unknown {
  if (!(thrown instanceof Failure)) return thrown
  return new Failure(thrown.code, `step ${name}: ${thrown.message}`, {
    ...(thrown.hint === null ? {} : {hint: thrown.hint}),
    ...(thrown.retry === null ? {} : {retry: thrown.retry}),
    exit: thrown.exit,
    cause: thrown,
  })
}

/** Also what evolved texts name, which nobody has parsed with the pipeline. */
function checkNames({name, steps, variables = {}}: Pipeline, given: Readonly<Record<string, unknown>>): void {
  const earlier = new Set<string>()
  const missing = new Set<string>()
  for (const step of steps) {
    for (const {text, knows = []} of step.templates ?? []) {
      for (const placeholder of placeholdersIn(text)) {
        const reference = referenceOf(placeholder, (word) => earlier.has(word))
        if (knows.includes(reference.name)) continue
        if (reference.kind === 'step' && !earlier.has(reference.name))
          throw new Failure('unknown-step', `step ${step.name}: ${placeholder.raw}: no such step ran before it`)
        const value = given[reference.name] ?? variables[reference.name]
        if (reference.kind === 'value' && value === undefined) missing.add(reference.name)
      }
    }
    earlier.add(step.name)
  }
  if (missing.size === 0) return
  const names = [...missing]
  throw new Failure('missing-input', `pipeline ${name} needs ${names.map((each) => `\`${each}\``).join(', ')}`, {
    hint: `give ${names.map((each) => `\`--var ${each}=…\``).join(' ')}`,
  })
}

function checkSchemas({steps}: Pipeline, {schemas}: Tools): void {
  for (const {name, schemas: needed = []} of steps) {
    const unknown = needed.find((schema) => !Object.hasOwn(schemas, schema))
    if (unknown === undefined) continue
    const known = Object.keys(schemas).join(', ')
    throw new Failure('unknown-schema', `step ${name}: there is no schema called \`${unknown}\``, {
      hint: known === '' ? 'write the schema into the step' : `there is: ${known}; or write the schema into the step`,
    })
  }
}
