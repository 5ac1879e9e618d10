/** The program: a source becomes a pack, a pipeline turns the pack into a plan, rules and scorers turn the plan into a verdict. */
import {Failure} from './errors.ts'
import type {Host, Source} from './host.ts'
import type {Pack} from './pack/pack.ts'
import {packTexts, readTexts, type Texts} from './pack/read.ts'
import {renderPack} from './pack/render.ts'
import {select} from './pack/select.ts'
import {surroundingsOf} from './pack/surroundings.ts'
import {lineOf, type PipelineEvent} from './pipeline/events.ts'
import {execute} from './pipeline/execute.ts'
import type {Pipeline, Trace} from './pipeline/step.ts'
import {renderPlan} from './plan/document.ts'
import {Plan} from './plan/plan.ts'
import {planFrom, planSchema} from './plan/reply.ts'
import {checkPlan} from './plan/rules/index.ts'
import type {Violation} from './plan/rules/rule.ts'
import type {Scan, Severity} from './scan/finding.ts'
import {introducedSince} from './scan/introduced.ts'
import {languageOf} from './scan/parse.ts'
import {scan} from './scan/scan.ts'
import {anchor, type Gone} from './score/anchor.ts'
import type {GoldStandard} from './score/gold.ts'
import {candidatesOf, judge} from './score/judge.ts'
import {scorePlan, scoreWithoutGold} from './score/score.ts'
import type {Code, Scorecard, Verdict} from './score/scorecard.ts'
import {decide, type Policy} from './score/verdict.ts'
import {plain} from './trust.ts'

/** What one run is asked to do. */
export interface Job {
  readonly source: Source
  readonly goal: string
  readonly pipeline: Pipeline
  /** null: no gold standard applies. */
  readonly gold: GoldStandard | null
  /** The repository's own gold moves with its code; a gold standard of a fixed code base does not. */
  readonly anchored: boolean
  /** null: no judge. */
  readonly judge: Pipeline | null
  readonly policy: Policy
  /** What the code was before the change, in every state that a change of it is held against; without: none is. */
  readonly before?: readonly Texts[]
  readonly maxTokens: number
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Folders of gold standards, relative to the source: never packed. */
  readonly goldRoots: readonly string[]
  /** sha-256 of every gold file that this run reads: none may appear in the pack. */
  readonly goldDigests: ReadonlySet<string>
}

export interface Made {
  readonly pack: Pack
  readonly scan: Scan
  readonly code: Code
  readonly trace: Trace
  readonly plan: Plan
}

export interface Judgment {
  readonly violations: readonly Violation[]
  readonly scorecard: Scorecard
  readonly verdict: Verdict
  /** What the plan was scored against, with the lines as they are now; null: no gold standard applies. */
  readonly gold: GoldStandard | null
  /** Findings of the gold standard whose code is gone: they left the denominator. */
  readonly gone: readonly Gone[]
  /** Ids of findings that the gold standard does not know and the judge saw in the code; empty without a judge. */
  readonly candidates: readonly string[]
}

export type Judged = Made & Judgment

/** @param packed what `packSource` made of the job, where it is known already */
export async function run(job: Job, host: Host, packed: Packed | null = null): Promise<Judged> {
  const made = await makePlan(job, host, packed)
  return {...made, ...(await judgePlan(made.plan, made, job, host))}
}

/** pack → pipeline → plan. Throws `Failure`: `empty-repository`, `gold-in-pack`, what the pipeline throws, `not-a-plan`. */
export async function makePlan(job: Job, host: Host, packed: Packed | null = null): Promise<Made> {
  const {pack, whole} = packed ?? (await packSource(job, host))
  const scanned = await scanTexts(whole, host)
  const {trace, drafts} = await executeOn(job.pipeline, {user_prompt: job.goal}, {pack, whole}, scanned, job.goal, host)
  // the very value that was drafted: its text is known already, and a thousand findings take a quarter of a second to write
  const plan = drafts.find((each) => each === trace.output.data) ?? Plan.safeParse(trace.output.data).data
  if (plan === undefined) {
    throw new Failure('not-a-plan', `the pipeline ${job.pipeline.name} did not end in a plan`, {
      hint: 'its last step must be of type `plan`',
      exit: 3,
    })
  }
  return {pack, scan: scanned, code: codeOf(whole), trace, plan}
}

