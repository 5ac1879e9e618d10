import {tidyPath} from '../paths.ts'
import type {Rule} from './rule.ts'

export const newFiles: Rule = {
  summary: 'A change creates only files that do not exist yet.',
  severity: 'warning',
  check: ({changes}, {paths}) => {
    const known = new Set(paths)
    return changes.flatMap(({id, creates}) =>
      creates.flatMap((file) => (known.has(tidyPath(file)) ? [{subject: id, args: {file}}] : [])),
    )
  },
  say: ({subject, args: {file}}) => `Change ${subject} creates ${file}, which exists already.`,
}
