/** A pull request (or a commit) is read, planned, judged and told about: pending status → run → comment, status, outputs. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {writeInside} from './adapters/disk.ts'
import {fetchCommits, objects} from './adapters/git.ts'
import type {GitHub, Reaction, StatusState} from './adapters/github.ts'
import type {Runner} from './adapters/runner.ts'
import {configFile, parseConfig, type Config} from './config.ts'
import {Failure, messageOf} from './errors.ts'
import type {Source} from './host.ts'
import {
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
  type Chosen,
  type GoldFile,
  type Keys,
  type ReadTrusted,
} from './outside.ts'
import {textOf} from './pack/read.ts'
import {planFileName, renderPlan} from './plan/document.ts'
import {addUsage, noUsage, type Usage} from './provider.ts'
import {renderHelp} from './report/help.ts'
import {renderFailure} from './report/failure.ts'
import {renderComment, renderSummary, statusDescription} from './report/markdown.ts'
import {reportOn, type Report} from './report/report.ts'
import type {HelpRequest, Permission, PlanRequest} from './request/request.ts'
import {run, type Judged} from './run.ts'
import type {Decision} from './score/scorecard.ts'
import {plainLine, type Plain} from './trust.ts'

/** What every mode of the Action is given. */
export interface Reviewing {
  readonly outside: Runner
  readonly hub: GitHub
  readonly token: string
  readonly keys: Keys
  /** The Action's inputs that are settings, empty text where not given. */
  readonly settings: Readonly<Record<string, string>>
  readonly dryRun: boolean
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal
}

/** What is read: the commit under review, and the one that settings, pipelines and gold standards come from. */
export interface Target {
  readonly number: number | null
  readonly head: string
  readonly base: string
}

const marker = 'refactor-plan'

export async function answer(request: HelpRequest, {hub, outside, dryRun}: Reviewing): Promise<number> {
  const body = renderHelp(request.unknown)
  outside.output('verdict', 'skipped')
  if (dryRun) return 0
  await hub.react(request.comment, request.unknown === null ? 'eyes' : 'confused')
  const {url} = await hub.upsertComment({number: request.number, marker: `${marker}-help`, body})
  outside.output('comment-url', url)
  return 0
}

export async function review(request: PlanRequest, permission: Permission | null, shared: Reviewing): Promise<number> {
  const {outside, hub, dryRun} = shared
  const target = await targetOf(request, shared)
  if (target === null) {
    const why = 'the commit that was meant is not the head of the pull request any more: nothing was judged'
    return skip(plainLine(why), {comment: request.comment, with: 'confused'}, shared)
  }
  outside.output('head-sha', target.head)
  outside.output('base-sha', target.base)
  outside.output('pr-number', target.number)
  let manner = mannerOf(shared.settings)
  try {
    const {config, text} = await configFor(request, target, shared)
    manner = config
    if (permission !== null && !config.permissions.some((each) => each === permission)) {
      const why = `nothing to do: the setting permissions names ${config.permissions.join(', ')}, not ${permission}`
      return await skip(plainLine(why), {comment: request.comment, with: '-1'}, shared)
    }
    await setStatus('pending', plainLine('reading, planning, scoring'), target, manner, shared)
    if (request.comment !== null && !dryRun) await hub.react(request.comment, 'eyes')
    return await inFolder((folder) => reviewIn(folder, {target, config, text}, shared))
  } catch (thrown) {
    await tell(thrown, target, manner, shared)
    throw thrown
  }
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
  gate: settings['gate'] === 'off' ? 'off' : 'enforce',
  comment: settings['comment'] === 'off' ? 'off' : 'update',
  statusContext: settings['status-context'] || 'refactor-plan/gate',
})

async function setStatus(
  state: StatusState,
  description: Plain,
  {head}: Target,
  {gate, statusContext}: Manner,
  {hub, outside, dryRun}: Reviewing,
): Promise<void> {
  if (dryRun || gate === 'off') return
  await hub.setStatus({sha: head, context: plainLine(statusContext), state, description, targetUrl: outside.runUrl})
  outside.output('status-state', state)
}

/** Says everywhere that nothing was judged, each place by itself: one that cannot be written must not silence the others. */
async function tell(thrown: unknown, target: Target, manner: Manner, shared: Reviewing): Promise<void> {
  const {outside, hub, dryRun} = shared
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
  await attempt(() => setStatus('error', plainLine(`not judged: ${message}`, 140), target, manner, shared))
  await attempt(async () => {
    if (target.number === null || dryRun || manner.comment === 'off') return
    const {url} = await hub.upsertComment({number: target.number, marker, body})
    outside.output('comment-url', url)
  })
  await outside.summarize(body)
}

/** null: the commit that was meant is not the head any more. */
async function targetOf({target}: PlanRequest, {hub, outside}: Reviewing): Promise<Target | null> {
  if (target.kind === 'commit') {
    const head = target.head ?? outside.sha
    return {number: null, head, base: target.base ?? head}
  }
  const pull = await hub.pull(target.number)
  if (target.head !== null && !pull.head.sha.startsWith(target.head)) return null
  return {number: target.number, head: pull.head.sha, base: pull.base.sha}
}

