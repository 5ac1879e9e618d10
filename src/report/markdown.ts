/** The report as Markdown: a comment that fits, or a job summary. Whatever others wrote passes through trust.ts. */
import type {Change} from '../plan/plan.ts'
import type {Finding, Location} from '../scan/finding.ts'
import {
  clip,
  code,
  fenced,
  hidden,
  joinMarkdown,
  link,
  markdown,
  paragraphs,
  plainLine,
  prose,
  summaryText,
  text,
  type Markdown,
  type Plain,
} from '../trust.ts'
import type {Improvement} from '../score/improvement.ts'
import type {Report} from './report.ts'
import {
  costText,
  creditsOf,
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
  scoreText,
  timeText,
  urlOf,
} from './words.ts'

/** How much of the report is shown; the largest that fits is taken. */
interface Detail {
  readonly changes: number
  /** Characters of the instructions in a change; 0: changes are a list without details. */
  readonly instructions: number
  readonly findings: number
  /** Characters of a finding's description. */
  readonly description: number
  readonly improvements: number
  readonly violations: number
}

const details: readonly Detail[] = [
  {changes: Infinity, instructions: 4000, findings: Infinity, description: 600, improvements: 20, violations: 200},
  {changes: 300, instructions: 400, findings: 100, description: 160, improvements: 10, violations: 30},
  {changes: 80, instructions: 0, findings: 25, description: 100, improvements: 5, violations: 10},
  {changes: 10, instructions: 0, findings: 0, description: 0, improvements: 3, violations: 5},
]

/** How many changes stand open, so that the plan begins in sight. */
const openChanges = 3
const maxTitle = 160
const maxPath = 200

/** GitHub refuses a body of more than 65,536 characters; the rest is room for what the publisher adds. */
const commentLimit = 60_000
/** GitHub drops a step's summary of more than 1 MiB. */
const summaryLimit = 1024 * 1024

/**
 * @param limit UTF-16 units, 4,000 and the marker at least: a headline always fits
 * @param marker the text of the hidden comment on top, by which the publisher finds its comment
 */
export function renderComment(
  report: Report,
  {limit = commentLimit, marker}: {readonly limit?: number; readonly marker?: string} = {},
): Markdown {
  return largest(report, marker === undefined ? null : hidden(marker), (body) => body.length <= limit)
}

/** The whole report, as far as a job summary may be long. */
export function renderSummary(report: Report): Markdown {
  const encoder = new TextEncoder()
  return largest(report, null, (body) => encoder.encode(body).length <= summaryLimit)
}

/** The headline for a commit status: GitHub refuses more than 140 characters. */
export const statusDescription = (report: Report): Plain => plainLine(headlineOf(report), 140)

function largest(report: Report, marker: Markdown | null, fits: (body: Markdown) => boolean): Markdown {
  const withMarker = (body: Markdown): Markdown => (marker === null ? body : markdown`${marker}\n${body}`)
  for (const detail of details) {
    const body = withMarker(renderAt(report, detail))
    if (fits(body)) return body
  }
  return withMarker(top(report))
}

const renderAt = (report: Report, detail: Detail): Markdown =>
  blocks([
    top(report),
    reasons(report),
    improvements(report, detail),
    scores(report),
    credits(report, detail),
    plan(report, detail),
    findings(report, detail),
    violations(report, detail),
    about(report),
    footer(report),
  ])

const blocks = (parts: readonly (Markdown | null)[]): Markdown =>
  joinMarkdown(
    parts.flatMap((part) => (part === null || part === '' ? [] : [part])),
    '\n\n',
  )

const lines = (parts: readonly Markdown[]): Markdown => joinMarkdown(parts, '\n')

/** The verdict, readable in an e-mail, and what it is about. */
function top(report: Report): Markdown {
  const {repository, pipeline, milliseconds, run_url} = report
  const {commit, name, server_url} = repository
  const models = report.pipeline.models.length === 0 ? text(modelsText(report)) : code(clip(modelsText(report), 200))
  const shown = commit === null ? null : code(commit.slice(0, 7))
  const url = commit === null ? null : `${server_url ?? ''}/${name}/commit/${commit}`
  return lines([
    markdown`${text(iconOf(report))} Refactor plan: ${text(clip(headlineOf(report), 300))}`,
    joinMarkdown(
      [
        ...(shown === null || url === null ? [] : [markdown`Commit ${onServer(report, shown, url)}`]),
        markdown`pipeline ${code(clip(pipeline.name, 80))}`,
        models,
        text(costText(report)),
        ...(milliseconds === null ? [] : [text(timeText(milliseconds))]),
        ...(run_url === null ? [] : [onServer(report, text('run'), run_url)]),
      ],
      ' · ',
    ),
  ])
}

