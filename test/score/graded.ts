/**
 * M25: plans of which it is known what they are worth, because it is known how they were made (scoring research §4.3): a choice of
 * the gold standard's findings in the words of real reviewers, and noise. What a plan is worth is decided by what was put in, never
 * by asking the scorer.
 */
import type {Change, Plan} from '../../src/plan/plan.ts'
import type {Finding, Severity} from '../../src/scan/finding.ts'
import type {GoldFinding} from '../../src/score/gold.ts'
import {remembered} from '../../src/score/remembered.ts'
import {changeFor, planOf, randomOf, shuffled, type Case} from './golds.ts'
import {auc, two, type Row} from './measure.ts'
import {asFinding, invented, scoreOf, shifted, withoutEvidence} from './perturbation.ts'
import {authors, reviewsOf, wordingsOf, type Author, type Worded} from './reviewers.ts'

/** What a plan is made of. Shares are 0…1. */
export interface Truth {
  /** Of the severity weight of what the gold standard needs. */
  readonly coverage: number
  /** Of the critical findings. */
  readonly criticals: number
  readonly mustsMissed: number
  /** Of all traps of the gold standard. */
  readonly believed: number
  /** Findings that are traps, that are invented, that say again what is said, whose place is off: of the plan's. */
  readonly traps: number
  readonly invented: number
  readonly repeated: number
  readonly misplaced: number
  /** Findings that the gold standard does not know: of the plan's. They may be true. */
  readonly unknown: number
  /** Of the changes. */
  readonly verified: number
  /** Of the severity weight of the true findings. */
  readonly resolved: number
}

export type Label = 'pass' | 'fail' | 'grey'

/**
 * Whether a person who knows the gold standard would give 8 or more. Between the two rules lies what people disagree about:
 * such plans are not labelled, because a label there would be taste.
 */
export function labelOf(truth: Truth): Label {
  const isBad =
    truth.coverage < 0.7 ||
    truth.mustsMissed > 0 ||
    truth.criticals < 0.6 ||
    truth.believed > 1 / 3 ||
    truth.verified < 0.7 ||
    truth.resolved < 0.7 ||
    truth.invented > 0.3 ||
    truth.repeated > 0.4
  if (isBad) return 'fail'
  const isGood =
    truth.coverage >= 0.82 &&
    truth.resolved >= 0.82 &&
    truth.traps <= 0.2 &&
    truth.invented <= 0.1 &&
    truth.repeated <= 0.25 &&
    truth.misplaced <= 1 / 3 &&
    truth.unknown <= 0.4
  return isGood ? 'pass' : 'grey'
}

export interface Graded {
  readonly seed: number
  readonly plan: Plan
  readonly truth: Truth
  readonly label: Label
}

const severityWeights: Readonly<Record<Severity, number>> = {critical: 8, high: 4, medium: 2, low: 1}
const sumOf = (findings: readonly GoldFinding[]): number =>
  findings.reduce((sum, {severity}) => sum + severityWeights[severity], 0)

type Random = () => number
const chance = (share: number, random: Random): boolean => random() < share
const upTo = (count: number, random: Random): number => Math.floor(random() * (count + 1))
const oneOf = <T>(items: readonly T[], random: Random): T | undefined => items[Math.floor(random() * items.length)]

/** Of what is needed, so much of the weight; the criticals first in two of three plans. */
function chosenOf(needed: readonly GoldFinding[], random: Random): readonly GoldFinding[] {
  const target = (chance(0.5, random) ? 0.1 + 0.75 * random() : 0.8 + 0.2 * random()) * sumOf(needed)
  const mixed = shuffled(needed, random)
  const order = chance(2 / 3, random)
    ? [...mixed.filter((each) => each.must || each.severity === 'critical'), ...mixed]
    : mixed
  const chosen = new Set<GoldFinding>()
  for (const each of order) if (sumOf([...chosen]) < target - 0.5) chosen.add(each)
  return [...chosen]
}

