/** A repository, the GitHub it lives on, and the Action that runs on its events: what every test of the Action begins with. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {stringify} from 'yaml'
import {comment, pullRequest, type CommentPayload, type PullPayload} from '../fixtures/events.ts'
import {startGitHub, type FakeGitHub} from '../fixtures/github.ts'
import {startModels, type Models, type Script} from '../fixtures/models.ts'
import {makeRepository, type Files, type RepositoryFixture, type RepositorySpec} from '../fixtures/repository.ts'
import {forget, runStep, spawnBundle, type ActionRun, type Spawned} from './bundle.ts'
import {actHere} from './stage.ts'

/** In it the static rules find one thing, and that is all there is. */
const cart = `defmodule Shop.Cart do
  @moduledoc "Takes orders."

  def checkout(order) do
    spawn(fn -> Shop.Mail.confirm(order) end)
    :ok
  end

  def total(order), do: Enum.sum(order.prices)
end
`

const spawned = {
  id: 'G1',
  category: 'unsupervised-spawn',
  severity: 'high',
  must: true,
  description: 'The mail is sent from a process without a supervisor, and nobody notices when it dies.',
  locations: [{file: 'lib/cart.ex', start_line: 5, end_line: 5, evidence: 'spawn(fn -> Shop.Mail.confirm(order) end)'}],
}

/** No static rule sees it: the gate stays closed for the offline pipeline. */
const unseen = {
  id: 'G2',
  category: 'wrong-result',
  severity: 'critical',
  must: true,
  description: 'The sum forgets what was ordered twice and the tax on it.',
  locations: [{file: 'lib/cart.ex', start_line: 9, end_line: 9, evidence: 'Enum.sum(order.prices)'}],
}

const selfGold = (findings: readonly object[]): Files => ({
  'gold/self/gold.yaml': stringify({schema: 1, name: 'self', source: {path: '.'}, findings}),
})

const code: Files = {
  'lib/cart.ex': cart,
  'mix.exs':
    'defmodule Shop.MixProject do\n  use Mix.Project\n  def project, do: [app: :shop, version: "0.1.0"]\nend\n',
}

/** The offline pipeline reaches the threshold here. */
export const passing: Files = {...code, ...selfGold([spawned])}
/** And not here. */
export const failing: Files = {...code, ...selfGold([spawned, unseen])}
export const withoutGold: Files = code

export const settings = (values: Readonly<Record<string, unknown>>): Files => ({
  '.github/refactor-plan.yml': stringify(values),
})

export interface SceneSpec {
  readonly base?: Files
  readonly head?: Files
  /** null: a fork's, which stands only in `refs/pull/7/head`. */
  readonly branch?: string | null
  /** Others that start at the base, each with what it changes. */
  readonly branches?: RepositorySpec['branches']
  readonly models?: Script
  /** The Action as a function of this process instead of the bundle in one of its own: a quarter of the time. */
  readonly isHere?: boolean
}

export interface Run {
  readonly inputs?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly prepare?: (workspace: string) => void
  readonly started?: Spawned['started']
  /** Of this run alone, whatever the scene says. */
  readonly isHere?: boolean
}

export interface Scene {
  readonly repository: RepositoryFixture
  readonly hub: FakeGitHub
  /** Asked only when the run is given keys. */
  readonly models: Models
  readonly onPull: (
    run?: Run & {readonly event?: 'pull_request' | 'pull_request_target'; readonly payload?: PullPayload},
  ) => Promise<ActionRun>
  /** A comment of ada, who may write, unless told otherwise; it is there before the run. */
  readonly onComment: (payload?: CommentPayload, run?: Run) => Promise<ActionRun>
  readonly on: (event: string, payload: object, sha: string, run?: Run) => Promise<ActionRun>
  /** `<context> <state>`, oldest first. */
  readonly statusesOf: (sha: string) => readonly string[]
  /** Bodies of the comments that the runner's token wrote, oldest first. */
  readonly comments: () => readonly string[]
  /** Requests that would change something. */
  readonly writes: () => readonly string[]
  /** Of the comments that people wrote. */
  readonly reactions: () => readonly string[]
}

export const gate = 'refactor-plan/gate'

