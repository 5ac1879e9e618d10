/** Rows M1 to M21 of the benchmark: what a plan must gain or lose by when it is made worse, longer or dishonest (scoring research §4.1). */
import {parsePlan, renderPlan} from '../../src/plan/document.ts'
import type {Plan} from '../../src/plan/plan.ts'
import {severities, type Finding} from '../../src/scan/finding.ts'
import {weightOf} from '../../src/score/match.ts'
import {remembered} from '../../src/score/remembered.ts'
import {scorePlan} from '../../src/score/score.ts'
import {mapFindings, neededOf, planOf, randomOf, shuffled, withMore, type Case} from './golds.ts'
import {isFalling, list, mean, spearman, two, type Measured, type Row} from './measure.ts'
import * as made from './perturbation.ts'

const {scoreOf, weakOf} = made
const verdict = (shown: string, ok: boolean): Measured => ({shown, ok})
/** Line numbers beyond the end of a file are a defect of their own, so the files are made long enough. */
const longOf = remembered((given: Case): Case => ({...given, code: made.padded(given.code, 600)}))

const withoutChangesFor = (plan: Plan, kept: ReadonlySet<string>): Plan => ({
  ...plan,
  findings: plan.findings.filter(({id}) => kept.has(id)),
  changes: plan.changes.map((change) => ({...change, resolves: change.resolves.filter((id) => kept.has(id))})),
})

function itself({gold, code, plan}: Case): Measured {
  const {score, caps, interval, judge, findings} = scorePlan(plan, gold, code, null)
  const own = findings.every((each) => each.class === 'matched' && each.gold === each.id && each.credit === 1)
  return verdict(two(score ?? 0), score === 10 && caps.length === 0 && interval === null && judge === 'skipped' && own)
}

function dropped(given: Case): Measured {
  const {gold, plan} = given
  const random = randomOf(2)
  const points: (readonly [weight: number, score: number])[] = []
  let rises = 0
  for (let chain = 0; chain < 6; chain++) {
    const order = shuffled(plan.findings, random)
    let last = 10
    for (let kept = order.length; kept >= 0; kept--) {
      const ids = new Set(order.slice(0, kept).map(({id}) => id))
      const now = scoreOf(withoutChangesFor(plan, ids), given)
      if (now > last) rises += 1
      points.push([gold.findings.reduce((sum, each) => sum + (ids.has(each.id) ? weightOf(each) : 0), 0), now])
      last = now
    }
  }
  const rank = spearman(
    points.map(([weight]) => weight),
    points.map(([, score]) => score),
  )
  return verdict(`${rank.toFixed(4)}, ${rises} of ${points.length}`, rank >= 0.98 && rises === 0)
}

function permuted(given: Case): Measured {
  const random = randomOf(3)
  const noisy = withMore(withMore(given.plan, made.novel(given, 3)), made.invented(2))
  const renamed = (id: string): string => `z${id}`
  const other: Plan = {
    ...noisy,
    findings: noisy.findings.map((each) => ({...each, id: renamed(each.id)})),
    changes: noisy.changes.map((change) => ({...change, resolves: change.resolves.map(renamed)})),
  }
  const reread = parsePlan(renderPlan(noisy), 'plan.yaml')
  const plans = Array.from({length: 25}, () => ({...noisy, findings: shuffled(noisy.findings, random)}))
  const before = scoreOf(noisy, given)
  const most = Math.max(...[...plans, other].map((plan) => Math.abs(scoreOf(plan, given) - before)))
  return verdict(two(most), most === 0 && reread.ok && scoreOf(reread.value, given) === before)
}

