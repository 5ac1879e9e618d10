/** `action.yml` = code = README: what a person reads is what the code does. `UPDATE=1` rewrites the README's tables. */
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import * as z from 'zod'
import {commands} from '../src/commands/index.ts'
import {parseConfig, Settings} from '../src/config.ts'
import {outputNames} from '../src/outputs.ts'
import {Plan} from '../src/plan/plan.ts'
import {GoldStandard} from '../src/score/gold.ts'
import {renderHelp} from '../src/report/help.ts'
import {parseCommand, plainWords, type Command} from '../src/request/command.ts'
import {root} from './acceptance/bundle.ts'

const Action = z.strictObject({
  name: z.string(),
  description: z.string().max(125),
  author: z.string(),
  branding: z.strictObject({icon: z.string(), color: z.string()}),
  inputs: z.record(z.string(), z.strictObject({description: z.string(), default: z.string()})),
  outputs: z.record(z.string(), z.strictObject({description: z.string()})),
  runs: z.strictObject({
    using: z.literal('node24'),
    main: z.literal('dist/index.js'),
    post: z.literal('dist/index.js').optional(),
    'post-if': z.literal('always()').optional(),
  }),
})
const text = (name: string): string => readFileSync(join(root, name), 'utf8')
const action = Action.parse(parse(text('action.yml')))
const settings = Object.entries(Settings.shape)

/** Inputs that are no setting: what a repository's file must not say, and what has a meaning in a runner alone. */
const others = [
  'token',
  'mode',
  'artifact-path',
  'anthropic-api-key',
  'google-api-key',
  'openai-api-key',
  'anthropic-base-url',
  'gemini-base-url',
  'openai-base-url',
  'dry-run',
  'optimizer',
]

test('every setting is an input without a default of its own, and every other input is known', () => {
  expect(Object.keys(action.inputs).toSorted()).toEqual([...settings.map(([name]) => name), ...others].toSorted())
  expect(settings.filter(([name]) => action.inputs[name]?.default !== '').map(([name]) => name)).toEqual([])
})

test('what can be written as an output is what action.yml promises, in the same order', () => {
  expect(Object.keys(action.outputs)).toEqual(outputNames)
})

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const code = (text: string): string => (text === '' ? '' : `\`${text}\``)
const tables = {
  settings: () => [
    '| setting | default | |',
    '|---|---|---|',
    ...settings.map(([name, schema]) => {
      const fallback: unknown = Settings.parse({})[name as keyof Settings]
      const shown = Array.isArray(fallback) ? fallback.join(', ') : String(fallback)
      return row(code(name), code(shown), schema.description ?? '')
    }),
  ],
  inputs: () => [
    '| input | default | |',
    '|---|---|---|',
    ...Object.entries(action.inputs)
      .filter(([name]) => others.includes(name))
      .map(([name, input]) => row(code(name), code(input.default), input.description)),
  ],
  outputs: () => [
    '| output | |',
    '|---|---|',
    ...outputNames.map((name) => row(code(name), action.outputs[name]?.description ?? '')),
  ],
}

test.each(Object.entries(tables))("§9.13 the README's table of %s is the code's", (name, rowsOf) => {
  const readme = text('README.md')
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const [start, end] = [readme.indexOf(open) + open.length, readme.indexOf(close)]
  expect([readme.split(open).length, readme.split(close).length]).toEqual([2, 2])
  const fresh = `${readme.slice(0, start)}${rowsOf().join('\n')}\n${readme.slice(end)}`
  if (process.env['UPDATE'] === '1') writeFileSync(join(root, 'README.md'), fresh)
  else expect(readme).toBe(fresh)
})

test('every setting has a sentence, every command a row in the README', () => {
  expect(settings.filter(([, {description}]) => description === undefined).map(([name]) => name)).toEqual([])
  expect(Object.keys(commands).filter((name) => !new RegExp(`\\| \`${name}[ \`]`).test(text('README.md')))).toEqual([])
})

