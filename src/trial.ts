/** A pipeline on a gold standard: what `evaluate` and `optimize` do over and over, on this machine and in the runner. */
import {setMaxListeners} from 'node:events'
import {existsSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {readText} from './adapters/disk.ts'
import {home} from './adapters/home.ts'
import type {Config} from './config.ts'
import {Failure} from './errors.ts'
import type {Host, Source} from './host.ts'
import {
  asksModels,
  chooseJudge,
  digestOf,
  isOwnGold,
  parseGold,
  programVersion,
  readGoldFolder,
  type Chosen,
  type GoldFile,
  type Keys,
  type Missing,
} from './outside.ts'
import type {Pipeline} from './pipeline/step.ts'
import type {Baseline, BaselineCase} from './score/baseline.ts'
import {evaluate, type Evaluation} from './score/evaluate.ts'
import type {Ledger, Sample} from './score/ledger.ts'
import {keyOf, packSource, run, type Judged, type Reading} from './run.ts'
import {plainLine} from './trust.ts'

export interface Trials {
  readonly config: Config
  readonly keys: Keys
  readonly host: Host
  /** The code base a gold standard is about, or why it is not at hand. */
  readonly sourceOf: (gold: GoldFile) => Promise<Source | Missing>
  /** Files of the repository that hold what earlier runs reached, relative to it: no part of the code. */
  readonly hidden?: readonly string[]
}

/**
 * The gold standards of the file or folder that somebody named; else those of the repository, else those that ship with the
 * program. Throws `Failure` `no-gold`.
 *
 * @param own the repository's folder of them; null: it has none
 */
export async function goldsAt(folder: string | null, own: string | null): Promise<readonly GoldFile[]> {
  if (folder !== null && existsSync(folder) && statSync(folder).isFile()) return [parseGold(readText(folder), folder)]
  const ofRepository = folder === null && own !== null ? await readGoldFolder(own) : []
  const golds = ofRepository.length > 0 ? ofRepository : await readGoldFolder(folder ?? join(home, 'gold'))
  if (golds.length > 0) return golds
  if (folder === null)
    throw new Failure('no-gold', 'no gold standard ships with this copy of the program', {
      hint: 'give a folder with --gold',
    })
  throw new Failure('no-gold', `${folder}: there is no <case>/gold.yaml in it`, {
    hint: 'gold/README.md says how to write one',
  })
}

/** A gold standard beside the code that it is about. */
export interface Stand {
  /** The gold standard that it was made of; without: it is one itself. */
  readonly of?: string
  readonly file: GoldFile
  readonly source: Source | Missing
}

/**
 * Each with its code, by name: scores are told apart by names, so no two may have the same. What is skipped is said.
 * Throws `Failure` `same-name`.
 */
export async function standsOf(
  golds: readonly GoldFile[],
  {host, sourceOf}: Pick<Trials, 'host' | 'sourceOf'>,
): Promise<ReadonlyMap<string, Stand>> {
  const stands = new Map<string, Stand>()
  for (const file of golds) {
    const {name} = file.gold
    const other = stands.get(name)
    if (other !== undefined)
      throw new Failure('same-name', `${other.file.file} and ${file.file} both have the name ${plainLine(name, 80)}`, {
        hint: 'give each gold standard a `name` of its own',
      })
    const source = await sourceOf(file)
    if ('missing' in source)
      host.say(plainLine(`${name} ${source.isOptional ? 'is skipped' : 'cannot be judged'}: ${source.missing}`))
    stands.set(name, {file, source})
  }
  return stands
}

export const isSkipped = (source: Source | Missing): source is Missing => 'missing' in source && source.isOptional

export function standOf(stands: ReadonlyMap<string, Stand>, name: string): Stand {
  const found = stands.get(name)
  if (found === undefined) throw new Failure('no-gold', `${name} is not among the gold standards`)
  return found
}

/** What a run on the code of a gold standard reads. Throws `Failure` `no-source`. */
function readingOf({file, source}: Stand, {config, hidden = []}: Trials): Reading {
  if ('missing' in source) throw new Failure('no-source', source.missing)
  const {maxTokens, include, exclude} = config
  const goldRoots = isOwnGold(file) ? [config.gold, ...hidden] : [config.gold]
  return {source, maxTokens, include, exclude, goldRoots, goldDigests: new Set([digestOf(file.text)])}
}

const goalOf = ({gold}: GoldFile, {goal}: Config): string => (gold.goal === '' ? goal : gold.goal)

export async function tryOn(pipeline: Pipeline, stand: Stand, trials: Trials): Promise<Judged> {
  const {config, keys, host} = trials
  const {file} = stand
  return run(
    {
      ...readingOf(stand, trials),
      goal: goalOf(file, config),
      pipeline,
      gold: file.gold,
      anchored: isOwnGold(file),
      judge: await chooseJudge(config.judge, pipeline, keys),
      policy: {threshold: config.threshold, requireGold: true, requireJudge: config.requireJudge},
    },
    host,
  )
}

/** What an evaluation is compared with, and where the samples of earlier runs are. */
export interface Memory {
  readonly ledger: Ledger | null
  /** Takes each sample as soon as it is there. */
  readonly keep: (sample: Sample) => void
  readonly baseline: Baseline | null
}

export interface Remembered {
  readonly evaluation: Evaluation
  /** What may become the new baseline; null when a gold standard could not be judged. */
  readonly baseline: Baseline | null
}

/**
 * The pipeline on every gold standard, one after the other, because a budget is one budget; all together where the host sends their
 * questions together. Throws `Failure` `same-name`.
 */
export async function evaluateAll(
  chosen: Chosen,
  golds: readonly GoldFile[],
  trials: Trials,
  {ledger, keep, baseline}: Memory,
): Promise<Remembered> {
  const {config, keys, host} = trials
  const {pipeline} = chosen
  const stands = await standsOf(golds, trials)
  const isJudged = (await chooseJudge(config.judge, pipeline, keys)) !== null
  const sampleKeys = ledger === null ? null : await keysOfAll(stands, chosen, isJudged, trials)
  const {tried, stop} = tryingOf(pipeline, trials)
  const evaluation = await evaluate({
    golds: golds.map(({gold}) => gold),
    ...(host.together === undefined ? {} : {together: {stop}}),
    scoreOn: async ({name}) => {
      const started = host.now()
      const {scorecard, trace} = await tried(standOf(stands, name))
      return {scorecard, usage: trace.usage, milliseconds: host.now() - started}
    },
    known: ({name}) => ledger?.samplesOf(sampleKeys?.get(name) ?? '') ?? [],
    skipped: ({name}) => {
      const {source} = standOf(stands, name)
      return isSkipped(source) ? source.missing : null
    },
    keep: ({name}, {score, findings}) => {
      const key = sampleKeys?.get(name)
      if (key !== undefined) keep({schema: 1, key, gold: name, pipeline: pipeline.name, score, findings})
    },
    exact: !asksModels(pipeline),
    policy: {
      threshold: config.threshold,
      samples: config.maxSamples,
      baseline: config.baseline,
      tolerance: config.tolerance,
    },
    before: ({name}) => caseIn(baseline, pipeline.name, standOf(stands, name).file),
  })
  return {evaluation, baseline: baselineOf(pipeline.name, evaluation, (name) => standOf(stands, name).file)}
}

/**
 * One run, among others where the host has them together; those say whose lines theirs are. Once they are stopped nothing is asked
 * any more, but whoever has all his answers comes to his end: they are paid for.
 */
function tryingOf(
  pipeline: Pipeline,
  trials: Trials,
): {readonly tried: (stand: Stand) => Promise<Judged>; readonly stop: () => void} {
  const {together, signal, say} = trials.host
  if (together === undefined) return {tried: (stand) => tryOn(pipeline, stand, trials), stop: () => {}}
  const controller = new AbortController()
  // each run listens to it, and from the eleventh on Node warns of a leak
  setMaxListeners(0, controller.signal)
  const stop = (): void => controller.abort()
  if (signal?.aborted === true) stop()
  else signal?.addEventListener('abort', stop, {once: true})
  return {
    tried: (stand) =>
      together((own) => {
        const host: Host = {
          ...own,
          ask: (request) => own.ask(request, controller.signal),
          say: (line) => say(plainLine(`${stand.file.gold.name}: ${line}`, 400)),
        }
        return tryOn(pipeline, stand, {...trials, host})
      }),
    stop,
  }
}

const caseIn = (baseline: Baseline | null, pipeline: string, {gold, text}: GoldFile): BaselineCase | null =>
  baseline?.pipeline !== pipeline
    ? null
    : (baseline.cases.find((each) => each.gold === gold.name && each.digest === digestOf(text)) ?? null)

/** Three decimals: a file that people read, and a thousandth of a credit is no news. */
const rounded = (credit: number): number => Math.round(credit * 1000) / 1000

function baselineOf(pipeline: string, {cases}: Evaluation, fileOf: (gold: string) => GoldFile): Baseline | null {
  const judged = cases.filter(({state}) => state === 'judged')
  if (judged.length === 0 || cases.some(({state}) => state === 'unjudged')) return null
  return {
    schema: 1,
    pipeline,
    cases: judged.map(({gold, samples, findings}) => ({
      gold,
      digest: digestOf(fileOf(gold).text),
      samples: [...samples],
      findings: Object.fromEntries(Object.entries(findings).map(([id, credit]) => [id, rounded(credit)])),
    })),
  }
}

/** By name; a gold standard whose code is not at hand or cannot be read has none. */
async function keysOfAll(
  stands: ReadonlyMap<string, Stand>,
  chosen: Chosen,
  isJudged: boolean,
  trials: Trials,
): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>()
  for (const [name, stand] of stands) {
    const key = await keyOfStand(stand, chosen, isJudged, trials)
    if (key !== null) all.set(name, key)
  }
  return all
}

/** null: it cannot be read. */
async function keyOfStand(stand: Stand, chosen: Chosen, isJudged: boolean, trials: Trials): Promise<string | null> {
  const {host, config} = trials
  try {
    const packed = await packSource(readingOf(stand, trials), host)
    const program = programVersion()
    const goal = goalOf(stand.file, config)
    const {maxTokens} = config
    return keyOf({gold: stand.file.text, pipeline: chosen.text, isJudged, goal, maxTokens, program}, packed, host)
  } catch (thrown) {
    // it will be told when it is tried
    if (thrown instanceof Failure) return null
    throw thrown
  }
}