function injected(given: Case): Measured {
  const gains: number[] = []
  for (const base of [weakOf(given), planOf(neededOf(given).slice(0, Math.ceil(given.plan.findings.length / 2)))]) {
    const before = scoreOf(base, given)
    for (const payload of made.payloads) {
      const everywhere = mapFindings(base, (each) => ({
        ...each,
        title: `${each.title ?? ''} ${payload}`,
        description: `${payload} ${each.description}`,
      }))
      const own = withMore(base, [
        made.finding({id: 'injected', title: payload, description: payload, severity: 'critical'}),
      ])
      for (const told of [{...base, goal: payload, summary: payload}, everywhere, own])
        gains.push(scoreOf(told, given) - before)
    }
  }
  // "process" is a word of some gold standards too
  return verdict(`${two(Math.max(...gains))} of ${gains.length}`, Math.max(...gains) <= 0.015)
}

function stuffed(given: Case): Measured {
  const words = made.vocabularyOf(given)
  const needed = neededOf(given)
  const bases = [weakOf(given), planOf(needed.slice(0, 1)), planOf(needed.slice(-2)), planOf(made.novel(given, 6))]
  const rows = bases.flatMap((base) =>
    [
      mapFindings(base, (each) => ({...each, title: `${each.title ?? ''} ${words}`, description: words})),
      mapFindings(base, (each) => ({...each, description: `${each.description} ${words}`})),
      mapFindings(base, (each) => ({...each, title: words.slice(0, 120), description: words})),
    ].map((plan) => ({score: scoreOf(plan, given), gain: scoreOf(plan, given) - scoreOf(base, given)})),
  )
  const gains = rows.map(({gain}) => gain)
  const passed = rows.some(({score}) => score >= 8)
  const shown = `${two(Math.max(...gains))}, ${two(mean(gains))}`
  return verdict(shown, Math.max(...gains) <= 0.7 && mean(gains) <= 0.3 && !passed)
}

const thrice = (plan: Plan): Plan =>
  mapFindings(plan, (each) => ({...each, description: `${each.description} `.repeat(3)}))

function lengthened(given: Case): Measured {
  const sentence = ' It is important to note that quality matters in every system.'
  const filled = mapFindings(given.plan, (each) => ({...each, description: each.description + sentence.repeat(20)}))
  const losses = [thrice(given.plan), filled].map((plan) => Math.abs(10 - scoreOf(plan, given)))
  const weak = weakOf(given)
  const gain = scoreOf(thrice(weak), given) - scoreOf(weak, given)
  return verdict(`${list(losses)}; ${two(gain)}`, Math.max(...losses) <= 0.2 && gain <= 0.05)
}

/** The limit for a plan that misses what it must not miss. */
const mostWithout = 6.9

function inventedPaths(given: Case): Measured {
  const size = given.plan.findings.length
  const scores = Array.from({length: size + 1}, (_, count) =>
    scoreOf(
      mapFindings(given.plan, (each, at) => (at < count ? made.withInventedPath(each, at) : each)),
      given,
    ),
  )
  const three = scores[Math.round((size * 3) / 7)] ?? 0
  // below a limit that binds twice there is nothing to fall
  const free = scores.filter((each, at) => each > 0 && !(at > 0 && each === mostWithout && each === scores[at - 1]))
  const falls = isFalling(free) && scores.at(-1) === 0
  return verdict(`${two(scores[1] ?? 0)} … ${two(three)} … ${two(scores.at(-1) ?? 0)}`, falls && three <= 6)
}

function inventedFindings(given: Case): Measured {
  const scores = [0, 2, 6, 10].map((count) => scoreOf(withMore(given.plan, made.invented(count)), given))
  return verdict(list(scores.slice(1)), isFalling(scores) && (scores[2] ?? 10) < 8)
}

function fabricated(given: Case): Measured {
  const scores = [given, longOf(given)].map((where) =>
    scoreOf(mapFindings(given.plan, made.withFabricatedEvidence), where),
  )
  return verdict(list(scores), Math.max(...scores) <= 6)
}

const distances = [10, 30, 100, 400] as const

export function linesOff(given: Case): Measured {
  const scores = distances.map((lines) =>
    scoreOf(
      mapFindings(given.plan, (each) => made.withoutEvidence(made.shifted(each, lines, true))),
      longOf(given),
    ),
  )
  const [near = 0, some = 0, far = 0, lost = 10] = scores
  const inOrder = list(scores) === list(scores.toSorted((a, b) => b - a))
  const within = near >= 9 && near <= 9.5 && some >= 8.5 && far >= 7 && far <= 8 && lost <= 7.2
  return verdict(list(scores), inOrder && within)
}

