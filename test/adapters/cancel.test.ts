/** A job that is cancelled while the other side says nothing: whatever runs or waits ends at once, and leaves nothing running. */
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeEach, describe, expect, test} from 'vitest'
import {fetchCommits, objects} from '../../src/adapters/git.ts'
import {github, type GitHub} from '../../src/adapters/github.ts'
import {pause} from '../../src/adapters/patience.ts'
import {Failure} from '../../src/errors.ts'
import {plainLine, text} from '../../src/trust.ts'
import {startGitHub, type FakeGitHub, type Fault} from '../fixtures/github.ts'
import {makeRepository, type RepositoryFixture} from '../fixtures/repository.ts'

const template = makeRepository({base: {'a.ex': 'a\n'}, head: {'a.ex': 'b\n'}})
const folder = mkdtempSync(join(tmpdir(), 'cancel-'))
afterAll(() => {
  template.close()
  rmSync(folder, {recursive: true, force: true})
})

let repository: RepositoryFixture
let fake: FakeGitHub
beforeEach(async () => {
  repository = template.copy()
  fake = await startGitHub({repository: 'acme/shop', gitRoot: repository.root})
  fake.state.addPull({number: 7, head: {sha: repository.head}, base: {sha: repository.base}})
})
afterEach(async () => {
  await fake.close()
  repository.close()
})

const connect = (signal: AbortSignal): GitHub =>
  github({token: 'ghs_runner', apiUrl: fake.apiUrl, repository: 'acme/shop', signal})

/** Milliseconds that an end may take: nobody is waited for. */
const atOnce = 5000

/** Cancels as soon as `begun` says so; what was thrown, and how long that took. */
async function cancelling(
  act: (signal: AbortSignal) => Promise<unknown>,
  begun: () => boolean,
): Promise<{readonly thrown: unknown; readonly ms: number}> {
  const controller = new AbortController()
  const running = act(controller.signal).then(
    (value) => ({value}),
    (thrown: unknown) => thrown,
  )
  const over = running.then(() => true)
  // a route that is never asked for must fail the test, not hang it
  while (!begun() && !(await Promise.race([over, pause(5).then(() => false)]))) continue
  // what was answered is to arrive, so that it is the wait that is cancelled
  await pause(50)
  const started = performance.now()
  controller.abort()
  return {thrown: await running, ms: performance.now() - started}
}

const cancelledFailure = {code: 'cancelled', exit: 3, message: 'the run was cancelled'}
const status = () => ({
  sha: repository.head,
  context: plainLine('refactor-plan/gate'),
  state: 'error' as const,
  description: plainLine('not judged'),
  targetUrl: null,
})
const comment = () => ({number: 7, marker: 'refactor-plan', body: text('one')})
const commit = () => ({
  branch: 'refactor-plan/evolve',
  base: repository.base,
  files: [{path: 'pipelines/genesis.yaml', text: 'name: new\n'}],
  message: plainLine('Evolve'),
})
const pull = () => ({head: 'feature', base: 'main', title: plainLine('Evolve'), body: text('one')})

const calls: readonly (readonly [name: string, act: (hub: GitHub) => Promise<unknown>, route: RegExp])[] = [
  ['the pull request', (hub) => hub.pull(7), /./],
  ['the branch', (hub) => hub.branch(null), /./],
  ['a file', (hub) => hub.fileAt(repository.base, 'a.ex'), /./],
  ['the permission', (hub) => hub.permissionOf('ada'), /./],
  ['the statuses', (hub) => hub.statusOf(repository.head, 'x'), /./],
  ['the new status', (hub) => hub.setStatus(status()), /./],
  ['who we are', (hub) => hub.upsertComment(comment()), /GET \/user/],
  ['our name', (hub) => hub.upsertComment(comment()), /POST \/graphql/],
  ['the list of comments', (hub) => hub.upsertComment(comment()), /GET .*comments/],
  ['the new comment', (hub) => hub.upsertComment(comment()), /POST .*comments/],
  ['the tree', (hub) => hub.commitFiles(commit()), /POST .*trees/],
  ['the new branch', (hub) => hub.commitFiles(commit()), /POST .*refs/],
  ['the changed pull request', (hub) => hub.openPull(pull()), /PATCH .*pulls/],
]

/** More than a test waits for, less than the program does. */
const soon = {'retry-after': '50'}
const silences: readonly (readonly [name: string, fault: Omit<Fault, 'route'>])[] = [
  ['while GitHub hangs', {status: 'hang'}],
  ['in the wait for a limit', {status: 429, headers: soon}],
]

