import {bodyOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'
import {hasComment} from '../script.ts'
import {ancestorsOf, childOf, textOf, type Syntax, walk} from '../syntax.ts'
import type {Source} from '../source.ts'

const isEmpty = (node: Syntax): boolean =>
  node.type === 'pass_statement' ||
  node.type === 'continue_statement' ||
  (node.type === 'expression_statement' && node.children[0]?.type === 'ellipsis')

/** What the clause takes: null for named, expected exceptions. */
function breadthOf(clause: Syntax): 'everything' | 'Exception' | null {
  const value = childOf(clause, 'value') ?? clause.children.find(({type}) => type !== 'block')
  if (value === undefined) return 'everything'
  const type = value.type === 'as_pattern' ? value.children[0] : value
  const name = type === undefined ? '' : textOf(type)
  return name === 'BaseException' ? 'everything' : name === 'Exception' ? 'Exception' : null
}

const handsOn = (clause: Syntax): boolean =>
  [...walk(clause)].some(
    (node) =>
      node.type === 'raise_statement' ||
      (node.type === 'call' &&
        /(^|\.)(exception|error|warning|warn|critical|print_exc|format_exc|exc_info|exit|_exit|fail|set_exception)$/.test(
          textOf(childOf(node, 'function') ?? node),
        )),
  )

const isFinalizer = (node: Syntax): boolean => {
  for (const each of ancestorsOf(node))
    if (each.type === 'function_definition')
      return /^(__del__|__exit__|__aexit__|close|aclose|shutdown|cleanup|_cleanup|atexit)/.test(
        textOf(childOf(each, 'name') ?? each),
      )
  return false
}

function harmOf(
  source: Source,
  clause: Syntax,
): {readonly what: string; readonly title: string; readonly severity: 'high' | 'medium'} | null {
  const breadth = breadthOf(clause)
  if (breadth === null || handsOn(clause) || isFinalizer(clause)) return null
  const body = bodyOf(clause)
  const empty = body.length > 0 && body.every(isEmpty)
  if (empty && !hasComment(source, clause))
    return {what: 'does nothing with it', title: 'Every exception is swallowed without a trace', severity: 'medium'}
  // a bare except with a fallback still eats KeyboardInterrupt and SystemExit
  return breadth === 'everything' && textOf(clause).startsWith('except:')
    ? {
        what: 'also takes KeyboardInterrupt and SystemExit',
        title: 'Bare except takes KeyboardInterrupt and SystemExit too',
        severity: 'medium',
      }
    : null
}

export const swallowedException: Rule = {
  summary: 'except that takes everything and drops it.',
  languages: ['python'],
  category: 'swallowed-exception',
  severity: 'medium',
  roles: ['production'],
  find: (source) =>
    [...walk(source.root)]
      .filter(({type}) => type === 'except_clause')
      .flatMap((clause) => {
        const harm = harmOf(source, clause)
        if (harm === null) return []
        return {
          place: placeOf(source, clause),
          title: harm.title,
          description: `This except clause takes every exception and ${harm.what}: a bug in the guarded code looks like success. Name the exceptions that are expected, and log or raise the others.`,
          severity: harm.severity,
        }
      }),
}
