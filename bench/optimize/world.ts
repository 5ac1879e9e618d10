/**
 * A world to optimize in: hidden kinds of items, rules that help with them, words for what goes wrong. All vocabulary is drawn by
 * landscape, seed and salt, so that a prompt that is perfect in one world is worth nothing in another.
 */
import {createHash} from 'node:crypto'
import {drawnBy, randomOf, shuffled, type Random} from '../../src/optimize/randomness.ts'
import {termsOf, type Terms} from './terms.ts'

/** What is there to be said in a prompt. A line that holds both words says it, in whatever sentence. */
export interface Key {
  readonly id: string
  readonly kind: 'category' | 'format' | 'precision' | 'decoy' | 'shortcut' | 'injected'
  /** The only one in which it does something; null: in all. */
  readonly module: string | null
  readonly category: number | null
  /** Since when it does something: 1 is after the drift. null: always. */
  readonly phase: 0 | 1 | null
  readonly words: readonly [string, string]
}

/** What a reason says. */
export interface Symptom {
  readonly kind: 'category' | 'format' | 'precision'
  /** null: it does not say which. */
  readonly module: string | null
  readonly category: number | null
  readonly phrase: string
}

export interface Item {
  readonly id: string
  readonly code: string
  /** null: a distractor. */
  readonly category: number | null
}

export interface Sample {
  readonly name: string
  readonly items: readonly Item[]
}