/** Head and base as git objects in a bare repository of our own: nothing is checked out, no filter or hook can run. */
export async function readCommits(
  folder: string,
  {head, base}: Pick<Target, 'head' | 'base'>,
  {outside, token}: Reviewing,
): Promise<{readonly head: Source; readonly base: Source}> {
  const into = join(folder, 'objects.git')
  const url = `${outside.serverUrl}/${outside.repository}.git`
  await fetchCommits({url, token, commits: [...new Set([head, base])], into})
  const under = async (commit: string): Promise<Source> => {
    const source = await objects(into, commit)
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
}

/** The base commit's settings, asked of the API: what the pending status is called, and whether there is one, stands in them. */
async function configFor(
  {goal, pipeline}: PlanRequest,
  {base}: Target,
  {hub, settings}: Reviewing,
): Promise<Pick<Settled, 'config' | 'text'>> {
  const bytes = await hub.fileAt(base, configFile)
  const text = bytes === null ? null : textOf(bytes)
  const asked = {...(goal === null ? {} : {goal}), ...(pipeline === null ? {} : {pipeline})}
  return {config: parseConfig({...settings, ...asked}, text === null ? null : {path: configFile, text}), text}
}

async function reviewIn(folder: string, {target, config, text}: Settled, shared: Reviewing): Promise<number> {
  const {outside, keys, signal} = shared
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
  const chosen = await choosePipeline(config.pipeline, keys, readTrusted)
  const golds = await goldOfBase(base, config.gold)
  const gold = golds.find(isOwnGold) ?? null
  let spent: Usage = noUsage
  const host = makeHost({
    keys,
    budget: {calls: null, tokens: null, usd: config.maxCostUsd},
    say: outside.say,
    signal,
    onSpent: (usage) => {
      spent = addUsage(spent, usage)
    },
  })
  const judged = await run(
    {
      source: head,
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
    },
    host,
  )
  const milliseconds = Math.round(performance.now() - started)
  const report = reportFor({judged, target, chosen, config, gold, spent, milliseconds}, outside)
  return publish(report, target, config, shared)
}

interface Reviewed {
  readonly judged: Judged
  readonly target: Target
  readonly chosen: Chosen
  readonly config: Config
  readonly gold: GoldFile | null
  readonly spent: Usage
  readonly milliseconds: number
}

const reportFor = ({judged, target, chosen, config, gold, spent, milliseconds}: Reviewed, outside: Runner): Report =>
  reportOn({
    request: target.number === null ? null : {number: target.number, head: target.head, base: target.base},
    repository: {name: outside.repository, commit: target.head, server_url: outside.serverUrl},
    pipeline: {name: chosen.pipeline.name, models: modelsOf(judged.trace)},
    plan: judged.plan,
    plan_path: planFileName(judged.plan, digestOf),
    scorecard: judged.scorecard,
    threshold: gold === null ? null : config.threshold,
    violations: judged.violations,
    verdict: judged.verdict,
    usage: spent,
    milliseconds,
    run_url: outside.runUrl,
    gold: judged.gold,
    leftOut: judged.pack.leftOut,
    notes: [
      ...(chosen.note === null ? [] : [chosen.note]),
      ...unreadNotes(chosen.pipeline, judged.code.paths),
      ...goneNotes(judged.gone),
      ...candidateNotes(judged.candidates, {plan: planFileName(judged.plan, digestOf)}),
    ],
  })

/** A failed gate that only warns leaves the merge open; what could not be judged is never a success. */
function stateOf(decision: Decision, gate: Config['gate']): 'success' | 'failure' | 'error' {
  if (decision === 'pass') return 'success'
  if (decision === 'fail') return gate === 'enforce' ? 'failure' : 'success'
  return 'error'
}

/** The plan and the whole run, as files in the workspace. */
function save(report: Report, {workspace}: Runner): {readonly plan: string; readonly report: string} {
  const plan = report.plan_path ?? planFileName(report.plan, digestOf)
  const saved = plan.replace(/plan_(.*)\.ya?ml$/, 'report_$1.json')
  writeInside(workspace, plan, renderPlan(report.plan))
  writeInside(workspace, saved, `${JSON.stringify(report, null, 2)}\n`)
  return {plan, report: saved}
}

async function publish(report: Report, target: Target, config: Config, shared: Reviewing): Promise<number> {
  const {outside, hub, dryRun} = shared
  const {decision} = report.verdict
  const saved = save(report, outside)
  await outside.summarize(renderSummary(report))
  if (dryRun) outside.say(plainLine('dry run: nothing is written to GitHub'))
  else if (target.number !== null && (await hub.pull(target.number)).head.sha !== target.head) {
    const why = 'the head moved while this ran; the run of the new head decides'
    await setStatus('error', plainLine(why), target, config, shared)
    outside.warn(plainLine('the head of the pull request moved while this ran: no verdict was published'))
    outside.output('verdict', 'skipped')
    return 0
  }
  outside.output('verdict', decision)
  outside.output('score', report.scorecard?.score ?? null)
  outside.output('score-low', report.scorecard?.interval?.[0] ?? null)
  outside.output('score-high', report.scorecard?.interval?.[1] ?? null)
  outside.output('threshold', config.threshold)
  outside.output('pipeline', report.pipeline.name)
  outside.output('cost-usd', report.usage.usd)
  outside.output('plan-path', saved.plan)
  outside.output('report-path', saved.report)
  if (target.number !== null && config.comment !== 'off' && !dryRun) {
    // with the time in it no two runs would say the same, and each would edit the comment; the summary has it
    const body = renderComment({...report, milliseconds: null})
    const {url} = await hub.upsertComment({number: target.number, marker, body})
    outside.output('comment-url', url)
  }
  // last: whatever fails before it leaves no success behind
  await setStatus(stateOf(decision, config.gate), statusDescription(report), target, config, shared)
  if (config.gate === 'enforce' && decision === 'fail') outside.blame(statusDescription(report))
  return exitOf(decision, config.gate)
}
