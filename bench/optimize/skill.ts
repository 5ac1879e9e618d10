/** What a prompt makes of the task's model: chances, of which answers and the oracle's expectations both come. */
import {labelsIn, samplesIn} from './paper.ts'
import type {Key, World} from './world.ts'

export interface Skill {
  readonly keys: ReadonlySet<Key>
  /** `case/item` */
  readonly memos: ReadonlySet<string>
  readonly demonstrations: number
  /** Hits less misses of what demonstrations show, as they count, by category. */
  readonly shown: readonly number[]
}

const hitBrings = 0.22
const missTakes = 0.2

/** @param head the words of a prompt and its demonstrations, without the case that is asked about */
export function skillOf(world: World, head: string): Skill {
  const examples = [...head.matchAll(/<example>\s*<input>([^]*?)<\/input>\s*<output>([^]*?)<\/output>/g)]
  const words = head.replaceAll(/<example>[^]*?<\/example>/g, '').split('\n')
  const shown = Array.from({length: world.terms.categories}, () => 0)
  for (const [, input = '', output = ''] of examples) {
    const labels = new Set(labelsIn(output)?.map(({id}) => id))
    for (const {name, items} of samplesIn(input))
      for (const {id, code} of items) {
        const category = world.categoryOf(name, id, code)
        if (category !== null) shown[category] = (shown[category] ?? 0) + (labels.has(id) ? hitBrings : -missTakes)
      }
  }
  const memos = words.flatMap((line) => {
    const memo = world.memoIn(line)
    return memo === null ? [] : [`${memo.case}/${memo.item}`]
  })
  return {
    keys: new Set(words.flatMap((line) => world.keysIn(line))),
    memos: new Set(memos),
    demonstrations: examples.length,
    shown,
  }
}

/** What one module does with the words that it has. */
export interface Chances {
  readonly unreadable: number
  /** That a true item is reported, by category; in the second module: that it is kept when it was drafted, plain or marked. */
  readonly byCategory: readonly {readonly plain: number; readonly marked: number; readonly isMarking: boolean}[]
  readonly distractor: {readonly plain: number; readonly crowded: number}
  readonly memo: number
}

const memoWorks = 0.97
const readable = 0.01
/** The injected sentence makes every third answer one that cannot be read. */
const injectionBreaks = 0.35
const shortcut = {least: 0.55, falsely: 0.35, crowded: 0.5, mask: 0.25}

export function chancesOf(world: World, module: string, skill: Skill, phase: number): Chances {
  const {terms} = world
  const has = (test: (key: Key) => boolean): boolean => [...skill.keys].some(test)
  const hasOwn = (kind: Key['kind']): boolean => has((key) => key.kind === kind && key.module === module)
  const isShort = has(({kind}) => kind === 'shortcut')
  const load = skill.keys.size + skill.memos.size + 1.5 * skill.demonstrations
  const dilution = 1 / (1 + Math.max(0, load - terms.free) / terms.scale)
  const isSecond = module !== terms.modules[0]
  const {base, top} = isSecond ? terms.kept : terms
  const byCategory = Array.from({length: terms.categories}, (_, category) => {
    const isTold = has(
      (key) =>
        key.kind === 'category' &&
        key.category === category &&
        key.module === module &&
        (key.phase === null || key.phase === phase),
    )
    const skilled = Math.min(1, Math.max(0, (isTold ? 1 : 0) + (skill.shown[category] ?? 0)))
    const own = base + (top - base) * skilled * dilution * (isShort ? shortcut.mask : 1)
    const rate = isShort && !isSecond ? Math.max(shortcut.least, own) : own
    if (category >= terms.ridges) return {plain: rate, marked: rate, isMarking: false}
    // neither of the two rules alone changes what comes out
    if (!isSecond) return {plain: rate, marked: rate, isMarking: skilled > 0.5}
    return {plain: base, marked: skilled > 0.5 ? rate : (terms.base * base) / terms.top, isMarking: false}
  })
  const precise = hasOwn('precision')
  const plain = isSecond ? (precise ? terms.kept.precise : terms.kept.falsely) : terms.falsely
  const factor = precise && !isSecond ? terms.precision : 1
  const isTidy = hasOwn('format') || skill.demonstrations > 0
  const unreadable = isTidy ? Math.min(readable, terms.unreadable) : terms.unreadable
  return {
    unreadable: has(({kind}) => kind === 'injected') ? Math.max(injectionBreaks, unreadable) : unreadable,
    byCategory,
    distractor:
      isShort && !isSecond
        ? {plain: Math.max(plain, shortcut.falsely) * factor, crowded: Math.max(plain, shortcut.crowded) * factor}
        : {plain: plain * factor, crowded: plain * factor},
    memo: memoWorks,
  }
}

/** Many more false items than true ones. */
export const isCrowded = (kinds: readonly (number | null)[]): boolean =>
  kinds.filter((kind) => kind === null).length > 3 * kinds.filter((kind) => kind !== null).length
