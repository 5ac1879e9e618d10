/** `/refactor-plan …`, the first line of a comment, by a closed table of words: nothing that is typed there is a setting's name. */
import type {Untrusted} from '../trust.ts'

export interface RunCommand {
  readonly kind: 'run'
  /** null: the configured one. */
  readonly goal: Untrusted | null
  /** 7 to 64 hex digits, lower case: only if the head still is this commit. */
  readonly sha: string | null
  /** A name or a relative path without `..`; it is looked for in the base commit, never in the head. */
  readonly pipeline: string | null
  /** Ask the models again, whatever is known of this commit. */
  readonly again: boolean
}

/** Words that stand alone. */
export const plainWords = ['help', 'status', 'optimize', 'doctor'] as const

export type Command =
  | RunCommand
  | {readonly kind: (typeof plainWords)[number]}
  /** `id` of a finding or a change of the plan in the comment. */
  | {readonly kind: 'explain'; readonly id: string}
  /** Carry out changes of the plan in the comment, on a branch of their own. */
  | {readonly kind: 'apply'; readonly ids: readonly string[]}
  /** Open the gate for this head, whatever its verdict. `sha` as for a run; the reason has at most 300 characters. */
  | {readonly kind: 'override'; readonly sha: string | null; readonly reason: Untrusted}
  | {readonly kind: 'skip'; readonly sha: string | null}
  /** `word` as it was typed, at most 64 characters. */
  | {readonly kind: 'unknown'; readonly word: Untrusted}

const maxLine = 1000
const maxGoal = 500
const maxReason = 300
const maxChanges = 10
const nothing: RunCommand = {kind: 'run', goal: null, sha: null, pipeline: null, again: false}

/** null when the comment is no command: the word must start the first line. */
export function parseCommand(body: Untrusted): Command | null {
  const line = /^[^\r\n]*/.exec(body)?.[0] ?? ''
  if (!/^\/refactor-plan(?:\s|$)/.test(line)) return null
  if (line.length > maxLine) return unknown(line)
  // telephones turn straight quotes into curly ones
  const words = line.slice('/refactor-plan'.length).match(/"[^"]*"|“[^”]*”|\S+/g) ?? []
  const answer = answerOf(words)
  if (answer !== null) return answer
  let command = nothing
  for (const [index, word] of words.entries()) {
    if (index === 0 && word === 'run') continue
    const next = withWord(command, word)
    if (next === null) return unknown(word)
    command = next
  }
  return command
}

/** null: it asks for a run, or for nothing that is known. */
function answerOf([first = '', ...rest]: readonly string[]): Command | null {
  const alone = plainWords.find((word) => word === first)
  if (alone !== undefined) return rest[0] === undefined ? {kind: alone} : unknown(rest[0])
  if (first === 'explain') {
    const [id = '', more] = rest
    return more === undefined && isId(id) ? {kind: 'explain', id} : unknown(more ?? (id || first))
  }
  if (first === 'apply') {
    const wrong = rest.find((id, at) => !isId(id) || at >= maxChanges)
    return wrong === undefined && rest.length > 0 ? {kind: 'apply', ids: rest} : unknown(wrong ?? first)
  }
  const [next = '', ...others] = rest
  const sha = /^[0-9a-f]{7,64}$/i.test(next) ? next.toLowerCase() : null
  const words = sha === null ? rest : others
  if (first === 'skip') return words[0] === undefined ? {kind: 'skip', sha} : unknown(words[0])
  if (first !== 'override') return null
  const reason = words.join(' ').replaceAll(/["“”]/g, '').trim()
  return reason === '' ? unknown(first) : {kind: 'override', sha, reason: reason.slice(0, maxReason)}
}

/** Of a finding or a change. */
const isId = (id: string): boolean => /^[A-Za-z][\w.-]{0,63}$/.test(id)

const unknown = (word: string): Command => ({kind: 'unknown', word: word.slice(0, 64)})

/** null: no such word, or it was said already. */
function withWord(command: RunCommand, word: string): RunCommand | null {
  const goal = /^(?:"([^"]+)"|“([^”]+)”)$/.exec(word)
  if (goal !== null) {
    const text = (goal[1] ?? goal[2] ?? '').trim()
    return command.goal === null && text !== '' && text.length <= maxGoal ? {...command, goal: text} : null
  }
  if (/^[0-9a-f]{7,64}$/i.test(word)) return command.sha === null ? {...command, sha: word.toLowerCase()} : null
  if (word === 'rerun') return command.again ? null : {...command, again: true}
  // every part starts with a letter or digit, so there is no `..`, no absolute path and no hidden file
  const pipeline = /^--pipeline=([a-z0-9][\w.-]{0,63}(?:\/[a-z0-9][\w.-]{0,63}){0,7})$/i.exec(word)?.[1]
  if (pipeline !== undefined) return command.pipeline === null ? {...command, pipeline} : null
  return null
}
