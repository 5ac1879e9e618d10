/** A pull request (or a commit) is read, planned, judged and told about: pending status → run → comment, status, outputs. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {deflateRawSync, inflateRawSync} from 'node:zlib'
import {readArtifact, saveArtifact} from './artifact.ts'
import {writeInside} from './adapters/disk.ts'
import {changedFiles, fetchCommits, objects, type ChangedFile} from './adapters/git.ts'
import type {CheckRun, GitHub, Reaction, StatusState} from './adapters/github.ts'
import type {Runner} from './adapters/runner.ts'
import {configFile, parseConfig, type Config} from './config.ts'
import {Failure, messageOf} from './errors.ts'
import type {Host, Source} from './host.ts'
import {
  asksModels,
  chooseJudge,
  choosePipeline,
  digestOf,
  exitOf,
  candidateNotes,
  goneNotes,
  unreadNotes,
  isOwnGold,
  makeHost,
  modelsOf,
  parseGold,
  programVersion,
  type Chosen,
  type GoldFile,
  type Keys,
  type ReadTrusted,
} from './outside.ts'
import {protectedIn} from './pack/protected.ts'
import {textOf} from './pack/read.ts'
import {planFileName, renderPlan} from './plan/document.ts'
import {addUsage, noUsage, type Usage} from './provider.ts'
import {annotationsOf} from './report/annotations.ts'
import {briefOf, parseBrief, type Brief} from './report/brief.ts'
import {renderStale} from './report/help.ts'
import {keptOf, parseKept, type Kept} from './report/kept.ts'
import {renderFailure} from './report/failure.ts'
import {renderComment, renderSummary, statusDescription} from './report/markdown.ts'
import {reportOn, type Report} from './report/report.ts'
import {sarifOf} from './report/sarif.ts'
import type {Permission, PlanRequest} from './request/request.ts'
import {codeOf, judgePlan, keyOf, packSource, run, type Job, type Judged, type Packed} from './run.ts'
import {
  decideTogether,
  decodeHistory,
  earlierHeads,
  encodeHistory,
  headsOf,
  markOf,
  maxSamples,
  noHistory,
  openerIn,
  samplesIn,
  statusWords,
  verdictWith,
  withTaken,
  type History,
  type Sample,
} from './score/history.ts'
import type {Decision, Verdict} from './score/scorecard.ts'
import {clip, link, plainLine, text, type Markdown, type Plain} from './trust.ts'

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
/** Of a run that somebody asked for with another pipeline than the configured one. */
const asideMarker = 'refactor-plan-aside'

export async function review(request: PlanRequest, permission: Permission | null, shared: Reviewing): Promise<number> {
  const {outside, hub} = shared
  const {target, stale} = await targetOf(request, shared)
  if (stale !== null) return sayStale(stale, request, shared)
  outside.output('head-sha', target.head)
  outside.output('base-sha', target.base)
  outside.output('pr-number', target.number)
  let manner = mannerOf(shared.settings)
  try {
    const settled = {...(await configFor(request, target, shared)), target}
    const {config} = settled
    manner = config
    if (permission !== null && !config.permissions.some((each) => each === permission)) {
      const why = `nothing to do: the setting permissions names ${config.permissions.join(', ')}, not ${permission}`
      return await skip(plainLine(why), {comment: request.comment?.id ?? null, with: '-1'}, shared)
    }
    const reach = shared.part === 'plan' ? {...shared, dryRun: true} : await announce(target, manner, request, shared)
    if (request.comment !== null && !reach.dryRun) await hub.react(request.comment.id, 'eyes')
    return await inFolder((folder) => reviewIn(folder, settled, request, reach))
  } catch (thrown) {
    await tell(thrown, target, manner, shared)
    throw thrown
  }
}

