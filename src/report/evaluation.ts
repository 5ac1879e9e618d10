/** A pipeline over all gold standards, as a table: for a terminal and for a job's page. */
import type {Evaluation} from '../score/evaluate.ts'
import {joinMarkdown, joinPlain, markdown, plain, plainLine, text, type Markdown, type Plain} from '../trust.ts'

const scoreOf = (score: number | null): string => (score === null ? '–' : score.toFixed(2))
const costOf = (usd: number | null): string => (usd === null ? 'unknown' : `$${usd.toFixed(4)}`)
const whyOf = (error: string | null): string => error ?? ''

export function evaluationText({cases, mean, verdict}: Evaluation): Plain {
  const widest = Math.max(4, ...cases.map(({gold}) => gold.length))
  const row = (gold: string, score: number | null, cost: string, why: string): Plain =>
    plain(
      `${plainLine(gold).padEnd(widest)}  ${scoreOf(score).padStart(6)}  ${cost.padStart(9)}  ${plainLine(why, 120)}`.trimEnd(),
    )
  return joinPlain(
    [
      ...cases.map(({gold, score, usage, error}) => row(gold, score, costOf(usage.usd), whyOf(error))),
      row(
        'mean',
        mean,
        '',
        `${verdict.decision}${verdict.reasons[0] === undefined ? '' : `: ${verdict.reasons[0].message}`}`,
      ),
    ],
    '\n',
  )
}

export function evaluationTable({cases, mean, verdict}: Evaluation, pipeline: string): Markdown {
  const rows = cases.map(
    ({gold, score, usage, error}) =>
      markdown`| ${text(gold)} | ${text(scoreOf(score))} | ${text(costOf(usage.usd))} | ${text(whyOf(error))} |`,
  )
  const icon = verdict.decision === 'pass' ? markdown`✅` : markdown`❌`
  return markdown`${icon} Pipeline ${text(pipeline)}: mean ${text(scoreOf(mean))} over ${cases.length} gold standards, ${text(verdict.decision)}

| gold standard | score | cost | |
|---|---|---|---|
${joinMarkdown(rows, '\n')}
`
}
