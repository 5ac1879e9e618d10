/** `/refactor-plan apply C1`: a change of the plan, made on a branch of its own and offered to the branch of the pull request. */
import {amend, boundsOf, checkKeys, type Amendment} from './amendment.ts'
import {chosenChanges} from './apply/order.ts'
import {named} from './apply/place.ts'
import {questionInputs} from './apply/question.ts'
import type {Config} from './config.ts'
import {Failure} from './errors.ts'
import {choosePipeline, digestOf, makeHost} from './outside.ts'
import type {Entry} from './pack/pack.ts'
import type {Pipeline} from './pipeline/step.ts'
import type {Change, Plan} from './plan/plan.ts'
import {addUsage, noUsage, type Usage} from './provider.ts'
import {renderStale} from './report/help.ts'
import {planOfKept} from './report/kept.ts'
import {renderOffer, renderOffered, renderUnmade} from './report/offer.ts'
import type {Permission} from './request/request.ts'
import {memoryOf} from './memory.ts'
import {inFolder, readCommits, type Reviewing, type Target} from './target.ts'
import {code, fenced, markdown, plain, plainLine, text, type Markdown} from './trust.ts'

export interface Offering {
  readonly ids: readonly string[]
  readonly by: string
  readonly permission: Permission
  readonly number: number
  readonly target: Target
  /** Of the base commit. */
  readonly config: Config
  /** Why the head is not the one that was meant; null: it is. */
  readonly stale: string | null
}

export interface Answered {
  readonly body: Markdown
  readonly exit: 0 | 2 | 3
}

/** Who may have code written: those who may open the gate. */
const writers: readonly Permission[] = ['admin', 'maintain']

const say = (body: Markdown): Answered => ({body, exit: 0})

export async function offer(offering: Offering, shared: Reviewing): Promise<Answered> {
  const {ids, by, permission, number, target, stale} = offering
  const {hub, outside, keys} = shared
  if (!writers.includes(permission))
    return say(
      markdown`Only somebody who may maintain or administer this repository has changes made; ${text(by)} has: ${text(permission)}.`,
    )
  // a button lends everybody the rights of whoever wrote the comment
  if (outside.isRerun) return say(text('Changes are made by a comment, not by running one again: comment once more.'))
  if (stale !== null) return say(renderStale(stale))
  const pull = await hub.pull(number)
  if (pull.head.fork)
    return say(text('The head of this pull request is in another repository: nothing is offered to it from here.'))
  const {kept} = await memoryOf(number, shared)
  if (kept === null)
    return say(markdown`I remember no change of a plan for this pull request: comment \`/refactor-plan\` first.`)
  if (kept.head !== target.head)
    return say(
      markdown`The plan that I remember is about ${code(kept.head.slice(0, 12))}, and the head is ${code(target.head.slice(0, 12))}: comment \`/refactor-plan rerun\` first.`,
    )
  const plan = planOfKept(kept)
  try {
    const changes = chosenChanges(plan, {changes: ids.map((id) => knownAs(id, plan)), done: []})
    const {pipeline} = await choosePipeline('apply', keys, async () => null, {inputs: questionInputs})
    checkKeys(pipeline, keys)
    await hub.checkCommits()
    return await inFolder((folder) =>
      offerIn(folder, {...offering, plan, changes, pipeline, ref: pull.head.ref}, shared),
    )
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    if (ofThePlan.includes(thrown.code)) return say(text(`Nothing was changed: ${thrown.message}`))
    if (!ofTheToken.includes(thrown.code)) throw thrown
    outside.blame(plain(`${thrown.message} → ${thrown.hint ?? ''}`))
    return {
      body: markdown`Nothing is offered: ${text(thrown.message)}.\n\n${fenced(thrown.hint ?? '')}`,
      exit: thrown.exit,
    }
  }
}

/** What whoever asked can see to: everything else ends the run as it would any other. */
const ofThePlan: readonly string[] = [
  'no-such-change',
  'same-id',
  'missing-dependency',
  'circular-changes',
  'missing-key',
]

/** What the owner of the workflow can see to. */
const ofTheToken: readonly string[] = ['missing-permission', 'pull-requests-not-allowed']

