import {placeOf, scripts, type Rule} from '../rule.ts'
import {callsOf, hasComment, isFunction} from '../script.ts'
import {ancestorsOf, childOf, textOf, type Syntax, walk} from '../syntax.ts'
import type {Source} from '../source.ts'

const description = (what: string): string =>
  `${what} takes every error and does nothing with it: a failure here, also a bug, leaves no trace and the code goes on with what it has. Handle the errors that are expected, or say in a comment why nothing is to be done.`

/** Probing for an optional module or a capability is done by trying. */
const isProbe = (node: Syntax): boolean => {
  const body = childOf(node, 'body')
  const [only, more] = body?.children ?? []
  return (
    only === undefined ||
    (more === undefined &&
      /require\(|import\(|localStorage|sessionStorage|\.close\(|\.abort\(|\.kill\(|\.unlink|\.rm(Sync)?\(|\.destroy\(|\.releaseLock\(/.test(
        textOf(only),
      ))
  )
}

/** An attempt with a fallback: the value keeps its default, or the code below answers instead. */
const isAttempt = (node: Syntax): boolean => {
  const body = childOf(node, 'body')
  const last = body?.children.at(-1)
  if (body === null || last === undefined) return true
  if ([...walk(body, (each) => !isFunction(each))].some(({type}) => type === 'return_statement')) return true
  return body.children.length <= 2 && /^(augmented_)?assignment_expression$/.test(last.children[0]?.type ?? '')
}

/** A comment that ends on the line above the statement speaks about it. */
const isExplained = (source: Source, node: Syntax): boolean => {
  let statement = node
  for (const each of ancestorsOf(node)) {
    if (each.type === 'statement_block' || each.type === 'program') break
    statement = each
  }
  // a run of statements under one comment is explained by it
  const siblings = statement.parent?.children ?? []
  let first = siblings.indexOf(statement)
  while (first > 0 && (siblings[first]?.startLine ?? 0) - (siblings[first - 1]?.endLine ?? 0) === 1) first--
  const lines = [statement.startLine, siblings[first]?.startLine ?? 0, statement.parent?.parent?.startLine ?? 0]
  return source.comments.some(({endLine}) => lines.includes(endLine + 1))
}

function emptyCatches(source: Source): readonly Syntax[] {
  return [...walk(source.root)].flatMap((node) => {
    const handler = node.type === 'try_statement' ? childOf(node, 'handler') : null
    const body = handler === null ? null : childOf(handler, 'body')
    if (handler === null || body === null || body.children.length > 0 || hasComment(source, handler)) return []
    return isProbe(node) || isAttempt(node) || isExplained(source, node) ? [] : [handler]
  })
}

/** `.catch(() => {})`. */
function emptyHandlers(source: Source): readonly Syntax[] {
  return [...callsOf(source)].flatMap(({node, method, arguments: [handler, more]}) => {
    if (method !== 'catch' || handler === undefined || more !== undefined || !isFunction(handler)) return []
    const body = childOf(handler, 'body')
    if (body?.type !== 'statement_block' || body.children.length > 0 || hasComment(source, handler)) return []
    // `promise.catch(() => {})` on a variable marks it as handled; it is awaited elsewhere
    const promise = childOf(childOf(node, 'function') ?? node, 'object')
    if (promise?.type === 'identifier' || isExplained(source, node)) return []
    return /\.(close|cleanup|dispose|release|unsubscribe|cancel|abort|destroy|disconnect|kill|return|rm|unlink)\(/.test(
      textOf(node),
    )
      ? []
      : [handler]
  })
}

export const swallowedError: Rule = {
  summary: 'An empty catch without a word why.',
  languages: scripts,
  category: 'swallowed-error',
  severity: 'medium',
  roles: ['production'],
  find: (source) => [
    ...emptyCatches(source).map((node) => ({
      place: placeOf(source, node),
      title: 'Empty catch block hides every error',
      description: description('This empty catch'),
    })),
    ...emptyHandlers(source).map((node) => ({
      place: placeOf(source, node),
      title: 'Empty rejection handler hides every error',
      description: description('This empty rejection handler'),
    })),
  ],
}
