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

function codeOf(name: string, {source}: GoldStandard): Code {
  const root = join(folder, name, 'path' in source ? source.path : '')
  const paths = readdirSync(root, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
  return {paths, lines: (path) => (paths.includes(path) ? readFileSync(join(root, path), 'utf8').split('\n') : null)}
}

const repeated = (names: readonly string[]): readonly string[] =>
  names.filter((name, index) => names.indexOf(name) !== index)

function placeMistakes({findings}: GoldStandard, files: Files): readonly string[] {
  return findings.flatMap(({id, locations, related_files: related}) => [
    ...(locations.length === 0 ? [`${id} has no place`] : []),
    ...related.filter((file) => files(file) === null).map((file) => `${id}: no file ${file}`),
    ...locations.flatMap(({file, start_line: start, end_line: end, evidence}) => {
      const lines = files(file)
      if (lines === null) return [`${id}: no file ${file}`]
      if (start === undefined || end === undefined || evidence === undefined) return [`${id}: ${file} is not precise`]
      if (start > end || end > lines.length) return [`${id}: ${file} has no lines ${start} to ${end}`]
      const isThere = lines.slice(start - 1, end).some((line) => line.trim() === evidence)
      return isThere ? [] : [`${id}: ${file}:${start} does not say ${evidence}`]
    }),
  ])
}

function changeMistakes({findings, changes}: GoldStandard, files: Files): readonly string[] {
  const order = new Map(changes.map(({id}, index) => [id, index]))
  const phases = new Map(changes.map(({id, phase}) => [id, phase]))
  const known = new Set(findings.filter(({validity}) => validity !== 'refuted').map(({id}) => id))
  return changes.flatMap((change, index) => [
    ...change.resolves.filter((id) => !known.has(id)).map((id) => `${change.id} resolves ${id}`),
    ...change.depends_on
      .filter((id) => (order.get(id) ?? index) >= index || (phases.get(id) ?? 0) > change.phase)
      .map((id) => `${change.id} depends on ${id}, which does not come before`),
    ...(change.phase < (changes[index - 1]?.phase ?? 1) ? [`${change.id} goes back a phase`] : []),
    ...change.files.filter((file) => files(file) === null).map((file) => `${change.id}: no file ${file}`),
    ...change.creates.filter((file) => files(file) !== null).map((file) => `${change.id}: ${file} is there already`),
    ...(change.verification.length > 0 && change.verification.every(isCommand) ? [] : [`${change.id} proves nothing`]),
  ])
}

function coverMistakes({findings, changes}: GoldStandard): readonly string[] {
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  const musts = findings.filter(({must}) => must)
  return [
    ...findings
      .filter(({id, validity, extra}) => validity !== 'refuted' && !extra && !resolved.has(id))
      .map(({id}) => `nothing resolves ${id}`),
    ...musts.filter(({extra, validity}) => extra || validity !== 'verified').map(({id}) => `${id} cannot be a must`),
    ...(musts.length < 2 || musts.length > 4 ? [`${musts.length} musts`] : []),
    ...(findings.filter(({validity}) => validity === 'refuted').length < 4 ? ['fewer than 4 traps'] : []),
  ]
}

const mistakesOf = (gold: GoldStandard, files: Files): readonly string[] => [
  ...repeated([...gold.findings, ...gold.changes].map(({id}) => id)).map((id) => `${id} twice`),
  ...placeMistakes(gold, files),
  ...changeMistakes(gold, files),
  ...coverMistakes(gold),
]

test('there are several, and not all of one split', () => {
  expect(cases.length).toBeGreaterThanOrEqual(3)
  expect(new Set(cases.map((name) => readGold(name).split)).size).toBeGreaterThan(1)
})

describe.each(cases)('gold/%s', (name) => {
  const gold = readGold(name)

  test('is named after its folder and holds no mistake', () => {
    expect(gold.name).toBe(name)
    expect(mistakesOf(gold, codeOf(name, gold).lines)).toEqual([])
  })

  test('its own answers are a plan of 10, and believing the traps costs', () => {
    const plan = goldAsPlan(gold)
    const code = codeOf(name, gold)
    const traps = gold.findings
      .filter(({validity}) => validity === 'refuted')
      .map(({must: _must, extra: _extra, validity: _validity, related_files: _related, ...finding}) => finding)
    const score = scorePlan(plan, gold, code, null).score ?? 0
    const credulous = scorePlan({...plan, findings: [...plan.findings, ...traps]}, gold, code, null)
    expect(score).toBe(10)
    expect(credulous.score ?? 0).toBeLessThan(score - 0.5)
    expect(credulous.findings.filter((one) => one.class === 'trap').map(({id}) => id)).toEqual(traps.map(({id}) => id))
  })

  test('the code base does not know its answers', () => {
    const {paths, lines} = codeOf(name, gold)
    const telling = paths.filter((path) =>
      /\b(bug|fixme|todo|xxx|hack|trap|anti-?pattern|defect)\b/i.test(lines(path)?.join('\n') ?? ''),
    )
    expect(telling).toEqual([])
  })
})

describe('each check can fail', () => {
  const name = 'otp-shop'
  const gold = readGold(name)
  const files = codeOf(name, gold).lines
  const [first, ...others] = gold.findings
  const [start, ...later] = gold.changes
  if (first === undefined || start === undefined) throw new Error('the gold standard is empty')
  const withPlace = (place: object): GoldStandard => ({
    ...gold,
    findings: [{...first, locations: first.locations.map((location) => ({...location, ...place}))}, ...others],
  })
  const withStart = (change: object): GoldStandard => ({...gold, changes: [{...start, ...change}, ...later]})
  const last = gold.changes.at(-1)?.id ?? ''

  const rows: readonly (readonly [string, GoldStandard, RegExp])[] = [
    ['a repeated id', {...gold, findings: [first, ...gold.findings]}, /G1 twice/],
    ['a file that is not there', withPlace({file: 'lib/none.ex'}), /no file lib\/none\.ex/],
    ['a quote from another line', withPlace({start_line: 1, end_line: 2}), /does not say/],
    ['lines after the end', withPlace({end_line: 9999}), /has no lines/],
    ['a place without a quote', withPlace({evidence: undefined}), /not precise/],
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
    ['no traps', {...gold, findings: gold.findings.filter(({id}) => id.startsWith('G'))}, /fewer than 4 traps/],
  ]
  test.each(rows)('%s', (_, broken, message) => {
    expect(mistakesOf(broken, files).join('\n')).toMatch(message)
  })
})
