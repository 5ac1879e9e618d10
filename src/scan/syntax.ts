/**
 * A syntax tree as plain values. The grammar's own nodes live outside the garbage collector and every step in them crosses into
 * WebAssembly; read once, a tree can be walked by thirty rules for the price of one, and the original is freed at once.
 */
import type {Tree, TreeCursor} from 'web-tree-sitter'

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
  readonly parent: Draft | null
  readonly children: Draft[]
  tokens: readonly string[]
}

/** Rules recurse, and V8's stack holds about ten thousand small frames; real code nests below two hundred levels. */
export const maxDepth = 1000

const noTokens: readonly string[] = []

/** Null when the tree is nested deeper than `maxDepth`. */
export function readTree(tree: Tree, source: string): SyntaxFile | null {
  const cursor = tree.walk()
  try {
    const comments: Syntax[] = []
    const root = readNodes(cursor, source, comments)
    return root === null ? null : {root, comments, broken: tree.rootNode.hasError}
  } finally {
    cursor.delete()
  }
}

function readNodes(cursor: TreeCursor, source: string, comments: Syntax[]): Syntax | null {
  const lineStarts = lineStartsOf(source)
  const root = draftAt(cursor, null, source, lineStarts)
  let depth = 0
  let more = cursor.gotoFirstChild()
  for (let parent: Draft | null = root; parent !== null;) {
    if (!more) {
      cursor.gotoParent()
      more = parent.parent !== null && cursor.gotoNextSibling()
      parent = parent.parent
      depth--
      continue
    }
    const node: Draft | null = cursor.nodeIsNamed ? draftAt(cursor, parent, source, lineStarts) : null
    if (node === null) parent.tokens = [...parent.tokens, cursor.nodeType]
    else if (node.type === 'comment') comments.push(node)
    else {
      parent.children.push(node)
      if (cursor.gotoFirstChild()) {
        if (++depth > maxDepth) return null
        parent = node
        continue
      }
    }
    more = cursor.gotoNextSibling()
  }
  return root
}

function draftAt(cursor: TreeCursor, parent: Draft | null, source: string, lineStarts: readonly number[]): Draft {
  const [start, end] = [cursor.startIndex, cursor.endIndex]
  return {
    type: cursor.nodeType,
    field: cursor.currentFieldName,
    start,
    end,
    startLine: lineAt(lineStarts, start),
    endLine: lineAt(lineStarts, Math.max(start, end - 1)),
    parent,
    children: [],
    tokens: noTokens,
    source,
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

/** The node and everything below it, in the order of the text. `enter` false: the node is given, its inside is not. */
export function* walk(node: Syntax, enter: (node: Syntax) => boolean = () => true): Generator<Syntax> {
  const waiting = [node]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next
    if (next !== node && !enter(next)) continue
    for (let at = next.children.length - 1; at >= 0; at--) {
      const child = next.children[at]
      if (child !== undefined) waiting.push(child)
    }
  }
}

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
