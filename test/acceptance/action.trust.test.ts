/** What a pull request may try, and what comes of it: nothing. */
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Files} from '../fixtures/repository.ts'
import {dispatch, push} from '../fixtures/events.ts'
import {git} from '../fixtures/git.ts'
import {expectHarmless, nasty} from './harmless.ts'
import {
  failing,
  gate,
  headline,
  inScene,
  keys,
  passing,
  readIn,
  settings,
  withoutGold,
  written,
  type Scene,
} from './scene.ts'
import {genesis, planOf, spawnClaim, sumClaim} from './script.ts'

const timeout = 120_000
let scratch = ''
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-trust-'))
})
afterAll(() => rmSync(scratch, {recursive: true, force: true}))

const offline = `name: own
steps:
  - {name: scan, type: scan}
  - {name: plan, type: plan, from: scan}
`
const policy: Files = {
  ...failing,
  ...settings({pipeline: 'pipelines/own.yaml', threshold: 8}),
  'pipelines/own.yaml': offline,
}
const lenient = settings({threshold: 0, gate: 'off', gold: 'nowhere', permissions: ['triage'], comment: 'off'})
const easy = passing['gold/self/gold.yaml'] ?? null

describe.concurrent('a pull request does not decide its own verdict', {timeout}, () => {
  const heads: Readonly<Record<string, Files>> = {
    'it changes nothing of the policy': {'README.md': '# Shop\n'},
    'it lowers the threshold, and all that goes with it': lenient,
    'it deletes the policy': {
      'gold/self/gold.yaml': null,
      '.github/refactor-plan.yml': null,
      'pipelines/own.yaml': null,
    },
    'it makes the gold standard easy and the pipeline kind': {
      'gold/self/gold.yaml': easy,
      'gold/other/gold.yaml': easy,
      'pipelines/own.yaml': 'name: kind\nsteps: [{name: a, type: echo, text: "10 of 10"}]\n',
      'pipelines/offline.yaml': 'name: kind\n',
    },
  }
  const scores = new Set<string>()
  test.each(Object.entries(heads))('%s', (_, head) =>
    inScene(
      {base: policy, head, isHere: !('gold/other/gold.yaml' in head)},
      async ({repository, onPull, statusesOf, comments}) => {
        const run = await onPull()
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 1, verdict: 'fail'})
        expect(run.outputs).toMatchObject({threshold: '8', pipeline: 'own', 'base-sha': repository.base})
        expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} failure`])
        expect(comments()).toHaveLength(1)
        const isPolicy = !('README.md' in head)
        expect(run.outputs['protected-changed']).toBe(String(isPolicy))
        expect(
          comments()[0]?.includes('gold/self/gold.yaml') || comments()[0]?.includes('.github/refactor-plan.yml'),
        ).toBe(isPolicy)
        scores.add(run.outputs['score'] ?? '')
        expect([...scores]).toHaveLength(1)
      },
    ),
  )

  test('a head that moves while it is judged: no success on either commit', () =>
    inScene({isHere: true}, async ({hub, repository, onPull, statusesOf, comments}) => {
      const next = repository.commit(repository.head, {'lib/late.ex': 'defmodule Late do\nend\n'})
      hub.watch(({method, path}) => {
        if (method === 'POST' && path.includes('/statuses/')) hub.state.moveHead(7, next)
      })
      const run = await onPull()
      expect({code: run.code, verdict: run.outputs['verdict'], state: run.outputs['status-state']}).toEqual({
        code: 0,
        verdict: 'skipped',
        state: 'error',
      })
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} error`])
      expect(statusesOf(next)).toEqual([])
      expect(comments()).toEqual([])
    }))
})

/** Points a branch at a commit on top of the base, as somebody who may push there did before. */
function branchWith({repository}: Scene, name: string, files: Files): string {
  const sha = repository.commit(repository.base, files, name)
  git(repository.gitDir, ['update-ref', `refs/heads/${name}`, sha])
  return sha
}

