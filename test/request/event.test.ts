import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {isFork, parseEvent} from '../../src/request/event.ts'
import {
  comment,
  deletedForkPullRequest,
  dispatch,
  forkPullRequest,
  mergeGroup,
  pullRequest,
  push,
  schedule,
  shas,
} from '../fixtures/events.ts'

const sameRepository = {
  kind: 'pull_request',
  action: 'synchronize',
  number: 7,
  head: {sha: shas.head, ref: 'feature', repository: 'acme/shop', fork: false},
  base: {sha: shas.base, ref: 'main'},
  retargeted: false,
  draft: false,
  state: 'open',
  author: {login: 'ada', type: 'User'},
}
const fork = {...sameRepository.head, repository: 'mallory/shop', fork: true}
const spoken = {
  kind: 'issue_comment',
  action: 'created',
  comment: {id: 501, body: '/refactor-plan', author: {login: 'ada', type: 'User'}, createdAt: '2026-01-05T10:00:00Z'},
  issue: {number: 7, isPullRequest: true, state: 'open'},
}

describe('a payload becomes an event', () => {
  test.each([
    ['same repository', 'pull_request', pullRequest(), sameRepository],
    [
      'by its target',
      'pull_request_target',
      forkPullRequest(),
      {...sameRepository, kind: 'pull_request_target', head: fork, author: {login: 'mallory', type: 'User'}},
    ],
    [
      'a deleted fork of a deleted account',
      'pull_request',
      deletedForkPullRequest(),
      {...sameRepository, head: {...fork, repository: null}, author: null},
    ],
    [
      'inside a repository that is a fork itself',
      'pull_request',
      pullRequest({repository: 'mallory/shop', from: 'Mallory/Shop'}),
      {...sameRepository, head: {...fork, repository: 'Mallory/Shop', fork: false}},
    ],
    ['a draft', 'pull_request', pullRequest({draft: true}), {...sameRepository, draft: true}],
    [
      'closed',
      'pull_request',
      pullRequest({action: 'closed', state: 'closed'}),
      {...sameRepository, action: 'closed', state: 'closed'},
    ],
    [
      'by a bot',
      'pull_request',
      pullRequest({author: 'dependabot[bot]'}),
      {...sameRepository, author: {login: 'dependabot[bot]', type: 'Bot'}},
    ],
    [
      'another base',
      'pull_request',
      pullRequest({action: 'edited', changes: {base: {ref: {from: 'old'}}}}),
      {...sameRepository, action: 'edited', retargeted: true},
    ],
    [
      'another title',
      'pull_request',
      pullRequest({action: 'edited', changes: {title: {from: 'old'}}}),
      {...sameRepository, action: 'edited'},
    ],
    ['a comment on a pull request', 'issue_comment', comment(), spoken],
    [
      'a comment on an issue',
      'issue_comment',
      comment({on: 'issue'}),
      {...spoken, issue: {...spoken.issue, isPullRequest: false}},
    ],
    [
      'a comment of a bot',
      'issue_comment',
      comment({author: 'renovate[bot]'}),
      {...spoken, comment: {...spoken.comment, author: {login: 'renovate[bot]', type: 'Bot'}}},
    ],
    [
      'a comment of a ghost',
      'issue_comment',
      comment({author: null}),
      {...spoken, comment: {...spoken.comment, author: null}},
    ],
    [
      'started by hand',
      'workflow_dispatch',
      dispatch({pr: '7'}),
      {kind: 'workflow_dispatch', ref: 'refs/heads/main', inputs: {pr: '7'}},
    ],
    [
      'started by hand, no inputs',
      'workflow_dispatch',
      dispatch(),
      {kind: 'workflow_dispatch', ref: 'refs/heads/main', inputs: {}},
    ],
    ['at night', 'schedule', schedule(), {kind: 'schedule', cron: '0 3 * * *'}],
    ['a push', 'push', push(), {kind: 'push', ref: 'refs/heads/main', before: shas.base, after: shas.head}],
    [
      'a deletion',
      'push',
      push({after: shas.none}),
      {kind: 'push', ref: 'refs/heads/main', before: shas.base, after: null},
    ],
    [
      'the merge queue',
      'merge_group',
      mergeGroup(),
      {
        kind: 'merge_group',
        action: 'checks_requested',
        head: {sha: shas.merge, ref: `refs/heads/gh-readonly-queue/main/pr-7-${shas.base}`},
        base: {sha: shas.base, ref: 'refs/heads/main'},
      },
    ],
    ['what nobody knows', 'watch', {}, {kind: 'other', name: 'watch'}],
  ])('%s', (_, name, payload, event) => {
    expect(parseEvent(name, payload)).toEqual(event)
  })
})

describe('a payload that GitHub would not send', () => {
  test.each([
    ['pull_request', {}, 'pull_request: action'],
    ['pull_request', pullRequest({head: 'main'}), 'pull_request: pull_request.head.sha'],
    ['pull_request', pullRequest({head: `${shas.head}\n`}), 'pull_request: pull_request.head.sha'],
    ['issue_comment', null, 'issue_comment: the payload'],
    ['issue_comment', comment({id: -1}), 'issue_comment: comment.id'],
    ['workflow_dispatch', {inputs: {}}, 'workflow_dispatch: ref'],
  ])('%s is refused with its place', (name, payload, message) => {
    expect(() => parseEvent(name, payload)).toThrow(message)
    expect(() => parseEvent(name, payload)).toThrow(Failure)
  })
  test('nothing else is ever thrown', () => {
    const names = ['pull_request', 'issue_comment', 'push', 'schedule', 'workflow_dispatch', 'merge_group', 'x']
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, payload) => {
        try {
          parseEvent(name, payload)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Failure)
        }
      }),
    )
  })
})

test('a deleted repository is a fork, whatever the names', () => {
  fc.assert(
    fc.property(fc.string(), (base) => isFork(null, base) && !isFork(base.toUpperCase(), base.toLowerCase())),
    {
      examples: [['acme/shop']],
    },
  )
})