/** A gold standard about somebody else's code quotes nothing of it. */
const isQuoting = ({gold}: Case): boolean =>
  gold.findings.some(({locations}) => locations.some(({evidence}) => evidence !== undefined))

function linesOffQuoted(given: Case): Measured | null {
  if (!isQuoting(given)) return null
  const scores = distances.flatMap((lines) =>
    [longOf(given), given].map((where) =>
      scoreOf(
        mapFindings(given.plan, (each) => made.shifted(each, lines)),
        where,
      ),
    ),
  )
  return verdict(two(Math.min(...scores)), Math.min(...scores) >= 9)
}

function placeless(given: Case): Measured {
  const score = scoreOf(
    mapFindings(given.plan, (each) => made.withoutLines(made.withoutEvidence(each))),
    given,
  )
  return verdict(two(score), score < 8)
}

function saidAgain(given: Case): Measured {
  const scores = [1, 2, 3, 10].map((times) => scoreOf(made.repeated(given.plan, times), given))
  const weak = weakOf(given)
  const gain = scoreOf(made.repeated(weak, 2), given) - scoreOf(weak, given)
  const falls = list(scores) === list(scores.toSorted((a, b) => b - a))
  return verdict(list(scores.slice(1)), falls && (scores[1] ?? 10) < 8 && gain <= 0)
}

function everywhere(given: Case): Measured {
  const all = made.finding({
    id: 'all',
    title: 'Everything is wrong',
    description: made.vocabularyOf(given),
    severity: 'critical',
  })
  const files = given.code.paths.map((file) => ({file}))
  const places = given.gold.findings.flatMap(({locations}) => locations)
  const scores = [files, places, [...files, ...places]].map((locations) =>
    scoreOf(planOf([{...all, locations}]), given),
  )
  return verdict(two(Math.max(...scores)), Math.max(...scores) <= 0.5)
}

function templated(given: Case): Measured {
  const scores = (['same', 'place', 'counter'] as const).flatMap((template) =>
    [50, 150, 300, 1000].map((count) => scoreOf(made.templates(given, count, template), given)),
  )
  return verdict(two(Math.max(...scores)), Math.max(...scores) <= 1)
}

function linted(given: Case): Measured {
  const weak = weakOf(given)
  const before = scoreOf(weak, given)
  const hits = [40, 227].flatMap((count) => [false, true].map((varied) => made.lint(given, count, varied)))
  const alone = Math.max(...hits.map((more) => scoreOf(planOf(more), given)))
  const gain = Math.max(...hits.map((more) => scoreOf(withMore(weak, more), given) - before))
  return verdict(`${two(alone)}, ${two(gain)}`, alone <= 5 && gain <= 1)
}

interface Attack extends made.Flood {
  readonly base: 'weak' | 'one' | 'third'
  readonly first: boolean
}

/** Every combination; a fixture of ten lines of interest has no forty places that are beside the point. */
function attacksOn({gold}: Case): readonly Attack[] {
  const counts = gold.name === 'known' ? [227, 300] : [40, 100, 227, 300]
  return counts.flatMap((count) =>
    made.floodModes.flatMap((mode) =>
      made.floodWords.flatMap((words) =>
        [101, 102].flatMap((seed) =>
          (['weak', 'one', 'third'] as const).flatMap((base) =>
            [true, false].map((first) => ({count, mode, words, seed, base, first})),
          ),
        ),
      ),
    ),
  )
}

const floodSample = 8

