/** All files or none, on a real disk. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {execFileSync} from 'node:child_process'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {exchangeFiles, type Exchange} from '../../src/adapters/exchange.ts'
import {Failure} from '../../src/errors.ts'

let root = ''
let outside = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exchange-'))
  outside = mkdtempSync(join(tmpdir(), 'exchange-outside-'))
  for (const [path, text] of Object.entries({'lib/a.ex': 'a\n', 'lib/b.ex': 'b\n', 'run.sh': '#!/bin/sh\n'})) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), text)
  }
})
afterEach(() => {
  chmodSync(join(root, 'lib'), 0o755)
  for (const folder of [root, outside]) rmSync(folder, {recursive: true, force: true})
})

const contents = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(root, {recursive: true, encoding: 'utf8'})
      .toSorted()
      .flatMap((path) => (statSync(join(root, path)).isFile() ? [[path, readFileSync(join(root, path), 'utf8')]] : [])),
  )
const folders = (): readonly string[] =>
  readdirSync(root, {recursive: true, encoding: 'utf8'}).filter((path) => statSync(join(root, path)).isDirectory())
const change = (path: string, before: string | null, after: string | null): Exchange => ({path, before, after})
const codeOf = (files: readonly Exchange[]): string => {
  try {
    exchangeFiles(root, files)
    return 'done'
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code
    throw thrown
  }
}

describe('what goes well', () => {
  test('is written, made and taken away, and nothing is left behind', () => {
    exchangeFiles(root, [
      change('lib/a.ex', 'a\n', '\ufeffA\r\n'),
      change('lib/b.ex', 'b\n', null),
      change('test/deep/c_test.exs', null, 'c\n'),
    ])
    expect(contents()).toEqual({'lib/a.ex': '\ufeffA\r\n', 'run.sh': '#!/bin/sh\n', 'test/deep/c_test.exs': 'c\n'})
  })
  test.each([0o755, 0o664, 0o600, 0o444])('keeps the mode %o', (mode) => {
    chmodSync(join(root, 'run.sh'), mode)
    exchangeFiles(root, [change('run.sh', '#!/bin/sh\n', '#!/bin/sh\ntrue\n')])
    expect(statSync(join(root, 'run.sh')).mode & 0o777).toBe(mode)
  })
  test('does not write through to a second name of the file', () => {
    linkSync(join(root, 'run.sh'), join(root, 'other.sh'))
    exchangeFiles(root, [change('run.sh', '#!/bin/sh\n', 'new\n')])
    expect(readFileSync(join(root, 'other.sh'), 'utf8')).toBe('#!/bin/sh\n')
  })
})

describe('what must not be', () => {
  const good = change('lib/a.ex', 'a\n', 'A\n')
  test.each([
    ['a path that leads out', change('../x', null, 'x'), 'outside'],
    ['an absolute path', change('/tmp/x', null, 'x'), 'outside'],
    ['the folder of git', change('.git/hooks/x', null, 'x'), 'outside'],
    ['its other spelling', change('lib/.GIT/x', null, 'x'), 'outside'],
    ['a backslash', change('lib\\x', null, 'x'), 'outside'],
    ['a link', change('link.ex', 'a\n', 'x'), 'outside'],
    ['a new file where a link is', change('link.ex', null, 'x'), 'outside'],
    ['a folder that is a link', change('out/x', null, 'x'), 'outside'],
    ['a folder', change('lib', null, 'x'), 'outside'],
    ['a pipe', change('pipe', null, 'x'), 'outside'],
    ['a file that changed', change('lib/b.ex', 'old\n', 'x'), 'changed-meanwhile'],
    ['a file that is gone', change('lib/gone.ex', 'old\n', 'x'), 'changed-meanwhile'],
    ['a file that came', change('lib/b.ex', null, 'x'), 'changed-meanwhile'],
    ['a file in the way of a folder', change('lib/b.ex/x', null, 'x'), 'cannot-write'],
  ])('%s: nothing is touched', (_, bad, code) => {
    symlinkSync('lib/a.ex', join(root, 'link.ex'))
    symlinkSync(outside, join(root, 'out'))
    execFileSync('mkfifo', [join(root, 'pipe')])
    const before = contents()
    expect(codeOf([good, bad])).toBe(code)
    expect(contents()).toEqual(before)
    expect(readdirSync(outside)).toEqual([])
  })
  test.runIf(process.getuid?.() !== 0)('a folder that nobody may write in: what was made before is taken back', () => {
    const before = contents()
    chmodSync(join(root, 'lib'), 0o555)
    expect(codeOf([change('new/deep/x.ex', null, 'x'), good])).toBe('cannot-write')
    chmodSync(join(root, 'lib'), 0o755)
    expect(contents()).toEqual(before)
    expect(folders()).toEqual(['lib'])
  })
  test('what fails at the last rename puts back what was exchanged before', () => {
    // the second is a folder for the first: both are fine alone, and together one of them cannot be
    const files = [good, change('lib/b.ex', 'b\n', null), change('lib/n', null, 'n'), change('lib/n/m', null, 'm')]
    const before = contents()
    expect(codeOf(files)).toBe('cannot-write')
    expect(contents()).toEqual(before)
    expect(folders()).toEqual(['lib'])
  })
  test('a file that comes after the first look is not written over', () => {
    const before = contents()
    const twice = [good, change('lib/n', null, 'first\n'), change('lib/n', null, 'second\n')]
    expect(codeOf(twice)).toBe('cannot-write')
    expect(contents()).toEqual(before)
    expect(readdirSync(join(root, 'lib'))).toEqual(['a.ex', 'b.ex'])
  })
  test('a folder that is swapped for a link after the first look', () => {
    const swapped = {
      ...good,
      get after(): string {
        renameSync(join(root, 'lib'), join(root, 'real'))
        symlinkSync(outside, join(root, 'lib'))
        return 'A\n'
      },
    }
    writeFileSync(join(outside, 'a.ex'), 'a\n')
    expect(codeOf([swapped])).toBe('cannot-write')
    expect(readdirSync(outside)).toEqual(['a.ex'])
    expect(readFileSync(join(outside, 'a.ex'), 'utf8')).toBe('a\n')
    expect(readdirSync(join(root, 'real'))).toEqual(['a.ex', 'b.ex'])
  })
  test('a name that is too long', () => {
    const before = contents()
    expect(codeOf([good, change(`new/${'n'.repeat(300)}`, null, 'x')])).toBe('cannot-write')
    expect(contents()).toEqual(before)
    expect(folders()).toEqual(['lib'])
  })
})
