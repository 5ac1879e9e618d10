/** Which commits a run is about, and by whose rules: asked of GitHub, read as git objects. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fetchCommits, objects} from './adapters/git.ts'
import type {GitHub} from './adapters/github.ts'
import type {Runner} from './adapters/runner.ts'
import {configFile, parseConfig, type Config} from './config.ts'
import type {Source} from './host.ts'
import {digestOf, parseGold, type GoldFile, type Keys, type ReadTrusted} from './outside.ts'
import {textOf} from './pack/read.ts'
import type {PlanRequest} from './request/request.ts'
import {plainLine, type Plain} from './trust.ts'

/** What every mode of the Action is given. */
export interface Reviewing {
  readonly outside: Runner
  readonly hub: GitHub
  /** Works for five seconds, also when the job was cancelled. */
  readonly lastWords: () => GitHub
  readonly token: string
  readonly keys: Keys
  /** The Action's inputs that are settings, empty text where not given. */
  readonly settings: Readonly<Record<string, string>>
  readonly dryRun: boolean
  /** All in one job; or read, ask and save (`plan`); or check what was saved and write (`publish`). */
  readonly part: 'all' | 'plan' | 'publish'
  /** Folder in the workspace, between `plan` and `publish`. */
  readonly artifact: string
  /** Name of the search that `optimize` does. */
  readonly optimizer: string
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal
}

/** What is read: the commit under review, and the one that settings, pipelines and gold standards come from. */
export interface Target {
  readonly number: number | null
  readonly head: string
  readonly base: string
  /** The pull request whose memory counts: its own number, or that of the one that waits in the queue. */
  readonly memory: number | null
  /** The branch that it would be merged into, where that is not the default branch: its verdict has a name of its own. */
  readonly into: string | null
}

export const marker = 'refactor-plan'

