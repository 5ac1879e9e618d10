import {isVariable, tailsOf} from '../elixir/block.ts'
import {callsIn, type Clause, type Module} from '../elixir/module.ts'
import {callbackOf, isServer} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {textOf, walk, type Syntax} from '../syntax.ts'

/** Modules that keep a value and never answer it. */
const keepers = /^(Map|Keyword|List|MapSet|Logger|Enum|:queue|Access|Kernel|Process|String|IO|System|DateTime)$/

const answersLater = (clause: Clause): Syntax | undefined =>
  tailsOf(clause.body).find(
    (tail) => tail.type === 'tuple' && tail.children[0]?.type === 'atom' && textOf(tail.children[0]) === ':noreply',
  )

/** Whether `from` may reach code elsewhere that answers. */
function isHandedOn(module: Module, clause: Clause, from: string): boolean {
  const calls = callsIn(module, clause.node)
  return calls.some((call) => {
    const given = call.arguments.some((each) =>
      [...walk(each)].some((node) => node.type === 'identifier' && textOf(node) === from),
    )
    if (!given || call.node === clause.node) return false
    if (/^(send|cast|call|insert|start_child|async|async_nolink|spawn|spawn_link|start|apply)$/.test(call.name))
      return true
    return call.receiver !== null && !keepers.test(call.module ?? '')
  })
}

export const deferredReplyNeverSent: Rule = {
  summary: 'handle_call answers :noreply and nothing ever replies to the caller.',
  languages: ['elixir'],
  category: 'deferred-reply-never-sent',
  severity: 'critical',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      if (!isServer(module, elixir)) return []
      const replies = module.calls.some(({name}) => /^(reply|reply_\w+|\w+_reply)$/.test(name))
      return module.clauses
        .filter((clause) => callbackOf(clause) === 'handle_call')
        .flatMap((clause) => {
          const tail = answersLater(clause)
          const from = clause.parameters[1]
          if (tail === undefined || from === undefined) return []
          const name = isVariable(from) ? textOf(from) : null
          const used = name !== null && clause.body.some((each) => usesName(each, name))
          if (name === null || (used && (replies || isHandedOn(module, clause, name)))) return []
          return {
            place: placeOf(source, tail),
            also: [placeOf(source, clause.node)],
            title: `handle_call in ${module.name} never answers its caller`,
            description: `This clause of handle_call returns :noreply ${
              used
                ? `and keeps \`${name}\`, but no code in ${module.name} calls GenServer.reply`
                : 'and drops `from`, so nobody can reply'
            }: every caller waits until its call times out and exits. Reply from the completion and from the failure path, or answer with {:reply, …}.`,
          }
        })
    }),
}

const usesName = (node: Syntax, name: string): boolean =>
  [...walk(node)].some((each) => each.type === 'identifier' && textOf(each) === name)
