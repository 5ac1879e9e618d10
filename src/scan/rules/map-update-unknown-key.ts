import {isVariable, keyName, operandsOf, tailsOf} from '../elixir/block.ts'
import {callsIn, clauseOf, clausesNamed, type Clause, type Module} from '../elixir/module.ts'
import {callbackOf, isServer, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {childOf, childrenOfType, textOf, walk, type Syntax} from '../syntax.ts'

/** Keys of `%{a: 1, "b" => 2}` that are atoms; null when one is computed. */
function keysOf(map: Syntax): ReadonlySet<string> | null {
  const keys = new Set<string>()
  for (const item of childrenOfType(map, 'map_content').flatMap(({children}) => children)) {
    const arrow = operandsOf(item, '=>')
    if (arrow !== null && arrow[0].type === 'atom') keys.add(textOf(arrow[0]).slice(1))
    else if (item.type === 'keywords') {
      for (const pair of item.children) {
        const key = childOf(pair, 'key')
        if (key !== null) keys.add(keyName(key))
      }
    } else if (arrow === null || arrow[0].type !== 'string') return null
  }
  return keys
}

const isPlainMap = (node: Syntax): boolean =>
  node.type === 'map' && childrenOfType(node, 'struct').length === 0 && updateOf(node) === null

/** `%{variable | keywords}` → both. */
function updateOf(map: Syntax): readonly [Syntax, Syntax] | null {
  const [only] = childrenOfType(map, 'map_content').flatMap(({children}) => children)
  return only === undefined ? null : operandsOf(only, '|')
}

/** The keys a state expression certainly has; null when it is made elsewhere. */
function stateKeys(module: Module, clause: Clause, state: Syntax, depth: number): ReadonlySet<string> | null {
  if (isPlainMap(state)) return keysOf(state)
  if (state.type === 'map' && updateOf(state) === null) {
    const [struct] = childrenOfType(state, 'struct')
    return struct !== undefined && ['__MODULE__', module.name].includes(textOf(struct)) ? structFields(module) : null
  }
  if (depth === 0) return null
  if (isVariable(state)) {
    const binds = [...walk(clause.node)].flatMap((node) => {
      const bind = operandsOf(node, '=')
      return bind !== null && textOf(bind[0]) === textOf(state) ? [bind[1]] : []
    })
    const [bound] = binds
    return binds.length === 1 && bound !== undefined ? stateKeys(module, clause, bound, depth - 1) : null
  }
  const call = callsIn(module, state).find(({node}) => node === state)
  if (call?.receiver !== null) return null
  const [made, ...others] = clausesNamed(module, call.name, call.arity)
  const tails = made === undefined ? [] : tailsOf(made.body)
  const [tail] = tails
  return made === undefined || others.length > 0 || tail === undefined || tails.length > 1
    ? null
    : stateKeys(module, made, tail, depth - 1)
}

function structFields(module: Module): ReadonlySet<string> | null {
  const definition = module.calls.find(({name, receiver}) => name === 'defstruct' && receiver === null)
  const [fields] = definition?.arguments ?? []
  if (fields === undefined) return null
  const names = new Set<string>()
  const list = fields.type === 'list' ? fields.children : [fields]
  for (const item of list) {
    if (item.type === 'atom') names.add(textOf(item).slice(1))
    else if (item.type === 'keywords')
      for (const pair of item.children) names.add(keyName(childOf(pair, 'key') ?? pair))
    else return null
  }
  return names
}

/** Keys of the state after every `init`; null when one of them cannot be read. */
function initialKeys(module: Module): ReadonlySet<string> | null {
  const inits = module.clauses.filter((clause) => callbackOf(clause) === 'init')
  const keys = new Set<string>()
  let seen = false
  for (const init of inits) {
    for (const tail of tailsOf(init.body)) {
      if (tail.type !== 'tuple') return null
      if (tail.children[0] === undefined || textOf(tail.children[0]) !== ':ok') continue
      const state = tail.children[1]
      const own = state === undefined ? null : stateKeys(module, init, state, 3)
      if (own === null) return null
      seen = true
      for (const key of own) keys.add(key)
    }
  }
  return seen ? keys : null
}

/** Keys that some code of the module adds to a map; null when it merges maps of unknown content. */
function addedKeys(module: Module): ReadonlySet<string> | null {
  const keys = new Set<string>()
  for (const {module: owner, name, arguments: given} of module.calls) {
    if (owner === 'Map' && /^(put|put_new|put_new_lazy|update|replace)$/.test(name)) {
      const key = given[1]
      if (key?.type === 'atom') keys.add(textOf(key).slice(1))
    } else if (owner === 'Map' && name === 'merge') {
      const [base, more] = given
      if (more === undefined || base === undefined) continue
      const own = isPlainMap(more) ? keysOf(more) : null
      if (own === null && /state/.test(textOf(base))) return null
      for (const key of own ?? []) keys.add(key)
    } else if (/^(put_in|update_in)$/.test(name) && given[0] !== undefined) {
      for (const [, key] of textOf(given[0]).matchAll(/\[?[.:](\w+)/g)) if (key !== undefined) keys.add(key)
    }
  }
  // a new state may be written out whole
  for (const node of walk(module.node)) {
    if (node.type !== 'map' || !isPlainMap(node) || node.parent?.type === 'pair') continue
    for (const key of keysOf(node) ?? []) keys.add(key)
  }
  return keys
}

/** The variable that is the state in this clause; null when it is bound to something else on the way. */
function stateName(clause: Clause): string | null {
  const callback = callbackOf(clause)
  const parameter = callback === null || callback === 'init' ? undefined : clause.parameters.at(-1)
  const both = parameter === undefined ? null : operandsOf(parameter, '=')
  const variable = both === null ? parameter : both.find(isVariable)
  if (!isVariable(variable)) return null
  const name = textOf(variable)
  const rebound = [...walk(clause.node)].some((node) => {
    if (node.type === 'stab_clause') {
      const left = childOf(node, 'left')
      return left !== null && [...walk(left)].some((each) => isVariable(each) && textOf(each) === name)
    }
    const bind = operandsOf(node, '=') ?? operandsOf(node, '<-')
    return (
      bind !== null &&
      node !== parameter &&
      [...walk(bind[0])].some((each) => isVariable(each) && textOf(each) === name) &&
      !(
        bind[1].type === 'map' &&
        updateOf(bind[1])?.[0] !== undefined &&
        textOf(updateOf(bind[1])?.[0] ?? bind[1]) === name
      )
    )
  })
  return rebound ? null : name
}

export const mapUpdateUnknownKey: Rule = {
  summary: 'A map update of a key that the state never has.',
  languages: ['elixir'],
  category: 'map-update-unknown-key',
  severity: 'critical',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      if (!isServer(module, elixir)) return []
      const [initial, added] = [initialKeys(module), addedKeys(module)]
      if (initial === null || added === null) return []
      return module.clauses.flatMap((clause) => {
        const state = stateName(clause)
        if (state === null) return []
        return [...walk(clause.node)].flatMap((map) => {
          const update = map.type === 'map' ? updateOf(map) : null
          if (update === null || textOf(update[0]) !== state || clauseOf(module, map) !== clause) return []
          if (!runsInPlace(map, clause.node)) return []
          const keys =
            update[1].type === 'keywords' ? update[1].children.map((pair) => keyName(childOf(pair, 'key') ?? pair)) : []
          const unknown = keys.filter((key) => !initial.has(key) && !added.has(key))
          if (unknown.length === 0) return []
          const named = unknown.join(', ')
          return {
            place: placeOf(source, map),
            title: `State of ${module.name} has no key ${named}`,
            description: `\`%{${state} | ${unknown[0]}: …}\` updates ${unknown.length === 1 ? 'a key' : `keys (${named})`} that init never puts into the state of ${module.name} (it has ${
              [...initial].slice(0, 8).join(', ') || 'no keys'
            }): this raises KeyError and the server dies at the first use. Add ${named} in init, better as fields of a struct.`,
          }
        })
      })
    }),
}
