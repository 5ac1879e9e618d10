/** What is known about a gate: what GitHub says about the branch, and the files on it. null: it may not be known. */

export interface RequiredCheck {
  readonly context: string
  /** The id of the app that alone may write it; null: anybody who may write statuses. */
  readonly app: number | null
  /** The ruleset that requires it; null: the classic protection of the branch. */
  readonly ruleset: number | null
}

/** What the active rulesets ask of a branch, whoever made them. */
export interface BranchRules {
  readonly checks: readonly RequiredCheck[]
  readonly queue: boolean
  /** A change of a file with an owner needs that owner's review. */
  readonly ownersReview: boolean
  /** Paths of workflows that an organisation requires, as it keeps them. */
  readonly workflows: readonly string[]
}

/** The classic protection of a branch; of one without it, nothing is required. */
export interface Protection {
  readonly checks: readonly RequiredCheck[] | null
  readonly ownersReview: boolean | null
  readonly adminsBypass: boolean | null
}

export interface WorkflowDefaults {
  /** What a workflow without `permissions:` may do. */
  readonly permissions: 'read' | 'write'
  /** "Allow GitHub Actions to create and approve pull requests". */
  readonly mayOpenPulls: boolean
}

export interface FolderEntry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'other'
}

/** What is asked of GitHub about a branch. Everything answers null where the token may not know, and throws on an outage. */
export interface Rulebook {
  readonly rulesOf: (branch: string) => Promise<BranchRules | null>
  readonly protectionOf: (branch: string) => Promise<Protection | null>
  /** Who a ruleset does not bind. */
  readonly bypassOf: (ruleset: number) => Promise<readonly string[] | null>
  readonly workflowPermissions: () => Promise<WorkflowDefaults | null>
  /** The id of an app by its short name. */
  readonly appOf: (slug: string) => Promise<number | null>
}

/** The files of a commit, or of a folder. */
export interface Files {
  /** null: there is no such folder, or nobody may look. `''` is the top. */
  readonly list: (folder: string) => Promise<readonly FolderEntry[] | null>
  /** null: it is not there, no text, or nobody may look. */
  readonly read: (path: string) => Promise<string | null>
}

export interface TextFile {
  readonly path: string
  readonly text: string
}

export interface BranchFiles {
  /** All of `.github/workflows`; `text` null: it could not be read. */
  readonly workflows: readonly {readonly path: string; readonly text: string | null}[]
  /** The first of the three places that GitHub looks at; null: there is none. */
  readonly owners: TextFile | null
  readonly config: TextFile | null
  /** A file that looks like the configuration and is not read. */
  readonly misnamed: string | null
  readonly golds: readonly TextFile[]
  /** There is a folder `pipelines`. */
  readonly pipelines: boolean
}

export interface GateFacts {
  /** `owner/name`; null: no remote names one. */
  readonly repository: string | null
  readonly branch: string | null
  /** Whether GitHub was asked: without a token everything about its rules is unknown. */
  readonly asked: boolean
  readonly rules: BranchRules | null
  readonly protection: Protection | null
  /** For each ruleset that requires a status. */
  readonly bypass: readonly {readonly ruleset: number; readonly who: readonly string[] | null}[]
  /** The id of the app "GitHub Actions"; asked only where a status must come from some app. */
  readonly actionsApp: number | null
  readonly defaults: WorkflowDefaults | null
  /** null: they could not be read. */
  readonly files: BranchFiles | null
  /** Names of variables of the environment that hold a key, or an endpoint that wants none. */
  readonly keys: readonly string[]
  /** Files that are otherwise in the folder at hand than on the branch. */
  readonly unpushed: readonly string[]
}
