import {isContained} from '../paths.ts'
import type {Rule} from './rule.ts'

export const containedPaths: Rule = {
  summary: 'Every path stays inside the repository and out of .git.',
  severity: 'error',
  check: ({findings, changes}, {paths}) => [
    ...findings.flatMap(({id, locations}) =>
      locations.flatMap(({file}) => (isContained(file) || paths.includes(file) ? [] : [{subject: id, args: {file}}])),
    ),
    ...changes.flatMap(({id, files, creates}) =>
      [...files, ...creates].flatMap((file) =>
        isContained(file) || paths.includes(file) ? [] : [{subject: id, args: {file}}],
      ),
    ),
  ],
  say: ({subject, args: {file}}) => `${subject} names ${file}, which is not a path inside the repository.`,
}