const knownAs = (id: string, {changes}: Plan): string =>
  changes.find((each) => each.id.toLowerCase() === id.toLowerCase())?.id ?? id

interface Making extends Offering {
  readonly plan: Plan
  readonly changes: readonly Change[]
  readonly pipeline: Pipeline
  /** The branch of the pull request. */
  readonly ref: string
}

async function offerIn(folder: string, making: Making, shared: Reviewing): Promise<Answered> {
  const {plan, changes, pipeline, config, number, target} = making
  const {hub, outside} = shared
  let spent: Usage = noUsage
  const host = makeHost({
    keys: shared.keys,
    budget: {calls: null, tokens: null, usd: config.maxCostUsd},
    say: outside.say,
    signal: shared.signal,
    secrets: [shared.token],
    onSpent: (usage) => {
      spent = addUsage(spent, usage)
    },
  })
  const {head} = await readCommits(folder, target, shared)
  const amending = {plan, changes, pipeline, bounds: boundsOf(config), maxTokens: config.maxTokens}
  const amendment = await amend(amending, {source: head, guard: async () => null, write: () => {}}, host)
  outside.output('cost-usd', spent.usd)
  const {outcomes, failure} = amendment
  const exit = Math.max(...outcomes.map((each) => each.exit))
  if (failure !== null) outside.blame(plainLine(failure.message))
  if (outcomes.some(({state}) => state !== 'done') || amendment.files.length === 0)
    return {body: renderUnmade(outcomes), exit: exit === 3 || failure !== null ? (failure?.exit ?? 3) : 0}
  if ((await hub.pull(number)).head.sha !== target.head)
    return say(renderStale('the head of the pull request moved while this ran'))
  return commit(amendment, await head.list(), making, shared)
}

/** The name holds the head: what was made of another one is no ground to build on. */
const branchFor = ({number, changes, target}: Making): string => {
  const whole = changes.map(({id}) => id).join('-')
  const ids = whole
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 80)
  // `C.1` and `C-1` must not share a branch
  const isOne = changes.length === 1 && ids === whole
  const more = isOne ? '' : `-${digestOf(JSON.stringify(changes.map(({id}) => id))).slice(0, 8)}`
  return `refactor-plan/apply/${number}-${ids}${more}-${target.head.slice(0, 8)}`
}

/**
 * A title becomes the message of a commit, where words of a plan would command: `[skip ci]` keeps checks from running, `fixes #1`
 * closes an issue, `@name` calls somebody.
 */
const harmless = (title: string): string =>
  title
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replace(/[@#]|GH-(?=\d)|:\/\//gi, ' ')

async function commit(
  {files}: Amendment,
  entries: readonly Entry[],
  making: Making,
  {hub, outside}: Reviewing,
): Promise<Answered> {
  const {changes, target, config, number, by, pipeline, ref} = making
  const ids = changes.map(({id}) => id)
  const branch = branchFor(making)
  const titles = changes.map(({id, title}) => `${id}: ${title}`)
  const title = plainLine(titles.length === 1 ? harmless(titles[0] ?? '') : `${ids.join(', ')} of the plan`, 120)
  const executable = new Set(entries.flatMap(({path, isExecutable}) => (isExecutable === true ? [path] : [])))
  await hub.commitFiles({
    branch,
    base: target.head,
    files: files.map(({path, after}) => ({path, text: after, isExecutable: executable.has(path)})),
    within: {
      names: changes.flatMap(({files: edits, creates}) => [...edits, ...creates].map(named)),
      bounds: boundsOf(config),
    },
    message: plain(`${title}\n\nFrom the plan for ${target.head}, asked for by ${by}.`),
  })
  const models = pipeline.steps.flatMap((step) => step.models)
  const body = renderOffer({changes, number, head: target.head, by, models})
  const pull = await hub.openPull({head: branch, base: ref, title, body})
  outside.say(plainLine(`offered at ${pull.url}`))
  return say(
    renderOffered(
      ids,
      files.map(({path}) => path),
      pull,
      outside.serverUrl,
    ),
  )
}