describe.concurrent('the policy of one branch opens no gate of another', {timeout}, () => {
  const kind: Files = {...settings({threshold: 0, 'require-gold': false}), 'gold/self/gold.yaml': null}

  test('the same head, offered to a kinder branch, has another name there', () =>
    inScene({base: failing, isHere: true}, async (scene) => {
      const {hub, repository, onPull, statusesOf} = scene
      const old = branchWith(scene, 'old', kind)
      hub.state.addPull({number: 8, head: {sha: repository.head}, base: {sha: old, ref: 'old'}})
      expect((await onPull()).code).toBe(1)
      const payload = {number: 8, base: old, into: 'old'}
      expect((await onPull({payload})).outputs).toMatchObject({verdict: 'pass', 'base-sha': old})
      expect(statusesOf(repository.head)).toEqual([
        `${gate} pending`,
        `${gate} failure`,
        `${gate}/old pending`,
        `${gate}/old success`,
      ])
    }))

  test('a branch does not choose how the name of its status begins', () =>
    inScene({base: failing, isHere: true}, async (scene) => {
      const {hub, repository, onPull, statusesOf} = scene
      const names = ['gate', 'old\u200b', 'x'.repeat(120), 'refactor-plan/gate']
      const own = branchWith(scene, 'gate', {
        ...kind,
        ...settings({'status-context': 'refactor-plan', threshold: 0, gate: 'warn'}),
      })
      for (const [at, name] of names.entries()) {
        hub.state.addPull({number: 8 + at, head: {sha: repository.head}, base: {sha: own, ref: name}})
        await onPull({payload: {number: 8 + at, base: own, into: name}})
      }
      const told = [...new Set(statusesOf(repository.head).map((each) => each.split(' ')[0]))]
      expect(told).toEqual([
        `${gate}/gate`,
        expect.stringMatching(/^refactor-plan\/gate\/~[0-9a-f]{32}$/),
        expect.stringMatching(/^refactor-plan\/gate\/~[0-9a-f]{32}$/),
        `${gate}/refactor-plan/gate`,
      ])
    }))

  test.each([
    ['a push', 'push', (head: string) => push({ref: 'refs/heads/feature', after: head})],
    ['a start by hand', 'workflow_dispatch', (head: string) => dispatch({sha: head})],
  ] as const)('%s of a head that brings its own policy is judged by the default branch', (_, event, payload) =>
    inScene({base: failing, head: kind, isHere: true}, async ({repository, on, statusesOf}) => {
      const run = await on(event, payload(repository.head), repository.head)
      expect(run.outputs).toMatchObject({verdict: 'fail', threshold: '8', 'base-sha': repository.base})
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} failure`])
    }),
  )

  test('another pipeline, asked for by a comment, says what it found and leaves the gate alone', () =>
    inScene(
      {
        base: {...failing, ...settings({pipeline: 'pipelines/own.yaml'}), 'pipelines/own.yaml': offline},
        isHere: true,
      },
      async (scene) => {
        const {repository, onPull, onComment, statusesOf, comments} = scene
        await onPull()
        const run = await onComment({body: '/refactor-plan --pipeline=offline'})
        expect({code: run.code, pipeline: run.outputs['pipeline']}).toEqual({code: 0, pipeline: 'offline'})
        expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} failure`])
        expect(comments()).toHaveLength(2)
        expect(comments()[1]).toContain('it is not the configured one, so this says nothing to the gate')
        const same = await onComment({body: '/refactor-plan --pipeline=pipelines/own.yaml'})
        expect(same.outputs['status-state']).toBe('failure')
        expect(comments()).toHaveLength(2)
      },
    ))

  test.each(['evaluate', 'optimize'])('mode %s does nothing for a comment, whoever wrote it', (mode) =>
    inScene({base: failing, models: genesis([spawnClaim]), isHere: true}, async ({hub, models, onComment}) => {
      for (const author of ['ada', 'mallory']) {
        const run = await onComment({author, body: 'hi'}, {inputs: {...keys(models), mode}})
        expect({code: run.code, outputs: run.outputs}).toEqual({code: 0, outputs: {verdict: 'skipped'}})
      }
      expect(models.requests).toEqual([])
      expect(hub.requests).toEqual([])
    }),
  )

  test.each(['pull_request', 'pull_request_target'] as const)(
    'mode evaluate on %s measures the head’s pipeline by the rules of its base',
    (event) => {
      const strict = {
        ...failing,
        ...settings({threshold: 9.9, pipeline: 'pipelines/own.yaml'}),
        'pipelines/own.yaml': offline,
      }
      const head = {...settings({threshold: 0}), 'pipelines/own.yaml': offline.replace('own', 'mine')}
      return inScene(
        {base: strict, head, isHere: event === 'pull_request'},
        async ({repository, onPull, statusesOf}) => {
          const run = await onPull({event, inputs: {mode: 'evaluate'}})
          expect(run.outputs).toMatchObject({
            verdict: 'fail',
            threshold: '9.9',
            pipeline: 'mine',
            'head-sha': repository.head,
          })
          expect(run.code).toBe(1)
          expect(statusesOf(repository.head)).toEqual([
            'refactor-plan/evaluate pending',
            'refactor-plan/evaluate failure',
          ])
        },
      )
    },
  )
})