/** Both keys, and the fake servers as endpoints. */
export const keys = ({anthropicUrl, geminiUrl}: Models): Readonly<Record<string, string>> => ({
  'anthropic-api-key': claudeKey,
  'google-api-key': geminiKey,
  'anthropic-base-url': anthropicUrl,
  'gemini-base-url': geminiUrl,
})
export const claudeKey = 'sk-ant-acceptance-0123456789'
export const geminiKey = 'AIza-acceptance-9876543210'

const merge = 'd'.repeat(40)
const bot = 'github-actions[bot]'

/** Never closed by a file: the files of one worker share what was made, and test/setup.ts takes it away. */
const made = new Map<string, RepositoryFixture>()

/** A copy of one that was made before from the same files. */
function repositoryOf(spec: RepositorySpec): RepositoryFixture {
  const key = JSON.stringify(spec)
  const first = made.get(key) ?? makeRepository(spec)
  made.set(key, first)
  return first.copy()
}

/** Everything is gone when `act` has ended. */
export async function inScene(spec: SceneSpec, act: (scene: Scene) => Promise<void>): Promise<void> {
  const {base = passing, head = {'README.md': '# Shop\n'}, branch = 'feature', branches = {}} = spec
  const repository = repositoryOf({base, head, branch, branches})
  const hub = await startGitHub({repository: repository.repository, gitRoot: repository.root})
  const models = await startModels(spec.models ?? {status: 400, message: 'no model is asked here'})
  const runs: ActionRun[] = []
  hub.state.addPull({
    number: repository.number,
    head: {sha: repository.head, ...(branch === null ? {repository: 'mallory/shop'} : {})},
    base: {sha: repository.base},
  })
  hub.state.setPermission('ada', 'write')
  const start = async (
    event: string,
    payload: object,
    sha: string,
    {env, isHere = spec.isHere ?? false, ...run}: Run = {},
  ): Promise<ActionRun> => {
    const given = {
      GITHUB_SERVER_URL: hub.url,
      GITHUB_API_URL: hub.apiUrl,
      GITHUB_REPOSITORY: repository.repository,
      GITHUB_SHA: sha,
      GITHUB_REF: 'refs/heads/main',
      GITHUB_ACTOR: 'ada',
      ...env,
    }
    const ended = await runStep({event, payload, env: given, ...run}, isHere ? actHere : spawnBundle)
    runs.push(ended)
    return ended
  }
  const {base: baseSha, head: headSha} = repository
  try {
    await act({
      repository,
      hub,
      models,
      onPull: ({event = 'pull_request_target', payload = {}, ...run} = {}) => {
        const about = pullRequest({head: headSha, base: baseSha, ...payload})
        return start(event, about, event === 'pull_request' ? merge : baseSha, run)
      },
      onComment: (payload = {}, run) => {
        const {body = '/refactor-plan', author = 'ada', number = 7} = payload
        const {id, createdAt: at} = hub.state.addComment({number, login: author, body})
        return start('issue_comment', comment({id, at, ...payload}), baseSha, run)
      },
      on: start,
      statusesOf: (sha) =>
        hub.state.statuses.filter((status) => status.sha === sha).map(({context, state}) => `${context} ${state}`),
      comments: () => hub.state.comments.flatMap(({author, body}) => (author?.login === bot ? [body] : [])),
      reactions: () => hub.state.reactions.map(({content}) => content),
      writes: () =>
        hub.requests.flatMap(({method, path}) =>
          method === 'GET' || path === '/graphql' ? [] : [`${method} ${path}`],
        ),
    })
  } finally {
    await Promise.all([hub.close(), models.close()])
    repository.close()
    runs.forEach(forget)
  }
}

/** Everything below the workspace, folders included. */
export const written = ({workspace}: ActionRun): readonly string[] =>
  readdirSync(workspace, {recursive: true, encoding: 'utf8'}).toSorted()

export const readIn = ({workspace}: ActionRun, path = ''): string => readFileSync(join(workspace, path), 'utf8')

/** The first line that a reader of the comment sees. */
export const headline = (body = ''): string =>
  body.split('\n').find((line) => line !== '' && !/^<!--.*-->$/.test(line)) ?? ''

/** Lines that the runner carries out, by its own rules: `::` after white space, or `##[` anywhere. */
export const commandsIn = ({stdout, stderr}: ActionRun): readonly string[] =>
  `${stdout}\n${stderr}`.split('\n').filter((line) => /^\s*::|##\[/.test(line))
