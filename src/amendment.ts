/** Changes of a plan carried out one after the other, on whatever holds the files: a folder of this machine, or a commit on GitHub. */
import {providers, type ProviderKind} from './adapters/providers/index.ts'
import {Answer, answerSchema} from './apply/answer.ts'
import {decide, sayProblem, type Amended, type Decision} from './apply/decide.ts'
import {groundOf, wantedBy, type Ground, type Problem} from './apply/ground.ts'
import {named, type Bounds} from './apply/place.ts'
import {questionOf} from './apply/question.ts'
import type {Config} from './config.ts'
import {Failure} from './errors.ts'
import type {Host, Source} from './host.ts'
import type {Keys} from './outside.ts'
import type {Entry} from './pack/pack.ts'
import {estimateTokens} from './pack/tokens.ts'
import {execute} from './pipeline/execute.ts'
import type {Pipeline} from './pipeline/step.ts'
import {render} from './pipeline/template.ts'
import type {Change, Plan} from './plan/plan.ts'
import {plainLine} from './trust.ts'

/** Where the files are. */
export interface Desk {
  readonly source: Pick<Source, 'list' | 'read'>
  /** Why a file must not be written over, or made (`text` null); null: it may. Asked before the model is, and after. */
  readonly guard: (path: string, text: string | null) => Promise<string | null>
  /** All of it or nothing. */
  readonly write: (files: readonly Amended[]) => void
}

export interface Amending {
  readonly plan: Plan
  /** In the order of work. */
  readonly changes: readonly Change[]
  readonly pipeline: Pipeline
  readonly bounds: Bounds
  /** Of the files that one question shows. */
  readonly maxTokens: number
}

/** What became of one change. */
export interface Outcome {
  readonly id: string
  /**
   * `refused`: the plan or the files forbid it, and nobody was asked. `cannot`: the model says why not. `failed`: no answer could
   * be used, or none came. `skipped`: it waits for one that is not done, or came after an outage.
   */
  readonly state: 'done' | 'refused' | 'cannot' | 'failed' | 'skipped'
  /** null: it is done. */
  readonly why: string | null
  readonly files: readonly string[]
  readonly exit: 0 | 2 | 3
}

export interface Amendment {
  readonly outcomes: readonly Outcome[]
  /** From before the first change to after the last; by path. */
  readonly files: readonly Amended[]
  /** What ended all of it; null: nothing did. */
  readonly failure: Failure | null
}

/** Where no change of a plan may write, by the settings in force. */
export const boundsOf = ({gold, pipeline, protectedPaths}: Config): Bounds => ({
  goldRoots: ['gold', gold],
  protectedPaths: [...protectedPaths, ...(/\.ya?ml$/.test(pipeline) ? [`/${named(pipeline)}`] : [])],
})

const kinds: Readonly<Record<string, ProviderKind>> = providers

/** Before anything is read or paid for. Throws `Failure` `missing-key` or `unknown-provider`. */
export function checkKeys({name, steps}: Pipeline, keys: Keys): void {
  for (const model of steps.flatMap(({models}) => models)) {
    const found = Object.entries(keys).find(([provider]) => model.startsWith(`${provider}/`))
    if (found === undefined)
      throw new Failure('unknown-provider', `${name} asks ${model}, and no provider is called so`, {
        hint: `providers are: ${Object.keys(keys).join(', ')}`,
      })
    const [provider, access] = found
    if (access !== null) continue
    const {keys: variables = [], baseUrl = '', keyless = false} = kinds[provider] ?? {}
    throw new Failure('missing-key', `${name} asks ${model}, and there is no key for it`, {
      hint: `set ${variables.join(' or ')}${keyless ? `, or ${baseUrl} for a server that wants no key` : ''}`,
    })
  }
}

/** Goes on with what does not depend on a change that could not be made; an outage ends all. Throws nothing but bugs. */
export async function amend(amending: Amending, desk: Desk, host: Host): Promise<Amendment> {
  const outcomes: Outcome[] = []
  const layer = layerOver(desk.source)
  let failure: Failure | null = null
  for (const change of amending.changes) {
    const {id} = change
    const undone = outcomes.find((each) => each.state !== 'done' && change.depends_on.includes(each.id))
    if (failure !== null || undone !== undefined) {
      const why = undone === undefined ? 'it came after what ended the run' : `it needs ${undone.id}, which is not done`
      outcomes.push({id, state: 'skipped', why, files: [], exit: 0})
      continue
    }
    host.say(plainLine(`${id} …`))
    try {
      outcomes.push(await amendOne(change, amending, {...desk, source: layer}, layer.put, host))
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown
      outcomes.push({id, state: 'failed', why: thrown.message, files: [], exit: thrown.exit})
      if (!isOfOne.includes(thrown.code)) failure = thrown
    }
  }
  return {outcomes, files: layer.files(), failure}
}

