/** The command line as a user has it: each command on the bundle as a child process, its other ways in this one, real files, no key, no network. */
import {execFileSync} from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {Plan} from '../../src/plan/plan.ts'
import {root, spawnBundle, type Ended} from './bundle.ts'
import {commandHere} from './stage.ts'

const offline = ['--import', pathToFileURL(join(root, 'test', 'acceptance', 'no-network.mjs')).href]
const shop = join(root, 'gold', 'otp-shop')
let scratch = ''

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-cli-'))
})
afterAll(() => rmSync(scratch, {recursive: true, force: true}))

const folder = (name: string, files: Readonly<Record<string, string>> = {}): string => {
  const path = join(scratch, name)
  mkdirSync(path, {recursive: true})
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(path, file, '..'), {recursive: true})
    writeFileSync(join(path, file), text)
  }
  return path
}
const run = (cwd: string, ...args: string[]): Promise<Ended> => spawnBundle({args, cwd, node: offline})
/** For what another row shows of the bundle. */
const here = (cwd: string, ...args: string[]): Promise<Ended> => commandHere({args, cwd})
const listing = (path: string): readonly string[] => readdirSync(path, {recursive: true, encoding: 'utf8'}).toSorted()
const digest = (path: string): string =>
  execFileSync('sh', ['-c', 'find . -type f -not -path "./.git/*" -exec sha256sum {} + | sort | sha256sum'], {
    cwd: path,
    encoding: 'utf8',
  })

