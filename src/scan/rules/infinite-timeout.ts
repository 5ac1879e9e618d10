import {optionOf, type Call} from '../elixir/module.ts'
import {placeOf, type Rule} from '../rule.ts'
import {textOf} from '../syntax.ts'

const waits: Readonly<Record<string, RegExp>> = {
  GenServer: /^(call|multi_call)$/,
  ':gen_server': /^call$/,
  ':gen_statem': /^call$/,
  GenStage: /^(call|sync_subscribe)$/,
  Task: /^(await|await_many|yield|yield_many|async_stream)$/,
  'Task.Supervisor': /^async_stream(_nolink)?$/,
  Agent: /^(get|update|get_and_update)$/,
}

function isInfinite(call: Call): boolean {
  if (call.module === null || !(waits[call.module]?.test(call.name) ?? false)) return false
  const last = call.arguments.at(-1)
  if (last === undefined) return false
  const option = optionOf(call, 'timeout')
  return textOf(option ?? last) === ':infinity' && call.arguments.length > 1
}

export const infiniteTimeout: Rule = {
  summary: 'A call that waits for another process without an end.',
  languages: ['elixir'],
  category: 'infinite-timeout',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      module.calls.filter(isInfinite).map((call) => ({
        // a stream's own workers are local, so an endless wait needs one of them to hang
        ...(call.name.startsWith('async_stream') ? {severity: 'low' as const} : {}),
        place: placeOf(source, call.node),
        title: `${call.module}.${call.name} waits forever in ${module.name}`,
        description: `\`${call.module}.${call.name}\` with :infinity never gives up: when the other process is stuck, so is this one and everybody who waits for it. Pass a deadline, shorter than the one your own callers have.`,
      })),
    ),
}
