/** The Action on pull requests, as a workflow step runs it: comment, status, outputs, summary, files, exit code. */
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {Plan} from '../../src/plan/plan.ts'
import {parseReport} from '../../src/report/report.ts'
import type {Files} from '../fixtures/repository.ts'
import {commandsIn, failing, gate, headline, inScene, passing, readIn, settings, withoutGold, written} from './scene.ts'

const timeout = 120_000

describe.concurrent('a workflow step on a pull request', {timeout}, () => {
  test.each(['pull_request', 'pull_request_target'] as const)('%s: everything it leaves behind', (event) =>
    inScene({}, async ({hub, repository, onPull, statusesOf, comments, writes}) => {
      const {head, base} = repository
      const run = await onPull({event})
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(writes()).toEqual([
        `POST /repos/acme/shop/statuses/${head}`,
        'POST /repos/acme/shop/issues/7/comments',
        `POST /repos/acme/shop/statuses/${head}`,
      ])
      expect(statusesOf(head)).toEqual([`${gate} pending`, `${gate} success`])
      expect(hub.state.statuses.map(({description, targetUrl}) => [description, targetUrl])).toEqual([
        ['reading, planning, scoring', `${hub.url}/acme/shop/actions/runs/4711/attempts/1`],
        [expect.stringMatching(/^\d+\.\d of 10, gate passed \(needs 8\)$/), expect.any(String)],
      ])
      const [body = ''] = comments()
      expect(headline(body)).toMatch(/^✅ Refactor plan: \d+\.\d of 10, gate passed \(needs 8\)$/)
      expect(body).toContain('No key (ANTHROPIC_API_KEY, GEMINI_API_KEY): the offline pipeline ran')
      expect(body).toContain(`${hub.url}/acme/shop/blob/${head}/lib/cart.ex#L5`)
      expect(headline(run.summary)).toBe(headline(body))
      const {'plan-path': planPath = '', 'report-path': reportPath = '', 'sarif-path': sarifPath = ''} = run.outputs
      expect(run.outputs).toEqual({
        verdict: 'pass',
        score: expect.stringMatching(/^\d+(?:\.\d+)?$/),
        'score-low': '',
        'score-high': '',
        threshold: '8',
        pipeline: 'offline',
        'cost-usd': '0',
        tokens: '0',
        'protected-changed': 'false',
        'sarif-path': expect.stringMatching(/^evolved_pipelines\/report_shop_[0-9a-f]{8}\.sarif$/),
        'plan-path': expect.stringMatching(/^evolved_pipelines\/plan_shop_[0-9a-f]{8}\.yaml$/),
        'report-path': expect.stringMatching(/^evolved_pipelines\/report_shop_[0-9a-f]{8}\.json$/),
        'comment-url': `${hub.url}/acme/shop/pull/7#issuecomment-${hub.state.comments[0]?.id ?? 0}`,
        'status-state': 'success',
        'head-sha': head,
        'base-sha': base,
        'pr-number': '7',
      })
      expect(written(run)).toEqual(['evolved_pipelines', planPath, reportPath, sarifPath])
      expect(JSON.parse(readIn(run, sarifPath))).toMatchObject({
        version: '2.1.0',
        runs: [{results: [{ruleId: 'unsupervised-spawn'}]}],
      })
      const plan = Plan.parse(parse(readIn(run, planPath)))
      expect(plan).toMatchObject({repository: {name: 'acme/shop', commit: head}, findings: [{id: 'S1'}]})
      expect(parseReport(readIn(run, reportPath), reportPath)).toMatchObject({ok: true, value: {plan}})
      expect(commandsIn(run).filter((line) => !line.startsWith('::add-mask::'))).toEqual([])
    }),
  )
})

const mail: Files = {
  'lib/mail.ex': 'defmodule Shop.Mail do\n  def later(mail), do: spawn(fn -> Shop.Smtp.send(mail) end)\nend\n',
}
const isNew = {'fail-on-new': 'high'}
const repaired: Files = {
  'lib/cart.ex':
    'defmodule Shop.Cart do\n  def checkout(order), do: Shop.Mail.confirm(order)\n  def total(order), do: Enum.sum(order.prices)\nend\n',
}

