/** What must hold of any gold standard, whatever it is about: its own answers have full marks, and none of them stands twice. */
import type {Plan} from '../plan/plan.ts'
import {anchor} from './anchor.ts'
import type {GoldStandard} from './gold.ts'
import {match, sure} from './match.ts'
import {goldAsPlan, scorePlan} from './score.ts'
import type {Code} from './scorecard.ts'

/** Full marks, as a scorecard rounds them. */
export const fullMarks = 10

export interface SelfScore {
  readonly score: number
  /** What its own answers are held against; empty with full marks. */
  readonly why: readonly string[]
}

/**
 * A gold standard as a plan against itself. Less than full marks means that no plan can reach them: one answer is taken for
 * another, or for a trap. One that moves with its code is anchored first, as a run would do. Throws `Failure` `stale-gold`.
 */
export function selfScoreOf(gold: GoldStandard, code: Code, moves: boolean): SelfScore {
  const now = moves ? anchor(gold, code).gold : gold
  const {score, findings, caps} = scorePlan(goldAsPlan(now), now, code, null)
  if (score === fullMarks) return {score, why: []}
  const mistaken = findings.flatMap(({id, class: kind, gold: taken, credit, why}) => {
    if (kind === 'matched' && taken === id && credit === 1) return []
    if (kind === 'trap') return [`${id} is taken for the trap ${taken ?? ''}`]
    return [taken === null || taken === id ? `${id}: ${why}` : `${id} is taken for ${taken}`]
  })
  return {score: score ?? 0, why: [...mistaken, ...caps.map(({message}) => message)]}
}

/** Two findings that are hard to tell apart; indexes in the gold standard, `first` before `second`. */
export interface Alike {
  readonly first: number
  readonly second: number
  /** At the same place: then they are one. */
  readonly same: boolean
}

/** A pair of lines that is nearer than this is one place: five lines apart. */
const samePlace = 0.9

/**
 * Pairs that a matching would be sure of (scoring research §3.4). The same sentence about two places of one file, as a static
 * rule writes it, is as like as that: only the place tells such findings apart, so it is asked about as well.
 */
export function alikeIn(gold: GoldStandard, code: Code): readonly Alike[] {
  const plan: Plan = {schema: 1, goal: '', summary: '', findings: [...gold.findings], changes: []}
  const {candidates, table} = match(plan, gold, code)
  const found = new Map<string, Alike>()
  candidates.forEach(({at}, row) => {
    table[row]?.forEach(({value, line}, other) => {
      if (at === other || value < sure) return
      const [first, second] = [Math.min(at, other), Math.max(at, other)]
      const same = line === null || line >= samePlace || found.get(`${first} ${second}`)?.same === true
      found.set(`${first} ${second}`, {first, second, same})
    })
  })
  return [...found.values()].toSorted((a, b) => a.second - b.second || a.first - b.first)
}
