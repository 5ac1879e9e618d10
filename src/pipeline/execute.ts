/** Runs a pipeline, a step after the other, and keeps everything that was asked and answered. */
import {Failure} from '../errors.ts'
import {addUsage, cancelled, noUsage} from '../provider.ts'
import {checkBefore} from './before.ts'
import type {Known} from './evaluate.ts'
import type {PipelineEvent} from './events.ts'
import {
  addAct,
  addCall,
  inheritedFrom,
  layerOver,
  scopeOf,
  sinkIn,
  take,
  type Allowance,
  type Frame,
  type Run,
} from './frame.ts'
import {fenceName, fillOf, holdsIn, resolve, resolveAll, valueOfExpression, vouchedByName, type Scope} from './scope.ts'
import {sessionBook, type Sessions} from './session.ts'
import {
  endsRun,
  type BoundStep,
  type BranchOptions,
  type BranchRun,
  type ChildLimits,
  type ChildRun,
  type Note,
  type Pipeline,
  type StepContext,
  type StepResult,
  type StepTrace,
  type Tools,
  type Trace,
} from './step.ts'
import {fence, render} from './template.ts'

/** What is known after a step: enough to go on from there. */
export interface Saved {
  /** Of the steps of the pipeline itself, in their order. */
  readonly done: readonly StepResult[]
  readonly results: readonly (readonly [string, StepResult])[]
  readonly state: readonly (readonly [string, Known])[]
  readonly sessions: Sessions
  /** Names of those that a step asked to keep beyond the run. */
  readonly kept: readonly string[]
  /** The step that ended last. */
  readonly last: string | null
}

export interface ExecuteOptions {
  /** Unguessable, fresh for this run; it marks what nobody vouches for. */
  readonly nonce: string
  /** Milliseconds of any steady clock. */
  readonly now: () => number
  /** Milliseconds since 1970; without it the date is that of `now`. */
  readonly clock?: (() => number) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onEvent?: ((event: PipelineEvent) => void) | undefined
  /** Inputs whose words stand in prompts without a fence. */
  readonly vouchedInputs?: readonly string[] | undefined
  /** Does something later, and returns what forgets it; without it nothing ends for its time. */
  readonly after?: ((milliseconds: number, act: () => void) => () => void) | undefined
  /** Conversations of earlier runs. */
  readonly sessions?: Sessions | undefined
  /** What an interrupted run had reached: its steps are not run again. */
  readonly saved?: Saved | undefined
  /** Told after each step of the pipeline itself. */
  readonly onSaved?: ((step: string, saved: Saved) => void) | undefined
  /** Told the conversations that are to be kept, at the end. */
  readonly onSessions?: ((sessions: Sessions) => void) | undefined
  /** How many steps may run, those inside of loops and other pipelines too. */
  readonly maxSteps?: number | undefined
  /** Without calls a trace says what was paid and not what for: a run of ten thousand questions would keep all of them. */
  readonly keepsCalls?: boolean | undefined
}

/** A file may hold more steps than anybody waits for; a loop of loops comes here too. */
const maxSteps = 1_000_000
const maxNested = 100

/**
 * Throws `Failure`: `missing-input`, `unknown-step`, `unknown-schema` and `not-allowed` before anything is asked, `cancelled`,
 * `template-unresolved`, `model-refused`, `model-output-invalid`, and what the tools throw; the message names the step.
 */
export async function execute(
  pipeline: Pipeline,
  inputs: Readonly<Record<string, unknown>>,
  tools: Tools,
  options: ExecuteOptions,
): Promise<Trace> {
  const {nonce, now, clock = now, signal, onEvent = () => {}, saved, keepsCalls = true} = options
  checkBefore(pipeline, inputs, tools)
  const sessions = sessionBook(saved?.sessions ?? options.sessions ?? {}, saved?.kept ?? [])
  const notes = new Map<string, Note>()
  const run: Run = {tools, nonce, now, about: {execution: nonce, clock}, onEvent, after: options.after, notes, sessions}
  const outer: Omit<Frame, 'sink'> = {
    pipeline,
    inputs,
    vouchedInputs: new Set([
      ...vouchedByName,
      ...Object.keys(pipeline.variables ?? {}),
      ...(options.vouchedInputs ?? []),
    ]),
    state: layerOver<Known>(null, saved?.state),
    results: layerOver<StepResult>(null, saved?.results),
    locals: {},
    depth: 0,
    depthLeft: maxNested,
    chain: [pipeline.name],
    steps: {left: options.maxSteps ?? maxSteps, outer: null},
    last: {step: saved?.last ?? null},
    run,
    signal,
  }
  const steps: StepTrace[] = []
  let usage = noUsage
  for (const [index, step] of pipeline.steps.entries()) {
    const before = saved?.done[index]
    if (before !== undefined) {
      steps.push({step: step.name, result: before, calls: [], milliseconds: 0})
      continue
    }
    const sink = sinkIn(null, keepsCalls)
    const start = now()
    const result = await runStep(step, {...outer, sink}, sink)
    const acts = sink.acts.length === 0 ? {} : {acts: sink.acts}
    steps.push({step: step.name, result, calls: sink.calls, ...acts, milliseconds: now() - start})
    usage = addUsage(usage, sink.usage)
    options.onSaved?.(step.name, savedOf(steps, outer))
  }
  options.onSessions?.(sessions.kept())
  const output = steps.at(-1)?.result ?? {text: '', data: null, ok: false}
  const results = Object.fromEntries(outer.results.own)
  return {pipeline: pipeline.name, steps, output, usage, notes: [...notes.values()], results}
}

