/** What a pipeline can reach when a person runs it on his own machine: files below the current directory, other pipelines, the code. */
import {existsSync} from 'node:fs'
import {dirname, isAbsolute, join, relative, resolve} from 'node:path'
import {stringify} from 'yaml'
import * as z from 'zod'
import {makeFolder, readText, writeInside} from './adapters/disk.ts'
import {home} from './adapters/home.ts'
import {openShell} from './adapters/shell.ts'
import {openWorkspace} from './adapters/workspace.ts'
import {readDocument, valueOf} from './document.ts'
import {Failure} from './errors.ts'
import type {Host} from './host.ts'
import {parseGold} from './outside.ts'
import {isInside} from './pack/boundary.ts'
import {renderPack} from './pack/render.ts'
import {estimateTokens} from './pack/tokens.ts'
import {parsePipeline} from './pipeline/pipeline.ts'
import {tryOut, unrun, unwritten} from './pipeline/rehearsal.ts'
import {allSteps, type Pipeline, type Said, type Tools} from './pipeline/step.ts'
import {render} from './pipeline/template.ts'
import type {Workspace} from './pipeline/workspace.ts'
import {renderPlan} from './plan/document.ts'
import {Plan} from './plan/plan.ts'
import {planFrom, planSchema} from './plan/reply.ts'
import type {ToolSpec} from './provider.ts'
import {codeOf, packSource, scanTexts, type Packed, type Reading} from './run.ts'
import {factsOf, type Facts} from './scan/facts.ts'
import type {Scan} from './scan/finding.ts'
import {languageOf} from './scan/parse.ts'
import {
  analyzeImpact,
  DependenciesQuery,
  FilesQuery,
  findDependencies,
  findFiles,
  findFunctions,
  findRelated,
  FunctionsQuery,
  ImpactQuery,
  RelatedQuery,
} from './scan/query.ts'
import {anchor} from './score/anchor.ts'
import {scorePlan, scoreWithoutGold} from './score/score.ts'

export interface Workshop {
  readonly pipeline: Pipeline
  /** Of the pipeline, as it was found. */
  readonly file: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly allowShell: boolean
  /** Nobody is asked and nothing is written. */
  readonly isRehearsal: boolean
  readonly goal: string
  readonly reading: Reading
  readonly host: Host
  readonly warn: (message: string) => void
}

/** Each value is made once, when somebody wants it. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}

/** Whether the run reads the code at all: a pipeline about something else runs in an empty folder too. */
export const readsCode = ({inputs = [], steps}: Pipeline): boolean =>
  inputs.some((name) => ['repository', 'repository_name', 'findings'].includes(name)) ||
  allSteps(steps).some(({type}) => ['scan', 'pack', 'plan', 'query', 'score'].includes(type))

export interface Opened {
  /** The inputs that a run knows by itself. */
  readonly known: Readonly<Record<string, unknown>>
  readonly tools: Tools
  /** null: the pipeline reads no code. */
  readonly packed: Packed | null
  /** Of the files that were read so far. */
  readonly readDigests: () => readonly string[]
}

/** The inputs that a run knows by itself, and what it may do. */
export async function openWorkshop(shop: Workshop): Promise<Opened> {
  const {pipeline, host, reading, goal} = shop
  checkTargets(pipeline)
  const code = readsCode(pipeline) ? await packSource(reading, host) : null
  const scan = lazily(() => scanOf(code, host))
  const scanned = code === null || !needsScan(pipeline) ? null : await scan()
  const known =
    code === null
      ? {user_prompt: goal}
      : {
          user_prompt: goal,
          repository_name: code.pack.name,
          repository: renderPack(code.pack, 'xml', {lineNumbers: true}),
          ...(scanned === null ? {} : {findings: scanned.findings}),
        }
  const files = filesOf(shop)
  const tools: Tools = {
    ask: host.ask,
    scan,
    draft: (source) => draft(source, code, scanned, goal),
    schemas,
    ...(code === null ? {} : toolsOfCode(code, shop)),
    ...files.tools,
    ...(shop.isRehearsal
      ? {isRehearsal: true, save: async (path: string) => path}
      : {reviews: {pipeline: reviewPipeline}}),
    ...(shop.allowShell ? {shell: shop.isRehearsal ? unrun : openShell(shop.cwd, shop.env)} : {}),
  }
  return {known, tools, packed: code, readDigests: files.digests}
}

/** Only what every pipeline has: the rest is what `reviewPipeline` reads. */
const schemas: Tools['schemas'] = {
  plan: planSchema,
  pipeline: {
    type: 'object',
    required: ['name', 'steps'],
    properties: {name: {type: 'string'}, steps: {type: 'array', minItems: 1, items: {type: 'object'}}},
  },
}

