/** Findings as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for code scanning. */
import type {ScanFinding, Severity} from '../scan/finding.ts'

const levels = {critical: 'error', high: 'error', medium: 'warning', low: 'note'} as const satisfies Record<
  Severity,
  string
>

export function renderSarif(findings: readonly ScanFinding[], version: string): string {
  const rules = [...new Map(findings.map(({rule, category}) => [rule, category])).entries()].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const results = findings.map(({rule, severity, description, locations}) => ({
    ruleId: rule,
    level: levels[severity],
    message: {text: description},
    locations: locations.map(({file, start_line, end_line, evidence}) => ({
      physicalLocation: {
        artifactLocation: {uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%'},
        ...(start_line === undefined
          ? {}
          : {
              region: {
                startLine: start_line,
                endLine: end_line ?? start_line,
                ...(evidence === undefined ? {} : {snippet: {text: evidence}}),
              },
            }),
      },
    })),
  }))
  const driver = {name: 'refactor-plan', version, rules: rules.map(([id, category]) => ({id, properties: {category}}))}
  return JSON.stringify(
    {$schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [{tool: {driver}, results}]},
    null,
    2,
  )
}
