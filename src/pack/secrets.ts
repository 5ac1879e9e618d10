/**
 * Secrets are taken out of a file's text, not the file out of the pack: dropping whole files costs real code for every
 * documentation example that looks like a password. Every expression is linear: no nested or adjacent open repetitions.
 */
interface Rule {
  readonly kind: string
  /** Group 1, where there is one, is the secret; else all of the match is. */
  readonly pattern: RegExp
}

const rules: readonly Rule[] = [
  {kind: 'aws-access-key', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/dg},
  {
    kind: 'aws-secret-key',
    pattern: /aws_?secret_?access_?key["']?\s{0,8}(?:=>|[=:])\s{0,8}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])/dgi,
  },
  {kind: 'github-token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/dg},
  {kind: 'gitlab-token', pattern: /\bglpat-[A-Za-z0-9_-]{20,255}/dg},
  {kind: 'anthropic-key', pattern: /\bsk-ant-[A-Za-z0-9_-]{20,255}/dg},
  {kind: 'openai-key', pattern: /\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,255}|\bsk-[A-Za-z0-9]{48}\b/dg},
  {kind: 'google-key', pattern: /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/dg},
  {
    kind: 'slack-token',
    pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}|hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,100}/dg,
  },
  {kind: 'npm-token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/dg},
  {kind: 'stripe-key', pattern: /\b[sr]k_live_[A-Za-z0-9]{16,255}/dg},
  {
    kind: 'secret-key-base',
    pattern: /secret_key_base["']?\s{0,8}(?:=>|[=:,])\s{0,8}["']?([A-Za-z0-9+/=_-]{32,512})/dgi,
  },
]

/** What each rule cannot match without; most files hold none of it and are done after one cheap pass. */
const candidate =
  /A(?:KIA|SIA|BIA|CCA|Iza)|secret_?access_?key|gh[pousr]_|github_pat_|glpat-|sk-|xox[abeoprs]-|hooks\.slack\.com|npm_|[sr]k_live_|secret_key_base|PRIVATE KEY-----/i

export const secretRemoved = '[secret removed]'

interface Span {
  readonly start: number
  readonly end: number
  readonly kind: string
}

const keyStart = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----/g
/** Characters of an RSA key of 8,192 bits with its lines, rounded up. */
const longestKey = 8000
const keyEnd = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----/g

/** From the first line to the last of every private key; one that is never closed ends where its base64 does. */
function privateKeys(text: string): readonly Span[] {
  const spans: Span[] = []
  const ends = [...text.matchAll(keyEnd)].map(({index, 0: all}) => ({start: index, end: index + all.length}))
  let next = 0
  for (const {index: start, 0: all} of text.matchAll(keyStart)) {
    const from = start + all.length
    if (start < (spans.at(-1)?.end ?? 0)) continue
    const body = /^[A-Za-z0-9+/=\\\s",:-]*/.exec(text.slice(from, start + longestKey))?.[0].length ?? 0
    if (body <= 32) continue
    while ((ends[next]?.start ?? Number.POSITIVE_INFINITY) < from) next++
    const close = ends[next]
    const closed = close !== undefined && close.start - start < longestKey
    spans.push({start, end: closed ? close.end : from + body, kind: 'private-key'})
  }
  return spans
}

/**
 * The text with each secret replaced by `[secret removed]`, as many line breaks as before, and where they were (1-based).
 * Linear in the length of the text.
 */
export function maskSecrets(text: string): {
  readonly text: string
  readonly masked: readonly {readonly line: number; readonly kind: string}[]
} {
  if (!candidate.test(text)) return {text, masked: []}
  const spans = [
    ...privateKeys(text),
    ...rules.flatMap(({kind, pattern}) =>
      [...text.matchAll(pattern)].flatMap(({indices}) => {
        const [start, end] = indices?.[1] ?? indices?.[0] ?? [0, 0]
        return start < end ? [{start, end, kind}] : []
      }),
    ),
  ].toSorted((a, b) => a.start - b.start || b.end - a.end)
  const parts: string[] = []
  const masked: {line: number; kind: string}[] = []
  let at = 0
  let line = 1
  for (const {start, end, kind} of spans) {
    if (start < at) continue
    const before = text.slice(at, start)
    line += breaksIn(before)
    masked.push({line, kind})
    const breaks = breaksIn(text.slice(start, end))
    parts.push(before, secretRemoved, '\n'.repeat(breaks))
    line += breaks
    at = end
  }
  return {text: parts.join('') + text.slice(at), masked}
}

function breaksIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
