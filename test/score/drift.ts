/** M22: the code moves on while the gold standard stays (scoring research §3.13), and it is known where each line went. */
import {Failure} from '../../src/errors.ts'
import {anchor, type Anchored} from '../../src/score/anchor.ts'
import type {GoldFinding, GoldStandard} from '../../src/score/gold.ts'
import {goldAsPlan} from '../../src/score/score.ts'
import type {Code} from '../../src/score/scorecard.ts'
import {codeOf, randomOf, shuffled, type Case} from './golds.ts'
import {two, type Row} from './measure.ts'
import {scoreOf} from './perturbation.ts'

/** A line stays the same object wherever it goes; `own` is one that a gold finding or a trap points at. */
interface Line {
  text: string
  readonly own: boolean
}

/** What is left of a code base: where its files are now, by the path that they had at first. */
interface Tree {
  readonly files: ReadonlyMap<string, {path: string; lines: Line[]}>
  readonly origin: ReadonlyMap<string, readonly Line[]>
}

type Place = GoldFinding['locations'][number]

const linesOf = ({file, start_line: start = 1, end_line: end = start}: Place): readonly string[] =>
  Array.from({length: end - start + 1}, (_, at) => `${file}:${start + at}`)

function treeOf({gold, code}: Case): Tree {
  const own = new Set(gold.findings.flatMap(({locations}) => locations.flatMap(linesOf)))
  const origin = new Map(
    code.paths.map((path) => [
      path,
      (code.lines(path) ?? []).map((text, at): Line => ({text, own: own.has(`${path}:${at + 1}`)})),
    ]),
  )
  return {origin, files: new Map([...origin].map(([path, lines]) => [path, {path, lines: [...lines]}]))}
}

const codeIn = ({files}: Tree): Code =>
  codeOf(Object.fromEntries([...files.values()].map(({path, lines}) => [path, lines.map(({text}) => text).join('\n')])))

type Random = () => number
const pick = (count: number, random: Random): number => Math.floor(random() * count)

/** Where a file may be cut: never inside the lines that a gold finding points at. */
const cutsIn = (lines: readonly Line[]): readonly number[] =>
  Array.from({length: lines.length + 1}, (_, at) => at).filter(
    (at) => !(lines[at - 1]?.own === true && lines[at]?.own === true),
  )

interface Edited {
  path: string
  lines: Line[]
}
type Edit = (file: Edited, random: Random, step: number) => void

function insert({lines}: Edited, random: Random, step: number): void {
  const cuts = cutsIn(lines)
  const name = `addition_${step}`
  const body = Array.from({length: 3 + pick(12, random)}, (_, at) => `  ${name}_${at} = prepare(${at}, ${step * 7})`)
  const added = [`${name}(input)`, ...body, ''].map((text): Line => ({text, own: false}))
  lines.splice(cuts[pick(cuts.length, random)] ?? 0, 0, ...added)
}

function remove({lines}: Edited, random: Random): void {
  const at = pick(lines.length, random)
  const end = lines.findIndex(({own}, index) => index >= at && own)
  lines.splice(at, Math.min(2 + pick(9, random), (end < 0 ? lines.length : end) - at))
}

function reorder({lines}: Edited, random: Random): void {
  const cuts = cutsIn(lines)
  const from = pick(cuts.length, random)
  const [start, end] = [cuts[from] ?? 0, cuts[Math.min(cuts.length - 1, from + 1 + pick(20, random))] ?? 0]
  const moved = lines.splice(start, end - start)
  const rest = cutsIn(lines)
  lines.splice(rest[pick(rest.length, random)] ?? 0, 0, ...moved)
}

/** The name of the file stays: what a file is called now is not told by its text. */
function move(file: Edited, _: Random, step: number): void {
  file.path = `moved_${step}/${file.path.slice(file.path.lastIndexOf('/') + 1)}`
}

function reindent({lines}: Edited, random: Random): void {
  const unit = ['\t', ' ', '      '][pick(3, random)] ?? ' '
  for (const line of lines) line.text = line.text.replace(/^\s+/, (space) => unit.repeat(Math.ceil(space.length / 2)))
}

const edits = {insert, remove, reorder, move, reindent} satisfies Record<string, Edit>

/** Twenty-five edits, five of each kind in any order; the files that the gold standard speaks of get most of them. */
export function drifted(given: Case, seed: number): Tree {
  const random = randomOf(seed)
  const tree = treeOf(given)
  const all = [...tree.files.values()]
  const spokenOf = all.filter(({lines}) => lines.some(({own}) => own))
  const kinds = shuffled(
    Object.values<Edit>(edits).flatMap((edit) => Array.from({length: 5}, () => edit)),
    random,
  )
  kinds.forEach((edit, step) => {
    const from = random() < 0.8 ? spokenOf : all
    const file = from[pick(from.length, random)]
    if (file !== undefined) edit(file, random, step)
  })
  return tree
}

