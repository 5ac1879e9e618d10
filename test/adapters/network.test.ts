/** The real SDKs and git in a process of their own, because there is one `fetch` for all of it, behind a proxy that keeps a list. */
import {spawn} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {build} from 'esbuild'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import * as z from 'zod'
import {connectThroughProxy, isDirect} from '../../src/adapters/network.ts'
import {startGitHub, type FakeGitHub} from '../fixtures/github.ts'
import {startModels, type Models} from '../fixtures/models.ts'
import {startProxy, type Proxy, type ProxyOptions} from '../fixtures/proxy.ts'
import {makeRepository, type RepositoryFixture} from '../fixtures/repository.ts'

let folder: string
let repository: RepositoryFixture
let hub: FakeGitHub
let models: Models
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'network-'))
  repository = makeRepository({base: {'a.ex': 'a\n'}, head: {'a.ex': 'b\n'}})
  hub = await startGitHub({repository: 'acme/shop', gitRoot: repository.root})
  hub.state.addPull({number: 7, head: {sha: repository.head}, base: {sha: repository.base}})
  models = await startModels('said')
  await build({
    stdin: {contents: script, resolveDir: join(import.meta.dirname, '../..'), loader: 'ts'},
    outfile: join(folder, 'script.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {js: `import {createRequire} from 'node:module'; const require = createRequire(import.meta.url)`},
    logLevel: 'silent',
  })
})
afterAll(async () => {
  await Promise.all([hub.close(), models.close()])
  repository.close()
  rmSync(folder, {recursive: true, force: true})
})

const script = `
  import {fetchCommits} from './src/adapters/git.ts'
  import {github} from './src/adapters/github.ts'
  import {connectThroughProxy} from './src/adapters/network.ts'
  import {providers} from './src/adapters/providers/index.ts'
  const {API, GIT, CLAUDE, GEMINI, COMMIT, INTO} = process.env
  const told = {}
  const note = async (name, act) => {
    told[name] = await act().then((value) => value, ({code, message}) => ({code, message}))
  }
  const request = {
    system: '', messages: [{role: 'user', text: 'say'}], maxTokens: 100, temperature: null, schema: null,
    provider: 'x', model: 'some-model',
  }
  await note('proxy', () => connectThroughProxy(process.env))
  const hub = github({token: 'ghs_runner', apiUrl: API, repository: 'acme/shop', wait: async () => {}})
  await note('api', async () => (await hub.pull(7)).head.sha)
  await note('claude', async () => (await providers.claude.connect({apiKey: 'k', baseUrl: CLAUDE})(request)).text)
  await note('gemini', async () => (await providers.gemini.connect({apiKey: 'k', baseUrl: GEMINI})(request)).text)
  await note('git', async () => {
    await fetchCommits({url: GIT + '/acme/shop.git', token: 'ghs_runner', commits: [COMMIT], into: INTO})
    return 'fetched'
  })
  process.stdout.write(JSON.stringify(told))`

const Told = z.record(z.string(), z.union([z.string(), z.boolean(), z.object({code: z.string(), message: z.string()})]))

interface Behind {
  readonly told: z.infer<typeof Told>
  readonly stderr: string
  readonly code: number | null
  readonly proxy: Proxy
}

/** Names that no resolver knows, and a port of this machine where nobody listens: only the proxy can tell what they are. */
const named = {
  API: 'http://github.invalid/api/v3',
  GIT: 'http://localhost:1',
  CLAUDE: 'http://claude.invalid',
  GEMINI: 'http://gemini.invalid:8080',
}
const hostsOf = () => ({
  'github.invalid:80': hub.url,
  'localhost:1': hub.url,
  'claude.invalid:80': models.anthropicUrl,
  'gemini.invalid:8080': models.geminiUrl,
})
const addressed = () => ({API: hub.apiUrl, GIT: hub.url, CLAUDE: models.anthropicUrl, GEMINI: models.geminiUrl})

let runs = 0
async function behind(
  environment: (proxy: string) => Readonly<Record<string, string>>,
  options: ProxyOptions = {hosts: hostsOf()},
): Promise<Behind> {
  const proxy = await startProxy(options)
  const child = spawn(process.execPath, [join(folder, 'script.mjs')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      COMMIT: repository.head,
      INTO: join(folder, `${runs++}.git`),
      ...environment(proxy.url),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  })
  const parts = {stdout: '', stderr: ''}
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (parts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (parts.stderr += text))
  const code = await new Promise<number | null>((resolve) => void child.on('close', resolve))
  await proxy.close()
  const told = Told.parse(JSON.parse(parts.stdout || '{}'))
  return {told, stderr: parts.stderr, code, proxy}
}

const allWell = () => ({api: repository.head, claude: 'said', gemini: 'said', git: 'fetched'})

