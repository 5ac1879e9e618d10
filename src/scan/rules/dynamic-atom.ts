import {localName} from '../elixir/block.ts'
import {callsIn, clauseOf, isQuoted, optionOf, type Call, type Module} from '../elixir/module.ts'
import {variablesIn} from '../elixir/server.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {ancestorsOf, textOf, walk, type Syntax} from '../syntax.ts'

const makers: Readonly<Record<string, RegExp>> = {
  String: /^to_atom$/,
  List: /^to_atom$/,
  ':erlang': /^(binary_to_atom|list_to_atom)$/,
}

const startUp = /^(init|start|start_link|child_spec|config|compile|setup|__\w+__|using|name|via|.*_name)$/
/** Sources without an end. */
const endless =
  /unique_integer|make_ref|monotonic_time|system_time|os_time|request_id|uuid|timestamp|random|:rand|:crypto/i
const external =
  /param|json|body|payload|header|query|input|request|conn\b|user|topic|key\b|data|message|msg|event|attrs|field/i
const finite = /config|opts|option|module|\bmod\b|name|prefix|table|column|env/i

function hitOf(module: Module, node: Syntax, value: Syntax): readonly Hit[] {
  const clause = clauseOf(module, node)
  if (clause === null || clause.kind.startsWith('defmacro') || isQuoted(node) || startUp.test(clause.name)) return []
  // helpers of macros run when the code is compiled
  if (callsIn(module, clause.node).some((call) => call.name === 'quote' || call.module === 'Macro')) return []
  const text = textOf(value)
  const unending = endless.test(text)
  // what was an atom before comes from a finite set
  if (/Atom\.to_string|\binspect\(/.test(text) || /\bis_atom\(/.test(clause.guard === null ? '' : textOf(clause.guard)))
    return []
  const names = [...variablesIn(value)].join(' ')
  if (!unending && (names === '' || !external.test(names) || finite.test(names))) return []
  if (!unending && isGuardedByList(node)) return []
  return [
    {
      place: placeOf(module.source, node),
      title: `Atoms are made at run time in ${module.name}`,
      description: `${module.name} makes an atom from ${
        unending ? 'a value that is new each time' : `\`${text.slice(0, 40)}\``
      }: atoms are never collected, and about a million of them end the node. Use String.to_existing_atom or an explicit mapping, and a Registry for names.`,
      severity: unending ? 'high' : 'medium',
    },
  ]
}

/** `if key in @allowed do String.to_atom(key)` makes a finite number of atoms. */
function isGuardedByList(node: Syntax): boolean {
  for (const each of ancestorsOf(node)) {
    if (/^(if|case|cond|with|for)$/.test(localName(each)) && /\bin @|\bin \[|\bin ~w|member\?/.test(textOf(each)))
      return true
    if (/^defp?$/.test(localName(each))) return /when .*\bin\b/.test(textOf(each).split('\n')[0] ?? '')
  }
  return false
}

const valueOf = (call: Call): Syntax | null =>
  call.module !== null && call.captured === null && (makers[call.module]?.test(call.name) ?? false)
    ? (call.arguments[0] ?? null)
    : null

const decodesAtoms = (call: Call): boolean =>
  (call.module === 'Jason' || call.module === 'Poison') &&
  /^decode!?$/.test(call.name) &&
  textOf(optionOf(call, 'keys') ?? call.node) === ':atoms'

export const dynamicAtom: Rule = {
  summary: 'Atoms made from outside input or from values that never repeat.',
  languages: ['elixir'],
  category: 'dynamic-atom',
  severity: 'medium',
  roles: ['production'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      const made = module.calls.flatMap((call) => {
        const value = valueOf(call)
        return value === null ||
          (value.type === 'string' && value.children.every(({type}) => type === 'quoted_content'))
          ? []
          : hitOf(module, call.node, value)
      })
      const decoded = module.calls.filter(decodesAtoms).flatMap((call) => {
        const clause = clauseOf(module, call.node)
        return clause === null
          ? []
          : {
              place: placeOf(source, call.node),
              title: `JSON keys become atoms in ${module.name}`,
              description: `\`keys: :atoms\` turns every key of the document into an atom: atoms are never collected, so whoever writes the document can end the node. Keep string keys, or use \`keys: :atoms!\`.`,
            }
      })
      const nested = module.nested
      const quoted = [...walk(module.node, (each) => !nested.includes(each))]
        .filter(({type, children}) => type === 'quoted_atom' && children.some((each) => each.type === 'interpolation'))
        .filter((node) => endless.test(textOf(node)))
        .flatMap((node) => hitOf(module, node, node))
      return [...made, ...decoded, ...quoted]
    }),
}
