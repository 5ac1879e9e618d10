/** Pictures of a search, as SVG and tables that need no script: score over spend, what became of each finding, effects of rules. */
import {clip, html, htmlText, joinHtml, type Html} from '../trust.ts'
import {
  findingsOf,
  isCompared,
  leadersOf,
  mostTelling,
  pairsOf,
  triedIn,
  type Candidate,
  type Finding,
  type Leader,
  type Pair,
  type Rule,
  type Story,
  type Tried,
} from './account.ts'
import {plural} from './words.ts'

/** Colours are by class, so that each theme has its own; shades go away from the page's own colour. */
export const chartStyle = html`<style>
  :root {
    --page: #fff;
    --line: #d1d9e0;
    --dot: #59636e;
    --best: #0969da;
    --good: #1a7f37;
    --bad: #cf222e;
    --add: #dafbe1;
    --take: #ffebe9;
    --low: #eef4fb;
    --high: #0b3d91;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --page: #0d1117;
      --line: #3d444d;
      --dot: #9198a1;
      --best: #4493f8;
      --good: #3fb950;
      --bad: #f85149;
      --add: #12361f;
      --take: #4a1b1f;
      --low: #161f2e;
      --high: #a5d0ff;
    }
  }
  .scroll {
    overflow-x: auto;
  }
  .chart {
    display: block;
    min-width: 40rem;
    width: 100%;
    height: auto;
    font: 12px system-ui, sans-serif;
    fill: currentColor;
  }
  .grid { stroke: var(--line); }
  .dot { fill: var(--dot); fill-opacity: 0.55; }
  .best { fill: none; stroke: var(--best); stroke-width: 2; }
  .pair { stroke: var(--dot); }
  .was { fill: var(--page); stroke: var(--dot); stroke-width: 1.5; }
  .better { fill: var(--good); }
  .worse { fill: var(--bad); }
  .key { color: var(--best); }
  .bar { width: 8rem; height: 1rem; display: block; }
  .range { stroke: var(--dot); stroke-width: 3; stroke-opacity: 0.6; }
  .rules { min-width: 44rem; }
  .rules td { overflow-wrap: anywhere; }
  .rules td:first-child, .rules td:last-child, .number { white-space: nowrap; }
  .number { text-align: right; font-variant-numeric: tabular-nums; }
  .heat { width: auto; border-collapse: separate; border-spacing: 1px; font-size: 12px; }
  .heat th, .heat td { border: 0; padding: 0; }
  .heat td { min-width: 1rem; height: 1rem; }
  .heat tbody th { position: sticky; left: 0; background: var(--page); padding-right: 0.4rem; font-weight: normal; white-space: nowrap; max-width: 9rem; overflow: hidden; text-overflow: ellipsis; }
  .heat thead th { writing-mode: vertical-rl; font-weight: normal; padding: 0.2rem 0; }
  .legend { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 0.4rem; font-size: 14px; }
  .legend i + i:not(.none) { margin-left: -0.3rem; }
  .legend i { width: 1rem; height: 1rem; display: inline-block; }
  .none { background: repeating-linear-gradient(45deg, transparent 0 3px, var(--line) 3px 4px); }
  ${shades()}
  .tree { white-space: nowrap; }
  .tree ul { padding-left: 1.2rem; margin: 0; }
  .diff span { display: block; min-height: 1.5em; }
  .add { background: var(--add); }
  .take { background: var(--take); }
  .gap { opacity: 0.6; }
</style>`

function shades(): Html {
  return joinHtml(
    Array.from(
      {length: 11},
      (_, at) => html`.h${at} { background: color-mix(in srgb, var(--high) ${at * 10}%, var(--low)); }`,
    ),
    '\n',
  )
}

interface Frame {
  /** Of what was spent, to a place across. */
  readonly x: (run: Tried, at: number) => number
  readonly y: (score: number) => number
  readonly low: number
  readonly high: number
}

const [left, right, top, bottom] = [34, 704, 12, 262]
/** Where the pairs of the comparison have a field of their own: all were paid for together, and would stand on one another. */
const split = 520
const maxDots = 1500

