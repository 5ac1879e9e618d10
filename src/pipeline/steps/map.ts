/** Several steps at the same time: those of a list, or the same ones for each item of a list. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {listIn, localsOf} from '../list.ts'
import {textsIn} from '../values.ts'
import {pooled} from '../pool.ts'
import {
  defineStep,
  endsRun,
  valueOfResult,
  type BranchRun,
  type StepContext,
  type StepResult,
  type StepRun,
} from '../step.ts'
import {render} from '../template.ts'

const usualAtOnce = 5

const Settings = z
  .strictObject({
    tasks: z
      .array(z.looseObject({name: z.string()}))
      .min(1)
      .optional(),
    over: z.union([z.string().min(1), z.array(z.json())]).optional(),
    as: z.string().min(1).default('item'),
    steps: z.array(z.unknown()).min(1).optional(),
    concurrency: z.int().positive().max(1_000).default(usualAtOnce),
    /** The text of the result: a section for each task; else that of the last one. */
    consolidate: z.boolean().default(true),
    /** Which failures fail the step: of any task, of all of them, of none. */
    fail: z.enum(['any', 'all', 'none']).default('any'),
  })
  .refine(({tasks, over, steps}) => (tasks === undefined) !== (over === undefined || steps === undefined), {
    error: 'needs either `tasks`, or `over` and `steps`',
  })
type Settings = z.infer<typeof Settings>

interface Task {
  readonly name: string
  readonly index: number
  readonly run: () => Promise<BranchRun>
}

type Outcome = {readonly branch: BranchRun} | {readonly failure: Failure}

export const map = defineStep<Settings>({
  summary: 'Steps at the same time: `tasks`, or `steps` for each item of `over`; `concurrency` of them at once.',
  settings: Settings,
  expressions: ({over}) => (typeof over === 'string' ? [{path: ['over'], text: over}] : []),
  templates: ({over}) => (Array.isArray(over) ? textsIn(over, ['over']) : []),
  branches: ({tasks, steps, as}) =>
    tasks === undefined
      ? [{path: ['steps'], steps: steps ?? [], locals: [as, 'loop', 'item', 'index']}]
      : tasks.map((task, at) => ({path: ['tasks', at], steps: [task]})),
  run: async (settings, context) => {
    const tasks = tasksOf(settings, context)
    const outcomes = await pooled(tasks, settings.concurrency, (task) => outcomeOf(task, settings))
    for (const outcome of outcomes) if ('branch' in outcome) outcome.branch.merge()
    return resultOf(settings, tasks, outcomes)
  },
})

function tasksOf({tasks, over = [], as}: Settings, context: StepContext): readonly Task[] {
  if (tasks !== undefined)
    return tasks.map(({name}, index) => ({name, index, run: () => context.branch(index, {apart: true})}))
  const {items, vouched} = listIn(over, 'over', context)
  return items.map((item, index) => ({
    name: String(index),
    index,
    run: () =>
      context.branch(0, {
        apart: true,
        locals: localsOf({as, item: {value: item, vouched}, index, total: items.length}, context),
      }),
  }))
}

/** What ends a run ends it here too; any other failure is that of its task. */
async function outcomeOf({run}: Task, {fail}: Settings): Promise<Outcome> {
  try {
    return {branch: await run()}
  } catch (thrown) {
    if (!(thrown instanceof Failure) || fail === 'any' || endsRun.includes(thrown.code)) throw thrown
    return {failure: thrown}
  }
}

const outputOf = (outcome: Outcome): StepResult =>
  'branch' in outcome
    ? outcome.branch.output
    : {
        text: outcome.failure.message,
        data: null,
        ok: false,
        facts: {error: {code: outcome.failure.code, message: outcome.failure.message}},
      }

function resultOf(
  {tasks: named, consolidate, fail}: Settings,
  tasks: readonly Task[],
  outcomes: readonly Outcome[],
): StepRun {
  const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? [outcome.failure] : []))
  const [first] = failures
  if (first !== undefined && fail === 'all' && failures.length === tasks.length) throw first
  const outputs = outcomes.map(outputOf)
  const data =
    named === undefined
      ? outputs.map(valueOfResult)
      : Object.fromEntries(tasks.map(({name, index}) => [name, shown(outputs[index])]))
  const texts = outputs.map(({text, data: value}) => (text === '' ? render(value) : text))
  const text = consolidate
    ? tasks.map(({name, index}) => `## ${name}\n\n${texts[index] ?? ''}`).join('\n\n')
    : (texts.at(-1) ?? '')
  const facts = {total: tasks.length, succeeded: tasks.length - failures.length, failed: failures.length}
  return {result: {text, data, ok: failures.length === 0, facts}}
}

const shown = (result: StepResult | undefined): unknown =>
  result === undefined ? null : {text: result.text, data: result.data, ok: result.ok, ...result.facts}