/** `pending`, as the first thing that anybody sees. A fork's token may not write that: then the verdict is this job's alone. */
async function announce(
  target: Target,
  manner: Manner,
  {mayOnlyRead}: PlanRequest,
  shared: Reviewing,
): Promise<Reviewing> {
  const reading = plainLine('reading, planning, scoring')
  try {
    await setStatus('pending', reading, target, manner, shared)
    return mayOnlyRead && manner.gate === 'off' ? {...shared, dryRun: true} : shared
  } catch (thrown) {
    if (!mayOnlyRead || !(thrown instanceof Failure) || thrown.code !== 'missing-permission') throw thrown
    const why =
      'the token of a pull request from a fork only reads, and so does Dependabot’s: the verdict is in the summary and the exit code of this job, and no comment or status is written. A workflow on pull_request_target, or a comment /refactor-plan by somebody who may write, can do both.'
    shared.outside.warn(plainLine(why))
    return {...shared, dryRun: true}
  }
}

/** The run of the new head decides; whoever asked by a comment is told, because no other run answers him. */
async function sayStale(why: string, {target, comment}: PlanRequest, shared: Reviewing): Promise<number> {
  const {hub, outside, dryRun} = shared
  if (comment !== null && target.kind === 'pull-request' && !dryRun) {
    const {url} = await hub.upsertComment({number: target.number, marker: `${marker}-help`, body: renderStale(why)})
    outside.output('comment-url', url)
  }
  return skip(plainLine(`${why}: nothing was judged`), {comment: comment?.id ?? null, with: 'confused'}, shared)
}

/** Nothing is judged and nothing but a reaction is written. */
export async function skip(
  why: Plain,
  answer: {readonly comment: number | null; readonly with: Reaction},
  {outside, hub, dryRun}: Reviewing,
): Promise<number> {
  outside.say(why)
  outside.output('verdict', 'skipped')
  if (answer.comment !== null && !dryRun) await hub.react(answer.comment, answer.with)
  return 0
}

/** The page of this run, as a link. */
export const asksOf = ({outside}: Reviewing): Markdown => link(text('this run'), outside.runUrl, outside.serverUrl)

