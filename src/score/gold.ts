import * as z from 'zod'
import {Change} from '../plan/plan.ts'
import {Finding} from '../scan/finding.ts'

export const GoldFinding = Finding.extend({
  must: z.boolean().default(false),
  /** True, but not needed for full marks. */
  extra: z.boolean().default(false),
  /** `refuted` is a trap: believing it costs. */
  validity: z.enum(['verified', 'unverified', 'disputed', 'refuted']).default('verified'),
  /** Files where the same defect may as well be reported. */
  related_files: z.array(z.string()).default([]),
})
export type GoldFinding = z.infer<typeof GoldFinding>

export const Source = z.union([
  z.strictObject({path: z.string().min(1)}),
  z.strictObject({pack: z.string().min(1)}),
  z.strictObject({
    repository: z.string().min(1),
    /** A branch moves, and its gold standard would be of other code tomorrow. */
    commit: z.string().regex(/^[0-9a-f]{7,64}$/, 'the sha of a commit, in lower case, at least seven digits'),
  }),
])
export type Source = z.infer<typeof Source>

/** DESIGN §3: what a good plan for one code base says, and what it must not believe. */
export const GoldStandard = z
  .strictObject({
    schema: z.literal(1),
    name: z.string().min(1),
    goal: z.string().default(''),
    source: Source,
    split: z.enum(['train', 'validation', 'holdout']).default('train'),
    findings: z.array(GoldFinding).min(1),
    changes: z.array(Change).default([]),
  })
  .superRefine(({findings}, context) => {
    const ids = new Set<string>()
    findings.forEach(({id, must, extra, validity}, at) => {
      const wrong = (key: string, message: string): void =>
        context.addIssue({code: 'custom', path: ['findings', at, key], message})
      if (ids.has(id)) wrong('id', `${id} is the id of an earlier finding`)
      ids.add(id)
      if (must && (extra || validity === 'refuted'))
        wrong('must', 'a finding that must be found can be neither extra nor refuted')
    })
    if (!findings.some(({extra, validity}) => !extra && validity !== 'refuted')) {
      context.addIssue({
        code: 'custom',
        path: ['findings'],
        message: 'needs a finding that is neither extra nor refuted: else any plan has full marks',
      })
    }
  })
export type GoldStandard = z.infer<typeof GoldStandard>
