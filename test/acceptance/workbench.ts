/** A clone with a plan beside it, a model that says what a row says, and `apply` over both as a user has it. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import {execFileSync} from 'node:child_process'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {stringify} from 'yaml'
import type {Answer as Edits} from '../../src/apply/answer.ts'
import {gitEnvironment} from '../fixtures/git.ts'
import {startModels, type Answer, type Models, type Script} from '../fixtures/models.ts'
import {spawnBundle, type Ended, type Spawned} from './bundle.ts'
import {claudeKey} from './scene.ts'
import {commandHere} from './stage.ts'

export const timeout = 120_000
/** Never taken away by a file: the files of one worker share it, and test/setup.ts does. */
export const scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-apply-'))

export type Files = Readonly<Record<string, string>>

export const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
export const cart =
  'defmodule Cart do\r\n  def go(x), do: spawn(fn -> x end)\r\n  def total(x), do: Enum.sum(x)\r\nend\r\n'
export const code: Files = {
  'lib/cart.ex': cart,
  'lib/other.ex': `defmodule Other do\n  @token "${token}"\n  # \u001b[31mred\u001b[0m\n  def one, do: 1\nend\n`,
  'bin/run.sh': '#!/bin/sh\necho one\n',
  'mix.exs': 'x\n',
}

export const change = (id: string, more: object = {}): object => ({
  id,
  title: `Do ${id}`,
  resolves: ['F1'],
  files: ['lib/cart.ex'],
  creates: [],
  instructions: 'Supervise it.',
  verification: ['mix test'],
  ...more,
})
export const planWith = (...changes: readonly object[]): string =>
  stringify({
    schema: 1,
    goal: 'Make it safe.',
    summary: '',
    findings: [
      {
        id: 'F1',
        category: 'unsupervised-spawn',
        severity: 'high',
        locations: [{file: 'lib/cart.ex', start_line: 2, end_line: 2, evidence: 'spawn(fn -> x end)'}],
        description: 'Nobody notices when it dies.',
        source: 'scan',
      },
      {
        id: 'F2',
        category: 'other',
        severity: 'low',
        locations: [],
        description: 'Not of this change.',
        source: 'model',
      },
    ],
    changes,
  })

export const git = (cwd: string, ...words: readonly string[]): string =>
  execFileSync('git', [...words], {cwd, env: {...gitEnvironment}, encoding: 'utf8'})

export const answer = (more: Partial<Edits> = {}): Answer => ({
  json: {edits: [], create: [], delete: [], cannot: null, ...more},
})
export const edit = (find: string, replace: string, file = 'lib/cart.ex'): Answer =>
  answer({edits: [{file, find, replace}]})
export const good = edit('spawn(fn -> x end)', 'Task.start(fn -> x end)')

export interface Bench {
  readonly cwd: string
  readonly models: Models
  readonly apply: (...args: readonly string[]) => Promise<Ended>
  /** The same with what else a process has: another folder, more variables, signals. */
  readonly start: (more: Spawned) => Promise<Ended>
  /** The same as a function of this process. */
  readonly here: (more: Spawned) => Promise<Ended>
  readonly read: (path: string) => string
}

export interface BenchSpec {
  readonly plan?: string
  readonly script?: Script
  readonly files?: Files
  readonly isGit?: boolean
  readonly prepare?: (cwd: string) => void
}

/** In one shell: to start a process costs this one, with all that it holds, more than git takes. */
const clone = 'git init --quiet && git add --all && git -c maintenance.auto=false commit --quiet --message Base'

/** A clone with a plan beside it. */
export async function onBench(spec: BenchSpec, act: (bench: Bench) => Promise<void>): Promise<void> {
  const {plan = planWith(change('C1')), script = good, files = code, isGit = true, prepare = () => {}} = spec
  const cwd = mkdtempSync(join(scratch, 'clone-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), {recursive: true})
    writeFileSync(join(cwd, path), text)
  }
  if (existsSync(join(cwd, 'bin/run.sh'))) chmodSync(join(cwd, 'bin/run.sh'), 0o755)
  if (isGit) {
    execFileSync('sh', ['-c', clone], {cwd, env: {...gitEnvironment}})
  }
  prepare(cwd)
  const file = join(mkdtempSync(join(scratch, 'plan-')), 'plan.yaml')
  writeFileSync(file, plan)
  const models = await startModels(script)
  const env = {ANTHROPIC_API_KEY: claudeKey, ANTHROPIC_BASE_URL: models.anthropicUrl}
  const spawned = (more: Spawned): Spawned => ({
    cwd,
    ...more,
    args: ['apply', file, ...(more.args ?? [])],
    env: {...env, ...more.env},
  })
  try {
    await act({
      cwd,
      models,
      apply: (...args) => spawnBundle(spawned({args})),
      start: (more) => spawnBundle(spawned(more)),
      here: (more) => commandHere(spawned(more)),
      read: (path) => readFileSync(join(cwd, path), 'utf8'),
    })
  } finally {
    await models.close()
  }
}

export const contents = (cwd: string): Files =>
  Object.fromEntries(
    readdirSync(cwd, {recursive: true, encoding: 'utf8'})
      .filter((path) => !path.startsWith('.git/') && lstatSync(join(cwd, path)).isFile())
      .toSorted()
      .map((path) => [path, readFileSync(join(cwd, path), 'utf8')]),
  )
