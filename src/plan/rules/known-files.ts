import {resolvePath, tidyPath} from '../paths.ts'
import type {Rule} from './rule.ts'

export const knownFiles: Rule = {
  summary: 'A change edits files that exist or that the plan creates.',
  severity: 'error',
  check: ({changes}, {paths}) => {
    const created = new Set(changes.flatMap(({creates}) => creates.map(tidyPath)))
    return changes.flatMap(({id, files}) =>
      files.flatMap((file) =>
        created.has(tidyPath(file)) || resolvePath(file, paths) !== null ? [] : [{subject: id, args: {file}}],
      ),
    )
  },
  say: ({subject, args: {file}}) => `Change ${subject} edits ${file}, which neither exists nor is created.`,
}
