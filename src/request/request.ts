/** An event becomes a request: plan this, help, or skip and why. */
import {Failure} from '../errors.ts'
import type {Untrusted} from '../trust.ts'
import {parseCommand, type Command, type RunCommand} from './command.ts'
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
  /** `head` null: the commit the run was started on. `branch`: whose tip has the policy, null: the default branch's. */
  | {
      readonly kind: 'commit'
      readonly head: string | null
      readonly branch: string | null
      /** The pull request that waits in the merge queue as this commit, where it is one alone; null: none. */
      readonly queued: number | null
    }

export interface PlanRequest {
  readonly kind: 'plan'
  readonly target: Target
  /** null: the configured one. */
  readonly goal: Untrusted | null
  readonly pipeline: string | null
  readonly again: boolean
  /** The comment that asked, for a reaction; `at` is when, ISO 8601: a later push was not meant. */
  readonly comment: {readonly id: number; readonly at: string} | null
  /** A pull request whose code comes from a fork: nobody here has let its author in. */
  readonly isFork: boolean
  /** A pull request from a fork, or of Dependabot, on `pull_request`: its token may be one that only reads. */
  readonly mayOnlyRead: boolean
}

/** `mode: evaluate` or `optimize`: a pipeline is measured, not a plan of this code. */
export interface TrialRequest {
  readonly kind: 'trial'
  /** Whose pipeline is measured; null: the commit the run was started on. */
  readonly head: string | null
  /** Where settings, gold standards and baseline come from; null: the same commit. */
  readonly base: string | null
  /** The branch that it is to be merged into; null: into none. */
  readonly into: string | null
}

/** Something is said, and no plan is made. */
export interface AnswerRequest {
  readonly kind: 'answer'
  /** The pull request to answer on. */
  readonly number: number
  readonly comment: {readonly id: number; readonly at: string}
  /** Who asked. */
  readonly by: string
  readonly command: Exclude<Command, RunCommand>
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
  /** A stranger's pipeline is not run with somebody else's keys. */
  | 'fork'

export interface Skip {
  readonly kind: 'skip'
  readonly reason: SkipReason
}

export type Request = PlanRequest | AnswerRequest | Skip

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
      return plan({kind: 'commit', head: null, branch: null, queued: null})
    case 'push':
      // by the policy of the default branch: a pushed commit that brought its own would open the gate of a pull request
      return event.after === null || branchIn(event.ref) === null
        ? skip('nothing-to-plan')
        : plan({kind: 'commit', head: event.after, branch: null, queued: null})
    case 'merge_group':
      // the queue's commit may be new code, so it is judged; what is known of the same code is not asked again. Its base may be
      // the commit of a group before it, which nobody has merged yet, so the policy is that of the branch
      if (event.action !== 'checks_requested') return skip('nothing-to-plan')
      return plan({
        kind: 'commit',
        head: event.head.sha,
        branch: branchIn(event.base.ref),
        queued: queuedIn(event.head.ref),
      })
    default:
      return skip('unsupported-event')
  }
}

/** As GitHub names the branch of a group: `gh-readonly-queue/main/pr-7-<base>`. */
function queuedIn(ref: string): number | null {
  const number = /\/pr-([1-9]\d{0,9})-[0-9a-f]{40,64}$/.exec(ref)?.[1]
  return number === undefined ? null : Number(number)
}

/** The short name; null for a tag. GitHub gives the base of a merge group both ways. */
const branchIn = (ref: string): string | null =>
  ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : ref.startsWith('refs/') ? null : ref

/**
 * Nobody may start a trial by writing a comment, and a trial of a pull request is one of its pipeline by the rules of its base.
 *
 * @param defaultBranch its short name
 */
export function understandTrial(
  event: Event,
  mode: 'evaluate' | 'optimize',
  defaultBranch: string | null,
): TrialRequest | Skip {
  switch (event.kind) {
    case 'schedule':
    case 'workflow_dispatch':
      return {kind: 'trial', head: null, base: null, into: null}
    case 'push':
      return event.after !== null && branchIn(event.ref) === defaultBranch
        ? {kind: 'trial', head: event.after, base: null, into: null}
        : skip('nothing-to-plan')
    case 'pull_request':
    case 'pull_request_target': {
      const asked = ofPullRequest(event)
      if (mode === 'optimize') return skip('unsupported-event')
      if (asked.kind === 'skip') return asked
      if (event.head.fork && event.kind === 'pull_request_target') return skip('fork')
      return {kind: 'trial', head: event.head.sha, base: event.base.sha, into: branchIn(event.base.ref)}
    }
    case 'merge_group':
      return mode === 'evaluate' && event.action === 'checks_requested'
        ? {kind: 'trial', head: event.head.sha, base: event.base.sha, into: branchIn(event.base.ref)}
        : skip('unsupported-event')
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
  isFork: false,
  mayOnlyRead: false,
  ...more,
})

function ofPullRequest(event: PullRequestEvent): Request {
  if (event.state === 'closed') return skip('closed')
  if (!plannedActions.includes(event.action) && !event.retargeted) return skip('nothing-to-plan')
  if (event.draft) return skip('draft')
  // Dependabot's token only reads as well, though its branch is in the same repository
  const isFork = event.head.fork
  const mayOnlyRead = event.kind === 'pull_request' && (isFork || event.author?.login === 'dependabot[bot]')
  return plan({kind: 'pull-request', number: event.number, head: event.head.sha}, {isFork, mayOnlyRead})
}

function ofComment(event: IssueCommentEvent, {permission, allowed}: Facts): Request {
  const command = spokenIn(event)
  if (typeof command === 'string') return skip(command)
  if (event.comment.author === null || permission === null || !allowed.includes(permission))
    return skip('not-permitted')
  const {number} = event.issue
  const comment = {id: event.comment.id, at: event.comment.createdAt}
  if (command.kind !== 'run') return {kind: 'answer', number, comment, by: event.comment.author.login, command}
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
    number === ''
      ? {kind: 'commit', head, branch: null, queued: null}
      : {kind: 'pull-request', number: Number(number), head},
    goal === '' ? {} : {goal},
  )
}
