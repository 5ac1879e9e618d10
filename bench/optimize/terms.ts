/** The numbers of every landscape, in one table, and a second set of them that nothing was built on. */

/** In what form the model that writes rules answers. */
export type Manner = 'dashes' | 'numbers' | 'labels' | 'chatty'

/** Chances are 0…1. */
export interface Terms {
  readonly modules: readonly ('scan' | 'plan')[]
  readonly categories: number
  readonly golds: number
  /** Fewest and most of one case. */
  readonly trueItems: readonly [number, number]
  readonly distractors: readonly [number, number]
  /** Of unseen cases, where they are of another size than the gold ones. */
  readonly unseen: {readonly trueItems: readonly [number, number]; readonly distractors: readonly [number, number]}
  readonly decoys: number
  /** That a true item is reported without its rule, and with it. */
  readonly base: number
  readonly top: number
  /** That a distractor is reported, and what the rule of precision makes of that chance. */
  readonly falsely: number
  readonly precision: number
  /** The same for a second module, which keeps or drops what is drafted; with its rule of precision. */
  readonly kept: {readonly base: number; readonly top: number; readonly falsely: number; readonly precise: number}
  /** That an answer cannot be read; of each module. */
  readonly unreadable: number
  /** Standard deviation of the score, 0…1. */
  readonly noise: number
  /** That a proposal against a symptom is the right rule. */
  readonly right: number
  /** So many rules cost nothing; as many more as `scale` halve what each brings. */
  readonly free: number
  readonly scale: number
  /** That a proposal offers the shortcut. */
  readonly shortcut: number
  /** That a proposal against a symptom only repeats what it has seen. */
  readonly memos: number
  /** Part of the cases with two true items and ten distractors. */
  readonly crowded: number
  /** That a reason does not say which module is to blame. */
  readonly generic: number
  /** So many categories need a rule in both modules. */
  readonly ridges: number
  /** Questions to the task's model after which one category wants another rule; null: never. */
  readonly driftAfter: number | null
  /** That whoever writes rules does what a reason tells it to; 0: reasons tell nothing. */
  readonly obeys: number
  readonly manner: Manner
  /** What a gold standard calls its findings: `told`, reasons are alike where the kind is; else each has words of its own beside that, and one name for all, or each its own. */
  readonly naming: 'told' | 'one' | 'own'
  readonly isAlien: boolean
}

const facets: Terms = {
  modules: ['scan'],
  categories: 8,
  golds: 5,
  trueItems: [4, 6],
  distractors: [4, 6],
  unseen: {trueItems: [4, 6], distractors: [4, 6]},
  decoys: 40,
  base: 0.18,
  top: 0.93,
  falsely: 0.1,
  precision: 0.35,
  kept: {base: 0.5, top: 0.97, falsely: 0.75, precise: 0.2},
  unreadable: 0.25,
  noise: 0.03,
  right: 0.65,
  free: 12,
  scale: 24,
  shortcut: 0,
  memos: 0,
  crowded: 0,
  generic: 0,
  ridges: 0,
  driftAfter: null,
  obeys: 0,
  manner: 'dashes',
  naming: 'told',
  isAlien: false,
}

const chain: Terms = {
  ...facets,
  modules: ['scan', 'plan'],
  categories: 6,
  base: 0.3,
  top: 0.95,
  falsely: 0.15,
  unreadable: 0.1,
  free: 10,
  generic: 0.25,
}

/** By name; the first five are those whose levels are known (test/optimize/simulator.test.ts). */
const table = {
  facets,
  trap: {...facets, unreadable: 0.1, noise: 0.04, shortcut: 0.45, memos: 0.3, crowded: 0.3},
  chain,
  single: {...facets, golds: 1, trueItems: [24, 24], distractors: [14, 14], unreadable: 0.15, memos: 0.3},
  null: {...facets, base: 0.55, top: 0.55, falsely: 0.12, precision: 1, unreadable: 0, noise: 0.12},
  ridge: {...chain, ridges: 3},
  drift: {...facets, driftAfter: 80},
  adversarial: {...facets, obeys: 0.15},
  lumped: {...facets, naming: 'one'},
  split: {...facets, naming: 'own'},
} as const satisfies Record<string, Terms>

type Known = keyof typeof table
export type Landscape = Known | `alien-${Known}`

export const landscapes: readonly Known[] = [
  'facets',
  'trap',
  'chain',
  'single',
  'null',
  'ridge',
  'drift',
  'adversarial',
]

/** The same landscape with numbers, words and forms of answers that no optimizer was built on. */
export const alien = (landscape: Known): Landscape => `alien-${landscape}`

const isKnown = (name: string): name is Known => Object.hasOwn(table, name)

/** null: there is no such landscape. */
export function termsOf(landscape: string, seed: number): Terms | null {
  const name = landscape.replace(/^alien-/, '')
  if (!isKnown(name)) return null
  return name === landscape ? table[name] : alienTerms(table[name], name, seed)
}

const manners: readonly Manner[] = ['numbers', 'labels', 'chatty']

/** What makes a landscape what it is stays; all else is other. */
function alienTerms(terms: Terms, name: Known, seed: number): Terms {
  const isFlat = name === 'null'
  return {
    ...terms,
    categories: seed % 2 === 0 ? 6 : 10,
    golds: name === 'single' ? 1 : 3 + (seed % 4),
    trueItems: name === 'single' ? [20, 30] : [5, 7],
    distractors: name === 'single' ? [10, 20] : [3, 8],
    unseen: {trueItems: [3, 7], distractors: [3, 8]},
    decoys: 55,
    base: isFlat ? 0.45 : 0.24,
    top: isFlat ? 0.45 : 0.9,
    falsely: 0.16,
    precision: isFlat ? 1 : 0.5,
    kept: {base: 0.45, top: 0.95, falsely: 0.6, precise: 0.25},
    unreadable: isFlat ? 0 : 0.18,
    noise: isFlat ? 0.08 : 0.05,
    right: seed % 3 === 0 ? 0.55 : 0.75,
    free: 9,
    scale: 18,
    generic: 0.2,
    manner: manners[seed % 3] ?? 'numbers',
    isAlien: true,
  }
}
