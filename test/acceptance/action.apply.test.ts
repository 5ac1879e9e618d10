/** `/refactor-plan apply C1`: who may, of which plan, what is committed and where it is offered. */
import {deflateRawSync, inflateRawSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import * as z from 'zod'
import type {Answer as Edits} from '../../src/apply/answer.ts'
import {git} from '../fixtures/git.ts'
import type {Answer, Asked} from '../fixtures/models.ts'
import type {ActionRun} from './bundle.ts'
import {dangersIn} from '../report/dangers.ts'
import {nasty} from './harmless.ts'
import {inScene, keys, passing, settings, type Scene, type SceneSpec} from './scene.ts'
import {genesis, planOf, spawnClaim} from './script.ts'

const timeout = 120_000

const answer = (more: Partial<Edits>): Answer => ({json: {edits: [], create: [], delete: [], cannot: null, ...more}})
const supervised = answer({
  edits: [{file: 'lib/cart.ex', find: 'spawn(fn ->', replace: 'Task.Supervisor.start_child(Shop.Tasks, fn ->'}],
  create: [{file: 'test/change_1_test.exs', text: 'test\n'}],
})
const isApply = ({schema}: Asked): boolean => JSON.stringify(schema).includes('"cannot"')

interface Asking extends SceneSpec {
  /** Of the model that carries a change out. */
  readonly says?: Answer | (() => Answer)
  /** Of the plan's only change. */
  readonly change?: Readonly<Record<string, string>>
  readonly body?: string
  readonly role?: 'admin' | 'maintain' | 'write'
  readonly isPlanned?: boolean
  readonly hasKeys?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly between?: (scene: Scene) => void
}

/** A plan is made, bob asks for its change. */
const asked = (
  {
    says = supervised,
    change = {},
    body = '/refactor-plan apply C1',
    role = 'maintain',
    isPlanned = true,
    hasKeys = true,
    env = {},
    between = () => {},
    ...spec
  }: Asking,
  see: (scene: Scene, code: number | null, run: ActionRun) => void,
): Promise<void> => {
  const models = genesis([spawnClaim], (each, step) => {
    if (isApply(each)) return typeof says === 'function' ? says() : says
    return step === 'changes' ? {json: planOf([spawnClaim], change)} : null
  })
  return inScene({isHere: true, ...spec, models}, async (scene) => {
    scene.hub.state.setPermission('bob', role)
    if (isPlanned) await scene.onPull({inputs: keys(scene.models)})
    between(scene)
    const inputs = hasKeys ? keys(scene.models) : {}
    const run = await scene.onComment({author: 'bob', body}, {inputs, env})
    see(scene, run.code, run)
  })
}

const applied = ({models}: Scene): readonly Asked[] => models.requests.filter(isApply)
const offered = ({hub}: Scene) => hub.state.pulls.get(8)
const signs = ['\u001b', '\u202e', '\u200b']
const lastComment = ({comments}: Scene): string => comments().at(-1) ?? ''
type Kept = Readonly<Record<string, unknown>> & {readonly changes: readonly object[]}
const KeptWord = z.looseObject({changes: z.array(z.looseObject({}))})
const unpacked = (word: string): Kept =>
  KeptWord.parse(JSON.parse(inflateRawSync(Buffer.from(word, 'base64')).toString('utf8')))
const packed = (kept: object): string => deflateRawSync(JSON.stringify(kept)).toString('base64')
const wordOf = (kept: Kept, more: object): string =>
  packed({...kept, changes: kept.changes.map((each) => ({...each, ...more}))})
const wroteCode = ({writes}: Scene): boolean => writes().some((each) => /\/git\/(?!blobs)|\/pulls$/.test(each))

describe.concurrent('a change of the plan', {timeout}, () => {
  test.each(['maintain', 'admin'] as const)('is offered to the branch of the pull request, for %s', (role) =>
    asked({role, isHere: role === 'admin'}, (scene, code) => {
      const {repository, hub} = scene
      expect(code).toBe(0)
      const branch = `refactor-plan/apply/7-C1-${repository.head.slice(0, 8)}`
      expect(offered(scene)).toMatchObject({
        title: expect.stringMatching(/^C1: Repair: /),
        head: {ref: branch},
        base: {ref: 'feature'},
        body: expect.stringMatching(
          /claude\/claude-sonnet-5-5[^]*because bob asked[^]*Nothing of it was run[^]*mix test/,
        ),
      })
      const tip = hub.state.refOf(`refs/heads/${branch}`) ?? ''
      expect(git(repository.gitDir, ['rev-parse', `${tip}^`])).toBe(repository.head)
      expect(git(repository.gitDir, ['diff', '--name-status', `${tip}^`, tip])).toBe(
        'M\tlib/cart.ex\nA\ttest/change_1_test.exs',
      )
      expect(repository.show(tip, 'lib/cart.ex')).toBe(
        repository
          .show(repository.head, 'lib/cart.ex')
          ?.replace('spawn(fn', 'Task.Supervisor.start_child(Shop.Tasks, fn'),
      )
      // the branch itself, the base and the gate are as they were
      expect(hub.state.refOf('refs/heads/feature') ?? repository.head).toBe(repository.head)
      expect(lastComment(scene)).toMatch(
        /C1: \[pull request 8\]\(.*\/pull\/8\) into the branch of this one, with `lib\/cart\.ex`/,
      )
      expect(applied(scene)).toHaveLength(1)
      expect(applied(scene)[0]?.prompt).toContain('Write test/change_1_test.exs first')
    }),
  )

  const rows: readonly (Asking & {
    readonly name: string
    readonly tells: RegExp
    readonly ends?: number
    readonly asks?: number
  })[] = [
    {name: 'a writer', role: 'write', tells: /Only somebody who may maintain[^]*bob has: write/},
    {name: 'a fork', branch: null, tells: /in another repository/},
    {name: 'a run that is run again', env: {GITHUB_RUN_ATTEMPT: '2'}, tells: /not by running one again/},
    {name: 'a pull request without a plan', isPlanned: false, tells: /I remember no change of a plan/},
    {
      name: 'a plan of another head',
      between: ({hub, repository}) => hub.state.moveHead(7, repository.commit(repository.head, {'docs/a.md': 'a'})),
      tells: /The plan that I remember is about `[0-9a-f]{4}/,
    },
    {name: 'an unknown change', body: '/refactor-plan apply C9', tells: /the plan has no C9/},
    {name: 'no key', hasKeys: false, tells: /apply asks claude\/[^]*there is no key/},
    {
      name: 'what the settings of the base protect',
      base: {...passing, ...settings({'protected-paths': ['lib/**']})},
      tells: /`C1` refused: lib\/cart\.ex: is protected/,
    },
    {name: 'a model that cannot', says: answer({cannot: nasty}), tells: /`C1` cannot/, asks: 1},
    {
      name: 'a model that reaches too far, twice',
      says: answer({create: [{file: '.github/workflows/x.yml', text: 'x'}]}),
      tells: /`C1` failed[^]*is hidden/,
      asks: 2,
      ends: 3,
    },
    {name: 'a key that is refused', says: {status: 401}, tells: /`C1` failed/, asks: 1, ends: 2},
  ]
  test.each(rows)('$name: nothing is committed, and it is said why', ({tells, ends = 0, asks = 0, ...asking}) =>
    asked(asking, (scene, code) => {
      expect(lastComment(scene)).toMatch(tells)
      expect(code).toBe(ends)
      expect(applied(scene)).toHaveLength(asks)
      expect(wroteCode(scene)).toBe(false)
      const visible = lastComment(scene).split('\n').slice(1).join('\n')
      expect(dangersIn(visible, scene.hub.url)).toEqual([])
    }),
  )

  test('of a head that moves while the model thinks is not offered', () => {
    let move = (): void => {}
    return asked(
      {
        says: () => {
          move()
          return supervised
        },
        between: ({hub, repository}) => {
          move = () => hub.state.moveHead(7, repository.commit(repository.head, {'docs/a.md': 'a'}))
        },
      },
      (scene, code) => {
        expect(code).toBe(0)
        expect(lastComment(scene)).toContain('moved while this ran')
        expect(wroteCode(scene)).toBe(false)
      },
    )
  })

  test('whose words are hostile does no harm where it is offered', () =>
    asked({change: {title: nasty.slice(0, 200), instructions: nasty}}, (scene, code) => {
      expect(code).toBe(0)
      const {title = '', body = ''} = offered(scene) ?? {}
      for (const sign of signs) expect(title).not.toContain(sign)
      expect(dangersIn(body ?? '', scene.hub.url)).toEqual([])
      const tip = scene.hub.state.refOf(`refs/heads/${offered(scene)?.head.ref ?? ''}`) ?? ''
      const message = git(scene.repository.gitDir, ['log', '-1', '--format=%B', tip])
      for (const sign of signs) expect(message).not.toContain(sign)
    }))

  test('is all that its branch holds, whoever made a branch of that name before', () =>
    asked(
      {
        between: ({hub, repository: {head, commit}}) => {
          const theirs = commit(head, {'lib/evil.ex': 'theirs\n', 'lib/cart.ex': 'theirs\n'})
          hub.state.setRef(`refs/heads/refactor-plan/apply/7-C1-${head.slice(0, 8)}`, theirs)
        },
      },
      (scene, code) => {
        const {repository, hub} = scene
        expect(code).toBe(0)
        const tip = hub.state.refOf(`refs/heads/${offered(scene)?.head.ref ?? ''}`) ?? ''
        expect(git(repository.gitDir, ['diff', '--name-status', repository.head, tip])).toBe(
          'M\tlib/cart.ex\nA\ttest/change_1_test.exs',
        )
        expect(repository.show(tip, 'lib/cart.ex')).toContain('Shop.Tasks')
      },
    ))

  test('whose title would command commands nothing', () =>
    asked({change: {title: '[skip ci] fixes #1, closes GH-2 @acme/all https://github.com/a/b/issues/3'}}, (scene) => {
      const {title = ''} = offered(scene) ?? {}
      const tip = scene.hub.state.refOf(`refs/heads/${offered(scene)?.head.ref ?? ''}`) ?? ''
      const message = git(scene.repository.gitDir, ['log', '-1', '--format=%B', tip])
      for (const each of [title, message]) {
        expect(each).toContain('skip ci')
        expect(each).not.toMatch(/\[|#\d|GH-\d|@|:\/\//)
      }
    }))

  /** What somebody who may write makes of the hidden word; from there on a maintainer asks. */
  const forged: readonly (readonly [name: string, tells: RegExp, word: (kept: Kept) => string])[] = [
    ['that names a workflow', /is hidden/, (kept) => wordOf(kept, {files: ['.github/workflows/gate.yml']})],
    ['that names everything', /leads out/, (kept) => wordOf(kept, {files: ['.', '/', '..', '*']})],
    ['that waits for itself', /wait for each other/, (kept) => wordOf(kept, {depends_on: ['C1']})],
    [
      'that is there twice',
      /two changes called C1/,
      (kept) => packed({...kept, changes: [kept.changes[0], kept.changes[0]]}),
    ],
    ['of another head', /is about `0{4}/, (kept) => packed({...kept, head: '0'.repeat(40)})],
    ['of no head', /I remember no change/, (kept) => packed({...kept, head: 'HEAD'})],
    ['with more than a plan', /I remember no change/, (kept) => packed({...kept, tools: ['bash']})],
    [
      'that grows without end',
      /I remember no change/,
      () => deflateRawSync(Buffer.alloc(50_000_000)).toString('base64'),
    ],
    ['that is no text', /I remember no change/, () => 'AAAA'],
  ]
  test.each(forged)('%s is not made', (_, tells, word) =>
    asked(
      {
        between: ({hub}) => {
          const own = hub.state.comments.find(({body}) => body.startsWith('<!-- refactor-plan '))
          const [, start = '', old = ''] = /^(<!-- refactor-plan [^.]*\.[^.]*\.)(\S+)/.exec(own?.body ?? '') ?? []
          if (own === undefined || old === '') throw new TypeError('there is no word')
          own.body = own.body.replace(start + old, start + word(unpacked(old)))
        },
      },
      (scene, code) => {
        expect(code).toBe(0)
        expect(lastComment(scene)).toMatch(tells)
        expect(applied(scene)).toEqual([])
        expect(wroteCode(scene)).toBe(false)
      },
    ),
  )

  test.each([
    [
      'a token that may write',
      ({hub}: Scene) => {
        const token = hub.state.tokens.get('ghs_runner')
        if (token !== undefined)
          hub.state.tokens.set('ghs_runner', {...token, permissions: {...token.permissions, contents: 'read'}})
      },
      'contents: write',
      // before anybody is paid
      0,
    ],
    [
      'a repository that allows it',
      ({hub}: Scene) => {
        hub.state.appsMayOpenPulls = false
      },
      'Allow GitHub Actions to create and approve pull requests',
      1,
    ],
  ] as const)('needs %s, and says so', (_, between, says, asks) =>
    asked({between}, (scene, code, run) => {
      expect(code).toBe(2)
      expect(offered(scene)).toBeUndefined()
      expect(run.stdout).toContain(says)
      expect(lastComment(scene)).toMatch(/^Nothing is offered/m)
      expect(lastComment(scene)).toContain(says)
      expect(applied(scene)).toHaveLength(asks)
    }),
  )
})
