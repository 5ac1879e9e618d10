/**
 * Forge, our own: rules instead of rewrites, proposed for one kind of failure at a time, put to the test together, and credited
 * by the findings they were made for. With one to five gold standards an evaluation is one number, but forty findings.
 *
 * Rounds of: ask for a rule for each need that has none (delta updates, https://arxiv.org/abs/2510.04618), run all rules on trial at once
 * on every case (group testing), judge each by its own need, drop what does not help. A rule that does more than it was
 * made for is found by running each by itself, and parked: only at the end it is compared, with against without.
 */
import {chanceOfHelp, chanceOfMore, chanceOfRate, effectOf, sureness, type Count} from '../credit.ts'
import {findCopy} from '../guards.ts'
import {countOf, evidenceOf, findingOf, groupsOf, needsOf, shownOf, tallyOf, type Need, type Run} from '../needs.ts'
import {candidateWith, rulesAlike, rulesIn, sameFrom, wordsOf, withRules} from '../rules.ts'
import type {Optimizer, Question, Search} from '../search.ts'
import {culpritsAmong, doubtedFrom, guiltyFrom, runsApart, suspicionBy, suspicionOf, suspicious} from '../suspicion.ts'
import {
  cleanRuns,
  idsOf,
  isFor,
  isOn,
  needsIn,
  rootOf,
  sorted,
  withIt,
  without,
  type State,
  type Trial,
} from '../trial.ts'

export const forge: Optimizer = {
  summary: 'Single rules against single kinds of failure, each judged by the findings it was made for; the default.',
  propose: async (search) => {
    const state = await forged(search)
    const kept = state.rules.filter(({status}) => status === 'kept')
    return kept.length === 0 ? null : {candidate: candidateWith(search.problem, kept), quotes: []}
  },
}

/** Chances at which a rule is believed, and given up. */
const believed = 0.7
const givenUp = 0.3
/** So often a rule is asked for one need. */
const maxAsked = 30
/** So many findings seen, so few of them found: then a rule alone is not enough. */
const seenEnough = 8
const halfMet = 0.6
const nearlyMet = 0.8
/** A need that goes well this often is met. */
const met = 0.88
const maxRounds = 40

/** Waves of all cases that must be left for a second look at what seemed good enough. */
const thoroughFrom = 4

/** What is left of a budget is better spent on doubt than not at all: every rule is left out once more, and half met is not met. */
const doubting = (state: State): State => ({
  ...state,
  isThorough: true,
  rules: state.rules.map((rule) => ({...rule, isCleared: false})),
})

async function forged(search: Search): Promise<State> {
  let state: State = {rules: [], runs: [], asked: new Map(), joined: new Map(), round: 0, isThorough: false}
  state = await sighted(search, state)
  while (state.round < maxRounds && search.runsLeft() >= search.problem.cases.length) {
    const before = state
    state = await proposed(search, {...state, round: state.round + 1})
    const onTrial = state.rules.some(({status}) => status === 'trial')
    if (!onTrial && isSettled(state)) state = await ablated(search, state)
    else if (onTrial && isCareful(search, state)) state = await isolated(search, state, suspectsOf(state))
    else state = await probed(search, judged(search, await (onTrial ? sighted(search, state) : thinned(search, state))))
    if (state.runs.length > before.runs.length) continue
    if (state.isThorough || search.runsLeft() < thoroughFrom * search.problem.cases.length) break
    state = doubting(state)
  }
  return priced(search, await compared(search, judged(search, state)))
}

/** A rule that brings less than its length costs is dropped: words are paid for in every run to come. */
function priced(search: Search, state: State): State {
  const needs = new Map(needsIn(state).map((need) => [need.key, need]))
  const all = Math.max(
    1,
    new Set(state.runs.flatMap(({case: of, evaluation}) => evaluation.outcomes.map(({id}) => findingOf(of, id)))).size,
  )
  const isWorth = (rule: Trial): boolean => {
    const need = needs.get(rootOf(state, rule.need))
    if (need?.what !== 'missed') return true
    const runs = cleanRuns(state)
    const {effect} = effectOf(
      countOf(need, without(runs, [rule.id]), search.problem),
      countOf(need, withIt(runs, rule.id), search.problem),
    )
    return (10 * effect * need.findings.size) / all >= (search.settings.lengthPrice * rule.text.length) / 1000
  }
  return {
    ...state,
    rules: state.rules.map((rule) => (rule.status === 'kept' && !isWorth(rule) ? {...rule, status: 'dropped'} : rule)),
  }
}

