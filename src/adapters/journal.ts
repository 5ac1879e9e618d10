/** The log of a search as a file of lines: each is on the disk before anybody acts on it. */
import {appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync} from 'node:fs'
import {dirname} from 'node:path'
import {Failure, messageOf} from '../errors.ts'
import {readEvents, renderEvent, type Event} from '../optimize/events.ts'

export interface JournalFile {
  readonly events: readonly Event[]
  readonly append: (event: Event) => void
}

/**
 * Goes on where the file ends; it need not be there yet. Half a line at its end, of a process that was killed, is cut off. What another
 * process wrote meanwhile ends it: two searches that go on at once would pay for everything twice.
 * Throws `Failure` `bad-log`, `cannot-write`, `log-in-use`.
 */
export function openJournal(path: string): JournalFile {
  const {bytes, text} = reading(path)
  const events = readEvents(text, path)
  mend(path, bytes, events.length)
  let size = sizeOf(path)
  return {
    events,
    append: (event) => {
      if (sizeOf(path) !== size)
        throw new Failure('log-in-use', `${path} is not as this search left it: another process writes into it`, {
          hint: 'let the other one end and start again, or give each a name of its own with --log',
        })
      const line = renderEvent(event)
      writing(path, () => appendFileSync(path, line, {flush: true}))
      size += Buffer.byteLength(line)
    },
  }
}

/** A last line without its end is either whole, then it gets one, or cut off, then it goes. */
function mend(path: string, bytes: Buffer, known: number): void {
  // a log that cannot be written is noticed before anybody is paid
  writing(path, () => {
    mkdirSync(dirname(path), {recursive: true})
    closeSync(openSync(path, 'a'))
  })
  const start = bytes.lastIndexOf(0x0a) + 1
  if (start === bytes.length) return
  const isWhole = known > readEvents(bytes.toString('utf8', 0, start), path).length
  writing(path, () => (isWhole ? appendFileSync(path, '\n') : truncateSync(path, start)))
}

const sizeOf = (path: string): number => statSync(path, {throwIfNoEntry: false})?.size ?? 0

function reading(path: string): {readonly bytes: Buffer; readonly text: string} {
  try {
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
    return {bytes, text: bytes.toString('utf8')}
  } catch (thrown) {
    throw new Failure('bad-log', `cannot read ${path}: ${messageOf(thrown)}`, {
      hint: 'give the log of an earlier `optimize`, or another name for a new one',
      cause: thrown,
    })
  }
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
