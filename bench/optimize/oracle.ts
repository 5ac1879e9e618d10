/** What words are worth in truth: expected F1 without noise, 0…1. Only the harness may ask. */
import type {Candidate} from '../../src/optimize/candidate.ts'
import {chancesOf, isCrowded, skillOf, type Chances, type Skill} from './skill.ts'
import {kindsOf, type Item, type Key, type World} from './world.ts'

export interface Oracle {
  /** On cases that nobody has seen. @param words all of them, `step/text` → words */
  readonly heldOf: (words: Candidate) => number
  readonly goldOf: (words: Candidate) => number
}

const unseenCases = 400

/** After the drift, where there is one: what was right before is of no use any more. */
export function oracleOf(world: World): Oracle {
  const random = world.random('unseen')
  const unseen = Array.from({length: unseenCases}, () => kindsOf(world.terms, world.terms.unseen, random)).map(
    (kinds) => ({
      name: '',
      items: kinds.map((category): Item => ({id: '', code: '', category})),
    }),
  )
  const phase = world.terms.driftAfter === null ? 0 : 1
  const known = new Map<string, readonly Module[]>()
  const modulesFor = (words: Candidate): readonly Module[] => {
    const heads = world.terms.modules.map(
      (module) => `${words[`${module}/prompt`] ?? ''}\n${words[`${module}/examples`] ?? ''}`,
    )
    const key = JSON.stringify(heads)
    const made =
      known.get(key) ??
      heads.map((head, at) => moduleOf(world, world.terms.modules[at] ?? '', skillOf(world, head), phase))
    known.set(key, made)
    return made
  }
  const meanOver = (cases: World['golds'], words: Candidate): number => {
    const modules = modulesFor(words)
    return cases.reduce((sum, {name, items}) => sum + expected(name, items, modules), 0) / cases.length
  }
  return {heldOf: (words) => meanOver(unseen, words), goldOf: (words) => meanOver(world.golds, words)}
}

/** The words with all rules of these kinds that do something in their module; of the drifting category only the later one. */
export const perfected = (
  world: World,
  words: Candidate,
  kinds: readonly Key['kind'][] = ['category', 'format', 'precision'],
): Candidate =>
  Object.fromEntries(
    world.terms.modules.map((module) => {
      const keys = world.keys.filter(
        (key) => kinds.includes(key.kind) && (key.module === null || key.module === module) && key.phase !== 0,
      )
      const rules = keys.map((key) => `- ${world.ruleOf(key, world.random('perfect', key.id))}\n`)
      return [`${module}/prompt`, `${words[`${module}/prompt`] ?? ''}\n${rules.join('')}`]
    }),
  )

interface Module {
  readonly skill: Skill
  readonly chances: Chances
}

const moduleOf = (world: World, module: string, skill: Skill, phase: number): Module => ({
  skill,
  chances: chancesOf(world, module, skill, phase),
})

/** Exact: numbers of hits and of false reports are sums of independent chances. */
function expected(name: string, items: readonly Item[], modules: readonly Module[]): number {
  const readable = modules.reduce((product, {chances}) => product * (1 - chances.unreadable), 1)
  const crowded = isCrowded(items.map(({category}) => category))
  const chanceOf = (item: Item): number => {
    let isMarked = false
    return modules.reduce((product, {skill, chances}) => {
      if (skill.memos.has(`${name}/${item.id}`)) return product * chances.memo
      if (item.category === null) return product * (crowded ? chances.distractor.crowded : chances.distractor.plain)
      const own = chances.byCategory[item.category]
      const chance = (isMarked ? own?.marked : own?.plain) ?? 0
      isMarked = own?.isMarking === true
      return product * chance
    }, 1)
  }
  const trueItems = items.filter(({category}) => category !== null)
  const hits = sumOf(trueItems.map(chanceOf))
  const others = sumOf(items.filter(({category}) => category === null).map(chanceOf))
  let mean = 0
  hits.forEach((chance, hit) =>
    others.forEach((other, false_) => {
      mean += (chance * other * 2 * hit) / (trueItems.length + hit + false_)
    }),
  )
  return readable * mean
}

/** Of so many independent chances, how likely each number of successes is. */
function sumOf(chances: readonly number[]): readonly number[] {
  let all = [1]
  for (const chance of chances) {
    const next = Array.from({length: all.length + 1}, () => 0)
    all.forEach((each, at) => {
      next[at] = (next[at] ?? 0) + each * (1 - chance)
      next[at + 1] = (next[at + 1] ?? 0) + each * chance
    })
    all = next
  }
  return all
}
