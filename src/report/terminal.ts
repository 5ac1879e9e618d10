/** The report for a person at a terminal. */
import {severities} from '../scan/finding.ts'
import {joinPlain, painted, plainLine, type Plain, type Style} from '../trust.ts'
import type {Report} from './report.ts'
import {
  costText,
  criteriaOf,
  headlineOf,
  iconOf,
  judgeText,
  leftOutText,
  modelsText,
  phasesOf,
  placeText,
  plural,
  timeText,
} from './words.ts'

interface Line {
  readonly words: string
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
    sections.filter((lines) => lines.length > 0).map((lines) => joinPlain(lines.map((line) => rendered(line, color)), '\n')),
    '\n\n',
  )
}

const rendered = ({words, style, indent = 0}: Line, color: boolean): Plain => {
  const line = joinPlain([plainLine(' '.repeat(indent)), plainLine(words)], '')
  const indented = indent === 0 ? line : pad(line, indent)
  return color && style !== undefined ? painted(indented, style) : indented
}

const blank = plainLine('\u2800')
const pad = (line: Plain, indent: number): Plain => joinPlain([...Array.from({length: indent}, () => blank), line], '')