async function executeOn(
  pipeline: Pipeline,
  inputs: Readonly<Record<string, string>>,
  {pack, whole}: Packed,
  scanned: Scan,
  goal: string,
  host: Host,
): Promise<{readonly trace: Trace; readonly drafts: readonly Plan[]}> {
  const drafts: Plan[] = []
  const about = {goal, name: pack.name, commit: pack.commit, scan: scanned, paths: whole.files.map(({path}) => path)}
  const tools = {
    ask: host.ask,
    scan: async () => scanned,
    draft: (source: unknown) => {
      const plan = planFrom(source, about)
      drafts.push(plan)
      return {text: renderPlan(plan), data: plan}
    },
    schemas: {plan: planSchema},
  }
  const {now, signal} = host
  const onEvent = (event: PipelineEvent): void => {
    const line = lineOf(event)
    if (line !== null) host.say(plain(line))
  }
  const known = {
    repository_name: pack.name,
    repository: renderPack(pack, 'xml', {lineNumbers: true}),
    findings: scanned.findings,
  }
  const surroundings = {nonce: host.nonce(), now, signal, onEvent}
  return {trace: await execute(pipeline, {...known, ...inputs}, tools, surroundings), drafts}
}

/** What a run reads, and how much of it a model is shown. */
export type Reading = Pick<Job, 'source' | 'maxTokens' | 'include' | 'exclude' | 'goldRoots' | 'goldDigests'> &
  Partial<Pick<Job, 'gold'>> & {
    /** Paths of a change: a model is shown them and what stands around them, and nothing else. */
    readonly changed?: readonly string[]
  }

export interface Packed {
  /** What fits the budget. */
  readonly pack: Pack
  /** Every text file, for rules and quotes. */
  readonly whole: Texts
}

/** Without them a gold standard would be about code that is gone, as soon as somebody adds more files than are read. */
const filesOf = (gold: GoldStandard | null): readonly string[] =>
  (gold?.findings ?? []).flatMap(({locations, related_files}) => [...locations.map(({file}) => file), ...related_files])

/** Every text file that a run would read; without any it is empty. */
export async function readWhole(
  job: Omit<Reading, 'maxTokens' | 'goldDigests'>,
  {digest}: Pick<Host, 'digest'>,
): Promise<Texts> {
  const {source, include, exclude, goldRoots, gold = null} = job
  const {chosen, leftOut} = select(await source.list(), {include, exclude, goldRoots, keep: filesOf(gold)})
  const texts = readTexts(await source.read(chosen), digest)
  return {...texts, leftOut: [...leftOut, ...texts.leftOut]}
}

/** Throws `Failure` `empty-repository`, `gold-in-pack`. */
export async function packSource(job: Reading, host: Pick<Host, 'digest'>): Promise<Packed> {
  const whole = await readWhole(job, host)
  const {leftOut} = whole
  if (whole.files.length === 0) {
    throw new Failure('empty-repository', `${job.source.name}: there is no readable text file`, {
      hint:
        leftOut.length === 0
          ? 'is it the right path?'
          : `${leftOut.length} files were left out; \`pack --format json\` says why`,
    })
  }
  const leaked = whole.files.find(({digest}) => job.goldDigests.has(digest))
  if (leaked) {
    throw new Failure(
      'gold-in-pack',
      `${leaked.path} is a gold standard: a plan that reads the answers proves nothing`,
      {
        hint: 'keep gold standards in the folder that the setting `gold` names',
      },
    )
  }
  const {name, commit} = job.source
  return {
    pack: packTexts(job.changed === undefined ? whole : surroundingsOf(whole, job.changed), {
      name,
      commit,
      budget: job.maxTokens,
      lineNumbers: true,
    }),
    whole,
  }
}

