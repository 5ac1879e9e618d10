import * as z from 'zod'
import {Finding} from '../scan/finding.ts'

export const Change = z.strictObject({
  id: z.string().min(1).max(64),
  title: z.string(),
  resolves: z.array(z.string()).default([]),
  depends_on: z.array(z.string()).default([]),
  phase: z.int().positive().default(1),
  files: z.array(z.string()).default([]),
  creates: z.array(z.string()).default([]),
  instructions: z.string().default(''),
  risk: z.enum(['low', 'medium', 'high']).nullable().default(null),
  effort: z.enum(['S', 'M', 'L']).nullable().default(null),
  verification: z.array(z.string()).default([]),
})
export type Change = z.infer<typeof Change>

export const Repository = z.strictObject({name: z.string(), commit: z.string().nullable().default(null)})

/** DESIGN §3. In code a plan is the content of its file: the same names, so that nothing is mapped. */
export const Plan = z.strictObject({
  schema: z.literal(1),
  goal: z.string().default(''),
  repository: Repository.optional(),
  summary: z.string().default(''),
  findings: z.array(Finding),
  changes: z.array(Change).default([]),
})
export type Plan = z.infer<typeof Plan>
