/** The facts as diagnoses look at them: settings read, workflows parsed, what writes the status told from what does not. */
import {parseConfig, readSettings, type Config} from '../config.ts'
import {renderProblem} from '../document.ts'
import {named} from '../report/doctor.ts'
import type {GateFacts, RequiredCheck} from './facts.ts'
import {isExpression, readWorkflow, type Use} from './workflow.ts'

/** A step that writes the status on a pull request or in a merge queue. */
export interface Gate {
  readonly use: Use
  /** null: an expression, known when it runs. */
  readonly context: string | null
  readonly policy: 'off' | 'warn' | 'enforce' | null
}

export interface View {
  readonly facts: GateFacts
  /** For lines to copy; `main` where nobody named one. */
  readonly branch: string
  /** For a sentence. */
  readonly branchText: string
  /** The defaults where the file has a mistake. */
  readonly config: Config
  readonly configProblems: readonly string[]
  readonly uses: readonly Use[]
  readonly unreadable: readonly {readonly path: string; readonly problem: string | null}[]
  readonly gates: readonly Gate[]
  /** Somebody wants merges to be blocked. */
  readonly isEnforced: boolean
  /** What the gates call their status; the configured name where there is no gate. */
  readonly contexts: readonly string[]
}

/** Of the modes that read a pull request, `plan` alone writes nothing to it. */
const writingModes: readonly string[] = ['', 'all', 'publish']
const pullEvents = ['pull_request', 'pull_request_target'] as const

export function viewOf(facts: GateFacts): View {
  const {config: file = null, workflows = []} = facts.files ?? {}
  const read = file === null ? null : readSettings(file.text, file.path)
  const config = parseConfig({}, read?.ok === true ? file : null)
  const parsed = workflows.map(({path, text}) => ({path, read: text === null ? null : readWorkflow(path, text)}))
  const uses = parsed.flatMap(({read}) => (read?.ok === true ? read.uses : []))
  const gates = uses.flatMap((use) => gateOf(use, config))
  const written = gates.flatMap(({context}) => context ?? [])
  return {
    facts,
    branch: facts.branch ?? 'main',
    branchText: facts.branch === null ? 'the branch' : named(facts.branch),
    config,
    configProblems: read === null || read.ok ? [] : read.problems.map(renderProblem),
    uses,
    unreadable: parsed.flatMap(({path, read}) =>
      read?.ok === true ? [] : [{path, problem: read === null ? null : read.problem}],
    ),
    gates,
    isEnforced:
      gates.length === 0 ? config.gate === 'enforce' : gates.some(({policy}) => policy !== 'off' && policy !== 'warn'),
    contexts: written.length === 0 ? [config.statusContext] : [...new Set(written)],
  }
}

function gateOf(use: Use, config: Config): readonly Gate[] {
  const mode = use.inputs['mode'] ?? ''
  const isGate = writingModes.includes(mode) || isExpression(mode)
  if (!isGate || !(isOnPulls(use) || isOnQueue(use))) return []
  const context = use.inputs['status-context'] || config.statusContext
  const policy = use.inputs['gate'] || config.gate
  return [
    {
      use,
      context: isExpression(context) ? null : context,
      policy: policy === 'off' || policy === 'warn' || policy === 'enforce' ? policy : null,
    },
  ]
}

export const isOnPulls = ({triggers}: Use): boolean => pullEvents.some((event) => event in triggers)
export const isOnQueue = ({triggers}: Use): boolean => 'merge_group' in triggers

/** Without `./` before and `/` behind. */
const folderAt = (path: string): string => path.replace(/^\.\/|\/+$/g, '')

/** Where gold standards are looked for: in a repository of several parts each gate has its own. */
export function goldFolders(uses: readonly Use[], configured: string): readonly string[] {
  const given = uses.map(({inputs}) => inputs['gold'] || configured).filter((path) => !isExpression(path))
  return [...new Set(given.length === 0 ? [folderAt(configured)] : given.map(folderAt))]
}

/** The rules that require a status of this name; null: no such rule is known, and not all rules are. */
export function requirementsOf({facts: {rules, protection}}: View, context: string): readonly RequiredCheck[] | null {
  const all = [...(rules?.checks ?? []), ...(protection?.checks ?? [])]
  const found = all.filter((check) => check.context === context)
  const isComplete = rules !== null && protection !== null && protection.checks !== null
  return found.length > 0 || isComplete ? found : null
}

/** Whether any gate's status is required; null: not known. */
export function isRequired(view: View): boolean | null {
  const found = view.contexts.map((context) => requirementsOf(view, context))
  if (found.some((checks) => checks !== null && checks.length > 0)) return true
  return found.includes(null) ? null : false
}

/** Whether a change of a file with an owner needs that owner's review; null: not known. */
export function needsOwners({facts: {rules, protection}}: View): boolean | null {
  if (rules?.ownersReview === true || protection?.ownersReview === true) return true
  return rules === null || protection === null || protection.ownersReview === null ? null : false
}
