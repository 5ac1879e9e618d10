import * as fc from 'fast-check'
import type {Tree} from 'web-tree-sitter'
import {beforeAll, describe, expect, it} from 'vitest'
import {loadParse} from '../../src/adapters/grammars.ts'
import {languageOf, languages, unreadLanguages, type Parse} from '../../src/scan/parse.ts'
import {scan} from '../../src/scan/scan.ts'
import type {Code} from './example.ts'
import {elixirExamples} from './examples/elixir.ts'
import {otherExamples} from './examples/other.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParse(languages)
})

const samples: readonly Code[] = [...Object.values(elixirExamples), ...Object.values(otherExamples)].flatMap(({hits}) =>
  hits.flatMap(({files}) => files),
)

describe('languageOf', () => {
  it.each([
    ['lib/a.ex', 'elixir'],
    ['mix.exs', 'elixir'],
    ['src/a.ts', 'typescript'],
    ['src/a.mts', 'typescript'],
    ['src/a.cts', 'typescript'],
    ['src/a.tsx', 'tsx'],
    ['src/a.js', 'javascript'],
    ['src/a.mjs', 'javascript'],
    ['src/a.cjs', 'javascript'],
    ['src/a.jsx', 'javascript'],
    ['a.py', 'python'],
    ['A.PY', 'python'],
    ['README.md', null],
    ['Makefile', null],
    ['a.constructor', null],
    ['ts', null],
  ])('%s → %s', (path, language) => {
    expect(languageOf(path)).toBe(language)
  })
})

describe('unreadLanguages', () => {
  it.each([
    [[], []],
    [['a.ts', 'b.py', 'README.md', 'data.json', 'a.constructor'], []],
    [['a.go'], [{language: 'Go', files: 1}]],
    [
      ['a.go', 'b.c', 'B.H', 'c.cpp', 'x/d.cc', 'e.hpp'],
      [
        {language: 'C++', files: 3},
        {language: 'C', files: 2},
        {language: 'Go', files: 1},
      ],
    ],
  ])('%j: %j', (paths, unread) => {
    expect(unreadLanguages(paths)).toEqual(unread)
  })
})

describe('scan', () => {
  const spawn =
    'defmodule A do\n  def go, do: spawn(fn -> :ok end)\n  def slow(p), do: GenServer.call(p, :x, :infinity)\nend\n'

  it('numbers by severity, then path, then line, whatever the order of the files', () => {
    const files = [
      {path: 'lib/b.ex', text: spawn},
      {path: 'a.py', text: 'text = open("x").read()\n'},
      {path: 'lib/a.ex', text: spawn.replace('A do', 'B do')},
    ]
    const {findings} = scan(files, parse)
    expect(findings.map(({id, rule, locations: [first]}) => `${id} ${rule} ${first?.file}`)).toEqual([
      'S1 unsupervised-spawn lib/a.ex',
      'S2 unsupervised-spawn lib/b.ex',
      'S3 infinite-timeout lib/a.ex',
      'S4 infinite-timeout lib/b.ex',
      'S5 unclosed-file a.py',
    ])
    expect(scan(files.toReversed(), parse)).toEqual({findings, skipped: []})
  })

  it.each([
    ['a syntax error before', `defmodule Broken do\n  def x(, do: )\nend\n${spawn}`],
    ['one after', `${spawn}\ndefmodule Broken do\n  def x(`],
  ])('still reads a file with %s', (_, text) => {
    expect(scan([{path: 'lib/a.ex', text}], parse).findings.map(({rule}) => rule)).toContain('unsupervised-spawn')
  })

  it('says what it did not read, and why', () => {
    const files = [
      {path: 'src/big.ts', text: 'x()\n'.repeat(300_000)},
      {path: 'src/app.min.js', text: `var a=1;${'f(a);'.repeat(2000)}`},
      {path: 'src/deep.js', text: `${'['.repeat(2000)}1${']'.repeat(2000)}`},
      {path: 'README.md', text: 'spawn'},
    ]
    expect(scan(files, parse).skipped).toEqual([
      {file: 'src/app.min.js', why: 'minified: a line is longer than 5000 characters'},
      {file: 'src/big.ts', why: 'larger than 1 MB'},
      {file: 'src/deep.js', why: 'nested too deeply to be read'},
    ])
  })

  it('says so when the grammar gives up', () => {
    expect(scan([{path: 'a.py', text: 'eval(x)'}], () => null)).toEqual({
      findings: [],
      skipped: [{file: 'a.py', why: 'could not be parsed in time'}],
    })
  })

  it('frees every tree', () => {
    let [made, freed] = [0, 0]
    const counting: Parse = (language, text) => {
      const tree: Tree | null = parse(language, text)
      if (tree === null) return null
      made++
      const free = tree.delete.bind(tree)
      tree.delete = () => {
        freed++
        free()
      }
      return tree
    }
    scan(samples, counting)
    expect(made).toBeGreaterThan(40)
    expect(freed).toBe(made)
  })

  it('keeps evidence verbatim with carriage returns, byte order marks and astral characters', () => {
    const text = `\uFEFFdefmodule A do\r\n  def go, do: spawn(fn -> "${'😀'.repeat(150)}" end)\r\nend\r\n`
    const [finding] = scan([{path: 'lib/a.ex', text}], parse).findings
    const evidence = finding?.locations[0]?.evidence ?? ''
    expect(evidence).toMatch(/^def go, do: spawn/)
    expect(text).toContain(evidence)
    expect(evidence).not.toMatch(/\p{Surrogate}/u)
    expect(finding?.locations[0]?.start_line).toBe(2)
  })

  it('has nothing to say about nothing', () => {
    expect(scan([], parse)).toEqual({findings: [], skipped: []})
  })
})

