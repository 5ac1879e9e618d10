import type {Rule} from './rule.ts'

/** What one reviewer can read in one sitting. */
const maxFiles = 10
const maxFindings = 15

export const smallChanges: Rule = {
  summary: 'A change is small enough to review: at most 10 files and 15 findings.',
  severity: 'warning',
  check: ({changes}) =>
    changes.flatMap(({id, files, creates, resolves}) => [
      ...(files.length + creates.length > maxFiles
        ? [{subject: id, args: {what: `touches ${files.length + creates.length} files`}}]
        : []),
      ...(resolves.length > maxFindings ? [{subject: id, args: {what: `resolves ${resolves.length} findings`}}] : []),
    ]),
  say: ({subject, args: {what}}) => `Change ${subject} ${what}; split it.`,
}
