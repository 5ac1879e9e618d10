/** What is wrong with the workflows that run the Action. */
import {named, type Diagnosis} from '../report/doctor.ts'
import {isOwnToken} from './rules.ts'
import {isOnPulls, isOnQueue, isRequired, type Gate, type View} from './view.ts'
import {isExpression, may, reaches, type Trigger, type Use} from './workflow.ts'

export function diagnoseUses(view: View): readonly Diagnosis[] {
  if (view.facts.files === null)
    return [
      {
        code: 'files-unknown',
        level: 'unknown',
        what: `the files of ${view.branchText} could not be read`,
        why: 'so nothing can be said about workflows, settings and owners',
        fix: 'the token needs `contents: read`',
      },
    ]
  return [
    ...unreadable(view),
    ...(view.uses.length === 0 ? [noWorkflow(view)] : []),
    ...starts(view),
    ...twice(view),
    ...steps(view),
    ...pulls(view),
  ]
}

const starts = (view: View): readonly Diagnosis[] => [
  ...every(
    view.gates.filter(({use}) => isOnPulls(use)),
    (gate) => trigger(gate, view),
    {
      code: 'base-workflow',
      level: 'ok',
      what: 'the gate runs on `pull_request_target`',
      why: 'by the workflow of the default branch: a pull request cannot edit its own gate, and those of forks are judged too',
      fix: null,
    },
  ),
  ...every(view.gates, (gate) => started(gate, view), {
    code: 'started',
    level: 'ok',
    what: `every pull request to ${view.branchText} starts the gate`,
    why: 'no filter of its events keeps one out',
    fix: null,
  }),
]

function steps(view: View): readonly Diagnosis[] {
  const {uses} = view
  const fine = (code: string, what: string, why = filesOf(uses)): Diagnosis => ({
    code,
    level: 'ok',
    what,
    why,
    fix: null,
  })
  return [
    ...every(
      uses,
      (use) => rights(use, view),
      fine('permissions', 'the jobs have the permissions they need and no more'),
    ),
    ...every(uses, pin, fine('pinned', 'the Action is pinned to a commit')),
    ...every(
      uses,
      checkout,
      fine('no-checkout', 'no job checks out the pull request', 'nothing of it can run beside the keys'),
    ),
    ...every(uses, limits, fine('limits', 'runs end and do not pile up')),
    ...every(uses, writtenKeys, fine('no-written-key', 'no key stands in a workflow')),
  ]
}

/** What is wrong with each, or that nothing is. */
const every = <T>(
  items: readonly T[],
  wrong: (item: T) => readonly Diagnosis[],
  fine: Diagnosis,
): readonly Diagnosis[] => {
  const found = items.flatMap(wrong)
  return found.length > 0 || items.length === 0 ? found : [fine]
}

const filesOf = (uses: readonly Use[]): string => [...new Set(uses.map(({file}) => named(file)))].slice(0, 6).join(', ')
const placeOf = ({file, job}: Use): string => `the job ${named(job)} of ${named(file)}`

const unreadable = ({unreadable}: View): readonly Diagnosis[] => [
  ...unreadable.flatMap(({path, problem}): readonly Diagnosis[] =>
    problem === null
      ? []
      : [
          {
            code: 'bad-workflow',
            level: 'broken',
            what: `${named(path)} is no workflow`,
            why: problem,
            fix: `correct it; GitHub shows what it says to it under Actions → ${path.split('/').at(-1) ?? path}`,
          },
        ],
  ),
  ...(unreadable.every(({problem}) => problem !== null)
    ? []
    : [
        {
          code: 'unread-workflow',
          level: 'unknown' as const,
          what: `${unreadable.filter(({problem}) => problem === null).length} workflow files were not read`,
          why: 'too many, too large, or no text',
          fix: null,
        },
      ]),
]

const noWorkflow = ({isEnforced, facts: {unpushed}, branchText}: View): Diagnosis => ({
  code: 'no-workflow',
  level: isEnforced ? 'broken' : 'warn',
  what: `no workflow on ${branchText} runs the Action`,
  why: unpushed.some((path) => path.startsWith('.github/workflows/'))
    ? 'one stands in this folder and is not on the branch yet'
    : 'nobody judges pull requests, unless another repository does it for this one',
  fix: 'write examples/workflows/gate.yml to .github/workflows/ (`refactor-plan init` does), and merge it',
})

