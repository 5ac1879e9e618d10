/** What GitHub told the runner, as a closed union: the rest of the program never sees a payload. */
import * as z from 'zod'
import {Failure} from '../errors.ts'
import type {Untrusted} from '../trust.ts'

export interface Account {
  readonly login: string
  /** `User`, `Bot`, `Organization`, `Mannequin`, or what GitHub will think of next. */
  readonly type: string
}

export interface PullRequestEvent {
  readonly kind: 'pull_request' | 'pull_request_target'
  readonly action: string
  readonly number: number
  readonly head: {
    readonly sha: string
    readonly ref: Untrusted
    /** `owner/name`, null when the fork was deleted. */
    readonly repository: string | null
    readonly fork: boolean
  }
  readonly base: {readonly sha: string; readonly ref: Untrusted}
  /** Set when this event changed what the pull request merges into. */
  readonly retargeted: boolean
  readonly draft: boolean
  readonly state: 'open' | 'closed'
  /** null: the account is gone. */
  readonly author: Account | null
}

export interface IssueCommentEvent {
  readonly kind: 'issue_comment'
  readonly action: string
  readonly comment: {
    readonly id: number
    readonly body: Untrusted
    readonly author: Account | null
    /** ISO 8601, by GitHub's clock. */
    readonly createdAt: string
  }
  readonly issue: {readonly number: number; readonly isPullRequest: boolean; readonly state: 'open' | 'closed'}
}

export interface DispatchEvent {
  readonly kind: 'workflow_dispatch'
  /** Full name of the ref the run was started on. */
  readonly ref: Untrusted
  readonly inputs: Readonly<Record<string, Untrusted>>
}

export interface ScheduleEvent {
  readonly kind: 'schedule'
  readonly cron: string | null
}

export interface PushEvent {
  readonly kind: 'push'
  readonly ref: Untrusted
  /** null: the ref is new. */
  readonly before: string | null
  /** null: the ref was deleted. */
  readonly after: string | null
}

export interface MergeGroupEvent {
  readonly kind: 'merge_group'
  readonly action: string
  readonly head: {readonly sha: string; readonly ref: Untrusted}
  readonly base: {readonly sha: string; readonly ref: Untrusted}
}

export interface OtherEvent {
  readonly kind: 'other'
  readonly name: string
}

export type Event =
  | PullRequestEvent
  | IssueCommentEvent
  | DispatchEvent
  | ScheduleEvent
  | PushEvent
  | MergeGroupEvent
  | OtherEvent

/** The default branch of the repository that the event is of; null where the payload does not say. */
export function defaultBranchOf(payload: unknown): string | null {
  const read = z.object({repository: z.object({default_branch: z.string().min(1)})}).safeParse(payload)
  return read.success ? read.data.repository.default_branch : null
}

const Sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const AccountPayload = z.object({login: z.string(), type: z.string().default('User')}).nullish()
const State = z.enum(['open', 'closed'])

const PullRequestPayload = z.object({
  action: z.string(),
  changes: z.object({base: z.unknown()}).partial().optional(),
  pull_request: z.object({
    number: z.int().positive(),
    head: z.object({sha: Sha, ref: z.string(), repo: z.object({full_name: z.string()}).nullish()}),
    base: z.object({sha: Sha, ref: z.string(), repo: z.object({full_name: z.string()})}),
    draft: z.boolean().default(false),
    state: State,
    user: AccountPayload,
  }),
})

const IssueCommentPayload = z.object({
  action: z.string(),
  comment: z.object({
    id: z.int().positive(),
    body: z.string().nullish(),
    user: AccountPayload,
    created_at: z.string(),
  }),
  issue: z.object({number: z.int().positive(), state: State, pull_request: z.unknown().optional()}),
})

