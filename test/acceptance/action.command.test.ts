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
    inScene({isHere: body.includes('HEAD')}, async ({repository, onComment, comments}) => {
      const run = await onComment({body: body.replace('HEAD', repository.head.slice(0, 9))})
      expect(run.code).toBe(0)
      expect(goalOf(readIn(run, run.outputs['plan-path']))).toBe(goal)
      expect(comments()).toHaveLength(1)
    }),
  )

  test('asks for the head of another time: 😕, nothing judged, and an answer that says so', () =>
    inScene({isHere: true}, async ({hub, repository, onComment, comments, reactions}) => {
      const run = await onComment({body: `/refactor-plan ${repository.base.slice(0, 12)}`})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'skipped'})
      expect(reactions()).toEqual(['confused'])
      expect(comments()).toEqual([expect.stringContaining('is not the head of the pull request any more')])
      expect(hub.state.statuses).toEqual([])
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
    inScene({isHere: true}, async ({hub, onComment, comments, reactions}) => {
      const run = await onComment({body}, {isHere: reaction !== 'eyes'})
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

describe.concurrent('a word that asks for an answer', {timeout}, () => {
  test('status and explain know what the last run said', () =>
    inScene({base: failing, isHere: true}, async ({repository, onPull, onComment, comments}) => {
      await onComment({body: '/refactor-plan status'})
      expect(comments()[0]).toContain(`\`${gate}\` says of \`${repository.head.slice(0, 7)}\`: nothing yet.`)
      await onComment({body: '/refactor-plan explain S1'})
      expect(comments()[0]).toContain('I remember no plan for this pull request')
      await onPull()
      await onComment({body: '/refactor-plan status'}, {isHere: false})
      expect(comments()).toHaveLength(2)
      expect(comments()[0]).toMatch(/: \*\*failure\*\*, \d\.\d of 10, gate failed/)
      await onComment({body: '/refactor-plan explain s1'}, {isHere: false})
      expect(comments()[0]).toMatch(/\*\*S1\*\*: high, unsupervised-spawn.*[^]*`lib\/cart\.ex:5`[^]*matched \(G1/)
      await onComment({body: '/refactor-plan explain C1'})
      expect(comments()[0]).toContain('It resolves S1')
      await onComment({body: '/refactor-plan explain X9'})
      expect(comments()[0]).toContain('The plan has no `X9`. It has `C1`, `S1`.')
    }))

  test('help says what is in force and what the asker may do', () =>
    inScene(
      {base: {...failing, ...settings({threshold: 6.5, 'status-context': 'plans/own'})}, isHere: true},
      async ({onComment, comments}) => {
        await onComment({body: '/refactor-plan help'})
        expect(comments()[0]).toContain('ada has: write')
        expect(comments()[0]).toContain('threshold 6.5, gate `enforce` as `plans/own`')
      },
    ))

  test('doctor answers with what does not protect the gate', () =>
    inScene({base: failing}, async ({onComment, comments}) => {
      const run = await onComment({body: '/refactor-plan doctor'})
      expect(run.code).toBe(0)
      expect(comments()[0]).toMatch(/gate/i)
    }))
})

describe.concurrent('opening the gate', {timeout}, () => {
  test.each([
    ['a maintainer', 'maintain', 'override the release waits', 'success', /overridden by bob: the release waits/],
    ['an admin', 'admin', 'skip', 'success', /skipped by bob/],
    ['a writer', 'write', 'override please', 'failure', /Only somebody who may maintain/],
    ['triage', 'triage', 'override please', 'failure', /^$/],
  ] as const)('%s (%s): %s ends in %s', (_, role, words, state, says) =>
    inScene({base: failing, isHere: true}, async ({hub, repository, onPull, onComment, statusesOf, comments}) => {
      await onPull()
      hub.state.setPermission('bob', role)
      const asked = {author: 'bob', body: `/refactor-plan ${words}`}
      const run = await onComment(asked, {isHere: state !== 'success'})
      expect(run.code).toBe(0)
      expect(statusesOf(repository.head).at(-1)).toBe(`${gate} ${state}`)
      const told =
        state === 'success' ? hub.state.statuses.at(-1)?.description : comments().slice(1).join('\n').split('\n').at(-1)
      expect(told ?? '').toMatch(says)
      if (state !== 'success') return
      // in public, with what was before; it holds for this head and no other
      expect(comments()).toHaveLength(2)
      expect(comments()[1]).toMatch(/bob \(\w+\) opened the gate for `[0-9a-f]{40}`[^]*Before that it said: failure, /)
      expect((await onPull()).outputs['status-state']).toBe('success')
      expect(hub.state.statuses.at(-1)?.description).toMatch(/^opened by bob; \d/)
      const next = repository.commit(repository.head, {'docs/a.md': 'a'})
      hub.state.moveHead(7, next)
      expect((await onPull({payload: {head: next}})).outputs['status-state']).toBe('failure')
    }),
  )

  test('nobody opens it for himself, and nobody for a head that he has not seen', () =>
    inScene({base: failing, isHere: true}, async ({hub, repository, onPull, onComment, statusesOf, comments}) => {
      await onPull()
      hub.state.setPermission('mallory', 'admin')
      await onComment({author: 'mallory', body: '/refactor-plan override mine'})
      expect(comments().at(-1)).toContain('Nobody opens the gate for a pull request of his own')
      hub.state.setPermission('bob', 'admin')
      await onComment({author: 'bob', at: '2026-01-05T10:00:00Z', body: '/refactor-plan override late'})
      expect(comments().at(-1)).toContain('was pushed after this was asked for')
      // when the push cannot be told, the commit must be named; and a button lends nobody the rights of another
      hub.faults.push({route: /activity/, status: 404, times: 2})
      await onComment({author: 'bob', body: '/refactor-plan override blind'})
      expect(comments().at(-1)).toContain(`/refactor-plan override ${repository.head.slice(0, 7)}`)
      const again = {env: {GITHUB_RUN_ATTEMPT: '2'}}
      await onComment({author: 'bob', body: `/refactor-plan override ${repository.head.slice(0, 7)} once more`}, again)
      expect(statusesOf(repository.head).at(-1)).toBe(`${gate} failure`)
      await onComment({author: 'bob', body: `/refactor-plan override ${repository.head.slice(0, 7)} seen`})
      expect(statusesOf(repository.head).at(-1)).toBe(`${gate} success`)
    }))

  test('what is opened for one branch is not open for another', () =>
    inScene(
      {base: failing, branches: {old: settings({threshold: 9})}, isHere: true},
      async ({hub, repository, onPull, onComment, statusesOf}) => {
        hub.state.setPermission('bob', 'admin')
        const old = repository.branches['old'] ?? ''
        hub.state.addPull({number: 8, head: {sha: repository.head}, base: {sha: old, ref: 'old'}})
        await onPull({payload: {number: 8, base: old, into: 'old'}})
        await onComment({author: 'bob', number: 8, body: '/refactor-plan override it is old'})
        expect(statusesOf(repository.head).at(-1)).toBe(`${gate}/old success`)
        hub.state.addPull({number: 8, head: {sha: repository.head}, base: {sha: repository.base}})
        expect((await onPull({payload: {number: 8}})).outputs['status-state']).toBe('failure')
        expect(statusesOf(repository.head).at(-1)).toBe(`${gate} failure`)
      },
    ))
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
    inScene({base: {...failing, ...settings(base)}, isHere: role !== 'none'}, async (scene) => {
      const {hub, onComment, comments, reactions} = scene
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
      expect(written(run)).toHaveLength(ran ? 4 : 0)
    }),
  )

  test('nobody, when the permission cannot be asked', () =>
    inScene({isHere: true}, async ({hub, onComment, writes}) => {
      hub.faults.push({route: /collaborators/, status: 404})
      const run = await onComment()
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'skipped'})
      expect(writes()).toEqual([expect.stringMatching(/reactions$/)])
    }))

  test.each([
    {name: 'on an issue', payload: {on: 'issue'}},
    {name: 'a bot by its type only', payload: {author: 'machine', type: 'Bot'}},
    {name: 'by editing an old comment', payload: {action: 'edited'}},
    {name: 'in the middle of a text', payload: {body: 'please\n/refactor-plan'}},
  ] as const)('$name: nothing is asked and nothing written', ({payload}) =>
    inScene({isHere: !('on' in payload)}, async ({hub, onComment}) => {
      hub.state.setPermission('machine', 'admin')
      const run = await onComment(payload)
      expect({code: run.code, outputs: run.outputs}).toEqual({code: 0, outputs: {verdict: 'skipped'}})
      expect(hub.requests).toEqual([])
    }),
  )

  test('a dry run does not even react', () =>
    inScene({isHere: true}, async ({hub, onComment, writes}) => {
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