/** How much noise of each kind a plan gets: half of the plans little, half a lot. */
interface Noise {
  readonly unknown: number
  readonly traps: number
  readonly repeated: number
  readonly invented: number
  /** Share of findings whose lines are off, with or without the quote. */
  readonly misplaced: number
  readonly unquoted: number
  readonly dropped: number
  readonly unverified: number
}

function noiseOf(random: Random): Noise {
  const most = chance(0.5, random) ? 1 : 3
  const some = (count: number): number => (chance(0.4, random) ? upTo(count * most, random) : 0)
  const share = (least: number): number => (chance(0.35, random) ? random() * least * most : 0)
  return {
    unknown: some(3),
    traps: some(2),
    repeated: some(2),
    invented: some(1.5),
    misplaced: share(0.3),
    unquoted: share(0.33),
    dropped: share(0.12),
    unverified: share(0.2),
  }
}

/** A plan has one author; what he did not find somebody else says for him. */
function wordedBy(
  lead: Author | undefined,
  id: string,
  wordings: readonly Worded[],
  random: Random,
): Worded | undefined {
  const found = wordings.filter(({label}) => label === id)
  return found.find(({author}) => author === lead) ?? oneOf(found, random)
}

interface Parts {
  readonly base: readonly Finding[]
  readonly repeated: readonly Finding[]
  readonly traps: readonly Finding[]
  readonly unknown: readonly Finding[]
  readonly invented: readonly Finding[]
}

/** A trap in the words of a reviewer who believed it, or in those of the gold standard, which says what somebody would claim. */
function trapsOf({gold}: Case, wordings: readonly Worded[], count: number, random: Random): readonly Finding[] {
  const traps = gold.findings.filter(({validity}) => validity === 'refuted')
  return shuffled(traps, random)
    .slice(0, count)
    .map((trap) => wordings.find(({label}) => label === trap.id)?.finding ?? asFinding(trap))
}

/** Somebody else's finding of the same defect, or the same finding once more. */
function repeatedOf(base: readonly Worded[], wordings: readonly Worded[], count: number, random: Random): Finding[] {
  return shuffled(base, random)
    .slice(0, count)
    .map(({finding, label}) => {
      const others = wordings.filter((each) => each.label === label && each.finding.id !== finding.id)
      return oneOf(others, random)?.finding ?? {...finding, id: `again-${finding.id}`}
    })
}

function gradedPlan(given: Case, seed: number): Graded {
  const random = randomOf(7919 * seed + 13)
  const wordings = wordingsOf(given)
  const needed = given.gold.findings.filter(({extra, validity}) => !extra && validity !== 'refuted')
  const extras = given.gold.findings.filter(({extra}) => extra).filter(() => chance(0.4, random))
  const chosen = chosenOf(needed, random)
  const noise = noiseOf(random)
  const lead = oneOf(authors, random)
  const base = [...chosen, ...extras].flatMap(({id}) => wordedBy(lead, id, wordings, random) ?? [])
  const unknown = shuffled(
    wordings.filter(({label}) => label === null),
    random,
  )
  const parts: Parts = {
    base: base.map(({finding}) => spoiled(finding, noise, random)),
    repeated: repeatedOf(base, wordings, noise.repeated, random),
    traps: trapsOf(given, wordings, noise.traps, random),
    unknown: unknown.slice(0, noise.unknown).map(({finding}) => finding),
    invented: invented(noise.invented),
  }
  const plan = planWith(parts, noise, random)
  const truth = truthOf(given, parts, base, plan)
  return {seed, plan, truth, label: labelOf(truth)}
}

/** Ten to forty lines off: then neither line nor, often, quote says where it is. */
function spoiled(finding: Finding, {misplaced, unquoted}: Noise, random: Random): Finding {
  const quoted = chance(unquoted, random) ? withoutEvidence(finding) : finding
  return chance(misplaced, random) ? shifted(quoted, 10 + upTo(30, random)) : quoted
}

