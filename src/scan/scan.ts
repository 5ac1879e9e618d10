/** Files → findings. Pure: the same files give the same findings under the same ids. */
import {readModules, type Module} from './elixir/module.ts'
import {readElixir, type ElixirProject} from './elixir/project.ts'
import {severities, type Scan, type ScanFinding, type Severity} from './finding.ts'
import type {Parse} from './parse.ts'
import {readFiles} from './reading.ts'
import {clip, type Hit, type Place, type Rule} from './rule.ts'
import {rules} from './rules/index.ts'
import type {CodeFile, Source} from './source.ts'

interface NamedHit {
  readonly rule: string
  readonly category: string
  readonly severity: Severity
  readonly hit: Hit
}

/**
 * `S1…` are numbered by severity, then path, line and rule. Elixir files are judged together, because a rule may ask who starts
 * a server or who handles a message; the others one by one, so that only few trees are held at a time.
 */
export async function scan(files: readonly CodeFile[], parse: Parse): Promise<Scan> {
  const skipped: {file: string; why: string}[] = []
  const hits: NamedHit[] = []
  const elixir: (readonly [Source, readonly Module[]])[] = []
  for await (const read of readFiles(files, parse)) {
    if (!read.ok) skipped.push({file: read.file.path, why: read.why})
    else if (read.source.language === 'elixir') elixir.push([read.source, readModules(read.source)])
    else hits.push(...judge(read.source, emptyProject))
  }
  const project = readElixir(elixir)
  for (const [source] of elixir) hits.push(...judge(source, project))
  hits.sort(compare)
  return {
    findings: hits.map((each, at) => findingOf(each, at + 1)),
    skipped: skipped.sort((a, b) => compareText(a.file, b.file)),
  }
}

const emptyProject: ElixirProject = readElixir([])

function judge(source: Source, elixir: ElixirProject): readonly NamedHit[] {
  const all: readonly (readonly [string, Rule])[] = Object.entries(rules)
  return all
    .filter(([, {languages, roles}]) => languages.includes(source.language) && roles.includes(source.role))
    .flatMap(([name, rule]) =>
      rule
        .find(source, {elixir})
        // an error recovery can leave a node without text; a finding without evidence is worth nothing
        .filter(({place}) => place.evidence !== '')
        .map((hit) => ({rule: name, category: rule.category, severity: hit.severity ?? rule.severity, hit})),
    )
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compare = (a: NamedHit, b: NamedHit): number =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
  compareText(a.hit.place.path, b.hit.place.path) ||
  a.hit.place.startLine - b.hit.place.startLine ||
  compareText(a.rule, b.rule) ||
  a.hit.place.endLine - b.hit.place.endLine ||
  compareText(a.hit.title, b.hit.title)

const locationOf = ({path, startLine, endLine, evidence}: Place): ScanFinding['locations'][number] => ({
  file: path,
  start_line: startLine,
  end_line: endLine,
  evidence,
})

const findingOf = ({rule, category, severity, hit}: NamedHit, number: number): ScanFinding => ({
  id: `S${number}`,
  rule,
  title: clip(hit.title, 80),
  category,
  severity,
  locations: [hit.place, ...(hit.also ?? [])].map(locationOf),
  description: hit.description,
  source: 'scan',
})