/** A form may send text, a flag, a number, or nothing for a field that was left empty. */
const Input = z.union([z.string(), z.number(), z.boolean()]).nullable()
const DispatchPayload = z.object({ref: z.string(), inputs: z.record(z.string(), Input).nullish()})
const SchedulePayload = z.object({schedule: z.string().nullish()})
const PushPayload = z.object({ref: z.string(), before: z.string(), after: z.string()})
const MergeGroupPayload = z.object({
  action: z.string(),
  merge_group: z.object({head_sha: Sha, head_ref: z.string(), base_sha: Sha, base_ref: z.string()}),
})

/**
 * @param name `GITHUB_EVENT_NAME`
 * @param payload the parsed content of `GITHUB_EVENT_PATH`; keys nobody asked for are ignored
 * @throws Failure `bad-event` when a known event lacks what GitHub documents for it
 */
export function parseEvent(name: string, payload: unknown): Event {
  switch (name) {
    case 'pull_request':
    case 'pull_request_target':
      return pullRequestOf(name, read(name, PullRequestPayload, payload))
    case 'issue_comment':
      return issueCommentOf(read(name, IssueCommentPayload, payload))
    case 'workflow_dispatch':
      return dispatchOf(read(name, DispatchPayload, payload))
    case 'schedule':
      return {kind: name, cron: read(name, SchedulePayload, payload).schedule ?? null}
    case 'push':
      return pushOf(read(name, PushPayload, payload))
    case 'merge_group':
      return mergeGroupOf(read(name, MergeGroupPayload, payload))
    default:
      return {kind: 'other', name}
  }
}

function read<T>(name: string, schema: z.ZodType<T>, payload: unknown): T {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'the payload' : issue.path.map(String).join('.')
  throw new Failure('bad-event', `${name}: ${place}: ${issue?.message ?? 'is not what GitHub sends'}`, {
    hint: 'GITHUB_EVENT_PATH must be the file that the runner wrote for this event',
  })
}

function pullRequestOf(
  kind: PullRequestEvent['kind'],
  {action, changes, pull_request: pull}: z.infer<typeof PullRequestPayload>,
): PullRequestEvent {
  const repository = pull.head.repo?.full_name ?? null
  return {
    kind,
    action,
    number: pull.number,
    head: {
      sha: pull.head.sha,
      ref: pull.head.ref,
      repository,
      fork: isFork(repository, pull.base.repo.full_name),
    },
    base: {sha: pull.base.sha, ref: pull.base.ref},
    retargeted: changes?.base !== undefined,
    draft: pull.draft,
    state: pull.state,
    author: pull.user ?? null,
  }
}

/**
 * `head.repo.fork` says something else: that the head's repository is a fork of anything, which is also true of a pull request
 * inside a repository that is itself a fork. A deleted repository cannot have been this one.
 */
export const isFork = (head: string | null, base: string): boolean => head?.toLowerCase() !== base.toLowerCase()

const issueCommentOf = ({action, comment, issue}: z.infer<typeof IssueCommentPayload>): IssueCommentEvent => ({
  kind: 'issue_comment',
  action,
  comment: {
    id: comment.id,
    body: comment.body ?? '',
    author: comment.user ?? null,
    createdAt: comment.created_at,
  },
  issue: {
    number: issue.number,
    isPullRequest: issue.pull_request !== undefined && issue.pull_request !== null,
    state: issue.state,
  },
})

const dispatchOf = ({ref, inputs}: z.infer<typeof DispatchPayload>): DispatchEvent => ({
  kind: 'workflow_dispatch',
  ref,
  inputs: Object.fromEntries(
    Object.entries(inputs ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
  ),
})

const pushOf = ({ref, before, after}: z.infer<typeof PushPayload>): PushEvent => ({
  kind: 'push',
  ref,
  before: shaOf(before),
  after: shaOf(after),
})

/** Forty zeros stand for "no commit". */
const shaOf = (text: string): string | null => (Sha.safeParse(text).success && !/^0+$/.test(text) ? text : null)

const mergeGroupOf = ({action, merge_group: group}: z.infer<typeof MergeGroupPayload>): MergeGroupEvent => ({
  kind: 'merge_group',
  action,
  head: {sha: group.head_sha, ref: group.head_ref},
  base: {sha: group.base_sha, ref: group.base_ref},
})
