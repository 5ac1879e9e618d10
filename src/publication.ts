/** What a run says, and where: the status, the comment, the check run, the outputs, the summary, the saved files. */
import {writeInside} from './adapters/disk.ts'
import type {CheckRun, Reaction, StatusState} from './adapters/github.ts'
import type {Runner} from './adapters/runner.ts'
import type {Config} from './config.ts'
import {Failure, messageOf} from './errors.ts'
import {keptWord, memoryWord, type Known} from './memory.ts'
import {digestOf, exitOf} from './outside.ts'
import {planFileName, renderPlan} from './plan/document.ts'
import {annotationsOf} from './report/annotations.ts'
import {briefOf} from './report/brief.ts'
import {renderFailure} from './report/failure.ts'
import {renderComment, renderSummary, statusDescription} from './report/markdown.ts'
import type {Report} from './report/report.ts'
import {sarifOf} from './report/sarif.ts'
import {decideTogether, markOf, statusWords} from './score/history.ts'
import type {Decision} from './score/scorecard.ts'
import {contextOf, marker, type Reviewing, type Settled, type Target} from './target.ts'
import {clip, link, plainLine, text, type Markdown, type Plain} from './trust.ts'

/** Of a run that somebody asked for with another pipeline than the configured one. */
const asideMarker = 'refactor-plan-aside'

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

/** What may be said on the pull request, and under which name. */
export type Manner = Pick<Config, 'gate' | 'comment' | 'statusContext'>

/** By the inputs alone: a base commit whose settings cannot be read must not leave the gate without a status. */
export const mannerOf = (settings: Reviewing['settings']): Manner => ({
  gate: settings['gate'] === 'off' ? 'off' : settings['gate'] === 'warn' ? 'warn' : 'enforce',
  comment: settings['comment'] === 'off' ? 'off' : 'update',
  statusContext: settings['status-context'] || 'refactor-plan/gate',
})

export async function setStatus(
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
export async function tell(thrown: unknown, target: Target, manner: Manner, shared: Reviewing): Promise<void> {
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

/** Nothing is asked again: what the samples say together is said once more, also where a status of another head is new. */
export async function publishAgain({earlier, opener}: Known, settled: Settled, shared: Reviewing): Promise<number> {
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
export function save(report: Report, {workspace}: Runner): Saved {
  const plan = report.plan_path ?? planFileName(report.plan, digestOf)
  const saved = plan.replace(/plan_(.*)\.ya?ml$/, 'report_$1.json')
  writeInside(workspace, plan, renderPlan(report.plan))
  writeInside(workspace, saved, `${JSON.stringify(report, null, 2)}\n`)
  const sarif = saved.replace(/\.json$/, '.sarif')
  writeInside(workspace, sarif, sarifOf(report))
  return {plan, report: saved, sarif}
}

export function tellOutputs(report: Report, saved: Saved, threshold: number, outside: Runner): void {
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

export async function publish(report: Report, settled: Settled, known: Known, shared: Reviewing): Promise<number> {
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