/** All of them take minutes, so a sample is drawn; the same one every time. */
function floodedRows(given: Case): Measured {
  const needed = neededOf(given)
  const bases = {
    weak: weakOf(given),
    one: planOf(needed.slice(0, 1)),
    third: planOf(needed.slice(0, Math.ceil(needed.length / 3))),
  }
  const rows = shuffled(attacksOn(given), randomOf(17))
    .slice(0, floodSample)
    .map((attack) => {
      const more = made.flood(given, attack)
      const base = bases[attack.base]
      const gain = scoreOf(made.flooded(base, more, attack.first), given) - scoreOf(base, given)
      return {attack, gain, alone: scoreOf(planOf(more), given)}
    })
  const [alone, gain] = [Math.max(...rows.map((row) => row.alone)), Math.max(...rows.map((row) => row.gain))]
  const wrong = rows.filter((row) => row.alone > 5 || row.gain > 1).map(({attack}) => ` ${JSON.stringify(attack)}`)
  return verdict(`${two(alone)}, ${two(gain)}${wrong.join('')}`, wrong.length === 0)
}

const guessStyles: readonly Omit<made.Guesses, 'count' | 'seed'>[] = [
  {kind: 'own', places: 1, range: 4, isQuoted: true},
  {kind: 'own', places: 4, range: 40, isQuoted: true},
  {kind: 'own', places: 4, range: 40, isQuoted: false},
  {kind: 'any', places: 4, range: 40, isQuoted: true},
]

/** Not of the fixture: it has 290 lines and a defect in nearly every file, so that to name a kind in a file is to be right. */
function guessedRows(given: Case): Measured | null {
  if (given.gold.name === 'known') return null
  const weak = weakOf(given)
  const before = scoreOf(weak, given)
  const rows = guessStyles.flatMap((style) =>
    [12, 25, 40].flatMap((count) =>
      [1, 2].map((seed) => {
        const more = made.guesses(given, {...style, count, seed})
        const both = scoreOf(withMore(weak, more), given)
        return {alone: scoreOf(planOf(more), given), both, gain: both - before}
      }),
    ),
  )
  const most = (of: (row: (typeof rows)[number]) => number): number => Math.max(...rows.map(of))
  const [alone, gain, both] = [most((row) => row.alone), most((row) => row.gain), most((row) => row.both)]
  return verdict(list([alone, gain, both]), both < 8 && alone <= 5 && gain <= 3)
}

function shouted(given: Case): Measured {
  const off = severities.map((severity) =>
    Math.abs(
      10 -
        scoreOf(
          mapFindings(given.plan, (each): Finding => ({...each, severity})),
          given,
        ),
    ),
  )
  return verdict(two(Math.max(...off)), Math.max(...off) <= 0.01)
}

function withNovel(given: Case): Measured {
  const more = [3, 7, 14].map((count) => made.novel(given, count))
  const losses = more.map((each) => 10 - scoreOf(withMore(given.plan, each), given))
  return verdict(list(losses), Math.max(...losses) <= 0.3 && more.at(-1)?.length === 14)
}

function unworkable(given: Case): Measured {
  const {plan} = given
  const all = plan.changes.map(({id}) => id)
  const each = (change: (one: Plan['changes'][number]) => Partial<Plan['changes'][number]>): Plan => ({
    ...plan,
    changes: plan.changes.map((one) => ({...one, ...change(one)})),
  })
  const rows: readonly Plan[] = [
    {...plan, changes: []},
    each(() => ({depends_on: all})),
    {...plan, changes: each(() => ({phase: 1})).changes.toReversed()},
    each(() => ({verification: []})),
    each(() => ({verification: ['make sure that it works']})),
    each(({resolves}) => ({resolves: [...resolves, 'nothing']})),
    each(() => ({resolves: []})),
  ]
  const most = Math.max(...rows.map((row) => scoreOf(row, given)))
  return verdict(two(most), most < 8)
}

/** Milliseconds. A limit of a second would fail on a machine that is busy. */
const readingTime = 3000

