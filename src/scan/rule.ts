/** What a rule is. A rule answers for itself: nothing outside knows rules by name. */
import type {ElixirProject} from './elixir/project.ts'
import type {Severity} from './finding.ts'
import type {Language} from './parse.ts'
import type {Source} from './source.ts'
import type {Syntax} from './syntax.ts'

/** A quote from a file: `evidence` stands there verbatim, lines are 1-based and inclusive. */
export interface Place {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly evidence: string
}

export interface Hit {
  readonly place: Place
  /** Other lines that belong to the same defect. */
  readonly also?: readonly Place[]
  /** At most 80 characters; longer ones are cut. */
  readonly title: string
  /** What is wrong here, why it hurts, what to do. */
  readonly description: string
  /** Where this hit is worse or better than the rule's usual severity. */
  readonly severity?: Severity
}

export interface Project {
  readonly elixir: ElixirProject
}

export interface Rule {
  /** One line for the documentation. */
  readonly summary: string
  readonly languages: readonly Language[]
  readonly category: string
  readonly severity: Severity
  /** Files the rule looks at. */
  readonly roles: readonly Source['role'][]
  readonly find: (source: Source, project: Project) => readonly Hit[]
}

export const scripts = ['typescript', 'tsx', 'javascript'] as const satisfies readonly Language[]

const maxEvidence = 200

/** The line on which the node starts, without its indentation. */
export function placeOf(source: Source, node: Syntax): Place {
  const lineStart = source.text.lastIndexOf('\n', node.start - 1) + 1
  const lineEnd = source.text.indexOf('\n', node.start)
  const line = source.text.slice(node.start === 0 ? 0 : lineStart, lineEnd < 0 ? source.text.length : lineEnd).trim()
  return {path: source.path, startLine: node.startLine, endLine: node.endLine, evidence: clip(line, maxEvidence)}
}

/** At most `length` UTF-16 units, and never half of a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text
  const cut = text.slice(0, length)
  return (/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut).trimEnd()
}
