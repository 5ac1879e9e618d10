/** All that tests leave in the temporary folder goes when they end, whatever ended them. */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const memory = '/dev/shm'
/** They never fill more than a tenth of it; a container's 64 MB would not do. */
const leastBytes = 2 * 1024 ** 3

export default function setup(): () => void {
  const folder = inMemory() ?? folderIn(tmpdir())
  // workers are started after this, with this environment
  process.env['TMPDIR'] = folder
  return () => rmSync(folder, {recursive: true, force: true})
}

const prefix = 'refactor-plan-tests-'
const folderIn = (parent: string): string => mkdtempSync(join(parent, prefix))

/** Repositories are made, copied and removed by the hundred, and a disk takes as long for that as git does for all the rest. */
function inMemory(): string | null {
  if (process.env['TMPDIR'] !== undefined || !hasRoom()) return null
  sweep()
  const folder = folderIn(memory)
  // some systems let nothing run there, and traps that cannot spring show nothing
  const script = join(folder, 'script.sh')
  writeFileSync(script, '#!/bin/sh\n', {mode: 0o755})
  const {status} = spawnSync(script)
  rmSync(script)
  if (status === 0) return folder
  rmSync(folder, {recursive: true})
  return null
}

/** What a killed run left there is memory that nobody gets back. No run takes an hour. */
function sweep(): void {
  const old = Date.now() - 3_600_000
  for (const name of readdirSync(memory)) {
    const path = join(memory, name)
    if (name.startsWith(prefix) && statSync(path).mtimeMs < old) rmSync(path, {recursive: true, force: true})
  }
}

function hasRoom(): boolean {
  try {
    const {bavail, bsize} = statfsSync(memory)
    return bavail * bsize >= leastBytes
  } catch {
    return false
  }
}
