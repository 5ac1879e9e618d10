/** The sentences that every form of a report shares, in one wording. Untrusted text in them is not escaped yet. */
import type {Improvement} from '../score/improvement.ts'
import type {Report} from './report.ts'

/** One decimal, rounded down: 7.96 is not "8.0", where 8 is needed. */
export const scoreText = (score: number): string => (Math.floor(score * 10 + 1e-9) / 10).toFixed(1)

export const percent = (share: number): string => `${Math.floor(share * 100 + 1e-9)} %`

/** "+1.2" since the run before, of the scores as they are shown; empty when one of them is missing. */
export function deltaText(score: number | null, before: number | null): string {
  if (score === null || before === null) return ''
  const delta = Number(scoreText(score)) - Number(scoreText(before))
  const size = Math.abs(delta).toFixed(1)
  return size === '0.0' ? '±0.0' : `${delta < 0 ? '−' : '+'}${size}`
}

/** The verdict in one sentence, understandable without the rest. */
export function headlineOf({verdict, scorecard, threshold, violations, history}: Report): string {
  const score = scorecard?.score ?? null
  const delta = deltaText(score, history.at(-1)?.score ?? null)
  const scored = score === null ? 'not scored' : `${scoreText(score)}${delta === '' ? '' : ` (${delta})`} of 10`
  const unscored = score === null && scorecard?.judge !== 'unavailable' ? ' (no gold standard applies)' : ''
  const needs = score === null || threshold === null ? '' : ` (needs ${threshold})`
  const broken = violations.filter(({severity}) => severity === 'error').length
  const [reason] = verdict.reasons
  if (verdict.decision === 'error') return `could not be judged: ${reason?.message ?? 'no reason was given'}`
  if (verdict.decision === 'inconclusive') {
    const [low, high] = scorecard?.interval ?? [null, null]
    const range = low === null || high === null ? '' : `, between ${scoreText(low)} and ${scoreText(high)}`
    return `${scored}${range}, inconclusive${needs}`
  }
  if (verdict.decision === 'pass')
    return score === null ? `${scored}${unscored}, rules passed` : `${scored}, gate passed${needs}`
  if (score !== null && threshold !== null && score < threshold) return `${scored}, gate failed${needs}`
  const rules = `${broken} broken rule${broken === 1 ? '' : 's'}`
  return `${scored}${unscored}, gate failed: ${broken > 0 ? rules : (reason?.message ?? 'no reason was given')}`
}

/**
 * Why the gate did not open, without what the headline says already.
 *
 * @param shown how many characters of the headline are shown
 */
export function unsaidReasons(report: Report, shown: number): Report['verdict']['reasons'] {
  const headline = headlineOf(report)
  return report.verdict.reasons.filter(
    ({code, message}) =>
      code !== 'score-below-threshold' && !(headline.length <= shown && headline.endsWith(`: ${message}`)),
  )
}

/** What to do when nothing could be decided. */
export const againText = ({request}: Report): string =>
  `Nothing was decided about this commit. When the cause is gone, ${request === null ? 'run this again' : 'comment `/refactor-plan` to judge it again'}.`

export const iconOf = ({verdict, scorecard}: Report): string => {
  if (verdict.decision === 'fail') return '❌'
  if (verdict.decision !== 'pass') return '⚠️'
  return (scorecard?.score ?? null) === null ? 'ℹ️' : '✅'
}

export const judgeText = {
  ran: 'a model judged what the deterministic score leaves open',
  skipped: 'no model judged: the score is deterministic',
  unavailable: 'deterministic only: the judge was asked for and could not be reached',
} as const satisfies Record<Report['judge'], string>

export const costText = ({usage}: Report): string => {
  if (usage.calls === 0) return 'no model calls'
  const calls = `${usage.calls} model call${usage.calls === 1 ? '' : 's'}`
  return usage.usd === null ? `${calls}, cost unknown` : `${calls}, $${usage.usd.toFixed(usage.usd < 0.1 ? 4 : 2)}`
}

