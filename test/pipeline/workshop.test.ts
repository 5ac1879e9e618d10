/** What a run on a person's own machine takes from its file, and what it does not. */
import {mkdtempSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {folderOf} from '../../src/workshop.ts'

describe('a folder that the file names', () => {
  const cwd = join(mkdtempSync(join(tmpdir(), 'workshop-')), 'here')
  test.each([
    ['none', null, 'usual', false],
    ['one beside it', 'out', 'out', false],
    ['one below', './a/../b/c', 'b/c', false],
    ['the folder itself', '.', '.', false],
    ['one by its whole path', join(cwd, 'x'), 'x', false],
    ['one outside', '../out', 'usual', true],
    ['one outside by its whole path', '/etc', 'usual', true],
    ['one whose name begins with ours', `${cwd}-else`, 'usual', true],
    ['one that leads out and in', 'a/../../else', 'usual', true],
  ])('%s', (_, setting, wanted, isTold) => {
    const told: string[] = []
    expect(folderOf(setting, 'usual', {cwd, warn: (message) => void told.push(message)})).toBe(join(cwd, wanted, '.'))
    const expected = isTold ? [`${setting} lies outside of the current directory: usual is taken in its place`] : []
    expect(told).toEqual(expected)
  })
})
