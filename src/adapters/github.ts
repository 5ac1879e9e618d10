/** GitHub's REST API, as far as the program needs it. The SDK is named here and nowhere else, and loaded at the first call. */
import type {Octokit} from '@octokit/rest'
import * as z from 'zod'
import {isReached, refusalOf, type Bounds} from '../apply/place.ts'
import {Failure, messageOf} from '../errors.ts'
import type {BranchRules, FolderEntry, Protection, RequiredCheck, Rulebook, WorkflowDefaults} from '../gate/facts.ts'
import {isFork, type Account} from '../request/event.ts'
import type {Annotation} from '../report/annotations.ts'
import type {Permission} from '../request/request.ts'
import {unscrubbed, type Scrub} from '../secrets.ts'
import {clip, hidden, plain, plainLine, type Markdown, type Plain} from '../trust.ts'
import {delayMs, maxTries, patiently, pause, waitOf} from './patience.ts'

export interface Settings {
  readonly token: string
  /** `https://api.github.com`, or `https://<host>/api/v3`. */
  readonly apiUrl: string
  /** `owner/name`. */
  readonly repository: string
  /**
   * Ends every call and every wait at once, with `Failure` `cancelled`. Who has something to say after that makes a second
   * `GitHub` with a deadline of its own: `AbortSignal.timeout(5000)`.
   */
  readonly signal?: AbortSignal | undefined
  /** Takes secrets out of all that is written. */
  readonly scrub?: Scrub
  /** For tests. */
  readonly wait?: (ms: number) => Promise<void>
  readonly timeoutMs?: number
}

export interface Pull {
  readonly number: number
  readonly state: 'open' | 'closed'
  readonly draft: boolean
  readonly head: {
    readonly sha: string
    readonly ref: string
    readonly repository: string | null
    readonly fork: boolean
  }
  /** `isDefault`: it merges into the default branch, or GitHub did not say. */
  readonly base: {readonly sha: string; readonly ref: string; readonly isDefault: boolean}
  /** null: the account is gone. */
  readonly author: Account | null
  /** For people. */
  readonly url: string
}

export type StatusState = 'pending' | 'success' | 'failure' | 'error'

export interface Status {
  readonly sha: string
  readonly context: Plain
  readonly state: StatusState
  /** Cut at GitHub's 140 characters. */
  readonly description: Plain
  readonly targetUrl: string | null
}

/** Beside the gate, for reading: GitHub hangs check runs at any suite of the commit, so no rule should ask for this one. */
export interface CheckRun {
  readonly sha: string
  readonly name: string
  readonly conclusion: 'success' | 'failure' | 'neutral'
  readonly title: Plain
  readonly summary: Markdown
  readonly detailsUrl: string
  readonly annotations: readonly Annotation[]
}

export interface CommentRequest {
  readonly number: number
  /** Letters, digits and `:._/-`: tells this comment from others of the same author. It is put on top, out of sight. */
  readonly marker: string
  readonly body: Markdown
  /** One word behind the marker, out of sight. Not given: what is there stays. */
  readonly state?: string
  /** What says something else is not changed: a new comment takes its place, at the end of the talk, where people are told of it. */
  readonly anew?: boolean
}

export interface Written {
  readonly id: number
  readonly url: string
  readonly done: 'created' | 'updated' | 'unchanged'
}

export type Reaction = '+1' | '-1' | 'confused' | 'eyes' | 'rocket' | 'heart' | 'hooray' | 'laugh'

export interface Commit {
  /** Below `refactor-plan/`; made when it is not there, else grown, never rewritten. */
  readonly branch: string
  /** Full SHA that a new branch starts from. */
  readonly base: string
  /** `text` null: the file goes. */
  readonly files: readonly {readonly path: string; readonly text: string | null; readonly isExecutable?: boolean}[]
  /**
   * Paths and folders that may be written, and what of them not; not given: YAML of pipelines and gold standards alone. With it
   * the branch holds `base` and these files and nothing else, whatever it held before: anybody may have made a branch of that name.
   */
  readonly within?: {readonly names: readonly string[]; readonly bounds: Bounds}
  readonly message: Plain
}

export interface PullRequest {
  readonly head: string
  readonly base: string
  readonly title: Plain
  readonly body: Markdown
}