export const timeText = (milliseconds: number): string => {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

export const modelsText = ({pipeline: {models}}: Report): string =>
  models.length === 0 ? 'no model' : models.join(', ')

export const leftOutText = ({left_out: {count, reasons}}: Report): string =>
  count === 0
    ? 'Every file was read.'
    : `${count} file${count === 1 ? ' was' : 's were'} not read: ${reasons.map(({why, count}) => `${count} ${why}`).join(', ')}.`

/** Whose rules decided; said before the paths are named. */
export const protectedText = ({protected: paths}: Report): string =>
  `This pull request changes ${plural(paths.length, 'protected file')}; it was judged by the base's versions of ${paths.length === 1 ? 'it' : 'these'}:`

export interface Criterion {
  readonly name: string
  readonly value: string
  readonly meaning: string
}

/** A row for each sub-score; a dash where it could not be told. */
export function criteriaOf({scorecard}: Report): readonly Criterion[] {
  if (scorecard === null) return []
  const {coverage, precision, grounding, structure} = scorecard.subscores
  const value = (share: number | null): string => (share === null ? '–' : percent(share))
  const nothing = scorecard.findings.length === 0 ? 'the plan has no findings' : null
  const missed = scorecard.gold.filter(({credit}) => credit < 0.4).length
  const wrong = scorecard.findings.filter(({class: kind}) => kind !== 'matched' && kind !== 'novel').length
  const said = plural(scorecard.findings.length, 'finding')
  return [
    {
      name: 'Coverage',
      value: value(coverage),
      meaning:
        coverage === null
          ? 'needs a gold standard'
          : `${missed === 0 ? 'none' : missed} of ${plural(scorecard.gold.length, 'expected finding')} missed`,
    },
    {
      name: 'Precision',
      value: value(precision),
      meaning:
        precision === null
          ? (nothing ?? 'needs a gold standard')
          : `${wrong === 0 ? 'none' : wrong} of ${said} wrong or unsupported`,
    },
    {name: 'Grounding', value: value(grounding), meaning: nothing ?? 'places and quotes that stand in the code'},
    {name: 'Structure', value: value(structure), meaning: nothing ?? 'references, order and checkable changes'},
  ]
}

/** `lib/a.ex:3-7` */
export const placeText = ({
  file,
  start_line,
  end_line,
}: {
  readonly file: string
  readonly start_line?: number | undefined
  readonly end_line?: number | undefined
}): string => {
  if (start_line === undefined) return file
  return end_line === undefined || end_line === start_line
    ? `${file}:${start_line}`
    : `${file}:${start_line}-${end_line}`
}

/** A path in the repository as a relative URI; null: it leads out of the repository, or nowhere. */
export const uriOf = (file: string): string | null => {
  const parts = file.replace(/\p{Surrogate}/gu, '\ufffd').split('/')
  return parts.some((part) => part === '' || part === '..' || part === '.')
    ? null
    : parts.map(encodeURIComponent).join('/')
}

/** Where a place can be looked at: always by commit, never by branch. null: no server, no commit or no repository's name. */
export function urlOf(
  {repository: {name, commit, server_url}}: Report,
  {
    file,
    start_line,
    end_line,
  }: {readonly file: string; readonly start_line?: number | undefined; readonly end_line?: number | undefined},
): string | null {
  if (server_url === null || commit === null || !/^[0-9a-f]{7,64}$/.test(commit)) return null
  const path = uriOf(file)
  if (path === null || !/^[\w.-]+\/[\w.-]+$/.test(name)) return null
  const end = end_line === undefined || end_line === start_line ? '' : `-L${end_line}`
  const lines = start_line === undefined ? '' : `#L${start_line}${end}`
  return `${server_url.replace(/\/+$/, '')}/${name}/blob/${commit}/${path}${lines}`
}

export const phasesOf = ({plan}: Report): readonly (readonly [phase: number, changes: Report['plan']['changes']])[] =>
  [...new Set(plan.changes.map(({phase}) => phase))]
    .sort((a, b) => a - b)
    .map((phase) => [phase, plan.changes.filter((change) => change.phase === phase)])

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Beside an improvement, how heavy and how many points: "high, up to +0.6"; empty when there is nothing to say. */
export const gainText = ({severity, gain}: Improvement): string =>
  [severity, gain === null ? null : `up to +${gain.toFixed(1)}`].filter((fact) => fact !== null).join(', ')

/** What became of each finding of the gold standard, and of each of the plan: the score can be followed by hand. */
export function creditsOf({scorecard}: Report): readonly {
  readonly id: string
  readonly outcome: string
  readonly why: string
}[] {
  if (scorecard === null || scorecard.score === null) return []
  return [
    ...scorecard.gold.map(({id, credit, why}) => ({id, outcome: percent(credit), why})),
    ...scorecard.findings.map(({id, class: kind, why}) => ({id, outcome: kind, why})),
  ]
}
