import {existsSync, readdirSync, statSync} from 'node:fs'
import {join, relative, resolve} from 'node:path'
import {readText} from '../adapters/disk.ts'
import {configFile, readSettings, type Config} from '../config.ts'
import {parseYaml, readDocument, renderProblem, type Parsed, type Problem} from '../document.ts'
import {Failure} from '../errors.ts'
import {configOf, readCode} from '../locally.ts'
import {isOwnGold, sourceOfGold, type GoldFile} from '../outside.ts'
import {parsePipeline} from '../pipeline/pipeline.ts'
import {parsePlan} from '../plan/document.ts'
import {formatOf, printJson} from '../printing.ts'
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
  options: [{flags: '--format <format>', summary: 'text: file:line:col code message; json', choices: ['text', 'json']}],
  run: async (words, flags, world) => {
    const format = formatOf(flags)
    const files = words.length === 0 ? usual(world.cwd) : words
    if (files.length === 0)
      throw new Failure('nothing-to-check', 'there is no pipeline, gold standard or configuration here', {
        hint: 'give the files',
      })
    const found = await Promise.all(files.map((file) => problemsIn(file, world)))
    const problems = found.flatMap((each) => each.problems)
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
    existsSync(join(cwd, folder)) && statSync(join(cwd, folder)).isDirectory()
      ? readdirSync(join(cwd, folder))
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => join(folder, name))
      : []
  const cases = existsSync(join(cwd, 'gold'))
    ? readdirSync(join(cwd, 'gold')).map((name) => join('gold', name, 'gold.yaml'))
    : []
  return [...yaml('pipelines'), ...yaml('evolved_pipelines'), ...cases, configFile]
    .filter((file) => existsSync(join(cwd, file)))
    .toSorted()
}

interface Found {
  readonly problems: readonly Problem[]
  /** What makes a gold standard say less than it could. */
  readonly warnings: readonly Problem[]
}

/** What a file is shows in its keys; its name decides only where they do not. */
async function problemsIn(file: string, world: World): Promise<Found> {
  const {cwd} = world
  const text = readText(resolve(cwd, file))
  const name = relative(cwd, resolve(cwd, file)) || file
  const parsed = parseYaml(text, name)
  if (!parsed.ok) return {problems: parsed.problems, warnings: []}
  const {value} = parsed.value
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (/(?:^|[\\/])refactor-plan\.ya?ml$/.test(name)) return problemsOfRead(readSettings(text, name))
  if (/(?:^|[\\/])gold\.ya?ml$/.test(name) || keys.includes('source'))
    return problemsOfGold(text, name, parsed.value, world)
  if (keys.includes('findings') || /(?:^|[\\/])plan_[^\\/]*\.ya?ml$/.test(name))
    return problemsOfRead(parsePlan(text, name))
  return problemsOfRead(parsePipeline(text, name))
}

const problemsOfRead = (
  read: {readonly ok: true} | {readonly ok: false; readonly problems: readonly Problem[]},
): Found => ({problems: read.ok ? [] : read.problems, warnings: []})

/** Its form, and, where the code that it is about is at hand, whether it stands in there. */
async function problemsOfGold(text: string, name: string, {at}: Parsed, world: World): Promise<Found> {
  const read = readDocument(text, name, GoldStandard)
  if (!read.ok) return {problems: read.problems, warnings: []}
  const problem = ({path, code, message}: Pick<Remark, 'path' | 'code' | 'message'>): Problem => ({
    file: name,
    ...at(path),
    code,
    message,
  })
  const file = {file: resolve(world.cwd, name), text, gold: read.value}
  try {
    const code = await codeOfGold(file, world)
    if ('missing' in code) {
      world.say(plainLine(`${name}: only its form was checked: ${code.missing}`))
      return {problems: [], warnings: []}
    }
    const remarks = lintGold(read.value, code, isOwnGold(file))
    return {
      problems: remarks.filter(({severity}) => severity === 'error').map(problem),
      warnings: remarks.filter(({severity}) => severity === 'warning').map(problem),
    }
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return {problems: [problem({path: ['source'], code: thrown.code, message: thrown.message})], warnings: []}
  }
}

/** The repository's own gold standard is about the code around it, which for a file of elsewhere nobody knows. */
async function codeOfGold(file: GoldFile, {cwd}: World): Promise<Code | {readonly missing: string}> {
  if (isOwnGold(file) && relative(cwd, file.file).startsWith('..'))
    return {missing: 'run `check` in the repository that it is about'}
  const source = await sourceOfGold(file, cwd)
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
