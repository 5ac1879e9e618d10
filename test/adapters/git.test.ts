import {execFileSync, spawn} from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {createServer, type Server} from 'node:http'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {
  changedFiles,
  fetchCommits,
  headCommit,
  objects,
  repositoryOf,
  resolveRef,
  workTree,
} from '../../src/adapters/git.ts'
import type {Entry} from '../../src/pack/pack.ts'

const top = realpathSync(mkdtempSync(join(tmpdir(), 'refactor-plan-git-')))
afterAll(() => rmSync(top, {recursive: true, force: true}))

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync(
    'git',
    [
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.com',
      '-c',
      'protocol.file.allow=always',
      '-c',
      'commit.gpgSign=false',
      ...args,
    ],
    {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1'},
    },
  ).trim()

function repository(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(top, name)
  mkdirSync(path, {recursive: true})
  git(path, 'init', '--quiet', '-b', 'main')
  write(path, files)
  commit(path)
  return path
}

function write(path: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), {recursive: true})
    writeFileSync(join(path, file), text)
  }
}

function commit(path: string): string {
  git(path, 'add', '--all', '.')
  git(path, 'commit', '--quiet', '--allow-empty', '-m', 'c')
  return git(path, 'rev-parse', 'HEAD')
}

const namesOf = (entries: readonly Entry[]): readonly string[] =>
  entries.map(({path, kind}) => (kind === 'file' ? path : `${kind}:${path}`)).toSorted()
const listOf = async (path: string): Promise<readonly string[]> => namesOf((await (await workTree(path))?.list()) ?? [])
const textsOf = async (
  source: Awaited<ReturnType<typeof objects>>,
): Promise<Readonly<Record<string, string | null>>> => {
  const files = await source.read((await source.list()).filter(({kind}) => kind === 'file'))
  return Object.fromEntries(
    files.map(({path, bytes}) => [path, bytes === null ? null : new TextDecoder().decode(bytes)]),
  )
}

const hostileNames = [
  'a\nb.ex',
  '-rf',
  '--output=x',
  '$(touch x).ex',
  '`id`.ex',
  'sp ace.ex',
  "quo'te.ex",
  'dou"ble.ex',
  'ünï.ex',
  '日本.ex',
  'tab\there',
  'back\\slash',
  ':(glob)**',
  '#x',
]

