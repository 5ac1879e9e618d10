/** What an optimization found, for the job's page and the pull request that offers the evolved YAML. */
import {
  clip,
  code,
  fenced,
  joinMarkdown,
  markdown,
  mermaidLabel,
  prose,
  text,
  type Markdown,
  type Untrusted,
} from '../trust.ts'
import {
  candidatesOf,
  evolvedAmong,
  gateOf,
  mostTelling,
  notesOf,
  partsOf,
  rulesOf,
  triedIn,
  type Candidate,
  type Evolution,
  type Limits,
  type Rule,
  type Spent,
} from './account.ts'
import {differenceOf, type DiffLine} from './difference.ts'
import {plural} from './words.ts'

export type {Evolution} from './account.ts'
export {progressOf} from './progress-line.ts'

/**
 * Characters that a part may take, escaped: GitHub refuses a body of more than 65,536. The rest is for what has a bound of its own:
 * the verdict, the diagram of 40 boxes and 80 arrows, the table of what was spent.
 */
const room = {rules: 20_000, notes: 5_000, words: 20_000} as const
const longest = {name: 120, rule: 400, cause: 240, step: 80, note: 400, line: 400} as const

export function evolutionBody(evolution: Evolution): Markdown {
  const sections = [
    markdown`${text(verdictIcon(evolution))} **${text(clip(verdictText(evolution), 400))}**`,
    prose(clip(scoresText(evolution), 1200)),
    section('Rules', rules(evolution)),
    section('Lineage', lineage(candidatesOf(evolution.log))),
    section('Spent', spending(evolution)),
    section('Words that changed', words(evolution)),
    section('Notes', notes(evolution)),
    section('To reproduce it', reproducing(evolution)),
  ]
  return markdown`${joinMarkdown(
    sections.flatMap((each) => (each === null ? [] : [each])),
    '\n\n',
  )}
`
}

const section = (title: string, body: Markdown | null): Markdown | null =>
  body === null ? null : markdown`### ${text(title)}\n\n${body}`

export const verdictIcon = ({promoted}: Evolution): string => (promoted ? '✅' : 'ℹ️')

export function verdictText({promoted, pipeline, after, log}: Evolution): string {
  const name = clip(pipeline, longest.name)
  if (promoted) return `Better words for the pipeline ${name}`
  if (after !== null) return `No proven improvement of the pipeline ${name}: it stays as it is`
  if (triedIn(log).length === 0) return `Nothing was tried on the pipeline ${name}: it stays as it is`
  return `No better words for the pipeline ${name} were found: it stays as it is`
}

const points = (score: number | null): string => (score === null ? '–' : score.toFixed(2))

export const chanceText = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`)

/** Scores before and after, and what they are worth. */
export function scoresText({baseline, best, p_value: p, promoted, log}: Evolution): string {
  const gate = gateOf(log)
  const [before, after] = gate === null ? [baseline, best] : [gate.baseline, gate.evolved]
  if (before === null && after === null && p === null)
    return gate === null
      ? 'Old and new words were not compared.'
      : `Old and new words were not compared: ${clip(gate.verdict, longest.note)}.`
  const over = gate === null ? '' : `, over ${plural(gate.pairs, 'pair')} of fresh runs that nothing was learned from`
  const why = gate === null || promoted ? '' : ` Not promoted: ${clip(gate.verdict, longest.note)}.`
  const test =
    p === null
      ? ' No chance of error was computed.'
      : ` ${chanceText(p)} is the chance of such a gain if the words were no better (permutation test within each gold standard, one-sided); it concerns these gold standards only and says nothing of other code.`
  // src/optimize/gate.ts shrinks it: who compares with the measured pairs must not think of an error
  const held =
    gate === null || after === null
      ? ''
      : ' The mean after is held a little below what was measured: words that pass a test were lucky more often than not.'
  return `Mean score ${points(before)} before, ${points(after)} after, of 10${over}.${why}${test}${held}`
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`

export const effectText = ({effect, interval}: Pick<Rule, 'effect' | 'interval'>): string => {
  if (effect === null) return 'not measured'
  return interval === null ? signed(effect) : `${signed(effect)} (${signed(interval[0])} to ${signed(interval[1])})`
}