describe.concurrent('behind a proxy', () => {
  test.each([
    {name: 'by its address', options: {}, given: (url: string) => url},
    {name: 'by its address without a scheme', options: {}, given: (url: string) => url.replace('http://', '')},
    {name: 'by name and password', options: {credentials: 'ada:p@ss/%'}, given: (url: string) => url},
  ])('GitHub, git and both models are asked through it: $name', async ({options, given}) => {
    const {told, stderr, code, proxy} = await behind((url) => ({...named, http_proxy: given(url)}), {
      ...options,
      hosts: hostsOf(),
    })
    expect({code, stderr, told}).toEqual({code: 0, stderr: '', told: {proxy: true, ...allWell()}})
    expect(new Set(proxy.asked)).toEqual(new Set(Object.keys(hostsOf())))
  })

  test.each([
    {name: 'none is named', environment: () => ({}), proxied: false},
    {
      name: 'the host is exempt',
      environment: (url: string) => ({HTTP_PROXY: url, NO_PROXY: '127.0.0.1'}),
      proxied: true,
    },
    {name: 'all hosts are', environment: (url: string) => ({http_proxy: url, no_proxy: '*'}), proxied: true},
    {name: 'it is for other addresses', environment: (url: string) => ({HTTPS_PROXY: url}), proxied: true},
  ])('nothing goes through it when $name', async ({environment, proxied}) => {
    const {told, stderr, code, proxy} = await behind((url) => ({...addressed(), ...environment(url)}))
    expect({code, stderr, told}).toEqual({code: 0, stderr: '', told: {proxy: proxied, ...allWell()}})
    expect(proxy.asked).toEqual([])
  })

  test('addresses of https go through a tunnel to their port', async () => {
    const https = {API: 'https://github.invalid/api/v3', GIT: 'https://git.invalid', CLAUDE: 'https://claude.invalid'}
    // behind it nobody speaks TLS: that the right one was asked for is what counts
    const hosts = {'github.invalid:443': hub.url, 'git.invalid:443': hub.url, 'claude.invalid:443': hub.url}
    const {told, code, proxy} = await behind((url) => ({...addressed(), ...https, HTTPS_PROXY: url}), {hosts})
    expect({code, gemini: told['gemini']}).toEqual({code: 0, gemini: 'said'})
    expect(told['api']).toMatchObject({code: 'github-unavailable'})
    expect(told['claude']).toMatchObject({code: 'model-unavailable'})
    expect(told['git']).toMatchObject({code: 'fetch-failed'})
    expect(new Set(proxy.asked)).toEqual(new Set(Object.keys(hosts)))
  })

  test.each([
    {scheme: 'http', refusal: 407},
    {scheme: 'http', refusal: 502},
    {scheme: 'https', refusal: 407},
  ])('$refusal of the proxy to $scheme is an outage that says so', async ({scheme, refusal}) => {
    const at = (host: string): string => `${scheme}://${host}.invalid`
    const {told, stderr, code} = await behind(
      (url) => ({
        API: at('github'),
        GIT: 'http://localhost:1',
        CLAUDE: at('claude'),
        GEMINI: at('gemini'),
        http_proxy: url,
        https_proxy: url,
      }),
      {refusal, credentials: 'ada:secret'},
    )
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(told['api']).toMatchObject({code: 'github-unavailable', message: expect.stringContaining(`(${refusal})`)})
    expect(told['claude']).toMatchObject({code: 'model-unavailable', message: expect.stringContaining(`(${refusal})`)})
    expect(told['gemini']).toMatchObject({code: 'model-unavailable'})
    expect(told['git']).toMatchObject({code: 'fetch-failed'})
    expect(JSON.stringify(told)).not.toContain('secret')
  })
})

describe('a proxy that is none', () => {
  test.each(['socks5://127.0.0.1:1080', 'http://', '::', 'http://ada:%zz@127.0.0.1:1', 'file:///etc/secret'])(
    '%s: exit 2, and its address is not repeated',
    async (value) => {
      const failure: unknown = await connectThroughProxy({https_proxy: value}).catch((thrown: unknown) => thrown)
      expect(failure).toMatchObject({code: 'bad-proxy', exit: 2, message: 'https_proxy is not the address of a proxy'})
    },
  )
  test.each([{}, {HTTP_PROXY: '', https_proxy: ' '}, {ALL_PROXY: 'http://127.0.0.1:1'}])(
    '%j names none',
    async (env) => {
      expect(await connectThroughProxy(env)).toBe(false)
    },
  )
})

describe('NO_PROXY', () => {
  test.each([
    ['', 'https://github.example', false],
    ['*', 'https://github.example', true],
    ['github.example', 'https://github.example', true],
    ['GitHub.Example', 'https://github.example', true],
    ['github.example', 'https://api.github.example/x', true],
    ['.github.example', 'https://github.example', true],
    ['*.github.example', 'https://api.github.example', true],
    ['github.example.', 'https://github.example', true],
    ['github.example', 'https://evilgithub.example', false],
    ['github.example', 'https://github.example.com', false],
    ['hub', 'https://github.example', false],
    ['a.example, github.example', 'https://github.example', true],
    ['a.example github.example', 'https://github.example', true],
    ['github.example:443', 'https://github.example', true],
    ['github.example:443', 'https://github.example:8443', false],
    ['github.example:80', 'http://github.example', true],
    ['127.0.0.1', 'http://127.0.0.1:8080', true],
    ['127.0.0.1:8080', 'http://127.0.0.1:8081', false],
    ['::1', 'http://[::1]:8080', true],
    ['[::1]', 'http://[::1]:8080', true],
    ['[::1]:8080', 'http://[::1]:8081', false],
    [',,', 'https://github.example', false],
    ['.', 'https://github.example', false],
  ])('%j and %s: %s', (list, url, direct) => {
    expect(isDirect(new URL(url), {NO_PROXY: list})).toBe(direct)
  })
  test('the lower case wins', () => {
    const environment = {no_proxy: 'a.example', NO_PROXY: 'b.example'}
    expect(['a', 'b'].map((name) => isDirect(new URL(`https://${name}.example`), environment))).toEqual([true, false])
  })
})
