/** A repository's own gold standard moves with its code (scoring research §3.13). */
import {Failure} from '../errors.ts'
import type {Location} from '../scan/finding.ts'
import type {GoldFinding, GoldStandard} from './gold.ts'
import {findQuote, foundShare, pathsOf} from './grounding.ts'
import {weightOf} from './match.ts'
import type {Code} from './scorecard.ts'
import {nameOf} from './similarity.ts'

export interface Gone {
  readonly id: string
  readonly title: string
  readonly why: string
}

export interface Anchored {
  /** With the lines as they are now. */
  readonly gold: GoldStandard
  /** Findings whose code is gone: resolved, or rewritten. They leave the denominator. */
  readonly gone: readonly Gone[]
  /** 0…1, share of the weight that still stands in the code; 1 when there is no weight. */
  readonly share: number
}

/** With less of its weight left a gold standard is about another code base. */
const enough = 0.6
/** Lines that a quote may have moved without the cited range being wrong. */
export const tolerance = 3

/** Throws `Failure` `stale-gold` when less than 60 % of the weight still stands in the code. */
export function anchor(gold: GoldStandard, code: Code): Anchored {
  const renamed = renamesOf(gold, code)
  const moved = gold.findings.map((finding) => {
    const locations = finding.locations.map((place) => ({...place, file: renamed.get(place.file) ?? place.file}))
    return {finding, now: anchorFinding({...finding, locations}, code)}
  })
  const kept = moved.flatMap(({now}) => ('gone' in now ? [] : [now]))
  const gone = moved.flatMap(({finding, now}) =>
    'gone' in now ? [{id: finding.id, title: nameOf(finding), why: now.gone}] : [],
  )
  const weigh = (findings: readonly GoldFinding[]): number =>
    findings.reduce((sum, finding) => sum + weightOf(finding), 0)
  const all = weigh(gold.findings)
  const share = all === 0 ? 1 : weigh(kept) / all
  if (share < enough) {
    const list = gone.map(({id, title, why}) => `  ${id}, "${title}": ${why}`).join('\n')
    throw new Failure(
      'stale-gold',
      `the gold standard ${gold.name} is about code that is not there any more: only ${Math.round(100 * share)} % of its weight still stands\n${list}`,
      {hint: 'on the base branch, take out what was repaired and bring the evidence of the rest up to date'},
    )
  }
  return {gold: withoutGone({...gold, findings: kept}, new Set(gone.map(({id}) => id))), gone, share}
}

/** Changes that only repaired what is gone go too, and nothing refers to them any more. */
function withoutGone(gold: GoldStandard, gone: ReadonlySet<string>): GoldStandard {
  if (gone.size === 0) return gold
  const done = new Set(
    gold.changes.filter(({resolves}) => resolves.length > 0 && resolves.every((id) => gone.has(id))).map(({id}) => id),
  )
  const changes = gold.changes
    .filter(({id}) => !done.has(id))
    .map((change) => ({
      ...change,
      resolves: change.resolves.filter((id) => !gone.has(id)),
      depends_on: change.depends_on.filter((id) => !done.has(id)),
    }))
  return {...gold, changes}
}

function anchorFinding(finding: GoldFinding, code: Code): GoldFinding | {readonly gone: string} {
  if (finding.locations.length === 0) return finding
  const places = finding.locations.map((location) => anchorLocation(location, code))
  const locations = places.flatMap((place) => ('gone' in place ? [] : [place]))
  if (locations.length > 0) return {...finding, locations}
  return {gone: places.flatMap((place) => ('gone' in place ? [place.gone] : []))[0] ?? 'it has no place'}
}

/** Where the quote stands now, nearest to the cited line; a file that moved is found by its name and the quote. */
function anchorLocation(location: Location, code: Code): Location | {readonly gone: string} {
  const {evidence, start_line: start} = location
  const quote = evidence === undefined || evidence.trim() === '' ? null : evidence
  const own = pathsOf(location.file, code.paths).paths
  if (own.length === 0 && quote === null) return {gone: `there is no file ${location.file} any more`}
  if (quote === null) return location
  const alike = own.length > 0 ? own : namesakes(location.file, code.paths)
  const found = firstFound(alike, quote, start ?? null, code)
  if (found === null) {
    const why =
      own.length === 0
        ? `there is no file ${location.file} any more`
        : `its quote does not stand in ${location.file} any more`
    return {gone: why}
  }
  const {path, line} = found
  const end = location.end_line ?? start ?? line
  const within = start !== undefined && line >= start - tolerance && line <= end + tolerance
  if (within) return {...location, file: path}
  return {...location, file: path, start_line: line, end_line: line + (end - (start ?? end))}
}

function firstFound(
  paths: readonly string[],
  quote: string,
  cited: number | null,
  code: Code,
): {readonly path: string; readonly line: number} | null {
  for (const path of paths) {
    const {line, share} = findQuote(quote, code.lines(path) ?? [], cited)
    if (share >= foundShare) return {path, line}
  }
  return null
}

/** One quote may stand elsewhere by chance; so many of one file do not. */
const leastQuotes = 2

/** Files that have another name now: of all that the gold standard quotes from such a file, most stands in one other of its kind. */
function renamesOf({findings}: GoldStandard, code: Code): ReadonlyMap<string, string> {
  const places = findings.flatMap(({locations}) => locations)
  const missing = [...new Set(places.map(({file}) => file))].filter(
    (file) => pathsOf(file, code.paths).paths.length === 0 && namesakes(file, code.paths).length === 0,
  )
  return new Map(
    missing.flatMap((file) => {
      const quotes = places.flatMap((place) => (place.file === file ? (place.evidence ?? []) : []))
      const [only, ...others] = sameKind(file, code.paths).filter((path) => {
        const lines = code.lines(path) ?? []
        const standing = quotes.filter((quote) => findQuote(quote, lines, null).share === 1).length
        return standing >= leastQuotes && standing >= enough * quotes.length
      })
      return only === undefined || others.length > 0 ? [] : [[file, only] as const]
    }),
  )
}

const sameKind = (file: string, paths: readonly string[]): readonly string[] => {
  const ending = /\.[^./]+$/.exec(file)?.[0] ?? ''
  return ending === '' ? [] : paths.filter((path) => path.endsWith(ending))
}

const namesakes = (file: string, paths: readonly string[]): readonly string[] => {
  const name = file.slice(file.lastIndexOf('/') + 1)
  return paths.filter((path) => path === name || path.endsWith(`/${name}`))
}
