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
import {graphOf, orderOf} from './graph.ts'
import type {Report} from './report.ts'
import {
  againText,
  costText,
  creditsOf,
  criteriaOf,
  deltaText,
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
  scoreText,
  timeText,
  unsaidReasons,
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
  /** Characters of what one improvement says; without `maxImprovement` of them its place is left out too. */
  readonly improvement?: number
  readonly violations: number
  /** How many changes the order names; 0: neither order nor graph. */
  readonly order: number
}

const details: readonly Detail[] = [
  {
    changes: Infinity,
    instructions: 4000,
    findings: Infinity,
    description: 600,
    improvements: 20,
    violations: 200,
    order: 1000,
  },
  {changes: 300, instructions: 400, findings: 100, description: 160, improvements: 10, violations: 30, order: 300},
  {changes: 80, instructions: 0, findings: 25, description: 100, improvements: 5, violations: 10, order: 80},
]

/** Changes in a list, and of the findings titles only. */
const brief: Detail = {
  changes: 10,
  instructions: 0,
  findings: 0,
  description: 0,
  improvements: 3,
  violations: 5,
  order: 0,
}

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
  return largest(report, marker === undefined ? null : hidden(marker), {limit, sizeOf: (body) => body.length})
}

/** The whole report, as far as a job summary may be long. */
export function renderSummary(report: Report): Markdown {
  const encoder = new TextEncoder()
  return largest(report, null, {limit: summaryLimit, sizeOf: (body) => encoder.encode(body).length})
}

/** The headline for a commit status: GitHub refuses more than 140 characters. */
export const statusDescription = (report: Report): Plain => plainLine(headlineOf(report), 140)

type Fits = (body: Markdown) => boolean

interface Room {
  readonly limit: number
  readonly sizeOf: (body: Markdown) => number
}

function largest(report: Report, marker: Markdown | null, {limit, sizeOf}: Room): Markdown {
  const marked = (body: Markdown): Markdown => (marker === null ? body : markdown`${marker}\n${body}`)
  const fitsMarked: Fits = (body) => sizeOf(marked(body)) <= limit
  for (const detail of details) {
    const found = findings(report, detail, limit)
    const planned = found === null ? null : plan(report, detail, limit)
    if (found === null || planned === null) continue
    const body = draftOf(report, detail, planned)(found)
    if (fitsMarked(body)) return marked(body)
  }
  const planned = plan(report, brief, limit)
  const small = planned === null ? null : draftOf(report, brief, planned)
  const draft = small !== null && fitsMarked(small(null)) ? small : least(report, fitsMarked)
  return marked(withTitles(report, draft, fitsMarked))
}

/** A body without its findings, which are tried in many lengths. */
type Draft = (found: Markdown | null) => Markdown

function draftOf(report: Report, detail: Detail, planned: Markdown): Draft {
  const before = [
    top(report),
    reasons(report),
    guarded(report),
    improvements(report, detail),
    scores(report),
    history(report),
    credits(report, detail),
    planned,
  ]
  const after = [violations(report, detail), about(report), footer(report)]
  return (found) => blocks([...before, found, ...after])
}

/** Whatever the limit, the verdict with its score and what would raise it stay; the rest comes where it fits, in this order. */
function least(report: Report, fits: Fits): Draft {
  const first = top(report)
  const raising = [improvements(report, brief), improvements(report, {...brief, improvement: 80})]
  const raise = raising.find((block) => fits(blocks([first, block]))) ?? raising.at(-1) ?? null
  const kept = (others: readonly (Markdown | null)[]): Markdown => {
    const [guard = null, why = null, table = null] = others
    return blocks([first, why, guard, raise, table])
  }
  const others = [guarded(report), reasons(report), scores(report)]
  const chosen = others.reduce<readonly (Markdown | null)[]>(
    (before, block) => [...before, fits(kept([...before, block])) ? block : null],
    [],
  )
  const rest = kept(chosen)
  return (found) => blocks([rest, found])
}

