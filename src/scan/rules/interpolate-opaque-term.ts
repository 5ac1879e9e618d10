import {isVariable, operandsOf} from '../elixir/block.ts'
import {boundName, callsIn, clauseOf, type Clause, type Module} from '../elixir/module.ts'
import {placeOf, type Rule} from '../rule.ts'
import {childOf, textOf, walk, type Syntax} from '../syntax.ts'

const makers: Readonly<Record<string, string>> = {
  make_ref: 'a reference',
  self: 'a pid',
  spawn: 'a pid',
  spawn_link: 'a pid',
}
const remoteMakers: Readonly<Record<string, string>> = {
  'Process.monitor': 'a reference',
  'Process.whereis': 'a pid',
  'Process.send_after': 'a reference',
  ':erlang.monitor': 'a reference',
  'GenServer.whereis': 'a pid',
}

/** What the expression certainly is, of the terms that have no String.Chars. */
function opaqueKind(module: Module, node: Syntax): string | null {
  if (node.type === 'tuple') return 'a tuple'
  if (node.type === 'map') return node.children.some(({type}) => type === 'struct') ? null : 'a map'
  const call = module.calls.find((each) => each.node === node)
  if (call === undefined) return null
  if (call.receiver === null)
    return call.arity === 0 || call.name.startsWith('spawn') ? (makers[call.name] ?? null) : null
  return call.module === null ? null : (remoteMakers[`${call.module}.${call.name}`] ?? null)
}

/** What the variable is bound to, when its only binding in the function says so, or a guard does. */
function kindOfVariable(module: Module, clause: Clause, name: string): string | null {
  const binds = [...walk(clause.node)].flatMap((node) => {
    const bind = operandsOf(node, '=')
    return bind !== null && isVariable(bind[0]) && textOf(bind[0]) === name ? [bind[1]] : []
  })
  const isParameter = clause.parameters.some((each) =>
    [...walk(each)].some((node) => isVariable(node) && textOf(node) === name),
  )
  const [bound] = binds
  if (binds.length === 0 && isParameter && clause.guard === null && /(^|_)(ref|pid)$/.test(name))
    return kindInModule(module, name)
  if (binds.length === 1 && bound !== undefined && !isParameter) return opaqueKind(module, bound)
  if (binds.length > 0 || !isParameter || clause.guard === null) return null
  const guard = textOf(clause.guard)
  if (/\bor\b/.test(guard)) return null
  const [, type] = new RegExp(`\\bis_(pid|reference|tuple|map|function)\\(${name}\\b`).exec(guard) ?? []
  return type === undefined ? null : `a ${type}`
}

/** A reference that comes back in a message keeps its name: what the module makes under it is what it gets. */
function kindInModule(module: Module, name: string): string | null {
  for (const call of module.calls) {
    if (boundName(call.node) !== name) continue
    const kind = opaqueKind(module, call.node)
    if (kind !== null) return kind
  }
  return null
}

const isWhole = (node: Syntax): Syntax | null => (node.children.length === 1 ? (node.children[0] ?? null) : null)

export const interpolateOpaqueTerm: Rule = {
  summary: 'A pid, reference, tuple or map is interpolated into a string, which raises.',
  languages: ['elixir'],
  category: 'interpolate-opaque-term',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      module.clauses.flatMap((clause) =>
        [...walk(clause.node)]
          .filter(({type}) => type === 'interpolation')
          .flatMap((interpolation) => {
            const value = isWhole(interpolation)
            if (value === null || clauseOf(module, interpolation) !== clause || isShadowed(value, clause)) return []
            const kind = isVariable(value)
              ? kindOfVariable(module, clause, textOf(value))
              : callsIn(module, interpolation).some(({node}) => node === value)
                ? opaqueKind(module, value)
                : null
            if (kind === null) return []
            return {
              place: placeOf(source, interpolation),
              title: `Interpolating \`${textOf(value)}\` raises Protocol.UndefinedError`,
              description: `\`${textOf(value)}\` is ${kind}, and String.Chars is not defined for it: building this string raises, often only on the error path. Write \`#{inspect(${textOf(value)})}\`.`,
            }
          }),
      ),
    ),
}

/** A closure's or clause's own parameter of the same name is another variable. */
function isShadowed(value: Syntax, clause: Clause): boolean {
  if (!isVariable(value)) return false
  for (let node = value.parent; node !== null && node !== clause.node; node = node.parent) {
    if (node.type !== 'stab_clause') continue
    const left = childOf(node, 'left')
    if (left !== null && [...walk(left)].some((each) => isVariable(each) && textOf(each) === textOf(value))) return true
  }
  return false
}