const suspectsOf = ({rules}: State): readonly Trial[] => rules.filter((rule) => isOn(rule) && !rule.isCleared)

/** Runs the rules that are on, on every case. */
async function sighted(search: Search, state: State): Promise<State> {
  const rules = state.rules.filter(isOn)
  return ran(
    search,
    state,
    search.problem.cases.map(({name}) => ({case: name, rules})),
  )
}

interface Planned {
  readonly case: string
  readonly rules: readonly Trial[]
}

async function ran(search: Search, state: State, planned: readonly Planned[]): Promise<State> {
  const made = new Map<string, number>()
  const asks = planned.map(({case: of, rules}) => {
    const key = `${of} ${idsOf(rules)}`
    const before =
      made.get(key) ?? state.runs.filter((run) => run.case === of && sorted(run.rules) === idsOf(rules)).length
    made.set(key, before + 1)
    return {case: of, replicate: before, candidate: candidateWith(search.problem, rules)}
  })
  const kept = candidateWith(
    search.problem,
    state.rules.filter(({status}) => status === 'kept'),
  )
  const evaluations = await search.evaluate(asks, [search.nameOf(kept)])
  const runs = evaluations.flatMap((evaluation, at): readonly Run[] => {
    const [plan, ask] = [planned[at], asks[at]]
    if (evaluation === null || plan === undefined || ask === undefined) return []
    return [{rules: new Set(plan.rules.map(({id}) => id)), case: ask.case, replicate: ask.replicate, evaluation}]
  })
  return {...state, runs: [...state.runs, ...runs]}
}

/** How well the need is met by what is on now. */
function levelOf(search: Search, state: State, need: Need): Count {
  const runs = cleanRuns(state)
  const own = state.rules.filter((rule) => isFor(state, rule, need.key))
  const kept = own.filter(isOn)
  return kept.length > 0
    ? countOf(
        need,
        runs.filter(({rules}) => kept.every(({id}) => rules.has(id))),
        search.problem,
      )
    : countOf(
        need,
        without(
          runs,
          own.map(({id}) => id),
        ),
        search.problem,
      )
}

/** What a rule could still bring: how often the need fails in a run of all cases. */
function lackOf(search: Search, state: State, need: Need): number {
  if (need.what === 'extra') {
    const own = state.rules.filter((rule) => isFor(state, rule, need.key) && isOn(rule))
    const runs = cleanRuns(state).filter(({rules}) => own.every(({id}) => rules.has(id)))
    const {events, runs: number} = tallyOf(runs.length > 0 ? runs : cleanRuns(state), need.step)
    return number === 0 ? 0 : (events / number) * search.problem.cases.length * 0.5
  }
  const {good, bad} = levelOf(search, state, need)
  const rate = (bad + 0.2) / (good + bad + 0.4)
  if (rate < 1 - met) return 0
  return need.what === 'unreadable' ? rate * search.problem.cases.length * 5 : rate * need.findings.size
}

/** A need that has a rule gets a second one when the first, often seen, leaves it bad. */
function mayAsk(search: Search, state: State, need: Need): boolean {
  const own = state.rules.filter((rule) => isFor(state, rule, need.key) || rule.among.includes(need.key))
  if (own.some(({status}) => status === 'trial')) return false
  if ((state.asked.get(need.key) ?? 0) >= maxAsked) return false
  const kept = own.filter(({status}) => status === 'kept').length
  if (kept === 0) return true
  const {good, bad} = levelOf(search, state, need)
  return (
    kept === 1 &&
    need.what === 'missed' &&
    good + bad >= seenEnough &&
    good / (good + bad) < (state.isThorough ? nearlyMet : halfMet)
  )
}

/**
 * What is claimed too much waits until the first rules against what is missed have run: a rule that holds claims back hides one that
 * brings them.
 */
const openNeeds = (search: Search, state: State): readonly Need[] =>
  needsIn(state)
    .filter(({what}) => what !== 'extra' || state.round > 2)
    .map((need) => ({need, lack: lackOf(search, state, need)}))
    .filter(({need, lack}) => lack > 0.3 && mayAsk(search, state, need))
    .toSorted((a, b) => b.lack - a.lack)
    .map(({need}) => need)

