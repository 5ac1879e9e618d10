import {createHash} from 'node:crypto'
import {existsSync, mkdtempSync, realpathSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join, relative, resolve, sep} from 'node:path'
import {makeFolder, openSource, readText, writeInside} from '../adapters/disk.ts'
import {exchangeFiles} from '../adapters/exchange.ts'
import {stateOf} from '../adapters/file.ts'
import {differenceIn, isIgnoredAt, objects, repositoryOf} from '../adapters/git.ts'
import {untilInterrupted} from '../adapters/interruption.ts'
import {amend, boundsOf, checkKeys, type Amendment, type Desk, type Outcome} from '../amendment.ts'
import type {Amended} from '../apply/decide.ts'
import {chosenChanges} from '../apply/order.ts'
import {named, type Bounds} from '../apply/place.ts'
import {questionInputs} from '../apply/question.ts'
import {valueOf} from '../document.ts'
import {Failure, messageOf} from '../errors.ts'
import type {Source} from '../host.ts'
import {configOf, settingOptions} from '../locally.ts'
import {choosePipeline, keysOf, makeHost} from '../outside.ts'
import {isInside} from '../pack/boundary.ts'
import type {Entry} from '../pack/pack.ts'
import {maskSecrets} from '../pack/secrets.ts'
import {parsePlan} from '../plan/document.ts'
import type {Change, Plan} from '../plan/plan.ts'
import {formatOf, printJson} from '../printing.ts'
import {addUsage, noUsage, type Usage} from '../provider.ts'
import {plain, plainLine} from '../trust.ts'
import {textOf, type Command, type Flags, type World} from './command.ts'

const kept = ['--max-tokens', '--max-cost-usd']

export const apply: Command = {
  summary:
    'carry out changes of a plan in the files of a folder: Claude writes (ANTHROPIC_API_KEY), the program decides what of it may stand, and nothing is run',
  arguments: [{usage: '<plan.yaml>', summary: 'the plan'}],
  options: [
    {flags: '--change <ids>', summary: 'only these changes, as in C1,C3; may be repeated', repeats: true},
    {flags: '--done <ids>', summary: 'changes that are carried out already; may be repeated', repeats: true},
    {flags: '--repository <path>', summary: 'the code the plan is about; default: the current directory'},
    {flags: '--dry-run', summary: 'ask and print the diff, and write nothing'},
    {flags: '--allow-dirty', summary: 'also write over what is not committed, or in no git repository'},
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--format <format>', summary: 'text: a unified diff; json', choices: ['text', 'json']},
  ],
  run: async ([file = ''], flags, world) => {
    const format = formatOf(flags)
    const plan = valueOf(parsePlan(readText(resolve(world.cwd, file)), file), 'plan', '`check` validates plans')
    const changes = chosenChanges(plan, {changes: idsOf(flags, 'change'), done: idsOf(flags, 'done')})
    if (changes.length === 0)
      world.say(plainLine('nothing is left to do: all of it is carried out already, says --done'))
    const keys = keysOf(world.env)
    const {pipeline} = await choosePipeline('apply', keys, async () => null, {inputs: questionInputs})
    checkKeys(pipeline, keys)
    const place = resolve(world.cwd, textOf(flags, 'repository') ?? '.')
    const source = await openSource(place)
    if (source.kind !== 'work-tree' && source.kind !== 'folder')
      throw new Failure('not-a-folder', `${plainLine(place, 200)} holds no files that can be changed`, {
        hint: 'give the folder that the code is in, with --repository',
      })
    const root = realpathSync(place)
    const config = configOf(place, {'max-tokens': flags['max-tokens'], 'max-cost-usd': flags['max-cost-usd']})
    let spent: Usage = noUsage
    const host = makeHost({
      keys,
      budget: {calls: null, tokens: null, usd: config.maxCostUsd},
      say: world.say,
      // writing is one turn of the process: a change is finished, then the next question is not asked
      signal: untilInterrupted(),
      onSpent: (usage) => {
        spent = addUsage(spent, usage)
      },
    })
    noteOther(plan, source, world)
    const desk = deskOf(root, source, changes, flags)
    const bounds = boundsAt(root, boundsOf(config))
    const amending = {plan, changes, pipeline, bounds, maxTokens: config.maxTokens}
    const amendment = await amend(amending, desk, host)
    // nothing was done, and one thing is to blame: it is the result
    if (amendment.failure !== null && amendment.files.length === 0) throw amendment.failure
    await tell(amendment, {plan, spent, format, dryRun: flags['dry-run'] === true}, world)
    return amendment.outcomes.reduce((worst, {exit}) => Math.max(worst, exit), 0)
  },
}

