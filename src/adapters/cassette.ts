/** Recorded answers in one file of lines, each `{"key": …, "recording": …}`: easy to keep in git, and a journal of what is paid for. */
import {appendFileSync, mkdirSync, readFileSync, statSync, truncateSync} from 'node:fs'
import {dirname} from 'node:path'
import * as z from 'zod'
import {Failure, messageOf} from '../errors.ts'
import type {Recordings} from '../recordings.ts'

const Line = z.strictObject({key: z.string().min(1), recording: z.unknown()})

/** Read as one text, so below the longest string there is. */
const maxBytes = 256 * 1024 * 1024
const lineEnd = 0x0a

/**
 * What `remembered` gets and sets. `record` goes on where the file ends, which need not be there yet; `replay` only reads.
 *
 * Every line is on the disk before the answer is used, so whoever is killed and starts again pays for nothing twice. A last line that
 * was cut by that is dropped for `record`. Throws `Failure` `bad-recording` for any other line that cannot be read, `not-recorded` for
 * a file to replay that is not there, `cannot-write`.
 */
export function openCassette(path: string, mode: 'record' | 'replay'): Pick<Recordings, 'get' | 'set'> {
  const bytes = bytesOf(path)
  if (bytes === null && mode === 'replay') {
    throw new Failure('not-recorded', `there is no recording ${path}`, {
      hint: 'record the run first, or give the path of its recording',
    })
  }
  const whole = mode === 'record' ? mended(path, bytes) : (bytes ?? Buffer.alloc(0))
  const recordings = recordingsIn(whole.toString('utf8'), path)
  return {
    get: async (key) => recordings.get(key) ?? null,
    set: async (key, text) => {
      if (mode === 'replay') throw new Failure('cannot-write', `${path} is only played, not recorded`)
      const recording: unknown = JSON.parse(text)
      append(path, `${JSON.stringify({key, recording})}\n`)
      recordings.set(key, text)
    },
  }
}

/** null: no such file. */
function bytesOf(path: string): Buffer | null {
  try {
    const {size} = statSync(path)
    if (size <= maxBytes) return readFileSync(path)
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null
    throw new Failure('bad-recording', `${path} cannot be read: ${messageOf(thrown)}`, {cause: thrown})
  }
  throw new Failure('bad-recording', `${path} is larger than ${maxBytes / 1024 / 1024} MB`, {
    hint: 'record into another file',
  })
}

/** Without the half of a line that a killed process left; a whole one that only lacks its end gets it. */
function mended(path: string, bytes: Buffer | null): Buffer {
  if (bytes === null || bytes.length === 0 || bytes.at(-1) === lineEnd) return bytes ?? Buffer.alloc(0)
  const start = bytes.lastIndexOf(lineEnd) + 1
  if (lineIn(bytes.toString('utf8', start)) === null) {
    writing(path, () => truncateSync(path, start))
    return bytes.subarray(0, start)
  }
  append(path, '\n')
  return bytes
}

function recordingsIn(text: string, path: string): Map<string, string> {
  const recordings = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const read = lineIn(line)
    if (read === null) {
      throw new Failure('bad-recording', `${path}:${index + 1} is not a recording`, {
        hint: 'delete the line and record the run again',
      })
    }
    // what was recorded anew stands below
    recordings.set(read.key, JSON.stringify(read.recording))
  }
  return recordings
}

function lineIn(text: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** A disk that is full in the middle of a line must not leave a half one for the next line to stand behind. */
function append(path: string, line: string): void {
  writing(path, () => {
    mkdirSync(dirname(path), {recursive: true})
    const size = statSync(path, {throwIfNoEntry: false})?.size ?? 0
    try {
      appendFileSync(path, line, {flush: true})
    } catch (thrown) {
      if (statSync(path, {throwIfNoEntry: false}) !== undefined) truncateSync(path, size)
      throw thrown
    }
  })
}

function writing(path: string, write: () => void): void {
  try {
    write()
  } catch (thrown) {
    throw new Failure('cannot-write', `cannot write ${path}: ${messageOf(thrown)}`, {
      hint: 'check the permissions of the folder and the space on the disk',
      cause: thrown,
    })
  }
}
