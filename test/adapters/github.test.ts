/** The adapter with its real SDK against a GitHub that keeps state, enforces limits and fails on demand. */
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeEach, describe, expect, test} from 'vitest'
import {github, type GitHub} from '../../src/adapters/github.ts'
import {fetchCommits, objects} from '../../src/adapters/git.ts'
import {Failure} from '../../src/errors.ts'
import {hidden, joinMarkdown, paragraphs, plain, plainLine, text} from '../../src/trust.ts'
import {gitEnvironment} from '../fixtures/git.ts'
import {startGitHub, type FakeGitHub, type Fault} from '../fixtures/github.ts'
import {makeRepository, type RepositoryFixture} from '../fixtures/repository.ts'

const template = makeRepository({
  base: {'lib/a.ex': 'a\n', 'pipelines/genesis.yaml': 'name: old\n'},
  head: {'lib/a.ex': 'b\n'},
})
afterAll(template.close)

let repository: RepositoryFixture
let fake: FakeGitHub
let waits: number[]

beforeEach(async () => {
  repository = template.copy()
  fake = await startGitHub({repository: 'acme/shop', gitRoot: repository.root})
  fake.state.addPull({number: 7, head: {sha: repository.head}, base: {sha: repository.base}})
  waits = []
})
afterEach(async () => {
  await fake.close()
  repository.close()
})

const connect = (
  token = 'ghs_runner',
  more: {readonly timeoutMs?: number; readonly scrub?: (text: string) => string} = {},
): GitHub =>
  github({
    token,
    apiUrl: fake.apiUrl,
    repository: 'acme/shop',
    wait: async (ms) => void waits.push(ms),
    ...more,
  })

const failureOf = async (promise: Promise<unknown>): Promise<Failure> => {
  const thrown: unknown = await promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  )
  if (thrown instanceof Failure) return thrown
  throw thrown
}

const marker = 'refactor-plan:gate'
const say = (body: string, number = 7) => ({number, marker, body: text(body)})
const ours = (login = 'github-actions[bot]') => fake.state.comments.filter(({author}) => author?.login === login)
const sent = (method?: string): readonly string[] =>
  fake.requests
    .filter((each) => method === undefined || each.method === method)
    .map(({method, path}) => `${method} ${path}`)

describe('reading', () => {
  test('a pull request', async () => {
    expect(await connect().pull(7)).toEqual({
      number: 7,
      state: 'open',
      draft: false,
      head: {sha: repository.head, ref: 'feature', repository: 'acme/shop', fork: false},
      base: {sha: repository.base, ref: 'main', isDefault: true},
      author: {login: 'mallory', type: 'User'},
      url: `${fake.url}/acme/shop/pull/7`,
    })
  })
  test('a draft from a deleted fork of a deleted account', async () => {
    fake.state.addPull({
      number: 8,
      head: {sha: repository.head, repository: null},
      base: {sha: repository.base},
      author: null,
      draft: true,
      state: 'closed',
    })
    expect(await connect().pull(8)).toMatchObject({
      state: 'closed',
      draft: true,
      author: null,
      head: {repository: null, fork: true},
    })
  })
  test('a head that moves', async () => {
    const {pull} = connect()
    const next = repository.commit(repository.head, {'lib/a.ex': 'c\n'})
    expect((await pull(7)).head.sha).toBe(repository.head)
    fake.state.moveHead(7, next)
    expect((await pull(7)).head.sha).toBe(next)
  })
  test('the default branch, and one by name', async () => {
    const {branch} = connect()
    expect(await branch(null)).toEqual({name: 'main', sha: repository.base})
    expect(await branch('feature')).toEqual({name: 'feature', sha: repository.head})
    expect((await failureOf(branch('gone'))).code).toBe('github-not-found')
  })
  test('where two commits parted', async () => {
    const {mergeBaseOf} = connect()
    const later = repository.commit(repository.base, {'lib/a.ex': 'later\n'})
    expect(await mergeBaseOf(repository.base, repository.head)).toBe(repository.base)
    expect(await mergeBaseOf(later, repository.head)).toBe(repository.base)
    expect(await mergeBaseOf('f'.repeat(40), repository.head)).toBeNull()
    fake.faults.push({route: /compare/, status: 403})
    expect((await failureOf(mergeBaseOf(later, repository.head))).code).toBe('github-refused')
  })
})

