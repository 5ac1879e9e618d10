/**
 * AxGEPA and AxBootstrapFewShot of @ax-llm/ax in the same worlds. Runs of the task go through the bed, by ax's adapter; ax does the
 * search, and asks the model that writes words by its own OpenAI wire. It is no dependency: whoever wants it compared says where it is.
 */
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {digestOf} from '../../src/adapters/models.ts'
import type {Candidate} from '../../src/optimize/candidate.ts'
import {randomOf} from '../../src/optimize/randomness.ts'
import type {Evaluation} from '../../src/optimize/search.ts'
import type {Outcome} from './arena.ts'
import {bedOf, type Bed, type WireName} from './harness.ts'
import {renderLabels, renderSample} from './paper.ts'
import {worldOf} from './world.ts'

export const peer = '@ax-llm/ax@24.0.21'

export interface AxFight {
  readonly ax: Ax
  /** `gepa`: with the settings that suit few cases best; `gepa-default`, `bootstrap`: as they come. */
  readonly method: 'gepa' | 'gepa-default' | 'bootstrap'
  readonly landscape: string
  readonly seed: number
  readonly salt: string
  readonly baseUrl: string
  /** Whole runs of the pipeline: ax's own count, in which questions for new words are free. */
  readonly budget: number
  readonly wire?: WireName
  readonly isScrambled?: boolean
  /** Are questions for new words calls? Its limit knows nothing of them either way. */
  readonly counts?: 'all' | 'runs'
}

/** What is used of the package. */
export interface Ax {
  readonly ai: (args: Readonly<Record<string, unknown>>) => unknown
  readonly AxGEPA: new (args: Readonly<Record<string, unknown>>) => Compiler
  readonly AxBootstrapFewShot: new (args: Readonly<Record<string, unknown>>) => Compiler
}

