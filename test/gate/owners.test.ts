/** Patterns of CODEOWNERS and of a workflow's branches. */
import {describe, expect, test} from 'vitest'
import {readOwners} from '../../src/gate/owners.ts'
import {letsThrough, matches} from '../../src/gate/wildcard.ts'

describe('who owns a path', () => {
  test.each<readonly [string, string, boolean]>([
    ['*', 'a/b/c.ts', true],
    ['/*', 'README.md', true],
    ['/*', 'a/b.md', false],
    ['*.js', 'a/b.js', true],
    ['*.js', 'a/b.jsx', false],
    ['/.github/', '.github/workflows/a.yml', true],
    ['.github', '.github/workflows/a.yml', true],
    ['.github/', 'a/.github/b.yml', true],
    ['/.github/', 'a/.github/b.yml', false],
    ['docs/*', 'docs/a.md', true],
    ['docs/*', 'docs/a/b.md', false],
    ['docs/**', 'docs/a/b.md', true],
    ['/docs', 'docs/a/b.md', true],
    ['/docs', 'docsite/a.md', false],
    ['apps/', 'x/apps/y', true],
    ['**/logs', 'a/logs/b', true],
    ['/a/**/b.yml', 'a/b.yml', true],
    ['/a/**/b.yml', 'a/x/y/b.yml', true],
    ['/a?c', 'abc', true],
    ['/a?c', 'a/c', false],
    ['!/docs', 'docs/a', false],
    ['/[d]ocs', 'docs/a', false],
    [String.raw`\#x`, '#x', false],
    ['#/docs', 'docs/a', false],
    ['/DOCS/', 'docs/a', false],
  ])('%s and %s: %s', (pattern, path, owned) =>
    expect(readOwners(`${pattern} @acme/team # why\n`)(path).length > 0).toBe(owned),
  )
  test.each<readonly [string, readonly string[]]>([
    ['* @a\n/gold/ @b', ['@b']],
    ['/gold/ @b\n* @a', ['@a']],
    ['* @a\n/gold/', []],
    ['/gold/ ada@example.com @acme/team', ['ada@example.com', '@acme/team']],
    ['/gold/ nobody', []],
    ['/gold/\t@b\r\n', ['@b']],
  ])('the last line about it decides: %j', (text, owners) =>
    expect(readOwners(text)('gold/self/gold.yaml')).toEqual(owners),
  )
})

describe('which branches start a workflow', () => {
  test.each<readonly [readonly string[], string, boolean | null]>([
    [['main'], 'main', true],
    [['main'], 'maintenance', false],
    [['release/*'], 'release/1', true],
    [['release/*'], 'release/1/a', false],
    [['release/**'], 'release/1/a', true],
    [['**'], 'a/b', true],
    [['*', '!main'], 'main', false],
    [['!main', '*'], 'main', true],
    [[], 'main', false],
    [['v[0-9]'], 'v1', null],
    [['mai+n'], 'main', null],
    [['*'.repeat(200)], 'main', null],
  ])('%j and %s: %s', (patterns, branch, answer) => expect(letsThrough(patterns, branch)).toBe(answer))
  test('a pattern of stars is no work', () => {
    const started = performance.now()
    expect(matches(`${'*a'.repeat(12)}b`, 'a'.repeat(256))).toBe(false)
    expect(performance.now() - started).toBeLessThan(200)
  })
})
