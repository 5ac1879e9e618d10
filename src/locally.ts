/** The main job as the command line runs it: flags and files of this machine → a run → a report, the plan's file. */
import {existsSync, statSync} from 'node:fs'
import {join, relative, resolve, sep} from 'node:path'
import {checkWritable, makeFolder, openSource, readText, writeInside} from './adapters/disk.ts'
import {textOf, type Flags, type Option, type World} from './commands/command.ts'
import {configFile, parseConfig, settingNames, type Config} from './config.ts'
import {Failure} from './errors.ts'
import type {Source} from './host.ts'
import {
  candidateNotes,
  chooseJudge,
  choosePipeline,
  digestOf,
  goneNotes,
  isOwnGold,
  keysOf,
  makeHost,
  modelsOf,
  parseGold,
  readGoldFolder,
  unreadNotes,
  type GoldFile,
} from './outside.ts'
import {isInside} from './pack/boundary.ts'
import {planFileName, renderPlan} from './plan/document.ts'
import {addUsage, noUsage, type Usage} from './provider.ts'
import {renderTerminal} from './report/terminal.ts'
import {reportOn, type Report} from './report/report.ts'
import {codeOf, packSource, run, type Job, type Judged, type Reading} from './run.ts'
import type {Code, Verdict} from './score/scorecard.ts'
import {plainLine} from './trust.ts'

export const settingOptions: readonly Option[] = [
  {flags: '--goal <text>', summary: 'what the plan is for'},
  {flags: '--pipeline <name>', summary: 'auto, genesis, offline, or the path of a YAML file'},
  {flags: '--gold <path>', summary: 'a gold standard, or a folder of them'},
  {flags: '--threshold <number>', summary: 'the score from which on the gate passes, 0-10'},
  {
    flags: '--gate <policy>',
    summary: 'enforce: exit 1 when the gate fails; warn: say so; off',
    choices: ['off', 'warn', 'enforce'],
  },
  {
    flags: '--judge <policy>',
    summary: 'auto: a model answers closed questions when its key is there; off',
    choices: ['auto', 'off'],
  },
  {flags: '--require-gold', summary: 'fail when no gold standard applies'},
  {flags: '--require-judge', summary: 'end in error when the judge cannot be reached'},
  {flags: '--max-tokens <number>', summary: 'token budget of the packed repository'},
  {flags: '--max-cost-usd <number>', summary: 'stop before a model call that would pass this'},
  {flags: '--include <patterns...>', summary: 'read only these (gitignore syntax)'},
  {flags: '--exclude <patterns...>', summary: 'do not read these'},
  {flags: '--ref <ref>', summary: 'read a commit, branch or tag instead of the work tree'},
]

/** The settings of the folder's own file under the flags that were given. */
export function configOf(path: string, flags: Flags): Config {
  const file = join(path, configFile)
  const given = Object.fromEntries(Object.entries(flags).filter(([name]) => settingNames.includes(name)))
  const empty = Object.entries(given).find(([, value]) => value === '')
  if (empty !== undefined)
    throw new Failure('bad-setting', `--${empty[0]} is empty`, {hint: 'give a value, or leave the flag out'})
  return parseConfig(given, existsSync(file) ? {path: file, text: readText(file)} : null)
}

interface ChosenGold {
  readonly file: GoldFile | null
  readonly all: readonly GoldFile[]
  readonly roots: readonly string[]
}

/** A file is that gold standard; a folder, the one in it that is about this code itself. */
async function chooseGold(path: string, setting: string, given: boolean, cwd: string): Promise<ChosenGold> {
  const place = given ? resolve(cwd, setting) : resolve(path, setting)
  if (given && !existsSync(place))
    throw new Failure('no-such-file', `no such gold standard: ${setting}`, {
      hint: 'give a gold.yaml or a folder of <case>/gold.yaml',
    })
  const inside = relative(resolve(path), place)
  const roots = inside.startsWith('..') || inside === '' ? ['gold'] : [inside.split(sep).join('/')]
  if (existsSync(place) && statSync(place).isFile()) {
    const file = parseGold(readText(place), relative(cwd, place) || place)
    return {file, all: [file], roots: ['gold']}
  }
  const all = await readGoldFolder(place)
  const own = all.filter(isOwnGold)
  if (own.length > 1)
    throw new Failure(
      'many-golds',
      `${own.length} gold standards have \`source: {path: .}\`: ${own.map(({file}) => file).join(', ')}`,
      {hint: 'choose one with --gold FILE'},
    )
  return {file: own[0] ?? null, all, roots}
}

export interface Ran {
  readonly report: Report
  readonly verdict: Verdict
  readonly config: Config
  readonly judged: Judged
  readonly path: string
}

