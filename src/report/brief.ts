/** A plan and what its score made of it, short enough to be kept out of sight in a comment: what `explain` answers from. */
import * as z from 'zod'
import {clip, code, joinMarkdown, markdown, paragraphs, text, type Markdown} from '../trust.ts'
import type {Report} from './report.ts'

const Said = z.strictObject({
  id: z.string(),
  what: z.string(),
  /** `file:line`, or what else there is to say in a word. */
  where: z.string(),
  /** class, gold finding, credit and reason; for a change what it resolves and waits for. */
  why: z.string(),
})
const BriefShape = z.array(Said)
export type Brief = readonly z.infer<typeof Said>[]

const maxWords = 240

/** Changes first, then findings, each in the order of the plan: what does not fit is dropped from the end. */
export function briefOf({plan, scorecard}: Report): Brief {
  const scored = new Map(scorecard?.findings.map((finding) => [finding.id, finding]))
  const changes = plan.changes.map(({id, title, resolves, depends_on, phase}) => ({
    id,
    what: clip(title, maxWords),
    where: `phase ${phase}`,
    why: `It resolves ${resolves.join(', ') || 'nothing'}${depends_on.length === 0 ? '' : `, after ${depends_on.join(', ')}`}.`,
  }))
  const findings = plan.findings.map(({id, title, description, severity, category, locations}) => {
    const [place] = locations
    const {class: kind, gold, credit, why} = scored.get(id) ?? {class: 'not scored', gold: null, credit: 0, why: ''}
    const at =
      place === undefined ? 'no place' : `${place.file}${place.start_line === undefined ? '' : `:${place.start_line}`}`
    return {
      id,
      what: clip(`${severity}, ${category}: ${title ?? description}`, maxWords),
      where: clip(at, maxWords),
      why: clip(`${kind}${gold === null ? '' : ` (${gold}, credit ${credit.toFixed(2)})`}. ${why}`, maxWords),
    }
  })
  return [...changes, ...findings]
}

/** null where it is not what was written. */
export function parseBrief(json: string): Brief | null {
  try {
    return BriefShape.safeParse(JSON.parse(json)).data ?? null
  } catch {
    return null
  }
}

/** @param id as it was typed; another case will do */
export function renderExplanation(brief: Brief, id: string): Markdown {
  const found = brief.filter((each) => each.id.toLowerCase() === id.toLowerCase())
  if (found.length === 0) {
    const known = brief.slice(0, 40).map((each) => code(each.id))
    return known.length === 0
      ? markdown`I remember no plan for this pull request: comment \`/refactor-plan\` first.`
      : markdown`The plan has no ${code(id)}. It has ${joinMarkdown(known, ', ')}.`
  }
  return joinMarkdown(
    found.map(
      ({id: own, what, where, why}) =>
        markdown`**${text(own)}**: ${text(what)}\n\n${code(where)}\n\n${paragraphs(why)}`,
    ),
    '\n\n',
  )
}

/** What the gate says now, and what it said of earlier heads. */
export interface Standing {
  readonly context: string
  readonly head: string
  /** null: nothing was said of this head. */
  readonly state: string | null
  readonly description: string | null
  readonly earlier: readonly {readonly head: string; readonly score: number | null; readonly decision: string}[]
  readonly overriddenBy: string | null
}

export function renderStatus({context, head, state, description, earlier, overriddenBy}: Standing): Markdown {
  const now = state === null ? text('nothing yet') : markdown`**${text(state)}**, ${text(description ?? '')}`
  const opened = overriddenBy === null ? markdown`` : markdown` It was opened by ${text(overriddenBy)}.`
  const rows = earlier.map(
    ({head: sha, score, decision}) =>
      markdown`| ${code(sha.slice(0, 7))} | ${text(score === null ? '–' : score.toFixed(1))} | ${text(decision)} |`,
  )
  const table =
    rows.length === 0
      ? markdown``
      : markdown`\n\n| Commit | Score | Verdict |\n|:---|---:|:---|\n${joinMarkdown(rows, '\n')}`
  return markdown`${code(context)} says of ${code(head.slice(0, 7))}: ${now}.${opened}${table}`
}

/** Kept as it is: who opened the gate, when it was closed, and why. */
export const renderOverride = (by: string, permission: string, head: string, reason: string, was: string): Markdown =>
  markdown`🔓 ${text(by)} (${text(permission)}) opened the gate for ${code(head)}: ${text(reason)}

Before that it said: ${text(was)}. A new commit closes it again.`
