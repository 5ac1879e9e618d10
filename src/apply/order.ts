/** Which changes of a plan are carried out, and one after the other in which order. */
import {Failure} from '../errors.ts'
import type {Change, Plan} from '../plan/plan.ts'
import {clip} from '../trust.ts'

export interface Choice {
  /** Ids; none: all changes of the plan. */
  readonly changes: readonly string[]
  /** Ids of changes that were carried out before. */
  readonly done: readonly string[]
}

/** Each is a question that is paid for. */
const maxChanges = 1000

/**
 * In the plan's order, a change behind those that it depends on.
 * Throws `Failure` `no-such-change`, `same-id`, `missing-dependency`, `circular-changes`,
 * `too-many-changes`.
 */
export function chosenChanges(plan: Plan, {changes: ids, done}: Choice): readonly Change[] {
  const [wanted, before] = [new Set(ids), new Set(done)]
  const chosen = plan.changes.filter(({id}) => (ids.length === 0 || wanted.has(id)) && !before.has(id))
  if (chosen.length > maxChanges)
    throw new Failure('too-many-changes', `${chosen.length} changes are more than anybody can read`, {
      hint: `name at most ${maxChanges} with --change`,
    })
  checkIds(plan, [...ids, ...done], chosen)
  checkDependencies(chosen, done)
  const ordered: Change[] = []
  const left = [...chosen]
  while (left.length > 0) {
    const at = left.findIndex(({depends_on}) => !left.some(({id}) => depends_on.includes(id)))
    const [next] = at < 0 ? [] : left.splice(at, 1)
    if (next === undefined)
      throw new Failure('circular-changes', `these changes wait for each other: ${listed(left.map(({id}) => id))}`, {
        hint: 'correct `depends_on` in the plan; `check` and `score` say more',
      })
    ordered.push(next)
  }
  return ordered
}

const listed = (ids: readonly string[]): string => clip([...new Set(ids)].join(', '), 400)

function checkIds({changes}: Plan, wanted: readonly string[], chosen: readonly Change[]): void {
  const known = changes.map(({id}) => id)
  const all = new Set(known)
  const unknown = wanted.filter((id) => !all.has(id))
  if (known.length === 0)
    throw new Failure('no-such-change', 'the plan has no changes', {hint: 'there is nothing to do'})
  if (unknown.length > 0)
    throw new Failure('no-such-change', `the plan has no ${listed(unknown)}`, {hint: `it has: ${listed(known)}`})
  const twice = chosen.find(({id}, at) => chosen.findIndex((each) => each.id === id) !== at)
  if (twice !== undefined)
    throw new Failure('same-id', `the plan has two changes called ${clip(twice.id, 64)}`, {
      hint: 'give them ids of their own',
    })
}

function checkDependencies(chosen: readonly Change[], done: readonly string[]): void {
  const there = [...chosen.map(({id}) => id), ...done]
  const missing = chosen.flatMap(({id, depends_on}) => {
    const lacks = depends_on.filter((each) => !there.includes(each))
    return lacks.length === 0 ? [] : [{id, lacks}]
  })
  if (missing.length === 0) return
  const words = missing.map(({id, lacks}) => `${id} needs ${listed(lacks)}`).join('; ')
  const all = listed(missing.flatMap(({lacks}) => lacks))
  throw new Failure('missing-dependency', clip(words, 600), {
    hint: `name them with --change as well; what is carried out already, with --done ${all.replaceAll(', ', ',')}`,
  })
}
