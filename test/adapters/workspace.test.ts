/** A folder with hostile content beside one that must stay as it is, on a real disk. */
import {execFileSync, spawn} from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import * as fc from 'fast-check'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {openWorkspace} from '../../src/adapters/workspace.ts'
import {Failure} from '../../src/errors.ts'
import type {Workspace} from '../../src/pipeline/workspace.ts'

const secret = 'a secret of the neighbour'
let top = ''
let root = ''
let outside = ''
let space: Workspace
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')))
  root = join(top, 'root')
  outside = join(top, 'outside')
  put(outside, {'a.ex': secret, 'sub/b.ex': secret})
  put(root, {
    'lib/a.ex': 'defmodule A do\n  @x 1\nend\n',
    'lib/deep/b.ex': 'b\n',
    'run.sh': '#!/bin/sh\n',
    '.git/config': secret,
    'nested/.git/config': secret,
    'nested/c.ex': 'c\n',
  })
  space = openWorkspace(root)
})
afterEach(() => {
  // what a test took away
  if (existsSync(join(root, 'lib/deep'))) chmodSync(join(root, 'lib/deep'), 0o755)
  rmSync(top, {recursive: true, force: true})
})

function put(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), {recursive: true})
    writeFileSync(join(folder, path), text)
  }
}

/** All that stands in a folder: what, with which permissions, and what is in it. */
const treeOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, {recursive: true, encoding: 'utf8'})
      .toSorted()
      .map((path) => {
        const at = join(folder, path)
        const stat = lstatSync(at)
        const content = stat.isSymbolicLink()
          ? readlinkSync(at)
          : stat.isFile() && stat.size < 1_000_000
            ? readFileSync(at, 'latin1')
            : stat.size
        return [path, `${stat.mode} ${stat.isDirectory() ? '' : content}`]
      }),
  )

type Act = (space: Workspace, path: string) => Promise<unknown>
/** Every operation, with each path that it takes; whoever adds one adds it here, or this does not compile. */
const operations: Readonly<Record<Exclude<keyof Workspace, 'root'>, Readonly<Record<string, Act>>>> = {
  read: {'': (space, path) => space.read(path)},
  look: {'': (space, path) => space.look(path)},
  list: {
    '': (space, path) => space.list(path),
    'all of': (space, path) => space.list(path, {recursive: true}),
  },
  search: {'': (space, path) => space.search('secret', {folder: path})},
  isWritable: {'': (space, path) => space.isWritable(path)},
  write: {'': (space, path) => space.write(path, 'x')},
  edit: {'': (space, path) => space.edit(path, secret, 'x')},
  copy: {
    from: (space, path) => space.copy(path, 'copied'),
    to: (space, path) => space.copy('run.sh', path),
  },
  move: {
    from: (space, path) => space.move(path, 'moved'),
    to: (space, path) => space.move('run.sh', path),
  },
  remove: {
    '': (space, path) => space.remove(path),
    'all of': (space, path) => space.remove(path, {recursive: true}),
  },
}
const acts = Object.entries(operations).flatMap(([name, roles]) =>
  Object.entries(roles).map(([role, act]) => [`${name} ${role}`.trim(), act] as const),
)
const writing = acts.filter(([name]) => /^(?:write|edit|copy to|move to)$/.test(name))

async function failureOf(run: () => Promise<unknown>): Promise<Failure> {
  try {
    const result = await run()
    throw new Error(`was not refused: ${JSON.stringify(result)}`)
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown
    throw thrown
  }
}

/** @returns the codes, each with its path; nothing was changed, and nothing of the neighbour is told */
async function refusals(act: Act, paths: readonly string[]): Promise<readonly string[]> {
  const before = treeOf(top)
  const codes: string[] = []
  for (const path of paths) {
    const {code, message, hint} = await failureOf(() => act(space, path))
    expect(`${message} ${hint}`).not.toContain(secret)
    expect(message).toContain(JSON.stringify(path.slice(0, 200)))
    expect(hint).not.toBe(null)
    codes.push(`${code} ${path}`)
  }
  expect(treeOf(top)).toEqual(before)
  return codes
}