/** Every function throws `Failure` (see `failureOf`) but `react`, which answers false, and `permissionOf`, null unless cancelled. */
export interface GitHub extends Rulebook {
  readonly pull: (number: number) => Promise<Pull>
  /** The tip of a branch, null: of the default branch. */
  readonly branch: (name: string | null) => Promise<{readonly name: string; readonly sha: string}>
  /** When a branch last moved, ISO 8601 by GitHub's clock; null when that could not be asked. */
  readonly pushedAt: (repository: string, ref: string) => Promise<string | null>
  /** Where the two parted; null when they never were one, or GitHub does not say. */
  readonly mergeBaseOf: (base: string, head: string) => Promise<string | null>
  /** A file of a commit without fetching it; null: it is not there, or the token may not see it, which GitHub does not tell apart. */
  readonly fileAt: (commit: string, path: string) => Promise<Uint8Array | null>
  /** null when it could not be asked, for whatever reason: treat it as none. */
  readonly permissionOf: (login: string) => Promise<Permission | null>
  readonly statusOf: (
    sha: string,
    context: string,
  ) => Promise<{
    readonly state: StatusState
    readonly description: string | null
    readonly targetUrl: string | null
  } | null>
  readonly setStatus: (status: Status) => Promise<void>
  readonly addCheckRun: (check: CheckRun) => Promise<void>
  /** One comment for a marker, however often this is called and whatever breaks in between. */
  readonly upsertComment: (comment: CommentRequest) => Promise<Written>
  /** The word behind the marker of our own comment; null: there is no such comment, or it has none. */
  readonly stateOf: (number: number, marker: string) => Promise<string | null>
  /** Descriptions of all statuses of that name on a commit, the newest first, of the thousand that GitHub keeps. */
  readonly toldOf: (sha: string, context: string) => Promise<readonly string[]>
  /** An emoji on a comment. False when it could not be: no run fails for that. */
  readonly react: (comment: number, content: Reaction) => Promise<boolean>
  /** Finds out before anything is paid for, by a blob that nothing refers to. Throws `Failure` `missing-permission`. */
  readonly checkCommits: () => Promise<void>
  /** `changed` is false when the branch, or `base` where there is no branch, holds the same files already. */
  readonly commitFiles: (commit: Commit) => Promise<{readonly sha: string; readonly changed: boolean}>
  /** The open pull request from `head` to `base`, made or brought up to date. */
  readonly openPull: (pull: PullRequest) => Promise<Written>
  /** What stands in a folder of a commit, `''` at the top; null: it is not there, or the token may not see it. */
  readonly listFolder: (commit: string, path: string) => Promise<readonly FolderEntry[] | null>
}

interface Client {
  readonly octokit: () => Promise<Octokit>
  readonly where: {readonly owner: string; readonly repo: string}
  readonly wait: (ms: number) => Promise<void>
  /** Who the token speaks for. */
  readonly login: () => Promise<string>
  readonly scrub: Scrub
}

/** @throws Failure `missing-token`, `bad-repository` */
export function github(settings: Settings): GitHub {
  const client = clientOf(settings)
  return {
    pull: (number) => readPull(client, number),
    branch: (name) => readBranch(client, name),
    mergeBaseOf: (base, head) => readMergeBase(client, base, head),
    pushedAt: (repository, ref) => readPushed(client, repository, ref),
    fileAt: (commit, path) => readFile(client, commit, path),
    permissionOf: (login) => readPermission(client, login),
    statusOf: (sha, context) => readStatus(client, sha, context),
    setStatus: (status) => writeStatus(client, status),
    addCheckRun: (check) => writeCheckRun(client, check),
    upsertComment: (comment) => upsertComment(client, comment),
    stateOf: async (number, marker) => stateIn((await findComments(client, number, marker))[0]?.body ?? '', marker),
    toldOf: (sha, context) => readTold(client, sha, context),
    react: (comment, content) => react(client, comment, content),
    checkCommits: () => checkCommits(client),
    commitFiles: (commit) => commitFiles(client, commit),
    openPull: (pull) => openPull(client, pull),
    listFolder: (commit, path) => readFolder(client, commit, path),
    ...rulebook(client),
  }
}

function clientOf({token, apiUrl, repository, signal, scrub = unscrubbed, ...more}: Settings): Client {
  if (token === '') {
    throw new Failure('missing-token', 'there is no GitHub token', {
      hint: 'set GITHUB_TOKEN, or leave the input `token` at its default',
    })
  }
  const [owner = '', repo = '', ...rest] = repository.split('/')
  if (owner === '' || repo === '' || rest.length > 0) {
    throw new Failure('bad-repository', `${repository} is not a repository`, {hint: 'as in owner/name'})
  }
  const wait = more.wait ?? ((ms: number) => pause(ms, signal))
  const fetch = patiently({wait, repeatable, now: Date.now, timeoutMs: more.timeoutMs ?? 30_000, signal})
  const octokit = once(async () => {
    const sdk = await import('@octokit/rest')
    return new sdk.Octokit({
      auth: token,
      baseUrl: apiUrl.replace(/\/+$/, ''),
      userAgent: 'refactor-plan',
      // the SDK would print what the other side says straight into the runner's log
      log: silence,
      request: {fetch, log: silence},
    })
  })
  const where = {owner, repo}
  const login = once(() => readLogin({octokit, where, wait, login: async () => '', scrub}))
  return {octokit, where, wait, login, scrub}
}

const silence = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}}

/** Asked at the first call; a failure is not remembered. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = null
      throw thrown
    })
    return made
  }
}

/** The git objects are named by their content, a status and a reaction replace their like, and our GraphQL only reads. */
const repeatable = (method: string, {pathname}: URL): boolean =>
  method === 'GET' ||
  method === 'PATCH' ||
  /\/(?:statuses\/[^/]+|git\/(?:blobs|trees|commits)|reactions|graphql)$/.test(pathname)

/* ---------------------------------------------------------------------------------------------------------- failures */

