/** What the rules of the branch do for the gate: is its status required, from whom, for whom, and in the queue. */
import {named, type Diagnosis} from '../report/doctor.ts'
import type {RequiredCheck} from './facts.ts'
import {isOnPulls, isOnQueue, isRequired, requirementsOf, type View} from './view.ts'
import {reaches} from './workflow.ts'

/** The id of "GitHub Actions" on github.com, for where it could not be asked. */
const actionsAppId = 15368

const adminToken =
  'run it with a token that may read the rules: `Administration: read` of a fine-grained token, by somebody who administers the repository'

export const rulesetPath = (branch: string, context: string): string =>
  `Settings → Rules → Rulesets → New branch ruleset: target ${named(branch)}, turn on "Require status checks to pass" and add ${named(context)}`

export function diagnoseRules(view: View): readonly Diagnosis[] {
  if (!view.facts.asked) return [notAsked(view)]
  return [
    ...view.contexts.flatMap((context) => requirement(view, context)),
    ...policies(view),
    ...sources(view),
    ...queue(view),
    ...bypass(view),
  ]
}

const notAsked = ({facts: {repository}}: View): Diagnosis => ({
  code: 'rules-unknown',
  level: 'unknown',
  what: 'GitHub was not asked for its rules',
  why:
    repository === null
      ? 'no remote of this folder names a repository'
      : 'there is no token, so only the files of this folder were looked at',
  fix:
    repository === null
      ? 'give `--repository owner/name`, and GITHUB_TOKEN or GH_TOKEN in the environment'
      : 'set GITHUB_TOKEN or GH_TOKEN; of the classic protection only an administrator may read everything (`Administration: read`)',
})

const placeOf = ({ruleset}: RequiredCheck): string =>
  ruleset === null ? "the branch's classic protection" : `ruleset ${ruleset}`

function requirement(view: View, context: string): readonly Diagnosis[] {
  const found = requirementsOf(view, context)
  if (found === null)
    return [
      {
        code: 'required-unknown',
        level: 'unknown',
        what: `whether ${view.branchText} requires ${named(context)} could not be told`,
        why: 'the token may not read all rules of the branch, and those that it may read do not require it',
        fix: adminToken,
      },
    ]
  if (found.length > 0)
    return [
      {
        code: 'required',
        level: 'ok',
        what: `${view.branchText} requires ${named(context)}`,
        why: `by ${found.map(placeOf).join(' and ')}`,
        fix: null,
      },
    ]
  return [otherRequired(view, context) ?? notRequired(view, context)]
}

/** A name that nobody writes is the usual mistake: everything waits, and the gate decides nothing. */
function otherRequired(view: View, context: string): Diagnosis | null {
  const {facts, gates} = view
  const all = [...(facts.rules?.checks ?? []), ...(facts.protection?.checks ?? [])]
  const jobs = gates.flatMap(({use}) => [use.job, use.jobName])
  const job = all.find((check) => jobs.includes(check.context))
  const near = all.find((check) => /refactor[-_ ]?plan/i.test(check.context) && !view.contexts.includes(check.context))
  const other = near ?? job
  if (other === undefined) return null
  return {
    code: 'other-context',
    level: 'broken',
    what: `${view.branchText} requires ${named(other.context)}, and the gate writes ${named(context)}`,
    why:
      other === near
        ? 'the required status never comes, so every merge waits for it, and the one that the gate writes decides nothing'
        : "that is the job's own check: it is of another event and commit, no command can turn it green, and a skipped job passes it",
    fix: `in ${placeOf(other)} require ${named(context)} instead (Settings → Rules, or Settings → Branches)`,
  }
}

const notRequired = (view: View, context: string): Diagnosis => ({
  code: 'not-required',
  level: view.isEnforced ? 'broken' : 'warn',
  what: `${view.branchText} does not require ${named(context)}`,
  why: 'a pull request merges whatever the gate says',
  fix: rulesetPath(view.branch, context),
})

