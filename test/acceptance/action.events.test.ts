/** Every event in every situation, the plainest of each on the bundle: how the job ends, what is on which commit, and each request that it made. */
import {describe, expect, test} from 'vitest'
import {dispatch, mergeGroup, push, schedule, shas, type CommentPayload, type PullPayload} from '../fixtures/events.ts'
import type {LoggedRequest} from '../fixtures/github.ts'
import type {Token} from '../fixtures/github-state.ts'
import type {ActionRun} from './bundle.ts'
import {failing, gate, inScene, written, type Scene} from './scene.ts'

const timeout = 120_000
/** Of the whole repository and hour a runner's token has a thousand; a run that takes more than this is no good neighbour. */
const mostCalls = 25

/** Commits by their part in the scene; ids and numbers are said to be such. */
function nameIn({repository, hub}: Scene, queued = ''): (text: string) => string {
  const names = [
    [repository.head, 'HEAD'],
    [repository.base, 'BASE'],
    [repository.branches['old'] ?? '', 'OLD'],
    [queued, 'QUEUED'],
  ] as const
  return (text) =>
    names
      .reduce((named, [sha, name]) => (sha === '' ? named : named.replaceAll(sha, name)), text)
      .replace(hub.url, '')
      .replace('/repos/acme/shop', '')
      .replace(/\/(pulls|issues)\/\d+/, '/$1/NUMBER')
      .replace(/\/comments\/\d+/, '/comments/ID')
}

const callOf = ({method, path, query}: LoggedRequest): string =>
  `${method} ${decodeURIComponent(path)}${path.includes('/contents/') ? `@${query['ref'] ?? ''}` : ''}`

const pull = 'GET /pulls/NUMBER'
const comments = 'GET /issues/NUMBER/comments'
const settingsOf = (commit: string): string => `GET /contents/.github/refactor-plan.yml@${commit}`
const statusOf = (commit: string): string => `POST /statuses/${commit}`
const permission = (login: string): string => `GET /collaborators/${login}/permission`
const react = 'POST /issues/comments/ID/reactions'
const repository = 'GET '
const tip = (branch: string): string => `GET /git/ref/heads/${branch}`
/** A runner's token is nobody's account, and only GraphQL says whose it is. */
const whoAmI = ['GET /user', 'POST /graphql']

/** What the base did since the branch left it is no deed of the pull request. */
const parting = 'GET /compare/BASE...HEAD'

const commands = [permission('ada'), pull]
const saidOf = (commit: string): string => `GET /commits/${commit}/statuses`
const planned = [
  settingsOf('BASE'),
  statusOf('HEAD'),
  parting,
  ...whoAmI,
  comments,
  saidOf('HEAD'),
  pull,
  comments,
  'POST /issues/NUMBER/comments',
  statusOf('HEAD'),
]
const onPull = [pull, ...planned]
/** @param pulls what is asked of the pull requests that are in it */
const onCommit = (commit: string, pulls: readonly string[] = []): readonly string[] => [
  settingsOf('BASE'),
  statusOf(commit),
  ...pulls,
  saidOf(commit),
  statusOf(commit),
]
/** The reaction comes after the status, which is what people wait for. */
const onComment = (asks: readonly string[]): readonly string[] => [...asks, ...planned.toSpliced(2, 0, react)]

interface Ending {
  readonly code: number
  /** As far as they say what was judged and how it ended. */
  readonly outputs: Readonly<Record<string, string>>
  /** By commit, oldest first. */
  readonly statuses: Readonly<Record<string, readonly string[]>>
  readonly comments: number
  readonly reactions: readonly string[]
  readonly calls: readonly string[]
}

const closedGate = ['pending', 'failure']
const judged = (calls: readonly string[], more: Partial<Ending> = {}): Ending => ({
  code: 1,
  outputs: {verdict: 'fail', 'status-state': 'failure', 'head-sha': 'HEAD', 'base-sha': 'BASE', 'pr-number': '7'},
  statuses: {HEAD: closedGate},
  comments: 1,
  reactions: [],
  calls,
  ...more,
})
const ofCommit = (commit: string, calls: readonly string[], pulls: readonly string[] = []): Ending =>
  judged([...calls, ...onCommit(commit, pulls)], {
    outputs: {
      verdict: 'fail',
      'status-state': 'failure',
      'head-sha': commit,
      'base-sha': 'BASE',
      'pr-number': '',
    },
    statuses: {[commit]: closedGate},
    comments: 0,
  })