/** As many findings by their titles as there is room for. */
function withTitles({plan}: Report, draft: Draft, fits: Fits): Markdown {
  const rows = plan.findings.map(
    ({id, severity, title, description}) =>
      markdown`- **${text(clip(id, 64))}** ${text(severity)}: ${prose(clip(title ?? description, maxTitle))}`,
  )
  const heading = markdown`### ${text(plural(rows.length, 'finding'))}`
  const showing = (count: number): Markdown =>
    draft(
      count === 0
        ? null
        : blocks([heading, lines([...rows.slice(0, count), ...more(rows.length, count, markdown`- `)])]),
    )
  let [enough, tooMany] = [0, rows.length + 1]
  while (tooMany - enough > 1) {
    const middle = Math.floor((enough + tooMany) / 2)
    if (fits(showing(middle))) enough = middle
    else tooMany = middle
  }
  return showing(enough)
}

/** Null as soon as they are longer than the limit: thousands take seconds to write out, only to be thrown away. */
function writtenWithin<T>(limit: number, all: readonly T[], write: (one: T) => Markdown): readonly Markdown[] | null {
  const written: Markdown[] = []
  let length = 0
  for (const one of all) {
    const next = write(one)
    length += next.length
    if (length > limit) return null
    written.push(next)
  }
  return written
}

const blocks = (parts: readonly (Markdown | null)[]): Markdown =>
  joinMarkdown(
    parts.flatMap((part) => (part === null || part === '' ? [] : [part])),
    '\n\n',
  )

const lines = (parts: readonly Markdown[]): Markdown => joinMarkdown(parts, '\n')

const maxModels = 4
const maxHeadline = 300

/** The verdict, larger than all headings under it and yet a line of its own in an e-mail, and what it is about. */
function top(report: Report): Markdown {
  const {repository, pipeline, milliseconds, run_url, usage} = report
  const {commit} = repository
  const models = pipeline.models.slice(0, maxModels).map((model) => code(clip(model, 80)))
  const isOffline = models.length === 0 && usage.calls === 0
  return lines([
    markdown`${text(iconOf(report))} Refactor plan: ${text(clip(headlineOf(report), maxHeadline))}`,
    markdown`---`,
    joinMarkdown(
      [
        ...(commit === null ? [] : [markdown`Commit ${commitLink(report, commit)}`]),
        markdown`pipeline ${code(clip(pipeline.name, 80))}`,
        ...(models.length === 0
          ? [text(modelsText(report))]
          : [joinMarkdown([...models, ...more(pipeline.models.length, maxModels, markdown``)], ', ')]),
        ...(isOffline ? [] : [text(costText(report))]),
        ...(milliseconds === null ? [] : [text(timeText(milliseconds))]),
        ...(run_url === null ? [] : [onServer(report, text('run'), run_url)]),
      ],
      ' · ',
    ),
  ])
}

const onServer = ({repository: {server_url}}: Report, label: Markdown, url: string): Markdown =>
  server_url === null ? label : link(label, url, server_url)

const maxProtected = 10

/** Who changes the rules is told that they do not apply to him yet. */
function guarded(report: Report): Markdown | null {
  const paths = report.protected
  if (paths.length === 0) return null
  const shown = paths.slice(0, maxProtected).map((path) => markdown`> - ${code(clip(path, maxPath))}`)
  return lines([
    markdown`> [!WARNING]`,
    markdown`> ${text(protectedText(report))}`,
    ...shown,
    ...more(paths.length, maxProtected, markdown`> - `),
  ])
}