interface About {
  /** As in "could not …". */
  readonly what: string
  /** The line of `permissions:` that allows it. */
  readonly needs: string
}

async function call<T>(client: Client, about: About, act: (octokit: Octokit) => Promise<T>): Promise<T> {
  const octokit = await client.octokit()
  try {
    return await act(octokit)
  } catch (thrown) {
    throw failureOf(thrown, about)
  }
}

const RequestFault = z.object({
  status: z.number(),
  response: z
    .object({
      headers: z.record(z.string(), z.unknown()).default({}),
      data: z.object({message: z.string()}).partial().optional().catch(undefined),
    })
    .optional(),
})

/**
 * What GitHub refused, as something to act on: `bad-token`, `missing-permission`, `pull-requests-not-allowed`,
 * `github-not-found`, `github-conflict`, `github-refused` (exit 2), `github-rate-limit`, `github-unavailable`, `cancelled`
 * (exit 3).
 */
function failureOf(thrown: unknown, about: About): Failure {
  if (thrown instanceof Failure) return thrown
  // the SDK wraps whatever its `fetch` throws
  if (thrown instanceof Error && thrown.cause instanceof Failure) return thrown.cause
  const fault = RequestFault.safeParse(thrown)
  const said = plainLine(messageOf(thrown), 300)
  const message = `GitHub: could not ${about.what}: ${said}`
  const {status, response} = fault.success ? fault.data : {status: 500, response: undefined}
  if (response === undefined || status >= 500) {
    return new Failure('github-unavailable', message, {
      exit: 3,
      retry: {afterMs: null},
      hint: 'run it again; https://www.githubstatus.com says whether GitHub has an incident',
      cause: thrown,
    })
  }
  const get = (name: string): string | null => {
    const value = response.headers[name]
    return typeof value === 'string' ? value : null
  }
  const afterMs = waitOf({get}, Date.now())
  if (status === 429 || (status === 403 && (afterMs !== null || /rate limit/i.test(said)))) {
    return new Failure('github-rate-limit', message, {
      exit: 3,
      retry: {afterMs},
      hint: afterMs === null ? 'run it again in some minutes' : `run it again in ${Math.ceil(afterMs / 1000)} s`,
      cause: thrown,
    })
  }
  return refusal(status, message, about, thrown)
}

function refusal(status: number, message: string, {needs}: About, cause: unknown): Failure {
  if (status === 401) {
    return new Failure('bad-token', message, {cause, hint: 'the token is wrong or has run out: see the input `token`'})
  }
  if (status === 403 && /not permitted to create or approve/i.test(message)) {
    return new Failure('pull-requests-not-allowed', message, {
      cause,
      hint: 'turn on Settings → Actions → General → "Allow GitHub Actions to create and approve pull requests"',
    })
  }
  if (status === 403 && /not accessible by/i.test(message)) {
    const fork =
      'A pull request from a fork gets a token that only reads, whatever the workflow says: comment on it instead.'
    return new Failure('missing-permission', message, {
      cause,
      hint: `add to the job in the workflow file:\npermissions:\n  ${needs}\n${fork}`,
    })
  }
  if (status === 404) {
    return new Failure('github-not-found', message, {
      cause,
      hint: `it is not there, or the token may not see it (\`permissions:\` needs \`${needs}\`)`,
    })
  }
  if (status === 409 || (status === 422 && /already exists|not a fast.forward/i.test(message))) {
    return new Failure('github-conflict', message, {
      cause,
      hint: 'somebody else changed it at the same time; run it again',
    })
  }
  return new Failure('github-refused', message, {cause})
}

const isCode = (thrown: unknown, ...codes: readonly string[]): boolean =>
  thrown instanceof Failure && codes.includes(thrown.code)

const mayHaveHappened = (thrown: unknown): boolean =>
  isCode(thrown, 'github-unavailable', 'github-conflict', 'github-rate-limit')

/** Looks, then makes; after a failure that may have come too late to prevent anything it looks again before it tries again. */
async function ensure<T>(
  {wait}: Client,
  look: () => Promise<T | null>,
  make: () => Promise<T>,
): Promise<{readonly value: T; readonly made: boolean}> {
  for (let attempt = 1; ; attempt++) {
    const value = await look()
    if (value !== null) return {value, made: attempt > 1}
    try {
      return {value: await make(), made: true}
    } catch (thrown) {
      if (attempt === maxTries || !mayHaveHappened(thrown)) throw thrown
      await wait(delayMs(attempt))
    }
  }
}

/* ------------------------------------------------------------------------------------------------------------- reads */

async function readPull(client: Client, number: number): Promise<Pull> {
  const {data} = await call(client, {what: `read pull request ${number}`, needs: 'pull-requests: read'}, ({pulls}) =>
    pulls.get({...client.where, pull_number: number}),
  )
  // typed as always there, but null for a deleted fork and a deleted account
  const repository = z.object({full_name: z.string()}).nullable().parse(data.head.repo)?.full_name ?? null
  const author = z.object({login: z.string(), type: z.string()}).nullable().parse(data.user)
  return {
    number: data.number,
    state: data.state === 'open' ? 'open' : 'closed',
    draft: data.draft ?? false,
    head: {
      sha: data.head.sha,
      ref: data.head.ref,
      repository,
      fork: isFork(repository, data.base.repo.full_name),
    },
    base: {sha: data.base.sha, ref: data.base.ref, isDefault: isDefault(data.base)},
    author,
    url: data.html_url,
  }
}