const refusal = async (act: Act, path: string): Promise<string> =>
  (await refusals(act, [path])).join().slice(0, -1 - path.length)

test.runIf(process.getuid?.() !== 0)('a file that may not be written is told', async () => {
  expect(await space.isWritable('run.sh')).toBe(true)
  chmodSync(join(top, 'root', 'run.sh'), 0o444)
  expect(await space.isWritable('run.sh')).toBe(false)
})

test('every operation is attacked', () => {
  expect(Object.keys(operations).toSorted()).toEqual(
    Object.keys(space)
      .filter((name) => name !== 'root')
      .toSorted(),
  )
})

const badNames = [
  '..',
  '../outside/a.ex',
  'lib/../../outside/a.ex',
  'lib/../run.sh',
  '../root/lib/a.ex',
  '/etc/passwd',
  '/',
  '//etc/passwd',
  './/etc/passwd',
  '~/x',
  '~root/x',
  'a//b',
  'lib/./a.ex',
  'file:///etc/passwd',
  '.git',
  '.git/config',
  '.git/',
  './.git/config',
  '.GIT/config',
  '.Git/hooks/post-checkout',
  'nested/.git/config',
  'nested/.gIT/config',
  '.git /config',
  '.git./config',
  '.git. . /config',
  '.git::$INDEX_ALLOCATION/config',
  'git~1/config',
  'GIT~2',
  'nested/Git~1/config',
  '.g\u200cit/config',
  '.git\u200d/config',
  '\ufeff.git/config',
  '.\u202egit/config',
  '.g\u0131t/config',
  'lib\\a.ex',
  '..\\outside\\a.ex',
  'C:\\x',
  'C:x',
  'C:/x',
  '\\\\server\\share',
  'lib/a.ex:stream',
  'nul',
  'lib/NUL.txt',
  'con',
  'COM1',
  'lpt9.log',
  'aux.ex',
  'run.sh\0',
  '\0',
  'lib/a\nb',
  'lib/a.ex ',
  'lib/a.ex.',
  ' x',
  `${'n/'.repeat(600)}x`,
  'n'.repeat(256),
  `lib/${'ü'.repeat(128)}`,
]

/** To a file or a folder, outside or inside, to one that is not there, to itself, to the root, into `.git`, to a device. */
const links = (): Readonly<Record<string, string>> => ({
  'out.ex': '../outside/a.ex',
  'in.ex': 'lib/a.ex',
  out: outside,
  in: 'lib',
  dangling: 'nowhere',
  'new.ex': join(outside, 'new.ex'),
  loop: 'loop',
  self: '.',
  'lib/deep/out': outside,
  git: '.git',
  zero: '/dev/zero',
})
describe.each(acts)('%s', (_, act) => {
  test('bad names', async () => {
    expect(await refusals(act, badNames)).toEqual(badNames.map((path) => `outside ${path}`))
  })

  test('links', async () => {
    for (const [name, to] of Object.entries(links())) symlinkSync(to, join(root, name))
    const below = ['out/a.ex', 'out/new/x', 'in/a.ex', 'dangling/x', 'loop/x', 'self/lib/a.ex', 'git/config', 'in/deep']
    const paths = [...Object.keys(links()), ...below, 'lib/deep/out/a.ex']
    expect(await refusals(act, paths)).toEqual(paths.map((path) => `outside ${path}`))
  })

  test('an absolute path of a neighbour whose name begins as the root does', async () => {
    put(`${root}-too`, {'a.ex': secret})
    expect(await refusal(act, `${root}-too/a.ex`)).toBe('outside')
    expect(await refusal(act, `${root}/../outside/a.ex`)).toBe('outside')
    expect(await refusal(act, join(root, '.git/config'))).toBe('outside')
    expect(await refusal(act, top)).toBe('outside')
  })

  test('a pipe is not waited for', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')])
    expect(await refusal(act, 'pipe')).toBe('not-a-file')
  })

  test.runIf(process.getuid?.() !== 0)('what nobody may look into', async () => {
    chmodSync(join(root, 'lib/deep'), 0)
    const failure = await failureOf(() => act(space, 'lib/deep/b.ex'))
    expect(failure.code).toMatch(/^cannot-/)
  })
})

