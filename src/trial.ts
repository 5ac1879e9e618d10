/** A pipeline on a gold standard: what `evaluate` and `optimize` do over and over, on this machine and in the runner. */
import {existsSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {readText} from './adapters/disk.ts'
import {home} from './adapters/home.ts'
import type {Config} from './config.ts'
import {Failure} from './errors.ts'
import type {Host, Source} from './host.ts'
import {candidateOf, writeCandidate} from './optimize/candidate.ts'
import {optimize, type Optimized} from './optimize/optimize.ts'
import {optimizerNames, optimizerOf} from './optimize/optimizers/index.ts'
import {
  asksModels,
  chooseJudge,
  digestOf,
  isOwnGold,
  parseGold,
  readGoldFolder,
  type Chosen,
  type GoldFile,
  type Keys,
} from './outside.ts'
import type {Pipeline} from './pipeline/step.ts'
import type {Budget} from './provider.ts'
import type {Baseline, BaselineCase} from './score/baseline.ts'
import {evaluate, type Evaluation} from './score/evaluate.ts'
import type {Ledger, Sample} from './score/ledger.ts'
import {run, type Judged} from './run.ts'
import {plainLine} from './trust.ts'

export interface Trials {
  readonly config: Config
  readonly keys: Keys
  readonly host: Host
  /** The code base a gold standard is about, or why it is not at hand. */
  readonly sourceOf: (gold: GoldFile) => Promise<Source | {readonly missing: string}>
}

/** The gold standards of a folder, or those that ship with the program where there are none. Throws `Failure` `no-gold`. */
export async function goldsAt(folder: string | null): Promise<readonly GoldFile[]> {
  if (folder !== null && existsSync(folder) && statSync(folder).isFile()) return [parseGold(readText(folder), folder)]
  const golds = await readGoldFolder(folder ?? join(home, 'gold'))
  if (golds.length > 0) return golds
  if (folder === null)
    throw new Failure('no-gold', 'no gold standard ships with this copy of the program', {
      hint: 'give a folder with --gold',
    })
  throw new Failure('no-gold', `${folder}: there is no <case>/gold.yaml in it`, {
    hint: 'gold/README.md says how to write one',
  })
}

/** Those whose code is at hand; the others are named with the reason. */
export async function atHand(
  golds: readonly GoldFile[],
  {host, sourceOf}: Pick<Trials, 'host' | 'sourceOf'>,
): Promise<readonly GoldFile[]> {
  const looked = await Promise.all(golds.map(async (gold) => ({gold, source: await sourceOf(gold)})))
  return looked.flatMap(({gold, source}) => {
    if (!('missing' in source)) return [gold]
    host.say(plainLine(`${gold.gold.name} is skipped: ${source.missing}`))
    return []
  })
}

export async function tryOn(
  pipeline: Pipeline,
  gold: GoldFile,
  {config, keys, host, sourceOf}: Trials,
): Promise<Judged> {
  const source = await sourceOf(gold)
  if ('missing' in source) throw new Failure('no-source', source.missing)
  return run(
    {
      source,
      goal: gold.gold.goal === '' ? config.goal : gold.gold.goal,
      pipeline,
      gold: gold.gold,
      anchored: isOwnGold(gold),
      judge: await chooseJudge(config.judge, pipeline, keys),
      policy: {threshold: config.threshold, requireGold: true, requireJudge: config.requireJudge},
      maxTokens: config.maxTokens,
      include: config.include,
      exclude: config.exclude,
      goldRoots: [config.gold],
      goldDigests: new Set([digestOf(gold.text)]),
    },
    host,
  )
}

export interface Evolved {
  readonly optimized: Optimized
  /** Where the evolved YAML belongs, under `evolved_pipelines/`. */
  readonly file: string
  /** The YAML with the new words, comments kept; null when nothing was proposed. */
  readonly text: string | null
}

export async function evolve(
  chosen: Chosen,
  name: string,
  golds: readonly GoldFile[],
  trials: Trials,
  budget: Budget,
): Promise<Evolved> {
  const optimizer = optimizerOf(name)
  if (optimizer === undefined)
    throw new Failure('unknown-optimizer', `${plainLine(name, 40)} is not an optimizer`, {
      hint: `there are: ${optimizerNames.join(', ')}`,
    })
  if (Object.keys(candidateOf(chosen.pipeline)).length === 0) {
    throw new Failure(
      'nothing-to-optimize',
      `the pipeline ${chosen.pipeline.name} asks no model, so it has no words to evolve`,
      {hint: 'set the keys, or name a pipeline with model steps: --pipeline genesis'},
    )
  }
  const byName = new Map(golds.map((gold) => [gold.gold.name, gold]))
  const optimized = await optimize({
    pipeline: chosen.pipeline,
    optimizer,
    train: golds.map(({gold}) => gold).filter(({split}) => split === 'train'),
    validation: golds.map(({gold}) => gold).filter(({split}) => split === 'validation'),
    evaluateOn: async (pipeline, {name: gold}) => {
      const file = byName.get(gold)
      if (file === undefined) throw new Failure('no-gold', `${gold} is not among the gold standards`)
      const {scorecard, trace} = await tryOn(pipeline, file, trials)
      return {score: scorecard.score, trace}
    },
    settings: {metricThreshold: trials.config.threshold},
    budget,
  })
  const text = optimized.evolved === null ? null : writeCandidate(chosen.text, chosen.file, optimized.evolved)
  return {
    optimized,
    text,
    file: `evolved_pipelines/${chosen.pipeline.name.replaceAll(/[^A-Za-z0-9_-]+/g, '-')}_${digestOf(text ?? '').slice(0, 8)}.yaml`,
  }
}

/** What an evaluation is compared with, and where the samples of earlier runs are. */
export interface Memory {
  readonly ledger: Ledger | null
  readonly baseline: Baseline | null
}

export interface Remembered {
  readonly evaluation: Evaluation
  /** To be appended to the ledger. */
  readonly samples: readonly Sample[]
  /** What may become the new baseline; null when a gold standard could not be judged. */
  readonly baseline: Baseline | null
}

/** The pipeline on every gold standard, one after the other: a budget is one budget. */
export async function evaluateAll(
  chosen: Chosen,
  golds: readonly GoldFile[],
  trials: Trials,
  {ledger, baseline}: Memory,
): Promise<Remembered> {
  const {config, keys, host} = trials
  const {pipeline} = chosen
  const judge = await chooseJudge(config.judge, pipeline, keys)
  const keyed = new Map(
    await Promise.all(
      golds.map(
        async (file) => [file.gold.name, {file, key: await keyOf(file, chosen, judge !== null, trials)}] as const,
      ),
    ),
  )
  const of = (name: string): {readonly file: GoldFile; readonly key: string} => {
    const found = keyed.get(name)
    if (found === undefined) throw new Failure('no-gold', `${name} is not among the gold standards`)
    return found
  }
  const evaluation = await evaluate({
    golds: golds.map(({gold}) => gold),
    scoreOn: async ({name}) => {
      const started = host.now()
      const {scorecard, trace} = await tryOn(pipeline, of(name).file, trials)
      return {scorecard, usage: trace.usage, milliseconds: host.now() - started}
    },
    known: ({name}) => ledger?.samplesOf(of(name).key) ?? [],
    exact: !asksModels(pipeline),
    policy: {
      threshold: config.threshold,
      samples: config.maxSamples,
      baseline: config.baseline,
      tolerance: config.tolerance,
    },
    before: ({name}) => caseIn(baseline, pipeline.name, of(name).file),
  })
  return {
    evaluation,
    samples: evaluation.taken.map(({gold, score, findings}) => ({
      schema: 1,
      key: of(gold).key,
      gold,
      pipeline: pipeline.name,
      score,
      findings,
    })),
    baseline: baselineOf(pipeline.name, evaluation, (name) => of(name).file),
  }
}

const caseIn = (baseline: Baseline | null, pipeline: string, {gold, text}: GoldFile): BaselineCase | null =>
  baseline?.pipeline !== pipeline
    ? null
    : (baseline.cases.find((each) => each.gold === gold.name && each.digest === digestOf(text)) ?? null)

/** Three decimals: a file that people read, and a thousandth of a credit is no news. */
const rounded = (credit: number): number => Math.round(credit * 1000) / 1000

function baselineOf(pipeline: string, {cases}: Evaluation, fileOf: (gold: string) => GoldFile): Baseline | null {
  if (cases.length === 0 || cases.some(({score}) => score === null)) return null
  return {
    schema: 1,
    pipeline,
    cases: cases.map(({gold, samples, findings}) => ({
      gold,
      digest: digestOf(fileOf(gold).text),
      samples: [...samples],
      findings: Object.fromEntries(Object.entries(findings).map(([id, credit]) => [id, rounded(credit)])),
    })),
  }
}

/** sha-256 over all that a score depends on: another word in any of it, and earlier samples say nothing. */
async function keyOf(
  file: GoldFile,
  chosen: Chosen,
  judged: boolean,
  {config, host, sourceOf}: Trials,
): Promise<string> {
  const source = await sourceOf(file)
  if ('missing' in source) throw new Failure('no-source', source.missing)
  const files = await source.read(await source.list())
  const code = files.map(({path, bytes}) => [path, bytes === null ? null : host.digest(bytes)])
  const {goal, maxTokens, include, exclude} = config
  return host.digest(
    JSON.stringify([
      readText(join(home, 'package.json')),
      file.text,
      chosen.text,
      judged,
      code,
      goal,
      maxTokens,
      include,
      exclude,
    ]),
  )
}