describe('hostile text', () => {
  const isSound = (file: Code): void => {
    const {findings} = scan([file], parse)
    for (const {locations, title} of findings) {
      expect((title ?? '').length).toBeLessThanOrEqual(80)
      for (const {evidence = '', start_line: start = 0, end_line: end = 0} of locations) {
        expect(evidence).not.toBe('')
        expect(file.text).toContain(evidence)
        expect(start).toBeGreaterThanOrEqual(1)
        expect(end).toBeGreaterThanOrEqual(start)
        expect(end).toBeLessThanOrEqual(file.text.split('\n').length)
      }
    }
  }
  const paths = ['lib/a.ex', 'src/a.ts', 'src/a.tsx', 'src/a.js', 'a.py']

  it('arbitrary text never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.string({unit: 'binary', maxLength: 200}), (path, text) =>
        isSound({path, text}),
      ),
      {numRuns: 200},
    )
  })

  it('damaged code never throws, and its evidence stands in it', () => {
    const damaged = fc.record({
      sample: fc.constantFrom(...samples),
      cuts: fc.array(
        fc.record({
          at: fc.nat(),
          length: fc.nat({max: 12}),
          by: fc.constantFrom('', '(', ')', '"', 'do', 'end', '%{', '->', '\n', ' ', '#{', '`', ':', '|>'),
        }),
        {minLength: 1, maxLength: 4},
      ),
    })
    fc.assert(
      fc.property(damaged, ({sample, cuts}) => {
        const text = cuts.reduce((text, {at, length, by}) => {
          const start = at % (text.length + 1)
          return text.slice(0, start) + by + text.slice(start + length)
        }, sample.text)
        isSound({path: sample.path, text})
      }),
      {numRuns: 400},
    )
  })
})

describe('loadParse', () => {
  it('gives up in time, and the next file is read from its start', async () => {
    const hasty = await loadParse(['python'], 0)
    expect(hasty('python', 'x = [1, 2, 3]\n'.repeat(20_000))).toBeNull()
    const tree = hasty('python', 'pass')
    expect(tree?.rootNode.toString()).toBe('(module (pass_statement))')
    tree?.delete()
  })

  it('loads what is asked for only', async () => {
    const only = await loadParse(['python'])
    expect(only('elixir', 'x')).toBeNull()
    const tree = only('python', 'x = 1')
    expect(tree?.rootNode.type).toBe('module')
    tree?.delete()
  })
})