describe('where something is written', () => {
  const roots = ['.', '', './', 'HERE'] as const
  test.each(writing.flatMap(([name, act]) => roots.map((path) => [name, path, act] as const)))(
    '%s: the root (%j) is a folder',
    async (_, path, act) => {
      expect(await refusal(act, path === 'HERE' ? root : path)).toBe('is-a-folder')
    },
  )
  test.each(writing)('%s: no folder is replaced', async (_, act) => {
    expect(await refusal(act, 'lib')).toBe('is-a-folder')
    expect(await refusal(act, 'lib/')).toBe('is-a-folder')
  })
  test.each(writing)('%s: no folder is made a repository', async (_, act) => {
    expect(await refusal(act, 'bare/HEAD')).toBe('outside')
    expect(await refusal(act, 'bare/head')).toBe('outside')
  })
  test.each(writing)('%s: no file is made a folder', async (name, act) => {
    const code = await failureOf(() => act(space, 'run.sh/x')).then((failure) => failure.code)
    expect(code).toBe(name === 'edit' ? 'no-such-file' : 'cannot-write')
    expect(treeOf(root)['run.sh']).toContain('#!/bin/sh')
  })
  test.each(writing)('%s: what cannot be leaves no folder behind', async (_, act) => {
    const before = treeOf(root)
    await failureOf(() => act(space, `fresh/${'n'.repeat(200)}.${'n'.repeat(60)}`))
    expect(treeOf(root)).toEqual(before)
  })
})