describe('a call of GitHub ends at once', () => {
  test.each(silences.flatMap(([when, fault]) => calls.map((call) => [when, ...call, fault] as const)))(
    '%s: %s',
    async (_, __, act, route, fault) => {
      fake.faults.push({route, ...fault, times: 99})
      let met = 0
      fake.watch(({method, path}) => {
        if (route.test(`${method} ${path}`)) met += 1
      })
      const {thrown, ms} = await cancelling(
        (signal) => act(connect(signal)),
        () => met > 0,
      )
      expect(thrown).toMatchObject(cancelledFailure)
      expect(thrown).toBeInstanceOf(Failure)
      expect(ms).toBeLessThan(atOnce)
      const before = fake.requests.length
      await pause(50)
      expect(fake.requests).toHaveLength(before)
    },
  )
  test.each([
    ['server errors', {status: 503}],
    ['a broken connection', {status: 'reset'}],
  ] as const)('in the wait after %s', async (_, fault) => {
    fake.faults.push({route: /./, ...fault, times: 99})
    const {thrown, ms} = await cancelling(
      (signal) => connect(signal).pull(7),
      () => fake.requests.length > 0,
    )
    expect(thrown).toMatchObject(cancelledFailure)
    expect(ms).toBeLessThan(atOnce)
  })
  test('between the tries of a comment that may have been written', async () => {
    fake.faults.push({route: /POST .*comments/, status: 502, after: true, times: 99})
    const {thrown, ms} = await cancelling(
      (signal) => connect(signal).upsertComment(comment()),
      () => fake.requests.some(({method, path}) => method === 'POST' && path.endsWith('/comments')),
    )
    expect(thrown).toMatchObject(cancelledFailure)
    expect(ms).toBeLessThan(atOnce)
    expect(fake.state.comments).toHaveLength(1)
  })
  test.each(calls)('and none is begun afterwards: %s', async (_, act) => {
    await expect(act(connect(AbortSignal.abort()))).rejects.toMatchObject(cancelledFailure)
    expect(fake.requests).toEqual([])
  })
  test('a reaction is none of the things that a run fails for', async () => {
    expect(await connect(AbortSignal.abort()).react(1, 'eyes')).toBe(false)
    expect(fake.requests).toEqual([])
  })
})

describe('the last words', () => {
  test('of another connection to GitHub are heard', async () => {
    const cancelled = AbortSignal.abort()
    await expect(connect(cancelled).setStatus(status())).rejects.toMatchObject(cancelledFailure)
    await connect(AbortSignal.timeout(5000)).setStatus(status())
    expect(fake.state.statuses).toMatchObject([{sha: repository.head, state: 'error'}])
  })
  test.each(silences)('end with their deadline, and say so: %s', async (_, fault) => {
    fake.faults.push({route: /./, ...fault, times: 99})
    const started = performance.now()
    await expect(connect(AbortSignal.timeout(100)).setStatus(status())).rejects.toMatchObject({
      code: 'cancelled',
      exit: 3,
      message: expect.stringContaining('no time left'),
    })
    expect(performance.now() - started).toBeLessThan(100 + atOnce)
  })
})

describe('git ends at once', () => {
  const token = 'ghs_runner'
  let silent: {readonly url: string; readonly server: Server; readonly asked: string[]}
  beforeEach(async () => {
    const asked: string[] = []
    const server = createServer((request) => void asked.push(request.url ?? ''))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    silent = {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, asked}
  })
  afterEach(() => {
    silent.server.closeAllConnections()
    silent.server.close()
  })

  /** Command lines of what runs on this machine, where it can be read. */
  const running = (): readonly string[] =>
    process.platform !== 'linux'
      ? []
      : readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .flatMap((name) => {
            try {
              return [readFileSync(join('/proc', name, 'cmdline'), 'utf8')]
            } catch {
              return []
            }
          })

  test('with the child that holds the connection', async () => {
    const commits = [repository.head]
    const fetching = (signal: AbortSignal) =>
      fetchCommits({url: `${silent.url}/acme/shop.git`, token, commits, into: join(folder, 'silent.git'), signal})
    const {thrown, ms} = await cancelling(fetching, () => silent.asked.length > 0)
    expect(thrown).toMatchObject(cancelledFailure)
    expect(ms).toBeLessThan(atOnce)
    expect(running().filter((line) => line.includes(silent.url))).toEqual([])
  })
  test('and is not begun afterwards', async () => {
    const signal = AbortSignal.abort()
    const into = join(folder, 'never.git')
    await expect(
      fetchCommits({url: `${silent.url}/acme/shop.git`, token, commits: [repository.head], into, signal}),
    ).rejects.toMatchObject(cancelledFailure)
    await expect(objects(repository.gitDir, repository.head, '', signal)).rejects.toMatchObject(cancelledFailure)
    expect(readdirSync(folder)).not.toContain('never.git')
  })
  test('also between what it reads', async () => {
    const controller = new AbortController()
    const source = await objects(repository.gitDir, repository.head, '', controller.signal)
    const entries = await source.list()
    const reading = source.read(entries)
    controller.abort()
    await expect(reading).rejects.toMatchObject(cancelledFailure)
    await expect(source.list()).rejects.toMatchObject(cancelledFailure)
    await expect(source.read(entries)).rejects.toMatchObject(cancelledFailure)
  })
  test('and what is not cancelled is read as ever', async () => {
    const {signal} = new AbortController()
    const into = join(folder, 'well.git')
    await fetchCommits({url: `${fake.url}/acme/shop.git`, token, commits: [repository.head], into, signal})
    const source = await objects(into, repository.head, '', signal)
    const [file] = await source.read(await source.list())
    expect(Buffer.from(file?.bytes ?? []).toString()).toBe('b\n')
  })
})
