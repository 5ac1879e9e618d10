/** Running again rolls nothing again: what a pull request's own comment, and its statuses, remember. */
import {describe, expect, test} from 'vitest'
import type {Script} from '../fixtures/models.ts'
import {mergeGroup} from '../fixtures/events.ts'
import {git} from '../fixtures/git.ts'
import type {ActionRun} from './bundle.ts'
import {failing, gate, inScene, keys, type Scene} from './scene.ts'
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

describe.concurrent('running again', {timeout}, () => {
  test('asks nobody and says the same; rerun asks, and the mean decides', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script}, async (scene) => {
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
      const rerun = await onComment({body: '/refactor-plan rerun'}, {inputs: inputs(scene)})
      expect(asked(scene)).toBeGreaterThan(before)
      // 10 now and less than 6 before
      expect(rerun.outputs).toMatchObject({verdict: 'fail', score: '10'})
      expect(comments()[0]).toMatch(/The mean of 2 runs of the same code is \d\.\d\d, and 1 of them passed/)
      expect(new Set(statusesOf(repository.head))).toEqual(new Set([`${gate} pending`, `${gate} failure`]))
    })
  })

  test('the same code under another commit is known; other code is not', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script}, async (scene) => {
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

  test('the merge queue asks nobody about code that is known, and judges code that is not', () => {
    const {script, learn} = learning()
    return inScene({base: failing, models: script}, async (scene) => {
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
    return inScene({base: failing, models: script}, async (scene) => {
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
