/** What an optimization found, as one page: how it went, what each rule and each candidate did, what changed, what it took. */
import {clip, html, htmlText, joinHtml, type Html, type Untrusted} from '../trust.ts'
import {
  candidatesOf,
  evolvedAmong,
  mostTelling,
  notesOf,
  rulesOf,
  type Candidate,
  type Evolution,
  type Rule,
} from './account.ts'
import {
  changesOf,
  effectMeaning,
  effectText,
  reproduceMeaning,
  scoresText,
  spentMeaning,
  spentRows,
  stateIcons,
  verdictIcon,
  verdictText,
} from './evolution.ts'
import {chartStyle, effectBar, heatMap, scoreChart} from './evolution-chart.ts'
import {list, pageOf, section} from './page.ts'
import {plural} from './words.ts'

const most = {rules: 300, nodes: 200, lines: 4000, notes: 200} as const
const longest = {name: 120, text: 1000} as const

const shown = (value: Untrusted, max: number = longest.text): Html => htmlText(clip(value, max))
const named = (value: Untrusted): Html => shown(value, longest.name)

export function evolutionPage(evolution: Evolution): Html {
  const {log, optimizer, seed, about} = evolution
  const candidates = candidatesOf(log)
  const headline = verdictText(evolution)
  return pageOf(
    headline,
    html`<h1>${htmlText(verdictIcon(evolution))} ${htmlText(headline)}</h1>
<p>${shown(scoresText(evolution))}</p>
${section('Score over spend', scoreChart(log))}
${section('Rules', rules(evolution))}
${section('Findings', heatMap(candidates))}
${section('Lineage', lineage(candidates))}
${section('Spent', spending(evolution))}
${section('Words that changed', words(evolution))}
${section('Notes', notes(evolution))}
${section('To reproduce it', html`<p>Optimizer <code>${named(optimizer)}</code>, seed <code>${seed}</code>, digest <code>${named(about)}</code>. ${htmlText(reproduceMeaning)}</p>`)}`,
    chartStyle,
  )
}

const leftOut = (all: number, shown: number, noun: string): Html =>
  all > shown ? html`<p class="muted">${htmlText(plural(all - shown, `more ${noun}`))} left out.</p>` : html``

function rules(evolution: Evolution): Html {
  const all = rulesOf(evolution)
  if (all.length === 0) return html``
  return html`<div class="scroll" tabindex="0"><table class="rules">
<thead><tr><th></th><th>Rule</th><th>Step</th><th>Proposed because</th><th>Effect</th></tr></thead>
<tbody>
${joinHtml(all.slice(0, most.rules).map(ruleRow), '\n')}
</tbody>
</table></div>
${leftOut(all.length, most.rules, 'rule')}<p class="muted">${htmlText(effectMeaning)} The bars reach from −1 to +1.</p>`
}

const ruleRow = (rule: Rule): Html =>
  html`<tr><td>${htmlText(`${stateIcons[rule.state]} ${rule.state}`)}</td><td><code>${named(rule.id)}</code> <span class="lines">${shown(rule.text)}</span></td><td><code>${named(rule.step)}</code></td><td class="lines">${shown(rule.cause)}</td><td>${htmlText(effectText(rule))}${effectBar(rule)}</td></tr>`

/** Each below the first of those that it came from. */
function lineage(candidates: readonly Candidate[]): Html {
  if (candidates.length < 2) return html``
  const drawn = mostTelling(candidates, most.nodes)
  const evolved = evolvedAmong(candidates)
  const placed = new Set<Candidate>()
  const node = (candidate: Candidate): Html => {
    placed.add(candidate)
    const {name, parents} = candidate
    const others = parents.slice(1)
    const also = others.length === 0 ? '' : `, also from ${others.join(', ')}`
    const below = drawn.filter((other) => other.parents[0] === name && !placed.has(other))
    for (const child of below) placed.add(child)
    return html`<code>${named(name)}</code> ${shown(`${candidate === evolved ? '★ ' : ''}${scoreText(candidate)}${also}`)}${list(below.map(node))}`
  }
  const names = new Set(drawn.map(({name}) => name))
  const roots = drawn.filter(({parents: [first]}) => first === undefined || !names.has(first))
  const trees = roots.map(node)
  // whose parents wait for one another in a circle has no root
  const rest = drawn.flatMap((candidate) => (placed.has(candidate) ? [] : [node(candidate)]))
  const star = evolved === null ? '' : ' ★ was compared with the pipeline as it is (seed).'
  return html`<div class="scroll tree" tabindex="0">${list([...trees, ...rest])}</div>
${leftOut(candidates.length, drawn.length, 'candidate')}<p class="muted">${htmlText(`Means of all runs of a candidate, with their intervals of 90 %.${star}`)}</p>`
}

function scoreText({score, runs}: Candidate): string {
  const times = plural(runs.length, 'run')
  if (score === null) return `not scored in ${times}`
  const {mean, interval} = score
  const range = interval === null ? '' : ` (${interval[0].toFixed(2)}–${interval[1].toFixed(2)})`
  return `${mean.toFixed(2)}${range} in ${times}`
}

function spending(evolution: Evolution): Html {
  const rows = spentRows(evolution).map(
    ([what, ...numbers]) =>
      html`<tr><th scope="row">${htmlText(what)}</th>${joinHtml(
        numbers.map((number) => html`<td class="number">${htmlText(number)}</td>`),
        '',
      )}</tr>`,
  )
  return html`<div class="scroll" tabindex="0"><table>
<thead><tr><th></th><th class="number">Runs</th><th class="number">Calls</th><th class="number">Tokens</th><th class="number">Cost</th></tr></thead>
<tbody>
${joinHtml(rows, '\n')}
</tbody>
</table></div>
<p class="muted">${htmlText(spentMeaning)}</p>`
}

const signClass = {'+': 'add', '-': 'take', '@': 'gap', ' ': 'same'} as const

function words(evolution: Evolution): Html {
  const changes = changesOf(evolution)
  if (changes.length === 0) return html``
  const note = evolution.promoted ? html`` : html`<p>Not promoted: the pipeline stays as it is, without them.</p>`
  const blocks = changes.map(([key, lines]) => {
    const rows = lines
      .slice(0, most.lines)
      .map(
        ({sign, text}) =>
          html`<span class="${htmlText(signClass[sign])}">${shown(sign === '@' ? text : sign + text)}</span>`,
      )
    return html`<h3><code>${named(key)}</code></h3>
<pre class="diff">${joinHtml(rows, '')}</pre>
${leftOut(lines.length, most.lines, 'line')}`
  })
  return html`${note}${joinHtml(blocks, '\n')}`
}

function notes({log}: Evolution): Html {
  const all = notesOf(log)
  return html`${list(all.slice(0, most.notes).map((note) => shown(note)))}${leftOut(all.length, most.notes, 'note')}`
}
