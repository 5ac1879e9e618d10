/** What the fake models say to the steps of the genesis pipeline and to the judge. */
import * as z from 'zod'
import type {Answer, Asked, Script} from '../fixtures/models.ts'

export type Role = 'analysis' | 'cross_check' | 'changes' | 'judge'

/** Every step asks for JSON of its own; both vendors' forms of a schema keep the names. */
export function roleOf({schema, provider}: Asked): Role {
  const names = JSON.stringify(schema)
  if (names.includes('"distrusted"')) return 'analysis'
  if (names.includes('"overlooked"')) return 'cross_check'
  return provider === 'gemini' ? 'judge' : 'changes'
}

export interface Claim {
  readonly file: string
  readonly line: number
  readonly evidence: string
  readonly category: string
  readonly severity: string
  readonly title: string
  readonly description: string
}

export const spawnClaim: Claim = {
  file: 'lib/cart.ex',
  line: 5,
  evidence: 'spawn(fn -> Shop.Mail.confirm(order) end)',
  category: 'unsupervised-spawn',
  severity: 'high',
  title: 'The confirmation is sent from a process that nobody supervises',
  description: 'The mail is sent from a process without a supervisor, and nobody notices when it dies.',
}

export const sumClaim: Claim = {
  file: 'lib/cart.ex',
  line: 9,
  evidence: 'Enum.sum(order.prices)',
  category: 'wrong-result',
  severity: 'critical',
  title: 'The total is wrong',
  description: 'The sum forgets what was ordered twice and the tax on it.',
}

const findingsOf = (claims: readonly Claim[]): readonly object[] =>
  claims.map(({file, line, evidence, category, severity, title, description}, at) => ({
    id: `F${at + 1}`,
    locations: [{file, start_line: line, end_line: line, evidence}],
    title,
    description,
    category,
    severity,
  }))

export const analysisOf = (claims: readonly Claim[]): object => ({
  commands: ['mix test'],
  findings: findingsOf(claims).map((finding) => ({...finding, from_scan: []})),
  distrusted: [],
  summary: 'Small, and wrong in places.',
})

const crossCheckOf = (claims: readonly Claim[]): object => ({
  verdicts: claims.map(({file, line, evidence}, at) => ({
    id: `F${at + 1}`,
    file,
    line,
    quote: evidence,
    reason: 'It stands there.',
    verdict: 'keep',
    correction: '',
  })),
  overlooked: [],
})

export const planOf = (claims: readonly Claim[], more: Readonly<Record<string, string>> = {}): object => ({
  summary: 'Give every process an owner.',
  findings: findingsOf(claims),
  changes: claims.map(({file, title}, at) => ({
    id: `C${at + 1}`,
    title: `Repair: ${title}`,
    resolves: [`F${at + 1}`],
    depends_on: [],
    phase: 1,
    files: [file],
    creates: [`test/change_${at + 1}_test.exs`],
    instructions: `Write test/change_${at + 1}_test.exs first; it fails because of this. Then change ${file}.`,
    risk: 'low',
    effort: 'S',
    verification: [`mix test test/change_${at + 1}_test.exs`],
    ...more,
  })),
})

const Questions = z.object({
  nonce: z.string(),
  items: z.array(z.record(z.string(), z.string())),
})

/** Yes to everything, with a quote that stands where it must. */
export function judgeOf(prompt: string): object {
  const [, text = '{}'] = /<untrusted-data [^>\n]*>\n([^]*?)\n<\/untrusted-data/.exec(prompt) ?? []
  const {nonce, items} = Questions.parse(JSON.parse(text))
  return {
    nonce,
    items: items.map(({id, second, code, plan}) => ({
      id,
      quote: (second ?? code ?? plan ?? '').trim().split('\n').at(-1)?.trim().slice(0, 60) ?? '',
      verdict: 'yes',
    })),
  }
}

/** A whole run that goes well; `instead` may answer any call itself. */
export const genesis =
  (claims: readonly Claim[], instead: (asked: Asked, role: Role) => Answer | null = () => null): Script =>
  (asked) => {
    const role = roleOf(asked)
    const own = instead(asked, role)
    if (own !== null) return own
    if (role === 'analysis') return {json: analysisOf(claims), thought: 'What is wrong here?'}
    if (role === 'cross_check') return {json: crossCheckOf(claims)}
    return {json: role === 'changes' ? planOf(claims) : judgeOf(asked.prompt)}
  }