describe('who may command', () => {
  test.each(['admin', 'maintain', 'write', 'triage', 'read', 'none'] as const)('%s', async (role) => {
    fake.state.setPermission('ada', role)
    expect(await connect().permissionOf('ada')).toBe(role)
  })
  test('a role of the organisation counts as what it is built on', async () => {
    fake.state.collaborators.set('ada', {permission: 'write', role_name: 'gardener'})
    expect(await connect().permissionOf('ada')).toBe('write')
  })
  test('a stranger', async () => {
    expect(await connect().permissionOf('mallory')).toBe('none')
  })
  test.each<readonly [string, Fault['status']]>([
    ['an outage', 503],
    ['a broken connection', 'reset'],
    ['a refusal', 403],
    ['no such account', 404],
    ['half an answer', 'truncate'],
  ])('cannot be asked: %s', async (_, status) => {
    fake.state.setPermission('ada', 'admin')
    fake.faults.push({route: /permission/, status, times: 99})
    expect(await connect().permissionOf('ada')).toBeNull()
  })
  test('an answer that names no permission gives none', async () => {
    fake.faults.push({route: /permission/, status: 200, body: {permission: 'root'}})
    expect(await connect().permissionOf('ada')).toBeNull()
  })
  test('a name cannot become a path', async () => {
    fake.state.setPermission('ada', 'admin')
    expect(await connect().permissionOf('x/../ada')).toBe('none')
    expect(await connect().permissionOf('../collaborators/ada')).toBe('none')
  })
})

