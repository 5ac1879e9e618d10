/** Inputs or flags, then the base branch's `.github/refactor-plan.yml`, then defaults → one `Config`, once. */
import * as z from 'zod'
import {parseYaml, problemsOf, valueOf, type Read} from './document.ts'
import {Failure} from './errors.ts'
import {baselinePolicies} from './score/evaluate.ts'

export const configFile = '.github/refactor-plan.yml'

/** One spelling everywhere a person meets it: these keys are the file's keys, the flags and the Action's inputs. */
export const Settings = z.strictObject({
  goal: z
    .string()
    .min(1)
    .default('Analyze this codebase for anti-patterns and create a critical refactoring plan.')
    .describe('what the plan is for'),
  pipeline: z.string().min(1).default('auto').describe('`auto`, a name under pipelines/, or a path to a YAML file'),
  gold: z.string().min(1).default('gold').describe('folder of gold standards'),
  threshold: z.number().min(0).max(10).default(8).describe('the score, 0-10, from which on the gate passes'),
  gate: z
    .enum(['off', 'warn', 'enforce'])
    .default('enforce')
    .describe(
      '`enforce` fails the job (exit 1) when the gate fails, `warn` only says so, `off` decides nothing and sets no status',
    ),
  comment: z
    .enum(['update', 'recreate', 'off'])
    .default('update')
    .describe(
      '`update` keeps one comment on the pull request up to date, `recreate` replaces it by a new one at the end of the talk when it would say something else',
    ),
  commit: z
    .enum(['off', 'pr', 'branch'])
    .default('off')
    .describe('what `optimize` in the Action does with evolved YAML'),
  'status-context': z.string().min(1).max(100).default('refactor-plan/gate').describe('name of the commit status'),
  'check-run': z
    .enum(['off', 'on'])
    .default('off')
    .describe(
      '`on` shows findings beside the lines, as the check run "Refactor plan" (needs `checks: write`); require the status, not this',
    ),
  judge: z
    .enum(['auto', 'off'])
    .default('auto')
    .describe("`auto`: a model of another family answers closed questions about a model's plan when its key is there"),
  'require-gold': z.boolean().default(false).describe('fail when no gold standard applies'),
  'require-judge': z
    .boolean()
    .default(false)
    .describe('end in error when no judge took part; a plan that no model made has none'),
  'fail-on-new': z
    .enum(['off', 'high', 'critical'])
    .default('off')
    .describe(
      'a second gate, whatever the score: fail a change that brings in findings of the static rules of this severity or a higher one',
    ),
  baseline: z
    .enum(baselinePolicies)
    .default('absolute')
    .describe(
      'what `evaluate` demands: `absolute`, the mean reaches the threshold; `no-regression`, it does not fall below gold/baseline.yaml; `both`',
    ),
  tolerance: z.number().min(0).max(10).default(0.25).describe('points by which the mean may fall below the baseline'),
  'max-samples': z
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe('how often `evaluate` asks models about one gold standard at most; it stops when the verdict is clear'),
  batches: z
    .boolean()
    .default(false)
    .describe(
      '`evaluate` and `optimize` ask Claude by message batches: half the price, mostly within an hour, at most a day',
    ),
  'max-tokens': z.int().min(1000).max(2_000_000).default(200_000).describe('token budget of the pack'),
  'max-cost-usd': z.number().positive().default(5).describe('stop before a model call that would pass this'),
  include: z.array(z.string()).default([]).describe('read only these (gitignore syntax)'),
  exclude: z.array(z.string()).default([]).describe('do not read these'),
  'fork-policy': z
    .enum(['plan', 'offline', 'ask'])
    .default('plan')
    .describe(
      'a pull request from a fork: `plan`, like any other; `offline`, by static rules, no model is paid for it; `ask`, the status waits until somebody who may write comments `/refactor-plan`',
    ),
  'protected-paths': z
    .array(z.string())
    .default(['.github/**', 'gold/**', 'pipelines/**'])
    .describe('paths (gitignore syntax) that decide verdicts: a pull request that changes them is told so'),
  permissions: z
    .array(z.enum(['admin', 'maintain', 'write', 'triage']))
    .default(['admin', 'maintain', 'write'])
    .describe('who may command by comment'),
})
export type Settings = z.infer<typeof Settings>

