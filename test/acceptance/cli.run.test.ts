/** `run` as a person uses it: what it shows before, keeps meanwhile, and goes on with after a stop. */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import * as z from 'zod'
import {startModels, type Asked, type Models, type Script} from '../fixtures/models.ts'
import {spawnBundle, type Ended, type Spawned} from './bundle.ts'
import {commandHere} from './stage.ts'

const scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-run-'))
let folders = 0

function folder(files: Readonly<Record<string, string>>): string {
  const cwd = join(scratch, String(folders++))
  mkdirSync(cwd, {recursive: true})
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), {recursive: true})
    writeFileSync(join(cwd, path), text)
  }
  return cwd
}

const envOf = (models: Models): Readonly<Record<string, string>> => ({
  ANTHROPIC_API_KEY: 'sk-ant-run',
  ANTHROPIC_BASE_URL: models.anthropicUrl,
  GEMINI_API_KEY: 'run',
  GEMINI_BASE_URL: models.geminiUrl,
})

interface Ran extends Ended {
  readonly asked: readonly Asked[]
}

async function on(
  script: Script,
  cwd: string,
  args: readonly string[],
  perform: (spawned: Spawned) => Promise<Ended> = commandHere,
): Promise<Ran> {
  const models = await startModels(script)
  try {
    const ended = await perform({cwd, args: ['run', ...args], env: envOf(models)})
    return {...ended, asked: models.requests}
  } finally {
    await models.close()
  }
}

const Json = z.looseObject({results: z.record(z.string(), z.looseObject({text: z.string()}))})
const textsIn = (stdout: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(Json.parse(JSON.parse(stdout)).results).map(([name, {text}]) => [name, text]))

const three = `name: three
steps:
  - {name: one, type: claude, prompt: "ONE {{user_prompt}}"}
  - {name: two, type: map, over: "[1, 2, 3]", concurrency: 1, steps: [{name: part, type: claude, prompt: "PART {{item}} of {{steps.one}}"}]}
  - {name: three, type: gemini, prompt: "THREE {{steps.two}}"}
`
const wordOf = ({prompt}: Asked): string => /ONE|PART \d|THREE/.exec(prompt)?.[0] ?? prompt

const outage = {status: 500, message: 'scripted'}

