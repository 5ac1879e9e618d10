/** Which way imports point (DESIGN §6), each rule a sentence. */
import {readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const files = readdirSync(join(root, 'src'), {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
  .toSorted()

interface Import {
  readonly from: string
  readonly to: string
}

const textOf = (file: string): string => readFileSync(join(root, 'src', file), 'utf8')
const specifiers =
  /(?:^|\n)(?:import|export)\b(?:[^'"`;\n]|\n(?!import|export|const|\/))*?\bfrom '([^']+)'|(?:^|\n)import '([^']+)'|\bimport\(\s*(?:\/\*[^*]*\*\/\s*)?'([^']+)'/g
const imports: readonly Import[] = files.flatMap((from) =>
  [...textOf(from).matchAll(specifiers)].map(([, named, bare, lazy]) => {
    const name = named ?? bare ?? lazy ?? ''
    const to = name.startsWith('.') ? relative(join(root, 'src'), join(root, 'src', dirname(from), name)) : name
    return {from, to: to.replaceAll('\\', '/')}
  }),
)

const stages = ['request', 'pack', 'scan', 'pipeline', 'plan', 'apply', 'score', 'report', 'optimize']
const registries = [
  'scan/rules',
  'pipeline/steps',
  'plan/rules',
  'score/scorers',
  'optimize/optimizers',
  'adapters/providers',
  'commands',
]
const shared = ['errors.ts', 'trust.ts', 'provider.ts', 'document.ts', 'budget.ts', 'recordings.ts']
const pureLibraries = ['zod', 'yaml', 'ignore', 'jsonrepair', 'web-tree-sitter', 're2js', 'papaparse']
/** What the members of a registry are, beside them. */
const contracts = ['rule.ts', 'scorer.ts', 'command.ts']
/** What runs, and what the entries share to gather the outside and to publish. */
const entries = [
  'index.ts',
  'action.ts',
  'cli.ts',
  'outside.ts',
  'locally.ts',
  'printing.ts',
  'answer.ts',
  'artifact.ts',
  'memory.ts',
  'publication.ts',
  'review.ts',
  'target.ts',
  'parser.ts',
  'nightly.ts',
  'trial.ts',
  'evolving.ts',
  'amendment.ts',
  'errand.ts',
  'workshop.ts',
  'offer.ts',
]
const isEntry = (file: string): boolean => entries.includes(file) || file.startsWith('commands/')
const stageOf = (file: string): number => stages.indexOf(file.split('/')[0] ?? '')
const inStage = imports.filter(({from}) => stageOf(from) >= 0)
const isOurs = (name: string): boolean => name.endsWith('.ts')
const say = (found: readonly Import[]): readonly string[] => found.map(({from, to}) => `${from} imports ${to}`)

describe('the direction of imports', () => {
  test('the files are found and read', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(imports.length).toBeGreaterThan(100)
    expect(imports.some(({from, to}) => from === 'index.ts' && to === 'cli.ts')).toBe(true)
  })
  test('a stage imports only itself, stages to its left and what all share', () => {
    const wrong = inStage.filter(
      ({from, to}) => isOurs(to) && !shared.includes(to) && (stageOf(to) < 0 || stageOf(to) > stageOf(from)),
    )
    expect(say(wrong)).toEqual([])
  })
  test('a stage imports no package but pure ones', () => {
    expect(say(inStage.filter(({to}) => !isOurs(to) && !pureLibraries.includes(to)))).toEqual([])
  })
  test('what all share imports nothing but itself and pure libraries', () => {
    const wrong = imports.filter(
      ({from, to}) => shared.includes(from) && !shared.includes(to) && !pureLibraries.includes(to),
    )
    expect(say(wrong)).toEqual([])
  })
  test('only entries import adapters', () => {
    const wrong = imports.filter(
      ({from, to}) => to.startsWith('adapters/') && !isEntry(from) && !from.startsWith('adapters/'),
    )
    expect(say(wrong)).toEqual([])
  })
  test('only entries, run.ts and adapters import host.ts', () => {
    const wrong = imports.filter(
      ({from, to}) => to === 'host.ts' && !isEntry(from) && from !== 'run.ts' && !from.startsWith('adapters/'),
    )
    expect(say(wrong)).toEqual([])
  })
  test('members of a registry import neither the registry nor each other', () => {
    const wrong = imports.filter(({from, to}) => {
      const registry = registries.find((each) => dirname(from) === each)
      return (
        registry !== undefined &&
        !from.endsWith('/index.ts') &&
        dirname(to) === registry &&
        !contracts.includes(to.slice(registry.length + 1))
      )
    })
    expect(say(wrong)).toEqual([])
  })
  test('nothing imports an entry but entries', () => {
    expect(say(imports.filter(({from, to}) => entries.includes(to) && !isEntry(from)))).toEqual([])
  })
  test('there is no import cycle', () => {
    const next = new Map(files.map((file) => [file, imports.filter(({from, to}) => from === file && isOurs(to))]))
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (done.has(file)) return
      for (const {to} of next.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })
})

describe('what stands where', () => {
  test.each([
    '@actions/core',
    '@actions/github',
    '@octokit/rest',
    '@anthropic-ai/sdk',
    '@google/generative-ai',
    'commander',
  ])('%s is named in one file', (name) => {
    expect(new Set(imports.filter(({to}) => to === name).map(({from}) => from)).size).toBeLessThanOrEqual(1)
  })
  test('stages ask nothing of the clock, chance or the process', () => {
    const wrong = files.filter(
      (file) =>
        stageOf(file) >= 0 &&
        /\b(?:Date\.now|new Date\(\)|Math\.random|process\.|performance\.now|globalThis\.fetch)\b/.test(
          textOf(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
        ),
    )
    expect(wrong).toEqual([])
  })
  test('there is no class but Failure, no any and no cast', () => {
    const code = (file: string): string =>
      textOf(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""')
    expect(
      files.filter((file) => file !== 'errors.ts' && /(?:^|\n)\s*(?:export )?(?:abstract )?class \w/.test(code(file))),
    ).toEqual([])
    expect(files.filter((file) => /[:<,]\s*any\b(?!-)/.test(code(file)))).toEqual([])
    const casts = /\)\s+as\s+(?!const\b)[A-Z{]|\w\s+as\s+(?!const\b)(?:[A-Z]\w*\b(?!\s*[,}])|unknown|string|number)/
    expect(
      files.filter(
        (file) =>
          file !== 'trust.ts' &&
          casts.test(code(file).replaceAll(/(?:import|export)[^\n]*\{[^}]*\}|import \* as/g, '')),
      ),
    ).toEqual([])
  })
  test('no file is a drawer for the rest', () => {
    expect(files.filter((file) => /(?:^|\/)(?:utils?|helpers?|common|misc|types)(?:\.ts|\/)/.test(file))).toEqual([])
  })
  test('every registry is an index.ts with one line a member', () => {
    const missing = registries.flatMap((folder) =>
      files
        .filter((file) => dirname(file) === folder && !file.endsWith('/index.ts'))
        .filter(
          (file) =>
            !imports.some(({from, to}) => from === `${folder}/index.ts` && to === file) &&
            !contracts.includes(file.slice(folder.length + 1)),
        ),
    )
    expect(missing).toEqual([])
  })
})
