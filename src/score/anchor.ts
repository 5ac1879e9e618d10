/** A repository's own gold standard moves with its code (scoring research §3.13). */
import {Failure} from '../errors.ts'
import type {GoldFinding, GoldStandard} from './gold.ts'
import {findQuote, resolvePath} from './grounding.ts'
import {weightOf} from './match.ts'
import type {Code} from './scorecard.ts'

export interface Anchored {
  readonly gold: GoldStandard
  /** Ids of findings whose code is gone: resolved or rewritten. They leave the denominator. */
  readonly gone: readonly string[]
}

const enough = 0.6

/** Throws `Failure` `stale-gold` when less than 60 % of the weight still stands in the code. */
export function anchor(gold: GoldStandard, code: Code): Anchored {
  const moved = gold.findings.map((finding) => ({finding, now: anchorFinding(finding, code)}))
  const kept = moved.flatMap(({now}) => (now === null ? [] : [now]))
  const gone = moved.flatMap(({finding, now}) => (now === null ? [finding.id] : []))
  const all = gold.findings.reduce((sum, finding) => sum + weightOf(finding), 0)
  const left = kept.reduce((sum, finding) => sum + weightOf(finding), 0)
  if (all > 0 && left < enough * all) {
    throw new Failure(
      'stale-gold',
      `the gold standard ${gold.name} is about code that is not there any more: ${gone.join(', ')}`,
      {
        hint: 'bring its findings up to date on the base branch',
      },
    )
  }
  return {gold: {...gold, findings: kept}, gone}
}

function anchorFinding(finding: GoldFinding, code: Code): GoldFinding | null {
  const locations = finding.locations.flatMap((location) => {
    const {path} = resolvePath(location.file, code.paths)
    const lines = path === null ? null : code.lines(path)
    if (path === null || lines === null) return []
    if (location.evidence === undefined) return [{...location, file: path}]
    const found = findQuote(location.evidence, lines, location.start_line ?? null)
    if (found.share < enough) return []
    const length = (location.end_line ?? location.start_line ?? 1) - (location.start_line ?? 1)
    return [{...location, file: path, start_line: found.line, end_line: found.line + Math.max(0, length)}]
  })
  if (finding.locations.length > 0 && locations.length === 0) return null
  return {...finding, locations}
}