function isDefault({ref, repo}: {readonly ref: string; readonly repo: unknown}): boolean {
  const known = z.object({default_branch: z.string()}).safeParse(repo)
  return !known.success || known.data.default_branch === ref
}

/** When the branch last moved, by GitHub's own clock: the date in a commit is whatever its author wrote. */
async function readPushed(client: Client, repository: string, ref: string): Promise<string | null> {
  const [owner = '', repo = ''] = repository.split('/')
  try {
    const octokit = await client.octokit()
    const {data} = await octokit.repos.listActivities({owner, repo, ref: `refs/heads/${ref}`, per_page: 1})
    return data[0]?.timestamp ?? null
  } catch (thrown) {
    if (isCode(failureOf(thrown, {what: 'read the pushes', needs: 'contents: read'}), 'cancelled')) throw thrown
    return null
  }
}

async function readMergeBase(client: Client, base: string, head: string): Promise<string | null> {
  try {
    return await call(client, {what: 'compare base and head', needs: 'contents: read'}, async ({repos}) => {
      const basehead = `${base}...${head}`
      const {data} = await repos.compareCommitsWithBasehead({...client.where, basehead, per_page: 1})
      return data.merge_base_commit.sha
    })
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'github-not-found') return null
    throw thrown
  }
}

async function readBranch(client: Client, name: string | null): Promise<{readonly name: string; readonly sha: string}> {
  const about = {what: `read ${name === null ? 'the default branch' : `the branch ${name}`}`, needs: 'contents: read'}
  return call(client, about, async ({git, repos}) => {
    const branch = name ?? (await repos.get(client.where)).data.default_branch
    const {data} = await git.getRef({...client.where, ref: `heads/${branch}`})
    return {name: branch, sha: data.object.sha}
  })
}

/** Of up to 1 MB; a larger one comes without its content. */
const Content = z.object({encoding: z.literal('base64'), content: z.string()})

async function readFile(client: Client, commit: string, path: string): Promise<Uint8Array | null> {
  try {
    const {data} = await call(client, {what: `read ${path}`, needs: 'contents: read'}, ({repos}) =>
      repos.getContent({...client.where, path, ref: commit}),
    )
    const file = Content.safeParse(data)
    return file.success ? Buffer.from(file.data.content, 'base64') : null
  } catch (thrown) {
    if (isCode(thrown, 'github-not-found')) return null
    throw thrown
  }
}

const Role = z.enum(['admin', 'maintain', 'write', 'triage', 'read', 'none'])

/** `role_name` tells maintain from write and triage from read; a role of an organisation's own counts as what it is built on. */
async function readPermission(client: Client, login: string): Promise<Permission | null> {
  try {
    const octokit = await client.octokit()
    const {data} = await octokit.repos.getCollaboratorPermissionLevel({...client.where, username: login})
    return Role.safeParse(data.role_name).data ?? Role.safeParse(data.permission).data ?? null
  } catch (thrown) {
    const failure = failureOf(thrown, {what: `ask what ${login} may do`, needs: 'metadata: read'})
    // else a cancelled run would go on, and end well, as that of somebody without rights
    if (isCode(failure, 'cancelled')) throw failure
    return null
  }
}

const Viewer = z.object({viewer: z.object({login: z.string().min(1)})})

/**
 * `GET /user` answers people. A runner's token and an app's are refused there with 403, but GraphQL tells them their name;
 * where that is refused too, it can only be the runner's own. An outage is no answer: it throws.
 */
async function readLogin(client: Client): Promise<string> {
  const about = {what: 'ask whose token this is', needs: 'metadata: read'}
  try {
    return (await call(client, about, ({users}) => users.getAuthenticated())).data.login
  } catch (thrown) {
    if (!isCode(thrown, 'missing-permission', 'github-refused', 'github-not-found')) throw thrown
  }
  try {
    const answer = await call(client, about, (octokit) => octokit.graphql<unknown>('query {viewer {login}}'))
    const {login} = Viewer.parse(answer).viewer
    return login
  } catch (thrown) {
    if (isCode(thrown, 'cancelled')) throw thrown
    if (isCode(thrown, 'github-unavailable', 'github-rate-limit') && isTransport(thrown)) throw thrown
    return 'github-actions[bot]'
  }
}

/** GraphQL answers errors with 200, which the SDK throws without a status; that is an answer, not an outage. */
const isTransport = (thrown: unknown): boolean =>
  thrown instanceof Failure && z.object({status: z.number()}).safeParse(thrown.cause).success

