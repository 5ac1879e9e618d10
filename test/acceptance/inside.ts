/**
 * What the Action does for a pull request, without a process around it: the same review, the same adapters, the same servers. For
 * products of many rows, where a second for each would be too much; that the bundle does this at all is proved elsewhere.
 */
import {github} from '../../src/adapters/github.ts'
import {scalarOf} from '../../src/adapters/runner.ts'
import {settingNames} from '../../src/config.ts'
import {Failure} from '../../src/errors.ts'
import {keysOf} from '../../src/outside.ts'
import {parseEvent} from '../../src/request/event.ts'
import {understand} from '../../src/request/request.ts'
import {review} from '../../src/review.ts'
import type {Reviewing} from '../../src/target.ts'
import {scrubber} from '../../src/secrets.ts'
import {pullRequest} from '../fixtures/events.ts'
import {claudeKey, geminiKey, type Scene} from './scene.ts'

export interface Inside {
  /** As the process would end; a bug is no exit code and is thrown. */
  readonly code: number
  /** Of the failure; null: there was none. */
  readonly failed: string | null
  readonly outputs: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

export interface InsideRun {
  readonly settings?: Readonly<Record<string, string>>
  /** Both keys, and the fake models as endpoints. */
  readonly asksModels?: boolean
  /** Milliseconds after which a request to GitHub counts as lost. */
  readonly timeoutMs?: number
  /** A folder for what the run writes. */
  readonly workspace: string
}

/** On the pull request of the scene. No retry waits. */
export async function reviewInside(
  {hub, models, repository}: Scene,
  {settings = {}, asksModels = false, timeoutMs = 10_000, workspace}: InsideRun,
): Promise<Inside> {
  const payload = pullRequest({head: repository.head, base: repository.base})
  const outputs: Record<string, string> = {}
  const warnings: string[] = []
  const outside: Reviewing['outside'] = {
    event: {name: 'pull_request_target', payload},
    repository: repository.repository,
    triggeringActor: 'ada',
    isRerun: false,
    sha: repository.base,
    serverUrl: hub.url,
    apiUrl: hub.apiUrl,
    workspace,
    runUrl: `${hub.url}/${repository.repository}/actions/runs/4711/attempts/1`,
    inputs: () => ({}),
    mask: () => {},
    say: () => {},
    warn: (text) => void warnings.push(text),
    blame: () => {},
    output: (name, value) => {
      outputs[name] = scalarOf(name, value)
    },
    remember: () => {},
    recalled: () => '',
    summarize: async () => {},
  }
  const token = 'ghs_runner'
  const keys = keysOf(
    asksModels
      ? {
          ANTHROPIC_API_KEY: claudeKey,
          ANTHROPIC_BASE_URL: models.anthropicUrl,
          GEMINI_API_KEY: geminiKey,
          GEMINI_BASE_URL: models.geminiUrl,
        }
      : {},
  )
  const client = {
    token,
    apiUrl: hub.apiUrl,
    repository: repository.repository,
    scrub: scrubber([token]),
    timeoutMs,
    wait: async () => {},
  }
  const shared: Reviewing = {
    outside,
    hub: github(client),
    lastWords: () => github(client),
    token,
    keys,
    settings: {...Object.fromEntries(settingNames.map((name) => [name, ''])), ...settings},
    dryRun: false,
    part: 'all',
    artifact: 'artifact',
    optimizer: 'bootstrap',
    signal: new AbortController().signal,
  }
  const request = understand(parseEvent('pull_request_target', payload), {permission: null, allowed: []})
  if (request.kind !== 'plan') throw new Error(`nothing to review: ${request.kind}`)
  try {
    return {code: await review(request, null, shared), failed: null, outputs, warnings}
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return {code: thrown.exit, failed: thrown.code, outputs: {...outputs, verdict: 'error'}, warnings}
  }
}