/** A rule that is believed this much is not doubted any more. */
const certain = 0.95
const isDoubted = (rule: Trial): boolean => rule.status === 'kept' && rule.chance < certain

const isSettled = ({rules}: State): boolean => !rules.some(isDoubted)

/** How sure the loss must be, in standard errors: a rule that goes takes what was learned beside it with it. */
const sureFrom = 2

/** Each rule that nobody looked at by itself is left out once: one in whose company the others do nothing is found in no other way. */
async function ablated(search: Search, state: State): Promise<State> {
  const {cases} = search.problem
  const on = state.rules.filter(isOn)
  const [rule] = on.filter(({isCleared}) => !isCleared).toSorted((a, b) => b.general - a.general)
  if (rule === undefined || on.length < 2) return state
  const rest = on.filter(({id}) => id !== rule.id)
  const next = await ran(
    search,
    state,
    [rest, on].flatMap((rules) => cases.map(({name}) => ({case: name, rules}))),
  )
  const [less, all] = [rest, on].map((rules) =>
    next.runs.filter((run) => sorted(run.rules) === idsOf(rules)).map(scoreOf),
  )
  const isHarmful = sureness(less ?? [], all ?? []) > sureFrom
  if (isHarmful)
    search.tell({
      kind: 'note',
      code: 'side-effect',
      message: `Without ${rule.id} all others do better: it is set aside.`,
    })
  const rules = next.rules.map((each): Trial =>
    each.id !== rule.id ? each : isHarmful ? {...each, status: 'parked'} : {...each, isCleared: true},
  )
  return isHarmful ? judged(search, liberated({...next, rules}, rule.id)) : {...next, rules}
}

const scoreOf = ({evaluation}: Run): number => evaluation.score ?? 0

/** Runs in which doubted rules are left out by chance: a rule whose need does as well without it goes. */
async function thinned(search: Search, state: State): Promise<State> {
  const on = state.rules.filter(isOn)
  return ran(
    search,
    state,
    search.problem.cases.map(({name}, lane) => {
      const random = search.random('thinned', state.round, lane)
      return {case: name, rules: on.filter((rule) => !isDoubted(rule) || random() < 0.5)}
    }),
  )
}

/** Rules that one round may bring: with more, a run is about the length of its prompt. */
const maxProposed = 12
/** An answer that brings no new rule is asked again so often in one round: a question costs less than a round. */
const maxRepeats = 3

/** The part of what is left that questions of one round may take: a rule that never runs is worth nothing. */
const questionPart = 0.5

/** So many questions the budget bears now, beside the runs of what they bring. */
function questionsLeft({runsLeft, questionPrice, problem}: Search): number {
  const left = runsLeft() - problem.cases.length
  return questionPrice === 0 || left === Infinity ? Infinity : Math.floor((left * questionPart) / questionPrice)
}

async function proposed(search: Search, state: State): Promise<State> {
  let next = state
  let needs = openNeeds(search, state).slice(0, maxProposed)
  for (let repeat = 0; repeat < maxRepeats && needs.length > 0; repeat++) {
    const most = Math.max(repeat === 0 ? 1 : 0, questionsLeft(search))
    const groups = groupsOf(needs, most).slice(0, most)
    if (groups.length === 0) break
    const questions = groups.map((group) => questionOf(search, next, group))
    const answers = await search.reflect(questions)
    const asked = new Map(next.asked)
    for (const {key} of groups.flat()) asked.set(key, (asked.get(key) ?? 0) + 1)
    next = {...next, asked}
    answers.forEach((answer, at) => {
      const [group = [], question] = [groups[at], questions[at]]
      if (answer === null || question === undefined) return
      const among = group.length > 1 ? group.map(({key}) => key) : []
      rulesIn(answer, question.words, question.most).forEach((text, nth) => {
        const need = group[nth % group.length]
        if (need !== undefined) next = offered(search, next, {need, among, step: question.step, text})
      })
    })
    const isServed = ({key}: Need): boolean =>
      next.rules.some(({need, among, status}) => status === 'trial' && (need === key || among.includes(key)))
    needs = needs.filter((need) => !isServed(need))
  }
  return next
}

/**
 * Rules that were asked for together are taken for those against what went better since; whose of them it is nobody knows,
 * and it matters to nobody while all of them run together.
 */
