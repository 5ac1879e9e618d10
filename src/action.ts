/** Entry of the Action: the runner's event and inputs → a request → what answers it → outputs and an exit code. One catch. */
import {answer, doctorInRunner} from './answer.ts'
import {github, type GitHub} from './adapters/github.ts'
import {connectThroughProxy} from './adapters/network.ts'
import {runner, type Runner} from './adapters/runner.ts'
import {settingNames} from './config.ts'
import {Failure, messageOf} from './errors.ts'
import {evaluateInRunner, optimizeInRunner} from './nightly.ts'
import {keysOf} from './outside.ts'
import {defaultBranchOf, parseEvent} from './request/event.ts'
import {
  commanderOf,
  understand,
  understandTrial,
  type Permission,
  type Request,
  type TrialRequest,
} from './request/request.ts'
import {skip} from './publication.ts'
import {review} from './review.ts'
import type {Reviewing} from './target.ts'
import {scrubber} from './secrets.ts'
import {plain, plainLine} from './trust.ts'

const secrets = ['token', 'anthropic-api-key', 'google-api-key', 'openai-api-key'] as const
const others = [
  'mode',
  'artifact-path',
  'anthropic-base-url',
  'gemini-base-url',
  'openai-base-url',
  'dry-run',
  'optimizer',
] as const

/** All that may command under some configuration; the configured ones are checked once the configuration is read. */
const mayCommand = ['admin', 'maintain', 'write', 'triage'] as const

const bug = 3
/** From SIGINT on a cancelled job has 7.5 s. */
const lastWordsMs = 5000

/**
 * A cancelled job gets SIGINT, and 7.5 s until SIGTERM: time enough to take the gate out of `pending`.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
 */
function cancellation(): AbortSignal {
  const controller = new AbortController()
  // not `once`: a second signal would end the process before it has said anything
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => controller.abort())
  return controller.signal
}

/** @returns the exit code: 0 done, 1 the gate failed, 2 the user can fix it, 3 it could not be judged */
export async function act(): Promise<number> {
  let outside: Runner | null = null
  try {
    outside = await runner()
    return await actIn(outside)
  } catch (thrown) {
    const words =
      thrown instanceof Failure
        ? `${thrown.message}${thrown.hint === null ? '' : ` → ${thrown.hint}`}`
        : messageOf(thrown)
    if (outside === null) process.stderr.write(`${plain(words)}\n`)
    else {
      // an annotation may have lines, and a line of `permissions:` is to be copied as it is
      outside.blame(plain(words))
      outside.output('verdict', 'error')
      if (!(thrown instanceof Failure) && thrown instanceof Error) outside.say(plain(thrown.stack ?? ''))
    }
    return thrown instanceof Failure ? thrown.exit : bug
  }
}

