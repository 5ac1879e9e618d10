/** All that tests leave in the temporary folder goes when they end, whatever ended them. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'refactor-plan-tests-'))
  // workers are started after this, with this environment
  process.env['TMPDIR'] = folder
  return () => rmSync(folder, {recursive: true, force: true})
}
