/** The offline planner: findings → an ordered plan, without a model. The same findings give the same plan. */
import {severities, type Finding, type Severity} from '../scan/finding.ts'
import {clip} from '../trust.ts'
import type {Change, Plan} from './plan.ts'
import {phases, remedyOf, type Remedy} from './remedies.ts'
import {proofOf} from './toolchain.ts'

export interface DraftInput {
  readonly goal: string
  readonly name: string
  readonly commit: string | null
  readonly findings: readonly Finding[]
  /** All paths of the repository, for the commands that prove a change. Empty: only file extensions speak. */
  readonly paths?: readonly string[]
}

/** Changes stay small enough to review: findings in one, and files of one that sweeps a category. */
const maxFindings = 8
const maxSwept = 5

interface Group {
  readonly remedy: Remedy
  readonly findings: readonly Finding[]
  readonly files: readonly string[]
  readonly part: number
}

export function draftPlan({goal, name, commit, findings, paths = []}: DraftInput): Plan {
  const numbered = withUniqueIds(findings)
  const groups = inOrder(groupsOf(numbered))
  const known = new Set(paths)
  const ids = groups.map((_, index) => `C${index + 1}`)
  const changes = groups.map((group, index) => changeOf(group, ids, groups, index, known))
  return {
    schema: 1,
    goal,
    repository: {name, commit},
    summary: summaryOf(numbered, changes),
    findings: numbered,
    changes,
  }
}

/** The finding without what a plan file does not hold (`rule`), its id kept unless it is taken. */
function withUniqueIds(findings: readonly Finding[]): Finding[] {
  const taken = new Set<string>()
  return findings.map(({id, title, category, severity, locations, description, source}, index) => {
    let unique = id
    for (let next = index + 1; taken.has(unique); next++) unique = `F${next}`
    taken.add(unique)
    return {
      id: unique,
      ...(title === undefined ? {} : {title}),
      category,
      severity,
      locations: locations.map((location) => ({...location})),
      description,
      source,
    }
  })
}

/** One change a file and family; quick repairs of one category that stand alone in their files are swept together. */
function groupsOf(findings: readonly Finding[]): Group[] {
  const byKey = new Map<string, Finding[]>()
  for (const finding of findings) {
    const {phase, family} = remedyOf(finding.category, finding.severity)
    const key = JSON.stringify([phase, family, finding.locations[0]?.file ?? ''])
    const group = byKey.get(key)
    if (group === undefined) byKey.set(key, [finding])
    else group.push(finding)
  }
  const whole: Finding[][] = []
  const lone = new Map<string, Finding[]>()
  for (const group of byKey.values()) {
    const [first] = group
    if (first === undefined) continue
    const tiny =
      group.length === 1 && remedyOf(first.category, first.severity).effort === 'S' && first.severity !== 'critical'
    if (tiny) lone.set(first.category, [...(lone.get(first.category) ?? []), first])
    else whole.push(group)
  }
  const swept = [...lone.values()].flatMap((group) => slicesOf(group, maxSwept))
  return [...whole.flatMap((group) => slicesOf(group, maxFindings)), ...swept].flatMap(groupOf)
}

const slicesOf = (all: readonly Finding[], size: number): (readonly Finding[])[] =>
  Array.from({length: Math.ceil(all.length / size)}, (_, index) => all.slice(index * size, (index + 1) * size))

function groupOf(findings: readonly Finding[], part: number): Group[] {
  const worst = [...findings].sort((a, b) => rank(a.severity) - rank(b.severity))[0]
  if (worst === undefined) return []
  const files = [...new Set(findings.flatMap(({locations}) => locations.map(({file}) => file)))]
  return [{remedy: remedyOf(worst.category, worst.severity), findings, files, part}]
}

const rank = (severity: Severity): number => severities.indexOf(severity)
const worstOf = ({findings}: Group): number => Math.min(...findings.map(({severity}) => rank(severity)))

/** By phase, severity and place; inside a phase nothing stands before what it relies on. */
function inOrder(groups: readonly Group[]): Group[] {
  const left = [...groups].sort(byPlace)
  const ordered: Group[] = []
  while (left.length > 0) {
    const phase = left[0]?.remedy.phase
    const free = left.findIndex((group) =>
      left.every((other) => other === group || other.remedy.phase !== phase || !follows(group, other)),
    )
    const [next] = left.splice(Math.max(free, 0), 1)
    if (next !== undefined) ordered.push(next)
  }
  return ordered
}

const byPlace = (a: Group, b: Group): number =>
  a.remedy.phase - b.remedy.phase ||
  worstOf(a) - worstOf(b) ||
  compare(a.files[0] ?? '', b.files[0] ?? '') ||
  compare(a.remedy.title, b.remedy.title) ||
  a.part - b.part

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const has = ({findings}: Group, categories: readonly string[] = []): boolean =>
  findings.some(({category}) => categories.includes(category))