async function actIn(outside: Runner): Promise<number> {
  const given = outside.inputs([...secrets, ...others, ...settingNames])
  for (const name of secrets) outside.mask(given[name] ?? '')
  const settings = Object.fromEntries(settingNames.map((name) => [name, given[name] ?? '']))
  const token = given['token'] ?? ''
  if (token === '')
    throw new Failure('missing-token', 'the input `token` is empty', {hint: 'leave it out to use github.token'})
  const keys = keysOf({
    ANTHROPIC_API_KEY: given['anthropic-api-key'] || process.env['ANTHROPIC_API_KEY'],
    ANTHROPIC_BASE_URL: given['anthropic-base-url'] || process.env['ANTHROPIC_BASE_URL'],
    GEMINI_API_KEY: given['google-api-key'] || process.env['GEMINI_API_KEY'] || process.env['GOOGLE_API_KEY'],
    GEMINI_BASE_URL: given['gemini-base-url'] || process.env['GEMINI_BASE_URL'],
    OPENAI_API_KEY: given['openai-api-key'] || process.env['OPENAI_API_KEY'],
    OPENAI_BASE_URL: given['openai-base-url'] || process.env['OPENAI_BASE_URL'],
  })
  const known = [token, ...Object.values(keys).map((access) => access?.apiKey ?? '')]
  for (const secret of known) outside.mask(secret)
  await connectThroughProxy(process.env)
  const about = {token, apiUrl: outside.apiUrl, repository: outside.repository, scrub: scrubber(known)}
  const lastWords = (): GitHub => github({...about, signal: AbortSignal.timeout(lastWordsMs)})
  if (outside.recalled('started') !== '') return closeGate(outside, lastWords())
  outside.remember('started', 'yes')
  const signal = cancellation()
  const hub = github({...about, signal})
  const dryRun = given['dry-run'] === 'true'
  const optimizer = given['optimizer'] || 'forge'
  const artifact = given['artifact-path'] || 'refactor-plan-artifact'
  const shared: Reviewing = {
    outside,
    hub,
    lastWords,
    token,
    keys,
    settings,
    dryRun,
    signal,
    optimizer,
    artifact,
    part: 'all',
  }
  switch (given['mode'] || 'all') {
    case 'all':
      return planFor(shared)
    case 'plan':
    case 'publish':
      return planFor({...shared, part: given['mode'] === 'plan' ? 'plan' : 'publish'})
    case 'evaluate':
      return tryOut('evaluate', shared, (request) => evaluateInRunner(request, shared))
    case 'optimize':
      return tryOut('optimize', shared, (request) => optimizeInRunner(request, shared, optimizer))
    case 'doctor':
      return doctorInRunner(shared)
    default:
      throw new Failure('bad-input', `mode: ${plainLine(given['mode'] ?? '', 40)} is not a mode`, {
        hint: 'one of all, plan, publish, evaluate, optimize, doctor',
      })
  }
}

/** The job may be killed at any moment: what is then left in `pending` is closed by the post step, a process of its own. */
async function closeGate(outside: Runner, hub: GitHub): Promise<number> {
  const [sha, context] = [outside.recalled('sha'), outside.recalled('context')]
  if (sha === '') return 0
  try {
    const status = await hub.statusOf(sha, context)
    if (status?.state !== 'pending' || status.targetUrl !== outside.runUrl) return 0
    const description = plainLine('not judged: the run was cancelled or killed')
    await hub.setStatus({sha, context: plainLine(context), state: 'error', description, targetUrl: outside.runUrl})
    outside.warn(plainLine(`${context} was still pending, and is an error now: run again`))
  } catch (thrown) {
    outside.warn(plainLine(`the status may still be pending: ${messageOf(thrown)}`))
  }
  return 0
}

async function tryOut(
  mode: 'evaluate' | 'optimize',
  shared: Reviewing,
  carryOut: (request: TrialRequest) => Promise<number>,
): Promise<number> {
  const {name, payload} = shared.outside.event
  const request = understandTrial(parseEvent(name, payload), mode, defaultBranchOf(payload))
  if (request.kind === 'trial') return carryOut(request)
  return skip(plainLine(`nothing to do: ${request.reason}`), {comment: null, with: '-1'}, shared)
}

/**
 * Of the two who may stand behind a command: its author, and whoever started the run again. Each must be allowed.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables (GITHUB_TRIGGERING_ACTOR)
 */
async function permissionFor(commander: string, {outside, hub}: Reviewing): Promise<Permission | null> {
  const permission = await hub.permissionOf(commander)
  const {triggeringActor} = outside
  if (triggeringActor === '' || triggeringActor.toLowerCase() === commander.toLowerCase()) return permission
  const other = await hub.permissionOf(triggeringActor)
  return other === null || !mayCommand.some((each) => each === other) ? null : permission
}

async function planFor(shared: Reviewing): Promise<number> {
  const {outside} = shared
  const event = parseEvent(outside.event.name, outside.event.payload)
  const commander = commanderOf(event)
  const permission = commander === null ? null : await permissionFor(commander, shared)
  const request: Request = understand(event, {permission, allowed: mayCommand})
  if (request.kind === 'plan') return review(request, permission, shared)
  // a word that asks for an answer is the publishing job's
  if (request.kind === 'answer' && shared.part === 'plan') return 0
  if (request.kind === 'answer') return answer(request, permission ?? 'none', shared)
  const comment =
    shared.part !== 'plan' && request.reason === 'not-permitted' && event.kind === 'issue_comment'
      ? event.comment.id
      : null
  return skip(plainLine(`nothing to do: ${request.reason}`), {comment, with: '-1'}, shared)
}
