/** What a step type is, and all that a step ever sees of the world. */
import type * as z from 'zod'
import type {ModelReply, ModelRequest, Provider, Usage} from '../provider.ts'
import type {Scan} from '../scan/finding.ts'

/** The canonical result of every step. `data` is what the text says as a value; null when the step makes no data. */
export interface StepResult {
  readonly text: string
  readonly data: unknown
  readonly ok: boolean
}

export interface Call {
  readonly request: ModelRequest
  readonly reply: ModelReply
}

/** What a pipeline is run with. Stages to the right (plan, score) reach a step only as functions in here. */
export interface Tools {
  readonly ask: Provider
  /** The static rules over the packed code. */
  readonly scan: () => Promise<Scan>
  /** Findings, or a model's plan as data, into the plan file: its YAML as text, the plan as data. Throws `Failure` `not-a-plan`. */
  readonly draft: (source: unknown) => {readonly text: string; readonly data: unknown}
  /** JSON Schemas that a pipeline may name, as in `schema: plan`. */
  readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Words of a step that may evolve, by their name inside the step (`prompt`, `system`, `examples`). */
export type Texts = Readonly<Record<string, string>>

/** Fills `{{names}}`; untrusted values are fenced by the engine, a step never concatenates them itself. */
export type Fill = (template: string) => string

export interface StepContext {
  readonly tools: Tools
  readonly fill: Fill
  readonly results: Readonly<Record<string, StepResult>>
  readonly signal: AbortSignal | undefined
}

export interface StepRun {
  readonly result: StepResult
  readonly calls: readonly Call[]
}

export interface StepType<Settings> {
  /** One line, for the docs. */
  readonly summary: string
  readonly settings: z.ZodType<Settings>
  readonly texts: (settings: Settings) => Texts
  readonly withTexts: (settings: Settings, texts: Texts) => Settings
  readonly run: (settings: Settings, context: StepContext) => Promise<StepRun>
}

/** All the rest of the program ever sees of a step. */
export interface BoundStep {
  readonly name: string
  readonly type: string
  readonly texts: Texts
  readonly withTexts: (texts: Texts) => BoundStep
  /** Models this step will ask, as `provider/model`. */
  readonly models: readonly string[]
  readonly run: (context: StepContext) => Promise<StepRun>
}

export interface Pipeline {
  readonly name: string
  readonly description: string
  readonly steps: readonly BoundStep[]
}

export interface StepTrace {
  readonly step: string
  readonly result: StepResult
  readonly calls: readonly Call[]
  readonly milliseconds: number
}

export interface Trace {
  readonly pipeline: string
  readonly steps: readonly StepTrace[]
  /** The last step's result: what the pipeline is for. */
  readonly output: StepResult
  readonly usage: Usage
}