describe('reading', () => {
  test.each(['lib/a.ex', './lib/a.ex', 'HERE/lib/a.ex', 'ALIAS/lib/a.ex'])('%s', async (path) => {
    symlinkSync(root, join(top, 'alias'))
    const opened = openWorkspace(join(top, 'alias'))
    const asked = path.replace('HERE', root).replace('ALIAS', join(top, 'alias'))
    expect(await opened.read(asked)).toBe('defmodule A do\n  @x 1\nend\n')
    expect(opened.root).toBe(root)
  })
  test.each<[string, string | Uint8Array, string]>([
    ['a byte order mark and line ends stay', '\ufeffa\r\nb', '\ufeffa\r\nb'],
    ['nothing', '', ''],
    ['more than one byte a letter', 'ü😀', 'ü😀'],
  ])('%s', async (_, content, expected) => {
    put(root, {x: content})
    expect(await space.read('x')).toBe(expected)
  })
  test.each<[string, string, string | Uint8Array]>([
    ['not-text', 'a NUL', 'a\0b'],
    ['not-text', 'half a letter', new Uint8Array([0x61, 0xc3])],
    ['not-text', 'UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0])],
    ['too-large', 'five megabytes and one', 'x'.repeat(5_000_001)],
  ])('%s: %s', async (code, _, content) => {
    put(root, {x: content})
    expect(await refusal(operations.read[''] ?? fail, 'x')).toBe(code)
  })
  test('five megabytes are read, a sparse terabyte is not', async () => {
    put(root, {x: 'x'.repeat(5_000_000), sparse: ''})
    truncateSync(join(root, 'sparse'), 2 ** 40)
    expect((await space.read('x')).length).toBe(5_000_000)
    expect((await failureOf(() => space.read('sparse'))).code).toBe('too-large')
    expect((await failureOf(() => space.copy('sparse', 'y'))).code).toBe('too-large')
  })
  test.each([
    ['no-such-file', 'nope'],
    ['no-such-file', 'nope/at/all'],
    ['no-such-file', 'run.sh/x'],
    ['is-a-folder', 'lib'],
    ['is-a-folder', '.'],
  ])('%s: %s', async (code, path) => {
    expect(await refusal(operations.read[''] ?? fail, path)).toBe(code)
  })
  test('a long path is cut in the message', async () => {
    const long = `lib/${'n'.repeat(200)}/${'n'.repeat(200)}`
    for (const [, act] of acts.filter(([name]) => !name.endsWith('to') && !/^(?:look|write)/.test(name))) {
      const {message} = await failureOf(() => act(space, long))
      expect(message.length).toBeLessThan(300)
    }
  })
})

const fail: Act = () => Promise.reject(new Error('there is no such operation'))

describe('looking', () => {
  test.each([
    ['lib/a.ex', {path: 'lib/a.ex', kind: 'file', size: 26}],
    ['./lib/', {path: 'lib', kind: 'folder', size: null}],
    ['.', {path: '.', kind: 'folder', size: null}],
    ['nope', null],
    ['nope/at/all', null],
    ['run.sh/x', null],
  ])('%s', async (path, expected) => {
    expect(await space.look(path)).toEqual(expected)
  })
})

describe('listing', () => {
  const paths = async (folder: string, recursive = false): Promise<readonly string[]> =>
    (await space.list(folder, {recursive})).map(({path, kind}) => (kind === 'folder' ? `${path}/` : path))
  test('a folder, and all below it, without links, devices and what no path may name', async () => {
    symlinkSync(outside, join(root, 'out'))
    execFileSync('mkfifo', [join(root, 'pipe')])
    put(root, {nul: '', 'lib/a:b': '', 'node_modules/x/index.js': '', 'lib-x': ''})
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff])]), '')
    expect(await paths('.')).toEqual(['lib/', 'lib-x', 'nested/', 'node_modules/', 'run.sh'])
    expect(await paths('.', true)).toEqual([
      'lib/',
      'lib-x',
      'lib/a.ex',
      'lib/deep/',
      'lib/deep/b.ex',
      'nested/',
      'nested/c.ex',
      'node_modules/',
      'run.sh',
    ])
    expect(await paths('node_modules', true)).toEqual(['node_modules/x/', 'node_modules/x/index.js'])
    expect(await space.list(join(root, 'lib/deep'))).toEqual([{path: 'lib/deep/b.ex', kind: 'file', size: 2}])
  })
  test.each([
    ['no-such-file', 'nope'],
    ['not-a-folder', 'run.sh'],
  ])('%s: %s', async (code, path) => {
    expect((await failureOf(() => space.list(path))).code).toBe(code)
    expect((await failureOf(() => space.search('x', {folder: path}))).code).toBe(code)
  })
  test('too many files, too many levels', async () => {
    put(root, Object.fromEntries(Array.from({length: 10_001}, (_, n) => [`many/${n}`, ''])))
    expect((await failureOf(() => space.list('many'))).code).toBe('too-many-files')
    expect((await failureOf(() => space.list('.', {recursive: true}))).code).toBe('too-many-files')
    expect(await space.search('x', {folder: 'many'})).toEqual([])
    rmSync(join(root, 'many/0'))
    expect(await space.list('many')).toHaveLength(10_000)
    mkdirSync(join(root, 'd/'.repeat(65)), {recursive: true})
    for (const act of [
      () => space.list('d', {recursive: true}),
      () => space.search('x', {folder: 'd'}),
      () => space.remove('d', {recursive: true}),
    ])
      expect((await failureOf(act)).code).toBe('too-deep')
    expect(await space.list('d/'.repeat(60))).toHaveLength(1)
  })
  test.runIf(process.getuid?.() !== 0)('what nobody may look into is named', async () => {
    chmodSync(join(root, 'lib/deep'), 0)
    expect(await paths('lib', true)).toEqual(['lib/a.ex', 'lib/deep/'])
    expect((await failureOf(() => space.list('lib/deep'))).code).toBe('cannot-read')
  })
})

