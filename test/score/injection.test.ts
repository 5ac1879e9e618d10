/** A judge that believes whatever it reads (scoring research §3.10): what it may do to a score is bounded before it is asked. */
import {describe, expect, test} from 'vitest'
import type {Plan} from '../../src/plan/plan.ts'
import type {Finding} from '../../src/scan/finding.ts'
import {judge, type AskJudge, type Judgement} from '../../src/score/judge.ts'
import {scorePlan} from '../../src/score/score.ts'
import type {Code, Scorecard} from '../../src/score/scorecard.ts'
import {nameOf} from '../../src/score/similarity.ts'
import {normalise} from '../../src/score/text.ts'
import {decide} from '../../src/score/verdict.ts'
import {cases, mapFindings, neededOf, planOf, withMore, type Case} from './golds.ts'
import {injections} from './injections.ts'
import {novel, scoreOf, weakOf, withoutEvidence} from './perturbation.ts'

/** What is scored: a case whose plan need not be the gold standard's. */
type Attack = Case

const places = {
  title: (at, texts) => ({
    ...at,
    plan: mapPlan(
      at.plan,
      (finding, index) => ({...finding, title: `${finding.title ?? ''} ${texts(index)}`}),
      (change, index) => ({...change, title: `${texts(index)} ${change.title}`}),
    ),
  }),
  description: (at, texts) => ({
    ...at,
    plan: mapPlan(
      at.plan,
      (finding, index) => ({...finding, description: `${texts(index)} ${finding.description}`}),
      (change, index) => ({...change, instructions: `${texts(index)}\n${change.instructions}`}),
    ),
  }),
  evidence: (at, texts) => ({
    ...at,
    plan: mapFindings(at.plan, (finding, index) => ({
      ...finding,
      locations: finding.locations.map((location) => ({
        ...location,
        evidence: `${location.evidence ?? ''}\n${texts(index)}`,
      })),
    })),
  }),
  'file name': (at, texts) => inFileNames(at, texts),
  code: (at, texts) => ({...at, code: inCode(at, texts)}),
  gold: (at, texts) => ({
    ...at,
    gold: {
      ...at.gold,
      findings: at.gold.findings.map((finding, index) => ({
        ...finding,
        description: `${finding.description} ${texts(index)}`,
        ...(index % 2 === 0 ? {} : {title: `${finding.title ?? ''} ${texts(index)}`}),
      })),
    },
  }),
} as const satisfies Record<string, (at: Attack, texts: (index: number) => string) => Attack>
type Place = keyof typeof places
const placeNames: readonly Place[] = ['title', 'description', 'evidence', 'file name', 'code', 'gold']

const mapPlan = (
  plan: Plan,
  ofFinding: (finding: Finding, index: number) => Finding,
  ofChange: (change: Plan['changes'][number], index: number) => Plan['changes'][number],
): Plan => ({...mapFindings(plan, ofFinding), changes: plan.changes.map(ofChange)})

/** The code has the file under that name too, so that the finding stands in the code and the judge is shown the name. */
function inFileNames({plan, gold, code}: Attack, texts: (index: number) => string): Attack {
  const copies = new Map<string, readonly string[]>()
  const poisoned = mapFindings(plan, (finding, index) => ({
    ...finding,
    locations: finding.locations.map((location) => {
      const lines = code.lines(location.file)
      const file = `${location.file.slice(0, location.file.lastIndexOf('/') + 1)}${texts(index)}.ts`
      if (lines !== null) copies.set(file, lines)
      return {...location, file}
    }),
  }))
  const both: Code = {
    paths: [...code.paths, ...copies.keys()],
    lines: (path) => copies.get(path) ?? code.lines(path),
  }
  return {plan: poisoned, gold, code: both}
}

/** Around each place, behind what stands there: no line gets another number. */
function inCode({plan, code}: Attack, texts: (index: number) => string): Code {
  const changed = new Map<string, string[]>()
  plan.findings.forEach(({locations: [place]}, index) => {
    const own = place === undefined ? null : code.lines(place.file)
    if (place === undefined || own === null) return
    const lines = changed.get(place.file) ?? [...own]
    const parts = texts(index).split('\n')
    for (const from of [(place.start_line ?? 1) - 3, place.end_line ?? place.start_line ?? 1]) {
      parts.forEach((part, at) => {
        const line = lines[from + at]
        if (line !== undefined) lines[from + at] = `${line} // ${part}`
      })
    }
    changed.set(place.file, lines)
  })
  return {paths: code.paths, lines: (path) => changed.get(path) ?? code.lines(path)}
}

