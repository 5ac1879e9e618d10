/** How much it takes to get around the gate, in one word (SECURITY.md). */
import type {Diagnosis} from '../report/doctor.ts'
import {unowned} from './policy.ts'
import {appToken, isOwnToken, rulesetPath} from './rules.ts'
import {isOnPulls, isRequired, needsOwners, requirementsOf, type View} from './view.ts'

/**
 * `none`: a pull request merges whatever the gate says, or can edit the gate. `a`: who edits it needs its owners' review. `b`:
 * it runs from the base, a pull request cannot edit it. `c`: nobody else can write its status. `unknown`: at least `none`.
 */
export type GateLevel = 'none' | 'a' | 'b' | 'c' | 'unknown'

export function levelOf(view: View): GateLevel {
  const {facts, gates} = view
  if (facts.rules?.workflows.some((path) => /refactor-plan/i.test(path)) === true) return 'c'
  const required = isRequired(view)
  if (required === false) return 'none'
  const onPulls = gates.filter(({use}) => isOnPulls(use))
  if (required === null || facts.files === null) return 'unknown'
  if (onPulls.length === 0) return view.unreadable.length > 0 ? 'unknown' : 'none'
  if (isFromBase(view)) return onPulls.every((gate) => isAlone(view, gate)) ? 'c' : 'b'
  const open = unowned(view)
  if (open === null || open.length > 0) return 'none'
  const reviewed = needsOwners(view)
  return reviewed === null ? 'unknown' : reviewed ? 'a' : 'none'
}

/** No gate runs by the workflow that the pull request brings. */
function isFromBase({gates}: View): boolean {
  const onPulls = gates.filter(({use}) => isOnPulls(use))
  return onPulls.length > 0 && onPulls.every(({use}) => !('pull_request' in use.triggers))
}

/** The status counts only from an app whose key no other workflow can reach. */
function isAlone(view: View, {use, context}: View['gates'][number]): boolean {
  const {actionsApp} = view.facts
  if (context === null || actionsApp === null || !use.hasEnvironment || !isOwnToken(use.inputs['token'] ?? ''))
    return false
  return (requirementsOf(view, context) ?? []).some(({app}) => app !== null && app !== actionsApp)
}

const meanings = {
  none: 'a pull request can merge whatever the gate says, or edit the gate away',
  a: 'a pull request that edits the gate needs a review of its owners; whoever may push a branch can still add a workflow there that writes the status',
  b: 'the gate runs from the base, no pull request can edit it; whoever may push a branch can still add a workflow there that writes the status',
  c: 'nobody but the gate can write its status',
  unknown: 'what would have to be known may not be read',
} as const satisfies Record<GateLevel, string>

const review =
  'give `.github/`, the gold standards and the pipelines owners in CODEOWNERS, and turn on "Require review from Code Owners"'

/** What the next level needs. */
function nextOf(level: GateLevel, view: View): string | null {
  const {branch, contexts} = view
  const [context = view.config.statusContext] = contexts
  if (level === 'c') return null
  if (level === 'unknown') return 'see what could not be told above'
  const missing = [
    ...(isFromBase(view) ? [] : ['the gate on `pull_request_target`']),
    ...(isRequired(view) === true ? [] : [rulesetPath(branch, context)]),
  ].join('; ')
  if (level === 'none') return `level b: ${missing}${isRequired(view) === true ? `; or level a: ${review}` : ''}`
  if (level === 'a') return `level b: ${missing}`
  return `# level c: an app of your own writes the status, and its rule takes it from nobody else
# Settings → Rules → Rulesets → "Require status checks to pass" → ${context} → its source: that app
${appToken}`
}

export function diagnoseLevel(view: View): Diagnosis {
  const level = levelOf(view)
  const isAsked = view.facts.asked
  return {
    code: `level-${level}`,
    level: level === 'none' ? 'warn' : level === 'unknown' ? 'unknown' : 'ok',
    what: `gate level: ${level}`,
    why: level === 'unknown' && !isAsked ? 'without the rules of the branch nobody can say' : meanings[level],
    fix: nextOf(level, view),
  }
}