describe('searching', () => {
  test('lines in the order of paths, with their numbers, up to the limit', async () => {
    put(root, {
      'lib/z.ex': 'one needle needle\r\ntwo\r\nNeedle\n  a needle',
      'lib-x': 'needle',
      'lib/big': `needle${' '.repeat(5_000_000)}`,
      'lib/binary': 'needle\0',
      'node_modules/a.js': 'needle',
      '.git/needle': 'needle',
    })
    symlinkSync(outside, join(root, 'out'))
    const all = [
      {path: 'lib-x', line: 1, text: 'needle'},
      {path: 'lib/z.ex', line: 1, text: 'one needle needle'},
      {path: 'lib/z.ex', line: 4, text: '  a needle'},
    ]
    expect(await space.search('needle')).toEqual(all)
    expect(await space.search('needle', {limit: 2})).toEqual(all.slice(0, 2))
    expect(await space.search('needle', {folder: 'lib', limit: 1})).toEqual(all.slice(1, 2))
    expect(await space.search('secret')).toEqual([])
  })
  test('of a long line the part around the place', async () => {
    put(root, {x: `${'😀'.repeat(5000)}needle${'-'.repeat(5000)}`})
    const [hit] = await space.search('needle')
    expect(hit?.text).toContain('needle')
    expect(hit?.text.length).toBeLessThanOrEqual(500)
    expect(hit?.text).not.toMatch(/\p{Surrogate}/u)
  })
  test.each(['', 'a\nb', '\r'])('%j is no part of a line', async (text) => {
    expect((await failureOf(() => space.search(text))).code).toBe('bad-search')
  })
})

describe('writing', () => {
  test('makes folders, replaces, keeps permissions, leaves nothing beside it', async () => {
    chmodSync(join(root, 'run.sh'), 0o750)
    await space.write('run.sh', 'new\n')
    await space.write('a/b/c.ex', '\ufeffü\r\n')
    expect(readFileSync(join(root, 'a/b/c.ex'), 'utf8')).toBe('\ufeffü\r\n')
    expect(statSync(join(root, 'run.sh')).mode & 0o777).toBe(0o750)
    expect(readdirSync(root)).toEqual(['.git', 'a', 'lib', 'nested', 'run.sh'])
    expect(readdirSync(join(root, 'a/b'))).toEqual(['c.ex'])
  })
  test.each([
    ['not-text', 'half of a character', '\ud800'],
    ['not-text', 'a NUL', 'a\0'],
    ['too-large', 'more than could be read', 'ü'.repeat(2_500_001)],
  ])('%s: %s', async (code, _, text) => {
    const before = treeOf(root)
    expect((await failureOf(() => space.write('run.sh', text))).code).toBe(code)
    expect((await failureOf(() => space.edit('run.sh', '#!', text))).code).toBe(code)
    expect(treeOf(root)).toEqual(before)
  })
  test('two at a time: one of them is there as a whole', async () => {
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000))
    await Promise.all(texts.map((text) => space.write('x', text)))
    expect(texts).toContain(readFileSync(join(root, 'x'), 'utf8'))
  })
})

