/** What both entries gather first: keys, endpoints, pipelines and gold standards become a `Host` and the parts of a `Job`. */
import {existsSync} from 'node:fs'
import {readdir} from 'node:fs/promises'
import {basename, dirname, join, relative, resolve} from 'node:path'
import {openSource, readText} from './adapters/disk.ts'
import {home} from './adapters/home.ts'
import type {Keys} from './adapters/models.ts'
import {readDocument, valueOf} from './document.ts'
import {Failure} from './errors.ts'
import type {Source} from './host.ts'
import {parsePipeline, type ParseOptions} from './pipeline/pipeline.ts'
import type {Pipeline, Trace} from './pipeline/step.ts'
import {unreadLanguages} from './scan/parse.ts'
import type {Gone} from './score/anchor.ts'
import {GoldStandard} from './score/gold.ts'
import type {Decision} from './score/scorecard.ts'

export {digestOf, keysOf, makeHost, variablesOf, type Keys} from './adapters/models.ts'

/** Reads a text of the trusted side: the base commit in the Action, the own disk on the command line. null: no such file. */
export type ReadTrusted = (path: string) => Promise<string | null>

export interface Chosen {
  readonly pipeline: Pipeline
  /** Its YAML, for the optimizer. */
  readonly text: string
  readonly file: string
  /** What to tell the reader about the choice; null when he made it. */
  readonly note: string | null
}

/**
 * `auto` takes `genesis` when both keys are there, else `offline`, and says which. A name is a pipeline that ships with the
 * program, a path is one of the trusted side.
 */
export async function choosePipeline(
  name: string,
  keys: Keys,
  readTrusted: ReadTrusted,
  options: ParseOptions = {},
): Promise<Chosen> {
  if (name === 'auto') {
    const missing = [
      keys.claude === null ? 'ANTHROPIC_API_KEY' : null,
      keys.gemini === null ? 'GEMINI_API_KEY' : null,
    ].filter((each) => each !== null)
    const chosen = await choosePipeline(missing.length === 0 ? 'genesis' : 'offline', keys, readTrusted, options)
    return {
      ...chosen,
      note:
        missing.length === 0
          ? null
          : `No key (${missing.join(', ')}): the offline pipeline ran, on static rules alone; no model was asked.`,
    }
  }
  const shipped = /^[a-z0-9][a-z0-9-]*$/.test(name)
  const file = shipped ? join(home, 'pipelines', `${name}.yaml`) : name
  const text = shipped ? await readShipped(file, name) : await readTrusted(name)
  if (text === null)
    throw new Failure('no-such-pipeline', `${name}: no such pipeline`, {
      hint: 'give `auto`, `genesis`, `offline` or the path of a YAML file',
    })
  const pipeline = valueOf(
    parsePipeline(text, shipped ? `pipelines/${basename(file)}` : name, options),
    'pipeline',
    '`check` validates pipelines',
  )
  return {pipeline, text, file, note: null}
}

async function readShipped(file: string, name: string): Promise<string> {
  try {
    return readText(file)
  } catch (thrown) {
    const names = (await readdir(dirname(file))).flatMap((each) =>
      each.endsWith('.yaml') ? [basename(each, '.yaml')] : [],
    )
    throw new Failure('no-such-pipeline', `${name}: no such pipeline`, {
      hint: `there are: ${names.join(', ')}`,
      cause: thrown,
    })
  }
}

export const asksModels = ({steps}: Pipeline): boolean => steps.some(({models}) => models.length > 0)

/** The judge is of another family than the generator and only takes part when a model made the plan. */
export async function chooseJudge(setting: 'auto' | 'off', pipeline: Pipeline, keys: Keys): Promise<Pipeline | null> {
  if (setting === 'off' || !asksModels(pipeline) || keys.gemini === null) return null
  return shippedJudge(keys)
}

export async function shippedJudge(keys: Keys): Promise<Pipeline> {
  return (await choosePipeline('judge', keys, async () => null)).pipeline
}

/** The program's own version: a score of another one is another score. */
export const programVersion = (): string => readText(join(home, 'package.json'))

export interface GoldFile {
  readonly file: string
  readonly text: string
  readonly gold: GoldStandard
}

export const parseGold = (text: string, file: string): GoldFile => ({
  file,
  text,
  gold: valueOf(
    readDocument(text, file, GoldStandard),
    'gold',
    '`check` validates gold standards; gold/README.md shows one',
  ),
})

/** Every `<folder>/<case>/gold.yaml` (or `.yml`), by name; a folder that is a link counts, as nothing may vanish unsaid. */
export async function readGoldFolder(folder: string): Promise<readonly GoldFile[]> {
  const cases = await readdir(folder).catch(() => [])
  const files = cases
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((name) => ['gold.yaml', 'gold.yml'].map((file) => join(folder, name, file)))
  return files.filter((file) => existsSync(file)).map((file) => parseGold(readText(file), file))
}

