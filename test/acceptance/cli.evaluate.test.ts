/** `evaluate` and what it remembers: baseline, ledger, clones of public repositories; each of them on the bundle once, without a network. */
import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import type {BatchPlan} from '../fixtures/batches.ts'
import {startModels, type Models, type Script} from '../fixtures/models.ts'
import {root, spawnBundle, type Ended, type Spawned} from './bundle.ts'
import {genesis, planOf, spawnClaim, sumClaim} from './script.ts'
import {commandHere} from './stage.ts'

const work = mkdtempSync(join(tmpdir(), 'refactor-plan-evaluate-'))
afterAll(() => rmSync(work, {recursive: true, force: true}))

const shop = join(root, 'gold', 'otp-shop', 'gold.yaml')
const offline = ['--import', pathToFileURL(join(root, 'test', 'acceptance', 'no-network.mjs')).href]
const withWords = (words: readonly string[]): Spawned => ({
  args: ['evaluate', '--pipeline', 'offline', '--gate', 'warn', ...words],
  cwd: work,
  node: offline,
})
const evaluate = (...words: readonly string[]): Promise<Ended> => commandHere(withWords(words))
const bundled = (...words: readonly string[]): Promise<Ended> => spawnBundle(withWords(words))

const at = (name: string): string => join(work, name)

describe('the baseline', () => {
  test('is written, compared with, and only rises', async () => {
    const file = at('baseline.yaml')
    const first = await evaluate('--gold', shop, '--baseline', file, '--update-baseline')
    expect(first).toMatchObject({code: 0, stderr: expect.stringContaining('the baseline is written')})
    const again = await evaluate('--gold', shop, '--baseline', file)
    expect(again.stdout).toContain('against the baseline: +0.00')
    const raised = readFileSync(file, 'utf8').replace(/samples:\n(\s+)- [\d.]+/, 'samples:\n$1- 9.5')
    writeFileSync(file, raised)
    const fell = await bundled('--gold', shop, '--baseline', file, '--gate', 'enforce')
    expect(fell).toMatchObject({code: 1, stdout: expect.stringMatching(/fell by \d/)})
    const lower = await evaluate('--gold', shop, '--baseline', file, '--update-baseline')
    expect(lower).toMatchObject({code: 2, stderr: expect.stringContaining('it would fall for otp-shop (9.50')})
    const json = await evaluate('--gold', shop, '--baseline', file, '--update-baseline', '--format', 'json')
    expect([json.code, Object.keys(JSON.parse(json.stdout))]).toEqual([2, expect.arrayContaining(['cases', 'mean'])])
    expect(readFileSync(file, 'utf8')).toBe(raised)
  })

  test('the one that ships is what the offline pipeline reaches', async () => {
    const {code, stdout} = await bundled(
      '--baseline',
      join(root, 'gold', 'baseline.yaml'),
      '--threshold',
      '0',
      '--gate',
      'enforce',
    )
    expect(stdout).toContain('against the baseline: +0.00')
    expect(code).toBe(0)
  })

  symlinkSync(at('nowhere'), at('link.yaml'), 'file')
  test.each([
    {name: 'is not there', words: ['--baseline', 'none.yaml'], says: /none\.yaml/},
    {name: 'is broken', words: ['--baseline', 'broken.yaml'], says: /broken\.yaml:2:1/},
    {name: 'is to be written nowhere', words: ['--update-baseline'], says: /needs --baseline/},
    {name: 'has no folder', words: ['--baseline', 'no/b.yaml', '--update-baseline'], says: /no such folder/},
    {name: 'is empty', words: ['--baseline', ''], says: /--baseline is empty/},
    {
      name: 'is a link',
      words: ['--baseline', 'link.yaml', '--update-baseline'],
      says: /a link or a folder stands there/,
    },
    {
      name: 'is the ledger',
      words: ['--baseline', 'b.yaml', '--update-baseline', '--ledger', 'b.yaml'],
      says: /--ledger names/,
    },
    {name: 'is fine, but there are no clones', words: ['--sources', 'broken.yaml'], says: /no such folder/},
  ])('that $name: exit 2, and which file', async ({words, says}) => {
    writeFileSync(at('broken.yaml'), 'schema: 1\npipelines: offline\ncases: []\n')
    const {code, stdout, stderr} = await evaluate('--gold', shop, ...words)
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toMatch(says)
  })
})

