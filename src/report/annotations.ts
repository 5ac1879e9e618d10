/** A plan's findings where they stand in the code, as a check run shows them beside the lines. */
import type {Severity} from '../scan/finding.ts'
import {plain, plainLine, type Plain} from '../trust.ts'
import type {Report} from './report.ts'

export interface Annotation {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly level: 'failure' | 'warning' | 'notice'
  readonly title: Plain
  readonly message: Plain
}

/** So many at most, the gravest first: whoever needs more than that reads the plan. */
const maxAnnotations = 150
const levels = {critical: 'failure', high: 'warning', medium: 'notice', low: 'notice'} as const satisfies Record<
  Severity,
  Annotation['level']
>
const order: readonly Severity[] = ['critical', 'high', 'medium', 'low']

/** One for each finding that names a line, at its first place; what the score holds for false is left out. */
export function annotationsOf({plan, scorecard}: Report): readonly Annotation[] {
  const wrong = new Set(
    scorecard?.findings.flatMap(({id, class: kind}) => (kind === 'unsupported' || kind === 'trap' ? [id] : [])),
  )
  return plan.findings
    .filter(({id}) => !wrong.has(id))
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .flatMap(({id, title, description, severity, category, locations}) => {
      const place = locations.find(({start_line}) => start_line !== undefined)
      if (place?.start_line === undefined) return []
      const {file: path, start_line: start, end_line: end = start} = place
      const name = plainLine(`${id} ${title ?? category}`, 200)
      return [
        {
          path,
          start,
          end: Math.max(start, end),
          level: levels[severity],
          title: name,
          message: plain(description, 2000),
        },
      ]
    })
    .slice(0, maxAnnotations)
}
