/** Scan findings as a table for a person at a terminal. */
import type {ScanFinding} from '../scan/finding.ts'
import {joinPlain, plain, plainLine, type Plain} from '../trust.ts'
import {placeText, plural} from './words.ts'

export function renderFindings(findings: readonly ScanFinding[]): Plain {
  const widest = Math.max(0, ...findings.map(({rule}) => rule.length))
  const rows = findings.map(({id, severity, rule, title = '', locations: [first]}) => {
    const place = first === undefined ? '–' : plainLine(placeText(first))
    return plain(`${id.padEnd(5)} ${severity.padEnd(8)} ${rule.padEnd(widest)} ${place}  ${plainLine(title)}`)
  })
  return joinPlain([...rows, plainLine(plural(findings.length, 'finding'))], '\n')
}