/** Reads, plans, scores, writes the plan under `--output` (default `evolved_pipelines/` of the current directory). */
export async function planLocally(path: string, flags: Flags, world: World): Promise<Ran> {
  const started = performance.now()
  checkTargets(flags, world.cwd)
  const place = resolve(world.cwd, path)
  const ref = typeof flags['ref'] === 'string' ? {ref: flags['ref']} : {}
  const source = await openSource(place, ref)
  if (source.kind === 'folder')
    world.say(plainLine(`${path} is not in a git repository: all its files are read, there is no commit to link to`))
  const config = configOf(place, flags)
  const keys = keysOf(world.env)
  const chosen = await choosePipeline(config.pipeline, keys, async (file) => readText(resolve(world.cwd, file)))
  const gold = await chooseGold(place, config.gold, flags['gold'] !== undefined, world.cwd)
  let spent: Usage = noUsage
  const host = makeHost({
    keys,
    budget: {calls: null, tokens: null, usd: config.maxCostUsd},
    say: world.say,
    onSpent: (usage) => {
      spent = addUsage(spent, usage)
    },
  })
  const job: Job = {
    source,
    goal: config.goal,
    pipeline: chosen.pipeline,
    gold: gold.file?.gold ?? null,
    anchored: gold.file !== null && isOwnGold(gold.file),
    judge: await chooseJudge(config.judge, chosen.pipeline, keys),
    policy: {threshold: config.threshold, requireGold: config.requireGold, requireJudge: config.requireJudge},
    maxTokens: config.maxTokens,
    include: config.include,
    exclude: config.exclude,
    goldRoots: gold.roots,
    goldDigests: new Set(gold.all.map(({text}) => digestOf(text))),
  }
  const judged = await run(job, host)
  const written = writePlan(judged, typeof flags['output'] === 'string' ? flags['output'] : null, world.cwd)
  const report = reportOn({
    request: null,
    repository: {name: source.name, commit: source.commit, server_url: null},
    pipeline: {name: chosen.pipeline.name, models: modelsOf(judged.trace)},
    plan: judged.plan,
    plan_path: written,
    scorecard: judged.scorecard,
    threshold: job.gold === null ? null : config.threshold,
    violations: judged.violations,
    verdict: judged.verdict,
    usage: spent,
    milliseconds: Math.round(performance.now() - started),
    run_url: null,
    gold: judged.gold,
    leftOut: judged.pack.leftOut,
    notes: notesOn(chosen, judged, written, path, flags),
  })
  if (typeof flags['record'] === 'string')
    writeFileAt(resolve(world.cwd, flags['record']), `${JSON.stringify(report, null, 2)}\n`)
  world.say(renderTerminal(report, {color: world.color}))
  return {report, verdict: judged.verdict, config, judged, path: written}
}

const notesOn = (
  {note, pipeline}: Awaited<ReturnType<typeof choosePipeline>>,
  {gone, candidates, code}: Judged,
  plan: string,
  path: string,
  flags: Flags,
): readonly string[] => [
  ...(note === null ? [] : [note]),
  ...unreadNotes(pipeline, code.paths),
  ...goneNotes(gone),
  ...candidateNotes(candidates, {
    plan,
    gold: typeof flags['gold'] === 'string' ? flags['gold'] : undefined,
    repository: path === '.' ? undefined : path,
  }),
]

function writePlan({plan}: Judged, output: string | null, cwd: string): string {
  const name = planFileName(plan, digestOf)
  const text = renderPlan(plan)
  if (output === null) {
    writeInside(cwd, name, text)
    return name
  }
  const folder = makeFolder(resolve(cwd, output))
  const file = name.slice(name.lastIndexOf('/') + 1)
  writeInside(folder, file, text)
  return join(output, file)
}

/** Before anything is paid for: what the run is to write can be written. */
function checkTargets(flags: Flags, cwd: string): void {
  const [output, record] = [textOf(flags, 'output'), textOf(flags, 'record')]
  if (output !== null) makeFolder(resolve(cwd, output))
  if (record !== null) checkWritable(resolve(cwd, record))
}

/** Where the gold standards of a repository are, unless its setting leads out of it. */
export const ownGolds = ({gold}: Config, repository: string): string | null =>
  isInside(gold) ? join(repository, gold) : null

/** The folder of clones that gold standards about public repositories are read from; null: none was named. Throws `no-such-folder`. */
export function cloneFolderOf(flags: Flags, {cwd, env}: Pick<World, 'cwd' | 'env'>): string | null {
  const given = textOf(flags, 'sources') ?? env['REFACTOR_PLAN_SOURCES'] ?? ''
  if (given === '') return null
  const folder = resolve(cwd, given)
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder
  throw new Failure('no-such-folder', `no such folder: ${folder}`, {
    hint: 'it holds clones as <owner>/<name>: correct --sources or REFACTOR_PLAN_SOURCES',
  })
}

export const sourcesOption: Option = {
  flags: '--sources <folder>',
  summary: 'clones as <owner>/<name>, for gold standards about public repositories',
}

/** A file that a person named himself, anywhere he may write; its folder must exist. */
export function writeFileAt(file: string, text: string): void {
  writeInside(resolve(file, '..'), file.slice(file.lastIndexOf(sep) + 1), text)
}

/** Every text file of a code base by its lines: what plans, places and quotes are held against. Gold standards are not in it. */
export async function readCode(
  source: Source,
  {include, exclude, gold}: Pick<Config, 'include' | 'exclude' | 'gold'>,
): Promise<Code> {
  const reading = {
    source,
    maxTokens: 1_000_000,
    include,
    exclude,
    goldRoots: ['gold', gold],
    goldDigests: new Set<string>(),
  }
  return codeOf((await packSource(reading, {digest: digestOf})).whole)
}

/** What a command reads of a path: for `pack`, `scan` and `run`, which need no gold standard but must not read one. */
export async function openReading(path: string, flags: Flags, config: Config, world: World): Promise<Reading> {
  const place = resolve(world.cwd, path)
  const ref = typeof flags['ref'] === 'string' ? {ref: flags['ref']} : {}
  return {
    source: await openSource(place, ref),
    maxTokens: config.maxTokens,
    include: config.include,
    exclude: config.exclude,
    goldRoots: [config.gold],
    goldDigests: new Set(),
  }
}