export interface World {
  readonly landscape: string
  readonly seed: number
  readonly salt: string
  readonly terms: Terms
  readonly keys: readonly Key[]
  readonly symptoms: readonly Symptom[]
  readonly golds: readonly Sample[]
  /** The keys that a line of text says. */
  readonly keysIn: (line: string) => readonly Key[]
  readonly memoIn: (line: string) => {readonly case: string; readonly item: string} | null
  readonly memoOf: (of: string, item: string) => string
  readonly ruleOf: (key: Key, random: Random) => string
  /** The key that does what the symptom wants. */
  readonly keyAgainst: (symptom: Symptom, module: string, phase: number) => Key | undefined
  readonly categoryOf: (of: string, id: string, code: string) => number | null
  readonly random: (purpose: string, ...about: readonly (string | number)[]) => Random
  /** Is it a word of this world's? */
  readonly isTaken: (word: string) => boolean
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** null: there is no such landscape. */
export function worldOf(landscape: string, seed: number, salt: string): World | null {
  const terms = termsOf(landscape, seed)
  if (terms === null) return null
  const secret = digest(JSON.stringify([landscape, seed, salt]))
  const random: World['random'] = (purpose, ...about) =>
    randomOf(digest, seed, JSON.stringify([secret, purpose, ...about]))
  const vocabulary = new Set<string>()
  const coin = random('words')
  const word = (): string => freshWord(coin, terms.isAlien, vocabulary)
  const keys = keysOf(terms, word)
  const symptoms = symptomsOf(terms, word, random('symptoms'))
  const codeOf = codesOf(secret)
  const golds = goldsOf(terms, random, codeOf)
  const byWord = new Map(keys.map((key) => [key.words[0], key]))
  return {
    landscape,
    seed,
    salt,
    terms,
    keys,
    symptoms,
    golds,
    random,
    isTaken: (word) => vocabulary.has(word),
    keysIn: (line) => keysIn(line, byWord),
    memoIn: (line) => memoIn(line, terms.isAlien),
    memoOf: (of, item) =>
      terms.isAlien ? `${item} belongs into the report of ${of}.` : `In ${of}, also report ${item}.`,
    ruleOf: ({words: [a, b]}, random) => pick(terms.isAlien ? alienFrames : frames, random)(a, b),
    keyAgainst: ({kind, module, category}, where, phase) =>
      keys.find(
        (key) =>
          key.kind === kind &&
          key.category === category &&
          key.module === (module ?? where) &&
          (key.phase === null || key.phase === phase),
      ),
    categoryOf: (of, id, code) => {
      const found = Array.from({length: terms.categories}, (_, at) => at).find((each) => codeOf(of, id, each) === code)
      return found ?? null
    },
  }
}

const pick = <T>(items: readonly [T, ...T[]], random: Random): T =>
  items[Math.floor(random() * items.length)] ?? items[0]

type Frame = (a: string, b: string) => string
const frames: readonly [Frame, ...Frame[]] = [
  (a, b) => `Whenever a ${a} is near, look at the ${b} too.`,
  (a, b) => `Treat every ${a} as a ${b}.`,
  (a, b) => `Before you answer, hold the ${a} against its ${b}.`,
]
const alienFrames: readonly [Frame, ...Frame[]] = [
  (a, b) => `Should anything of the ${b} sort turn up, weigh it by ${a} and by nothing else.`,
  (a, b) => `${b} comes first, ${a} second`,
  (a, b) => `It is a mistake to pass over ${a}; go through each ${b} once more and say what you see.`,
  (a, b) => `Keep ${a} and ${b} apart.`,
]

const syllables: readonly (readonly string[])[] = [
  ['b', 'd', 'f', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z'],
  ['a', 'e', 'i', 'o', 'u'],
]
const alienSyllables: readonly (readonly string[])[] = [
  ['br', 'ch', 'dr', 'gl', 'h', 'kl', 'qu', 'sh', 'th', 'w', 'y', 'fr'],
  ['ai', 'ea', 'oo', 'y', 'ou', 'a', 'io'],
]
const endings = ['', 'n', 'r', 'x', 'k']

function freshWord(random: Random, isAlien: boolean, taken: Set<string>): string {
  const parts = isAlien ? alienSyllables : syllables
  const length = isAlien ? 2 + Math.floor(random() * 2) : 3
  const one = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? ''
  for (;;) {
    const word = Array.from({length}, () => parts.map(one).join('')).join('') + one(endings)
    if (taken.has(word) || word.length < 5) continue
    taken.add(word)
    return word
  }
}

/** Words that are none of the world's, for reasons that say nothing. */
export const strangeWords = ({terms, isTaken}: World, random: Random, count: number): string => {
  const used = new Set<string>()
  while (used.size < count) {
    const word = freshWord(random, terms.isAlien, new Set())
    if (!isTaken(word)) used.add(word)
  }
  return [...used].join(' ')
}

function keysOf(terms: Terms, word: () => string): readonly Key[] {
  const {modules, categories, decoys, driftAfter, shortcut, obeys} = terms
  const key = (kind: Key['kind'], id: string, more: Partial<Key> = {}): Key => {
    const words = [word(), word()] as const
    return {kind, id, module: null, category: null, phase: null, words, ...more}
  }
  const all = Array.from({length: categories}, (_, at) => at)
  const effective = modules.flatMap((module) => [
    ...all.map((category) => {
      const phase = driftAfter !== null && category === drifting ? 0 : null
      return key('category', `${module}/${category}`, {module, category, phase})
    }),
    key('format', `${module}/format`, {module}),
    key('precision', `${module}/precision`, {module}),
  ])
  const later =
    driftAfter === null ? [] : [key('category', 'later', {module: modules[0] ?? null, category: drifting, phase: 1})]
  return [
    ...effective,
    ...later,
    ...Array.from({length: decoys}, (_, at) => key('decoy', `decoy/${at}`)),
    ...(shortcut > 0 ? [key('shortcut', 'shortcut')] : []),
    ...(obeys > 0 ? [key('injected', 'injected')] : []),
  ]
}

/** The most frequent one but one. */
const drifting = 1

function symptomsOf(terms: Terms, word: () => string, random: Random): readonly Symptom[] {
  const all = Array.from({length: terms.categories}, (_, at) => at)
  const phrase = (): string => pick(terms.isAlien ? alienPhrases : phrases, random)(word(), word(), word())
  const missing = (): string => `something ${word()} of the ${word()} kind`
  return [
    ...terms.modules.flatMap((module): readonly Symptom[] => [
      ...all.map((category) => ({kind: 'category' as const, module, category, phrase: phrase()})),
      {kind: 'format', module, category: null, phrase: `unclear as ${word()} ${word()}`},
      {kind: 'precision', module, category: null, phrase: `none of them, only ${word()} ${word()}`},
    ]),
    ...all.map((category) => ({kind: 'category' as const, module: null, category, phrase: missing()})),
  ]
}

type Phrase = (x: string, y: string, z: string) => string
const phrases: readonly [Phrase, ...Phrase[]] = [
  (x, y, z) => `${x} ${y} without ${z}`,
  (x, y, z) => `no ${z} where ${x} meets ${y}`,
  (x, y, z) => `${x} hides ${y} ${z}`,
]
const alienPhrases: readonly [Phrase, ...Phrase[]] = [
  (x, y, z) => `it was overlooked because the ${x} and the ${y} cover a ${z}`,
  (x, y, z) => `${z} ${y} ${x}`,
  (x, y, z) => `there should have been a word about ${y} next to ${x} and ${z}`,
]

function keysIn(line: string, byWord: ReadonlyMap<string, Key>): readonly Key[] {
  const words: readonly string[] = line.toLowerCase().match(/[a-z]+/g) ?? []
  return words.flatMap((word) => {
    const key = byWord.get(word)
    return key !== undefined && words.includes(key.words[1]) ? [key] : []
  })
}

function memoIn(line: string, isAlien: boolean): {readonly case: string; readonly item: string} | null {
  const [, first, second] =
    (isAlien ? /(\w+) belongs into the report of (\w+)/ : /In (\w+), also report (\w+)/).exec(line) ?? []
  if (first === undefined || second === undefined) return null
  return isAlien ? {case: second, item: first} : {case: first, item: second}
}

type CodeOf = (of: string, id: string, category: number | null) => string

function codesOf(secret: string): CodeOf {
  const codes = new Map<string, string>()
  return (of, id, category) => {
    const about = `${of} ${id} ${category}`
    const known = codes.get(about) ?? digest(`${secret} ${about}`).slice(0, 8)
    codes.set(about, known)
    return known
  }
}

/** Two in three categories are rare. */
const weightOf = (category: number): number => 1 / (category + 1.5)

/** Of one case: the categories of its true items, and null for each distractor. */
export function kindsOf(
  {categories, crowded}: Terms,
  {trueItems, distractors}: Pick<Terms, 'trueItems' | 'distractors'>,
  random: Random,
): readonly (number | null)[] {
  const between = ([least, most]: readonly [number, number]): number =>
    least + Math.floor(random() * (most - least + 1))
  const isCrowded = random() < crowded
  const [some, others] = isCrowded ? [2, 10] : [between(trueItems), between(distractors)]
  const all = Array.from({length: categories}, (_, at) => at)
  return [
    ...Array.from({length: some}, () => drawnBy(all, weightOf, random) ?? 0),
    ...Array.from({length: others}, () => null),
  ]
}

/** Together they hold every category: what no gold standard shows, nobody can learn. */
function goldsOf(terms: Terms, random: World['random'], codeOf: CodeOf): readonly Sample[] {
  const draw = random('golds')
  const cases = Array.from({length: terms.golds}, () => [...kindsOf(terms, terms, draw)])
  for (let category = 0; category < terms.categories; category++) {
    const all: readonly (number | null)[] = cases.flat()
    if (all.includes(category)) continue
    const [frequent] = [...new Set(all.filter((each) => each !== null))].toSorted(
      (a, b) => all.filter((each) => each === b).length - all.filter((each) => each === a).length,
    )
    const holder = cases.find((kinds) => kinds.includes(frequent ?? null))
    holder?.splice(holder.indexOf(frequent ?? null), 1, category)
  }
  return cases.map((kinds, at) => {
    const name = `g${at + 1}`
    const items = shuffled(kinds, draw).map((category, index): Item => {
      const id = `${'abcdefghijkmnpqrstuvwxyz'[Math.floor(draw() * 24)] ?? 'a'}${index + 1}`
      return {id, category, code: codeOf(name, id, category)}
    })
    return {name, items}
  })
}