/** Failures that say something about the one question. */
const isOfOne: readonly string[] = ['model-output-invalid', 'model-refused']

async function amendOne(
  change: Change,
  amending: Amending,
  desk: Desk,
  put: (files: readonly Amended[]) => void,
  host: Host,
): Promise<Outcome> {
  const {id} = change
  const refused = (problems: readonly Problem[]): Outcome => ({
    id,
    state: 'refused',
    why: problems.map(sayProblem).join('; '),
    files: [],
    exit: 2,
  })
  const entries = await desk.source.list()
  const wanted = wantedBy(change, entries, amending.bounds)
  if (wanted.problems.length > 0) return refused(wanted.problems)
  const ground = groundOf(entries, wanted, await desk.source.read(wanted.entries))
  const names = [...change.files, ...change.creates].map(named)
  const unfit = [
    ...names.flatMap((file) => (ground.closed.has(file) ? [{file, why: ground.closed.get(file) ?? ''}] : [])),
    ...(await guarded(names, ground, desk)),
  ]
  if (unfit.length > 0) return refused(unfit)
  const question = questionOf(change, amending.plan, ground)
  const tokens = estimateTokens(Object.values(question).map(render).join('\n'))
  if (tokens > amending.maxTokens)
    return refused([
      {
        file: null,
        why: `its files have ${tokens} tokens, and max-tokens is ${amending.maxTokens}: split it, or raise that`,
      },
    ])
  const decision = await ask(question, change, ground, amending, host)
  if (decision.cannot !== null) return {id, state: 'cannot', why: decision.cannot, files: [], exit: 2}
  const paths = decision.files.map(({path}) => path)
  const late = await guarded(paths, ground, desk)
  if (late.length > 0) return refused(late)
  desk.write(decision.files)
  put(decision.files)
  return {id, state: 'done', why: null, files: paths, exit: 0}
}

async function guarded(paths: readonly string[], {entries, texts}: Ground, {guard}: Desk): Promise<readonly Problem[]> {
  const found = await Promise.all(
    [...new Set(paths)].map(async (file): Promise<readonly Problem[]> => {
      const isFolder = entries.some(({path}) => path.startsWith(`${file}/`))
      const why = isFolder ? null : await guard(file, texts.get(file) ?? null)
      return why === null ? [] : [{file, why}]
    }),
  )
  return found.flat()
}

/** One question, and one more with what was wrong, by the step itself. */
async function ask(
  question: Readonly<Record<string, unknown>>,
  change: Change,
  ground: Ground,
  {pipeline, bounds}: Amending,
  {ask: provider, nonce, now, signal}: Host,
): Promise<Decision> {
  const decided = (data: unknown): Decision => decide(change, ground, Answer.parse(data), bounds)
  const tools = {
    ask: provider,
    scan: unused,
    draft: unused,
    schemas: {edits: answerSchema},
    checks: {edits: (data: unknown) => decided(data).problems.map(sayProblem)},
  }
  const trace = await execute(pipeline, question, tools, {nonce: nonce(), now, signal})
  return decided(trace.output.data)
}

const unused = (): never => {
  throw new Failure('bad-pipeline', 'a pipeline for `apply` asks for more than a model', {
    hint: 'use only model steps in it',
  })
}

interface Layer extends Pick<Source, 'list' | 'read'> {
  readonly put: (files: readonly Amended[]) => void
  readonly files: () => readonly Amended[]
}

/** What was changed so far stands over what the source says: the next change builds on it, also where nothing was written. */
function layerOver(source: Pick<Source, 'list' | 'read'>): Layer {
  const changed = new Map<string, Amended>()
  let listing: ReturnType<Source['list']> | null = null
  return {
    list: async () => {
      const below = (await (listing ??= source.list())).filter(({path}) => !changed.has(path))
      const above = [...changed.values()].flatMap(({path, after}): readonly Entry[] =>
        after === null ? [] : [{path, kind: 'file', bytes: after.length, sha: null}],
      )
      return [...below, ...above]
    },
    read: async (entries) => {
      const below = await source.read(entries.filter(({path}) => !changed.has(path)))
      const above = entries.flatMap(({path}) => {
        const after = changed.get(path)?.after
        return after === undefined || after === null ? [] : [{path, bytes: new TextEncoder().encode(after)}]
      })
      return [...below, ...above]
    },
    put: (files) => {
      for (const file of files) changed.set(file.path, {...file, before: (changed.get(file.path) ?? file).before})
    },
    files: () =>
      [...changed.values()]
        .filter(({before, after}) => before !== after)
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  }
}