/** Earlier runs under this one, folded: whether the pull request gets better. */
function history(report: Report): Markdown | null {
  const {history, repository, verdict, scorecard} = report
  if (history.length === 0) return null
  const runs = [...history, {head: repository.commit, score: scorecard?.score ?? null, decision: verdict.decision}]
  const rows = runs.map(({head, score, decision}, at) => {
    const delta = deltaText(score, runs[at - 1]?.score ?? null)
    const cells = [score === null ? '–' : scoreText(score), delta === '' ? '–' : delta, decision].map(text)
    const commit = head === null ? text('–') : commitLink(report, head)
    return markdown`| ${commit}${at === history.length ? markdown`, this run` : markdown``} | ${joinMarkdown(cells, ' | ')} |`
  })
  return blocks([
    markdown`<details><summary>${summaryText(plural(history.length, 'earlier run'))}</summary>`,
    lines([markdown`| Commit | Score | Δ | Verdict |`, markdown`|:---|---:|---:|:---|`, ...rows.toReversed()]),
    markdown`</details>`,
  ])
}

const commitLink = (report: Report, commit: string): Markdown => {
  const {name, server_url} = report.repository
  return onServer(report, code(commit.slice(0, 7)), `${server_url ?? ''}/${name}/commit/${commit}`)
}

const maxReasons = 10

/** Why the gate did not open, as far as the headline leaves it open; a passed gate needs no reason. */
function reasons(report: Report): Markdown | null {
  const {decision} = report.verdict
  if (decision === 'pass') return null
  const reasons = unsaidReasons(report, maxHeadline)
  const first = decision === 'error' ? againText(report) : reasons.length === 0 ? null : leadText[decision]
  if (first === null) return null
  const shown = reasons.slice(0, maxReasons).map(({message}) => markdown`> - ${prose(clip(message, 300))}`)
  return lines([
    markdown`> [!${alert[decision]}]`,
    markdown`> ${prose(first)}`,
    ...shown,
    ...more(reasons.length, maxReasons, markdown`> - `),
  ])
}

const leadText = {fail: 'Why it failed:', inconclusive: 'Why it is inconclusive:'} as const

/** A warning is what protected files get: two of a kind, one under the other, read as one. */
const alert = {
  fail: markdown`CAUTION`,
  inconclusive: markdown`NOTE`,
  error: markdown`CAUTION`,
} as const

const more = (count: number, shown: number, before: Markdown): readonly Markdown[] =>
  count > shown ? [markdown`${before}… and ${count - shown} more`] : []

function improvements(report: Report, detail: Detail): Markdown | null {
  const {improvements} = report
  if (improvements.length === 0) return null
  const shown = improvements.slice(0, detail.improvements).map((one) => markdown`- ${improvement(report, one, detail)}`)
  return blocks([
    markdown`### What would raise the score`,
    lines([...shown, ...more(improvements.length, detail.improvements, markdown`- `)]),
  ])
}

const maxImprovement = 240

