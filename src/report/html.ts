/** The report as one page without scripts, pictures or anything from elsewhere. */
import type {Change} from '../plan/plan.ts'
import type {Finding, Location} from '../scan/finding.ts'
import {html, htmlText, joinHtml, type Html} from '../trust.ts'
import {list, pageOf, section} from './page.ts'
import type {Report} from './report.ts'
import {
  costText,
  creditsOf,
  criteriaOf,
  gainText,
  headlineOf,
  iconOf,
  judgeText,
  leftOutText,
  modelsText,
  phasesOf,
  placeText,
  plural,
  protectedText,
  timeText,
  urlOf,
} from './words.ts'

export function renderHtml(report: Report): Html {
  const headline = `Refactor plan: ${headlineOf(report)}`
  const {
    verdict,
    plan: {changes, findings: found},
  } = report
  return pageOf(
    headline,
    html`<h1>${htmlText(iconOf(report))} ${htmlText(headline)}</h1>
        <p class="muted">${htmlText(aboutOf(report))}</p>
        ${guarded(report)}
        ${list(verdict.decision === 'pass' ? [] : verdict.reasons.map(({message}) => htmlText(message)))}
        ${section('What would raise the score', improvements(report))} ${section('Score', scores(report))} ${section('How each finding was counted', credits(report))}
        ${section(`Plan: ${plural(changes.length, 'change')}`, plan(report))}
        ${section(plural(found.length, 'finding'), findings(report))}
        ${section('Remarks of the plan rules', violations(report))} ${section('Notes', notes(report))}`,
  )
}

const improvements = (report: Report): Html =>
  list(
    report.improvements.map((one) => {
      const {what, place} = one
      const where = place === null ? html`` : html` ${placeOf(report, place)}`
      return html`${htmlText(what)}${htmlText(gainText(one) === '' ? '' : ` (${gainText(one)})`)}${where}`
    }),
  )

const guarded = (report: Report): Html =>
  report.protected.length === 0
    ? html``
    : html`<p>${htmlText(protectedText(report))}</p>
        ${list(report.protected.map((path) => html`<code>${htmlText(path)}</code>`))}`

const violations = (report: Report): Html =>
  list(
    report.violations.map(
      ({rule, message, severity}) => html`${htmlText(severity)} <code>${htmlText(rule)}</code> ${htmlText(message)}`,
    ),
  )

const notes = (report: Report): Html => {
  const path = report.plan_path === null ? [] : [`Plan: ${report.plan_path}`]
  return list([...report.notes, leftOutText(report), ...path].map(htmlText))
}

const aboutOf = (report: Report): string =>
  [
    `${report.repository.name}${report.repository.commit === null ? '' : ` at ${report.repository.commit}`}`,
    `pipeline ${report.pipeline.name}`,
    modelsText(report),
    costText(report),
    ...(report.milliseconds === null ? [] : [timeText(report.milliseconds)]),
  ].join(' · ')

/** A link only where `urlOf` makes one: by commit, on the server of the run, which must speak HTTPS. */
function placeOf(report: Report, place: Location): Html {
  const url = urlOf(report, place)
  const label = html`<code>${htmlText(placeText(place))}</code>`
  return url === null || !url.startsWith('https://') ? label : html`<a href="${htmlText(url)}">${label}</a>`
}

function scores(report: Report): Html {
  const rows = criteriaOf(report).map(
    ({name, value, meaning}) =>
      html`<tr>
        <th>${htmlText(name)}</th>
        <td>${htmlText(value)}</td>
        <td>${htmlText(meaning)}</td>
      </tr>`,
  )
  return rows.length === 0
    ? html``
    : html`<table>
          ${joinHtml(rows, '\n')}
        </table>
        <p class="muted">${htmlText(judgeText[report.judge])}</p>`
}

function credits(report: Report): Html {
  const rows = creditsOf(report).map(
    ({id, outcome, why}) =>
      html`<tr>
        <th>${htmlText(id)}</th>
        <td>${htmlText(outcome)}</td>
        <td>${htmlText(why)}</td>
      </tr>`,
  )
  return rows.length === 0
    ? html``
    : html`<table>
        ${joinHtml(rows, '\n')}
      </table>`
}

const plan = (report: Report): Html =>
  joinHtml(
    [
      html`<p class="lines">${htmlText(report.plan.summary)}</p>`,
      ...phasesOf(report).map(
        ([phase, changes]) =>
          html`<h3>Phase ${phase}</h3>
            ${joinHtml(
              changes.map((change) => changeOf(report, change)),
              '\n',
            )}`,
      ),
    ],
    '\n',
  )

function changeOf(report: Report, change: Change): Html {
  const {id, title, files, creates, resolves, depends_on, instructions, verification, risk, effort} = change
  const size = [...(risk === null ? [] : [`${risk} risk`]), ...(effort === null ? [] : [`effort ${effort}`])]
  const rows = [
    ...(resolves.length === 0 ? [] : [htmlText(`Resolves ${resolves.join(', ')}`)]),
    ...(depends_on.length === 0 ? [] : [htmlText(`After ${depends_on.join(', ')}`)]),
    ...files.map((file) => placeOf(report, {file})),
    ...creates.map((file) => html`<code>${htmlText(file)}</code> (new)`),
  ]
  return html`<details>
    <summary><b>${htmlText(id)}</b> ${htmlText([title, ...size].join(' · '))}</summary>
    ${list(rows)}
    <p class="lines">${htmlText(instructions)}</p>
    ${verification.length === 0 ? html`` : html`<pre>${htmlText(verification.join('\n'))}</pre>`}
  </details>`
}

function findings(report: Report): Html {
  if (report.plan.findings.length === 0) return html``
  const rows = report.plan.findings.map((finding) => findingRow(report, finding))
  return html`<table>
    <tr>
      <th></th>
      <th>Severity</th>
      <th>Category</th>
      <th>Where</th>
      <th>What</th>
    </tr>
    ${joinHtml(rows, '\n')}
  </table>`
}

const findingRow = (report: Report, {id, title, severity, category, locations, description, source}: Finding): Html =>
  html`<tr>
    <td>${htmlText(id)}</td>
    <td>${htmlText(severity)}</td>
    <td>${htmlText(category)}</td>
    <td>
      ${joinHtml(
        locations.map((place) => placeOf(report, place)),
        ', ',
      )}
    </td>
    <td><span class="lines">${htmlText(title === undefined ? description : `${title}. ${description}`)}</span> <span class="muted">${htmlText(source)}</span></td>
  </tr>`