const idsOf = (flags: Flags, name: string): readonly string[] => {
  const given = flags[name]
  const ids = (Array.isArray(given) ? given.map(String) : []).flatMap((each) => each.split(',')).map((id) => id.trim())
  if (ids.some((id) => id === '')) throw new Failure('bad-flag', `--${name} is empty`, {hint: `as in --${name} C1,C2`})
  return ids
}

/** Places and quotes are of that commit; what is different now shows when a passage is not found. */
function noteOther({repository}: Plan, {name, commit}: Source, world: World): void {
  if (repository === undefined) return
  const [mine, theirs] = [commit ?? 'no commit', repository.commit ?? 'no commit']
  if (mine === theirs && name === repository.name) return
  const at = (sha: string): string => (sha === 'no commit' ? sha : sha.slice(0, 12))
  world.say(plainLine(`the plan is about ${repository.name} (${at(theirs)}); here is ${name} (${at(mine)})`))
}

/**
 * From inside of a folder of a repository its paths are shorter, and its settings are further up: they hold all the same. By the
 * folders alone, because git tells nothing of a repository that somebody else owns.
 */
function boundsAt(root: string, own: Bounds): Bounds {
  if (root.split(sep).some((part) => part.toLowerCase() === '.git'))
    throw new Failure('not-a-folder', `${plainLine(root, 200)} is git's own`, {hint: 'give the folder of the code'})
  let top = root
  while (!existsSync(join(top, '.git')) && dirname(top) !== top) top = dirname(top)
  if (top === root || !existsSync(join(top, '.git'))) return own
  const prefix = `${relative(top, root).replaceAll(sep, '/')}/`
  return {...own, around: {prefix, bounds: boundsOf(configOf(top, {}))}}
}

function deskOf(root: string, source: Source, changes: readonly Change[], flags: Flags): Desk {
  const written = new Set<string>()
  const isDry = flags['dry-run'] === true
  let committed: Promise<ReadonlyMap<string, string> | null> | null = null
  let hidden: Promise<readonly Entry[]> | null = null
  const unlisted = (): Promise<readonly Entry[]> => (hidden ??= unseen(root, source, changes))
  return {
    source: {list: async () => [...(await source.list()), ...(await unlisted())], read: source.read},
    guard: async (path, text) => {
      // what nobody commits may hold what nobody shows: no flag opens it to a model
      if ((await unlisted()).some((entry) => entry.path === path))
        return 'is not among the files of this repository: git ignores it, or it is of another one inside'
      if (text === null) {
        const isIgnored = source.kind === 'work-tree' ? await isIgnoredAt(root, path) : false
        if (isIgnored === null) return 'cannot be made: git cannot say whether it would show it'
        return isIgnored ? 'is ignored by git: nobody would see that it was made' : null
      }
      if (isDry || flags['allow-dirty'] === true || written.has(path)) return null
      const known = await (committed ??= committedIn(root, source))
      if (known === null)
        return source.kind === 'work-tree'
          ? 'is in a repository without a commit that could bring it back: commit, or --allow-dirty'
          : 'is in no git repository that could bring it back: --allow-dirty changes it all the same'
      const sha = known.get(path)
      return sha !== undefined && isBlob(sha, text)
        ? null
        : 'has changes that are not committed: commit or stash them, or --allow-dirty'
    },
    write: (files) => {
      if (isDry) return
      exchangeFiles(root, files)
      for (const {path} of files) written.add(path)
    },
  }
}