describe('the comment', () => {
  test('is written once, then changed, then left alone', async () => {
    const first = await connect().upsertComment(say('one'))
    expect(first).toMatchObject({done: 'created', url: `${fake.url}/acme/shop/pull/7#issuecomment-${first.id}`})
    expect(await connect().upsertComment(say('two'))).toEqual({...first, done: 'updated'})
    expect(await connect().upsertComment(say('two'))).toEqual({...first, done: 'unchanged'})
    expect(ours().map(({body}) => body)).toEqual([`<!-- ${marker} -->\ntwo`])
    expect(sent('PATCH')).toHaveLength(1)
  })
  test('keeps hidden state that starts with the marker', async () => {
    const body = joinMarkdown([hidden(`${marker} eyJ2IjoxfQ`), text('one')], '\n')
    await connect().upsertComment({number: 7, marker, body})
    expect(await connect().stateOf(7, marker)).toBe('eyJ2IjoxfQ')
    await connect().upsertComment(say('two'))
    expect(ours()).toHaveLength(1)
    expect(ours()[0]?.body).toBe(`<!-- ${marker} eyJ2IjoxfQ -->\ntwo`)
    await connect().upsertComment({...say('two'), state: 'other'})
    expect(await connect().stateOf(7, marker)).toBe('other')
  })
  test('has no state that anybody else wrote', async () => {
    fake.state.addComment({number: 7, login: 'mallory', body: `<!-- ${marker} eyJ2IjoxfQ -->\nscore 10`})
    expect(await connect().stateOf(7, marker)).toBeNull()
    await connect().upsertComment(say('one'))
    expect(await connect().stateOf(7, marker)).toBeNull()
    expect(ours()[0]?.body).toBe(`<!-- ${marker} -->\none`)
  })
  test('another marker is another comment, also one that is longer', async () => {
    await connect().upsertComment(say('one'))
    await connect().upsertComment({...say('two'), marker: `${marker}-2`})
    expect(ours()).toHaveLength(2)
  })
  test('of somebody else with our marker is not believed', async () => {
    const foreign = fake.state.addComment({number: 7, login: 'mallory', body: `<!-- ${marker} -->\nscore 10`})
    const bot = fake.state.addComment({number: 7, login: 'evil[bot]', body: `<!-- ${marker} -->\nscore 10`})
    const ghost = fake.state.addComment({number: 7, login: null, body: `<!-- ${marker} -->\nscore 10`})
    expect(await connect().upsertComment(say('one'))).toMatchObject({done: 'created'})
    expect([foreign, bot, ghost].map(({body}) => body)).toEqual(Array(3).fill(`<!-- ${marker} -->\nscore 10`))
  })
  test('of our own that only quotes the marker is not taken', async () => {
    fake.state.addComment({number: 7, login: 'github-actions[bot]', body: `see\n<!-- ${marker} -->`})
    fake.state.addComment({number: 7, login: 'github-actions[bot]', body: `<!-- ${marker} is open`})
    expect(await connect().upsertComment(say('one'))).toMatchObject({done: 'created'})
  })
  test('is found behind 230 others, the newest of two', async () => {
    for (let index = 0; index < 110; index++) fake.state.addComment({number: 7, login: 'ada', body: `talk ${index}`})
    const old = fake.state.addComment({number: 7, login: 'github-actions[bot]', body: `<!-- ${marker} -->\nold`})
    for (let index = 0; index < 119; index++) fake.state.addComment({number: 7, login: 'ada', body: `talk ${index}`})
    const newest = fake.state.addComment({number: 7, login: 'github-actions[bot]', body: `<!-- ${marker} -->\nnew`})
    expect(await connect().upsertComment(say('one'))).toMatchObject({id: newest.id, done: 'updated'})
    expect(sent('GET').filter((each) => each.endsWith('/comments'))).toHaveLength(3)
    expect(ours().map(({id}) => id)).toEqual([newest.id])
    expect(fake.state.comments).not.toContain(old)
  })
  test.each(['update', 'create'] as const)('two that say different things become one: %s', async (how) => {
    const [first, second] = [1, 2].map((verdict) =>
      fake.state.addComment({number: 7, login: 'github-actions[bot]', body: `<!-- ${marker} -->\nverdict ${verdict}`}),
    )
    const foreign = fake.state.addComment({number: 7, login: 'mallory', body: `<!-- ${marker} -->\nverdict 3`})
    const written = await connect().upsertComment({...say('verdict 4'), anew: how === 'create'})
    expect(ours().map(({id, body}) => ({id, says: body.includes('verdict 4')}))).toEqual([{id: written.id, says: true}])
    expect(written.id === second?.id).toBe(how === 'update')
    expect(fake.state.comments).toContain(foreign)
    expect(fake.state.comments).not.toContain(first)
  })
  test('that is made anew stands at the end, keeps its hidden word, and stays where it says the same', async () => {
    const first = await connect().upsertComment({...say('one'), state: 'word', anew: true})
    fake.state.addComment({number: 7, login: 'ada', body: 'talk'})
    expect(await connect().upsertComment({...say('one'), anew: true})).toEqual({...first, done: 'unchanged'})
    const second = await connect().upsertComment({...say('two'), anew: true})
    expect(second).toMatchObject({done: 'created'})
    expect(second.id).toBeGreaterThan(first.id)
    expect(ours().map(({body}) => body)).toEqual([`<!-- ${marker} word -->\ntwo`])
  })
  test.each([
    ['its answer is lost', {after: true}, 1],
    ['it is never made', {}, 1],
  ])('that is made anew is never there twice, nor lost: %s', async (_, more, count) => {
    await connect().upsertComment(say('one'))
    fake.faults.push({route: /POST .*\/comments$/, status: 502, ...more})
    await connect().upsertComment({...say('two'), anew: true})
    expect(ours()).toHaveLength(count)
    expect(ours()[0]?.body).toContain('two')
  })
  test('that cannot be removed stays, and nothing fails', async () => {
    await connect().upsertComment(say('one'))
    fake.faults.push({route: /DELETE/, status: 403, body: {message: 'no'}})
    expect(await connect().upsertComment({...say('two'), anew: true})).toMatchObject({done: 'created'})
    expect(ours()).toHaveLength(2)
  })
  test.each([
    ['ghs_runner', 'github-actions[bot]', ['GET /user', 'POST /graphql']],
    ['ghs_app', 'acme-plans[bot]', ['GET /user', 'POST /graphql']],
    ['ghp_ada', 'ada', ['GET /user']],
  ])('%s finds its own', async (token, login, asked) => {
    const client = connect(token)
    await client.upsertComment(say('one'))
    await client.upsertComment(say('two'))
    expect(ours(login)).toHaveLength(1)
    // who it is, is asked once
    expect(sent().filter((each) => /user|graphql/.test(each))).toEqual(asked)
  })
  test("the runner's own token where GraphQL is refused", async () => {
    fake.faults.push(
      {route: /graphql/, status: 403, body: {message: 'no'}},
      {route: /graphql/, status: 200, body: {errors: []}},
    )
    await connect().upsertComment(say('one'))
    await connect().upsertComment(say('two'))
    expect(ours()).toHaveLength(1)
  })
  test('an outage does not make us somebody else', async () => {
    fake.state.addComment({number: 7, login: 'ada', body: `<!-- ${marker} -->\none`})
    fake.faults.push({route: /user/, status: 502, times: 99})
    expect(await failureOf(connect('ghp_ada').upsertComment(say('two')))).toMatchObject({
      code: 'github-unavailable',
      exit: 3,
    })
    expect(fake.state.comments).toHaveLength(1)
  })
  test("an outage at an app's name does not make it the runner's own", async () => {
    fake.state.addComment({number: 7, login: 'github-actions[bot]', body: `<!-- ${marker} -->\none`})
    fake.faults.push({route: /graphql/, status: 502, times: 99})
    expect((await failureOf(connect('ghs_app').upsertComment(say('two')))).code).toBe('github-unavailable')
    expect(fake.state.comments.map(({body}) => body)).toEqual([`<!-- ${marker} -->\none`])
  })
  test('too long, or marked by what could end the mark, is refused before it is sent', async () => {
    expect((await failureOf(connect().upsertComment(say('x'.repeat(65_530))))).code).toBe('comment-too-long')
    for (const bad of ['', 'a', 'a -->', 'a--b', 'a\nb']) {
      expect((await failureOf(connect().upsertComment({...say('x'), marker: bad}))).code).toBe('bad-marker')
    }
    expect(sent()).toEqual([])
  })
})

const faults: readonly (readonly [string, Omit<Fault, 'route'>])[] = [
  ['500', {status: 500}],
  ['502 after it was done', {status: 502, after: true}],
  ['503 twice', {status: 503, times: 2}],
  ['429', {status: 429, headers: {'retry-after': '2'}}],
  ['403 for going too fast', {status: 403, headers: {'retry-after': '3'}, body: {message: 'secondary rate limit'}}],
  ['reset', {status: 'reset'}],
  ['reset after it was done', {status: 'reset', after: true}],
  ['half an answer', {status: 'truncate'}],
  ['half an answer after it was done', {status: 'truncate', after: true}],
]

