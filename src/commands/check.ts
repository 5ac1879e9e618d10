import {existsSync, readdirSync, statSync} from 'node:fs'
import {join, relative, resolve} from 'node:path'
import {readText} from '../adapters/disk.ts'
import {configFile, readSettings, type Config} from '../config.ts'
import {parseYaml, readDocument, renderProblem, valueOf, type Parsed, type Problem} from '../document.ts'
import {Failure} from '../errors.ts'
import {cloneFolderOf, configOf, readCode, sourcesOption} from '../locally.ts'
import {isOwnGold, sourceOfGold, type GoldFile} from '../outside.ts'
import {printNormal} from '../pipeline/normal.ts'
import {normalFormOf, parsePipeline, type Reader} from '../pipeline/pipeline.ts'
import {parsePlan} from '../plan/document.ts'
import {formatOf, printJson} from '../printing.ts'
import {parseBaseline} from '../score/baseline.ts'
import {GoldStandard} from '../score/gold.ts'
import {lintGold, type Remark} from '../score/lint.ts'
import type {Code} from '../score/scorecard.ts'
import {plainLine} from '../trust.ts'
import type {Command, World} from './command.ts'

export const check: Command = {
  summary: 'validate pipelines, plans, gold standards and configuration',
  arguments: [
    {usage: '[files...]', summary: 'default: pipelines/, gold/ and .github/refactor-plan.yml of the current directory'},
  ],
  options: [
    sourcesOption,
    {flags: '--strict', summary: 'of pipelines, only the canonical spelling: any other is a problem'},
    {flags: '--canonical', summary: 'print one pipeline in its canonical spelling'},
    {flags: '--format <format>', summary: 'text: file:line:col code message; json', choices: ['text', 'json']},
  ],
  run: async (words, flags, world) => {
    const format = formatOf(flags)
    const files = words.length === 0 ? usual(world.cwd) : words
    if (files.length === 0)
      throw new Failure('nothing-to-check', 'there is no pipeline, gold standard or configuration here', {
        hint: 'give the files',
      })
    if (flags['canonical'] === true) return printCanonical(files, world)
    const place = {
      cwd: world.cwd,
      say: world.say,
      clones: cloneFolderOf(flags, world),
      reader: flags['strict'] === true ? ('strict' as const) : ('careful' as const),
    }
    const found = await Promise.all(files.map((file) => problemsIn(file, place)))
    const problems = [...found.flatMap((each) => each.problems), ...sameNames(found)]
    const warnings = found.flatMap((each) => each.warnings)
    if (format === 'json') printJson(world, {files, problems, warnings})
    else {
      for (const problem of problems) world.print(renderProblem(problem))
      for (const each of warnings) world.print(renderProblem({...each, message: `warning: ${each.message}`}))
    }
    const also = warnings.length === 0 ? '' : `, ${warnings.length} warnings`
    world.say(plainLine(`${files.length} files checked, ${problems.length} problems${also}`))
    return problems.length === 0 ? 0 : 2
  },
}

function usual(cwd: string): readonly string[] {
  const yaml = (folder: string): readonly string[] =>
    namesIn(cwd, folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => join(folder, name))
  const cases = namesIn(cwd, 'gold').flatMap((name) =>
    ['gold.yaml', 'gold.yml'].map((file) => join('gold', name, file)),
  )
  return [...yaml('pipelines'), ...yaml('evolved_pipelines'), ...cases, join('gold', 'baseline.yaml'), configFile]
    .filter((file) => existsSync(join(cwd, file)))
    .toSorted()
}

function namesIn(cwd: string, folder: string): readonly string[] {
  const path = join(cwd, folder)
  return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : []
}

interface Place extends Pick<World, 'cwd' | 'say'> {
  readonly clones: string | null
  readonly reader: Reader
}

interface Found {
  /** What a gold standard is called, and where that stands. */
  readonly called?: Problem
  readonly problems: readonly Problem[]
  /** What makes a gold standard say less than it could. */
  readonly warnings: readonly Problem[]
}

/** Scores are told apart by the name of the gold standard. */
function sameNames(found: readonly Found[]): readonly Problem[] {
  const called = found.flatMap((each) => each.called ?? [])
  return called.flatMap((each, at) => {
    const first = called.slice(0, at).find(({message}) => message === each.message)
    if (first === undefined) return []
    return [{...each, message: `${each.message} is the name of ${first.file} too: give each a name of its own`}]
  })
}