/** Asked for by a comment. */
const answered = (asks: readonly string[]): Ending => judged(onComment(asks), {reactions: ['eyes']})
const nothing: Ending = {
  code: 0,
  outputs: {verdict: 'skipped'},
  statuses: {},
  comments: 0,
  reactions: [],
  calls: [],
}
/** What GitHub gives a fork's pull request: the job's own end is all that is said. */
const readOnly = judged([pull, settingsOf('BASE'), statusOf('HEAD'), parting, ...whoAmI, comments, saidOf('HEAD')], {
  outputs: {verdict: 'fail', 'head-sha': 'HEAD', 'base-sha': 'BASE', 'pr-number': '7'},
  statuses: {},
  comments: 0,
})

const reads: Token['permissions'] = {contents: 'read', pull_requests: 'read', statuses: 'read', metadata: 'read'}

interface Situation extends Pick<PullPayload, 'from' | 'draft' | 'state' | 'author' | 'action'> {
  readonly number?: 7
}

const situations = {
  'the same repository': {},
  'a fork': {from: 'mallory/shop', author: 'mallory'},
  'a deleted fork, its author gone': {from: null, author: null},
  'a draft': {draft: true, action: 'opened'},
  'a bot': {author: 'dependabot[bot]'},
  'somebody, closed': {state: 'closed', action: 'closed'},
} as const satisfies Readonly<Record<string, Situation>>
type Name = keyof typeof situations

/** GitHub's side of the situation: what its API says of the pull request. */
function place({hub, repository: {head, base}}: Scene, situation: Situation): void {
  const {from = 'acme/shop', draft = false, state = 'open', author = 'ada'} = situation
  hub.state.addPull({number: 7, head: {sha: head, repository: from}, base: {sha: base}, draft, state, author})
}

async function expectEnding(scene: Scene, run: ActionRun, ending: Ending, queued = ''): Promise<void> {
  const name = nameIn(scene, queued)
  const {hub} = scene
  const told = Object.keys(ending.outputs).map((key) => [key, name(run.outputs[key] ?? 'none')])
  const statuses: Record<string, string[]> = {}
  for (const {sha, context, state} of hub.state.statuses) {
    ;(statuses[name(sha)] ??= []).push(context === gate ? state : `${context} ${state}`)
  }
  expect({
    code: run.code,
    outputs: Object.fromEntries(told),
    statuses,
    comments: scene.comments().length,
    reactions: scene.reactions(),
    calls: hub.requests.map((request) => name(callOf(request))),
  }).toEqual(ending)
  expect(hub.requests.length).toBeLessThanOrEqual(mostCalls)
  expect(run.stderr).toBe('')
  if (ending.outputs === nothing.outputs)
    expect({outputs: run.outputs, written: written(run)}).toEqual({outputs: nothing.outputs, written: []})
}

describe.concurrent('§9.1 a pull request', {timeout}, () => {
  const rows: readonly (readonly ['pull_request' | 'pull_request_target', Name, Ending])[] = [
    ['pull_request', 'the same repository', judged(onPull)],
    ['pull_request', 'a fork', readOnly],
    ['pull_request', 'a deleted fork, its author gone', readOnly],
    ['pull_request', 'a draft', nothing],
    ['pull_request', 'a bot', judged(onPull)],
    ['pull_request', 'somebody, closed', nothing],
    ['pull_request_target', 'the same repository', judged(onPull)],
    ['pull_request_target', 'a fork', judged(onPull)],
    ['pull_request_target', 'a deleted fork, its author gone', judged(onPull)],
    ['pull_request_target', 'a draft', nothing],
    ['pull_request_target', 'a bot', judged(onPull)],
    ['pull_request_target', 'somebody, closed', nothing],
  ]
  test.each(rows)('%s of %s', (event, name, ending) => {
    const situation: Situation = situations[name]
    const {from = 'acme/shop'} = situation
    const branch = from === 'acme/shop' ? 'feature' : null
    return inScene({base: failing, branch, isHere: name !== 'the same repository'}, async (scene) => {
      place(scene, situation)
      if (ending === readOnly) {
        scene.hub.state.tokens.set('ghs_runner', {login: 'github-actions[bot]', kind: 'app', permissions: reads})
      }
      await expectEnding(scene, await scene.onPull({event, payload: {...situation, from}}), ending)
    })
  })

  test('three hundred changed files: the same requests', () => {
    const head = Object.fromEntries(
      Array.from({length: 300}, (_, at) => [`lib/part_${at}.ex`, `defmodule Shop.Part${at} do\nend\n`]),
    )
    return inScene({base: failing, head, isHere: true}, async (scene) => {
      place(scene, {})
      await expectEnding(scene, await scene.onPull(), judged(onPull))
    })
  })
})