describe.concurrent('who asked, and for which commit', {timeout}, () => {
  test('a head that was pushed after the comment is not judged, and the answer says so', () =>
    inScene({isHere: true}, async ({hub, repository, onComment, statusesOf, comments, reactions}) => {
      const next = repository.commit(repository.head, {'lib/late.ex': 'defmodule Late do\nend\n'})
      const at = '2026-01-05T10:00:00Z'
      hub.state.moveHead(7, next)
      const run = await onComment({at})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'skipped'})
      expect(statusesOf(next)).toEqual([])
      expect(comments()).toEqual([expect.stringContaining('was pushed after this was asked for')])
      expect(reactions()).toEqual(['confused'])
      // who names the commit has seen it
      const named = await onComment({at, body: `/refactor-plan ${next.slice(0, 7)}`})
      expect(named.outputs).toMatchObject({verdict: 'pass', 'head-sha': next})
    }))

  test.each([
    ['ada', 'pass'],
    ['ADA', 'pass'],
    ['mallory', 'skipped'],
    ['evil[bot]', 'skipped'],
  ])('a command that %s started again: %s', (actor, verdict) =>
    inScene({isHere: actor !== 'mallory'}, async ({onComment}) => {
      const run = await onComment({}, {env: {GITHUB_TRIGGERING_ACTOR: actor}})
      expect(run.outputs['verdict']).toBe(verdict)
    }),
  )
})

describe.concurrent('a fork without rights', {timeout}, () => {
  test.each([
    ['passes', passing, 0, 'pass'],
    ['fails', failing, 1, 'fail'],
  ] as const)('on pull_request, where its token only reads, the job itself %s', (_, base, code, verdict) =>
    inScene({base, branch: null, isHere: code === 0}, async ({hub, onPull, writes}) => {
      const permissions = {contents: 'read', pull_requests: 'read', statuses: 'read', metadata: 'read'} as const
      hub.state.tokens.set('ghs_runner', {login: 'github-actions[bot]', kind: 'app', permissions})
      const run = await onPull({event: 'pull_request', payload: {from: 'mallory/shop', author: 'mallory'}})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code, verdict})
      expect(run.stdout).toContain('the token of a pull request from a fork only reads')
      expect(writes().filter((each) => each.startsWith('POST') && !each.includes('/statuses/'))).toEqual([])
      expect(headline(run.summary)).toMatch(/Refactor plan/)
    }),
  )
})

