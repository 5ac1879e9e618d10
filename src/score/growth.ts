/** Reviewed findings of a plan → findings of a gold standard. All of it is decided here, before anything is written. */
import {Failure} from '../errors.ts'
import {resolvePath} from '../plan/paths.ts'
import type {Change, Plan} from '../plan/plan.ts'
import type {Finding, Location} from '../scan/finding.ts'
import {tolerance} from './anchor.ts'
import {GoldStandard, type GoldFinding} from './gold.ts'
import {canBeFound, findQuote, pathsOf} from './grounding.ts'
import type {Code} from './scorecard.ts'
import {alikeIn, fullMarks, selfScoreOf} from './soundness.ts'

/** What a person made of a plan, by the plan's ids. Whatever is marked is chosen too. */
export interface Choice {
  readonly from: readonly string[]
  readonly must: readonly string[]
  readonly extra: readonly string[]
  /** Claims that are wrong: a plan that makes them loses points. */
  readonly traps: readonly string[]
  /** Somebody made the defects happen, rather than read about them. */
  readonly verified: boolean
}

export interface Growth {
  /** With what was added. */
  readonly gold: GoldStandard
  readonly findings: readonly GoldFinding[]
  readonly changes: readonly Change[]
  /** The plan's id of each finding that was added, and its id in the gold standard. */
  readonly ids: ReadonlyMap<string, string>
  /** What a person should look at again. */
  readonly notes: readonly string[]
}

/**
 * What was there stays as it is, in its order; new ids follow the highest of their letter, because a number that was once used
 * may stand in an old report.
 *
 * @param gold may be empty: the first findings make it a gold standard
 * @param moves whether it is about a repository that goes on changing
 * @throws Failure `unknown-finding`, `bad-choice`, `not-grounded`, `known-finding`, `bad-order`, `bad-gold`, `stale-gold`,
 * `unsound-gold`: nothing of a choice is taken when one part of it is wrong
 */
export function grow(gold: GoldStandard, plan: Plan, choice: Choice, code: Code, moves: boolean): Growth {
  const chosen = chosenOf(plan, choice)
  const standing = chosen.map((finding) => ({finding, places: placesOf(finding, code)}))
  refuseUngrounded(standing)
  const ids = idsFor(gold, chosen, choice)
  const findings = standing.map(({finding, places}) =>
    goldFindingOf(finding, places, ids.get(finding.id) ?? '', choice),
  )
  const changes = changesFor(gold, plan, ids, choice)
  const grown = {
    ...gold,
    goal: gold.goal === '' && gold.findings.length === 0 ? plan.goal : gold.goal,
    findings: [...gold.findings, ...findings],
    changes: [...gold.changes, ...changes],
  }
  const nameOf = namesIn(ids)
  const like = refuseKnown(grown, gold.findings.length, code, nameOf)
  refuseUnsound(grown, code, moves, nameOf)
  return {
    gold: grown,
    findings,
    changes,
    ids,
    notes: [...quoteNotes(standing, ids), ...like, ...openNotes(findings, changes), ...trapNotes(findings)],
  }
}

/** In the plan's order, whatever order they were typed in. */
function chosenOf(plan: Plan, {from, must, extra, traps}: Choice): readonly Finding[] {
  const wanted = new Set([...from, ...must, ...extra, ...traps])
  if (wanted.size === 0)
    throw new Failure('bad-choice', 'no finding is chosen', {hint: 'name some of the plan, as in --from F3,F7'})
  const both = (one: readonly string[], other: readonly string[]): string | undefined =>
    one.find((id) => other.includes(id))
  const torn = both(must, extra) ?? both(must, traps) ?? both(extra, traps)
  if (torn !== undefined)
    throw new Failure('bad-choice', `${torn} is marked twice`, {
      hint: 'a finding is one of: needed, a must, an extra, a trap',
    })
  const known = plan.findings.map(({id}) => id)
  const unknown = [...wanted].filter((id) => !known.includes(id))
  if (unknown.length > 0)
    throw new Failure('unknown-finding', `the plan has no finding ${unknown.join(', ')}`, {
      hint: known.length === 0 ? 'the plan found nothing' : `there are: ${known.join(', ')}`,
    })
  const chosen = plan.findings.filter(({id}) => wanted.has(id))
  const repeated = chosen.find(({id}, at) => chosen.findIndex((other) => other.id === id) !== at)
  if (repeated === undefined) return chosen
  throw new Failure('bad-choice', `${repeated.id} is the id of more than one finding of the plan`, {
    hint: 'give them different ids in the plan first',
  })
}

/** A place as it is in the code now. */
interface Standing {
  readonly location: Location
  /** The plan quoted nothing here that can be found again: the line was taken from the code. */
  readonly taken: boolean
}

