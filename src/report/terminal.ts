/** The report for a person at a terminal. */
import {severities} from '../scan/finding.ts'
import {joinPlain, painted, plainLine, type Plain, type Style} from '../trust.ts'
import type {Report} from './report.ts'
import {
  costText,
  criteriaOf,
  gainText,
  headlineOf,
  iconOf,
  judgeText,
  leftOutText,
  modelsText,
  phasesOf,
  placeText,
  plural,
  protectedText,
  timeText,
} from './words.ts'

interface Line {
  readonly words: string
  /** Columns before the words, as text and width. */
  readonly cells?: readonly (readonly [text: string, width: number])[]
  readonly style?: Style
  /** Spaces before the words. */
  readonly indent?: number
}

/** @param color false: no escape sequences at all */
export function renderTerminal(report: Report, {color}: {readonly color: boolean}): Plain {
  const sections = [
    head(report),
    scores(report),
    improvements(report),
    findings(report),
    changes(report),
    violations(report),
    notes(report),
  ]
  return joinPlain(
    sections
      .filter((lines) => lines.length > 0)
      .map((lines) =>
        joinPlain(
          lines.map((line) => rendered(line, color)),
          '\n',
        ),
      ),
    '\n\n',
  )
}

const empty = plainLine('')

function rendered({words, cells = [], style, indent = 0}: Line, color: boolean): Plain {
  const columns = cells.map(([text, width]) => {
    const cell = plainLine(text)
    return joinPlain([cell, ...spaces(width - cell.length + 1)], ' ')
  })
  const line = joinPlain([...spaces(indent), joinPlain([...columns, plainLine(words)], ' ')], ' ')
  return color && style !== undefined ? painted(line, style) : line
}

/** As many, when joined by one. */
const spaces = (count: number): readonly Plain[] => Array.from({length: Math.max(count, 0)}, () => empty)

const verdictStyle = {pass: 'green', fail: 'red', inconclusive: 'yellow', error: 'yellow'} as const

const head = (report: Report): readonly Line[] => [
  {words: `${iconOf(report)} Refactor plan: ${headlineOf(report)}`, style: verdictStyle[report.verdict.decision]},
  {
    words: [
      `${report.repository.name}${report.repository.commit === null ? '' : ` at ${report.repository.commit.slice(0, 7)}`}`,
      `pipeline ${report.pipeline.name}`,
      modelsText(report),
      costText(report),
      ...(report.milliseconds === null ? [] : [timeText(report.milliseconds)]),
    ].join(' · '),
    style: 'dim',
  },
  ...(report.verdict.decision === 'pass'
    ? []
    : report.verdict.reasons.map(({message}) => ({words: `- ${message}`, indent: 2}))),
  ...(report.protected.length === 0
    ? []
    : [
        {words: protectedText(report), style: 'yellow' as const},
        ...report.protected.slice(0, 10).map((path) => ({words: `- ${path}`, indent: 2})),
        ...rest(report.protected.length, 10),
      ]),
]

const title = (words: string): Line => ({words, style: 'bold'})

function scores(report: Report): readonly Line[] {
  const criteria = criteriaOf(report)
  if (criteria.length === 0) return []
  return [
    title('Score'),
    ...criteria.map(({name, value, meaning}) => ({
      words: meaning,
      cells: [
        [name, 10],
        [value, 5],
      ] as const,
      indent: 2,
    })),
    {words: judgeText[report.judge], indent: 2, style: 'dim' as const},
  ]
}

const improvements = ({improvements}: Report): readonly Line[] =>
  improvements.length === 0
    ? []
    : [
        title('What would raise the score'),
        ...improvements.slice(0, 10).map((one) => ({
          words: `- ${one.what}${gainText(one) === '' ? '' : ` (${gainText(one)})`}${one.place === null ? '' : `, ${placeText(one.place)}`}`,
          indent: 2,
        })),
        ...rest(improvements.length, 10),
      ]

const rest = (count: number, shown: number): readonly Line[] =>
  count > shown ? [{words: `… and ${count - shown} more`, indent: 2}] : []

const severityStyle = {critical: 'red', high: 'yellow', medium: 'cyan', low: 'dim'} as const

/** Of each list; the plan's file has all of it. */
const maxLines = 50

/** Worst first; a finding takes one line. */
function findings({plan}: Report): readonly Line[] {
  if (plan.findings.length === 0) return []
  const wide = (of: readonly string[], most: number): number => Math.min(Math.max(...of.map((one) => one.length)), most)
  const ids = wide(
    plan.findings.map(({id}) => id),
    12,
  )
  const categories = wide(
    plan.findings.map(({category}) => category),
    32,
  )
  const sorted = severities.flatMap((severity) => plan.findings.filter((finding) => finding.severity === severity))
  return [
    title(plural(plan.findings.length, 'finding')),
    ...sorted.slice(0, maxLines).map(({id, severity, category, locations: [first, ...more]}) => ({
      words: `${first === undefined ? '–' : placeText(first)}${more.length === 0 ? '' : ` +${more.length}`}`,
      cells: [
        [id, ids],
        [severity, 8],
        [category, categories],
      ] as const,
      indent: 2,
      style: severityStyle[severity],
    })),
    ...rest(sorted.length, maxLines),
  ]
}

const changes = (report: Report): readonly Line[] =>
  phasesOf(report).flatMap(([phase, members]) => [
    title(`Phase ${phase}`),
    ...members.slice(0, maxLines).flatMap(({id, title, risk, effort, depends_on, verification: [command]}) => [
      {
        words: `${title}${risk === null ? '' : `, ${risk} risk`}${effort === null ? '' : `, effort ${effort}`}${depends_on.length === 0 ? '' : `, after ${depends_on.join(', ')}`}`,
        cells: [[id, 2]] as const,
        indent: 2,
      },
      ...(command === undefined ? [] : [{words: `$ ${command}`, indent: 6, style: 'dim' as const}]),
    ]),
    ...rest(members.length, maxLines),
  ])

const violations = ({violations}: Report): readonly Line[] =>
  violations.length === 0
    ? []
    : [
        title(plural(violations.length, 'remark') + ' of the plan rules'),
        ...violations.slice(0, 20).map(({rule, message, severity}) => ({
          words: `${rule}: ${message}`,
          cells: [[severity, 7]] as const,
          indent: 2,
          style: severity === 'error' ? ('red' as const) : ('yellow' as const),
        })),
        ...rest(violations.length, 20),
      ]

const notes = (report: Report): readonly Line[] => [
  ...report.notes.map((words) => ({words})),
  ...(report.left_out.count === 0 ? [] : [{words: leftOutText(report)}]),
  ...(report.plan_path === null ? [] : [{words: `Plan: ${report.plan_path}`}]),
]