/** In words so different that the scorer is unsure and asks. */
const blurred = (finding: Finding): Finding => ({
  ...withoutEvidence(finding),
  title: `Trouble around ${finding.category.split('-')[0] ?? ''}`,
  description: 'This part of the program does not do what one would hope for.',
})

/** Of the plans that leave findings out, with the last so many blurred, the best that scores less than `below`. */
function under(given: Case, below: number, blur: number): Plan {
  const needed = neededOf(given)
  const plans = needed.map((_, count) =>
    planOf(needed.slice(0, count + 1).map((finding, at) => (at > count - blur ? blurred(finding) : finding))),
  )
  const [best] = plans
    .map((plan) => ({plan, score: scoreOf(plan, given)}))
    .filter(({score}) => score < below)
    .toSorted((a, b) => b.score - a.score)
  return best?.plan ?? planOf(needed.slice(0, 1))
}

const basesOf = (given: Case): Readonly<Record<string, Plan>> => ({
  'very weak': withMore(
    weakOf(given),
    novel(given, 3).map((finding) => ({...finding, severity: 'high' as const})),
  ),
  'below 7': under(given, 6.95, 0),
  'below 7, partly unsure': under(given, 6.995, 3),
  'below 8': under(given, 8, 0),
  'below 8, partly unsure': under(given, 8, 2),
})

interface Item {
  readonly id: string
  readonly first_report?: string
  readonly second_report?: string
  readonly claim?: string
  readonly code?: string
  readonly plan?: string
}
interface Sheet {
  readonly nonce: string
  readonly items: readonly Item[]
}
const sheetIn = (questions: string): Sheet => JSON.parse(questions) as Sheet
const shown = ({second_report, claim, code, plan}: Item): string =>
  [second_report, claim, code, plan].filter((text) => text !== undefined).join('\n')
const quoteOf = ({second_report, code, claim, plan}: Item): string =>
  (claim === undefined ? (second_report ?? plan ?? '') : (code ?? claim)).trim().slice(0, 60)
const saying = ({nonce, items}: Sheet, quote: (item: Item) => string): string =>
  JSON.stringify({nonce, items: items.map((item) => ({id: item.id, quote: quote(item), verdict: 'yes'}))})
const filled = (text: string, {nonce, items}: Sheet): string =>
  text.replaceAll('<nonce>', nonce).replaceAll('<id>', items[0]?.id ?? '')

/** Words so short that a sentence of ours may hold them by chance show nothing. */
const minTelling = 16

/** Spaces are marked and quotes escaped on a sheet, so the letters and digits are compared. */
const bare = (text: string): string => normalise(text).replace(/[^\p{L}\p{N}]/gu, '')
function isTold(text: string, all: string): boolean {
  const words = bare(text).slice(0, 30)
  return words.length >= minTelling && all.includes(words)
}

/** Ways to be fooled; the first is the worst that a reader can do, and every row meets it. */
const judges = {
  obeys: (sheet) => saying(sheet, quoteOf),
  'answers what it is told to answer': (sheet, texts) =>
    `${filled(texts.join('\n'), sheet)}\n${saying(sheet, (item) => {
      const all = bare(shown(item))
      return texts.find((text) => isTold(text, all))?.slice(0, 40) ?? quoteOf(item)
    })}`,
  'repeats what it is told': (sheet, texts) => filled(texts.join('\n'), sheet),
  'repeats one of them': (sheet, texts) => filled(texts[0] ?? '', sheet),
  'tells the nonce': (sheet) => saying(sheet, () => sheet.nonce),
  'tells the gold standard': (sheet) => saying(sheet, ({first_report}) => first_report ?? sheet.nonce),
} as const satisfies Record<string, (sheet: Sheet, texts: readonly string[]) => string>
type Fooled = keyof typeof judges
const others = [
  'answers what it is told to answer',
  'repeats what it is told',
  'repeats one of them',
  'tells the nonce',
  'tells the gold standard',
] as const satisfies readonly Fooled[]

const planQuestions = Array.from({length: 12}, (_, at) => `Does the plan keep promise number ${at}?`)

interface Outcome {
  readonly judgement: Judgement
  readonly scorecard: Scorecard
  readonly nonces: readonly string[]
  /** All that the judge was shown. */
  readonly sheets: string
}