async function readStatus(
  client: Client,
  sha: string,
  context: string,
): Promise<{
  readonly state: StatusState
  readonly description: string | null
  readonly targetUrl: string | null
} | null> {
  for (let page = 1; ; page++) {
    const {data, headers} = await call(
      client,
      {what: `read the statuses of ${sha}`, needs: 'statuses: read'},
      ({repos}) => repos.listCommitStatusesForRef({...client.where, ref: sha, per_page: 100, page}),
    )
    // newest first
    const found = data.find((status) => status.context === context)
    const state = z.enum(['pending', 'success', 'failure', 'error']).safeParse(found?.state)
    if (found !== undefined && state.success) {
      return {state: state.data, description: found.description, targetUrl: found.target_url}
    }
    if (!hasNext(headers.link)) return null
  }
}

async function readTold(client: Client, sha: string, context: string): Promise<readonly string[]> {
  const told: string[] = []
  for (let page = 1; page <= 10; page++) {
    const {data, headers} = await call(
      client,
      {what: `read the statuses of ${sha}`, needs: 'statuses: read'},
      ({repos}) => repos.listCommitStatusesForRef({...client.where, ref: sha, per_page: 100, page}),
    )
    for (const status of data) if (status.context === context) told.push(status.description ?? '')
    if (!hasNext(headers.link)) break
  }
  return told
}

const hasNext = (link: string | undefined): boolean => /rel="next"/.test(link ?? '')

/* ------------------------------------------------------------------------------------------------------------ writes */

async function writeStatus(client: Client, {sha, context, state, description, targetUrl}: Status): Promise<void> {
  if (!isSha(sha)) throw new Failure('bad-commit', `${plainLine(sha, 80)} is not the full SHA of a commit`)
  await call(client, {what: `set the status ${context}`, needs: 'statuses: write'}, ({repos}) =>
    repos.createCommitStatus({
      ...client.where,
      sha,
      context: plainLine(context, 255),
      state,
      description: plainLine(client.scrub(description), 140),
      ...(targetUrl === null ? {} : {target_url: targetUrl}),
    }),
  )
}

/** GitHub takes 50 annotations a request, and adds those of later ones. */
const annotationsAtOnce = 50
/** Characters of a check run's summary. */
const maxCheckSummary = 65_535
const canWriteChecks = 'checks: write'

async function writeCheckRun(client: Client, check: CheckRun): Promise<void> {
  const {sha, name, conclusion, annotations, detailsUrl} = check
  const outputOf = (from: number) => ({
    title: plainLine(client.scrub(check.title), 255),
    summary: clip(client.scrub(check.summary), maxCheckSummary),
    annotations: annotations.slice(from, from + annotationsAtOnce).map((each) => ({
      path: each.path,
      start_line: each.start,
      end_line: each.end,
      annotation_level: each.level,
      title: plainLine(client.scrub(each.title), 255),
      message: plain(client.scrub(each.message), 8000),
    })),
  })
  const about = {what: `add the check run ${name}`, needs: canWriteChecks}
  const {data} = await call(client, about, ({checks}) =>
    checks.create({
      ...client.where,
      head_sha: sha,
      name,
      status: 'completed',
      conclusion,
      details_url: detailsUrl,
      output: outputOf(0),
    }),
  )
  for (let from = annotationsAtOnce; from < annotations.length; from += annotationsAtOnce)
    await call(client, about, ({checks}) =>
      checks.update({...client.where, check_run_id: data.id, output: outputOf(from)}),
    )
}

const isSha = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)

interface Comment {
  readonly id: number
  readonly url: string
  readonly body: string
}

/** GitHub answers 422 to a longer body. */
const maxBody = 65_536
const canWritePulls = 'pull-requests: write'

async function upsertComment(
  client: Client,
  {number, marker, body, state, anew = false}: CommentRequest,
): Promise<Written> {
  if (!/^\w[\w:./-]{0,98}\w$/.test(marker) || marker.includes('--')) {
    throw new Failure('bad-marker', `${plainLine(marker, 80)} cannot mark a comment`)
  }
  const wholeOf = (old: string): string => {
    if (isMarked(body, marker)) return client.scrub(body)
    const word = state ?? stateIn(old, marker)
    return [hidden(word === null ? marker : `${marker} ${word}`), client.scrub(body)].join('\n')
  }
  const longest = wholeOf('').length
  if (longest > maxBody) {
    throw new Failure('comment-too-long', `the comment has ${longest} characters, GitHub takes ${maxBody}`)
  }
  let older: readonly Comment[] = []
  const look = async (): Promise<Comment | null> => {
    const [newest = null, ...others] = await findComments(client, number, marker)
    older = others
    return newest
  }
  const {value, made} = await ensure(client, look, () => createComment(client, number, wholeOf('')))
  const whole = wholeOf(value.body)
  if (isSame(value.body, whole)) {
    await removeComments(client, older)
    return {id: value.id, url: value.url, done: made ? 'created' : 'unchanged'}
  }
  if (!anew) {
    await call(client, {what: `change comment ${value.id}`, needs: canWritePulls}, ({issues}) =>
      issues.updateComment({...client.where, comment_id: value.id, body: whole}),
    )
    await removeComments(client, older)
    return {id: value.id, url: value.url, done: 'updated'}
  }
  const lookAgain = async (): Promise<Comment | null> => {
    const newest = await look()
    return newest !== null && isSame(newest.body, whole) ? newest : null
  }
  const {value: next} = await ensure(client, lookAgain, () => createComment(client, number, whole))
  await removeComments(client, [value, ...older.filter(({id}) => id !== value.id)])
  return {id: next.id, url: next.url, done: 'created'}
}

