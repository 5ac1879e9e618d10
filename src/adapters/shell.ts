/** Commands of the shell for a pipeline whose user said `--allow-shell`. */
import {execFile} from 'node:child_process'

const timeoutMs = 10 * 60_000
const maxOutput = 1024 * 1024

/** Keys of models and tokens of services are no business of what a model thought up. */
const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TERM', 'TMPDIR', 'USER', 'SHELL', 'TZ']

/** Standard output and errors as one text; what takes longer than ten minutes or says more than a mebibyte is ended. */
export const openShell =
  (cwd: string, env: Readonly<Record<string, string | undefined>>) =>
  (command: string, signal: AbortSignal | undefined): Promise<{readonly text: string; readonly ok: boolean}> =>
    new Promise((resolve) => {
      const options = {
        cwd,
        env: Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
        timeout: timeoutMs,
        maxBuffer: maxOutput,
        ...(signal === undefined ? {} : {signal}),
      }
      execFile('/bin/sh', ['-c', command], options, (error, out, errors) => {
        const text = [out, errors, error !== null && out === '' && errors === '' ? error.message : '']
          .filter((each) => each !== '')
          .join('\n')
        resolve({text, ok: error === null})
      })
    })