describe('whatever breaks, at whatever call', () => {
  const calls = [
    ['who we are', /GET \/user/],
    ['our name', /POST \/graphql/],
    ['the list', /GET .*\/comments$/],
    ['the new comment', /POST .*\/comments$/],
  ] as const
  test.each(calls.flatMap(([call, route]) => faults.map(([name, fault]) => [call, name, {route, ...fault}] as const)))(
    'there is one comment: %s, %s',
    async (_, __, fault) => {
      fake.state.addComment({number: 7, login: 'mallory', body: `<!-- ${marker} -->`})
      fake.faults.push(fault)
      expect(await connect().upsertComment(say('one'))).toMatchObject({done: 'created'})
      expect(ours().map(({body}) => body)).toEqual([`<!-- ${marker} -->\none`])
      // the half of a refusal is a refusal, too, and not waited for
      expect(waits.length).toBeLessThanOrEqual(fault.times ?? 1)
    },
  )
  test.each(faults)('the comment is changed once: %s', async (_, fault) => {
    await connect().upsertComment(say('one'))
    waits = []
    fake.faults.push({route: /PATCH/, ...fault})
    expect(await connect().upsertComment(say('two'))).toMatchObject({done: 'updated'})
    expect(ours().map(({body}) => body)).toEqual([`<!-- ${marker} -->\ntwo`])
  })
  test('half a list of comments is not one without ours', async () => {
    await connect().upsertComment(say('one'))
    fake.faults.push({route: /GET .*\/comments$/, status: 'truncate'})
    expect(await connect().upsertComment(say('two'))).toMatchObject({done: 'updated'})
    expect(ours()).toHaveLength(1)
  })
  test.each(faults)('the status is set: %s', async (_, fault) => {
    fake.faults.push({route: /statuses/, ...fault})
    await connect().setStatus(status())
    expect(fake.state.statuses.at(-1)).toMatchObject({state: 'success', sha: repository.head})
  })
  // each runs a dozen git processes, so not all of them
  const steps = [/GET .*\/git\/ref/, /POST .*\/git\/trees/, /POST .*\/git\/commits/, /POST .*\/git\/refs/]
  const some = faults.filter(([name]) => ['503 twice', '429', 'reset', 'reset after it was done'].includes(name))
  test.each(steps.flatMap((route) => some.map(([name, fault]) => [String(route), name, {route, ...fault}] as const)))(
    'the branch grows by one commit: %s, %s',
    async (_, __, fault) => {
      fake.faults.push(fault)
      const {sha, changed} = await connect().commitFiles(commit())
      expect(changed).toBe(true)
      expect(fake.state.refOf(`refs/heads/${branch}`)).toBe(sha)
      expect(parentOf(sha)).toBe(repository.base)
    },
  )
  test.each(faults)('the pull request is opened once: %s', async (_, fault) => {
    await connect().commitFiles(commit())
    fake.faults.push({route: /POST .*\/pulls$/, ...fault})
    expect(await connect().openPull(request())).toMatchObject({done: 'created'})
    expect([...fake.state.pulls.keys()]).toEqual([7, 8])
  })
  test('an outage that lasts is told as one, after waits that grow', async () => {
    fake.faults.push({route: /./, status: 503, times: 99})
    expect(await failureOf(connect().pull(7))).toMatchObject({
      code: 'github-unavailable',
      exit: 3,
      retry: {afterMs: null},
    })
    expect(waits).toEqual([1000, 2000, 4000])
  })
  test('an hour is not waited for', async () => {
    fake.faults.push({route: /./, status: 429, headers: {'retry-after': '3600'}, times: 99})
    expect(await failureOf(connect().pull(7))).toMatchObject({
      code: 'github-rate-limit',
      exit: 3,
      retry: {afterMs: 3_600_000},
      hint: 'run it again in 3600 s',
    })
    expect(waits).toEqual([])
    expect(sent()).toHaveLength(1)
  })
  test('a quota that is spent for an hour is no want of rights', async () => {
    const reset = String(Math.ceil(Date.now() / 1000) + 3600)
    const headers = {'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset}
    fake.faults.push({route: /./, status: 403, headers, body: {message: 'API rate limit exceeded'}, times: 99})
    expect(await failureOf(connect().pull(7))).toMatchObject({code: 'github-rate-limit', exit: 3})
    expect(waits).toEqual([])
  })
  test('the end of the quota is waited for when it is near', async () => {
    const reset = String(Math.ceil(Date.now() / 1000) + 20)
    const headers = {'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset}
    fake.faults.push({route: /./, status: 403, headers, body: {message: 'API rate limit exceeded'}})
    expect((await connect().pull(7)).number).toBe(7)
    expect(waits[0]).toBeGreaterThan(15_000)
    expect(waits[0]).toBeLessThan(21_000)
  })
  test('silence is a broken connection', async () => {
    fake.faults.push({route: /./, status: 'hang', times: 99})
    expect((await failureOf(connect('ghs_runner', {timeoutMs: 100}).pull(7))).code).toBe('github-unavailable')
    expect(sent()).toHaveLength(4)
  })
  test('what GitHub announces is not printed by the SDK', async () => {
    const printed: unknown[] = []
    const {warn} = console
    console.warn = (...words: readonly unknown[]) => void printed.push(words)
    const headers = {deprecation: 'Sat, 01 Jan 2028 00:00:00 GMT', link: '<https://x/::error::>; rel="deprecation"'}
    fake.faults.push({route: /permission/, status: 200, headers, body: {permission: 'read', role_name: 'read'}})
    expect(await connect().permissionOf('ada')).toBe('read')
    console.warn = warn
    expect(printed).toEqual([])
  })
})

const status = (more: object = {}) => ({
  sha: repository.head,
  context: plainLine('refactor-plan/gate'),
  state: 'success' as const,
  description: plainLine('8.4 ≥ 8'),
  targetUrl: 'https://github.com/acme/shop/actions/runs/1',
  ...more,
})

describe('the check run', () => {
  test.each([0, 1, 50, 51, 120])('with %i annotations, at most fifty a request', async (count) => {
    const annotations = Array.from({length: count}, (_, at) => ({
      path: 'lib/a.ex',
      start: at + 1,
      end: at + 1,
      level: 'notice' as const,
      title: plainLine(`F${at}`),
      message: plainLine('It is wrong.'),
    }))
    const before = fake.state.checks.length
    await connect().addCheckRun({
      sha: repository.head,
      name: 'Refactor plan',
      conclusion: 'neutral',
      title: plainLine('7.0 of 10'),
      summary: text('all of it'),
      detailsUrl: `${fake.url}/run`,
      annotations,
    })
    const made = fake.state.checks.slice(before)
    expect(made).toMatchObject([{sha: repository.head, name: 'Refactor plan', conclusion: 'neutral'}])
    expect(made[0]?.annotations).toHaveLength(count)
  })
})

describe('the status', () => {
  test('stands on the commit it was given for, and the last one counts', async () => {
    const client = connect()
    await client.setStatus(status({state: 'pending', description: plainLine('running')}))
    await client.setStatus(status({context: plainLine('other'), state: 'failure'}))
    await client.setStatus(status({targetUrl: null}))
    expect(await client.statusOf(repository.head, 'refactor-plan/gate')).toEqual({
      state: 'success',
      description: '8.4 ≥ 8',
      targetUrl: null,
    })
    expect(await client.toldOf(repository.head, 'refactor-plan/gate')).toEqual(['8.4 ≥ 8', 'running'])
    expect(await client.statusOf(repository.base, 'refactor-plan/gate')).toBeNull()
    expect(fake.state.statuses.map(({sha}) => sha)).toEqual(Array(3).fill(repository.head))
    expect(fake.state.statuses.map(({targetUrl}) => targetUrl !== null)).toEqual([true, true, false])
  })
  test('is found behind a hundred others', async () => {
    const client = connect()
    await client.setStatus(status())
    const [first] = fake.state.statuses
    if (first) for (let index = 0; index < 130; index++) fake.state.statuses.push({...first, context: `ci/${index}`})
    expect(await client.statusOf(repository.head, 'refactor-plan/gate')).toMatchObject({state: 'success'})
    expect(await client.statusOf(repository.head, 'no such')).toBeNull()
  })
  test('says at most 140 characters', async () => {
    await connect().setStatus(status({description: plain('x\n'.repeat(200))}))
    expect(fake.state.statuses[0]?.description).toHaveLength(140)
  })
  test('takes no branch for a commit', async () => {
    expect((await failureOf(connect().setStatus(status({sha: 'main'})))).code).toBe('bad-commit')
    expect(sent()).toEqual([])
  })
  test('of a commit that is not there is refused', async () => {
    expect(await failureOf(connect().setStatus(status({sha: 'a'.repeat(40)})))).toMatchObject({
      code: 'github-refused',
      exit: 2,
    })
  })
})

describe('a reaction', () => {
  test('is put on the comment once', async () => {
    const {id} = fake.state.addComment({number: 7, login: 'ada', body: '/refactor-plan'})
    expect(await connect().react(id, 'eyes')).toBe(true)
    expect(await connect().react(id, 'eyes')).toBe(true)
    expect(fake.state.reactions.map(({comment, content}) => [comment, content])).toEqual([[id, 'eyes']])
  })
  test('that cannot be put fails nothing', async () => {
    expect(await connect().react(1, 'eyes')).toBe(false)
    expect(await connect('ghs_reader').react(1, 'eyes')).toBe(false)
  })
})

const branch = 'refactor-plan/evolved'
const commit = (more: object = {}) => ({
  branch,
  base: repository.base,
  files: [{path: 'pipelines/genesis.yaml', text: 'name: new\n'}],
  message: plain('Evolve the genesis pipeline'),
  ...more,
})
const request = (more: object = {}) => ({
  head: branch,
  base: 'main',
  title: plainLine('Evolve the genesis pipeline'),
  body: text('Gains 0.4.'),
  ...more,
})
const gitOut = (...words: readonly string[]): string =>
  spawnSync('git', [`--git-dir=${repository.gitDir}`, ...words], {env: {...gitEnvironment}})
    .stdout.toString()
    .trim()
const parentOf = (sha: string): string => gitOut('rev-parse', `${sha}^`)

describe('a branch', () => {
  test('is made from the base with these files and no others', async () => {
    const files = [...commit().files, {path: 'evolved_pipelines/a/b.yml', text: 'ä: 😀\n'}]
    const {sha, changed} = await connect().commitFiles(commit({files}))
    expect(changed).toBe(true)
    expect(parentOf(sha)).toBe(repository.base)
    expect(
      gitOut('diff', '--raw', '--no-renames', '--abbrev=40', `${sha}^`, sha)
        .split('\n')
        .map((line) => line.replace(/ [0-9a-f]{40}/g, '')),
    ).toEqual([':000000 100644 A\tevolved_pipelines/a/b.yml', ':100644 100644 M\tpipelines/genesis.yaml'])
    expect(repository.show(sha, 'evolved_pipelines/a/b.yml')).toBe('ä: 😀')
    expect(repository.show(sha, 'lib/a.ex')).toBe('a')
    expect(gitOut('log', '-1', '--format=%B', sha)).toBe('Evolve the genesis pipeline')
    // only then does GitHub sign it
    const made = fake.requests.find(({method, path}) => method === 'POST' && path.endsWith('/git/commits'))
    expect(Object.keys(made?.body ?? {})).toEqual(['message', 'tree', 'parents'])
  })
  test('grows, and does not when nothing changed', async () => {
    const first = await connect().commitFiles(commit())
    expect(await connect().commitFiles(commit())).toEqual({sha: first.sha, changed: false})
    const second = await connect().commitFiles(commit({files: [{path: 'gold/x/gold.yaml', text: 'schema: 1\n'}]}))
    expect(parentOf(second.sha)).toBe(first.sha)
  })
  test('is not made when the base has it all', async () => {
    const files = [{path: 'pipelines/genesis.yaml', text: 'name: old\n'}]
    expect(await connect().commitFiles(commit({files}))).toEqual({sha: repository.base, changed: false})
    expect(fake.state.refOf(`refs/heads/${branch}`)).toBeNull()
  })
  test('that somebody else moves meanwhile is not rewritten', async () => {
    await connect().commitFiles(commit())
    const theirs = repository.commit(fake.state.refOf(`refs/heads/${branch}`) ?? '', {'lib/b.ex': 'theirs\n'})
    const before = (): void => fake.state.setRef(`refs/heads/${branch}`, theirs)
    fake.faults.push({route: /PATCH .*\/git\/refs/, status: 'pass', before})
    const {sha} = await connect().commitFiles(
      commit({files: [{path: 'pipelines/genesis.yaml', text: 'name: third\n'}]}),
    )
    expect(parentOf(sha)).toBe(theirs)
    expect(repository.show(sha, 'lib/b.ex')).toBe('theirs')
    expect(repository.show(sha, 'pipelines/genesis.yaml')).toBe('name: third')
  })
  test.each([
    ['main'],
    ['refactor-plan'],
    ['refactor-plan/'],
    ['refactor-plan/../main'],
    ['refactor-plan/a..b'],
    ['refactor-plan//a'],
    ['refactor-plan/.a'],
    ['refactor-plan/a.lock'],
    ['refactor-plan/a.'],
    ['refactor-plan/a b'],
    ['refactor-plan/$(id)'],
  ])('%j is none of ours', async (name) => {
    expect((await failureOf(connect().commitFiles(commit({branch: name})))).code).toBe('bad-branch')
    expect(sent()).toEqual([])
  })
  test.each([
    '.github/workflows/gate.yml',
    'action.yml',
    'gold/../action.yml',
    'gold/../.github/workflows/x.yml',
    'gold/./x.yml',
    'gold//x.yml',
    'gold/.git/x.yml',
    'gold/.GIT/x.yml',
    'pipelines/x.yaml\n',
    'pipelines/x.yaml.exs',
    'pipelines/x.js',
    'Pipelines/x.yaml',
    '/pipelines/x.yaml',
    'lib/pipelines/x.yaml',
    'pipelines/é.yaml',
  ])('%j is not written', async (path) => {
    expect(await failureOf(connect().commitFiles(commit({files: [{path, text: 'x'}]})))).toMatchObject({
      code: 'not-writable',
      exit: 2,
    })
    expect(sent()).toEqual([])
  })
})

describe('a branch for a change of a plan', () => {
  const within = {
    names: ['lib/a.ex', 'test/new', '.github', 'gold', '.git', '..', 'mix.lock'],
    bounds: {goldRoots: ['gold'], protectedPaths: ['secret/**', 'test/new/closed/**']},
  }
  test('holds what the change names, with modes, and without what goes', async () => {
    const files = [
      {path: 'lib/a.ex', text: null},
      {path: 'test/new/a_test.exs', text: '\ufeffa\r\n'},
      {path: 'test/new/run', text: '#!/bin/sh\n', isExecutable: true},
    ]
    const {sha} = await connect().commitFiles(commit({files, within}))
    expect(
      gitOut('diff', '--raw', '--no-renames', `${sha}^`, sha)
        .split('\n')
        .map((line) => line.replace(/ [0-9a-f]{7,40}/g, '')),
    ).toEqual([':100644 000000 D\tlib/a.ex', ':000000 100644 A\ttest/new/a_test.exs', ':000000 100755 A\ttest/new/run'])
    expect(repository.show(sha, 'test/new/a_test.exs')).toBe('\ufeffa\r')
  })
  test('holds nothing else, whatever stood on the branch before', async () => {
    await connect().commitFiles(commit())
    const theirs = repository.commit(fake.state.refOf(`refs/heads/${branch}`) ?? '', {'lib/b.ex': 'theirs\n'})
    fake.state.setRef(`refs/heads/${branch}`, theirs)
    const {sha} = await connect().commitFiles(commit({files: [{path: 'lib/a.ex', text: 'ours\n'}], within}))
    expect(parentOf(sha)).toBe(theirs)
    expect(gitOut('diff', '--name-only', repository.base, sha)).toBe('lib/a.ex')
  })
  test('is known to be allowed before it is made', async () => {
    await connect().checkCommits()
    expect(sent()).toEqual(['POST /repos/acme/shop/git/blobs'])
    const [token] = fake.state.tokens.values()
    if (token === undefined) throw new TypeError('there is no token')
    for (const [name] of fake.state.tokens) fake.state.tokens.set(name, {...token, permissions: {contents: 'read'}})
    expect(await failureOf(connect().checkCommits())).toMatchObject({
      code: 'missing-permission',
      hint: expect.stringContaining('contents: write'),
    })
  })
  test.each([
    'pipelines/genesis.yaml',
    'lib/b.ex',
    'lib/a.ex/../b.ex',
    'lib/A.ex',
    'test/new/../../lib/b.ex',
    'test/new/.hidden',
    'test/new/closed/x',
    '.github/workflows/gate.yml',
    '.git/config',
    '../x',
    'gold/self/gold.yaml',
    'mix.lock',
    'test/new/a\\b',
    'test/new/a:b',
  ])('%j is not written', async (path) => {
    const files = [
      {path: 'test/new/a', text: 'a'},
      {path, text: 'x'},
    ]
    expect(await failureOf(connect().commitFiles(commit({files, within})))).toMatchObject({code: 'not-writable'})
    expect(sent()).toEqual([])
  })
})

describe('a pull request', () => {
  test('is opened, brought up to date, and left alone', async () => {
    await connect().commitFiles(commit())
    const first = await connect().openPull(request())
    expect(first).toEqual({id: 8, url: `${fake.url}/acme/shop/pull/8`, done: 'created'})
    expect(await connect().openPull(request())).toEqual({...first, done: 'unchanged'})
    expect(await connect().openPull(request({body: text('Gains 0.5.')}))).toEqual({...first, done: 'updated'})
    expect(fake.state.pulls.get(8)).toMatchObject({title: 'Evolve the genesis pipeline', body: 'Gains 0.5.'})
    expect(await connect().pull(8)).toMatchObject({head: {ref: branch}, author: {type: 'Bot'}})
  })
  test('that was closed is not opened again but made anew', async () => {
    await connect().commitFiles(commit())
    await connect().openPull(request())
    const closed = fake.state.pulls.get(8)
    if (closed) closed.state = 'closed'
    expect(await connect().openPull(request())).toMatchObject({id: 9, done: 'created'})
  })
  test('without commits is refused', async () => {
    fake.state.setRef(`refs/heads/${branch}`, repository.base)
    const failure = await failureOf(connect().openPull(request()))
    expect(failure).toMatchObject({code: 'github-refused', exit: 2})
    expect(failure.message).toContain('No commits between')
  })
  test('is not allowed by the settings of the repository', async () => {
    fake.state.appsMayOpenPulls = false
    await connect().commitFiles(commit())
    const failure = await failureOf(connect().openPull(request()))
    expect(failure.code).toBe('pull-requests-not-allowed')
    expect(failure.hint).toContain('Allow GitHub Actions to create and approve pull requests')
  })
})

describe('a secret', () => {
  const scrub = (text: string): string => text.replaceAll('hunter2hunter2', '***')
  const told = 'it is hunter2hunter2'
  test.each<readonly [string, (client: GitHub) => Promise<unknown>, () => unknown]>([
    ['a comment', (client) => client.upsertComment(say(told)), () => ours().map(({body}) => body)],
    [
      'a status',
      (client) => client.setStatus(status({description: plainLine(told)})),
      () => fake.state.statuses.map(({description}) => description),
    ],
    [
      'a committed file',
      (client) => client.commitFiles(commit({files: [{path: 'pipelines/genesis.yaml', text: told}]})),
      () => gitOut('show', `refs/heads/${branch}:pipelines/genesis.yaml`),
    ],
    [
      'what a commit says',
      (client) => client.commitFiles(commit({message: plain(told)})),
      () => gitOut('log', '-1', '--format=%B', `refs/heads/${branch}`),
    ],
    [
      'a pull request',
      async (client) => {
        await client.commitFiles(commit())
        await client.openPull(request({title: plainLine(told), body: text(told)}))
      },
      () => [fake.state.pulls.get(8)?.title, fake.state.pulls.get(8)?.body],
    ],
  ])('is in no part of %s', async (_, write, written) => {
    await write(connect('ghs_runner', {scrub}))
    const left = JSON.stringify(written())
    expect(left).toContain('it is ')
    expect(left).toContain('***')
    expect(left).not.toContain('hunter2')
  })
})

describe('a token that may not', () => {
  test.each([
    ['statuses: write', (client: GitHub) => client.setStatus(status())],
    ['pull-requests: write', (client: GitHub) => client.upsertComment(say('one'))],
    ['contents: write', (client: GitHub) => client.commitFiles(commit())],
  ])('is told the line that is missing: %s', async (line, act) => {
    const failure = await failureOf(act(connect('ghs_reader')))
    expect(failure).toMatchObject({code: 'missing-permission', exit: 2})
    expect(failure.hint).toContain(`permissions:\n  ${line}\n`)
    // what would be refused again is not tried again
    expect(waits).toEqual([])
  })
  test('opens no pull request', async () => {
    await connect().commitFiles(commit())
    expect((await failureOf(connect('ghs_reader').openPull(request()))).hint).toContain('  pull-requests: write\n')
  })
  test('is not known', async () => {
    expect(await failureOf(connect('ghs_wrong').pull(7))).toMatchObject({code: 'bad-token', exit: 2})
    expect(await failureOf(connect('ghs_wrong').upsertComment(say('one')))).toMatchObject({code: 'bad-token'})
  })
  test('is not there', () => {
    expect(() => connect('')).toThrow('there is no GitHub token')
    expect(() => github({token: 'x', apiUrl: fake.apiUrl, repository: 'shop'})).toThrow('shop is not a repository')
  })
  test('never stands in what is said', async () => {
    for (const status of [401, 403, 404, 422, 500, 'reset'] as const) {
      fake.faults.clear()
      fake.faults.push({route: /./, status, times: 99})
      const failure = await failureOf(connect('ghs_reader').pull(7))
      expect(`${failure.message} ${failure.hint ?? ''}`).not.toContain('ghs_reader')
    }
  })
  test('what GitHub says cannot command the runner', async () => {
    fake.faults.push({route: /./, status: 404, body: {message: '\n::error::x\r\n##[group]'}})
    expect((await failureOf(connect().pull(7))).message).not.toMatch(/[\r\n]|##\[/)
  })
})

describe('git by the same server', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, {recursive: true, force: true})
  })
  const into = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'clone-'))
    folders.push(folder)
    return join(folder, 'objects.git')
  }
  const url = (): string => `${fake.url}/acme/shop.git`
  test('hands out base and head by their SHAs', async () => {
    const folder = await fetchCommits({
      url: url(),
      token: 'ghs_runner',
      commits: [repository.base, repository.head],
      into: into(),
    })
    for (const [sha, said] of [
      [repository.base, 'a\n'],
      [repository.head, 'b\n'],
    ] as const) {
      const source = await objects(folder, sha)
      const entries = (await source.list()).filter(({path}) => path === 'lib/a.ex')
      const [file] = await source.read(entries)
      expect(Buffer.from(file?.bytes ?? []).toString()).toBe(said)
    }
  })
  test('hands out the head of a fork, which stands in no branch', async () => {
    const next = repository.commit(repository.head, {'lib/a.ex': 'from a fork\n'})
    fake.state.addPull({number: 9, head: {sha: next, repository: 'mallory/shop'}, base: {sha: repository.base}})
    fake.state.moveHead(9, next)
    await fetchCommits({url: url(), token: 'ghs_runner', commits: [next], into: into()})
  })
  test('hands out what the API made', async () => {
    const {sha} = await connect().commitFiles(commit())
    await fetchCommits({url: url(), token: 'ghs_reader', commits: [sha], refs: [`refs/heads/${branch}`], into: into()})
  })
  test.each([['ghs_wrong'], [null]])('refuses %s', async (token) => {
    const failure = await failureOf(fetchCommits({url: url(), token, commits: [repository.head], into: into()}))
    expect(failure.code).toBe('not-allowed')
  })
  test('takes no push', async () => {
    const address = url().replace('://', '://x-access-token:ghs_runner@')
    const words = [`--git-dir=${repository.gitDir}`, 'push', address, `${repository.head}:refs/heads/evil`]
    // not spawnSync: the server runs in this process
    const child = spawn('git', words, {env: {...gitEnvironment}, stdio: 'ignore'})
    const [code]: readonly unknown[] = await once(child, 'close')
    expect(code).not.toBe(0)
    expect(fake.state.refOf('refs/heads/evil')).toBeNull()
  })
})

test('a paragraph of a model stays one comment of ours', async () => {
  const body = paragraphs(`<!-- ${marker} -->\n@everyone ::error::x`)
  await connect().upsertComment({number: 7, marker, body})
  await connect().upsertComment({number: 7, marker, body})
  expect(ours()).toHaveLength(1)
})
