/** `mode: evaluate` and `mode: optimize` on a schedule: the pipeline is measured, and offered in better words. */
import {createHash} from 'node:crypto'
import {mkdirSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {valueOf} from '../../src/document.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import type {Asked, Script} from '../fixtures/models.ts'
import type {Files} from '../fixtures/repository.ts'
import type {ActionRun} from './bundle.ts'
import {inScene, keys, readIn, written, type Run, type Scene} from './scene.ts'
import {genesis, spawnClaim, sumClaim, type Claim} from './script.ts'

const timeout = 120_000
const goldFinding = ({file, line, evidence, category, severity, description}: Claim, id: string): object => ({
  id,
  category,
  severity,
  must: true,
  description,
  locations: [{file, start_line: line, end_line: line, evidence}],
})

/** A code base of its own under gold/, with two defects of which the static rules see one. */
const caseOf = (name: string, split: 'train' | 'validation'): Files => ({
  [`gold/${name}/gold.yaml`]: stringify({
    schema: 1,
    name,
    source: {path: 'repository'},
    split,
    findings: [goldFinding(spawnClaim, 'G1'), goldFinding(sumClaim, 'G2')],
  }),
  [`gold/${name}/repository/lib/cart.ex`]: `defmodule Case.${name.toUpperCase()} do
  @moduledoc "Takes orders."

  def checkout(order) do
    spawn(fn -> Shop.Mail.confirm(order) end)
    :ok
  end

  def total(order), do: Enum.sum(order.prices)
end
`,
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const golds: Files = {...caseOf('first', 'train'), ...caseOf('second', 'validation')}

/** Sees all of a code base of the train split, and of another one only when it is shown how. */
const learner: Script = (asked: Asked) => {
  const sees = asked.prompt.includes('Case.FIRST') || asked.prompt.includes('<example>')
  const script = genesis(sees ? [spawnClaim, sumClaim] : [spawnClaim])
  return typeof script === 'function' ? script(asked) : {status: 400}
}
/** Nothing that it is shown helps. */
const stubborn: Script = (asked: Asked) => {
  const sees = asked.prompt.includes('Case.FIRST') && !asked.prompt.includes('<example>')
  const script = genesis(sees ? [spawnClaim, sumClaim] : [spawnClaim])
  return typeof script === 'function' ? script(asked) : {status: 400}
}

const run = (
  {on, repository, models}: Scene,
  inputs: Readonly<Record<string, string>>,
  more: Run = {},
): Promise<ActionRun> =>
  on('schedule', {schedule: '0 3 * * *'}, repository.base, {
    inputs: {...keys(models), judge: 'off', pipeline: 'genesis', ...inputs},
    ...more,
  })

const branch = 'refactor-plan/evolve-genesis'
const evolvedIn = (paths: readonly string[]): readonly string[] => paths.filter((path) => path.endsWith('.yaml'))

describe.concurrent('evaluate', {timeout}, () => {
  test.each([
    {name: 'the offline pipeline, which misses half', inputs: {pipeline: 'offline'}, code: 1, verdict: 'fail'},
    {name: 'the same where less is asked for', inputs: {pipeline: 'offline', threshold: '1'}, code: 0, verdict: 'pass'},
    {name: 'genesis on models that see everything', inputs: {}, code: 0, verdict: 'pass'},
  ])('$name', ({inputs, code, verdict}) =>
    inScene({base: golds, models: genesis([spawnClaim, sumClaim]), isHere: code === 0}, async (scene) => {
      const ended = await run(scene, {mode: 'evaluate', ...inputs})
      expect({code: ended.code, verdict: ended.outputs['verdict']}).toEqual({code, verdict})
      expect(ended.outputs['score']).toMatch(/^\d+(?:\.\d+)?$/)
      expect(ended.summary).toMatch(/\| first \| \d+\.\d\d \|/)
      expect(ended.summary).toMatch(/\| second \| \d+\.\d\d \|/)
      expect(scene.writes()).toEqual([])
      expect(written(ended)).toEqual([])
    }),
  )

  test('by message batches: two for two questions, however many gold standards and samples', () =>
    inScene({base: golds, models: genesis([spawnClaim, sumClaim]), isHere: true}, async (scene) => {
      const ended = await run(scene, {mode: 'evaluate', batches: 'true'})
      expect({code: ended.code, verdict: ended.outputs['verdict']}).toEqual({code: 0, verdict: 'pass'})
      expect(scene.models.batches.map(({questions}) => questions.length)).toEqual([4, 4])
    }))

  test.each([
    {name: 'nothing fell', samples: [1], code: 0, verdict: 'pass'},
    {name: 'the mean fell', samples: [9.9], code: 1, verdict: 'fail'},
  ])('against the baseline of its commit: $name', ({samples, code, verdict}) => {
    const cases = Object.entries(golds).flatMap(([file, text]) =>
      file.endsWith('gold.yaml') && typeof text === 'string'
        ? [{gold: /^name: (.*)$/m.exec(text)?.[1] ?? '', digest: sha256(text), samples}]
        : [],
    )
    expect(cases).toHaveLength(2)
    const base = {...golds, 'gold/baseline.yaml': JSON.stringify({schema: 1, pipeline: 'offline', cases})}
    return inScene({base, isHere: true}, async (scene) => {
      const ended = await run(scene, {mode: 'evaluate', pipeline: 'offline', baseline: 'no-regression'})
      expect({code: ended.code, verdict: ended.outputs['verdict']}).toEqual({code, verdict})
      expect(ended.summary).toContain('against the baseline')
    })
  })

  test('without gold standards of its own: those that ship with the Action', () =>
    inScene({}, async (scene) => {
      const ended = await run(scene, {mode: 'evaluate', pipeline: 'offline', gold: 'nowhere', gate: 'off'})
      expect(ended.code).toBe(0)
      for (const name of ['otp-shop', 'ts-billing', 'py-ingest', 'go-relay'])
        expect(ended.summary).toContain(`| ${name} |`)
    }))
})

describe.concurrent('optimize', {timeout}, () => {
  test('words that do better become a branch and a pull request; the next night finds both', () =>
    inScene({base: golds, models: learner}, async (scene) => {
      const {hub, repository, models} = scene
      const ended = await run(scene, {mode: 'optimize', optimizer: 'bootstrap', commit: 'pr'})
      expect({code: ended.code, stderr: ended.stderr}).toEqual({code: 0, stderr: ''})
      expect(ended.outputs).toMatchObject({verdict: 'pass', pipeline: 'genesis', 'evolved-pr': '8'})
      expect(models.requests.filter(({refused}) => refused !== null)).toEqual([])
      const tip = hub.state.refOf(`refs/heads/${branch}`) ?? ''
      const [path = ''] = evolvedIn(written(ended))
      expect(path).toMatch(/^evolved_pipelines\/genesis_[0-9a-f]{8}\.yaml$/)
      const text = readIn(ended, path)
      expect(`${repository.show(tip, path) ?? ''}\n`).toBe(text)
      // still the file that a person wrote, with the demonstrations in it
      expect(text).toContain('# The main pipeline: static rules')
      expect(text).toContain('# One text for all three steps')
      expect(text).toContain('<example>')
      expect(valueOf(parsePipeline(text, path), 'pipeline').name).toBe('genesis')
      expect(hub.state.refOf('refs/heads/main')).toBe(repository.base)
      const pull = hub.state.pulls.get(8)
      expect(pull).toMatchObject({
        title: 'Evolve the genesis pipeline',
        state: 'open',
        head: {ref: branch, sha: tip},
        base: {ref: 'main'},
        author: {login: 'github-actions[bot]'},
      })
      expect(pull?.body).toMatch(/✅ \*\*Better words for the pipeline genesis/)
      expect(pull?.body).toMatch(/[Mm]ean score \d\.\d\d before, \d+\.\d\d after/)
      const again = await run(scene, {mode: 'optimize', optimizer: 'bootstrap', commit: 'pr'}, {isHere: true})
      expect({code: again.code, pull: again.outputs['evolved-pr']}).toEqual({code: 0, pull: '8'})
      expect([...hub.state.pulls.keys()]).toEqual([7, 8])
    }))

  test.each([
    {name: 'only a branch', inputs: {commit: 'branch'}, models: learner, branches: 1, verdict: 'pass'},
    {name: 'neither, by default', inputs: {}, models: learner, branches: 0, verdict: 'pass'},
    {
      name: 'neither, in a dry run',
      inputs: {commit: 'pr', 'dry-run': 'true'},
      models: learner,
      branches: 0,
      verdict: 'pass',
    },
    {
      name: 'neither, when nothing is better',
      inputs: {commit: 'pr'},
      models: stubborn,
      branches: 0,
      verdict: 'inconclusive',
    },
    {
      name: 'neither, when nothing reaches the threshold',
      inputs: {commit: 'pr'},
      models: genesis([spawnClaim]),
      branches: 0,
      verdict: 'inconclusive',
    },
  ])('$name', ({inputs, models, branches, verdict}) =>
    inScene({base: golds, models, isHere: true}, async (scene) => {
      const ended = await run(scene, {mode: 'optimize', optimizer: 'bootstrap', ...inputs})
      expect({code: ended.code, verdict: ended.outputs['verdict']}).toEqual({code: 0, verdict})
      expect(scene.hub.state.refOf(`refs/heads/${branch}`) === null ? 0 : 1).toBe(branches)
      expect([...scene.hub.state.pulls.keys()]).toEqual([7])
      if (branches === 0) expect(scene.writes()).toEqual([])
      expect(ended.outputs).not.toHaveProperty('evolved-pr')
      expect(ended.summary).toMatch(
        verdict === 'pass' ? /✅ \*\*Better words/ : /ℹ️ \*\*No (?:better words|proven improvement)/,
      )
    }),
  )

  test.each([
    {name: 'a pipeline without words', inputs: {pipeline: 'offline'}, says: /::error::.*has no words to evolve/},
    {name: 'an optimizer that is none', inputs: {optimizer: 'magic'}, says: /::error::magic is not an optimizer/},
    {name: 'a mode that is none', inputs: {mode: 'evolve'}, says: /::error::mode: evolve is not a mode/},
  ])('$name: exit 2', ({inputs, says}) =>
    inScene({base: golds, models: learner, isHere: 'optimizer' in inputs}, async (scene) => {
      const ended = await run(scene, {mode: 'optimize', optimizer: 'bootstrap', commit: 'pr', ...inputs})
      expect({code: ended.code, verdict: ended.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(ended.stdout).toMatch(says)
      expect(scene.writes()).toEqual([])
    }),
  )

  test('answers that came with the code are none: the models are asked', () =>
    inScene({base: golds, models: learner}, async (scene) => {
      const inputs = {mode: 'optimize', optimizer: 'bootstrap'}
      const first = await run(scene, inputs)
      const log = written(first).find((path) => path.endsWith('.jsonl')) ?? ''
      const asked = scene.models.requests.length
      expect(asked).toBeGreaterThan(0)
      const text = readIn(first, log)
      const prepare = (workspace: string): void => {
        mkdirSync(join(workspace, dirname(log)), {recursive: true})
        writeFileSync(join(workspace, log), text)
      }
      const second = await run(scene, inputs, {isHere: true, prepare})
      expect({code: second.code, verdict: second.outputs['verdict']}).toEqual({code: 0, verdict: 'pass'})
      expect(scene.models.requests.length).toBe(2 * asked)
    }))

  test('a repository that lets no workflow open pull requests: exit 2, and which setting allows it', () =>
    inScene({base: golds, models: learner, isHere: true}, async (scene) => {
      scene.hub.state.appsMayOpenPulls = false
      const ended = await run(scene, {mode: 'optimize', optimizer: 'bootstrap', commit: 'pr'})
      expect(ended.code).toBe(2)
      expect(ended.stdout).toMatch(/::error::.*Allow GitHub Actions to create and approve pull requests/)
      expect([...scene.hub.state.pulls.keys()]).toEqual([7])
    }))
})
