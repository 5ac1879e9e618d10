/** The GitHub runner: what it says through the environment, and what it hears. Both toolkits are named here and nowhere else. */
import {Failure, messageOf} from '../errors.ts'
import type {OutputName} from '../outputs.ts'
import {scrubber} from '../secrets.ts'
import type {Markdown, Plain} from '../trust.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface Runner {
  /** `GITHUB_EVENT_NAME` and the parsed file at `GITHUB_EVENT_PATH`; `{}` when there is none. */
  readonly event: {readonly name: string; readonly payload: unknown}
  /** `owner/name`. */
  readonly repository: string
  /** Who started this run, or started it again; empty text when the runner does not say. */
  readonly triggeringActor: string
  /** The same event once more, by whoever pressed the button. */
  readonly isRerun: boolean
  /** The commit the run was started on; for a pull request that is GitHub's merge of it, not its head. */
  readonly sha: string
  readonly serverUrl: string
  readonly apiUrl: string
  readonly workspace: string
  /** Of this attempt, for people. */
  readonly runUrl: string
  /** The named inputs, trimmed; an input that was not given is an empty text. */
  readonly inputs: (names: readonly string[]) => Readonly<Record<string, string>>
  /** From here on the runner hides it in the log, also as base64, in the form that git sends, and line by line. */
  readonly mask: (secret: string) => void
  readonly say: (text: Plain) => void
  /** An annotation; GitHub shows ten of a kind for a step. */
  readonly warn: (text: Plain) => void
  readonly blame: (text: Plain) => void
  /** Throws `Failure` `unsafe-output` for anything but a plain scalar: texts leave as files, outputs carry their paths. */
  readonly output: (name: OutputName, value: string | number | boolean | null) => void
  /** Keeps a text for the post step of this job, which is a process of its own. */
  readonly remember: (name: string, value: string) => void
  /** What the main step remembered; an empty text when it did not, and in the main step itself. */
  readonly recalled: (name: string) => string
  /** The job's page, replaced. What is above GitHub's limit is cut at a line. */
  readonly summarize: (text: Markdown) => Promise<void>
}

export const isRunner = (environment: Environment): boolean => environment['GITHUB_ACTIONS'] === 'true'

/**
 * Workflows paste outputs into shell lines (`run: echo ${{ … }}`), so an output must mean nothing to a shell. `#` is harmless
 * inside a word and every comment's address holds one.
 */
const scalar = /^(?:[A-Za-z0-9_.:+/@-][A-Za-z0-9_.:+/@#-]*)?$/

/** A line of a secret that is shorter would hide half the log: a private key ends in a line of a few letters. */
const shortestMask = 6

/** GitHub refuses a larger summary of a step: https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
const maxSummaryBytes = 1024 * 1024

/** @throws Failure `bad-runner` when the variables that every runner sets are not there, or the event's file is not JSON */
export async function runner(): Promise<Runner> {
  const core = await import('@actions/core')
  const {context} = await import('@actions/github').catch((thrown: unknown) => {
    throw new Failure('bad-runner', `GITHUB_EVENT_PATH cannot be read: ${messageOf(thrown)}`, {cause: thrown})
  })
  const {serverUrl, apiUrl, sha, runId} = context
  const secrets: string[] = []
  const repository = variable('GITHUB_REPOSITORY', /^[\w.-]+\/[\w.-]+$/)
  return {
    event: {name: context.eventName, payload: context.payload},
    repository,
    triggeringActor: process.env['GITHUB_TRIGGERING_ACTOR'] ?? '',
    isRerun: (process.env['GITHUB_RUN_ATTEMPT'] ?? '1') !== '1',
    sha,
    serverUrl,
    apiUrl,
    workspace: variable('GITHUB_WORKSPACE', /./),
    runUrl: `${serverUrl}/${repository}/actions/runs/${runId}/attempts/${process.env['GITHUB_RUN_ATTEMPT'] ?? '1'}`,
    inputs: (names) => Object.fromEntries(names.map((name) => [name, core.getInput(name)])),
    mask: (secret) => {
      for (const form of formsOf(secret)) core.setSecret(form)
      // the runner hides nothing in a summary
      secrets.push(secret)
    },
    say: (text) => core.info(text),
    warn: (text) => core.warning(text),
    blame: (text) => core.error(text),
    output: (name, value) => core.setOutput(name, scalarOf(name, value)),
    remember: (name, value) => core.saveState(name, value),
    recalled: (name) => core.getState(name),
    summarize: async (text) => {
      try {
        await core.summary.addRaw(fitting(scrubber(secrets)(text))).write({overwrite: true})
      } catch (thrown) {
        core.warning(`the job summary could not be written: ${messageOf(thrown)}`)
      }
    },
  }
}

function variable(name: string, shape: RegExp): string {
  const value = process.env[name] ?? ''
  if (shape.test(value)) return value
  throw new Failure('bad-runner', `${name} is ${value === '' ? 'not set' : 'not what a runner sets'}`, {
    hint: 'outside a GitHub runner use the command line: refactor-plan --help',
  })
}

/** All texts that would give `secret` away in a log. */
export function formsOf(secret: string): readonly string[] {
  const whole = secret.trim()
  if (whole === '') return []
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim())
  return [
    ...new Set([
      secret,
      whole,
      base64(secret),
      base64(whole),
      // what git sends as basic authentication, see adapters/git.ts
      base64(`x-access-token:${whole}`),
      encodeURIComponent(whole),
      ...lines.filter((line) => line.length >= shortestMask),
    ]),
  ]
}

export function scalarOf(name: string, value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value)
  if (scalar.test(text)) return text
  throw new Failure('unsafe-output', `the output ${name} holds characters that mean something to a shell`, {
    hint: 'write the text to a file and give its path',
  })
}

/** The longest beginning, in whole lines, that GitHub takes. */
export function fitting(text: string, maxBytes: number = maxSummaryBytes): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  const note = '\n\n_The rest did not fit._\n'
  const start = Buffer.from(text, 'utf8').subarray(0, maxBytes - Buffer.byteLength(note))
  return start.subarray(0, Math.max(start.lastIndexOf('\n'), 0)).toString('utf8') + note
}
