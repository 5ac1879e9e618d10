/** `gold/baseline.yaml`: what a pipeline reached on each gold standard. Scores in it only rise, unless somebody says so. */
import {stringify} from 'yaml'
import * as z from 'zod'
import {readDocument, type Read} from '../document.ts'
import {meanOf} from './sampling.ts'

const score = z.number().min(0).max(10)

export const Baseline = z.strictObject({
  schema: z.literal(1),
  pipeline: z.string().min(1),
  cases: z
    .array(
      z.strictObject({
        gold: z.string().min(1),
        /** sha-256 of the gold standard's file: of another text the score says nothing. */
        digest: z.string().regex(/^[0-9a-f]{64}$/),
        samples: z.array(score).min(1),
        /** Mean credit of each finding, to say what fell. */
        findings: z.record(z.string(), z.number().min(0).max(1)).default({}),
      }),
    )
    .min(1),
})
export type Baseline = z.infer<typeof Baseline>
export type BaselineCase = Baseline['cases'][number]

/** Rounding, and no more. */
const slack = 0.005

/**
 * The ratchet: what would fall if `now` took the place of `before`, as "otp-shop (5.51 → 4.90)". A gold standard of another text, or
 * of another pipeline, begins anew; one that is left out has fallen.
 */
export function loweredBy(before: Baseline, now: Baseline): readonly string[] {
  if (before.pipeline !== now.pipeline) return []
  return before.cases.flatMap(({gold, digest, samples}) => {
    const next = now.cases.find((each) => each.gold === gold)
    if (next === undefined) return [`${gold} (not evaluated)`]
    const [old, fresh] = [meanOf(samples), meanOf(next.samples)]
    return next.digest === digest && fresh < old - slack ? [`${gold} (${old.toFixed(2)} → ${fresh.toFixed(2)})`] : []
  })
}

export const parseBaseline = (text: string, file: string): Read<Baseline> => readDocument(text, file, Baseline)

const head = `# What the pipeline reached on each gold standard. \`evaluate --baseline FILE\` compares with it; \`--update-baseline\` writes it and
# refuses to lower it. Do not edit scores by hand.
`

export const renderBaseline = (baseline: Baseline): string =>
  head + stringify(baseline, {lineWidth: 120, flowCollectionPadding: false})
