import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Entry, LeftOutReason} from '../../src/pack/pack.ts'
import {isGold, select, type SelectOptions} from '../../src/pack/select.ts'

const file = (path: string, bytes: number | null = 10): Entry => ({path, kind: 'file', bytes, sha: null})
const why = (path: string, options: SelectOptions = {}): LeftOutReason | null =>
  select([file(path)], options).leftOut[0]?.why ?? null

describe('what is left out, and why', () => {
  test.each<[string, LeftOutReason | null]>([
    ['lib/shop.ex', null],
    ['gold/otp/gold.yaml', 'gold'],
    ['gold/otp/repository/lib/a.ex', 'gold'],
    ['GOLD/otp/repository/lib/a.ex', 'gold'],
    ['golden/a.ex', null],
    ['lib/gold/a.ex', null],
    ['elsewhere/Gold.YML', 'gold'],
    ['gold.yaml', 'gold'],
    ['lib/gold.yaml.ex', null],
    ['evolved_pipelines/plan_a_12345678.yaml', 'plan'],
    ['apps/one/Evolved_Pipelines/plan.yaml', 'plan'],
    ['node_modules/zod/index.js', 'generated'],
    ['packages/a/node_modules/b/c.js', 'generated'],
    ['deps/jason/lib/jason.ex', 'generated'],
    ['apps/web/deps/jason/lib/jason.ex', 'generated'],
    ['_build/dev/lib/a.ex', 'generated'],
    ['dist/index.js', 'generated'],
    ['lib/shop/vendor/catalog.ex', null],
    ['src/deps/solver.ts', null],
    ['mix.lock', 'generated'],
    ['apps/a/package-lock.json', 'generated'],
    ['public/app.min.js', 'generated'],
    ['lib/lock.ex', null],
    ['.env', 'secret'],
    ['config/.env.production', 'secret'],
    ['.env.example', null],
    ['priv/cert/key.pem', 'secret'],
    ['id_rsa', 'secret'],
    ['../outside.ex', 'excluded'],
    ['/etc/passwd', 'excluded'],
    ['a/.git/config', 'excluded'],
    [`${'a/'.repeat(65)}b.ex`, 'too-large'],
    [`${'a'.repeat(1100)}.ex`, 'too-large'],
  ])('%s: %s', (path, expected) => {
    expect(why(path)).toBe(expected)
  })
  test.each<[string, SelectOptions, LeftOutReason | null]>([
    ['lib/a.ex', {include: ['lib/']}, null],
    ['lib/a.ex', {include: ['*.py']}, 'excluded'],
    ['lib/a.ex', {exclude: ['/lib/*.ex']}, 'excluded'],
    ['lib/A.ex', {exclude: ['a.ex']}, null],
    ['gold/a.ex', {include: ['gold/']}, 'gold'],
    ['standards/x/a.ex', {goldRoots: ['./Standards/']}, 'gold'],
    ['standards/é/a.ex', {goldRoots: ['standards/e\u0301']}, 'gold'],
    ['gold/a.ex', {goldRoots: ['standards']}, null],
    ['lib/a.ex', {goldRoots: ['.']}, null],
    ['lib/a.ex', {maxBytes: 9}, 'too-large'],
    ['lib/a.ex', {maxTotalBytes: 9}, 'over-budget'],
  ])('%s with %j: %s', (path, options, expected) => {
    expect(why(path, options)).toBe(expected)
  })
  test('links and submodules are their own reasons', () => {
    const entries: readonly Entry[] = [
      {path: 'link', kind: 'symlink', bytes: 3, sha: null},
      {path: 'gold/link', kind: 'symlink', bytes: 3, sha: null},
      {path: 'sub', kind: 'submodule', bytes: null, sha: null},
    ]
    expect(select(entries).leftOut.map(({why}) => why)).toEqual(['symlink', 'symlink', 'submodule'])
  })
  test('a sparse gigabyte is too large before anything is read', () => {
    expect(select([file('huge.ex', 2 ** 30)]).leftOut).toEqual([{path: 'huge.ex', why: 'too-large'}])
  })
})

