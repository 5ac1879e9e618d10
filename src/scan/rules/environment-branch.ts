import {localName} from '../elixir/block.ts'
import {clauseOf, isQuoted, type Call, type Module} from '../elixir/module.ts'
import {placeOf, type Rule} from '../rule.ts'
import {ancestorsOf, textOf, type Syntax} from '../syntax.ts'

const isAttribute = (node: Syntax): boolean => {
  for (const each of ancestorsOf(node)) {
    if (each.type === 'unary_operator' && each.tokens.includes('@')) return true
    if (/^(def|defp|defmacro|defmacrop|if|unless|case)$/.test(localName(each))) return false
  }
  return false
}

const isUnquoted = (node: Syntax): boolean => [...ancestorsOf(node)].some((each) => localName(each) === 'unquote')

/** The value is compared or matched here; an accessor alone decides nothing. */
function decides(node: Syntax): boolean {
  const {parent} = node
  if (parent === null) return false
  if (parent.type === 'binary_operator') return parent.tokens.some((each) => /^(==|!=|===|!==|in|=~)$/.test(each))
  return parent.type === 'arguments' && /^(case|if|unless)$/.test(localName(parent.parent))
}

const environments: ReadonlySet<string> = new Set(['Application', 'Code', 'Mix', 'System'])

/** Why this call ties the code to its environment; null when it does not. */
function reasonOf(module: Module, call: Call): {readonly why: string; readonly low?: true} | null {
  const [first, second] = call.arguments.map(textOf)
  const atRunTime = clauseOf(module, call.node) !== null && !isUnquoted(call.node)
  if (call.module === 'Mix' && /^(env|target)$/.test(call.name))
    return atRunTime
      ? {why: `asks Mix.${call.name}() at run time: Mix is not part of a release, so this raises there`}
      : {
          why: `compiles different code for each Mix.${call.name}(), so that what is tested is not what is shipped`,
          low: true,
        }
  if (call.module === 'System' && /^(get_env|fetch_env!?)$/.test(call.name) && first === '"MIX_ENV"')
    return {why: 'asks for MIX_ENV, a build-time setting that a release does not have'}
  if (call.module === 'Code' && /^ensure_loaded\??$/.test(call.name) && first === 'ExUnit')
    return {why: 'asks whether it is under test, so production runs code that no test has seen'}
  if (call.module !== 'Application' || !/^(get_env|fetch_env!?)$/.test(call.name)) return null
  if (atRunTime && decides(call.node) && second !== undefined && /^:(env|environment|test_mode|mix_env)$/.test(second))
    return {why: `branches on the setting ${second}, so that tests run other code than production`}
  if (!atRunTime && isAttribute(call.node))
    return {
      why: `reads its configuration into a module attribute: the value is frozen when the code is compiled, and runtime.exs has no effect`,
    }
  return null
}

export const environmentBranch: Rule = {
  summary: 'Production code that behaves by environment, or freezes its configuration at compile time.',
  languages: ['elixir'],
  category: 'environment-branch',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) =>
      module.name.startsWith('Mix.')
        ? []
        : module.calls.flatMap((call) => {
            const reason =
              !environments.has(call.module ?? '') ||
              isQuoted(call.node) ||
              clauseOf(module, call.node)?.kind === 'defmacro'
                ? null
                : reasonOf(module, call)
            if (reason === null) return []
            return {
              place: placeOf(source, call.node),
              title: `${module.name} depends on the environment it is built in`,
              description: `${module.name} ${reason.why}. Pass the behaviour in as an option from the supervisor, or use Application.compile_env where it really is fixed.`,
              ...(reason.low === true ? {severity: 'low' as const} : {}),
            }
          }),
    ),
}
