/** The hardened split: a job that reads and asks but may not write, a job that writes but believes nothing. */
import {cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {failing, gate, headline, inScene, keys, passing, written, type Scene} from './scene.ts'
import type {ActionRun} from './bundle.ts'
import {genesis, spawnClaim, sumClaim} from './script.ts'

const timeout = 120_000
const folder = 'refactor-plan-artifact'
const planning = {mode: 'plan'}
const publishing = {mode: 'publish'}
const readOnly = {
  login: 'github-actions[bot]',
  kind: 'app',
  permissions: {contents: 'read', pull_requests: 'read', metadata: 'read'},
} as const

/** As upload and download carry it: files, and nothing else. */
const carried =
  (from: ActionRun, change: (report: string) => string = (text) => text) =>
  (workspace: string): void => {
    cpSync(join(from.workspace, folder), join(workspace, folder), {recursive: true})
    const file = join(workspace, folder, 'report.json')
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  }

/** The planning job's token cannot write, the publishing job's can. */
async function planned(scene: Scene, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  const {tokens} = scene.hub.state
  const runner = tokens.get('ghs_runner')
  tokens.set('ghs_runner', readOnly)
  const run = await scene.onPull({inputs: {...planning, ...inputs}})
  if (runner !== undefined) tokens.set('ghs_runner', runner)
  return run
}

describe.concurrent('two jobs', {timeout}, () => {
  test.each([
    ['passes', passing, 0, 'success'],
    ['fails', failing, 1, 'failure'],
  ] as const)('the gate %s; the first job writes nothing and ends well', (_, base, code, state) =>
    inScene({base, isHere: code === 0}, async (scene) => {
      const {repository, onPull, statusesOf, comments, writes} = scene
      const first = await planned(scene)
      expect({code: first.code, writes: writes()}).toEqual({code: 0, writes: []})
      expect(written(first)).toContain(`${folder}/report.json`)
      const second = await onPull({inputs: publishing, prepare: carried(first)})
      expect(second.code).toBe(code)
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} ${state}`])
      expect(comments()[0]).toContain('Another job made this plan')
      expect(second.outputs['score']).toBe(first.outputs['score'])
    }),
  )

  test('what models said is carried over; a score that was written into it is not', () =>
    inScene({base: failing, models: genesis([spawnClaim]), isHere: true}, async (scene) => {
      const {models, repository, onPull, statusesOf, comments} = scene
      const first = await planned(scene, {...keys(models), judge: 'off'})
      const asked = models.requests.length
      const lie = (text: string): string => {
        const report: unknown = JSON.parse(text)
        return JSON.stringify({
          ...Object(report),
          verdict: {decision: 'pass', reasons: []},
          scorecard: {...Object(Object(report).scorecard), score: 10, caps: []},
          threshold: 0,
          protected: [],
        })
      }
      const second = await onPull({inputs: publishing, prepare: carried(first, lie), isHere: false})
      expect(second.outputs).toMatchObject({verdict: 'fail', pipeline: 'genesis', score: first.outputs['score'] ?? ''})
      expect(models.requests).toHaveLength(asked)
      expect(statusesOf(repository.head).at(-1)).toBe(`${gate} failure`)
      expect(comments()[0]).toContain('claude/')
    }))

  test('a better plan of a second run counts beside the first one, not instead of it', () => {
    let claims = [spawnClaim]
    return inScene(
      {
        base: failing,
        models: (asked) => {
          const script = genesis(claims)
          return typeof script === 'function' ? script(asked) : {status: 400}
        },
        isHere: true,
      },
      async (scene) => {
        const {models, onPull} = scene
        const first = await planned(scene, {...keys(models), judge: 'off'})
        await onPull({inputs: publishing, prepare: carried(first)})
        claims = [spawnClaim, sumClaim]
        const again = await planned(scene, {...keys(models), judge: 'off'})
        expect(again.outputs['score']).toBe('10')
        const run = await onPull({inputs: publishing, prepare: carried(again)})
        expect(run.outputs['verdict']).toBe('fail')
      },
    )
  })

  const report =
    (text: string): (() => (workspace: string) => void) =>
    () =>
    (workspace) => {
      mkdirSync(join(workspace, folder))
      writeFileSync(join(workspace, folder, 'report.json'), text)
    }
  test.each([
    ['there is none', () => () => {}, /no-artifact/],
    [
      'it is a link',
      () => (workspace: string) => {
        mkdirSync(join(workspace, folder))
        symlinkSync('/etc/hostname', join(workspace, folder, 'report.json'))
      },
      /no-artifact/,
    ],
    ['it is no JSON', report('{'), /could not be judged/],
    ['it has more in it', report('{"schema": 1, "pass": true}'), /could not be judged/],
    ['it is too long', report(' '.repeat(9 * 1024 * 1024)), /could not be judged/],
    [
      'it is about another head',
      (first: ActionRun) =>
        carried(first, (text) => text.replaceAll(/"head":"[0-9a-f]{40}"/g, `"head":"${'a'.repeat(40)}"`)),
      /stale-artifact/,
    ],
    [
      'its plan is about another commit',
      (first: ActionRun) =>
        carried(first, (text) => text.replaceAll(/"commit":"[0-9a-f]{40}"/g, `"commit":"${'a'.repeat(40)}"`)),
      /stale-artifact/,
    ],
  ] as const)('the artifact: %s, and the gate is closed', (what, prepare, says) =>
    inScene({base: passing, isHere: true}, async (scene) => {
      const {repository, onPull, statusesOf, comments} = scene
      const first = await planned(scene)
      const run = await onPull({inputs: publishing, prepare: prepare(first), isHere: what !== 'it is a link'})
      expect({code: run.code === 0, verdict: run.outputs['verdict']}).toEqual({code: false, verdict: 'error'})
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} error`])
      expect(headline(comments()[0])).toMatch(says)
    }),
  )
})
