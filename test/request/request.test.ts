import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {parseEvent} from '../../src/request/event.ts'
import {commanderOf, understand, understandTrial, type Facts, type Permission} from '../../src/request/request.ts'
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

const allowed = ['admin', 'maintain', 'write']
const writer: Facts = {permission: 'write', allowed}
const nobody: Facts = {permission: null, allowed}

const plan = (target: object, more: object = {}): object => ({
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
const pull = (head: string | null = shas.head): object => ({kind: 'pull-request', number: 7, head})
const commit = (head: string | null, branch: string | null = null, queued: number | null = null): object => ({
  kind: 'commit',
  head,
  branch,
  queued,
})
const asked = {id: 501, at: '2026-01-05T10:00:00Z'}
const reply = (command: object): object => ({kind: 'answer', number: 7, comment: asked, by: 'ada', command})
const skip = (reason: string): object => ({kind: 'skip', reason})

describe('an event becomes a request', () => {
  test.each([
    ['opened', 'pull_request', pullRequest({action: 'opened'}), plan(pull())],
    ['pushed to', 'pull_request', pullRequest(), plan(pull())],
    ['made ready', 'pull_request', pullRequest({action: 'ready_for_review'}), plan(pull())],
    ['labeled', 'pull_request_target', forkPullRequest({action: 'labeled'}), plan(pull(), {isFork: true})],
    ['retargeted', 'pull_request', pullRequest({action: 'edited', changes: {base: {}}}), plan(pull())],
    ['renamed', 'pull_request', pullRequest({action: 'edited', changes: {title: {}}}), skip('nothing-to-plan')],
    ['assigned', 'pull_request', pullRequest({action: 'assigned'}), skip('nothing-to-plan')],
    ['from a fork', 'pull_request', forkPullRequest(), plan(pull(), {isFork: true, mayOnlyRead: true})],
    ['from a deleted fork', 'pull_request', deletedForkPullRequest(), plan(pull(), {isFork: true, mayOnlyRead: true})],
    ['by a bot', 'pull_request', pullRequest({author: 'dependabot[bot]'}), plan(pull(), {mayOnlyRead: true})],
    ['a draft', 'pull_request', pullRequest({draft: true}), skip('draft')],
    ['closed', 'pull_request', pullRequest({action: 'closed', state: 'closed'}), skip('closed')],
    ['pushed to while closed', 'pull_request', pullRequest({state: 'closed'}), skip('closed')],
    ['by hand', 'workflow_dispatch', dispatch(), plan(commit(null))],
    ['by hand for a pull request', 'workflow_dispatch', dispatch({pr: ' 7 '}), plan(pull(null))],
    [
      'by hand with all',
      'workflow_dispatch',
      dispatch({pr: '7', sha: 'A1B2C3D', goal: 'Split it', other: 'x'}),
      plan(pull('a1b2c3d'), {goal: 'Split it'}),
    ],
    ['by hand for a commit', 'workflow_dispatch', dispatch({pr: '', sha: shas.head}), plan(commit(shas.head))],
    ['at night', 'schedule', schedule(), plan(commit(null))],
    ['a push', 'push', push(), plan(commit(shas.head))],
    ['a push of a tag', 'push', {...push(), ref: 'refs/tags/v1'}, skip('nothing-to-plan')],
    ['a deletion', 'push', push({after: shas.none}), skip('nothing-to-plan')],
    ['the merge queue', 'merge_group', mergeGroup(), plan(commit(shas.merge, 'main', 7))],
    ['the merge queue, done', 'merge_group', mergeGroup('destroyed'), skip('nothing-to-plan')],
    ['anything else', 'watch', {}, skip('unsupported-event')],
  ])('%s', (_, name, payload, request) => {
    // none of these commands anything, so nobody's permission may matter
    expect(understand(parseEvent(name, payload), nobody)).toEqual(request)
    expect(commanderOf(parseEvent(name, payload))).toBeNull()
  })
  test.each([
    [{pr: 'seven'}, 'pr: seven'],
    [{pr: '0'}, 'pr: 0'],
    [{pr: '7; rm'}, 'pr: 7; rm'],
    [{sha: 'main'}, 'sha: main'],
  ])('by hand with %j is refused', (inputs, message) => {
    const event = parseEvent('workflow_dispatch', dispatch(inputs))
    expect(() => understand(event, nobody)).toThrow(message)
    expect(() => understand(event, nobody)).toThrow(Failure)
  })
})

describe('an event becomes a trial', () => {
  const trial = (head: string | null, base: string | null = null, into: string | null = null): object => ({
    kind: 'trial',
    head,
    base,
    into,
  })
  test.each([
    ['at night', 'schedule', schedule(), trial(null), trial(null)],
    ['by hand', 'workflow_dispatch', dispatch(), trial(null), trial(null)],
    ['a push to the default branch', 'push', push(), trial(shas.head), trial(shas.head)],
    [
      'a push to another one',
      'push',
      {...push(), ref: 'refs/heads/feature'},
      skip('nothing-to-plan'),
      skip('nothing-to-plan'),
    ],
    ['a pull request', 'pull_request', pullRequest(), trial(shas.head, shas.base, 'main'), skip('unsupported-event')],
    ['a draft', 'pull_request', pullRequest({draft: true}), skip('draft'), skip('unsupported-event')],
    [
      'a fork without keys',
      'pull_request',
      forkPullRequest(),
      trial(shas.head, shas.base, 'main'),
      skip('unsupported-event'),
    ],
    ['a fork with keys', 'pull_request_target', forkPullRequest(), skip('fork'), skip('unsupported-event')],
    ['the merge queue', 'merge_group', mergeGroup(), trial(shas.merge, shas.base, 'main'), skip('unsupported-event')],
    ['a comment, whoever wrote it', 'issue_comment', comment(), skip('unsupported-event'), skip('unsupported-event')],
  ])('%s', (_, name, payload, evaluate, optimize) => {
    const event = parseEvent(name, payload)
    expect(understandTrial(event, 'evaluate', 'main')).toEqual(evaluate)
    expect(understandTrial(event, 'optimize', 'main')).toEqual(optimize)
  })
})

describe('a comment becomes a request', () => {
  test.each([
    ['a command', comment(), writer, plan(pull(null), {comment: asked})],
    [
      'with all words',
      comment({body: '/refactor-plan "Split" a1b2c3d rerun --pipeline=offline'}),
      writer,
      plan(pull('a1b2c3d'), {goal: 'Split', again: true, pipeline: 'offline', comment: asked}),
    ],
    ['help', comment({body: '/refactor-plan help'}), writer, reply({kind: 'help'})],
    ['status', comment({body: '/refactor-plan status'}), writer, reply({kind: 'status'})],
    [
      'override',
      comment({body: '/refactor-plan override "x"'}),
      writer,
      reply({kind: 'override', sha: null, reason: 'x'}),
    ],
    [
      'an unknown word',
      comment({body: '/refactor-plan --gate=off'}),
      writer,
      reply({kind: 'unknown', word: '--gate=off'}),
    ],
    ['talk', comment({body: 'nice'}), writer, skip('not-a-command')],
    ['edited', comment({action: 'edited'}), writer, skip('not-a-command')],
    ['deleted', comment({action: 'deleted'}), writer, skip('not-a-command')],
    ['on an issue', comment({on: 'issue'}), writer, skip('not-a-pull-request')],
    ['on a closed one', comment({state: 'closed'}), writer, skip('closed')],
    ['by a bot', comment({author: 'evil[bot]'}), {...writer, permission: 'admin'}, skip('bot')],
    ['by an app that says it is a user', comment({author: 'evil[bot]', type: 'User'}), writer, skip('bot')],
    ['by a mannequin', comment({type: 'Mannequin'}), writer, skip('bot')],
    ['by a ghost', comment({author: null}), {...writer, permission: 'admin'}, skip('not-permitted')],
    ['by who may read', comment(), {...writer, permission: 'read'}, skip('not-permitted')],
    ['by who could not be asked about', comment(), nobody, skip('not-permitted')],
    [
      'help for a stranger',
      comment({body: '/refactor-plan help'}),
      {...writer, permission: 'none'},
      skip('not-permitted'),
    ],
  ] as const)('%s', (_, payload, facts, request) => {
    expect(understand(parseEvent('issue_comment', payload), facts)).toEqual(request)
  })
  test.each([
    ['a command', comment(), 'ada'],
    ['an unknown word', comment({body: '/refactor-plan x'}), 'ada'],
    ['talk', comment({body: 'nice'}), null],
    ['by a bot', comment({author: 'evil[bot]'}), null],
    ['by a ghost', comment({author: null}), null],
    ['on an issue', comment({on: 'issue'}), null],
  ])('who is asked about: %s', (_, payload, login) => {
    expect(commanderOf(parseEvent('issue_comment', payload))).toBe(login)
  })
  test('only the allowed permissions ever command', () => {
    const permissions: readonly (Permission | null)[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none', null]
    fc.assert(
      fc.property(
        fc.constantFrom(...permissions),
        fc.subarray(['admin', 'maintain', 'write', 'triage']),
        fc.constantFrom('/refactor-plan', '/refactor-plan help', '/refactor-plan x', 'x'),
        fc.constantFrom('User', 'Bot'),
        (permission, some, body, type) => {
          const request = understand(parseEvent('issue_comment', comment({body, type})), {permission, allowed: some})
          const may = type === 'User' && permission !== null && some.some((each) => each === permission)
          expect(request.kind === 'skip').toBe(!may || body === 'x')
        },
      ),
    )
  })
})
