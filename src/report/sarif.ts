/** Findings as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for code scanning. */
import {severities, type Finding, type Location, type Severity} from '../scan/finding.ts'
import {plain, plainLine, type Untrusted} from '../trust.ts'
import type {Report} from './report.ts'
import {uriOf} from './words.ts'

const levels = {critical: 'error', high: 'error', medium: 'warning', low: 'note'} as const satisfies Record<
  Severity,
  string
>

/** A rule found it, or a model named its category. */
type Found = Finding & {readonly rule?: string}

/** GitHub shows no more than 5,000 results of an analysis; the gravest stay. */
const maxResults = 5000
/** GitHub shows the first 100 places of a result. */
const maxPlaces = 100
const maxMessage = 4000
const maxSnippet = 2000

/** @param version of this program, as in its package.json; null: not said */
export function renderSarif(findings: readonly Found[], version: string | null): string {
  const kept = gravest(findings)
  const rules = new Map(kept.map((finding) => [ruleOf(finding), finding.category]))
  const driver = {
    name: 'refactor-plan',
    ...(version === null ? {} : {version}),
    rules: [...rules]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, category]) => ({
        id,
        shortDescription: {text: category.replaceAll('-', ' ')},
        properties: {category},
      })),
  }
  const placed = kept.filter(({locations}) => placesOf(locations).length > 0)
  const placeless = kept.filter(({locations}) => placesOf(locations).length === 0)
  const run = {tool: {driver}, ...notified(placeless), results: resultsOf(placed)}
  return JSON.stringify(
    {$schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run]},
    null,
    2,
  )
}

/** The findings of a plan, to be written beside it. */
export const sarifOf = ({plan}: Report, version: string | null = null): string => renderSarif(plan.findings, version)

const ruleOf = ({rule, category}: Found): string => rule ?? category

function gravest(findings: readonly Found[]): readonly Found[] {
  if (findings.length <= maxResults) return findings
  const rank = ({severity}: Found): number => severities.indexOf(severity)
  return findings.toSorted((a, b) => rank(a) - rank(b)).slice(0, maxResults)
}

function resultsOf(findings: readonly Found[]): readonly object[] {
  const seen = new Map<string, number>()
  return findings.map((finding) => {
    const print = fingerprintOf(finding)
    const count = (seen.get(print) ?? 0) + 1
    seen.set(print, count)
    const {id, severity, source, locations} = finding
    return {
      ruleId: ruleOf(finding),
      level: levels[severity],
      message: messageOf(finding),
      locations: placesOf(locations),
      partialFingerprints: {'finding/v1': `${print}|${count}`},
      properties: {id: plainLine(id), severity, source},
    }
  })
}

const messageOf = ({title, description, category}: Found): {readonly text: string} => {
  const words = plain(title === undefined ? description : `${title}. ${description}`, maxMessage).trim()
  return {text: words === '' ? category : literal(words)}
}

/**
 * In a message `[words](target)` is a link (SARIF §3.11.6) and `{0}` a placeholder (§3.11.5), also where the text is not
 * Markdown. A backslash makes the one literal, doubled braces the other. Backslashes that stood before a bracket are doubled
 * too: else the last of them would take back the escape.
 */
const literal = (value: Untrusted): string =>
  value
    .replace(/(\\*)([[\]])/g, (_, slashes: string, bracket: string) => `${slashes}${slashes}\\${bracket}`)
    .replace(/\{(\d+)\}/g, '{{$1}}')

const placesOf = (locations: readonly Location[]): readonly object[] =>
  locations.slice(0, maxPlaces).flatMap(({file, start_line, end_line, evidence}) => {
    const uri = uriOf(file)
    if (uri === null) return []
    const snippet = evidence === undefined ? {} : {snippet: {text: plain(evidence, maxSnippet)}}
    const region =
      start_line === undefined
        ? {}
        : {region: {startLine: start_line, endLine: Math.max(start_line, end_line ?? start_line), ...snippet}}
    return [{physicalLocation: {artifactLocation: {uri, uriBaseId: '%SRCROOT%'}, ...region}}]
  })

/** Without line numbers: they change with every edit above, the finding does not. */
function fingerprintOf(finding: Found): string {
  const {title, description, locations} = finding
  const [first] = locations
  const words = first?.evidence ?? title ?? description
  return [ruleOf(finding), plainLine(first?.file ?? '', 200), plainLine(words, 120)].join('|')
}

/** GitHub refuses the whole file for one result without a place, so such findings are notes about the run. */
const notified = (findings: readonly Found[]): object =>
  findings.length === 0
    ? {}
    : {
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: findings.map((finding) => ({
              level: levels[finding.severity],
              message: messageOf(finding),
              associatedRule: {id: ruleOf(finding)},
            })),
          },
        ],
      }
