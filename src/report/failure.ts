/** What a pull request is told when nothing could be judged: what failed, what to do, where the log is. */
import {link, markdown, paragraphs, text, type Markdown} from '../trust.ts'

export interface Problem {
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

const none = markdown``

export function renderFailure(
  {code, message, hint}: Problem,
  {runUrl, serverUrl}: {readonly runUrl: string; readonly serverUrl: string},
): Markdown {
  const advice = hint === null ? none : markdown`\n\n**What to do:** ${paragraphs(hint)}`
  return markdown`⚠️ Refactor plan: could not be judged, the gate stays closed (${text(code)})

${paragraphs(message)}${advice}

${link(text('The log of this run'), runUrl, serverUrl)} has more. Comment \`/refactor-plan\` to run again.`
}