/** Where a place is now; null when the line that it quotes is gone. */
function placeNow({files, origin}: Tree, place: Place): Place | null {
  const {file, start_line: start = 1, end_line: end = start, evidence = ''} = place
  const now = files.get(file)
  if (now === undefined) return null
  const standing = (origin.get(file) ?? []).slice(start - 1, end).filter((line) => now.lines.includes(line))
  if (!standing.some(({text}) => text.includes(evidence.trim()))) return null
  const at = standing.map((line) => now.lines.indexOf(line))
  return {...place, file: now.path, start_line: Math.min(...at) + 1, end_line: Math.max(...at) + 1}
}

/** The gold standard as somebody who watched every edit would write it now, without what is gone. */
export function watched(gold: GoldStandard, tree: Tree): GoldStandard {
  const findings = gold.findings.flatMap((finding) => {
    const locations = finding.locations.flatMap((place) => placeNow(tree, place) ?? [])
    return locations.length === 0 ? [] : [{...finding, locations}]
  })
  const left = new Set(findings.map(({id}) => id))
  const changes = gold.changes.map((change) => ({...change, resolves: change.resolves.filter((id) => left.has(id))}))
  return {...gold, findings, changes}
}

export interface Drift {
  /** Places that were found again where they are, of those that still stand. */
  readonly right: number
  readonly places: number
  /** Of a plan by somebody who sees the code as it is now. */
  readonly score: number
}

/** Found again: the first line is named within three lines, in the right file. */
const isRight = (found: Place, now: Place): boolean =>
  found.file === now.file && Math.abs((found.start_line ?? 0) - (now.start_line ?? 0)) <= 3

export function driftOf({gold}: Case, tree: Tree): Drift {
  const code = codeIn(tree)
  const anchored = anchor(gold, code).gold
  const truth = watched(gold, tree)
  const found = new Map(anchored.findings.map(({id, locations}) => [id, locations]))
  const places = truth.findings.flatMap(({id, locations}) => locations.map((now) => ({id, now})))
  const right = places.filter(({id, now}) => found.get(id)?.some((place) => isRight(place, now)) === true)
  const score = scoreOf(goldAsPlan(truth), {gold: anchored, code})
  return {right: right.length, places: places.length, score}
}

export interface Destroyed {
  /** What was destroyed, as share of the weight. */
  readonly share: number
  readonly expected: readonly string[]
  /** null: the gold standard was refused as stale. */
  readonly anchored: Anchored | null
  readonly score: number | null
}

const weights = {critical: 8, high: 4, medium: 2, low: 1} as const
const weigh = ({severity, extra, validity}: GoldFinding): number =>
  extra || validity === 'refuted' ? 0 : weights[severity]

const ends = new Map<string, readonly Destroyed[]>()

/** After the drift the lines of one finding after the other go, until nothing is left. */
export function destroyed(given: Case, seed: number): readonly Destroyed[] {
  const key = `${given.gold.name} ${seed}`
  const known = ends.get(key) ?? destroyedIn(given, seed)
  ends.set(key, known)
  return known
}

function destroyedIn(given: Case, seed: number): readonly Destroyed[] {
  const {gold} = given
  const tree = drifted(given, seed)
  const all = gold.findings.reduce((sum, each) => sum + weigh(each), 0)
  return shuffled(gold.findings, randomOf(seed + 1)).map((victim) => {
    const lines = new Set(
      victim.locations.flatMap(({file, start_line: start = 1, end_line: end = start}) =>
        (tree.origin.get(file) ?? []).slice(start - 1, end),
      ),
    )
    for (const file of tree.files.values()) file.lines = file.lines.filter((line) => !lines.has(line))
    const code = codeIn(tree)
    const truth = watched(gold, tree)
    const left = new Set(truth.findings.map(({id}) => id))
    const gone = gold.findings.filter(({id}) => !left.has(id))
    const anchored = orStale(() => anchor(gold, code))
    return {
      share: gone.reduce((sum, each) => sum + weigh(each), 0) / all,
      expected: gone.map(({id}) => id),
      anchored,
      score: anchored === null ? null : scoreOf(goldAsPlan(truth), {gold: anchored.gold, code}),
    }
  })
}

function orStale(run: () => Anchored): Anchored | null {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'stale-gold') return null
    throw thrown
  }
}

export const seeds = [1, 2, 3, 4] as const

export const driftRows: readonly Row[] = [
  {
    id: 'M22',
    what: 'twenty-five edits of the code, gold places untouched (4 histories); then places destroyed one by one',
    target: 'score ≥ 9.7; with > 40 % destroyed stale',
    // a gold standard about a public repository is read at its commit, where nothing moves
    measure: (given) => {
      if (!('path' in given.gold.source)) return null
      const drifts = seeds.map((seed) => driftOf(given, drifted(given, seed)))
      const steps = seeds.flatMap((seed) => destroyed(given, seed))
      const wrong = steps.filter(({share, anchored}) => share > 0.4 !== (anchored === null)).length
      const least = Math.min(...drifts.map(({score}) => score))
      const right = drifts.reduce((sum, each) => sum + each.right, 0)
      const places = drifts.reduce((sum, each) => sum + each.places, 0)
      return {
        shown: `${two(least)}; ${right} of ${places} places found; ${wrong} of ${steps.length} verdicts wrong`,
        ok: least >= 9.7 && wrong === 0,
      }
    },
  },
]
