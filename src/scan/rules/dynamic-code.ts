import {callsOf as pythonCalls} from '../python.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {callsOf, isConstant} from '../script.ts'
import type {Source} from '../source.ts'
import {textOf, type Syntax} from '../syntax.ts'

const hitOf = (source: Source, node: Syntax, name: string): Hit => ({
  place: placeOf(source, node),
  title: `${name} runs code that is put together at run time`,
  description: `${name} runs a string as code: whoever can influence the string runs what he likes, and no tool can follow it. Use a table of functions, a parser, or JSON.`,
})

function inScript(source: Source): readonly Hit[] {
  return [...callsOf(source)].flatMap(({node, name, arguments: given}) => {
    const last = given.at(-1)
    if (last === undefined || given.every(isConstant)) return []
    if (node.type === 'call_expression' && /^(eval|window\.eval|globalThis\.eval)$/.test(name))
      return [hitOf(source, node, 'eval')]
    if (name === 'Function' && last.type !== 'identifier' && !isConstant(last))
      return [hitOf(source, node, 'new Function')]
    return name === 'Function' && node.type === 'new_expression' ? [hitOf(source, node, 'new Function')] : []
  })
}

const isLiteral = (node: Syntax): boolean =>
  node.type === 'string' && node.children.every(({type}) => type !== 'interpolation')

function inPython(source: Source): readonly Hit[] {
  return [...pythonCalls(source)].flatMap(({node, name, positional: [code]}) => {
    if (code === undefined || isLiteral(code) || !/^(eval|exec|builtins\.(eval|exec))$/.test(name)) return []
    // running a file that was compiled before is how configuration files in Python are read
    return textOf(code).startsWith('compile(') ? [] : [hitOf(source, node, name)]
  })
}

export const dynamicCode: Rule = {
  summary: 'eval, exec or new Function over a computed string.',
  languages: ['typescript', 'tsx', 'javascript', 'python'],
  category: 'dynamic-code',
  severity: 'high',
  roles: ['production'],
  find: (source) => (source.language === 'python' ? inPython(source) : inScript(source)),
}
