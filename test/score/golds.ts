/** Every gold standard that there is, with its code: those of the repository and one whose odd corners are known. */
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {readDocument, valueOf} from '../../src/document.ts'
import type {Change, Plan} from '../../src/plan/plan.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {GoldStandard} from '../../src/score/gold.ts'
import {goldAsPlan} from '../../src/score/score.ts'
import type {Code} from '../../src/score/scorecard.ts'

export const codeOf = (files: Readonly<Record<string, string>>): Code => {
  const lines = new Map(Object.entries(files).map(([path, text]) => [path, text.split('\n')]))
  return {paths: [...lines.keys()], lines: (path) => lines.get(path) ?? null}
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'gold')

function codeIn(directory: string): Code {
  const all = readdirSync(directory, {recursive: true, withFileTypes: true})
  const files = all.filter((entry) => entry.isFile() && !relative(directory, entry.parentPath).startsWith('.git'))
  return codeOf(
    Object.fromEntries(
      files.map(({parentPath, name}) => {
        const file = join(parentPath, name)
        return [relative(directory, file).replaceAll('\\', '/'), readFileSync(file, 'utf8')]
      }),
    ),
  )
}

export interface Case {
  readonly gold: GoldStandard
  readonly code: Code
  /** The gold standard as a plan: it scores 10. */
  readonly plan: Plan
}

const directoriesIn = (path: string): readonly string[] =>
  readdirSync(path, {withFileTypes: true}).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

function shipped(): readonly Case[] {
  return directoriesIn(root).flatMap((name) => {
    const file = join(root, name, 'gold.yaml')
    if (!existsSync(file)) return []
    const gold = valueOf(readDocument(readFileSync(file, 'utf8'), file, GoldStandard), 'gold')
    const folder = sourceOf(gold, join(root, name))
    return folder === null ? [] : [{gold, code: codeIn(folder), plan: goldAsPlan(gold)}]
  })
}

/** Public repositories are measured where somebody has cloned them at the commit, as `evaluate --sources` has them; null: not here. */
function sourceOf({source}: GoldStandard, folder: string): string | null {
  if ('path' in source) return join(folder, source.path)
  if (!('repository' in source)) return null
  const clones = process.env['REFACTOR_PLAN_SOURCES'] ?? ''
  const clone = join(clones, ...new URL(source.repository).pathname.split('/'))
  return clones !== '' && existsSync(clone) ? clone : null
}

const filler = (name: string, count: number): string =>
  Array.from({length: count}, (_, at) => `  const ${name}${at} = prepare(${at}, '${name}')`).join('\n')

/** Ten findings, three of them refuted, one extra; two files share a name, one line stands twice. */
const known = codeOf({
  'src/cart.ts': `import {store} from './store'\n${filler('alpha', 20)}\nexport function add(id: string) {\n  const count = store.get(id) ?? 0\n  store.set(id, count + 1)\n}\n${filler('beta', 15)}\n  catch (error) {\n    return null\n  }\n}\n`,
  'src/mail.ts': `export async function notify(users: string[]) {\n${filler('gamma', 12)}\n  users.forEach(async (user) => { await send(user) })\n}\n${filler('delta', 25)}\n  const key = 'sk-demo'\n`,
  'src/report.ts': `${filler('epsilon', 30)}\n  const rows = await db.query('SELECT * FROM ' + table)\n${filler('zeta', 30)}\n  cache.set(user, rows)\n  return rows\n`,
  'src/clock.ts': `export const started = Date.now()\n${filler('eta', 10)}\nexport const elapsed = () => Date.now() - started\n`,
  'src/queue.ts': `export const jobs: Job[] = []\n${filler('theta', 20)}\n  while (jobs.length > 0) await run(jobs.shift())\n`,
  'src/util/index.ts': `export * from './text'\n${filler('iota', 5)}\n`,
  'lib/index.ts': `export * from './lib'\n${filler('kappa', 5)}\n`,
  'package.json': '{"name": "known", "scripts": {"test": "vitest run"}}',
})

const place = (file: string, start_line: number, evidence: string): Finding['locations'] => [
  {file, start_line, end_line: start_line, evidence},
]
const of = (
  id: string,
  category: string,
  severity: Finding['severity'],
  locations: Finding['locations'],
  title: string,
  description: string,
): Omit<Finding, 'source'> => ({id, category, severity, locations, title, description})

