/** `doctor` as a user has it: the bundle, a GitHub that has rules, and a folder. */
import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {gitEnvironment} from '../fixtures/git.ts'
import {startGitHub, type FakeGitHub} from '../fixtures/github.ts'
import {makeRepository, type RepositoryFixture} from '../fixtures/repository.ts'
import {context, example, ownGold} from '../gate/facts.ts'
import {spawnBundle, type Ended} from './bundle.ts'
import {commandHere} from './stage.ts'

const gold = ownGold()
const files = {
  '.github/workflows/gate.yml': example('gate'),
  '.github/workflows/tests.yml': 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: npm test}]}}\n',
  '.github/CODEOWNERS': '/.github/ @acme/gate\n/gold/ @acme/gate\n',
  [gold.path]: gold.text,
  'lib/a.ex': 'x\n',
}

let repository: RepositoryFixture
let scratch = ''
let fake: FakeGitHub
beforeAll(() => {
  repository = makeRepository({base: files})
  scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-doctor-'))
})
afterAll(() => {
  repository.close()
  rmSync(scratch, {recursive: true, force: true})
})
beforeEach(async () => {
  fake = await startGitHub({repository: 'acme/shop', gitRoot: repository.root})
  fake.state.tokens.set('ghp_admin', {
    login: 'ada',
    kind: 'user',
    permissions: {contents: 'write', administration: 'write', metadata: 'read'},
  })
})
afterEach(() => fake.close())

/** A clone of `acme/shop`, or a folder without git. */
function clone(name: string, given: Readonly<Record<string, string>>, isClone = true): string {
  const path = join(scratch, name)
  for (const [file, text] of Object.entries(given)) {
    mkdirSync(dirname(join(path, file)), {recursive: true})
    writeFileSync(join(path, file), text)
  }
  const git = (...words: readonly string[]): void => void execFileSync('git', words, {cwd: path, env: gitEnvironment})
  if (isClone) {
    git('init', '--quiet')
    git('remote', 'add', 'origin', 'https://user:secret@github.com/acme/shop.git')
  }
  return path
}

interface Diagnosed extends Ended {
  readonly level: string
  readonly diagnoses: Readonly<
    Record<string, {readonly level: string; readonly what: string; readonly fix: string | null}>
  >
}

async function doctor(
  token: string,
  more: readonly string[] = [],
  cwd = scratch,
  start = commandHere,
): Promise<Diagnosed> {
  const ended = await start({
    args: ['doctor', '--repository', 'acme/shop', '--format', 'json', ...more],
    cwd,
    env: {GITHUB_API_URL: fake.apiUrl, GITHUB_TOKEN: token, ANTHROPIC_API_KEY: 'sk-ant-never-said'},
  })
  expect(ended.stdout + ended.stderr).not.toMatch(/sk-ant-never-said|secret@/)
  const {level, diagnoses} = JSON.parse(ended.stdout)
  return {...ended, level, diagnoses: Object.fromEntries(diagnoses.map((each: {code: string}) => [each.code, each]))}
}

const required = (name: string, more: object = {}) => ({
  id: 12,
  name: 'gate',
  checks: [{context: name, app: null}],
  ...more,
})

