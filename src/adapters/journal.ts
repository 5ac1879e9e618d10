/** The log of a search as a file of lines: each is on the disk before anybody acts on it. */
import {appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync} from 'node:fs'
import {dirname} from 'node:path'
import {Failure, messageOf} from '../errors.ts'
import {readEvents, renderEvent, type Event} from '../optimize/events.ts'

export interface JournalFile {
  readonly events: readonly Event[]
  readonly append: (event: Event) => void
}

/**
 * Goes on where the file ends; it need not be there yet. Half a line at its end, of a process that was killed, is cut off.
 * Throws `Failure` `bad-log`, `cannot-write`.
 */
export function openJournal(path: string): JournalFile {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const events = readEvents(text, path)
  mend(path, text)
  return {events, append: (event) => writing(path, () => appendFileSync(path, renderEvent(event), {flush: true}))}
}

/** A last line without its end is either whole, then it gets one, or cut off, then it goes. */
function mend(path: string, text: string): void {
  writing(path, () => mkdirSync(dirname(path), {recursive: true}))
  if (text === '' || text.endsWith('\n')) return
  const start = text.lastIndexOf('\n') + 1
  const isWhole = readEvents(text, path).length > readEvents(text.slice(0, start), path).length
  writing(path, () => {
    if (isWhole) appendFileSync(path, '\n')
    else truncateSync(path, Buffer.byteLength(text.slice(0, start)))
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
