import {callsOf, functionOf, nameOf} from '../python.ts'
import {placeOf, type Rule} from '../rule.ts'

const blocking =
  /^(time\.sleep|requests\.(get|post|put|patch|delete|head|request)|urllib\.request\.urlopen|subprocess\.(run|call|check_call|check_output)|os\.system|input)$/

const insteadOf = (name: string): string =>
  name === 'time.sleep'
    ? 'await asyncio.sleep'
    : name.startsWith('subprocess') || name === 'os.system'
      ? 'asyncio.create_subprocess_exec'
      : 'an asynchronous client, or asyncio.to_thread'

export const blockingInAsync: Rule = {
  summary: 'A blocking call inside an async function stops the event loop.',
  languages: ['python'],
  category: 'blocking-in-async',
  severity: 'high',
  roles: ['production'],
  find: (source) =>
    [...callsOf(source)].flatMap(({node, name}) => {
      const around = functionOf(node)
      if (!blocking.test(name) || around?.type !== 'function_definition' || !around.tokens.includes('async')) return []
      return {
        place: placeOf(source, node),
        title: `${name} blocks the event loop in ${nameOf(around)}`,
        description: `\`${nameOf(around)}\` is async, but ${name} blocks its thread: until it returns, no other task, request or timer of the loop runs. Use ${insteadOf(name)}.`,
      }
    }),
}
