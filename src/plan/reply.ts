/** What a pipeline hands over — scan findings, or a model's plan as data or text — becomes a plan, or a `Failure` that says why not. */
import * as z from 'zod'
import {parseYaml} from '../document.ts'
import {Failure} from '../errors.ts'
import {Finding, severities, type Scan} from '../scan/finding.ts'
import {clip} from '../trust.ts'
import {draftPlan} from './draft.ts'
import {Plan} from './plan.ts'

export interface ReplyContext {
  readonly goal: string
  readonly name: string
  readonly commit: string | null
  /** What the static rules really found: the only findings that may carry `source: scan`. */
  readonly scan: Scan | null
  /** Paths of the repository; they decide which commands can prove a change. */
  readonly paths?: readonly string[]
}

const ScanFindings = z.object({findings: z.array(z.object({...Finding.shape, rule: z.string()}))})

/** A model's words for the parts of a plan. Who asks for closed objects gets every key; who does not may miss some. */
const maybeText = z.string().nullish()
const maybeTexts = z.array(z.string()).nullish()
const maybeLine = z.number().int().nullish()
const ModelFinding = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  title: maybeText,
  category: z.string(),
  severity: z.preprocess(
    (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
    z.enum(severities),
  ),
  locations: z
    .array(z.object({file: z.string(), start_line: maybeLine, end_line: maybeLine, evidence: maybeText}))
    .nullish(),
  description: z.string(),
})
const ModelChange = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  title: z.string(),
  resolves: maybeTexts,
  depends_on: maybeTexts,
  phase: z.number().int().positive().nullish(),
  files: maybeTexts,
  creates: maybeTexts,
  instructions: maybeText,
  risk: z.enum(['low', 'medium', 'high']).nullish().catch(null),
  effort: z.enum(['S', 'M', 'L']).nullish().catch(null),
  verification: z.union([z.array(z.string()), z.string().transform((command) => [command])]).nullish(),
})
const ModelPlan = z.object({
  summary: maybeText,
  findings: z.array(ModelFinding),
  changes: z.array(ModelChange),
})
type ModelPlan = z.infer<typeof ModelPlan>

/** Throws `Failure` `not-a-plan` (exit 3: the model's fault, not the user's). Goal, name and commit are the context's, always. */
export function planFrom(source: unknown, context: ReplyContext): Plan {
  const value = typeof source === 'string' ? valueIn(source) : source
  const scanned = ScanFindings.safeParse(Array.isArray(value) ? {findings: value} : value)
  if (scanned.success && !hasKey(value, 'changes'))
    return draftPlan({...context, paths: context.paths ?? [], findings: honest(scanned.data.findings, context.scan)})
  const read = ModelPlan.safeParse(value)
  if (!read.success) throw notAPlan(wrongIn(read.error), value)
  const plan = Plan.safeParse(assembled(read.data, context))
  if (!plan.success) throw notAPlan(wrongIn(plan.error), value)
  return {...plan.data, findings: honest(plan.data.findings, context.scan)}
}

const hasKey = (value: unknown, key: string): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)

/** JSON first, then YAML; in a fence if there is one. A reply that was cut off is not repaired: half a plan is another plan. */
function valueIn(text: string): unknown {
  const fenced = /^[ \t]*(`{3,}|~{3,})[ \t]*(?:json|yaml|yml)?[ \t]*\r?\n([\s\S]*?)\r?\n[ \t]*\1[ \t]*$/im.exec(
    text,
  )?.[2]
  const braced = text.slice(Math.max(text.indexOf('{'), 0), text.lastIndexOf('}') + 1)
  let problem = 'no JSON and no YAML in it'
  for (const candidate of [text, fenced, braced]) {
    if (candidate === undefined || candidate.trim() === '') continue
    try {
      return JSON.parse(candidate)
    } catch {
      const parsed = parseYaml(candidate, 'reply')
      if (parsed.ok && typeof parsed.value.value === 'object' && parsed.value.value !== null) return parsed.value.value
      const [first] = parsed.ok ? [] : parsed.problems
      if (first !== undefined) problem = `line ${first.line}, column ${first.col}: ${first.message}`
    }
  }
  throw notAPlan([problem], text)
}

const wrongIn = (error: z.ZodError): readonly string[] =>
  error.issues.map(({path, message}) => `${path.length === 0 ? 'the reply' : path.map(String).join('.')}: ${message}`)

function notAPlan(wrong: readonly string[], value: unknown): Failure {
  const start = (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))).replace(/\s+/g, ' ')
  const shown = wrong.slice(0, 5).join('; ')
  const more = wrong.length > 5 ? `; and ${wrong.length - 5} more` : ''
  return new Failure(
    'not-a-plan',
    `The pipeline's result is not a plan: ${shown}${more}. It begins: ${clip(start, 120)}`,
    {
      hint: 'A plan is {summary, findings, changes}, or the findings of a scan. Ask for it with `schema: plan` in the pipeline, and give the step enough max-tokens.',
      exit: 3,
    },
  )
}