/** What a file is shows in its keys; its name decides only where they do not. */
async function problemsIn(file: string, place: Place): Promise<Found> {
  const {cwd} = place
  const text = readText(resolve(cwd, file))
  const name = relative(cwd, resolve(cwd, file)) || file
  const parsed = parseYaml(text, name)
  if (!parsed.ok) return {problems: parsed.problems, warnings: []}
  const {value} = parsed.value
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (/(?:^|[\\/])refactor-plan\.ya?ml$/.test(name)) return problemsOfRead(readSettings(text, name))
  if (/(?:^|[\\/])gold\.ya?ml$/.test(name) || keys.includes('source'))
    return problemsOfGold(text, name, parsed.value, place)
  if (keys.includes('pipeline') && keys.includes('cases')) return problemsOfRead(parseBaseline(text, name))
  if (keys.includes('findings') || /(?:^|[\\/])plan_[^\\/]*\.ya?ml$/.test(name))
    return problemsOfRead(parsePlan(text, name))
  return problemsOfPipeline(text, name, place.reader)
}

const problemsOfRead = (
  read: {readonly ok: true} | {readonly ok: false; readonly problems: readonly Problem[]},
): Found => ({problems: read.ok ? [] : read.problems, warnings: []})

/** Another spelling is no mistake, but a file is better without. */
function problemsOfPipeline(text: string, name: string, reader: Reader): Found {
  const read = parsePipeline(text, name, {reader})
  return read.ok ? {problems: [], warnings: read.value.diagnostics ?? []} : {problems: read.problems, warnings: []}
}

function printCanonical(files: readonly string[], {cwd, print}: World): number {
  const [file, ...more] = files
  if (file === undefined || more.length > 0)
    throw new Failure('bad-flag', '--canonical takes one pipeline', {hint: 'give one file'})
  print(printNormal(valueOf(normalFormOf(readText(resolve(cwd, file)), file), 'pipeline')))
  return 0
}

/** Its form, and, where the code that it is about is at hand, whether it stands in there. */
async function problemsOfGold(text: string, name: string, {at}: Parsed, place: Place): Promise<Found> {
  const read = readDocument(text, name, GoldStandard)
  if (!read.ok) return {problems: read.problems, warnings: []}
  const problem = ({path, code, message}: Pick<Remark, 'path' | 'code' | 'message'>): Problem => ({
    file: name,
    ...at(path),
    code,
    message,
  })
  const file = {file: resolve(place.cwd, name), text, gold: read.value}
  const called = problem({path: ['name'], code: 'same-name', message: plainLine(read.value.name, 80)})
  try {
    const code = await codeOfGold(file, place)
    if ('missing' in code) {
      place.say(plainLine(`${name}: only its form was checked: ${code.missing}`))
      return {called, problems: [], warnings: []}
    }
    const remarks = lintGold(read.value, code, isOwnGold(file))
    return {
      called,
      problems: remarks.filter(({severity}) => severity === 'error').map(problem),
      warnings: remarks.filter(({severity}) => severity === 'warning').map(problem),
    }
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return {called, problems: [problem({path: ['source'], code: thrown.code, message: thrown.message})], warnings: []}
  }
}

/** The repository's own gold standard is about the code around it, which for a file of elsewhere nobody knows. */
async function codeOfGold(file: GoldFile, {cwd, clones}: Place): Promise<Code | {readonly missing: string}> {
  if (isOwnGold(file) && relative(cwd, file.file).startsWith('..'))
    return {missing: 'run `check` in the repository that it is about'}
  const source = await sourceOfGold(file, cwd, clones)
  if ('missing' in source) return source
  return readCode(source, isOwnGold(file) ? settingsOf(cwd) : plainSettings)
}

const plainSettings = {include: [], exclude: [], gold: 'gold'} as const

/** A configuration with a mistake is told about by itself. */
function settingsOf(cwd: string): Pick<Config, 'include' | 'exclude' | 'gold'> {
  try {
    return configOf(cwd, {})
  } catch {
    return plainSettings
  }
}