describe('a work tree', () => {
  test('nested ignore files count, a tracked file stays though ignored, untracked ones are there, deleted ones not', async () => {
    const path = repository('ignores', {
      '.gitignore': '*.log\n/build/\n',
      'keep.log': 'tracked',
      'lib/.gitignore': '*.tmp\n!important.log\n',
      'lib/a.ex': 'a',
      'gone.ex': 'x',
    })
    git(path, 'add', '--force', 'keep.log')
    commit(path)
    write(path, {
      'new.ex': 'n',
      'x.log': '',
      'lib/b.tmp': '',
      'lib/important.log': 'i',
      'build/out.ex': '',
      'b.tmp': 't',
    })
    rmSync(join(path, 'gone.ex'))
    expect(await listOf(path)).toEqual([
      '.gitignore',
      'b.tmp',
      'keep.log',
      'lib/.gitignore',
      'lib/a.ex',
      'lib/important.log',
      'new.ex',
    ])
    expect(await listOf(join(path, 'lib'))).toEqual(['.gitignore', 'a.ex', 'important.log'])
  })
  test('links are listed and never followed, not even as a folder on the way', async () => {
    const path = repository('links', {'lib/a.ex': 'a', 'dir/passwd': 'mine'})
    symlinkSync('/etc/passwd', join(path, 'passwd'))
    symlinkSync('.git/config', join(path, 'config'))
    symlinkSync('/proc/self/environ', join(path, 'environ'))
    symlinkSync('..', join(path, 'up'))
    commit(path)
    rmSync(join(path, 'dir'), {recursive: true})
    symlinkSync('/etc', join(path, 'dir'))
    const source = await workTree(path)
    const entries = (await source?.list()) ?? []
    expect(namesOf(entries)).toEqual(
      [
        'lib/a.ex',
        'symlink:config',
        'symlink:dir',
        'symlink:dir/passwd',
        'symlink:environ',
        'symlink:passwd',
        'symlink:up',
      ].toSorted(),
    )
    const read = await source?.read(entries.map((entry) => ({...entry, kind: 'file' as const})))
    expect(read?.filter(({bytes}) => bytes !== null).map(({path}) => path)).toEqual(['lib/a.ex'])
  })
  test('a submodule and a repository inside are one entry each', async () => {
    const other = repository('other', {'secret.ex': 's'})
    const path = repository('super', {'a.ex': 'a'})
    git(path, 'submodule', '--quiet', 'add', other, 'sub')
    commit(path)
    repository('super/inner', {'b.ex': 'b'})
    expect(await listOf(path)).toEqual(['.gitmodules', 'a.ex', 'submodule:inner', 'submodule:sub'])
    const source = await objects(join(path, '.git'), git(path, 'rev-parse', 'HEAD'))
    expect(namesOf(await source.list())).toEqual(['.gitmodules', 'a.ex', 'submodule:sub'])
  })
  test('hostile file names are only names', async () => {
    const path = repository('names', Object.fromEntries(hostileNames.map((name) => [name, name])))
    const source = await workTree(path)
    expect(await listOf(path)).toEqual(hostileNames.toSorted())
    expect(source === null ? null : await textsOf(source)).toEqual(
      Object.fromEntries(hostileNames.map((name) => [name, name])),
    )
    const bare = await objects(join(path, '.git'), git(path, 'rev-parse', 'HEAD'))
    expect(await textsOf(bare)).toEqual(Object.fromEntries(hostileNames.map((name) => [name, name])))
  })
  test('a linked work tree, a branch without commits, names by remote', async () => {
    const path = repository('main', {'a.ex': 'a'})
    git(path, 'worktree', 'add', '--quiet', '-b', 'side', join(top, 'linked'))
    git(path, 'remote', 'add', 'origin', 'https://user:hunter2@example.com/acme/shop.git')
    const linked = await workTree(join(top, 'linked'))
    expect(linked).toMatchObject({kind: 'work-tree', commit: git(path, 'rev-parse', 'HEAD'), name: 'acme/shop'})
    expect(await listOf(join(top, 'linked'))).toEqual(['a.ex'])
    mkdirSync(join(top, 'unborn'))
    git(join(top, 'unborn'), 'init', '--quiet')
    write(join(top, 'unborn'), {'a.ex': 'a'})
    expect(await workTree(join(top, 'unborn'))).toMatchObject({commit: null, name: 'unborn'})
    expect(await headCommit(join(top, 'unborn'))).toBeNull()
  })
  test('null outside of git, in a bare repository, and for a folder that is ignored as a whole', async () => {
    const path = repository('around', {'.gitignore': 'vendored/\n', 'a.ex': 'a'})
    write(path, {'vendored/x.ex': 'x'})
    mkdirSync(join(top, 'plain'))
    expect(await workTree(join(top, 'plain'))).toBeNull()
    expect(await workTree(join(path, 'vendored'))).toBeNull()
    expect(await workTree(join(path, '.git'))).toBeNull()
    expect(await workTree(join(top, 'does-not-exist'))).toBeNull()
  })
  test("an index that names git's own files, or files outside, is not believed", async () => {
    const path = repository('crafted', {'a.ex': 'a'})
    const blob = git(path, 'rev-parse', 'HEAD:a.ex')
    for (const name of ['../../etc/passwd', '.git/config', 'x/../../y']) {
      expect(() => git(path, 'update-index', '--add', '--cacheinfo', `100644,${blob},${name}`)).toThrow()
    }
    expect(await listOf(path)).toEqual(['a.ex'])
    // git itself refuses to write them, not to read them
    write(path, {'xgit/config': 'x', 'xx/etc': 'x'})
    commit(path)
    const index = join(path, '.git/index')
    const text = readFileSync(index, 'latin1').replace('xgit/config', '.git/config').replace('xx/etc', '../etc')
    writeFileSync(index, text, 'latin1')
    expect(git(path, 'ls-files', '-z').split('\0')).toEqual(expect.arrayContaining(['.git/config', '../etc']))
    expect(await listOf(path)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^\.(?:git|\.)\//)]))
  })
})

test("nothing that git is told by this process' environment reaches it", async () => {
  const path = repository('told', {'a.ex': 'a'})
  const trace = join(top, 'trace')
  const told = {GIT_TRACE: trace, GIT_INDEX_FILE: join(top, 'no-index'), GIT_OBJECT_DIRECTORY: top}
  const before = Object.keys(told).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, told)
  try {
    expect(await listOf(path)).toEqual(['a.ex'])
    expect(existsSync(trace)).toBe(false)
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
})

test("nothing that the repository's own configuration names is ever run", async () => {
  const path = repository('armed', {'a.ex': 'a', '.gitattributes': '* filter=evil diff=evil\n'})
  const head = git(path, 'rev-parse', 'HEAD')
  const sentinel = join(top, 'sentinel')
  const script = join(top, 'evil.sh')
  writeFileSync(script, `#!/bin/sh\ntouch '${sentinel}'\ncat\n`, {mode: 0o755})
  for (const hook of [
    'post-index-change',
    'fsmonitor-watchman',
    'post-checkout',
    'reference-transaction',
    'pre-auto-gc',
  ]) {
    writeFileSync(join(path, '.git/hooks', hook), `#!/bin/sh\ntouch '${sentinel}'\n`, {mode: 0o755})
  }
  for (const key of [
    'core.fsmonitor',
    'core.sshCommand',
    'core.askPass',
    'core.pager',
    'core.editor',
    'credential.helper',
    'filter.evil.clean',
    'filter.evil.smudge',
    'filter.evil.process',
    'diff.external',
    'diff.evil.command',
    'diff.evil.textconv',
    'core.alternateRefsCommand',
  ]) {
    git(path, 'config', key, script)
  }
  git(path, 'config', 'core.hooksPath', join(path, '.git/hooks'))
  git(path, 'config', 'protocol.ext.allow', 'always')
  git(path, 'config', 'remote.origin.url', `ext::${script}`)
  git(path, 'config', 'remote.origin.promisor', 'true')
  git(path, 'config', 'extensions.partialClone', 'origin')
  git(path, 'config', 'core.repositoryFormatVersion', '1')
  write(path, {'a.ex': 'changed', 'b.ex': 'new'})
  const missing = 'e'.repeat(40)
  const source = await workTree(path)
  expect(source).not.toBeNull()
  await source?.read((await source.list()) ?? [])
  const tree = await objects(join(path, '.git'), head)
  await tree.read([...(await tree.list()), {path: 'missing.ex', kind: 'file', bytes: 1, sha: missing}])
  await changedFiles(join(path, '.git'), head, head)
  await resolveRef(join(path, '.git'), 'HEAD')
  await expect(resolveRef(join(path, '.git'), missing)).rejects.toMatchObject({code: 'no-such-ref'})
  await headCommit(path)
  await repositoryOf(path)
  expect(existsSync(sentinel)).toBe(false)
})

describe('a commit in the object store', () => {
  let path = ''
  let first = ''
  let second = ''
  beforeAll(() => {
    path = repository('history', {
      'lib/a.ex': 'one\n'.repeat(20),
      'lib/b.ex': 'b\n',
      empty: '',
      'big.txt': 'x'.repeat(10_000_000),
    })
    first = git(path, 'rev-parse', 'HEAD')
    rmSync(join(path, 'lib/b.ex'))
    git(path, 'mv', 'lib/a.ex', 'lib/moved.ex')
    write(path, {'c.ex': 'c\n', empty: 'no more', 'lib/moved.ex': 'one\n'.repeat(21)})
    symlinkSync('/etc/passwd', join(path, 'link'))
    second = commit(path)
  })
  test('lists sizes and blob ids, reads in the order asked, also ten megabytes in one line', async () => {
    const source = await objects(join(path, '.git'), first)
    const entries = await source.list()
    expect(namesOf(entries)).toEqual(['big.txt', 'empty', 'lib/a.ex', 'lib/b.ex'])
    expect(entries.find(({path}) => path === 'lib/b.ex')).toMatchObject({
      bytes: 2,
      sha: git(path, 'rev-parse', `${first}:lib/b.ex`),
    })
    const read = await source.read(entries.toReversed())
    expect(read.map(({path, bytes}) => [path, bytes?.length])).toEqual([
      ['lib/b.ex', 2],
      ['lib/a.ex', 80],
      ['empty', 0],
      ['big.txt', 10_000_000],
    ])
  })
  test('a link is listed as one and has no content', async () => {
    const source = await objects(join(path, '.git'), second)
    const link = (await source.list()).filter(({kind}) => kind === 'symlink')
    expect(link.map(({path}) => path)).toEqual(['link'])
    expect(await source.read(link)).toEqual([{path: 'link', bytes: null}])
  })
  test('an object that is missing is unreadable, those behind it are not', async () => {
    const source = await objects(join(path, '.git'), first)
    const entries = (await source.list()).filter(({path}) => path !== 'big.txt')
    const read = await source.read([{path: 'no', kind: 'file', bytes: 1, sha: 'e'.repeat(40)}, ...entries])
    expect(read.map(({bytes}) => bytes?.length ?? null)).toEqual([null, 0, 80, 2])
  })
  test('a folder of it', async () => {
    const source = await objects(join(path, '.git'), first, 'lib/')
    expect(namesOf(await source.list())).toEqual(['a.ex', 'b.ex'])
    expect(source.name).toBe('history/lib')
  })
  test('what changed between two commits', async () => {
    expect(await changedFiles(join(path, '.git'), first, second)).toEqual([
      {path: 'c.ex', status: 'added', previous: null},
      {path: 'empty', status: 'modified', previous: null},
      {path: 'lib/b.ex', status: 'deleted', previous: null},
      {path: 'lib/moved.ex', status: 'renamed', previous: 'lib/a.ex'},
      {path: 'link', status: 'added', previous: null},
    ])
  })
  test('refs become full SHAs', async () => {
    git(path, 'tag', '-a', 'v1', '-m', 'tag', first)
    for (const [ref, sha] of [
      ['HEAD', second],
      ['main', second],
      ['v1', first],
      ['HEAD~1', first],
      ['HEAD^', first],
      [second.slice(0, 10), second],
    ] as const) {
      expect(await resolveRef(join(path, '.git'), ref)).toBe(sha)
    }
  })
  test.each([
    'nope',
    '',
    '-h',
    '--all',
    'HEAD:lib/b.ex',
    ':/c',
    'HEAD^{/c}',
    'main..HEAD',
    'a\nb',
    '$(id)',
    'x y',
    '--end-of-options',
  ])('ref %j is a Failure', async (ref) => {
    await expect(resolveRef(join(path, '.git'), ref)).rejects.toMatchObject({code: 'no-such-ref', exit: 2})
  })
  test.each(['HEAD', 'abc', '--help', `${'a'.repeat(39)}\n`, 'A'.repeat(40)])(
    '%j is not taken for a SHA',
    async (name) => {
      await expect(objects(join(path, '.git'), name)).rejects.toMatchObject({code: 'bad-sha'})
      await expect(changedFiles(join(path, '.git'), name, first)).rejects.toMatchObject({code: 'bad-sha'})
    },
  )
  test('a commit that is not there', async () => {
    const source = await objects(join(path, '.git'), 'e'.repeat(40))
    await expect(source.list()).rejects.toMatchObject({code: 'no-such-commit', exit: 2})
  })
  test('replaced objects are not believed', async () => {
    const blob = git(path, 'rev-parse', `${first}:lib/b.ex`)
    writeFileSync(join(top, 'forged'), 'forged')
    git(path, 'replace', blob, git(path, 'hash-object', '-w', join(top, 'forged')))
    const source = await objects(join(path, '.git'), first, 'lib/')
    expect((await textsOf(source))['b.ex']).toBe('b\n')
  })
})

/** git's own server behind loopback HTTP; it wants `token`, when there is one, as GitHub does. */
function serve(
  root: string,
  token: string | null,
  status = 401,
): Promise<{readonly server: Server; readonly url: string; readonly seen: string[]}> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    const {pathname, search} = new URL(request.url ?? '/', 'http://x')
    seen.push(request.headers.authorization ?? '')
    if (
      token !== null &&
      request.headers.authorization !== `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
    ) {
      response.writeHead(status, {'www-authenticate': 'Basic realm="x"'}).end()
      return
    }
    const child = spawn('git', ['http-backend'], {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    request.pipe(child.stdin)
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('close', () => {
      const all = Buffer.concat(chunks)
      const end = all.indexOf('\r\n\r\n')
      const headers = all
        .subarray(0, end)
        .toString()
        .split('\r\n')
        .map((line) => line.split(': '))
      const code = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200)
      response
        .writeHead(code, Object.fromEntries(headers.filter(([name]) => name !== 'Status')))
        .end(all.subarray(end + 4))
    })
  })
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({server, url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`, seen})
    }),
  )
}

