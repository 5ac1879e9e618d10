/** What is wrong with a gold standard beyond its form: does it stand in the code, and does it tell good plans from bad ones? */
import {messageOf} from '../errors.ts'
import {tolerance} from './anchor.ts'
import type {GoldFinding, GoldStandard} from './gold.ts'
import {canBeFound, findQuote, pathsOf} from './grounding.ts'
import type {Code} from './scorecard.ts'
import {alikeIn, fullMarks, selfScoreOf} from './soundness.ts'

export interface Remark {
  /** An error makes scores wrong; a warning makes them say less than they could. */
  readonly severity: 'error' | 'warning'
  /** kebab-case and permanent. */
  readonly code: string
  readonly message: string
  /** Where in the file, as keys and indexes. */
  readonly path: readonly (string | number)[]
}

type Path = Remark['path']

const error = (code: string, message: string, path: Path): Remark => ({severity: 'error', code, message, path})
const warning = (code: string, message: string, path: Path): Remark => ({severity: 'warning', code, message, path})

/** @param moves whether it is about a repository that goes on changing: a quote that only moved is found again there */
export function lintGold(gold: GoldStandard, code: Code, moves: boolean): readonly Remark[] {
  const places = gold.findings.flatMap((finding, at) => placeRemarks(finding, ['findings', at], code, moves))
  // of code of others nothing is quoted, and its commit does not move
  const isOfOthers = 'repository' in gold.source
  return [
    ...(isOfOthers ? places.filter((each) => each.code !== 'no-evidence') : places),
    ...selfRemarks(gold, code, moves),
    ...useRemarks(gold),
    ...alikeRemarks(gold, code),
  ]
}

function placeRemarks(finding: GoldFinding, path: Path, code: Code, moves: boolean): readonly Remark[] {
  const related = finding.related_files.flatMap((file, at) =>
    pathsOf(file, code.paths).paths.length > 0
      ? []
      : [error('no-such-file', `${finding.id}: there is no file ${file}`, [...path, 'related_files', at])],
  )
  const places = finding.locations.flatMap((_, at) =>
    placeRemarksAt(finding, at, [...path, 'locations', at], code, moves),
  )
  return [...places, ...related]
}

function placeRemarksAt(
  {id, locations}: GoldFinding,
  at: number,
  path: Path,
  code: Code,
  moves: boolean,
): readonly Remark[] {
  const {file, start_line: start, end_line: end = start, evidence = ''} = locations[at] ?? {file: ''}
  const [known] = pathsOf(file, code.paths).paths
  if (known === undefined) return [error('no-such-file', `${id}: there is no file ${file}`, [...path, 'file'])]
  const lines = code.lines(known) ?? []
  const beyond = linesRemarks(id, known, lines.length, start, end, path)
  if (evidence.trim() === '')
    return [...beyond, warning('no-evidence', `${id} quotes no line of ${known}: it is lost when the code moves`, path)]
  const {line, share} = findQuote(evidence, lines, start ?? null)
  if (share < 1) {
    const why = canBeFound(evidence)
      ? `does not stand in ${known}`
      : 'says too little to be found: quote code, no comment'
    return [...beyond, error('no-such-quote', `${id}: the evidence ${why}`, [...path, 'evidence'])]
  }
  const last = Math.max(start ?? 1, end ?? 1)
  if (start === undefined || (line >= start - tolerance && line <= last + tolerance)) return beyond
  const moved = `${id}: the evidence stands in line ${line} of ${known}, not near line ${start}`
  return moves
    ? [warning('moved-quote', moved, [...path, 'start_line'])]
    : [...beyond, error('moved-quote', moved, [...path, 'start_line'])]
}

function linesRemarks(
  id: string,
  file: string,
  count: number,
  start: number | undefined,
  end: number | undefined,
  path: Path,
): readonly Remark[] {
  if (start !== undefined && end !== undefined && end < start)
    return [error('no-such-line', `${id}: the place in ${file} ends before it begins`, [...path, 'end_line'])]
  const key = (start ?? 1) > count ? 'start_line' : 'end_line'
  return Math.max(start ?? 1, end ?? 1) > count
    ? [error('no-such-line', `${id}: ${file} has only ${count} lines`, [...path, key])]
    : []
}

function selfRemarks(gold: GoldStandard, code: Code, moves: boolean): readonly Remark[] {
  try {
    const {score, why} = selfScoreOf(gold, code, moves)
    if (score === fullMarks) return []
    const [first = 'its parts do not hold together'] = why
    return [error('no-full-marks', `its own answers score ${score.toFixed(2)} and not 10: ${first}`, ['findings'])]
  } catch (thrown) {
    // with most of its code gone there is nothing left to score
    return [error('stale-gold', messageOf(thrown).split('\n')[0] ?? '', ['findings'])]
  }
}

const isTrap = ({validity}: GoldFinding): boolean => validity === 'refuted'

/** Without a trap a plan that believes everything has full marks; without a must one that misses the worst may pass. */
function useRemarks({findings, changes}: GoldStandard): readonly Remark[] {
  const resolved = new Set(changes.flatMap(({resolves}) => resolves))
  const open = findings.flatMap((finding, at) =>
    finding.extra || isTrap(finding) || resolved.has(finding.id)
      ? []
      : [warning('no-change', `no change resolves ${finding.id}, so no order is asked for it`, ['findings', at])],
  )
  return [
    ...(findings.some(isTrap)
      ? []
      : [
          warning('no-trap', 'there is no trap (`validity: refuted`): who claims everything loses nothing', [
            'findings',
          ]),
        ]),
    ...(findings.some(({must}) => must)
      ? []
      : [warning('no-must', 'no finding is a `must`: a plan may miss the worst one', ['findings'])]),
    ...open,
  ]
}

/** A trap beside the defect that it resembles is what a trap is for; two answers, or two traps, are one too many. */
const alikeRemarks = (gold: GoldStandard, code: Code): readonly Remark[] =>
  alikeIn(gold, code).flatMap(({first, second, same}) => {
    const [one, other] = [gold.findings[first], gold.findings[second]]
    return same && one !== undefined && other !== undefined && isTrap(one) === isTrap(other)
      ? [warning('same-finding', `${other.id} says the same of the same place as ${one.id}`, ['findings', second])]
      : []
  })