function assembled(model: ModelPlan, {goal, name, commit}: ReplyContext): unknown {
  const findingIds = uniqueIds(model.findings, 'F')
  const changeIds = uniqueIds(model.changes, 'C')
  return {
    schema: 1,
    goal,
    repository: {name, commit},
    summary: model.summary ?? '',
    findings: model.findings.map(({title, category, severity, locations, description}, index) => ({
      id: findingIds[index],
      ...(title ? {title} : {}),
      category: kebab(category),
      severity,
      locations: (locations ?? []).filter(({file}) => file !== '').map(placeOf),
      description,
    })),
    changes: model.changes.map((change, index) => ({
      id: changeIds[index],
      title: change.title,
      resolves: change.resolves ?? [],
      depends_on: change.depends_on ?? [],
      phase: change.phase ?? 1,
      files: change.files ?? [],
      creates: change.creates ?? [],
      instructions: change.instructions ?? '',
      risk: change.risk ?? null,
      effort: change.effort ?? null,
      verification: change.verification ?? [],
    })),
  }
}

type ModelLocation = NonNullable<ModelPlan['findings'][number]['locations']>[number]

/** Line 0 and below mean "no line" to models; they are left out, not moved. */
const placeOf = ({file, start_line, end_line, evidence}: ModelLocation): object => ({
  file,
  ...(start_line && start_line > 0 ? {start_line} : {}),
  ...(end_line && end_line > 0 ? {end_line} : {}),
  ...(evidence ? {evidence} : {}),
})

const kebab = (text: string): string =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'uncategorised'

/** The model's ids where they are there and free; references keep pointing at the first that bore the name. */
function uniqueIds(
  items: readonly {readonly id?: string | number | null | undefined}[],
  letter: string,
): readonly string[] {
  const given = items.map(({id}) => (id === null || id === undefined ? '' : String(id).trim().slice(0, 64)))
  const taken = new Set<string>()
  const reserved = new Set(given)
  return given.map((id, index) => {
    let unique = id
    for (let next = index + 1; unique === '' || taken.has(unique); next++) {
      const free = `${letter}${next}`
      unique = reserved.has(free) ? '' : free
    }
    taken.add(unique)
    return unique
  })
}

/** `source: scan` only for what the static rules said, word for word; everything else is a model's claim. */
function honest(findings: readonly Finding[], scan: Scan | null): Finding[] {
  const said = new Set((scan?.findings ?? []).map(fingerprintOf))
  return findings.map((finding) => ({...finding, source: said.has(fingerprintOf(finding)) ? 'scan' : 'model'}))
}

const fingerprintOf = ({category, severity, locations, description}: Finding): string =>
  JSON.stringify([
    category,
    severity,
    description.trim(),
    locations.map(({file, start_line, end_line, evidence}) => [file, start_line, end_line, evidence?.trim()]),
  ])

const noLimits = new Set([
  '$schema',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'exclusiveMinimum',
  'pattern',
  'default',
])

/**
 * JSON Schema of what a model must answer with: every object closed, every key required, no limits — the subset that
 * both providers' structured outputs take.
 */
export const planSchema: Readonly<Record<string, unknown>> = schemaOf(
  z.strictObject({
    summary: z.string(),
    findings: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        category: z.string(),
        severity: z.enum(severities),
        locations: z.array(
          z.strictObject({
            file: z.string(),
            start_line: z.int().nullable(),
            end_line: z.int().nullable(),
            evidence: z.string().nullable(),
          }),
        ),
        description: z.string(),
      }),
    ),
    changes: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        resolves: z.array(z.string()),
        depends_on: z.array(z.string()),
        phase: z.int(),
        files: z.array(z.string()),
        creates: z.array(z.string()),
        instructions: z.string(),
        risk: z.enum(['low', 'medium', 'high']),
        effort: z.enum(['S', 'M', 'L']),
        verification: z.array(z.string()),
      }),
    ),
  }),
)

function schemaOf(type: z.ZodType): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(type, {
    override: ({jsonSchema}) => {
      for (const key of Object.keys(jsonSchema)) if (noLimits.has(key)) Reflect.deleteProperty(jsonSchema, key)
    },
  })
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !noLimits.has(key)))
}