/** A pipeline that a model wrote is one when the strict reader takes it and it comes to its end without a model. */
async function reviewPipeline(data: unknown): Promise<readonly string[]> {
  const read = parsePipeline(stringify(data), 'pipeline', {reader: 'strict'})
  if (!read.ok) return read.problems.slice(0, 20).map(({message}) => message)
  return tryOut(read.value, schemas)
}

const needsScan = ({inputs = [], steps}: Pipeline): boolean =>
  inputs.includes('findings') || allSteps(steps).some(({type}) => type === 'plan' || type === 'scan')

const scanOf = (code: Packed | null, host: Host): Promise<Scan> => {
  if (code === null) throw new Failure('no-code', 'there is no code to scan')
  return scanTexts(code.whole, host)
}

function draft(source: unknown, code: Packed | null, scan: Scan | null, goal: string): Said {
  if (code === null || scan === null) throw new Failure('no-code', 'there is no code to plan for')
  const {name, commit} = code.pack
  const plan = planFrom(source, {goal, name, commit, scan, paths: code.whole.files.map(({path}) => path)})
  return {text: renderPlan(plan), data: plan}
}

function toolsOfCode(code: Packed, {cwd, host, reading}: Workshop): Partial<Tools> {
  const facts = lazily(() => readFacts(code, host))
  const {pack, whole} = code
  return {
    pack: async () => ({
      text: renderPack(pack, 'xml', {lineNumbers: true}),
      data: {
        files: pack.files.map(({path, text}) => ({path, tokens: estimateTokens(text)})),
        left_out: pack.leftOut,
        tokens: pack.tokens,
      },
    }),
    query: async (kind, criteria) => answerTo(kind, criteria, await facts()),
    score: async (source, gold) => {
      const plan = Plan.safeParse(source).data
      if (plan === undefined)
        throw new Failure('not-a-plan', 'only a plan can be scored', {hint: 'name a step of type `plan`'})
      const lines = codeOf(whole)
      const file = gold === null ? null : parseGold(readText(resolve(cwd, gold)), gold)
      const standard = file === null ? (reading.gold ?? null) : anchor(file.gold, lines).gold
      const card = standard === null ? scoreWithoutGold(plan, lines) : scorePlan(plan, standard, lines, null)
      return {
        text: card.score === null ? 'no gold standard applies' : card.score.toFixed(1),
        data: JSON.parse(JSON.stringify(card)),
      }
    },
  }
}

function readFacts({whole: {files}}: Packed, {withParse}: Host): Promise<Facts> {
  const languages = [...new Set(files.flatMap(({path}) => languageOf(path) ?? []))]
  const size = files.reduce((sum, {text}) => sum + text.length, 0)
  return withParse({languages, size}, (parse) => factsOf(files, parse))
}

/** What a step is shown of a long answer: a model pays for each line of it. */
const mostFound = 2_000

const queries: Readonly<Record<string, (criteria: unknown, facts: Facts) => unknown>> = {
  find_files: (criteria, facts) => findFiles(facts, read(FilesQuery, criteria, 'find_files')).slice(0, mostFound),
  find_functions: (criteria, facts) =>
    findFunctions(facts, read(FunctionsQuery, criteria, 'find_functions')).slice(0, mostFound),
  find_dependencies: (criteria, facts) =>
    findDependencies(facts, read(DependenciesQuery, criteria, 'find_dependencies')),
  find_related: (criteria, facts) => findRelated(facts, read(RelatedQuery, criteria, 'find_related')),
  analyze_impact: (criteria, facts) => analyzeImpact(facts, read(ImpactQuery, criteria, 'analyze_impact')),
}

function read<T>(schema: z.ZodType<T>, criteria: unknown, kind: string): T {
  const found = schema.safeParse(criteria)
  if (found.success) return found.data
  const why = found.error.issues.map(({path, message}) => `${path.join('.') || 'criteria'}: ${message}`).join('; ')
  throw new Failure('bad-query', `${kind}: ${why}`)
}

function answerTo(kind: string, criteria: unknown, facts: Facts): unknown {
  const query = Object.hasOwn(queries, kind) ? queries[kind] : undefined
  if (query === undefined) throw new Failure('bad-query', `there is no query \`${kind}\``)
  return JSON.parse(JSON.stringify(query(criteria, facts) ?? null))
}

/** Below the current directory, whatever the file says: what leads out of it is replaced, and said. */
export function folderOf(setting: string | null, usual: string, {cwd, warn}: Pick<Workshop, 'cwd' | 'warn'>): string {
  const wanted = resolve(cwd, setting ?? usual)
  const inside = relative(cwd, wanted)
  if (inside === '' || (!inside.startsWith('..') && !isAbsolute(inside))) return wanted
  warn(`${setting} lies outside of the current directory: ${usual} is taken in its place`)
  return resolve(cwd, usual)
}

