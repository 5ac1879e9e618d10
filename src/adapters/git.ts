/**
 * Every call of git. The repository is hostile: its own configuration may name programs to run (hooks, filters, monitors,
 * helpers, transports), so only plumbing is called, the environment is made from nothing, and what could run is switched off
 * on the command scope, which wins over the repository's file. https://git-scm.com/docs/git-config, https://git-scm.com/docs/git
 */
import {spawn, type ChildProcess} from 'node:child_process'
import {realpathSync} from 'node:fs'
import {devNull} from 'node:os'
import {basename, join} from 'node:path'
import {Failure} from '../errors.ts'
import type {Source} from '../host.ts'
import {isInside} from '../pack/boundary.ts'
import type {Entry} from '../pack/pack.ts'
import {readAll, stateOf} from './file.ts'
import {stoppedBy} from './patience.ts'

/** Full SHA-1 or SHA-256 object names: nothing shorter is ever passed on. */
const sha = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/
const maxOutput = 512 * 1024 * 1024
/** One file; larger ones are not code, and a sparse gigabyte must not become a buffer. */
const maxBlob = 32 * 1024 * 1024
const patience = 10 * 60_000

type Settings = readonly (readonly [key: string, value: string])[]

const always: Settings = [
  ['core.hooksPath', devNull],
  ['core.fsmonitor', 'false'],
  ['core.quotePath', 'off'],
  ['core.excludesFile', devNull],
  ['core.attributesFile', devNull],
  ['core.pager', 'cat'],
  ['core.askPass', ''],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['protocol.file.allow', 'never'],
  ['protocol.ext.allow', 'never'],
  ['safe.bareRepository', 'explicit'],
  ['submodule.recurse', 'false'],
  ['maintenance.auto', 'false'],
  ['gc.auto', '0'],
]

/** What the operating system and a company's network need; nothing that names a repository, a program or a credential. */
const inherited = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SYSTEMROOT', 'WINDIR', 'PATHEXT', 'COMSPEC']
const networked = [
  'HTTPS_PROXY',
  'https_proxy',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
]

const pick = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )

function environment(protocols: string, more: Settings): Record<string, string> {
  const settings = [...always, ...more]
  return {
    ...pick(inherited),
    ...(protocols === 'none' ? {} : pick(networked)),
    LC_ALL: 'C',
    HOME: devNull,
    XDG_CONFIG_HOME: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: devNull,
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_PAGER: 'cat',
    /** Overrides every `protocol.*` setting: a partial clone must not fetch from where its own file says. */
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
}

interface Ran {
  /** null: git could not be started, was stopped, or said more than anybody can read. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

interface RunOptions {
  readonly cwd?: string
  readonly input?: string
  readonly protocols?: string
  readonly settings?: Settings
  /** Takes the output as it comes instead of collecting it. */
  readonly onOutput?: (chunk: Buffer) => void
  /** Kills git, and all that git started. */
  readonly signal?: AbortSignal | undefined
}

/** `git fetch` leaves the network to a child of a child, which outlives it, and with it its connection and our pipes. */
const inGroups = process.platform !== 'win32'

function kill(child: ChildProcess): void {
  try {
    if (inGroups && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** Never a shell. Throws nothing but the `Failure` `cancelled` of its signal. */
function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const {signal} = options
  if (signal?.aborted === true) return Promise.reject(stoppedBy(signal))
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd: options.cwd,
      // in a group of its own, to be killed as one; without a signal a person's Ctrl-C still reaches it
      detached: inGroups && signal !== undefined,
      env: environment(options.protocols ?? 'none', options.settings ?? []),
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      timeout: patience,
      killSignal: 'SIGKILL',
    })
    const chunks: Buffer[] = []
    let size = 0
    let stderr = ''
    const onAbort = (): void => kill(child)
    signal?.addEventListener('abort', onAbort, {once: true})
    const end = (code: number | null): void => {
      signal?.removeEventListener('abort', onAbort)
      if (signal?.aborted === true) reject(stoppedBy(signal))
      else resolve({code, stdout: Buffer.concat(chunks), stderr})
    }
    child.stdout.on('data', (chunk: Buffer) => {
      if (options.onOutput !== undefined) return options.onOutput(chunk)
      size += chunk.length
      if (size <= maxOutput) chunks.push(chunk)
      else child.kill('SIGKILL')
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < 20_000) stderr += chunk
    })
    child.on('error', () => end(null))
    // once all that held its pipes is gone; where there are no groups, a grandchild that goes on is not waited for
    child.on('close', end)
    if (!inGroups) child.on('exit', (code) => (signal?.aborted === true ? end(code) : undefined))
    // git may end before it has read everything; the exit code says what there is to say
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** The fields of `-z` output. Names that are not UTF-8 get U+FFFD: they cannot be opened again and count as unreadable. */
function fieldsOf(output: Buffer): readonly string[] {
  const fields = output.toString('utf8').split('\0')
  if (fields.at(-1) === '') fields.pop()
  return fields
}

const firstLine = (output: Buffer): string => output.toString('utf8').split('\n')[0] ?? ''

const inGit = (gitDir: string): readonly string[] => ['--git-dir', gitDir]

const asSha = (name: string): string => {
  if (sha.test(name)) return name
  throw new Failure('bad-sha', `${JSON.stringify(name.slice(0, 80))} is not a full commit SHA`, {
    hint: 'give all 40 hexadecimal digits',
  })
}

/** One line of what git said, without controls, for a person. */
const saidBy = (stderr: string): string =>
  (stderr.split('\n').find((line) => /^(?:fatal|error):/.test(line)) ?? 'git said nothing')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, 300)

