import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import * as fc from 'fast-check'
import {beforeAll, describe, expect, it, vi} from 'vitest'
import type * as TreeSitter from 'web-tree-sitter'
import {loadParse} from '../../src/adapters/grammars.ts'
import {home} from '../../src/adapters/home.ts'
import {languageOf, languages, unreadLanguages, type Parse, type Parsed} from '../../src/scan/parse.ts'
import {scan} from '../../src/scan/scan.ts'
import {readTree, walk} from '../../src/scan/syntax.ts'
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

  it('numbers by severity, then path, then line, whatever the order of the files', async () => {
    const files = [
      {path: 'lib/b.ex', text: spawn},
      {path: 'a.py', text: 'text = open("x").read()\n'},
      {path: 'lib/a.ex', text: spawn.replace('A do', 'B do')},
    ]
    const {findings} = await scan(files, parse)
    expect(findings.map(({id, rule, locations: [first]}) => `${id} ${rule} ${first?.file}`)).toEqual([
      'S1 unsupervised-spawn lib/a.ex',
      'S2 unsupervised-spawn lib/b.ex',
      'S3 infinite-timeout lib/a.ex',
      'S4 infinite-timeout lib/b.ex',
      'S5 unclosed-file a.py',
    ])
    expect(await scan(files.toReversed(), parse)).toEqual({findings, skipped: []})
  })

  it.each([
    ['a syntax error before', `defmodule Broken do\n  def x(, do: )\nend\n${spawn}`],
    ['one after', `${spawn}\ndefmodule Broken do\n  def x(`],
  ])('still reads a file with %s', async (_, text) => {
    expect((await scan([{path: 'lib/a.ex', text}], parse)).findings.map(({rule}) => rule)).toContain(
      'unsupervised-spawn',
    )
  })

  it('says what it did not read, and why', async () => {
    const files = [
      {path: 'src/big.ts', text: 'x()\n'.repeat(300_000)},
      {path: 'src/app.min.js', text: `var a=1;${'f(a);'.repeat(2000)}`},
      {path: 'src/deep.js', text: `${'['.repeat(2000)}1${']'.repeat(2000)}`},
      {path: 'README.md', text: 'spawn'},
    ]
    expect((await scan(files, parse)).skipped).toEqual([
      {file: 'src/app.min.js', why: 'minified: a line is longer than 5000 characters'},
      {file: 'src/big.ts', why: 'larger than 1 MB'},
      {file: 'src/deep.js', why: 'nested too deeply to be read'},
    ])
  })

  it('says so when the grammar gives up', async () => {
    expect(await scan([{path: 'a.py', text: 'eval(x)'}], async () => ['late'])).toEqual({
      findings: [],
      skipped: [{file: 'a.py', why: 'could not be parsed in time'}],
    })
  })

  it('asks for few trees at a time, and for each once, in order', async () => {
    const files = Array.from({length: 400}, (_, n) => ({path: `a${n}.py`, text: `x = ${n}\n`.repeat(500)}))
    let [open, most] = [0, 0]
    const asked: string[] = []
    const counting: Parse = async (texts) => {
      open += texts.length
      most = Math.max(most, open)
      asked.push(...texts.map(({text}) => text))
      await new Promise((done) => void setImmediate(done))
      open -= texts.length
      return texts.map(() => 'late')
    }
    expect((await scan(files, counting)).skipped).toHaveLength(400)
    expect(asked).toEqual(files.map(({text}) => text))
    expect(most).toBeGreaterThan(10)
    expect(most).toBeLessThan(150)
  })

  it('keeps evidence verbatim with carriage returns, byte order marks and astral characters', async () => {
    const text = `\uFEFFdefmodule A do\r\n  def go, do: spawn(fn -> "${'😀'.repeat(150)}" end)\r\nend\r\n`
    const [finding] = (await scan([{path: 'lib/a.ex', text}], parse)).findings
    const evidence = finding?.locations[0]?.evidence ?? ''
    expect(evidence).toMatch(/^def go, do: spawn/)
    expect(text).toContain(evidence)
    expect(evidence).not.toMatch(/\p{Surrogate}/u)
    expect(finding?.locations[0]?.start_line).toBe(2)
  })

  it('has nothing to say about nothing', async () => {
    expect(await scan([], parse)).toEqual({findings: [], skipped: []})
  })
})

describe('hostile text', () => {
  const isSound = async (file: Code): Promise<void> => {
    const {findings} = await scan([file], parse)
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

  it('arbitrary text never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.string({unit: 'binary', maxLength: 200}), (path, text) =>
        isSound({path, text}),
      ),
      {numRuns: 200},
    )
  })

  it('damaged code never throws, and its evidence stands in it', async () => {
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
    await fc.assert(
      fc.asyncProperty(damaged, async ({sample, cuts}) => {
        const text = cuts.reduce((text, {at, length, by}) => {
          const start = at % (text.length + 1)
          return text.slice(0, start) + by + text.slice(start + length)
        }, sample.text)
        await isSound({path: sample.path, text})
      }),
      {numRuns: 400},
    )
  })
})

describe('loadParse', () => {
  const typesOf = ([tree]: readonly Parsed[]): readonly string[] =>
    typeof tree === 'object' ? [...walk(readTree(tree, '').root)].map(({type}) => type) : [`${tree}`]

  it('gives up in time, and the next file is read from its start', async () => {
    const hasty = await loadParse(['python'], 0)
    expect(await hasty([{language: 'python', text: 'x = [1, 2, 3]\n'.repeat(20_000)}])).toEqual(['late'])
    expect(typesOf(await hasty([{language: 'python', text: 'pass'}]))).toEqual(['module', 'pass_statement'])
  })

  it('loads what is asked for only', async () => {
    const only = await loadParse(['python'])
    expect(await only([{language: 'elixir', text: 'x'}])).toEqual(['late'])
    expect(typesOf(await only([{language: 'python', text: 'x = 1'}]))[0]).toBe('module')
  })

  it('frees every tree', async () => {
    const {Parser, Tree}: typeof TreeSitter = await import(
      pathToFileURL(join(home, 'dist', 'grammars', 'web-tree-sitter.js')).href
    )
    const made = vi.spyOn(Parser.prototype, 'parse')
    const freed = vi.spyOn(Tree.prototype, 'delete')
    const deep = {path: 'deep.js', text: `${'['.repeat(2000)}1${']'.repeat(2000)}`}
    await scan([...samples, deep], parse)
    expect(made.mock.calls.length).toBeGreaterThan(40)
    expect(freed).toHaveBeenCalledTimes(made.mock.calls.length)
    vi.restoreAllMocks()
  })
})