describe('editing', () => {
  test.each([
    ['what stands there once', 'one two', 'two', '$& $1', 'one $& $1'],
    ['nothing for it', 'one two', ' two', '', 'one'],
    ['a mark and line ends stay', '\ufeffa\r\nb\r\n', 'b', 'c', '\ufeffa\r\nc\r\n'],
  ])('%s', async (_, content, before, after, expected) => {
    put(root, {x: content})
    await space.edit('x', before, after)
    expect(readFileSync(join(root, 'x'), 'utf8')).toBe(expected)
  })
  test.each([
    ['no-such-text', 'abc', 'x', /letter by letter/],
    ['no-such-text', 'abc', '', /letter by letter/],
    ['no-such-text', 'a\r\nb\r\n', 'a\nb', /end in/],
    ['ambiguous-text', 'abab', 'ab', /around it/],
    ['ambiguous-text', 'aaa', 'aa', /around it/],
  ])('%s: %j, %j', async (code, content, before, hint) => {
    put(root, {x: content})
    const failure = await failureOf(() => space.edit('x', before, 'y'))
    expect(failure.code).toBe(code)
    expect(failure.hint).toMatch(hint)
    expect(readFileSync(join(root, 'x'), 'utf8')).toBe(content)
  })
})

describe('copying and moving', () => {
  const bytes = new Uint8Array([0, 255, 254, 10])
  test.each(['copy', 'move'] as const)('%s: bytes and permissions, over what is there', async (how) => {
    put(root, {from: bytes, 'to/there': 'old'})
    chmodSync(join(root, 'from'), 0o751)
    chmodSync(join(root, 'to/there'), 0o640)
    await space[how]('from', 'new/x')
    expect(new Uint8Array(readFileSync(join(root, 'new/x')))).toEqual(bytes)
    expect(statSync(join(root, 'new/x')).mode & 0o777).toBe(0o751)
    await space[how]('new/x', 'to/there')
    expect(new Uint8Array(readFileSync(join(root, 'to/there')))).toEqual(bytes)
    expect(statSync(join(root, 'to/there')).mode & 0o777).toBe(how === 'copy' ? 0o640 : 0o751)
    expect(readdirSync(join(root, 'new'))).toEqual(how === 'copy' ? ['x'] : [])
    expect(readdirSync(join(root, 'to'))).toEqual(['there'])
  })
  test.each(['copy', 'move'] as const)('%s: onto itself, and what is no file', async (how) => {
    const before = treeOf(root)
    await space[how]('run.sh', './run.sh')
    expect((await failureOf(() => space[how]('lib', 'x'))).code).toBe('is-a-folder')
    expect((await failureOf(() => space[how]('nope', 'x'))).code).toBe('no-such-file')
    expect((await failureOf(() => space[how]('run.sh', 'run.sh/x'))).code).toBe('cannot-write')
    expect(treeOf(root)).toEqual(before)
  })
  test.runIf(process.getuid?.() !== 0)('a move out of a folder that keeps it is taken back', async () => {
    chmodSync(join(root, 'lib/deep'), 0o555)
    const before = treeOf(root)
    expect((await failureOf(() => space.move('lib/deep/b.ex', 'fresh/b.ex'))).code).toBe('cannot-write')
    expect(treeOf(root)).toEqual(before)
  })
})

describe('removing', () => {
  test('a file, an empty folder, a full one with the links in it', async () => {
    await space.remove('lib/a.ex')
    expect(await refusal(operations.remove[''] ?? fail, 'lib')).toBe('is-a-folder')
    symlinkSync(outside, join(root, 'lib/deep/out'))
    symlinkSync('loop', join(root, 'lib/loop'))
    put(root, {'lib/nul': '', 'lib/.x/y': '', keep: ''})
    execFileSync('mkfifo', [join(root, 'lib/pipe')])
    const before = treeOf(outside)
    await space.remove('lib', {recursive: true})
    expect(readdirSync(root)).toEqual(['.git', 'keep', 'nested', 'run.sh'])
    expect(treeOf(outside)).toEqual(before)
  })
  test.each([
    ['outside', '.'],
    ['outside', ''],
    ['outside', './'],
    ['outside', 'nested'],
    ['no-such-file', 'nope'],
  ])('%s: %j', async (code, path) => {
    expect(await refusal(operations.remove['all of'] ?? fail, path)).toBe(code)
  })
  test('the folder that the program runs in', async () => {
    const from = process.cwd()
    process.chdir(join(root, 'lib/deep'))
    try {
      expect(await refusal(operations.remove['all of'] ?? fail, 'lib')).toBe('cannot-write')
    } finally {
      process.chdir(from)
    }
  })
  test.runIf(process.getuid?.() !== 0)('all or nothing, where a part may not be changed', async () => {
    chmodSync(join(root, 'lib/deep'), 0o555)
    expect(await refusal(operations.remove['all of'] ?? fail, 'lib')).toBe('cannot-write')
  })
})