const maxRemoved = 5

/** Two runs that end together write two comments, and the older one would tell an old verdict for ever. No run fails for that. */
async function removeComments(client: Client, comments: readonly Comment[]): Promise<void> {
  for (const {id} of comments.slice(0, maxRemoved)) {
    try {
      await call(client, {what: `remove comment ${id}`, needs: canWritePulls}, ({issues}) =>
        issues.deleteComment({...client.where, comment_id: id}),
      )
    } catch {
      return
    }
  }
}

/** The first line is a hidden comment that starts with the marker; state may follow it. Text further down may be a quote. */
const isMarked = (body: string, marker: string): boolean =>
  body.startsWith(`<!-- ${marker} `) && (body.split('\n', 1)[0] ?? '').trimEnd().endsWith('-->')

const stateIn = (body: string, marker: string): string | null =>
  /^<!-- \S+ (\S+) -->/.exec(isMarked(body, marker) ? (body.split('\n', 1)[0] ?? '') : '')?.[1] ?? null

const isSame = (a: string, b: string): boolean => normal(a) === normal(b)
const normal = (body: string): string => body.replaceAll('\r\n', '\n').trimEnd()

/**
 * The newest first, of those that carry the marker and were written by this very account: anybody can write the marker, and a comment of
 * somebody else must neither be changed nor believed.
 */
async function findComments(client: Client, number: number, marker: string): Promise<readonly Comment[]> {
  const me = await client.login()
  const found: Comment[] = []
  for (let page = 1; ; page++) {
    const {data, headers} = await call(
      client,
      {what: `read the comments of ${number}`, needs: 'pull-requests: read'},
      ({issues}) => issues.listComments({...client.where, issue_number: number, per_page: 100, page}),
    )
    for (const {id, html_url: url, body = '', user} of data)
      if (user?.login === me && isMarked(body, marker)) found.push({id, url, body})
    if (!hasNext(headers.link)) return found.toSorted((a, b) => b.id - a.id)
  }
}

async function createComment(client: Client, number: number, body: string): Promise<Comment> {
  const {data} = await call(client, {what: `comment on ${number}`, needs: canWritePulls}, ({issues}) =>
    issues.createComment({...client.where, issue_number: number, body}),
  )
  return {id: data.id, url: data.html_url, body}
}

async function react(client: Client, comment: number, content: Reaction): Promise<boolean> {
  try {
    const octokit = await client.octokit()
    await octokit.reactions.createForIssueComment({...client.where, comment_id: comment, content})
    return true
  } catch {
    return false
  }
}

/* ------------------------------------------------------------------------------------------- branches, pull requests */

const canWriteContents = 'contents: write'
/** Nothing else is ever committed, whatever a model or an artifact names. */
const writable = /^(?:evolved_pipelines|pipelines|gold)\/[A-Za-z0-9._/-]+\.ya?ml$/

function checkCommit({branch, base, files, within}: Commit): void {
  const segments = branch.split('/')
  const named = /^refactor-plan\/[A-Za-z0-9._/-]{1,200}$/.test(branch)
  if (!named || segments.some((part) => !/^[A-Za-z0-9_-]/.test(part) || /\.\.|\.$|\.lock$/.test(part))) {
    throw new Failure('bad-branch', `${plainLine(branch, 80)} is not a branch below refactor-plan/`)
  }
  if (!isSha(base)) throw new Failure('bad-commit', `${plainLine(base, 80)} is not the full SHA of a commit`)
  const isWrong = (path: string): boolean =>
    within === undefined
      ? !writable.test(path) || path.split('/').some((part) => /^\.{0,2}$|^\.git$/i.test(part))
      : !isReached(path, within.names) || refusalOf(path, within.bounds) !== null
  const wrong = files.find(({path}) => isWrong(path))
  if (wrong) {
    const allowed = 'only YAML files below evolved_pipelines/, pipelines/ and gold/ are'
    throw new Failure('not-writable', `${plainLine(wrong.path, 120)} may not be committed`, {
      hint: within === undefined ? allowed : 'only files that the change names are, and none that is protected',
    })
  }
}

async function checkCommits(client: Client): Promise<void> {
  await call(client, {what: 'make a commit', needs: canWriteContents}, ({git}) =>
    git.createBlob({...client.where, content: '', encoding: 'utf-8'}),
  )
}

async function commitFiles(client: Client, commit: Commit): Promise<{readonly sha: string; readonly changed: boolean}> {
  checkCommit(commit)
  const made = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const tip = await findTip(client, commit.branch)
    // an answer was lost, the commit was not
    if (tip !== null && made.has(tip)) return {sha: tip, changed: true}
    const parent = tip ?? commit.base
    const sha = await makeCommit(client, parent, commit)
    if (sha === null) return {sha: parent, changed: false}
    made.add(sha)
    try {
      await moveBranch(client, commit.branch, sha, tip === null)
      return {sha, changed: true}
    } catch (thrown) {
      if (attempt === maxTries || !mayHaveHappened(thrown)) throw thrown
      await client.wait(delayMs(attempt))
    }
  }
}

