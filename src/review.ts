/** A pull request (or a commit) is read, planned, judged and told about: pending status → run → comment, status, outputs. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {writeInside} from './adapters/disk.ts'
import {fetchCommits, objects} from './adapters/git.ts'
import type {GitHub} from './adapters/github.ts'
import type {Runner} from './adapters/runner.ts'
import {configFile, parseConfig, type Config} from './config.ts'
import {Failure, messageOf} from './errors.ts'
import type {Source} from './host.ts'
import {
  chooseJudge,
  choosePipeline,
  digestOf,
  exitOf,
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
import {plainLine, type Markdown, type Plain} from './trust.ts'

/** What every mode of the Action is given. */
export interface Reviewing {
  readonly outside: Runner
  readonly hub: GitHub
  readonly token: string
  readonly keys: Keys
  /** The Action's inputs that are settings, empty text where not given. */
  readonly settings: Readonly<Record<string, string>>
  readonly dryRun: boolean
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
    outside.say(plainLine('the commit that was meant is not the head of the pull request any more: nothing was judged'))
    outside.output('verdict', 'skipped')
    if (request.comment !== null && !dryRun) await hub.react(request.comment, 'confused')
    return 0
  }
  if (request.comment !== null && !dryRun) await hub.react(request.comment, 'eyes')
  outside.output('head-sha', target.head)
  outside.output('base-sha', target.base)
  outside.output('pr-number', target.number)
  const status = statusOf(target, shared)
  // inputs alone: the base commit's file is not read yet, and an unreadable one must not leave the gate without a status
  await status('pending', plainLine('reading, planning, scoring'), shared.settings['status-context'] || defaultContext)
  const folder = await mkdtemp(join(process.env['RUNNER_TEMP'] || tmpdir(), 'refactor-plan-'))
  try {
    return await reviewIn(folder, request, permission, target, shared)
  } catch (thrown) {
    const failure =
      thrown instanceof Failure
        ? thrown
        : new Failure('bug', messageOf(thrown), {
            exit: 3,
            hint: 'this is a defect of the Action; the log has the stack',
          })
    await status(
      'error',
      plainLine(`not judged: ${failure.message}`, 140),
      shared.settings['status-context'] || defaultContext,
    )
    const body = renderFailure({code: failure.code, message: failure.message, hint: failure.hint}, outside)
    if (target.number !== null && !dryRun && shared.settings['comment'] !== 'off') {
      const {url} = await hub.upsertComment({number: target.number, marker, body})
      outside.output('comment-url', url)
    }
    await outside.summarize(body)
    outside.output('status-state', 'error')
    throw thrown
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

const defaultContext = 'refactor-plan/gate'

type SetStatus = (
  state: 'pending' | 'success' | 'failure' | 'error',
  description: Plain,
  context: string,
) => Promise<void>

const statusOf =
  ({head}: Target, {hub, outside, dryRun, settings}: Reviewing): SetStatus =>
  async (state, description, context) => {
    if (dryRun || settings['gate'] === 'off') return
    await hub.setStatus({sha: head, context: plainLine(context), state, description, targetUrl: outside.runUrl})
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
  const under = async (commit: string): Promise<Source> => ({
    ...(await objects(into, commit)),
    name: outside.repository,
  })
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

async function reviewIn(
  folder: string,
  request: PlanRequest,
  permission: Permission | null,
  target: Target,
  shared: Reviewing,
): Promise<number> {
  const {outside, keys} = shared
  const started = performance.now()
  const {head, base} = await readCommits(folder, target, shared)
  const readTrusted = trustedOf(base)
  const file = await readTrusted(configFile)
  const asked = {
    ...(request.goal === null ? {} : {goal: request.goal}),
    ...(request.pipeline === null ? {} : {pipeline: request.pipeline}),
  }
  const config = parseConfig({...shared.settings, ...asked}, file === null ? null : {path: configFile, text: file})
  if (permission !== null && !config.permissions.some((each) => each === permission)) {
    throw new Failure('not-permitted', `${permission} permission may not command here`, {
      hint: `the setting permissions names ${config.permissions.join(', ')}`,
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
    gold: gold?.gold ?? null,
    leftOut: judged.pack.leftOut,
    notes: chosen.note === null ? [] : [chosen.note],
  })

/** A failed gate that only warns leaves the merge open; what could not be judged is never a success. */
function stateOf(decision: Decision, gate: Config['gate']): 'success' | 'failure' | 'error' {
  if (decision === 'pass') return 'success'
  if (decision === 'fail') return gate === 'enforce' ? 'failure' : 'success'
  return 'error'
}

async function publish(report: Report, target: Target, config: Config, shared: Reviewing): Promise<number> {
  const {outside, hub, dryRun} = shared
  const planPath = report.plan_path ?? planFileName(report.plan, digestOf)
  writeInside(outside.workspace, planPath, renderPlan(report.plan))
  const reportPath = planPath.replace(/plan_(.*)\.ya?ml$/, 'report_$1.json')
  writeInside(outside.workspace, reportPath, `${JSON.stringify(report, null, 2)}\n`)
  await outside.summarize(renderSummary(report))
  const {decision} = report.verdict
  outside.output('verdict', decision)
  outside.output('score', report.scorecard?.score ?? null)
  outside.output('score-low', report.scorecard?.interval?.[0] ?? null)
  outside.output('score-high', report.scorecard?.interval?.[1] ?? null)
  outside.output('threshold', config.threshold)
  outside.output('pipeline', report.pipeline.name)
  outside.output('cost-usd', report.usage.usd)
  outside.output('plan-path', planPath)
  outside.output('report-path', reportPath)
  const body: Markdown = renderComment(report)
  if (dryRun) {
    outside.say(plainLine('dry run: nothing is written to GitHub'))
    return exitOf(decision, config.gate)
  }
  const status = statusOf(target, shared)
  if (target.number !== null && (await hub.pull(target.number)).head.sha !== target.head) {
    await status(
      'error',
      plainLine('the head moved while this ran; the run of the new head decides'),
      config.statusContext,
    )
    outside.warn(plainLine('the head of the pull request moved while this ran: no verdict was published'))
    outside.output('status-state', 'error')
    return 0
  }
  if (target.number !== null && config.comment !== 'off') {
    const {url} = await hub.upsertComment({number: target.number, marker, body})
    outside.output('comment-url', url)
  }
  const state = stateOf(decision, config.gate)
  if (config.gate !== 'off') outside.output('status-state', state)
  await status(state, statusDescription(report), config.statusContext)
  if (config.gate === 'enforce' && decision === 'fail') outside.blame(statusDescription(report))
  return exitOf(decision, config.gate)
}