/** A required status that is never written, or never a failure. */
function policies(view: View): readonly Diagnosis[] {
  if (isRequired(view) !== true) return []
  const {gates, config, contexts} = view
  const [context = config.statusContext] = contexts
  if (!gates.some(({use}) => isOnPulls(use)))
    return [
      {
        code: 'nobody-writes',
        level: view.unreadable.length > 0 || view.facts.files === null ? 'unknown' : 'broken',
        what: `${named(context)} is required, and no workflow here writes it on pull requests`,
        why: 'every merge waits for it, unless somebody comments `/refactor-plan` or another repository writes it',
        fix: 'add the workflow of examples/workflows/gate.yml: `refactor-plan init` writes it',
      },
    ]
  return gates.flatMap(({use: {file, inputs}, policy}): readonly Diagnosis[] => {
    const at = named(inputs['gate'] ? file : '.github/refactor-plan.yml')
    if (inputs['dry-run'] === 'true')
      return [
        {
          code: 'dry-run',
          level: 'broken',
          what: `${named(file)} runs with \`dry-run\`, and its status is required`,
          why: 'a dry run writes no status: every merge waits for it',
          fix: `take \`dry-run: true\` out of ${named(file)}`,
        },
      ]
    if (policy === 'off')
      return [
        {
          code: 'gate-off',
          level: 'broken',
          what: `\`gate: off\` writes no status, and ${named(context)} is required`,
          why: 'every merge waits for it',
          fix: `\`gate: enforce\` in ${at}`,
        },
      ]
    if (policy === 'warn')
      return [
        {
          code: 'gate-warns',
          level: 'warn',
          what: `${named(context)} is required, and \`gate: warn\` writes success for a plan that failed`,
          why: 'nothing that is judged can block a merge; what cannot be judged still may',
          fix: `\`gate: enforce\` in ${at}`,
        },
      ]
    return []
  })
}

const isActionsToken = (token: string): boolean =>
  token === '' || /\$\{\{\s*(?:github\.token|secrets\.GITHUB_TOKEN)\s*\}\}/i.test(token)

/** Who must write the required status, and who does. */
function sources(view: View): readonly Diagnosis[] {
  const {facts, gates} = view
  return gates.flatMap(({use, context}): readonly Diagnosis[] => {
    if (context === null) return []
    const checks = requirementsOf(view, context) ?? []
    return checks.flatMap((check) => {
      if (check.app === null) return []
      const isActions = check.app === (facts.actionsApp ?? actionsAppId)
      const usesActions = isActionsToken(use.inputs['token'] ?? '')
      if (isActions === usesActions)
        return [
          {
            code: 'source',
            level: 'ok',
            what: `${named(context)} must come from ${isActions ? 'GitHub Actions' : `the app ${check.app}`}`,
            why: isActions
              ? 'which every workflow of the repository is: who can add a workflow can write it'
              : `and ${named(use.file)} gives a token of its own`,
            fix: null,
          },
          ...(isActions || use.hasEnvironment ? [] : [openKey(use.file)]),
        ]
      return [wrongSource(check, use.file, isActions)]
    })
  })
}

const openKey = (file: string): Diagnosis => ({
  code: 'open-key',
  level: 'warn',
  what: `the key of the app is a secret that every workflow can have, as ${named(file)} takes it from no environment`,
  why: 'whoever may push a branch adds a workflow there that writes the status with it',
  fix: appToken,
})

const wrongSource = (check: RequiredCheck, file: string, isActions: boolean): Diagnosis =>
  isActions
    ? {
        code: 'wrong-source',
        level: 'warn',
        what: `${named(check.context)} must come from GitHub Actions, and ${named(file)} gives another token`,
        why: 'if that is the token of an app or a person, the status does not count and every merge waits for it',
        fix: `in ${placeOf(check)} choose the app whose token it is as the source of the status`,
      }
    : {
        code: 'wrong-source',
        level: 'broken',
        what: `${named(check.context)} must come from the app ${check.app}, and ${named(file)} writes it as GitHub Actions`,
        why: 'a status of another source does not count: every merge waits for it',
        fix: appToken,
      }

