/** The merge of GEPA: of two candidates that came from one, each step's words from the one that changed them. */
import type {Candidate} from './candidate.ts'
import {drawn, drawnBy, shuffled, type Random} from './randomness.ts'
import {reworded, wordsIn, type Part} from './rewrites.ts'

export interface Program {
  readonly candidate: Candidate
  /** Positions of those it was made from. */
  readonly parents: readonly number[]
  readonly mean: number
}

export interface Merger {
  readonly candidate: Candidate
  readonly parents: readonly [number, number]
  /** What was merged, to merge it once only: the pair with its ancestor, and the pair with who gave which step. */
  readonly keys: readonly [string, string]
}

const attempts = 10

/**
 * Two of the candidates of which neither comes from the other, through an ancestor that is better than neither and from which one of
 * them, and only one, changed some step. null: there is no such pair that was not merged before.
 *
 * @param among positions of the candidates that may be merged
 * @param merged keys of earlier ones
 */
export function mergerOf(
  programs: readonly Program[],
  among: readonly number[],
  parts: readonly Part[],
  merged: ReadonlySet<string>,
  random: Random,
): Merger | null {
  if (among.length < 2 || programs.length < 3) return null
  for (let attempt = 0; attempt < attempts * attempts; attempt++) {
    const pair = shuffled(among, random).slice(0, 2)
    const [one = 0, two = 0] = pair.toSorted((a, b) => a - b)
    const [before, others] = [ancestorsOf(programs, one), ancestorsOf(programs, two)]
    if (before.has(two) || others.has(one)) continue
    const usable = [...before]
      .filter((each) => others.has(each) && !merged.has(`${one} ${two} < ${each}`))
      .filter((each) => isFit(programs, parts, one, two, each))
      .toSorted((a, b) => a - b)
    const ancestor = drawnBy(usable, (each) => meanOf(programs, each), random) ?? drawn(usable, random)
    if (ancestor === undefined) continue
    const merger = mergedOf(programs, parts, [one, two], ancestor, random)
    if (!merger.keys.some((key) => merged.has(key))) return merger
  }
  return null
}

const meanOf = (programs: readonly Program[], at: number): number => programs[at]?.mean ?? 0

function ancestorsOf(programs: readonly Program[], at: number): ReadonlySet<number> {
  const found = new Set<number>()
  const visit = (each: number): void => {
    for (const parent of programs[each]?.parents ?? [])
      if (!found.has(parent)) {
        found.add(parent)
        visit(parent)
      }
  }
  visit(at)
  return found
}

const wordsOf = (programs: readonly Program[], at: number, part: Part): string =>
  wordsIn(programs[at]?.candidate ?? {}, part)

function isFit(
  programs: readonly Program[],
  parts: readonly Part[],
  one: number,
  two: number,
  ancestor: number,
): boolean {
  if (meanOf(programs, ancestor) > Math.min(meanOf(programs, one), meanOf(programs, two))) return false
  return parts.some((part) => {
    const [old, a, b] = [ancestor, one, two].map((each) => wordsOf(programs, each, part))
    return a !== b && (a === old || b === old)
  })
}

/** Where both changed a step it comes from the one with the better mean. */
function mergedOf(
  programs: readonly Program[],
  parts: readonly Part[],
  [one, two]: readonly [number, number],
  ancestor: number,
  random: Random,
): Merger {
  const [a, b] = [meanOf(programs, one), meanOf(programs, two)]
  const givers = parts.map((part): number => {
    const [old, mine, other] = [ancestor, one, two].map((each) => wordsOf(programs, each, part))
    if (mine === other) return one
    if (mine === old) return two
    if (other === old) return one
    return a === b ? (drawn([one, two], random) ?? one) : a > b ? one : two
  })
  const candidate = parts.reduce<Candidate>(
    (all, part, at) => reworded(all, part, wordsOf(programs, givers[at] ?? one, part)),
    {},
  )
  return {candidate, parents: [one, two], keys: [`${one} ${two} < ${ancestor}`, `${one} ${two} = ${givers.join(' ')}`]}
}

/** So many cases both must have run on. */
export const leastShared = 5

/**
 * Cases on which a merger is compared with its parents: a part of them where the first is better, a part where the second is, a part
 * where neither is, and what is missing of five from the rest.
 *
 * @returns positions of cases
 */
export function sharedSample(one: readonly number[], two: readonly number[], random: Random): readonly number[] {
  const all = one.map((_, at) => at)
  const ahead = (at: number): number => Math.sign((one[at] ?? 0) - (two[at] ?? 0))
  const each = Math.ceil(leastShared / 3)
  const chosen: number[] = []
  for (const sign of [1, -1, 0]) {
    const bucket = shuffled(
      all.filter((at) => ahead(at) === sign),
      random,
    )
    chosen.push(...bucket.slice(0, Math.min(each, leastShared - chosen.length)))
  }
  const rest = shuffled(
    all.filter((at) => !chosen.includes(at)),
    random,
  )
  return [...chosen, ...rest.slice(0, leastShared - chosen.length)]
}
