/** A pipeline as a person runs it on his own machine: what is read first, what is kept meanwhile, and how it goes on after a stop. */
import {randomBytes} from 'node:crypto'
import {setMaxListeners} from 'node:events'
import {existsSync} from 'node:fs'
import {isAbsolute, join, relative, resolve, sep} from 'node:path'
import * as z from 'zod'
import {openCassette} from './adapters/cassette.ts'
import {discardCheckpoint, openCheckpoint, type Checkpoint, type Start} from './adapters/checkpoint.ts'
import {makeFolder, readText, writeInside} from './adapters/disk.ts'
import {untilInterrupted} from './adapters/interruption.ts'
import {openProgress, type Progress} from './adapters/progress.ts'
import {checkKeys} from './amendment.ts'
import {textOf, type Flags, type World} from './commands/command.ts'
import {renderProblem} from './document.ts'
import {Failure, messageOf} from './errors.ts'
import {configOf, openReading} from './locally.ts'
import {choosePipeline, digestOf, keysOf, makeHost, type Chosen} from './outside.ts'
import {execute} from './pipeline/execute.ts'
import {pipelinesIn, promptFilesIn} from './pipeline/pipeline.ts'
import type {Sessions} from './pipeline/session.ts'
import {allSteps, type Diagnostic, type Note, type Pipeline, type Tools, type Trace} from './pipeline/step.ts'
import type {Provider} from './provider.ts'
import {journaled, remembered, type Journal, type Recordings} from './recordings.ts'
import {plainLine} from './trust.ts'
import {folderOf, openWorkshop, type Workshop} from './workshop.ts'

/** All that is known before anything is asked. */
export interface Errand {
  readonly chosen: Chosen
  readonly variables: Readonly<Record<string, string>>
  readonly keys: ReturnType<typeof keysOf>
  readonly shop: Omit<Workshop, 'host' | 'warn'>
  readonly maxCostUsd: number | null
}

export async function prepare(name: string, flags: Flags, world: World): Promise<Errand> {
  const path = textOf(flags, 'path') ?? '.'
  const config = configOf(resolve(world.cwd, path), flags)
  const keys = keysOf(world.env)
  const variables = variablesOf(flags['var'])
  const chosen = await choosePipeline(name, keys, async (file) => readText(resolve(world.cwd, file)), {
    inputs: Object.keys(variables),
    reader: flags['strict'] === true ? 'strict' : 'lenient',
  })
  for (const each of chosen.pipeline.diagnostics ?? []) sayDiagnostic(each, world)
  checkInputs(chosen.pipeline, variables)
  const written = writtenBy(chosen.pipeline, flags, {cwd: world.cwd, code: resolve(world.cwd, path)})
  return {
    chosen,
    variables,
    keys,
    maxCostUsd: config.maxCostUsd,
    shop: {
      pipeline: chosen.pipeline,
      file: chosen.file,
      cwd: world.cwd,
      env: world.env,
      allowShell: flags['allowShell'] === true || flags['allow-shell'] === true,
      isRehearsal: flags['dryRun'] === true || flags['dry-run'] === true,
      goal: config.goal,
      reading: await openReading(path, flags, {...config, exclude: [...config.exclude, ...written]}, world),
    },
  }
}

/**
 * Patterns of what runs of a pipeline write, below the code. It is no code: read as such, it would go to the models, and a run that
 * goes on after a stop would find other code than before and pay for everything again.
 */
function writtenBy(
  {settings, steps}: Pipeline,
  flags: Flags,
  {cwd, code}: {readonly cwd: string; readonly code: string},
): readonly string[] {
  const all = allSteps(steps)
  const at = (setting: string | null | undefined, usual: string): string =>
    folderOf(setting ?? null, usual, {cwd, warn: () => {}})
  const below = (path: string): readonly string[] => {
    const from = relative(code, path).split(sep).join('/')
    const isOutside = from === '' || from.startsWith('..') || isAbsolute(from)
    return isOutside ? [] : [`/${from.replace(/[\\*?[\]!# ]/g, String.raw`\$&`)}`]
  }
  // a pipeline in another file writes where this one does
  const runsOther = all.some(({needs}) => needs.includes('open'))
  const saves = runsOther || all.some(({common}) => common.output_to_file !== undefined)
  const works = runsOther || all.some(({needs}) => needs.includes('workspace'))
  return [
    // a folder of that name may hold code as well
    ...below(at(settings?.checkpoint?.folder, 'checkpoints')).map((each) => `${each}/*_${'[0-9a-f]'.repeat(12)}.json*`),
    ...(saves ? below(at(settings?.outputs, 'outputs')) : []),
    ...(works ? below(at(settings?.workspace, 'workspace')) : []),
    ...['record', 'replay'].flatMap((flag) => textOf(flags, flag) ?? []).flatMap((file) => below(resolve(cwd, file))),
  ]
}

/** Another spelling runs all the same and is told by `check`; what is probably a mistake is told here. */
function sayDiagnostic(each: Diagnostic, world: World): void {
  if (each.kind === 'mistake') world.say(plainLine(`warning: ${renderProblem(each)}`))
}

