/** The closed questions to a judge (scoring research §3.10), as data: what it is told about them is in the pipeline. */
import type {Plan} from '../plan/plan.ts'
import type {Finding} from '../scan/finding.ts'
import type {GoldStandard} from './gold.ts'
import {relativeGrounding, sure, type Candidate, type Link, type Matching} from './match.ts'
import {randomAt} from './random.ts'
import type {Code} from './scorecard.ts'
import {settle} from './settlement.ts'
import {normalise, wordsOf} from './text.ts'

export type About =
  | {readonly kind: 'match'; readonly at: number; readonly gold: number}
  | {readonly kind: 'support'; readonly at: number}
  | {readonly kind: 'plan'; readonly index: number}

export interface Question {
  readonly about: About
  /** Words of the gold standard or of the pipeline. */
  readonly trusted: Readonly<Record<string, string>>
  /** Words of the plan and of the code: marked before they are shown, and the only ones that may be quoted. */
  readonly untrusted: Readonly<Record<string, string>>
}

/** Of each kind. */
const most = 12
const maxWords = 500
const maxExcerpt = 2000
const maxPlan = 5000
/** Characters. A shorter quote stands in almost any text, so it shows nothing. */
const minQuote = 8
/** Lines above and below the place that are shown. */
const around = 8

export function questionsOf(
  matching: Matching,
  plan: Plan,
  gold: GoldStandard,
  code: Code,
  planQuestions: readonly string[],
): readonly Question[] {
  return [
    ...pairQuestions(matching, gold, code),
    ...supportQuestions(matching, code),
    ...aboutPlan(plan, planQuestions),
  ]
}

/** A finding that says nothing, or stands nowhere, is not shown: some judges say yes to a colon (research §2, master keys). */
const isWorthAsking = ({finding, grounding}: Candidate): boolean =>
  (grounding.value ?? 0.5) >= 0.25 && wordsOf(`${finding.title ?? ''} ${finding.description}`).length >= 3

/** J1: matches that are likely and not sure, and the nearest candidate of every needed gold finding that nothing covers. */
function pairQuestions(
  {candidates, gold: wanted, links, offers}: Matching,
  gold: GoldStandard,
  code: Code,
): readonly Question[] {
  const weight = (link: Link): number => wanted[link.gold]?.weight ?? 0
  return [...links.filter(({likeness}) => likeness < sure), ...offers]
    .filter((link) => weight(link) > 0)
    .toSorted((a, b) => weight(b) - weight(a) || b.likeness - a.likeness || a.gold - b.gold)
    .flatMap((link): readonly Question[] => {
      const candidate = candidates[link.candidate]
      const first = gold.findings[link.gold]
      const second = candidate?.finding
      const reference = wanted[link.gold]
      if (candidate === undefined || first === undefined || second === undefined || reference === undefined) return []
      if (!isWorthAsking(candidate) || relativeGrounding(candidate.grounding, reference.grounding) < 0.25) return []
      const lines = excerptOf(candidate, code)
      return [
        {
          about: {kind: 'match', at: candidate.at, gold: link.gold},
          trusted: {first_report: reportOf(first)},
          untrusted: {second_report: reportOf(second), ...(lines === null ? {} : {code: lines})},
        },
      ]
    })
    .slice(0, most)
}

/** J2: findings that the gold standard does not know, and that matter if they are true. */
function supportQuestions(matching: Matching, code: Code): readonly Question[] {
  const byAt = new Map(matching.candidates.map((candidate) => [candidate.at, candidate]))
  return settle(matching)
    .findings.flatMap((settled): readonly Question[] => {
      const candidate = byAt.get(settled.at)
      if (settled.class !== 'novel' || candidate === undefined || candidate.finding.severity === 'low') return []
      const lines = isWorthAsking(candidate) ? excerptOf(candidate, code) : null
      if (lines === null) return []
      return [
        {
          about: {kind: 'support', at: settled.at},
          trusted: {},
          untrusted: {claim: reportOf(candidate.finding), code: lines},
        },
      ]
    })
    .slice(0, most)
}