interface Wrong {
  readonly wrong: string
}

const placesOf = (finding: Finding, code: Code): readonly (Standing | Wrong)[] =>
  finding.locations.length === 0
    ? [{wrong: 'it names no place in the code'}]
    : finding.locations.map((location) => standingOf(location, code))

/** A gold standard is held against the code for years, so its quotes must stand there wholly and not nearly. */
function standingOf(location: Location, code: Code): Standing | Wrong {
  const {file, start_line: start, evidence = ''} = location
  const wrong = (why: string): Wrong => ({wrong: `${file}${start === undefined ? '' : `:${start}`} ${why}`})
  const path = resolvePath(file, code.paths)
  if (path === null) {
    const several = pathsOf(file, code.paths).paths
    return wrong(several.length > 1 ? `may be ${several.slice(0, 3).join(' or ')}` : 'there is no such file')
  }
  const lines = code.lines(path) ?? []
  const quote = evidence.trim()
  const end = Math.max(start ?? 1, location.end_line ?? 1)
  if (quote === '' || !canBeFound(quote)) {
    if (start === undefined) return wrong('names no line, nor a quote that can be found')
    if (start > lines.length) return wrong(`the file has only ${lines.length} lines`)
    if (quote !== '' && lines[start - 1]?.trim() !== quote.split('\n')[0]?.trim())
      return wrong('the quote does not stand there')
    const line = quotable(lines, start, end + tolerance)
    if (line === null) return wrong('no line there can be quoted')
    const cited = {...location, end_line: Math.max(end, line)}
    return {location: placeAt(path, lines, line, cited, (lines[line - 1] ?? '').trim()), taken: true}
  }
  const {line, share} = findQuote(quote, lines, start ?? null)
  if (share < 1) return wrong('the quote does not stand in the file')
  const whole = quote.includes('\n') ? quote : (lines[line - 1] ?? '').trim()
  return {location: placeAt(path, lines, line, location, whole), taken: false}
}

/** The first line from the cited one on that can be found again: no blank one, no comment, no `end`. */
function quotable(lines: readonly string[], start: number, end: number): number | null {
  for (let line = start; line <= Math.min(end, lines.length); line++) {
    const found = findQuote(lines[line - 1] ?? '', lines, line)
    if (found.share === 1 && found.line === line) return line
  }
  return null
}

/** The cited range if the quote stands in it, else one as long around where it stands now. */
function placeAt(path: string, lines: readonly string[], line: number, cited: Location, evidence: string): Location {
  const start = cited.start_line ?? line
  const end = Math.max(start, cited.end_line ?? start)
  const last = line + evidence.split('\n').length - 1
  const inside = line >= start && line <= end
  const [from, to] = inside ? [start, Math.max(end, last)] : [line, Math.max(last, line + end - start)]
  return {file: path, start_line: from, end_line: Math.min(to, lines.length), evidence}
}

function refuseUngrounded(
  all: readonly {readonly finding: Finding; readonly places: readonly (Standing | Wrong)[]}[],
): void {
  const wrong = all.flatMap(({finding, places}) =>
    places.flatMap((place) => ('wrong' in place ? [`${finding.id}: ${place.wrong}`] : [])),
  )
  if (wrong.length === 0) return
  throw new Failure('not-grounded', wrong.join('\n'), {
    hint: 'correct these places in the plan, plan again on the code as it is now, or leave the findings out',
  })
}

/** `G4` follows `G3`, also where G2 was taken out. */
function idsFor({findings}: GoldStandard, chosen: readonly Finding[], {traps}: Choice): ReadonlyMap<string, string> {
  const known = findings.map(({id}) => id)
  const last = {G: lastOf(known, 'G'), T: lastOf(known, 'T')}
  return new Map(
    chosen.map(({id}) => {
      const letter = traps.includes(id) ? 'T' : 'G'
      last[letter] += 1
      return [id, `${letter}${last[letter]}`]
    }),
  )
}

const lastOf = (ids: readonly string[], letter: string): number =>
  Math.max(0, ...ids.flatMap((id) => (new RegExp(`^${letter}\\d{1,9}$`).test(id) ? [Number(id.slice(1))] : [])))

const goldFindingOf = (
  finding: Finding,
  places: readonly (Standing | Wrong)[],
  id: string,
  {must, extra, traps, verified}: Choice,
): GoldFinding => ({
  ...finding,
  id,
  locations: places.flatMap((place) => ('wrong' in place ? [] : [place.location])),
  must: must.includes(finding.id),
  extra: extra.includes(finding.id),
  validity: traps.includes(finding.id) ? 'refuted' : verified ? 'verified' : 'unverified',
  related_files: [],
})

