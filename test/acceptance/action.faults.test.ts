/** What may go wrong outside: missing rights, outages, unreadable policy. The gate is never opened by it. */
import {describe, expect, test} from 'vitest'
import type {Fault} from '../fixtures/github.ts'
import type {Token} from '../fixtures/github-state.ts'
import {failing, gate, headline, inScene, passing, settings} from './scene.ts'

const timeout = 120_000
const may: Token['permissions'] = {contents: 'read', pull_requests: 'write', statuses: 'write', metadata: 'read'}
const tokenOf = (permissions: Token['permissions']): Token => ({login: 'github-actions[bot]', kind: 'app', permissions})
const pending = `${gate} pending`
const error = `${gate} error`

describe.concurrent('missing rights', {timeout}, () => {
  test.each([
    {
      name: 'no comments',
      permissions: {...may, pull_requests: 'read'},
      says: /could not comment on 7.*permissions:%0A {2}pull-requests: write/,
      states: [pending, error],
      comments: 0,
    },
    {
      name: 'no statuses',
      permissions: {...may, statuses: 'read'},
      says: /could not set the status refactor-plan\/gate.*permissions:%0A {2}statuses: write/,
      states: [],
      comments: 1,
    },
    {
      name: 'no contents',
      permissions: {pull_requests: 'write', statuses: 'write', metadata: 'read'},
      says: /could not read \.github\/refactor-plan\.yml.*permissions:%0A {2}contents: read/,
      states: [error],
      comments: 1,
    },
    {
      name: 'a fork’s token, which only reads',
      permissions: {contents: 'read', pull_requests: 'read', statuses: 'read', metadata: 'read'},
      says: /permissions:%0A {2}statuses: write%0AA pull request from a fork/,
      states: [],
      comments: 0,
    },
  ] satisfies readonly {
    readonly permissions: Token['permissions']
    readonly [key: string]: unknown
  }[])('$name: exit 2 and the line to add', ({permissions, says, states, comments}) =>
    inScene({isHere: states.length !== 0}, async (scene) => {
      scene.hub.state.tokens.set('ghs_runner', tokenOf(permissions))
      const run = await scene.onPull()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(run.stdout.split('\n').find((line) => line.startsWith('::error::'))).toMatch(says)
      expect(scene.statusesOf(scene.repository.head)).toEqual(states)
      expect(scene.comments()).toHaveLength(comments)
      expect(headline(run.summary)).toMatch(/could not be judged.*missing-permission/)
      expect(run.summary).toMatch(/^(?:pull-requests|statuses): write|^contents: read/m)
    }),
  )

  test('a token that is none', () =>
    inScene({isHere: true}, async ({hub, onPull}) => {
      const run = await onPull({inputs: {token: 'ghs_nobody'}})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(run.stdout).toMatch(/^::error::.*the token is wrong or has run out/m)
      expect(hub.state.statuses).toEqual([])
    }))

  test('git refuses what the API does not', () =>
    inScene({}, async ({hub, repository, onPull, statusesOf, comments}) => {
      hub.state.gitRefuses = true
      const run = await onPull()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(statusesOf(repository.head)).toEqual([pending, error])
      expect(comments()[0]).toContain('contents: read')
      expect(run.stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toMatch(/eC1hY2Nlc3M|ghs_runner|fatal:/)
    }))
})

describe.concurrent('a policy that cannot be read', {timeout}, () => {
  test.each([
    {name: 'a value', text: 'gate: warn\nthreshold: eight\n', says: /\.github\/refactor-plan\.yml:2:12/},
    {name: 'a key', text: '# ours\nthreshhold: 8\n', says: /\.github\/refactor-plan\.yml:2:1/},
  ])('$name: exit 2, the line, and an error on the commit', ({text, says}) =>
    inScene(
      {base: {...passing, '.github/refactor-plan.yml': text}, isHere: text.startsWith('#')},
      async ({repository, onPull, statusesOf, comments}) => {
        const run = await onPull()
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
        expect(run.stdout).toMatch(says)
        expect(comments()[0]?.replaceAll('\\', '')).toMatch(says)
        expect(statusesOf(repository.head)).toEqual([error])
      },
    ),
  )

  test('settings that the API does not find and git does: the defaults are not taken instead', () =>
    inScene(
      {base: {...passing, ...settings({threshold: 9.9})}, isHere: true},
      async ({hub, repository, onPull, statusesOf, comments}) => {
        hub.faults.push({route: /\/contents\//, status: 404, body: {message: 'Not Found'}})
        const run = await onPull()
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 3, verdict: 'error'})
        expect(statusesOf(repository.head)).toEqual([pending, error])
        expect(comments()[0]).toContain('not the same by git')
      },
    ))

  test.each([
    {name: 'a gold standard', path: 'gold/self/gold.yaml', text: 'schema: 1\nname: self\nfindings: []\n', inputs: {}},
    {
      name: 'a pipeline',
      path: 'pipelines/own.yaml',
      text: 'steps: [{name: a, type: magic}]\n',
      inputs: {pipeline: 'pipelines/own.yaml'},
    },
    {name: 'an input', path: 'a.txt', text: 'a', inputs: {threshold: 'high'}},
  ])('$name: exit 2 and an error on the commit', ({path, text, inputs}) =>
    inScene({base: {...passing, [path]: text}, isHere: true}, async ({repository, onPull, statusesOf, comments}) => {
      const run = await onPull({inputs})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(statusesOf(repository.head).at(-1)).toBe(error)
      expect(headline(comments()[0])).toMatch(/could not be judged/)
    }),
  )
})

const routes = {
  pull: /GET .*\/pulls\/7$/,
  settings: /GET .*\/contents\//,
  status: /POST .*\/statuses\//,
  login: /POST \/graphql/,
  comments: /GET .*\/issues\/7\/comments/,
  comment: /POST .*\/issues\/7\/comments/,
} as const

describe.concurrent('an outage that passes', {timeout}, () => {
  test.each([
    {name: 'a server error on every call', fault: {status: 502}},
    {name: 'a connection that breaks on every call', fault: {status: 'reset'}},
    {name: 'half an answer to every call', fault: {status: 'truncate', after: true}},
    {name: 'every call carried out and its answer lost', fault: {status: 502, after: true}},
  ] as const)('$name: the same verdict, one comment', ({fault}) =>
    inScene({base: failing}, async ({hub, repository, onPull, statusesOf, comments}) => {
      hub.faults.push(...Object.values(routes).map((route) => ({route, ...fault})))
      const run = await onPull()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 1, verdict: 'fail'})
      expect(comments()).toHaveLength(1)
      expect(statusesOf(repository.head).at(-1)).toBe(`${gate} failure`)
      expect(statusesOf(repository.head)).not.toContain(`${gate} success`)
    }),
  )
})

