/** Commands of the shell for a pipeline whose user said `--allow-shell`. */
import {spawn, type ChildProcessByStdio} from 'node:child_process'
import type {Readable} from 'node:stream'

const timeoutMs = 10 * 60_000
const maxOutput = 1024 * 1024

/** Keys of models and tokens of services are no business of what a model thought up. */
const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TERM', 'TMPDIR', 'USER', 'SHELL', 'TZ']

interface Ended {
  readonly text: string
  readonly ok: boolean
}

/**
 * Standard output and errors as one text. What takes longer than ten minutes, says more than a mebibyte or is cancelled is ended,
 * with all that the command started.
 */
export const openShell =
  (cwd: string, env: Readonly<Record<string, string | undefined>>) =>
  (command: string, signal: AbortSignal | undefined): Promise<Ended> => {
    if (signal?.aborted === true) return Promise.resolve({text: 'cancelled before it began', ok: false})
    const child = spawn('/bin/sh', ['-c', command], {
      cwd,
      env: Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
      // in a group of its own, to be killed as one
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return endOf(child, command, signal)
  }

type Child = ChildProcessByStdio<null, Readable, Readable>

function endOf(child: Child, command: string, signal: AbortSignal | undefined): Promise<Ended> {
  return new Promise((resolve) => {
    let why: string | null = null
    const stop = (reason: string): void => {
      why ??= reason
      kill(child)
    }
    const onAbort = (): void => stop('was cancelled')
    signal?.addEventListener('abort', onAbort, {once: true})
    const timer = setTimeout(() => stop(`took longer than ${timeoutMs / 60_000} minutes`), timeoutMs)
    const full = (): void => stop('said more than a mebibyte')
    const [out, errors] = [heard(child.stdout, full), heard(child.stderr, full)]
    child.on('error', (error) => stop(`could not be started: ${error.message}`))
    child.on('close', (code) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      const ok = why === null && code === 0
      const said = [out(), errors()].filter((each) => each !== '').join('\n')
      const text = said === '' && !ok ? `\`${command}\` ${why ?? `ended with code ${code ?? 'null'}`}` : said
      resolve({text, ok})
    })
  })
}

/** What came so far, never more than the limit. */
function heard(stream: Readable, full: () => void): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = `${text}${chunk}`
    if (text.length <= maxOutput) return
    text = text.slice(0, maxOutput)
    full()
  })
  return () => text
}

function kill(child: Child): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
  // what left the group may hold them, and is not waited for
  child.stdout.destroy()
  child.stderr.destroy()
}