describe('the main job, offline', () => {
  test.each([
    ['otp-shop', /\.ex$/],
    ['ts-billing', /\.ts$/],
    ['py-ingest', /\.py$/],
  ])(
    '%s gets a plan that reads back, is grounded and is scored, and nothing else is written',
    async (name, language) => {
      const cwd = folder(`main-${name}`)
      const gold = join(root, 'gold', name)
      const before = digest(gold)
      const {code, stdout, stderr} = await run(
        cwd,
        'plan',
        join(gold, 'repository'),
        '--gold',
        join(gold, 'gold.yaml'),
        '--gate',
        'warn',
      )
      expect(stderr).not.toContain('NETWORK')
      expect({code, stdout}).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^Plan generated at evolved_pipelines\/plan_[a-z0-9-]+_[0-9a-f]{8}\.yaml\n$/),
      })
      const path = stdout.trim().slice('Plan generated at '.length)
      expect(listing(cwd)).toEqual(['evolved_pipelines', path])
      expect(digest(gold)).toBe(before)
      const plan = Plan.parse(parse(readFileSync(join(cwd, path), 'utf8')))
      expect(plan.findings.length).toBeGreaterThan(0)
      expect(plan.changes.length).toBeGreaterThan(0)
      expect(
        plan.findings.flatMap(({locations}) => locations.map(({file}) => file)).every((file) => language.test(file)),
      ).toBe(true)
      for (const {locations} of plan.findings) {
        for (const {file, evidence = '\0'} of locations)
          expect(readFileSync(join(gold, 'repository', file), 'utf8')).toContain(evidence)
      }
      expect(stderr).toMatch(/\d(?:\.\d+)? of 10/)
      expect(stderr).toContain('No key')
    },
  )

  test('the same input gives the same plan, byte for byte', async () => {
    const [a, b] = await Promise.all([
      here(folder('same-a'), 'plan', join(shop, 'repository')),
      run(folder('same-b'), 'plan', join(shop, 'repository')),
    ])
    expect(a.stdout).toBe(b.stdout)
    const path = a.stdout.trim().slice('Plan generated at '.length)
    expect(readFileSync(join(scratch, 'same-a', path), 'utf8')).toBe(
      readFileSync(join(scratch, 'same-b', path), 'utf8'),
    )
  })

  test('json is exactly one document, of the shape that others read', async () => {
    const {code, stdout} = await run(
      folder('json'),
      'plan',
      join(shop, 'repository'),
      '--gold',
      join(shop, 'gold.yaml'),
      '--format',
      'json',
    )
    const shape: unknown = JSON.parse(stdout)
    expect(shape).toMatchObject({
      schema: 1,
      path: expect.stringMatching(/^evolved_pipelines\//),
      pipeline: 'offline',
      models: [],
      findings: expect.any(Number),
      changes: expect.any(Number),
      score: {
        score: expect.any(Number),
        verdict: {decision: expect.stringMatching(/pass|fail/), reasons: expect.any(Array)},
        subscores: {
          coverage: expect.any(Number),
          precision: expect.any(Number),
          grounding: expect.any(Number),
          structure: expect.any(Number),
        },
        interval: null,
        judge: 'skipped',
      },
      usage: {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0},
    })
    expect(code).toBe(JSON.parse(stdout).score.verdict.decision === 'pass' ? 0 : 1)
  })

  test('an enforced gate that fails exits with 1, a threshold that is reached with 0', async () => {
    const plan = ['plan', join(shop, 'repository'), '--gold', join(shop, 'gold.yaml')]
    expect((await run(folder('gate-10'), ...plan, '--threshold', '10')).code).toBe(1)
    expect((await here(folder('gate-0'), ...plan, '--threshold', '0')).code).toBe(0)
  })

  test('without a gold standard the score is null, the report says how to make one, require-gold fails', async () => {
    const cwd = folder('no-gold')
    const {code, stdout, stderr} = await run(cwd, 'plan', join(shop, 'repository'), '--format', 'json')
    expect(JSON.parse(stdout).score).toBeNull()
    expect(code).toBe(0)
    expect(stderr).toContain('No gold standard applies')
    expect((await here(cwd, 'plan', join(shop, 'repository'), '--require-gold')).code).toBe(1)
  })

  test('a plan that found nothing because no rule reads the language is no praise', async () => {
    const relay = join(root, 'gold', 'go-relay')
    const args = ['plan', join(relay, 'repository'), '--gold', join(relay, 'gold.yaml'), '--format', 'json']
    const {code, stdout, stderr} = await run(folder('go'), ...args)
    expect(code).toBe(1)
    expect(stderr).toMatch(/No static rule reads Go \(\d+ files\): without a model nothing is found there\./)
    expect(JSON.parse(stdout)).toMatchObject({
      score: {score: 0, subscores: {coverage: 0, precision: null, grounding: null, structure: null}},
    })
  })

  test('several paths get a plan each; one document cannot hold them', async () => {
    const paths = ['otp-shop', 'py-ingest'].map((name) => join(root, 'gold', name, 'repository'))
    const cwd = folder('several')
    const {code, stdout} = await run(cwd, 'plan', ...paths)
    expect(code).toBe(0)
    expect(stdout.match(/^Plan generated at /gm)).toHaveLength(2)
    expect(listing(cwd)).toHaveLength(3)
    expect((await here(cwd, 'plan', ...paths, '--require-gold')).code).toBe(1)
    expect(await here(folder('several-json'), 'plan', ...paths, '--format', 'json')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('bad-usage'),
    })
  })

  test('a folder that is no git repository works and says so', async () => {
    const cwd = folder('no-git-cwd')
    const code = folder('no-git', {'lib/a.ex': 'defmodule A do\n  def go, do: spawn(fn -> :ok end)\nend\n'})
    const ended = await run(cwd, 'plan', code)
    expect(ended).toMatchObject({code: 0, stdout: expect.stringContaining('Plan generated at ')})
    expect(ended.stderr).toContain('not in a git repository')
  })

  test('a gold standard of its own moves with the code and is never packed', async () => {
    const gold = {
      schema: 1,
      name: 'self',
      source: {path: '.'},
      findings: [
        {
          id: 'G1',
          category: 'unsupervised-spawn',
          severity: 'high',
          must: true,
          description: 'The process is started without a supervisor.',
          locations: [{file: 'lib/a.ex', start_line: 40, end_line: 40, evidence: 'spawn(fn -> :ok end)'}],
        },
        {
          id: 'G2',
          category: 'gone',
          severity: 'low',
          description: 'Was here once.',
          locations: [{file: 'lib/a.ex', start_line: 1, end_line: 1, evidence: 'this line is not there any more'}],
        },
      ],
    }
    const code = folder('own-gold', {
      'lib/a.ex': 'defmodule A do\n  def go do\n    spawn(fn -> :ok end)\n  end\nend\n',
      'gold/self/gold.yaml': JSON.stringify(gold),
    })
    const ended = await here(folder('own-gold-cwd'), 'plan', code, '--format', 'json', '--gate', 'off')
    expect(JSON.parse(ended.stdout).score.gold).toMatchObject([{id: 'G1', credit: 1}])
    expect(ended.stderr).toContain('so they do not count: G2')
    const packed = await here(folder('own-gold-pack'), 'pack', code, '--format', 'json')
    expect(JSON.parse(packed.stdout)).toMatchObject({
      files: [{path: 'lib/a.ex'}],
      left_out: [{path: 'gold/self/gold.yaml', why: 'gold'}],
    })
  })

  test('a gold file that would be packed under another name fails the run', async () => {
    const text = readFileSync(join(shop, 'gold.yaml'), 'utf8')
    const code = folder('leak', {
      'lib/a.ex': 'defmodule A do\nend\n',
      'notes/answers.yml': text,
      'gold/x/gold.yaml': text,
    })
    const ended = await here(folder('leak-cwd'), 'plan', code, '--gold', join(code, 'gold/x/gold.yaml'))
    expect(ended).toMatchObject({code: 2, stderr: expect.stringContaining('notes/answers.yml is a gold standard')})
  })
})

