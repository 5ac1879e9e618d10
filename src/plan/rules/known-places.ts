import {resolvePath} from '../paths.ts'
import type {Rule} from './rule.ts'

export const knownPlaces: Rule = {
  summary: 'A finding stands in a file that exists, on lines that it has.',
  severity: 'error',
  check: ({findings}, {paths, lines}) =>
    findings.flatMap(({id, locations}) =>
      locations.flatMap(({file, start_line, end_line}) => {
        const path = resolvePath(file, paths)
        if (path === null) return [{subject: id, args: {file}}]
        const count = lines(path)?.length ?? null
        const last = Math.max(start_line ?? 1, end_line ?? 1)
        if (count !== null && last > Math.max(count, 1))
          return [{subject: id, args: {file, line: String(last), count: String(count)}}]
        return start_line !== undefined && end_line !== undefined && end_line < start_line
          ? [{subject: id, args: {file, line: `${start_line}–${end_line}`}}]
          : []
      }),
    ),
  say: ({subject, args: {file, line, count}}) => {
    if (line === undefined) return `Finding ${subject} names ${file}, and there is no such file, or more than one.`
    if (count === undefined) return `Finding ${subject} ends before it starts: ${file}, lines ${line}.`
    return `Finding ${subject} names line ${line} of ${file}, which has ${count}.`
  },
}