function assigned({problem}: Search, state: State): State {
  const needs = new Map(needsIn(state).map((need) => [need.key, need]))
  const runs = cleanRuns(state)
  const batches = new Map<string, readonly Trial[]>()
  for (const rule of state.rules)
    if (rule.among.length > 0 && isOn(rule) && withIt(runs, rule.id).length > 0)
      batches.set(rule.among.join(' '), [...(batches.get(rule.among.join(' ')) ?? []), rule])
  const becomes = new Map(
    [...batches.values()].flatMap((rules) => {
      const ids = rules.map(({id}) => id)
      const gainOf = (key: string): number => {
        const need = needs.get(key)
        if (need === undefined) return 0
        const withAll = runs.filter(({rules: on}) => ids.every((id) => on.has(id)))
        return effectOf(countOf(need, without(runs, ids), problem), countOf(need, withAll, problem)).effect
      }
      const gains = (rules[0]?.among ?? []).map((key) => ({key, gain: gainOf(key)})).toSorted((a, b) => b.gain - a.gain)
      const served = gains.filter(({gain}) => gain > leastLift)
      const all = served.length > 0 ? served : gains
      return rules.map((rule, at) => [rule.id, all[at % all.length]?.key ?? rule.need] as const)
    }),
  )
  return {
    ...state,
    rules: state.rules.map((rule) => {
      const need = becomes.get(rule.id)
      return need === undefined ? rule : {...rule, need, among: []}
    }),
  }
}

/** By so much a need must be met more often for rules to be taken for the cause. */
const leastLift = 0.1

/** A rule that was dropped after so few chances is given others when it is offered again. */
const fewChances = 6

interface Offer {
  readonly need: Need
  readonly among: readonly string[]
  readonly step: string
  readonly text: string
}

/** What an offered text becomes: a rule on trial, one more voice for a known one, or nothing. */
function offered(search: Search, state: State, offer: Offer): State {
  const {need, step, text} = offer
  const refuse = (why: string): State => {
    search.tell({kind: 'refused', step, text, why})
    return state
  }
  const why = refusalOf(search, state, text)
  if (why !== null) return refuse(why)
  const own = state.rules.filter((rule) => rule.step === step)
  const parked = likestOf(
    own.filter(({status}) => status === 'parked'),
    text,
    state.rules,
  )
  if (parked !== null) return refuse(`it is ${parked.id} again`)
  const equal = own.filter((rule) => rule.text.toLowerCase() === text.toLowerCase())
  // what did not help against one kind of failure may be what helps against another
  const same = equal.find((rule) => isFor(state, rule, need.key)) ?? equal.find(isOn)
  if (same === undefined) return withNew(search, state, offer)
  if (!isFor(state, same, need.key)) return offeredElsewhere(search, state, same, offer)
  const chances = countOf(need, withIt(cleanRuns(state), same.id), search.problem)
  const isDropped = same.status === 'dropped'
  if (isDropped && (need.what === 'missed' ? chances.good + chances.bad >= fewChances : same.offered > 2))
    return refuse(`it is ${same.id} again`)
  return replaced(state, same, {offered: same.offered + 1, status: isDropped ? 'trial' : same.status})
}

const replaced = (state: State, {id}: Trial, by: Partial<Trial>): State => ({
  ...state,
  rules: state.rules.map((rule) => (rule.id === id ? {...rule, ...by} : rule)),
})

function withNew(search: Search, state: State, {need, among, step, text}: Offer): State {
  const id = `R${state.rules.length + 1}`
  search.tell({kind: 'proposed', rule: id, step, text, cause: causeOf(need)})
  const rule: Trial = {
    id,
    step,
    text,
    need: need.key,
    among,
    round: state.round,
    status: 'trial',
    offered: 1,
    from: shownOf(need),
    general: 0,
    isCleared: false,
    chance: 0.5,
  }
  return {...state, rules: [...state.rules, rule]}
}

/** A rule that is on is offered against another failure: either both are of one kind, or it is about none. */
function offeredElsewhere(search: Search, state: State, same: Trial, {need, step, text}: Offer): State {
  if (isOfOneKind(state, same, need)) {
    const joined = new Map(state.joined).set(need.key, {with: rootOf(state, same.need), by: same.id})
    return {...replaced(state, same, {offered: same.offered + 1}), joined}
  }
  if (!isGeneral(state, same)) {
    search.tell({kind: 'refused', step, text, why: `it is ${same.id} again`})
    return replaced(state, same, {general: same.general + 1})
  }
  search.tell({
    kind: 'note',
    code: 'general-rule',
    message: `${same.id} is offered against unlike failures, so it is set aside and compared at the end.`,
  })
  return liberated(replaced(state, same, {status: 'parked'}), same.id)
}

