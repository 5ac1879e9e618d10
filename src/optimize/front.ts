/** Candidates of which none is best everywhere: for each case those that are best on it. */
import {drawnBy, type Random} from './randomness.ts'

/** Positions of candidates. */
type Front = ReadonlySet<number>

/** @param scores of each candidate, by case; all have the same cases */
export const frontsOf = (scores: readonly (readonly number[])[]): readonly Front[] =>
  (scores[0] ?? []).map((_, at) => {
    const best = Math.max(...scores.map((own) => own[at] ?? -Infinity))
    return new Set(scores.flatMap((own, candidate) => (own[at] === best ? [candidate] : [])))
  })

/**
 * The fronts without candidates that are not needed: the worst mean first, each goes whose every front holds another that stays.
 * No front loses all it has.
 */
export function thinnedFronts(fronts: readonly Front[], means: readonly number[]): readonly Front[] {
  const alive = new Set(fronts.flatMap((front) => [...front]))
  const worstFirst = [...alive].toSorted((a, b) => (means[a] ?? 0) - (means[b] ?? 0) || a - b)
  for (const candidate of worstFirst) {
    const own = fronts.filter((front) => front.has(candidate))
    // once another has gone, fewer are left to stand in for this one: nobody need be looked at twice
    if (own.every((front) => [...front].some((other) => other !== candidate && alive.has(other))))
      alive.delete(candidate)
  }
  return fronts.map((front) => new Set([...front].filter((candidate) => alive.has(candidate))))
}

/** In the order of their appearance. */
export const membersOf = (fronts: readonly Front[]): readonly number[] =>
  [...new Set(fronts.flatMap((front) => [...front]))].toSorted((a, b) => a - b)

/** One that stays, by the number of fronts it is in. */
export function drawnFrom(fronts: readonly Front[], random: Random): number {
  const times = (candidate: number): number => fronts.filter((front) => front.has(candidate)).length
  return drawnBy(membersOf(fronts), times, random) ?? 0
}
