import {callsOf as pythonCalls, isComposed} from '../python.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {callsOf, computedParts, importsFrom, isConstant} from '../script.ts'
import type {Source} from '../source.ts'
import {textOf, type Syntax} from '../syntax.ts'

const hitOf = (source: Source, node: Syntax, name: string): Hit => ({
  place: placeOf(source, node),
  title: `${name} builds a shell command from a computed value`,
  description: `${name} gives a string with computed parts to a shell: a space, quote or semicolon in a value changes the command, and a hostile value runs its own. Give the program and its arguments as a list, without a shell.`,
})

function inScript(source: Source): readonly Hit[] {
  const imports = importsFrom(source, /^(node:)?child_process$/)
  if (imports.size === 0) return []
  return [...callsOf(source)].flatMap(({node, name, method, arguments: [command]}) => {
    const [object = ''] = name.split('.')
    const exported = name === method ? imports.get(name) : imports.get(object) === '*' ? method : undefined
    if (command === undefined || (exported !== 'exec' && exported !== 'execSync')) return []
    return computedParts(command).some(({value}) => !isConstant(value) && !isQuotedForShell(value))
      ? [hitOf(source, node, exported)]
      : []
  })
}

const isQuotedForShell = (node: Syntax): boolean => /quote|escape/i.test(textOf(node))

function inPython(source: Source): readonly Hit[] {
  return [...pythonCalls(source)].flatMap(({node, name, positional, keywords}) => {
    const command = positional[0] ?? keywords.get('args')
    if (command === undefined || !isComposed(command) || isQuotedForShell(command)) return []
    const shell = keywords.get('shell')
    const inShell =
      /^os\.(system|popen)$/.test(name) ||
      (/^subprocess\.(run|call|check_call|check_output|Popen)$/.test(name) &&
        shell !== undefined &&
        textOf(shell) === 'True') ||
      /^(subprocess\.(getoutput|getstatusoutput)|asyncio\.create_subprocess_shell)$/.test(name)
    return inShell ? [hitOf(source, node, name)] : []
  })
}

export const shellInjection: Rule = {
  summary: 'A shell command put together from computed parts.',
  languages: ['typescript', 'tsx', 'javascript', 'python'],
  category: 'shell-injection',
  severity: 'high',
  roles: ['production'],
  find: (source) => (source.language === 'python' ? inPython(source) : inScript(source)),
}
