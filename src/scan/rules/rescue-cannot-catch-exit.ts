import {bodyOf, isVariable, localName, sectionOf, stabsOf} from '../elixir/block.ts'
import {callsIn, clausesNamed, isDropped, type Call, type Module} from '../elixir/module.ts'
import type {ElixirProject} from '../elixir/project.ts'
import {runsInPlace} from '../elixir/server.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {childrenOfType, isInside, walk, type Syntax} from '../syntax.ts'

const exits: Readonly<Record<string, RegExp>> = {
  GenServer: /^(call|stop)$/,
  Task: /^(await|await_many)$/,
  Agent: /^(get|update|get_and_update|stop)$/,
  Supervisor: /^(which_children|count_children|start_child|terminate_child|restart_child|stop)$/,
  DynamicSupervisor: /^(which_children|count_children|start_child|terminate_child|stop)$/,
}

const mayExit = (call: Call): boolean => call.module !== null && (exits[call.module]?.test(call.name) ?? false)

/** A client function of the project all of whose clauses call a server, unprotected. */
function isClient(call: Call, project: ElixirProject): boolean {
  const owner = call.module === null ? null : project.moduleNamed(call.module)
  if (owner === null || call.captured !== null) return false
  const clauses = clausesNamed(owner, call.name, call.arity)
  return (
    clauses.length > 0 &&
    clauses.every(
      ({node, body}) =>
        sectionOf(node, 'catch_block') === null &&
        body.length === 1 &&
        callsIn(owner, node).some(
          (each) => each.node === body[0] && each.module === 'GenServer' && each.name === 'call',
        ),
    )
  )
}

const isBroad = (rescue: Syntax): boolean =>
  stabsOf(rescue).some(({patterns}) => patterns.length === 1 && isVariable(patterns[0]))

/** Nested `try` with its own `catch` answers for what is inside it. */
const isCaughtInside = (node: Syntax, outer: Syntax): boolean => {
  for (const each of walk(outer))
    if (each !== outer && localName(each) === 'try' && isInside(node, each) && sectionOf(each, 'catch_block') !== null)
      return true
  return false
}

function hitOf(module: Module, guarded: Syntax, project: ElixirProject): readonly Hit[] {
  const rescue = sectionOf(guarded, 'rescue_block')
  if (rescue === null || sectionOf(guarded, 'catch_block') !== null || !isBroad(rescue)) return []
  const body = bodyOf(guarded)
  const call = callsIn(module, guarded).find(
    (each) =>
      body.some((statement) => isInside(each.node, statement)) &&
      (mayExit(each) || isClient(each, project)) &&
      runsInPlace(each.node, guarded) &&
      !isCaughtInside(each.node, guarded),
  )
  if (call === undefined || (isDropped(call.node) && call.name === 'stop')) return []
  const name = call.module === null ? call.name : `${call.module}.${call.name}`
  return [
    {
      place: placeOf(module.source, call.node),
      // `rescue` alone stands in every file; its first clause says which one is meant
      also: [placeOf(module.source, childrenOfType(rescue, 'stab_clause')[0] ?? rescue)],
      title: `rescue does not catch the exit of ${name}`,
      description: `The rescue at line ${rescue.startLine} is meant to keep a failure of \`${name}\` away, but a timeout or a dead server is an exit, which rescue never sees: the caller still dies. Catch :exit with the reasons that are expected, or let it crash.`,
    },
  ]
}

export const rescueCannotCatchExit: Rule = {
  summary: 'rescue around a call whose failure is an exit.',
  languages: ['elixir'],
  category: 'rescue-cannot-catch-exit',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir
      .modulesOf(source)
      .flatMap((module) =>
        module.calls
          .filter(({name, receiver}) => receiver === null && /^(try|defp?)$/.test(name))
          .flatMap(({node}) => hitOf(module, node, elixir)),
      ),
}