/** What a change names and a listing leaves out, because git ignores it: it is there all the same. */
async function unseen(root: string, source: Source, changes: readonly Change[]): Promise<readonly Entry[]> {
  const listed = new Set((await source.list()).map(({path}) => path))
  const state = stateOf(root)
  const names = new Set(changes.flatMap(({files, creates}) => [...files, ...creates].map(named)))
  return [...names].flatMap((path): readonly Entry[] => {
    if (listed.has(path) || !isInside(path)) return []
    const is = state(path)
    if (is.kind === 'symlink') return [{path, kind: 'symlink', bytes: null, sha: null}]
    return is.kind === 'file' ? [{path, kind: 'file', bytes: is.bytes, sha: null}] : []
  })
}

/** Blobs of the last commit by path; null: there is none. */
async function committedIn(root: string, {kind, commit}: Source): Promise<ReadonlyMap<string, string> | null> {
  const repository = kind === 'work-tree' && commit !== null ? await repositoryOf(root) : null
  if (repository === null || commit === null) return null
  const entries = await (await objects(repository.gitDir, commit, repository.prefix)).list()
  return new Map(entries.flatMap(({path, sha}) => (sha === null ? [] : [[path, sha]])))
}

/** By content: what git itself would compare by runs the repository's filters. A checkout may have turned line ends. */
const isBlob = (sha: string, text: string): boolean =>
  [text, text.replaceAll('\r\n', '\n')].some((each) => blobOf(each, sha.length === 64 ? 'sha256' : 'sha1') === sha)

const blobOf = (text: string, algorithm: string): string => {
  const bytes = Buffer.from(text)
  return createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

interface Told {
  readonly plan: Plan
  readonly spent: Usage
  readonly format: string
  readonly dryRun: boolean
}

async function tell(
  {outcomes, files, failure}: Amendment,
  {plan, spent, format, dryRun}: Told,
  world: World,
): Promise<void> {
  for (const each of outcomes) world.say(plainLine(sayOutcome(each, dryRun), maxLine))
  if (failure !== null && failure.hint !== null) world.say(plain(`  → ${failure.hint}`))
  if (!dryRun)
    for (const command of commandsFor(plan, outcomes))
      world.say(plainLine(`to verify it, says the plan: ${command}`, 600))
  // what stands beside a change may be a secret, and this goes into logs
  const diff = plain(maskSecrets(await differenceOf(files, world)).text)
  if (format === 'json') printJson(world, {dry_run: dryRun, changes: outcomes.map(shapeOf), diff, usage: spent})
  else if (diff !== '') world.print(diff)
}

/** Of what a model or a plan says: more than one line could be taken for lines of the program. */
const maxLine = 2000

const sayOutcome = ({id, state, why, files}: Outcome, dryRun: boolean): string =>
  state === 'done' ? `${id} ${dryRun ? 'would change' : 'done'}: ${files.join(', ')}` : `${id} ${state}: ${why ?? ''}`

const shapeOf = ({id, state, why, files}: Outcome): object => ({
  id: plainLine(id),
  state,
  why: why === null ? null : plainLine(why, maxLine),
  files,
})

/** Nothing of it is run here. */
const commandsFor = ({changes}: Plan, outcomes: readonly Outcome[]): readonly string[] => [
  ...new Set(
    changes.flatMap(({id, verification}) =>
      outcomes.some((each) => each.id === id && each.state === 'done') ? verification : [],
    ),
  ),
]

/** By git, where it is there; else the names alone. What is written is written: a full disk here must not end in an error. */
async function differenceOf(files: readonly Amended[], world: World): Promise<string> {
  if (files.length === 0) return ''
  try {
    return (await diffOf(files)) ?? namesOf(files)
  } catch (thrown) {
    world.say(plainLine(`there is no diff: ${messageOf(thrown)}`, maxLine))
    return namesOf(files)
  }
}

const namesOf = (files: readonly Amended[]): string =>
  files.map(({path, after}) => `${after === null ? 'deleted' : 'written'} ${path}`).join('\n')

async function diffOf(files: readonly Amended[]): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'refactor-plan-apply-'))
  try {
    const [before, after] = [makeFolder(join(folder, 'a')), makeFolder(join(folder, 'b'))]
    for (const file of files) {
      if (file.before !== null) writeInside(before, file.path, file.before)
      if (file.after !== null) writeInside(after, file.path, file.after)
    }
    return await differenceIn(folder, 'a', 'b')
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}