export const isOwnGold = ({gold: {source}}: GoldFile): boolean => 'path' in source && /^\.\/?$/.test(source.path)

/** A code base that is not at hand. */
export interface Missing {
  readonly missing: string
  /** Nobody said that it would be: the gold standard is passed over. Else it is one that could not be judged. */
  readonly isOptional: boolean
}

/**
 * The code that a gold standard is about, or why it is not at hand.
 *
 * @param own the repository whose own gold standards have `{path: .}`
 * @param sources a folder of clones as `<owner>/<name>`, for gold standards about public repositories; null: there is none
 */
export async function sourceOfGold(
  {gold: {source}, file}: GoldFile,
  own: string,
  sources: string | null = null,
): Promise<Source | Missing> {
  if ('repository' in source) return cloneOf(source, sources)
  if ('pack' in source) return openSource(resolve(dirname(file), source.pack))
  return openSource(/^\.\/?$/.test(source.path) ? own : resolve(dirname(file), source.path))
}

async function cloneOf(
  {repository, commit}: {readonly repository: string; readonly commit: string},
  sources: string | null,
): Promise<Source | Missing> {
  const what = `${repository} at ${commit.slice(0, 12)} is not at hand`
  const missing = (why: string): Missing => ({missing: `${what}: ${why}`, isOptional: sources === null})
  const [, owner, name] = /(?:^|[/:])([\w.-]{1,100})\/([\w.-]{1,100}?)(?:\.git)?\/?$/.exec(repository) ?? []
  if (owner === undefined || name === undefined) return missing('it has no owner and name')
  if (sources === null) return missing(`clone it to DIR/${owner}/${name} and give --sources DIR`)
  const places = [join(sources, owner, name), join(sources, owner, `${name}.git`)]
  const place = places.find((each) => isInsideOf(sources, each) && existsSync(each))
  if (place === undefined) return missing(`there is no clone at ${join(sources, owner, name)}`)
  try {
    const source = await openSource(place, {ref: commit})
    // a branch may have a name that looks like a commit
    if (source.commit?.startsWith(commit) === true) return source
    return missing(`${place} has a branch or tag of that name`)
  } catch (thrown) {
    if (thrown instanceof Failure) return missing(thrown.message)
    throw thrown
  }
}

const isInsideOf = (folder: string, path: string): boolean => {
  const inside = relative(folder, path)
  return inside !== '' && !inside.startsWith('..')
}

/** The models that answered, as `provider/model`. */
export const modelsOf = ({steps}: Trace): readonly string[] => [
  ...new Set(steps.flatMap(({calls}) => calls.map(({request, reply}) => `${request.provider}/${reply.model}`))),
]

/** @returns the exit code: an `enforce` gate closes on fail (1) and on what could not be judged (3) */
export function exitOf(decision: Decision, gate: 'off' | 'warn' | 'enforce'): number {
  if (gate !== 'enforce' || decision === 'pass') return 0
  return decision === 'fail' ? 1 : 3
}

/** `gold add` as somebody has to type it. */
export interface GoldAdd {
  readonly plan: string
  /** Where they are not what the command takes by itself. */
  readonly gold?: string | undefined
  readonly repository?: string | undefined
}

/**
 * The way back from a plan to its gold standard: what a judge saw in the code and nobody has written down yet. Ids and paths
 * may be anybody's words and the line is there to be pasted into a shell, so only plain ids stand in it, and paths in quotes.
 */
export function candidateNotes(candidates: readonly string[], {plan, gold, repository}: GoldAdd): readonly string[] {
  const ids = candidates.filter((id) => /^[A-Za-z0-9][\w.-]*$/.test(id))
  if (ids.length === 0) return []
  const flag = (name: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [name, shellWord(value)]
  const line = [
    'refactor-plan gold add',
    shellWord(plan),
    '--from',
    ids.join(','),
    ...flag('--gold', gold),
    ...flag('--repository', repository),
  ].join(' ')
  return [
    `The judge saw in the code what the gold standard does not know yet: ${ids.join(', ')}. Look at each, and add what is true: \`${line}\``,
  ]
}

const shellWord = (text: string): string =>
  /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A plan without a finding is no praise where nothing was looked for. */
export function unreadNotes({steps}: Pipeline, paths: readonly string[]): readonly string[] {
  const unread = unreadLanguages(paths).slice(0, 5)
  if (unread.length === 0 || steps.some(({models}) => models.length > 0)) return []
  const named = unread.map(({language, files}) => `${language} (${files} ${files === 1 ? 'file' : 'files'})`).join(', ')
  return [`No static rule reads ${named}: without a model nothing is found there.`]
}

/** What left a gold standard's denominator, so that nobody wonders where a finding went. */
export const goneNotes = (gone: readonly Gone[]): readonly string[] =>
  gone.length === 0
    ? []
    : [
        `The code of ${gone.length} findings of the gold standard is gone, so they do not count: ${gone.map(({id}) => id).join(', ')}. Bring it up to date on the base branch.`,
      ]
