/** Every rule speaks where it must, and stays silent where it would be wrong. */
import {beforeAll, describe, expect, it} from 'vitest'
import {loadParse} from '../../src/adapters/grammars.ts'
import {Category, Finding, severities, type Scan} from '../../src/scan/finding.ts'
import {languages, type Parse} from '../../src/scan/parse.ts'
import {rules} from '../../src/scan/rules/index.ts'
import type {Rule} from '../../src/scan/rule.ts'
import {scan} from '../../src/scan/scan.ts'
import type {Code, Example} from './example.ts'
import {elixirExamples} from './examples/elixir.ts'
import {otherExamples} from './examples/other.ts'

const examples: Readonly<Record<string, Example>> = {...elixirExamples, ...otherExamples}
const registry: Readonly<Record<string, Rule>> = rules

let parse: Parse
beforeAll(async () => {
  parse = await loadParse(languages)
})

const findingsOf = async (name: string, files: readonly Code[]): Promise<Scan['findings']> =>
  (await scan(files, parse)).findings.filter(({rule}) => rule === name)

describe('the registry', () => {
  it('has an example for every rule, and no other', () => {
    expect(Object.keys(examples).toSorted()).toEqual(Object.keys(registry).toSorted())
  })

  it.each(Object.entries(registry))('%s answers for itself', (name, rule) => {
    expect(Category.safeParse(name).success).toBe(true)
    expect(Category.safeParse(rule.category).success).toBe(true)
    expect(rule.summary).toMatch(/^[\w#].{10,100}\.$/)
    expect(rule.languages.length).toBeGreaterThan(0)
    expect(severities).toContain(rule.severity)
    expect(rule.roles).toContain('production')
    expect(examples[name]?.hits.length).toBeGreaterThan(0)
    expect(examples[name]?.silent.length).toBeGreaterThan(0)
  })

  it.each(Object.entries(registry))('%s has a hit in each kind of language it names', (name, rule) => {
    const kinds = new Set((examples[name]?.hits ?? []).flatMap(({files}) => files.map(({path}) => kindOf(path))))
    for (const language of new Set(rule.languages.map(kindOfLanguage)))
      if (name !== 'god-module') expect([...kinds]).toContain(language)
  })
})

const kindOf = (path: string): string => (/\.exs?$/.test(path) ? 'elixir' : path.endsWith('.py') ? 'python' : 'script')
const kindOfLanguage = (language: string): string =>
  language === 'elixir' || language === 'python' ? language : 'script'

const hits = Object.entries(examples).flatMap(([name, {hits}]) => hits.map((hit) => ({name, ...hit})))
const silences = Object.entries(examples).flatMap(([name, {silent}]) => silent.map((each) => ({name, ...each})))

describe('hits', () => {
  it.each(hits)('$name at $at', async ({name, files, at, severity, says, places}) => {
    const found = await findingsOf(name, files)
    expect(found.map(({locations: [first]}) => first?.evidence ?? '').filter((each) => each.includes(at))).toHaveLength(
      1,
    )
    if (severity !== undefined) expect(found[0]?.severity).toBe(severity)
    if (says !== undefined) expect(`${found[0]?.title}: ${found[0]?.description}`).toMatch(says)
    if (places !== undefined) expect(found.map(({locations}) => locations.length)).toEqual([places])
    for (const finding of found) expectSound(finding, files)
  })
})

describe('silence', () => {
  it.each(silences)('$name: $why', async ({name, files}) => {
    expect(await findingsOf(name, files)).toEqual([])
  })
})

function expectSound(finding: Scan['findings'][number], files: readonly Code[]): void {
  const {rule, ...plain} = finding
  expect(Finding.safeParse(plain).success, rule).toBe(true)
  expect(finding.title?.length ?? 0).toBeLessThanOrEqual(80)
  expect(finding.description.length).toBeGreaterThan(80)
  expect(finding.description).not.toMatch(/undefined|\bnull\b|\[object/)
  for (const {file, start_line: start, end_line: end, evidence} of finding.locations) {
    const text = files.find(({path}) => path === file)?.text ?? ''
    const lines = text.split('\n')
    expect(start).toBeGreaterThanOrEqual(1)
    expect(end).toBeGreaterThanOrEqual(start ?? 0)
    expect(end).toBeLessThanOrEqual(lines.length)
    expect(evidence).not.toBe('')
    expect(lines[(start ?? 0) - 1]).toContain(evidence)
  }
}