describe.concurrent('an outage that stays', {timeout}, () => {
  /** More patience than there is: not waited for, so that these cost no time. */
  const limited = {status: 429, headers: {'retry-after': '7200'}, times: 99} as const
  const gone = (route: RegExp, skip = 0): Fault => ({route, skip, ...limited})
  test.each([
    {name: 'the pull request', fault: gone(routes.pull), states: [], comments: 0},
    {name: 'the settings', fault: gone(routes.settings), states: [error], comments: 1},
    {name: 'every status', fault: gone(routes.status), states: [], comments: 1},
    {name: 'the second look at the head', fault: gone(routes.pull, 1), states: [pending, error], comments: 1},
    {name: 'the list of comments', fault: gone(routes.comments), states: [pending, error], comments: 0},
    {name: 'the comment', fault: gone(routes.comment), states: [pending, error], comments: 0},
    {name: 'the last status', fault: gone(routes.status, 1), states: [pending], comments: 1},
  ])('$name: exit 3, no success, no second comment', ({fault, states, comments}) =>
    inScene({isHere: fault.skip !== 1}, async (scene) => {
      scene.hub.faults.push(fault)
      const run = await scene.onPull()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 3, verdict: 'error'})
      expect(scene.statusesOf(scene.repository.head)).toEqual(states)
      expect(scene.comments()).toHaveLength(comments)
      if (comments > 0) expect(headline(scene.comments()[0])).toMatch(/could not be judged/)
    }),
  )

  test('server errors without end on the comment: asked again, then an error', () =>
    inScene({}, async ({hub, repository, onPull, statusesOf, comments}) => {
      hub.faults.push({route: routes.comment, status: 500, times: 99})
      const run = await onPull()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 3, verdict: 'error'})
      expect(comments()).toEqual([])
      expect(statusesOf(repository.head)).toEqual([pending, error])
      expect(hub.requests.filter(({method, path}) => routes.comment.test(`${method} ${path}`)).length).toBeGreaterThan(
        2,
      )
    }))
})