/** Before anything is paid for: where results go that the file names to the letter. */
function checkTargets({steps}: Pipeline): void {
  for (const {name, common} of allSteps(steps)) {
    const target = common.output_to_file
    if (target === undefined || target.includes('{{')) continue
    const path = target.replace(/^(?:\.\/)+/, '')
    if (!isInside(path))
      throw new Failure(
        'outside',
        `step ${name}: output_to_file ${JSON.stringify(target)} leads out of the folder of results`,
      )
  }
}

interface Files {
  readonly tools: Partial<Tools>
  /** sha-256 of every text that was read so far. */
  readonly digests: () => readonly string[]
}

function filesOf(shop: Workshop): Files {
  const {pipeline, cwd, file} = shop
  const work = folderOf(pipeline.settings?.workspace ?? null, 'workspace', shop)
  const outputs = folderOf(pipeline.settings?.outputs ?? null, 'outputs', shop)
  const needsWorkspace = allSteps(pipeline.steps).some(({needs}) => needs.includes('workspace'))
  const places = [...new Set([cwd, dirname(resolve(cwd, file)), work])]
  const open = new Map<string, Promise<Pipeline>>()
  const digests = new Map<string, string>()
  const readText = async (path: string): Promise<{readonly text: string; readonly isOwn: boolean}> => {
    const {text, at} = await readFrom(places, path)
    digests.set(at, shop.host.digest(text))
    return {text, isOwn: ![work, outputs].some((folder) => isBelow(folder, at))}
  }
  return {
    digests: () => [...digests].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([at, digest]) => `${at} ${digest}`),
    tools: {
      ...(needsWorkspace ? {workspace: workspaceAt(work, shop.isRehearsal)} : {}),
      toolSpecs: readToolSpecs,
      readText,
      save: async (path, text) => saveBelow(outputs, path, text, cwd),
      open: (path) => {
        const known = open.get(path) ?? readText(path).then(({text}) => pipelineIn(text, path))
        open.set(path, known)
        return known
      },
    },
  }
}

/** A rehearsal makes no folder and changes no file. */
function workspaceAt(folder: string, isRehearsal: boolean): Workspace {
  if (!isRehearsal) return openWorkspace(makeFolder(folder))
  return unwritten(existsSync(folder) ? openWorkspace(folder) : null)
}

async function saveBelow(folder: string, path: string, text: string, cwd: string): Promise<string> {
  const inside = path.replace(/^(?:\.\/)+/, '')
  if (!isInside(inside)) {
    const shown = JSON.stringify(path.slice(0, 200))
    throw new Failure('outside', `output_to_file ${shown} leads out of the folder of results`)
  }
  writeInside(makeFolder(folder), inside, text)
  return relative(cwd, join(folder, inside))
}

const isBelow = (folder: string, path: string): boolean => {
  const inside = relative(folder, path)
  return !inside.startsWith('..') && !isAbsolute(inside)
}

const pipelineIn = (text: string, path: string): Pipeline =>
  valueOf(parsePipeline(text, path, {reader: 'lenient'}), 'pipeline')

/** The first place that has it. Throws `Failure`: `no-such-file` naming all of them, `outside`. */
async function readFrom(
  places: readonly string[],
  path: string,
): Promise<{readonly text: string; readonly at: string}> {
  const wrong: Failure[] = []
  for (const place of places.filter((each) => existsSync(each))) {
    try {
      return {text: await openWorkspace(place).read(path), at: resolve(place, path)}
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown
      wrong.push(thrown)
    }
  }
  const other = wrong.find(({code}) => code !== 'no-such-file')
  if (other !== undefined) throw other
  const shown = JSON.stringify(path.slice(0, 200))
  throw new Failure('no-such-file', `there is no file ${shown}; looked in ${places.join(', ')}`)
}

const Specs = z.strictObject({
  tools: z.array(
    z.strictObject({name: z.string(), description: z.string(), schema: z.record(z.string(), z.unknown())}),
  ),
})

/** The words that a model is told about its tools are words like any other: they stand beside the pipelines. */
export function readToolSpecs(): Readonly<Record<string, ToolSpec>> {
  const file = join(home, 'pipelines', 'words', 'tools.yaml')
  const {tools} = valueOf(readDocument(readText(file), 'pipelines/words/tools.yaml', Specs), 'tools')
  return Object.fromEntries(tools.map((each) => [each.name, each]))
}

/** The text of a result as it goes to a person: data where there is nothing else. */
export const shownText = ({text, data}: {readonly text: string; readonly data: unknown}): string =>
  text === '' && data !== null ? render(data) : text
