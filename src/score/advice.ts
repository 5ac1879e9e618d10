/** What would raise a score, the most first: from the scorecard alone, so that a saved one can be explained too. */
import type {GoldStandard} from './gold.ts'
import {weightOf} from './match.ts'
import type {Scorecard} from './scorecard.ts'
import {scorers} from './scorers/index.ts'
import {nameOf} from './similarity.ts'

export interface Advice {
  readonly goldId: string
  readonly title: string
  /** Points that full credit for this finding alone would add, hard limits aside. */
  readonly gain: number
  readonly message: string
}

/** Gains below this many points are not worth a line. */
const least = 0.005

export function advice({score, subscores, gold: judged, caps}: Scorecard, gold: GoldStandard): readonly Advice[] {
  if (score === null || subscores.coverage === null) return []
  const all = gold.findings.reduce((sum, finding) => sum + weightOf(finding), 0)
  const pointsAt = (coverage: number): number =>
    10 *
    scorers.coverage.factor(coverage) *
    scorers.precision.factor(subscores.precision ?? 1) *
    scorers.grounding.factor(subscores.grounding ?? 1) *
    scorers.structure.factor(subscores.structure ?? 1)
  const now = subscores.coverage
  return gold.findings
    .flatMap((finding): readonly Advice[] => {
      const {credit, matched_by: by} = judged.find(({id}) => id === finding.id) ?? {credit: 1, matched_by: null}
      const weight = weightOf(finding)
      const gain = all === 0 ? 0 : pointsAt(Math.min(1, now + (weight * (1 - credit)) / all)) - pointsAt(now)
      if (gain < least) return []
      const title = nameOf(finding)
      const limit = caps.some(({message}) => message.includes(`${finding.id},`))
        ? ' Without it the score is limited.'
        : ''
      const what =
        by === null ? `Find "${title}"` : `Say what ${by} says of "${title}" more exactly, with its line and a quote`
      return [
        {
          goldId: finding.id,
          title,
          gain,
          message: `${what} (${finding.severity}): up to ${gain.toFixed(2)} points more.${limit}`,
        },
      ]
    })
    .toSorted((a, b) => b.gain - a.gain || (a.goldId < b.goldId ? -1 : 1))
}
