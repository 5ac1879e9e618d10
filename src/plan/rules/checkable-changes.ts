import {isCommand} from '../command.ts'
import {clip} from '../../trust.ts'
import type {Rule} from './rule.ts'

export const checkableChanges: Rule = {
  summary: 'Every change has a command that proves it.',
  severity: 'warning',
  check: ({changes}) =>
    changes.flatMap(({id, verification}) =>
      verification.some(isCommand) ? [] : [{subject: id, args: {prose: verification[0] ?? ''}}],
    ),
  say: ({subject, args: {prose = ''}}) =>
    prose === ''
      ? `Change ${subject} has no verification.`
      : `Change ${subject} is verified by a sentence and not by a command: "${clip(prose, 80)}".`,
}
