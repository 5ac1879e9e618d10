/** The gold standard's file: a new one in the plan's form, an old one with nothing of it changed but what is added. */
import {Document, isMap, isSeq, parseDocument, type YAMLSeq} from 'yaml'
import {readDocument} from '../document.ts'
import {Failure} from '../errors.ts'
import {inFixedForm, orderedChange} from '../plan/document.ts'
import type {Change} from '../plan/plan.ts'
import {GoldStandard, type GoldFinding} from './gold.ts'

const heading =
  ' What a good plan for this repository says: findings that somebody has reviewed. Plans are scored against it.\n' +
  ' `validity: refuted` is a trap; a finding with `must: true` has to be found. `refactor-plan check` looks it over.'

/** Of a gold standard that was not there before. */
export function renderGold(gold: GoldStandard): string {
  const document = new Document({
    schema: gold.schema,
    name: gold.name,
    goal: gold.goal,
    source: gold.source,
    split: gold.split,
    findings: gold.findings.map(orderedGoldFinding),
    changes: gold.changes.map(orderedChange),
  })
  document.commentBefore = heading
  return inFixedForm(document)
}

export interface Added {
  readonly findings: readonly GoldFinding[]
  readonly changes: readonly Change[]
}

/**
 * New entries go in as new lines behind the last of their list, so that comments, order and every other byte stay. A list that
 * has no lines of its own (`changes: []`, JSON) is written anew, comments kept. Throws `Failure`: what `readDocument` says of
 * the old text as `bad-gold`, and `gold-not-written` if what was written does not read back as old and new together.
 */
export function withAdded(yaml: string, file: string, added: Added): string {
  const before = goldIn(yaml, file)
  const expected = JSON.stringify(
    GoldStandard.parse({
      ...before,
      findings: [...before.findings, ...added.findings],
      changes: [...before.changes, ...added.changes],
    }),
  )
  for (const write of [spliced, rewritten]) {
    const text = write(yaml, added)
    const read = text === null ? null : readDocument(text, file, GoldStandard)
    if (text !== null && read?.ok === true && JSON.stringify(read.value) === expected) return text
  }
  throw new Failure('gold-not-written', `${file}: the findings do not read back as they were written`, {
    hint: 'write `findings` and `changes` as plain lists, without anchors',
  })
}

function goldIn(yaml: string, file: string): GoldStandard {
  const read = readDocument(yaml, file, GoldStandard)
  if (read.ok) return read.value
  throw new Failure(
    'bad-gold',
    read.problems.map(({line, col, message}) => `${file}:${line}:${col} ${message}`).join('\n'),
  )
}

const parsed = (yaml: string): Document => parseDocument(yaml, {version: '1.2', schema: 'core'})

const listsOf = ({findings, changes}: Added): Readonly<Record<string, readonly object[]>> => ({
  findings: findings.map(orderedGoldFinding),
  changes: changes.map(orderedChange),
})

/** null: a list is not one of lines. */
function spliced(yaml: string, added: Added): string | null {
  let text: string | null = yaml
  for (const [name, items] of Object.entries(listsOf(added))) {
    if (text !== null && items.length > 0) text = withLines(text, name, items)
  }
  return text
}

function withLines(yaml: string, name: string, items: readonly object[]): string | null {
  const document = parsed(yaml)
  const list = document.get(name, true)
  if (list === undefined && isMap(document.contents) && document.contents.flow !== true)
    return insertAfter(yaml, endOf(document.contents.items.at(-1)?.value), `${name}:\n${linesOf(items, '  ')}`)
  if (!isSeq(list) || list.flow === true || list.items.length === 0) return null
  const start = list.range?.[0] ?? 0
  const indent = yaml.slice(yaml.lastIndexOf('\n', start - 1) + 1, start)
  if (yaml[start] !== '-' || indent.trim() !== '') return null
  const between = isSpaced(list) ? '\n' : ''
  return insertAfter(yaml, endOf(list.items.at(-1)), `${between}${linesOf(items, indent, between)}`)
}

/** Where the people who wrote it leave a line between two entries, so do we. */
const isSpaced = ({items}: YAMLSeq): boolean => {
  const last = items.at(-1)
  return items.length > 1 && isMap(last) && last.spaceBefore === true
}

const linesOf = (items: readonly object[], indent: string, between = ''): string =>
  items.map((item) => inFixedForm(new Document([item])).replaceAll(/^(?=.)/gm, indent)).join(between)

const endOf = (node: unknown): number | null =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
    ? Number(node.range[1])
    : null

/** Behind the line on which `at` is, with a comment that ends it. */
function insertAfter(yaml: string, at: number | null, lines: string): string | null {
  if (at === null) return null
  const next = yaml[at - 1] === '\n' ? at : yaml.indexOf('\n', at) + 1
  const [head, tail] = next === 0 ? [`${yaml}\n`, ''] : [yaml.slice(0, next), yaml.slice(next)]
  return `${head}${yaml.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines}${tail}`
}

function rewritten(yaml: string, added: Added): string | null {
  const document = parsed(yaml)
  for (const [name, items] of Object.entries(listsOf(added))) {
    const list = document.get(name, true)
    if (items.length === 0) continue
    if (list === undefined) document.set(name, document.createNode(items))
    else if (isSeq(list)) {
      if (list.items.length === 0) list.flow = false
      for (const item of items) list.add(document.createNode(item))
    } else return null
  }
  return document.toString({lineWidth: 0, flowCollectionPadding: /\{ \S/.test(yaml)})
}

/** `validity` always stands there: whether somebody made the defect happen is what a reader asks first. */
const orderedGoldFinding = (finding: GoldFinding): object => ({
  id: finding.id,
  ...(finding.title === undefined ? {} : {title: finding.title}),
  category: finding.category,
  severity: finding.severity,
  ...(finding.must ? {must: true} : {}),
  ...(finding.extra ? {extra: true} : {}),
  validity: finding.validity,
  ...(finding.related_files.length === 0 ? {} : {related_files: finding.related_files}),
  locations: finding.locations,
  description: finding.description,
  ...(finding.source === 'model' ? {} : {source: finding.source}),
})