describe.concurrent('§9.1 a comment', {timeout}, () => {
  const pushedAt = (owner: string): string => `GET ${owner === 'acme' ? '' : `/repos/${owner}/shop`}/activity`
  const own = answered([...commands, pushedAt('acme')])
  const rows: readonly (readonly [Name, CommentPayload, Ending])[] = [
    ['the same repository', {}, own],
    ['a fork', {}, answered([...commands, pushedAt('mallory')])],
    ['a deleted fork, its author gone', {}, answered(commands)],
    ['a draft', {}, own],
    ['a bot', {author: 'dependabot[bot]'}, nothing],
    ['somebody, closed', {state: 'closed'}, nothing],
    ['the same repository', {author: null}, {...nothing, reactions: ['-1'], calls: [react]}],
  ]
  test.each(rows)('on a pull request of %s: %j', (name, payload, ending) => {
    const situation: Situation = situations[name]
    const {from = 'acme/shop'} = situation
    const branch = from === 'acme/shop' ? 'feature' : null
    return inScene({base: failing, branch, isHere: name !== 'the same repository'}, async (scene) => {
      place(scene, situation)
      scene.hub.state.setPermission('dependabot[bot]', 'admin')
      await expectEnding(scene, await scene.onComment(payload), ending)
    })
  })
})

describe.concurrent('§9.1 a start by hand', {timeout}, () => {
  const rows: readonly (readonly [Name | 'no pull request', Ending])[] = [
    ['the same repository', judged(onPull)],
    ['a fork', judged(onPull)],
    ['a deleted fork, its author gone', judged(onPull)],
    ['a draft', judged(onPull)],
    ['somebody, closed', {...nothing, calls: [pull]}],
    ['no pull request', ofCommit('BASE', [repository, tip('main')])],
  ]
  test.each(rows)('for %s', (name, ending) => {
    const situation: Situation = name === 'no pull request' ? {} : situations[name]
    const branch = situation.from === undefined ? 'feature' : null
    return inScene({base: failing, branch, isHere: name !== 'the same repository'}, async (scene) => {
      place(scene, situation)
      const {base} = scene.repository
      const inputs = name === 'no pull request' ? null : {pr: '7'}
      await expectEnding(scene, await scene.on('workflow_dispatch', dispatch(inputs), base), ending)
    })
  })
})

describe.concurrent('§9.1 a branch', {timeout}, () => {
  const byDefault = [repository, tip('main')]
  const rows: readonly (readonly [string, string, (scene: Scene) => readonly [object, string], Ending])[] = [
    ['schedule', 'the tip', ({repository: {base}}) => [schedule(), base], ofCommit('BASE', byDefault)],
    [
      'push',
      'to the default branch',
      ({repository: {base}}) => [push({after: base, before: shas.none}), base],
      ofCommit('BASE', byDefault),
    ],
    [
      'push',
      'to another branch',
      ({repository: {head}}) => [push({ref: 'refs/heads/feature', after: head}), head],
      ofCommit('HEAD', byDefault),
    ],
    ['push', 'of a tag', ({repository: {head}}) => [push({ref: 'refs/tags/v1', after: head}), head], nothing],
    ['push', 'that deletes one', ({repository: {base}}) => [push({after: shas.none}), base], nothing],
  ]
  test.each(rows)('%s: %s', (event, what, payloadOf, ending) =>
    inScene({base: failing, isHere: what.startsWith('of ') || what.includes('another')}, async (scene) => {
      const [payload, sha] = payloadOf(scene)
      await expectEnding(scene, await scene.on(event, payload, sha), ending)
    }),
  )
})

describe.concurrent('§9.1 a merge queue', {timeout}, () => {
  /** Of a queue nobody knows whether its branch is the default one. */
  const queued = ofCommit('QUEUED', [tip('main'), repository, tip('main')], [...whoAmI, comments])
  const rows: readonly (readonly [string, string, Ending])[] = [
    ['asks for checks', 'checks_requested', queued],
    ['gives a group up', 'destroyed', nothing],
  ]
  test.each(rows)('%s', (_, action, ending) =>
    inScene({base: failing, isHere: ending === nothing}, async (scene) => {
      const {base} = scene.repository
      const sha = scene.repository.commit(base, {'docs/queue.md': 'Queued.\n'}, 'Queue')
      const group = {
        head_sha: sha,
        head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${base}`,
        base_sha: base,
        base_ref: 'refs/heads/main',
      }
      const run = await scene.on('merge_group', {...mergeGroup(action), merge_group: group}, sha)
      await expectEnding(scene, run, ending, sha)
    }),
  )
})
