/** Where a run had come when it was stopped: two files of a folder, gone as soon as a run ends well. */
import {existsSync, readdirSync, rmdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import * as z from 'zod'
import {messageOf, Failure} from '../errors.ts'
import type {Saved} from '../pipeline/execute.ts'
import type {Recordings} from '../recordings.ts'
import {openCassette} from './cassette.ts'
import {makeFolder, readText, writeInside} from './disk.ts'

/** What all parts of one run share, so that a second start asks the same questions to the letter. */
export interface Start {
  readonly nonce: string
  /** Milliseconds since 1970. */
  readonly began: number
}

export interface Checkpoint {
  /** null: the run has not been started before. */
  readonly before: {readonly start: Start; readonly saved: Saved | null; readonly answers: number} | null
  readonly answers: Pick<Recordings, 'get' | 'set'>
  /** Keeps a start that is new. */
  readonly begin: (start: Start) => void
  /** A step of the pipeline has ended; the answers that led to it are part of what is saved. */
  readonly save: (saved: Saved) => void
  /** The run ended well. */
  readonly finish: () => void
  /** The run was stopped; where it can go on from, null when nothing was paid for. */
  readonly leave: () => string | null
}

const Result = z.strictObject({
  text: z.string(),
  data: z.unknown(),
  ok: z.boolean(),
  facts: z.record(z.string(), z.unknown()).optional(),
})
const Known = z.strictObject({value: z.unknown(), vouched: z.boolean()})
const Message = z.looseObject({role: z.enum(['user', 'assistant']), text: z.string()})
const Kept = z.strictObject({
  schema: z.literal(1),
  key: z.string(),
  start: z.strictObject({nonce: z.string(), began: z.number()}),
  saved: z
    .strictObject({
      done: z.array(Result),
      results: z.array(z.tuple([z.string(), Result])),
      state: z.array(z.tuple([z.string(), Known])),
      sessions: z.record(z.string(), z.array(Message)),
      kept: z.array(z.string()),
      last: z.string().nullable(),
    })
    .nullable(),
})

const baseOf = (name: string, key: string): string =>
  `${name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60) || 'pipeline'}_${key.slice(0, 12)}`

/** Forgets what an earlier run left, whatever state it is in. */
export function discardCheckpoint(folder: string, name: string, key: string): void {
  const files = ['json', 'jsonl']
    .map((ending) => join(folder, `${baseOf(name, key)}.${ending}`))
    .filter((file) => existsSync(file))
  for (const file of files) rmSync(file)
  if (files.length > 0 && readdirSync(folder).length === 0) rmdirSync(folder)
}

/**
 * @param key sha-256 of all that the run depends on: another pipeline, other inputs or other code are another run
 * @param eager writes as it goes, so that even a killed process leaves it; else only what `leave` is told to
 */
export function openCheckpoint(folder: string, name: string, key: string, eager: boolean): Checkpoint {
  const base = baseOf(name, key)
  const isOurs = !existsSync(folder)
  const [stateFile, answersFile] = [`${base}.json`, join(folder, `${base}.jsonl`)]
  const kept = existsSync(join(folder, stateFile)) ? keptIn(join(folder, stateFile), key) : null
  let cassette = eager || kept !== null ? openCassette(answersFile, 'record') : null
  const memory = new Map<string, string>()
  let start: Start | null = kept?.start ?? null
  let latest: Saved | null = kept?.saved === null || kept?.saved === undefined ? null : savedOf(kept.saved)
  const write = (): void => {
    if (start === null) return
    writeInside(makeFolder(folder), stateFile, `${JSON.stringify({schema: 1, key, start, saved: latest})}\n`)
  }
  return {
    before:
      kept === null ? null : {start: kept.start, saved: kept.saved === null ? null : savedOf(kept.saved), answers: 0},
    answers: {
      get: async (asked) => (cassette === null ? (memory.get(asked) ?? null) : cassette.get(asked)),
      set: async (asked, text) => (cassette === null ? void memory.set(asked, text) : cassette.set(asked, text)),
    },
    begin: (given) => {
      start = given
      if (eager) write()
    },
    save: (saved) => {
      latest = saved
      memory.clear()
      if (!eager && kept === null) return
      write()
      rmSync(answersFile, {force: true})
      cassette = openCassette(answersFile, 'record')
    },
    finish: () => {
      rmSync(join(folder, stateFile), {force: true})
      rmSync(answersFile, {force: true})
      if ((isOurs || kept !== null) && existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder)
    },
    leave: () => {
      if (cassette === null && memory.size === 0 && latest === null) return null
      write()
      const later = cassette ?? openCassette(answersFile, 'record')
      if (cassette === null) for (const [asked, text] of memory) void later.set(asked, text)
      return join(folder, stateFile)
    },
  }
}

type KeptSaved = z.infer<typeof Kept>['saved']

function savedOf(kept: KeptSaved): Saved {
  const result = ({facts, ...rest}: z.infer<typeof Result>) => ({...rest, ...(facts === undefined ? {} : {facts})})
  return {
    done: (kept?.done ?? []).map(result),
    results: (kept?.results ?? []).map(([name, each]) => [name, result(each)] as const),
    state: kept?.state ?? [],
    sessions: kept?.sessions ?? {},
    kept: kept?.kept ?? [],
    last: kept?.last ?? null,
  }
}

function keptIn(file: string, key: string): z.infer<typeof Kept> | null {
  try {
    const kept = Kept.parse(JSON.parse(readText(file)))
    return kept.key === key ? kept : null
  } catch (thrown) {
    throw new Failure('bad-checkpoint', `${file} cannot be read: ${messageOf(thrown).split('\n')[0]}`, {
      hint: 'delete it to begin the run anew',
      cause: thrown,
    })
  }
}