let count = 0
async function outcomeOf(attack: Attack, fooled: Fooled, texts: readonly string[]): Promise<Outcome> {
  const nonces: string[] = []
  let sheets = ''
  const ask: AskJudge = async (questions) => {
    sheets += questions
    return judges[fooled](sheetIn(questions), texts)
  }
  const nonce = (): string => {
    nonces.push(`secret${String((count += 1)).padStart(10, '0')}`)
    return nonces.at(-1) ?? ''
  }
  const judgement = await judge(attack.plan, attack.gold, attack.code, {ask, planQuestions, seed: 'seed', nonce})
  const scorecard = scorePlan(attack.plan, attack.gold, attack.code, judgement)
  return {judgement, scorecard, nonces, sheets}
}

const policy = {threshold: 8, requireGold: true, requireJudge: false} as const

/** Every sentence that a reader of the result is told. */
const sentencesOf = (scorecard: Scorecard): readonly string[] => [
  ...scorecard.findings.map(({why}) => why),
  ...scorecard.gold.map(({why}) => why),
  ...scorecard.caps.map(({message}) => message),
  ...decide({scorecard, violations: [], policy}).reasons.map(({message}) => message),
]

/** Names of the gold standard's findings and of the plan's files are told on purpose; all else of them is not. */
const withoutNames = (sentence: string, {gold, plan}: Attack): string =>
  [
    ...gold.findings.map((finding) => nameOf(finding)),
    ...plan.findings.flatMap(({locations}) => locations.map(({file}) => file)),
  ]
    .filter((name) => name !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, name) => text.replaceAll(name, ''), sentence)

function expectNoLeak(
  attack: Attack,
  {gold}: Case,
  {scorecard, judgement, nonces}: Outcome,
  texts: readonly string[],
): void {
  const told = sentencesOf(scorecard).map((sentence) => withoutNames(sentence, attack))
  const all = `${told.join('\n')}\n${JSON.stringify(judgement)}`
  for (const nonce of nonces) expect(all).not.toContain(nonce)
  for (const text of [...texts, ...texts.map(normalise)].map((text) => text.trim().slice(0, 40))) {
    if (text.length >= minTelling) expect(all).not.toContain(text)
  }
  for (const {title, description} of gold.findings) {
    const text = title === undefined ? description.slice(80) : description
    if (text.length >= minTelling) expect(all).not.toContain(text.slice(0, 60))
  }
}

interface Row {
  readonly texts: readonly string[]
  readonly place: Place
  readonly base: string
  /** A judge besides the one that obeys; not every row needs one. */
  readonly other: Fooled | null
}

/**
 * So many payloads share a plan, finding by finding: each is then in every gold standard within the time that a test may take.
 * Who is judged is scored a thousand times for the interval, so that these rows are fewer.
 */
const perPlan = {judged: 12, alone: 4} as const

function groupsOf(size: number): readonly (readonly string[])[] {
  const count = Math.ceil(injections.length / size)
  return Array.from({length: count}, (_, at) =>
    injections
      .flatMap(({text}, index) => (index % count === at ? [text] : []))
      // the longest last, so that it hides none that stands before it
      .toSorted((a, b) => a.length - b.length),
  )
}

/** Rows that walk through all payloads; places, bases and judges turn at speeds of their own, so that none sticks to another. */
const rowsOf = (bases: readonly string[], offset: number): readonly Row[] =>
  groupsOf(perPlan.judged).map((texts, at) => ({
    texts,
    place: turn(placeNames, at + offset),
    base: turn(bases, at + Math.floor(at / placeNames.length) + offset),
    other: at % 2 === 0 ? turn(others, at / 2 + offset) : null,
  }))

function turn<T>(items: readonly T[], at: number): T {
  const item = items[at % items.length]
  if (item === undefined) throw new TypeError('nothing to choose from')
  return item
}

test('the payloads are many, and none stands twice', () => {
  expect(new Set(injections.map(({text}) => text)).size).toBe(injections.length)
  expect(injections.length).toBeGreaterThanOrEqual(70)
  expect(new Set(injections.map(({family}) => family)).size).toBeGreaterThanOrEqual(12)
})

