/** Telling a command that a shell can run from a sentence about testing. */

const programs: ReadonlySet<string> = new Set(
  `mix elixir iex rebar3 npm npx pnpm yarn bun deno node vitest jest tsc eslint python python3 pytest tox nox ruff mypy
  go gofmt cargo rustc make just bundle rake ruby rspec mvn gradle dotnet swift php composer phpunit cmake ctest bazel
  git grep rg test diff sh bash docker curl jq`.split(/\s+/),
)

/** Programs whose names are words too: one word of prose after them is one too many. */
const ambiguous: ReadonlySet<string> = new Set(['go', 'make', 'just', 'test', 'diff', 'node', 'mix', 'bundle'])

/** Words that a sentence has and an argument list has not. */
const proseWords =
  /^(the|that|this|all|is|are|be|of|with|and|or|to|for|in|when|if|should|must|does|not|sure|manually|passes|through)$/i

/**
 * Whether `text` is one command line: a known program or a path to one, after environment settings and `cd folder &&`,
 * and not prose ("make sure that all tests pass" starts with a program's name too).
 */
export function isCommand(text: string): boolean {
  const line = text.trim()
  if (line === '' || /[\r\n]/.test(line) || line.length > 500) return false
  const bare = line
    .replace(/'[^']*'|"[^"]*"/g, '_')
    .replace(/^cd\s+\S+\s*(&&|;)\s*/, '')
    .replace(/^(\w+=\S*\s+)+/, '')
  const [program, ...rest] = bare.split(/\s+/)
  if (program === undefined) return false
  if (!programs.has(program) && !/^\.{0,2}\/?([\w.-]+\/)+[\w.-]+$/.test(program)) return false
  const prose = rest.filter((word) => proseWords.test(word)).length
  const endsAsSentence = rest.length > 2 && /^[A-Za-z]+[.!?]$/.test(rest.at(-1) ?? '')
  return prose < (ambiguous.has(program) ? 1 : 2) && !endsAsSentence
}

/** One argument as a POSIX shell reads it back unchanged; a leading `-` cannot become an option. */
export const quoteArgument = (text: string): string => {
  const safe = text.startsWith('-') ? `./${text}` : text
  return /^[\w./@+:,=-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`
}