/** A folder of our own, gone afterwards. */
export async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(process.env['RUNNER_TEMP'] || tmpdir(), 'refactor-plan-'))
  try {
    return await act(folder)
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

interface Aimed {
  readonly target: Target
  /** Why it is not what was meant any more. */
  readonly stale: string | null
  /** Whether it is known that who asked has seen this head: he named it, or it was there before. */
  readonly isSeen: boolean
}

export async function targetOf(
  {target, comment}: Pick<PlanRequest, 'target' | 'comment'>,
  {hub, outside}: Reviewing,
): Promise<Aimed> {
  if (target.kind === 'commit') {
    const head = target.head ?? outside.sha
    const tip = await hub.branch(target.branch)
    const isDefault = target.branch === null || (await hub.branch(null)).name === target.branch
    return {
      target: {number: null, memory: target.queued, head, base: tip.sha, into: isDefault ? null : tip.name},
      stale: null,
      isSeen: true,
    }
  }
  const {head, base, state} = await hub.pull(target.number)
  const into = base.isDefault ? null : base.ref
  const aimed = {number: target.number, memory: target.number, head: head.sha, base: base.sha, into}
  if (state === 'closed') return {target: aimed, stale: 'the pull request is closed', isSeen: false}
  if (target.head !== null && !head.sha.startsWith(target.head))
    return {
      target: aimed,
      stale: 'the commit that was meant is not the head of the pull request any more',
      isSeen: false,
    }
  // whoever names the commit has said which he means
  if (comment === null || target.head !== null) return {target: aimed, stale: null, isSeen: true}
  if (head.repository === null) return {target: aimed, stale: null, isSeen: false}
  const pushed = await hub.pushedAt(head.repository, head.ref)
  const isLate = pushed !== null && Date.parse(pushed) > Date.parse(comment.at)
  return {
    target: aimed,
    stale: isLate ? 'the head of the pull request was pushed after this was asked for' : null,
    // GitHub tells whole seconds
    isSeen: pushed !== null && Date.parse(pushed) < Date.parse(comment.at),
  }
}

/**
 * Head and base, and another commit where one is named, as git objects in a bare repository of our own: nothing is checked out, no
 * filter or hook can run.
 */
export async function readCommits(
  folder: string,
  {head, base}: Pick<Target, 'head' | 'base'>,
  {outside, token, signal}: Reviewing,
  also: string | null = null,
): Promise<{readonly head: Source; readonly base: Source; readonly also: Source | null}> {
  const into = join(folder, 'objects.git')
  const url = `${outside.serverUrl}/${outside.repository}.git`
  await fetchCommits({url, token, commits: [...new Set([head, base, also ?? base])], into, signal})
  const under = async (commit: string): Promise<Source> => {
    const source = await objects(into, commit, '', signal, outside.repository)
    // settings, pipeline and gold standards are looked up one after the other, and a large tree takes long to list
    let listing: ReturnType<Source['list']> | null = null
    return {...source, list: () => (listing ??= source.list())}
  }
  return {head: await under(head), base: await under(base), also: also === null ? null : await under(also)}
}

/** Files of the base commit by path. */
export const trustedOf =
  (base: Source): ReadTrusted =>
  async (path) => {
    const entries = (await base.list()).filter((entry) => entry.path === path && entry.kind === 'file')
    const [file] = await base.read(entries)
    return file?.bytes ? textOf(file.bytes) : null
  }

export async function goldOfBase(base: Source, folder: string): Promise<readonly GoldFile[]> {
  const prefix = `${folder.replace(/\/+$/, '')}/`
  const entries = (await base.list()).filter(
    ({path, kind}) =>
      kind === 'file' && path.startsWith(prefix) && /^[^/]+\/gold\.ya?ml$/.test(path.slice(prefix.length)),
  )
  return (await base.read(entries)).flatMap(({path, bytes}) => {
    const text = bytes === null ? null : textOf(bytes)
    return text === null ? [] : [parseGold(text, path)]
  })
}

export interface Settled {
  readonly target: Target
  readonly config: Config
  /** Of the configuration file; null when there is none. */
  readonly text: string | null
  /** The configured one, whatever was asked for. */
  readonly ownGoal: string
  /** Not by the configured pipeline: for information, the gate is not touched. */
  readonly isAside: boolean
}

/** The settings of a base commit, for who only asks what they are. */
export const inForce = (target: Target, shared: Reviewing): Promise<Omit<Settled, 'target'>> =>
  configFor({goal: null, pipeline: null}, target, shared)

/** The base commit's settings, asked of the API: what the pending status is called, and whether there is one, stands in them. */
export async function configFor(
  {goal, pipeline}: Pick<PlanRequest, 'goal' | 'pipeline'>,
  {base, into}: Target,
  {hub, settings}: Reviewing,
): Promise<Omit<Settled, 'target'>> {
  const bytes = await hub.fileAt(base, configFile)
  const text = bytes === null ? null : textOf(bytes)
  const read = parseConfig(settings, text === null ? null : {path: configFile, text})
  const {statusContext} = into === null ? read : parseConfig(settings, null)
  const config = {...read, statusContext, goal: goal ?? read.goal}
  const about = {text, ownGoal: read.goal}
  // who could choose the pipeline that makes the plan could choose the verdict
  if (pipeline === null || pipeline === config.pipeline) return {...about, config, isAside: false}
  return {...about, config: {...config, pipeline, gate: 'off'}, isAside: true}
}

/**
 * A status is of a commit, a policy of a branch: the same head may be offered to two branches, and what the kinder one says must
 * not open the gate of the other. So only the default branch has the plain name, and a branch does not choose how its own begins.
 * A name that could be read as another becomes a digest behind `~`, which no ref can hold.
 */
export function contextOf(statusContext: string, into: string | null): Plain {
  if (into === null) return plainLine(statusContext)
  return plainLine(`${statusContext}/${/^[\w.][\w./-]{0,99}$/.test(into) ? into : `~${digestOf(into).slice(0, 32)}`}`)
}
