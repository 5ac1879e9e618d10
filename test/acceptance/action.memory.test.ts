/** Running again rolls nothing again: what a pull request's own comment, and its statuses, remember. */
import {describe, expect, test} from 'vitest'
import type {Script} from '../fixtures/models.ts'
import {mergeGroup, push} from '../fixtures/events.ts'
import {git} from '../fixtures/git.ts'
import type {ActionRun} from './bundle.ts'
import {failing, gate, inScene, keys, settings, type Scene} from './scene.ts'
import {genesis, spawnClaim, sumClaim} from './script.ts'

const timeout = 120_000

/** Models that see half of it at first, and everything from the second run on. */
function learning(): {readonly script: Script; readonly learn: () => void} {
  let claims = [spawnClaim]
  return {
    script: (asked) => {
      const script = genesis(claims)
      return typeof script === 'function' ? script(asked) : {status: 400}
    },
    learn: () => {
      claims = [spawnClaim, sumClaim]
    },
  }
}

const asked = ({models}: Scene): number => models.requests.length
const inputs = (scene: Scene): Readonly<Record<string, string>> => ({...keys(scene.models), judge: 'off'})

describe.concurrent('§9.9 running again', {timeout}, () => {
  test('asks nobody and says the same; rerun asks, and the mean decides', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script, isHere: true}, async (scene) => {
      const {repository, onPull, onComment, statusesOf, comments} = scene
      const first = await onPull({inputs: inputs(scene)})
      expect(first.outputs).toMatchObject({verdict: 'fail', pipeline: 'genesis'})
      const body = comments()[0]
      learn()
      const before = asked(scene)
      const again = await onComment({}, {inputs: inputs(scene)})
      expect(again.outputs).toMatchObject({verdict: 'fail', cached: 'true', 'cost-usd': '0'})
      expect({code: again.code, asked: asked(scene), comment: comments()[0]}).toEqual({
        code: 1,
        asked: before,
        comment: body,
      })
      const rerun = await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene), isHere: false})
      expect(asked(scene)).toBeGreaterThan(before)
      // 10 now and less than 6 before
      expect(rerun.outputs).toMatchObject({verdict: 'fail', score: '10'})
      expect(comments()[0]).toMatch(/The mean of 2 runs of the same code is \d\.\d\d, and 1 of them passed/)
      expect(new Set(statusesOf(repository.head))).toEqual(new Set([`${gate} pending`, `${gate} failure`]))
    })
  })

  test('with `comment: recreate` another verdict is a new comment, the same one none, and what was remembered stays', () => {
    const {script, learn} = learning()
    return inScene(
      {base: {...failing, ...settings({comment: 'recreate'})}, models: script, isHere: true},
      async (scene) => {
        const {hub, onPull, onComment, comments} = scene
        const ids = () =>
          hub.state.comments.flatMap(({id, author}) => (author?.login === 'github-actions[bot]' ? [id] : []))
        await onPull({inputs: inputs(scene)})
        const [first] = ids()
        await onPull({inputs: inputs(scene)})
        expect(ids()).toEqual([first])
        learn()
        await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene)})
        expect(comments()).toHaveLength(1)
        expect(ids()).not.toEqual([first])
        expect(comments()[0]).toContain('The mean of 2 runs of the same code')
      },
    )
  })

  test('the same code under another commit is known; other code is not', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script, isHere: true}, async (scene) => {
      const {hub, repository, onPull, statusesOf} = scene
      await onPull({inputs: inputs(scene)})
      learn()
      const before = asked(scene)
      const empty = git(repository.gitDir, [
        'commit-tree',
        `${repository.head}^{tree}`,
        '-p',
        repository.head,
        '-m',
        'Again',
      ])
      hub.state.moveHead(7, empty)
      const same = await onPull({payload: {head: empty}, inputs: inputs(scene)})
      expect({verdict: same.outputs['verdict'], asked: asked(scene)}).toEqual({verdict: 'fail', asked: before})
      expect(statusesOf(empty)).toEqual([`${gate} pending`, `${gate} failure`])
      const next = repository.commit(empty, {'lib/other.ex': 'defmodule Other do\nend\n'})
      hub.state.moveHead(7, next)
      const other = await onPull({payload: {head: next}, inputs: inputs(scene)})
      expect(other.outputs['verdict']).toBe('pass')
      expect(asked(scene)).toBeGreaterThan(before)
    })
  })

  test('whoever edits the comment can add nothing that is believed', () => {
    const {script} = learning()
    return inScene({base: failing, models: script, isHere: true}, async (scene) => {
      const {hub, repository, onPull, onComment} = scene
      await onPull({inputs: inputs(scene)})
      const [own] = hub.state.comments
      if (own === undefined) throw new TypeError('there is no comment')
      const word = /^<!-- refactor-plan (\S+)\./.exec(own.body)?.[1] ?? ''
      const read = JSON.parse(Buffer.from(word, 'base64').toString('utf8'))
      const taken = [
        {...read.taken[0], score: 10, decision: 'pass'},
        {...read.taken[0], head: repository.base, score: 10},
      ]
      const forged = {...read, taken, override: {head: repository.head, by: 'boss', kind: 'override'}}
      for (const state of [{...read, taken}, forged]) {
        own.body = own.body.replace(
          /^<!-- refactor-plan [^.]*/,
          `<!-- refactor-plan ${Buffer.from(JSON.stringify(state)).toString('base64')}`,
        )
        const run = await onComment({}, {inputs: inputs(scene)})
        expect(run.outputs).toMatchObject({verdict: 'fail', 'status-state': 'failure'})
      }
    })
  })

  test('equal scores are as many samples as they are, up to five; a push and a goal of its own begin nothing anew', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script, isHere: true}, async (scene) => {
      const {hub, repository, onPull, onComment, on, statusesOf} = scene
      await onPull({inputs: inputs(scene)})
      await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene)})
      await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene)})
      learn()
      const goal = await onComment({body: '/refactor-plan "Find everything."'}, {inputs: inputs(scene)})
      expect(goal.outputs).toMatchObject({verdict: 'fail', score: '10'})
      const pushed = push({ref: 'refs/heads/feature', before: repository.base, after: repository.head})
      const before = asked(scene)
      const known = await on('push', pushed, repository.head, {inputs: inputs(scene)})
      expect(known.outputs).toMatchObject({verdict: 'fail', cached: 'true'})
      await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene)})
      const atLimit = asked(scene)
      expect(atLimit).toBeGreaterThan(before)
      await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene)})
      expect(asked(scene)).toBe(atLimit)
      expect(new Set(statusesOf(repository.head))).toEqual(new Set([`${gate} pending`, `${gate} failure`]))
      expect(hub.state.statuses.at(-1)?.description).toMatch(/gate failed.*as judged before$/)
    })
  })

  test('the merge queue asks nobody about code that is known, and judges code that is not', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script, isHere: true}, async (scene) => {
      const {repository, onPull, on, statusesOf} = scene
      await onPull({inputs: inputs(scene)})
      learn()
      const before = asked(scene)
      const tree = `${repository.head}^{tree}`
      const same = git(repository.gitDir, ['commit-tree', tree, '-p', repository.base, '-m', 'Merge 7'])
      const other = repository.commit(same, {'lib/other.ex': 'defmodule Other do\nend\n'})
      const queue = (head: string): Promise<ActionRun> => {
        const head_ref = `refs/heads/gh-readonly-queue/main/pr-7-${repository.base}`
        const group = {head_sha: head, head_ref, base_sha: repository.base, base_ref: 'refs/heads/main'}
        return on('merge_group', {...mergeGroup(), merge_group: group}, head, {inputs: inputs(scene)})
      }
      expect((await queue(same)).outputs).toMatchObject({verdict: 'fail', cached: 'true'})
      expect(asked(scene)).toBe(before)
      expect(statusesOf(same)).toEqual([`${gate} pending`, `${gate} failure`])
      expect((await queue(other)).outputs['verdict']).toBe('pass')
      expect(statusesOf(other)).toEqual([`${gate} pending`, `${gate} success`])
    })
  })

  test('a comment that was deleted, or written by somebody else, makes nothing forgotten or remembered', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script, isHere: true}, async (scene) => {
      const {hub, onPull} = scene
      await onPull({inputs: inputs(scene)})
      const [own] = hub.state.comments.splice(0)
      hub.state.addComment({number: 7, login: 'mallory', body: (own?.body ?? '').replace('fail', 'pass')})
      learn()
      const before = asked(scene)
      const again = await onPull({inputs: inputs(scene)})
      expect({verdict: again.outputs['verdict'], asked: asked(scene)}).toEqual({verdict: 'fail', asked: before})
    })
  })
})

