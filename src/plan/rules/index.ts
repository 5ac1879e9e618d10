import type {Plan} from '../plan.ts'
import {checkableChanges} from './checkable-changes.ts'
import {checkablePlan} from './checkable-plan.ts'
import {concreteChanges} from './concrete-changes.ts'
import {containedPaths} from './contained-paths.ts'
import {coveredFindings} from './covered-findings.ts'
import {knownFiles} from './known-files.ts'
import {knownPlaces} from './known-places.ts'
import {knownReferences} from './known-references.ts'
import {newFiles} from './new-files.ts'
import {openFindings} from './open-findings.ts'
import {orderedChanges} from './ordered-changes.ts'
import {placedFindings} from './placed-findings.ts'
import type {Code, Rule, Violation} from './rule.ts'
import {smallChanges} from './small-changes.ts'
import {trueQuotes} from './true-quotes.ts'
import {uniqueIds} from './unique-ids.ts'

export const planRules = {
  'contained-paths': containedPaths,
  'known-places': knownPlaces,
  'true-quotes': trueQuotes,
  'placed-findings': placedFindings,
  'unique-ids': uniqueIds,
  'known-references': knownReferences,
  'ordered-changes': orderedChanges,
  'covered-findings': coveredFindings,
  'open-findings': openFindings,
  'checkable-plan': checkablePlan,
  'checkable-changes': checkableChanges,
  'known-files': knownFiles,
  'new-files': newFiles,
  'concrete-changes': concreteChanges,
  'small-changes': smallChanges,
} as const satisfies Record<string, Rule>

/** Everything that is wrong with a plan, errors first. Never throws, whatever the plan says. */
export function checkPlan(plan: Plan, code: Code): readonly Violation[] {
  const violations = Object.entries<Rule>(planRules).flatMap(([rule, {severity, check, say}]) =>
    check(plan, code).map((breach) => ({rule, subject: breach.subject, message: say(breach), severity})),
  )
  return [
    ...violations.filter(({severity}) => severity === 'error'),
    ...violations.filter(({severity}) => severity === 'warning'),
  ]
}
