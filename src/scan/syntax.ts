/**
 * A syntax tree as plain values. The grammar's own nodes live outside the garbage collector and every step in them crosses into
 * WebAssembly; read once into numbers, a tree can be freed at once, cross from one thread to another without being copied, and
 * be walked by thirty rules for the price of one.
 */
import type {Tree, TreeCursor} from 'web-tree-sitter'

/** What a grammar calls its nodes and their fields, by number. */
export interface Names {
  readonly types: readonly string[]
  readonly fields: readonly (string | null)[]
}

/** What stands in a file, as numbers: `flatten` writes them, `readTree` reads them. */
export interface FlatTree extends Names {
  /**
   * In the order of the text: for a named node its type, depth, field, start and end; for an unnamed one `-1 - type` and its depth.
   */
  readonly nodes: Int32Array<ArrayBuffer>
  /** The grammar had to guess somewhere. */
  readonly broken: boolean
}

export interface Syntax {
  readonly type: string
  /** The name of the field this node fills in its parent. */
  readonly field: string | null
  /** UTF-16 offsets into the file, end exclusive. */
  readonly start: number
  readonly end: number
  /** 1-based, inclusive. */
  readonly startLine: number
  readonly endLine: number
  readonly parent: Syntax | null
  /** Named nodes without comments. */
  readonly children: readonly Syntax[]
  /** Keywords and operators directly in this node, as in `async`, `when`, `|>`. */
  readonly tokens: readonly string[]
  readonly source: string
}

export interface SyntaxFile {
  readonly root: Syntax
  readonly comments: readonly Syntax[]
  /** The grammar had to guess somewhere: what is missing here may only be unread. */
  readonly broken: boolean
}

interface Draft extends Syntax {
  children: readonly Syntax[]
  tokens: readonly string[]
}

/** Rules recurse, and V8's stack holds about ten thousand small frames; real code nests below two hundred levels. */
export const maxDepth = 1000

/** What the grammar could not read has a number without a name. */
const errorName = 'ERROR'

export interface Grammar extends Names {
  readonly isNamed: readonly boolean[]
}

/** Null when the tree is nested deeper than `maxDepth`. The caller owns the tree. */
export function flatten(tree: Tree, {types, fields, isNamed}: Grammar): FlatTree | null {
  const {rootNode} = tree
  const cursor = tree.walk()
  try {
    const nodes = numbersOf(cursor, isNamed, rootNode.descendantCount)
    return nodes === null ? null : {nodes, types, fields, broken: rootNode.hasError}
  } finally {
    cursor.delete()
  }
}

const numbersOfNamed = 5

function numbersOf(cursor: TreeCursor, isNamed: readonly boolean[], count: number): Int32Array<ArrayBuffer> | null {
  const numbers = new Int32Array(count * numbersOfNamed)
  let end = 0
  for (let depth = 0; depth >= 0;) {
    const type = cursor.nodeTypeId
    const named = isNamed[type] ?? true
    numbers[end++] = named ? type : -1 - type
    numbers[end++] = depth
    if (named) {
      numbers[end++] = cursor.currentFieldId
      numbers[end++] = cursor.startIndex
      numbers[end++] = cursor.endIndex
      if (cursor.gotoFirstChild()) {
        if (++depth > maxDepth) return null
        continue
      }
    }
    while (depth >= 0 && !cursor.gotoNextSibling()) {
      cursor.gotoParent()
      depth--
    }
  }
  return numbers.slice(0, end)
}

export function readTree({nodes, types, fields, broken}: FlatTree, source: string): SyntaxFile {
  const lineStarts = lineStartsOf(source)
  const comments: Syntax[] = []
  const nursery = nurseryOf(comments)
  const at = (index: number): number => nodes[index] ?? 0
  for (let next = 0; next < nodes.length;) {
    const [type, depth] = [at(next), at(next + 1)]
    const parent = nursery.close(depth)
    if (type < 0) {
      nursery.token(types[-1 - type] ?? errorName)
      next += 2
      continue
    }
    const [start, end] = [at(next + 3), at(next + 4)]
    nursery.open({
      type: types[type] ?? errorName,
      field: fields[at(next + 2)] ?? null,
      start,
      end,
      startLine: lineAt(lineStarts, start),
      endLine: lineAt(lineStarts, Math.max(start, end - 1)),
      parent,
      children: noChildren,
      tokens: noTokens,
      source,
    })
    next += numbersOfNamed
  }
  const root = nursery.close(1)
  if (root === null) throw new Error('a tree without a root')
  nursery.close(0)
  return {root, comments, broken}
}

/** Most nodes have none of either. */
const noChildren: readonly Syntax[] = []
const noTokens: readonly string[] = []

interface Nursery {
  /** The node becomes the last of those whose inside is not over. */
  readonly open: (node: Draft) => void
  readonly token: (token: string) => void
  /** Of the open nodes, those at this depth and below it are over. @returns the last that is not */
  readonly close: (depth: number) => Draft | null
}

/**
 * Nodes whose inside is still being read. What is in one is known when it is over, and then its lists are made as long as they
 * must be: lists that grow are four times as long, and a scan holds a million of them.
 */
function nurseryOf(comments: Syntax[]): Nursery {
  const opened: {readonly node: Draft; readonly children: number; readonly tokens: number}[] = []
  const children: Syntax[] = []
  const tokens: string[] = []
  return {
    open: (node) => void opened.push({node, children: children.length, tokens: tokens.length}),
    token: (token) => void tokens.push(token),
    close: (depth) => {
      while (opened.length > depth) {
        const last = opened.pop()
        if (last === undefined) break
        if (children.length > last.children) last.node.children = children.splice(last.children)
        if (tokens.length > last.tokens) last.node.tokens = tokens.splice(last.tokens)
        if (last.node.type === 'comment' && opened.length > 0) comments.push(last.node)
        else children.push(last.node)
      }
      return opened.at(-1)?.node ?? null
    },
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The 1-based number of the last line that starts at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low + 1
}

export const textOf = (node: Syntax): string => node.source.slice(node.start, node.end)

export const childOf = (node: Syntax, field: string): Syntax | null =>
  node.children.find((each) => each.field === field) ?? null

export const childrenOfType = (node: Syntax, type: string): readonly Syntax[] =>
  node.children.filter((each) => each.type === type)

/**
 * The node and everything below it, in the order of the text. `enter` false: the node is given, its inside is not.
 * A list and no generator: rules ask for it a dozen times for each file, and a generator takes three times as long.
 */
export function walk(node: Syntax, enter: (node: Syntax) => boolean = always): readonly Syntax[] {
  const found: Syntax[] = []
  const waiting = [node]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    found.push(next)
    if (next !== node && !enter(next)) continue
    for (let at = next.children.length - 1; at >= 0; at--) {
      const child = next.children[at]
      if (child !== undefined) waiting.push(child)
    }
  }
  return found
}

const always = (): boolean => true

export function* ancestorsOf(node: Syntax): Generator<Syntax> {
  for (let next = node.parent; next !== null; next = next.parent) yield next
}

export const isInside = (node: Syntax, outer: Syntax): boolean =>
  node.source === outer.source && node.start >= outer.start && node.end <= outer.end

/** Whether an identifier of exactly this name stands somewhere below. */
export function mentions(node: Syntax, name: string): boolean {
  for (const each of walk(node)) if (each.children.length === 0 && textOf(each) === name) return true
  return false
}
