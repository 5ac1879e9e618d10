/** What the job that reads and asks hands to the job that writes: one file, believed by the second as little as the pull request itself. */
import {lstatSync} from 'node:fs'
import {join} from 'node:path'
import {readText, writeInside} from './adapters/disk.ts'
import {valueOf} from './document.ts'
import {Failure} from './errors.ts'
import {parseReport, type Report} from './report/report.ts'

const file = 'report.json'
/** Bytes; a plan of 5,000 changes has three million. */
const maxBytes = 8 * 1024 * 1024

/** @param folder relative to the workspace. Throws `Failure` `outside` when it leads out of it */
export const saveArtifact = (report: Report, workspace: string, folder: string): string =>
  writeInside(workspace, join(folder, file), `${JSON.stringify(report)}\n`)

/**
 * The report of this very head, by these very rules. What it says of score and verdict is for the reader to work out again.
 * Throws `Failure` `no-artifact`, `stale-artifact` (exit 3), or what is wrong with its form.
 */
export function readArtifact(
  workspace: string,
  folder: string,
  about: {readonly number: number | null; readonly head: string; readonly base: string},
): Report {
  const path = join(workspace, folder, file)
  if (lstatSync(path, {throwIfNoEntry: false})?.isFile() !== true)
    throw new Failure('no-artifact', `there is no ${join(folder, file)}: the planning job left nothing`, {
      hint: 'its log says why; both jobs need the same artifact-path, and download-artifact between them',
      exit: 3,
    })
  const report = valueOf(parseReport(readText(path, maxBytes), join(folder, file)), 'report')
  const {request, repository} = report
  const isSame =
    repository.commit === about.head &&
    (about.number === null ||
      (request?.number === about.number && request.head === about.head && request.base === about.base))
  if (isSame) return report
  throw new Failure('stale-artifact', `${join(folder, file)} is about another commit or pull request`, {
    hint: 'the head or its base moved between the two jobs: run again',
    exit: 3,
  })
}
