/** What a command by comment gets that asks for no plan: words, the gate opened by somebody who may, a search for better words. */
import {memoryOf} from './memory.ts'
import {asksOf, skip} from './publication.ts'
import {contextOf, inForce, marker, targetOf, type Reviewing, type Target} from './target.ts'
import type {Config} from './config.ts'
import {diagnose} from './gate/diagnosis.ts'
import {filesAt} from './gate/files.ts'
import {gatherFacts} from './gate/gather.ts'
import {optimizeInRunner} from './nightly.ts'
import {offer} from './offer.ts'
import {variablesOf} from './outside.ts'
import {renderExplanation, renderOverride, renderStatus} from './report/brief.ts'
import {renderDoctor} from './report/doctor.ts'
import {renderHelp, renderStale} from './report/help.ts'
import type {AnswerRequest, Permission} from './request/request.ts'
import {earlierHeads, openerIn, openings} from './score/history.ts'
import {code, markdown, plainLine, text, type Markdown, type Plain} from './trust.ts'

interface Asked {
  readonly request: AnswerRequest
  readonly permission: Permission
  readonly target: Target
  readonly number: number
  readonly config: Config
  /** Name of the gate's status. */
  readonly context: Plain
  /** Why the head is not the one that was meant; null: it is. */
  readonly stale: string | null
  readonly isSeen: boolean
  readonly shared: Reviewing
}

/** null: there is nothing to say beside the reaction. */
type Reply = Markdown | null

/** Who may open a gate: not everybody who may write, and never who asks for the merge. */
const openers: readonly Permission[] = ['admin', 'maintain']

export async function answer(request: AnswerRequest, permission: Permission, shared: Reviewing): Promise<number> {
  const {outside, hub, dryRun} = shared
  const {command, number, comment} = request
  const named = command.kind === 'override' || command.kind === 'skip' ? command.sha : null
  const {target, stale, isSeen} = await targetOf({target: {kind: 'pull-request', number, head: named}, comment}, shared)
  const {config} = await inForce(target, shared)
  if (!config.permissions.some((each) => each === permission)) {
    const why = `nothing to do: the setting permissions names ${config.permissions.join(', ')}, not ${permission}`
    return skip(plainLine(why), {comment: request.comment.id, with: '-1'}, shared)
  }
  outside.output('verdict', 'skipped')
  if (dryRun) return 0
  const isUnknown = request.command.kind === 'unknown'
  await hub.react(request.comment.id, isUnknown ? 'confused' : 'eyes')
  const context = contextOf(config.statusContext, target.into)
  const asked = {request, permission, target, number, config, context, stale, isSeen, shared}
  const {body, exit} =
    command.kind === 'apply'
      ? await offer({ids: command.ids, by: request.by, permission, number, target, config, stale}, shared)
      : {body: await replyTo(asked), exit: 0}
  if (body === null) return 0
  const {url} = await hub.upsertComment({number: request.number, marker: `${marker}-help`, body})
  outside.output('comment-url', url)
  return exit
}

async function replyTo(asked: Asked): Promise<Reply> {
  const {request, permission, target, number, config, context, shared} = asked
  const {command, by} = request
  switch (command.kind) {
    case 'help':
    case 'unknown': {
      const word = command.kind === 'unknown' ? command.word : null
      return renderHelp(word, {config, context, base: target.base, by, permission})
    }
    case 'status':
      return standing(asked)
    case 'explain':
      return renderExplanation((await memoryOf(number, shared)).brief, command.id)
    case 'override':
      return open(asked, 'override', command.reason)
    case 'skip':
      return open(asked, 'skip', 'this change needs no plan')
    case 'doctor':
      return doctor(shared)
    // answered before
    case 'apply':
      return null
    default: {
      const trial = {kind: 'trial', head: target.base, base: target.base, into: null} as const
      await optimizeInRunner(trial, shared, shared.optimizer)
      return markdown`The pipeline was searched for better words; ${asksOf(shared)} says what came of it.`
    }
  }
}

async function standing({target: {head}, number, context, shared}: Asked): Promise<Reply> {
  const said = await shared.hub.statusOf(head, context)
  const {history} = await memoryOf(number, shared)
  return renderStatus({
    context,
    head,
    state: said?.state ?? null,
    description: said?.description ?? null,
    earlier: earlierHeads(history, head),
    overriddenBy: openerIn(await shared.hub.toldOf(head, context)),
  })
}

/** By name, for one commit, in public: the comment that says so is never edited. */
async function open(asked: Asked, kind: 'override' | 'skip', reason: string): Promise<Reply> {
  const {request, permission, target, number, config, context, stale, isSeen, shared} = asked
  const {hub, outside} = shared
  const {by} = request
  if (stale !== null) return renderStale(stale)
  const {head} = target
  if (!isSeen) {
    const example = `/refactor-plan ${kind} ${head.slice(0, 7)}${kind === 'skip' ? '' : ' <reason>'}`
    return markdown`It cannot be told whether you have seen this head. Look at it, and name it: ${code(example)}.`
  }
  // a button lends everybody the rights of whoever wrote the comment
  if (outside.isRerun) return text('The gate is opened by a comment, not by running one again: comment once more.')
  const {author} = await hub.pull(number)
  if (!openers.includes(permission))
    return markdown`Only somebody who may maintain or administer this repository opens its gate; ${text(by)} has: ${text(permission)}.`
  if (author?.login.toLowerCase() === by.toLowerCase())
    return text('Nobody opens the gate for a pull request of his own: ask another maintainer.')
  if (config.gate === 'off') return text('The gate is off here: there is nothing to open.')
  const before = await hub.statusOf(head, context)
  const was = before === null ? 'nothing' : `${before.state}, ${before.description ?? ''}`
  const body = renderOverride(by, permission, head, reason, was)
  const {url} = await hub.upsertComment({number, marker: `${marker}-${kind}:${head.slice(0, 12)}`, body})
  outside.output('comment-url', url)
  const description = plainLine(`${openings[kind]} by ${by}: ${reason}`)
  await hub.setStatus({sha: head, context, state: 'success', description, targetUrl: url})
  outside.output('status-state', 'success')
  return null
}

async function doctor({hub, outside, keys}: Reviewing): Promise<Reply> {
  const {name, sha} = await hub.branch(null)
  const facts = await gatherFacts({
    repository: outside.repository,
    branch: name,
    rulebook: hub,
    files: filesAt(hub, sha),
    here: null,
    keys: variablesOf(keys),
  })
  return renderDoctor(diagnose(facts))
}

/** `mode: doctor`: the same in the job's summary. */
export async function doctorInRunner(shared: Reviewing): Promise<number> {
  await shared.outside.summarize((await doctor(shared)) ?? markdown``)
  shared.outside.output('verdict', 'skipped')
  return 0
}
