/** Asks for everything that a diagnosis needs, and nothing twice. */
import {configFile, readSettings} from '../config.ts'
import type {BranchFiles, BranchRules, Files, GateFacts, Protection, Rulebook, TextFile} from './facts.ts'
import {isInside} from '../pack/boundary.ts'
import {ownersFiles} from './owners.ts'
import {goldFolders} from './view.ts'
import {readWorkflow} from './workflow.ts'

/** More workflow files than that are not read: each is a request. */
const maxWorkflows = 60
const maxGolds = 30
const atOnce = 8

export interface Sought {
  readonly repository: string | null
  readonly branch: string | null
  /** null: there is no token. */
  readonly rulebook: Rulebook | null
  /** Of the branch. */
  readonly files: Files
  /** Of the folder at hand, where it is the same repository; null: there is none. */
  readonly here: Files | null
  readonly keys: readonly string[]
}

export async function gatherFacts({repository, branch, rulebook, files, here, keys}: Sought): Promise<GateFacts> {
  const asked = rulebook !== null && branch !== null
  const found = await filesOf(files)
  const rules = asked ? await rulebook.rulesOf(branch) : null
  const protection = asked ? await rulebook.protectionOf(branch) : null
  const rulesets = [...new Set(rules?.checks.flatMap(({ruleset}) => ruleset ?? []))].slice(0, 10)
  const hasApp = checksOf(rules, protection).some(({app}) => app !== null)
  return {
    repository,
    branch,
    asked,
    rules,
    protection,
    bypass: asked ? await inTurn(rulesets, async (ruleset) => ({ruleset, who: await rulebook.bypassOf(ruleset)})) : [],
    actionsApp: asked && hasApp ? await rulebook.appOf('github-actions') : null,
    defaults: asked ? await rulebook.workflowPermissions() : null,
    files: found,
    keys,
    unpushed: here === null || found === null ? [] : await unpushedIn(here, found),
  }
}

const checksOf = (rules: BranchRules | null, protection: Protection | null): BranchRules['checks'] => [
  ...(rules?.checks ?? []),
  ...(protection?.checks ?? []),
]

/** A few at a time, in the order of the items. */
async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += atOnce)
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(act))))
  return results
}

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name)

async function filesOf(files: Files): Promise<BranchFiles | null> {
  const top = await files.list('')
  if (top === null) return null
  const has = (name: string, kind: 'file' | 'folder'): boolean =>
    top.some((each) => each.name === name && each.kind === kind)
  const github = has('.github', 'folder') ? ((await files.list('.github')) ?? []) : []
  const read = async (path: string): Promise<TextFile | null> => {
    const text = await files.read(path)
    return text === null ? null : {path, text}
  }
  const config = github.some(({name}) => `.github/${name}` === configFile) ? await read(configFile) : null
  const owners = await firstOf(
    ownersFiles.filter((path) => {
      const [folder = '', name] = path.split('/')
      if (name === undefined) return has(path, 'file')
      return folder === '.github' ? github.some((each) => each.name === name) : has(folder, 'folder')
    }),
    read,
  )
  const hasWorkflows = github.some(({name, kind}) => name === 'workflows' && kind === 'folder')
  const workflows = hasWorkflows ? await workflowsOf(files) : []
  return {
    workflows,
    owners,
    config,
    misnamed:
      github.find(({name}) => name === 'refactor-plan.yaml') === undefined ? null : '.github/refactor-plan.yaml',
    golds: await goldsOf(files, config, workflows),
    pipelines: has('pipelines', 'folder'),
  }
}

async function firstOf(
  paths: readonly string[],
  read: (path: string) => Promise<TextFile | null>,
): Promise<TextFile | null> {
  for (const path of paths) {
    const file = await read(path)
    if (file !== null) return file
  }
  return null
}

async function workflowsOf(files: Files): Promise<BranchFiles['workflows']> {
  const folder = '.github/workflows'
  const names = ((await files.list(folder)) ?? []).filter(({name, kind}) => kind === 'file' && isYaml(name))
  const isLikely = ({name}: {readonly name: string}): number => (/refactor|plan|gate/i.test(name) ? 0 : 1)
  const paths = names.toSorted((a, b) => isLikely(a) - isLikely(b)).map(({name}) => `${folder}/${name}`)
  const read = await inTurn(paths.slice(0, maxWorkflows), async (path) => ({path, text: await files.read(path)}))
  return [...read, ...paths.slice(maxWorkflows).map((path) => ({path, text: null}))]
}

async function goldsOf(
  files: Files,
  config: TextFile | null,
  workflows: BranchFiles['workflows'],
): Promise<readonly TextFile[]> {
  const settings = config === null ? null : readSettings(config.text, config.path)
  const configured = settings?.ok === true ? (settings.value.gold ?? 'gold') : 'gold'
  const uses = workflows.flatMap(({path, text}) => {
    const read = text === null ? null : readWorkflow(path, text)
    return read?.ok === true ? read.uses : []
  })
  const folders = goldFolders(uses, configured).filter(isInside).slice(0, atOnce)
  const cases = await inTurn(folders, async (folder) =>
    ((await files.list(folder)) ?? []).flatMap(({name, kind}) => (kind === 'folder' ? [`${folder}/${name}`] : [])),
  )
  const read = await inTurn(cases.flat().slice(0, maxGolds), async (folder) =>
    firstOf([`${folder}/gold.yaml`, `${folder}/gold.yml`], async (path): Promise<TextFile | null> => {
      const text = await files.read(path)
      return text === null ? null : {path, text}
    }),
  )
  return read.flatMap((each) => each ?? [])
}

/** What a person may take for done because it stands in his folder. */
async function unpushedIn(here: Files, {workflows, config, owners}: BranchFiles): Promise<readonly string[]> {
  const folder = '.github/workflows'
  const names = ((await here.list(folder)) ?? []).flatMap(({name, kind}) =>
    kind === 'file' && isYaml(name) ? [`${folder}/${name}`] : [],
  )
  const known = new Map(
    [...workflows, ...(config === null ? [] : [config]), ...(owners === null ? [] : [owners])].map(
      ({path, text}) => [path, text] as const,
    ),
  )
  const differs = await inTurn([...names, configFile, ...ownersFiles], async (path) => {
    const text = await here.read(path)
    const isOurs = path === configFile || ownersFiles.some((each) => each === path) || /refactor-plan/i.test(text ?? '')
    return text !== null && isOurs && known.get(path) !== text ? [path] : []
  })
  return differs.flat()
}