const rounded = (value: number): number => Math.round(value * 10) / 10

/** Score over spend: each run a dot, the mean of the leading candidate a line; beside it the pairs of the comparison. */
export function scoreChart(log: readonly Story[]): Html {
  const runs = triedIn(log).filter((run) => !isCompared(run) && run.score !== null)
  const pairs = pairsOf(log)
  if (runs.length === 0 && pairs.length === 0) return html``
  const end = pairs.length === 0 ? right : split
  const frame = frameOf(runs, pairs, end)
  const every = Math.ceil(runs.length / maxDots)
  const most = Math.max(0, ...runs.map(({spent: {calls}}) => calls))
  return html`<div class="scroll" tabindex="0"><svg class="chart" viewBox="0 0 720 300" role="img" aria-label="Score over spend">
${grid(frame)}
${joinHtml(
  runs.flatMap((run, at) => (at % every === 0 ? [dot(run, at, frame)] : [])),
  '\n',
)}
${bestLine(leadersOf(log), frame, end)}
<text x="${left}" y="280">0</text>
<text x="${end}" y="280" text-anchor="end">${htmlText(most > 0 ? plural(most, 'call') : plural(runs.length, 'run'))}</text>
${pairMarks(pairs, frame)}
</svg></div>
<p class="legend muted"><span>● a run</span> <span><span class="key">━</span> mean of the leading candidate</span> ${pairs.length === 0 ? html`` : html`<span>○ before, ● after: pairs of the comparison</span>`}${every === 1 ? html`` : html` (one dot of ${every} is drawn)`}</p>`
}

function frameOf(runs: readonly Tried[], pairs: readonly Pair[], end: number): Frame {
  const scores = [...runs.flatMap(({score}) => score ?? []), ...pairs.flatMap(({before, after}) => [before, after])]
  const low = Math.max(0, Math.min(9, Math.floor(scores.reduce((least, score) => Math.min(least, score), 10))))
  const high = Math.min(10, Math.max(low + 1, Math.ceil(scores.reduce((most, score) => Math.max(most, score), 0))))
  const most = runs.reduce((most, {spent: {calls}}) => Math.max(most, calls), 0)
  const part = ({spent: {calls}}: Tried, at: number): number =>
    most > 0 ? calls / most : (at + 1) / Math.max(1, runs.length)
  return {
    x: (run, at) => rounded(left + part(run, at) * (end - left - 6)),
    y: (score) => rounded(bottom - ((score - low) / (high - low)) * (bottom - top)),
    low,
    high,
  }
}

function grid({y, low, high}: Frame): Html {
  const steps = Array.from({length: high - low + 1}, (_, at) => low + at)
  return joinHtml(
    steps.map(
      (score) =>
        html`<line class="grid" x1="${left}" x2="${right}" y1="${y(score)}" y2="${y(score)}"/><text x="${left - 6}" y="${y(score) + 4}" text-anchor="end">${score}</text>`,
    ),
    '\n',
  )
}

const dot = (run: Tried, at: number, {x, y}: Frame): Html =>
  html`<circle class="dot" cx="${x(run, at)}" cy="${y(run.score ?? 0)}" r="3"><title>${htmlText(`${short(run.candidate)} on ${clip(run.case, 60)}: ${(run.score ?? 0).toFixed(2)} after ${plural(run.spent.calls, 'call')}`)}</title></circle>`

function bestLine(leaders: readonly Leader[], {x, y}: Frame, end: number): Html {
  const corners = leaders.map(({run, score}, at) => ({across: x(run, at), down: y(score.mean)}))
  // of runs that were paid for together the last says it
  const last = corners.filter(({across}, at) => across !== corners[at + 1]?.across)
  const path = last.map(({across, down}, at) => (at === 0 ? `M${across} ${down}` : `H${across}V${down}`)).join('')
  return path === '' ? html`` : html`<path class="best" d="${htmlText(`${path}H${end - 6}`)}"/>`
}