describe('opening', () => {
  test.each(['nope', 'run.sh'])('%s is no folder', (path) => {
    expect(() => openWorkspace(join(root, path))).toThrow(expect.objectContaining({code: 'no-such-folder', exit: 2}))
  })
})

test('whatever the path: what is outside is neither told nor touched', async () => {
  symlinkSync(outside, join(root, 'out'))
  symlinkSync('..', join(root, 'lib/up'))
  symlinkSync('.git', join(root, 'git'))
  const before = [treeOf(outside), treeOf(join(root, '.git')), treeOf(join(root, 'nested/.git'))]
  const part = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '',
      'lib',
      'up',
      'out',
      'outside',
      'root',
      'a.ex',
      'sub',
      '.git',
      'git',
      '.GIT',
      'config',
    ),
    fc.constantFrom(
      'nested',
      '~',
      '\0',
      '.git ',
      'git~1',
      '.g\u200cit',
      '\\',
      '..\\..',
      root,
      outside,
      'run.sh',
      '%2e%2e',
    ),
    fc.string({unit: 'binary', maxLength: 4}),
  )
  const path = fc.array(part, {minLength: 1, maxLength: 6}).map((parts) => parts.join('/'))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...acts), path, async ([, act], asked) => {
      const result = await act(space, asked).catch((thrown: unknown) => {
        if (!(thrown instanceof Failure)) throw thrown
        // what was asked for may be repeated: the path, and the text that an edit looks for in a file of its own
        return thrown.message
          .replaceAll(JSON.stringify(asked.slice(0, 200)), '')
          .replaceAll(`does not hold ${JSON.stringify(secret)}`, '')
      })
      expect(JSON.stringify(result ?? null)).not.toContain(secret)
      expect([treeOf(outside), treeOf(join(root, '.git')), treeOf(join(root, 'nested/.git'))]).toEqual(before)
      expect(readdirSync(top).toSorted()).toEqual(['outside', 'root'])
    }),
    {numRuns: 200},
  )
})

/** Another process that makes a folder a link and a folder again, as fast as it can. */
const swapper = `
const {renameSync, symlinkSync, unlinkSync} = require('node:fs')
const [folder, outside] = process.argv.slice(1)
process.send('ready')
for (;;) {
  try { renameSync(folder, folder + '-real'); symlinkSync(outside, folder) } catch {}
  try { unlinkSync(folder) } catch {}
  try { renameSync(folder + '-real', folder) } catch {}
}`

test.each(acts)('%s: a folder that is swapped for a link again and again', async (_, act) => {
  const child = spawn(process.execPath, ['-e', swapper, join(root, 'lib'), outside], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  try {
    await new Promise((ready) => void child.once('message', ready))
    const before = treeOf(outside)
    const end = performance.now() + 400
    while (performance.now() < end) {
      put(root, {'run.sh': 'x'})
      const results = await Promise.all(
        ['lib/a.ex', 'lib/sub/b.ex', 'lib/sub', 'lib/new', 'lib'].map((path) => act(space, path).catch(messageIn)),
      )
      expect(JSON.stringify(results)).not.toContain(secret)
    }
    expect(treeOf(outside)).toEqual(before)
  } finally {
    child.kill('SIGKILL')
    await new Promise((gone) => void child.once('exit', gone))
  }
})

function messageIn(thrown: unknown): string {
  if (thrown instanceof Failure) return thrown.code
  throw thrown
}
