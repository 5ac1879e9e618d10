/** Where the Action connects to, and what becomes of a run that is cancelled while nobody answers. */
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, describe, expect, test} from 'vitest'
import {startProxy} from '../fixtures/proxy.ts'
import {root, type ActionRun} from './bundle.ts'
import {failing, gate, inScene, keys, type Scene} from './scene.ts'
import {genesis, spawnClaim, sumClaim} from './script.ts'

const timeout = 120_000
const both = [spawnClaim, sumClaim]
const folder = mkdtempSync(join(tmpdir(), 'connections-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))

let runs = 0
/** Where the process itself connected to, git's own connections not among them. */
function watched(): {readonly env: Readonly<Record<string, string>>; readonly seen: () => ReadonlySet<string>} {
  const file = join(folder, String(runs++))
  const preload = pathToFileURL(join(root, 'test', 'acceptance', 'connections.mjs')).href
  return {
    env: {NODE_OPTIONS: `--import=${preload}`, CONNECTIONS: file},
    seen: () => new Set(existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
  }
}

const hostOf = (url: string): string => new URL(url).host
const good = (run: ActionRun) => ({code: run.code, stderr: run.stderr, verdict: run.outputs['verdict']})
const well = {code: 0, stderr: '', verdict: 'pass'}

describe.concurrent('§9.14 a run connects', {timeout}, () => {
  test.each([
    {name: 'no proxy', env: () => ({})},
    {name: 'a proxy that the hosts are exempt from', env: (url: string) => ({http_proxy: url, NO_PROXY: '127.0.0.1'})},
  ])('to GitHub and to the models, to nobody else: $name', ({env}) =>
    inScene({base: failing, models: genesis(both)}, async ({hub, models, onPull}) => {
      const proxy = await startProxy()
      const {env: watching, seen} = watched()
      const run = await onPull({inputs: keys(models), env: {...watching, ...env(proxy.url)}})
      await proxy.close()
      expect(good(run)).toEqual(well)
      expect(seen()).toEqual(new Set([hub.apiUrl, models.anthropicUrl].map(hostOf)))
      expect(proxy.asked).toEqual([])
    }),
  )

  test('to a proxy, where there is one, and that to GitHub, its git and the models', () =>
    inScene({base: failing, models: genesis(both)}, async ({hub, models, onPull}) => {
      // names that no resolver knows, and a port where nobody listens: only the proxy can tell what they are
      const hosts = {
        'github.invalid:80': hub.url,
        'localhost:1': hub.url,
        'claude.invalid:80': models.anthropicUrl,
        'gemini.invalid:80': models.geminiUrl,
      }
      const proxy = await startProxy({hosts, credentials: 'ada:p@ss'})
      const {env: watching, seen} = watched()
      const run = await onPull({
        inputs: {
          ...keys(models),
          'anthropic-base-url': 'http://claude.invalid',
          'gemini-base-url': 'http://gemini.invalid',
        },
        env: {
          ...watching,
          GITHUB_API_URL: 'http://github.invalid/api/v3',
          GITHUB_SERVER_URL: 'http://localhost:1',
          http_proxy: proxy.url,
        },
      })
      await proxy.close()
      expect(good(run)).toEqual(well)
      expect(seen()).toEqual(new Set([hostOf(proxy.url)]))
      expect(new Set(proxy.asked)).toEqual(new Set(Object.keys(hosts)))
    }))

  test('to nobody, where the proxy is none: exit 2, and its address is not said', () =>
    inScene({}, async ({onPull}) => {
      const {env: watching, seen} = watched()
      const run = await onPull({env: {...watching, HTTPS_PROXY: 'socks5://ada:secret@127.0.0.1:1'}})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(run.stdout).toMatch(/^::error::HTTPS_PROXY is not the address of a proxy/m)
      expect(run.stdout + run.stderr).not.toContain('secret')
      expect(seen()).toEqual(new Set())
    }))
})

/** Starts a run and sends the signals as soon as a request of the route is there. */
async function cancelledAt(
  {hub, onPull}: Scene,
  route: RegExp,
  signals: readonly NodeJS.Signals[],
  againAfterMs: number | null = null,
): Promise<{readonly run: ActionRun; readonly ms: number}> {
  let send: (signal: NodeJS.Signals) => void = () => {}
  const met = new Promise<void>((resolve) => {
    hub.watch(({method, path}) => {
      if (route.test(`${method} ${path}`)) resolve()
    })
  })
  const running = onPull({started: (given) => void (send = given)})
  await met
  const started = performance.now()
  const sendAll = (): void => signals.forEach((signal) => send(signal))
  sendAll()
  if (againAfterMs !== null) setTimeout(sendAll, againAfterMs).unref()
  return {run: await running, ms: performance.now() - started}
}

/** Somebody who is impatient: at once, for a process that has said all and is ending takes a signal as anybody does. */
const impatient = ['SIGINT', 'SIGTERM'] as const

describe.concurrent('§9.8 a job that is cancelled while GitHub hangs', {timeout}, () => {
  const pending = `${gate} pending`
  const error = `${gate} error`
  test.each([
    {name: 'at the pull request', route: /GET .*\/pulls\/7$/, skip: 0, states: []},
    {name: 'at the settings', route: /GET .*\/contents\//, skip: 0, states: [error]},
    {name: 'at the first status', route: /POST .*\/statuses\//, skip: 0, states: [error]},
    {name: 'at the name', route: /POST \/graphql/, skip: 0, states: [pending, error]},
    {name: 'at the comment', route: /POST .*\/comments$/, skip: 0, states: [pending, error]},
  ])('ends long before GitHub answers, and leaves no status pending: $name', ({route, skip, states}) =>
    inScene({}, async (scene) => {
      scene.hub.faults.push({route, skip, status: 'hang'})
      const {run, ms} = await cancelledAt(scene, route, impatient)
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 3, verdict: 'error'})
      expect(ms).toBeLessThan(30_000)
      expect(scene.statusesOf(scene.repository.head)).toEqual(states)
    }),
  )

  test('ends within 7.5 s where nothing is ever answered again, however often it is told', () =>
    inScene({}, async (scene) => {
      const route = /POST .*\/comments$/
      scene.hub.watch(({method, path}) => {
        if (route.test(`${method} ${path}`)) scene.hub.faults.push({route: /./, status: 'hang', times: 99})
      })
      const {run, ms} = await cancelledAt(scene, route, impatient, 1000)
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 3, verdict: 'error'})
      expect(ms).toBeLessThan(30_000)
      expect(run.stdout).toContain('no time left')
    }))
})

/** What the main step left for the post step, as the runner hands it on. */
const stateOf = ({workspace}: ActionRun): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [
      ...readFileSync(join(dirname(workspace), 'state'), 'utf8').matchAll(
        /^([^\n<]+)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2$/gm,
      ),
    ].map(([, name = '', , value = '']) => [`STATE_${name}`, value]),
  )

