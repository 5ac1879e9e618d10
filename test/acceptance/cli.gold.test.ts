/** From a plan to a gold standard and back, as a user has it: `gold add`, what `check` says of it, and what a judge proposes. */
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {GoldStandard} from '../../src/score/gold.ts'
import {startModels} from '../fixtures/models.ts'
import {root, spawnBundle, type Ended} from './bundle.ts'
import {judgeOf} from './script.ts'
import {commandHere} from './stage.ts'

const offline = ['--import', pathToFileURL(join(root, 'test', 'acceptance', 'no-network.mjs')).href]
let scratch = ''
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-gold-'))
})
afterAll(() => rmSync(scratch, {recursive: true, force: true}))

type Files = Readonly<Record<string, string>>

let count = 0
const folder = (files: Files): string => {
  const path = join(scratch, `case-${(count += 1)}`)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(path, file, '..'), {recursive: true})
    writeFileSync(join(path, file), text)
  }
  return path
}
const run = (cwd: string, ...args: string[]): Promise<Ended> => commandHere({args, cwd})
const bundled = (cwd: string, ...args: string[]): Promise<Ended> => spawnBundle({args, cwd, node: offline})
const goldIn = (cwd: string, file = 'gold/self/gold.yaml'): GoldStandard =>
  GoldStandard.parse(parse(readFileSync(join(cwd, file), 'utf8')))
const filesIn = (cwd: string): readonly (readonly [string, string])[] =>
  readdirSync(cwd, {recursive: true, encoding: 'utf8'})
    .toSorted()
    .flatMap((name) =>
      statSync(join(cwd, name)).isFile() ? [[name, readFileSync(join(cwd, name), 'utf8')] as const] : [],
    )

const cart = `defmodule Cart do
  def confirm(order) do
    spawn(fn -> Mail.confirm(order) end)
    :ok
  end

  def total(order) do
    Enum.sum(order.prices)
  end

  def remember(order) do
    Process.put(:order, order)
  end
end # of the cart
`
const place = (start_line: number, evidence?: string): object => ({
  file: 'lib/cart.ex',
  start_line,
  ...(evidence === undefined ? {} : {evidence}),
})
const plan = {
  schema: 1,
  goal: 'Find what loses orders.',
  findings: [
    {
      id: 'F3',
      category: 'unsupervised-spawn',
      severity: 'high',
      title: 'Nobody supervises the mail',
      description: 'When the process dies, nobody notices and no mail is sent.',
      locations: [place(30, 'spawn(fn -> Mail.confirm(order) end)')],
    },
    {
      id: 'F7',
      category: 'wrong-result',
      severity: 'critical',
      title: 'The total forgets the tax',
      description: 'What is summed are net prices, so every customer pays too little.',
      locations: [place(8)],
    },
    {
      id: 'F9',
      category: 'process-dictionary',
      severity: 'medium',
      title: 'The order is hidden in the process',
      description: 'Somebody would call it global state; it never leaves the request.',
      locations: [place(12, 'Process.put(:order, order)')],
    },
    {
      id: 'F11',
      category: 'missing-test',
      severity: 'low',
      title: 'Nothing is tested',
      description: 'There is no test.',
      locations: [{file: 'test/cart_test.exs', start_line: 1}],
    },
  ],
  changes: [
    {
      id: 'C1',
      title: 'Add the tax',
      resolves: ['F7'],
      files: ['lib/cart.ex'],
      instructions: 'Sum gross prices.',
      verification: ['mix test'],
    },
    {
      id: 'C2',
      title: 'Supervise the mail',
      resolves: ['F3', 'F11'],
      depends_on: ['C1'],
      files: ['lib/cart.ex'],
      instructions: 'Use Task.Supervisor.',
      verification: ['mix test'],
    },
  ],
}
const repository = (more: Files = {}): string =>
  folder({'lib/cart.ex': cart, 'plan.yaml': JSON.stringify(plan), ...more})
const first = (): Promise<string> => {
  const cwd = repository()
  return run(cwd, 'gold', 'add', 'plan.yaml', '--must', 'F7').then(() => cwd)
}