function pairMarks(pairs: readonly Pair[], {y}: Frame): Html {
  if (pairs.length === 0) return html``
  const step = (right - split - 20) / pairs.length
  const marks = pairs.map(({case: of, before, after}, at) => {
    const across = rounded(split + 20 + step * (at + 0.5))
    const said = `${clip(of, 60)}: ${before.toFixed(2)} before, ${after.toFixed(2)} after`
    return html`<g><title>${htmlText(said)}</title><line class="pair" x1="${across}" x2="${across}" y1="${y(before)}" y2="${y(after)}"/><circle class="was" cx="${across}" cy="${y(before)}" r="3.5"/><circle class="${after < before ? htmlText('worse') : htmlText('better')}" cx="${across}" cy="${y(after)}" r="3.5"/></g>`
  })
  return html`<line class="grid" x1="${split + 8}" x2="${split + 8}" y1="${top}" y2="${bottom}"/>
<text x="${right}" y="280" text-anchor="end">${htmlText(`comparison, ${plural(pairs.length, 'pair')}`)}</text>
${joinHtml(marks, '\n')}`
}

const maxColumns = 60
const maxRows = 200

/** A row for each finding, a column for each candidate: the mean of its credit as a shade. */
export function heatMap(candidates: readonly Candidate[]): Html {
  const columns = mostTelling(candidates, maxColumns)
  const findings = findingsOf(candidates)
  if (findings.length === 0) return html``
  const heads = columns.map(({name}) => html`<th scope="col">${htmlText(short(name))}</th>`)
  const rows = findings.slice(0, maxRows).map((finding) => heatRow(finding, columns))
  const cut = [
    ...(findings.length > maxRows ? [plural(findings.length - maxRows, 'more finding')] : []),
    ...(candidates.length > columns.length ? [plural(candidates.length - columns.length, 'more candidate')] : []),
  ]
  const scale = Array.from({length: 11}, (_, at) => html`<i class="h${at}"></i>`)
  return html`<div class="scroll" tabindex="0"><table class="heat">
<thead><tr><td></td>${joinHtml(heads, '')}</tr></thead>
<tbody>
${joinHtml(rows, '\n')}
</tbody>
</table></div>
<p class="legend muted">missed ${joinHtml(scale, '')} found <i class="none"></i> not run ${htmlText(cut.length === 0 ? '' : `· ${cut.join(' and ')} left out`)}</p>`
}

const short = (name: string): string => clip(name, 12)

function heatRow({case: of, id, credits}: Finding, columns: readonly Candidate[]): Html {
  const name = `${clip(of, 60)}/${clip(id, 60)}`
  const cells = columns.map((column) => {
    const credit = credits.get(column.name)
    if (credit === undefined) return html`<td class="none"></td>`
    const said = `${name}, ${short(column.name)}: ${credit.mean.toFixed(2)} in ${plural(credit.runs, 'run')}`
    const shade = Math.round(Math.min(1, Math.max(0, credit.mean)) * 10)
    return html`<td class="h${shade}" title="${htmlText(said)}"></td>`
  })
  return html`<tr><th scope="row" title="${htmlText(name)}">${htmlText(name)}</th>${joinHtml(cells, '')}</tr>`
}

/** From −1 to +1 with its interval; nothing where it was not measured. */
export function effectBar({effect, interval}: Pick<Rule, 'effect' | 'interval'>): Html {
  if (effect === null) return html``
  const x = (value: number): number => rounded(60 + Math.min(1, Math.max(-1, value)) * 56)
  const range =
    interval === null ? html`` : html`<line class="range" x1="${x(interval[0])}" x2="${x(interval[1])}" y1="8" y2="8"/>`
  return html`<svg class="bar" viewBox="0 0 120 16" aria-hidden="true"><line class="grid" x1="4" x2="116" y1="8" y2="8"/><line class="grid" x1="60" x2="60" y1="0" y2="16"/>${range}<circle class="${effect < 0 ? htmlText('worse') : htmlText('better')}" cx="${x(effect)}" cy="8" r="4"/></svg>`
}