describe.concurrent('what strangers may spend', {timeout}, () => {
  const both = [spawnClaim, sumClaim]
  const stranger = {event: 'pull_request_target', payload: {from: 'mallory/shop', author: 'mallory'}} as const
  const policy = (value: string) => ({...failing, ...settings({'fork-policy': value})})

  test('asks nobody for a fork where models are to be asked for, until somebody who may says the word', () =>
    inScene({base: policy('ask'), models: genesis(both), isHere: true}, async (scene) => {
      const {onPull, onComment, models, statusesOf, comments, repository, hub} = scene
      const inputs = keys(models)
      const run = await onPull({...stranger, inputs})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'skipped'})
      expect(models.requests).toEqual([])
      expect(comments()).toEqual([])
      expect(hub.state.statuses.at(-1)).toMatchObject({
        state: 'pending',
        description: expect.stringMatching(/\/refactor-plan/),
      })
      const {outputs} = await onComment({}, {inputs})
      expect(outputs['verdict']).toBe('pass')
      const paid = models.requests.length
      // somebody presses the button of the first run
      expect((await onPull({...stranger, inputs})).outputs['verdict']).toBe('pass')
      expect(models.requests.length).toBe(paid)
      expect(statusesOf(repository.head).at(-1)).toBe(`${gate} success`)
    }))

  test.each([
    ['ask', 'acme/shop', 'pass', true],
    ['offline', 'mallory/shop', 'fail', false],
    ['offline', 'acme/shop', 'pass', true],
    ['plan', 'mallory/shop', 'pass', true],
  ] as const)('%s, from %s: %s', (value, from, verdict, pays) =>
    inScene({base: policy(value), models: genesis(both), isHere: true}, async ({onPull, models}) => {
      const run = await onPull({...stranger, payload: {from, author: 'mallory'}, inputs: keys(models)})
      expect(run.outputs['verdict']).toBe(verdict)
      expect(models.requests.length > 0).toBe(pays)
    }),
  )

  test('the setting of the pull request itself is not asked', () =>
    inScene(
      {base: policy('ask'), head: settings({'fork-policy': 'plan'}), models: genesis(both), isHere: true},
      async ({onPull, models}) => {
        const run = await onPull({...stranger, inputs: keys(models)})
        expect({verdict: run.outputs['verdict'], asked: models.requests.length}).toEqual({verdict: 'skipped', asked: 0})
      },
    ))
})

const names = [
  'lib/::warning::x.ex',
  'lib/$(touch here).ex',
  'lib/a\n::error::b.ex',
  'lib/<img src=x>|@all.ex',
  'lib/-rf.ex',
]
const bad = (name: string): string =>
  `defmodule ${name} do\n  # ::set-output name=verdict::pass\n  def go, do: spawn(fn -> "![x](https://evil.example/x.png) @everyone" end)\nend\n`

describe.concurrent('hostile text', {timeout}, () => {
  test('in the code and in the names of files stays text', () =>
    inScene(
      {
        base: withoutGold,
        head: Object.fromEntries(names.map((name, at) => [name, bad(`A${at}`)])),
      },
      async ({hub, onPull, comments}) => {
        const run = await onPull()
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'pass'})
        expectHarmless(run, comments(), hub.url)
      },
    ))

  test('in a plan, whichever field it stands in, stays text', () => {
    const claims = [{...spawnClaim, category: nasty, title: nasty, description: nasty}]
    const more = {title: nasty, instructions: nasty}
    const plan = {...planOf(claims, more), summary: nasty}
    return inScene(
      {models: genesis(claims, (_, role) => (role === 'changes' ? {json: plan} : null))},
      async ({hub, models, onPull, comments}) => {
        const run = await onPull({inputs: keys(models)})
        expect(run.outputs['pipeline']).toBe('genesis')
        expect(comments()[0]).toContain('everyone')
        expectHarmless(run, comments(), hub.url)
      },
    )
  })

  test('in a model’s error stays text', () =>
    inScene({models: {status: 400, message: nasty}}, async ({hub, models, onPull, comments}) => {
      const run = await onPull({inputs: keys(models)})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(headline(comments()[0])).toMatch(/could not be judged/)
      expectHarmless(run, comments(), hub.url)
    }))
})