describe('fetching', () => {
  const token = 'hunter2-token-hunter2'
  let path = ''
  let first = ''
  let second = ''
  let host: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    path = repository('served/shop', {'a.ex': 'first'})
    first = git(path, 'rev-parse', 'HEAD')
    write(path, {'a.ex': 'second'})
    second = commit(path)
    write(path, {'a.ex': 'third'})
    commit(path)
    git(path, 'update-ref', 'refs/pull/7/head', second)
    git(path, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    host = await serve(join(top, 'served'), token)
  })
  afterAll(() => host.server.close())
  test('two commits and a ref, without history', async () => {
    const into = await fetchCommits({
      url: `${host.url}/shop/.git`,
      token,
      commits: [first, second],
      refs: ['refs/pull/7/head'],
      into: join(top, 'fetched.git'),
    })
    expect(await textsOf(await objects(into, first))).toEqual({'a.ex': 'first'})
    expect(await changedFiles(into, first, second)).toEqual([{path: 'a.ex', status: 'modified', previous: null}])
    expect(await resolveRef(into, 'refs/pull/7/head')).toBe(second)
    await expect(resolveRef(into, `${second}~1`)).rejects.toMatchObject({code: 'no-such-ref'})
    expect(existsSync(join(into, 'hooks'))).toBe(false)
    const kept = readdirSync(into, {recursive: true, withFileTypes: true})
      .filter((item) => item.isFile())
      .map((item) => readFileSync(join(item.parentPath, item.name), 'latin1'))
      .join('')
    expect(kept).toContain('[core]')
    expect(kept).not.toContain(token)
    expect(kept).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'))
  }, 60_000)
  test.each([
    ['a wrong token', 401, 'wrong-token-wrong', 'not-allowed', 2],
    ['no token', 401, null, 'not-allowed', 2],
    ['hidden from this token', 404, 'wrong-token-wrong', 'not-allowed', 2],
    ['forbidden', 403, 'wrong-token-wrong', 'not-allowed', 2],
    ['an outage', 503, 'wrong-token-wrong', 'fetch-failed', 3],
  ] as const)('%s', async (_, status, given, code, exit) => {
    const refusing = await serve(join(top, 'served'), token, status)
    const failure: unknown = await fetchCommits({
      url: `${refusing.url}/shop/.git`,
      token: given,
      commits: [first],
      into: join(top, `no-${status}-${String(given)}`),
    }).catch((thrown: unknown) => thrown)
    refusing.server.close()
    expect(failure).toMatchObject({code, exit})
    expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toContain(given ?? 'nothing')
  })
  test('nobody answers', async () => {
    await expect(
      fetchCommits({url: 'http://127.0.0.1:1/a/b', token: null, commits: [first], into: join(top, 'nobody')}),
    ).rejects.toMatchObject({code: 'fetch-failed', exit: 3, retry: {afterMs: null}})
  })
  test('a commit that the other side does not have', async () => {
    await expect(
      fetchCommits({url: `${host.url}/shop/.git`, token, commits: ['e'.repeat(40)], into: join(top, 'unknown')}),
    ).rejects.toMatchObject({code: 'no-such-commit', exit: 2})
  })
  test('a redirect does not get the token', async () => {
    const other = createServer((request, response) => {
      response.writeHead(302, {location: `${host.url}${request.url ?? ''}`}).end()
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const before = host.seen.length
    await expect(
      fetchCommits({url: `http://127.0.0.1:${port}/shop/.git`, token, commits: [first], into: join(top, 'redirected')}),
    ).rejects.toMatchObject({code: 'fetch-failed'})
    other.close()
    expect(host.seen.length).toBe(before)
  })
  test.each([
    'ext::sh -c id',
    'file:///etc',
    '/etc',
    '--upload-pack=id',
    'ssh://x/y',
    'git://x/y',
    'https://user:pw@example.com/a/b',
    'http://example.invalid/a/b',
  ])('%s is no address', async (url) => {
    const failure: unknown = await fetchCommits({
      url,
      token: 'some-token-here',
      commits: [first],
      into: join(top, 'never'),
    }).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({code: 'bad-url', exit: 2})
    expect(String(failure)).not.toMatch(/pw@|some-token/)
    expect(existsSync(join(top, 'never'))).toBe(false)
  })
  test.each(['main', 'refs/heads/*', '+refs/heads/x', 'refs/heads/a:b', 'refs/heads/a..b', '--all', 'refs/heads/a\nb'])(
    '%j is no full ref',
    async (ref) => {
      await expect(
        fetchCommits({url: 'https://example.invalid/a/b', token: null, refs: [ref], into: join(top, 'never')}),
      ).rejects.toMatchObject({code: 'no-such-ref'})
    },
  )
  test.each(['main', 'abcdef0', '--upload-pack=id', `${'a'.repeat(40)}:refs/heads/x`])(
    '%j is no full name of a commit',
    async (commit) => {
      const into = join(top, 'never')
      const url = 'https://example.invalid/a/b'
      await expect(fetchCommits({url, token: null, commits: [commit], into})).rejects.toMatchObject({code: 'bad-sha'})
    },
  )
})
