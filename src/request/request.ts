/** An event becomes a request: plan this, help, or skip and why. */
import {Failure} from '../errors.ts'
import type {Untrusted} from '../trust.ts'
import {parseCommand, type Command} from './command.ts'
import type {DispatchEvent, Event, IssueCommentEvent, PullRequestEvent} from './event.ts'

export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'

export interface Facts {
  /** Of the account `commanderOf` names; null when it could not be asked, which permits nothing. */
  readonly permission: Permission | null
  /** The permissions that may command. */
  readonly allowed: readonly string[]
}

export type Target =
  /** `head`: the SHA, or 7 and more of its first digits, that was meant; a pull request whose head is another one is stale. */
  | {readonly kind: 'pull-request'; readonly number: number; readonly head: string | null}
  /** `head` null: the commit the run was started on. `base` null: it is its own base, as on the default branch. */
  | {readonly kind: 'commit'; readonly head: string | null; readonly base: string | null}

export interface PlanRequest {
  readonly kind: 'plan'
  readonly target: Target
  /** null: the configured one. */
  readonly goal: Untrusted | null
  readonly pipeline: string | null
  readonly again: boolean
  /** The comment that asked, for a reaction. */
  readonly comment: number | null
}

export interface HelpRequest {
  readonly kind: 'help'
  /** The pull request to answer on. */
  readonly number: number
  readonly comment: number
  /** The word that was not understood, null when help was asked for. */
  readonly unknown: Untrusted | null
}

export type SkipReason =
  | 'not-a-command'
  | 'not-a-pull-request'
  | 'not-permitted'
  | 'bot'
  | 'closed'
  /** Write no success: a draft that is made ready later would carry it. */
  | 'draft'
  | 'nothing-to-plan'
  | 'unsupported-event'

export interface Skip {
  readonly kind: 'skip'
  readonly reason: SkipReason
}

export type Request = PlanRequest | HelpRequest | Skip

/**
 * A workflow hears of `opened`, `reopened` and `synchronize` without asking; the others come only when its author listed them,
 * `labeled` being the usual way to let a maintainer start a run for a fork.
 */
const plannedActions: readonly string[] = ['opened', 'reopened', 'synchronize', 'ready_for_review', 'labeled']

/** @throws Failure `bad-input` when a dispatch names a pull request or commit that cannot be one */
export function understand(event: Event, facts: Facts): Request {
  switch (event.kind) {
    case 'pull_request':
    case 'pull_request_target':
      return ofPullRequest(event)
    case 'issue_comment':
      return ofComment(event, facts)
    case 'workflow_dispatch':
      return ofDispatch(event)
    case 'schedule':
      return plan({kind: 'commit', head: null, base: null})
    case 'push':
      return event.after === null ? skip('nothing-to-plan') : plan({kind: 'commit', head: event.after, base: null})
    case 'merge_group':
      // the queue's commit is new code: the verdicts of the pull requests in it were about other commits
      return event.action === 'checks_requested'
        ? plan({kind: 'commit', head: event.head.sha, base: event.base.sha})
        : skip('nothing-to-plan')
    default:
      return skip('unsupported-event')
  }
}

/** Whose permission `understand` needs; null when the event commands nothing, so that nothing is asked in vain. */
export function commanderOf(event: Event): string | null {
  if (event.kind !== 'issue_comment') return null
  return typeof spokenIn(event) === 'string' ? null : (event.comment.author?.login ?? null)
}

const skip = (reason: SkipReason): Skip => ({kind: 'skip', reason})

const plan = (target: Target, more: Partial<Omit<PlanRequest, 'kind' | 'target'>> = {}): PlanRequest => ({
  kind: 'plan',
  target,
  goal: null,
  pipeline: null,
  again: false,
  comment: null,
  ...more,
})

function ofPullRequest(event: PullRequestEvent): Request {
  if (event.state === 'closed') return skip('closed')
  if (!plannedActions.includes(event.action) && !event.retargeted) return skip('nothing-to-plan')
  if (event.draft) return skip('draft')
  return plan({kind: 'pull-request', number: event.number, head: event.head.sha})
}

function ofComment(event: IssueCommentEvent, {permission, allowed}: Facts): Request {
  const command = spokenIn(event)
  if (typeof command === 'string') return skip(command)
  if (event.comment.author === null || permission === null || !allowed.includes(permission))
    return skip('not-permitted')
  const {number} = event.issue
  const comment = event.comment.id
  if (command.kind !== 'run') {
    return {kind: 'help', number, comment, unknown: command.kind === 'unknown' ? command.word : null}
  }
  return plan(
    {kind: 'pull-request', number, head: command.sha},
    {goal: command.goal, pipeline: command.pipeline, again: command.again, comment},
  )
}

/** The command, or why there is none. An edited comment is none: whoever may edit comments could speak for its author. */
function spokenIn({action, comment, issue}: IssueCommentEvent): Command | SkipReason {
  const command = action === 'created' ? parseCommand(comment.body) : null
  if (command === null) return 'not-a-command'
  if (!issue.isPullRequest) return 'not-a-pull-request'
  if (comment.author !== null && isBot(comment.author)) return 'bot'
  if (issue.state === 'closed') return 'closed'
  return command
}

/** Only people command: any type but `User` counts as a bot, also one that GitHub has not thought of yet. */
const isBot = ({login, type}: {readonly login: string; readonly type: string}): boolean =>
  type !== 'User' || login.endsWith('[bot]')

/** Starting a workflow by hand needs write access; GitHub asks for it. Inputs `pr`, `sha` and `goal` are all optional. */
function ofDispatch({inputs}: DispatchEvent): Request {
  const number = inputs['pr']?.trim() ?? ''
  const sha = inputs['sha']?.trim().toLowerCase() ?? ''
  const goal = inputs['goal']?.trim() ?? ''
  if (number !== '' && !/^[1-9]\d{0,9}$/.test(number)) {
    throw new Failure('bad-input', `pr: ${number} is not the number of a pull request`, {hint: 'as in pr: 42'})
  }
  if (sha !== '' && !/^[0-9a-f]{7,64}$/.test(sha)) {
    throw new Failure('bad-input', `sha: ${sha} is not a commit`, {hint: 'at least the first seven hex digits'})
  }
  const head = sha === '' ? null : sha
  return plan(
    number === '' ? {kind: 'commit', head, base: null} : {kind: 'pull-request', number: Number(number), head},
    goal === '' ? {} : {goal},
  )
}