const savedOf = (steps: readonly StepTrace[], {results, state, run, last}: Omit<Frame, 'sink'>): Saved => ({
  done: steps.map(({result}) => result),
  results: [...results.own],
  state: [...state.own],
  sessions: run.sessions.all(),
  kept: Object.keys(run.sessions.kept()),
  last: last.step,
})

/** @param sink where what it asks is counted */
async function runStep(
  step: BoundStep,
  around: Frame,
  sink = sinkIn(around.sink, around.sink.keeps),
): Promise<StepResult> {
  const frame: Frame = {...around, sink}
  const {run, depth, signal} = frame
  const {now, onEvent} = run
  if (signal?.aborted === true) {
    const {message} = cancelled()
    throw new Failure('cancelled', `${message} before step ${step.name}`, {exit: 3})
  }
  if (!take(frame.steps))
    throw new Failure('too-many-steps', `step ${step.name}: more steps ran than are allowed`, {
      hint: 'a loop goes round too often, or the limit of a nested pipeline is too low',
    })
  const event = {step: step.name, depth}
  const scope = scopeOf(step, frame)
  const start = now()
  try {
    if (step.common.condition !== undefined && !holdsIn(step.common.condition, scope)) {
      onEvent({...event, kind: 'skipped'})
      return keep(step, skippedOf(step.common.condition), frame)
    }
    onEvent({...event, kind: 'started'})
    const result = await resultOf(step, scope, frame)
    const {usage} = sink
    onEvent({...event, kind: 'finished', milliseconds: now() - start, usage})
    return keep(step, result, frame)
  } catch (thrown) {
    onEvent({...event, kind: 'failed', milliseconds: now() - start})
    if (step.common.on_error === 'continue' && thrown instanceof Failure && !endsRun.includes(thrown.code))
      return keep(step, failedOf(thrown), frame)
    throw named(thrown, step)
  }
}

const skippedOf = (condition: string): StepResult => ({
  text: '',
  data: null,
  ok: true,
  facts: {skipped: true, reason: `the condition does not hold: ${condition}`},
})

const failedOf = ({code, message}: Failure): StepResult => ({
  text: message,
  data: null,
  ok: false,
  facts: {error: {code, message}},
})

function keep(step: BoundStep, result: StepResult, frame: Frame): StepResult {
  frame.results.own.set(step.name, result)
  frame.last.step = step.name
  return result
}

async function resultOf(step: BoundStep, scope: Scope, frame: Frame): Promise<StepResult> {
  const {result, state = {}} = await step.run(contextOf(step, scope, frame))
  for (const [name, value] of Object.entries(state)) frame.state.own.set(name, value)
  const target = step.common.output_to_file
  if (target === undefined) return result
  const save = frame.run.tools.save ?? notAllowed('writes its result into a file')
  const path = render(resolve(target, scope).value)
  const written = await save(path, /\.json$/i.test(path) ? jsonOf(result) : result.text)
  return {...result, facts: {...result.facts, output_file: written}}
}

const jsonOf = ({text, data, ok, facts}: StepResult): string =>
  `${JSON.stringify(data ?? {text, ok, ...facts}, null, 2)}\n`

function notAllowed(what: string): never {
  throw new Failure('not-allowed', `the pipeline ${what}, which is not allowed here`, {
    hint: 'only `run`, on your own machine, lets a pipeline touch files',
  })
}

function contextOf(step: BoundStep, scope: Scope, frame: Frame): StepContext {
  const {run, signal} = frame
  return {
    name: step.name,
    tools: run.tools,
    fill: fillOf(scope),
    fenced: (name, text) => fence(fenceName(name), text, run.nonce),
    resolve: (template) => resolve(template, scope).value,
    resolveAll: (value) => resolveAll(value, scope),
    value: (expression, locals = {}) => valueOfExpression(expression, {...scope, locals: {...scope.locals, ...locals}}),
    holds: (condition, locals = {}) => holdsIn(condition, {...scope, locals: {...scope.locals, ...locals}}),
    result: frame.results.get,
    local: (name) => (Object.hasOwn(frame.locals, name) ? (frame.locals[name] ?? null) : null),
    inherited: () => inheritedFrom(frame),
    branch: (index, options) => runBranch(step, index, options ?? {}, frame),
    steps: (index) => step.branches[index]?.steps ?? [],
    pipeline: (child, inputs, limits) => runChild(child, inputs, limits, frame),
    // a nested pipeline has conversations of its own
    session: (name) => run.sessions.open(frame.chain.length > 1 ? [...frame.chain.slice(1), name].join('/') : name),
    called: (call) => addCall(frame.sink, call),
    acted: (act) => addAct(frame.sink, act),
    note: scope.note,
    signal,
  }
}

