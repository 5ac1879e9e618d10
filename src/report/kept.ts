/** Changes of a plan word for word, with what they resolve: kept out of sight in a comment, for `apply` to carry them out later. */
import * as z from 'zod'
import {Change, type Plan} from '../plan/plan.ts'
import {Finding} from '../scan/finding.ts'
import type {Report} from './report.ts'

const KeptShape = z.strictObject({
  /** The commit that they are about. */
  head: z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/),
  findings: z.array(Finding),
  changes: z.array(Change),
})
export type Kept = z.infer<typeof KeptShape>

/** The first so many changes; null: the report is about no commit, or there is no change. */
export function keptOf({plan, repository}: Report, most = Number.POSITIVE_INFINITY): Kept | null {
  const changes = plan.changes.slice(0, most)
  if (repository.commit === null || changes.length === 0) return null
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  return {head: repository.commit, findings: plan.findings.filter(({id}) => resolved.has(id)), changes}
}

/** null where it is not what was written. */
export function parseKept(json: string): Kept | null {
  try {
    return KeptShape.safeParse(JSON.parse(json)).data ?? null
  } catch {
    return null
  }
}

export const planOfKept = ({findings, changes}: Kept): Plan => ({schema: 1, goal: '', summary: '', findings, changes})
