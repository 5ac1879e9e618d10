/** Everything a run found out, as data: what is rendered, saved as `report.json`, and rendered again from there. */
import * as z from 'zod'
import {readDocument, type Read} from '../document.ts'
import type {Pack} from '../pack/pack.ts'
import {Plan} from '../plan/plan.ts'
import type {Violation} from '../plan/rules/rule.ts'
import type {Usage} from '../provider.ts'
import {severities} from '../scan/finding.ts'
import type {GoldStandard} from '../score/gold.ts'
import {improvementKinds, improvementsOf, type Improvement} from '../score/improvement.ts'
import {findingClasses, type Decision, type Scorecard, type Verdict} from '../score/scorecard.ts'

/** The pull request that was asked about. */
export interface RequestInfo {
  readonly number: number
  readonly head: string
  readonly base: string | null
}

export interface LeftOut {
  readonly count: number
  /** How many files for each reason, the commonest reason first. */
  readonly reasons: readonly {readonly why: string; readonly count: number}[]
}

/** What an earlier run on the same pull request found. */
export interface Earlier {
  /** The commit it judged. */
  readonly head: string
  readonly score: number | null
  readonly decision: Decision
}

export interface Report {
  readonly schema: 1
  /** null: not about a pull request. */
  readonly request: RequestInfo | null
  readonly repository: {
    /** `owner/name` where there is a server, else the folder's name. */
    readonly name: string
    readonly commit: string | null
    /** `https://github.com`; null: no links. */
    readonly server_url: string | null
  }
  readonly pipeline: {
    readonly name: string
    /** As `provider/model`; empty: no model was asked. */
    readonly models: readonly string[]
  }
  readonly judge: Scorecard['judge']
  readonly plan: Plan
  readonly plan_path: string | null
  readonly scorecard: Scorecard | null
  readonly threshold: number | null
  readonly improvements: readonly Improvement[]
  readonly violations: readonly Violation[]
  readonly verdict: Verdict
  readonly usage: Usage
  /** null: not measured. */
  readonly milliseconds: number | null
  readonly run_url: string | null
  readonly left_out: LeftOut
  /** Earlier runs, the newest last, at most ten; empty: this is the first. */
  readonly history: readonly Earlier[]
  /** Protected paths that the pull request changes: the base's versions of them decided. */
  readonly protected: readonly string[]
  /** Sentences of the program about this run, as "no key: the offline pipeline ran". */
  readonly notes: readonly string[]
}

export interface ReportInput extends Omit<
  Report,
  'schema' | 'judge' | 'improvements' | 'left_out' | 'history' | 'protected' | 'notes'
> {
  /** What the plan was scored against. null: no gold standard applies. */
  readonly gold: GoldStandard | null
  readonly leftOut: Pack['leftOut']
  readonly history?: Report['history']
  readonly protected?: Report['protected']
  readonly notes?: readonly string[]
}

const maxHistory = 10

export function reportOn({gold, leftOut, history = [], notes = [], ...facts}: ReportInput): Report {
  const {scorecard, violations, plan} = facts
  return {
    schema: 1,
    ...facts,
    judge: scorecard?.judge ?? 'skipped',
    // a cap that closed the gate is among the verdict's reasons already
    improvements: improvementsOf(plan, scorecard, gold, violations).filter(
      ({what}) => !facts.verdict.reasons.some(({message}) => message === what),
    ),
    left_out: leftOutOf(leftOut),
    history: history.slice(-maxHistory),
    protected: facts.protected ?? [],
    notes: [...notes, ...(gold === null ? [firstGold] : [])],
  }
}

const firstGold =
  'No gold standard applies, so there is no score. To make the first one, name the findings of this plan that are true: ' +
  '`refactor-plan gold add <plan.yaml> --from <ids>` writes them to `gold/<name>/gold.yaml` with `source: {path: .}`. Add what ' +
  'the plan missed, and commit it to the base branch; `refactor-plan init` writes a skeleton.'

function leftOutOf(leftOut: Pack['leftOut']): LeftOut {
  const counts = new Map<string, number>()
  for (const {why} of leftOut) counts.set(why, (counts.get(why) ?? 0) + 1)
  const reasons = [...counts].map(([why, count]) => ({why, count}))
  return {count: leftOut.length, reasons: reasons.sort((a, b) => b.count - a.count || (a.why < b.why ? -1 : 1))}
}

const number = z.number()
const share = number.nullable()
const Place = z.strictObject({
  file: z.string(),
  start_line: z.int().positive().optional(),
  end_line: z.int().positive().optional(),
  evidence: z.string().optional(),
})

const decisions = ['pass', 'fail', 'inconclusive', 'error'] as const satisfies readonly Decision[]

const ScorecardShape = z.strictObject({
  score: share,
  subscores: z.strictObject({coverage: share, precision: share, grounding: share, structure: share}),
  interval: z.tuple([number, number]).nullable(),
  judge: z.enum(['ran', 'skipped', 'unavailable']),
  findings: z.array(
    z.strictObject({
      id: z.string(),
      class: z.enum(findingClasses),
      gold: z.string().nullable(),
      credit: number,
      why: z.string(),
    }),
  ),
  gold: z.array(z.strictObject({id: z.string(), credit: number, matched_by: z.string().nullable(), why: z.string()})),
  caps: z.array(z.strictObject({code: z.string(), at_most: number, message: z.string()})),
})

/** A saved report is read as strictly as everything else: in a split workflow it comes from the job without rights. */
const ReportShape: z.ZodType<Report> = z.strictObject({
  schema: z.literal(1),
  request: z.strictObject({number: z.int(), head: z.string(), base: z.string().nullable()}).nullable(),
  repository: z.strictObject({name: z.string(), commit: z.string().nullable(), server_url: z.string().nullable()}),
  pipeline: z.strictObject({name: z.string(), models: z.array(z.string())}),
  judge: z.enum(['ran', 'skipped', 'unavailable']),
  plan: Plan,
  plan_path: z.string().nullable(),
  scorecard: ScorecardShape.nullable(),
  threshold: share,
  improvements: z.array(
    z.strictObject({
      kind: z.enum(improvementKinds),
      what: z.string(),
      gain: share,
      severity: z.enum(severities).nullable(),
      place: Place.nullable(),
    }),
  ),
  violations: z.array(
    z.strictObject({
      rule: z.string(),
      subject: z.string(),
      message: z.string(),
      severity: z.enum(['error', 'warning']),
    }),
  ),
  verdict: z.strictObject({
    decision: z.enum(decisions),
    reasons: z.array(z.strictObject({code: z.string(), message: z.string()})),
  }),
  usage: z.strictObject({calls: number, input_tokens: number, output_tokens: number, usd: share}),
  milliseconds: share,
  run_url: z.string().nullable(),
  left_out: z.strictObject({
    count: number,
    reasons: z.array(z.strictObject({why: z.string(), count: number})),
  }),
  // a report that was saved before there was a history has none
  history: z
    .array(
      z.strictObject({
        head: z.string().regex(/^[0-9a-f]{7,64}$/, 'must be a commit, as in "1f3c5a7"'),
        score: number.min(0).max(10).nullable(),
        decision: z.enum(decisions),
      }),
    )
    .max(maxHistory)
    .default([]),
  protected: z.array(z.string()).default([]),
  notes: z.array(z.string()),
})

/** A report that was saved as JSON. */
export const parseReport = (text: string, file: string): Read<Report> => readDocument(text, file, ReportShape)