/** The commit that HEAD names in the repository around `path`, null when there is none. */
export async function headCommit(path: string): Promise<string | null> {
  const {code, stdout} = await run(['rev-parse', '--verify', '--quiet', '--end-of-options', 'HEAD^{commit}'], {
    cwd: path,
  })
  const commit = firstLine(stdout)
  return code === 0 && sha.test(commit) ? commit : null
}

/** Branches, tags, `HEAD~2`, SHAs; no path (`:`), no search (`:/`, `^{/`), no option. */
const reference = /^(?![-.])[^\p{Cc}\s:?*[\\]{1,250}$/u

/** @returns the full SHA of the commit; throws `Failure` `no-such-ref` */
export async function resolveRef(gitDir: string, ref: string): Promise<string> {
  const wrong = new Failure('no-such-ref', `no such ref: ${JSON.stringify(ref.slice(0, 120))}`, {
    hint: 'give a branch, a tag or a commit that this clone has; a shallow clone has only what was fetched',
  })
  if (!reference.test(ref) || ref.includes('..') || ref.includes('^{/')) throw wrong
  const args = [...inGit(gitDir), 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
  const {code, stdout} = await run(args)
  const commit = firstLine(stdout)
  if (code !== 0 || !sha.test(commit)) throw wrong
  return commit
}

/** Where the objects of the repository around `path` are, and where `path` stands in it (`''` at the top, else ends in `/`). */
export async function repositoryOf(path: string): Promise<{readonly gitDir: string; readonly prefix: string} | null> {
  const inside = await run(['rev-parse', '--absolute-git-dir', '--show-prefix'], {cwd: path})
  if (inside.code === 0) {
    const [gitDir = '', prefix = ''] = inside.stdout.toString('utf8').split('\n')
    return {gitDir, prefix}
  }
  const bare = await run([...inGit(path), 'rev-parse', '--git-dir'], {cwd: path})
  return bare.code === 0 ? {gitDir: realpathSync(path), prefix: ''} : null
}

/** `https://host/…/owner/name`, `ssh://…`, or `user@host:owner/name`; the folders of a local remote are not an owner. */
const onServer =
  /^(?:(?:https?|ssh|git):\/\/[^/]+\/|[\w.-]+@[\w.-]+:)(?:.*\/)?([\w.-]{1,100})\/([\w.-]{1,100}?)(?:\.git)?\/?$/i

/** `owner/name` of the remote named origin; its address may hold a password and is never shown. */
async function nameOf(args: readonly string[], cwd: string, fallback: string, signal?: AbortSignal): Promise<string> {
  const {stdout} = await run([...args, 'config', '--local', '--get', 'remote.origin.url'], {cwd, signal})
  const [, owner, name] = onServer.exec(firstLine(stdout)) ?? []
  return owner === undefined || name === undefined ? fallback : `${owner}/${name}`
}

const placed = (name: string, prefix: string): string => (prefix === '' ? name : `${name}/${prefix.replace(/\/$/, '')}`)

function indexEntry(field: string): {readonly path: string; readonly kind: Entry['kind']} | null {
  const [, mode = '', path = ''] = /^(\d{6}) [0-9a-f]{40,64} [0-3]\t([\s\S]+)$/.exec(field) ?? []
  if (!isInside(path)) return null
  return {path, kind: mode === '160000' ? 'submodule' : mode === '120000' ? 'symlink' : 'file'}
}

/** What the index and the folder say together; deleted files are not there, links are not followed, also not on the way. */
function listed(root: string, tracked: Buffer, untracked: Buffer): readonly Entry[] {
  const found = new Map<string, Entry['kind']>()
  for (const field of fieldsOf(tracked)) {
    const entry = indexEntry(field)
    if (entry !== null) found.set(entry.path, entry.kind)
  }
  for (const field of fieldsOf(untracked)) {
    // a folder here is a repository of its own: git does not look into it, nor do we
    const path = field.endsWith('/') ? field.slice(0, -1) : field
    if (isInside(path) && !found.has(path)) found.set(path, field.endsWith('/') ? 'submodule' : 'file')
  }
  const state = stateOf(root)
  return [...found].flatMap(([path, kind]): readonly Entry[] => {
    if (kind === 'submodule') return [{path, kind, bytes: null, sha: null}]
    const is = state(path)
    if (is.kind === 'symlink') return [{path, kind: 'symlink', bytes: null, sha: null}]
    if (is.kind !== 'file') return []
    // where links are switched off, git checks a link out as a file that holds its target
    return [{path, kind: kind === 'symlink' ? 'symlink' : 'file', bytes: is.bytes, sha: null}]
  })
}

/**
 * Tracked files and untracked ones that are not ignored, below `path`, with paths relative to it. `sha` is null: the index
 * knows what was staged, not what stands on the disk, and comparing them would run the repository's filters.
 *
 * @returns null when this is no work tree, git is missing, git refuses it (somebody else's folder), or everything here is ignored
 */
export async function workTree(path: string): Promise<Source | null> {
  const place = await run(['rev-parse', '--is-inside-work-tree', '--show-toplevel', '--show-prefix'], {cwd: path})
  const [inside, top = '', prefix = ''] = place.stdout.toString('utf8').split('\n')
  if (place.code !== 0 || inside !== 'true') return null
  const root = realpathSync(path)
  const [tracked, untracked, commit, name] = await Promise.all([
    run(['ls-files', '--stage', '-z'], {cwd: root}),
    run(['ls-files', '--others', '--exclude-standard', '-z'], {cwd: root}),
    headCommit(root),
    nameOf([], root, basename(top)),
  ])
  if (tracked.code !== 0 || untracked.code !== 0) return null
  // a folder that the repository around it ignores (an unpacked dependency) is a folder in its own right
  if (prefix !== '' && tracked.stdout.length + untracked.stdout.length === 0) return null
  const entries = listed(root, tracked.stdout, untracked.stdout)
  return {
    name: placed(name, prefix),
    commit,
    kind: 'work-tree',
    list: async () => entries,
    read: async (wanted) => readAll(root, wanted),
  }
}

function treeEntry(field: string, prefix: string): Entry | null {
  const [, mode = '', object = '', size = '', full = ''] =
    /^(\d{6}) [a-z]+ ([0-9a-f]{40,64}) +(\d+|-)\t([\s\S]+)$/.exec(field) ?? []
  const path = full.startsWith(prefix) ? full.slice(prefix.length) : ''
  if (!isInside(path)) return null
  const kind = mode === '160000' ? 'submodule' : mode === '120000' ? 'symlink' : 'file'
  const entry = {
    path,
    kind,
    bytes: size === '-' ? null : Number(size),
    sha: kind === 'submodule' ? null : object,
  } as const
  return mode === '100755' ? {...entry, isExecutable: true} : entry
}

/**
 * The tree of a commit, read from the object store: nothing is checked out. `prefix` (ends in `/`) restricts it to a folder.
 * `known` is its name, where git need not be asked. `read` wants entries of this source: it goes by their `sha`. An aborted signal
 * ends all of it with `Failure` `cancelled`.
 */
export async function objects(
  gitDir: string,
  commit: string,
  prefix = '',
  signal?: AbortSignal,
  known?: string,
): Promise<Source> {
  asSha(commit)
  const folder = basename(gitDir).replace(/\.git$/, '') || basename(join(gitDir, '..'))
  const name = known ?? (await nameOf(inGit(gitDir), gitDir, folder, signal))
  return {
    name: placed(name, prefix),
    commit,
    kind: 'objects',
    list: async () => {
      const args = [...inGit(gitDir), 'ls-tree', '-r', '-l', '-z', '--full-tree', '--end-of-options', commit]
      const {code, stdout, stderr} = await run(args, {signal})
      if (code !== 0) throw new Failure('no-such-commit', `cannot list ${commit}: ${saidBy(stderr)}`)
      return fieldsOf(stdout).flatMap((field) => treeEntry(field, prefix) ?? [])
    },
    read: (entries) => blobs(gitDir, entries, signal),
  }
}

/** `<sha> <type> <size>\n<bytes>\n` per answer, or `<name> missing\n`; what is too large is passed over, not kept. */
function batchReader(): {readonly take: (chunk: Buffer) => void; readonly answers: (Buffer | null)[]} {
  const answers: (Buffer | null)[] = []
  let head = ''
  let body: Buffer[] | null = null
  /** Bytes to come of the current body, with its line break; -1 while in a head. */
  let left = -1
  const take = (chunk: Buffer): void => {
    let at = 0
    while (at < chunk.length) {
      if (left < 0) {
        const end = chunk.indexOf(10, at)
        head += chunk.toString('latin1', at, end < 0 ? chunk.length : end)
        if (end < 0) return
        at = end + 1
        const [, type, size] = /^[0-9a-f]+ ([a-z]+) (\d+)$/.exec(head) ?? []
        head = ''
        if (size === undefined) answers.push(null)
        else {
          left = Number(size) + 1
          body = type === 'blob' && left <= maxBlob ? [] : null
        }
        continue
      }
      const part = chunk.subarray(at, at + left)
      body?.push(part)
      left -= part.length
      at += part.length
      if (left > 0) return
      answers.push(body === null ? null : Buffer.concat(body).subarray(0, -1))
      left = -1
    }
  }
  return {take, answers}
}

async function blobs(
  gitDir: string,
  entries: readonly Entry[],
  signal?: AbortSignal,
): Promise<readonly {readonly path: string; readonly bytes: Uint8Array | null}[]> {
  const wanted = entries.filter(({kind, sha: object}) => kind === 'file' && object !== null && sha.test(object))
  const {take, answers} = batchReader()
  const {code, stderr} = await run([...inGit(gitDir), 'cat-file', '--batch', '--buffer'], {
    input: wanted.map(({sha: object}) => `${object ?? ''}\n`).join(''),
    onOutput: take,
    signal,
  })
  if (code !== 0) throw new Failure('git-failed', `cannot read the objects: ${saidBy(stderr)}`, {exit: 3})
  const byPath = new Map(wanted.map(({path}, index) => [path, answers[index] ?? null]))
  return entries.map(({path}) => ({path, bytes: byPath.get(path) ?? null}))
}

/** Where two commits parted, as far as this clone knows; null: nowhere. */
export async function mergeBase(gitDir: string, one: string, other: string): Promise<string | null> {
  const {code, stdout} = await run([...inGit(gitDir), 'merge-base', '--end-of-options', asSha(one), asSha(other)])
  const commit = firstLine(stdout)
  return code === 0 && sha.test(commit) ? commit : null
}

export interface ChangedFile {
  readonly path: string
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed'
  /** Where a renamed file stood before. */
  readonly previous: string | null
}

/** Between the two trees themselves: whoever wants the merge base gives it as `base`. Renames count as Git counts them. */
export async function changedFiles(gitDir: string, base: string, head: string): Promise<readonly ChangedFile[]> {
  const flags = [
    '-r',
    '-z',
    '--name-status',
    '--find-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=none',
  ]
  const args = [...inGit(gitDir), 'diff-tree', ...flags, '--end-of-options', asSha(base), asSha(head)]
  const {code, stdout, stderr} = await run(args)
  if (code !== 0) throw new Failure('no-such-commit', `cannot compare ${base} and ${head}: ${saidBy(stderr)}`)
  const fields = fieldsOf(stdout)
  const changed: ChangedFile[] = []
  for (let at = 0; at + 1 < fields.length;) {
    const letter = (fields[at] ?? '')[0]
    const path = fields[at + 1] ?? ''
    if (letter === 'R' || letter === 'C') {
      changed.push({
        path: fields[at + 2] ?? '',
        status: letter === 'R' ? 'renamed' : 'added',
        previous: letter === 'R' ? path : null,
      })
      at += 3
    } else {
      changed.push({path, status: letter === 'A' ? 'added' : letter === 'D' ? 'deleted' : 'modified', previous: null})
      at += 2
    }
  }
  return changed
}

/**
 * What is different between two folders below `root`, as `git diff` says it, with paths from inside them. Nothing of a repository
 * around it is read. null: there is no git, or it could not.
 */
export async function differenceIn(root: string, before: string, after: string): Promise<string | null> {
  const flags = ['--no-index', '--no-ext-diff', '--no-textconv', '--no-color', '--no-renames', '--unified=3']
  const names = ['--src-prefix=', '--dst-prefix=', '--', before, after]
  const {code, stdout} = await run([...inGit(join(root, 'no-repository')), 'diff', ...flags, ...names], {cwd: root})
  return code === 0 || code === 1 ? stdout.toString('utf8') : null
}

/** Whether a `.gitignore` keeps this path below `root` out, so that nobody would see it in `git status`. null: git cannot say. */
export async function isIgnoredAt(root: string, path: string): Promise<boolean | null> {
  // it asks about names alone, and refuses to be told that they are names alone
  const args = ['--no-literal-pathspecs', 'check-ignore', '-z', '--stdin']
  const {code} = await run(args, {cwd: root, input: path})
  return code === 0 || code === 1 ? code === 0 : null
}

export interface FetchOptions {
  /** `https://…`; `http://` only where no token goes along or the host is this machine. */
  readonly url: string
  readonly token: string | null
  /** Full SHAs. */
  readonly commits?: readonly string[]
  /** `refs/heads/…` and the like. */
  readonly refs?: readonly string[]
  /** A folder to make; its parent exists. */
  readonly into: string
  readonly signal?: AbortSignal | undefined
}

const fullRef = /^refs\/(?!.*\.\.)[^\p{Cc}\s:?*[\\^~]{1,240}$/u

/** The address without anything but the address, or a `Failure` that does not repeat it. */
function addressOf({url, token}: FetchOptions): URL {
  const address = URL.canParse(url) ? new URL(url) : null
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(address?.hostname ?? '')
  const safe = address?.protocol === 'https:' || (address?.protocol === 'http:' && (local || token === null))
  if (address !== null && safe && address.username === '' && address.password === '') return address
  throw new Failure('bad-url', 'the repository address must be https and hold no user name or password', {
    hint: 'give it as https://github.com/owner/name; the token goes in by itself',
  })
}

/** The token travels in an environment variable of the child: not in its arguments, not in a file. */
const headerFor = (address: URL, token: string): Settings => [
  [
    `http.${address.origin}/.extraHeader`,
    `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
  ],
  // curl repeats such headers to wherever a redirect leads
  ['http.followRedirects', 'false'],
]

function fetchFailure(stderr: string, where: string): Failure {
  if (
    /returned error: 40[134]|Authentication failed|could not read (?:Username|Password)|repository '.*' not found/i.test(
      stderr,
    )
  ) {
    return new Failure('not-allowed', `${where} refused to hand out the repository`, {
      hint: 'the token needs `contents: read` on it; a private fork needs a token of its own',
    })
  }
  if (/couldn't find remote ref|not our ref|unadvertised object|no such remote ref/i.test(stderr)) {
    return new Failure('no-such-commit', `${where} does not have the commit or ref that was asked for`, {
      hint: 'it may have been force-pushed away; run again on the present head',
    })
  }
  return new Failure('fetch-failed', `could not fetch from ${where}`, {
    exit: 3,
    hint: 'check the network and the status of the host, then run again',
    retry: {afterMs: null},
  })
}

/**
 * The given commits, without history, into a bare repository: no checkout, no tags, no submodules.
 * Throws `Failure`: `not-allowed`, `no-such-commit` (exit 2), `fetch-failed` (exit 3, worth another try), `cancelled` (exit 3).
 *
 * @returns the folder, to be given to `objects`
 */
export async function fetchCommits(options: FetchOptions): Promise<string> {
  const address = addressOf(options)
  const {into, token, commits = [], refs = [], signal} = options
  commits.forEach(asSha)
  const odd = refs.find((ref) => !fullRef.test(ref))
  if (odd !== undefined) throw new Failure('no-such-ref', `${JSON.stringify(odd.slice(0, 120))} is not a full ref name`)
  const made = await run(['init', '--bare', '--quiet', '--template=', '--', into], {signal})
  if (made.code !== 0)
    throw new Failure('git-failed', `cannot make a repository in ${into}: ${saidBy(made.stderr)}`, {exit: 3})
  const flags = [
    '--depth=1',
    '--no-tags',
    '--no-recurse-submodules',
    '--no-auto-maintenance',
    '--no-write-commit-graph',
    '--quiet',
  ]
  const wanted = [...commits, ...refs.map((ref) => `+${ref}:${ref}`)]
  const {code, stderr} = await run([...inGit(into), 'fetch', ...flags, '--end-of-options', address.href, ...wanted], {
    signal,
    protocols: address.protocol.slice(0, -1),
    settings: [
      ...(token === null ? [] : headerFor(address, token)),
      // less than a kilobyte a second for a minute is an outage
      ['http.lowSpeedLimit', '1000'],
      ['http.lowSpeedTime', '60'],
    ],
  })
  if (code !== 0) throw fetchFailure(stderr, address.host)
  return into
}
