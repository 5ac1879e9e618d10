/**
 * The program as a function of this process instead of the bundle in a process of its own: the same files, servers and variables
 * around it, none of the seconds that Node, the bundle and the grammars take to start. That the bundle does the same is proved by
 * at least one row of every event, mode and command.
 */
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import * as core from '@actions/core'
import {context} from '@actions/github'
import {act} from '../../src/action.ts'
import type * as Cli from '../../src/cli.ts'
import {limitMs, root, variables, type Ended, type Spawned} from './bundle.ts'

/** As `spawnBundle` without words, for a runner. */
export const actHere = (spawned: Spawned): Promise<Ended> =>
  perform(spawned, () => {
    // both toolkits read the environment once for a process
    Object.assign(context, Reflect.construct(context.constructor, []))
    Object.assign(core.summary, {_filePath: undefined})
    return act()
  })

let commands = 0

/** As `spawnBundle` with words, for a terminal. */
export const commandHere = (spawned: Spawned): Promise<Ended> =>
  perform(spawned, async () => {
    // it asks for the folder once for a process, so each run has a copy of its first module
    const copy = `${join(root, 'src', 'cli.ts')}?run=${commands++}`
    const entry: typeof Cli = await import(/* @vite-ignore */ copy)
    return entry.command(spawned.args ?? [])
  })

/** The environment, the folder and standard output belong to the process, so one begins when the other has ended. */
let last: Promise<unknown> = Promise.resolve()

function perform(spawned: Spawned, run: () => Promise<number>): Promise<Ended> {
  const ended = last.then(() => runAs(spawned, run))
  last = ended.catch(() => {})
  return ended
}

async function runAs({env = {}, cwd = root}: Spawned, run: () => Promise<number>): Promise<Ended> {
  const leave = enter(variables(env), cwd)
  const deafen = listening()
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  try {
    const code = await inTime(run())
    return {code, stdout: stdout.text(), stderr: stderr.text()}
  } finally {
    stdout.end()
    stderr.end()
    deafen()
    leave()
  }
}

/** One that never ends must not hold up the others: `spawnBundle` kills it after as long. */
async function inTime<T>(running: Promise<T>): Promise<T> {
  const controller = new AbortController()
  const {signal} = controller
  const late = sleep(limitMs, null, {signal}).then(() => Promise.reject(new Error('it does not end')))
  try {
    return await Promise.race([running, late])
  } finally {
    late.catch(() => {})
    controller.abort()
  }
}

/** @returns what takes away the listeners that have come since: their process would have ended */
function listening(): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const before = new Set(signals.flatMap((name) => process.listeners(name)))
  return () => {
    for (const name of signals) {
      for (const listener of process.listeners(name)) if (!before.has(listener)) process.off(name, listener)
    }
  }
}

/** What the test runner needs stays, and the folder that it throws away in the end. */
const kept = /^(?:PATH|TMPDIR|VITEST.*)$/

/** @returns how to get back */
function enter(env: Readonly<Record<string, string>>, cwd: string): () => void {
  const before = {...process.env}
  const folder = process.cwd()
  const change = (to: NodeJS.ProcessEnv): void => {
    for (const name of Object.keys(process.env)) if (!kept.test(name)) delete process.env[name]
    Object.assign(process.env, to)
  }
  change(env)
  process.chdir(cwd)
  return () => {
    change(before)
    process.chdir(folder)
  }
}

function capture(stream: NodeJS.WriteStream): {readonly text: () => string; readonly end: () => void} {
  const parts: string[] = []
  const own = Object.getOwnPropertyDescriptor(stream, 'write')
  const listeners = stream.listenerCount('error')
  stream.write = (part: string | Uint8Array, ...more: readonly unknown[]): boolean => {
    parts.push(typeof part === 'string' ? part : Buffer.from(part).toString('utf8'))
    for (const each of more) if (typeof each === 'function') each()
    return true
  }
  return {
    text: () => parts.join(''),
    end: () => {
      if (own === undefined) Reflect.deleteProperty(stream, 'write')
      else Object.defineProperty(stream, 'write', own)
      if (listeners === 0) stream.removeAllListeners('error')
    },
  }
}
