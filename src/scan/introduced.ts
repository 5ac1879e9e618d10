/** What a change brings in: findings of the head that no earlier state of the code has. */
import type {Scan, ScanFinding} from './finding.ts'

/** @returns findings of `after` that are new against each of `before`, which must not be empty */
export function introducedSince(before: readonly Scan[], after: Scan): readonly ScanFinding[] {
  return before.reduce<readonly ScanFinding[]>((left, {findings}) => {
    const fresh = new Set(unmatched(findings, after.findings))
    return left.filter((finding) => fresh.has(finding))
  }, after.findings)
}

/**
 * From the surest to the least sure, each earlier finding explains one later: lines move, so they are no part of it; code moves to
 * another file; and who edits the line of a finding has not brought it in.
 */
const identities: readonly ((finding: ScanFinding) => string)[] = [
  ({rule, locations}) => JSON.stringify([rule, locations[0]?.file, locations[0]?.evidence]),
  ({rule, locations}) => JSON.stringify([rule, locations[0]?.evidence]),
  ({rule, locations}) => JSON.stringify([rule, locations[0]?.file]),
]

function unmatched(earlier: readonly ScanFinding[], later: readonly ScanFinding[]): readonly ScanFinding[] {
  let [old, fresh] = [earlier, later]
  for (const identity of identities) {
    const known = new Map<string, ScanFinding[]>()
    for (const each of old) {
      const same = known.get(identity(each))
      if (same === undefined) known.set(identity(each), [each])
      else same.push(each)
    }
    fresh = fresh.filter((each) => known.get(identity(each))?.pop() === undefined)
    old = [...known.values()].flat()
  }
  return fresh
}
