import {bodyOf, nameOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'

const isMutable = (node: Syntax): boolean =>
  ['list', 'dictionary', 'set', 'list_comprehension', 'dictionary_comprehension'].includes(node.type) ||
  /^(list|dict|set|defaultdict|OrderedDict|deque)\(/.test(textOf(node))

const changers =
  /^(append|extend|insert|add|update|pop|popitem|remove|clear|setdefault|sort|reverse|discard|appendleft)$/

/** How the body changes the shared value or lets it out; null when it only reads it. */
function changeOf(body: readonly Syntax[], name: string): {readonly node: Syntax; readonly how: string} | null {
  const nodes = body.flatMap((each) => [...walk(each)])
  // `x = list(x)` or `x = x or []` makes a new value first
  const rebound = nodes.some((node) => {
    const left = node.type === 'assignment' ? childOf(node, 'left') : null
    return left !== null && textOf(left) === name
  })
  if (rebound) return null
  for (const node of nodes) {
    const how = howChanged(node, name)
    if (how !== null) return {node, how}
  }
  return null
}

function howChanged(node: Syntax, name: string): string | null {
  const is = (each: Syntax | null): boolean => each?.type === 'identifier' && textOf(each) === name
  if (node.type === 'call') {
    const callee = childOf(node, 'function')
    const [object, method] =
      callee?.type === 'attribute' ? [childOf(callee, 'object'), childOf(callee, 'attribute')] : [null, null]
    return is(object) && method !== null && changers.test(textOf(method)) ? 'changes it' : null
  }
  if (node.type === 'assignment') {
    const [left, right] = [childOf(node, 'left'), childOf(node, 'right')]
    if (left?.type === 'subscript' && is(childOf(left, 'value'))) return 'changes it'
    return left?.type === 'attribute' && is(right) ? 'stores it in an object' : null
  }
  if (node.type === 'augmented_assignment' && is(childOf(node, 'left'))) return 'changes it'
  return node.type === 'return_statement' && is(node.children[0] ?? null) ? 'gives it to the caller' : null
}

export const mutableDefault: Rule = {
  summary: 'A mutable default argument that is changed or handed out.',
  languages: ['python'],
  category: 'mutable-default',
  severity: 'medium',
  roles: ['production', 'script'],
  find: (source) =>
    [...walk(source.root)]
      .filter(({type}) => type === 'function_definition')
      .flatMap((definition) =>
        (childOf(definition, 'parameters')?.children ?? []).flatMap((parameter) => {
          const [name, value] = [childOf(parameter, 'name'), childOf(parameter, 'value')]
          if (name === null || value === null || !isMutable(value)) return []
          const change = changeOf(bodyOf(definition), textOf(name))
          if (change === null) return []
          return {
            place: placeOf(source, parameter),
            also: [placeOf(source, change.node)],
            title: `Default of ${textOf(name)} is shared by all calls of ${nameOf(definition)}`,
            description: `The default \`${textOf(value)}\` is made once, and \`${nameOf(definition)}\` ${change.how} at line ${change.node.startLine}: later calls see what earlier ones left there. Use None as the default and make the value inside.`,
          }
        }),
      ),
}