const knownFindings = [
  {
    ...of(
      'K1',
      'race-condition',
      'critical',
      place('src/cart.ts', 24, 'store.set(id, count + 1)'),
      'Two requests lose one item of the cart',
      'add reads the count and writes it back; a second request in between is overwritten.',
    ),
    must: true,
  },
  {
    ...of(
      'K2',
      'sql-injection',
      'critical',
      place('src/report.ts', 31, "db.query('SELECT * FROM ' + table)"),
      'The table name is concatenated into the statement',
      'table comes from the request and is put into SQL without a check.',
    ),
    must: true,
  },
  of(
    'K3',
    'floating-promise',
    'high',
    place('src/mail.ts', 14, 'users.forEach(async (user) => { await send(user) })'),
    'Nobody waits for the mails',
    'forEach drops the promise of every call, so a failed mail is an unhandled rejection.',
  ),
  of(
    'K4',
    'unbounded-cache',
    'high',
    place('src/report.ts', 62, 'cache.set(user, rows)'),
    'Reports stay in memory for ever',
    'Every user adds an entry with all rows and nothing evicts it.',
  ),
  of(
    'K5',
    'swallowed-error',
    'medium',
    place('src/cart.ts', 41, 'catch (error) {'),
    'A broken cart looks empty',
    'The catch block returns null for any failure, also for an outage of the store.',
  ),
  of(
    'K6',
    'wall-clock-duration',
    'low',
    place('src/clock.ts', 12, 'Date.now() - started'),
    'Durations jump with the clock of the system',
    'Date.now is not monotonic; the difference can be negative after a correction.',
  ),
  {
    ...of(
      'K7',
      'hardcoded-secret',
      'medium',
      place('src/mail.ts', 41, "const key = 'sk-demo'"),
      'The key of the mail service is in the source',
      'Whoever reads the repository can send mail.',
    ),
    extra: true,
  },
  {
    ...of(
      'R1',
      'blocking',
      'high',
      place('src/queue.ts', 22, 'while (jobs.length > 0) await run(jobs.shift())'),
      'The queue runs one job after the other',
      'Somebody would run them at once. It is right: jobs depend on the order.',
    ),
    validity: 'refuted',
  },
  {
    ...of(
      'R2',
      'global-state',
      'medium',
      place('src/queue.ts', 1, 'export const jobs: Job[] = []'),
      'The list of jobs is shared',
      'It is right: one process owns it.',
    ),
    validity: 'refuted',
  },
  {
    ...of(
      'R3',
      'lint',
      'low',
      place('src/util/index.ts', 1, "export * from './text'"),
      'A barrel hides what is used',
      'It is right: it is the public surface.',
    ),
    validity: 'refuted',
  },
]

const change = (
  id: string,
  resolves: readonly string[],
  phase: number,
  depends_on: readonly string[] = [],
): unknown => ({
  id,
  title: `Repair ${resolves.join(' and ')}`,
  resolves,
  depends_on,
  phase,
  files: ['src/cart.ts'],
  instructions: 'Do it and prove it.',
  risk: 'low',
  effort: 'S',
  verification: ['npx vitest run'],
})

const knownGold = GoldStandard.parse({
  schema: 1,
  name: 'known',
  source: {path: '.'},
  findings: knownFindings,
  changes: [
    change('C1', ['K1'], 1),
    change('C2', ['K2'], 1),
    change('C3', ['K3', 'K4'], 2, ['C1']),
    change('C4', ['K5', 'K6', 'K7'], 3, ['C3']),
  ],
})

export const knownCase: Case = {gold: knownGold, code: known, plan: goldAsPlan(knownGold)}
export const cases: readonly Case[] = [knownCase, ...shipped()]

/** mulberry32: the same rows every time. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({item, key: random()}))
    .toSorted((a, b) => a.key - b.key)
    .map(({item}) => item)

/** A plan of these findings, with a verified change for each: nothing but the findings decides. */
export const planOf = (findings: readonly Finding[], more: Partial<Plan> = {}): Plan => ({
  schema: 1,
  goal: '',
  summary: '',
  findings: [...findings],
  changes: findings.map(({id}) => changeFor(`change-of-${id}`, [id])),
  ...more,
})

export const changeFor = (id: string, resolves: readonly string[]): Change => ({
  id,
  title: `Repair ${resolves.join(', ')}`,
  resolves: [...resolves],
  depends_on: [],
  phase: 1,
  files: [],
  creates: [],
  instructions: 'Change it and prove it.',
  risk: null,
  effort: null,
  verification: ['npm test'],
})

/** The needed findings of the gold standard as a plan's, the base of most rows. */
export const neededOf = ({gold, plan}: Case): readonly Finding[] =>
  plan.findings.filter(({id}) => gold.findings.some((finding) => finding.id === id && !finding.extra))

export const mapFindings = (plan: Plan, change: (finding: Finding, index: number) => Finding): Plan => ({
  ...plan,
  findings: plan.findings.map(change),
})

/** Adds findings, and a verified change for each, so that only what they say is judged. */
export const withMore = (plan: Plan, findings: readonly Finding[]): Plan => ({
  ...plan,
  findings: [...plan.findings, ...findings],
  changes: [...plan.changes, ...findings.map(({id}) => changeFor(`change-of-${id}`, [id]))],
})
