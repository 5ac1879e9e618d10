/** How much code there is, as the rules about size count it. */
import type {Source} from './source.ts'
import {isInside, textOf, walk, type Syntax} from './syntax.ts'

/**
 * Lines of the node that hold code: neither blank, nor only a comment, nor the inside of a template or a long string, nor in
 * one of the parts that are counted elsewhere or not at all.
 */
export function codeLines(source: Source, node: Syntax, apart: readonly Syntax[] = []): number {
  const texts = [...walk(node)].filter(({type}) => isText.test(type)).map(insideOf)
  const hidden = [...source.comments.filter((each) => isInside(each, node)), ...texts, ...apart]
  let [code, at] = ['', node.start]
  for (const {start, end} of hidden.toSorted((a, b) => a.start - b.start)) {
    if (end <= at) continue
    // what is hidden still ends lines
    code += source.text.slice(at, start) + source.text.slice(Math.max(at, start), end).replace(/[^\n]/g, '')
    at = end
  }
  code += source.text.slice(at, node.end)
  return code.split('\n').filter((line) => line.trim() !== '').length
}

const isText = /^(template_string|string|sigil)$/

/** The lines between the first and the last one, which hold the code around the text. */
function insideOf(text: Syntax): {readonly start: number; readonly end: number} {
  const [first, last] = [textOf(text).indexOf('\n'), textOf(text).lastIndexOf('\n')]
  return {start: text.start + Math.max(first, 0), end: text.start + Math.max(last, 0)}
}