interface Compiler {
  readonly compile: (
    program: Program,
    examples: readonly Example[],
    metric: (judged: {readonly prediction: unknown}) => number,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<Compiled>
}

interface Compiled {
  readonly bestScore: number
  readonly optimizedProgram?: {readonly componentMap?: Candidate}
  readonly demos?: readonly Demonstrations[]
}

interface Example {
  readonly case: string
  readonly input: string
  readonly output: string
}

type Trace = Readonly<Record<string, unknown>>

interface Demonstrations {
  readonly programId: string
  readonly traces: readonly Trace[]
}

/** A prediction; what is judged of it is nothing for a prompt. */
type Prediction = Readonly<Record<string, string>>

interface Program {
  readonly getId: () => string
  readonly getOptimizableComponents: () => readonly {
    readonly key: string
    readonly kind: string
    readonly current: string
  }[]
  readonly applyOptimizedComponents: (words: Candidate) => void
  readonly setDemos: (demos: readonly Demonstrations[]) => void
  readonly getTraces: () => readonly {readonly programId: string; readonly trace: Trace}[]
  readonly forward: (ai: unknown, example: Example) => Promise<Prediction>
}

const isAx = (module: unknown): module is Ax =>
  typeof module === 'object' &&
  module !== null &&
  'AxGEPA' in module &&
  'AxBootstrapFewShot' in module &&
  'ai' in module

/** @param folder its `node_modules` holds the package; null: it does not, or holds another version */
export async function axIn(folder: string): Promise<Ax | null> {
  const place = join(folder, 'node_modules', '@ax-llm', 'ax')
  const manifest = join(place, 'package.json')
  if (!existsSync(manifest)) return null
  const known: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  const isRight =
    typeof known === 'object' && known !== null && 'version' in known && `@ax-llm/ax@${String(known.version)}` === peer
  const module: unknown = isRight ? await import(pathToFileURL(join(place, 'index.js')).href) : null
  return isAx(module) ? module : null
}

/** null: it refuses a world with one case. */
export async function fightAx(input: AxFight): Promise<Outcome | null> {
  const {ax, method, landscape, seed, salt, baseUrl, budget, wire = 'openai', isScrambled = false} = input
  const run = `ax-${method}-${budget}${isScrambled ? '-scrambled' : ''}`
  const bed = bedOf({landscape, seed, salt, run, wire, baseUrl, isScrambled})
  const place = `${baseUrl}/w/${landscape}/${seed}~${salt}/${run}`
  const studio = studioOf(bed)
  const serviceOf = (model: string): unknown =>
    ax.ai({name: 'openai', apiKey: 'simulated-key-0123456789', apiURL: `${place}/v1`, config: {model, stream: false}})
  const services = {studentAI: serviceOf('gpt-sim-task'), teacherAI: serviceOf('gpt-sim-reflect'), verbose: false}
  const examples = examplesOf(input, bed)
  const found =
    method === 'bootstrap'
      ? await bootstrap(ax, {services, examples, studio, seed, budget})
      : await gepa(ax, {services, examples, studio, seed, budget}, method === 'gepa')
  if (found === 'refused') return null
  const promoted = Object.entries(found.words).some(([key, words]) => words.trimEnd() !== bed.seedWords[key]?.trimEnd())
  const questions = await questionsIn(place)
  const calls = studio.calls() + (input.counts === 'all' ? questions : 0)
  return {
    held: bed.heldOf(found.words),
    gold: bed.goldOf(found.words),
    claimed: promoted ? found.claimed : null,
    promoted,
    calls,
    overshoot: Math.max(0, calls - budget * bed.problem.steps.length),
    questions,
  }
}

interface Fighting {
  readonly services: Readonly<Record<string, unknown>>
  readonly examples: readonly Example[]
  readonly studio: Studio
  readonly seed: number
  readonly budget: number
}

type Found = {readonly words: Candidate; readonly claimed: number | null} | 'refused'

/** Never reached: the limit of runs ends the search. */
const endless = 100_000

async function gepa(ax: Ax, {services, examples, studio, seed, budget}: Fighting, isTuned: boolean): Promise<Found> {
  // its measure of progress cannot grow with one score, so that any patience ends a search that goes well
  const settings = isTuned ? {numTrials: endless, minibatchSize: 3, earlyStoppingTrials: endless} : {}
  const optimizer = new ax.AxGEPA({...services, ...settings, seed})
  const {program, evaluate, reasonsOf, scoreOf, failed} = studio
  const compiled = await unless(/at least 2 examples/i, () =>
    optimizer.compile(program, examples, ({prediction}) => scoreOf(prediction), {
      maxMetricCalls: budget,
      validationExamples: examples,
      verbose: false,
      feedbackFn: ({prediction, componentId}: {readonly prediction: unknown; readonly componentId?: string}) =>
        reasonsOf(prediction, componentId ?? null),
      gepaAdapter: {
        evaluate: async (batch: readonly Example[], words: Candidate) => {
          const outputs: Prediction[] = []
          for (const example of batch) outputs.push(await evaluate(words, example))
          return {outputs, scores: outputs.map(scoreOf), trajectories: outputs.map((output) => ({output}))}
        },
        make_reflective_dataset: (
          _words: Candidate,
          {outputs, scores}: {readonly outputs: readonly Prediction[]; readonly scores: readonly number[]},
          components: readonly string[],
        ) => {
          const rowsOf = (module: string): readonly unknown[] =>
            outputs.map((output, at) => ({score: scores[at], calls: [], output: output[module]}))
          return Object.fromEntries(components.map((key) => [key, rowsOf(moduleOf(key))]))
        },
      },
    }),
  )
  // its own way out of a failing adapter is to count it as a bad prompt
  const failure = failed()
  if (failure !== null) throw failure
  if (compiled === null) return 'refused'
  return {words: compiled.optimizedProgram?.componentMap ?? {}, claimed: compiled.bestScore}
}

const usualRounds = 3

async function bootstrap(ax: Ax, {services, examples, studio, seed, budget}: Fighting): Promise<Found> {
  const {program, scoreOf, failed} = studio
  const options = {maxRounds: Math.min(usualRounds, Math.floor(budget / examples.length)), verboseMode: false}
  const optimizer = new ax.AxBootstrapFewShot({...services, options})
  const chance = Math.random
  // it shuffles by this and takes no seed; worlds are gone through one after the other
  Math.random = randomOf(digestOf, seed, 'ax')
  try {
    const compiled = await unless(/no demonstrations found/i, () =>
      optimizer.compile(program, examples, ({prediction}) => scoreOf(prediction), {verbose: false}),
    )
    const failure = failed()
    if (failure !== null) throw failure
    // whoever gets the error still has what there was
    if (compiled === null) return {words: {}, claimed: null}
    return {words: examplesIn(compiled.demos ?? []), claimed: compiled.bestScore}
  } finally {
    Math.random = chance
  }
}

/** null: it threw just this. */
async function unless<T>(refusal: RegExp, act: () => Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (thrown) {
    if (thrown instanceof Error && refusal.test(thrown.message)) return null
    throw thrown
  }
}

interface Studio {
  readonly program: Program
  readonly evaluate: (words: Candidate, example: Example) => Promise<Prediction>
  /** 0…1 */
  readonly scoreOf: (prediction: unknown) => number
  /** Of one component; null: of all. */
  readonly reasonsOf: (prediction: unknown, component: string | null) => readonly string[] | undefined
  readonly calls: () => number
  readonly failed: () => Error | null
}

const moduleOf = (component: string): string => component.slice(0, component.lastIndexOf('/'))

/** The pipeline as a program of ax's, whose words are its components. */
function studioOf({problem, seedWords, evaluate: ask}: Bed): Studio {
  const modules = problem.steps.map(({name}) => name)
  const judged = new WeakMap<object, Evaluation>()
  const evaluationOf = (prediction: unknown): Evaluation | undefined =>
    typeof prediction === 'object' && prediction !== null ? judged.get(prediction) : undefined
  const runs = new Map<string, number>()
  let calls = 0
  let failure: Error | null = null
  let words: Candidate = {}
  let shown: Evaluation['shown'] = {}
  const evaluate: Studio['evaluate'] = async (candidate, example) => {
    try {
      // it keeps no answers: every run is a sample of its own
      const replicate = runs.get(example.case) ?? 0
      runs.set(example.case, replicate + 1)
      const evaluation = await ask({candidate, case: example.case, replicate})
      calls += evaluation.cost.calls
      shown = evaluation.shown
      const prediction = Object.fromEntries(Object.entries(shown).map(([module, {output}]) => [module, output]))
      judged.set(prediction, evaluation)
      return prediction
    } catch (thrown) {
      failure = thrown instanceof Error ? thrown : new Error(String(thrown))
      throw failure
    }
  }
  return {
    evaluate,
    scoreOf: (prediction) => (evaluationOf(prediction)?.score ?? 0) / 10,
    reasonsOf: (prediction, component) => {
      const evaluation = evaluationOf(prediction)
      if (evaluation === undefined) return undefined
      return reasonsIn(evaluation, component === null ? null : moduleOf(component))
    },
    calls: () => calls,
    failed: () => failure,
    program: {
      // with one module the examples that ax shows while it runs are that module's
      getId: () => (modules.length === 1 ? (modules[0] ?? 'root') : 'root'),
      getOptimizableComponents: () =>
        modules.map((name) => ({
          key: `${name}/prompt`,
          kind: 'instruction',
          current: seedWords[`${name}/prompt`] ?? '',
        })),
      applyOptimizedComponents: (given) => {
        words = {...words, ...given}
      },
      setDemos: (demos) => {
        words = {...words, ...examplesIn(demos.filter(({programId}) => modules.includes(programId)))}
      },
      getTraces: () => Object.entries(shown).map(([programId, trace]) => ({programId, trace})),
      forward: async (_ai, example) => evaluate(words, example),
    },
  }
}

/** Of a run, as the optimizers here get them. */
function reasonsIn({outcomes, extras, unreadable}: Evaluation, module: string | null): readonly string[] {
  const concerns = (step: string | null): boolean => module === null || step === null || step === module
  return [
    ...(unreadable !== null && concerns(unreadable.step) ? [unreadable.reason] : []),
    ...outcomes.flatMap(({credit, lost, reason}) => (credit < 1 && concerns(lost) ? [reason] : [])),
    ...extras.flatMap(({step, reason}) => (concerns(step) ? [reason] : [])),
  ]
}

const examplesIn = (demos: readonly Demonstrations[]): Candidate =>
  Object.fromEntries(
    demos.map(({programId, traces}) => [
      `${programId}/examples`,
      traces
        .map(
          ({input, output}) =>
            `<example>\n<input>\n${String(input).trimEnd()}\n</input>\n<output>\n${String(output).trimEnd()}\n</output>\n</example>`,
        )
        .join('\n\n'),
    ]),
  )

/** Case and gold answer: what a data set has. */
function examplesOf({landscape, seed, salt}: AxFight, {problem}: Bed): readonly Example[] {
  const golds = worldOf(landscape, seed, salt)?.golds ?? []
  return problem.cases.flatMap(({name}) => {
    const gold = golds.find((each) => each.name === name)
    if (gold === undefined) return []
    const labels = gold.items.flatMap(({id, category}) => (category === null ? [] : [{id, isMarked: false}]))
    return [{case: name, input: renderSample(gold, null), output: renderLabels(labels)}]
  })
}

async function questionsIn(place: string): Promise<number> {
  const counts: unknown = await (await fetch(`${place}/counts`)).json()
  return typeof counts === 'object' && counts !== null && 'reflect' in counts ? Number(counts.reflect) : 0
}
