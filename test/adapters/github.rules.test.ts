/** What a token may know of a branch's rules, and what it may not: an answer, null, or an outage, and never one for another. */
import {afterAll, afterEach, beforeEach, describe, expect, test} from 'vitest'
import {github, type GitHub} from '../../src/adapters/github.ts'
import {Failure} from '../../src/errors.ts'
import {startGitHub, type FakeGitHub} from '../fixtures/github.ts'
import {makeRepository} from '../fixtures/repository.ts'

const repository = makeRepository({
  base: {'.github/workflows/a.yml': 'on: push\n', 'gold/self/gold.yaml': 'x\n', 'a.ex': 'a\n'},
})
afterAll(repository.close)

let fake: FakeGitHub
beforeEach(async () => {
  fake = await startGitHub({repository: 'acme/shop', gitRoot: repository.root})
  fake.state.tokens.set('ghp_admin', {
    login: 'ada',
    kind: 'user',
    permissions: {contents: 'write', administration: 'write', metadata: 'read'},
  })
})
afterEach(() => fake.close())

const connect = (token = 'ghp_admin'): GitHub =>
  github({token, apiUrl: fake.apiUrl, repository: 'acme/shop', wait: async () => {}})
const check = {context: 'refactor-plan/gate', app: null}

describe('rulesets', () => {
  test('all of them, however many pages', async () => {
    const {gate} = fake.state
    for (let id = 1; id <= 120; id++) gate.rulesets.push({id, name: `r${id}`, checks: [{context: `c${id}`, app: id}]})
    gate.rulesets.push({
      id: 200,
      name: 'queue',
      queue: true,
      ownersReview: true,
      workflows: ['.github/workflows/x.yml'],
    })
    const rules = await connect('ghs_runner').rulesOf('main')
    expect(rules?.checks).toHaveLength(120)
    expect(rules?.checks.at(-1)).toEqual({context: 'c120', app: 120, ruleset: 120})
    expect(rules).toMatchObject({queue: true, ownersReview: true, workflows: ['.github/workflows/x.yml']})
  })
  test('none is an answer', async () =>
    expect(await connect('ghs_runner').rulesOf('main')).toEqual({
      checks: [],
      queue: false,
      ownersReview: false,
      workflows: [],
    }))
  test.each<readonly [string, readonly string[] | null]>([
    ['ghp_admin', ['administrators', 'team 7', "the organisation's administrators", 'deploy keys']],
    ['ghs_runner', null],
  ])('whom they do not bind, asked with %s', async (token, who) => {
    const bypass = ['RepositoryRole 5', 'Team 7', 'OrganizationAdmin', 'DeployKey']
    fake.state.gate.rulesets.push({id: 12, name: 'gate', checks: [check], bypass})
    expect(await connect(token).bypassOf(12)).toEqual(who)
  })
})

describe('the classic protection', () => {
  test.each([
    ['ghp_admin', {checks: [{...check, ruleset: null}], ownersReview: true, adminsBypass: true}],
    ['ghs_runner', {checks: [{...check, ruleset: null}], ownersReview: null, adminsBypass: true}],
  ])('with %s', async (token, expected) => {
    fake.state.gate.protections.set('main', {checks: [check], ownersReview: true})
    expect(await connect(token).protectionOf('main')).toEqual(expected)
  })
  test.each(['ghp_admin', 'ghs_runner'])('there is none, and %s may know it', async (token) =>
    expect(await connect(token).protectionOf('main')).toEqual({checks: [], ownersReview: false, adminsBypass: null}),
  )
  test('a ruleset protects the branch too, and is none', async () => {
    fake.state.gate.rulesets.push({id: 1, name: 'x'})
    expect(await connect('ghs_runner').protectionOf('main')).toEqual({
      checks: [],
      ownersReview: false,
      adminsBypass: null,
    })
  })
  test('which may not be read at all', async () => {
    fake.state.tokens.set('ghs_blind', {login: 'x[bot]', kind: 'app', permissions: {metadata: 'read'}})
    expect(await connect('ghs_blind').protectionOf('main')).toBe(null)
  })
  test('which the plan of the account does not have', async () => {
    fake.state.gate.mayProtect = false
    expect(await connect().rulesOf('main')).toBe(null)
    expect(await connect().protectionOf('main')).toMatchObject({checks: []})
  })
})

describe('settings, apps, folders', () => {
  test('what workflows may do', async () => {
    fake.state.appsMayOpenPulls = false
    expect(await connect().workflowPermissions()).toEqual({permissions: 'read', mayOpenPulls: false})
    expect(await connect('ghs_runner').workflowPermissions()).toBe(null)
  })
  test('the id of an app', async () => {
    expect(await connect().appOf('github-actions')).toBe(15368)
    expect(await connect().appOf('nobody')).toBe(null)
  })
  test.each([
    [
      '',
      [
        {name: '.github', kind: 'folder'},
        {name: 'a.ex', kind: 'file'},
        {name: 'gold', kind: 'folder'},
      ],
    ],
    ['.github/workflows', [{name: 'a.yml', kind: 'file'}]],
    ['a.ex', null],
    ['gone', null],
  ])('the folder %j', async (path, entries) =>
    expect(await connect('ghs_reader').listFolder(repository.base, path)).toEqual(entries),
  )
})

describe('an outage is no answer', () => {
  const calls: readonly (readonly [string, (hub: GitHub) => Promise<unknown>])[] = [
    ['rulesOf', (hub) => hub.rulesOf('main')],
    ['protectionOf', (hub) => hub.protectionOf('main')],
    ['bypassOf', (hub) => hub.bypassOf(12)],
    ['workflowPermissions', (hub) => hub.workflowPermissions()],
    ['appOf', (hub) => hub.appOf('github-actions')],
    ['listFolder', (hub) => hub.listFolder(repository.base, '')],
  ]
  const faults = [
    [503, 'github-unavailable'],
    [429, 'github-rate-limit'],
    [401, 'bad-token'],
    ['reset', 'github-unavailable'],
  ] as const
  test.each(calls.flatMap(([name, act]) => faults.map(([status, code]) => [name, status, code, act] as const)))(
    '%s and %s: %s',
    async (_, status, code, act) => {
      fake.faults.push({route: /./, status, times: 99})
      const thrown: unknown = await act(connect()).catch((error: unknown) => error)
      expect(thrown instanceof Failure ? thrown.code : thrown).toBe(code)
    },
  )
})
