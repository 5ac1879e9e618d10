import {localName, operandsOf} from '../elixir/block.ts'
import {clauseOf, type Call, type Clause, type Module} from '../elixir/module.ts'
import {runsInPlace} from '../elixir/server.ts'
import {placeOf, type Rule} from '../rule.ts'
import {ancestorsOf, textOf, type Syntax} from '../syntax.ts'

const isSend = (call: Call): boolean =>
  call.captured === null &&
  ((call.receiver === null && call.name === 'send' && call.arity === 2) ||
    ((call.module === 'Process' || call.module === ':erlang') && call.name === 'send' && call.arity >= 2))

/** Answers and notifications to who asked for them are the documented use of `send`. */
const answers =
  /from|sub|reply|caller|parent|owner|self|port|listen|client|observer|watch|requester|socket|transport|conn|consumer|producer|dest|test/i
const broker = /pubsub|adapter|transport|channel|socket|broadcast|registry|test|bus|notif|presence/i

function isBusiness(module: Module, call: Call, clause: Clause): boolean {
  const [destination, message] = call.arguments
  if (destination === undefined || message === undefined) return false
  if (module.clauses.some(({name}) => name === 'send') && call.receiver === null) return false
  if (isForSubscribers(call.node)) return false
  return addresses(destination) && isLiteral(message) && !isReply(message) && runsInPlace(call.node, clause.node)
}

/** `pid`, `state.worker_pid`, a registered name or module. */
const addresses = (node: Syntax): boolean => {
  const text = textOf(node)
  if (answers.test(text)) return false
  return (
    node.type === 'alias' ||
    text === '__MODULE__' ||
    node.type === 'atom' ||
    /(^|[._])(pid|server|worker|process|agent|manager)$/.test(text)
  )
}

/** `for pid <- subscribers, do: send(pid, …)`. */
function isForSubscribers(node: Syntax): boolean {
  for (const each of ancestorsOf(node)) {
    const generator = localName(each) === 'for' ? each.children.find(({type}) => type === 'arguments') : undefined
    if (generator?.children.some((part) => operandsOf(part, '<-') !== null && answers.test(textOf(part))) === true)
      return true
  }
  return false
}

/** With a reference or the sender's pid in it the message is half of a protocol, and usually its answer. */
const isReply = (message: Syntax): boolean =>
  message.type === 'tuple' && message.children.some((each) => /^(self\(\)|\^?\w*ref|from|tag)$/.test(textOf(each)))

const isLiteral = (node: Syntax): boolean =>
  node.type === 'atom' ||
  (node.type === 'tuple' && node.children[0]?.type === 'atom' && !/^:(DOWN|EXIT)$/.test(textOf(node.children[0])))

export const rawSend: Rule = {
  summary: 'A business message sent with send/2 instead of through the server’s own functions.',
  languages: ['elixir'],
  category: 'raw-send',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      broker.test(module.name) || module.calls.some(({name, receiver}) => name === 'receive' && receiver === null)
        ? []
        : module.calls.filter(isSend).flatMap((call) => {
            const clause = clauseOf(module, call.node)
            if (clause === null || !isBusiness(module, call, clause)) return []
            const [destination, message] = call.arguments.map(textOf)
            return {
              place: placeOf(source, call.node),
              title: `Raw send to ${(destination ?? '').slice(0, 40)} in ${module.name}`,
              description: `${module.name} sends \`${(message ?? '').replace(/\s+/g, ' ').slice(0, 60)}\` straight into a mailbox: both sides know the shape of the message by convention only, nothing slows the sender down, and nothing tells it whether the message was ever taken. Put the send behind a function of the receiver's module, and monitor the receiver where its death matters.`,
            }
          }),
    ),
}