const meets = (a: Group, b: Group): boolean => a.files.some((file) => b.files.includes(file))

/** Whether `later` relies on the repair that `earlier` makes. */
const follows = (later: Group, earlier: Group): boolean =>
  has(earlier, later.remedy.afterAnywhere) || (meets(later, earlier) && has(earlier, later.remedy.after))

/** Real dependencies only: an owner before its users, a crash before what hides it, the nearest earlier edit of a file. */
function dependenciesOf(groups: readonly Group[], index: number): number[] {
  const group = groups[index]
  if (group === undefined) return []
  const earlier = groups.slice(0, index)
  const needed = earlier.flatMap((other, at) => (follows(group, other) ? [at] : []))
  const edits = group.files.flatMap((file) => {
    const at = earlier.findLastIndex(({files, remedy}) => files.includes(file) && remedy.phase < group.remedy.phase)
    return at < 0 ? [] : [at]
  })
  return [...new Set([...needed, ...edits])].sort((a, b) => a - b)
}

function changeOf(
  group: Group,
  ids: readonly string[],
  groups: readonly Group[],
  index: number,
  paths: ReadonlySet<string>,
): Change {
  const {remedy, findings, files} = group
  const proofs = files.flatMap((file) => proofOf(file, paths) ?? [])
  const creates = files.length === 1 ? [...new Set(proofs.flatMap(({creates}) => creates ?? []))] : []
  const commands = [
    ...new Set(
      proofs.map(({command, creates: missing}) =>
        missing === null || creates.includes(missing) ? command : suiteOf(command),
      ),
    ),
  ]
  const place = files.length === 1 ? ` in ${files[0]}` : files.length > 1 ? ` in ${files.length} files` : ''
  return {
    id: ids[index] ?? `C${index + 1}`,
    title: `${remedy.title}${place}`,
    resolves: findings.map(({id}) => id),
    depends_on: dependenciesOf(groups, index).flatMap((at) => ids[at] ?? []),
    phase: remedy.phase,
    files: [...files],
    creates,
    instructions: instructionsOf(group, creates),
    risk: remedy.risk,
    effort: effortOf(remedy, findings.length),
    verification: commands,
  }
}

/** The whole suite of the same toolchain: a swept change adds no test file of its own. */
const suiteOf = (command: string): string => command.replace(/\bmix test .*$/, 'mix test')

const sizes = ['S', 'M', 'L'] as const
const effortOf = ({effort}: Remedy, count: number): NonNullable<Change['effort']> =>
  sizes[Math.min(sizes.indexOf(effort) + (count > 6 ? 2 : count > 2 ? 1 : 0), sizes.length - 1)] ?? effort

function instructionsOf({findings, remedy}: Group, creates: readonly string[]): string {
  const hows = new Set(findings.map(({category, severity}) => remedyOf(category, severity).how))
  const proof = creates.map((path) => `Write the test that fails because of it first, in ${path}.`)
  const places = findings.map((finding) => `- ${finding.id}${placeOf(finding)}: ${firstSentence(finding.description)}`)
  const behaviour = remedy.phase >= 6 ? ['Behaviour stays as it is: the existing tests must pass unchanged.'] : []
  return [...proof, ...hows, ...behaviour, 'Places:', ...places].join('\n')
}

const placeOf = ({locations: [first, ...more]}: Finding): string => {
  if (first === undefined) return ''
  const line = first.start_line === undefined ? '' : `:${first.start_line}`
  return ` at ${first.file}${line}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

const firstSentence = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ').trim()
  const sentence = /^.{10,240}?[.!?](?=\s|$)/u.exec(flat)?.[0] ?? flat
  return clip(sentence, 240)
}

function summaryOf(findings: readonly Finding[], changes: readonly Change[]): string {
  if (findings.length === 0) return 'The static rules found nothing to repair.'
  const files = new Set(findings.flatMap(({locations}) => locations.map(({file}) => file)))
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}`]
  })
  const used = [...new Set(changes.map(({phase}) => phase))]
  const steps = used.map((phase) => {
    const members = changes.filter((change) => change.phase === phase).map(({id}) => id)
    const range = members.length > 2 ? `${members[0]}…${members.at(-1)}` : members.join(', ')
    return `Phase ${phase}, ${(phases[phase - 1] ?? 'other').toLowerCase()}: ${range}.`
  })
  return [
    `${count(findings.length, 'finding')} (${counts.join(', ')}) in ${count(files.size, 'file')}; ` +
      `${count(changes.length, 'change')} in ${count(used.length, 'phase')}.`,
    ...steps,
  ].join('\n')
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