/** A folder of our own, gone afterwards. */
export async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(process.env['RUNNER_TEMP'] || tmpdir(), 'refactor-plan-'))
  try {
    return await act(folder)
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

/** What may be said on the pull request, and under which name. */
type Manner = Pick<Config, 'gate' | 'comment' | 'statusContext'>

/** By the inputs alone: a base commit whose settings cannot be read must not leave the gate without a status. */
const mannerOf = (settings: Reviewing['settings']): Manner => ({
  gate: settings['gate'] === 'off' ? 'off' : settings['gate'] === 'warn' ? 'warn' : 'enforce',
  comment: settings['comment'] === 'off' ? 'off' : 'update',
  statusContext: settings['status-context'] || 'refactor-plan/gate',
})

/**
 * A status is of a commit, a policy of a branch: the same head may be offered to two branches, and what the kinder one says must
 * not open the gate of the other. So only the default branch has the plain name, and a branch does not choose how its own begins.
 * A name that could be read as another becomes a digest behind `~`, which no ref can hold.
 */
export function contextOf(statusContext: string, into: string | null): Plain {
  if (into === null) return plainLine(statusContext)
  return plainLine(`${statusContext}/${/^[\w.][\w./-]{0,99}$/.test(into) ? into : `~${digestOf(into).slice(0, 32)}`}`)
}

async function setStatus(
  state: StatusState,
  description: Plain,
  {head, into}: Target,
  {gate, statusContext}: Manner,
  {hub, outside, dryRun, signal}: Reviewing,
): Promise<void> {
  if (dryRun || gate === 'off') return
  const context = contextOf(statusContext, into)
  if (state === 'pending') {
    // before the call: whether it arrived is not known when the process is killed in between
    outside.remember('sha', head)
    outside.remember('context', context)
  }
  await hub.setStatus({sha: head, context, state, description, targetUrl: outside.runUrl})
  // after a cancel the pending call may still arrive, later than this one: the post step looks again
  if (state !== 'pending' && !signal.aborted) outside.remember('sha', '')
  outside.output('status-state', state)
}

/** Says everywhere that nothing was judged, each place by itself: one that cannot be written must not silence the others. */
async function tell(thrown: unknown, target: Target, manner: Manner, shared: Reviewing): Promise<void> {
  const {outside, signal} = shared
  const dryRun = shared.dryRun || shared.part === 'plan'
  const hub = signal.aborted ? shared.lastWords() : shared.hub
  const {code, message, hint} =
    thrown instanceof Failure
      ? thrown
      : {code: 'bug', message: messageOf(thrown), hint: 'this is a defect of the Action; the log has the stack'}
  const body = renderFailure({code, message, hint}, outside)
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (again) {
      outside.warn(plainLine(messageOf(again)))
    }
  }
  const state = stateOf('error', manner.gate)
  await attempt(() =>
    setStatus(state, plainLine(`not judged: ${message}`, 140), target, manner, {...shared, hub, dryRun}),
  )
  await attempt(async () => {
    if (target.number === null || dryRun || manner.comment === 'off') return
    const {url} = await hub.upsertComment({number: target.number, marker, body})
    outside.output('comment-url', url)
  })
  await outside.summarize(body)
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

/** Head and base as git objects in a bare repository of our own: nothing is checked out, no filter or hook can run. */
export async function readCommits(
  folder: string,
  {head, base}: Pick<Target, 'head' | 'base'>,
  {outside, token, signal}: Reviewing,
): Promise<{readonly head: Source; readonly base: Source}> {
  const into = join(folder, 'objects.git')
  const url = `${outside.serverUrl}/${outside.repository}.git`
  await fetchCommits({url, token, commits: [...new Set([head, base])], into, signal})
  const under = async (commit: string): Promise<Source> => {
    const source = await objects(into, commit, '', signal)
    // settings, pipeline and gold standards are looked up one after the other, and a large tree takes long to list
    let listing: ReturnType<Source['list']> | null = null
    return {...source, name: outside.repository, list: () => (listing ??= source.list())}
  }
  return {head: await under(head), base: await under(base)}
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

interface Settled {
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
async function configFor(
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

async function reviewIn(folder: string, settled: Settled, request: PlanRequest, shared: Reviewing): Promise<number> {
  const {target, config, text} = settled
  const started = performance.now()
  const {head, base} = await readCommits(folder, target, shared)
  const readTrusted = trustedOf(base)
  // the API answers 404 for a token that may not look, and it follows links: only what git says is the policy
  if ((await readTrusted(configFile)) !== text) {
    throw new Failure('config-unclear', `${configFile} of ${target.base} is not the same by git and by GitHub's API`, {
      hint: 'it must be a regular text file; if it is one, run again',
      exit: 3,
    })
  }
  const changed =
    target.number === null ? [] : await changedFiles(join(folder, 'objects.git'), target.base, target.head)
  const policy = request.isFork && request.comment === null ? config.forkPolicy : 'plan'
  const chosen = await choosePipeline(policy === 'offline' ? 'offline' : config.pipeline, shared.keys, readTrusted)
  const golds = await goldOfBase(base, config.gold)
  const gold = golds.find(isOwnGold) ?? null
  const job = await jobOf(head, {chosen, golds, gold, config}, shared)
  let spent: Usage = noUsage
  const host = makeHost({
    keys: shared.keys,
    budget: {calls: null, tokens: null, usd: config.maxCostUsd},
    say: shared.outside.say,
    signal: shared.signal,
    secrets: [shared.token],
    onSpent: (usage) => {
      spent = addUsage(spent, usage)
    },
  })
  const packed = await packSource(job, host)
  const isPublishing = shared.part === 'publish'
  const waits = policy === 'ask' && (isPublishing || asksModels(chosen.pipeline))
  const saved = isPublishing && !waits ? readArtifact(shared.outside.workspace, shared.artifact, target) : null
  const asks = waits || asksModels(chosen.pipeline) || (saved?.usage.calls ?? 0) > 0
  // another goal is another way to ask the same: it adds a sample, and does not begin anew
  const key = keyFor({...job, goal: settled.ownGoal}, chosen, gold, packed, host)
  const before = await recall(settled, {key, asks}, shared)
  const asksAgain = request.again || request.goal !== null
  const isKnown = before.earlier.length > 0 && (!asksAgain || before.earlier.length >= maxSamples)
  if (isKnown && saved === null) return publishAgain(before, settled, shared)
  if (waits) return waitForWord(settled, shared)
  const judged = saved === null ? await run(job, host, packed) : await judgeAgain(saved, job, packed, host)
  const milliseconds = Math.round(performance.now() - started)
  // another run of the same code may have ended meanwhile
  const known = asks ? await recall(settled, {key, asks}, shared) : before
  const score = judged.scorecard.score
  const verdict = verdictWith(judged.verdict, score, known.earlier, config.threshold)
  const report = reportFor(
    {judged, verdict, known, settled, chosen, gold, spent, milliseconds, saved, changed},
    shared.outside,
  )
  if (shared.part === 'plan') return handOver(report, config, shared)
  const taken = {key: known.key, head: target.head, score, decision: judged.verdict.decision}
  return publish(report, settled, {...known, own: taken.decision, history: withTaken(known.history, taken)}, shared)
}

/** Models cost money, and anybody may push to a fork as often as he likes: somebody who may command says whether it is spent. */
async function waitForWord({target, config}: Settled, shared: Reviewing): Promise<number> {
  const {outside} = shared
  const words = plainLine('a fork: somebody who may write has to comment /refactor-plan')
  await setStatus('pending', words, target, config, shared)
  // meant to stay: the post step must not take it for a run that was killed
  outside.remember('sha', '')
  outside.say(words)
  outside.output('verdict', 'skipped')
  return 0
}

/** The plan is taken over, and nothing that was said of it: without a judge, whose words could not be checked. */
async function judgeAgain({plan}: Report, job: Job, packed: Packed, host: Host): Promise<Judged> {
  const code = codeOf(packed.whole)
  const trace = {pipeline: job.pipeline.name, steps: [], output: {text: '', data: null, ok: true}, usage: noUsage}
  return {pack: packed.pack, code, plan, trace, ...(await judgePlan(plan, code, {...job, judge: null}, host))}
}

/** This job may not write, and its verdict is not the gate's: it ends well, so that the next one is reached. */
async function handOver(report: Report, {threshold}: Config, {outside, artifact}: Reviewing): Promise<number> {
  await outside.summarize(renderSummary(report))
  const saved = save(report, outside)
  saveArtifact(report, outside.workspace, artifact)
  tellOutputs(report, saved, threshold, outside)
  return 0
}

interface Parts {
  readonly chosen: Chosen
  readonly golds: readonly GoldFile[]
  readonly gold: GoldFile | null
  readonly config: Config
}

const jobOf = async (source: Source, {chosen, golds, gold, config}: Parts, {keys}: Reviewing): Promise<Job> => ({
  source,
  goal: config.goal,
  pipeline: chosen.pipeline,
  gold: gold?.gold ?? null,
  anchored: true,
  judge: await chooseJudge(config.judge, chosen.pipeline, keys),
  policy: {threshold: config.threshold, requireGold: config.requireGold, requireJudge: config.requireJudge},
  maxTokens: config.maxTokens,
  include: config.include,
  exclude: config.exclude,
  goldRoots: [config.gold],
  goldDigests: new Set(golds.map(({text}) => digestOf(text))),
})

/** Sixteen digits of it; the policy is part of it, so that another threshold is another question. */
const keyFor = (job: Job, {text}: Chosen, gold: GoldFile | null, packed: Packed, host: Host): string =>
  keyOf(
    {
      gold: gold?.text ?? null,
      pipeline: text,
      isJudged: job.judge !== null,
      goal: job.goal,
      maxTokens: job.maxTokens,
      program: JSON.stringify([programVersion(), job.policy]),
    },
    packed,
    host,
  ).slice(0, 16)

export interface Memory {
  readonly history: History
  /** Of the last plan. */
  readonly brief: Brief
  /** Its changes, word for word, as many as there was room for; null: none. */
  readonly kept: Kept | null
}

/** Longer, and the comment would have too little room for what people see of it. */
const maxBrief = 12_000

const packed = (value: Brief | Kept): string => deflateRawSync(JSON.stringify(value)).toString('base64')

/** Both in one word; of the plan as much as fits. */
function memoryWord({history, brief}: Omit<Memory, 'kept'>): string {
  let kept = brief
  let word = packed(kept)
  while (word.length > maxBrief && kept.length > 0) {
    kept = kept.slice(0, Math.floor(kept.length * 0.8))
    word = packed(kept)
  }
  return `${encodeHistory(history)}.${word}`
}

function memoryIn(word: string): Memory {
  const [history = '', brief = '', kept = ''] = word.split('.')
  return {
    history: decodeHistory(history),
    brief: parseBrief(unpacked(brief)) ?? [],
    kept: kept === '' ? null : parseKept(unpacked(kept)),
  }
}

/** As many changes as have room, from the first on; what people see comes before. */
function keptWord(report: Report, room: number): string {
  for (let most = report.plan.changes.length; most > 0; most = Math.floor(most * 0.8)) {
    const kept = keptOf(report, most)
    const word = kept === null ? '' : packed(kept)
    if (word.length < room) return word === '' ? '' : `.${word}`
  }
  return ''
}

/** Empty where it is not what was packed. */
function unpacked(word: string): string {
  try {
    return inflateRawSync(Buffer.from(word, 'base64'), {maxOutputLength: 1_000_000}).toString('utf8')
  } catch {
    return ''
  }
}

/** What stands out of sight in our own comment. */
export const memoryOf = async (number: number, {hub}: Reviewing): Promise<Memory> =>
  memoryIn((await hub.stateOf(number, marker)) ?? '')

/** What is remembered of this pull request. */
interface Known {
  readonly key: string
  /** Whether two runs may end differently. */
  readonly asks: boolean
  readonly history: History
  /** Of this very code under these very rules. */
  readonly earlier: readonly Sample[]
  /** Who opened the gate for this head; null: nobody. */
  readonly opener: string | null
  /** What this run alone said. */
  readonly own: Decision
}

async function recall(
  {target: {memory, head, into}, config, isAside}: Settled,
  {key, asks}: Pick<Known, 'key' | 'asks'>,
  shared: Reviewing,
): Promise<Known> {
  const about = {key, asks, own: 'error'} as const
  if (isAside || shared.part === 'plan') return {...about, history: noHistory, earlier: [], opener: null}
  const history = memory === null ? noHistory : (await memoryOf(memory, shared)).history
  if (config.gate === 'off') return {...about, history, earlier: [], opener: null}
  const context = contextOf(config.statusContext, into)
  const told = await shared.hub.toldOf(head, context)
  const heads = asks ? headsOf(history, key).filter((each) => each !== head) : []
  const others = await Promise.all(heads.map((each) => shared.hub.toldOf(each, context)))
  const earlier = asks ? samplesIn([...others.flat(), ...told], key) : []
  return {...about, history, earlier, opener: openerIn(told)}
}

/** Nothing is asked again: what the samples say together is said once more, also where a status of another head is new. */
async function publishAgain({earlier, opener}: Known, settled: Settled, shared: Reviewing): Promise<number> {
  const {target, config} = settled
  const {outside} = shared
  const {decision, reasons} = decideTogether(earlier, config.threshold)
  const mean = earlier.reduce((sum, {score}) => sum + score, 0) / earlier.length
  const words = plainLine(
    `${opened(decision, opener)}${statusWords(mean, decision, config.threshold)}, as judged before`,
  )
  const counted = counting(decision, opener)
  for (const {message} of reasons) outside.say(plainLine(message))
  if (await isMoved(settled, shared)) return 0
  outside.output('verdict', decision)
  outside.output('score', Math.round(mean * 100) / 100)
  outside.output('threshold', config.threshold)
  outside.output('cost-usd', 0)
  outside.output('cached', true)
  await setStatus(stateOf(counted, config.gate), words, target, config, shared)
  if (config.gate === 'enforce' && counted === 'fail') outside.blame(words)
  return exitOf(counted, config.gate)
}

/** Opened by somebody who may, for the one head and the one name that it was said of. */
const counting = (decision: Decision, opener: string | null): Decision => (opener === null ? decision : 'pass')
const opened = (decision: Decision, opener: string | null): string =>
  opener === null || decision === 'pass' ? '' : `opened by ${opener}; `

interface Reviewed {
  readonly judged: Judged
  readonly verdict: Verdict
  readonly known: Known
  readonly settled: Settled
  readonly chosen: Chosen
  readonly gold: GoldFile | null
  readonly spent: Usage
  readonly milliseconds: number
  /** What another job made the plan with; null: this one did. */
  readonly saved: Report | null
  readonly changed: readonly ChangedFile[]
}

const scoredAgain =
  'Another job made this plan; here it was only held against the code and scored once more, without a judge.'
const aside = 'Somebody asked for this pipeline; it is not the configured one, so this says nothing to the gate.'

const reportFor = (
  {
    judged,
    verdict,
    known,
    settled: {target, config, isAside},
    chosen,
    gold,
    spent,
    milliseconds,
    saved,
    changed,
  }: Reviewed,
  outside: Runner,
): Report =>
  reportOn({
    request: target.number === null ? null : {number: target.number, head: target.head, base: target.base},
    repository: {name: outside.repository, commit: target.head, server_url: outside.serverUrl},
    pipeline: saved?.pipeline ?? {name: chosen.pipeline.name, models: modelsOf(judged.trace)},
    plan: judged.plan,
    plan_path: planFileName(judged.plan, digestOf),
    scorecard: judged.scorecard,
    threshold: gold === null ? null : config.threshold,
    violations: judged.violations,
    verdict,
    protected: protectedIn(changed, config.protectedPaths),
    history: earlierHeads(known.history, target.head),
    usage: saved?.usage ?? spent,
    milliseconds,
    run_url: outside.runUrl,
    gold: judged.gold,
    leftOut: judged.pack.leftOut,
    notes: [
      ...(isAside ? [aside] : []),
      ...(saved === null ? (chosen.note === null ? [] : [chosen.note]) : [scoredAgain]),
      ...(saved === null ? unreadNotes(chosen.pipeline, judged.code.paths) : []),
      ...goneNotes(judged.gone),
      ...candidateNotes(judged.candidates, {plan: planFileName(judged.plan, digestOf)}),
    ],
  })

/** A gate that only warns leaves the merge open; behind one that does not, what could not be judged is never a success. */
export function stateOf(decision: Decision, gate: Config['gate']): 'success' | 'failure' | 'error' {
  if (decision === 'pass' || gate !== 'enforce') return 'success'
  return decision === 'fail' ? 'failure' : 'error'
}

interface Saved {
  readonly plan: string
  readonly report: string
  readonly sarif: string
}

/** The plan, the whole run and its findings, as files in the workspace. */
function save(report: Report, {workspace}: Runner): Saved {
  const plan = report.plan_path ?? planFileName(report.plan, digestOf)
  const saved = plan.replace(/plan_(.*)\.ya?ml$/, 'report_$1.json')
  writeInside(workspace, plan, renderPlan(report.plan))
  writeInside(workspace, saved, `${JSON.stringify(report, null, 2)}\n`)
  const sarif = saved.replace(/\.json$/, '.sarif')
  writeInside(workspace, sarif, sarifOf(report))
  return {plan, report: saved, sarif}
}

function tellOutputs(report: Report, saved: Saved, threshold: number, outside: Runner): void {
  const {verdict, scorecard, pipeline, usage} = report
  outside.output('verdict', verdict.decision)
  outside.output('score', scorecard?.score ?? null)
  outside.output('score-low', scorecard?.interval?.[0] ?? null)
  outside.output('score-high', scorecard?.interval?.[1] ?? null)
  outside.output('threshold', threshold)
  outside.output('pipeline', pipeline.name)
  outside.output('cost-usd', usage.usd)
  outside.output('tokens', usage.input_tokens + usage.output_tokens)
  outside.output('plan-path', saved.plan)
  outside.output('report-path', saved.report)
  outside.output('sarif-path', saved.sarif)
  outside.output('protected-changed', report.protected.length > 0)
}

/** GitHub takes 65,536 characters, the marker among them. */
const commentRoom = 65_000

/** Says so where it is: no verdict is published on a commit that nobody asks about any more. */
async function isMoved({target, config}: Settled, shared: Reviewing): Promise<boolean> {
  const {outside, hub, dryRun} = shared
  if (dryRun || target.number === null || (await hub.pull(target.number)).head.sha === target.head) return false
  await setStatus(
    'error',
    plainLine('the head moved while this ran; the run of the new head decides'),
    target,
    config,
    shared,
  )
  outside.warn(plainLine('the head of the pull request moved while this ran: no verdict was published'))
  outside.output('verdict', 'skipped')
  return true
}

/** A check that is not "success" where the gate is only a warning would block whoever requires all checks. */
const checkRunOf = (report: Report, counted: Decision, {target, config}: Settled, {runUrl}: Runner): CheckRun => ({
  sha: target.head,
  name: target.into === null ? 'Refactor plan' : plainLine(`Refactor plan (${target.into})`, 200),
  conclusion: counted === 'pass' ? 'success' : config.gate === 'enforce' ? 'failure' : 'neutral',
  title: statusDescription(report),
  summary: renderComment({...report, milliseconds: null}, {limit: 60_000}),
  detailsUrl: runUrl,
  annotations: annotationsOf(report),
})

async function publish(report: Report, settled: Settled, known: Known, shared: Reviewing): Promise<number> {
  const {target, config, isAside} = settled
  const {outside, hub, dryRun} = shared
  const {decision} = report.verdict
  const saved = save(report, outside)
  await outside.summarize(renderSummary(report))
  if (dryRun) outside.say(plainLine('dry run: nothing is written to GitHub'))
  if (await isMoved(settled, shared)) return 0
  tellOutputs(report, saved, config.threshold, outside)
  if (target.number !== null && config.comment !== 'off' && !dryRun) {
    // with the time in it no two runs would say the same, and each would edit the comment; the summary has it
    const word = memoryWord({history: known.history, brief: briefOf(report)})
    const body = renderComment({...report, milliseconds: null}, {limit: commentRoom - word.length})
    const state = `${word}${keptWord(report, commentRoom - word.length - body.length)}`
    const anew = config.comment === 'recreate'
    const said = {number: target.number, marker: isAside ? asideMarker : marker, body, anew}
    const {url} = await hub.upsertComment(isAside ? said : {...said, state})
    outside.output('comment-url', url)
  }
  const counted = counting(decision, known.opener)
  if (config.checkRun === 'on' && !isAside && !dryRun)
    await hub.addCheckRun(checkRunOf(report, counted, settled, outside))
  const mark = known.asks ? markOf(known.key, known.own) : ''
  const words = `${opened(decision, known.opener)}${statusDescription(report)}`
  // last: whatever fails before it leaves no success behind
  await setStatus(
    stateOf(counted, config.gate),
    plainLine(`${clip(words, 140 - mark.length)}${mark}`),
    target,
    config,
    shared,
  )
  if (config.gate === 'enforce' && counted === 'fail') outside.blame(statusDescription(report))
  return exitOf(counted, config.gate)
}