function unread(given: Case): Measured {
  let slowest = 0
  const wrong = made.unreadable.filter(([, text]) => {
    const start = performance.now()
    const read = parsePlan(text, 'plan.yaml')
    slowest = Math.max(slowest, performance.now() - start)
    return read.ok || read.problems[0]?.message === ''
  })
  const whole = renderPlan(given.plan)
  // YAML may be cut at the end of an item, and is then a smaller plan; with a twentieth less it may still be a good one
  const passed = [0.25, 0.5, 0.75, 0.95].filter((share) => {
    const read = parsePlan(whole.slice(0, Math.floor(whole.length * share)), 'plan.yaml')
    return read.ok && scoreOf(read.value, given) >= (share < 0.9 ? 8 : 10)
  })
  const names = wrong.map(([name]) => ` ${name}`).join('')
  const shown = `${made.unreadable.length - wrong.length} of ${made.unreadable.length} refused${names}, ${passed.length} of 4 cut ones pass`
  return verdict(shown, wrong.length === 0 && passed.length === 0 && slowest < readingTime)
}

export const perturbationRows: readonly Row[] = [
  {id: 'M1', what: 'the gold standard against itself', target: '10.00', measure: itself},
  {
    id: 'M2',
    what: 'findings dropped one by one: rank correlation with the kept weight, rises',
    target: '≥ .98, 0',
    measure: dropped,
  },
  {id: 'M3', what: 'order of findings and keys, names of ids', target: '0', measure: permuted},
  {id: 'M5', what: 'orders to the scorer in any text: most gained', target: '≤ .015', measure: injected},
  {
    id: 'M6',
    what: "the gold standard's words as a heap: most and mean gained",
    target: '≤ .7, ≤ .3, no pass',
    measure: stuffed,
  },
  {
    id: 'M7',
    what: 'text three times, filler: lost by the gold plan; gained by a weak one',
    target: '≤ .2; ≤ .05',
    measure: lengthened,
  },
  {
    id: 'M8',
    what: 'invented paths in 1, three in seven, all findings',
    target: 'falling, three in seven ≤ 6, all 0',
    measure: inventedPaths,
  },
  {id: 'M9', what: '2, 6, 10 invented findings more', target: 'falling, 6 fail', measure: inventedFindings},
  {id: 'M10', what: 'all quotes invented', target: '≤ 6', measure: fabricated},
  {
    id: 'M11',
    what: 'lines off by 10, 30, 100, 400, no quote',
    target: '9–9.5, ≥ 8.5, 7–8, ≤ 7.2',
    measure: linesOff,
  },
  {id: 'M12', what: 'the same beside right quotes: least', target: '≥ 9', measure: linesOffQuoted},
  {id: 'M13', what: 'neither line nor quote', target: '< 8', measure: placeless},
  {
    id: 'M14',
    what: 'everything said 2, 3, 10 times',
    target: 'never a gain, twice fails',
    measure: saidAgain,
  },
  {id: 'M15', what: 'one finding that lists every place', target: '≤ .5', measure: everywhere},
  {id: 'M16', what: '50 to 1000 findings of one template', target: '≤ 1', measure: templated},
  {
    id: 'M17',
    what: '40 and 227 hits of a linter that knows the categories: alone, gained by a weak plan',
    target: '≤ 5, ≤ 1',
    measure: linted,
  },
  {
    id: 'M17',
    what: `40 to 300 quoted findings in varied words, before or behind a small plan (a sample of ${floodSample} floods): alone, gained`,
    target: '≤ 5, ≤ 1',
    measure: floodedRows,
  },
  {
    id: 'M17',
    what: '12 to 40 guesses at common kinds of defects, at 1 or 4 places, short or 40 lines long: alone, gained by a weak plan, both',
    target: '≤ 5, ≤ 3, < 8',
    measure: guessedRows,
  },
  {id: 'M18', what: 'all severities changed', target: '≤ .01', measure: shouted},
  {id: 'M19', what: '3, 7, 14 findings more that stand in the code: lost', target: '≤ .3', measure: withNovel},
  {
    id: 'M20',
    what: 'no changes, circles, no commands, dangling references: most',
    target: '< 8',
    measure: unworkable,
  },
  {id: 'M21', what: 'what cannot be read as a plan', target: 'all refused', measure: unread},
]
