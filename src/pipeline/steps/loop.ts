/** The same steps for each item of a list, or as long as something holds. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import type {Known} from '../evaluate.ts'
import {listIn, localsOf} from '../list.ts'
import {textsIn} from '../values.ts'
import {pooled} from '../pool.ts'
import {defineStep, endsRun, valueOfResult, type BranchRun, type StepContext, type StepRun} from '../step.ts'

const usualTurns = 100
const mostTurns = 100_000

const Settings = z
  .strictObject({
    over: z.union([z.string().min(1), z.array(z.json())]).optional(),
    as: z.string().min(1).default('item'),
    while: z.string().min(1).optional(),
    steps: z.array(z.unknown()).min(1),
    concurrency: z.int().positive().max(1_000).default(1),
    max: z.int().positive().max(mostTurns).optional(),
    break_if: z.string().min(1).optional(),
    item_errors: z.enum(['stop', 'continue']).default('stop'),
  })
  .refine(({over, while: condition}) => (over === undefined) !== (condition === undefined), {
    error: 'needs either `over`, a list, or `while`, a condition',
  })
type Settings = z.infer<typeof Settings>

interface Turn {
  readonly index: number
  readonly item: unknown
  readonly ok: boolean
  readonly results: Readonly<Record<string, unknown>>
  readonly error?: string
}

type Locals = Readonly<Record<string, Known>>

/** Names that the steps inside know. */
const names = (as: string): readonly string[] => [as, 'loop', 'item', 'index']

export const loop = defineStep<Settings>({
  summary: '`steps` for each item of `over`, or `while` a condition holds.',
  settings: Settings,
  expressions: (settings) => [
    ...(typeof settings.over === 'string' ? [{path: ['over'], text: settings.over}] : []),
    ...(['while', 'break_if'] as const).flatMap((key) => {
      const text = settings[key]
      return text === undefined ? [] : [{path: [key], text, knows: [...names(settings.as), ...insideOf(settings)]}]
    }),
  ],
  templates: ({over}) => (Array.isArray(over) ? textsIn(over, ['over']) : []),
  branches: ({steps, as}) => [{path: ['steps'], steps, locals: names(as)}],
  run: (settings, context) => (settings.over === undefined ? runWhile(settings, context) : runFor(settings, context)),
})

/** A condition is looked at again when its steps have run: it may name them. */
const insideOf = ({steps}: Settings): readonly string[] =>
  steps.flatMap((step) => (typeof step === 'object' && step !== null && 'name' in step ? [String(step.name)] : []))

async function runFor(settings: Settings, context: StepContext): Promise<StepRun> {
  const {items, vouched} = listIn(settings.over ?? [], 'over', context)
  const most = settings.max === undefined ? items : items.slice(0, settings.max)
  if (most.length < items.length)
    context.note('cut-loop', `${items.length - most.length} items are left out: \`max\` is ${most.length}`)
  const locals = (item: unknown, index: number): Locals =>
    localsOf({as: settings.as, item: {value: item, vouched}, index, total: items.length}, context)
  if (settings.concurrency > 1) {
    const apart = await pooled(most, settings.concurrency, (item, index) =>
      turnOf(settings, context, locals(item, index), true),
    )
    for (const {merge} of apart) merge()
    if (apart.some(({breaks}) => breaks))
      context.note('late-break', '`break` ends nothing where rounds run at the same time')
    return resultOf(
      apart.map(({turn}) => turn),
      items.length,
      {},
    )
  }
  const turns: Turn[] = []
  for (const [index, item] of most.entries()) {
    const known = locals(item, index)
    const {turn, breaks} = await turnOf(settings, context, known, false)
    turns.push(turn)
    if (breaks) break
    if (settings.break_if !== undefined && context.holds(settings.break_if, known)) break
  }
  return resultOf(turns, items.length, {})
}

async function runWhile(settings: Settings, context: StepContext): Promise<StepRun> {
  const condition = settings.while ?? 'false'
  const most = settings.max ?? usualTurns
  const turns: Turn[] = []
  const locals = (index: number): Locals =>
    localsOf({as: 'item', item: {value: null, vouched: true}, index, total: null}, context)
  let isReached = false
  while (context.holds(condition, locals(turns.length))) {
    if (turns.length >= most) {
      isReached = true
      context.note('loop-limit', `the condition still holds after ${most} rounds (\`max\`)`)
      break
    }
    const known = locals(turns.length)
    const {turn, breaks} = await turnOf(settings, context, known, false)
    turns.push(turn)
    if (breaks) break
    if (settings.break_if !== undefined && context.holds(settings.break_if, known)) break
  }
  return resultOf(turns, null, {
    ...(isReached ? {max_iterations_reached: true} : {condition_met: true}),
    // as a step whose condition does not hold
    ...(turns.length === 0 ? {skipped: true} : {}),
  })
}

interface Turned {
  readonly turn: Turn
  readonly merge: BranchRun['merge']
  /** A step inside of it ends the loop. */
  readonly breaks: boolean
}

async function turnOf(settings: Settings, context: StepContext, locals: Locals, apart: boolean): Promise<Turned> {
  const about = {index: Number(locals['index']?.value ?? 0), item: locals[settings.as]?.value ?? null}
  try {
    const {results, merge, leaves} = await context.branch(0, {locals, apart})
    const values = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, valueOfResult(result)]))
    return {
      turn: {...about, ok: Object.values(results).every(({ok}) => ok), results: values},
      merge,
      breaks: leaves === 'break',
    }
  } catch (thrown) {
    if (!(thrown instanceof Failure) || settings.item_errors === 'stop' || endsRun.includes(thrown.code)) throw thrown
    return {turn: {...about, ok: false, results: {}, error: thrown.message}, merge: () => {}, breaks: false}
  }
}

function resultOf(turns: readonly Turn[], total: number | null, more: Readonly<Record<string, unknown>>): StepRun {
  const completed = turns.filter(({ok}) => ok).length
  const ok = completed === turns.length && more['max_iterations_reached'] !== true
  const data = {iterations: turns, total: total ?? turns.length, completed, ok, ...more}
  const text = `${completed} of ${total ?? turns.length} rounds`
  return {
    result: {text, data, ok, facts: {total_items: total ?? turns.length, completed_items: completed, ...more}},
  }
}
