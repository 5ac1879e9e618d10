/** Another pipeline, from a file or written into the step; it sees its inputs and nothing else. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {defineStep, valueOfResult, type ChildRun, type Pipeline, type StepContext, type StepResult} from '../step.ts'
import {at, type Known} from '../evaluate.ts'
import {render} from '../template.ts'
import {textsIn} from '../values.ts'

const Inline = z.looseObject({
  name: z.string(),
  description: z.string().default(''),
  inputs: z.array(z.string()).default([]),
  variables: z.record(z.string(), z.json()).default({}),
  steps: z.array(z.unknown()).min(1),
})

const Settings = z
  .strictObject({
    file: z.string().min(1).optional(),
    pipeline: Inline.optional(),
    inputs: z.record(z.string(), z.json()).default({}),
    /** Name → path in the results of the child, as `step.field`. */
    outputs: z.record(z.string(), z.string()).optional(),
    inherit: z.boolean().default(false),
    max_depth: z.int().positive().max(100).default(10),
    max_steps: z.int().positive().default(1_000),
    timeout_ms: z.number().positive().optional(),
  })
  .refine(({file, pipeline}) => (file === undefined) !== (pipeline === undefined), {
    error: 'needs either `file` or `pipeline`',
  })
type Settings = z.infer<typeof Settings>

export const nested = defineStep<Settings>({
  summary: 'Another pipeline, from a `file` or written here, with `inputs` of its own.',
  settings: Settings,
  templates: ({inputs, file}) => [
    ...textsIn(inputs, ['inputs']),
    ...(file === undefined ? [] : [{path: ['file'], text: file}]),
  ],
  needs: ({file}) => (file === undefined ? [] : ['open']),
  pipelines: ({file}) => (file === undefined || file.includes('{{') ? [] : [file]),
  branches: ({pipeline, inputs}) =>
    pipeline === undefined
      ? []
      : [
          {
            path: ['pipeline', 'steps'],
            steps: pipeline.steps,
            alone: [...pipeline.inputs, ...Object.keys(inputs), ...Object.keys(pipeline.variables)],
          },
        ],
  run: async (settings, context) => {
    const {child, called} = await childOf(settings, context)
    const limits = {
      called,
      isInline: settings.pipeline !== undefined,
      depth: settings.max_depth,
      steps: settings.max_steps,
      timeoutMs: settings.timeout_ms ?? null,
    }
    const ran = await context.pipeline(child, inputsOf(settings, context), limits)
    return {result: resultOf(settings, ran)}
  },
})

async function childOf(
  {file, pipeline}: Settings,
  {tools, resolve, steps}: StepContext,
): Promise<{readonly child: Pipeline; readonly called: string}> {
  if (pipeline !== undefined) {
    const {name, description, variables} = pipeline
    return {called: `${name} (inline)`, child: {name, description, variables, steps: steps(0)}}
  }
  const path = String(resolve(file ?? ''))
  if (tools.open === undefined) throw new Failure('not-allowed', 'another pipeline may not be run here')
  return {called: path, child: await tools.open(path)}
}

function inputsOf({inputs, inherit}: Settings, {resolveAll, inherited}: StepContext): Readonly<Record<string, Known>> {
  const given = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, resolveAll(value)]))
  return inherit ? {...inherited(), ...given} : given
}

function resultOf({outputs}: Settings, {results, output}: ChildRun): StepResult {
  const values = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, valueOfResult(result)]))
  const data = outputs === undefined ? values : chosen(outputs, values, results)
  const ok = Object.values(results).every((each) => each.ok)
  return {text: output.text === '' ? render(data) : output.text, data, ok}
}

function chosen(
  outputs: Readonly<Record<string, string>>,
  values: Readonly<Record<string, unknown>>,
  results: ChildRun['results'],
): unknown {
  const entries = Object.entries(outputs).map(([name, path]) => {
    const keys = path
      .replace(/^steps\./, '')
      .split(/[.[\]]+/)
      .filter((key) => key !== '')
    const found = at(values, keys) ?? at(results, keys) ?? withoutAlias(values, keys)
    if (found === undefined)
      throw new Failure('no-such-output', `the nested pipeline has no \`${path}\``, {
        hint: `its steps are: ${Object.keys(values).join(', ')}`,
      })
    return [name, found] as const
  })
  return Object.fromEntries(entries)
}

/** `step.result.field` is `step.field`, as everywhere. */
const withoutAlias = (
  values: Readonly<Record<string, unknown>>,
  [step = '', alias = '', ...rest]: readonly string[],
): unknown =>
  ['result', 'output', 'content', 'response', 'text'].includes(alias) ? at(values, [step, ...rest]) : undefined