describe.concurrent('a change that brings findings in', {timeout}, () => {
  test.each<{
    name: string
    of: Readonly<Record<string, unknown>>
    head: Files
    verdict: 'pass' | 'fail'
    isHere?: boolean
    base?: string
  }>([
    {name: 'fails where the base says so', of: isNew, head: mail, verdict: 'fail', isHere: false},
    {
      name: 'fails, whatever it says itself',
      of: isNew,
      head: {...mail, ...settings({'fail-on-new': 'off'})},
      verdict: 'fail',
    },
    {name: 'is let through by default', of: {}, head: mail, verdict: 'pass'},
    {name: 'is let through where it is not grave enough', of: {'fail-on-new': 'critical'}, head: mail, verdict: 'pass'},
    {name: 'is let through where it brings none', of: isNew, head: {'README.md': '# Shop\n'}, verdict: 'pass'},
    {
      name: 'does not bring in what its base repaired since',
      isHere: false,
      of: isNew,
      head: {'README.md': '# Shop\n'},
      verdict: 'pass',
      base: 'next',
    },
    {name: 'brings in what neither has', of: isNew, head: mail, verdict: 'fail', base: 'next'},
  ])('$name', ({of, head, verdict, isHere = true, base = 'main'}) =>
    inScene(
      {
        base: {...passing, ...settings(of)},
        head,
        branches: {next: {...repaired, 'pipelines/NOTES.md': 'A protected path.\n'}},
        isHere,
      },
      async ({hub, repository, onPull, statusesOf, comments}) => {
        const sha = repository.branches[base] ?? repository.base
        hub.state.addPull({number: 7, head: {sha: repository.head}, base: {sha, ref: 'main'}})
        const run = await onPull({payload: {base: sha}})
        expect({verdict: run.outputs['verdict'], code: run.code}).toEqual({verdict, code: verdict === 'pass' ? 0 : 1})
        expect(statusesOf(repository.head).at(-1)).toBe(`${gate} ${verdict === 'pass' ? 'success' : 'failure'}`)
        expect(run.outputs['protected-changed']).toBe(String('.github/refactor-plan.yml' in head))
        const told = comments().at(-1) ?? ''
        const why = /introduces a finding of severity high or higher: unsupervised-spawn in lib\/mail\.ex:2/
        if (verdict === 'fail') expect(told).toMatch(why)
        else expect(told).not.toContain('introduces')
      },
    ),
  )
})

const off = {gate: 'off'}
/** What is shipped says these itself. */
const shipped = ['passes', 'fails', 'only warns', 'is off']

