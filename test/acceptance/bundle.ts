/** Runs the shipped bundle as its user does: `dist/index.js` as a child process, with nothing of this process' environment but PATH. */
import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {parse} from 'yaml'
import * as z from 'zod'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const bundle = join(root, 'dist', 'index.js')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Spawned {
  readonly args?: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Node's own flags, such as `--import`. */
  readonly node?: readonly string[]
  /** Told how to send the process a signal. */
  readonly started?: (send: (signal: NodeJS.Signals) => void) => void
}

export const limitMs = 60_000

/** All that the program may see. */
export const variables = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: join(tmpdir(), 'no-such-home'),
  ...env,
})

export async function spawnBundle({args = [], cwd, env = {}, node = [], started}: Spawned): Promise<Ended> {
  const child = spawn(process.execPath, [...node, bundle, ...args], {
    cwd: cwd ?? root,
    env: variables(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    // the Action takes SIGTERM for a cancelled job and ends in its own time
    killSignal: 'SIGKILL',
  })
  started?.((signal) => void child.kill(signal))
  const parts = {stdout: '', stderr: ''}
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (parts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (parts.stderr += text))
  const code = await new Promise<number | null>((done, broken) => {
    child.on('error', broken)
    child.on('close', done)
  })
  return {code, ...parts}
}

export interface ActionRun extends Ended {
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly workspace: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

const Metadata = z.object({inputs: z.record(z.string(), z.object({default: z.string()}))})

/** A runner sets every input that action.yml has, to its default where the workflow gives none. */
const defaults = Object.entries(Metadata.parse(parse(readFileSync(join(root, 'action.yml'), 'utf8'))).inputs).map(
  ([name, {default: value}]) => [name, value === '${{ github.token }}' ? 'ghs_runner' : value] as const,
)

export interface Step {
  readonly event: string
  readonly payload: unknown
  readonly inputs?: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** What earlier steps of the job left in the workspace. */
  readonly prepare?: (workspace: string) => void
  readonly started?: Spawned['started']
}

/** A step inside a runner: real files for the event, outputs and summary, inputs as `INPUT_*`. `start` is what the step runs. */
export async function runStep(run: Step, start: (step: Spawned) => Promise<Ended> = spawnBundle): Promise<ActionRun> {
  const folder = mkdtempSync(join(tmpdir(), 'refactor-plan-action-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const workspace = mkdtempSync(join(folder, 'workspace-'))
  run.prepare?.(workspace)
  const outputFile = file('outputs', '')
  const summaryFile = file('summary', '')
  const inputs = Object.entries({...Object.fromEntries(defaults), ...run.inputs})
  const startedAt = Date.now()
  const ended = await start({
    cwd: workspace,
    ...(run.started === undefined ? {} : {started: run.started}),
    env: {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: run.event,
      GITHUB_EVENT_PATH: file('event.json', JSON.stringify(run.payload)),
      GITHUB_OUTPUT: outputFile,
      GITHUB_STEP_SUMMARY: summaryFile,
      GITHUB_STATE: file('state', ''),
      GITHUB_WORKSPACE: workspace,
      GITHUB_RUN_ID: '4711',
      RUNNER_TEMP: folder,
      ...Object.fromEntries(inputs.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      ...run.env,
    },
  })
  const outputs = Object.fromEntries(
    [...readFileSync(outputFile, 'utf8').matchAll(/^([^\n<]+)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2$/gm)].map(
      ([, name = '', , value = '']) => [name, value],
    ),
  )
  return {...ended, outputs, summary: readFileSync(summaryFile, 'utf8'), workspace, startedAt}
}

/** Removes what `runStep` made around a workspace. */
export const forget = ({workspace}: ActionRun): void => rmSync(dirname(workspace), {recursive: true, force: true})
