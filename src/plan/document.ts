/** The plan file: YAML in a fixed form. */
import {Document, isScalar, Scalar, visit, type YAMLMap, type YAMLSeq} from 'yaml'
import {readDocument, type Read} from '../document.ts'
import type {Finding} from '../scan/finding.ts'
import {Plan, type Change} from './plan.ts'

/** The plan file, or every mistake in it. Repeated ids and dangling references are read: they cost score, not legibility. */
export const parsePlan = (text: string, file: string): Read<Plan> => readDocument(text, file, Plan)

/** A plan never changes, and a run asks for its text to name it, to save it and to hash it: a thousand findings take half a second. */
const rendered = new WeakMap<Plan, string>()

/** YAML in a fixed key order. `parsePlan(renderPlan(plan))` gives the plan back, whatever its strings hold. */
export function renderPlan(plan: Plan): string {
  const known = rendered.get(plan)
  if (known !== undefined) return known
  const made = render(plan)
  rendered.set(plan, made)
  return made
}

function render(plan: Plan): string {
  const document = new Document({
    schema: plan.schema,
    goal: plan.goal,
    ...(plan.repository ? {repository: {name: plan.repository.name, commit: plan.repository.commit}} : {}),
    summary: plan.summary,
    findings: plan.findings.map(orderedFinding),
    changes: plan.changes.map(orderedChange),
  })
  return inFixedForm(document)
}

/** A place and a short list on one line, text that YAML would change in quotes: a plan and a gold standard look alike. */
export function inFixedForm(document: Document): string {
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && mustBeQuoted(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
    Map: (_, node) => {
      if (isPlace(node)) node.flow = true
    },
    Seq: (_, node) => {
      if (isShortList(node)) node.flow = true
    },
  })
  return document.toString({lineWidth: 0, flowCollectionPadding: false})
}

/** `evolved_pipelines/plan_<slug>_<digest8>.yaml`: a safe path for any plan, the same for the same content. */
export function planFileName(plan: Plan, digest: (text: string) => string): string {
  const parts =
    plan.repository?.name
      .split('/')
      .map(slugOf)
      .filter((part) => part !== '') ?? []
  const slug = parts.findLast((part) => !commonNames.has(part)) ?? (parts.at(-1) || slugOf(plan.goal) || 'repository')
  const hash = digest(renderPlan(plan))
    .replace(/[^0-9a-z]/gi, '')
    .slice(0, 8)
    .toLowerCase()
  return `evolved_pipelines/plan_${slug}_${hash}.yaml`
}

/** Of a folder; what is above it says more. */
const commonNames = new Set(['app', 'code', 'project', 'repo', 'repository', 'source', 'src', 'workspace'])

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')

/** Keys in the order of DESIGN §3, whatever order they came in. */
const orderedFinding = ({id, title, category, severity, locations, description, source}: Finding): object => ({
  id,
  ...(title === undefined ? {} : {title}),
  category,
  severity,
  locations: locations.map(({file, start_line, end_line, evidence}) => ({
    file,
    ...(start_line === undefined ? {} : {start_line}),
    ...(end_line === undefined ? {} : {end_line}),
    ...(evidence === undefined ? {} : {evidence}),
  })),
  description,
  source,
})

export const orderedChange = (change: Change): object => ({
  id: change.id,
  title: change.title,
  resolves: change.resolves,
  depends_on: change.depends_on,
  phase: change.phase,
  files: change.files,
  creates: change.creates,
  instructions: change.instructions,
  risk: change.risk,
  effort: change.effort,
  verification: change.verification,
})

/**
 * Block and plain scalars lose carriage returns, other control characters and blank edges (YAML 1.2 §5.4, §8.1.1.2),
 * so such text is written with escapes.
 */
const mustBeQuoted = (text: string): boolean =>
  /[^\n\u0020-\u007e\u00a1-\u1fff\u2030-\ud7ff\uf900-\ufdff\u{10000}-\u{10ffff}]/u.test(text) ||
  /^[\s]|[ \t]\n|[ \t]$|\n\n$/.test(text)

/** A location on one line, unless its quote runs over several. */
const isPlace = (node: YAMLMap): boolean => {
  const evidence = node.get('evidence')
  return node.has('file') && !(typeof evidence === 'string' && evidence.includes('\n'))
}

const isShortList = (node: YAMLSeq): boolean =>
  node.items.every((item) => isScalar(item) && typeof item.value === 'string' && !item.value.includes('\n')) &&
  node.items.reduce<number>((sum, item) => sum + (isScalar(item) ? String(item.value).length + 2 : 0), 0) <= 90