describe('what GitHub says', () => {
  test('unprotected', async () => {
    const {code, level, diagnoses} = await doctor('ghp_admin')
    expect({code, level}).toEqual({code: 2, level: 'none'})
    expect(diagnoses['not-required']).toMatchObject({level: 'broken', fix: expect.stringContaining('Rulesets')})
  })
  test('protected by classic rules, which administrators may pass', async () => {
    fake.state.gate.protections.set('main', {checks: [{context, app: null}], ownersReview: true})
    const {code, level, diagnoses} = await doctor('ghp_admin')
    expect({code, level}).toEqual({code: 0, level: 'b'})
    expect(diagnoses).toMatchObject({required: {level: 'ok'}, bypass: {level: 'warn'}, owned: {level: 'ok'}})
  })
  test('protected by a ruleset with the right context', async () => {
    fake.state.gate.rulesets.push(required(context, {ownersReview: true}))
    const {code, level, diagnoses} = await doctor('ghp_admin', [], scratch, spawnBundle)
    expect({code, level}).toEqual({code: 0, level: 'b'})
    expect(Object.values(diagnoses).filter((each) => each.level === 'broken' || each.level === 'unknown')).toEqual([])
  })
  test('protected by a ruleset with another context', async () => {
    fake.state.gate.rulesets.push(required('refactor-plan/old'))
    const {code, level, diagnoses} = await doctor('ghp_admin')
    expect({code, level}).toEqual({code: 2, level: 'none'})
    expect(diagnoses['other-context']?.what).toContain('refactor-plan/old')
  })
  test('a queue, and a gate that does not hear of it', async () => {
    fake.state.gate.rulesets.push(required(context, {queue: true}))
    const {code, diagnoses} = await doctor('ghp_admin')
    expect(code).toBe(2)
    expect(diagnoses['queue-unheard']?.fix).toContain('merge_group')
  })
  test("403 on the protection, with the runner's token: what may be read is used, nothing is guessed", async () => {
    fake.state.gate.protections.set('main', {checks: [{context, app: 15368}]})
    const {code, level, diagnoses} = await doctor('ghs_runner')
    expect({code, level}).toEqual({code: 0, level: 'b'})
    expect(diagnoses).toMatchObject({
      required: {level: 'ok'},
      source: {level: 'ok'},
      'owners-unknown': {level: 'unknown'},
    })
  })
  test('403 on all that is asked of it: unknown, not no', async () => {
    fake.faults.push({
      route: /\/rules\/|\/branches\//,
      status: 403,
      body: {message: 'Resource not accessible by integration'},
      times: 99,
    })
    const {code, level, diagnoses} = await doctor('ghs_runner')
    expect({code, level}).toEqual({code: 0, level: 'unknown'})
    expect(diagnoses).toMatchObject({'required-unknown': {level: 'unknown'}, 'queue-unknown': {level: 'unknown'}})
  })
  test('an outage ends with 3', async () => {
    // longer than anybody waits
    fake.faults.push({route: /\/rules\//, status: 429, headers: {'retry-after': '3600'}, times: 99})
    const {code, stdout} = await spawnBundle({
      args: ['doctor', '--repository=acme/shop', '--format=json'],
      cwd: scratch,
      env: {GITHUB_API_URL: fake.apiUrl, GH_TOKEN: 'ghp_admin'},
    })
    expect({code, error: JSON.parse(stdout).error.code}).toEqual({code: 3, error: 'github-rate-limit'})
  })
  test('nothing is written, and a repository like this costs few requests', async () => {
    fake.state.gate.rulesets.push(required(context))
    await doctor('ghp_admin')
    expect(fake.requests.filter(({method}) => method !== 'GET')).toEqual([])
    expect(fake.requests.length).toBeLessThanOrEqual(20)
  })
  test('a folder that is ahead of the branch', async () => {
    const cwd = clone('ahead', {...files, '.github/workflows/command.yml': example('command')})
    const {diagnoses} = await doctor('ghp_admin', [], cwd)
    expect(diagnoses['unpushed']?.what).toContain('command.yml')
    expect(diagnoses['unpushed']?.what).not.toContain('gate.yml')
  })
  test('an address that is none', async () => {
    const {code, stderr} = await spawnBundle({
      args: ['doctor', '--repository=acme/shop'],
      cwd: scratch,
      env: {GITHUB_API_URL: 'nowhere', GITHUB_TOKEN: 'ghp_admin'},
    })
    expect({code, stderr}).toEqual({code: 2, stderr: expect.stringContaining('bad-url')})
  })
  test.each(['../x', 'acme/..', 'acme', 'acme/shop/x'])('--repository %s is none', async (name) => {
    const {code, stderr} = await commandHere({args: ['doctor', '--repository', name], cwd: scratch})
    expect(code).toBe(2)
    expect(stderr).toContain('bad-flag')
  })
  test('a branch that is not there', async () => {
    const {code, stderr} = await commandHere({
      args: ['doctor', '--repository=acme/shop', '--branch=gone'],
      cwd: scratch,
      env: {GITHUB_API_URL: fake.apiUrl, GITHUB_TOKEN: 'ghp_admin'},
    })
    expect({code, stderr}).toEqual({code: 2, stderr: expect.stringContaining('github-not-found')})
  })
})

describe('without a token', () => {
  const local = (cwd: string, ...args: readonly string[]): Promise<Ended> =>
    spawnBundle({args: ['doctor', ...args], cwd})
  test('the folder is looked at, also from below, and what could not be asked is said', async () => {
    const cwd = clone('local', files)
    const [top, below] = await Promise.all([local(cwd), local(join(cwd, 'lib'))])
    expect(top.code).toBe(0)
    expect(top.stdout).toMatch(/^acme\/shop, by the files in \.\n/)
    expect(top.stdout).toMatch(/^unknown +GitHub was not asked/m)
    expect(top.stdout).toMatch(/^ok +plans are scored by `gold\/self\/gold\.yaml`/m)
    expect(top.stdout).toMatch(/^unknown +gate level: unknown/m)
    expect(below.stdout).toBe(top.stdout)
    expect(fake.requests).toEqual([])
  })
  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['none', {GEMINI_BASE_URL: 'http://never.said'}, 'no key in this environment'],
    ['one, by its other name', {GOOGLE_API_KEY: 'never-said'}, 'in this environment: GOOGLE_API_KEY'],
    [
      'one, and its endpoint',
      {OPENAI_API_KEY: 'never-said', OPENAI_BASE_URL: 'http://never.said/v1'},
      'in this environment: OPENAI_API_KEY',
    ],
    ['a server that wants none', {OPENAI_BASE_URL: 'http://never.said/v1'}, 'in this environment: OPENAI_BASE_URL'],
  ])('keys that are here: %s', async (name, env, what) => {
    const cwd = clone(`keys-${name.replaceAll(/\W+/g, '-')}`, files)
    const {stdout, stderr} = await commandHere({args: ['doctor'], cwd, env})
    expect(stdout).toMatch(new RegExp(`^ok +${what}$`, 'm'))
    expect(stdout + stderr).not.toMatch(/never.said/)
  })
  test('a folder of nothing', async () => {
    const {code, stdout} = await local(clone('empty', {'a.ex': 'x\n'}, false))
    expect(code).toBe(2)
    expect(stdout).toMatch(/^broken +no workflow on the branch runs the Action/m)
    expect(stdout).toContain('--repository owner/name')
  })
  test('links are not followed, and names in it are text', async () => {
    const hostile = '.github/workflows/\u001b[31m::add-mask::x.yml'
    const cwd = clone('hostile', {...files, [hostile]: '{refactor-plan'})
    symlinkSync('/etc/passwd', join(cwd, '.github', 'refactor-plan.yml'))
    const {code, stdout} = await local(cwd)
    expect(code).toBe(2)
    expect(stdout).toMatch(/^broken .*add-mask/m)
    expect(stdout).not.toContain('root:')
    expect(stdout).toMatch(/^ok +settings: gate enforce, threshold 8/m)
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toMatch(/^\s*::/m)
  })
})
