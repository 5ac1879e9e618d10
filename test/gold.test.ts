/** The answer keys are read by machines: each says what it means, where it stands, and in which order to repair it. */
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'
import {readDocument, valueOf} from '../src/document.ts'
import {isCommand} from '../src/plan/command.ts'
import {GoldStandard} from '../src/score/gold.ts'
import {goldAsPlan, scorePlan} from '../src/score/score.ts'
import type {Code} from '../src/score/scorecard.ts'
import {git} from './fixtures/git.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'gold')
const cases = readdirSync(folder, {withFileTypes: true})
  .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'gold.yaml')))
  .map(({name}) => name)
  .toSorted()

const readGold = (name: string): GoldStandard => {
  const file = join(folder, name, 'gold.yaml')
  return valueOf(readDocument(readFileSync(file, 'utf8'), `gold/${name}/gold.yaml`, GoldStandard), 'gold')
}

type Files = Code['lines']

function folderCode(root: string): Code {
  const paths = readdirSync(root, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
  return {paths, lines: (path) => (paths.includes(path) ? readFileSync(join(root, path), 'utf8').split('\n') : null)}
}

function gitCode(clone: string, commit: string): Code {
  const gitDir = existsSync(join(clone, '.git')) ? join(clone, '.git') : clone
  const paths = git(gitDir, ['ls-tree', '-r', '-z', '--name-only', commit]).split('\0')
  const shown = new Map<string, readonly string[]>()
  const show = (path: string): readonly string[] => {
    const lines = shown.get(path) ?? git(gitDir, ['show', `${commit}:${path}`]).split('\n')
    shown.set(path, lines)
    return lines
  }
  return {paths, lines: (path) => (path !== '' && paths.includes(path) ? show(path) : null)}
}

/** A way to the code, or why there is none. A public repository is never fetched: a test must not need the network. */
function wayTo(name: string, {source}: GoldStandard): (() => Code) | string {
  if (!('repository' in source)) return () => folderCode(join(folder, name, 'path' in source ? source.path : ''))
  const sources = process.env['REFACTOR_PLAN_SOURCES'] ?? ''
  if (sources === '') return 'REFACTOR_PLAN_SOURCES names no folder of clones'
  const path = new URL(source.repository).pathname.replace(/^\/|\.git$/g, '')
  const clone = join(sources, path)
  return existsSync(clone) ? () => gitCode(clone, source.commit) : `no clone of ${path} in REFACTOR_PLAN_SOURCES`
}

const repeated = (names: readonly string[]): readonly string[] =>
  names.filter((name, index) => names.indexOf(name) !== index)

/** Code of others is pointed at and not quoted: a key holds facts about it, none of its text. */
function precisionMistakes({findings, source}: GoldStandard): readonly string[] {
  const isOurs = !('repository' in source)
  return findings.flatMap(({id, locations}) => [
    ...(locations.length === 0 ? [`${id} has no place`] : []),
    ...locations
      .filter(({start_line: start, end_line: end}) => start === undefined || end === undefined || start > end)
      .map(({file}) => `${id}: ${file} is not precise`),
    ...locations
      .filter(({evidence}) => (evidence === undefined) === isOurs)
      .map(({file}) => `${id}: ${file} is ${isOurs ? 'not precise' : 'quoted'}`),
  ])
}

function sourceMistakes({source}: GoldStandard): readonly string[] {
  if (!('repository' in source)) return []
  return [
    ...(/^[0-9a-f]{40}$/.test(source.commit) ? [] : [`${source.commit} is no commit`]),
    ...(/^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+$/.test(source.repository) ? [] : [`${source.repository} is no address`]),
  ]
}

function placeMistakes({findings, changes}: GoldStandard, files: Files): readonly string[] {
  const missing = (id: string, paths: readonly string[]): readonly string[] =>
    paths.filter((path) => files(path) === null).map((path) => `${id}: no file ${path}`)
  const inFindings = findings.flatMap(({id, locations, related_files: related}) => [
    ...missing(id, related),
    ...locations.flatMap(({file, start_line: start = 1, end_line: end = start, evidence}) => {
      const lines = files(file)
      if (lines === null) return missing(id, [file])
      if (end > lines.length) return [`${id}: ${file} has no lines ${start} to ${end}`]
      if (evidence === undefined) return []
      const isThere = lines.slice(start - 1, end).some((line) => line.trim() === evidence)
      return isThere ? [] : [`${id}: ${file}:${start} does not say ${evidence}`]
    }),
  ])
  const inChanges = changes.flatMap(({id, files: changed, creates}) => [
    ...missing(id, changed),
    ...creates.filter((path) => files(path) !== null).map((path) => `${id}: ${path} is there already`),
  ])
  return [...inFindings, ...inChanges]
}

function changeMistakes({findings, changes}: GoldStandard): readonly string[] {
  const order = new Map(changes.map(({id}, index) => [id, index]))
  const phases = new Map(changes.map(({id, phase}) => [id, phase]))
  const known = new Set(findings.filter(({validity}) => validity !== 'refuted').map(({id}) => id))
  return changes.flatMap((change, index) => [
    ...change.resolves.filter((id) => !known.has(id)).map((id) => `${change.id} resolves ${id}`),
    ...change.depends_on
      .filter((id) => (order.get(id) ?? index) >= index || (phases.get(id) ?? 0) > change.phase)
      .map((id) => `${change.id} depends on ${id}, which does not come before`),
    ...(change.phase < (changes[index - 1]?.phase ?? 1) ? [`${change.id} goes back a phase`] : []),
    ...(change.verification.length > 0 && change.verification.every(isCommand) ? [] : [`${change.id} proves nothing`]),
  ])
}

function coverMistakes({findings, changes}: GoldStandard): readonly string[] {
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  const musts = findings.filter(({must}) => must)
  const traps = findings.filter(({validity}) => validity === 'refuted').length
  const others = findings.length - traps
  return [
    ...findings
      .filter(({id, validity, extra}) => validity !== 'refuted' && !extra && !resolved.has(id))
      .map(({id}) => `nothing resolves ${id}`),
    ...musts.filter(({extra, validity}) => extra || validity !== 'verified').map(({id}) => `${id} cannot be a must`),
    ...(musts.length < 2 || musts.length > 4 ? [`${musts.length} musts`] : []),
    ...(traps < 4 ? ['fewer than 4 traps'] : []),
    // With fewer, a plan that believes everything it suspects would still be right more often than not.
    ...(traps < others ? [`${traps} traps for ${others} other findings`] : []),
  ]
}

const mistakesOf = (gold: GoldStandard): readonly string[] => [
  ...repeated([...gold.findings, ...gold.changes].map(({id}) => id)).map((id) => `${id} twice`),
  ...sourceMistakes(gold),
  ...precisionMistakes(gold),
  ...changeMistakes(gold),
  ...coverMistakes(gold),
]

test('there are several, and not all of one split', () => {
  expect(cases.length).toBeGreaterThanOrEqual(3)
  expect(new Set(cases.map((name) => readGold(name).split)).size).toBeGreaterThan(1)
})

describe.each(cases)('gold/%s', (name) => {
  const gold = readGold(name)
  const way = wayTo(name, gold)
  const isAway = typeof way === 'string'
  const unless = isAway ? ` (not looked at: ${way})` : ''
  const code = (): Code => (typeof way === 'string' ? {paths: [], lines: () => null} : way())

  test('is named after its folder and holds no mistake', () => {
    expect(gold.name).toBe(name)
    expect(mistakesOf(gold)).toEqual([])
  })

  test.skipIf(isAway)(`its places are there${unless}`, () => {
    expect(placeMistakes(gold, code().lines)).toEqual([])
  })

  test.skipIf(isAway)(`its own answers are a plan of 10, and believing the traps costs${unless}`, () => {
    const its = code()
    const plan = goldAsPlan(gold)
    const traps = gold.findings
      .filter(({validity}) => validity === 'refuted')
      .map(({must: _must, extra: _extra, validity: _validity, related_files: _related, ...finding}) => finding)
    const score = scorePlan(plan, gold, its, null).score ?? 0
    const credulous = scorePlan({...plan, findings: [...plan.findings, ...traps]}, gold, its, null)
    expect(score).toBe(10)
    expect(credulous.score ?? 0).toBeLessThan(score - 0.5)
    expect(credulous.findings.filter((one) => one.class === 'trap').map(({id}) => id)).toEqual(traps.map(({id}) => id))
  })

  // What the comments of a public repository say is not for us to choose.
  test.skipIf('repository' in gold.source)('the code base does not know its answers', () => {
    const {paths, lines} = code()
    const telling = paths.filter((path) =>
      /\b(bug|fixme|todo|xxx|hack|trap|anti-?pattern|defect)\b/i.test(lines(path)?.join('\n') ?? ''),
    )
    expect(telling).toEqual([])
  })
})

describe('each check can fail', () => {
  const name = 'otp-shop'
  const gold = readGold(name)
  const files = folderCode(join(folder, name, 'repository')).lines
  const [first, ...others] = gold.findings
  const [start, ...later] = gold.changes
  if (first === undefined || start === undefined) throw new Error('the gold standard is empty')
  const withPlace = (place: object): GoldStandard => ({
    ...gold,
    findings: [{...first, locations: first.locations.map((location) => ({...location, ...place}))}, ...others],
  })
  const withStart = (change: object): GoldStandard => ({...gold, changes: [{...start, ...change}, ...later]})
  const last = gold.changes.at(-1)?.id ?? ''

  const elsewhere = {repository: 'https://github.com/owner/name', commit: '0'.repeat(40)}

  const rows: readonly (readonly [string, GoldStandard, RegExp])[] = [
    ['a repeated id', {...gold, findings: [first, ...gold.findings]}, /G1 twice/],
    ['a file that is not there', withPlace({file: 'lib/none.ex'}), /no file lib\/none\.ex/],
    ['a quote from another line', withPlace({start_line: 1, end_line: 2}), /does not say/],
    ['lines after the end', withPlace({end_line: 9999}), /has no lines/],
    ['a place without a quote', withPlace({evidence: undefined}), /not precise/],
    ['a place without lines', withPlace({start_line: undefined}), /not precise/],
    ['lines that run backwards', withPlace({start_line: 9, end_line: 8}), /not precise/],
    ['a quote of code of others', {...gold, source: elsewhere}, /is quoted/],
    ['a branch for a commit', {...gold, source: {...elsewhere, commit: 'main'}}, /main is no commit/],
    ['a short commit', {...gold, source: {...elsewhere, commit: '0123abc'}}, /0123abc is no commit/],
    ['a repository without an owner', {...gold, source: {...elsewhere, repository: 'name'}}, /name is no address/],
    ['no place', {...gold, findings: [{...first, locations: []}, ...others]}, /has no place/],
    ['an unknown finding', withStart({resolves: ['G99']}), /C1 resolves G99/],
    ['a repaired trap', withStart({resolves: ['T1']}), /C1 resolves T1/],
    ['a dependency on a later change', withStart({depends_on: [last]}), /does not come before/],
    ['a dependency on itself', withStart({depends_on: ['C1']}), /does not come before/],
    ['a dependency on nothing', withStart({depends_on: ['C99']}), /does not come before/],
    ['phases out of order', withStart({phase: 9}), /goes back a phase/],
    ['a changed file that is not there', withStart({files: ['lib/none.ex']}), /no file lib\/none\.ex/],
    ['a new file that is there', withStart({creates: ['mix.exs']}), /there already/],
    ['a sentence for a command', withStart({verification: ['Make sure that it works.']}), /proves nothing/],
    ['a finding left open', {...gold, changes: later}, /nothing resolves G1/],
    ['a must that is a trap', {...gold, findings: [{...first, validity: 'refuted'}, ...others]}, /cannot be a must/],
    ['no musts', {...gold, findings: gold.findings.map((one) => ({...one, must: false}))}, /0 musts/],
    ['few traps', {...gold, findings: gold.findings.filter(({id}) => !/^T\d$/.test(id))}, /traps for \d+ other/],
    ['no traps', {...gold, findings: gold.findings.filter(({id}) => id.startsWith('G'))}, /fewer than 4 traps/],
  ]
  test.each(rows)('%s', (_, broken, message) => {
    expect([...mistakesOf(broken), ...placeMistakes(broken, files)].join('\n')).toMatch(message)
  })
})