function improvement(report: Report, one: Improvement, {improvement = maxImprovement}: Detail): Markdown {
  const {what, place} = one
  const where = place === null || improvement < maxImprovement ? markdown`` : markdown`, ${placeLink(report, place)}`
  const gain = gainText(one)
  return markdown`${prose(clip(what, improvement))}${gain === '' ? markdown`` : markdown` (${text(gain)})`}${where}`
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
  const range = interval === null ? '' : `${scoreText(interval[0])} to ${scoreText(interval[1])}: `
  const total = score === null ? '–' : `${scoreText(score)} of 10`
  const rows = criteriaOf(report).map(
    ({name, value, meaning}) => markdown`| ${text(name)} | ${text(value)} | ${text(meaning)} |`,
  )
  return blocks([
    markdown`### Score`,
    lines([
      markdown`| Criterion | Value | Meaning |`,
      markdown`|:---|---:|:---|`,
      ...rows,
      markdown`| **Score** | **${text(total)}** | ${text(`${range}${judgeText[judge]}`)} |`,
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
    lines([markdown`| Finding | Outcome | Why |`, markdown`|:---|:---|:---|`, ...rows]),
    ...more(all.length, 2 * detail.findings, markdown``),
    markdown`</details>`,
  ])
}

/** Null: it is longer than the limit. */
function plan(report: Report, detail: Detail, limit: number): Markdown | null {
  const {changes, summary} = report.plan
  const shown = new Set(changes.slice(0, detail.changes))
  const isList = detail.instructions === 0
  const phases: Markdown[] = []
  for (const [phase, members] of phasesOf(report)) {
    const visible = members.filter((change) => shown.has(change))
    const write = (change: Change): Markdown => (isList ? line(report, change) : block(report, change, detail))
    const items = writtenWithin(limit, visible, write)
    if (items === null) return null
    if (items.length > 0)
      phases.push(blocks([markdown`#### Phase ${phase}`, joinMarkdown(items, isList ? '\n' : '\n\n')]))
  }
  return blocks([
    markdown`### Plan: ${text(plural(changes.length, 'change'))} for ${text(plural(report.plan.findings.length, 'finding'))}`,
    paragraphs(clip(summary, isList ? 600 : 2000)),
    order(report, detail),
    ...phases,
    ...more(changes.length, detail.changes, markdown``),
  ])
}

function order({plan: {changes}}: Report, detail: Detail): Markdown | null {
  if (changes.length < 2 || detail.order === 0) return null
  return blocks([
    markdown`<details><summary>Order of the changes</summary>`,
    graphOf(changes),
    markdown`Changes on one line can be made in any order, or at the same time.`,
    orderOf(changes, detail.order),
    markdown`</details>`,
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

/** One command of so many characters is a line of the list: a block for each takes half of the screen. */
const maxInline = 120

function block(report: Report, change: Change, detail: Detail): Markdown {
  const open = report.plan.changes.indexOf(change) < openChanges
  const about = [change.title, ...size(change)].map((part) => clip(part, maxTitle)).join(' · ')
  const commands =
    change.verification.length === 0 ? null : change.verification.map((command) => clip(command, 300)).join('\n')
  const isShort = commands !== null && commands.length <= maxInline && !commands.includes('\n')
  const summary = markdown`<summary><b>${summaryText(clip(change.id, 64))}</b> ${summaryText(about)}</summary>`
  return blocks([
    markdown`${open ? markdown`<details open>` : markdown`<details>`}${summary}`,
    lines([
      ...filesOf(report, change),
      ...resolvesOf(report, change),
      ...(commands !== null && isShort ? [markdown`- Verify: ${code(commands)}`] : []),
    ]),
    paragraphs(clip(change.instructions, detail.instructions)),
    commands === null || isShort ? null : markdown`Verify:\n${fenced(clip(commands, 1500), 'sh')}`,
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

/** Null: they are longer than the limit. */
function findings(report: Report, detail: Detail, limit: number): Markdown | null {
  const all = report.plan.findings
  if (all.length === 0 || detail.findings === 0) return markdown``
  const write = (finding: Finding): Markdown => findingItem(report, finding, detail)
  const items = writtenWithin(limit, all.slice(0, detail.findings), write)
  if (items === null) return null
  return blocks([
    markdown`<details><summary>${summaryText(plural(all.length, 'finding'))}</summary>`,
    lines(items),
    ...more(all.length, detail.findings, markdown``),
    markdown`</details>`,
  ])
}

const maxPlaces = 3

/** Not a row of a table: beside paths that do not wrap, a description gets a column of three words, and none on a phone. */
function findingItem(report: Report, finding: Finding, detail: Detail): Markdown {
  const {id, severity, category, locations, source} = finding
  const places = locations.slice(0, maxPlaces).map((place) => placeLink(report, place))
  const title = clip((finding.title ?? '').trim(), maxTitle)
  const bold = title === '' ? markdown`` : markdown`**${prose(/[.!?…]$/.test(title) ? title : `${title}.`)}** `
  const what = markdown`${bold}${prose(clip(finding.description, detail.description))}`
  const where = joinMarkdown([...places, ...more(locations.length, maxPlaces, markdown``)], ', ')
  return markdown`- **${text(clip(id, 64))}** ${text(severity)} ${code(clip(category, 60))}${where === '' ? where : markdown` ${where}`}  \n${what} (${text(source)})`
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
    : markdown`---\nComment ${code('/refactor-plan')} or ${code('/refactor-plan rerun')} to plan again, ${code('/refactor-plan help')} for all commands. They need write permission.`