describe('bad input gets a line that says where and what to do, and nothing is lost', () => {
  const yaml = (name: string, file: string, text: string): string => join(folder(name, {[file]: text}), file)
  const cases: readonly [string, () => readonly string[], number, RegExp][] = [
    ['a missing path', () => ['plan', join(scratch, 'nowhere')], 2, /no-such-path: .*nowhere[^]*→/],
    ['an empty repository', () => ['plan', folder('empty')], 2, /empty-repository: [^]*→/],
    ['a binary-only repository', () => ['plan', folder('binary', {'a.bin': '\0\0\0'})], 2, /empty-repository/],
    ['an unknown command', () => ['plna'], 2, /unknown command 'plna'[^]*plan/],
    ['an unknown flag', () => ['plan', '.', '--thresold', '3'], 2, /unknown option '--thresold'[^]*--threshold/],
    [
      'a flag of the wrong kind',
      () => ['plan', join(shop, 'repository'), '--threshold', 'high'],
      2,
      /bad-setting: threshold/,
    ],
    [
      'a choice that is none',
      () => ['plan', join(shop, 'repository'), '--gate', 'maybe'],
      2,
      /--gate[^]*off, warn, enforce/,
    ],
    [
      'broken YAML in a pipeline',
      () => [
        'plan',
        join(shop, 'repository'),
        '--pipeline',
        yaml('bad-pipeline', 'p.yaml', 'name: x\nsteps:\n  - name: [\n'),
      ],
      2,
      /p\.yaml:\d+:\d+ yaml-syntax/,
    ],
    [
      'an unknown step type',
      () => [
        'plan',
        join(shop, 'repository'),
        '--pipeline',
        yaml('bad-step', 'p.yaml', 'name: x\nsteps:\n  - name: a\n    type: magic\n'),
      ],
      2,
      /p\.yaml:4:\d+ [^\n]*magic[^\n]*/,
    ],
    [
      'a pipeline that is not there',
      () => ['plan', join(shop, 'repository'), '--pipeline', 'genesys'],
      2,
      /no-such-pipeline: genesys[^]*genesis/,
    ],
    [
      'broken YAML in a gold standard',
      () => ['plan', join(shop, 'repository'), '--gold', yaml('bad-gold', 'gold.yaml', 'schema: 1\nname: "x\n')],
      2,
      /gold\.yaml:\d+:\d+ yaml-syntax/,
    ],
    [
      'a gold standard with an unknown key',
      () => [
        'plan',
        join(shop, 'repository'),
        '--gold',
        yaml('odd-gold', 'gold.yaml', 'schema: 1\nname: x\nsource: {path: repository}\nfinding: []\n'),
      ],
      2,
      /gold\.yaml:4:1 unrecognized-keys finding/,
    ],
    [
      'a gold standard that is not there',
      () => ['plan', join(shop, 'repository'), '--gold', 'nowhere.yaml'],
      2,
      /no-such-file: .*nowhere\.yaml/,
    ],
    [
      'broken YAML in the configuration',
      () => ['plan', folder('bad-config', {'a.py': 'x = 1\n', '.github/refactor-plan.yml': 'threshold: 8\ngate: [\n'})],
      2,
      /refactor-plan\.yml:\d+:\d+ yaml-syntax/,
    ],
    [
      'genesis without a key',
      () => ['plan', join(shop, 'repository'), '--pipeline', 'genesis'],
      2,
      /missing-key: [^]*→ set ANTHROPIC_API_KEY/,
    ],
    [
      'an output folder that is a file',
      () => ['plan', join(shop, 'repository'), '--output', join(shop, 'gold.yaml')],
      2,
      /no-such-folder: not a folder[^]*→/,
    ],
    [
      'an output folder that cannot be made',
      () => ['plan', join(shop, 'repository'), '--output', '/proc/x'],
      2,
      /cannot-write: [^]*→/,
    ],
    [
      'a record in a folder that is not there',
      () => ['plan', join(shop, 'repository'), '--record', 'nowhere/run.json'],
      2,
      /no-such-folder: [^]*→/,
    ],
    [
      'an empty flag',
      () => ['plan', join(shop, 'repository'), '--threshold', ''],
      2,
      /bad-setting: --threshold is empty/,
    ],
    [
      'a number in hexadecimal',
      () => ['plan', join(shop, 'repository'), '--threshold', '0x8'],
      2,
      /bad-setting: threshold/,
    ],
    [
      'two documents in the configuration',
      () => [
        'plan',
        folder('two-configs', {'a.py': 'x = 1\n', '.github/refactor-plan.yml': 'threshold: 9\n---\nthreshold: 0\n'}),
      ],
      2,
      /refactor-plan\.yml:2:\d+ yaml-syntax/,
    ],
    [
      'a gold standard that needs nothing',
      () => [
        'plan',
        join(shop, 'repository'),
        '--gold',
        yaml(
          'lax-gold',
          'gold.yaml',
          JSON.stringify({
            schema: 1,
            name: 'x',
            source: {path: '.'},
            findings: [{id: 'G1', category: 'a', severity: 'low', extra: true, locations: [], description: 'x'}],
          }),
        ),
      ],
      2,
      /gold\.yaml:\d+:\d+ custom findings: needs a finding/,
    ],
    ['a saved run that is none', () => ['report', join(root, 'package.json')], 2, /package\.json:\d+:\d+/],
    ['score without --gold', () => ['score', 'x.yaml'], 2, /--gold/],
  ]
  const bundled: readonly string[] = ['a missing path', 'an unknown command', 'genesis without a key']
  test.each(cases)('%s', async (name, args, code, message) => {
    const cwd = folder(`bad-${name.replaceAll(/\W+/g, '-')}`)
    const ended = await (bundled.includes(name) ? run : here)(cwd, ...args())
    expect(ended.stderr).toMatch(message)
    expect(ended).toMatchObject({code, stdout: ''})
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    expect(listing(cwd)).toEqual([])
  })

  test.each([
    ['is not there', null],
    ['is not YAML', 'findings: ['],
    ['is another document', 'name: x\nsteps: []\n'],
    ['is cut off', readFileSync(join(shop, 'gold.yaml'), 'utf8').slice(0, 900)],
    ['is empty', ''],
  ])('a plan that %s scores 0 with the reason and fails', async (name, text) => {
    const cwd = folder(`plan-${name.replaceAll(/\W+/g, '-')}`, text === null ? {} : {'plan.yaml': text})
    const {code, stdout, stderr} = await here(
      cwd,
      'score',
      'plan.yaml',
      '--gold',
      join(shop, 'gold.yaml'),
      '--format',
      'json',
    )
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      score: 0,
      verdict: {decision: 'fail', reasons: [{code: 'not-a-plan'}]},
    })
    expect(code).toBe(1)
    expect(stderr).toContain('plan.yaml')
  })

  test('a reader that closes the pipe does not open the gate', async () => {
    const cwd = folder('closed-pipe')
    const gate = `node ${join(root, 'dist', 'index.js')} plan ${join(shop, 'repository')} --gold ${join(shop, 'gold.yaml')} --format json 2>/dev/null; echo $? > code`
    execFileSync('sh', ['-c', `(${gate}) | true`], {cwd})
    expect(readFileSync(join(cwd, 'code'), 'utf8').trim()).toBe('1')
  })

  test('files with odd names do not fail the rules of a plan that found something in them', async () => {
    const text = 'def go():\n    try:\n        work()\n    except Exception:\n        pass\n'
    const ended = await here(folder('odd-names-cwd'), 'plan', folder('odd-names', {' lead.py': text, 'a\nb.py': text}))
    expect(ended).toMatchObject({code: 0, stdout: expect.stringContaining('Plan generated at')})
  })

  test('scan says what it did not read', async () => {
    const path = folder('unread', {'big.py': 'x = 1\n'.repeat(300_000), 'a.py': 'x = 1\n'})
    const {stdout, stderr} = await here(scratch, 'scan', path, '--format', 'json')
    expect(JSON.parse(stdout).skipped).toEqual([{file: 'big.py', why: 'too-large'}])
    expect(stderr).toContain('1 files were not read: big.py (too-large)')
  })

  test('what a plan says is no workflow command where a report is printed', async () => {
    const hostile = 'x\\n::set-output name=a::b\\n##[error]no'
    const plan = `schema: 1\nsummary: "${hostile}"\nfindings:\n  - {id: F1, category: a, severity: high, locations: [{file: mix.exs, evidence: "${hostile}"}], description: "${hostile}"}\nchanges:\n  - {id: C1, title: "${hostile}", instructions: "${hostile}", resolves: [F1], verification: ["${hostile}"]}\n`
    const cwd = folder('hostile-plan', {'plan.yaml': plan})
    for (const format of ['markdown', 'table', 'json']) {
      const {stdout} = await run(
        cwd,
        'score',
        'plan.yaml',
        '--gold',
        join(shop, 'gold.yaml'),
        '--format',
        format,
        '--gate',
        'off',
      )
      expect(stdout.length).toBeGreaterThan(100)
      expect(stdout).not.toMatch(/^\s*::/m)
      expect(stdout).not.toContain('##[')
    }
  })

  test('evaluate takes one gold standard as well', async () => {
    const {stdout} = await here(
      folder('evaluate-one'),
      'evaluate',
      '--pipeline',
      'offline',
      '--gold',
      join(shop, 'gold.yaml'),
      '--format',
      'json',
    )
    expect(JSON.parse(stdout).cases).toMatchObject([{gold: 'otp-shop'}])
  })

  test('an error under --format json is one document too', async () => {
    const {code, stdout} = await run(folder('json-error'), 'plan', join(scratch, 'nowhere'), '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject({schema: 1, error: {code: 'no-such-path', hint: expect.any(String)}})
    expect(code).toBe(2)
  })

  test('a file in the way of the output is not overwritten', async () => {
    const cwd = folder('in-the-way', {evolved_pipelines: 'mine'})
    const ended = await here(cwd, 'plan', join(shop, 'repository'))
    expect(ended.code).not.toBe(0)
    expect(readFileSync(join(cwd, 'evolved_pipelines'), 'utf8')).toBe('mine')
  })
})

