import * as z from 'zod'

export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

/** kebab-case, as in `monitor-leak`. Synonyms are settled by `categoryFamily` in score/, not here. */
export const Category = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case, as in "monitor-leak"')

/** Repository-relative, `/`-separated. Lines are 1-based and inclusive. Only `file` is required (DESIGN §3). */
export const Location = z.strictObject({
  file: z.string().min(1),
  start_line: z.int().positive().optional(),
  end_line: z.int().positive().optional(),
  evidence: z.string().optional(),
})
export type Location = z.infer<typeof Location>

export const Finding = z.strictObject({
  id: z.string().min(1).max(64),
  title: z.string().optional(),
  category: Category,
  severity: z.enum(severities),
  locations: z.array(Location),
  description: z.string(),
  source: z.enum(['scan', 'model']).default('model'),
})
export type Finding = z.infer<typeof Finding>

/** What the static rules say; `rule` is the catalogue's name. */
export interface ScanFinding extends Finding {
  readonly rule: string
}

export interface Scan {
  readonly findings: readonly ScanFinding[]
  readonly skipped: readonly {readonly file: string; readonly why: string}[]
}