/** Needs of so few findings are hardly kinds; a gold standard that names each of its findings by itself has no others. */
const smallNeed = 2
/** The part of a step's needs that may be of one kind: a rule that is offered against more of them is about none. */
const kindPart = 0.25

function isOfOneKind(state: State, rule: Trial, need: Need): boolean {
  const alike = needsOf(state.runs).filter(({what, step}) => what === 'missed' && step === need.step)
  const root = rootOf(state, rule.need)
  const kin = alike.filter(({key}) => rootOf(state, key) === root)
  const small = alike.filter(({findings}) => findings.size <= smallNeed)
  const isSmall = small.some(({key}) => key === need.key)
  const areKindsUnknown = small.length > alike.length / 2
  return (
    need.what === 'missed' &&
    kin.length > 0 &&
    isSmall &&
    areKindsUnknown &&
    kin.length + 1 <= Math.max(2, alike.length * kindPart)
  )
}

const causeOf = (need: Need): string => evidenceOf(need, 1)[0]?.reason ?? need.what

function questionOf({problem}: Search, state: State, needs: readonly Need[]): Question {
  const keys = needs.map(({key}) => key)
  const asked = Math.max(0, ...keys.map((key) => state.asked.get(key) ?? 0))
  const step = needs[0]?.step ?? problem.steps[asked % Math.max(1, problem.steps.length)]?.name ?? ''
  const on = state.rules.filter((rule) => rule.step === step && isOn(rule) && !keys.includes(rootOf(state, rule.need)))
  return {
    want: 'rules',
    step,
    words: withRules(
      wordsOf(problem, step),
      problem.heading,
      on.map(({text}) => text),
    ),
    evidence: needs.flatMap((need) => evidenceOf(need, 6)),
    tried: state.rules
      .filter(({need, status}) => keys.includes(rootOf(state, need)) && status === 'dropped')
      .map(({text}) => text),
    most: needs.length,
    replicate: asked,
  }
}

/**
 * A rule offered against unlike failures is about none of them: "look closer". It is set aside before it runs with the others, because in its
 * company all of them seem to help or none; a rule that has run already, and brought no false claims, stays.
 */
function isGeneral(state: State, rule: Trial): boolean {
  if (rule.isCleared) return false
  const runs = cleanRuns(state)
  const on = tallyOf(withIt(runs, rule.id), null)
  return on.runs === 0 || chanceOfMore(tallyOf(without(runs, [rule.id]), null), on, suspicious, 0.5) > 0.5
}

function refusalOf({problem, settings}: Search, {rules}: State, text: string): string | null {
  const added = rules.filter(isOn).reduce((sum, rule) => sum + rule.text.length + 3, 0)
  if (added + text.length > settings.maxAddedCharacters) return 'the words would be too long'
  return findCopy(problem.guarded, text)
}

/** The rule that says the same; null: there is none. */
function likestOf(own: readonly Trial[], text: string, all: readonly Trial[]): Trial | null {
  const exact = own.find((rule) => rule.text.toLowerCase() === text.toLowerCase())
  if (exact !== undefined) return exact
  const alike = rulesAlike(all.map((rule) => rule.text))
  const [best] = own
    .map((rule) => ({rule, likeness: alike(rule.text, text)}))
    .toSorted((a, b) => b.likeness - a.likeness)
  return best !== undefined && best.likeness >= sameFrom ? best.rule : null
}

