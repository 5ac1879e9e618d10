/**
 * `*`, `**` and `?` as in CODEOWNERS and in a workflow's `branches`. Patterns are of the code under review, so none becomes a
 * regular expression: the work is the length of the pattern times that of the text.
 */
type Token = {readonly kind: 'one' | 'run' | 'any' | 'folders'} | {readonly kind: 'letter'; readonly letter: string}

const longest = 256
/** People write two or three; the rest is work for nothing. */
const mostStars = 12

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at, at + 3)
    if (rest === '**/') tokens.push({kind: 'folders'})
    else if (rest.startsWith('**')) tokens.push({kind: 'any'})
    else if (rest.startsWith('*')) tokens.push({kind: 'run'})
    else if (rest.startsWith('?')) tokens.push({kind: 'one'})
    else tokens.push({kind: 'letter', letter: rest[0] ?? ''})
    at += rest === '**/' ? 3 : rest.startsWith('**') ? 2 : 1
  }
  return tokens
}

/** Where in `text` one may stand after the token, from where one may stand before it. */
function after(token: Token, before: readonly boolean[], text: string): readonly boolean[] {
  const next: boolean[] = []
  let seen = false
  for (let at = 0; at <= text.length; at++) {
    const here = before[at] ?? false
    const one = at > 0 && (before[at - 1] ?? false)
    const letter = text[at - 1] ?? ''
    const grown = at > 0 && (next[at - 1] ?? false)
    if (token.kind === 'letter') next.push(one && letter === token.letter)
    else if (token.kind === 'one') next.push(one && letter !== '/')
    else if (token.kind === 'run') next.push(here || (grown && letter !== '/'))
    else if (token.kind === 'any') next.push(here || grown)
    else next.push(here || (seen && letter === '/'))
    seen ||= here
  }
  return next
}

const isUnderstood = (pattern: string): boolean =>
  pattern.length <= longest && pattern.split('*').length - 1 <= mostStars

/** Whether the whole of `text` is what `pattern` says: `*` and `?` stop at a slash, `**` does not. */
export function matches(pattern: string, text: string): boolean {
  if (!isUnderstood(pattern) || text.length > longest) return false
  const literal = pattern.split(/[*?]/, 1)[0] ?? ''
  if (!text.startsWith(literal)) return false
  let reached: readonly boolean[] = [true, ...Array.from({length: text.length}, () => false)]
  for (const token of tokensOf(pattern)) {
    reached = after(token, reached, text)
    if (!reached.includes(true)) return false
  }
  return reached[text.length] ?? false
}

/**
 * Whether a workflow's list of branches lets `branch` through: the last pattern that matches decides, `!` takes back. null
 * where a pattern is not understood here (`[a-z]`, `+`, `?`, escapes, a dozen stars).
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
 */
export function letsThrough(patterns: readonly string[], branch: string): boolean | null {
  if (patterns.some((pattern) => /[?+[\]\\]/.test(pattern) || !isUnderstood(pattern))) return null
  return patterns.reduce<boolean>((through, pattern) => {
    const isNegative = pattern.startsWith('!')
    return matches(isNegative ? pattern.slice(1) : pattern, branch) ? !isNegative : through
  }, false)
}