export async function scanTexts({files}: Texts, {withParse}: Pick<Host, 'withParse'>): Promise<Scan> {
  const known = files.flatMap(({path, text}) => {
    const language = languageOf(path)
    return language === null ? [] : [{language, size: text.length}]
  })
  const languages = [...new Set(known.map(({language}) => language))]
  const size = known.reduce((sum, each) => sum + each.size, 0)
  return withParse({languages, size}, (parse) => scan(files, parse))
}

/** All that a score depends on but the code. */
export interface Rules {
  /** Of the gold standard; null: none applies. */
  readonly gold: string | null
  /** The pipeline's YAML. */
  readonly pipeline: string
  readonly isJudged: boolean
  readonly goal: string
  readonly maxTokens: number
  /** The program's own version, and whatever else must not change between two samples of one thing. */
  readonly program: string
}

/** sha-256: another word in any of it, and earlier samples say nothing. */
export function keyOf(
  {gold, pipeline, isJudged, goal, maxTokens, program}: Rules,
  {whole}: Packed,
  {digest}: Pick<Host, 'digest'>,
): string {
  const code = whole.files.map((file) => [file.path, file.digest])
  return digest(JSON.stringify([program, gold, pipeline, isJudged, code, goal, maxTokens]))
}

export function codeOf({files}: Texts): Code {
  const lines = new Map(files.map(({path, text}) => [path, text.split(/\r?\n/)]))
  return {paths: [...lines.keys()], lines: (path) => lines.get(path) ?? null}
}

/** plan → violations, scorecard, verdict. Throws `Failure` `stale-gold`. */
export async function judgePlan(
  plan: Plan,
  {code, scan: scanned}: Pick<Made, 'code'> & Partial<Pick<Made, 'scan'>>,
  job: Pick<Job, 'gold' | 'anchored' | 'judge' | 'policy' | 'before'>,
  host: Host,
): Promise<Judgment> {
  const violations = checkPlan(plan, code)
  const moved = job.gold !== null && job.anchored ? anchor(job.gold, code) : null
  const gold = moved?.gold ?? job.gold
  const {scorecard, candidates} =
    gold === null
      ? {scorecard: scoreWithoutGold(plan, code), candidates: []}
      : await scoreAgainst(plan, gold, code, job.judge, host)
  return {
    violations,
    scorecard,
    candidates,
    verdict: decide({scorecard, violations, policy: job.policy, introduced: await introduced(scanned, job, host)}),
    gold,
    gone: moved?.gone ?? [],
  }
}

/** What the static rules find now and did not find before, by rule and place. */
async function introduced(
  after: Scan | undefined,
  {before = []}: Pick<Job, 'before'>,
  host: Host,
): Promise<readonly {readonly name: string; readonly severity: Severity}[]> {
  if (after === undefined || before.length === 0) return []
  const earlier: Scan[] = []
  // one after the other: each holds the trees of a whole code base
  for (const texts of before) earlier.push(await scanTexts(texts, host))
  return introducedSince(earlier, after).map(({rule, severity, locations: [place]}) => ({
    name: place === undefined ? rule : `${rule} in ${place.file}:${place.start_line ?? 1}`,
    severity,
  }))
}

async function scoreAgainst(
  plan: Plan,
  gold: GoldStandard,
  code: Code,
  pipeline: Pipeline | null,
  host: Host,
): Promise<Pick<Judgment, 'scorecard' | 'candidates'>> {
  if (pipeline === null) return {scorecard: scorePlan(plan, gold, code, null), candidates: []}
  const ask = async (questions: string): Promise<string> => {
    const tools = {ask: host.ask, scan: unused, draft: unused, schemas: {}}
    const {now, signal} = host
    const trace = await execute(pipeline, {questions}, tools, {nonce: host.nonce(), now, signal})
    return trace.output.text
  }
  const judgement = await judge(plan, gold, code, {
    ask,
    planQuestions: textsIn(pipeline.variables?.['plan_questions']),
    seed: host.digest(renderPlan(plan)),
    nonce: host.nonce,
  })
  const scorecard = scorePlan(plan, gold, code, judgement)
  return {scorecard, candidates: candidatesOf(plan, judgement, scorecard)}
}

const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

const unused = (): never => {
  throw new Failure('bad-pipeline', 'the judge pipeline asks for more than a model', {
    hint: 'use only model steps in it',
  })
}