const onServer = ({repository: {server_url}}: Report, label: Markdown, url: string): Markdown =>
  server_url === null ? label : link(label, url, server_url)

const maxReasons = 10

/** Why the gate did not open; a passed gate needs no reason. */
function reasons({verdict: {decision, reasons}}: Report): Markdown | null {
  if (decision === 'pass' || reasons.length === 0) return null
  const shown = reasons.slice(0, maxReasons).map(({message}) => markdown`> - ${prose(clip(message, 300))}`)
  return lines([markdown`> [!${alert[decision]}]`, ...shown, ...more(reasons.length, maxReasons, markdown`> - `)])
}

const alert = {
  fail: markdown`WARNING`,
  inconclusive: markdown`NOTE`,
  error: markdown`CAUTION`,
} as const

const more = (count: number, shown: number, before: Markdown): readonly Markdown[] =>
  count > shown ? [markdown`${before}… and ${count - shown} more`] : []

function improvements(report: Report, detail: Detail): Markdown | null {
  const {improvements} = report
  if (improvements.length === 0) return null
  const shown = improvements.slice(0, detail.improvements).map((one) => markdown`- ${improvement(report, one)}`)
  return blocks([
    markdown`### What would raise the score`,
    lines([...shown, ...more(improvements.length, detail.improvements, markdown`- `)]),
  ])
}

function improvement(report: Report, one: Improvement): Markdown {
  const {what, place} = one
  const where = place === null ? markdown`` : markdown`, ${placeLink(report, place)}`
  const gain = gainText(one)
  return markdown`${prose(clip(what, 240))}${gain === '' ? markdown`` : markdown` (${text(gain)})`}${where}`
}

const placeLink = (report: Report, place: Location): Markdown => {
  const label = code(clip(placeText(place), maxPath))
  const url = urlOf(report, place)
  return url === null || url.length > 1000 ? label : onServer(report, label, url)
}

function scores(report: Report): Markdown | null {
  const {scorecard, judge} = report
  if (scorecard === null) return null
  const {score, interval} = scorecard
  const range = interval === null ? '' : ` (${scoreText(interval[0])}–${scoreText(interval[1])})`
  const total = score === null ? '–' : `${scoreText(score)} of 10${range}`
  const rows = criteriaOf(report).map(
    ({name, value, meaning}) => markdown`| ${text(name)} | ${text(value)} | ${text(meaning)} |`,
  )
  return blocks([
    markdown`### Score`,
    lines([
      markdown`| Criterion | Value | |`,
      markdown`|---|---:|---|`,
      ...rows,
      markdown`| **Score** | **${text(total)}** | ${text(judgeText[judge])} |`,
    ]),
  ])
}

/** How the score came about, folded. */
function credits(report: Report, detail: Detail): Markdown | null {
  const all = creditsOf(report)
  if (all.length === 0 || detail.findings === 0) return null
  const rows = all
    .slice(0, 2 * detail.findings)
    .map(({id, outcome, why}) => markdown`| ${text(clip(id, 64))} | ${text(outcome)} | ${prose(clip(why, 240))} |`)
  return blocks([
    markdown`<details><summary>How each finding was counted</summary>`,
    lines([markdown`| | | |`, markdown`|---|---:|---|`, ...rows]),
    ...more(all.length, 2 * detail.findings, markdown``),
    markdown`</details>`,
  ])
}

function plan(report: Report, detail: Detail): Markdown {
  const {changes, summary} = report.plan
  const shown = new Set(changes.slice(0, detail.changes))
  const phases = phasesOf(report).flatMap(([phase, members]) => {
    const visible = members.filter((change) => shown.has(change))
    if (visible.length === 0) return []
    const items = visible.map((change) =>
      detail.instructions === 0 ? line(report, change) : block(report, change, detail),
    )
    return [blocks([markdown`#### Phase ${phase}`, joinMarkdown(items, detail.instructions === 0 ? '\n' : '\n\n')])]
  })
  return blocks([
    markdown`### Plan: ${text(plural(changes.length, 'change'))} for ${text(plural(report.plan.findings.length, 'finding'))}`,
    paragraphs(clip(summary, detail.instructions === 0 ? 600 : 2000)),
    ...phases,
    ...more(changes.length, detail.changes, markdown``),
  ])
}

const size = ({risk, effort}: Change): readonly string[] => [
  ...(risk === null ? [] : [`${risk} risk`]),
  ...(effort === null ? [] : [`effort ${effort}`]),
]

function line(report: Report, change: Change): Markdown {
  const [file] = change.files
  const where = file === undefined ? [] : [placeLink(report, {file})]
  const extra = joinMarkdown([...where, ...size(change).map(text)], ', ')
  return markdown`- **${text(clip(change.id, 64))}** ${prose(clip(change.title, maxTitle))}${extra === '' ? extra : markdown` (${extra})`}`
}