describe('the ledger', () => {
  test('holds each sample once: the second run reads no code anew and says the same', async () => {
    const file = at('ledger.jsonl')
    const first = await bundled('--gold', shop, '--ledger', file, '--format', 'json')
    const lines = readFileSync(file, 'utf8')
    expect(lines.trim().split('\n')).toHaveLength(1)
    const second = await evaluate('--gold', shop, '--ledger', file, '--format', 'json')
    expect(readFileSync(file, 'utf8')).toBe(lines)
    const {verdict, mean} = JSON.parse(first.stdout)
    expect(JSON.parse(second.stdout)).toMatchObject({verdict, mean, taken: []})
    expect(second.stderr).not.toContain('scan')
  })

  test('is appended to on a line of its own, though an editor took the last newline', async () => {
    const file = at('open.jsonl')
    const other = {schema: 1, key: 'a'.repeat(64), gold: 'x', pipeline: 'y', score: 1, findings: {}}
    writeFileSync(file, JSON.stringify(other))
    expect((await evaluate('--gold', shop, '--ledger', file)).code).toBe(0)
    const [first = '', second = ''] = readFileSync(file, 'utf8').split('\n')
    expect([JSON.parse(first), JSON.parse(second)]).toEqual([other, expect.objectContaining({gold: 'otp-shop'})])
  })

  test('and baseline inside the repository that they are about change nothing of it', async () => {
    const own = at('own')
    mkdirSync(join(own, 'gold', 'self'), {recursive: true})
    writeFileSync(join(own, 'a.py'), 'def f(x=[]):\n    x.append(1)\n    return x\n')
    const finding =
      '{id: G1, category: mutable-default-argument, severity: high, description: "One list for all calls.", locations: [{file: a.py, start_line: 1}]}'
    writeFileSync(
      join(own, 'gold', 'self', 'gold.yaml'),
      `schema: 1\nname: self\nsource: {path: .}\nfindings: [${finding}]\n`,
    )
    const words = [
      'evaluate',
      '--pipeline',
      'offline',
      '--gate',
      'warn',
      '--format',
      'json',
      '--ledger',
      'l.jsonl',
      '--baseline',
      'b.yaml',
      '--update-baseline',
    ]
    const run = async (): Promise<readonly [number | null, number]> => {
      const {code, stdout} = await commandHere({args: words, cwd: own})
      return [code, JSON.parse(stdout).taken.length]
    }
    expect(await run()).toEqual([0, 1])
    expect(await run()).toEqual([0, 0])
    expect(readFileSync(join(own, 'l.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  test('that was changed by hand is refused with its line, and kept', async () => {
    const file = at('forged.jsonl')
    writeFileSync(file, '{"score": 10}\n')
    const {code, stderr} = await evaluate('--gold', shop, '--ledger', file)
    expect({code, stderr}).toEqual({code: 2, stderr: expect.stringContaining('forged.jsonl:1:1')})
    expect(readFileSync(file, 'utf8')).toBe('{"score": 10}\n')
  })
})

test('two gold standards of one name are refused, and both files are named', async () => {
  const folder = at('twins')
  for (const name of ['one', 'two']) {
    mkdirSync(join(folder, name), {recursive: true})
    writeFileSync(
      join(folder, name, 'gold.yaml'),
      readFileSync(shop, 'utf8').replace('path: repository', `path: ${join(root, 'gold', 'otp-shop', 'repository')}`),
    )
  }
  const {code, stdout, stderr} = await evaluate('--gold', folder)
  expect({code, stdout}).toEqual({code: 2, stdout: ''})
  expect(stderr).toMatch(/twins\/one\/gold.yaml and .*twins\/two\/gold.yaml both have the name otp-shop/)
  const checked = await commandHere({args: ['check', 'one/gold.yaml', 'two/gold.yaml'], cwd: folder})
  expect(checked).toMatchObject({code: 2, stdout: expect.stringContaining('two/gold.yaml:4:7 same-name')})
})

describe('gold standards about public repositories', () => {
  const git = (cwd: string, ...words: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...words], {
      cwd,
      encoding: 'utf8',
    }).trim()

  const clone = join(work, 'sources', 'acme', 'tool')
  mkdirSync(clone, {recursive: true})
  git(clone, 'init', '-q')
  writeFileSync(join(clone, 'a.py'), 'def f(x=[]):\n    x.append(1)\n    return x\n')
  git(clone, 'add', '.')
  git(clone, 'commit', '-qm', 'one')
  const commit = git(clone, 'rev-parse', 'HEAD')
  writeFileSync(join(clone, 'a.py'), 'print(1)\n')
  git(clone, 'commit', '-qam', 'two')

  const goldAt = (sha: string): string => {
    const file = at(`public-${sha.slice(0, 6)}.yaml`)
    const finding =
      '{id: G1, category: mutable-default-argument, severity: high, must: true, description: "The default list is shared by all calls.", locations: [{file: a.py, start_line: 1, end_line: 1}]}'
    writeFileSync(
      file,
      `schema: 1\nname: public\nsource: {repository: "https://example.org/acme/tool", commit: "${sha}"}\nfindings:\n  - ${finding}\n`,
    )
    return file
  }

  test('are read at their commit from a clone at hand', async () => {
    const {code, stdout} = await evaluate(
      '--gold',
      goldAt(commit),
      '--sources',
      join(work, 'sources'),
      '--format',
      'json',
    )
    expect(code).toBe(0)
    const {cases} = JSON.parse(stdout)
    expect(cases).toMatchObject([{gold: 'public', error: null}])
    expect(cases[0].score).toBeGreaterThan(5)
  })

  test.each([
    {name: 'no folder is given', sha: commit, words: [], says: 'is skipped', why: 'give --sources DIR'},
    {
      name: 'there is no clone',
      sha: commit,
      words: ['--sources', work],
      says: 'cannot be judged',
      why: 'there is no clone at',
    },
    {
      name: 'the clone has no such commit',
      sha: '1'.repeat(40),
      words: ['--sources', join(work, 'sources')],
      says: 'cannot be judged',
      why: 'no such ref',
    },
  ])('are named with the reason when $name, and never pass', async ({sha, words, says, why}) => {
    const {code, stdout, stderr} = await evaluate('--gold', goldAt(sha), ...words, '--gate', 'enforce')
    expect(stderr).toContain(`public ${says}`)
    expect(stdout).toContain(why)
    expect(code).toBe(3)
    expect(existsSync(join(work, 'evolved_pipelines'))).toBe(false)
  })
})

describe.concurrent('by message batches', {timeout: 120_000}, () => {
  const code = `defmodule Shop.Cart do
  @moduledoc "Takes orders."

  def checkout(order) do
    spawn(fn -> Shop.Mail.confirm(order) end)
    :ok
  end

  def total(order), do: Enum.sum(order.prices)
end
`
  const claims = [spawnClaim, sumClaim]
  const [golds, many] = [at('golds'), at('many')]
  for (const [folder, name, split] of [
    [golds, 'first', 'train'],
    [golds, 'second', 'validation'],
    ...['one', 'two', 'three', 'four', 'five', 'six'].map((name) => [many, name, 'train'] as const),
  ] as const) {
    mkdirSync(join(folder, name, 'repository', 'lib'), {recursive: true})
    writeFileSync(join(folder, name, 'repository', 'lib', 'cart.ex'), code)
    const findings = claims.map(({file, line, evidence, category, severity, description}, index) => ({
      id: `G${index + 1}`,
      category,
      severity,
      must: true,
      description,
      locations: [{file, start_line: line, end_line: line, evidence}],
    }))
    const gold = {schema: 1, name, source: {path: 'repository'}, split, findings}
    writeFileSync(join(folder, name, 'gold.yaml'), stringify(gold))
  }
  const alone = at('alone.yaml')
  writeFileSync(
    alone,
    stringify({
      name: 'alone',
      steps: [
        {
          name: 'changes',
          type: 'claude',
          model: 'claude-sonnet-5-5',
          prompt: '{{repository}} Plan for {{user_prompt}}',
          examples: '',
          schema: 'plan',
        },
        {name: 'plan', type: 'plan', from: 'changes'},
      ],
    }),
  )

  const onModels = async <T>(
    plan: BatchPlan,
    act: (models: Models) => Promise<T>,
    script: Script = genesis(claims),
  ): Promise<T> => {
    const models = await startModels(script, plan)
    try {
      return await act(models)
    } finally {
      await models.close()
    }
  }
  const run = (
    models: Models,
    words: readonly string[],
    {folder = golds, ...more}: Partial<Spawned> & {readonly folder?: string} = {},
  ): Promise<Ended> =>
    spawnBundle({
      args: [...words, '--gold', folder, '--judge', 'off', '--format', 'json'],
      cwd: work,
      env: {
        ANTHROPIC_API_KEY: 'sk-ant-test-0123456789',
        GEMINI_API_KEY: 'gm-test-0123456789',
        ANTHROPIC_BASE_URL: models.anthropicUrl,
        GEMINI_BASE_URL: models.geminiUrl,
      },
      ...more,
    })
  const sizes = ({batches}: Models): readonly number[] => batches.map(({questions}) => questions.length)

  test('two gold standards, two samples each, two questions to Claude: two batches, and the same verdict', () =>
    onModels({looks: 0}, async (models) => {
      const direct = await run(models, ['evaluate', '--pipeline', 'genesis'])
      const asked = models.requests.length
      expect([direct.code, sizes(models)]).toEqual([0, []])
      const {code, stdout, stderr} = await run(models, ['evaluate', '--pipeline', 'genesis', '--batches'])
      const [one, other] = [JSON.parse(direct.stdout), JSON.parse(stdout)]
      expect({code, verdict: other.verdict, mean: other.mean}).toEqual({code: 0, verdict: one.verdict, mean: one.mean})
      expect(sizes(models)).toEqual([4, 4])
      expect(models.requests.length).toBe(2 * asked)
      expect(stderr.match(/gemini has no batches/g)).toHaveLength(1)
      expect(stderr).toMatch(/^second: changes finished after/m)
    }))

  test('the same evaluation costs half', () =>
    onModels({looks: 0}, async (models) => {
      const costOf = async (...words: readonly string[]): Promise<number> => {
        const {code, stdout, stderr} = await run(models, ['evaluate', '--pipeline', alone, ...words], {folder: many})
        expect({code, stderr}).toEqual({code: 0, stderr: expect.not.stringContaining('Warning')})
        const {cases}: {cases: readonly {usage: {usd: number}}[]} = JSON.parse(stdout)
        return cases.reduce((sum, {usage}) => sum + usage.usd, 0)
      }
      const whole = await costOf()
      expect(whole).toBeGreaterThan(0)
      expect(await costOf('--batches')).toBeCloseTo(whole / 2, 10)
      expect(sizes(models)).toEqual([12])
    }))

  test('Ctrl-C cancels the batch and ends', () =>
    onModels({looks: Infinity}, async (models) => {
      let asking: NodeJS.Timeout | undefined
      const started = (send: (signal: NodeJS.Signals) => void): void => {
        asking = setInterval(() => {
          if ((models.batches[0]?.looked ?? 0) === 0) return
          clearInterval(asking)
          send('SIGINT')
        }, 20)
      }
      const {code, stdout, stderr} = await run(models, ['evaluate', '--pipeline', alone, '--batches'], {started})
      clearInterval(asking)
      expect({code, error: JSON.parse(stdout).error.code}).toEqual({code: 3, error: 'cancelled'})
      expect(stderr).toContain('the batch msgbatch_1 is cancelled')
      expect(models.batches).toMatchObject([{cancelled: true}])
    }))

  test('a question that Claude refuses ends all: no other batch is made, and what is answered is kept', () =>
    onModels(
      {looks: 0, order: (lines) => lines.toSorted()},
      async (models) => {
        const ledger = at('batches.jsonl')
        const words = ['evaluate', '--pipeline', alone, '--batches', '--ledger', ledger]
        const {code, stdout} = await run(models, words)
        expect({code, ...JSON.parse(stdout)}).toMatchObject({
          code: 2,
          error: {code: 'model-refused-request', message: expect.stringContaining('too long')},
        })
        expect(sizes(models)).toEqual([4])
        expect(readFileSync(ledger, 'utf8').trim().split('\n')).toHaveLength(2)
      },
      // the last one would have to answer once more
      ({index}) =>
        [{status: 400, message: 'too long'}, {json: planOf(claims)}, {json: planOf(claims)}, 'prose'][index] ?? '',
    ))

  test('optimize asks by batch too: one for what it learns from, one for the whole comparison', () =>
    onModels({looks: 0}, async (models) => {
      const words = ['optimize', '--pipeline', alone, '--optimizer', 'bootstrap', '--batches', '--output', 'evolved']
      mkdirSync(at('evolved'), {recursive: true})
      const {code, stdout} = await run(models, words)
      expect([code, JSON.parse(stdout).evolved]).toEqual([0, expect.stringContaining('evolved/')])
      expect(sizes(models)).toEqual([1, 40])
    }))
})
