import {resolvePath} from '../paths.ts'
import {clip} from '../../trust.ts'
import type {Rule} from './rule.ts'

/**
 * Half of the quoted lines must be found: real reports elide and re-indent (of 15 documents measured, verbatim blocks were
 * rarer than blocks of which most lines were found), an invented quote has no line in the file.
 */
const share = 0.5

const flat = (line: string): string => line.replace(/\s+/g, ' ').trim()
/** Lines that stand in every file say nothing. */
const tells = (line: string): boolean =>
  /[\p{L}\p{N}]/u.test(line) && !/^(do|end|else|rescue|catch|try|after|\.{3}|…)$/.test(line)

export const trueQuotes: Rule = {
  summary: 'What a finding quotes as evidence stands in the file.',
  severity: 'error',
  check: ({findings}, {paths, lines}) =>
    findings.flatMap(({id, locations}) =>
      locations.flatMap(({file, evidence = ''}) => {
        const path = resolvePath(file, paths)
        const text = path === null ? null : lines(path)
        const quoted = evidence.split('\n').map(flat).filter(tells)
        if (text === null || quoted.length === 0) return []
        const known = text.map(flat)
        const found = quoted.filter((quote) => known.some((line) => line.includes(quote))).length
        return found / quoted.length < share ? [{subject: id, args: {file, quote: quoted[0] ?? ''}}] : []
      }),
    ),
  say: ({subject, args: {file, quote = ''}}) =>
    `Finding ${subject} quotes "${clip(quote, 80)}", which does not stand in ${file}.`,
}