async function runBranch(step: BoundStep, index: number, options: BranchOptions, frame: Frame): Promise<BranchRun> {
  const {locals = {}, apart = false} = options
  const inner: Frame = {
    ...frame,
    depth: frame.depth + 1,
    locals: {...frame.locals, ...locals},
    results: layerOver(frame.results),
    state: apart ? layerOver(frame.state) : frame.state,
    last: {step: frame.last.step},
  }
  const merge = (): void => {
    for (const [name, result] of inner.results.own) frame.results.own.set(name, result)
    if (apart) for (const [name, value] of inner.state.own) frame.state.own.set(name, value)
  }
  let leaves: BranchRun['leaves'] = null
  try {
    for (const each of step.branches[index]?.steps ?? []) {
      leaves = leavesOf(await runStep(each, inner))
      if (leaves !== null) break
    }
  } finally {
    if (!apart) merge()
  }
  return {results: Object.fromEntries(inner.results.own), merge, leaves, output: outputOf(inner)}
}

/** The result of the step that ended last. */
const outputOf = ({results, last}: Frame): StepResult =>
  (last.step === null ? undefined : results.own.get(last.step)) ?? {text: '', data: null, ok: true}

/** Also through a `switch` around it. */
const leavesOf = ({facts}: StepResult): BranchRun['leaves'] =>
  facts?.['leaves'] === 'break' || facts?.['leaves'] === 'continue' ? facts['leaves'] : null

/** A pipeline that is written into a step cannot lead back to itself, so its name says nothing. */
function deeperChain({called, isInline}: ChildLimits, {chain}: Frame): readonly string[] {
  const longer = [...chain, called]
  if (!isInline && chain.includes(called))
    throw new Failure('pipeline-cycle', `pipelines run each other in a circle: ${longer.join(' → ')}`)
  return longer
}

async function runChild(
  child: Pipeline,
  inputs: Readonly<Record<string, Known>>,
  limits: ChildLimits,
  frame: Frame,
): Promise<ChildRun> {
  const chain = deeperChain(limits, frame)
  const depthLeft = Math.min(frame.depthLeft, limits.depth)
  if (depthLeft < 1)
    throw new Failure('too-deep', `pipelines are nested deeper than allowed (max_depth): ${chain.join(' → ')}`)
  const given = Object.fromEntries(Object.entries(inputs).map(([name, {value}]) => [name, value]))
  // what stands in a file of the same run is read as that file is
  const pipeline: Pipeline = {keepsUnresolved: frame.pipeline.keepsUnresolved ?? false, ...child}
  checkBefore(pipeline, given, frame.run.tools)
  const timer = limits.timeoutMs === null ? null : deadlineOf(limits.timeoutMs, frame)
  const steps: Allowance = {left: limits.steps, outer: frame.steps}
  const inner: Frame = {
    ...frame,
    pipeline,
    inputs: given,
    vouchedInputs: new Set(Object.entries(inputs).flatMap(([name, {vouched}]) => (vouched ? [name] : []))),
    state: layerOver<Known>(null),
    results: layerOver<StepResult>(null),
    locals: {},
    depth: frame.depth + 1,
    depthLeft: depthLeft - 1,
    chain,
    steps,
    last: {step: null},
    signal: timer?.signal ?? frame.signal,
  }
  try {
    for (const step of child.steps) await runStep(step, inner)
  } catch (thrown) {
    if (timer?.isLate() === true)
      throw new Failure('timeout', `the nested pipeline ${child.name} took longer than ${limits.timeoutMs} ms`, {
        exit: 3,
      })
    throw thrown
  } finally {
    timer?.end()
  }
  return {results: Object.fromEntries(inner.results.own), output: outputOf(inner)}
}

/** The outer signal, and one of its own that comes when the time is over. */
function deadlineOf(milliseconds: number, {signal: outer, run}: Frame) {
  const controller = new AbortController()
  let late = false
  const forget = run.after?.(milliseconds, () => {
    late = true
    controller.abort()
  })
  const stop = (): void => controller.abort()
  if (outer?.aborted === true) stop()
  outer?.addEventListener('abort', stop)
  return {
    signal: controller.signal,
    isLate: () => late,
    end: () => {
      forget?.()
      outer?.removeEventListener('abort', stop)
    },
  }
}

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