const onTarget = (branch: string): string => `on:
  pull_request_target:
    types: [opened, synchronize, reopened, ready_for_review]
    branches: [${JSON.stringify(branch)}]`

function trigger({use}: Gate, {branch}: View): readonly Diagnosis[] {
  if (!('pull_request' in use.triggers)) return []
  return [
    {
      code: 'head-workflow',
      level: 'warn',
      what: `${named(use.file)} runs on \`pull_request\``,
      why: 'by the workflow as the pull request leaves it, which can edit the gate away; and a fork gets a token that only reads, so its status is never written',
      fix: onTarget(branch),
    },
  ]
}

/** Types that GitHub sends unasked, and what goes wrong without each. */
const neededTypes = [
  ['opened', 'broken', 'a new pull request gets no status until its next push'],
  ['synchronize', 'broken', 'a commit that is pushed later never gets a status'],
  ['reopened', 'warn', 'a pull request that is closed and reopened is not judged again'],
  ['ready_for_review', 'warn', 'drafts are not judged, and one that is made ready waits for its next push'],
] as const

function started({use}: Gate, view: View): readonly Diagnosis[] {
  const waits = isRequired(view) === true ? ', and the required status never comes' : ''
  return Object.entries(use.triggers).flatMap(([event, trigger]): readonly Diagnosis[] => {
    if (event === 'merge_group') return filters(use, event, trigger, view, waits)
    if (event !== 'pull_request' && event !== 'pull_request_target') return []
    const listed = trigger.types ?? ['opened', 'synchronize', 'reopened']
    const missing = neededTypes.filter(([type]) => !listed.includes(type))
    const [worst] = missing
    return [
      ...(worst === undefined
        ? []
        : [
            {
              code: 'missing-types',
              level: worst[1],
              what: `${named(use.file)} does not run on ${missing.map(([type]) => named(type)).join(', ')}`,
              why: missing.map(([, , why]) => why).join('; '),
              fix: `on:\n  ${event}:\n    types: [opened, synchronize, reopened, ready_for_review]`,
            },
          ]),
      ...filters(use, event, trigger, view, waits),
    ]
  })
}

function filters(use: Use, event: string, trigger: Trigger, view: View, waits: string): readonly Diagnosis[] {
  const {branch} = view
  const reached = view.facts.branch === null ? true : reaches(trigger, branch)
  return [
    ...(reached === true
      ? []
      : [
          {
            code: 'branch-filter',
            level: reached === null ? ('unknown' as const) : ('broken' as const),
            what:
              reached === null
                ? `whether the branches of ${named(use.file)} let ${view.branchText} through could not be told`
                : `${named(use.file)} does not run for ${view.branchText}`,
            why:
              reached === null
                ? 'its patterns are more than is understood here'
                : `its list of branches leaves it out${waits}`,
            fix: `on:\n  ${event}:\n    branches: [${JSON.stringify(branch)}]`,
          },
        ]),
    ...(trigger.byPath
      ? [
          {
            code: 'path-filter',
            level: waits === '' ? ('warn' as const) : ('broken' as const),
            what: `${named(use.file)} runs only when certain files change`,
            why: `a pull request without them gets no status${waits}`,
            fix: `take \`paths\` and \`paths-ignore\` out of \`${event}\` in ${named(use.file)}; the settings \`include\` and \`exclude\` say what is read`,
          },
        ]
      : []),
  ]
}

/** Two writers of one status: the later wins, whatever it judged by. */
function twice({gates}: View): readonly Diagnosis[] {
  const writers = gates.filter(({use}) => isOnPulls(use))
  const again = writers.find(({context}, at) => writers.slice(0, at).some((each) => each.context === context))
  const both = writers.find(({use: {triggers}}) => 'pull_request' in triggers && 'pull_request_target' in triggers)
  const other = again ?? both
  if (other === undefined) return []
  return [
    {
      code: 'two-writers',
      level: 'warn',
      what: `two runs write ${named(other.context ?? 'the same status')} for one pull request`,
      why: `the later one decides; the second is ${placeOf(other.use)}`,
      fix: 'leave one of them, or give each a `status-context` of its own',
    },
  ]
}

