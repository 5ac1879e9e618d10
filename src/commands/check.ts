import {existsSync, readdirSync, statSync} from 'node:fs'
import {join, relative, resolve} from 'node:path'
import {readText} from '../adapters/disk.ts'
import {configFile, readSettings} from '../config.ts'
import {parseYaml, readDocument, renderProblem, type Problem} from '../document.ts'
import {Failure} from '../errors.ts'
import {parsePipeline} from '../pipeline/pipeline.ts'
import {parsePlan} from '../plan/document.ts'
import {formatOf, printJson} from '../printing.ts'
import {GoldStandard} from '../score/gold.ts'
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
    const problems = files.flatMap((file) => problemsIn(file, world))
    if (format === 'json') printJson(world, {files, problems})
    else for (const problem of problems) world.print(renderProblem(problem))
    world.say(plainLine(`${files.length} files checked, ${problems.length} problems`))
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

/** What a file is shows in its keys; its name decides only where they do not. */
function problemsIn(file: string, {cwd}: World): readonly Problem[] {
  const text = readText(resolve(cwd, file))
  const name = relative(cwd, resolve(cwd, file)) || file
  const parsed = parseYaml(text, name)
  if (!parsed.ok) return parsed.problems
  const {value} = parsed.value
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (/(?:^|[\\/])refactor-plan\.ya?ml$/.test(name)) return problemsOfRead(readSettings(text, name))
  if (/(?:^|[\\/])gold\.ya?ml$/.test(name) || keys.includes('source'))
    return problemsOfRead(readDocument(text, name, GoldStandard))
  if (keys.includes('findings') || /(?:^|[\\/])plan_[^\\/]*\.ya?ml$/.test(name))
    return problemsOfRead(parsePlan(text, name))
  return problemsOfRead(parsePipeline(text, name))
}

const problemsOfRead = (
  read: {readonly ok: true} | {readonly ok: false; readonly problems: readonly Problem[]},
): readonly Problem[] => (read.ok ? [] : read.problems)
