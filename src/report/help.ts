/** The answer to `/refactor-plan help`, and to words that are none of its commands. */
import {code, markdown, text, type Markdown, type Untrusted} from '../trust.ts'

export function renderHelp(unknown: Untrusted | null): Markdown {
  const first = unknown === null ? markdown`` : markdown`${code(unknown)} is not a command or flag I know.\n\n`
  return markdown`${first}What I understand, on the first line of a comment by somebody with write permission:

| command | does |
|---|---|
| \`/refactor-plan\` | plan, score and gate the head of this pull request |
| \`/refactor-plan "goal"\` | the same with another goal |
| \`/refactor-plan <sha>\` | only if that commit still is the head |
| \`/refactor-plan rerun\` | run again |
| \`/refactor-plan --pipeline=offline\` | with another pipeline |
| \`/refactor-plan help\` | this |`
}

/** @param why a clause of the program's own */
export const renderStale = (why: string): Markdown =>
  markdown`Nothing was judged: ${text(why)}. Look at the new head, and comment \`/refactor-plan\` again, or \`/refactor-plan <sha>\` to say which commit you mean.`