describe('before anything is paid for', () => {
  test('--dry-run shows every question with tokens and price, and asks nobody', async () => {
    const cwd = folder({
      'p.yaml': `name: dry
steps:
  - {name: a, type: claude, system: Be kind., prompt: "Look: {{user_prompt}}", schema: {type: object, properties: {n: {type: integer}}, required: [n], additionalProperties: false}, output_to_file: a.json}
  - {name: b, type: gemini, condition: steps.a.n > 0, prompt: "B {{steps.a.n}}"}
  - {name: c, type: file, operation: write, path: x.txt, content: "{{steps.b}}"}
`,
    })
    const ran = await on('no', cwd, ['p.yaml', '--dry-run', '--goal', 'Find races'], spawnBundle)
    expect(ran).toMatchObject({code: 0, asked: []})
    expect(ran.stdout).toContain('## a: claude/claude-sonnet-5-5, at most')
    expect(ran.stdout).toMatch(/\[system\]\nBe kind\.\n\n\[prompt\]\nLook: Find races/)
    expect(ran.stdout).toMatch(/## b: gemini\/gemini-2.5-flash, at most \d+ tokens in, 8000 out, at most \$0\.\d+/)
    expect(ran.stdout).toContain('B 1')
    expect(ran.stderr).toContain('2 questions')
    expect(existsSync(join(cwd, 'outputs'))).toBe(false)
    expect(existsSync(join(cwd, 'workspace', 'x.txt'))).toBe(false)
    const json = await on('no', cwd, ['p.yaml', '--dry-run', '--format', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      questions: [
        {step: 'a', max_output_tokens: 8000},
        {step: 'b', prompt: 'B 1'},
      ],
    })
  })

  test('a missing key, an unknown file, a nested file that leads back: nothing is asked', async () => {
    const cwd = folder({
      'ollama.yaml': 'name: o\nsteps: [{name: a, type: llm, provider: openai, model: llama, prompt: x}]\n',
      'circle.yaml':
        'name: c\nsteps:\n  - {name: a, type: claude, prompt: x}\n  - {name: b, type: pipeline, file: circle.yaml}\n',
      'files.yaml': 'name: f\nsteps: [{name: a, type: shell, command: "echo hi"}]\n',
    })
    for (const [file, says] of [
      ['ollama.yaml', 'OPENAI_API_KEY'],
      ['circle.yaml', 'in a circle'],
      ['files.yaml', '--allow-shell'],
    ] as const) {
      const ran = await on('no', cwd, [file])
      expect({file, ...ran}).toMatchObject({code: 2, asked: []})
      expect(ran.stderr).toContain(says)
    }
    expect((await on('no', cwd, ['files.yaml', '--allow-shell'])).stdout).toBe('hi\n')
  })

  test('the Action and plan refuse what only a person may do on his own machine', async () => {
    const cwd = folder({
      'p.yaml':
        'name: p\nsteps:\n  - {name: a, type: claude, tools: [read], prompt: x}\n  - {name: s, type: scan}\n  - {name: b, type: plan, from: s}\n',
      'lib/a.ex': 'defmodule A do\nend\n',
    })
    const models = await startModels('no')
    const ended = await commandHere({cwd, args: ['plan', '.', '--pipeline', 'p.yaml'], env: envOf(models)})
    expect(ended).toMatchObject({code: 2})
    expect(ended.stderr).toContain('not allowed here')
    expect(models.requests).toEqual([])
    await models.close()
  })
})

describe('what is kept', () => {
  test('--record, then --replay without a server', async () => {
    const cwd = folder({'p.yaml': three})
    const recorded = await on((asked) => `answer to ${wordOf(asked)}`, cwd, [
      'p.yaml',
      '--record',
      'tape.jsonl',
      '--format',
      'json',
    ])
    expect(recorded).toMatchObject({code: 0})
    expect(recorded.asked).toHaveLength(5)
    const replayed = await on('not this', cwd, ['p.yaml', '--replay', 'tape.jsonl', '--format', 'json'], spawnBundle)
    expect(replayed).toMatchObject({code: 0, asked: []})
    expect(textsIn(replayed.stdout)).toEqual(textsIn(recorded.stdout))
    const other = await on('no', cwd, ['p.yaml', '--replay', 'tape.jsonl', '--goal', 'something else'])
    expect(other).toMatchObject({code: 2, asked: []})
    expect(other.stderr).toContain('not-recorded')
  })

  test('a session that is kept goes on in the next run', async () => {
    const cwd = folder({
      'p.yaml': 'name: talk\nsteps: [{name: a, type: claude, session: s, keep_session: true, prompt: "Question"}]\n',
    })
    await on('First answer', cwd, ['p.yaml'])
    const {asked} = await on('Second answer', cwd, ['p.yaml'])
    expect(asked[0]?.body['messages']).toHaveLength(3)
    expect(asked[0]?.prompt).toContain('First answer')
  })
})

describe('after a stop', () => {
  test.each([1, 2, 3, 4, 5])(
    'an outage at question %i: the same command asks only what was not answered',
    async (at) => {
      const cwd = folder({'p.yaml': three})
      const first = await on(
        (asked) => (asked.index + 1 === at ? {status: 400, message: 'scripted'} : `answer to ${wordOf(asked)}`),
        cwd,
        ['p.yaml', '--format', 'json'],
      )
      expect(first.code).toBe(2)
      expect(first.asked).toHaveLength(at)
      const second = await on((asked) => `answer to ${wordOf(asked)}`, cwd, ['p.yaml', '--format', 'json'])
      expect(second).toMatchObject({code: 0})
      expect(second.asked.map(wordOf)).toEqual(['ONE', 'PART 1', 'PART 2', 'PART 3', 'THREE'].slice(at - 1))
      const whole = await on((asked) => `answer to ${wordOf(asked)}`, folder({'p.yaml': three}), [
        'p.yaml',
        '--format',
        'json',
      ])
      expect(textsIn(second.stdout).three).toEqual(textsIn(whole.stdout).three)
      expect(existsSync(join(cwd, 'checkpoints'))).toBe(false)
    },
  )

  test('another goal is another run, and --fresh begins anew', async () => {
    const cwd = folder({'p.yaml': three})
    const failing: Script = (asked) => (asked.index === 2 ? {status: 400, message: 'scripted'} : 'ok')
    await on(failing, cwd, ['p.yaml'])
    expect((await on('ok', cwd, ['p.yaml', '--goal', 'another'])).asked).toHaveLength(5)
    expect((await on('ok', cwd, ['p.yaml', '--fresh'])).asked).toHaveLength(5)
    expect(readdirSync(cwd)).toEqual(['p.yaml'])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the bundle with a run that can go on', async (signal) => {
    const cwd = folder({'p.yaml': three})
    let send: (name: NodeJS.Signals) => void = () => {}
    const first = await on(
      async (asked) => {
        if (asked.index === 2) {
          send(signal)
          await new Promise((later) => setTimeout(later, 400))
        }
        return `answer to ${wordOf(asked)}`
      },
      cwd,
      ['p.yaml'],
      (spawned) => spawnBundle({...spawned, started: (by) => (send = by)}),
    )
    expect(first).toMatchObject({code: 3})
    expect(first.stderr).toContain('the same command goes on from there')
    const second = await on((asked) => `answer to ${wordOf(asked)}`, cwd, ['p.yaml'])
    expect(second).toMatchObject({code: 0})
    expect(second.asked.map(wordOf)).toEqual(['PART 2', 'PART 3', 'THREE'])
    expect(second.stderr).toContain('1 of 3 steps')
  })

  test('a rehearsal that cannot go on shows what it would have asked, and runs no command', async () => {
    const cwd = folder({
      'p.yaml': `name: p
steps:
  - {name: s, type: shell, command: "touch made"}
  - {name: a, type: claude, prompt: "FIRST {{steps.s}}"}
  - {name: l, type: loop, over: steps.a, steps: [{name: b, type: claude, prompt: "{{item}}"}]}
`,
    })
    const ran = await on('no', cwd, ['p.yaml', '--dry-run', '--allow-shell'])
    expect(ran).toMatchObject({code: 2, asked: []})
    expect(ran.stdout).toContain('FIRST')
    expect(ran.stdout).toContain('(what the command prints)')
    expect(ran.stderr).toContain('not-a-list')
    expect(readdirSync(cwd)).toEqual(['p.yaml'])
  })

  test('what a run wrote is no code of the next: it goes on, and shows none of it to a model', async () => {
    const steps = `
  - {name: one, type: claude, session: s, keep_session: true, prompt: "ONE", output_to_file: one.txt}
  - {name: kept, type: file, operation: write, path: w.txt, content: "{{steps.one}}"}
  - {name: two, type: claude, prompt: "TWO {{repository}}"}
`
    const files = {
      'p.yaml': `name: self\ncheckpoint: true\nsteps:${steps}`,
      'checkpoints/code.py': 'x = 1\n',
      'outputs/old.txt': 'MARK\n',
    }
    const cwd = folder(files)
    const failing: Script = ({prompt}) => (prompt.includes('TWO') ? {status: 400, message: 'scripted'} : 'MARK')
    const first = await on(failing, cwd, ['p.yaml', '--record', 'kept.jsonl'])
    expect(first.asked).toHaveLength(2)
    const second = await on('MARK', cwd, ['p.yaml', '--record', 'kept.jsonl'])
    expect(second).toMatchObject({code: 0})
    expect(second.asked).toHaveLength(1)
    expect(second.asked[0]?.prompt).toContain('code.py')
    expect(second.asked[0]?.prompt).not.toContain('MARK')
    expect(existsSync(join(cwd, 'outputs', 'one.txt'))).toBe(true)
  })

  test('the budget stops before the call, and a higher one goes on', async () => {
    const cwd = folder({'p.yaml': three})
    const long = {text: 'ok', usage: {output: 7000}}
    const ran = await on(() => long, cwd, ['p.yaml', '--max-cost-usd', '0.20'])
    expect(ran).toMatchObject({code: 2})
    expect(ran.stderr).toContain('--max-cost-usd')
    expect(ran.asked).toHaveLength(2)
    const more = await on(() => long, cwd, ['p.yaml', '--max-cost-usd', '5'])
    expect(more).toMatchObject({code: 0})
    expect(ran.asked.length + more.asked.length).toBe(5)
  })

  test('with a checkpoint even kill -9 leaves it', async () => {
    const cwd = folder({'p.yaml': `${three}checkpoint: kept\n`})
    let send: (name: NodeJS.Signals) => void = () => {}
    const first = await on(
      async (asked) => {
        if (asked.index === 3) {
          send('SIGKILL')
          await new Promise((later) => setTimeout(later, 400))
        }
        return 'ok'
      },
      cwd,
      ['p.yaml'],
      (spawned) => spawnBundle({...spawned, started: (by) => (send = by)}),
    )
    expect(first.code).toBe(null)
    const second = await on('ok', cwd, ['p.yaml'])
    expect(second).toMatchObject({code: 0})
    expect(second.asked.map(wordOf)).toEqual(['PART 3', 'THREE'])
    expect(existsSync(join(cwd, 'kept'))).toBe(false)
  })
})

describe('tools', () => {
  const pipeline =
    'name: t\nsteps: [{name: a, type: claude, tools: [read, list, search, write, edit], prompt: "Improve it"}]\n'

  test('a model reads, searches, edits and writes inside of the workspace', async () => {
    const cwd = folder({'p.yaml': pipeline, 'workspace/a.txt': 'one\ntwo\n', 'secret.txt': 'S3CRET'})
    const turns = [
      {calls: [{name: 'list', input: {path: '.'}}]},
      {
        calls: [
          {name: 'read', input: {path: 'a.txt'}},
          {name: 'read', input: {path: '../secret.txt'}},
        ],
      },
      {
        calls: [
          {name: 'edit', input: {path: 'a.txt', before: 'two', after: 'three'}},
          {name: 'write', input: {path: 'b/c.txt', content: 'new\n'}},
          {name: 'write', input: {path: '/etc/cron.d/x', content: 'bad'}},
          {name: 'shell', input: {command: 'id'}},
        ],
      },
      'Done.',
    ]
    const ran = await on(turns, cwd, ['p.yaml'], spawnBundle)
    expect(ran).toMatchObject({code: 0, stdout: 'Done.\n'})
    expect(readFileSync(join(cwd, 'workspace', 'a.txt'), 'utf8')).toBe('one\nthree\n')
    expect(readFileSync(join(cwd, 'workspace', 'b', 'c.txt'), 'utf8')).toBe('new\n')
    const last = JSON.stringify(ran.asked.at(-1)?.body)
    expect(last).not.toContain('S3CRET')
    expect(last).toContain('there is no tool')
    expect(ran.asked).toHaveLength(4)
  })
})

describe('genesis births pipelines', () => {
  const design = {
    name: 'find_races',
    purpose: 'p',
    inputs: [],
    steps: [{name: 'look', does: 'x', needs: [], asks_a_model: true, answer: 'text'}],
    checks: ['c'],
    risks: [],
  }
  const born = stringify({
    name: 'Find races!',
    description: 'd',
    steps: [
      {name: 'scan', type: 'scan'},
      {name: 'look', type: 'claude', prompt: '{{repository}}\nFind races.\n{{steps.scan.findings}}'},
    ],
  })
  const args = ['genesis-pipeline', '--goal', 'Find races']

  test('what was written is checked, saved, and runs', async () => {
    const cwd = folder({'lib/a.ex': 'defmodule A do\nend\n'})
    const ran = await on([{json: design}, `\`\`\`yaml\n${born}\`\`\``], cwd, args, spawnBundle)
    expect(ran).toMatchObject({code: 0})
    const [, path = ''] = / at (.+)\n$/.exec(ran.stdout) ?? []
    expect(path).toMatch(/^evolved_pipelines\/find_races_[0-9a-f]{8}\.yaml$/)
    expect(await commandHere({cwd, args: ['check', '--strict', path]})).toMatchObject({code: 0})
    expect(await on('There are none.', cwd, [path])).toMatchObject({code: 0, stdout: 'There are none.\n'})
  })

  test.each([
    ['a type that is none', born.replace('type: claude', 'type: think')],
    ['another spelling', born.replace('type: claude', 'type: claude_smart')],
    ['a name that is none', born.replace('{{repository}}', '{{repo}}')],
    ['a later step', born.replace('type: scan', 'type: echo\n    value: "{{steps.look}}"')],
    ['a key that is none', born.replace('type: claude', 'type: claude\n    promt: x')],
    [
      'what fails when it is tried',
      born.replace('type: scan', 'type: loop\n    over: "1 + 1"\n    steps: [{name: x, type: echo, value: 1}]'),
    ],
    ['prose', 'Here is your pipeline. Enjoy!'],
    ['half of a document', 'name: find_races\nsteps:\n  - name: "lo'],
  ])('%s goes back once, with the reason; twice is exit 3 and nothing is written', async (_, wrong) => {
    const cwd = folder({'lib/a.ex': 'defmodule A do\nend\n'})
    const mended = await on([{json: design}, wrong, born], cwd, args)
    expect(mended).toMatchObject({code: 0})
    expect(mended.asked[2]?.prompt).toContain('The answer cannot be used. What is wrong with it:')
    const twice = folder({'lib/a.ex': 'defmodule A do\nend\n'})
    const failed = await on([{json: design}, wrong, wrong], twice, args)
    expect(failed).toMatchObject({code: 3, stdout: ''})
    expect(existsSync(join(twice, 'evolved_pipelines')) ? readdirSync(join(twice, 'evolved_pipelines')) : []).toEqual(
      [],
    )
  })
})

test('no answer is lost to an outage that passes', async () => {
  const cwd = folder({'p.yaml': three})
  const seen = new Set<string>()
  const ran = await on(
    (asked) => {
      if (seen.has(wordOf(asked))) return 'ok'
      seen.add(wordOf(asked))
      return outage
    },
    cwd,
    ['p.yaml'],
  )
  expect(ran).toMatchObject({code: 0})
  expect(ran.asked).toHaveLength(10)
}, 60_000)
