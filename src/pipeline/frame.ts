/** Where steps run: what they see, and where what they leave is kept. */
import {addUsage, noUsage, type Usage} from '../provider.ts'
import type {Known} from './evaluate.ts'
import type {PipelineEvent} from './events.ts'
import type {About, Scope} from './scope.ts'
import type {SessionBook} from './session.ts'
import type {Act, BoundStep, Call, Note, Pipeline, StepResult, Tools} from './step.ts'

/** Values by name over those of whoever is outside. */
export interface Layer<T> {
  readonly get: (name: string) => T | undefined
  readonly own: Map<string, T>
  /** All that can be seen, the inner ones last. */
  readonly all: () => ReadonlyMap<string, T>
}

export function layerOver<T>(outer: Layer<T> | null, first: Iterable<readonly [string, T]> = []): Layer<T> {
  const own = new Map(first)
  return {
    own,
    get: (name) => own.get(name) ?? outer?.get(name),
    all: () => (outer === null ? own : new Map([...outer.all(), ...own])),
  }
}

/** How many steps may still run; those inside of a nested pipeline count for all around it. */
export interface Allowance {
  left: number
  readonly outer: Allowance | null
}

/** Whether there was one left, which is taken then. */
export function take(allowance: Allowance): boolean {
  for (let each: Allowance | null = allowance; each !== null; each = each.outer) if (each.left <= 0) return false
  for (let each: Allowance | null = allowance; each !== null; each = each.outer) each.left -= 1
  return true
}

/** Collects what one step asked and did, those inside of it included, whether it came to its end or not. */
export interface Sink {
  readonly calls: Call[]
  readonly acts: Act[]
  usage: Usage
  readonly keeps: boolean
  readonly outer: Sink | null
}

export const sinkIn = (outer: Sink | null, keeps: boolean): Sink => ({
  calls: [],
  acts: [],
  usage: noUsage,
  keeps,
  outer,
})

export function addCall(sink: Sink, call: Call): void {
  for (let each: Sink | null = sink; each !== null; each = each.outer) {
    each.usage = addUsage(each.usage, call.reply.usage)
    // only the outermost is a step of the trace
    if (each.keeps && each.outer === null) each.calls.push(call)
  }
}

export function addAct(sink: Sink, act: Act): void {
  let outermost = sink
  while (outermost.outer !== null) outermost = outermost.outer
  outermost.acts.push(act)
}

export interface Frame {
  readonly pipeline: Pipeline
  readonly inputs: Readonly<Record<string, unknown>>
  readonly vouchedInputs: ReadonlySet<string>
  readonly state: Layer<Known>
  readonly results: Layer<StepResult>
  readonly locals: Readonly<Record<string, Known>>
  readonly depth: number
  /** How many pipelines deep it may go from here. */
  readonly depthLeft: number
  /** What pipelines are called that run around this one, outermost first. */
  readonly chain: readonly string[]
  readonly steps: Allowance
  readonly last: {step: string | null}
  readonly run: Run
  readonly sink: Sink
  readonly signal: AbortSignal | undefined
}

/** What all frames of one run share. */
export interface Run {
  readonly tools: Tools
  readonly nonce: string
  readonly now: () => number
  readonly about: Omit<About, 'workflow'>
  readonly onEvent: (event: PipelineEvent) => void
  readonly after: ((milliseconds: number, act: () => void) => () => void) | undefined
  readonly notes: Map<string, Note>
  readonly sessions: SessionBook
}

const maxNotes = 1_000

/** A loop says the same thing each time it goes round. */
export function addNote(note: Note, {notes}: Run): void {
  const key = JSON.stringify([note.step, note.code, note.message])
  if (notes.size < maxNotes) notes.set(key, note)
}

export function scopeOf(step: Pick<BoundStep, 'name'>, frame: Frame): Scope {
  const {pipeline, run} = frame
  return {
    about: {
      ...run.about,
      workflow: {
        name: pipeline.name,
        description: pipeline.description,
        version: pipeline.settings?.version ?? null,
        variables: pipeline.variables ?? {},
      },
    },
    step: step.name,
    inputs: frame.inputs,
    vouchedInputs: frame.vouchedInputs,
    variables: pipeline.variables ?? {},
    state: frame.state.get,
    locals: frame.locals,
    result: frame.results.get,
    previous: frame.last.step,
    keepsUnresolved: pipeline.keepsUnresolved ?? false,
    note: (code, message) => addNote({step: step.name, code, message}, run),
    nonce: run.nonce,
  }
}

/** Variables and inputs, each with who vouches for it. */
export function inheritedFrom({pipeline, inputs, vouchedInputs, state}: Frame): Readonly<Record<string, Known>> {
  const known = (vouched: (name: string) => boolean, values: Readonly<Record<string, unknown>>) =>
    Object.entries(values).map(([name, value]) => [name, {value, vouched: vouched(name)}] as const)
  return Object.fromEntries([
    ...known(() => true, pipeline.variables ?? {}),
    ...known((name) => vouchedInputs.has(name), inputs),
    ...state.all(),
  ])
}
