/** A workflow file → where it runs this Action, when, and with what rights. The file is anybody's: whatever is odd in it is left out. */
import {parseYaml} from '../document.ts'
import {letsThrough} from './wildcard.ts'

export interface Trigger {
  /** null: not given. */
  readonly types: readonly string[] | null
  readonly branches: readonly string[] | null
  readonly ignored: readonly string[] | null
  /** It runs only when certain files change. */
  readonly byPath: boolean
}

export type Permissions =
  | {readonly kind: 'default'}
  | {readonly kind: 'all'; readonly level: 'read' | 'write'}
  | {readonly kind: 'some'; readonly of: Readonly<Record<string, string>>}

/** A step that runs this Action. */
export interface Use {
  readonly file: string
  readonly job: string
  /** What the job's own check is called. */
  readonly jobName: string
  /** As in `owner/name@ref`. */
  readonly action: string
  readonly ref: string
  readonly triggers: Readonly<Record<string, Trigger>>
  readonly permissions: Permissions
  readonly hasTimeout: boolean
  readonly hasConcurrency: boolean
  /** The job's secrets come from an environment, which may be bound to branches. */
  readonly hasEnvironment: boolean
  /** A step of the same job checks out the pull request's head. */
  readonly checksOutHead: boolean
  readonly inputs: Readonly<Record<string, string>>
  /** Names of the variables that the step sees. */
  readonly variables: readonly string[]
}

export type ReadWorkflow =
  | {readonly ok: true; readonly uses: readonly Use[]}
  | {readonly ok: false; readonly problem: string}

/** `owner/refactor-plan@ref`, whoever keeps the copy. */
const ours = /^([\w.-]+\/refactor-plan)@(.+)$/i

type Keys = Readonly<Record<string, unknown>>

const isKeys = (value: unknown): value is Keys => typeof value === 'object' && value !== null && !Array.isArray(value)
const keysIn = (value: unknown): Keys => (isKeys(value) ? value : {})
const textIn = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textsIn = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(keysIn(value)).map(([name, each]) => [name, textIn(each)]))
/** One word or a list of them; null: not given. */
const wordsIn = (value: unknown): readonly string[] | null => {
  if (value === undefined || value === null) return null
  return Array.isArray(value) ? value.map(textIn) : [textIn(value)]
}

/** @returns no uses for a file that never names the Action, whatever else is wrong with it */
export function readWorkflow(file: string, text: string): ReadWorkflow {
  if (!/refactor-plan/i.test(text)) return {ok: true, uses: []}
  const parsed = parseYaml(text, file)
  if (!parsed.ok) {
    const [first] = parsed.problems
    return {ok: false, problem: first === undefined ? 'cannot be read' : `${first.line}:${first.col} ${first.message}`}
  }
  const workflow = keysIn(parsed.value.value)
  return {ok: true, uses: Object.entries(keysIn(workflow['jobs'])).flatMap((job) => usesIn(file, workflow, job))}
}

function usesIn(file: string, workflow: Keys, [id, value]: readonly [string, unknown]): readonly Use[] {
  const job = keysIn(value)
  const steps = listIn(job['steps']).map(keysIn)
  const variables = [workflow['env'], job['env']].flatMap((each) => Object.keys(keysIn(each)))
  return steps.flatMap((step): readonly Use[] => {
    const [, action, ref] = ours.exec(textIn(step['uses']).trim()) ?? []
    if (action === undefined || ref === undefined) return []
    return [
      {
        file,
        job: id,
        jobName: textIn(job['name']) || id,
        action,
        ref,
        triggers: triggersIn(workflow['on']),
        permissions: permissionsIn('permissions' in job ? job : workflow),
        hasTimeout: 'timeout-minutes' in job || 'timeout-minutes' in step,
        hasConcurrency: 'concurrency' in workflow || 'concurrency' in job,
        hasEnvironment: job['environment'] !== undefined && job['environment'] !== null,
        checksOutHead: steps.some(isHeadCheckout),
        inputs: textsIn(step['with']),
        variables: [...variables, ...Object.keys(keysIn(step['env']))],
      },
    ]
  })
}

function triggersIn(on: unknown): Readonly<Record<string, Trigger>> {
  const plain: Trigger = {types: null, branches: null, ignored: null, byPath: false}
  if (!isKeys(on)) return Object.fromEntries((wordsIn(on) ?? []).map((event) => [event, plain]))
  return Object.fromEntries(
    Object.entries(on).map(([event, value]) => {
      const how = keysIn(value)
      return [
        event,
        {
          types: wordsIn(how['types']),
          branches: wordsIn(how['branches']),
          ignored: wordsIn(how['branches-ignore']),
          byPath: 'paths' in how || 'paths-ignore' in how,
        },
      ]
    }),
  )
}

function permissionsIn(owner: Keys): Permissions {
  if (!('permissions' in owner)) return {kind: 'default'}
  const value = owner['permissions']
  if (value === 'write-all' || value === 'read-all')
    return {kind: 'all', level: value === 'write-all' ? 'write' : 'read'}
  return {kind: 'some', of: textsIn(value)}
}

/** The usual ways to name what somebody else pushed. */
const isHeadCheckout = (step: Keys): boolean =>
  /^actions\/checkout@/i.test(textIn(step['uses'])) &&
  /pull_request\.head|github\.head_ref|refs\/pull\/|pull_request\.merge_commit_sha|event\.(?:issue\.)?number/i.test(
    Object.values(textsIn(step['with'])).join('\n'),
  )

/** Whether events about a branch start the workflow; null: the filter is not understood here. */
export function reaches({branches, ignored}: Trigger, branch: string): boolean | null {
  if (branches !== null) return letsThrough(branches, branch)
  if (ignored === null) return true
  const isIgnored = letsThrough(ignored, branch)
  return isIgnored === null ? null : !isIgnored
}

/** Without `permissions:` a token may read contents, and write everything where the repository still has the old default. */
export function may(
  permissions: Permissions,
  scope: string,
  level: 'read' | 'write',
  defaults: 'read' | 'write' | null,
): boolean | null {
  if (permissions.kind === 'all') return level === 'read' || permissions.level === 'write'
  if (permissions.kind === 'some') {
    const given = permissions.of[scope]
    return given === 'write' || (level === 'read' && given === 'read')
  }
  if (level === 'read' && scope === 'contents') return true
  return defaults === null ? null : defaults === 'write'
}

/** An expression is known only when the workflow runs. */
export const isExpression = (value: string): boolean => value.includes('${{')