/** Every way known to make git, npm or a shell run something that a repository brought along. */
const traps = (sentinel: string): Files => ({
  '.gitattributes': '* filter=evil diff=evil merge=evil export-subst\n',
  '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% ${sentinel}\n\tupdate = !touch ${sentinel}\n`,
  '.gitconfig': `[core]\n\tfsmonitor = touch ${sentinel}\n`,
  '.githooks/post-checkout': {mode: '100755', text: `#!/bin/sh\ntouch ${sentinel}\n`},
  'package.json': JSON.stringify({scripts: {preinstall: `touch ${sentinel}`, prepare: `touch ${sentinel}`}}),
  'mix.exs': `System.cmd("touch", ["${sentinel}"])\ndefmodule M do\nend\n`,
  '.tool-versions': `elixir $(touch ${sentinel})\n`,
  x: {mode: '160000', text: 'e'.repeat(40)},
})

const config = (sentinel: string): string => `[core]
\tfsmonitor = "touch ${sentinel};"
\thooksPath = .githooks
\tsshCommand = touch ${sentinel}
\tgitProxy = touch ${sentinel}
[filter "evil"]
\tsmudge = touch ${sentinel}
\tclean = touch ${sentinel}
\tprocess = touch ${sentinel}
[diff "evil"]
\ttextconv = touch ${sentinel}
[credential]
\thelper = "!touch ${sentinel};"
[uploadpack]
\tpackObjectsHook = touch ${sentinel}
[url "ext::sh -c touch% ${sentinel}"]
\tinsteadOf = http://
`

describe.concurrent('nothing of the repository runs', {timeout}, () => {
  test('neither hooks nor filters nor scripts, in the pull request or in the workspace', () => {
    const sentinel = join(scratch, 'sentinel')
    const prepare = (workspace: string): void => {
      mkdirSync(join(workspace, '.git', 'hooks'), {recursive: true})
      mkdirSync(join(workspace, '.git', 'objects'))
      mkdirSync(join(workspace, '.git', 'refs'))
      writeFileSync(join(workspace, '.git', 'HEAD'), 'ref: refs/heads/main\n')
      writeFileSync(join(workspace, '.git', 'config'), config(sentinel))
      for (const hook of ['reference-transaction', 'post-checkout', 'pre-auto-gc', 'fsmonitor-watchman'])
        writeFileSync(join(workspace, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${sentinel}\n`, {mode: 0o755})
    }
    return inScene({head: traps(sentinel)}, async ({onPull, repository, statusesOf}) => {
      const run = await onPull({prepare})
      expect({code: run.code, states: statusesOf(repository.head)}).toEqual({
        code: 0,
        states: [`${gate} pending`, `${gate} success`],
      })
      expect(existsSync(sentinel)).toBe(false)
      // the trap was armed: whoever runs git in the workspace springs it
      spawnSync('git', ['status'], {cwd: run.workspace})
      expect(existsSync(sentinel)).toBe(true)
    })
  })

  test('links are not followed, in the head or on the way to the plan', () =>
    inScene(
      {
        head: {
          'lib/accounts.ex': {mode: '120000', text: '/etc/passwd'},
          'lib/environment.ex': {mode: '120000', text: '/proc/self/environ'},
          'lib/loop.ex': {mode: '120000', text: 'loop.ex'},
        },
      },
      async ({onPull, comments, repository, statusesOf}) => {
        const run = await onPull()
        expect(run.code).toBe(0)
        const all = [run.stdout, run.summary, ...comments(), readIn(run, run.outputs['report-path'])].join('\n')
        expect(all).not.toMatch(/root:|ghs_runner(?!$)/m)
        const elsewhere = mkdtempSync(join(scratch, 'elsewhere-'))
        const linked = await onPull({
          prepare: (workspace) => symlinkSync(elsewhere, join(workspace, 'evolved_pipelines')),
        })
        expect({code: linked.code, verdict: linked.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
        expect(readdirSync(elsewhere)).toEqual([])
        expect(written(linked)).toEqual(['evolved_pipelines'])
        expect(statusesOf(repository.head).at(-1)).toBe(`${gate} error`)
      },
    ))
})