test('no key of a model, in whatever spelling, is in what a run leaves behind', {timeout}, () => {
  const key = 'sk-ant-acceptance-0123456789'
  const spellings = [
    key,
    Buffer.from(key).toString('base64'),
    Array.from(key).join(' '),
    Buffer.from(key).toString('hex'),
  ]
  const claim = {
    ...spawnClaim,
    title: `Look: ${spellings[1]}`,
    description: `${spawnClaim.description} ${spellings.join(' and ')}`,
  }
  return inScene({base: failing, models: genesis([claim])}, async (scene) => {
    const run = await scene.onPull({inputs: {...keys(scene.models), judge: 'off'}})
    expect(run.outputs['pipeline']).toBe('genesis')
    const left = [...scene.comments(), run.summary, run.stdout.replaceAll(/^::add-mask::.*$/gm, ''), run.stderr]
    for (const text of left) for (const spelling of spellings) expect(text).not.toContain(spelling)
    expect(scene.comments()[0]).toContain('\\*\\*\\*')
  })
})

test(
  'the token of the job is in nothing that a run leaves behind, also where the code itself repeats it',
  {timeout},
  () => {
    const named = 'defmodule Late do\n  def go, do: spawn(fn -> Shop.Mail.late() end)\nend\n'
    return inScene({base: failing, head: {'lib/ghs_runner.ex': named}}, async ({onPull, comments}) => {
      const run = await onPull()
      expect(run.outputs['verdict']).toBe('fail')
      for (const text of [...comments(), run.summary]) {
        expect(text).not.toContain('ghs_runner')
        expect(text).toContain('***')
      }
    })
  },
)