test('every command that help lists is understood, and is a row in the README, and the other way round', () => {
  const help = renderHelp(null, {
    config: {pipeline: 'auto', gold: 'gold', threshold: 8, gate: 'enforce', permissions: ['write'], maxCostUsd: 5},
    context: 'refactor-plan/gate',
    base: '0'.repeat(40),
    by: 'ada',
    permission: 'write',
  })
  const listed = [...help.matchAll(/^\| `\/refactor-plan ?(.*?)` \|/gm)].map(([, words = '']) => words)
  // one row may name several, the word before them only once
  const rows = text('README.md').matchAll(/^\| `\/refactor-plan ?(.*?)`((?: · `.*?`)*) \|/gm)
  const shown = [...rows].flatMap(([, first = '', more = '']) => [
    first,
    ...[...more.matchAll(/`(.*?)`/g)].map(([, words = '']) => words),
  ])
  expect(shown.toSorted()).toEqual(listed.toSorted())
  const understood = listed.map((words) => {
    const typed = words.replace('<sha>', '0123abc').replace('<reason>', 'it burns')
    return parseCommand(`/refactor-plan ${typed}`)?.kind ?? 'none'
  })
  expect(understood).not.toContain('unknown')
  const kinds = ['run', ...plainWords, 'explain', 'apply', 'override', 'skip'] satisfies readonly Command['kind'][]
  expect([...new Set(understood)].toSorted()).toEqual(kinds.toSorted())
})

describe('the published JSON Schemas are the ones that files are checked with', () => {
  test.each([
    ['plan', Plan],
    ['gold', GoldStandard],
    ['config', Settings.partial()],
  ])('schemas/%s.schema.json', (name, schema) => {
    const path = join(root, 'schemas', `${name}.schema.json`)
    const fresh = `${JSON.stringify({title: `Refactor Plan: ${name}`, ...z.toJSONSchema(schema, {io: 'input'})}, null, 2)}\n`
    if (process.env['UPDATE'] === '1') writeFileSync(path, fresh)
    else expect(readFileSync(path, 'utf8')).toBe(fresh)
  })
})

describe('configuration', () => {
  const file = (yaml: string): {path: string; text: string} => ({path: '.github/refactor-plan.yml', text: yaml})
  const thrown = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      return String(error)
    }
    return 'nothing'
  }
  test('an input wins over the file, the file over the default; an empty input is not given', () => {
    const config = parseConfig(
      {threshold: '7.5', goal: '', 'require-gold': 'true', exclude: 'a/\nb/, c'},
      file('threshold: 3\ngoal: theirs\n'),
    )
    expect(config).toMatchObject({
      threshold: 7.5,
      goal: 'theirs',
      requireGold: true,
      exclude: ['a/', 'b/', 'c'],
      gate: 'enforce',
    })
  })
  test('an empty file says nothing', () => expect(parseConfig({}, file('# nothing\n'))).toEqual(parseConfig({}, null)))
  test.each([
    ['threshold: [1', /refactor-plan\.yml:1:\d+ yaml-syntax/],
    ['threshold: 8\ntreshold: 3\n', /refactor-plan\.yml:2:1 unrecognized-keys treshold: is not a known key/],
    ['gate: enforce\nthreshold: eight\n', /refactor-plan\.yml:2:12 invalid-type threshold/],
    ['- a\n', /refactor-plan\.yml:1:1 invalid-type/],
  ])('%s is refused with its place', (yaml, message) =>
    expect(thrown(() => parseConfig({}, file(yaml)))).toMatch(message),
  )
  test.each([
    [{threshold: 'eight'}, /threshold/],
    [{threshold: '11'}, /threshold/],
    [{gate: 'maybe'}, /gate/],
    [{treshold: '8'}, /treshold is not a setting/],
    [{'require-gold': 'yes'}, /require-gold/],
  ])('%j is refused', (given, message) => expect(thrown(() => parseConfig(given, null))).toMatch(message))
})