const isOptimizer = ({inputs}: Use): boolean => inputs['mode'] === 'optimize'

/** What a job is for decides what it must be allowed. */
function neededBy(use: Use, config: View['config']): Readonly<Record<string, 'read' | 'write'>> {
  const mode = use.inputs['mode'] ?? ''
  const commit = use.inputs['commit'] || config.commit
  const comment = use.inputs['comment'] || config.comment
  if (mode === 'plan') return {contents: 'read', 'pull-requests': 'read'}
  if (mode === 'evaluate' || mode === 'doctor') return {contents: 'read'}
  if (mode === 'optimize')
    return commit === 'off'
      ? {contents: 'read'}
      : {contents: 'write', ...(commit === 'pr' ? {'pull-requests': 'write' as const} : {})}
  return {contents: 'read', 'pull-requests': comment === 'off' ? 'read' : 'write', statuses: 'write'}
}

function rights(use: Use, {facts: {defaults}, config}: View): readonly Diagnosis[] {
  if (isOwnToken(use.inputs['token'] ?? '')) return []
  const needed = neededBy(use, config)
  const yaml = `jobs:\n  ${/^[\w-]+$/.test(use.job) ? use.job : JSON.stringify(use.job)}:\n    permissions:\n${Object.entries(
    needed,
  )
    .map(([scope, level]) => `      ${scope}: ${level}`)
    .join('\n')}`
  const answers = Object.entries(needed).map(
    ([scope, level]) => [scope, level, may(use.permissions, scope, level, defaults?.permissions ?? null)] as const,
  )
  const missing = answers.filter(([, , allowed]) => allowed === false).map(([scope, level]) => `\`${scope}: ${level}\``)
  if (missing.length > 0)
    return [
      {
        code: 'missing-permissions',
        level: 'broken',
        what: `${placeOf(use)} lacks ${missing.join(', ')}`,
        why: 'GitHub refuses what the run has to write or read',
        fix: yaml,
      },
    ]
  if (use.permissions.kind === 'default')
    return [
      {
        code: 'default-permissions',
        level: answers.some(([, , allowed]) => allowed === null) ? 'unknown' : 'warn',
        what: `${placeOf(use)} has no \`permissions:\``,
        why: 'what it may do is a setting of the repository: too little, or all that there is',
        fix: yaml,
      },
    ]
  // a measured pipeline may get a status of its own
  const spare = use.inputs['mode'] === 'evaluate' ? ['statuses', 'pull-requests'] : []
  const writes = writtenBy(use).filter((scope) => needed[scope] !== 'write' && !spare.includes(scope))
  if (writes.length === 0) return []
  return [
    {
      code: 'wide-permissions',
      level: 'warn',
      what: `${placeOf(use)} may write ${writes.map((scope) => `\`${scope}\``).join(', ')}`,
      why: 'it needs no such right, and a step beside it has it too',
      fix: yaml,
    },
  ]
}

function writtenBy({permissions}: Use): readonly string[] {
  if (permissions.kind === 'all') return permissions.level === 'write' ? ['everything'] : []
  if (permissions.kind === 'default') return []
  return Object.entries(permissions.of).flatMap(([scope, level]) => (level === 'write' ? [scope] : []))
}

function pin(use: Use): readonly Diagnosis[] {
  const fix = `uses: ${use.action}@<the 40 digits of a release's commit> # its version`
  const found = {code: 'unpinned', fix: `write \`${fix}\` in ${named(use.file)}`} as const
  if (/^0+$/.test(use.ref))
    return [
      {
        ...found,
        level: 'broken',
        what: `${placeOf(use)} still has the placeholder of the example`,
        why: 'there is no such commit: the job ends before it begins',
      },
    ]
  if (/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(use.ref)) return []
  return [
    {
      ...found,
      level: 'warn',
      what: `${placeOf(use)} takes ${named(`${use.action}@${use.ref}`)}`,
      why: 'a tag or a branch can be moved to other code, which then has the keys and the token',
    },
  ]
}

const privileged = ['pull_request_target', 'issue_comment', 'workflow_run'] as const

