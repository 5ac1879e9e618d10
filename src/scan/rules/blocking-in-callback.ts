import {blockOf, isVariable, keywordOf, localName, sectionOf, stabsOf, type Stab} from '../elixir/block.ts'
import {callsIn, clauseOf, type Call, type Clause, type Module} from '../elixir/module.ts'
import {callbackOf, isServer, messageCallbacks, reachOf, runsInPlace} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {ancestorsOf, isInside, textOf, walk, type Syntax} from '../syntax.ts'

/** Here waiting is the work that is simulated. */
const stage = /example|demo|load_?test|bench|simulat|fake|stub|mock|slow/i

const http = /^(HTTPoison|Req|Tesla|Finch|Mint\.HTTP|:httpc|:hackney|HTTPotion)$/

/** What it waits for; null when it does not block. */
function waitOf(call: Call, clause: Clause): string | null {
  if (call.captured !== null) return null
  if ((call.module === 'Process' || call.module === ':timer') && call.name === 'sleep') return 'sleeps'
  if (call.module === 'Task' && /^(await|await_many)$/.test(call.name)) return 'waits for a task'
  if (call.module === 'Task' && /^yield(_many)?$/.test(call.name)) {
    const time = call.arguments[1]
    return time !== undefined && textOf(time) === '0' ? null : 'waits for a task'
  }
  if (call.module === 'System' && /^(cmd|shell)$/.test(call.name)) return 'waits for another program'
  if (
    call.module !== null &&
    http.test(call.module) &&
    /^(get|post|put|patch|delete|head|request|stream|run)!?$/.test(call.name)
  )
    return 'waits for a remote server'
  if (call.receiver === null && call.name === 'receive')
    return isFlush(call.node) || isAfterExit(call.node) || isAfterCancel(clause)
      ? null
      : 'waits for a message of its own, past the server loop'
  if (call.name === '' && isVariable(call.receiver) && isFromMessage(clause, textOf(call.receiver)))
    return 'runs a function that its caller gave it'
  return null
}

/** `after 0` empties the mailbox without waiting. */
const isFlush = (receive: Syntax): boolean => {
  const after = sectionOf(receive, 'after_block') ?? keywordOf(receive, 'after')
  return after !== null && /^\s*(after\s+)?0\s*->/.test(textOf(after))
}

const receivedBy = (receive: Syntax): readonly Stab[] => {
  const block = blockOf(receive)
  return block === null ? [] : stabsOf(block)
}

/** The parts of a message `{:tag, …}` of that size. */
const partsOf = ({patterns: [message]}: Stab, tag: string, size: number): readonly string[] => {
  const parts = message?.type === 'tuple' ? message.children.map(textOf) : []
  return parts[0] === tag && parts.length === size ? parts : []
}

/**
 * `{:DOWN, ^ref, _, ^pid, _}` inside the `{:EXIT, ^pid, _}` clause of a flush: that process is dead already, so its :DOWN is there
 * too. OTP's supervisor takes a child over in this way before it terminates it.
 */
function isAfterExit(receive: Syntax): boolean {
  const [only, ...others] = receivedBy(receive)
  const [, ref = '', , pid = ''] = only === undefined ? [] : partsOf(only, ':DOWN', 5)
  if (others.length > 0 || !ref.startsWith('^') || !pid.startsWith('^')) return false
  return [...ancestorsOf(receive)].some(
    (outer) =>
      localName(outer) === 'receive' &&
      isFlush(outer) &&
      receivedBy(outer).some((stab) => isInside(receive, stab.node) && partsOf(stab, ':EXIT', 3)[1] === pid),
  )
}

/** A timer that could not be cancelled has already sent its message: the receive takes it without waiting. */
const isAfterCancel = (clause: Clause): boolean => /\b(cancel_timer|demonitor)\(/.test(textOf(clause.node))

const isFromMessage = (clause: Clause, name: string): boolean => {
  const [message] = clause.parameters
  if (callbackOf(clause) === null || message === undefined) return false
  return [...walk(message)].some((each) => isVariable(each) && textOf(each) === name)
}

export const blockingInCallback: Rule = {
  summary: 'A server callback that sleeps, waits or runs foreign code while all clients queue.',
  languages: ['elixir'],
  category: 'blocking-in-callback',
  severity: 'high',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      if (!isServer(module, elixir) || stage.test(module.name)) return []
      const reach = reachOf(module, messageCallbacks)
      return [...reach].flatMap((clause) =>
        callsIn(module, clause.node).flatMap((call) => {
          const waits = clauseOf(module, call.node) === clause ? waitOf(call, clause) : null
          if (waits === null || !runsInPlace(call.node, clause.node)) return []
          return {
            place: placeOf(source, call.node),
            title: `${module.name} blocks in ${clause.name}`,
            description: `${where(module, clause)} ${waits}: meanwhile the server answers nobody, its mailbox grows, and callers time out after 5 seconds. Do it in a supervised task and reply later with GenServer.reply, or in the caller.`,
          }
        }),
      )
    }),
}

const where = (module: Module, clause: Clause): string =>
  callbackOf(clause) === null
    ? `\`${clause.name}\`, which callbacks of ${module.name} call,`
    : `A ${clause.name} clause of ${module.name}`