function block(report: Report, change: Change, detail: Detail): Markdown {
  const open = report.plan.changes.indexOf(change) < openChanges
  const about = [change.title, ...size(change)].map((part) => clip(part, maxTitle)).join(' · ')
  const summary = markdown`<summary><b>${summaryText(clip(change.id, 64))}</b> ${summaryText(about)}</summary>`
  return blocks([
    markdown`${open ? markdown`<details open>` : markdown`<details>`}${summary}`,
    lines([...filesOf(report, change), ...resolvesOf(report, change)]),
    paragraphs(clip(change.instructions, detail.instructions)),
    change.verification.length === 0
      ? null
      : fenced(clip(change.verification.map((command) => clip(command, 300)).join('\n'), 1500), 'sh'),
    markdown`</details>`,
  ])
}

const maxNamed = 12

function filesOf(report: Report, {files, creates}: Change): readonly Markdown[] {
  const named = [
    ...files.map((file) => placeLink(report, {file})),
    ...creates.map((file) => markdown`${code(clip(file, maxPath))} (new)`),
  ]
  if (named.length === 0) return []
  return [
    markdown`- Files: ${joinMarkdown([...named.slice(0, maxNamed), ...more(named.length, maxNamed, markdown``)], ', ')}`,
  ]
}

function resolvesOf(report: Report, {resolves, depends_on}: Change): readonly Markdown[] {
  const found = resolves.slice(0, maxNamed).map((id) => {
    const finding = report.plan.findings.find((candidate) => candidate.id === id)
    const place = finding?.locations[0]
    const label = markdown`${text(clip(id, 64))}`
    return finding === undefined
      ? label
      : markdown`${label} ${text(finding.severity)} ${code(finding.category)}${place === undefined ? markdown`` : markdown` ${placeLink(report, place)}`}`
  })
  const after = depends_on.slice(0, maxNamed).map((id) => text(clip(id, 64)))
  return [
    ...(found.length === 0
      ? []
      : [markdown`- Resolves: ${joinMarkdown([...found, ...more(resolves.length, maxNamed, markdown``)], ', ')}`]),
    ...(after.length === 0 ? [] : [markdown`- After: ${joinMarkdown(after, ', ')}`]),
  ]
}

function findings(report: Report, detail: Detail): Markdown | null {
  const all = report.plan.findings
  if (all.length === 0 || detail.findings === 0) return null
  const rows = all.slice(0, detail.findings).map((finding) => findingRow(report, finding, detail))
  return blocks([
    markdown`<details><summary>${summaryText(plural(all.length, 'finding'))}</summary>`,
    lines([markdown`| | Severity | Category | Where | What |`, markdown`|---|---|---|---|---|`, ...rows]),
    ...more(all.length, detail.findings, markdown``),
    markdown`</details>`,
  ])
}

const maxPlaces = 3

function findingRow(report: Report, finding: Finding, detail: Detail): Markdown {
  const {id, severity, category, locations, source} = finding
  const places = locations.slice(0, maxPlaces).map((place) => placeLink(report, place))
  const what = clip(
    finding.title === undefined ? finding.description : `${finding.title}. ${finding.description}`,
    detail.description,
  )
  return markdown`| ${text(clip(id, 64))} | ${text(severity)} | ${code(clip(category, 60))} | ${joinMarkdown(
    [...places, ...more(locations.length, maxPlaces, markdown``)],
    ', ',
  )} | ${prose(what)} (${text(source)}) |`
}

function violations({violations}: Report, detail: Detail): Markdown | null {
  if (violations.length === 0) return null
  const shown = violations
    .slice(0, detail.violations)
    .map(
      ({rule, message, severity}) =>
        markdown`- ${text(severity)} ${code(clip(rule, 60))}: ${prose(clip(message, 240))}`,
    )
  return blocks([
    markdown`<details><summary>${summaryText(`${plural(violations.length, 'remark')} of the plan rules`)}</summary>`,
    lines([...shown, ...more(violations.length, detail.violations, markdown`- `)]),
    markdown`</details>`,
  ])
}

function about(report: Report): Markdown {
  const {notes, plan_path, left_out} = report
  return lines([
    ...notes.slice(0, 10).map((note) => markdown`- ${prose(clip(note, 600))}`),
    ...(left_out.count === 0 ? [] : [markdown`- ${text(leftOutText(report))}`]),
    ...(plan_path === null ? [] : [markdown`- The whole plan: ${code(clip(plan_path, maxPath))}`]),
  ])
}

const footer = ({request}: Report): Markdown | null =>
  request === null
    ? null
    : markdown`---\nComment ${code('/refactor-plan')} to plan again, ${code('/refactor-plan rerun')} to run without what is remembered, ${code('/refactor-plan help')} for all commands. They need write permission.`
