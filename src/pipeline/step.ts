/** What a step type is, and all that a step ever sees of the world. */
import type * as z from 'zod'
import {Failure} from '../errors.ts'
import type {ModelReply, ModelRequest, Provider, Usage} from '../provider.ts'
import type {Scan} from '../scan/finding.ts'

/** The canonical result of every step. `data` is what the text says as a value; null when the step makes no data. */
export interface StepResult {
  readonly text: string
  readonly data: unknown
  readonly ok: boolean
}

/** What a result stands for where one value is wanted: its data, else its text. */
export const valueOfResult = ({text, data}: StepResult): unknown => data ?? text

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
  /** What is wrong with an answer of a named schema beside its form, in words that its author can act on; none: nothing. */
  readonly checks?: Readonly<Record<string, (data: unknown) => readonly string[]>>
}

/** Words of a step that may evolve, by their name inside the step (`prompt`, `system`, `examples`). */
export type Texts = Readonly<Record<string, string>>

/**
 * Fills `{{names}}`; untrusted values are fenced by the engine, a step never concatenates them itself.
 * `more` are names that only this step knows; their values are fenced too.
 */
export type Fill = (template: string, more?: Readonly<Record<string, unknown>>) => string

export interface StepContext {
  readonly tools: Tools
  readonly fill: Fill
  /** The value itself, without fences: for results, never for a model. A template that is one placeholder keeps its type. */
  readonly resolve: (template: string) => unknown
  readonly results: Readonly<Record<string, StepResult>>
  readonly signal: AbortSignal | undefined
}

export interface StepRun {
  readonly result: StepResult
  readonly calls: readonly Call[]
}

/** A template, or the name of an earlier step, and where in the settings it stands. */
export interface Mention {
  readonly path: readonly PropertyKey[]
  readonly text: string
}

/** A text in which `{{names}}` are filled; `knows` are names that only the step itself fills. */
export interface Template extends Mention {
  readonly knows?: readonly string[]
}

export interface StepType<Settings> {
  /** One line, for the docs. */
  readonly summary: string
  readonly settings: z.ZodType<Settings>
  /** Keys of the workflow's `defaults` that fill in what the step leaves out. */
  readonly defaults?: readonly string[]
  readonly texts: (settings: Settings) => Texts
  /** Names that `texts` has; what is left out stays as it is. */
  readonly withTexts: (settings: Settings, texts: Texts) => Settings
  readonly templates: (settings: Settings) => readonly Template[]
  /** Names of earlier steps outside templates. */
  readonly uses: (settings: Settings) => readonly Mention[]
  /** Models this step will ask, as `provider/model`. */
  readonly models: (settings: Settings) => readonly string[]
  /** Names in `Tools.schemas` that the step needs. */
  readonly schemas: (settings: Settings) => readonly string[]
  readonly run: (settings: Settings, context: StepContext) => Promise<StepRun>
}

/** All the rest of the program ever sees of a step. */
export interface BoundStep {
  readonly name: string
  readonly type: string
  readonly texts: Texts
  /** Throws `Failure` `unknown-text` for a name that `texts` does not have. */
  readonly withTexts: (texts: Texts) => BoundStep
  /** Models this step will ask, as `provider/model`. */
  readonly models: readonly string[]
  /** Names in `Tools.schemas` that the step needs. */
  readonly schemas?: readonly string[]
  /** What it will fill: a run checks the names before the first call, also those of evolved texts. */
  readonly templates?: readonly Template[]
  readonly run: (context: StepContext) => Promise<StepRun>
}

export interface Binding {
  readonly name: string
  /** The key in the registry. */
  readonly type: string
  readonly settings: unknown
}

export type Bound =
  | {readonly ok: true; readonly step: BoundStep; readonly uses: readonly Mention[]}
  | {readonly ok: false; readonly error: z.ZodError}

/** A step type whose settings are its own business. */
export interface StepBinder {
  readonly summary: string
  readonly settings: z.ZodType
  readonly defaults: readonly string[]
  readonly bind: (binding: Binding) => Bound
}

/** Closes over the type's settings, so that types of different settings stand in one registry without a cast. */
export function defineStep<Settings>(type: StepType<Settings>): StepBinder {
  const boundOf = (settings: Settings, name: string, typeName: string): BoundStep => {
    const texts = type.texts(settings)
    return {
      name,
      type: typeName,
      texts,
      withTexts: (given) => {
        const unknown = Object.keys(given).find((key) => !Object.hasOwn(texts, key))
        if (unknown === undefined) return boundOf(type.withTexts(settings, given), name, typeName)
        const known = Object.keys(texts).join(', ')
        throw new Failure('unknown-text', `step ${name} has no text \`${unknown}\``, {
          hint: known === '' ? `steps of type ${typeName} have no texts` : `it has: ${known}`,
        })
      },
      models: type.models(settings),
      schemas: type.schemas(settings),
      templates: type.templates(settings),
      run: (context) => type.run(settings, context),
    }
  }
  return {
    summary: type.summary,
    settings: type.settings,
    defaults: type.defaults ?? [],
    bind: ({name, type: typeName, settings: given}) => {
      const read = type.settings.safeParse(given)
      if (!read.success) return {ok: false, error: read.error}
      return {ok: true, step: boundOf(read.data, name, typeName), uses: type.uses(read.data)}
    },
  }
}

export interface Pipeline {
  readonly name: string
  readonly description: string
  readonly steps: readonly BoundStep[]
  /** Inputs that its templates name: a run without one of them fails before the first call. */
  readonly inputs?: readonly string[]
  /** The author's own values, by name; an input of the same name wins. */
  readonly variables?: Readonly<Record<string, unknown>>
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
