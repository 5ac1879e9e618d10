/** All rows of the benchmark (scoring research §4.1), for the tests that hold the scorer to them and for `npm run bench:score`. */
import type {Plan} from '../../src/plan/plan.ts'
import type {Finding} from '../../src/scan/finding.ts'
import type {GoldStandard} from '../../src/score/gold.ts'
import {parseReply} from '../../src/score/reply.ts'
import {goldAsPlan} from '../../src/score/score.ts'
import {driftRows} from './drift.ts'
import {cases, mapFindings, planOf, randomOf, shuffled, withMore, type Case} from './golds.ts'
import {gradedRows} from './graded.ts'
import {median, type Measured, type Row} from './measure.ts'
import {perturbationRows} from './measures.ts'
import {novel, padded, scoreOf, shifted, withFabricatedEvidence, withInventedPath} from './perturbation.ts'
import {ids, nonce, replies} from './replies.ts'
import {compositeOf, reviewerRows, reviewsOf, wordingsOf} from './reviewers.ts'

/** A row that does not ask about a gold standard. */
export interface Whole extends Omit<Row, 'measure'> {
  /** null: it cannot be measured here. */
  readonly measure: () => Measured | null
}

function failsClosed(): Measured {
  const mustNot = [...replies.no, ...replies.nothing]
  const open = mustNot.filter(([, text]) => {
    const reply = parseReply(text, nonce, ids)
    return reply.status === 'valid' && reply.items.some(({verdict}) => verdict === 'yes')
  })
  return {shown: `${open.length} of ${mustNot.length}`, ok: open.length === 0}
}

const within = (name: string, findings: readonly Finding[]): readonly Finding[] =>
  findings.map((finding) => ({
    ...finding,
    id: `${name}-${finding.id}`,
    locations: finding.locations.map((location) => ({...location, file: `${name}/${location.file}`})),
  }))

/** All code bases as one, with the first so many findings and traps, and whatever reviewers and readers say of them. */
function joined(wanted: number, said: number): {readonly given: Case; readonly plan: Plan} {
  const paths = cases.flatMap(({gold, code}) => code.paths.map((path) => `${gold.name}/${path}`))
  const lines = new Map(
    cases.flatMap(({gold, code}) =>
      code.paths.map((path): [string, readonly string[] | null] => [`${gold.name}/${path}`, code.lines(path)]),
    ),
  )
  const findings = cases.flatMap(({gold}) =>
    gold.findings.map((each) => ({...each, ...within(gold.name, [each])[0], related_files: []})),
  )
  const gold: GoldStandard = {
    schema: 1,
    name: 'joined',
    goal: '',
    source: {path: '.'},
    split: 'train',
    findings: shuffled(findings, randomOf(5)).slice(0, wanted),
    changes: [],
  }
  const all = cases.flatMap((each) =>
    within(each.gold.name, [...wordingsOf(each).map(({finding}) => finding), ...novel(each, 60)]),
  )
  const code = {paths, lines: (path: string) => lines.get(path) ?? null}
  return {
    given: {gold, code, plan: goldAsPlan(gold)},
    plan: planOf(shuffled(all, randomOf(6)).slice(0, said)),
  }
}

const runs = 9

/** Milliseconds for one score of a plan and a gold standard that nobody has read before; the first run warms up and does not count. */
function timeOf(wanted: number, said: number): number {
  const {given, plan} = joined(wanted, said)
  const times = Array.from({length: runs + 1}, () => {
    const [fresh, gold] = [structuredClone(plan), structuredClone(given.gold)]
    const start = performance.now()
    scoreOf(fresh, {gold, code: given.code})
    return performance.now() - start
  })
  return median(times.slice(1))
}

function speed(): Measured {
  const [small, large] = [timeOf(10, 10), timeOf(50, 300)]
  return {shown: `${small.toFixed(1)} ms, ${large.toFixed(0)} ms`, ok: small < 10 && large < 200}
}

export const rows: readonly Row[] = [...perturbationRows, ...reviewerRows, ...driftRows, ...gradedRows]
export const wholes: readonly Whole[] = [
  {
    id: 'M26',
    what: 'replicates of a judge: flips, agreement',
    target: 'flips ≤ 8 %',
    // needs a live judge
    measure: () => null,
  },
  {id: 'M27', what: 'replies of a judge that do not say yes, read as a yes', target: '0', measure: failsClosed},
  {
    id: 'M28',
    what: `one score, 10 findings × 10 gold findings, 300 × 50 (median of ${runs})`,
    target: '< 10 ms, < 200 ms',
    measure: speed,
  },
]

/** A plan that one can also hold against the gold standard by comparing texts. */
export interface PeerCase {
  readonly what: string
  /** Whether a person would let it pass at 8. */
  readonly good: boolean
  readonly plan: Plan
  readonly given: Case
}

/** The cases at the end of §4.1: what a comparison of lists or documents makes of them, and what this scorer does. */
export function peerCasesOf(given: Case): readonly PeerCase[] {
  const {plan} = given
  const half = Math.floor(plan.findings.length / 2)
  const kept = new Set(plan.findings.slice(half).map(({id}) => id))
  const beside = wordingsOf(given).filter(({label}) => label === null)
  const row = (what: string, good: boolean, made: Plan, where = given): PeerCase => ({
    what,
    good,
    plan: made,
    given: where,
  })
  return [
    row('all files invented', false, mapFindings(plan, withInventedPath)),
    row(
      'lines off by 400, all quotes invented',
      false,
      mapFindings(plan, (each, at) => shifted(withFabricatedEvidence(each, at), 400)),
      {...given, code: padded(given.code, 600)},
    ),
    row("the same defects in other authors' words", true, compositeOf(given)),
    row('in reverse order', true, {...plan, findings: plan.findings.toReversed()}),
    row(
      'every description three times',
      true,
      mapFindings(plan, (each) => ({...each, description: `${each.description} `.repeat(3)})),
    ),
    row('13 true findings more', true, withMore(plan, novel(given, 13))),
    row('half of it dropped', false, {
      ...plan,
      findings: plan.findings.filter(({id}) => kept.has(id)),
      changes: plan.changes.map((change) => ({...change, resolves: change.resolves.filter((id) => kept.has(id))})),
    }),
    row('the right code, beside the point', false, planOf(beside.map(({finding}) => finding))),
  ]
}

export const reviewed = cases.filter((given) => reviewsOf(given).length > 0)
export {cases, scoreOf}