describe.concurrent('the post step', {timeout}, () => {
  const route = /POST .*\/comments$/
  test('of a run that was killed takes the gate out of pending', () =>
    inScene({}, async (scene) => {
      scene.hub.faults.push({route, status: 'hang'})
      const {run} = await cancelledAt(scene, route, ['SIGKILL'])
      expect(scene.statusesOf(scene.repository.head)).toEqual([`${gate} pending`])
      const post = await scene.onPull({env: stateOf(run)})
      expect({code: post.code, outputs: post.outputs}).toEqual({code: 0, outputs: {}})
      expect(scene.statusesOf(scene.repository.head)).toEqual([`${gate} pending`, `${gate} error`])
      expect(scene.hub.state.statuses.at(-1)?.description).toContain('cancelled')
    }))
  test('leaves alone what another run says by now', () =>
    inScene({}, async (scene) => {
      scene.hub.faults.push({route, status: 'hang'})
      const {run} = await cancelledAt(scene, route, ['SIGKILL'])
      const before = scene.hub.state.statuses.length
      const post = await scene.onPull({env: {...stateOf(run), GITHUB_RUN_ID: '4712'}})
      expect({code: post.code, statuses: scene.hub.state.statuses.length}).toEqual({code: 0, statuses: before})
    }))
  test('of a run that ended asks nobody', () =>
    inScene({}, async (scene) => {
      const run = await scene.onPull()
      const before = scene.hub.requests.length
      const post = await scene.onPull({env: stateOf(run)})
      expect({code: post.code, requests: scene.hub.requests.length}).toEqual({code: 0, requests: before})
    }))
  test('that gets no answer says so and fails nothing', () =>
    inScene({}, async (scene) => {
      scene.hub.faults.push({route, status: 'hang'})
      const {run} = await cancelledAt(scene, route, ['SIGKILL'])
      scene.hub.faults.push({route: /./, status: 429, headers: {'retry-after': '7200'}, times: 9})
      const post = await scene.onPull({env: stateOf(run)})
      expect(post.code).toBe(0)
      expect(post.stdout).toMatch(/^::warning::the status may still be pending/m)
    }))
})
