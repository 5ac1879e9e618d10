/** The Action's outputs. A name that does not stand here cannot be written; `action.yml` and the README list the same ones. */
export const outputNames = [
  'verdict',
  'score',
  'score-low',
  'score-high',
  'threshold',
  'pipeline',
  'cached',
  'tokens',
  'cost-usd',
  'plan-path',
  'report-path',
  'sarif-path',
  'comment-url',
  'status-state',
  'head-sha',
  'base-sha',
  'pr-number',
  'protected-changed',
  'evolved-pr',
] as const
export type OutputName = (typeof outputNames)[number]
