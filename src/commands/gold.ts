import {existsSync, statSync} from 'node:fs'
import {basename, dirname, join, relative, resolve, sep} from 'node:path'
import {makeFolder, openSource, readText, writeInside} from '../adapters/disk.ts'
import type {Config} from '../config.ts'
import {valueOf} from '../document.ts'
import {Failure} from '../errors.ts'
import {configOf, readCode} from '../locally.ts'
import {isOwnGold, parseGold, readGoldFolder, sourceOfGold, type GoldFile} from '../outside.ts'
import {isInside} from '../pack/boundary.ts'
import {parsePlan} from '../plan/document.ts'
import {renderGold, withAdded} from '../score/document.ts'
import type {GoldStandard} from '../score/gold.ts'
import {grow, type Choice, type Growth} from '../score/growth.ts'
import type {Code} from '../score/scorecard.ts'
import {plainLine} from '../trust.ts'
import {textOf, type Command, type Flags, type World} from './command.ts'

export const gold: Command = {
  summary: 'add reviewed findings of a plan to the gold standard of the repository, or make its first one of them',
  arguments: [
    {usage: '<action>', summary: 'add'},
    {usage: '<plan.yaml>', summary: 'the plan'},
  ],
  options: [
    {flags: '--from <ids>', summary: 'findings of the plan that are true, as in F3,F7'},
    {flags: '--must <ids>', summary: 'those without which a plan cannot have full marks'},
    {flags: '--extra <ids>', summary: 'those that are true and not needed'},
    {flags: '--trap <ids>', summary: 'those that are wrong: to claim them costs points'},
    {flags: '--verified', summary: 'somebody made the defects happen; else they are `unverified`'},
    {flags: '--gold <path>', summary: 'a gold standard, or the folder of them; default: the setting `gold`'},
    {flags: '--name <name>', summary: 'what a first gold standard is called; default: self'},
    {flags: '--repository <path>', summary: 'the code the plan is about; default: the current directory'},
  ],
  run: async ([action = '', file = ''], flags, world) => {
    if (action !== 'add')
      throw new Failure('bad-usage', `gold ${plainLine(action, 40)}: there is no such action`, {
        hint: 'as in: gold add evolved_pipelines/plan_….yaml --from F3,F7',
      })
    const choice = choiceOf(flags)
    const plan = valueOf(parsePlan(readText(resolve(world.cwd, file)), file), 'plan', '`check` validates plans')
    const repository = resolve(world.cwd, textOf(flags, 'repository') ?? '.')
    const config = configOf(repository, {})
    const target = await targetOf(flags, repository, config, world)
    const code = await codeFor(target, flags, repository, config)
    const moves = target.known === null || isOwnGold(target.known)
    const growth = grow(target.known?.gold ?? emptyGold(target.name), plan, choice, code, moves)
    const text = target.known === null ? renderGold(growth.gold) : withAdded(target.known.text, target.shown, growth)
    writeInside(makeFolder(target.folder), target.inside, text)
    tell(growth, target, world)
    return 0
  },
}

function choiceOf(flags: Flags): Choice {
  const ids = (name: string): readonly string[] =>
    (textOf(flags, name) ?? '').split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]))
  return {
    from: ids('from'),
    must: ids('must'),
    extra: ids('extra'),
    traps: ids('trap'),
    verified: flags['verified'] === true,
  }
}

/** The file that is written. */
interface Target {
  readonly folder: string
  readonly inside: string
  /** As a person knows it: relative to the current directory. */
  readonly shown: string
  /** null: it is a new one. */
  readonly known: GoldFile | null
  readonly name: string
}