/**
 * Changes of the plan that resolve something chosen, in their order, without what is not chosen. A dependency on a change that
 * comes later is the plan's mistake, and a gold standard that repeats it would forgive it to every plan.
 */
function changesFor(
  gold: GoldStandard,
  plan: Plan,
  ids: ReadonlyMap<string, string>,
  {traps}: Choice,
): readonly Change[] {
  const resolvedBy = ({resolves}: Change): readonly string[] =>
    [...new Set(resolves)].flatMap((id) => (traps.includes(id) ? [] : (ids.get(id) ?? [])))
  const taken = plan.changes.filter((change) => resolvedBy(change).length > 0)
  const last = lastOf(
    gold.changes.map(({id}) => id),
    'C',
  )
  const changes = new Map(taken.map(({id}, at) => [id, `C${last + 1 + at}`]))
  return taken.map((change, at) => {
    const early = new Set(taken.slice(0, at).map(({id}) => id))
    const needed = [...new Set(change.depends_on)].filter((id) => changes.has(id))
    const late = needed.find((id) => !early.has(id))
    if (late !== undefined)
      throw new Failure('bad-order', `${change.id} depends on ${late}, which does not come before it in the plan`, {
        hint: 'put the changes of the plan in order first',
      })
    return {
      ...change,
      id: `C${last + 1 + at}`,
      resolves: [...resolvedBy(change)],
      depends_on: needed.flatMap((id) => changes.get(id) ?? []),
    }
  })
}

/** What a person called it: the plan's id for what is new. */
function namesIn(ids: ReadonlyMap<string, string>): (id: string) => string {
  const names = new Map([...ids].map(([from, to]) => [to, from]))
  return (id) => names.get(id) ?? id
}

/** @returns notes about what is like something else and stands elsewhere */
function refuseKnown(grown: GoldStandard, old: number, code: Code, nameOf: (id: string) => string): readonly string[] {
  const pairs = alikeIn(grown, code).flatMap(({first, second, same}) => {
    const [one, other] = [grown.findings[first], grown.findings[second]]
    return second < old || one === undefined || other === undefined ? [] : [{one, other, same}]
  })
  const known = pairs.filter(({same}) => same)
  if (known.length > 0)
    throw new Failure(
      'known-finding',
      known
        .map(({one, other}) => {
          const what = one.validity === 'refuted' ? `the trap ${nameOf(one.id)}` : nameOf(one.id)
          return `${nameOf(other.id)} says the same of the same place as ${what}`
        })
        .join('\n'),
      {hint: 'leave it out, or make the one that is there say more'},
    )
  return pairs.map(({one, other}) => `${other.id} reads like ${one.id}, at another place: see whether both are meant`)
}

function refuseUnsound(grown: GoldStandard, code: Code, moves: boolean, nameOf: (id: string) => string): void {
  const checked = GoldStandard.safeParse(grown)
  if (!checked.success) {
    const mistakes = checked.error.issues.map(({path, message}) => `${path.map(String).join('.')}: ${message}`)
    throw new Failure('bad-gold', mistakes.join('\n'), {
      hint: 'a gold standard begins with a finding that a plan must or should make',
    })
  }
  const {score, why} = selfScoreOf(grown, code, moves)
  if (score === fullMarks) return
  const about = grown.findings.reduce(
    (text, {id}) => (nameOf(id) === id ? text : text.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), nameOf(id))),
    why.join('\n'),
  )
  throw new Failure(
    'unsound-gold',
    `with these findings its own answers would score ${score.toFixed(2)} and not 10\n${about}`,
    {
      hint: '`refactor-plan check` says what is wrong with what is there; of findings that are taken for each other leave one out',
    },
  )
}

const quoteNotes = (
  all: readonly {readonly finding: Finding; readonly places: readonly (Standing | Wrong)[]}[],
  ids: ReadonlyMap<string, string>,
): readonly string[] =>
  all.flatMap(({finding, places}) =>
    places.some((place) => 'taken' in place && place.taken)
      ? [
          `${ids.get(finding.id) ?? finding.id}: the plan quoted no line that can be found again, so the evidence is taken from the code`,
        ]
      : [],
  )

function openNotes(findings: readonly GoldFinding[], changes: readonly Change[]): readonly string[] {
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  return findings.flatMap(({id, extra, validity}) =>
    extra || validity === 'refuted' || resolved.has(id) ? [] : [`${id}: no change of the plan resolves it; write one`],
  )
}

const trapNotes = (findings: readonly GoldFinding[]): readonly string[] =>
  findings.flatMap(({id, validity}) =>
    validity === 'refuted' ? [`${id}: what it says is still the claim; write why that is wrong`] : [],
  )
