import {isCommand} from '../command.ts'
import type {Rule} from './rule.ts'

/** Below this share of checkable changes the score is capped too, so that both gates speak of the same thing. */
const share = 0.7

export const checkablePlan: Rule = {
  summary: 'At least 70 % of the changes have a command that proves them.',
  severity: 'error',
  check: ({changes}) => {
    const checkable = changes.filter(({verification}) => verification.some(isCommand)).length
    return changes.length > 0 && checkable / changes.length < share
      ? [{subject: 'plan', args: {checkable: String(checkable), count: String(changes.length)}}]
      : []
  },
  say: ({args: {checkable, count}}) => `Only ${checkable} of ${count} changes have a command that proves them.`,
}