/** J3 */
function aboutPlan({findings, changes}: Plan, questions: readonly string[]): readonly Question[] {
  if (changes.length === 0) return []
  const found = findings
    .slice(0, 60)
    .map(({id, severity, title, category}) => `${id} ${severity} ${(title ?? category).slice(0, 60)}`)
  const done = changes
    .slice(0, 60)
    .map((change) =>
      [
        `${change.id}: ${change.title.slice(0, 100)} (resolves ${change.resolves.join(', ')}; needs ${change.depends_on.join(', ') || 'nothing'}; risk ${change.risk ?? 'not stated'}; effort ${change.effort ?? 'not stated'})`,
        `files: ${change.files.slice(0, 8).join(', ')}`,
        change.instructions.slice(0, 240),
        `verification: ${change.verification.join('; ').slice(0, 160)}`,
      ].join('\n'),
    )
  const text = normalise(`findings:\n${found.join('\n')}\n\nchanges:\n${done.join('\n')}`).slice(0, maxPlan)
  return questions
    .slice(0, most)
    .map((question, index) => ({about: {kind: 'plan', index}, trusted: {question}, untrusted: {plan: text}}))
}

function reportOf({title, description, locations, category}: Finding): string {
  const [place] = locations
  const where =
    place === undefined ? '' : ` (${place.file}${place.start_line === undefined ? '' : `:${place.start_line}`})`
  return normalise(`${category}${where}: ${title ?? ''}\n${description}`).slice(0, maxWords)
}

function excerptOf({grounding}: Candidate, code: Code): string | null {
  const place = grounding.places.find(({path, anchor, start}) => path !== null && (anchor ?? start) !== null)
  const lines = place === undefined || place.path === null ? null : code.lines(place.path)
  const line = place?.anchor ?? place?.start ?? null
  if (lines === null || line === null || line > lines.length) return null
  return normalise(lines.slice(Math.max(0, line - 1 - around), line + around).join('\n')).slice(0, maxExcerpt)
}

/** One asking: shuffled questions under names of their own, untrusted words marked. */
export interface Sheet {
  /** What the judge is given. */
  readonly text: string
  readonly ids: readonly string[]
  readonly questionOf: (id: string) => Question | null
  /** Whether a quote stands in the untrusted words of an item. */
  readonly isQuoted: (id: string, quote: string) => boolean
}

/** Rare in code and prose. Words marked by it show what is data, which cost an attack most of its force (arXiv 2403.14720). */
const markers = ['\u02c6', '\u2022', '\u00a4', '\u25ab', '\u203b'] as const

const marked = (text: string, marker: string): string =>
  text
    .replace(/<(?=\s*\/?\s*untrusted-data)/gi, '‹')
    .replaceAll(marker, ' ')
    .replaceAll(' ', marker)

/** @param nonce unguessable for whoever wrote the plan or the code; names and marker follow from it */
export function sheetOf(questions: readonly Question[], nonce: string): Sheet {
  const marker = markers[Math.floor(randomAt(`${nonce} marker`, 0) * markers.length)] ?? markers[0]
  const ids = questions.map(
    (_, index) => Math.floor(randomAt(`${nonce} id`, index) * 0x1_0000_0000).toString(36) + index.toString(36),
  )
  const items = questions.map(({about, trusted, untrusted}, index) => ({
    id: ids[index] ?? '',
    kind: about.kind,
    ...trusted,
    ...Object.fromEntries(Object.entries(untrusted).map(([name, text]) => [name, marked(text, marker)])),
  }))
  const questionOf = (id: string): Question | null => questions[ids.indexOf(id)] ?? null
  const plain = (text: string): string => normalise(text).replaceAll(marker, ' ').replace(/\s+/g, ' ').trim()
  return {
    text: JSON.stringify({nonce, items}, null, 1),
    ids,
    questionOf,
    isQuoted: (id, quote) => {
      const words = plain(quote)
      const texts = Object.values(questionOf(id)?.untrusted ?? {})
      return texts.some((text) => {
        const whole = plain(marked(text, marker))
        return words !== '' && words.length >= Math.min(minQuote, whole.length) && whole.includes(words)
      })
    },
  }
}