function judged(search: Search, before: State): State {
  const state = assigned(search, before)
  const needs = new Map(needsIn(state).map((need) => [need.key, need]))
  const settled = state.rules.filter(({status}) => status === 'kept' || status === 'dropped')
  const kept = settled.filter(({status}) => status === 'kept').length
  const prior = (kept + 3) / (settled.length + 6)
  return {
    ...state,
    rules: state.rules.map((rule) => {
      const need = needs.get(rootOf(state, rule.need))
      if (!isOn(rule) || need === undefined) return rule
      const all = chanceOf(search, state, rule, need, consented(prior, rule.offered))
      const chance = Math.min(all, chanceElsewhere(search, state, rule, need) ?? all)
      const {good, bad} = countOf(need, withIt(cleanRuns(state), rule.id), search.problem)
      const isLate = need.what === 'missed' && good + bad >= seenEnough
      const verdict =
        chance >= (isLate ? 0.5 : believed) ? 'kept' : chance < (isLate ? 0.5 : givenUp) ? 'dropped' : null
      const status = verdict ?? rule.status
      if (verdict !== null && verdict !== rule.status) tellJudged(search, state, rule, need, verdict)
      return {...rule, chance, status}
    }),
  }
}

/** Findings that its writer was not told of must have been come by so often before they speak. */
const heardFrom = 6
/** A chance below which a rule is taken for such a one. */
const byHeart = 0.1

/** The same by findings that its writer was not told of: what helps only where it was learned has been learned by heart. null: too few. */
function chanceElsewhere(search: Search, state: State, rule: Trial, need: Need): number | null {
  const others = {...need, findings: new Set([...need.findings].filter((finding) => !rule.from.has(finding)))}
  if (need.what !== 'missed' || others.findings.size === 0) return null
  const {good, bad} = countOf(others, withIt(cleanRuns(state), rule.id), search.problem)
  if (good + bad < heardFrom) return null
  return chanceOf(search, state, rule, others, 0.5) < byHeart ? 0 : null
}

/** The least that a rule is to do. What makes answers unreadable is cured or not: two thirds of it, or it was another rule. */
const better = (rate: number): number => rate + 0.1
const mostlyCured = (rate: number): number => 1 - (1 - rate) / 3

/** Two writers who come to the same rule by themselves triple its odds. */
function consented(prior: number, offered: number): number {
  const odds = (prior / (1 - prior)) * 3 ** Math.min(2, offered - 1)
  return odds / (1 + odds)
}

function chanceOf(search: Search, state: State, rule: Trial, need: Need, prior: number): number {
  const runs = cleanRuns(state)
  const others = state.rules.filter((each) => isFor(state, each, need.key) && each.id !== rule.id)
  const first = others.filter(({status, round}) => status === 'kept' && round < rule.round).map(({id}) => id)
  const later = others.flatMap(({id}) => (first.includes(id) ? [] : [id]))
  const off = without(runs, [rule.id, ...later]).filter(({rules}) => first.every((id) => rules.has(id)))
  const all = withIt(runs, rule.id)
  const alone = without(
    all,
    others.flatMap(({id}) => (first.includes(id) ? [] : [id])),
  )
  const on = alone.length > 0 ? alone : all
  if (need.what === 'extra') return chanceOfRate(tallyOf(off, need.step), tallyOf(on, need.step), 0.45, prior)
  return chanceOfHelp(
    countOf(need, off, search.problem),
    countOf(need, on, search.problem),
    prior,
    need.what === 'unreadable' ? mostlyCured : better,
  )
}

function tellJudged(search: Search, state: State, rule: Trial, need: Need, verdict: 'kept' | 'dropped'): void {
  const runs = cleanRuns(state)
  const [off, on] = [without(runs, [rule.id]), withIt(runs, rule.id)]
  const measured =
    need.what === 'extra'
      ? {effect: null, interval: null}
      : effectOf(countOf(need, off, search.problem), countOf(need, on, search.problem))
  search.tell({kind: 'judged', rule: rule.id, verdict, ...measured})
}

/** The chance from which what is on is looked at one by one. */
const suspected = 0.6

/** Looks whether what is on brings false claims; if so each rule that may be it is run by itself. */
async function probed(search: Search, state: State): Promise<State> {
  const suspects = suspectsOf(state)
  const runs = cleanRuns(state)
  const ids = suspects.map(({id}) => id)
  const now = runs.filter(({rules}) => ids.every((id) => rules.has(id)))
  if (suspects.length === 0 || suspicionBy(without(runs, ids), now) < suspected) return state
  return isolated(search, state, suspects)
}

/** Waves of all cases that must be affordable before every new rule is looked at by itself. */
const carefulFrom = 25

/** Where one rule did more than its need, others will: then each is looked at by itself before it runs with the rest, as far as that is affordable. */
const isCareful = ({runsLeft, problem}: Search, {rules}: State): boolean =>
  rules.some(({status}) => status === 'parked') && runsLeft() >= carefulFrom * problem.cases.length

