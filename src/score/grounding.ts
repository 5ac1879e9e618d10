/** Does what a finding says stand in the code? (scoring research §3.3) */
import type {Finding, Location} from '../scan/finding.ts'
import type {Code} from './scorecard.ts'
import {normalise} from './text.ts'

export interface GroundedPlace {
  /** The path in the repository; null when there is none. */
  readonly path: string | null
  /** Where the evidence stands, 1-based; null when it does not, or none was given. */
  readonly anchor: number | null
  readonly start: number | null
  readonly end: number | null
  /** 0…1 */
  readonly value: number
  readonly why: string
}

export interface Grounding {
  /** 0…1; null for a finding about the whole repository. */
  readonly value: number | null
  readonly places: readonly GroundedPlace[]
}

/** Nobody means more places than this with one finding; further ones are ignored (§3.5). */
const maxPlaces = 7

export function ground({locations}: Pick<Finding, 'locations'>, code: Code): Grounding {
  if (locations.length === 0) return {value: null, places: []}
  const places = locations.slice(0, maxPlaces).map((location) => groundPlace(location, code))
  const extra = Math.max(0, locations.length - 4) * 0.05
  const mean = places.reduce((sum, {value}) => sum + value, 0) / places.length
  return {value: Math.max(0, mean - extra), places}
}

function groundPlace(location: Location, code: Code): GroundedPlace {
  const {path, value: pathValue} = resolvePath(location.file, code.paths)
  const start = location.start_line ?? null
  const end = location.end_line ?? start
  const lines = path === null ? null : code.lines(path)
  if (path === null || lines === null)
    return {path: null, anchor: null, start, end, value: 0, why: `there is no file ${location.file}`}
  const quote = location.evidence === undefined || location.evidence.trim() === '' ? null : location.evidence
  const found = quote === null ? null : findQuote(quote, lines, start)
  const anchor = found !== null && found.share >= 0.6 ? found.line : null
  const parts: {readonly weight: number; readonly value: number}[] = [{weight: 0.4, value: pathValue}]
  if (start !== null) parts.push({weight: 0.25, value: lineValue(start, anchor, lines.length)})
  if (found !== null) parts.push({weight: 0.35, value: found.share})
  const weight = parts.reduce((sum, part) => sum + part.weight, 0)
  const value = parts.reduce((sum, part) => sum + part.weight * part.value, 0) / weight
  const ceiling = quote === null ? (start === null ? 0.5 : 0.75) : anchor === null ? 0.4 : 1
  const why =
    quote === null
      ? 'no line of the code is quoted'
      : anchor === null
        ? 'the quote does not stand in the file'
        : 'the quote stands in the file'
  return {path, anchor, start, end, value: Math.min(value, ceiling), why}
}

/** Exact, or the unique path that ends in it: people leave out `lib/`. */
export function resolvePath(
  file: string,
  paths: readonly string[],
): {readonly path: string | null; readonly value: number} {
  const clean = normalise(file)
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/)+/, '')
  if (clean === '' || clean.startsWith('/') || clean.split('/').includes('..')) return {path: null, value: 0}
  if (paths.includes(clean)) return {path: clean, value: 1}
  const ending = paths.filter((path) => path.endsWith(`/${clean}`))
  if (ending.length === 1) return {path: ending[0] ?? null, value: 0.95}
  return ending.length > 1 ? {path: ending[0] ?? null, value: 0.6} : {path: null, value: 0}
}

function lineValue(cited: number, anchor: number | null, count: number): number {
  if (anchor === null) return cited <= count ? 0.6 : 0
  const distance = Math.abs(cited - anchor)
  return distance <= 3 ? 1 : Math.max(0.3, 1 - (distance - 3) * 0.02)
}

const generic = /^(?:end|do|else|rescue|catch|after|begin|try:?|except:?|finally:?|pass|return|[\])}{([;,]*)$/

/** Without indentation, trailing and whole-line comments: authors annotate what they quote. */
const bare = (line: string): string =>
  normalise(line)
    .replace(/^\s*(?:#|\/\/|--).*$/, '')
    .replace(/\s(?:#|\/\/)\s.*$/, '')
    .replace(/\s+/g, ' ')
    .trim()

/** The best window in which the quoted lines stand in order, with gaps of at most 3 lines; nearest to `cited` among equals. */
export function findQuote(
  quote: string,
  lines: readonly string[],
  cited: number | null,
): {readonly line: number; readonly share: number} {
  const wanted = quote
    .split(/\r?\n/)
    .map(bare)
    .filter((line) => line !== '')
    .slice(0, 40)
  const weights = wanted.map((line) => (generic.test(line) ? 0.5 : 1))
  const all = weights.reduce<number>((sum, weight) => sum + weight, 0)
  const [first] = wanted
  if (first === undefined || all === 0) return {line: 1, share: 0}
  const have = lines.map(bare)
  let best = {line: 1, share: 0}
  const distance = (line: number): number => (cited === null ? 0 : Math.abs(line - cited))
  for (let start = 0; start < have.length; start++) {
    const at = wanted.findIndex((line) => stands(line, have[start] ?? ''))
    if (at < 0) continue
    const share = windowShare(wanted.slice(at), weights.slice(at), have, start) / all
    if (share > best.share || (share === best.share && distance(start + 1) < distance(best.line)))
      best = {line: start + 1, share}
  }
  return best
}

/** A quoted line stands in a code line when it is that line, or a telling part of it. */
const stands = (wanted: string, have: string): boolean =>
  have === wanted || (wanted.length >= 8 && have.includes(wanted))

function windowShare(
  wanted: readonly string[],
  weights: readonly number[],
  have: readonly string[],
  start: number,
): number {
  let at = start
  let sum = 0
  wanted.forEach((line, index) => {
    for (let look = at; look <= at + 3 && look < have.length; look++) {
      if (!stands(line, have[look] ?? '')) continue
      sum += weights[index] ?? 0
      at = look + 1
      return
    }
  })
  return sum
}
