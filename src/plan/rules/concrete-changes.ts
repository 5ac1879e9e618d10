import type {Rule} from './rule.ts'

/** Shorter than this nobody can act on: "Fix it." */
const minLetters = 20

export const concreteChanges: Rule = {
  summary: 'A change names its files and says what to do.',
  severity: 'warning',
  check: ({changes}) =>
    changes.flatMap(({id, files, creates, instructions}) => [
      ...(files.length + creates.length === 0 ? [{subject: id, args: {lacks: 'names no file'}}] : []),
      ...(instructions.trim().length < minLetters ? [{subject: id, args: {lacks: 'does not say what to do'}}] : []),
    ]),
  say: ({subject, args: {lacks}}) => `Change ${subject} ${lacks}.`,
}