async function findTip(client: Client, branch: string): Promise<string | null> {
  try {
    return (await readBranch(client, branch)).sha
  } catch (thrown) {
    if (isCode(thrown, 'github-not-found')) return null
    throw thrown
  }
}

/**
 * null when `parent` holds these files already. Neither author nor committer is given: only then does GitHub sign the commit.
 * https://docs.github.com/authentication/managing-commit-signature-verification/about-commit-signature-verification
 */
async function makeCommit(
  client: Client,
  parent: string,
  {base, files, within, message}: Commit,
): Promise<string | null> {
  const {scrub} = client
  return call(client, {what: 'make a commit', needs: canWriteContents}, async ({git}) => {
    const {data: before} = await git.getCommit({...client.where, commit_sha: parent})
    const isOwn = within === undefined || parent === base
    const under = isOwn ? before : (await git.getCommit({...client.where, commit_sha: base})).data
    const {data: tree} = await git.createTree({
      ...client.where,
      base_tree: under.tree.sha,
      tree: files.map(({path, text, isExecutable}) => ({
        path,
        mode: isExecutable === true ? '100755' : '100644',
        type: 'blob',
        ...(text === null ? {sha: null} : {content: scrub(text)}),
      })),
    })
    if (tree.sha === before.tree.sha) return null
    const {data} = await git.createCommit({
      ...client.where,
      message: scrub(plain(message)),
      tree: tree.sha,
      parents: [parent],
    })
    return data.sha
  })
}

async function moveBranch(client: Client, branch: string, sha: string, isNew: boolean): Promise<void> {
  await call(client, {what: `move the branch ${branch}`, needs: canWriteContents}, async ({git}) => {
    if (isNew) await git.createRef({...client.where, ref: `refs/heads/${branch}`, sha})
    else await git.updateRef({...client.where, ref: `heads/${branch}`, sha, force: false})
  })
}

interface OpenPull extends Comment {
  readonly title: string
}

/** GitHub answers 422 to a longer title. */
const maxTitle = 256

async function openPull(client: Client, {head, base, title, body: given}: PullRequest): Promise<Written> {
  const short = plainLine(client.scrub(title), maxTitle)
  const body = client.scrub(given)
  const {value, made} = await ensure<OpenPull>(
    client,
    () => findPull(client, head, base),
    async () => {
      const {data} = await call(client, {what: 'open a pull request', needs: canWritePulls}, ({pulls}) =>
        pulls.create({...client.where, head, base, title: short, body}),
      )
      return {id: data.number, url: data.html_url, title: short, body}
    },
  )
  const {id, url} = value
  if (value.title === short && isSame(value.body, body)) return {id, url, done: made ? 'created' : 'unchanged'}
  await call(client, {what: `change pull request ${id}`, needs: canWritePulls}, ({pulls}) =>
    pulls.update({...client.where, pull_number: id, title: short, body}),
  )
  return {id, url, done: 'updated'}
}

async function findPull(client: Client, head: string, base: string): Promise<OpenPull | null> {
  const from = `${client.where.owner}:${head}`
  const {data} = await call(
    client,
    {what: `look for a pull request of ${head}`, needs: 'pull-requests: read'},
    ({pulls}) => pulls.list({...client.where, state: 'open', head: from, base, per_page: 1}),
  )
  const [pull] = data
  return pull === undefined ? null : {id: pull.number, url: pull.html_url, title: pull.title, body: pull.body ?? ''}
}

/* ------------------------------------------------------------------------------------------- the rules of a branch */

function rulebook(client: Client): Rulebook {
  return {
    rulesOf: (branch) => readRules(client, branch),
    protectionOf: (branch) => readProtection(client, branch),
    bypassOf: (ruleset) => readBypass(client, ruleset),
    workflowPermissions: () => readDefaults(client),
    appOf: (slug) => readApp(client, slug),
  }
}

/** null for what the token may not see: GitHub answers 403 or 404 then, and 404 also for what is not there. */
async function visible<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (thrown) {
    if (isCode(thrown, 'missing-permission', 'github-not-found') || isForbidden(thrown)) return null
    throw thrown
  }
}

/** As "Must have admin rights to Repository." and "Upgrade to GitHub Pro or make this repository public". */
const isForbidden = (thrown: unknown): boolean =>
  thrown instanceof Failure &&
  thrown.code === 'github-refused' &&
  z.object({status: z.literal(403)}).safeParse(thrown.cause).success

async function readFolder(client: Client, commit: string, path: string): Promise<readonly FolderEntry[] | null> {
  const about = {what: `list ${path === '' ? 'the files' : path}`, needs: 'contents: read'}
  return visible(async () => {
    const {data} = await call(client, about, ({repos}) => repos.getContent({...client.where, path, ref: commit}))
    if (!Array.isArray(data)) return null
    return data.map(({name, type}) => ({name, kind: type === 'file' ? 'file' : type === 'dir' ? 'folder' : 'other'}))
  })
}