function planWith(parts: Parts, {dropped, unverified}: Noise, random: Random): Plan {
  const findings = shuffled(Object.values<readonly Finding[]>({...parts}).flat(), random)
  const changes = findings
    .filter(() => !chance(dropped, random))
    .map(({id}): Change => {
      const change = changeFor(`change-of-${id}`, [id])
      return chance(unverified, random) ? {...change, verification: ['look at it again']} : change
    })
  return planOf(findings, {changes})
}

/** Nothing of it is measured: it is counted what went in. */
function truthOf({gold}: Case, parts: Parts, base: readonly Worded[], {findings, changes}: Plan): Truth {
  const needed = gold.findings.filter(({extra, validity}) => !extra && validity !== 'refuted')
  const found = new Set(base.map(({label}) => label))
  const criticals = needed.filter(({severity}) => severity === 'critical')
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  const weightOf = (own: readonly Worded[]): number =>
    sumOf(needed.filter(({id}) => own.some(({label}) => label === id)))
  const all = Math.max(1, findings.length)
  const isMoved = (finding: Finding, at: number): boolean =>
    finding.locations[0]?.start_line !== base[at]?.finding.locations[0]?.start_line
  return {
    coverage: weightOf(base) / sumOf(needed),
    criticals: criticals.length === 0 ? 1 : criticals.filter(({id}) => found.has(id)).length / criticals.length,
    mustsMissed: needed.filter(({id, must}) => must && !found.has(id)).length,
    believed: parts.traps.length / Math.max(1, gold.findings.filter(({validity}) => validity === 'refuted').length),
    traps: parts.traps.length / all,
    invented: parts.invented.length / all,
    repeated: parts.repeated.length / all,
    misplaced: parts.base.filter(isMoved).length / all,
    unknown: parts.unknown.length / all,
    verified:
      changes.length === 0
        ? 0
        : changes.filter(({verification}) => verification.includes('npm test')).length / changes.length,
    resolved: weightOf(base.filter(({finding}) => resolved.has(finding.id))) / Math.max(1, weightOf(base)),
  }
}

/** At least so many labelled plans for each gold standard. */
export const leastGraded = 80

/** The first so many labelled plans, and the unlabelled ones between them. */
export function gradedOf(given: Case): readonly Graded[] {
  if (reviewsOf(given).length === 0) return []
  const graded: Graded[] = []
  for (let seed = 1; graded.filter(({label}) => label !== 'grey').length < leastGraded; seed++)
    graded.push(gradedPlan(given, seed))
  return graded
}

export interface Scored extends Graded {
  readonly score: number
}

export const scoredOf = remembered((given: Case): readonly Scored[] =>
  gradedOf(given).map((each) => ({...each, score: scoreOf(each.plan, given)})),
)

export interface Agreement {
  readonly pass: number
  readonly fail: number
  readonly grey: number
  readonly area: number
  /** Share of those that should fail. */
  readonly falsePass: number
  /** Share of those that should pass. */
  readonly falseFail: number
}

const threshold = 8

export function agreementOf(scored: readonly Scored[]): Agreement {
  const by = (label: Label): readonly number[] => scored.filter((each) => each.label === label).map(({score}) => score)
  const [pass, fail] = [by('pass'), by('fail')]
  return {
    pass: pass.length,
    fail: fail.length,
    grey: by('grey').length,
    area: auc(pass, fail),
    falsePass: fail.filter((score) => score >= threshold).length / Math.max(1, fail.length),
    falseFail: pass.filter((score) => score < threshold).length / Math.max(1, pass.length),
  }
}

export const gradedRows: readonly Row[] = [
  {
    id: 'M25',
    what: 'plans of known worth, pass or fail by construction: AUC, false pass, false fail',
    target: 'AUC ≥ .97, false pass ≤ 1 %',
    measure: (given) => {
      if (reviewsOf(given).length === 0) return null
      const {pass, fail, area, falsePass, falseFail} = agreementOf(scoredOf(given))
      const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
      return {
        shown: `${two(area)}, ${percent(falsePass)}, ${percent(falseFail)} (${pass} pass, ${fail} fail)`,
        ok: area >= 0.97 && falsePass <= 0.01,
      }
    },
  },
]