/** A name that the file declares must be given; a name that only stands in a template stays as it is, which is told. */
function checkInputs({name, declared = []}: Pipeline, variables: Readonly<Record<string, string>>): void {
  const missing = declared.filter((each) => !Object.hasOwn(variables, each))
  if (missing.length === 0) return
  throw new Failure('missing-input', `pipeline ${name} needs ${missing.map((each) => `\`${each}\``).join(', ')}`, {
    hint: `give ${missing.map((each) => `\`--var ${each}=…\``).join(' ')}`,
  })
}

export interface CarriedOut {
  readonly trace: Trace
  readonly diagnostics: readonly object[]
}

export async function carryOut(errand: Errand, flags: Flags, world: World): Promise<CarriedOut> {
  const {chosen, variables, keys, shop, maxCostUsd} = errand
  const {pipeline} = chosen
  const replay = textOf(flags, 'replay')
  if (replay === null) checkKeys(pipeline, keys)
  const signal = untilInterrupted()
  // each question in flight listens to it, and from the eleventh on Node warns of a leak
  setMaxListeners(0, signal)
  const {stderr} = process
  const columns = stderr.isTTY ? stderr.columns : 80
  const screen = {write: (text: string) => void stderr.write(text), columns, isTerminal: stderr.isTTY && world.color}
  const progress = openProgress(screen, pipeline.steps.length, () => performance.now())
  const host = makeHost({
    keys,
    budget: {calls: null, tokens: null, usd: maxCostUsd},
    say: progress.say,
    onSpent: progress.onSpent,
    signal,
  })
  const warn = (message: string): void => progress.say(plainLine(`warning: ${message}`))
  try {
    const {known, tools, packed, readDigests} = await openWorkshop({...shop, host, warn})
    const check = (child: Pipeline): void => (replay === null ? checkKeys(child, keys) : undefined)
    await checkNested(pipeline, tools, check, [pipeline.name])
    const code = packed?.whole.files.map((each) => each.digest) ?? []
    const parts = [chosen.text, variables, shop.goal, shop.reading.maxTokens, code, readDigests()]
    const key = digestOf(JSON.stringify(parts))
    const memory = await openMemory(
      {pipeline, key, replay, record: textOf(flags, 'record'), isFresh: flags['fresh'] === true, cwd: world.cwd},
      progress,
    )
    const journal = askingOf(host.ask, memory)
    const trace = await executed(
      pipeline,
      {...known, ...variables},
      {...tools, ask: journal.ask, forget: journal.forget, once: journal.once},
      memory,
      {
        turn: journal.turn,
        signal,
        progress,
        cwd: world.cwd,
      },
    )
    for (const {step, message} of trace.notes) progress.say(plainLine(`warning: step ${step}: ${message}`, 1_000))
    return {trace, diagnostics: diagnosticsOf(pipeline, trace.notes)}
  } finally {
    progress.end()
  }
}

/** Every file that is named to the letter can be read, and no pipeline leads back to itself: found before anything is asked. */
async function checkNested(
  pipeline: Pipeline,
  tools: Tools,
  check: (child: Pipeline) => void,
  chain: readonly string[],
): Promise<void> {
  const writes = allSteps(pipeline.steps).some(
    ({common, needs}) => common.output_to_file !== undefined || needs.includes('workspace'),
  )
  for (const path of promptFilesIn(pipeline)) {
    try {
      await tools.readText?.(path)
    } catch (thrown) {
      // a step before may write it
      if (!writes || !(thrown instanceof Failure) || thrown.code !== 'no-such-file') throw thrown
    }
  }
  for (const path of pipelinesIn(pipeline)) {
    const longer = [...chain, path]
    if (chain.includes(path))
      throw new Failure('pipeline-cycle', `pipelines run each other in a circle: ${longer.join(' → ')}`)
    const child = await tools.open?.(path)
    if (child === undefined) continue
    check(child)
    await checkNested(child, tools, check, longer)
  }
}

/** Another spelling that means the same is no news of a run; `check` tells it. */
export const diagnosticsOf = ({diagnostics = []}: Pipeline, notes: readonly Note[]): readonly object[] => [
  ...diagnostics.filter(({kind}) => kind === 'mistake'),
  ...notes,
]

/** Where answers come from besides the models, and what the run shares with one that was stopped. */
interface Memory {
  readonly start: Start
  readonly checkpoint: Checkpoint | null
  /** Answers that are kept for good. */
  readonly cassette: Pick<Recordings, 'get' | 'set'> | null
  readonly isReplay: boolean
}

const Began = z.object({nonce: z.string().min(8), began: z.number()})

interface Memories {
  readonly pipeline: Pipeline
  readonly key: string
  readonly replay: string | null
  readonly record: string | null
  readonly isFresh: boolean
  readonly cwd: string
}

const startKey = 'run'

async function openMemory(
  {pipeline, key, replay, record, isFresh, cwd}: Memories,
  progress: Progress,
): Promise<Memory> {
  const fresh: Start = {nonce: randomBytes(8).toString('hex'), began: Date.now()}
  const file = replay ?? record
  const cassette = file === null ? null : openCassette(resolve(cwd, file), replay === null ? 'record' : 'replay')
  const recorded = await startIn(cassette)
  if (replay !== null) return {start: recorded ?? fresh, checkpoint: null, cassette, isReplay: true}
  const checkpoint = checkpointOf({pipeline, key, isFresh, cwd}, progress)
  const {before} = checkpoint
  if (before !== null) {
    const done = before.saved?.done.length ?? 0
    progress.skip(done)
    const news = `an earlier run was stopped after ${done} of ${pipeline.steps.length} steps; it goes on from there (--fresh begins anew)`
    progress.say(plainLine(news))
  }
  const start = before?.start ?? recorded ?? fresh
  checkpoint.begin(start)
  if (recorded === null) await cassette?.set(startKey, JSON.stringify(start))
  return {start, checkpoint, cassette, isReplay: false}
}

async function startIn(cassette: Memory['cassette']): Promise<Start | null> {
  const told = (await cassette?.get(startKey)) ?? null
  return told === null ? null : Began.parse(JSON.parse(told))
}

function checkpointOf(
  {pipeline: {name, settings}, key, isFresh, cwd}: Pick<Memories, 'pipeline' | 'key' | 'isFresh' | 'cwd'>,
  progress: Progress,
): Checkpoint {
  const wanted = settings?.checkpoint ?? null
  const warn = (message: string): void => progress.say(plainLine(`warning: ${message}`))
  const folder = folderOf(wanted?.folder ?? null, 'checkpoints', {cwd, warn})
  if (isFresh) discardCheckpoint(folder, name, key)
  return openCheckpoint(folder, name, key, wanted !== null)
}

/** The checkpoint stands inside: what it knows is paid for, and is recorded all the same. */
function askingOf(ask: Provider, {checkpoint, cassette, isReplay}: Memory): Journal {
  const none = {forget: async () => {}, once: (_: string, act: () => Promise<unknown>) => act(), turn: () => {}}
  if (isReplay && cassette !== null) return {...none, ask: remembered(null, {...cassette, digest: digestOf})}
  const journal = checkpoint === null ? {...none, ask} : journaled(ask, {...checkpoint.answers, digest: digestOf})
  return cassette === null ? journal : {...journal, ask: remembered(journal.ask, {...cassette, digest: digestOf})}
}

interface Watching {
  readonly turn: () => void
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly cwd: string
}

async function executed(
  pipeline: Pipeline,
  inputs: Readonly<Record<string, unknown>>,
  tools: Tools,
  {start, checkpoint}: Memory,
  {signal, progress, cwd, turn}: Watching,
): Promise<Trace> {
  const sessions = sessionsAt(cwd, pipeline)
  const saved = checkpoint?.before?.saved ?? undefined
  try {
    const trace = await execute(pipeline, inputs, tools, {
      nonce: start.nonce,
      now: () => performance.now(),
      clock: () => start.began,
      signal,
      onEvent: progress.onEvent,
      after,
      sessions: sessions.before,
      saved,
      onSaved: (_, state) => {
        checkpoint?.save(state)
        turn()
      },
      onSessions: sessions.keep,
      keepsCalls: false,
    })
    checkpoint?.finish()
    return trace
  } catch (thrown) {
    const left = checkpoint?.leave() ?? null
    if (left === null || !(thrown instanceof Failure)) throw thrown
    throw new Failure(thrown.code, thrown.message, {
      exit: thrown.exit,
      cause: thrown,
      hint: [
        ...(thrown.hint === null ? [] : [thrown.hint]),
        `what was answered is kept in ${left}: the same command goes on from there`,
      ].join('; '),
    })
  }
}

function after(milliseconds: number, act: () => void): () => void {
  const timer = setTimeout(act, milliseconds)
  return () => clearTimeout(timer)
}

const Kept = z.record(z.string(), z.array(z.looseObject({role: z.enum(['user', 'assistant']), text: z.string()})))

function keptIn(path: string): Sessions {
  try {
    return Kept.parse(JSON.parse(readText(path)))
  } catch (thrown) {
    throw new Failure('bad-session', `${path} cannot be read: ${messageOf(thrown).split('\n')[0]}`, {
      hint: 'delete it to begin the conversation anew',
      cause: thrown,
    })
  }
}

/** Conversations that a step asked to keep, by pipeline. */
function sessionsAt(
  cwd: string,
  {name}: Pipeline,
): {readonly before: Sessions; readonly keep: (sessions: Sessions) => void} {
  const file = `${name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60)}.json`
  const folder = join(cwd, '.refactor-plan', 'sessions')
  const path = join(folder, file)
  return {
    before: existsSync(path) ? keptIn(path) : {},
    keep: (sessions) => {
      if (Object.keys(sessions).length > 0) writeInside(makeFolder(folder), file, `${JSON.stringify(sessions)}\n`)
    },
  }
}

function variablesOf(given: unknown): Readonly<Record<string, string>> {
  const pairs = Array.isArray(given) ? given.map(String) : []
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1)
        throw new Failure('bad-flag', `--var ${pair}: is not k=v`, {hint: 'as in --var user_prompt="find races"'})
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
