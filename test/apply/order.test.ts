import {describe, expect, test} from 'vitest'
import {chosenChanges} from '../../src/apply/order.ts'
import {Failure} from '../../src/errors.ts'
import {Plan} from '../../src/plan/plan.ts'

/** `C2<C1,C3`: C2 depends on C1 and C3. */
const planOf = (...changes: readonly string[]): Plan =>
  Plan.parse({
    schema: 1,
    findings: [],
    changes: changes.map((each) => {
      const [id = '', needs] = each.split('<')
      return {id, title: id, depends_on: needs === undefined ? [] : needs.split(',')}
    }),
  })

function outcomeOf(plan: Plan, ids: readonly string[], done: readonly string[]): string {
  try {
    return chosenChanges(plan, {changes: ids, done})
      .map(({id}) => id)
      .join(' ')
  } catch (thrown) {
    if (thrown instanceof Failure) return `${thrown.code}: ${thrown.message} → ${thrown.hint ?? ''}`
    throw thrown
  }
}

const chain = planOf('C1', 'C2<C1', 'C3<C2', 'C4')

describe('which changes, and in which order', () => {
  test.each([
    ['all of them', chain, [], [], /^C1 C2 C3 C4$/],
    ['some, in the order of the plan', chain, ['C4', 'C2', 'C1'], [], /^C1 C2 C4$/],
    ['one that needs nothing', chain, ['C4'], [], /^C4$/],
    ['one whose needs are met', chain, ['C3'], ['C2'], /^C3$/],
    ['all but what is done', chain, [], ['C1'], /^C2 C3 C4$/],
    ['nothing is left', chain, ['C1'], ['C1'], /^$/],
    ['one twice', chain, ['C1', 'C1'], [], /^C1$/],
    ['a list that is out of order', planOf('C1<C2', 'C2'), [], [], /^C2 C1$/],
    ['one without what it needs', chain, ['C3'], [], /^missing-dependency: C3 needs C2 → [^]*--done C2/],
    ['several without', planOf('A<X,Y', 'B<X', 'X', 'Y'), ['A', 'B'], [], /A needs X, Y; B needs X → [^]*--done X,Y/],
    ['one that needs what there is not', planOf('C1<C9'), [], [], /^missing-dependency: C1 needs C9/],
    ['an unknown one', chain, ['C7'], [], /^no-such-change: the plan has no C7 → it has: C1, C2, C3, C4/],
    ['an unknown one that is done', chain, ['C1'], ['C8'], /^no-such-change: the plan has no C8/],
    ['two of one name', planOf('C1', 'C1'), ['C1'], [], /^same-id: the plan has two changes called C1/],
    ['a circle', planOf('C1<C2', 'C2<C1'), [], [], /^circular-changes: [^]*C1, C2/],
    ['one that waits for itself', planOf('C1<C1'), [], [], /^circular-changes/],
    [
      'more than anybody reads',
      planOf(...Array.from({length: 1001}, (_, at) => `C${at}`)),
      [],
      [],
      /^too-many-changes: 1001/,
    ],
    ['some of very many', planOf(...Array.from({length: 20_000}, (_, at) => `C${at}`)), ['C7'], [], /^C7$/],
    ['a plan without changes', planOf(), [], [], /^no-such-change: the plan has no changes/],
  ] as const)('%s', (_, plan, ids, done, wanted) => expect(outcomeOf(plan, ids, done)).toMatch(wanted))
})
