import {resolve, sep} from 'node:path'
import {openSource} from '../adapters/disk.ts'
import {repositoryOf} from '../adapters/git.ts'
import {github} from '../adapters/github.ts'
import {providers, type ProviderKind} from '../adapters/providers/index.ts'
import {Failure} from '../errors.ts'
import {diagnose, gateLevel} from '../gate/diagnosis.ts'
import {filesAt, filesIn} from '../gate/files.ts'
import {gatherFacts, type Sought} from '../gate/gather.ts'
import type {Source} from '../host.ts'
import {formatOf, printJson} from '../printing.ts'
import {renderDoctorLines} from '../report/doctor.ts'
import {plain, plainLine} from '../trust.ts'
import {textOf, type Command, type Flags, type World} from './command.ts'

const slug = /^(?!\.)[\w.-]{1,100}\/(?!\.{1,2}$)[\w.-]{1,100}$/
const branchName = /^(?![-/.])(?!.*(?:\.\.|\/\/|@\{))[^\p{Cc}\s~^:?*[\\]{1,250}$/u

export const doctor: Command = {
  summary: 'say what protects the gate of a repository, what does not, and what to set',
  arguments: [{usage: '[path]', summary: 'a clone; default: the current directory'}],
  options: [
    {flags: '--repository <owner/name>', summary: 'on GitHub; default: the remote of the clone'},
    {flags: '--branch <name>', summary: 'the branch that the gate protects; default: the default branch'},
    {flags: '--format <format>', summary: 'text or json', choices: ['text', 'json']},
  ],
  run: async ([path = '.'], flags, world) => {
    const format = formatOf(flags)
    const patient = await patientOf(path, flags, world)
    const facts = await gatherFacts(patient.sought)
    const diagnoses = diagnose(facts)
    if (format === 'json')
      printJson(world, {
        repository: facts.repository,
        branch: facts.branch,
        commit: patient.commit,
        asked: facts.asked,
        level: gateLevel(facts),
        diagnoses,
      })
    else {
      world.print(plain(`${plainLine(patient.name, 300)}\n`))
      world.print(renderDoctorLines(diagnoses))
    }
    return diagnoses.some(({level}) => level === 'broken') ? 2 : 0
  },
}

interface Patient {
  /** For the first line. */
  readonly name: string
  /** Of the branch on GitHub, or of the clone. */
  readonly commit: string | null
  readonly sought: Sought
}

/** With a token GitHub's branch is looked at, as it is what counts; without one, the folder. */
async function patientOf(path: string, flags: Flags, {cwd, env}: World): Promise<Patient> {
  const given = textOf(flags, 'repository')
  const branch = textOf(flags, 'branch')
  if (given !== null && !slug.test(given))
    throw new Failure('bad-flag', `--repository: ${plainLine(given, 120)} is not a repository`, {
      hint: 'as in owner/name',
    })
  if (branch !== null && !branchName.test(branch))
    throw new Failure('bad-flag', `--branch: ${plainLine(branch, 120)} is not a branch`, {hint: 'as in main'})
  const source = await openTop(resolve(cwd, path))
  const own = slug.test(source.name) ? source.name : null
  const repository = given ?? own
  const token = env['GITHUB_TOKEN']?.trim() || env['GH_TOKEN']?.trim() || ''
  const keys = keysIn(env)
  const folder = filesIn(source)
  if (token === '' || repository === null) {
    const sought = {repository, branch, rulebook: null, files: folder, here: null, keys}
    return {name: `${repository ?? source.name}, by the files in ${path}`, commit: source.commit, sought}
  }
  const apiUrl = env['GITHUB_API_URL']?.trim() || 'https://api.github.com'
  if (!URL.canParse(apiUrl))
    throw new Failure('bad-url', 'GITHUB_API_URL is no address', {hint: 'as in https://github.example.com/api/v3'})
  const hub = github({token, apiUrl, repository})
  const {name, sha} = await hub.branch(branch)
  const here = own !== null && own.toLowerCase() === repository.toLowerCase() ? folder : null
  return {
    name: `${repository}, branch ${name} at ${sha.slice(0, 12)}, by ${new URL(apiUrl).host}`,
    commit: sha,
    sought: {repository, branch: name, rulebook: hub, files: filesAt(hub, sha), here, keys},
  }
}

/** Names of the variables that hold a key, or an endpoint that wants none. */
function keysIn(env: World['env']): readonly string[] {
  const kinds: readonly ProviderKind[] = Object.values(providers)
  const isSet = (name: string): boolean => (env[name]?.trim() ?? '') !== ''
  return kinds.flatMap(({keys, baseUrl, keyless = false}) => {
    const set = keys.filter(isSet)
    return set.length === 0 && keyless && isSet(baseUrl) ? [baseUrl] : set
  })
}

/** The whole repository around a path: `.github` stands at its top. */
async function openTop(path: string): Promise<Source> {
  const {prefix = ''} = (await repositoryOf(path).catch(() => null)) ?? {}
  const up = prefix
    .split('/')
    .filter((part) => part !== '')
    .map(() => '..')
  return openSource(resolve(path, up.join(sep)))
}
