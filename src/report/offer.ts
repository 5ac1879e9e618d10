/** What is said of changes that `/refactor-plan apply` made, on their own pull request and on the one that asked. */
import type {Change} from '../plan/plan.ts'
import {code, fenced, joinMarkdown, link, markdown, paragraphs, text, type Markdown, type Untrusted} from '../trust.ts'

export interface Offer {
  readonly changes: readonly Change[]
  readonly number: number
  readonly head: string
  readonly by: Untrusted
  /** As `provider/model`. */
  readonly models: readonly string[]
}

/** The body of the pull request. */
export function renderOffer({changes, number, head, by, models}: Offer): Markdown {
  const each = changes.map(
    ({id, title, instructions, verification}) =>
      markdown`### ${text(id)}: ${text(title)}\n\n${paragraphs(instructions)}${
        verification.length === 0
          ? markdown``
          : markdown`\n\nTo verify it:\n\n${fenced(verification.map((line) => line.replace(/\s+/g, ' ')).join('\n'), 'sh')}`
      }`,
  )
  return markdown`${code(models.join(', '))} wrote this for pull request ${number}, from its plan for ${code(head)}, because ${text(by)} asked for it. **Nothing of it was run**: read it, and run what verifies it, before you merge it into the branch of that pull request.

${joinMarkdown(each, '\n\n')}

Checks may not start by themselves on a pull request that a workflow opens: close it and open it again, or push a commit.`
}

/** What one change came to, as `amend` tells it. */
interface Ended {
  readonly id: string
  readonly state: string
  readonly why: string | null
}

/** Nothing was committed. */
export const renderUnmade = (outcomes: readonly Ended[]): Markdown =>
  markdown`Nothing was changed: a pull request has all that was asked for, or there is none.

${joinMarkdown(
  outcomes.map(
    ({id, state, why}) =>
      markdown`- ${code(id)} ${text(state === 'done' ? 'could be made' : state)}${why === null ? markdown`` : markdown`: ${text(why)}`}`,
  ),
  '\n',
)}`

/** Where it is. */
export const renderOffered = (
  ids: readonly string[],
  files: readonly string[],
  pull: {readonly id: number; readonly url: string},
  server: string,
): Markdown =>
  markdown`${text(ids.join(', '))}: ${link(text(`pull request ${pull.id}`), pull.url, server)} into the branch of this one, with ${joinMarkdown(files.slice(0, 20).map(code), ', ')}${files.length > 20 ? markdown` and ${files.length - 20} more files` : markdown``}. Nothing of it was run: read it before you merge it.`
