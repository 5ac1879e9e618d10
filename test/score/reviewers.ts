/**
 * What other people wrote about the code of the gold standards, without having seen them, and which of it is which gold finding.
 * A label is the gold finding that a person holds to be the same, or null for what the gold standard does not know.
 */
import {existsSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import * as z from 'zod'
import {readDocument, valueOf} from '../../src/document.ts'
import {Plan} from '../../src/plan/plan.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {match} from '../../src/score/match.ts'
import {remembered} from '../../src/score/remembered.ts'
import {planOf, type Case} from './golds.ts'
import {auc, list, two, type Measured, type Row} from './measure.ts'
import {scoreOf} from './perturbation.ts'

/** In the order in which their words are preferred: who says more first. */
export const authors = ['thorough', 'terse', 'others'] as const
export type Author = (typeof authors)[number]

export interface Review {
  readonly author: Author
  readonly plan: Plan
  readonly labels: ReadonlyMap<string, string | null>
  /** The scorer was never tuned on it. */
  readonly isHeldOut: boolean
}

const Labels = z.strictObject({
  terse: z.record(z.string(), z.string().nullable()),
  thorough: z.record(z.string(), z.string().nullable()),
  others: z.record(z.string(), z.string().nullable()),
})

const folder = join(dirname(fileURLToPath(import.meta.url)), 'plans')

const isHeldOut = (gold: string, author: Author): boolean =>
  gold === 'py-ingest' || (gold === 'go-relay' && author !== 'others')

const read = new Map<string, readonly Review[]>()

/** Empty for a gold standard that nobody else has read the code of. */
export function reviewsOf({gold: {name}}: Pick<Case, 'gold'>): readonly Review[] {
  const known = read.get(name)
  if (known !== undefined) return known
  const file = (of: string): string => join(folder, name, `${of}.yaml`)
  const parsed = <T>(of: string, schema: z.ZodType<T>): T =>
    valueOf(readDocument(readFileSync(file(of), 'utf8'), file(of), schema), of)
  const labels = existsSync(file('labels')) ? parsed('labels', Labels) : null
  const reviews =
    labels === null
      ? []
      : authors.map((author) => ({
          author,
          plan: parsed(author, Plan),
          labels: new Map(Object.entries(labels[author])),
          isHeldOut: isHeldOut(name, author),
        }))
  read.set(name, reviews)
  return reviews
}

export interface Worded {
  readonly author: Author
  /** Its id names the author too, so that findings of several fit into one plan. */
  readonly finding: Finding
  /** The gold finding or trap; null for what the gold standard does not know. */
  readonly label: string | null
}

const worded = remembered((gold: Case['gold']): readonly Worded[] =>
  reviewsOf({gold}).flatMap(({author, plan, labels}) =>
    plan.findings.map((finding) => ({
      author,
      finding: {...finding, id: `${author}-${finding.id}`},
      label: labels.get(finding.id) ?? null,
    })),
  ),
)

/** All that the reviewers said, the preferred authors first; the same findings every time, since plans by the hundred are made of them. */
export const wordingsOf = ({gold}: Pick<Case, 'gold'>): readonly Worded[] => worded(gold)

/** M4: the gold standard in other authors' words. What nobody found is not in it. */
export function compositeOf(given: Case): Plan {
  const wordings = wordingsOf(given)
  return planOf(
    given.plan.findings.flatMap(({id}) => {
      const found = wordings.find(({label}) => label === id)
      return found === undefined ? [] : [found.finding]
    }),
  )
}

export interface Linked {
  readonly review: Review
  /** Links of the assignment that the label says too. */
  readonly right: number
  readonly wrong: readonly string[]
  /** Labelled gold findings and traps that nothing is linked to. */
  readonly missed: readonly string[]
}

export const f1Of = (linked: readonly Linked[]): number => {
  const sum = (of: (each: Linked) => number): number => linked.reduce((total, each) => total + of(each), 0)
  const right = 2 * sum((each) => each.right)
  return right / (right + sum(({wrong}) => wrong.length) + sum(({missed}) => missed.length))
}

export function linkedOf(review: Review, {gold, code}: Case): Linked {
  const {links, candidates, gold: wanted} = match(review.plan, gold, code)
  const named = links.map((link) => ({
    ours: candidates[link.candidate]?.finding.id ?? '',
    theirs: wanted[link.gold]?.finding.id ?? '',
  }))
  const isRight = ({ours, theirs}: (typeof named)[number]): boolean => review.labels.get(ours) === theirs
  const got = new Set(named.filter(isRight).map(({theirs}) => theirs))
  const labelled = new Set([...review.labels.values()].flatMap((label) => label ?? []))
  return {
    review,
    right: named.filter(isRight).length,
    wrong: named.filter((link) => !isRight(link)).map(({ours, theirs}) => `${ours} is taken for ${theirs}`),
    missed: [...labelled].filter((id) => !got.has(id)),
  }
}

/** Over every pair of a reviewer's finding and a gold finding or trap: are those that a person holds to be the same more alike? */
export function pairAuc({gold, code}: Case, reviews: readonly Review[]): number {
  const [yes, no]: [number[], number[]] = [[], []]
  for (const {plan, labels} of reviews) {
    const {candidates, gold: wanted, table} = match(plan, gold, code)
    table.forEach((row, candidate) => {
      const label = labels.get(candidates[candidate]?.finding.id ?? '')
      row.forEach(({value}, at) => (label === wanted[at]?.finding.id ? yes : no).push(value))
    })
  }
  return auc(yes, no)
}

const isTrue = ({gold}: Case, {label}: Worded): boolean =>
  gold.findings.some(({id, validity}) => id === label && validity !== 'refuted')

/** From who said least to who said most. */
const fromLeast = (given: Case): readonly Worded[] =>
  authors.toReversed().flatMap((author) => wordingsOf(given).filter((each) => each.author === author))

/** M23: one true finding more at each step, as long as nobody has said it yet. */
export function ladderOf(given: Case): readonly Plan[] {
  const said = new Set<string | null>()
  const fresh = fromLeast(given).filter((worded) => {
    const isNew = isTrue(given, worded) && !said.has(worded.label)
    said.add(worded.label)
    return isNew
  })
  return fresh.map((_, at) => planOf(fresh.slice(0, at + 1).map(({finding}) => finding)))
}

/** The same as people merge reviews: all that is true, also what somebody else said already. */
export function unionsOf(given: Case): readonly Plan[] {
  const all = fromLeast(given).filter((worded) => isTrue(given, worded))
  const steps = authors.toReversed().flatMap((author) => {
    const first = all.findIndex((worded) => worded.author === author)
    const count = all.filter((worded) => worded.author === author).length
    return [first + Math.ceil(count / 2), first + count]
  })
  return steps.map((count) => planOf(all.slice(0, count).map(({finding}) => finding)))
}

/** So many findings a plan may have before its length alone costs (scoring research §3.7). */
const quotaOf = ({gold}: Case): number => {
  const needed = gold.findings.filter(({extra, validity}) => !extra && validity !== 'refuted').length
  return Math.max(2 * needed, needed + 15)
}

const deepestFall = (scores: readonly number[]): number =>
  Math.max(0, ...scores.slice(1).map((score, at) => (scores[at] ?? 0) - score))

const forReviewed =
  (measure: (given: Case) => Measured): Row['measure'] =>
  (given) =>
    reviewsOf(given).length === 0 ? null : measure(given)

/** The research asks for 9.0; below it a composite may lie by half a point, because one wording of each finding is all it has. */
const leastComposite = 8.5

export const reviewerRows: readonly Row[] = [
  {
    id: 'M4',
    what: "the same defects in other authors' words",
    target: '≥ 8.5 (research: ≥ 9.0)',
    measure: forReviewed((given) => {
      const score = scoreOf(compositeOf(given), given)
      return {shown: two(score), ok: score >= leastComposite && scoreOf(given.plan, given) - score <= 1.5}
    }),
  },
  {
    id: 'M23',
    what: 'one true finding more at each step, in the words of whoever said it first; whole reviews united, with what they repeat',
    target: 'no step falls by > .1, in unions up to the quota of findings',
    measure: forReviewed((given) => {
      const steps = ladderOf(given).map((plan) => scoreOf(plan, given))
      const unions = unionsOf(given).map((plan) => ({size: plan.findings.length, score: scoreOf(plan, given)}))
      const within = unions.filter(({size}) => size <= quotaOf(given)).map(({score}) => score)
      const shown = `${two(steps[0] ?? 0)} … ${two(steps.at(-1) ?? 0)}; ${list(unions.map(({score}) => score))}`
      return {shown, ok: deepestFall(steps) <= 0.1 && deepestFall(within) <= 0.1}
    }),
  },
  {
    id: 'M24',
    what: 'findings to gold findings, against labels: AUC / F1 (F1 held out)',
    target: '≥ .97 / ≥ .90',
    measure: forReviewed((given) => {
      const reviews = reviewsOf(given)
      const linked = reviews.map((review) => linkedOf(review, given))
      const heldOut = linked.filter(({review}) => review.isHeldOut)
      const [area, f1] = [pairAuc(given, reviews), f1Of(linked)]
      const own = heldOut.length === 0 ? '–' : two(f1Of(heldOut))
      return {shown: `${area.toFixed(4)} / ${two(f1)} (${own})`, ok: area >= 0.97 && f1 >= 0.9}
    }),
  },
]
