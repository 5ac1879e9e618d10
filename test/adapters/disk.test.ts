import {execFileSync} from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {digestOf, openSource, readText, writeInside} from '../../src/adapters/disk.ts'
import type {Source} from '../../src/host.ts'
import {packTexts, readTexts} from '../../src/pack/read.ts'
import {renderPack} from '../../src/pack/render.ts'
import {select} from '../../src/pack/select.ts'

const top = realpathSync(mkdtempSync(join(tmpdir(), 'refactor-plan-disk-')))
afterAll(() => rmSync(top, {recursive: true, force: true}))

let count = 0
function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = join(top, `f${++count}`)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), {recursive: true})
    writeFileSync(join(path, file), text)
  }
  return path
}

const namesOf = async (source: Source): Promise<readonly string[]> =>
  (await source.list()).map(({path, kind}) => (kind === 'file' ? path : `${kind}:${path}`)).toSorted()
const bytesOf = async (source: Source): Promise<Readonly<Record<string, number | null>>> =>
  Object.fromEntries((await source.read(await source.list())).map(({path, bytes}) => [path, bytes?.length ?? null]))

describe('a plain folder', () => {
  test('says that it is one', async () => {
    const path = folder({'a.ex': 'a'})
    expect(await openSource(path)).toMatchObject({kind: 'folder', commit: null, name: `f${count}`})
  })
  test('nested ignore files count as in git; .git and node_modules are passed over', async () => {
    const path = folder({
      '.gitignore': '*.log\n/build/\n# no rule\nlogs/*\n!logs/keep\n',
      'a.ex': '',
      'a.log': '',
      'build/x.ex': '',
      'lib/build/y.ex': '',
      'lib/.gitignore': '!b.log\n*.tmp',
      'lib/b.log': '',
      'lib/c.tmp': '',
      'c.tmp': '',
      'logs/x': '',
      'logs/keep': '',
      '.git/config': 'token',
      'lib/.git': 'gitdir: elsewhere',
      'node_modules/x/index.js': '',
      'A.LOG': '',
    })
    expect(await namesOf(await openSource(path))).toEqual(
      ['.gitignore', 'A.LOG', 'a.ex', 'c.tmp', 'lib/.gitignore', 'lib/b.log', 'lib/build/y.ex', 'logs/keep'].toSorted(),
    )
  })
  test('the same files as git would list', async () => {
    const files = {
      '.gitignore': '*.o\n!keep.o\ndoc/\n/top\n**/deep/*.x\n',
      'a.o': '',
      'keep.o': '',
      'doc/a': '',
      'src/doc/b': '',
      top: '',
      'src/top': '',
      'a/deep/b.x': '',
      'a/deep/c': '',
      'src/.gitignore': '*\n!*/\n!*.c\n',
      'src/m.c': '',
      'src/m.h': '',
      'src/in/n.c': '',
    }
    const plain = await openSource(folder(files))
    const path = folder(files)
    execFileSync('git', ['init', '--quiet'], {cwd: path})
    const tree = await openSource(path)
    expect([plain.kind, tree.kind]).toEqual(['folder', 'work-tree'])
    expect(await namesOf(plain)).toEqual(await namesOf(tree))
  })
  test('links are never followed, pipes never waited for, a sparse gigabyte never read', async () => {
    const path = folder({'a.ex': 'a'})
    symlinkSync('/etc/passwd', join(path, 'passwd'))
    symlinkSync('/etc', join(path, 'etc'))
    symlinkSync('.', join(path, 'loop'))
    symlinkSync('nowhere', join(path, 'dangling'))
    execFileSync('mkfifo', [join(path, 'pipe')])
    writeFileSync(join(path, 'sparse.ex'), '')
    truncateSync(join(path, 'sparse.ex'), 2 ** 30)
    const source = await openSource(path)
    expect(await namesOf(source)).toEqual([
      'a.ex',
      'pipe',
      'sparse.ex',
      'symlink:dangling',
      'symlink:etc',
      'symlink:loop',
      'symlink:passwd',
    ])
    expect(await bytesOf(source)).toEqual({
      'a.ex': 1,
      pipe: null,
      'sparse.ex': null,
      dangling: null,
      etc: null,
      loop: null,
      passwd: null,
    })
    const {leftOut} = select(await source.list())
    expect(leftOut).toContainEqual({path: 'sparse.ex', why: 'too-large'})
  }, 20_000)
  test('a tracked file that became a pipe does not hang git mode either', async () => {
    const path = folder({'a.ex': 'a', 'b.ex': 'b'})
    execFileSync('git', ['init', '--quiet'], {cwd: path})
    execFileSync('git', ['add', '.'], {cwd: path})
    rmSync(join(path, 'b.ex'))
    execFileSync('mkfifo', [join(path, 'b.ex')])
    const source = await openSource(path)
    expect(source.kind).toBe('work-tree')
    expect(await bytesOf(source)).toEqual({'a.ex': 1, 'b.ex': null})
  }, 20_000)
  test.skipIf(process.getuid?.() === 0)('what may not be read has no bytes', async () => {
    const path = folder({'a.ex': 'a', 'locked/b.ex': 'b'})
    chmodSync(join(path, 'a.ex'), 0)
    chmodSync(join(path, 'locked'), 0)
    expect(await bytesOf(await openSource(path))).toEqual({'a.ex': null, locked: null})
    chmodSync(join(path, 'locked'), 0o700)
  })
  test('a file that went away between list and read has no bytes', async () => {
    const path = folder({'a.ex': 'a', 'd/b.ex': 'b'})
    const source = await openSource(path)
    const entries = await source.list()
    rmSync(join(path, 'd'), {recursive: true})
    symlinkSync('/etc', join(path, 'd'))
    rmSync(join(path, 'a.ex'))
    expect(
      (await source.read([...entries, {path: 'd/passwd', kind: 'file', bytes: 1, sha: null}])).map(({bytes}) => bytes),
    ).toEqual([null, null, null])
  })
  test('too deep is said, not walked', async () => {
    const path = folder()
    mkdirSync(join(path, ...Array.from({length: 70}, () => 'd')), {recursive: true})
    await expect(openSource(path).then((source) => source.list())).rejects.toMatchObject({code: 'too-deep', exit: 2})
  })
  test('an ignore file that would backtrack for ever is no denial of service', async () => {
    const deep = `${'a/'.repeat(60)}c`
    const path = folder({
      '.gitignore': `${'**/a/'.repeat(5)}**/b\n*.log\n**/*.tmp.*\n`,
      [deep]: '',
      'x.log': '',
      'd/y.tmp.1': '',
    })
    const start = performance.now()
    expect(await namesOf(await openSource(path))).toEqual(['.gitignore', deep])
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

describe('what a path may be', () => {
  test.each(['nowhere', 'nowhere/at/all', ''])('%j is a Failure that repeats it', async (name) => {
    const path = name === '' ? '/dev/null' : join(top, name)
    await expect(openSource(path)).rejects.toMatchObject({
      code: 'no-such-path',
      exit: 2,
      message: expect.stringContaining(path),
    })
  })
  test('a folder inside a work tree is read relative to itself', async () => {
    const path = folder({
      '.gitignore': '*.log\n',
      'gold/x/repository/lib/a.ex': 'a',
      'gold/x/gold.yaml': 'g',
      'gold/x/repository/b.log': '',
    })
    execFileSync('git', ['init', '--quiet'], {cwd: path})
    const source = await openSource(join(path, 'gold/x/repository'))
    expect(source).toMatchObject({kind: 'work-tree', name: `f${count}/gold/x/repository`})
    expect(select(await source.list()).chosen.map(({path}) => path)).toEqual(['lib/a.ex'])
  })
  test('a ref is read from the objects, also below a folder and in a bare repository', async () => {
    const path = folder({'lib/a.ex': 'committed', 'b.ex': 'b'})
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: path,
        encoding: 'utf8',
      }).trim()
    git('init', '--quiet', '-b', 'main')
    git('add', '.')
    git('commit', '--quiet', '-m', 'c')
    writeFileSync(join(path, 'lib/a.ex'), 'changed since')
    const source = await openSource(join(path, 'lib'), {ref: 'main'})
    expect(source).toMatchObject({kind: 'objects', commit: git('rev-parse', 'HEAD')})
    expect(await bytesOf(source)).toEqual({'a.ex': 'committed'.length})
    git('clone', '--quiet', '--bare', '.', join(top, 'bare.git'))
    expect(await bytesOf(await openSource(join(top, 'bare.git')))).toEqual({'b.ex': 1, 'lib/a.ex': 9})
    await expect(openSource(path, {ref: 'nope'})).rejects.toMatchObject({code: 'no-such-ref'})
    await expect(openSource(folder(), {ref: 'main'})).rejects.toMatchObject({code: 'not-a-repository', exit: 2})
  })
  test('a packed file', async () => {
    const digest = digestOf
    const files = [{path: 'lib/a.ex', bytes: new TextEncoder().encode('x = "</file>"\n')}]
    const about = {name: 'acme/shop', commit: 'a'.repeat(40), budget: null}
    const pack = packTexts(readTexts(files, digest), about)
    const path = join(folder({'packed.xml': renderPack(pack, 'xml')}), 'packed.xml')
    const source = await openSource(path)
    expect(source).toMatchObject({kind: 'pack-file', name: 'acme/shop', commit: 'a'.repeat(40)})
    expect(await source.list()).toEqual([{path: 'lib/a.ex', kind: 'file', bytes: 14, sha: null}])
    const texts = readTexts(await source.read(await source.list()), digest)
    const again = packTexts(texts, {...about, name: source.name, commit: source.commit})
    expect(again).toEqual(pack)
    await expect(openSource(join(folder({'a.ex': 'no pack'}), 'a.ex'))).rejects.toMatchObject({code: 'not-a-pack'})
  })
})

describe('writing', () => {
  test('makes the folders, replaces what is there, leaves nothing beside it', () => {
    const path = folder()
    expect(writeInside(path, 'evolved_pipelines/a/plan.yaml', 'one')).toBe(join(path, 'evolved_pipelines/a/plan.yaml'))
    writeInside(path, 'evolved_pipelines/a/plan.yaml', 'two')
    expect(readFileSync(join(path, 'evolved_pipelines/a/plan.yaml'), 'utf8')).toBe('two')
    expect(readdirSync(join(path, 'evolved_pipelines/a'))).toEqual(['plan.yaml'])
  })
  test.each([
    '../x',
    '/etc/x',
    'a/../../x',
    '',
    '.',
    'a//b',
    './a',
    'a/',
    '.git/hooks/post-checkout',
    'a/.GIT/config',
    'a\0b',
    '..\\x',
  ])('%j is refused', (relative) => {
    expect(() => writeInside(folder(), relative, 'x')).toThrow(expect.objectContaining({code: 'outside', exit: 2}))
  })
  test('no link on the way, none at the end', () => {
    const path = folder({file: 'f', 'dir/x': 'x'})
    const elsewhere = folder({victim: 'untouched'})
    symlinkSync(elsewhere, join(path, 'link'))
    symlinkSync(join(elsewhere, 'victim'), join(path, 'end'))
    symlinkSync(join(elsewhere, 'new'), join(path, 'dangling'))
    for (const relative of ['link/a', 'link/sub/a', 'end', 'dangling', 'dir', 'file/a']) {
      expect(() => writeInside(path, relative, 'x')).toThrow(expect.objectContaining({code: 'outside'}))
    }
    expect(readdirSync(elsewhere)).toEqual(['victim'])
    expect(readFileSync(join(elsewhere, 'victim'), 'utf8')).toBe('untouched')
  })
  test('keeps the mode of what it replaces, and a root that is itself a link is where it points', () => {
    const path = folder({'run.sh': 'x'})
    chmodSync(join(path, 'run.sh'), 0o755)
    symlinkSync(path, join(top, 'alias'))
    writeInside(join(top, 'alias'), 'run.sh', 'y')
    expect(lstatSync(join(path, 'run.sh')).mode & 0o777).toBe(0o755)
  })
})

describe('reading one text', () => {
  test('a file, also through a link that a person named', () => {
    const path = folder({'a.yaml': 'ü\n'})
    symlinkSync('a.yaml', join(path, 'b.yaml'))
    expect(readText(join(path, 'a.yaml'))).toBe('ü\n')
    expect(readText(join(path, 'b.yaml'))).toBe('ü\n')
  })
  test('nothing else', () => {
    const path = folder({'a.yaml': 'four'})
    execFileSync('mkfifo', [join(path, 'pipe')])
    for (const wrong of ['nope', '.', 'pipe', 'a.yaml/b']) {
      expect(() => readText(join(path, wrong))).toThrow(expect.objectContaining({code: 'no-such-file', exit: 2}))
    }
    expect(() => readText(join(path, 'a.yaml'), 3)).toThrow('larger than')
    expect(existsSync(join(path, 'pipe'))).toBe(true)
  })
})
