/** What a step type is, and all that a step ever sees of the world. */
import * as z from 'zod'
import {Failure} from '../errors.ts'
import type {ModelReply, ModelRequest, Provider, ToolSpec, Usage} from '../provider.ts'
import type {Scan} from '../scan/finding.ts'
import type {Problem} from '../document.ts'
import type {Known} from './evaluate.ts'
import type {Kind} from './forms/mapping.ts'
import type {Session} from './session.ts'
import type {Workspace} from './workspace.ts'

/** The canonical result of every step. `data` is what the text says as a value; null when the step makes no data. */
export interface StepResult {
  readonly text: string
  readonly data: unknown
  readonly ok: boolean
  /** What else is known about it: `skipped`, `degraded`, how often a loop went round. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** What a result stands for where one value is wanted: its data, else its text. */
export const valueOfResult = ({text, data}: StepResult): unknown => data ?? text

export interface Call {
  readonly request: ModelRequest
  readonly reply: ModelReply
}

/** One use of a tool by a model or of a file by a step, for the trace. */
export interface Act {
  readonly tool: string
  readonly about: string
  readonly ok: boolean
}

export interface Said {
  readonly text: string
  readonly data: unknown
}

/**
 * What a pipeline is run with. Stages to the right (plan, score) reach a step only as functions in here. What is not there is not
 * allowed where the pipeline runs: files and tools are only for pipelines that a person runs himself.
 */
export interface Tools {
  readonly ask: Provider
  /** The answer to this question was of no use: a run that goes on where this one stops asks it anew. */
  readonly forget?: (request: ModelRequest) => Promise<void>
  /** The static rules over the packed code. */
  readonly scan: () => Promise<Scan>
  /** Findings, or a model's plan as data, into the plan file: its YAML as text, the plan as data. Throws `Failure` `not-a-plan`. */
  readonly draft: (source: unknown) => Said
  /** JSON Schemas that a pipeline may name, as in `schema: plan`. */
  readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** What is wrong with an answer of a named schema beside its form, in words that its author can act on; none: nothing. */
  readonly checks?: Readonly<Record<string, (data: unknown) => readonly string[]>>
  /** As `checks`, where looking takes more than a look: a pipeline is tried out. */
  readonly reviews?: Readonly<Record<string, (data: unknown) => Promise<readonly string[]>>>
  /** The packed code as one text, and the list of its files. */
  readonly pack?: () => Promise<Said>
  /** The score of a plan against the gold standard at a path; null: the one of the code. */
  readonly score?: (plan: unknown, gold: string | null) => Promise<Said>
  /** What the scan knows of the code: files, functions, dependencies, impact. Throws `Failure` `bad-query`. */
  readonly query?: (kind: string, criteria: unknown) => Promise<unknown>
  readonly workspace?: Workspace
  /**
   * A text that a prompt names by its path: beside the run, beside the pipeline, or in the workspace. `isOwn`: a person put it
   * there; what lies where pipelines write may be a model's.
   */
  readonly readText?: (path: string) => Promise<{readonly text: string; readonly isOwn: boolean}>
  /** Where results of steps are kept (`output_to_file`); the path as it was written. */
  readonly save?: (path: string, text: string) => Promise<string>
  /** A pipeline file by its path as another one names it. */
  readonly open?: (path: string) => Promise<Pipeline>
  /** What a model is told about each tool it may have, by name. */
  readonly toolSpecs?: () => Readonly<Record<string, ToolSpec>>
  /** Does something that changes files; a run that goes on where another one stopped has the outcome and does it not again. */
  readonly once?: (what: string, act: () => Promise<unknown>) => Promise<unknown>
  /** Nobody is asked: answers have a form and no truth, and are not looked at closer. */
  readonly isRehearsal?: boolean
  readonly shell?: (
    command: string,
    signal: AbortSignal | undefined,
  ) => Promise<{readonly text: string; readonly ok: boolean}>
}

/** Words of a step that may evolve, by their name inside the step (`prompt`, `system`, `examples`). */
export type Texts = Readonly<Record<string, string>>

/**
 * Fills `{{expressions}}`; untrusted values are fenced by the engine, a step never concatenates them itself.
 * `more` are names that only this step knows; their values are fenced too.
 */
export type Fill = (template: string, more?: Readonly<Record<string, unknown>>) => string

/** How nested steps are run. */
export interface BranchOptions {
  /** Names that only these steps know. */
  readonly locals?: Readonly<Record<string, Known>>
  /** Others run at the same time: what it sets is seen by itself until `merge` is called, in whatever order the step wants. */
  readonly apart?: boolean
}

export interface BranchRun {
  readonly results: Readonly<Record<string, StepResult>>
  /** The last one's. */
  readonly output: StepResult
  /** Makes results and variables of a branch that ran apart visible to what comes after. */
  readonly merge: () => void
  /** How one of its steps ended it before its end. */
  readonly leaves: 'break' | 'continue' | null
}

export interface StepContext {
  readonly name: string
  readonly tools: Tools
  readonly fill: Fill
  /** Text behind a fence, as `fill` would put it. */
  readonly fenced: (name: string, text: string) => string
  /** The value itself, without fences: for results, never for a model. A template that is one placeholder keeps its type. */
  readonly resolve: (template: string) => unknown
  /** The same, with who vouches for it, all texts inside of lists and objects resolved. */
  readonly resolveAll: (value: unknown) => Known
  /** Of an expression without braces; null when it has none, which is noted. */
  readonly value: (expression: string, locals?: Readonly<Record<string, Known>>) => Known
  readonly holds: (condition: string, locals?: Readonly<Record<string, Known>>) => boolean
  readonly result: (name: string) => StepResult | undefined
  /** What only the steps around it in a loop know; null: nothing. */
  readonly local: (name: string) => Known | null
  /** Variables and inputs, for a nested pipeline that is to have them too. */
  readonly inherited: () => Readonly<Record<string, Known>>
  /** Runs the nested steps of that number, as the type's `branches` lists them. */
  readonly branch: (index: number, options?: BranchOptions) => Promise<BranchRun>
  /** The nested steps of that number, where they are a pipeline of their own. */
  readonly steps: (index: number) => readonly BoundStep[]
  /** Another pipeline with inputs of its own. */
  readonly pipeline: (
    child: Pipeline,
    inputs: Readonly<Record<string, Known>>,
    limits: ChildLimits,
  ) => Promise<ChildRun>
  readonly session: (name: string) => Session
  /** Told each question and answer at once: what is paid for is counted, whatever comes of the step. */
  readonly called: (call: Call) => void
  readonly acted: (act: Act) => void
  readonly note: (code: string, message: string) => void
  readonly signal: AbortSignal | undefined
}

export interface ChildLimits {
  /** What its name was where it was named: a pipeline that runs itself is told by it. */
  readonly called: string
  readonly isInline: boolean
  readonly depth: number
  /** Of all pipelines inside of it together. */
  readonly steps: number
  readonly timeoutMs: number | null
}

export interface ChildRun {
  readonly results: Readonly<Record<string, StepResult>>
  readonly output: StepResult
}

export interface StepRun {
  readonly result: StepResult
  /** Variables that it sets. */
  readonly state?: Readonly<Record<string, Known>>
}

/** What ends a run whatever a step's author wrote about failures. */
export const endsRun: readonly string[] = [
  'cancelled',
  'budget-spent',
  'unknown-price',
  'too-many-steps',
  'missing-key',
]

/** A template, or the name of an earlier step, and where in the settings it stands. */
export interface Mention {
  readonly path: readonly PropertyKey[]
  readonly text: string
}

/** A text in which `{{names}}` are filled; `knows` are names that only the step itself fills. */
export interface Template extends Mention {
  readonly knows?: readonly string[]
}

/** Steps inside of a step. */
export interface Branch {
  readonly path: readonly PropertyKey[]
  readonly steps: readonly unknown[]
  /** Names that these steps know besides those of the pipeline. */
  readonly locals?: readonly string[]
  /** They are a pipeline of their own and see nothing of this one but these values. */
  readonly alone?: readonly string[]
}

export interface StepType<Settings> {
  /** One line, for the docs. */
  readonly summary: string
  readonly settings: z.ZodType<Settings>
  /** Keys of the workflow's `defaults` that fill in what the step leaves out. */
  readonly defaults?: readonly string[]
  readonly texts?: (settings: Settings) => Texts
  /** Names that `texts` has; what is left out stays as it is. */
  readonly withTexts?: (settings: Settings, texts: Texts) => Settings
  readonly templates?: (settings: Settings) => readonly Template[]
  /** Expressions without braces. */
  readonly expressions?: (settings: Settings) => readonly Template[]
  /** Names of earlier steps outside templates. */
  readonly uses?: (settings: Settings) => readonly Mention[]
  /** Models this step will ask, as `provider/model`. */
  readonly models?: (settings: Settings) => readonly string[]
  /** Names in `Tools.schemas` that the step needs. */
  readonly schemas?: (settings: Settings) => readonly string[]
  readonly branches?: (settings: Settings) => readonly Branch[]
  /** A name that only some branches know, without which the step means nothing: `loop`. */
  readonly within?: string
  /** Variables that it sets. */
  readonly sets?: (settings: Settings) => readonly string[]
  /** What it cannot do without; a run that does not allow it fails before the first call. */
  readonly needs?: (settings: Settings) => readonly Need[]
  /** Pipeline files that it runs, where the path is known before. */
  readonly pipelines?: (settings: Settings) => readonly string[]
  readonly run: (settings: Settings, context: StepContext) => Promise<StepRun>
}

/** A key of `Tools` that is not there everywhere. */
export type Need = 'workspace' | 'readText' | 'query' | 'score' | 'pack' | 'open' | 'shell'

/** What every step has, whatever its type. */
export const Common = z.object({
  description: z.string().optional(),
  role: z.string().optional(),
  /** An expression; the step is passed over when it does not hold. */
  condition: z.string().optional(),
  output_to_file: z.string().min(1).optional(),
  /** `continue`: a failure of the step is its result, with `ok: false`. */
  on_error: z.enum(['stop', 'continue']).optional(),
  depends_on: z.array(z.string()).optional(),
})
export type Common = z.infer<typeof Common>
export const commonKeys: readonly string[] = Object.keys(Common.shape)

export interface BoundBranch {
  readonly locals: readonly string[]
  readonly alone: readonly string[] | null
  readonly steps: readonly BoundStep[]
}

/** All the rest of the program ever sees of a step. */
export interface BoundStep {
  readonly name: string
  readonly type: string
  readonly common: Common
  readonly texts: Texts
  /** Throws `Failure` `unknown-text` for a name that `texts` does not have. */
  readonly withTexts: (texts: Texts) => BoundStep
  /** Models this step and those inside of it will ask, as `provider/model`. */
  readonly models: readonly string[]
  readonly schemas: readonly string[]
  /** What it will fill: a run checks the names before the first call, also those of evolved texts. */
  readonly templates: readonly Template[]
  readonly expressions: readonly Template[]
  readonly uses: readonly Mention[]
  readonly branches: readonly BoundBranch[]
  /** A name that must be known where it stands. */
  readonly within: string | null
  readonly sets: readonly string[]
  readonly needs: readonly Need[]
  readonly pipelines: readonly string[]
  readonly run: (context: StepContext) => Promise<StepRun>
}

export interface Binding {
  readonly name: string
  /** The key in the registry. */
  readonly type: string
  readonly common: Common
  readonly settings: unknown
  /** Binds the steps inside; what is wrong with them is the caller's to keep. */
  readonly nest: (branch: Branch) => readonly BoundStep[]
}

export type Bound = {readonly ok: true; readonly step: BoundStep} | {readonly ok: false; readonly error: z.ZodError}

/** A step type whose settings are its own business. */
export interface StepBinder {
  readonly summary: string
  readonly settings: z.ZodType
  readonly defaults: readonly string[]
  readonly bind: (binding: Binding) => Bound
}

/** Closes over the type's settings, so that types of different settings stand in one registry without a cast. */
export function defineStep<Settings>(type: StepType<Settings>): StepBinder {
  return {
    summary: type.summary,
    settings: type.settings,
    defaults: type.defaults ?? [],
    bind: (binding) => {
      const read = type.settings.safeParse(binding.settings)
      if (!read.success) return {ok: false, error: read.error}
      const branches = (type.branches?.(read.data) ?? []).map((branch) => ({
        locals: branch.locals ?? [],
        alone: branch.alone ?? null,
        steps: binding.nest(branch),
      }))
      return {ok: true, step: boundOf(type, read.data, binding, branches)}
    },
  }
}

function boundOf<Settings>(
  type: StepType<Settings>,
  settings: Settings,
  binding: Binding,
  branches: readonly BoundBranch[],
): BoundStep {
  const {name, type: typeName, common} = binding
  const texts = type.texts?.(settings) ?? {}
  const inside = branches.flatMap(({steps}) => steps)
  const condition = common.condition === undefined ? [] : [{path: ['condition'], text: common.condition}]
  const target = common.output_to_file === undefined ? [] : [{path: ['output_to_file'], text: common.output_to_file}]
  return {
    name,
    type: typeName,
    common,
    texts,
    withTexts: (given) => {
      const unknown = Object.keys(given).find((key) => !Object.hasOwn(texts, key))
      if (unknown === undefined && type.withTexts !== undefined)
        return boundOf(type, type.withTexts(settings, given), binding, branches)
      const known = Object.keys(texts).join(', ')
      throw new Failure('unknown-text', `step ${name} has no text \`${unknown}\``, {
        hint: known === '' ? `steps of type ${typeName} have no texts` : `it has: ${known}`,
      })
    },
    models: [...new Set([...(type.models?.(settings) ?? []), ...inside.flatMap((step) => step.models)])],
    schemas: type.schemas?.(settings) ?? [],
    templates: [...target, ...(type.templates?.(settings) ?? [])],
    expressions: [...condition, ...(type.expressions?.(settings) ?? [])],
    uses: [
      ...(common.depends_on ?? []).map((text, at) => ({path: ['depends_on', at], text})),
      ...(type.uses?.(settings) ?? []),
    ],
    branches,
    within: type.within ?? null,
    sets: type.sets?.(settings) ?? [],
    needs: type.needs?.(settings) ?? [],
    pipelines: type.pipelines?.(settings) ?? [],
    run: (context) => type.run(settings, context),
  }
}

export interface Pipeline {
  readonly name: string
  readonly description: string
  readonly steps: readonly BoundStep[]
  /** Inputs that its templates name: a run without one of them fails before the first call. */
  readonly inputs?: readonly string[]
  /** Inputs that the file itself says it needs. */
  readonly declared?: readonly string[]
  /** The author's own values, by name; an input of the same name wins. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** What has no value stays in the text, as in pipeline_ex, and is noted; else the step fails. */
  readonly keepsUnresolved?: boolean
  readonly settings?: PipelineSettings
  /** What its reader forgave. */
  readonly diagnostics?: readonly Diagnostic[]
}

/** A mistake in the file that did not stop its reading, or another spelling. */
export interface Diagnostic extends Problem {
  readonly kind: Kind
}

/** What a file says about the run of it. */
export interface PipelineSettings {
  /** Relative to where it runs. */
  readonly workspace: string | null
  readonly outputs: string | null
  readonly checkpoint: {readonly folder: string | null} | null
  readonly version: string | null
}

/** Something a reader should know and that stopped nothing. */
export interface Note {
  readonly step: string
  readonly code: string
  readonly message: string
}

export interface StepTrace {
  readonly step: string
  readonly result: StepResult
  readonly calls: readonly Call[]
  readonly acts?: readonly Act[]
  readonly milliseconds: number
}

export interface Trace {
  readonly pipeline: string
  readonly steps: readonly StepTrace[]
  /** The last step's result: what the pipeline is for. */
  readonly output: StepResult
  readonly usage: Usage
  readonly notes: readonly Note[]
  /** Of every step that can be seen at the end, those inside of loops too, by name: the last one counts. */
  readonly results?: Readonly<Record<string, StepResult>>
}

/** Every step of it, those inside of others too, outer ones first. */
export const allSteps = (steps: readonly BoundStep[]): readonly BoundStep[] =>
  steps.flatMap((step) => [step, ...step.branches.flatMap(({steps: inside}) => allSteps(inside))])
