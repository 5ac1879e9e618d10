/** What protects the gate, what does not, and what to do: for the pull request that asked, for a terminal, as data. */
import {
  fenced,
  joinMarkdown,
  joinPlain,
  markdown,
  plain,
  plainLine,
  prose,
  type Markdown,
  type Plain,
  type Untrusted,
} from '../trust.ts'

export const healths = ['broken', 'warn', 'unknown', 'ok'] as const
export type Health = (typeof healths)[number]

export interface Diagnosis {
  /** Kebab-case and permanent, for whoever reads the JSON. */
  readonly code: string
  readonly level: Health
  readonly what: Untrusted
  readonly why: Untrusted
  /** Lines of YAML, or the path of a setting in GitHub's pages; null: nothing to do, or nothing that could be said. */
  readonly fix: Untrusted | null
}

const signs = {broken: '❌', warn: '⚠️', unknown: '❔', ok: '✅'} as const satisfies Record<Health, string>

/** Worst first; among the same the order that they were found in. */
const sorted = (diagnoses: readonly Diagnosis[]): readonly Diagnosis[] =>
  healths.flatMap((health) => diagnoses.filter(({level}) => level === health))

/** `2 broken, 1 warning` */
export function countsOf(diagnoses: readonly Diagnosis[]): string {
  const count = (health: Health): number => diagnoses.filter(({level}) => level === health).length
  const parts = [
    count('broken') === 0 ? [] : [`${count('broken')} broken`],
    count('warn') === 0 ? [] : [`${count('warn')} ${count('warn') === 1 ? 'warning' : 'warnings'}`],
    count('unknown') === 0 ? [] : [`${count('unknown')} could not be told`],
  ].flat()
  return parts.length === 0 ? 'nothing is wrong' : parts.join(', ')
}

/** The answer to `/refactor-plan doctor`: the gate's level first (it is the last diagnosis), then what is wrong, then the rest, folded. */
export function renderDoctor(diagnoses: readonly Diagnosis[]): Markdown {
  const last = diagnoses.at(-1)
  const rest = sorted(diagnoses.slice(0, -1))
  const wrong = rest.filter(({level}) => level !== 'ok')
  const fine = rest.filter(({level}) => level === 'ok')
  return joinMarkdown(
    [
      ...(last === undefined ? [] : [markdown`${sign(last)} **${prose(last.what)}** (${prose(countsOf(diagnoses))})`]),
      ...(last === undefined ? [] : [prose(last.why)]),
      ...(last?.fix && last.level !== 'ok' ? [remedy(last.fix)] : []),
      ...wrong.map(
        (each) =>
          markdown`${sign(each)} **${prose(each.what)}** – ${prose(each.why)}${each.fix === null ? markdown`` : markdown`\n\n${remedy(each.fix)}`}`,
      ),
      ...(last?.fix && last.level === 'ok'
        ? [markdown`<details><summary>What the next level takes</summary>\n\n${remedy(last.fix)}\n\n</details>`]
        : []),
      ...(fine.length === 0
        ? []
        : [
            markdown`<details><summary>${fine.length} more that are as they should be</summary>

${joinMarkdown(
  fine.map(({what, why}) => markdown`- ✅ ${prose(what)}: ${prose(why)}`),
  '\n',
)}

</details>`,
          ]),
    ],
    '\n\n',
  )
}

const sign = ({level}: Diagnosis): Markdown => prose(signs[level])

const isBlock = (fix: string): boolean => fix.includes('\n')

/** Lines are YAML to copy; one line is a sentence. */
const remedy = (fix: Untrusted): Markdown => (isBlock(fix) ? fenced(fix, 'yaml') : markdown`**Do:** ${prose(fix)}`)

/** One line for what is as it should be, the reason and the remedy below what is not; the gate's level last. */
export function renderDoctorLines(diagnoses: readonly Diagnosis[]): Plain {
  const last = diagnoses.at(-1)
  const lines = [...sorted(diagnoses.slice(0, -1)), ...(last === undefined ? [] : [last])].flatMap(linesOf)
  return joinPlain([...lines, plainLine(countsOf(diagnoses))], '\n')
}

const width = Math.max(...healths.map((health) => health.length)) + 2
const indent = ' '.repeat(width)

function linesOf(each: Diagnosis): readonly Plain[] {
  const {level, what, why, fix} = each
  const first = plain(`${level.padEnd(width)}${plainLine(what, 300)}`)
  if (level === 'ok' && fix === null && !each.code.startsWith('level-')) return [first]
  const remedies = (fix ?? '')
    .split('\n')
    .map((line, at) => plain(`${indent}${at === 0 ? '→ ' : '  '}${plain(line, 400)}`))
  return [first, plain(`${indent}${plainLine(why, 600)}`), ...(fix === null ? [] : remedies)]
}

/** A name of somebody else's in a sentence of ours: `prose` makes code of what stands between the backticks. */
export const named = (name: Untrusted): string => `\`${plainLine(name, 120).replaceAll('`', "'")}\``
