/** Each kind of diagnosis, as it is when all is well and as it is when one thing is not. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {diagnose, gateLevel} from '../../src/gate/diagnosis.ts'
import type {GateFacts} from '../../src/gate/facts.ts'
import {healths} from '../../src/report/doctor.ts'
import {context, example, gateFile, gateWith, ownGold, sound, withFiles} from './facts.ts'

const levelsOf = (facts: GateFacts): Readonly<Record<string, string>> =>
  Object.fromEntries(diagnose(facts).map(({code, level}) => [code, level]))
const codesOf = (facts: GateFacts): readonly string[] => diagnose(facts).map(({code}) => code)
const fixOf = (facts: GateFacts, wanted: string): string | null =>
  diagnose(facts).find(({code}) => code === wanted)?.fix ?? null

const requires = (name: string, app: number | null = null): GateFacts => ({
  ...sound,
  rules: {checks: [{context: name, app, ruleset: 12}], queue: false, ownersReview: true, workflows: []},
})
const unprotected: GateFacts = {
  ...sound,
  rules: {checks: [], queue: false, ownersReview: false, workflows: []},
  bypass: [],
}
const queued = (facts: GateFacts): GateFacts => ({
  ...facts,
  rules: {checks: [{context, app: null, ruleset: 12}], queue: true, ownersReview: true, workflows: []},
})
const withConfig = (text: string, facts: GateFacts = sound): GateFacts =>
  withFiles({config: {path: '.github/refactor-plan.yml', text}}, facts)
const withWorkflow = (...names: readonly string[]): GateFacts =>
  withFiles({workflows: names.map((name) => ({path: `.github/workflows/${name}.yml`, text: example(name)}))})

describe('a sound gate', () => {
  test('nothing is wrong with it, and the level comes last', () => {
    const diagnoses = diagnose(sound)
    expect(diagnoses.filter(({level}) => level !== 'ok')).toEqual([])
    expect(diagnoses.at(-1)).toMatchObject({code: 'level-b', what: 'gate level: b'})
    expect(diagnoses.filter(({fix}) => fix !== null).map(({code}) => code)).toEqual(['level-b'])
  })
  test.each(['gate', 'command', 'hardened', 'merge-queue', 'monorepo', 'nightly'])('the example %s is one', (name) => {
    const wrong = diagnose({
      ...withWorkflow('gate', name),
      defaults: {permissions: 'read', mayOpenPulls: name === 'nightly'},
    }).filter(
      ({level, code}) => level !== 'ok' && !['two-writers', 'no-gold', 'not-required', 'unowned'].includes(code),
    )
    expect(wrong).toEqual([])
  })
  test.each(['gate', 'command', 'hardened', 'merge-queue', 'nightly'])(
    'as it stands there, %s is not: it is not pinned',
    (name) => {
      const text = example(name).replaceAll('0123456789abcdef0123456789abcdef01234567', '0'.repeat(40))
      expect(levelsOf(withFiles({workflows: [{path: gateFile, text}]}))).toMatchObject({unpinned: 'broken'})
    },
  )
})

describe('what the rules do', () => {
  test.each<readonly [string, GateFacts, Readonly<Record<string, string>>]>([
    ['required by a ruleset', sound, {required: 'ok', 'bypass-nobody': 'ok'}],
    [
      'required by the classic protection',
      {
        ...unprotected,
        protection: {checks: [{context, app: null, ruleset: null}], ownersReview: false, adminsBypass: false},
      },
      {required: 'ok', 'bypass-nobody': 'ok'},
    ],
    ['not required', unprotected, {'not-required': 'broken'}],
    [
      'not required, and not meant to be',
      {...unprotected, files: gateWith('gate: enforce', 'gate: warn').files},
      {'not-required': 'warn'},
    ],
    ['another name is required', requires('refactor-plan/old'), {'other-context': 'broken'}],
    ["the job's own check is required", requires('plan'), {'other-context': 'broken'}],
    [
      'the protection may not be read',
      {...unprotected, protection: null},
      {'required-unknown': 'unknown', 'level-unknown': 'unknown'},
    ],
    [
      'the rules may not be read',
      {...sound, rules: null, bypass: []},
      {'required-unknown': 'unknown', 'queue-unknown': 'unknown'},
    ],
    ['nobody may be asked', {...sound, asked: false, rules: null, protection: null}, {'rules-unknown': 'unknown'}],
    ['some pass by', {...sound, bypass: [{ruleset: 12, who: ['administrators']}]}, {bypass: 'warn'}],
    [
      'administrators pass by the classic protection',
      {
        ...unprotected,
        protection: {checks: [{context, app: null, ruleset: null}], ownersReview: false, adminsBypass: true},
      },
      {bypass: 'warn'},
    ],
    ['who passes by may not be read', {...sound, bypass: [{ruleset: 12, who: null}]}, {'bypass-unknown': 'unknown'}],
    ['a queue that nobody hears of', queued(sound), {'queue-unheard': 'broken'}],
    ['a queue', queued(withWorkflow('merge-queue')), {queue: 'ok'}],
    [
      'a queue, and a gate that hears of that of another branch',
      queued(
        gateWith(
          'checks_requested]\n    branches: [main]',
          'checks_requested]\n    branches: [develop]',
          'merge-queue',
        ),
      ),
      {'queue-unheard': 'broken'},
    ],
    ['a status of GitHub Actions', requires(context, 15368), {source: 'ok'}],
    ['a status of an app that nobody writes as', requires(context, 99), {'wrong-source': 'broken'}],
    [
      'a status of GitHub Actions, written with another token',
      {...requires(context, 15368), files: gateWith('with:', 'with:\n          token: ${{ secrets.BOT }}').files},
      {'wrong-source': 'warn'},
    ],
    [
      'a status of an app, whose key any workflow can have',
      {
        ...requires(context, 99),
        files: gateWith('with:', 'with:\n          token: ${{ steps.app.outputs.token }}').files,
      },
      {source: 'ok', 'open-key': 'warn'},
    ],
    ['gate: off', gateWith('gate: enforce', 'gate: off'), {'gate-off': 'broken'}],
    ['gate: warn', gateWith('gate: enforce', 'gate: warn'), {'gate-warns': 'warn'}],
    ['dry-run', gateWith('with:', 'with:\n          dry-run: true'), {'dry-run': 'broken'}],
    ['required, and only commands write it', withWorkflow('command'), {'nobody-writes': 'broken'}],
  ])('%s', (_, facts, levels) => expect(levelsOf(facts)).toMatchObject(levels))

  test('a name of another status is no mistake beside the right one', () => {
    const checks = ['lint', 'refactor-plan/other', context].map((name) => ({context: name, app: null, ruleset: 12}))
    const facts = {...sound, rules: {checks, queue: false, ownersReview: true, workflows: []}}
    expect(codesOf(facts)).toContain('required')
    expect(codesOf(facts)).not.toContain('other-context')
  })
  test('nothing is a no that may not be known', () => {
    const blind = {...sound, rules: null, protection: null, bypass: [], defaults: null}
    expect(diagnose(blind).filter(({level}) => level === 'broken')).toEqual([])
    expect(gateLevel(blind)).toBe('unknown')
  })
})

describe('what the workflows do', () => {
  const types = '[opened, synchronize, reopened, ready_for_review]'
  test.each<readonly [string, GateFacts, Readonly<Record<string, string>>]>([
    ['on pull_request', gateWith('pull_request_target:', 'pull_request:'), {'head-workflow': 'warn'}],
    ['without later pushes', gateWith(types, '[opened, reopened, ready_for_review]'), {'missing-types': 'broken'}],
    ['without drafts made ready', gateWith(/ {4}types: .*\n/, ''), {'missing-types': 'warn'}],
    ['for another branch', gateWith('branches: [main]', 'branches: [develop]'), {'branch-filter': 'broken'}],
    ['for all but this branch', gateWith('branches: [main]', 'branches-ignore: [ma*]'), {'branch-filter': 'broken'}],
    [
      'for branches nobody can tell',
      gateWith('branches: [main]', "branches: ['m[a]in']"),
      {'branch-filter': 'unknown'},
    ],
    ['for some files', gateWith('branches: [main]', 'paths: [lib/**]'), {'path-filter': 'broken'}],
    [
      'without the right to write the status',
      gateWith('statuses: write', 'statuses: read'),
      {'missing-permissions': 'broken'},
    ],
    ['with too many rights', gateWith('contents: read', 'contents: write'), {'wide-permissions': 'warn'}],
    [
      'with all rights',
      gateWith(/ {4}permissions:\n(?: {6}.*\n)+/, '    permissions: write-all\n'),
      {'wide-permissions': 'warn'},
    ],
    ['at a tag', gateWith(/@[0-9a-f]{40}/, '@v1'), {unpinned: 'warn'}],
    ['without a limit of time', gateWith(/ {4}timeout-minutes.*\n/, ''), {'no-limits': 'warn'}],
    ['side by side', gateWith(/concurrency:\n(?: {2}.*\n)+/, ''), {'no-limits': 'warn'}],
    [
      'with a key written out',
      gateWith('${{ secrets.ANTHROPIC_API_KEY }}', 'sk-ant-secret'),
      {'written-key': 'broken'},
    ],
    [
      'with a key of another provider written out',
      gateWith('with:', 'with:\n          openai-api-key: sk-proj-secret'),
      {'written-key': 'broken'},
    ],
    [
      'with a key of another provider as it should be',
      gateWith('with:', 'with:\n          openai-api-key: ${{ secrets.OPENAI_API_KEY }}'),
      {'no-written-key': 'ok', keys: 'ok'},
    ],
    ['without keys', gateWith(/ {10}(?:anthropic|google)-api-key.*\n/g, ''), {offline: 'warn'}],
    [
      'genesis without keys',
      withConfig('pipeline: genesis\n', gateWith(/ {10}google-api-key.*\n/, '')),
      {'missing-keys': 'broken'},
    ],
    [
      'with the head beside the keys',
      gateWith(
        'steps:',
        'steps:\n      - uses: actions/checkout@v5\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}',
      ),
      {'head-checkout': 'broken'},
    ],
    ...['${{ github.head_ref }}', 'refs/pull/${{ github.event.issue.number }}/head'].map(
      (ref) =>
        [
          `with ${ref} beside the keys, for a comment`,
          gateWith(
            'steps:',
            `steps:\n      - uses: actions/checkout@v5\n        with:\n          ref: ${ref}`,
            'command',
          ),
          {'head-checkout': 'broken'},
        ] as const,
    ),
    [
      'that is none',
      withFiles({workflows: [{path: gateFile, text: 'jobs: [refactor-plan'}]}),
      {'bad-workflow': 'broken'},
    ],
    [
      'that could not be read',
      withFiles({workflows: [{path: gateFile, text: null}]}),
      {'unread-workflow': 'unknown', 'nobody-writes': 'unknown'},
    ],
    ['that does not exist', withFiles({workflows: []}), {'no-workflow': 'broken'}],
    [
      'that nobody asked for',
      {
        ...unprotected,
        files: withFiles({workflows: [], config: {path: '.github/refactor-plan.yml', text: 'gate: warn\n'}}).files,
      },
      {'no-workflow': 'warn'},
    ],
    [
      'twice',
      withFiles({
        workflows: ['a', 'b'].map((name) => ({path: `.github/workflows/${name}.yml`, text: example('gate')})),
      }),
      {'two-writers': 'warn'},
    ],
    [
      'nightly, which may open pull requests',
      {...withWorkflow('gate', 'nightly'), defaults: {permissions: 'read', mayOpenPulls: true}},
      {pulls: 'ok'},
    ],
    ['nightly, which may not', withWorkflow('gate', 'nightly'), {'no-pulls': 'broken'}],
    ['nightly, which nobody knows', {...withWorkflow('gate', 'nightly'), defaults: null}, {'pulls-unknown': 'unknown'}],
    ['that may approve', {...sound, defaults: {permissions: 'read', mayOpenPulls: true}}, {'may-approve': 'warn'}],
    ['whose files nobody may read', {...sound, files: null}, {'files-unknown': 'unknown', 'level-unknown': 'unknown'}],
  ])('%s', (_, facts, levels) => expect(levelsOf(facts)).toMatchObject(levels))

  test.each<readonly [string, 'read' | 'write' | null, string]>([
    ['too little', 'read', 'missing-permissions broken'],
    ['all that there is', 'write', 'default-permissions warn'],
    ['nobody knows what', null, 'default-permissions unknown'],
  ])('without permissions a job may %s', (_, permissions, expected) => {
    const {files} = gateWith(/permissions: {}\n/, '')
    const text = files?.workflows[0]?.text?.replace(/ {4}permissions:\n(?: {6}.*\n)+/, '') ?? ''
    const facts = {
      ...withFiles({workflows: [{path: gateFile, text}]}),
      defaults: permissions === null ? null : {permissions, mayOpenPulls: false},
    }
    expect(diagnose(facts).map(({code, level}) => `${code} ${level}`)).toContain(expected)
  })
  test('a key that is written out is not repeated', () =>
    expect(JSON.stringify(diagnose(gateWith('${{ secrets.ANTHROPIC_API_KEY }}', 'sk-ant-secret')))).not.toContain(
      'sk-ant-secret',
    ))
  test('the remedy is YAML that heals', () => {
    expect(fixOf(gateWith('statuses: write', 'statuses: read'), 'missing-permissions')).toBe(
      'jobs:\n  plan:\n    permissions:\n      contents: read\n      pull-requests: write\n      statuses: write',
    )
    expect(fixOf(queued(sound), 'queue-unheard')).toBe(
      'on:\n  merge_group:\n    types: [checks_requested]\n    branches: ["main"]',
    )
  })
})

describe('what it judges by', () => {
  const owners = (text: string): GateFacts => withFiles({owners: {path: 'CODEOWNERS', text}})
  test.each<readonly [string, GateFacts, Readonly<Record<string, string>>]>([
    ['settings', sound, {settings: 'ok'}],
    ['no settings', withFiles({config: null}), {settings: 'ok'}],
    ['settings with a mistake', withConfig('treshold: 8\n'), {'bad-settings': 'broken'}],
    ['settings under another name', withFiles({misnamed: '.github/refactor-plan.yaml'}), {'misnamed-settings': 'warn'}],
    ['a threshold that all reach', gateWith('threshold: "8"', 'threshold: "0"'), {'no-threshold': 'warn'}],
    ['a gold standard', sound, {gold: 'ok'}],
    ['no gold standard', withFiles({golds: []}), {'no-gold': 'warn'}],
    ['a gold standard that must be', withConfig('require-gold: true\n', withFiles({golds: []})), {'no-gold': 'broken'}],
    ['gold standards about the same', withFiles({golds: [ownGold('a'), ownGold('b')]}), {'many-golds': 'broken'}],
    [
      'a gold standard with a mistake',
      withFiles({golds: [{path: 'gold/x/gold.yaml', text: 'schema: 2\n'}]}),
      {'bad-gold': 'broken'},
    ],
    ['owners', sound, {owned: 'ok'}],
    ['no owners', withFiles({owners: null}), {'no-owners': 'warn'}],
    ['owners of all', owners('* @acme/gate\n'), {owned: 'ok'}],
    ['owners of less', owners('/.github/ @acme/gate\n'), {unowned: 'warn'}],
    ['owners that a later line takes away', owners('* @acme/gate\n/gold/\n'), {unowned: 'warn'}],
    [
      'owners that no rule asks',
      {
        ...sound,
        rules: {checks: [{context, app: null, ruleset: 12}], queue: false, ownersReview: false, workflows: []},
      },
      {'owners-idle': 'warn'},
    ],
    [
      'owners, and nobody knows whether one is asked',
      {
        ...sound,
        rules: {checks: [{context, app: null, ruleset: 12}], queue: false, ownersReview: false, workflows: []},
        protection: null,
      },
      {'owners-unknown': 'unknown'},
    ],
    ['files that were not pushed', {...sound, unpushed: [gateFile]}, {unpushed: 'warn'}],
    ['keys here', {...sound, keys: ['GEMINI_API_KEY']}, {'keys-here': 'ok'}],
  ])('%s', (_, facts, levels) => expect(levelsOf(facts)).toMatchObject(levels))
})

describe('the level', () => {
  const onPull = gateWith('pull_request_target:', 'pull_request:')
  const alone = {
    ...requires(context, 99),
    files: gateWith('    steps:', '    environment: refactor-plan\n    steps:').files,
  }
  const withToken = {
    ...alone,
    files: withFiles({
      workflows: (alone.files?.workflows ?? []).map(({path, text}) => ({
        path,
        text: (text ?? '').replace('with:', 'with:\n          token: ${{ steps.app.outputs.token }}'),
      })),
    }).files,
  }
  test.each<readonly [string, GateFacts, string]>([
    ['the status is not required', unprotected, 'none'],
    ['a pull request can edit the gate', withFiles({owners: null}, onPull), 'none'],
    ['a pull request that edits the gate needs its owners', onPull, 'a'],
    [
      'owners are named and not asked',
      {
        ...onPull,
        rules: {checks: [{context, app: null, ruleset: 12}], queue: false, ownersReview: false, workflows: []},
      },
      'none',
    ],
    [
      'owners of most, and nobody for the gold standards',
      withFiles({owners: {path: '.github/CODEOWNERS', text: '/.github/ @acme/gate\n'}}, onPull),
      'none',
    ],
    [
      'one gate runs from the base, and another does not',
      withFiles({
        owners: null,
        workflows: [...(sound.files?.workflows ?? []), ...(onPull.files?.workflows ?? [])],
      }),
      'none',
    ],
    ['the gate runs from the base', sound, 'b'],
    ['its status must come from GitHub Actions, which is everybody', requires(context, 15368), 'b'],
    ['an app, whose status it does not write', alone, 'b'],
    ['an app of its own', withToken, 'c'],
    [
      'an environment and a token, and GitHub Actions is what counts',
      {...requires(context, 15368), files: withToken.files},
      'b',
    ],
    [
      'an app of its own, and a key that any workflow can have',
      {
        ...requires(context, 99),
        files: gateWith('with:', 'with:\n          token: ${{ steps.app.outputs.token }}').files,
      },
      'b',
    ],
    ['an app, and nobody knows which is GitHub Actions', {...withToken, actionsApp: null}, 'b'],
    [
      'an organisation requires the workflow',
      {
        ...unprotected,
        rules: {checks: [], queue: false, ownersReview: false, workflows: ['.github/workflows/refactor-plan.yml']},
      },
      'c',
    ],
    ['nobody knows what is required', {...unprotected, protection: null}, 'unknown'],
    ['no workflow writes the status', withFiles({workflows: []}), 'none'],
  ])('%s: %#', (_, facts, level) => {
    expect(gateLevel(facts)).toBe(level)
    expect(diagnose(facts).at(-1)?.what).toBe(`gate level: ${level}`)
  })
})

describe('whatever the files say', () => {
  const noise = fc.oneof(
    fc.string({unit: 'binary', maxLength: 200}),
    fc.constantFrom('refactor-plan', '${{ x }}', 'acme/refactor-plan@v1', 'on', '*', '[', '!'),
  )
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      {maxDepth: 6},
      noise,
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.array(tie('node'), {maxLength: 4}),
      fc.dictionary(
        fc.oneof(
          noise,
          fc.constantFrom(
            'on',
            'jobs',
            'steps',
            'uses',
            'with',
            'permissions',
            'pull_request_target',
            'merge_group',
            'branches',
            'types',
            'token',
            'gate',
            'mode',
            'gold',
            'env',
            'name',
            '__proto__',
            'constructor',
          ),
        ),
        tie('node'),
        {maxKeys: 6},
      ),
    ),
  })).node
  const isWhole = (facts: GateFacts): void => {
    const diagnoses = diagnose(facts)
    expect(diagnoses.at(-1)?.code).toBe(`level-${gateLevel(facts)}`)
    for (const {level, what, why, code} of diagnoses) {
      expect(healths).toContain(level)
      expect(code).toMatch(/^[a-z-]+$/)
      expect(what === '' || why === '').toBe(false)
    }
  }
  test('a workflow of any shape', () =>
    fc.assert(
      fc.property(tree, tree, (on, rest) => {
        const text = stringify({
          on,
          jobs: {
            plan: {steps: [{uses: 'acme/refactor-plan@v1', with: rest}], permissions: rest, name: on},
            other: rest,
          },
          env: rest,
        })
        isWhole(withFiles({workflows: [{path: gateFile, text}]}))
      }),
      {numRuns: 300},
    ))
  test('files of any text', () =>
    fc.assert(
      fc.property(noise, noise, noise, noise, (workflow, owners, config, gold) => {
        isWhole({
          ...withFiles({
            workflows: [{path: gateFile, text: `# refactor-plan\n${workflow}`}],
            owners: {path: 'CODEOWNERS', text: owners},
            config: {path: '.github/refactor-plan.yml', text: config},
            golds: [{path: 'gold/a/gold.yaml', text: gold}],
          }),
          branch: workflow,
          unpushed: [owners],
        })
      }),
      {numRuns: 300},
    ))
  test('a file that wants to be slow is not', () => {
    const stars = '**/*'.repeat(240)
    const started = performance.now()
    isWhole(
      withFiles({
        owners: {path: 'CODEOWNERS', text: `${stars}x @a\n`.repeat(2000)},
        workflows: [{path: gateFile, text: example('gate').replace('branches: [main]', `branches: ['${stars}x']`)}],
      }),
    )
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
