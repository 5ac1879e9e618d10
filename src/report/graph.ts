/** Which change waits for which: as a picture, and as text for whoever cannot see one. */
import type {Change} from '../plan/plan.ts'
import {clip, joinMarkdown, markdown, mermaidLabel, text, type Markdown} from '../trust.ts'

type Ordered = Pick<Change, 'id' | 'title' | 'phase' | 'depends_on'>

/** With more of them nobody can follow the arrows on the width of a comment. */
const maxNodes = 25
const maxEdges = 60

/**
 * The changes that wait for another one or are waited for, as a mermaid block. The others have no place in the picture: each
 * would be a box without an arrow, and GitHub shrinks the whole to the width of the page.
 *
 * null: there is nothing to draw, or too much.
 */
export function graphOf(changes: readonly Ordered[]): Markdown | null {
  const edges = edgesOf(changes)
  const drawn = [...new Set(edges.flat())].sort((a, b) => a - b)
  if (edges.length === 0 || edges.length > maxEdges || drawn.length > maxNodes) return null
  const nodes = changes.flatMap(({id, title}, at) =>
    drawn.includes(at) ? [markdown`n${at + 1}["${mermaidLabel(shortened(`${id} ${title}`))}"]`] : [],
  )
  const arrows = edges.map(([before, after]) => markdown`n${before + 1} --> n${after + 1}`)
  return joinMarkdown([markdown`\`\`\`mermaid`, markdown`graph TD`, ...nodes, ...arrows, markdown`\`\`\``], '\n')
}

/** A label holds so much (`mermaidLabel`): it ends with a whole word, where there is one. */
const maxLabel = 40

function shortened(label: string): string {
  if (label.length <= maxLabel) return label
  const kept = label.slice(0, maxLabel).replace(/[\s,;:]+\S*$/, '')
  return kept.length < maxLabel / 2 || kept.length === maxLabel ? label : `${kept}…`
}

/** Pairs of positions: the first comes before the second. A change that names itself, or what is not there, waits for nothing. */
function edgesOf(changes: readonly Ordered[]): readonly (readonly [before: number, after: number])[] {
  const positions = new Map(changes.map(({id}, at) => [id, at] as const).toReversed())
  return changes.flatMap(({depends_on}, after) =>
    [...new Set(depends_on)].flatMap((id) => {
      const before = positions.get(id)
      return before === undefined || before === after ? [] : [[before, after] as const]
    }),
  )
}

interface Node {
  readonly change: Ordered
  readonly waitsFor: Ordered[]
  readonly followers: Node[]
  /** Of `waitsFor`, how many have no place yet. */
  open: number
  phase: number
  /** Within the phase. */
  step: number
}

/** Each step may begin when the one before is done. `circular`: what waits for itself by way of others, or for such a change. */
function stepsOf(changes: readonly Ordered[]): {
  readonly steps: readonly (readonly Node[])[]
  readonly circular: readonly Node[]
} {
  const nodes = nodesOf(changes)
  const placed = nodes.filter(({open}) => open === 0)
  // grows while it is read: a change gets its place after all that it waits for
  for (const node of placed) {
    for (const follower of node.followers) {
      if (follower.phase < node.phase) Object.assign(follower, {phase: node.phase, step: 0})
      if (follower.phase === node.phase) follower.step = Math.max(follower.step, node.step + 1)
      follower.open -= 1
      if (follower.open === 0) placed.push(follower)
    }
  }
  const steps = new Map<string, Node[]>()
  const byPlace = nodes.filter(({open}) => open === 0).sort((a, b) => a.phase - b.phase || a.step - b.step)
  for (const node of byPlace) {
    const key = `${node.phase} ${node.step}`
    const step = steps.get(key)
    if (step === undefined) steps.set(key, [node])
    else step.push(node)
  }
  return {steps: [...steps.values()], circular: nodes.filter(({open}) => open > 0)}
}

function nodesOf(changes: readonly Ordered[]): readonly Node[] {
  const nodes = changes.map((change): Node => ({
    change,
    waitsFor: [],
    followers: [],
    open: 0,
    phase: change.phase,
    step: 0,
  }))
  for (const [from, to] of edgesOf(changes)) {
    const before = nodes[from]
    const after = nodes[to]
    if (before === undefined || after === undefined) continue
    before.followers.push(after)
    after.waitsFor.push(before.change)
    after.open += 1
  }
  return nodes
}

/** Whom a change waits for is said for so many. */
const maxNamed = 5

/**
 * The order of the changes as a numbered list: by phase, and within a phase by what waits for what.
 *
 * @param most how many changes are named
 */
export function orderOf(changes: readonly Ordered[], most = 200): Markdown {
  const {steps, circular} = stepsOf(changes)
  let room = most
  const take = (nodes: readonly Node[]): readonly Node[] => {
    const taken = nodes.slice(0, Math.max(room, 0))
    room -= taken.length
    return taken
  }
  const lines = steps
    .map(take)
    .filter((nodes) => nodes.length > 0)
    .map((nodes, at) => markdown`${at + 1}. ${joinMarkdown(nodes.map(nodeText), ', ')}`)
  const left = take(circular)
  return joinMarkdown(
    [
      ...lines,
      ...(left.length === 0
        ? []
        : [markdown`\nThese wait for each other in a circle: ${joinMarkdown(left.map(nodeText), ', ')}`]),
      ...(changes.length > most ? [markdown`\n… and ${changes.length - most} more`] : []),
    ],
    '\n',
  )
}

function nodeText({change, waitsFor}: Node): Markdown {
  const name = idText(change)
  if (waitsFor.length === 0) return name
  const rest = waitsFor.length > maxNamed ? [markdown`${waitsFor.length - maxNamed} more`] : []
  return markdown`${name} (after ${joinMarkdown([...waitsFor.slice(0, maxNamed).map(idText), ...rest], ', ')})`
}

const idText = ({id}: Ordered): Markdown => text(clip(id, 64))