export interface Config {
  readonly goal: string
  readonly pipeline: string
  readonly gold: string
  readonly threshold: number
  readonly gate: 'off' | 'warn' | 'enforce'
  readonly comment: 'update' | 'recreate' | 'off'
  readonly commit: 'off' | 'pr' | 'branch'
  readonly statusContext: string
  readonly checkRun: 'off' | 'on'
  readonly judge: 'auto' | 'off'
  readonly requireGold: boolean
  readonly requireJudge: boolean
  readonly failOnNew: 'off' | 'high' | 'critical'
  readonly baseline: Settings['baseline']
  readonly tolerance: number
  readonly maxSamples: number
  readonly batches: boolean
  readonly maxTokens: number
  readonly maxCostUsd: number
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly forkPolicy: 'plan' | 'offline' | 'ask'
  readonly protectedPaths: readonly string[]
  readonly permissions: readonly ('admin' | 'maintain' | 'write' | 'triage')[]
}

const configOf = (settings: Settings): Config => ({
  goal: settings.goal,
  pipeline: settings.pipeline,
  gold: settings.gold,
  threshold: settings.threshold,
  gate: settings.gate,
  comment: settings.comment,
  commit: settings.commit,
  statusContext: settings['status-context'],
  checkRun: settings['check-run'],
  judge: settings.judge,
  requireGold: settings['require-gold'],
  requireJudge: settings['require-judge'],
  failOnNew: settings['fail-on-new'],
  baseline: settings.baseline,
  tolerance: settings.tolerance,
  maxSamples: settings['max-samples'],
  batches: settings.batches,
  maxTokens: settings['max-tokens'],
  maxCostUsd: settings['max-cost-usd'],
  include: settings.include,
  exclude: settings.exclude,
  forkPolicy: settings['fork-policy'],
  protectedPaths: settings['protected-paths'],
  permissions: settings.permissions,
})

/** A flag or an input arrives as text (or `true`); the schema says what it must become. */
function fromText(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  const fallback: unknown = Settings.parse({})[nameOf(name)]
  if (typeof fallback === 'number' && /^-?\d+(?:\.\d+)?$/.test(value.trim())) return Number(value)
  if (typeof fallback === 'boolean' && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  if (Array.isArray(fallback)) return value.split(/[\n,]/).flatMap((each) => (each.trim() === '' ? [] : [each.trim()]))
  return value
}

const nameOf = (name: string): keyof Settings => {
  const known = Settings.keyof().safeParse(name)
  if (known.success) return known.data
  throw new Failure('unknown-setting', `${name} is not a setting`, {hint: `settings are: ${settingNames.join(', ')}`})
}

export const settingNames: readonly string[] = Settings.keyof().options

/**
 * @param given flags or inputs by their kebab-case names, text or typed; empty text counts as not given
 * @param file the configuration file of the base commit (never of the code under review), null when there is none
 */
export function parseConfig(
  given: Readonly<Record<string, unknown>>,
  file: {readonly path: string; readonly text: string} | null,
): Config {
  const base = file === null ? {} : valueOf(readSettings(file.text, file.path), 'config')
  const inputs = Object.entries(given).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[nameOf(name), fromText(name, value)] as const],
  )
  const parsed = Settings.safeParse({...base, ...Object.fromEntries(inputs)})
  if (parsed.success) return configOf(parsed.data)
  const [issue] = parsed.error.issues
  throw new Failure('bad-setting', `${issue?.path.join('.') ?? 'settings'}: ${issue?.message ?? 'is not valid'}`, {
    hint: 'see the table of settings in README.md',
  })
}

/** What the file itself says; defaults are not filled in, so that only what it says overrides one. */
export function readSettings(text: string, path: string): Read<Partial<Settings>> {
  const parsed = parseYaml(text, path)
  if (!parsed.ok) return parsed
  if (parsed.value.value === null) return {ok: true, value: {}}
  const checked = Settings.partial().safeParse(parsed.value.value)
  if (!checked.success) return {ok: false, problems: problemsOf(checked.error, parsed.value, path)}
  const said = Object.keys(Object(parsed.value.value))
  return {ok: true, value: Object.fromEntries(Object.entries(checked.data).filter(([name]) => said.includes(name)))}
}