/** Of all active rulesets, those of the organisation included; for this, reading the repository is enough. */
async function readRules(client: Client, branch: string): Promise<BranchRules | null> {
  const about = {what: `read the rules of ${branch}`, needs: 'metadata: read'}
  return visible(async () => {
    const checks: RequiredCheck[] = []
    const workflows: string[] = []
    let queue = false
    let ownersReview = false
    for (let page = 1; ; page++) {
      const {data, headers} = await call(client, about, ({repos}) =>
        repos.getBranchRules({...client.where, branch, per_page: 100, page}),
      )
      for (const rule of data) {
        if (rule.type === 'required_status_checks')
          for (const {context, integration_id: app} of rule.parameters?.required_status_checks ?? [])
            checks.push({context, app: appIn(app), ruleset: rule.ruleset_id ?? null})
        if (rule.type === 'workflows') workflows.push(...(rule.parameters?.workflows ?? []).map(({path}) => path))
        if (rule.type === 'merge_queue') queue = true
        if (rule.type === 'pull_request') ownersReview ||= rule.parameters?.require_code_owner_review === true
      }
      if (!hasNext(headers.link)) return {checks, queue, ownersReview, workflows}
    }
  })
}

/** Older answers say -1 for "any source". */
const appIn = (id: number | null | undefined): number | null => (id === undefined || id === null || id < 0 ? null : id)

const checksIn = (required: {
  readonly contexts: readonly string[]
  readonly checks?: readonly {readonly context: string; readonly app_id: number | null}[]
}): readonly RequiredCheck[] => {
  const checks = (required.checks ?? []).map(({context, app_id: app}) => ({context, app: appIn(app), ruleset: null}))
  const known = new Set(checks.map(({context}) => context))
  // servers before `checks` came have the names alone
  return [
    ...checks,
    ...required.contexts
      .filter((context) => !known.has(context))
      .map((context) => ({context, app: null, ruleset: null})),
  ]
}

/**
 * Only an administrator may read the protection itself. Whoever may read the branch is told whether it has one and which
 * statuses it requires. https://docs.github.com/rest/branches/branches#get-a-branch
 */
async function readProtection(client: Client, branch: string): Promise<Protection | null> {
  const about = {what: `read the protection of ${branch}`, needs: 'administration: read'}
  const whole = await visible(() =>
    call(client, about, ({repos}) => repos.getBranchProtection({...client.where, branch})),
  )
  if (whole !== null) {
    const {
      required_status_checks: required,
      enforce_admins: admins,
      required_pull_request_reviews: reviews,
    } = whole.data
    return {
      checks: required === undefined ? [] : checksIn(required),
      ownersReview: reviews?.require_code_owner_reviews === true,
      adminsBypass: admins?.enabled !== true,
    }
  }
  const summary = await visible(() =>
    call(client, {...about, needs: 'contents: read'}, ({repos}) => repos.getBranch({...client.where, branch})),
  )
  if (summary === null) return null
  const {protected: isProtected, protection} = summary.data
  if (!isProtected || protection.enabled === false) return {checks: [], ownersReview: false, adminsBypass: null}
  const {required_status_checks: required} = protection
  const level = required?.enforcement_level
  return {
    checks: required === undefined ? null : level === 'off' ? [] : checksIn(required),
    ownersReview: null,
    adminsBypass: level === 'everyone' ? false : level === 'non_admins' ? true : null,
  }
}

/** The list is handed out only to who may change the ruleset. */
async function readBypass(client: Client, ruleset: number): Promise<readonly string[] | null> {
  const about = {what: `read ruleset ${ruleset}`, needs: 'metadata: read'}
  return visible(async () => {
    const {data} = await call(client, about, ({repos}) =>
      repos.getRepoRuleset({...client.where, ruleset_id: ruleset, includes_parents: true}),
    )
    return data.bypass_actors?.map(({actor_type: type, actor_id: id}) => bypassText(type, id ?? null)) ?? null
  })
}

/** Roles that a repository has by itself. */
const roles = new Map([
  [5, 'administrators'],
  [2, 'maintainers'],
  [4, 'everybody who may write'],
])

function bypassText(type: string, id: number | null): string {
  if (type === 'OrganizationAdmin') return "the organisation's administrators"
  if (type === 'DeployKey') return 'deploy keys'
  if (type === 'RepositoryRole') return roles.get(id ?? 0) ?? `role ${id ?? 'unknown'}`
  return `${type === 'Integration' ? 'app' : type.toLowerCase()} ${id ?? 'unknown'}`
}

async function readDefaults(client: Client): Promise<WorkflowDefaults | null> {
  const about = {what: 'read the settings of workflows', needs: 'administration: read'}
  return visible(async () => {
    const {data} = await call(client, about, ({actions}) =>
      actions.getGithubActionsDefaultWorkflowPermissionsRepository(client.where),
    )
    return {permissions: data.default_workflow_permissions, mayOpenPulls: data.can_approve_pull_request_reviews}
  })
}

async function readApp(client: Client, slug: string): Promise<number | null> {
  const about = {what: `ask for the app ${slug}`, needs: 'metadata: read'}
  return visible(async () => (await call(client, about, ({apps}) => apps.getBySlug({app_slug: slug}))).data?.id ?? null)
}
