/**
 * More cases out of one gold standard, for searching and never for proving: the same code with a file less, with other names, or with
 * a defect more. What helps only on the code as it stands is noticed early (metamorphic relations, https://arxiv.org/abs/2002.12543).
 */
import type {Change} from '../plan/plan.ts'
import type {GoldFinding, GoldStandard} from '../score/gold.ts'
import {drawn, type Random} from './randomness.ts'

export interface CodeFile {
  readonly path: string
  readonly text: string
}

export interface Variant {
  readonly gold: GoldStandard
  /** Files that differ, by path; null: it is gone. */
  readonly changed: ReadonlyMap<string, string | null>
}

type Kind = (gold: GoldStandard, files: readonly CodeFile[], random: Random) => Variant | null

const kinds: Readonly<Record<string, Kind>> = {removed: removedFrom, renamed: renamedIn, seeded: seededIn}

/** The first so many kinds that this code allows. Their names are the gold standard's own with `~` and the kind behind it. */
export const variantsOf = (
  gold: GoldStandard,
  files: readonly CodeFile[],
  most: number,
  random: Random,
): readonly Variant[] =>
  Object.entries(kinds)
    .flatMap(([kind, make]) => {
      const made = make(gold, files, random)
      return made === null ? [] : [{...made, gold: {...made.gold, name: `${gold.name}~${kind}`}}]
    })
    .slice(0, most)

const isNeeded = ({extra, validity}: GoldFinding): boolean => !extra && validity !== 'refuted'

/** Without a file, and without what was to be found there alone. */
function removedFrom(gold: GoldStandard, files: readonly CodeFile[], random: Random): Variant | null {
  const left = (path: string): GoldFinding[] =>
    gold.findings.flatMap((finding) => {
      const locations = finding.locations.filter(({file}) => file !== path)
      return finding.locations.length > 0 && locations.length === 0 ? [] : [{...finding, locations}]
    })
  const candidates = files.filter(({path}) => left(path).length < gold.findings.length && left(path).some(isNeeded))
  const file = drawn(candidates, random)
  if (file === undefined) return null
  const findings = left(file.path)
  return {gold: {...gold, findings, changes: changesFor(gold.changes, findings)}, changed: new Map([[file.path, null]])}
}

/** What resolves nothing any more is gone, and nothing waits for it. */
function changesFor(changes: readonly Change[], findings: readonly GoldFinding[]): Change[] {
  const known = new Set(findings.map(({id}) => id))
  const kept = changes
    .map((change) => ({...change, resolves: change.resolves.filter((id) => known.has(id))}))
    .filter(({resolves}) => resolves.length > 0)
  const ids = new Set(kept.map(({id}) => id))
  return kept.map((change) => ({...change, depends_on: change.depends_on.filter((id) => ids.has(id))}))
}

/** Names of two words or more that the code itself defines: one of a library is hardly among them. */
const defined =
  /\b(?:defmodule|class|interface|struct|type|module)\s+(?:[A-Z]\w*\.)*([A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+)\b/g

/** Every name that the code defines with its words in another order: `PriceTable` becomes `TablePrice`. */
function renamedIn(gold: GoldStandard, files: readonly CodeFile[]): Variant | null {
  const names = [...new Set(files.flatMap(({text}) => [...text.matchAll(defined)].map(([, name = '']) => name)))]
  const all = files.map(({text}) => text).join('\n')
  const renamed = new Map(
    names.flatMap((name) => {
      const words = name.match(/[A-Z][a-z0-9]+/g) ?? []
      const other = [...words.slice(1), words[0] ?? ''].join('')
      return other === name || new RegExp(`\\b${other}\\b`).test(all) ? [] : [[name, other] as const]
    }),
  )
  // two names may come to one
  if (renamed.size === 0 || new Set(renamed.values()).size < renamed.size) return null
  const rename = (text: string): string => text.replaceAll(/\b[A-Z]\w*\b/g, (word) => renamed.get(word) ?? word)
  return {
    gold: {...gold, findings: gold.findings.map((finding) => renamedFinding(finding, rename))},
    changed: new Map(files.flatMap(({path, text}) => (rename(text) === text ? [] : [[path, rename(text)] as const]))),
  }
}

const renamedFinding = (finding: GoldFinding, rename: (text: string) => string): GoldFinding => ({
  ...finding,
  ...(finding.title === undefined ? {} : {title: rename(finding.title)}),
  description: rename(finding.description),
  locations: finding.locations.map((location) => ({
    ...location,
    ...(location.evidence === undefined ? {} : {evidence: rename(location.evidence)}),
  })),
})

interface Seed {
  readonly category: string
  readonly description: string
  readonly code: string
  /** The line of the code in which it shows. */
  readonly evidence: string
}

/** Defects that nobody disputes, by the ending of the files they may stand in. */
const seeds: Readonly<Record<string, Seed>> = {
  ex: {
    category: 'unsupervised-spawn',
    description: 'The work is done in a process without a supervisor: when it dies, nobody notices.',
    code: 'defmodule Later do\n  @moduledoc "Does things later."\n\n  def run(work) do\n    spawn(fn -> work.() end)\n    :ok\n  end\nend\n',
    evidence: 'spawn(fn -> work.() end)',
  },
  py: {
    category: 'swallowed-exception',
    description: 'Every failure is thrown away, and the caller takes the missing text for an empty file.',
    code: 'def text_or_nothing(path):\n    try:\n        return path.read_text()\n    except Exception:\n        pass\n',
    evidence: 'except Exception:',
  },
  js: {
    category: 'async-for-each',
    description: 'Nobody waits for what the callbacks begin, and their errors are lost.',
    code: 'export async function tellAll(people) {\n  people.forEach(async (person) => {\n    await person.tell()\n  })\n}\n',
    evidence: 'people.forEach(async (person) => {',
  },
  ts: {
    category: 'async-for-each',
    description: 'Nobody waits for what the callbacks begin, and their errors are lost.',
    code: 'export async function tellAll(people: readonly {tell(): Promise<void>}[]): Promise<void> {\n  people.forEach(async (person) => {\n    await person.tell()\n  })\n}\n',
    evidence: 'people.forEach(async (person) => {',
  },
}

/** With a known defect at the end of a file in which there was none. */
function seededIn(gold: GoldStandard, files: readonly CodeFile[], random: Random): Variant | null {
  const told = new Set(gold.findings.flatMap(({locations}) => locations.map(({file}) => file)))
  const clean = files.filter(({path}) => !told.has(path) && Object.hasOwn(seeds, endingOf(path)))
  const file = drawn(clean, random)
  const seed = file === undefined ? undefined : seeds[endingOf(file.path)]
  if (file === undefined || seed === undefined || file.text.includes(seed.evidence)) return null
  const before = `${file.text.trimEnd()}\n\n`
  const line = before.split('\n').length + seed.code.split('\n').findIndex((each) => each.includes(seed.evidence))
  const ids = new Set(gold.findings.map(({id}) => id))
  const finding: GoldFinding = {
    id: ['V1', 'V1-seeded'].find((id) => !ids.has(id)) ?? 'V1-seeded-2',
    category: seed.category,
    severity: 'high',
    description: seed.description,
    source: 'model',
    must: false,
    extra: false,
    validity: 'verified',
    related_files: [],
    locations: [{file: file.path, start_line: line, end_line: line, evidence: seed.evidence}],
  }
  return {
    gold: {...gold, findings: [...gold.findings, finding]},
    changed: new Map([[file.path, `${before}${seed.code}`]]),
  }
}

const endingOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)