async function targetOf(flags: Flags, repository: string, config: Config, {cwd}: World): Promise<Target> {
  const given = textOf(flags, 'gold')
  const place = given === null ? resolve(repository, config.gold) : resolve(cwd, given)
  // a setting is whoever's wrote the repository; a flag is one's own
  if (given === null && !isInside(config.gold))
    throw new Failure('outside', `the setting \`gold\`, ${plainLine(config.gold, 200)}, leads out of the repository`, {
      hint: 'correct it, or say where with --gold',
    })
  const name = nameOf(flags)
  const at = (folder: string, inside: string, known: GoldFile | null): Target => {
    const shown = relative(cwd, join(folder, inside)).split(sep).join('/')
    return {folder, inside, shown, known, name: known?.gold.name ?? name ?? 'self'}
  }
  if (isFile(place)) {
    const known = parseGold(readText(place), relative(cwd, place) || place)
    return at(dirname(place), basename(place), known)
  }
  if (/\.ya?ml$/.test(place)) return at(dirname(place), basename(place), null)
  const own = (await readGoldFolder(place)).filter(isOwnGold)
  const [only] = own
  const files = own.map((each) => relative(cwd, each.file)).join(', ')
  if (only === undefined) return at(place, freePath(place, name ?? 'self'), null)
  if (own.length > 1)
    throw new Failure('many-golds', `${own.length} gold standards have \`source: {path: .}\`: ${files}`, {
      hint: 'choose one with --gold FILE',
    })
  if (name !== null && name !== only.gold.name)
    throw new Failure('many-golds', `${files} is about this repository already`, {
      hint: 'leave --name out to add to it: a repository has one gold standard of its own',
    })
  return at(place, relative(place, only.file).split(sep).join('/'), only)
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

function nameOf(flags: Flags): string | null {
  const name = textOf(flags, 'name')
  if (name === null || /^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) return name
  throw new Failure('bad-flag', `--name ${plainLine(name, 80)}: is not the name of a folder`, {
    hint: 'letters, digits, dots and dashes, as in --name self',
  })
}

/** What stands there may be about another code base: it is not this command's to overwrite. */
function freePath(folder: string, name: string): string {
  const inside = `${name}/gold.yaml`
  if (!existsSync(join(folder, inside))) return inside
  throw new Failure('name-taken', `${join(folder, inside)} is there already and is not about this repository`, {
    hint: 'give another --name',
  })
}

/** The code that quotes are looked up in. A gold standard of a code base of its own is held against that one. */
async function codeFor({known}: Target, flags: Flags, repository: string, config: Config): Promise<Code> {
  if (known === null || isOwnGold(known)) return readCode(await openSource(repository), config)
  if ('repository' in known.gold.source)
    throw new Failure('not-own-gold', `${known.file} is about ${known.gold.source.repository}`, {
      hint: 'of code of others nothing is quoted; add to it by hand',
    })
  const source =
    textOf(flags, 'repository') === null ? await sourceOfGold(known, repository) : await openSource(repository)
  if ('missing' in source) throw new Failure('no-source', source.missing)
  return readCode(source, {include: [], exclude: [], gold: 'gold'})
}

const emptyGold = (name: string): GoldStandard => ({
  schema: 1,
  name,
  goal: '',
  source: {path: '.'},
  split: 'train',
  findings: [],
  changes: [],
})

function tell({findings, changes, ids, notes}: Growth, {shown, known}: Target, world: World): void {
  world.print(plainLine(shown, 4096))
  for (const {id, severity, category, validity, locations} of findings) {
    const [place] = locations
    const where = place === undefined ? '' : `${place.file}:${place.start_line ?? 1}`
    world.print(plainLine(`${id}  ${severity}  ${category}  ${where}  ${validity}`))
  }
  for (const {id, title, resolves} of changes)
    world.print(plainLine(`${id}  ${title}  resolves ${resolves.join(', ')}`))
  world.say(plainLine([...ids].map(([from, to]) => `${from} is ${to}`).join(', ')))
  for (const note of notes) world.say(plainLine(note))
  world.say(
    plainLine(
      `next: read ${shown} again (what is a must, what is a trap, is each sentence true), then \`refactor-plan check ${shown}\` and ${known === null ? 'commit it' : 'commit the change'} to the base branch`,
    ),
  )
}
