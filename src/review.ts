/** A pull request (or a commit) is read, planned, judged and told about: pending status → run → comment, status, outputs. */
import {join} from 'node:path'
import {changedFiles, type ChangedFile} from './adapters/git.ts'
import type {Runner} from './adapters/runner.ts'
import {readArtifact, saveArtifact} from './artifact.ts'
import {configFile, type Config} from './config.ts'
import {Failure} from './errors.ts'
import type {Host, Source} from './host.ts'
import {recall, type Known} from './memory.ts'
import {
  asksModels,
  candidateNotes,
  chooseJudge,
  choosePipeline,
  digestOf,
  goneNotes,
  isOwnGold,
  makeHost,
  modelsOf,
  programVersion,
  unreadNotes,
  type Chosen,
  type GoldFile,
} from './outside.ts'
import {protectedIn} from './pack/protected.ts'
import type {Texts} from './pack/read.ts'
import {planFileName} from './plan/document.ts'
import {addUsage, noUsage, type Usage} from './provider.ts'
import {mannerOf, publish, publishAgain, save, setStatus, skip, tell, tellOutputs, type Manner} from './publication.ts'
import {renderStale} from './report/help.ts'
import {renderSummary} from './report/markdown.ts'
import {reportOn, type Report} from './report/report.ts'
import type {Permission, PlanRequest} from './request/request.ts'
import {
  codeOf,
  judgePlan,
  keyOf,
  packSource,
  readWhole,
  run,
  scanTexts,
  type Job,
  type Judged,
  type Packed,
} from './run.ts'
import {earlierHeads, maxSamples, verdictWith, withTaken} from './score/history.ts'
import type {Verdict} from './score/scorecard.ts'
import {
  configFor,
  goldOfBase,
  inFolder,
  marker,
  readCommits,
  targetOf,
  trustedOf,
  type Reviewing,
  type Settled,
  type Target,
} from './target.ts'
import {plainLine} from './trust.ts'

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

async function reviewIn(folder: string, settled: Settled, request: PlanRequest, shared: Reviewing): Promise<number> {
  const {target, config, text} = settled
  const started = performance.now()
  const parting = await partingOf(settled, shared)
  const {head, base, also} = await readCommits(folder, target, shared, parting)
  const readTrusted = trustedOf(base)
  // the API answers 404 for a token that may not look, and it follows links: only what git says is the policy
  if ((await readTrusted(configFile)) !== text) {
    throw new Failure('config-unclear', `${configFile} of ${target.base} is not the same by git and by GitHub's API`, {
      hint: 'it must be a regular text file; if it is one, run again',
      exit: 3,
    })
  }
  const changed =
    target.number === null ? [] : await changedFiles(join(folder, 'objects.git'), parting ?? target.base, target.head)
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
  const key = keyFor({...job, goal: settled.ownGoal}, [target.base, parting], chosen, gold, packed, host)
  const before = await recall(settled, {key, asks}, shared)
  const asksAgain = request.again || request.goal !== null
  const isKnown = before.earlier.length > 0 && (!asksAgain || before.earlier.length >= maxSamples)
  if (isKnown && saved === null) return publishAgain(before, settled, shared)
  if (waits) return waitForWord(settled, shared)
  const held = {...job, before: await textsBefore(settled, job, [base, also], host)}
  const judged = saved === null ? await run(held, host, packed) : await judgeAgain(saved, held, packed, host)
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

/**
 * Where a pull request left its base: what was done or repaired there since is no deed of who has not merged it yet. A commit that
 * somebody pushed or queued is held against the base alone.
 */
const partingOf = async ({target}: Settled, {hub}: Reviewing): Promise<string | null> =>
  target.number === null ? null : hub.mergeBaseOf(target.base, target.head)

async function textsBefore(
  {config}: Settled,
  job: Job,
  sources: readonly (Source | null)[],
  host: Host,
): Promise<readonly Texts[]> {
  if (config.failOnNew === 'off') return []
  const before: Texts[] = []
  for (const source of sources) if (source !== null) before.push(await readWhole({...job, source}, host))
  return before
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
  const [code, scan] = [codeOf(packed.whole), await scanTexts(packed.whole, host)]
  const trace = {
    pipeline: job.pipeline.name,
    steps: [],
    output: {text: '', data: null, ok: true},
    usage: noUsage,
    notes: [],
  }
  return {
    pack: packed.pack,
    scan,
    code,
    plan,
    trace,
    ...(await judgePlan(plan, {code, scan}, {...job, judge: null}, host)),
  }
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
  policy: {
    threshold: config.threshold,
    requireGold: config.requireGold,
    requireJudge: config.requireJudge,
    failOnNew: config.failOnNew,
  },
  maxTokens: config.maxTokens,
  include: config.include,
  exclude: config.exclude,
  goldRoots: [config.gold],
  goldDigests: new Set(golds.map(({text}) => digestOf(text))),
})

/** Sixteen digits of it; the policy is part of it, so that another threshold is another question. */
const keyFor = (
  job: Job,
  before: readonly (string | null)[],
  {text}: Chosen,
  gold: GoldFile | null,
  packed: Packed,
  host: Host,
): string =>
  keyOf(
    {
      gold: gold?.text ?? null,
      pipeline: text,
      isJudged: job.judge !== null,
      goal: job.goal,
      maxTokens: job.maxTokens,
      // what is new depends on what was there
      program: JSON.stringify([programVersion(), job.policy, ...(job.policy.failOnNew === 'off' ? [] : before)]),
    },
    packed,
    host,
  ).slice(0, 16)

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