/** Of the runs that are left: a look at what single rules do must leave enough to find others. */
const isolationPart = 1 / 3

/** Runs each of these rules by itself, beside those that are known to bring no false claims, and those alone; the doubtful ones once more. */
async function isolated(search: Search, state: State, suspects: readonly Trial[]): Promise<State> {
  const {cases} = search.problem
  const affordable = Math.floor((search.runsLeft() * isolationPart) / cases.length)
  if (affordable < 1) return state
  const tested = [...suspects].toSorted((a, b) => b.round - a.round).slice(0, affordable)
  const certain = state.rules.filter((rule) => isOn(rule) && rule.isCleared)
  const known = state.runs.filter(({rules}) => sorted(rules) === idsOf(certain))
  const wave = (arms: readonly (readonly Trial[])[]): readonly Planned[] =>
    arms.flatMap((rules) => cases.map(({name}) => ({case: name, rules})))
  const first = await ran(
    search,
    state,
    wave([...(known.length < cases.length ? [certain] : []), ...tested.map((rule) => [...certain, rule])]),
  )
  const doubtful = tested.filter((rule) => {
    const suspicion = suspicionOf(search, first, rule, runsApart(first, certain, tested, rule, []))
    return suspicion >= doubtedFrom && suspicion < guiltyFrom
  })
  const room = Math.floor((search.runsLeft() * isolationPart) / cases.length)
  const next = await ran(search, first, wave(doubtful.slice(0, room).map((rule) => [...certain, rule])))
  const culprits = culpritsAmong(search, next, certain, tested)
  for (const id of culprits)
    search.tell({kind: 'note', code: 'side-effect', message: `${id} does more than it was made for and is set aside.`})
  const cleared = new Set(tested.flatMap(({id}) => (culprits.includes(id) ? [] : [id])))
  const rules = next.rules.map((rule): Trial =>
    culprits.includes(rule.id) ? {...rule, status: 'parked'} : cleared.has(rule.id) ? {...rule, isCleared: true} : rule,
  )
  return judged(search, culprits.reduce(liberated, {...next, rules}))
}

/** What was dropped while that rule did its work was judged by its work: it is tried again. What it joined is apart again. */
function liberated(state: State, parked: string): State {
  const isWronged = (rule: Trial): boolean => {
    const own = withIt(state.runs, rule.id)
    return rule.status === 'dropped' && own.length > 0 && withIt(own, parked).length >= own.length / 2
  }
  return {
    ...state,
    rules: state.rules.map((rule) => (isWronged(rule) ? {...rule, status: 'trial'} : rule)),
    joined: new Map([...state.joined].filter(([, {by}]) => by !== parked)),
  }
}

/** At the end: what is still on trial is decided, and each parked rule is compared, with against without, on the same cases. */
async function compared(search: Search, state: State): Promise<State> {
  const ended: State = {
    ...state,
    rules: state.rules.map((rule) =>
      rule.status === 'trial' ? {...rule, status: rule.chance >= 0.5 ? 'kept' : 'dropped'} : rule,
    ),
  }
  const parked = ended.rules.filter(({status}) => status === 'parked').slice(0, 3)
  const {cases} = search.problem
  if (parked.length === 0 || search.runsLeft() < (parked.length + 1) * cases.length) return ended
  const kept = ended.rules.filter(isOn)
  const arms = [kept, ...parked.map((rule) => [...kept, rule])]
  const next = await ran(
    search,
    ended,
    arms.flatMap((rules) => cases.map(({name}) => ({case: name, rules}))),
  )
  const fresh = next.runs.slice(ended.runs.length)
  const means = arms.map((rules) => meanScore(fresh.filter((run) => sorted(run.rules) === idsOf(rules))))
  const best = means.reduce((top, mean, at) => (mean > (means[top] ?? 0) + leastGain ? at : top), 0)
  const winner = parked[best - 1]
  return winner === undefined
    ? next
    : {...next, rules: next.rules.map((rule) => (rule.id === winner.id ? {...rule, status: 'kept'} : rule))}
}

/** Points of the score, 0…10. */
const leastGain = 0.3

const meanScore = (runs: readonly Run[]): number =>
  runs.reduce((sum, {evaluation}) => sum + (evaluation.score ?? 0), 0) / Math.max(1, runs.length)