/** The key in an environment that only the default branch may use: other secrets are there for every workflow of every branch. */
export const appToken = `environment: refactor-plan # Settings → Environments: only the default branch
steps:
  - id: app
    uses: actions/create-github-app-token@<commit>
    with:
      app-id: \${{ vars.REFACTOR_PLAN_APP }}
      private-key: \${{ secrets.REFACTOR_PLAN_KEY }} # a secret of that environment
  - uses: refactor-plan/refactor-plan@<commit>
    with:
      token: \${{ steps.app.outputs.token }}`

function queue(view: View): readonly Diagnosis[] {
  const {facts, gates, branch} = view
  if (facts.rules === null)
    return [
      {
        code: 'queue-unknown',
        level: 'unknown',
        what: `whether ${view.branchText} has a merge queue could not be told`,
        why: 'the token may not read the rules of the branch',
        fix: adminToken,
      },
    ]
  if (!facts.rules.queue || isRequired(view) !== true) return []
  const inQueue = gates.filter(({use}) => isOnQueue(use))
  const isHeard = inQueue.some(({use: {triggers}}) => {
    const trigger = triggers['merge_group']
    return trigger !== undefined && reaches(trigger, branch) !== false
  })
  return [
    isHeard
      ? {
          code: 'queue',
          level: 'ok',
          what: 'the gate hears of the merge queue',
          why: 'the commit that the queue makes gets the status too; a queue runs the workflow as the pull requests in it leave it, so `.github/` needs owners',
          fix: null,
        }
      : {
          code: 'queue-unheard',
          level: 'broken',
          what: `${view.branchText} has a merge queue, and no gate hears of it`,
          why: 'the commit that the queue makes never gets the required status: nothing leaves the queue',
          fix: `on:\n  merge_group:\n    types: [checks_requested]\n    branches: [${JSON.stringify(branch)}]`,
        },
  ]
}

function bypass(view: View): readonly Diagnosis[] {
  const {facts, contexts} = view
  if (isRequired(view) !== true) return []
  const checks = contexts.flatMap((context) => requirementsOf(view, context) ?? [])
  const rulesets = facts.bypass.filter(({ruleset}) => checks.some((check) => check.ruleset === ruleset))
  const classic = checks.some(({ruleset}) => ruleset === null)
  const who = [
    ...(classic && facts.protection?.adminsBypass === true ? ['administrators'] : []),
    ...rulesets.flatMap((each) => each.who ?? []),
  ]
  const isUnknown =
    (classic && (facts.protection?.adminsBypass ?? null) === null) || rulesets.some((each) => each.who === null)
  if (who.length > 0)
    return [
      {
        code: 'bypass',
        level: 'warn',
        what: `the rules do not bind ${[...new Set(who)].slice(0, 10).join(', ')}`,
        why: 'they merge and push whatever the gate says',
        fix: classic
          ? 'Settings → Branches → Edit → "Do not allow bypassing the above settings"'
          : 'Settings → Rules → Rulesets → the ruleset → "Bypass list": empty it, or let it hold for pull requests only',
      },
    ]
  return [
    isUnknown
      ? {
          code: 'bypass-unknown',
          level: 'unknown',
          what: 'whom the rules do not bind could not be told',
          why: 'only who may change the rules may read that',
          fix: adminToken,
        }
      : {
          code: 'bypass-nobody',
          level: 'ok',
          what: 'the rules bind everybody',
          why: 'administrators included',
          fix: null,
        },
  ]
}

/** It is somebody's but GitHub Actions'. */
export const isOwnToken = (token: string): boolean => !isActionsToken(token)