describe('the other commands', () => {
  test('--version and --help', async () => {
    expect(await run(scratch, '--version')).toEqual({
      code: 0,
      stdout: `${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}\n`,
      stderr: '',
    })
    const help = await run(scratch, '--help')
    expect(help.code).toBe(0)
    for (const name of [
      'plan',
      'generate',
      'scan',
      'pack',
      'run',
      'score',
      'evaluate',
      'optimize',
      'gold',
      'apply',
      'check',
      'report',
    ])
      expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test('generate plans the current directory, with the prompt as the goal', async () => {
    const cwd = folder('generate')
    cpSync(join(shop, 'repository'), cwd, {recursive: true})
    const {code, stdout} = await run(cwd, 'generate', 'Find every unsupervised process')
    expect(code).toBe(0)
    const path = stdout.trim().split(' at ')[1] ?? ''
    expect(Plan.parse(parse(readFileSync(join(cwd, path), 'utf8'))).goal).toBe('Find every unsupervised process')
    const again = await run(cwd, 'pack', '.', '--format', 'json')
    expect(JSON.parse(again.stdout).left_out).toContainEqual({path, why: 'plan'})
  })

  test('pack --diff: what a branch changed, and what stands around it', async () => {
    const cwd = folder('diff', {
      'app/lib/cart.ex': 'defmodule Shop.Cart do\nend\n',
      'app/web/page.ex': 'defmodule Shop.Page do\n  def show, do: Shop.Cart.total()\nend\n',
      'app/far/away.ex': 'defmodule Shop.Away do\nend\n',
    })
    const git = (...args: readonly string[]): void =>
      void execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {cwd, stdio: 'ignore'})
    git('init', '-b', 'main')
    git('add', '.')
    git('commit', '-m', 'one')
    git('switch', '-c', 'feature')
    writeFileSync(join(cwd, 'app/lib/cart.ex'), 'defmodule Shop.Cart do\n  def total, do: 0\nend\n')
    git('commit', '-am', 'two')
    git('switch', 'main')
    writeFileSync(join(cwd, 'app/far/away.ex'), 'defmodule Shop.Away do\n  def go, do: 1\nend\n')
    git('commit', '-am', 'three')
    const paths = async (...args: readonly string[]): Promise<readonly string[]> => {
      const {files} = JSON.parse((await run(cwd, 'pack', ...args, '--format', 'json')).stdout)
      return files.map(({path}: {readonly path: string}) => path)
    }
    expect(await paths('.', '--diff', 'main..feature')).toEqual(['app/lib/cart.ex', 'app/web/page.ex'])
    expect(await paths('app', '--diff', 'main...feature')).toEqual(['lib/cart.ex', 'web/page.ex'])
    const wrong = async (...args: readonly string[]): Promise<string> => {
      const {code, stderr} = await here(cwd, 'pack', ...args)
      expect(code).toBe(2)
      return stderr
    }
    expect(await wrong('.', '--diff', 'main')).toMatch(/bad-range: --diff "main" is no range[^]*→ as in/)
    expect(await wrong('.', '--diff', 'main..feature', '--ref', 'main')).toMatch(/bad-range/)
    expect(await wrong('.', '--diff', 'feature..feature')).toMatch(/nothing-changed/)
    expect(await wrong('.', '--diff', 'gone..main')).toMatch(/no-such-ref: no such ref: "gone"/)
    expect(await wrong('.', '--diff', '--output=x..main')).toMatch(/no-such-ref|bad-range/)
  })

  test('scan: table, json, sarif', async () => {
    const path = join(shop, 'repository')
    const json = JSON.parse((await run(scratch, 'scan', path, '--format', 'json')).stdout)
    expect(json).toMatchObject({schema: 1, skipped: expect.any(Array)})
    expect(json.findings.length).toBeGreaterThan(3)
    for (const finding of json.findings) {
      expect(finding).toMatchObject({
        id: expect.any(String),
        rule: expect.any(String),
        category: expect.any(String),
        severity: expect.any(String),
        description: expect.any(String),
      })
      for (const {file, start_line, end_line, evidence} of finding.locations) {
        expect(
          readFileSync(join(path, file), 'utf8')
            .split('\n')
            .slice(start_line - 1, end_line)
            .join('\n'),
        ).toContain(evidence.split('\n')[0])
      }
    }
    const sarif = JSON.parse((await here(scratch, 'scan', path, '--format', 'sarif')).stdout)
    expect(sarif.runs[0].results).toHaveLength(json.findings.length)
    expect((await here(scratch, 'scan', path)).stdout).toContain(`${json.findings.length} finding`)
  })

  test('run: a pipeline of the shipped ones and one with a variable', async () => {
    const cwd = folder('run', {
      'p.yaml': 'workflow:\n  name: echo\n  steps:\n    - name: say\n      type: echo\n      value: "hello {{who}}"\n',
      'a.py': 'x = 1\n',
    })
    expect(await run(cwd, 'run', 'p.yaml', '--var', 'who=you')).toMatchObject({code: 0, stdout: 'hello you\n'})
    const json = JSON.parse((await here(cwd, 'run', 'p.yaml', '--var', 'who=you', '--format', 'json')).stdout)
    expect(json).toMatchObject({schema: 1, results: {say: {ok: true}}, usage: {calls: 0}, diagnostics: []})
  })

  test('check finds what is wrong, with its place, and nothing in what ships', async () => {
    expect(await run(root, 'check')).toMatchObject({code: 0, stdout: ''})
    const cwd = folder('check', {
      'pipelines/a.yaml': 'name: a\nsteps:\n  - name: s\n    type: nothing\n',
      'gold/x/gold.yaml': 'schema: 2\n',
    })
    const ended = await here(cwd, 'check')
    expect(ended.code).toBe(2)
    expect(ended.stdout).toMatch(/^gold\/x\/gold\.yaml:1:9 /m)
    expect(ended.stdout).toMatch(/^pipelines\/a\.yaml:4:\d+ /m)
  })

  test('a run is saved, and rendered again from there', async () => {
    const cwd = folder('record')
    expect(
      (
        await run(
          cwd,
          'plan',
          join(shop, 'repository'),
          '--gold',
          join(shop, 'gold.yaml'),
          '--gate',
          'off',
          '--record',
          'run.json',
        )
      ).code,
    ).toBe(0)
    for (const [format, first] of [
      ['markdown', /^(?:❌|✅)/],
      ['html', /^<!doctype html>/],
      ['terminal', /Refactor plan/],
    ] as const) {
      const start = format === 'markdown' ? run : here
      expect((await start(cwd, 'report', 'run.json', '--format', format)).stdout).toMatch(first)
    }
  })

  test('init writes what is missing and overwrites nothing', async () => {
    const cwd = folder('init', {'.github/refactor-plan.yml': 'threshold: 3\n'})
    const {code, stdout} = await run(cwd, 'init')
    expect({code, stdout}).toEqual({
      code: 0,
      stdout:
        'wrote .github/workflows/refactor-plan.yml\nkept  .github/refactor-plan.yml\nwrote gold/self/gold.example.yaml\n',
    })
    expect(readFileSync(join(cwd, '.github/refactor-plan.yml'), 'utf8')).toBe('threshold: 3\n')
    cpSync(join(cwd, 'gold/self/gold.example.yaml'), join(cwd, 'gold/self/gold.yaml'))
    const checked = await here(cwd, 'check')
    expect(checked.code).toBe(2)
    // the skeleton is in form; what it says of files that are not there is for its reader to replace
    expect(checked.stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^gold\/self\/gold\.yaml:15:16 no-such-file G1: there is no file src\/worker\.py$/),
      expect.stringMatching(/^gold\/self\/gold\.yaml:23:16 no-such-file G2: there is no file src\/cache\.py$/),
      expect.stringContaining(' stale-gold '),
    ])
  })

  test('evaluate: all gold standards that ship, a table and a gate', async () => {
    const json = await run(folder('evaluate'), 'evaluate', '--pipeline', 'offline', '--format', 'json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 1,
      cases: [
        {gold: 'ex-honeydew', state: 'skipped', score: null},
        {gold: 'go-relay', state: 'judged'},
        {gold: 'js-http-proxy', state: 'skipped', score: null},
        {gold: 'otp-shop', state: 'judged'},
        {gold: 'py-ingest', state: 'judged'},
        {gold: 'ts-billing', state: 'judged'},
      ],
      mean: expect.any(Number),
      verdict: {decision: 'fail'},
    })
    expect(json.code).toBe(1)
    const table = await here(folder('evaluate-table'), 'evaluate', '--pipeline', 'offline', '--gate', 'warn')
    expect(table).toMatchObject({code: 0, stdout: expect.stringMatching(/otp-shop[^]*mean/)})
  })

  test('no file of the bundle is written by a run', () => {
    expect(existsSync(join(root, 'dist', 'index.js'))).toBe(true)
    expect(statSync(join(root, 'dist', 'index.js')).mode & 0o111).not.toBe(0)
  })
})