export const effectMeaning =
  'Effect: by how much the findings that a rule was proposed for are credited more often with it than without it, of 1, with its interval of 90 %.'

/** As many as there is room for; the first always. */
function within(rows: readonly Markdown[], most: number): {readonly shown: readonly Markdown[]; readonly left: number} {
  let length = 0
  const end = rows.findIndex((row, at) => {
    length += row.length + 1
    return at > 0 && length > most
  })
  const shown = end < 0 ? rows : rows.slice(0, end)
  return {shown, left: rows.length - shown.length}
}

export const stateIcons = {kept: '✅', dropped: '✖️', 'set aside': '➖', 'not judged': '❔'} as const

function rules(evolution: Evolution): Markdown | null {
  const all = rulesOf(evolution)
  if (all.length === 0) return null
  const rows = all.map(
    (rule) =>
      markdown`| ${text(`${stateIcons[rule.state]} ${rule.state}`)} | ${code(clip(rule.id, 40))} ${prose(clip(rule.text, longest.rule))} | ${code(clip(rule.step, longest.step))} | ${prose(clip(rule.cause, longest.cause))} | ${text(effectText(rule))} |`,
  )
  const {shown, left} = within(rows, room.rules)
  return markdown`| | Rule | Step | Proposed because | Effect |
|:---|:---|:---|:---|---:|
${joinMarkdown(shown, '\n')}

${left === 0 ? markdown`` : markdown`${text(plural(left, 'more rule'))} left out.\n\n`}${text(effectMeaning)}`
}

/** With more of them nobody can follow the arrows on the width of a page. */
const maxNodes = 40
const maxEdges = 80

/** null: there is nothing but the pipeline as it is. */
function lineage(candidates: readonly Candidate[]): Markdown | null {
  if (candidates.length < 2) return null
  const drawn = mostTelling(candidates, maxNodes)
  const evolved = evolvedAmong(candidates)
  const nodes = drawn.map(
    (candidate, at) =>
      markdown`n${at + 1}["${mermaidLabel(`${candidate === evolved ? '★ ' : ''}${labelOf(candidate)}`)}"]`,
  )
  const edges = edgesOf(candidates, drawn)
  const arrows = edges.slice(0, maxEdges).map(([from, to]) => markdown`n${from + 1} --> n${to + 1}`)
  const diagram = joinMarkdown(
    [markdown`\`\`\`mermaid`, markdown`graph TD`, ...nodes, ...arrows, markdown`\`\`\``],
    '\n',
  )
  const left = candidates.length - drawn.length
  return markdown`${diagram}

Candidates by the first digits of their digest, with the mean score of all their runs.${
    evolved === null ? markdown`` : markdown` ★ was compared with the pipeline as it is (seed).`
  }${left === 0 ? markdown`` : markdown` ${text(plural(left, 'more candidate'))} left out.`}`
}

const labelOf = ({name, score, runs}: Candidate): string =>
  `${clip(name, 12)} ${points(score?.mean ?? null)} (${plural(runs.length, 'run')})`

/** Positions among those that are drawn: from the nearest ones that each came from. */
function edgesOf(
  candidates: readonly Candidate[],
  drawn: readonly Candidate[],
): readonly (readonly [from: number, to: number])[] {
  const parents = new Map(candidates.map((candidate) => [candidate.name, candidate.parents]))
  const places = new Map(drawn.map(({name}, at) => [name, at]))
  return drawn.flatMap(({name}, to) => {
    const seen = new Set<string>(parents.get(name))
    const found = new Set<number>()
    // grows while it is read
    for (const parent of seen) {
      const from = places.get(parent)
      if (from === undefined) for (const above of parents.get(parent) ?? []) seen.add(above)
      else if (from !== to) found.add(from)
    }
    return [...found].map((from) => [from, to] as const)
  })
}

const moneyText = (usd: number | null): string =>
  usd === null ? 'unknown' : `$${usd.toFixed(usd > 0 && usd < 0.1 ? 4 : 2)}`