describe('gold add', () => {
  test('makes the first gold standard of a repository, and a plan is scored against it', async () => {
    const cwd = repository()
    const {code, stdout, stderr} = await bundled(
      cwd,
      'gold',
      'add',
      'plan.yaml',
      '--from',
      'F3, F7',
      '--must',
      'F7',
      '--trap',
      'F9',
    )
    expect({code, stdout: stdout.split('\n')}).toEqual({
      code: 0,
      stdout: [
        'gold/self/gold.yaml',
        'G1 high unsupervised-spawn lib/cart.ex:3 unverified',
        'G2 critical wrong-result lib/cart.ex:8 unverified',
        'T1 medium process-dictionary lib/cart.ex:12 refuted',
        'C1 Add the tax resolves G2',
        'C2 Supervise the mail resolves G1',
        '',
      ],
    })
    expect(stderr).toMatch(
      /F3 is G1, F7 is G2, F9 is T1[^]*G2: the plan quoted no line[^]*next: .*check gold\/self\/gold\.yaml/,
    )
    expect(goldIn(cwd)).toMatchObject({
      name: 'self',
      goal: 'Find what loses orders.',
      source: {path: '.'},
      findings: [
        {id: 'G1', locations: [{start_line: 3, end_line: 3}], must: false},
        {id: 'G2', locations: [{start_line: 8, evidence: 'Enum.sum(order.prices)'}], must: true},
        {id: 'T1', validity: 'refuted'},
      ],
      changes: [
        {id: 'C1', resolves: ['G2']},
        {id: 'C2', resolves: ['G1'], depends_on: ['C1']},
      ],
    })
    expect(await bundled(cwd, 'check')).toMatchObject({code: 0, stdout: ''})
    const scored = await bundled(
      cwd,
      'score',
      'plan.yaml',
      '--gold',
      'gold/self/gold.yaml',
      '--format',
      'json',
      '--gate',
      'off',
    )
    expect(JSON.parse(scored.stdout)).toMatchObject({
      gold: [
        {id: 'G1', matched_by: 'F3'},
        {id: 'G2', matched_by: 'F7'},
      ],
      candidates: [],
    })
  })

  test('adds to the one that is there: comments, order and ids stay', async () => {
    const cwd = await first()
    const file = join(cwd, 'gold/self/gold.yaml')
    const old = readFileSync(file, 'utf8').replace('findings:', '# checked by Ada\nfindings: # all of them')
    writeFileSync(file, old)
    const {code, stdout} = await run(cwd, 'gold', 'add', 'plan.yaml', '--from', 'F3', '--trap', 'F9', '--verified')
    expect({code, stdout: stdout.match(/^\w+/gm)}).toEqual({code: 0, stdout: ['gold', 'G2', 'T1', 'C2']})
    const text = readFileSync(file, 'utf8')
    for (const line of old.split('\n')) expect(text.split('\n')).toContain(line)
    expect(goldIn(cwd).findings).toMatchObject([{id: 'G1', must: true}, {id: 'G2', validity: 'verified'}, {id: 'T1'}])
    expect(goldIn(cwd).changes).toMatchObject([{id: 'C1'}, {id: 'C2', resolves: ['G2'], depends_on: []}])
  })

  test.each<[string, readonly string[], string]>([
    ['another name', ['--name', 'orders'], 'gold/orders/gold.yaml'],
    ['another folder', ['--gold', 'answers'], 'answers/self/gold.yaml'],
    ['a file', ['--gold', 'quality/cart.yaml'], 'quality/cart.yaml'],
  ])('%s', async (_, flags, path) => {
    const cwd = repository()
    expect(await run(cwd, 'gold', 'add', 'plan.yaml', '--from', 'F7', ...flags)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^${path}\n`)),
    })
    expect(goldIn(cwd, path).findings).toHaveLength(1)
  })

  test('a repository elsewhere keeps its gold standard there, in the folder that it names', async () => {
    const there = repository({'.github/refactor-plan.yml': 'gold: answers\n'})
    const cwd = folder({'p.yaml': JSON.stringify(plan)})
    const ended = await run(cwd, 'gold', 'add', 'p.yaml', '--from', 'F7', '--repository', there)
    expect(ended).toMatchObject({code: 0, stdout: expect.stringContaining('answers/self/gold.yaml\n')})
    expect(goldIn(there, 'answers/self/gold.yaml').findings).toHaveLength(1)
  })

  test('a gold standard of a code base of its own grows by that code', async () => {
    const own = {...plan, findings: plan.findings.slice(0, 1), name: 'case', source: {path: 'repository'}}
    const gold = {
      schema: 1,
      name: own.name,
      source: own.source,
      findings: [{...own.findings[0], id: 'G1', locations: [place(3)]}],
    }
    const cwd = folder({
      'cases/case/repository/lib/cart.ex': cart,
      'cases/case/gold.yaml': JSON.stringify(gold),
      'plan.yaml': JSON.stringify(plan),
    })
    const ended = await run(cwd, 'gold', 'add', 'plan.yaml', '--from', 'F7', '--gold', 'cases/case/gold.yaml')
    expect(ended).toMatchObject({code: 0, stdout: expect.stringMatching(/^cases\/case\/gold\.yaml\nG2 /)})
  })
})

describe('what is wrong is refused and nothing is written', () => {
  const foreign = JSON.stringify({
    schema: 1,
    name: 'x',
    source: {repository: 'https://github.com/a/b', commit: 'c'.repeat(40)},
    findings: plan.findings.slice(0, 1),
  })
  const self = JSON.stringify({schema: 1, name: 'one', source: {path: '.'}, findings: plan.findings.slice(0, 1)})
  test.each<[string, readonly string[], RegExp, Files]>([
    ['another action', ['remove', 'plan.yaml'], /bad-usage: gold remove[^]*→/, {}],
    ['no plan', ['add', 'nowhere.yaml', '--from', 'F3'], /no-such-file[^]*→/, {}],
    ['a plan that is none', ['add', 'lib/cart.ex', '--from', 'F3'], /bad-plan[^]*→/, {}],
    ['nothing chosen', ['add', 'plan.yaml'], /bad-choice[^]*--from F3,F7/, {}],
    ['an empty flag', ['add', 'plan.yaml', '--from', ''], /bad-flag: --from is empty/, {}],
    ['an unknown finding', ['add', 'plan.yaml', '--from', 'F3,F8'], /unknown-finding: [^]*F8[^]*there are: F3, F7/, {}],
    [
      'one of them is not grounded',
      ['add', 'plan.yaml', '--from', 'F3,F11'],
      /not-grounded: F11: test\/cart_test\.exs:1 there is no such file[^]*→/,
      {},
    ],
    ['only a trap', ['add', 'plan.yaml', '--trap', 'F9'], /bad-gold/, {}],
    ['a name that leads out', ['add', 'plan.yaml', '--from', 'F3', '--name', '../x'], /bad-flag: --name/, {}],
    [
      'a name that is taken',
      ['add', 'plan.yaml', '--from', 'F3', '--name', 'x'],
      /name-taken[^]*→ give another --name/,
      {'gold/x/gold.yaml': foreign},
    ],
    [
      'a second one',
      ['add', 'plan.yaml', '--from', 'F7', '--name', 'two'],
      /many-golds[^]*leave --name out/,
      {'gold/one/gold.yaml': self},
    ],
    [
      'more than one',
      ['add', 'plan.yaml', '--from', 'F7'],
      /many-golds[^]*--gold FILE/,
      {'gold/one/gold.yaml': self, 'gold/two/gold.yaml': self},
    ],
    [
      'what is there already',
      ['add', 'plan.yaml', '--from', 'F3'],
      /known-finding: F3 says the same of the same place as F3/,
      {'gold/one/gold.yaml': self},
    ],
    [
      'code of others',
      ['add', 'plan.yaml', '--from', 'F3', '--gold', 'gold/x/gold.yaml'],
      /not-own-gold/,
      {'gold/x/gold.yaml': foreign},
    ],
    [
      'a broken gold standard',
      ['add', 'plan.yaml', '--from', 'F3'],
      /gold\.yaml:1:\d+ /,
      {'gold/self/gold.yaml': 'schema: 2\n'},
    ],
  ])('%s', async (_, args, message, more) => {
    const cwd = repository(more)
    const before = filesIn(cwd)
    const ended = await run(cwd, 'gold', ...args)
    expect(ended).toMatchObject({code: 2, stdout: '', stderr: expect.stringMatching(message)})
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    expect(filesIn(cwd)).toEqual(before)
  })

  test('a link in the way is not followed', async () => {
    const cwd = repository()
    const outside = folder({keep: 'mine'})
    symlinkSync(outside, join(cwd, 'gold'))
    mkdirSync(join(outside, 'elsewhere'))
    symlinkSync(join(outside, 'elsewhere'), join(outside, 'self'))
    expect((await run(cwd, 'gold', 'add', 'plan.yaml', '--from', 'F3')).code).toBe(2)
    expect(readdirSync(join(outside, 'elsewhere'))).toEqual([])
  })

  test('a setting that leads out of the repository is not followed, a flag is', async () => {
    const outside = folder({keep: 'mine'})
    const cwd = repository({'.github/refactor-plan.yml': `gold: ${outside}\n`})
    const refused = await run(cwd, 'gold', 'add', 'plan.yaml', '--from', 'F3')
    expect(refused).toMatchObject({code: 2, stderr: expect.stringContaining('leads out of the repository')})
    expect(readdirSync(outside)).toEqual(['keep'])
    expect((await run(cwd, 'gold', 'add', 'plan.yaml', '--from', 'F3', '--gold', outside)).code).toBe(0)
  })
})

describe('check on a gold standard', () => {
  const at = async (change: (text: string) => string, ...flags: string[]): Promise<Ended> => {
    const cwd = await first()
    const file = join(cwd, 'gold/self/gold.yaml')
    writeFileSync(file, change(readFileSync(file, 'utf8')))
    return run(cwd, 'check', ...flags)
  }

  test('warnings do not fail it', async () => {
    const {code, stdout, stderr} = await at((text) => text)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^gold\/self\/gold\.yaml:\d+:\d+ no-trap warning: [^\n]+\n$/)
    expect(stderr).toContain('0 problems, 1 warnings')
  })
  test.each<[string, RegExp, string]>([
    ['another file', /lib\/cart\.ex, start_line/, 'lib/none.ex, start_line'],
    ['another quote', /evidence: [^}]+/, 'evidence: no_such_call(order)'],
  ])('%s is an error with its place', async (_, old, changed) => {
    const {code, stdout} = await at((text) => text.replace(old, changed))
    expect(code).toBe(2)
    expect(stdout).toMatch(/^gold\/self\/gold\.yaml:1\d:\d+ no-such-(?:file|quote) G1: /)
  })
  test('a code base that is not there is an error of the source', async () => {
    const {code, stdout} = await at((text) => text.replace('path: .', 'path: repository'))
    expect({code, stdout}).toEqual({
      code: 2,
      stdout: expect.stringMatching(/^gold\/self\/gold\.yaml:\d+:\d+ no-such-path /),
    })
  })
  test('json keeps its shape, warnings stand beside', async () => {
    const {stdout} = await at((text) => text.replace('lib/cart.ex, start', 'lib/none.ex, start'), '--format', 'json')
    const problem = {
      file: 'gold/self/gold.yaml',
      line: expect.any(Number),
      col: expect.any(Number),
      message: expect.any(String),
    }
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      files: ['gold/self/gold.yaml'],
      problems: [
        {...problem, code: 'no-such-file'},
        {...problem, code: 'stale-gold'},
      ],
      warnings: [{...problem, code: 'no-trap'}],
    })
  })
  test('what is not at hand is said to be checked for its form alone', async () => {
    const cwd = await first()
    const away = folder({'a.txt': 'x'})
    const ended = await run(away, 'check', join(cwd, 'gold/self/gold.yaml'))
    expect(ended).toMatchObject({code: 0, stdout: '', stderr: expect.stringContaining('only its form was checked')})
  })
})

test(
  'what a judge supports is a candidate: in JSON, and as the command line that adds it',
  {timeout: 120_000},
  async () => {
    const cwd = await first()
    const models = await startModels((asked) => ({json: judgeOf(asked.prompt)}))
    try {
      const env = {GEMINI_API_KEY: 'AIza-acceptance-9876543210', GEMINI_BASE_URL: models.geminiUrl}
      const score = [
        'score',
        'plan.yaml',
        '--gold',
        'gold/self/gold.yaml',
        '--judge',
        'auto',
        '--gate',
        'off',
        '--format',
      ]
      const json = await spawnBundle({args: [...score, 'json'], cwd, env})
      expect(JSON.parse(json.stdout)).toMatchObject({judge: 'ran', candidates: ['F3', 'F9']})
      const table = await spawnBundle({args: [...score, 'table'], cwd, env})
      const [, line = ''] =
        /refactor-plan (gold add plan\.yaml --from F3,F9 --gold gold\/self\/gold\.yaml)/.exec(
          table.stdout.replaceAll(/\s+/g, ' '),
        ) ?? []
      expect(await run(cwd, ...line.split(' '))).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/\nG2 [^]*\nG3 /),
      })
    } finally {
      await models.close()
    }
  },
)
