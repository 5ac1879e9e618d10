/** A pipeline over all gold standards, as a table: for a terminal and for a job's page. */
import type {Case, Evaluation} from '../score/evaluate.ts'
import {joinMarkdown, joinPlain, markdown, plain, plainLine, text, type Markdown, type Plain} from '../trust.ts'
import {timeText} from './words.ts'

const scoreOf = (score: number | null): string => (score === null ? '–' : score.toFixed(2))
const rangeOf = (interval: Case['interval']): string =>
  interval === null ? '' : `${interval[0].toFixed(2)}–${interval[1].toFixed(2)}`
const costOf = ({usd, calls}: Case['usage']): string =>
  usd === null ? 'unknown' : calls === 0 ? '–' : `$${usd.toFixed(4)}`
const whyOf = (error: string | null): string => error ?? ''
/** null: it did not run now, its samples are from the ledger. */
const timeOf = ({milliseconds, samples}: Case): string =>
  milliseconds === 0 && samples.length > 0 ? 'earlier' : timeText(milliseconds)

const heads = ['gold standard', 'score', '90 %', 'samples', 'cost', 'time'] as const

type Row = readonly [name: string, score: string, range: string, samples: string, cost: string, time: string]

const rowOf = (each: Case): Row => [
  each.gold,
  scoreOf(each.score),
  rangeOf(each.interval),
  String(each.samples.length),
  costOf(each.usage),
  timeOf(each),
]

/** Against the baseline, in a sentence; empty without one. */
function changeText({change}: Evaluation): string {
  if (change === null) return ''
  const sign = change.mean < 0 ? '' : '+'
  const fell = change.fallen.length === 0 ? '' : `; fell: ${change.fallen.slice(0, 10).join(', ')}`
  return `against the baseline: ${sign}${change.mean.toFixed(2)} (${rangeOf(change.interval)})${fell}`
}

export function evaluationText(evaluation: Evaluation): Plain {
  const {cases, mean, interval, verdict} = evaluation
  const rows: readonly Row[] = [heads, ...cases.map(rowOf), ['mean', scoreOf(mean), rangeOf(interval), '', '', '']]
  const widths = heads.map((_, at) => Math.max(...rows.map((row) => plainLine(row[at] ?? '').length)))
  const line = (row: Row, why: string): Plain => {
    const cells = row.map((cell, at) =>
      at === 0 ? plainLine(cell).padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    )
    return plain(`${cells.join('  ')}  ${plainLine(why, 160)}`.trimEnd())
  }
  const change = changeText(evaluation)
  const decided = [verdict.decision, ...verdict.reasons.map(({message}) => message)].join(': ')
  return joinPlain(
    [
      ...rows.map((row, at) => line(row, whyOf(cases[at - 1]?.error ?? null))),
      ...(change === '' ? [] : [plainLine(change, 1000)]),
      plainLine(decided, 1000),
    ],
    '\n',
  )
}

const icons = {pass: '✅', fail: '❌', inconclusive: '⚠️', error: '⚠️'} as const

export function evaluationTable(evaluation: Evaluation, pipeline: string): Markdown {
  const {cases, mean, interval, verdict} = evaluation
  const rows = cases.map((each) => {
    const cells = [...rowOf(each), whyOf(each.error)].map((cell) => text(cell))
    return markdown`| ${joinMarkdown(cells, ' | ')} |`
  })
  const range = interval === null ? '' : ` (${rangeOf(interval)})`
  const change = changeText(evaluation)
  const notes = [...verdict.reasons.map(({message}) => message), ...(change === '' ? [] : [change])]
  return markdown`${text(icons[verdict.decision])} Pipeline ${text(pipeline)}: mean ${text(scoreOf(mean))}${text(range)} over ${cases.length} gold standards, ${text(verdict.decision)}

${joinMarkdown(
  notes.map((note) => markdown`- ${text(note)}`),
  '\n',
)}

| ${joinMarkdown(
    heads.map((head) => text(head)),
    ' | ',
  )} | |
|---|---|---|---|---|---|---|
${joinMarkdown(rows, '\n')}
`
}