/** A row for each part of it: what, runs, calls, tokens, dollars. */
export function spentRows(evolution: Evolution): readonly (readonly [string, string, string, string, string])[] {
  const names = {search: 'Search', comparison: 'Comparison', together: 'Together'} as const
  const row = (what: string, runs: string, {calls, tokens, usd}: Spent) =>
    [what, runs, String(calls), String(tokens), moneyText(usd)] as const
  return [
    ...partsOf(evolution).map(({what, runs, spent}) => row(names[what], String(runs), spent)),
    ['Limit', '', ...limitTexts(evolution.limits)] as const,
  ]
}

const limitTexts = ({calls, tokens, usd}: Limits): readonly [string, string, string] => [
  calls === null ? 'none' : String(calls),
  tokens === null ? 'none' : String(tokens),
  usd === null ? 'none' : moneyText(usd),
]

export const spentMeaning =
  'Calls are those of the pipeline, of the judge and of the model that writes words; runs are of the whole pipeline, and what was answered before costs nothing again.'

const spending = (evolution: Evolution): Markdown => markdown`| | Runs | Calls | Tokens | Cost |
|:---|---:|---:|---:|---:|
${joinMarkdown(
  spentRows(evolution).map(
    (row) =>
      markdown`| ${joinMarkdown(
        row.map((cell) => text(cell)),
        ' | ',
      )} |`,
  ),
  '\n',
)}

${evolution.spent.usd === null ? markdown`The cost is unknown: a model has no known price. ` : markdown``}${text(spentMeaning)}`

/** Texts that changed, with their lines. */
export const changesOf = ({
  before,
  after,
}: Evolution): readonly (readonly [key: Untrusted, lines: readonly DiffLine[]])[] =>
  Object.entries(after ?? {}).flatMap(([key, words]) => {
    const lines = differenceOf(Object.hasOwn(before, key) ? (before[key] ?? '') : '', words)
    return lines.some(({sign}) => sign === '+' || sign === '-') ? [[key, lines] as const] : []
  })

/** Characters below which a text is left out rather than begun. */
const leastBlock = 4000

function words(evolution: Evolution): Markdown | null {
  const changes = changesOf(evolution)
  let left: number = room.words
  const blocks: Markdown[] = []
  for (const [key, lines] of changes) {
    const block = markdown`${code(clip(key, longest.name))}\n\n${diffBlock(lines, left)}`
    if (left < leastBlock || block.length > left) break
    left -= block.length
    blocks.push(block)
  }
  if (changes.length === 0) return null
  const rest = changes.length - blocks.length
  const note = evolution.promoted ? [] : [text('Not promoted: the pipeline stays as it is, without them.')]
  const cut = rest === 0 ? [] : [text(`${plural(rest, 'more text')} left out.`)]
  return joinMarkdown([...note, ...blocks, ...cut], '\n\n')
}

/** The fence and what is put in to break references make a block longer than its lines, at worst twice. */
function diffBlock(lines: readonly DiffLine[], most: number): Markdown {
  const shown = lines.map(({sign, text}) => (sign === '@' ? text : `${sign}${clip(text, longest.line)}`))
  let length = 0
  const end = shown.findIndex((line) => (length += line.length + 1) > most / 2 - 3 * longest.line)
  if (end < 0) return fenced(shown.join('\n'), 'diff')
  const left = shown.length - end
  return markdown`${fenced(shown.slice(0, end).join('\n'), 'diff')}\n\n${text(plural(left, 'more line'))} left out.`
}

function notes({log}: Evolution): Markdown | null {
  const rows = notesOf(log).map((note) => markdown`- ${prose(clip(note, longest.note))}`)
  if (rows.length === 0) return null
  const {shown, left} = within(rows, room.notes)
  return joinMarkdown(
    [...shown, ...(left === 0 ? [] : [markdown`- ${text(plural(left, 'more note'))} left out.`])],
    '\n',
  )
}

const reproducing = ({optimizer, seed, about}: Evolution): Markdown =>
  markdown`Optimizer ${code(clip(optimizer, 40))}, seed ${code(String(seed))}, digest ${code(clip(about, 128))}. ${text(reproduceMeaning)}`

export const reproduceMeaning =
  'The digest covers pipeline, gold standards, settings and version: where it is the same and the log is at hand, the search goes the same way and costs nothing again.'
