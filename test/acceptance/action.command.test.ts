/** `/refactor-plan` in a comment: who may, on what, and what comes of it. */
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {Plan} from '../../src/plan/plan.ts'
import {failing, gate, headline, inScene, readIn, settings, written} from './scene.ts'

const timeout = 120_000
const goalOf = (text: string): string => Plan.parse(parse(text)).goal

describe.concurrent('a writer', {timeout}, () => {
  test('is answered with 👀, a comment and a status', () =>
    inScene({base: failing}, async ({repository, onComment, statusesOf, comments, reactions}) => {
      const run = await onComment()
      expect(run.code).toBe(1)
      expect(reactions()).toEqual(['eyes'])
      expect(headline(comments()[0])).toMatch(/^❌ Refactor plan: /)
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} failure`])
      expect(run.outputs).toMatchObject({verdict: 'fail', 'head-sha': repository.head, 'pr-number': '7'})
    }))

  test.each([
    [
      'another goal',
      '/refactor-plan "Make every `failure` visible | $(reboot)"',
      'Make every `failure` visible | $(reboot)',
    ],
    ['curly quotes and the head', '/refactor-plan HEAD “Only the mail”', 'Only the mail'],
  ])('%s: the goal reaches the plan', (_, body, goal) =>
    inScene({}, async ({repository, onComment, comments}) => {
      const run = await onComment({body: body.replace('HEAD', repository.head.slice(0, 9))})
      expect(run.code).toBe(0)
      expect(goalOf(readIn(run, run.outputs['plan-path']))).toBe(goal)
      expect(comments()).toHaveLength(1)
    }),
  )

  test('asks for the head of another time: 😕, nothing judged', () =>
    inScene({}, async ({repository, onComment, writes, reactions}) => {
      const run = await onComment({body: `/refactor-plan ${repository.base.slice(0, 12)}`})
      expect({code: run.code, outputs: run.outputs}).toEqual({code: 0, outputs: {verdict: 'skipped'}})
      expect(reactions()).toEqual(['confused'])
      expect(writes()).toHaveLength(1)
    }))

  test.each([
    {name: 'help', body: '/refactor-plan help', reaction: 'eyes', says: /^What I understand/},
    {
      name: 'an unknown word',
      body: '/refactor-plan --threshold=0',
      reaction: 'confused',
      says: /^`--threshold=0` is not a command/,
    },
    {
      name: 'a hostile word',
      body: '/refactor-plan <img/src=//evil.example> @everyone',
      reaction: 'confused',
      says: /^`/,
    },
  ])('$name: help, once, and nothing judged', ({body, reaction, says}) =>
    inScene({}, async ({hub, onComment, comments, reactions}) => {
      const run = await onComment({body})
      if (body.endsWith('help')) await onComment({body})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'skipped'})
      expect(new Set(reactions())).toEqual(new Set([reaction]))
      expect(comments()).toHaveLength(1)
      expect(headline(comments()[0])).toMatch(says)
      expect(comments()[0]).toContain('| `/refactor-plan "goal"` |')
      expect(comments()[0]).not.toMatch(/<img|@everyone|:\/\//)
      expect(hub.state.statuses).toEqual([])
      expect(written(run)).toEqual([])
    }),
  )
})

describe.concurrent('who may not command', {timeout}, () => {
  test.each([
    {name: 'a reader', role: 'read', base: {}, code: 0, reaction: ['-1'], verdict: 'skipped'},
    {name: 'a stranger', role: 'none', base: {}, code: 0, reaction: ['-1'], verdict: 'skipped'},
    {name: 'triage', role: 'triage', base: {}, code: 0, reaction: ['-1'], verdict: 'skipped'},
    {
      name: 'a writer where only admins may',
      role: 'write',
      base: {permissions: ['admin']},
      code: 0,
      reaction: ['-1'],
      verdict: 'skipped',
    },
    {
      name: 'triage, where it may',
      role: 'triage',
      base: {permissions: ['triage']},
      code: 1,
      reaction: ['eyes'],
      verdict: 'fail',
    },
  ] as const)('$name', ({role, base, code, reaction, verdict}) =>
    inScene({base: {...failing, ...settings(base)}}, async ({hub, onComment, comments, reactions}) => {
      hub.state.setPermission('bob', role)
      const run = await onComment({author: 'bob'})
      expect({code: run.code, verdict: run.outputs['verdict'], reaction: reactions()}).toEqual({
        code,
        verdict,
        reaction,
      })
      const ran = verdict !== 'skipped'
      expect(comments()).toHaveLength(ran ? 1 : 0)
      expect(hub.state.statuses).toHaveLength(ran ? 2 : 0)
      expect(written(run)).toHaveLength(ran ? 3 : 0)
    }),
  )

  test('nobody, when the permission cannot be asked', () =>
    inScene({}, async ({hub, onComment, writes}) => {
      hub.faults.push({route: /collaborators/, status: 404})
      const run = await onComment()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'skipped'})
      expect(writes()).toEqual([expect.stringMatching(/reactions$/)])
    }))

  test.each([
    {name: 'on an issue', payload: {on: 'issue'}},
    {name: 'a bot', payload: {author: 'helper[bot]'}},
    {name: 'a bot by its type only', payload: {author: 'machine', type: 'Bot'}},
    {name: 'by editing an old comment', payload: {action: 'edited'}},
    {name: 'an account that is gone', payload: {author: null}, asks: true},
    {name: 'in the middle of a text', payload: {body: 'please\n/refactor-plan'}},
  ] as const)('$name: no write at all', ({payload}) =>
    inScene({}, async ({hub, onComment, writes}) => {
      for (const login of ['helper[bot]', 'machine']) hub.state.setPermission(login, 'admin')
      const run = await onComment(payload)
      expect({code: run.code, outputs: run.outputs}).toEqual({code: 0, outputs: {verdict: 'skipped'}})
      expect(writes().filter((each) => !each.endsWith('/reactions'))).toEqual([])
      if (!('author' in payload) || payload.author !== null) expect(hub.requests).toEqual([])
    }),
  )

  test('a dry run does not even react', () =>
    inScene({}, async ({hub, onComment, writes}) => {
      hub.state.setPermission('ada', 'read')
      await onComment({}, {inputs: {'dry-run': 'true'}})
      hub.state.setPermission('ada', 'write')
      const run = await onComment({}, {inputs: {'dry-run': 'true'}})
      expect({code: run.code, verdict: run.outputs['verdict'], writes: writes()}).toEqual({
        code: 0,
        verdict: 'pass',
        writes: [],
      })
    }))
})