describe.concurrent('the gate', {timeout}, () => {
  const passed = /^✅ .* of 10, gate passed/
  const failed = /^❌ .* of 10, gate failed/
  test.each([
    {name: 'passes', base: passing, code: 0, verdict: 'pass', says: passed, states: ['pending', 'success']},
    {name: 'fails', base: failing, code: 1, verdict: 'fail', says: failed, states: ['pending', 'failure']},
    {
      name: 'only warns',
      base: {...failing, ...settings({gate: 'warn'})},
      code: 0,
      verdict: 'fail',
      says: failed,
      states: ['pending', 'success'],
    },
    {
      name: 'is off',
      base: {...failing, ...settings(off)},
      code: 0,
      verdict: 'fail',
      says: failed,
      states: [],
    },
    {
      name: 'has no gold standard to hold a plan against',
      base: withoutGold,
      code: 0,
      verdict: 'pass',
      says: /^ℹ️ .*not scored \(no gold standard applies\)/,
      states: ['pending', 'success'],
    },
    {
      name: 'has none and requires one',
      base: withoutGold,
      inputs: {'require-gold': 'true'},
      code: 1,
      verdict: 'fail',
      says: /^❌ .*not scored/,
      states: ['pending', 'failure'],
    },
    {
      name: 'has a threshold of the base',
      base: {...failing, ...settings({threshold: 0})},
      code: 0,
      verdict: 'pass',
      says: /^✅ .*\(needs 0\)/,
      states: ['pending', 'success'],
    },
    {
      name: 'has a threshold of the workflow, which wins',
      base: {...failing, ...settings({threshold: 0})},
      inputs: {threshold: '9.5'},
      code: 1,
      verdict: 'fail',
      says: /^❌ .*\(needs 9\.5\)/,
      states: ['pending', 'failure'],
    },
  ])('$name', ({name, base, inputs = {}, code, verdict, says, states}) =>
    inScene({base, isHere: !shipped.includes(name)}, async ({repository, onPull, statusesOf, comments, hub}) => {
      const run = await onPull({inputs})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code, verdict})
      expect(statusesOf(repository.head)).toEqual(states.map((state) => `${gate} ${state}`))
      expect(hub.state.statuses).toHaveLength(states.length)
      expect(run.outputs['status-state']).toBe(states.at(-1))
      expect(headline(comments()[0])).toMatch(says)
      expect(comments()).toHaveLength(1)
    }),
  )

  test('has a name of the base, and no other status is left', () =>
    inScene(
      {base: {...failing, ...settings({'status-context': 'plans/own'})}, isHere: true},
      async ({repository, onPull, statusesOf}) => {
        expect((await onPull()).code).toBe(1)
        expect(statusesOf(repository.head)).toEqual(['plans/own pending', 'plans/own failure'])
      },
    ))

  test.each([
    ['passes', passing, 'success'],
    ['fails', failing, 'failure'],
    ['only warns', {...failing, ...settings({gate: 'warn'})}, 'neutral'],
  ] as const)('%s, and shows findings beside the lines where that is wanted', (_, base, conclusion) =>
    inScene({base, isHere: conclusion !== 'neutral'}, async ({hub, repository, onPull}) => {
      await onPull({inputs: {'check-run': 'on'}})
      expect(hub.state.checks).toMatchObject([{sha: repository.head, name: 'Refactor plan', conclusion}])
      expect(JSON.stringify(hub.state.checks)).toContain('lib/cart.ex')
      expect(gate).not.toBe('Refactor plan')
    }),
  )

  test('writes no comment where none is wanted, and nothing at all in a dry run', () =>
    inScene({base: {...failing, ...settings({comment: 'off'})}, isHere: true}, async ({onPull, comments, writes}) => {
      const dry = await onPull({inputs: {'dry-run': 'true'}, isHere: false})
      expect({code: dry.code, verdict: dry.outputs['verdict'], writes: writes()}).toEqual({
        code: 1,
        verdict: 'fail',
        writes: [],
      })
      expect(headline(dry.summary)).toMatch(/^❌/)
      expect((await onPull()).code).toBe(1)
      expect(comments()).toEqual([])
    }))
})

describe.concurrent('one comment', {timeout}, () => {
  test('is edited by the next run, left alone when nothing changed, and never somebody else’s', () =>
    inScene({isHere: true}, async ({hub, repository, onPull, comments, writes}) => {
      const forged = hub.state.addComment({number: 7, login: 'mallory', body: '<!-- refactor-plan -->\n✅ 10 of 10'})
      await onPull()
      const [first = ''] = comments()
      const worse = 'defmodule Shop.Late do\n  def go, do: spawn(fn -> Shop.Mail.late() end)\nend\n'
      const next = repository.commit(repository.head, {'lib/late.ex': worse})
      hub.state.moveHead(7, next)
      await onPull({payload: {head: next}})
      expect(comments()).toHaveLength(1)
      expect(comments()[0]).not.toBe(first)
      expect(comments()[0]).toContain('lib/late.ex')
      const before = writes().length
      await onPull({payload: {head: next}})
      expect(
        writes()
          .slice(before)
          .map((each) => each.replace(/[0-9a-f]{40}/, '')),
      ).toEqual(['POST /repos/acme/shop/statuses/', 'POST /repos/acme/shop/statuses/'])
      expect(hub.state.comments.find(({id}) => id === forged.id)?.body).toBe('<!-- refactor-plan -->\n✅ 10 of 10')
    }))
})

describe.concurrent('other events', {timeout}, () => {
  test.each([{name: 'an edit of the title', payload: {action: 'edited', changes: {title: {from: 'x'}}}}] as const)(
    '$name: nothing is asked and nothing written',
    ({payload}) =>
      inScene({isHere: true}, async ({hub, onPull}) => {
        const run = await onPull({payload})
        expect({code: run.code, outputs: run.outputs}).toEqual({code: 0, outputs: {verdict: 'skipped'}})
        expect(hub.requests).toEqual([])
        expect(written(run)).toEqual([])
      }),
  )

  test('a head that is another one by now is not judged', () =>
    inScene({isHere: true}, async ({repository, hub, onPull, writes}) => {
      hub.state.moveHead(7, repository.commit(repository.head, {'a.txt': 'a'}))
      const run = await onPull()
      expect({code: run.code, outputs: run.outputs}).toEqual({code: 0, outputs: {verdict: 'skipped'}})
      expect(writes()).toEqual([])
    }))
})
