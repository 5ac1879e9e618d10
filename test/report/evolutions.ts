/** What searches told, small and as large as they come. */
import type {Evolution} from '../../src/report/evolution.ts'

type Story = Evolution['log'][number]
export type Tried = Extract<Story, {kind: 'tried'}>

/** From here on replicates are the comparison's. */
export const fresh = 1_000_000

export const tried = (candidate: string, score: number | null, more: Partial<Tried> = {}): Tried => ({
  kind: 'tried',
  candidate,
  parents: [],
  case: 'otp-shop',
  replicate: 0,
  score,
  credits: {},
  spent: {calls: 1, tokens: 100, usd: 0.01},
  ...more,
})

export const gate = (more: Partial<Extract<Story, {kind: 'gate'}>> = {}): Story => ({
  kind: 'gate',
  pairs: 6,
  baseline: 6.2,
  evolved: 7.1,
  p_value: 0.016,
  verdict: 'better by 0.90 points (p = 0.016)',
  ...more,
})

/** Nothing was tried. */
export const empty: Evolution = {
  pipeline: 'genesis',
  optimizer: 'forge',
  promoted: false,
  baseline: null,
  best: null,
  p_value: null,
  spent: {calls: 0, tokens: 0, usd: 0},
  limits: {calls: 200, tokens: null, usd: 2},
  seed: 7,
  about: '5d1e0c77a2b94f03',
  log: [],
  before: {'scan/prompt': 'Read the code.\nName what is wrong.'},
  after: null,
}

const proposed = (rule: string, step: string, text: string, cause: string): Story => ({
  kind: 'proposed',
  rule,
  step,
  text,
  cause,
})
const judged = (
  rule: string,
  verdict: 'kept' | 'dropped',
  effect: number | null,
  interval: readonly [number, number] | null,
): Story => ({kind: 'judged', rule, verdict, effect, interval})

export const findings = ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8'] as const
const cases = ['otp-shop', 'python-invoices', 'ts-queue'] as const

/** 0…1, and the same whenever it is asked. */
const chanceAt = (at: number): number => {
  const value = Math.sin(at * 12.9898 + 4.1) * 43758.5453
  return value - Math.floor(value)
}

/** A candidate's runs on all cases, each better than the level before. */
function wave(
  at: number,
  candidate: string,
  level: number,
  calls: number,
  more: Partial<Tried> = {},
): readonly Tried[] {
  return cases.map((name, lane) => {
    const credits = Object.fromEntries(
      findings.map((id, finding) => {
        const luck = chanceAt(at * 31 + lane * 7 + finding)
        return [id, luck < level / 10 + (finding < 3 ? 0.2 : -0.1) ? (luck < 0.1 ? 0.5 : 1) : 0]
      }),
    )
    const score = Math.min(10, Math.max(0, level + 1.6 * (chanceAt(at * 17 + lane * 3) - 0.5)))
    return tried(candidate, score, {
      case: name,
      credits,
      spent: {calls, tokens: calls * 4200, usd: calls * 0.011},
      ...more,
    })
  })
}

const names = ['3f9a1c20', 'b7d2e481', '0c55fa9e', '91e07b3d', 'd4a8c6f2', '5e21b790', 'a6f3d815', '72c9e04b'] as const
export const rule = 'Name the process that waits and the process that is waited for, and quote the line where it waits.'

/** As a search with three gold standards and 200 calls goes. */
export const grown: Evolution = {
  ...empty,
  promoted: true,
  baseline: 6.04,
  best: 7.31,
  p_value: 0.0039,
  spent: {calls: 196, tokens: 823_400, usd: 2.156},
  limits: {calls: 200, tokens: null, usd: 5},
  log: [
    ...wave(0, 'seed', 5.8, 12),
    ...wave(1, 'seed', 6.1, 24, {replicate: 1}),
    proposed('R1', 'scan', rule, 'A call to itself inside of a callback was missed (lib/shop/cart.ex).'),
    proposed(
      'R2',
      'scan',
      'Look at every `rescue` and say what it swallows.',
      'A rescue that hides all errors was missed.',
    ),
    proposed('R3', 'plan', 'Give each change one file.', 'A change that touches five files was not credited.'),
    ...wave(2, names[0], 6.3, 38, {parents: ['seed']}),
    judged('R3', 'dropped', -0.06, [-0.21, 0.09]),
    {kind: 'refused', step: 'scan', text: 'Look at lib/shop/cart.ex.', why: 'it copies a name of the gold standard'},
    {kind: 'refused', step: 'scan', text: 'Look at lib/shop/router.ex.', why: 'it copies a name of the gold standard'},
    ...wave(3, names[1], 6.6, 52, {parents: [names[0]]}),
    ...wave(4, names[2], 6.2, 64, {parents: [names[0]]}),
    judged('R2', 'kept', 0.19, [0.02, 0.36]),
    proposed('R4', 'plan', 'Say how each change is verified by a command that exists.', 'Changes without a check.'),
    ...wave(5, names[3], 7.1, 78, {parents: [names[1]]}),
    ...wave(6, names[4], 6.9, 92, {parents: [names[1], names[2]]}),
    judged('R1', 'kept', 0.34, [0.17, 0.51]),
    {kind: 'note', code: 'side-effect', message: 'R4 brings false claims and is set aside.'},
    judged('R4', 'kept', null, null),
    ...wave(7, names[5], 7.3, 106, {parents: [names[3]]}),
    ...wave(8, names[5], 7.2, 120, {parents: [names[3]], replicate: 1}),
    ...wave(9, names[6], 6.4, 132, {parents: [names[4]]}),
    ...[0, 1, 2].flatMap((at) => [
      ...wave(20 + at, 'seed', 6, 196, {parents: ['seed'], replicate: fresh + at}),
      ...wave(30 + at, names[5], 7.4, 196, {parents: ['seed'], replicate: fresh + at}),
    ]),
    gate({pairs: 9, baseline: 6.04, evolved: 7.31, p_value: 0.0039, verdict: 'better by 1.41 points (p = 0.004)'}),
    {kind: 'note', code: 'promoted', message: 'Promoted: better by 1.41 points (p = 0.004), on these gold standards.'},
  ],
  before: {
    'scan/prompt': 'Read the code below.\n\nName what is wrong, with file and line.\nBe brief.\n',
    'plan/prompt': 'Write a plan.\n',
  },
  after: {
    'scan/prompt': `Read the code below.\n\nName what is wrong, with file and line.\nBe brief.\n\nLearned rules:\n- ${rule}\n- Look at every \`rescue\` and say what it swallows.\n`,
  },
}