test('changed files come first, then manifests, source, tests and the rest, each in the given order', () => {
  const given = [
    'docs/z.md',
    'test/b_test.exs',
    'lib/b.ex',
    'lib/a.ex',
    'mix.exs',
    'README.md',
    'data.csv',
    'test/a_test.exs',
    'notes.txt',
  ]
  const order = (changed: readonly string[]): readonly string[] =>
    select(
      given.map((path) => file(path)),
      {changed},
    ).chosen.map(({path}) => path)
  const rest = [
    'mix.exs',
    'README.md',
    'lib/b.ex',
    'lib/a.ex',
    'test/b_test.exs',
    'test/a_test.exs',
    'docs/z.md',
    'data.csv',
    'notes.txt',
  ]
  expect(order([])).toEqual(rest)
  const changed = ['notes.txt', 'lib/a.ex']
  expect(order(changed)).toEqual(['lib/a.ex', 'notes.txt', ...rest.filter((path) => !changed.includes(path))])
})

test('adding files to a pull request cannot push its changed source behind its junk', () => {
  const junk = Array.from({length: 200}, (_, index) => file(`aaa/junk${index}.bin.txt`))
  const {chosen} = select([...junk, file('lib/real.ex')], {changed: [...junk.map(({path}) => path), 'lib/real.ex']})
  expect(chosen[0]?.path).toBe('lib/real.ex')
})

const segment = fc.oneof(
  fc.constantFrom(
    'gold',
    'Gold',
    'lib',
    'deps',
    'node_modules',
    '..',
    '.git',
    'test',
    'a b',
    'evolved_pipelines',
    'gold.yaml',
    'x.ex',
    '.env',
  ),
  fc.string({minLength: 1, maxLength: 8, unit: 'grapheme'}),
)
const entry: fc.Arbitrary<Entry> = fc.record({
  path: fc.array(segment, {minLength: 1, maxLength: 5}).map((parts) => parts.join('/')),
  kind: fc.constantFrom('file', 'symlink', 'submodule'),
  bytes: fc.oneof(fc.constant(null), fc.nat(2_000_000)),
  sha: fc.constant(null),
})

test('every entry ends up in exactly one of the two lists, and no gold is chosen', () => {
  fc.assert(
    fc.property(fc.array(entry, {maxLength: 40}), fc.array(segment, {maxLength: 2}), (entries, changed) => {
      const {chosen, leftOut} = select(entries, {changed, exclude: ['a b'], maxTotalBytes: 3_000_000})
      const both = [...chosen, ...leftOut].map(({path}) => path).toSorted()
      expect(both).toEqual(entries.map(({path}) => path).toSorted())
      expect(chosen.filter(({path, kind}) => kind !== 'file' || isGold(path))).toEqual([])
    }),
  )
})

test('of two hundred thousand files twenty-five thousand are read, changed ones and sources first, and that in a moment', () => {
  const entries = Array.from({length: 200_000}, (_, index) => file(`d${index % 977}/f${index}.ex`))
  const start = performance.now()
  const keep = ['d1/f199309.ex']
  const {chosen, leftOut} = select([...entries, file('README.md')], {changed: ['d112/f199420.ex'], keep})
  expect(chosen.at(-1)?.path).toBe('d1/f199309.ex')
  expect(chosen.slice(0, 2).map(({path}) => path)).toEqual(['d112/f199420.ex', 'README.md'])
  expect(chosen).toHaveLength(25_000)
  expect(leftOut).toHaveLength(175_001)
  expect(new Set(leftOut.map(({why}) => why))).toEqual(new Set(['over-budget']))
  expect(performance.now() - start).toBeLessThan(10_000)
})
