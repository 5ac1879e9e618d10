/** Rules: single sentences under a step's own words, each added, measured and dropped by itself. */
import type {Texts} from '../pipeline/step.ts'
import type {Candidate} from './candidate.ts'
import {likenessAmong} from './likeness.ts'
import type {Problem} from './search.ts'

export interface Rule {
  /** Short, unique within a search. */
  readonly id: string
  readonly step: string
  /** One line. */
  readonly text: string
}

/** The text of a step that rules are added to: what it asks, as what stands first is shared with other steps and cached. */
export const holderOf = (texts: Texts): string | null =>
  'prompt' in texts ? 'prompt' : (Object.keys(texts)[0] ?? null)

/** The step's own words with the rules below them, under the heading. */
export const withRules = (words: string, heading: string, rules: readonly string[]): string =>
  rules.length === 0
    ? words
    : `${words.trimEnd()}\n${words.includes(`\n${heading}\n`) ? '' : `\n${heading}\n`}${rules.map((rule) => `- ${rule}\n`).join('')}`

/** What differs from the pipeline as it is when these rules are added. */
export function candidateWith({steps, heading}: Problem, rules: readonly Rule[]): Candidate {
  return Object.fromEntries(
    steps.flatMap(({name, texts}) => {
      const holder = holderOf(texts)
      const own = rules.filter(({step}) => step === name).map(({text}) => text)
      if (holder === null || own.length === 0) return []
      return [[`${name}/${holder}`, withRules(texts[holder] ?? '', heading, own)] as const]
    }),
  )
}

/** The words of a step that rules are added to; empty: it has none. */
export function wordsOf({steps}: Problem, step: string): string {
  const texts = steps.find(({name}) => name === step)?.texts ?? {}
  return texts[holderOf(texts) ?? ''] ?? ''
}

const longest = 400
const shortest = 8

/**
 * The rules in an answer: one a line, whatever stands in front of them. What the step says already, and what only announces or
 * ends a list, is none. A JSON array of texts is read too.
 *
 * @param words of the step, so that an answer that repeats them whole is read as what it adds
 */
export function rulesIn(answer: string, words: string, most: number): readonly string[] {
  const known = new Set(words.split('\n').map(bare))
  const lines = (arrayIn(answer) ?? answer.split('\n')).map(bare)
  const rules = lines.filter(
    (line) => line.length >= shortest && line.length <= longest && !known.has(line) && !/:$|^[#<`{[]/.test(line),
  )
  return [...new Set(rules)].slice(0, most)
}

const bare = (line: string): string =>
  line
    .trim()
    .replace(/^(?:[-*•+]\s+|\(?\d{1,2}[.):]\s+|(?:new\s+)?rule(?:\s+\d{1,2})?\s*[:.)–-]\s+)+/i, '')
    .replace(/^(?:\*\*|__|["“])([^]*?)(?:\*\*|__|["”])$/, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim()

function arrayIn(answer: string): readonly string[] | null {
  const text = /^\s*(?:```\w*\s*)?(\[[^]*\])\s*(?:```)?\s*$/.exec(answer)?.[1]
  if (text === undefined) return null
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : null
  } catch {
    return null
  }
}

/** Two rules that are this like each other are one in other words. */
export const sameFrom = 0.65
/** With fewer texts nobody knows which words are rare. */
const fewest = 12

/** How like two rules are, 0…1; 0 while there are too few texts to know. */
export function rulesAlike(texts: readonly string[]): (a: string, b: string) => number {
  const likeness = likenessAmong(texts.map(contentOf))
  return (a, b) => (texts.length < fewest ? 0 : likeness(contentOf(a), contentOf(b)))
}

const contentOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [])
