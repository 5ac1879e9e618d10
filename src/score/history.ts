/**
 * What the bot remembers of a pull request, so that running again rolls nothing again. Every score that was paid for stands in the
 * description of a status, which nobody can change or take away, beside a mark of what it is the score of. Which heads there were
 * stands, out of sight, in the bot's own comment: who edits that can hide a head from it, and can add nothing that is believed.
 */
import * as z from 'zod'
import {decisions, type Decision, type Verdict} from './scorecard.ts'

const Taken = z.strictObject({
  /** The first sixteen hex digits of a sha-256 over all that the score depends on. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  /** The head that was judged. */
  head: z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/),
  /** null: no gold standard applied. */
  score: z.number().min(0).max(10).nullable(),
  decision: z.enum(decisions),
})
export type Taken = z.infer<typeof Taken>

const HistoryShape = z.strictObject({schema: z.literal(1), taken: z.array(Taken)})

/** Oldest first. */
export interface History {
  readonly taken: readonly Taken[]
}

export const noHistory: History = {taken: []}

/** So many scores are kept: they are about 4,500 characters of a comment, which has 5,500 to spare. */
const maxTaken = 30
/** So many of one key; who asks again after that is told what they say together. */
export const maxSamples = 5

/** One word of letters, digits, `+`, `/` and `=`, for the first line of a comment. */
export const encodeHistory = ({taken}: History): string =>
  Buffer.from(JSON.stringify({schema: 1, taken: taken.slice(-maxTaken)})).toString('base64')

/** Nothing where it is not what `encodeHistory` wrote. */
export function decodeHistory(text: string): History {
  try {
    const read = HistoryShape.safeParse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')))
    return read.success ? {taken: read.data.taken} : noHistory
  } catch {
    return noHistory
  }
}

/** What a run on static rules alone finds again is no second sample: then nothing changes, and no comment is edited. */
export function withTaken(history: History, more: Taken): History {
  const {taken} = history
  const last = taken.findLast(({key}) => key === more.key)
  const isSame = last !== undefined && JSON.stringify(Taken.parse(last)) === JSON.stringify(Taken.parse(more))
  return isSame ? history : {taken: [...taken, more].slice(-maxTaken)}
}

/** So many other heads are looked at for samples of the same code. */
const maxHeads = 5

/** Heads whose code is said to be the same: where to look, and no more, as anybody who may write can edit a comment. */
export const headsOf = ({taken}: History, key: string): readonly string[] =>
  [...new Set(taken.flatMap((each) => (each.key === key ? [each.head] : [])))].slice(-maxHeads)

/** The last of each earlier head, oldest first. */
export function earlierHeads({taken}: History, head: string): readonly Taken[] {
  const last = new Map(taken.filter((each) => each.head !== head).map((each) => [each.head, each]))
  return [...last.values()]
}

/**
 * What all samples say together: the gate passes when their mean reaches the threshold and not more of them failed than passed,
 * as a plan may fail for other reasons than its score.
 *
 * @param samples at least one
 */
export function decideTogether(
  samples: readonly {readonly score: number; readonly decision: Decision}[],
  threshold: number,
): Verdict {
  const mean = samples.reduce((sum, {score}) => sum + score, 0) / samples.length
  const passed = samples.filter(({decision}) => decision === 'pass').length
  const message = `The mean of ${samples.length} runs of the same code is ${mean.toFixed(2)}, and ${passed} of them passed.`
  const isPassed = mean >= threshold && passed * 2 >= samples.length
  return {decision: isPassed ? 'pass' : 'fail', reasons: [{code: 'samples', message}]}
}

/** One run's own verdict, held against what is known of the same code: neither alone opens the gate. */
export function verdictWith(
  own: Verdict,
  score: number | null,
  earlier: readonly {readonly score: number; readonly decision: Decision}[],
  threshold: number,
): Verdict {
  if (earlier.length === 0 || score === null || (own.decision !== 'pass' && own.decision !== 'fail')) return own
  const together = decideTogether([...earlier, {score, decision: own.decision}], threshold)
  return {decision: together.decision, reasons: [...together.reasons, ...own.reasons]}
}

/** What a run adds to its status: of what it is the score, and whether that run alone would have passed. */
export const markOf = (key: string, own: Decision): string => ` · ${key.slice(0, 8)}${own === 'pass' ? '+' : '-'}`

/** @param score 0…10 */
export const statusWords = (score: number, decision: Decision, threshold: number): string =>
  `${score.toFixed(1)} of 10, gate ${decision === 'pass' ? 'passed' : 'failed'} (needs ${threshold})`

export interface Sample {
  readonly score: number
  readonly decision: Decision
}

/** Samples of a key from descriptions of statuses. */
export const samplesIn = (told: readonly string[], key: string): readonly Sample[] =>
  told.flatMap((description) => {
    const [, score = '', mark = '', own = ''] =
      /(\d{1,2}\.\d)(?: \([^)]*\))? of 10.* · ([0-9a-f]{8})([+-])$/.exec(description) ?? []
    return mark === key.slice(0, 8) ? [{score: Number(score), decision: own === '+' ? 'pass' : 'fail'}] : []
  })

export const openings = {override: 'overridden', skip: 'skipped'} as const

/** Who opened the gate for this commit under this name, by its statuses; null: nobody. */
export function openerIn(told: readonly string[]): string | null {
  const words = Object.values(openings).join('|')
  return (
    told.map((description) => new RegExp(`^(?:${words}) by ([^:]+): `).exec(description)?.[1]).find(Boolean) ?? null
  )
}
