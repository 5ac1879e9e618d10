import {reportOn, type Report, type ReportInput} from '../../src/report/report.ts'
import type {GoldStandard} from '../../src/score/gold.ts'
import type {Scorecard} from '../../src/score/scorecard.ts'
import {goodPlan} from '../plan/arbitrary.ts'

export const server = 'https://github.example'
export const sha = '1f3c5a7e9b1d2f4a6c8e0b2d4f6a8c0e1f3c5a7e'

const [finding] = goodPlan.findings
const goldFinding = (id: string, severity: 'critical' | 'high' | 'low', description: string) => ({
  id,
  category: 'monitor-leak',
  severity,
  locations: [{file: 'lib/shop/router.ex', start_line: 10, end_line: 12}],
  description,
  source: 'model' as const,
  must: false,
  extra: false,
  validity: 'verified' as const,
  related_files: [],
})

export const gold: GoldStandard = {
  schema: 1,
  name: 'otp-shop',
  goal: '',
  source: {path: '.'},
  split: 'train',
  findings: [
    goldFinding('G1', 'critical', 'The monitor leaks.'),
    goldFinding('G2', 'low', 'A stray message crashes the router.'),
    goldFinding('G3', 'high', 'The cart loses its items.'),
  ],
  changes: [],
}

export const scorecard: Scorecard = {
  score: 8.46,
  subscores: {coverage: 0.9, precision: 0.8, grounding: 1, structure: 0.95},
  interval: [8.1, 8.8],
  judge: 'ran',
  findings: [
    {id: 'F1', class: 'matched', gold: 'G1', credit: 1, why: ''},
    {id: 'F2', class: 'unsupported', gold: null, credit: 0, why: ''},
  ],
  gold: [
    {id: 'G1', credit: 1, matched_by: 'F1', why: ''},
    {id: 'G2', credit: 0, matched_by: null, why: ''},
    {id: 'G3', credit: 0, matched_by: null, why: ''},
  ],
  caps: [],
}

export const input: ReportInput = {
  request: {number: 7, head: sha, base: null},
  repository: {name: 'acme/shop', commit: sha, server_url: server},
  pipeline: {name: 'genesis', models: ['claude/claude-x', 'gemini/gemini-x']},
  plan: goodPlan,
  plan_path: 'evolved_pipelines/plan_shop_12345678.yaml',
  scorecard,
  gold,
  threshold: 8,
  violations: [],
  verdict: {decision: 'pass', reasons: []},
  usage: {calls: 3, input_tokens: 1000, output_tokens: 100, usd: 0.42},
  milliseconds: 61_500,
  run_url: `${server}/acme/shop/actions/runs/12`,
  leftOut: [
    {path: 'a.png', why: 'binary'},
    {path: 'b.png', why: 'binary'},
    {path: 'c', why: 'too-large'},
  ],
}

export const sample = (more: Partial<ReportInput> = {}): Report => reportOn({...input, ...more})

export const many = (count: number): ReportInput['plan'] => {
  const [change] = goodPlan.changes
  if (finding === undefined || change === undefined) throw new Error('the good plan is empty')
  return {
    ...goodPlan,
    findings: Array.from({length: count}, (_, index) => ({...finding, id: `F${index}`})),
    changes: Array.from({length: count}, (_, index) => ({
      ...change,
      id: `C${index}`,
      resolves: [`F${index}`],
      phase: 1 + Math.floor(index / 50),
      instructions: `Step \`one\` of @many #${index}\n\n${'long words '.repeat(40)}\n\`\`\`elixir\nx`,
    })),
  }
}