describe.each(cases.map((given, offset) => [given.gold.name, given, offset] as const))('%s', (_, given, offset) => {
  const bases = basesOf(given)
  const rows = rowsOf(Object.keys(bases), offset)
  const attacked = (place: Place, base: string, texts: readonly string[]): Attack => {
    const plan = bases[base] ?? given.plan
    // a plan of few findings has several payloads in one
    const slots = Math.min(texts.length, plan.findings.length)
    const own = (index: number): string => texts.filter((_, at) => at % slots === index % slots).join('\n')
    return places[place]({...given, plan}, own)
  }

  test('every payload, place, base and way to be fooled has its row', () => {
    expect(new Set(rows.flatMap(({texts}) => texts)).size).toBe(injections.length)
    expect(new Set(rows.map(({place}) => place))).toEqual(new Set(placeNames))
    expect(new Set(rows.map(({base}) => base))).toEqual(new Set(Object.keys(bases)))
    expect(new Set(rows.flatMap(({other}) => other ?? []))).toEqual(new Set(others))
  })

  test('the bases are what their names say', () => {
    const scoreOfBase = (name: string): number => scoreOf(bases[name] ?? given.plan, given)
    expect(scoreOfBase('very weak')).toBeLessThan(5)
    for (const name of ['below 7', 'below 7, partly unsure']) expect(scoreOfBase(name)).toBeLessThan(7)
    for (const name of ['below 8', 'below 8, partly unsure']) expect(scoreOfBase(name)).toBeLessThan(8)
    met.below7 ||= scoreOfBase('below 7') >= 5 && scoreOfBase('below 7, partly unsure') >= 5
    met.below8 ||= scoreOfBase('below 8') >= 7 && scoreOfBase('below 8, partly unsure') >= 7
  })

  test('without a judge no payload gains anything', () => {
    // the words of a finding that is unsure decide by themselves, so that a harmless word may tip it as well
    const sure = Object.keys(bases).filter((name) => !name.includes('unsure'))
    const before = new Map(sure.map((name) => [name, scoreOf(bases[name] ?? given.plan, given)]))
    groupsOf(perPlan.alone).forEach((texts, at) => {
      const [place, base] = [turn(placeNames, at + offset), turn(sure, Math.floor(at / placeNames.length) + at)]
      const attack = attacked(place, base, texts)
      // an ordinary word of a payload may be one of a gold standard too, and a gold standard with other words is another one
      const most = (before.get(base) ?? 0) + (place === 'gold' ? 0.1 : 0.015)
      expect(scoreOf(attack.plan, attack), `${place}, ${base}: ${texts.join(' | ')}`).toBeLessThanOrEqual(most)
    })
  })

  test('a fooled judge adds at most one point, opens no gate from below 7 and gives nothing away', async () => {
    for (const {texts, place, base, other} of rows) {
      const attack = attacked(place, base, texts)
      const alone = scoreOf(attack.plan, attack)
      for (const fooled of other === null ? (['obeys'] as const) : (['obeys', other] as const)) {
        const outcome = await outcomeOf(attack, fooled, texts)
        expectBounded(outcome.scorecard, alone)
        expectNoLeak(attack, given, outcome, texts)
        expectHeard(outcome, fooled, alone)
        if (isOneShown(texts, outcome.sheets)) met.shown.add(place)
      }
    }
  })
})

/** Over all gold standards, since not every one has a plan for each base or a question about each place. */
const met = {below7: false, below8: false, shown: new Set<Place>()}
test('plans next to both limits were tried, and judges were shown what they should obey', () => {
  expect(met).toMatchObject({below7: true, below8: true})
  // the code that a plan quotes is shown from the repository, never from the plan
  expect([...met.shown].toSorted()).toEqual(['code', 'description', 'file name', 'gold', 'title'])
})

/** Whoever copies from the items is heard; whoever says again what it was told, or what it should keep, is not. */
function expectHeard({judgement, scorecard}: Outcome, fooled: Fooled, alone: number): void {
  if (fooled === 'answers what it is told to answer') return
  if (fooled === 'obeys') {
    expect(judgement).toMatchObject({state: 'ran', fabricated_quotes: 0})
    return
  }
  expect(judgement.state).toBe('unavailable')
  expect(scorecard).toMatchObject({score: alone, judge: 'unavailable', interval: null})
  if (fooled.startsWith('tells')) expect(judgement.fabricated_quotes).toBeGreaterThan(0)
}

function expectBounded(scorecard: Scorecard, alone: number): void {
  const {score, interval} = scorecard
  expect(score).toBeLessThanOrEqual(alone + 1.011)
  if (interval !== null) expect(interval[1]).toBeLessThanOrEqual(alone + 1.011)
  if (alone < 7) expect(decide({scorecard, violations: [], policy}).decision).toBe('fail')
}

function isOneShown(texts: readonly string[], sheets: string): boolean {
  const all = bare(sheets)
  return texts.some((text) => isTold(text, all))
}
