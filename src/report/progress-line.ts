/** What a person sees of a search while it goes on: one line. */
import {plainLine, type Plain} from '../trust.ts'
import {isCompared, leaderOf, triedIn, type Limits, type Spent, type Story} from './account.ts'

/** What is spent, the best words so far and how sure that is, and what is tried now. */
export function progressOf(stories: readonly Story[], limits: Limits): Plain {
  const spent = triedIn(stories).at(-1)?.spent ?? {calls: 0, tokens: 0, usd: 0}
  return plainLine([usedText(spent, limits), bestText(stories), nowText(stories)].join(' · '), maxLine)
}

const maxLine = 200
const maxNamed = 5

function usedText({calls, tokens, usd}: Spent, limits: Limits): string {
  const of = (limit: string | number | null): string => (limit === null ? '' : ` of ${limit}`)
  const money = usd === null ? '$?' : `$${usd.toFixed(2)}`
  return [
    `${calls}${of(limits.calls)} calls`,
    ...(limits.tokens === null ? [] : [`${tokens}${of(limits.tokens)} tokens`]),
    ...(limits.usd === null ? [] : [`${money}${of(`$${limits.usd.toFixed(2)}`)}`]),
  ].join(', ')
}

function bestText(stories: readonly Story[]): string {
  const leader = leaderOf(stories)
  if (leader === null) return 'no score yet'
  const {mean, interval} = leader.score
  const range = interval === null ? '' : ` (${interval[0].toFixed(2)}–${interval[1].toFixed(2)})`
  return `best ${mean.toFixed(2)}${range} with ${plainLine(leader.name, 20)}`
}

function nowText(stories: readonly Story[]): string {
  const last = stories.at(-1)
  if (last?.kind === 'gate') return `compared: ${plainLine(last.verdict, 80)}`
  const tried = triedIn(stories)
  const compared = tried.filter(isCompared).length
  if (compared > 0) return `comparing, ${compared} runs`
  const judged = new Set(stories.flatMap((story) => (story.kind === 'judged' ? [story.rule] : [])))
  const open = stories.flatMap((story) => (story.kind === 'proposed' && !judged.has(story.rule) ? [story.rule] : []))
  const named = open.slice(-maxNamed).map((rule) => plainLine(rule, 12))
  if (named.length > 0) return `trying ${named.join(', ')}${open.length > named.length ? ' and others' : ''}`
  const run = tried.at(-1)
  return run === undefined ? 'starting' : `trying ${plainLine(run.candidate, 20)} on ${plainLine(run.case, 40)}`
}
