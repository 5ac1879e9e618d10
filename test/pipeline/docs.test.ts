/** What the documents show is what the readers say: every block of YAML, and every mistake that stands behind one. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, onTestFinished, test} from 'vitest'
import {renderProblem} from '../../src/document.ts'
import {functions, special} from '../../src/pipeline/functions.ts'
import {parsePipeline, type Reader} from '../../src/pipeline/pipeline.ts'
import {root, spawnBundle} from '../acceptance/bundle.ts'

interface Block {
  readonly name: string
  readonly yaml: string
  /** What `check` is shown to say of it, the command in the first line; null: nothing. */
  readonly said: string | null
}

const indented = (yaml: string): string => yaml.replaceAll(/^(?=.)/gm, '  ')

/** Steps of a page stand behind its first ones, as a reader sees them. */
function wholeOf(yaml: string, first: string): string {
  if (!yaml.startsWith('- ')) return yaml
  return `name: shown\nsteps:\n${indented(yaml === first ? yaml : `${first}${yaml}`)}`
}

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(root, page), 'utf8')
  const found = [...text.matchAll(/^```yaml\n(.*?)^```\n(?:\n```text\n(\$ .*?)^```\n)?/gms)]
  const first = found.find(([, yaml = '']) => yaml.startsWith('- '))?.[1] ?? ''
  return found.map(([, yaml = '', said = null], index) => ({
    name: `${page} ${index + 1}: ${yaml.split('\n')[0] ?? ''}`,
    yaml: wholeOf(yaml, first),
    said,
  }))
}

const pages = ['docs/pipelines.md', 'pipelines/README.md']
const blocks = pages.flatMap(blocksOf)
const clean = blocks.filter(({said}) => said === null)
const wrong = blocks.flatMap(({said, ...block}) => (said === null ? [] : [{...block, said}]))

const problemsIn = (yaml: string, file: string, reader: Reader): readonly string[] => {
  const read = parsePipeline(yaml, file, {reader})
  return read.ok ? [] : read.problems.map(renderProblem)
}

test('every page has some, and no block is left out', () => {
  const opened = pages.flatMap((page) => readFileSync(join(root, page), 'utf8').match(/^ *```ya?ml/gm) ?? [])
  expect(blocks).toHaveLength(opened.length)
  expect(clean.length).toBeGreaterThan(3)
  expect(wrong.length).toBeGreaterThan(1)
})

describe.each(clean)('$name', ({yaml}) => {
  test.each(['careful', 'strict'] as const)('is taken by the %s reader', (reader) => {
    expect(problemsIn(yaml, 'shown.yaml', reader)).toEqual([])
  })
  test('comes to its end in a rehearsal, without a warning of its form', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'docs-'))
    onTestFinished(() => rmSync(cwd, {recursive: true}))
    writeFileSync(join(cwd, 'shown.yaml'), yaml)
    const {code, stderr} = await spawnBundle({args: ['run', 'shown.yaml', '--dry-run'], cwd})
    expect(stderr).toContain('nobody was asked')
    expect(stderr).not.toContain('shown.yaml:')
    expect(code).toBe(0)
  })
})

test.each(wrong)('$name: what is said of it', ({yaml, said}) => {
  const [command = '', ...lines] = said.trimEnd().split('\n')
  const [, strict, file = ''] = /^\$ refactor-plan check (--strict )?(\S+)$/.exec(command) ?? []
  expect(problemsIn(yaml, file, strict === undefined ? 'careful' : 'strict')).toEqual(lines)
  // only the strict reader minds another spelling
  if (strict !== undefined) expect(problemsIn(yaml, file, 'careful')).toEqual([])
})

test('the functions that are named are there', () => {
  const [, list = ''] = /^Functions: `([^`]+)`/m.exec(readFileSync(join(root, 'docs/pipelines.md'), 'utf8')) ?? []
  const named = list.split(/\s+/)
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter((name) => !Object.hasOwn(functions, name) && !Object.hasOwn(special, name))).toEqual([])
})
