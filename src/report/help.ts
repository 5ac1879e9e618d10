/** The answer to `/refactor-plan help`, and to words that are none of its commands. */
import {code, markdown, text, type Markdown, type Untrusted} from '../trust.ts'

/** What is in force for this pull request. */
export interface InForce {
  readonly config: {
    readonly pipeline: string
    readonly gold: string
    readonly threshold: number
    readonly gate: string
    readonly permissions: readonly string[]
    readonly maxCostUsd: number
  }
  /** Full name of the commit status. */
  readonly context: string
  readonly base: string
  /** Who asked, and what he may do here. */
  readonly by: Untrusted
  readonly permission: string
}

export function renderHelp(unknown: Untrusted | null, {config, context, base, by, permission}: InForce): Markdown {
  const first = unknown === null ? markdown`` : markdown`${code(unknown)} is not a command or flag I know.\n\n`
  return markdown`${first}What I understand, on the first line of a comment by somebody with one of these permissions: ${text(config.permissions.join(', '))}. ${text(by)} has: ${text(permission)}.

| Command | Does |
|:---|:---|
| \`/refactor-plan\` | plan, score and gate the head of this pull request |
| \`/refactor-plan "goal"\` | the same with another goal |
| \`/refactor-plan <sha>\` | only if that commit still is the head |
| \`/refactor-plan rerun\` | ask the models again; the gate goes by the mean of all runs |
| \`/refactor-plan --pipeline=offline\` | with another pipeline, for information: the gate is not touched |
| \`/refactor-plan status\` | what the gate says, and said before |
| \`/refactor-plan explain F3\` | one finding or change of the plan, and what the score makes of it |
| \`/refactor-plan apply C1\` | have a change of the plan made, as a pull request into this branch (maintain or admin; never for a fork) |
| \`/refactor-plan override <reason>\` | open the gate for this head (maintain or admin, not the author) |
| \`/refactor-plan skip\` | the same for a change that needs no plan |
| \`/refactor-plan optimize\` | search for better words for the pipeline of the base branch |
| \`/refactor-plan doctor\` | what protects the gate, and what does not |
| \`/refactor-plan help\` | this list |

In force here, from the base commit ${code(base.slice(0, 7))}: pipeline ${code(config.pipeline)}, gold standards in ${code(config.gold)}, threshold ${text(String(config.threshold))}, gate ${code(config.gate)} as ${code(context)}, at most ${text(String(config.maxCostUsd))} USD a run.`
}

/** @param why a clause of the program's own */
export const renderStale = (why: string): Markdown =>
  markdown`Nothing was judged: ${text(why)}. Look at the new head, and comment \`/refactor-plan\` again, or \`/refactor-plan <sha>\` to say which commit you mean.`