function checkout(use: Use): readonly Diagnosis[] {
  const event = privileged.find((each) => each in use.triggers)
  if (!use.checksOutHead || event === undefined) return []
  return [
    {
      code: 'head-checkout',
      level: 'broken',
      what: `${placeOf(use)} checks out the pull request on ${named(event)}`,
      why: 'the job has keys and a token that writes, and whatever runs or reads those files belongs to a stranger; the Action needs no checkout',
      fix: `take the step \`actions/checkout\` out of ${named(use.file)}`,
    },
  ]
}

function limits(use: Use): readonly Diagnosis[] {
  const missing = [
    ...(use.hasTimeout ? [] : ['timeout-minutes']),
    ...(use.hasConcurrency || isOptimizer(use) ? [] : ['concurrency']),
  ]
  if (missing.length === 0) return []
  const group = isOnPulls(use) ? '${{ github.event.pull_request.number }}' : '${{ github.event.issue.number }}'
  return [
    {
      code: 'no-limits',
      level: 'warn',
      what: `${placeOf(use)} has no ${missing.map((each) => `\`${each}\``).join(' and no ')}`,
      why: [
        ...(use.hasTimeout ? [] : ['a run that hangs costs six hours']),
        ...(missing.includes('concurrency')
          ? ['runs for older commits go on beside the newest, and are paid for']
          : []),
      ].join('; '),
      fix: [
        ...(missing.includes('concurrency')
          ? [
              `concurrency:\n  group: refactor-plan-${group}\n  cancel-in-progress: ${String(isOnPulls(use) && !isOnQueue(use))}`,
            ]
          : []),
        ...(use.hasTimeout ? [] : [`jobs:\n  ${JSON.stringify(use.job)}:\n    timeout-minutes: 15`]),
      ].join('\n'),
    },
  ]
}

const keyInputs = {
  'anthropic-api-key': 'ANTHROPIC_API_KEY',
  'google-api-key': 'GEMINI_API_KEY',
  'openai-api-key': 'OPENAI_API_KEY',
  token: 'REFACTOR_PLAN_TOKEN',
} as const

/** Only that it stands there is told, never what it is. */
const writtenKeys = (use: Use): readonly Diagnosis[] =>
  Object.entries(keyInputs).flatMap(([input, secret]): readonly Diagnosis[] => {
    const value = use.inputs[input] ?? ''
    if (value === '' || isExpression(value)) return []
    return [
      {
        code: 'written-key',
        level: 'broken',
        what: `the input \`${input}\` of ${placeOf(use)} is written out`,
        why: 'whoever may read the repository, or its history, has it',
        fix: `revoke it where it is from, then write \`${input}: \${{ secrets.${secret} }}\``,
      },
    ]
  })

/** Evolved YAML arrives as a pull request, which a setting of the repository may forbid. */
function pulls({uses, config, facts: {defaults, asked}}: View): readonly Diagnosis[] {
  const opening = uses.filter((use) => isOptimizer(use) && (use.inputs['commit'] || config.commit) === 'pr')
  const path = 'Settings → Actions → General → "Allow GitHub Actions to create and approve pull requests"'
  if (opening.every(({inputs}) => isOwnToken(inputs['token'] ?? ''))) {
    if (defaults?.mayOpenPulls !== true) return []
    return [
      {
        code: 'may-approve',
        level: 'warn',
        what: 'workflows may approve pull requests',
        why: 'an approval of a workflow counts as a review, and nothing of this Action needs that here',
        fix: `turn off ${path}`,
      },
    ]
  }
  if (defaults === null)
    return asked
      ? [
          {
            code: 'pulls-unknown',
            level: 'unknown',
            what: 'whether workflows may open pull requests could not be told',
            why: `${filesOf(opening)} opens one with the evolved YAML, and only an administrator's token may read the setting`,
            fix: `it must be on: ${path}`,
          },
        ]
      : []
  return [
    defaults.mayOpenPulls
      ? {code: 'pulls', level: 'ok', what: 'workflows may open pull requests', why: filesOf(opening), fix: null}
      : {
          code: 'no-pulls',
          level: 'broken',
          what: 'workflows may not open pull requests',
          why: `${filesOf(opening)} is to open one with the evolved YAML`,
          fix: `turn on ${path}`,
        },
  ]
}
