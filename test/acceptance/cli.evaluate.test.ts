/** `evaluate` and what it remembers: baseline, ledger, clones of public repositories. On the bundle, without a network. */
import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, describe, expect, test} from 'vitest'
import {root, spawnBundle, type Ended} from './bundle.ts'

const work = mkdtempSync(join(tmpdir(), 'refactor-plan-evaluate-'))
afterAll(() => rmSync(work, {recursive: true, force: true}))

const shop = join(root, 'gold', 'otp-shop', 'gold.yaml')
const offline = ['--import', pathToFileURL(join(root, 'test', 'acceptance', 'no-network.mjs')).href]
const evaluate = (...words: readonly string[]): Promise<Ended> =>
  spawnBundle({args: ['evaluate', '--pipeline', 'offline', '--gate', 'warn', ...words], cwd: work, node: offline})

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
    const fell = await evaluate('--gold', shop, '--baseline', file, '--gate', 'enforce')
    expect(fell).toMatchObject({code: 1, stdout: expect.stringMatching(/fell by \d/)})
    const lower = await evaluate('--gold', shop, '--baseline', file, '--update-baseline')
    expect(lower).toMatchObject({code: 2, stderr: expect.stringContaining('it would fall for otp-shop (9.50')})
    expect(readFileSync(file, 'utf8')).toBe(raised)
  })

  test('the one that ships is what the offline pipeline reaches', async () => {
    const {code, stdout} = await evaluate(
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

  test.each([
    {name: 'is not there', words: ['--baseline', 'none.yaml'], says: /none\.yaml/},
    {name: 'is broken', words: ['--baseline', 'broken.yaml'], says: /broken\.yaml:2:1/},
    {name: 'is to be written nowhere', words: ['--update-baseline'], says: /needs --baseline/},
    {name: 'has no folder', words: ['--baseline', 'no/b.yaml', '--update-baseline'], says: /no such folder/},
    {name: 'is empty', words: ['--baseline', ''], says: /--baseline is empty/},
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
    const first = await evaluate('--gold', shop, '--ledger', file, '--format', 'json')
    const lines = readFileSync(file, 'utf8')
    expect(lines.trim().split('\n')).toHaveLength(1)
    const second = await evaluate('--gold', shop, '--ledger', file, '--format', 'json')
    expect(readFileSync(file, 'utf8')).toBe(lines)
    const {verdict, mean} = JSON.parse(first.stdout)
    expect(JSON.parse(second.stdout)).toMatchObject({verdict, mean, taken: []})
    expect(second.stderr).not.toContain('scan')
  })

  test('that was changed by hand is refused with its line, and kept', async () => {
    const file = at('forged.jsonl')
    writeFileSync(file, '{"score": 10}\n')
    const {code, stderr} = await evaluate('--gold', shop, '--ledger', file)
    expect({code, stderr}).toEqual({code: 2, stderr: expect.stringContaining('forged.jsonl:1:1')})
    expect(readFileSync(file, 'utf8')).toBe('{"score": 10}\n')
  })
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
    {name: 'no folder is given', sha: commit, words: [], says: 'give --sources DIR'},
    {name: 'there is no clone', sha: commit, words: ['--sources', work], says: 'there is no clone at'},
    {
      name: 'the clone has no such commit',
      sha: '1'.repeat(40),
      words: ['--sources', join(work, 'sources')],
      says: 'is not at hand',
    },
  ])('are skipped with the reason when $name', async ({sha, words, says}) => {
    const {code, stderr} = await evaluate('--gold', goldAt(sha), ...words)
    expect(stderr).toContain(says)
    expect(stderr).toContain('public is skipped')
    expect(code).toBe(0)
    expect(existsSync(join(work, 'evolved_pipelines'))).toBe(false)
  })
})
